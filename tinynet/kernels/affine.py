"""Which pixels each pixel of an affinely mapped image is made of, as TensorFlow's projective transform.

Coordinates are float32 and computed in TensorFlow's order, so that pixels near a border fall alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.kernels.resizing import Taps


def _constant(c: np.ndarray, n: int) -> np.ndarray:
    return c


def _nearest(c: np.ndarray, n: int) -> np.ndarray:
    return np.clip(c, 0, n - 1)


def _reflect(c: np.ndarray, n: int) -> np.ndarray:
    """Beyond an edge the image comes mirrored, its outermost pixels twice: d c b a | a b c d | d c b a."""
    if n == 1:
        return np.zeros_like(c)
    period = np.float32(2 * n)
    below = c + period * np.trunc(-c / period)
    below = np.where(below < -n, below + period, -below - 1)
    above = c - period * np.trunc(c / period)
    above = np.where(above >= n, period - above - 1, above)
    return np.clip(np.where(c < 0, below, np.where(c > n - 1, above, c)), 0, n - 1)


def _wrap(c: np.ndarray, n: int) -> np.ndarray:
    """Beyond an edge the image comes again: a b c d | a b c d | a b c d."""
    if n == 1:
        return np.zeros_like(c)
    length, steps = np.float32(n), np.float32(n - 1)
    below = c + length * (np.trunc(-c / steps) + 1)
    above = c - length * np.trunc(c / steps)
    return np.clip(np.where(c < 0, below, np.where(c > n - 1, above, c)), 0, n - 1)


FILL_MODES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "reflect": _reflect, "wrap": _wrap, "constant": _constant, "nearest": _nearest,
}  # fmt: skip


def affine_taps(
    transforms: np.ndarray, height: int, width: int, interpolation: str, fill_mode: str
) -> tuple[Taps, np.ndarray]:
    """Taps among the pixels (height · width, row by row) for each transform, and what lies outside.

    transforms (A, 8): a result at (x, y) comes from (a₀x + a₁y + a₂, b₀x + b₁y + b₂) / (c₀x + c₁y + 1).

    Returns places and weights (A, height · width, K), and the share (A, height · width) of each
    result that no pixel has a part in.
    """
    a0, a1, a2, b0, b1, b2, c0, c1 = (transforms[:, i, None, None] for i in range(8))
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    mapped = FILL_MODES[fill_mode]
    depth = c0 * x + c1 * y + 1
    columns = mapped((a0 * x + a1 * y + a2) / depth, width)
    rows = mapped((b0 * x + b1 * y + b2) / depth, height)
    along = _one_axis(columns, width, interpolation), _one_axis(rows, height, interpolation)
    places = [row * width + column for row, _ in along[1] for column, _ in along[0]]
    weights = [one * other for _, one in along[1] for _, other in along[0]]
    shape = (len(places), len(transforms), height * width)  # in memory, so that each of the K lies together
    taps = Taps(*(np.moveaxis(np.stack(parts).reshape(shape), 0, -1) for parts in (places, weights)))
    return taps, 1 - taps.weights.sum(axis=-1)


def _one_axis(c: np.ndarray, n: int, interpolation: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """The elements of an axis that coordinates fall on, and their weights: none for those outside."""
    if interpolation == "nearest":
        rounded = np.trunc(c + np.copysign(np.float32(0.5), c))  # halves away from zero
        return [_inside(rounded, n, np.ones_like(c))]
    lower = np.floor(c)
    upper = lower + 1
    return [_inside(lower, n, upper - c), _inside(upper, n, c - lower)]


def _inside(place: np.ndarray, n: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inside = (place >= 0) & (place < n)
    return np.where(inside, place, 0).astype(np.intp), np.where(inside, weight, np.float32(0))
