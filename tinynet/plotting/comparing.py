"""`comparison`: the variants of a study beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.arguments import number
from tinynet.errors import ArgumentError
from tinynet.plotting.style import COLOURS, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHERE = "comparison"


def comparison(
    names: Sequence[str],
    scores: Sequence[Any],
    interval: Sequence[Any] | None = None,
    reference: float | None = None,
    label: str = "macro-F1",
    axes: Any = None,
) -> Axes:
    """Draws the scores of a study's variants: a row each, in the order given, from the top.

    names: of the V variants.
    scores: for each variant one number a seed; their mean is drawn and written beside the row.
    interval: for each variant the two ends of its interval, (V, 2), or None where there is none.
    reference: a score to compare with, drawn as a vertical line.
    label: what the scores are.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` where names, scores and intervals are not equally many, and for scores
    that are no finite numbers.

    >>> axes = comparison(["LSTM", "GRU"], [[0.70, 0.74], [0.71, 0.69]], [(0.68, 0.76), (0.66, 0.74)], reference=0.65)
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['one seed', 'mean', 'interval', 'reference']
    """
    names, rows, bars = [str(name) for name in names], [_scores(row, n) for n, row in enumerate(scores)], []
    if not names or len(names) != len(rows):
        raise ArgumentError(f"{WHERE}: expected scores for each of {len(names)} names, received {len(rows)}")
    if interval is not None:
        bars = [None if ends is None else _ends(ends, n) for n, ends in enumerate(interval)]
        if len(bars) != len(rows):
            raise ArgumentError(f"{WHERE}: expected an interval for each of {len(rows)} names, received {len(bars)}")

    axes = axes_for(WHERE, axes, 6.4, 1.3 + 0.42 * len(rows))
    places = np.arange(len(rows))
    if reference is not None:
        axes.axvline(number(WHERE, "reference", reference), color="black", linestyle=":", label="reference", zorder=1)
    for place, row in zip(places, rows, strict=True):
        axes.plot(
            row, np.full(len(row), place + 0.24), "o", markersize=4.5, markerfacecolor="none", color=COLOURS[1],
            alpha=0.9, label="one seed" if place == 0 else "_seed",
        )  # fmt: skip
    means = [row.mean() for row in rows]
    there = [(place, *ends) for place, ends in enumerate(bars) if ends is not None]
    if there:
        middle, low, high = np.array(there).T
        axes.errorbar(
            (low + high) / 2, middle, xerr=(high - low) / 2, fmt="none", ecolor=COLOURS[0], elinewidth=2.5, capsize=4,
            capthick=1.5, label="interval",
        )  # fmt: skip
    axes.plot(means, places, "D", markersize=6.5, color=COLOURS[0], markeredgecolor="white", label="mean", zorder=3)
    for place, mean in zip(places, means, strict=True):
        axes.text(1.01, place, f"{mean:.3f}", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_yticks(places, names)
    axes.set_ylim(len(rows) - 0.4, -0.5)
    axes.set_xlabel(label)
    axes.grid(axis="x", alpha=0.3)
    order = ["one seed", "mean", "interval", "reference"]
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    shown = [name for name in order if name in handles]
    axes.legend(
        [handles[name] for name in shown], shown, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False,
        borderaxespad=0.2, fontsize=9,
    )  # fmt: skip
    return axes


def _scores(row: Any, place: int) -> np.ndarray:
    try:
        values = np.asarray(row, np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ArgumentError(f"{WHERE}: expected one finite number a seed as scores[{place}], received {row!r}")
    return values


def _ends(ends: Any, place: int) -> np.ndarray:
    values = _scores(ends, place) if np.shape(ends) == (2,) else None
    if values is None or values[0] > values[1]:
        raise ArgumentError(f"{WHERE}: expected (low, high) as interval[{place}], received {ends!r}")
    return values
