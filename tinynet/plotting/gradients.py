"""How far gradients come: by layer, by time step, and as training goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.arguments import one_of
from tinynet.callbacks.layer_statistics import NUMBERS, LayerReport, largest_gradient, remark_on
from tinynet.errors import ArgumentError, nearest
from tinynet.plotting.runs import epochs_of
from tinynet.plotting.style import MARKERS, axes_for, marks, plot_on_log, put_legend, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEEP = ("gradient", "weights_gradient")  # numbers that are looked at by their powers of ten


def gradient_flow(reports: Any, axes: Any = None) -> Axes:
    """Draws the loss's gradient by the outputs of each layer, the first layer on top, on a logarithmic axis.

    reports: what `tinynet.callbacks.layer_reports` gave; or a mapping from names of models to such reports. Models
        whose layers have the same names but for their numbers share the rows; of others layers of one name do.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    A gradient that vanishes (below a millionth of the model's largest) or explodes (above a thousand) is marked so, as
    in the table of `LayerStatistics`. A gradient of 0 is an arrow at the left end, one that is not finite at the right;
    a layer that has none, as before the first weights where the data are integers, has no point.

    Returns the axes. Raises `ArgumentError` for what are no reports.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((2,)), layers.Dense(3, name="hidden"), layers.Dense(1, name="last")])
    >>> model.compile("sgd", "mse")
    >>> axes = gradient_flow(tinynet.callbacks.layer_reports(model, np.ones((4, 2)), np.ones((4, 1))))
    >>> [text.get_text() for text in axes.get_yticklabels()], axes.get_xscale()
    (['hidden', 'last'], 'log')
    """
    where = "gradient_flow"
    variants = _variants(where, reports)
    rows, places = _rows(variants)
    axes = axes_for(where, axes, 6.0, 1.2 + 0.36 * len(rows))
    for number, (variant, part) in enumerate(variants.items()):
        gradients = np.array([report.gradient for report in part])
        there, own = ~np.isnan(gradients), np.array(places[variant])
        plot_on_log(axes, gradients[there], own[there], "x", variant, styled(number))
        for place, gradient in zip(own, gradients, strict=True):
            _mark(axes, place, gradient, remark_on(gradient, largest_gradient(part)))
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.8)
    axes.margins(x=0.12)
    axes.set_xlabel("gradient of the loss by the layer's outputs (root mean square)")
    axes.grid(alpha=0.3)
    _name_variants(axes, variants)
    return axes


def _mark(axes: Axes, place: int, gradient: float, remark: str) -> None:
    if not remark:
        return
    there = np.isfinite(gradient) and gradient > 0
    low = remark == "vanishes"
    axes.annotate(
        remark, (gradient if there else 0.0 if low else 1.0, place),
        xycoords="data" if there else axes.get_yaxis_transform(), xytext=(8 if low else -8, 5),
        textcoords="offset points", ha="left" if low else "right", fontsize=9, fontweight="bold",
    )  # fmt: skip
    if there:
        axes.plot(gradient, place, "o", markersize=12, markerfacecolor="none", color="black", label=f"_{remark}")


def gradient_over_time(reports: Any, layer: str | None = None, axes: Any = None) -> Axes:
    """Draws the loss's gradient by each time step of a layer's outputs (N, T, F), on a logarithmic axis.

    It shows how far back in a sequence training reaches.

    reports: what `tinynet.callbacks.layer_reports` gave; or a mapping from names of models to such reports.
    layer: the layer's name; without it the first one that gives sequences, such as the Embedding.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    A gradient of 0, as of steps that a mask hides, is an arrow at the lower end.

    Returns the axes. Raises `ArgumentError` for what are no reports, and where there is no such layer, or none that
    gives sequences.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((5,)), layers.Embedding(9, 2, name="words"), layers.LSTM(3)])
    >>> model.compile("sgd", "mse")
    >>> axes = gradient_over_time(tinynet.callbacks.layer_reports(model, np.ones((4, 5)), np.ones((4, 3))))
    >>> axes.get_title(), axes.lines[0].get_xdata().tolist(), axes.get_yscale()
    ('words', [1, 2, 3, 4, 5], 'log')
    """
    where = "gradient_over_time"
    variants = _variants(where, reports)
    found = {name: _sequence(where, part, layer) for name, part in variants.items()}
    names = {_without_number(report.name) for report in found.values()}
    axes = axes_for(where, axes, 5.4, 3.6)
    for number, (variant, report) in enumerate(found.items()):
        values = np.asarray(report.over_time, np.float64)
        label = variant if len(names) == 1 else f"{variant}: {report.name}"
        plot_on_log(axes, values, np.arange(1, len(values) + 1), "y", label, styled(number))
    axes.set(xlabel="time step", ylabel="gradient of the loss\nby the outputs (root mean square)")
    axes.set_title(names.pop() if len(names) == 1 else "")
    whole_ticks(axes.xaxis)
    axes.grid(alpha=0.3)
    _name_variants(axes, variants)
    return axes


def _sequence(where: str, reports: Sequence[LayerReport], layer: str | None) -> LayerReport:
    sequences = [report for report in reports if report.over_time is not None]
    there = ", ".join(dict.fromkeys(report.name for report in sequences)) or "none of them does"
    if layer is None and not sequences:
        raise ArgumentError(
            f"{where}: expected a layer that gives sequences (N, T, F), received reports of "
            f"{', '.join(report.name for report in reports)}"
        )
    for report in reports:
        if report.name == layer and report.over_time is None:
            raise ArgumentError(f"{where}: the layer {layer!r} gives no sequences (N, T, F); of these reports: {there}")
    for report in sequences:
        if layer is None or report.name == layer:
            return report
    raise ArgumentError(f"{where}: no layer {layer!r}. {nearest(layer, [report.name for report in reports])}")


def _variants(where: str, reports: Any) -> dict[str, list[LayerReport]]:
    parts = {str(name): part for name, part in reports.items()} if isinstance(reports, Mapping) else {"": reports}
    for part in parts.values():
        of_layers = isinstance(part, (list, tuple)) and all(isinstance(report, LayerReport) for report in part)
        if not of_layers or not part:
            raise ArgumentError(f"{where}: expected what callbacks.layer_reports gives, received {part!r}")
    if not parts:
        raise ArgumentError(f"{where}: expected the reports of one model or more, received none")
    return {name: list(part) for name, part in parts.items()}


def _rows(variants: Mapping[str, Sequence[LayerReport]]) -> tuple[list[str], dict[str, list[int]]]:
    """The names of the rows, and for each variant the row of each of its reports."""
    names = {variant: _names(part) for variant, part in variants.items()}
    alike = len({tuple(map(_without_number, part)) for part in names.values()}) == 1
    every = dict.fromkeys(name for part in names.values() for name in part)
    rows = next(iter(names.values())) if alike else list(every)
    return rows, {v: list(range(len(rows))) if alike else [rows.index(n) for n in part] for v, part in names.items()}


def _without_number(name: str) -> str:
    """A layer's name without the number that tells it from others of its kind, made before."""
    return re.sub(r"_\d+$", "", name)


def _names(reports: Sequence[LayerReport]) -> list[str]:
    """The layers' names, those that come again with a number."""
    names: list[str] = []
    for report in reports:
        before = sum(other.name == report.name for other in reports[: len(names)])
        names.append(f"{report.name} ({before + 1})" if before else report.name)
    return names


def _name_variants(axes: Axes, variants: Mapping[str, Any]) -> None:
    if list(variants) != [""]:
        axes.legend()


def statistics_over_epochs(history: Any, number: str = "gradient", axes: Any = None) -> Axes:
    """Draws what `tinynet.callbacks.LayerStatistics` noted of each layer, over the epochs it looked at.

    history: what `fit` returned, or its dict.
    number: 'gradient' (of the loss by the layer's outputs) or 'weights_gradient', which are drawn on a logarithmic
        axis; or 'output_mean', 'output_std', 'output_zeros'.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Layers go from dark (the first) to light (the last). A gradient of 0 is an arrow at the lower end, one that is not
    finite at the upper.

    Returns the axes. Raises `ArgumentError` for another number, and for a history without it.

    >>> axes = statistics_over_epochs({"loss": [1, 0.9], "gradient/lstm": [1e-6, 1e-5], "gradient/dense": [0.1, 0.2]})
    >>> [line.get_label() for line in axes.lines if line.get_label()[0] != "_"], axes.get_yscale()
    (['lstm', 'dense'], 'log')
    """
    where = "statistics_over_epochs"
    one_of(where, "number", number, NUMBERS)
    logs = getattr(history, "history", history)
    if not isinstance(logs, Mapping):
        raise ArgumentError(f"{where}: expected what fit returned, or its dict, received {history!r}")
    series = {key.removeprefix(f"{number}/"): value for key, value in logs.items() if key.startswith(f"{number}/")}
    if not series:
        raise ArgumentError(
            f"{where}: expected a history with '{number}/<layer>', from a fit with callbacks=[LayerStatistics(x, y)]; "
            f"received {', '.join(map(str, logs)) or 'an empty one'}"
        )
    drawn = {layer: _looked_at(where, history, f"{number}/{layer}", values) for layer, values in series.items()}
    if not any(len(epochs) for epochs, _ in drawn.values()):
        raise ArgumentError(f"{where}: there is nothing to draw, all of '{number}/<layer>' is NaN")
    own, axes = axes is None, axes_for(where, axes, 6.4, 3.6)
    from matplotlib import colormaps

    for place, (layer, (epochs, values)) in enumerate(drawn.items()):
        shade = colormaps["cividis"](0.75 * place / max(len(drawn) - 1, 1))
        look: dict[str, Any] = {"color": shade, "marker": MARKERS[place % len(MARKERS)]}
        if len(epochs) and number in STEEP:
            plot_on_log(axes, values, epochs, "y", layer, look)
        elif len(epochs):
            axes.plot(epochs, values, label=layer, **marks(len(epochs)), **look)
    axes.set(xlabel="epoch", ylabel=number.replace("_", " "))
    whole_ticks(axes.xaxis)
    axes.grid(alpha=0.3)
    put_legend(axes, own)
    return axes


def _looked_at(where: str, run: Any, key: str, given: Any) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and values, without NaN: epochs that were not looked at, or a layer that has no gradient."""
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise ArgumentError(f"{where}: expected one number an epoch as {key}, received {given!r}")
    there = ~np.isnan(values)
    return epochs_of(run, len(values))[there], values[there]
