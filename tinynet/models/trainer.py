"""Training, evaluation and prediction: what every model can do, with Keras's arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinynet import optimizers
from tinynet.autograd import Tensor, no_grad
from tinynet.autograd.tensor import wrap
from tinynet.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinynet.errors import ArgumentError, NotBuiltError, warn
from tinynet.layers.structures import map_structure
from tinynet.models.compiled import Compiled, Logs, Outputs
from tinynet.models.data import (
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
    row_count,
    validation_batches,
)
from tinynet.models.graph import Graph
from tinynet.models.replays import Replays
from tinynet.nested import leaves, map_leaves


class Trainer:
    """The training half of a model: `compile`, then `fit`, `evaluate`, `predict`.

    What a subclass provides: being called on a batch, its `weights`, its `losses`, and the graph that
    says what its outputs are, where it has one.
    """

    described: str
    trainable_weights: list[Any]
    losses: list[Any]
    built: bool
    _graph: Graph | None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.history: History | None = None
        self._compile_arguments: dict[str, Any] | None = None
        self._compiled = Compiled(self.described)
        self._replays = Replays(self)

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
        run_eagerly, auto_scale_loss: accepted; they change nothing here.

        Outputs in a list are called by the layers that give them, those in a dict by its keys.

        Raises `ArgumentError` for steps_per_execution and jit_compile, which are not supported,
        for unknown names, and for what does not fit the outputs.
        """
        for name, value, default in (
            ("steps_per_execution", steps_per_execution, (1,)),
            ("jit_compile", jit_compile, ("auto", False)),
        ):
            if value not in default:
                raise ArgumentError(f"compile: {name}={value!r} is not supported; leave it out")
        # All of it is looked up before any of it is kept: a compile that fails changes nothing.
        known_optimizer = optimizers.get(optimizer)
        told = Compiled(self.described, loss, loss_weights, metrics, weighted_metrics)
        if self._graph is not None:
            told.bind(self._outputs(self._graph.outputs))
        self.optimizer, self.loss, self._compiled = known_optimizer, loss, told
        self._compile_arguments = {
            "optimizer": self.optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": 1, "jit_compile": False,
        }  # fmt: skip

    def _outputs(self, results: Any) -> Outputs:
        """What the outputs are called, given results of the model."""
        return Outputs(results, self._graph.output_names if self._graph is not None else None)

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compile_arguments is not None

    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean, the compiled metrics, and the running means of the outputs' losses."""
        return self._compiled.all_metrics()

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
        callbacks: Iterable[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Trains for `epochs` passes over the data; returns the `History` of the logs.

        x, y: arrays (N, …), or x an iterable of (x, y) or (x, y, sample_weight) batches. Where there
            are several inputs or outputs: lists of arrays, or dicts by name.
        batch_size: 32 without one. shuffle: a new order each epoch.
        validation_split: the last fraction of the samples, taken before shuffling, is only
            evaluated; validation_data: (x, y) or (x, y, sample_weight) for that, or an iterable.
        class_weight: how much the samples of each class count; sample_weight: each sample, for all
            outputs or, structured as y, for each.
        verbose: 0 silent, 1 a progress bar, 2 a line an epoch, 'auto' as fits the output.
        initial_epoch: where counting starts, to continue a run.
        steps_per_epoch, validation_steps: batches an epoch, where not all of them.

        Raises `NotBuiltError` before `compile`, `DataError` and its like for data that cannot be
        trained on. Source: https://keras.io/api/models/model_training_apis/
        """
        self._check_compiled("fit")
        epochs = _whole("fit", "epochs", epochs)
        initial_epoch = _whole("fit", "initial_epoch", initial_epoch, least=0)
        validation_freq = _whole("fit", "validation_freq", validation_freq)
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
        steps = steps_per_epoch or length_of(data)
        history = History()
        hooks = self._hooks(callbacks, verbose, epochs, steps, history)
        self.stop_training = False
        logs: Logs = {}
        passes = Passes(data)
        hooks.call("on_train_begin", {})
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            hooks.call("on_epoch_begin", epoch, {})
            for number, batch in enumerate(passes.take(steps_per_epoch)):
                hooks.call("on_train_batch_begin", number, {})
                self.train_step(batch)
                logs = self._logs()
                hooks.call("on_train_batch_end", number, logs)
                if self.stop_training:
                    break
            logs = self._logs()
            if validation is not None and (epoch + 1) % validation_freq == 0:
                tested = self._test(validation, hooks, validation_steps)
                logs = dict(sorted({**logs, **{f"val_{key}": value for key, value in tested.items()}}.items()))
            hooks.call("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_weights)
        hooks.call("on_train_end", logs)
        self.history = history
        return history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Iterable[Callback] | None = None,
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
        logs = self._test(data, hooks, steps)
        return logs if return_dict else self._in_order()

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Iterable[Callback] | None = None,
    ) -> Any:
        """The model's results for all of x, computed in batches without recording: (N, …), in lists or dicts as its
        outputs."""
        steps = _steps("predict", "steps", steps)
        if verbose == "auto":
            verbose = 0
        alone = callbacks is None and steps is None and verbose == 0 and type(x) is np.ndarray and x.ndim > 0
        if alone and 0 < len(x) <= checked_batch_size(batch_size, "predict"):
            # A single batch and nobody to tell: the loop would take longer than a small model.
            return self.predict_on_batch(as_array(x, "x", "predict", check_finite=False))
        data = batches_of(x, batch_size=batch_size, where="predict")
        hooks = self._hooks(callbacks, verbose, 1, steps or length_of(data))
        results: list[Any] = []
        hooks.call("on_predict_begin", {})
        for number, batch in enumerate(Passes(data).take(steps)):
            hooks.call("on_predict_batch_begin", number, {})
            results.append(self.predict_on_batch(batch.x))
            hooks.call("on_predict_batch_end", number, {"outputs": results[-1]})
        hooks.call("on_predict_end", {})
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
        self.train_step(one_batch(x, y, sample_weight, class_weight=class_weight, where="train_on_batch"))
        return self._logs() if return_dict else self._in_order()

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch, as `evaluate`."""
        self._check_compiled("test_on_batch")
        self.reset_metrics()
        self.test_step(one_batch(x, y, sample_weight, where="test_on_batch"))
        return self._logs() if return_dict else self._in_order()

    def predict_on_batch(self, x: Any) -> Any:
        """The results for one batch, as arrays."""

        def ordinary(x: Any) -> Any:
            return self(_wrapped(x), training=False)  # type: ignore[operator]

        known = self._replays.again(x, False)
        if known is not None:
            return known._data
        with no_grad():
            outputs = self._replays.first(x, False, ordinary)
        # Texts, of a StringLookup backwards, are arrays already.
        return map_structure(lambda t: _apart_from(x, t._data if isinstance(t, Tensor) else t), outputs)

    def train_step(self, batch: Batch) -> None:
        """One update of the weights: forward, loss, backward, optimizer."""
        outputs = self(_wrapped(batch.x), training=True)  # type: ignore[operator]
        loss = self.compute_loss(batch.x, batch.y, outputs, batch.sample_weight)
        self._clear_losses()  # type: ignore[attr-defined]
        variables = self.trainable_weights
        if variables:
            for variable in variables:
                variable.zero_grad()
            loss.backward()
            self.optimizer.apply([variable._grad for variable in variables], variables)
            for variable in variables:
                variable.zero_grad()
        else:
            warn(f"{self.described} has no trainable weights: training changes nothing")
        self._compiled.count(loss, row_count(batch.x), batch.y, outputs, batch.sample_weight)

    def test_step(self, batch: Batch) -> None:
        """Loss and metrics of a batch, the weights left alone."""
        with no_grad():
            outputs = self(_wrapped(batch.x), training=False)  # type: ignore[operator]
            loss = self.compute_loss(batch.x, batch.y, outputs, batch.sample_weight)
            self._clear_losses()  # type: ignore[attr-defined]
            self._compiled.count(loss, row_count(batch.x), batch.y, outputs, batch.sample_weight)

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The scalar that training lowers: the compiled loss and all penalties."""
        parts = list(self.losses)
        if self._compiled.outputs is None:
            self._compiled.bind(self._outputs(y_pred))
        loss = self._compiled.loss_of(y, y_pred, sample_weight)
        if loss is not None:
            parts.insert(0, loss)
        if not parts:
            raise ArgumentError(f"{self.described}: there is nothing to minimise: compile with a loss")
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def reset_metrics(self) -> None:
        """Starts the running means of loss and metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def _logs(self) -> Logs:
        """The running means by name, sorted as Keras sorts them."""
        return dict(sorted(self._compiled.values().items()))

    def _in_order(self) -> Any:
        """The running means as `evaluate` lists them, or the loss alone."""
        values = list(self._compiled.values().values())
        return values[0] if len(values) == 1 else values

    def _test(self, data: Batches, hooks: CallbackList, steps: int | None = None) -> Logs:
        self.reset_metrics()
        hooks.call("on_test_begin", {})
        for number, batch in enumerate(Passes(data).take(steps)):
            hooks.call("on_test_batch_begin", number, {})
            self.test_step(batch)
            hooks.call("on_test_batch_end", number, self._logs())
        logs = self._logs()
        hooks.call("on_test_end", logs)
        return logs

    def _hooks(
        self,
        callbacks: Iterable[Callback] | None,
        verbose: str | int,
        epochs: int,
        steps: int | None,
        history: History | None = None,
    ) -> CallbackList:
        """The user's callbacks, with progress before and history after them."""
        if verbose not in ("auto", 0, 1, 2):
            raise ArgumentError(f"expected verbose 'auto', 0, 1 or 2, received {verbose!r}")
        verbose = _verbosity() if verbose == "auto" else int(verbose)
        if isinstance(callbacks, Callback):
            callbacks = [callbacks]
        if callbacks is not None and not isinstance(callbacks, (list, tuple)):
            raise ArgumentError(f"expected callbacks to be a list of callbacks, received {callbacks!r}")
        all_callbacks: list[Callback] = [ProgbarLogger(verbose)] if verbose else []
        all_callbacks += list(callbacks or [])
        all_callbacks += [history] if history is not None else []
        return CallbackList(all_callbacks, self, {"verbose": verbose, "epochs": epochs, "steps": steps})

    def _check_compiled(self, where: str) -> None:
        if not self.compiled:
            raise NotBuiltError(f"{self.described}: call compile(optimizer=…, loss=…) before {where}")


def _verbosity() -> int:
    """A bar where one can be shown and tqdm is there to show it, else lines."""
    import importlib.util

    return 1 if importlib.util.find_spec("tqdm") else 2


def _whole(where: str, name: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{where}: expected {name} to be a whole number >= {least}, received {value!r}")
    return int(value)


def _steps(where: str, name: str, value: Any) -> int | None:
    return None if value is None else _whole(where, name, value)


def _wrapped(x: Any) -> Any:
    """Arrays as tensors; text as it is."""
    if not isinstance(x, np.ndarray):
        return map_leaves(_wrapped, x) if isinstance(x, (list, tuple, dict)) else x
    return wrap(x) if x.dtype.kind in "fiub" else x


def _apart_from(x: Any, result: np.ndarray) -> np.ndarray:
    """The result, copied where it is the caller's own data (a model whose layers pass it through)."""
    own = any(isinstance(part, np.ndarray) and np.may_share_memory(part, result) for part in leaves(x))
    return result.copy() if own else result
