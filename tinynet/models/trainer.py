"""Training, evaluation and prediction: what every model can do, with Keras's arguments."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import losses, metrics, optimizers
from tinynet.autograd import Tensor, no_grad
from tinynet.autograd.tensor import wrap
from tinynet.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinynet.errors import ArgumentError, DataError, NotBuiltError
from tinynet.layers.base import map_structure
from tinynet.models.data import ArrayBatches, Batch, IterableBatches, batches_of, checked_batch_size, lists_batches

Batches = ArrayBatches | IterableBatches
Logs = dict[str, Any]


class Trainer:
    """The training half of a model: `compile`, then `fit`, `evaluate`, `predict`.

    What a subclass provides: being called on a batch, its `weights`, and its `losses`.
    """

    described: str
    trainable_weights: list[Any]
    losses: list[Any]
    built: bool

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.history: History | None = None
        self._compile_arguments: dict[str, Any] | None = None
        self._loss_function: Any = None
        self._loss_tracker = metrics.Mean(name="loss")
        # "accuracy" stays a name until the first batch shows which accuracy it means.
        self._given_metrics: list[Any] = []
        self._given_weighted: list[Any] = []
        self._metrics: list[Any] | None = None
        self._weighted: list[Any] = []

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how to train: the optimizer, the loss, and what to report.

        optimizer: a name or an optimizer. loss: a name, a loss, or a function of
            (y_true, y_pred) tensors. metrics: names, metrics or functions, reported over each
            epoch; weighted_metrics see sample weights, too.
        run_eagerly, auto_scale_loss: accepted; they change nothing here.

        Raises `ArgumentError` for loss_weights, steps_per_execution and jit_compile, which are
        not supported, and for unknown names.
        """
        for name, value, default in (
            ("loss_weights", loss_weights, (None,)),
            ("steps_per_execution", steps_per_execution, (1,)),
            ("jit_compile", jit_compile, ("auto", False)),
        ):
            if value not in default:
                raise ArgumentError(f"compile: {name}={value!r} is not supported; leave it out")
        # All of it is looked up before any of it is kept: a compile that fails changes nothing.
        known_optimizer, loss_function = optimizers.get(optimizer), _loss_of(loss)
        plain, weighted = _metrics_of(metrics, "metrics"), _metrics_of(weighted_metrics, "weighted_metrics")
        self.optimizer, self.loss, self._loss_function = known_optimizer, loss, loss_function
        self._given_metrics, self._given_weighted = plain, weighted
        self._metrics, self._weighted = None, []
        self._loss_tracker.reset_state()
        self._compile_arguments = {
            "optimizer": self.optimizer, "loss": loss, "loss_weights": None, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": 1, "jit_compile": False,
        }  # fmt: skip

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compile_arguments is not None

    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean and the compiled metrics (made when the first batch comes)."""
        return [self._loss_tracker, *(self._metrics or []), *self._weighted]

    def metric_direction(self, name: str) -> str | None:
        """'up' or 'down' for a compiled metric by its logged name, None when unknown."""
        for metric in (*(self._metrics or []), *self._weighted):
            if metric.name == name:
                kind = type(metric).__name__
                if any(word in kind for word in ("Accuracy", "Precision", "Recall", "Score")):
                    return "up"
                if any(word in kind for word in ("Error", "Crossentropy")):
                    return "down"
        return None

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

        x, y: arrays (N, …), or x an iterable of (x, y) or (x, y, sample_weight) batches.
        batch_size: 32 without one. shuffle: a new order each epoch.
        validation_split: the last fraction of the samples, taken before shuffling, is only
            evaluated; validation_data: (x, y) or (x, y, sample_weight) for that, or an iterable.
        class_weight: how much the samples of each class count; sample_weight: each sample.
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
        validation = self._validation(validation_data, validation_batch_size or batch_size)
        if validation_split:
            if validation is not None or isinstance(data, IterableBatches):
                raise ArgumentError("fit: validation_split needs arrays and no validation_data")
            data, validation = data.split(validation_split, "fit")
            if validation_batch_size:
                validation.batch_size = checked_batch_size(validation_batch_size, "fit")
        steps = steps_per_epoch or _length(data)
        history = History()
        hooks = self._hooks(callbacks, verbose, epochs, steps, history)
        self.stop_training = False
        logs: Logs = {}
        passes = _Passes(data)
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

        Returns the loss, or [loss, metric, …] in the order of `compile`, or with `return_dict` a
        dict by name.
        """
        self._check_compiled("evaluate")
        steps = _steps("evaluate", "steps", steps)
        data = batches_of(x, y, sample_weight, batch_size=batch_size, where="evaluate")
        hooks = self._hooks(callbacks, verbose, 1, steps or _length(data))
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
        """The model's results for all of x, computed in batches without recording: (N, …)."""
        steps = _steps("predict", "steps", steps)
        data = batches_of(x, batch_size=batch_size, where="predict")
        if verbose == "auto":
            verbose = 0
        hooks = self._hooks(callbacks, verbose, 1, steps or _length(data))
        results: list[Any] = []
        hooks.call("on_predict_begin", {})
        for number, batch in enumerate(_Passes(data).take(steps)):
            hooks.call("on_predict_batch_begin", number, {})
            results.append(self.predict_on_batch(batch.x))
            hooks.call("on_predict_batch_end", number, {"outputs": results[-1]})
        hooks.call("on_predict_end", {})
        return _joined(results)

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
        self.train_step(_one_batch(x, y, sample_weight, class_weight, "train_on_batch"))
        return self._logs() if return_dict else self._in_order()

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch, as `evaluate`."""
        self._check_compiled("test_on_batch")
        self.reset_metrics()
        self.test_step(_one_batch(x, y, sample_weight, None, "test_on_batch"))
        return self._logs() if return_dict else self._in_order()

    def predict_on_batch(self, x: Any) -> Any:
        """The results for one batch, as arrays."""
        with no_grad():
            outputs = self(_wrapped(x), training=False)  # type: ignore[operator]
        # Texts, of a StringLookup backwards, are arrays already.
        return map_structure(lambda t: _apart_from(x, t._data if isinstance(t, Tensor) else t), outputs)

    def train_step(self, batch: Batch) -> None:
        """One update of the weights: forward, loss, backward, optimizer."""
        outputs = self(_wrapped(batch.x), training=True)  # type: ignore[operator]
        loss = self.compute_loss(batch.x, batch.y, outputs, batch.sample_weight)
        self._clear_losses()  # type: ignore[attr-defined]
        variables = self.trainable_weights
        for variable in variables:
            variable.zero_grad()
        loss.backward()
        self.optimizer.apply([variable._grad for variable in variables], variables)
        for variable in variables:
            variable.zero_grad()
        self._count(loss, batch, outputs)

    def test_step(self, batch: Batch) -> None:
        """Loss and metrics of a batch, the weights left alone."""
        with no_grad():
            outputs = self(_wrapped(batch.x), training=False)  # type: ignore[operator]
            loss = self.compute_loss(batch.x, batch.y, outputs, batch.sample_weight)
            self._clear_losses()  # type: ignore[attr-defined]
            self._count(loss, batch, outputs)

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The scalar that training lowers: the compiled loss and all penalties."""
        parts = list(self.losses)
        if self._loss_function is not None:
            if y is None:
                raise DataError(f"{self.described}: the loss needs targets, and y was not given")
            parts.insert(0, self._loss_function(y, y_pred, sample_weight))
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

    def _count(self, loss: Tensor, batch: Batch, outputs: Any) -> None:
        """Adds a batch to the running means."""
        rows = len(batch.x)
        self._loss_tracker.update_state(loss._data, sample_weight=np.asarray(rows, loss.dtype))
        if self._metrics is None:
            shapes = (np.shape(batch.y), outputs.shape) if batch.y is not None else None
            self._metrics = [_for_shapes(metric, shapes) for metric in self._given_metrics]
            self._weighted = [_for_shapes(metric, shapes) for metric in self._given_weighted]
        if batch.y is None:
            return
        for metric in self._metrics:
            metric.update_state(batch.y, outputs)
        for metric in self._weighted:
            metric.update_state(batch.y, outputs, sample_weight=batch.sample_weight)

    def _values(self) -> Logs:
        """The running means by name, in the order of `compile`; names that repeat are told apart as in Keras."""
        values: Logs = {"loss": self._loss_tracker.result()}
        for prefix, found in (("", self._metrics or []), ("weighted_", self._weighted)):
            for metric in found:
                name = metric.name if metric.name not in values else f"{prefix}{metric.name}"
                number = 0
                while (f"{name}_{number}" if number else name) in values:
                    number += 1
                values[f"{name}_{number}" if number else name] = metric.result()
        return {name: float(v) if np.ndim(v) == 0 else np.asarray(v) for name, v in values.items()}

    def _logs(self) -> Logs:
        """The running means by name, sorted as Keras sorts them."""
        return dict(sorted(self._values().items()))

    def _in_order(self) -> Any:
        """The running means as a list in the order of `compile`, or the loss alone."""
        values = list(self._values().values())
        return values[0] if len(values) == 1 else values

    def _test(self, data: Batches, hooks: CallbackList, steps: int | None = None) -> Logs:
        self.reset_metrics()
        hooks.call("on_test_begin", {})
        for number, batch in enumerate(_Passes(data).take(steps)):
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

    def _validation(self, data: Any, batch_size: int | None) -> Batches | None:
        if data is None:
            return None
        if lists_batches(data):
            return IterableBatches(data, where="fit, validation_data")
        if isinstance(data, (tuple, list)) and len(data) in (2, 3):
            return ArrayBatches(*data, batch_size=batch_size, where="fit, validation_data")
        if isinstance(data, (tuple, list)):
            raise ArgumentError(f"fit: expected validation_data (x, y) or (x, y, sample_weight), received {len(data)} items")
        return batches_of(data, where="fit, validation_data")

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


def _listed(names: Any, argument: str) -> list[Any]:
    if names is None:
        return []
    if isinstance(names, (str, dict)) or not isinstance(names, (list, tuple)):
        raise ArgumentError(f"compile: expected {argument} to be a list, received {names!r}")
    return list(names)


def _loss_of(loss: Any) -> Any:
    """The compiled loss; a function of (y_true, y_pred) is given Keras's weighting and mean."""
    found = losses.get(loss)
    if found is None or isinstance(found, losses.Loss):
        return found
    return losses.LossFunctionWrapper(found, name=getattr(found, "__name__", "loss"))


def _metrics_of(given: Any, argument: str) -> list[Any]:
    """The metrics a list of names, metrics and functions means; each is logged under the name it was given by."""
    found = []
    for metric in _listed(given, argument):
        if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
            found.append(metric)
            continue
        made = metrics.get(metric)
        if not isinstance(made, metrics.Metric):
            if not callable(made):
                raise ArgumentError(f"compile: expected {argument} to hold metrics, received {metric!r}")
            made = metrics.MeanMetricWrapper(made, name=getattr(made, "name", None) or getattr(made, "__name__", None))
        if isinstance(metric, str):
            made.name = metric
        found.append(made)
    return found


def _for_shapes(metric: Any, shapes: tuple[Any, Any] | None) -> Any:
    """The metric itself, or the accuracy that suits the shapes of targets and results."""
    if not isinstance(metric, str):
        return metric
    if shapes is None:
        raise DataError(f"metric {metric!r} needs targets, and y was not given")
    return metrics.accuracy_for(*shapes, name=metric)


def _length(data: Batches) -> int | None:
    try:
        return len(data)
    except TypeError:
        return None


class _Passes:
    """Passes over the data, one after the other, taken so many batches at a time."""

    def __init__(self, data: Batches) -> None:
        self.data = data
        self.iterator: Iterator[Batch] | None = None

    def take(self, count: int | None) -> Iterator[Batch]:
        """All batches of a pass, or the next `count`; fewer, with a warning, where a pass ends."""
        if count is None:
            yield from self.data
            return
        for number in range(count):
            batch = next(self.iterator, None) if self.iterator is not None else None
            if batch is None and self.iterator is not None and number:
                warnings.warn(
                    f"the data ended after {number} of {count} steps: the next epoch starts a new pass", stacklevel=3
                )
                self.iterator = None
                return
            if batch is None:
                self.iterator = iter(self.data)
                batch = next(self.iterator)
            yield batch


def _one_batch(x: Any, y: Any, sample_weight: Any, class_weight: Any, where: str) -> Batch:
    whole = ArrayBatches(x, y, sample_weight, batch_size=2**62, class_weight=class_weight, where=where)
    return Batch(whole.x, whole.y, whole.sample_weight)


def _wrapped(x: Any) -> Any:
    """Arrays as tensors; text and nested inputs as they are."""
    return wrap(x) if isinstance(x, np.ndarray) and x.dtype.kind in "fiub" else x


def _apart_from(x: Any, result: np.ndarray) -> np.ndarray:
    """The result, copied where it is the caller's own data (a model whose layers pass it through)."""
    return result.copy() if isinstance(x, np.ndarray) and np.may_share_memory(x, result) else result


def _joined(results: list[Any]) -> Any:
    """Batches of results as one: arrays end to end, in lists and dicts item by item."""
    first = results[0]
    if isinstance(first, (list, tuple)):
        return type(first)(_joined([result[i] for result in results]) for i in range(len(first)))
    return first if len(results) == 1 else np.concatenate(results)
