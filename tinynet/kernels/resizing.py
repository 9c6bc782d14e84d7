"""Which elements of an axis each element of a resized one is made of, and with what weights.

Everything is in float32 and in TensorFlow's order, so that integer images, which are rounded
afterwards, round alike. An element is a cell whose value stands at the cell's centre.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FINENESS = 1024  # steps at which TensorFlow tabulates the cubic kernel


class Taps(NamedTuple):
    """places (size, K) of an axis, and their weights (size, K), or (size, K − 1) without the first.

    A first weight that is not there is what the others leave of 1.
    """

    places: np.ndarray
    weights: np.ndarray


def _scale(n: int, size: int) -> np.float32:
    return np.float32(n) / np.float32(size)


def _centres(n: int, size: int) -> np.ndarray:
    """Where the centres of the new cells lie among the old ones, counted from the first edge."""
    return (np.arange(size, dtype=np.float32) + np.float32(0.5)) * _scale(n, size)


def nearest(n: int, size: int) -> Taps:
    """The old cell in which the new one's centre lies."""
    places = np.minimum(np.floor(_centres(n, size)).astype(np.intp), n - 1)
    return Taps(places[:, None], np.empty((size, 0), np.float32))


def bilinear(n: int, size: int) -> Taps:
    """The two old cells on both sides of the new one's centre; beyond the outermost centres these."""
    place = _centres(n, size) - np.float32(0.5)
    lower = np.floor(place)
    places = np.stack([np.maximum(lower, 0), np.minimum(np.ceil(place), n - 1)], axis=1)
    return Taps(places.astype(np.intp), (place - lower)[:, None])


def bicubic(n: int, size: int) -> Taps:
    """Four old cells with the weights of Keys's cubic (a = −1/2); those that are not there count nothing.

    Source: Keys 1981.
    """
    place = _centres(n, size) - np.float32(0.5)
    lower = np.floor(place)
    share = np.rint((place - lower) * FINENESS).astype(np.intp)
    table = np.arange(FINENESS + 1, dtype=np.float32) / np.float32(FINENESS)
    inner, outer = _keys_near(table), _keys_far(table + np.float32(1))
    weights = np.stack([outer[share], inner[share], inner[FINENESS - share], outer[FINENESS - share]], axis=1)
    places = lower.astype(np.intp)[:, None] + np.arange(-1, 3)
    weights[(places < 0) | (places >= n)] = 0
    total = weights.sum(axis=1, keepdims=True, dtype=np.float32)
    return Taps(np.clip(places, 0, n - 1), weights / total)


def area(n: int, size: int) -> Taps:
    """The old cells that the new one covers, weighted by how much of each; the weights sum to n / size."""
    scale = _scale(n, size)
    first = np.arange(size, dtype=np.float32) * scale
    last = np.arange(1, size + 1, dtype=np.float32) * scale
    count = int((np.ceil(last) - np.floor(first)).max())
    places = np.floor(first).astype(np.intp)[:, None] + np.arange(count)
    cell = places.astype(np.float32)
    covered = np.minimum(cell + 1, last[:, None]) - np.maximum(cell, first[:, None])
    covered = np.where((cell < first[:, None]) & (cell + 1 > last[:, None]), scale, covered)
    weights = np.where(places < np.ceil(last)[:, None], covered, 0).astype(np.float32)
    return Taps(np.minimum(places, n - 1), weights)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(np.float32(1) - x, np.float32(0))


def _keys_near(x: np.ndarray) -> np.ndarray:
    return ((np.float32(1.5) * x - np.float32(2.5)) * x) * x + np.float32(1)


def _keys_far(x: np.ndarray) -> np.ndarray:
    return ((np.float32(-0.5) * x + np.float32(2.5)) * x - np.float32(4)) * x + np.float32(2)


def _keys(x: np.ndarray) -> np.ndarray:
    return np.where(x < 1, _keys_near(x), np.where(x < 2, _keys_far(x), np.float32(0)))


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    def kernel(x: np.ndarray) -> np.ndarray:
        pi, near = np.float32(math.pi), np.maximum(x, np.float32(1e-3))
        wave = np.float32(radius) * np.sin(pi * near) * np.sin(pi * near / np.float32(radius))
        return np.where(x > radius, 0, np.where(x <= 1e-3, 1, wave / (pi * pi * near * near))).astype(np.float32)

    return kernel


# By how a kernel is named among the interpolations: its radius, in old cells, and its values.
KERNELS: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1, _triangle), "bicubic": (2, _keys), "lanczos3": (3, _lanczos(3)), "lanczos5": (5, _lanczos(5)),
}  # fmt: skip

ROWS_FIRST = ("bicubic", "lanczos3", "lanczos5")  # TensorFlow interpolates along the height first


def windowed(n: int, size: int, interpolation: str, antialias: bool) -> Taps:
    """The old cells within the reach of a kernel, which `antialias` widens where the axis shrinks."""
    radius, kernel = KERNELS[interpolation]
    inverse = np.float32(1) / (np.float32(size) / np.float32(n))
    widening = max(inverse, np.float32(1)) if antialias else np.float32(1)
    reach = np.float32(radius) * widening
    centre = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * inverse
    first = np.clip(np.ceil(centre - reach - np.float32(0.5)).astype(np.intp), 0, n - 1)
    last = np.clip(np.floor(centre + reach - np.float32(0.5)).astype(np.intp), 0, n - 1)
    places = first[:, None] + np.arange(int((last - first).max()) + 1)
    distance = places.astype(np.float32) + np.float32(0.5) - centre[:, None]
    weights = kernel(np.abs(distance * (np.float32(1) / widening)))
    weights = np.where(places <= last[:, None], weights, np.float32(0))
    total = np.zeros((size, 1), np.float32)
    for k in range(weights.shape[1]):  # one after the other, as TensorFlow sums
        total += weights[:, k : k + 1]
    return Taps(np.minimum(places, n - 1), weights * (np.float32(1) / total))


def taps(n: int, size: int, interpolation: str, antialias: bool = False) -> Taps:
    """The taps of an axis of n elements resized to `size` by one of Keras's interpolations."""
    if interpolation.startswith("lanczos") or (antialias and interpolation in KERNELS):
        return windowed(n, size, interpolation, antialias)
    return {"nearest": nearest, "bilinear": bilinear, "bicubic": bicubic, "area": area}[interpolation](n, size)
