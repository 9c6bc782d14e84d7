"""`LayerStatistics`: what goes forward and what comes back through each layer, as training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinynet import seeds
from tinynet.arguments import whole
from tinynet.autograd import enable_grad, tape
from tinynet.autograd.tags import logits_of
from tinynet.autograd.tensor import Tensor, place_of
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import NotBuiltError
from tinynet.layers.base import noting_calls
from tinynet.nested import leaves, map_leaves

SMALL, LARGE = 1e-6, 1e3  # gradients beyond these, as a share of the largest and as they are, are remarked upon


NUMBERS = ("gradient", "weights_gradient", "output_mean", "output_std", "output_zeros")  # that are kept by epoch


class LayerReport(NamedTuple):
    """One layer on one batch.

    output_mean, output_std, output_zeros: of its outputs; the last is the share that is exactly 0, as after a relu.
    gradient: the root mean square of the loss's gradient by the outputs, of a softmax or sigmoid by its logits; NaN
        where they have none, as before the first weights where the data are integers; infinite where it is no number.
    over_time: the same for each step of outputs (N, T, F), first to last; None for others, and where there is none.
    weights, weights_gradient: the lengths of all its trainable weights as one vector, and of their gradient.
    """

    name: str
    output_mean: float
    output_std: float
    output_zeros: float
    gradient: float
    over_time: np.ndarray | None
    weights: float
    weights_gradient: float


def layer_reports(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> list[LayerReport]:
    """What each layer of a compiled model gives and gets back on a batch, in the order in which they are called.

    Nothing is changed: the layers compute as in prediction. A layer that is called several times comes several times.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((2,)), layers.Dense(3, name="hidden"), layers.Dense(1, name="last")])
    >>> model.compile("sgd", "mse")
    >>> [report.name for report in layer_reports(model, np.ones((4, 2)), np.ones((4, 1)))]
    ['hidden', 'last']
    """
    from tinynet.models.data import one_batch  # models import callbacks

    batch = one_batch(x, y, sample_weight, where="layer_reports")
    with enable_grad(), seeds.frozen(), noting_calls() as noted:
        y_pred = model(map_leaves(_tensor, batch.x), training=False)
        loss = model._loss_of(batch.x, batch.y, y_pred, batch.sample_weight, False)
        calls = [(call.layer, [t for t in leaves(call.outputs) if isinstance(t, Tensor)]) for call in noted]
        calls = [(layer, outputs) for layer, outputs in calls if layer is not model and outputs]
        targets = {id(place): place for _, outputs in calls for place in map(_place, outputs)}
        targets.update((id(weight), weight) for layer, _ in calls for weight in layer.trainable_weights)
        seed = np.ones(loss.shape, loss.dtype)
        found = tape.propagate([(place_of(loss), seed)], keep=False, targets=list(targets.values()))
    return [_report(layer, outputs, found) for layer, outputs in calls]


def _place(output: Tensor) -> Any:
    """Where on the tape a layer's output is; of a softmax the logits, which the loss is computed from."""
    logits = logits_of(output)
    return place_of(output if logits is None else logits)


def _tensor(array: Any) -> Any:
    """Data as the model takes them; fractions want a gradient, so that layers before the first weights have one."""
    numbers = isinstance(array, np.ndarray) and array.dtype.kind in "fiub"
    return Tensor(array, requires_grad=array.dtype.kind == "f") if numbers else array


def _report(layer: Any, outputs: Sequence[Tensor], found: dict[Any, Any]) -> LayerReport:
    values = outputs[0].numpy().astype(np.float64)
    squares = _dense(found.get(_place(outputs[0])), values.shape) ** 2
    squares[np.isnan(squares)] = np.inf
    has_gradient = outputs[0].requires_grad
    weights = layer.trainable_weights
    return LayerReport(
        layer.name,
        float(values.mean()),
        float(values.std()),
        float((values == 0).mean()),
        float(np.sqrt(squares.mean())) if has_gradient else np.nan,
        np.sqrt(squares.mean(axis=(0, 2))) if has_gradient and values.ndim == 3 else None,
        _length([weight.numpy() for weight in weights]),
        _length([_dense(found.get(weight), weight.shape) for weight in weights]),
    )


def _dense(gradient: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A gradient as an array; zeros where there is none."""
    if gradient is None:
        return np.zeros(shape)
    return np.asarray(gradient.dense() if hasattr(gradient, "dense") else gradient, np.float64)


def _length(arrays: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.sum(array.astype(np.float64) ** 2) for array in arrays)))


def remark_on(gradient: float, largest: float) -> str:
    """Whether a gradient, beside the largest of a model's layers, 'vanishes' or 'explodes'; nothing otherwise."""
    return "explodes" if gradient > LARGE else "vanishes" if gradient < SMALL * largest else ""


def largest_gradient(reports: Sequence[LayerReport]) -> float:
    """The largest finite gradient of a model's layers; 0 where there is none."""
    return max((report.gradient for report in reports if np.isfinite(report.gradient)), default=0.0)


def table(reports: Sequence[LayerReport]) -> str:
    """The reports as lines of a table, with a remark where a gradient vanishes or explodes."""
    rows: list[tuple[str, ...]] = [("layer", "output mean", "std", "zeros", "gradient", "weights", "their gradient", "")]
    largest = largest_gradient(reports)
    for report in reports:
        remark = remark_on(report.gradient, largest)
        if report.over_time is not None:
            first, last = report.over_time[0], report.over_time[-1]
            remark = f"{remark + ', ' if remark else ''}first step {first:.1e}, last {last:.1e}"
        numbers = [f"{report.output_mean:.3g}", f"{report.output_std:.3g}", f"{report.output_zeros:.0%}"]
        numbers.append("-" if np.isnan(report.gradient) else f"{report.gradient:.2e}")
        weights = [f"{report.weights:.3g}", f"{report.weights_gradient:.2e}"] if report.weights else ["-", "-"]
        rows.append((report.name, *numbers, *weights, remark))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for name, *others in rows:
        cells = [text.rjust(width) for text, width in zip(others[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *cells, others[-1]]).rstrip())
    return "\n".join(lines)


class LayerStatistics(Callback):
    """Looks at each layer at the end of each epoch: outputs and gradients, on a batch that stays the same.

    x, y, sample_weight: the batch, some tens of samples. every: epochs from one look to the next. verbose: 1 prints a
        table, which remarks on gradients that vanish (a millionth of the largest) or explode (above a thousand).

    The numbers stand in the model's `History` beside the logs: 'gradient/<layer>', 'weights_gradient/<layer>',
    'output_mean/<layer>', 'output_std/<layer>' and 'output_zeros/<layer>', with NaN where an epoch was not looked at.
    `reports` holds them all, by epoch; `over_time` in them tells how far gradients reach back in sequences.

    Raises `NotBuiltError` for a model that has not seen data, and what data that do not fit it raise, before the
    first step. Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010.
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None, every: int = 1, verbose: int = 0) -> None:
        self.batch = (x, y, sample_weight)
        self.every = whole("LayerStatistics", "every", every)
        self.verbose = verbose
        self.reports: dict[int, list[LayerReport]] = {}
        self._names: list[str] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self.model.built:
            raise NotBuiltError(f"{self.model.described}: LayerStatistics needs a model with weights; build it first")
        self.reports = {}
        # At once, so that data that do not fit are known before the first step.
        self._names = [report.name for report in layer_reports(self.model, *self.batch)]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        reports: list[LayerReport | None] = [None] * len(self._names)
        if (epoch + 1) % self.every == 0:
            self.reports[epoch] = found = layer_reports(self.model, *self.batch)
            reports = [*found]
            if self.verbose:
                print(f"\n{table(found)}", flush=True)
        history = self.model.history.history
        for name, report in zip(self._names, reports, strict=True):
            for number in NUMBERS:
                value = np.nan if report is None else getattr(report, number)
                history.setdefault(f"{number}/{name}", []).append(value)
