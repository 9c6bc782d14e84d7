"""Training, evaluation and prediction: what every model can do, with Keras's arguments."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from tinynet import config, optimizers
from tinynet.arguments import flag, one_of, whole
from tinynet.autograd import Tensor, anomaly, as_tensor, no_grad
from tinynet.autograd.replay import RecordedReplay
from tinynet.autograd.tape import is_recording
from tinynet.autograd.tensor import wrap
from tinynet.callbacks import Callback, CallbackList
from tinynet.callbacks.callback import plain
from tinynet.catalogue import Config, serialize
from tinynet.errors import AnomalyError, ArgumentError, DataError, GraphError, NotBuiltError, warn
from tinynet.layers.base import Layer, is_noting, latest_change
from tinynet.layers.structures import map_structure
from tinynet.models.compiled import Compiled, CompiledMetrics, Logs
from tinynet.models.data import (
    ArrayBatches,
    Batch,
    Batches,
    IterableBatches,
    Passes,
    as_array,
    batches_of,
    checked_batch_size,
    joined,
    length_of,
    one_batch,
    pack_x_y_sample_weight,
    row_count,
    unpack_x_y_sample_weight,
    validation_batches,
)
from tinynet.models.graph import Graph
from tinynet.models.replays import Replays
from tinynet.models.training_run import TrainingRun
from tinynet.nested import leaves, map_leaves


class Trainer:
    """The training half of a model: `compile`, then `fit`, `evaluate`, `predict`.

    Beside a layer in the list of bases, after whose `__init__` its own is called. A subclass may override
    `train_step`, `test_step`, `predict_step`, `compute_loss`, `compute_metrics` and `metrics`, as in Keras.
    """

    described: str
    trainable_weights: list[Any]
    losses: list[Any]
    built: bool
    _sublayers: list[Layer]
    _own_metrics: list[Any]
    _graph: Graph | None = None

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.history: Any = None
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.run_eagerly = self.jit_compile = False
        self.steps_per_execution = 1
        self._compiled = Compiled(self.described)
        self._replays = Replays(self)
        self._training_replays = Replays(self, RecordedReplay)
        self._run: TrainingRun | None = None  # the fit that is going on
        self._all_metrics: tuple[Any, list[Any]] = (None, [])

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how to train: the optimizer, the loss, and what to report.

        optimizer: a name or an optimizer. loss: a name, a loss, or a function of (y_true, y_pred)
            tensors, for every output; or a list of them, or a dict by output, None for an output
            without. What is trained is their sum, each times its number in loss_weights.
        metrics: names, metrics or functions, reported over each epoch; where there are several
            outputs a list with an entry for each, or a dict by output. weighted_metrics see
            sample weights, too.
        steps_per_execution: how many batches are trained on between two calls of the callbacks' batch hooks; the
            numbers of these batches are Keras's.
        run_eagerly, jit_compile, auto_scale_loss: kept for Keras, which reads them in files; they change nothing
            here, where everything runs as it is written, in float32 or float64.

        Outputs in a list are called by the layers that give them, those in a dict by its keys. As in Keras, compile
        again after changing what is `trainable`: the optimizer knows the weights that were trainable when it was
        first used.

        Raises `ArgumentError` for unknown names, and for what does not fit the outputs.
        """
        run_eagerly = flag("compile", "run_eagerly", run_eagerly)
        flag("compile", "auto_scale_loss", auto_scale_loss)
        jit_compile = one_of("compile", "jit_compile", jit_compile, ("auto", True, False)) is True
        steps_per_execution = whole("compile", "steps_per_execution", steps_per_execution)
        # All of it is looked up before any of it is kept: a compile that fails changes nothing.
        known_optimizer = optimizers.get(optimizer)
        told = Compiled(self.described, loss, loss_weights, metrics, weighted_metrics, self._output_names)
        if self._graph is not None:
            told.bind(self._graph.outputs)
        told.arguments = {
            "optimizer": known_optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
        }  # fmt: skip
        self.optimizer, self.loss, self._compiled = known_optimizer, loss, told
        self.run_eagerly, self.jit_compile, self.steps_per_execution = run_eagerly, jit_compile, steps_per_execution
        self.stop_training = False

    def _output_names(self) -> Sequence[str] | None:
        """The names of the layers that give the outputs, where they are known."""
        return self._graph.output_names if self._graph is not None else None

    def get_compile_config(self) -> Config:
        """What `compile` was told, as plain data; empty before it."""
        return {key: serialize(value) for key, value in (self._compiled.arguments or {}).items()}

    def compile_from_config(self, config: Config) -> None:
        """Compiles as `get_compile_config` of another model says; a `compile` of your own is left to you, as in Keras.

        Raises `ArgumentError` for a setting that `compile` does not know.
        """
        if type(self).compile is not Trainer.compile:
            warn(f"{self.described}: its compile is its own, so compile_from_config does nothing; call compile yourself")
            return
        known = inspect.signature(Trainer.compile).parameters
        for key in config:
            one_of("compile_from_config", "setting", key, list(known)[1:])
        self.compile(**config)
        if self.built:
            self.optimizer.build(self.trainable_weights)

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compiled.arguments is not None

    @property
    def metrics(self) -> list[Any]:
        """All that is reset when an epoch begins, and logged: the loss's running mean, the compiled metrics as one,
        the running means of the outputs' losses, and the metrics kept in attributes of the model and its layers."""
        known, found = self._all_metrics
        key = (latest_change(), len(self._sublayers), self._compiled.outputs)  # each output's loss has its own mean
        if known != key:
            found = [*(self._compiled.all_metrics() if self.compiled else []), *self._own_metrics]
            for layer in self._sublayers:
                found += () if isinstance(layer, Trainer) else layer.metrics
            # Past __setattr__, which would count as a change.
            object.__setattr__(self, "_all_metrics", (key, found))
        return list(found)

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def metric_direction(self, name: str) -> str | None:
        """'up' or 'down' for a log by its name, None when unknown."""
        return self._compiled.direction(name)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        resume_from: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Trains for `epochs` passes over the data; returns the `History` of the logs.

        x, y: arrays (N, …) of NumPy, pandas, TensorFlow or PyTorch, or x an iterable of (x, y) or
            (x, y, sample_weight) batches: a list, a generator, a `tinynet.utils.PyDataset`, a tf.data.Dataset, a
            DataLoader. Where there are several inputs or outputs: lists of arrays, or dicts by name.
        batch_size: 32 without one. shuffle: samples, or a PyDataset's batches, in random order. As with Keras on
            TensorFlow, `set_random_seed` gives all epochs the same order of samples; without it each has another.
            'batch': only within each batch.
        validation_split: the last fraction of the samples, taken before shuffling, is only
            evaluated; validation_data: (x, y) or (x, y, sample_weight) for that, or an iterable.
        class_weight: how much the samples of each class count; sample_weight: each sample, for all
            outputs or, structured as y, for each.
        verbose: 0 silent, 1 a progress bar, 2 a line an epoch, 'auto' as fits the output.
        callbacks: a list of `tinynet.callbacks`, or a `CallbackList`.
        initial_epoch: where counting starts, to continue a run.
        validation_freq: epochs from one validation to the next, or a list of epochs (from 1).
        steps_per_epoch, validation_steps: batches an epoch, where not all of them.
        resume_from: a checkpoint that `tinynet.callbacks.BackupAndRestore` wrote, or its folder; training goes on as if
            it had not been interrupted. `CheckpointError` tells what differs where it is from another run.

        Raises `NotBuiltError` before `compile`, `DataError` and its like for data that cannot be
        trained on. Source: https://keras.io/api/models/model_training_apis/
        """
        self._check_compiled("fit")
        epochs = _limited(_whole("fit", "epochs", epochs), config.max_epochs(), "epochs")
        initial_epoch = _whole("fit", "initial_epoch", initial_epoch, least=0)
        validated = _validated(validation_freq)
        steps_per_epoch = _steps("fit", "steps_per_epoch", steps_per_epoch)
        validation_steps = _steps("fit", "validation_steps", validation_steps)
        data = batches_of(
            x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight, where="fit"
        )
        validation = validation_batches(validation_data, validation_batch_size or batch_size)
        if validation_split:
            if validation is not None or isinstance(data, IterableBatches):
                raise ArgumentError("fit: validation_split needs arrays and no validation_data")
            data, validation = data.split(validation_split, "fit")
            if validation_batch_size:
                validation.batch_size = checked_batch_size(validation_batch_size, "fit")
        if isinstance(validation, ArrayBatches) and validation.y is None and self._compiled.loss.loss is not None:
            raise DataError("fit: validation_data has no targets: expected (x, y) or (x, y, sample_weight)")
        if self._graph is not None:
            for name, batches in (("data", data), ("validation data", validation)):
                if isinstance(batches, ArrayBatches):
                    self._compiled.check_targets(batches.y, self._graph.outputs, name)
        steps = steps_per_epoch or length_of(data)
        hooks = self._hooks(callbacks, verbose, epochs, steps, history=True)
        logged = self._logged(validation is not None)
        if logged is not None:
            hooks.check_monitors(logged)
        self.stop_training = False
        passes = Passes(data, keeps_place=True)
        tested = None if validation is None else Passes(validation, keeps_place=True)
        settings = {"steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
        self._run = TrainingRun(self, hooks, passes, tested, self._look_at, initial_epoch, settings)
        try:
            self._train(self._run, epochs, validated, resume_from)
        finally:
            self._run = None
        return self.history

    def _train(self, run: TrainingRun, epochs: int, validated: Callable[[int], bool], resume_from: Any) -> None:
        """The loop of `fit`: epochs, batches, and the hooks around them."""
        hooks, steps = run.hooks, run.settings["steps_per_epoch"]
        handed = self._handing("train_step")
        run.passes.call("on_epoch_end")  # before the first, too, as in Keras
        hooks.on_train_begin()
        if resume_from is not None:
            from tinynet.saving.checkpoints import read_checkpoint

            run.take_up(read_checkpoint(resume_from), os.fsdecode(resume_from))
        run.go_on(within_epoch=False)
        while run.epoch < epochs and not run.stopped:
            epoch = run.epoch
            self.reset_metrics()
            hooks.on_epoch_begin(epoch)
            run.go_on(within_epoch=True)
            left = () if run.stopped else _executions(run.passes, steps, self.steps_per_execution, run.batch)
            for first, last, batches in left:
                hooks.on_train_batch_begin(first)
                for number, batch in enumerate(batches, first):
                    try:
                        run.logs = self.train_step(handed(batch))
                    except AnomalyError as error:
                        raise AnomalyError(f"epoch {epoch + 1}, batch {number}: {error}") from error
                run.batch = last + 1
                hooks.on_train_batch_end(last, run.logs)
                if self.stop_training:
                    break
            logs = dict(run.logs)
            if run.validation is not None and validated(epoch + 1):
                tested = self._test(run.validation, hooks, run.settings["validation_steps"])
                logs.update((f"val_{key}", value) for key, value in tested.items())
            run.epoch, run.batch, run.logs = epoch + 1, 0, logs
            hooks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_weights)
        hooks.on_train_end(run.logs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics over all of the data.

        Returns the loss, or [loss, metric, …] in the order of `compile`, or with `return_dict` a dict
        by name. Of several outputs: [loss, loss of each output, …, metrics sorted by name, …].
        """
        self._check_compiled("evaluate")
        steps = _steps("evaluate", "steps", steps)
        data = batches_of(x, y, sample_weight, batch_size=batch_size, where="evaluate")
        hooks = self._hooks(callbacks, verbose, 1, steps or length_of(data))
        logs = self._test(Passes(data), hooks, steps)
        return logs if return_dict else self._in_order(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The model's results for all of x, computed in batches without recording: (N, …), in lists or dicts as its
        outputs."""
        steps = _steps("predict", "steps", steps)
        if verbose == "auto":
            verbose = 0
        alone = callbacks is None and steps is None and verbose == 0 and type(x) is np.ndarray and x.ndim > 0
        if alone and 0 < len(x) <= checked_batch_size(batch_size, "predict"):
            # A single batch and nobody to tell: the loop would take longer than a small model.
            whole_x = as_array(x, "x", "predict", check_finite=False)
            return self._results(whole_x, whole_x)
        data = batches_of(x, batch_size=batch_size, where="predict")
        hooks = self._hooks(callbacks, verbose, 1, steps or length_of(data))
        results: list[Any] = []
        self.stop_predicting = False
        hooks.on_predict_begin()
        for first, last, batches in _executions(Passes(data), steps, self.steps_per_execution):
            hooks.on_predict_batch_begin(first)
            found = joined([self._results(batch.x, pack_x_y_sample_weight(batch.x)) for batch in batches])
            results.append(found)
            hooks.on_predict_batch_end(last, {"outputs": found})
            if self.stop_predicting:
                break
        hooks.on_predict_end()
        return joined(results)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step of training on one batch; returns that batch's loss and metrics as `evaluate`."""
        self._check_compiled("train_on_batch")
        self.reset_metrics()
        batch = one_batch(x, y, sample_weight, class_weight=class_weight, where="train_on_batch")
        ordinary = type(self).train_step is Trainer.train_step
        logs = plain(self.train_step(batch if ordinary else map_leaves(_wrapped, tuple(batch))))
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch, as `evaluate`."""
        self._check_compiled("test_on_batch")
        self.reset_metrics()
        batch = one_batch(x, y, sample_weight, where="test_on_batch")
        ordinary = type(self).test_step is Trainer.test_step
        with no_grad():
            logs = plain(self.test_step(batch if ordinary else map_leaves(_wrapped, tuple(batch))))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The results for one batch, as arrays."""
        return self._results(x, (x,))

    def _results(self, x: Any, data: Any) -> Any:
        """The results for one batch, as arrays; a predict_step of your own is handed the data."""
        if type(self).predict_step is not Trainer.predict_step:
            with no_grad():
                outputs = self.predict_step(map_leaves(_wrapped, data))
        else:

            def ordinary(x: Any) -> Any:
                return self(_wrapped(x), training=False)  # type: ignore[operator]

            known = self._replays.again(x, False)
            if known is not None:
                return known._data
            with no_grad():
                outputs = self._replays.first(x, False, ordinary)
        # Texts, of a StringLookup backwards, are arrays already.
        return map_structure(lambda t: _apart_from(x, t._data if isinstance(t, Tensor) else t), outputs)

    def train_step(self, data: Any) -> Logs:
        """One update of the weights: forward, loss, backward, optimizer; returns the logs.

        data: (x, y) or (x, y, sample_weight), or x; see `tinynet.utils.unpack_x_y_sample_weight`. Override it to
        train in your own way: what it returns, numbers by name, is what `fit` shows and callbacks get.

        Source: https://keras.io/guides/custom_train_step_in_tensorflow/
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._results_in_training(x)
        loss = self._loss_of(x, y, y_pred, sample_weight, True)
        self._compiled.count_loss(loss, row_count(x))
        self._clear_losses()  # type: ignore[attr-defined]
        variables = self.trainable_weights
        if variables:
            if not loss._requires_grad:
                raise GraphError(
                    f"{self.described}: the loss does not depend on the weights that are trained, so there is no "
                    "gradient. Compute it from y_pred with tinynet.ops, not with .numpy() or in no_grad()."
                )
            for variable in variables:
                variable.zero_grad()
            self.optimizer.scale_loss(loss).backward()
            self.optimizer.apply([variable._grad for variable in variables], variables)
            for variable in variables:
                variable.zero_grad()
        else:
            warn(f"{self.described}: no weights are trainable, so nothing is trained")
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _results_in_training(self, x: Any) -> Any:
        """The results for the inputs of a batch, on the tape."""

        def ordinary(x: Any) -> Any:
            return self(_wrapped(x), training=True)  # type: ignore[operator]

        if not is_recording() or is_noting() or anomaly.watchers:
            return ordinary(x)
        known = self._training_replays.again(x, True)
        return self._training_replays.first(x, True, ordinary) if known is None else known

    def test_step(self, data: Any) -> Logs:
        """Loss and metrics of a batch, the weights left alone; returns the logs. data: as for `train_step`."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(_wrapped(x), training=False)  # type: ignore[operator]
        loss = self._loss_of(x, y, y_pred, sample_weight, False)
        self._compiled.count_loss(loss, row_count(x))
        self._clear_losses()  # type: ignore[attr-defined]
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The results for a batch. data: x, or (x,)."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(_wrapped(x), training=False)  # type: ignore[operator]

    def zero_grad(self) -> None:
        """Forgets the gradients of all weights; `backward` adds to them."""
        for variable in self.weights:  # type: ignore[attr-defined]
            variable.zero_grad()

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """The scalar that training lowers: the compiled loss and all penalties. Override it for another one.

        x, y, sample_weight: the data of the batch; y_pred: what the model made of x. Raises `ArgumentError` where
        there is neither a loss nor a penalty.
        """
        loss = self._compiled.loss_of(y, y_pred, sample_weight)
        parts = [part.sum() if part.ndim else part for part in self.losses]
        if loss is not None:
            parts.insert(0, loss)
        if not parts:
            raise ArgumentError(f"{self.described}: there is nothing to minimise: compile with a loss")
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        """`compute_loss`, which may be one of Keras 3.0's, without `training`."""
        if _takes_training(type(self).compute_loss):
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=training)
        else:
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        loss = loss if isinstance(loss, Tensor) else as_tensor(loss)
        if loss.size != 1:
            raise ArgumentError(f"{self.described}: compute_loss must return a scalar, it gave shape {loss.shape}")
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Adds a batch to the compiled metrics, and returns the logs. Override it to report something else."""
        if self._compiled.metrics.wanted:
            self._compiled.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> Logs:
        """The values of `metrics` by name; a result that is a dict gives several."""
        found: Logs = {}
        for metric in self.metrics:
            value = metric.result()
            if isinstance(value, dict):
                found.update(value)
            else:
                found[metric.name] = value
        return found

    def reset_metrics(self) -> None:
        """Starts the running means of loss and metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def _in_order(self, logs: Logs) -> Any:
        """Logs as `evaluate` lists them, or the loss alone: in the order of `metrics`, other ones by name after them."""
        names: list[str] = []
        for metric in self.metrics:
            names += [one.name for one in metric.metrics] if isinstance(metric, CompiledMetrics) else [metric.name]
        found = [logs[name] for name in dict.fromkeys((*names, *sorted(logs))) if name in logs]
        return found[0] if len(found) == 1 else found

    def _logged(self, validation: bool) -> set[str] | None:
        """The names of the logs of an epoch, or None where steps or metrics of your own may log anything."""
        overridable = ("train_step", "test_step", "compute_metrics", "get_metrics_result", "metrics")
        if any(getattr(type(self), name) is not getattr(Trainer, name) for name in overridable):
            return None
        own = [metric for metric in self.metrics if metric not in self._compiled.all_metrics()]
        names = self._compiled.logged()
        if names is None or not all(type(metric).__module__.startswith("tinynet.") for metric in own):
            return None
        names |= {metric.name for metric in own}
        return names | {f"val_{name}" for name in names} if validation else names

    def _handing(self, step: str) -> Callable[[Batch], Any]:
        """How a batch is handed to a step: as it is, or to one of your own as tensors."""
        return _as_it_is if getattr(type(self), step) is getattr(Trainer, step) else _handed

    def _look_at(self, batch: Batch) -> None:
        """Computes what there is to compute for a batch, so that weights and metrics are there."""
        with no_grad():
            self.test_step(self._handing("test_step")(batch))

    def _test(self, passes: Passes, hooks: CallbackList, steps: int | None = None) -> Logs:
        passes.iterator = None
        handed = self._handing("test_step")
        passes.call("on_epoch_end")
        self.stop_evaluating = False
        hooks.on_test_begin()
        self.reset_metrics()
        logs: Logs = {}
        for first, last, batches in _executions(passes, steps, self.steps_per_execution):
            hooks.on_test_batch_begin(first)
            for batch in batches:
                with no_grad():
                    logs = self.test_step(handed(batch))
            hooks.on_test_batch_end(last, logs)
            if self.stop_evaluating:
                break
        logs = plain(logs)
        hooks.on_test_end(logs)
        return logs

    def _hooks(
        self, callbacks: Any, verbose: str | int, epochs: int, steps: int | None, history: bool = False
    ) -> CallbackList:
        """The user's callbacks, with history and progress after them."""
        if verbose not in ("auto", 0, 1, 2):
            raise ArgumentError(f"expected verbose 'auto', 0, 1 or 2, received {verbose!r}")
        verbose = _verbosity() if verbose == "auto" else int(verbose)
        params = {"verbose": verbose, "epochs": epochs, "steps": steps}
        if isinstance(callbacks, CallbackList):
            callbacks.set_model(self)
            callbacks.set_params(params)
            return callbacks
        if callbacks is not None and not isinstance(callbacks, (list, tuple, Callback)):
            raise ArgumentError(f"expected callbacks to be a list of callbacks, received {callbacks!r}")
        return CallbackList(callbacks, add_history=history, add_progbar=bool(verbose), model=self, **params)

    def _check_compiled(self, where: str) -> None:
        if not self.compiled:
            raise NotBuiltError(f"{self.described}: call compile(optimizer=…, loss=…) before {where}")


def _verbosity() -> int:
    """A bar where one can be shown and tqdm is there to show it, else lines."""
    import importlib.util

    return 1 if importlib.util.find_spec("tqdm") else 2


def _executions(
    passes: Passes, steps: int | None, size: int, first: int = 0
) -> Iterator[tuple[int, int, list[Batch]]]:
    """All batches of a pass, or so many, in groups of this size, as in Keras the last of them filled up, too; each
    with the number of its first and, as if it were full, its last. first: how many of them are done."""
    batches = passes.take(steps and -(-steps // size) * size - first)
    while group := list(islice(batches, size)):
        yield first, first + size - 1, group
        first += size


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _handed(batch: Batch) -> Any:
    """A batch as a step of the user's own gets it: tensors, in a tuple without what is missing."""
    x, y, sample_weight = (map_leaves(_wrapped, part) for part in batch)
    return pack_x_y_sample_weight(x, y, sample_weight)


@functools.lru_cache(maxsize=256)
def _takes_training(compute_loss: Any) -> bool:
    """Whether a `compute_loss` has the argument `training`."""
    parameters = inspect.signature(compute_loss).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


def _validated(frequency: Any) -> Any:
    """Whether there is a validation at the end of an epoch (from 1): every so many, or those in a list."""
    if isinstance(frequency, (list, tuple)):
        epochs = {_whole("fit", "each epoch in validation_freq", epoch) for epoch in frequency}
        return lambda epoch: epoch in epochs
    every = _whole("fit", "validation_freq", frequency)
    return lambda epoch: epoch % every == 0


def _whole(where: str, name: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{where}: expected {name} to be a whole number >= {least}, received {value!r}")
    return int(value)


def _steps(where: str, name: str, value: Any) -> int | None:
    steps = None if value is None else _whole(where, name, value)
    return _limited(steps, config.max_steps_per_epoch(), "steps")


def _limited(count: Any, most: int | None, what: str) -> Any:
    """The count, or the most that `tinynet.config` allows, with a warning."""
    if most is None or count is not None and count <= most:
        return count
    warn(f"only {most} {what} are done: tinynet.config limits them")
    return most


def _wrapped(x: Any) -> Any:
    """Arrays as tensors; text as it is."""
    if not isinstance(x, np.ndarray):
        return map_leaves(_wrapped, x) if isinstance(x, (list, tuple, dict)) else x
    return wrap(x) if x.dtype.kind in "fiub" else x


def _apart_from(x: Any, result: np.ndarray) -> np.ndarray:
    """The result, copied where it is the caller's own data (a model whose layers pass it through)."""
    own = any(isinstance(part, np.ndarray) and np.may_share_memory(part, result) for part in leaves(x))
    return result.copy() if own else result
