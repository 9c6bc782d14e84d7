"""`history`: how training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet.arguments import whole
from tinynet.errors import ArgumentError, nearest
from tinynet.plotting.style import axes_for, marks, put_legend, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHERE = "history"


class _Curve(NamedTuple):
    epochs: np.ndarray
    values: np.ndarray


def history(
    history: Any,
    metric: str = "loss",
    label: str | None = None,
    validation: str = "validation",
    validation_freq: int = 1,
    axes: Any = None,
) -> Axes:
    """Draws a log over the epochs: training solid, validation dashed.

    history: what `fit` returned, or its dict; or several in a list, which are the seeds of one variant; or a mapping
        from names of variants to any of these. Seeds are thin lines, and their mean is a thick one, which goes as far
        as the shortest of them.
    metric: the log. Where a name that starts with val_ is given, validation is drawn alone.
    label: what the vertical axis is called, if not by the metric's name.
    validation: what the data behind validation are called, such as 'test'.
    validation_freq: as `fit` was given it, where it was.
    axes: what to draw into, if not into a new figure.

    Returns the axes. A new figure is not pyplot's: at the end of a notebook's cell the axes show it, elsewhere
    `display(axes)` does, and `axes.figure.savefig("curves.png")` writes it. NaN leaves a gap in the line.

    Raises `ArgumentError` for a log that a run does not have, or that is not one number an epoch.

    >>> axes = history({"loss": [1.0, 0.6, 0.5], "val_loss": [1.1, 0.8, 0.9]})
    >>> [(line.get_label(), line.get_linestyle()) for line in axes.lines]
    [('training', '-'), ('validation', '--')]
    >>> axes = history({"LSTM": [{"loss": [1, 0.5]}, {"loss": [1, 0.7]}], "GRU": {"loss": [0.9, 0.8]}})
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['LSTM (mean of 2)', 'GRU', 'training']
    """
    if not isinstance(metric, str):
        raise ArgumentError(f"{WHERE}: expected the name of a log as metric, received {metric!r}")
    every = whole(WHERE, "validation_freq", validation_freq)
    named = isinstance(history, Mapping) and _holds_runs(history)
    variants = {str(name): _runs(part) for name, part in history.items()} if named else {"": _runs(history)}
    name = metric.removeprefix("val_")
    kinds = [("training", "-", metric)] if metric == name else []
    kinds.append((validation, "--", f"val_{name}"))
    drawn = {
        (variant, kind): [_curve(run, log, every, variant) for run in runs if log in _logs(run)]
        for variant, runs in variants.items() for kind, _, log in kinds
    }  # fmt: skip
    for variant, runs in variants.items():
        for run in runs:
            if not any(log in _logs(run) for *_, log in kinds):
                whose = f" of {variant!r}" if variant else ""
                raise ArgumentError(f"{WHERE}: there is no {metric!r} in a run{whose}. {nearest(metric, _logs(run))}")

    own, axes = axes is None, axes_for(WHERE, axes, 7.0 if named else 5.4, 3.6)
    for number, variant in enumerate(variants):
        for place, (kind, line, _) in enumerate(kinds):
            look = styled(number if named else place)
            _draw(axes, drawn[variant, kind], linestyle=line, label=kind, hollow=line == "--", **look)
    axes.set(xlabel="epoch", ylabel=label or name.replace("_", " "))
    whole_ticks(axes.xaxis)
    axes.grid(alpha=0.3)
    if named:
        shown = [(kind, line) for kind, line, _ in kinds if any(drawn[v, kind] for v in variants)]
        put_legend(axes, own, handles=_entries(variants, shown))
    else:
        axes.legend()
    return axes


def _draw(axes: Axes, curves: list[_Curve], *, label: str, hollow: bool, color: str, marker: str, **line: Any) -> None:
    """The runs of one variant on one part of the data."""
    if not curves:
        return
    mean = curves[0]
    if len(curves) > 1:
        for curve in curves:
            axes.plot(*curve, color=color, linewidth=0.8, alpha=0.5, label="_seed", **line)
        mean = _mean(curves)
        label = f"{label} (mean of {len(curves)})"
    axes.plot(
        *mean, color=color, marker=marker, linewidth=2 if len(curves) > 1 else 1.5, label=label,
        markerfacecolor="white" if hollow else color, **marks(len(mean.epochs)), **line,
    )  # fmt: skip


def _mean(curves: list[_Curve]) -> _Curve:
    """The mean over the epochs that all the runs have."""
    epochs = np.array(sorted(set.intersection(*(set(curve.epochs.tolist()) for curve in curves))))
    return _Curve(epochs, np.mean([c.values[np.isin(c.epochs, epochs)] for c in curves], axis=0))


def _entries(variants: Mapping[str, list[Any]], kinds: list[tuple[str, Any]]) -> list[Any]:
    """What stands in the legend: each variant, and each way of drawing."""
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], markersize=4.5, label=f"{name} (mean of {len(runs)})" if len(runs) > 1 else name, **styled(n))
        for n, (name, runs) in enumerate(variants.items())
    ]
    return entries + [Line2D([], [], color="black", linestyle=line, label=kind) for kind, line in kinds]


def _holds_runs(value: Any) -> bool:
    """Whether these are runs, and not the numbers of one."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return any(hasattr(part, "history") or isinstance(part, Mapping) or _holds_runs(part) for part in parts)


def _runs(value: Any) -> list[Any]:
    runs = list(value) if isinstance(value, (list, tuple)) else [value]
    if not runs or not all(isinstance(_logs(run), Mapping) and not _holds_runs(_logs(run)) for run in runs):
        raise ArgumentError(
            f"{WHERE}: expected what fit returned, its dict, a list of these (seeds), or a mapping from names to "
            f"them, received {value!r}"
        )
    return runs


def _logs(run: Any) -> Any:
    return getattr(run, "history", run)


def epochs_of(run: Any, count: int) -> np.ndarray:
    """The numbers of a run's epochs, as `fit` prints them; of a dict, which does not tell, from 1 on."""
    epochs = np.asarray(getattr(run, "epoch", ()), int) + 1
    return epochs if len(epochs) == count else np.arange(1, count + 1)


def _curve(run: Any, log: str, every: int, variant: str) -> _Curve:
    logs, of = _logs(run), f"{WHERE}: {log!r} of {variant!r}" if variant else f"{WHERE}: {log!r}"
    try:
        values = np.asarray(logs[log], np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise ArgumentError(f"{of}: expected one number an epoch, received {logs[log]!r}")
    if not np.isfinite(values).any():
        raise ArgumentError(f"{of}: there is nothing to draw, the values are {logs[log]!r}")
    training = logs.get(log.removeprefix("val_"), logs[log])
    epochs = epochs_of(run, len(training))
    if log.startswith("val_") and every > 1:
        epochs = epochs[epochs % every == 0]
    if len(epochs) != len(values):
        raise ArgumentError(
            f"{of}: expected {len(epochs)} values, received {len(values)}; where fit was given a validation_freq, "
            "give it here, too"
        )
    return _Curve(epochs, values)
