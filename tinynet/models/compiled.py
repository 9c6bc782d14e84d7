"""What `compile` was told: the losses and metrics of each output, and what they have come to so far."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinynet import losses, metrics
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DataError
from tinynet.models.inputs import arranged
from tinynet.nested import leaves, packed

Logs = dict[str, Any]
STRUCTURES = (list, tuple, dict)


class Outputs:
    """What the outputs of a model are called, one after the other.

    structure: of the outputs. layers: the names of what gives them, or None where they are unknown.

    `labels` are what data, losses and metrics are addressed by: the keys of a dict, or the layers in
    a list. In logs losses have the whole path through the structure before them; metrics the label
    or, in deeper structures, the layer. That is Keras's way.
    """

    def __init__(self, structure: Any, layers: Sequence[str] | None) -> None:
        count = len(list(leaves(structure)))
        self.paths = list(_paths(packed(structure, iter(range(count)))))
        self.labels = [""] * count
        self.of_losses: list[str | None] = [None] * count
        self.of_metrics: list[str | None] = [None] * count
        flat = all(len(path) <= 1 for path, _ in self.paths)
        for path, number in self.paths:
            layer = layers[number] if layers else None
            label = path[-1] if path and isinstance(path[-1], str) else layer
            self.labels[number] = label or f"output {number}"
            if label is not None:
                self.of_losses[number] = "/".join(map(str, (*path[:-1], label)))
            if count > 1:
                self.of_metrics[number] = label if flat else layer
        self.names = packed(structure, iter(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def given(self, values: Any, what: str, missing: bool = False) -> list[Any]:
        """What `compile` was given for each output: a list, a dict by label, or the same for all."""
        if not isinstance(values, STRUCTURES):
            return [values] * len(self)
        by_key = isinstance(self.names, dict)  # then a dict may leave outputs out, elsewhere it may not
        found = arranged(values, self.names, f"compile: {what}", "outputs", missing=missing or by_key)
        while len(found) == 1 and isinstance(found[0], (list, tuple)) and len(found[0]) == 1:
            found = list(found[0])
        return found

    def order(self, values: Any) -> list[int]:
        """The numbers of the outputs in the order of a dict that addresses them, or as they were written."""
        keys = list(values) if isinstance(values, dict) and isinstance(self.names, dict) else []
        places = {key: place for place, key in enumerate(keys)}
        return [n for path, n in sorted(self.paths, key=lambda p: places.get(p[0][0], 0) if keys else 0)]


def _paths(structure: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What lies in a structure, each with the keys that lead to it."""
    if isinstance(structure, STRUCTURES):
        for key, part in structure.items() if isinstance(structure, dict) else enumerate(structure):
            yield from _paths(part, (*path, key))
    else:
        yield path, structure


class _Term:
    """The loss of one output, its weight in the sum, and its running mean where there are several."""

    def __init__(self, number: int, loss: Any, weight: float | None) -> None:
        self.number, self.loss, self.weight = number, loss, weight
        self.mean: Any = None


class CompiledLoss:
    """The losses of the outputs, which add up to one.

    loss: a name, a loss or a function for every output, or a list, or a dict by output; None for none.
    weights: how much each counts, in the same structure, or one number for all.
    """

    def __init__(self, loss: Any, weights: Any) -> None:
        self.loss = _looked_up(loss, _loss_of)
        self.weights = _looked_up(weights, _weight_of)
        self.terms: list[_Term] = []
        self.means: dict[str, Any] = {}

    @property
    def metrics(self) -> list[Any]:
        """The running means of the outputs' losses, where there are several."""
        return list(self.means.values())

    def bind(self, outputs: Outputs) -> None:
        """Gives each output its loss, or raises `ArgumentError` where they do not match."""
        found = [_alone(loss) for loss in outputs.given(self.loss, "loss")]
        weights = [_alone(weight) for weight in outputs.given(self.weights, "loss_weights")]
        for label, loss, weight in zip(outputs.labels, found, weights, strict=True):
            for word, one in (("loss", loss), ("weight of the loss", weight)):
                if isinstance(one, STRUCTURES):
                    raise ArgumentError(f"compile: expected one {word} for the output {label!r}, received {len(one)}")
            if isinstance(self.weights, dict) and loss is not None and weight is None:
                raise ArgumentError(f"compile: loss_weights has no {label!r}, but there is a loss for it")
        if len(outputs) > 1 and isinstance(self.weights, STRUCTURES) and not isinstance(self.loss, STRUCTURES):
            raise ArgumentError(
                "compile: several loss_weights go with as many losses; repeat the loss, one for each output"
            )
        self.outputs = outputs
        self.terms = [_Term(i, found[i], weights[i]) for i in outputs.order(self.loss) if found[i] is not None]
        self.means = {}
        for term in self.terms if len(self.terms) > 1 else ():
            name = outputs.of_losses[term.number] or getattr(term.loss, "name", term.loss)
            term.mean = metrics.Mean(name=_untaken(f"{name}_loss", self.means))
            self.means[term.mean.name] = term.mean

    def __call__(self, y: list[Any], y_pred: list[Tensor], weights: list[Any], where: str) -> Tensor | None:
        """The weighted sum of the losses of a batch, or None where no output has one."""
        total: Tensor | None = None
        for term in self.terms:
            i = term.number
            if y[i] is None:
                of = "" if len(y) == 1 else f" of {self.outputs.labels[i]!r}"
                raise DataError(f"{where}: the loss{of} needs targets, and y was not given")
            if isinstance(term.loss, str):
                function = losses.crossentropy_for(np.shape(y[i]), y_pred[i].shape)
                term.loss = losses.LossFunctionWrapper(function, name=term.loss)
            value = term.loss(y[i], y_pred[i], weights[i])
            if term.mean is not None:
                term.mean.update_state(value._data, sample_weight=np.asarray(len(y_pred[i]._data), value.dtype))
            if term.weight is not None:
                value = value * term.weight
            total = value if total is None else total + value
        return total


class CompiledMetrics(metrics.Metric):
    """The metrics of the outputs, plain and weighted, as one: its result is a dict of theirs by name.

    plain, weighted: lists of names, metrics and functions; where there are several outputs a list
        with an entry for each, or a dict by output. compiled: what puts data in the order of the outputs.
    """

    def __init__(self, plain: Any, weighted: Any, compiled: Compiled) -> None:
        super().__init__(name="compile_metrics")
        self._compiled = compiled
        self.wanted = plain is not None or weighted is not None
        self.given = []
        for given, argument in ((plain, "metrics"), (weighted, "weighted_metrics")):
            if given is not None and (not isinstance(given, STRUCTURES) or _is_config(given)):
                raise ArgumentError(f"compile: expected {argument} to be a list, received {given!r}")
            self.given.append((argument, _looked_up(given, partial(_metric_of, argument=argument))))
        self.bound: list[tuple[bool, int, Any]] = []  # weighted, output, metric or its name before the first batch
        self.named: dict[str, Any] | None = None

    def bind(self, outputs: Outputs) -> None:
        """Gives each output its metrics, or raises `ArgumentError` where they do not match."""
        self.outputs, self.bound, self.named = outputs, [], None
        for argument, given in self.given:
            if isinstance(given, (list, tuple)) and len(outputs) == 1:
                found = [list(leaves(given))]
            else:
                found = outputs.given(given or None, argument, missing=True)
            for number, of_one in enumerate(found):
                listed = list(leaves(of_one)) if isinstance(of_one, (list, tuple)) else [of_one]
                if isinstance(of_one, STRUCTURES) and None in listed or isinstance(of_one, dict):
                    raise ArgumentError(f"compile: expected {argument} to hold metrics, received {of_one!r}")
                self.bound += [(argument != "metrics", number, metric) for metric in listed if metric is not None]

    @property
    def metrics(self) -> list[Any]:
        """The metrics, one after the other."""
        return [metric for _, _, metric in self.bound if not isinstance(metric, str)]

    @property
    def variables(self) -> list[Any]:
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Adds a batch: targets, results and sample weights in the structure of the model's outputs."""
        targets, results, weights = self._compiled.by_output(y_true, y_pred, sample_weight)
        for place, (weighted, i, metric) in enumerate(self.bound):
            y = targets[i]
            if y is None:
                raise DataError(f"metric {_name_of(metric)!r} needs targets, and y was not given")
            if isinstance(metric, str):
                metric = self._chosen(place, y, results[i])
            if weighted:
                metric.update_state(y, results[i], sample_weight=weights[i])
            else:
                metric.update_state(y, results[i])

    def _chosen(self, place: int, y: Any, y_pred: Any) -> Any:
        """The metric that 'accuracy' stands for, by the shapes."""
        weighted, output, name = self.bound[place]
        metric = metrics.accuracy_for(np.shape(y), y_pred.shape, name=name)
        self.bound[place] = (weighted, output, metric)
        self.named = None
        return metric

    def reset_state(self) -> None:
        for _, _, metric in self.bound:
            if not isinstance(metric, str):
                metric.reset_state()

    def result(self) -> Logs:
        """The value of each metric by the name it is logged under."""
        return {name: metric.result() for name, metric in self.by_name().items() if not isinstance(metric, str)}

    def by_name(self) -> dict[str, Any]:
        """The metrics by the names they are logged under; those that repeat are told apart as in Keras."""
        if self.named is None:
            named: dict[str, Any] = {"loss": None}
            for weighted, number, metric in self.bound:
                prefix = f"{self.outputs.of_metrics[number]}_" if self.outputs.of_metrics[number] else ""
                name = f"{prefix}{_name_of(metric)}"
                if weighted and name in named:
                    name = f"{prefix}weighted_{_name_of(metric)}"
                named[_untaken(name, named)] = metric
            del named["loss"]
            self.named = named
        return self.named


def _alone(value: Any) -> Any:
    """What is alone in a list; anything else as it is."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def _name_of(metric: Any) -> str:
    return metric if isinstance(metric, str) else str(metric.name)


class Compiled:
    """Losses and metrics of a model, from the first batch, or earlier, bound to its outputs.

    where: the model, in errors. layers: tells the names of the layers that give the outputs, None where unknown.
    """

    def __init__(
        self,
        where: str,
        loss: Any = None,
        loss_weights: Any = None,
        plain: Any = None,
        weighted: Any = None,
        layers: Callable[[], Sequence[str] | None] | None = None,
    ) -> None:
        self.where = where
        self.layers = layers
        self.arguments: dict[str, Any] | None = None  # of `compile`, for files
        self.loss = CompiledLoss(loss, loss_weights)
        self.metrics = CompiledMetrics(plain, weighted, self)
        self.mean = metrics.Mean(name="loss")
        self.outputs: Outputs | None = None

    def bind(self, results: Any) -> None:
        """Says what the outputs are: results of the model, or symbols of them."""
        outputs = Outputs(results, self.layers() if self.layers is not None else None)
        self.loss.bind(outputs)
        self.metrics.bind(outputs)
        self.outputs = outputs

    def loss_of(self, y: Any, y_pred: Any, sample_weight: Any) -> Tensor | None:
        """The loss of a batch, or None where no output has one."""
        return self.loss(*self.by_output(y, y_pred, sample_weight), self.where)

    def check_targets(self, y: Any, outputs: Any, of: str) -> None:
        """Raises `DataError` for targets of the whole data that the losses will refuse.

        outputs: symbols of them. of: what the targets are part of, in errors.
        """
        if self.outputs is None or y is None:
            return
        targets, results, _ = self.by_output(y, outputs, None)
        for term in self.loss.terms:
            target, result = targets[term.number], results[term.number]
            if isinstance(term.loss, losses.Loss) and target is not None and result.shape and result.shape[-1]:
                term.loss.check_targets(target, result.shape[-1], of)

    def count_loss(self, loss: Tensor, rows: int) -> None:
        """Adds all that the loss of a batch came to, to its running mean."""
        self.mean.add(loss.dtype.type(loss.item()), rows)

    def by_output(self, y: Any, y_pred: Any, sample_weight: Any) -> tuple[list[Any], list[Any], list[Any]]:
        """Targets, results and sample weights, each in the order of the outputs, None for those without."""
        if self.outputs is None:
            self.bind(y_pred)
        if isinstance(y_pred, Tensor) and not isinstance(y, STRUCTURES) and not isinstance(sample_weight, STRUCTURES):
            return [y], [y_pred], [sample_weight]
        targets, weights = self._given(y, "y"), self._given(sample_weight, "sample_weight")
        return targets, list(leaves(y_pred)), weights

    def _given(self, values: Any, what: str) -> list[Any]:
        assert self.outputs is not None
        count = len(self.outputs)
        if not isinstance(values, STRUCTURES) and (count == 1 or values is None or what == "sample_weight"):
            return [values] * count
        wanted = sorted(term.number for term in self.loss.terms)
        parts = [values] if not isinstance(values, STRUCTURES) else list(leaves(values))
        if len(parts) == len(wanted) < count and not isinstance(values, dict):
            found: list[Any] = [None] * count  # data for the outputs that have a loss alone
            for number, part in zip(wanted, parts, strict=True):
                found[number] = part
            return found
        return arranged(values, self.outputs.names, f"{self.where}: {what}", "outputs", missing=True)

    def all_metrics(self) -> list[Any]:
        """Everything that accumulates over batches: the loss, the metrics as one, the losses of the outputs."""
        return [self.mean, *([self.metrics] if self.metrics.wanted else []), *self.loss.metrics]

    def logged(self) -> set[str] | None:
        """The names of the logs, or None as long as the outputs are not known."""
        return None if self.outputs is None else {"loss", *self.metrics.by_name(), *self.loss.means}

    def direction(self, name: str) -> str | None:
        """'up' or 'down' for a log, None when unknown."""
        if name == "loss" or name in self.loss.means:
            return "down"
        metric = self.metrics.by_name().get(name) if self.outputs is not None else None
        if isinstance(metric, str):  # 'accuracy', which waits for shapes
            return "up"
        told = getattr(metric, "_direction", None)
        return told if told in ("up", "down") else None


def _is_config(value: Any) -> bool:
    """Whether a dict describes an object in a file, and not several by output."""
    return isinstance(value, dict) and "class_name" in value


def _looked_up(given: Any, look_up: Callable[[Any], Any]) -> Any:
    """The structure with each name or configuration replaced by what it means; None stays."""
    if isinstance(given, dict) and not _is_config(given):
        return {key: _looked_up(part, look_up) for key, part in given.items()}
    if isinstance(given, (list, tuple)):
        return [_looked_up(part, look_up) for part in given]
    return None if given is None else look_up(given)


def _loss_of(given: Any) -> Any:
    """A loss; a function of (y_true, y_pred) is given Keras's weighting and mean, 'crossentropy' waits for shapes."""
    if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):
        return given
    found = losses.get(given)
    if isinstance(found, losses.Loss):
        return found
    _require_pair(found, "loss")
    name = given if isinstance(given, str) else getattr(found, "__name__", "loss")
    return losses.LossFunctionWrapper(found, name=name)


def _require_pair(function: Any, word: str) -> None:
    """Raises `ArgumentError` unless labels and predictions can be given to a function."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # a function that does not say what it takes
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise ArgumentError(
            f"compile: expected the {word} {getattr(function, '__name__', function)!r} to be a function of "
            f"(y_true, y_pred), received one of {signature}"
        ) from error


def _weight_of(given: Any) -> float:
    number = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    if not number or not np.isfinite(given):
        raise ArgumentError(f"compile: expected loss_weights to be finite numbers, received {given!r}")
    return float(given)


def _metric_of(given: Any, argument: str) -> Any:
    """A metric under the name it was given by; 'accuracy' waits for shapes."""
    if isinstance(given, str) and given.lower() in ("accuracy", "acc"):
        return given
    made = metrics.get(given)
    if not isinstance(made, metrics.Metric):
        if not callable(made):
            raise ArgumentError(f"compile: expected {argument} to hold metrics, received {given!r}")
        _require_pair(made, "metric")
        made = metrics.MeanMetricWrapper(made, name=getattr(made, "name", None) or getattr(made, "__name__", None))
    if isinstance(given, str):
        made.name = given
    return made


def _untaken(name: str, taken: dict[str, Any]) -> str:
    """The name, or with the first number after it that makes it new."""
    number = 0
    while (f"{name}_{number}" if number else name) in taken:
        number += 1
    return f"{name}_{number}" if number else name
