"""`confusion_matrix`: which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.arguments import one_of
from tinynet.errors import ArgumentError
from tinynet.metrics.class_matrix import normalized
from tinynet.plotting.style import axes_for, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHERE = "confusion_matrix"
SHARES = {"true": "share of the true class", "predicted": "share of the predictions", "all": "share of all"}


def confusion_matrix(
    counts: Any, class_names: Sequence[str] | None = None, normalize: str | None = None, axes: Any = None
) -> Axes:
    """Draws how often samples of each class (row) were predicted as each class (column).

    counts: (K, K), as `tinynet.metrics.confusion_matrix` gives them; weights in place of counts are fine.
    class_names: the K names; numbers without them.
    normalize: what stands in the cells: None for the counts, coloured by their share of the true class; or
        shares of 'true' classes (rows), of 'predicted' ones (columns; the metrics' 'pred' is the same) or of 'all'.
        Where there is nothing to share stands a dash.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` for what is no square table of finite counts from 0 on, another number of
    names, or another `normalize`.

    >>> axes = confusion_matrix([[8, 2], [1, 9]], ["cat", "dog"], normalize="true")
    >>> [text.get_text() for text in axes.texts]
    ['0.80', '0.20', '0.10', '0.90']
    """
    table = _counts(counts)
    classes = len(table)
    names = [str(k) for k in range(classes)] if class_names is None else [str(name) for name in class_names]
    if len(names) != classes:
        raise ArgumentError(f"{WHERE}: expected {classes} class_names, one for each row, received {len(names)}")
    if normalize is not None:
        normalize = one_of(WHERE, "normalize", "predicted" if normalize == "pred" else normalize, list(SHARES))
    by = normalize or "true"
    shares = normalized(table, "pred" if by == "predicted" else by)
    undefined = np.broadcast_to(_totals(table, by) == 0, table.shape)
    whole = bool((table == np.round(table)).all())
    texts = np.array([
        f"{n:.0f}" if whole and not normalize else f"{n:.3g}" if not normalize else "–" if gone else f"{share:.2f}"
        for n, share, gone in zip(table.flat, shares.flat, undefined.flat, strict=True)
    ]).reshape(table.shape)  # fmt: skip

    side = 1.6 + float(np.clip(0.55 * classes, 1.4, 11))
    axes = axes_for(WHERE, axes, side + 1.2, side)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1 if by != "all" else max(shares.max(), 1e-12))
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(image, ax=axes, label=SHARES[by], shrink=0.8)
    size = _font_size(axes, classes, max(map(len, texts.flat)))
    for (row, column), text in np.ndenumerate(texts):
        colour = ink(image.to_rgba(shares[row, column]))
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    places = range(classes)
    slanted = max(map(len, names)) > 3
    slant: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    axes.set_xticks(places, names, **slant)
    axes.set_yticks(places, names)
    axes.set(xlabel="predicted", ylabel="true")
    return axes


def _counts(counts: Any) -> np.ndarray:
    try:
        table = np.asarray(counts, np.float64)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ArgumentError(f"{WHERE}: expected counts of shape (K, K), received {np.shape(table) or counts!r}")
    if not (np.isfinite(table).all() and (table >= 0).all()):
        wrong = table[~(np.isfinite(table) & (table >= 0))][0]
        raise ArgumentError(f"{WHERE}: expected counts, numbers from 0 on, received {wrong:g} among them")
    return table


def _totals(table: np.ndarray, by: str) -> np.ndarray:
    return table.sum(axis={"true": 1, "predicted": 0, "all": None}[by], keepdims=True)


def _font_size(axes: Axes, classes: int, longest: int) -> float:
    """The largest size up to 10 points at which the longest text fits into a cell."""
    figure = axes.get_figure()
    assert figure is not None
    cell = min(axes.bbox.width, axes.bbox.height) * 72 / figure.dpi / classes  # points
    return float(np.clip(min(0.8 * cell / (0.6 * longest), 0.5 * cell), 3, 10))
