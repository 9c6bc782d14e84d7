"""How the pictures look: told apart by colour-blind readers and in black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.errors import ArgumentError, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# M. Okabe and K. Ito, Color Universal Design, 2008, without their yellow, which is too light for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
GREY = "0.4"


def axes_for(where: str, axes: Any, width: float, height: float) -> Axes:
    """The axes that were given, or new ones in a new figure of so many inches.

    Raises `MissingDependencyError` without matplotlib, `ArgumentError` for anything else than axes.
    """
    require("matplotlib.axes", "plot", f"plotting.{where}")
    from matplotlib.axes import Axes

    from tinynet.plotting.canvas import panel

    if axes is None:
        return panel(width, height)
    if not isinstance(axes, Axes):
        raise ArgumentError(f"{where}: expected axes of matplotlib, one Axes, received {type(axes).__name__}")
    return axes


def styled(number: int) -> dict[str, Any]:
    """Colour and marker of the line with this number: 56 pairs, of which no two in the first seven share either."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


def marks(count: int) -> dict[str, Any]:
    """Markers on some ten of a line's points."""
    return {"markersize": 4.5, "markevery": max(1, count // 10)}


def plot_on_log(axes: Axes, values: Any, places: Any, across: str, label: str, look: dict[str, Any]) -> None:
    """Draws numbers from 0 on along an axis ('x' or 'y') that is logarithmic, against their places on the other one.

    What has no place there stands at its ends: 0 as an arrow down to the low end, what is not finite as one up to the
    high end.
    """
    values, places = np.asarray(values, float), np.asarray(places)
    drawn = np.isfinite(values) & (values > 0)
    getattr(axes, f"set_{across}scale")("log")
    along = (lambda ours, others: (ours, others)) if across == "x" else (lambda ours, others: (others, ours))
    axes.plot(*along(np.where(drawn, values, np.nan), places), label=label, **marks(len(places)), **look)
    edges = axes.get_yaxis_transform() if across == "x" else axes.get_xaxis_transform()
    for end, there, arrow in ((0.0, values == 0, "<v"), (1.0, ~np.isfinite(values), ">^")):
        axes.plot(
            *along(np.full(there.sum(), end), places[there]), arrow[across == "y"], color=look["color"], markersize=6,
            transform=edges, clip_on=False, label="_0" if end == 0 else "_not finite",
        )  # fmt: skip


def put_legend(axes: Axes, own: bool, **options: Any) -> None:
    """A legend: beside axes that are alone in their figure, within those that were given."""
    beside: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "borderaxespad": 0} if own else {}
    axes.legend(**beside, fontsize=9, **options)


def whole_ticks(axis: Any) -> None:
    """Puts an axis's ticks on whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def token_ticks(axes: Axes, tokens: list[str]) -> None:
    """Puts tokens along the horizontal axis, one at each whole number from 0 on."""
    size = 10 if len(tokens) <= 40 else 6
    axes.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", rotation_mode="anchor", fontsize=size)


def ink(colour: Any) -> str:
    """Black or white, whichever is read better on a colour of red, green and blue in [0, 1].

    By the relative luminance of the Web Content Accessibility Guidelines 2.1.

    >>> ink((1.0, 1.0, 0.8)), ink((0.1, 0.1, 0.4))
    ('black', 'white')
    """
    parts = np.asarray(colour, float)[:3]
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"
