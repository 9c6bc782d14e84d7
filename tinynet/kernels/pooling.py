"""Largest and mean value of windows of (N, *spatial, C), and what flows back through them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinynet.kernels.memory import zeros
from tinynet.kernels.spatial import Pads, inner, offsets, output_sizes, padded


def _no_dilation(window: Sequence[int]) -> tuple[int, ...]:
    return (1,) * len(window)


def type_of_places(window: Sequence[int]) -> type[np.signedinteger]:
    """What places in a window are kept as."""
    return np.int8 if math.prod(window) < 2**7 else np.int32


def max_pool(x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads) -> np.ndarray:
    """The largest value of each window; padding counts as less than all, NaN is passed over as TensorFlow does."""
    ones = _no_dilation(window)
    out = output_sizes(x.shape[1:-1], window, strides, ones, pads)
    least = {"f": -np.inf, "b": 0}.get(x.dtype.kind)
    around = padded(x, pads, np.iinfo(x.dtype).min if least is None else least)
    places = offsets(window, strides, ones, out)
    output = around[places[0][1]].copy()
    for _, visited in places[1:]:
        np.fmax(output, around[visited], out=output)
    return output


def max_pool_with_winners(
    x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads
) -> tuple[np.ndarray, np.ndarray]:
    """The largest values, and the place (row by row) of the first of them in each window, as (N, *out, C) integers."""
    pooled = max_pool(x, window, strides, pads)
    around = padded(x, pads, np.nan)
    places = offsets(window, strides, _no_dilation(window), pooled.shape[1:-1])
    # The place of the first winner is the number of places before it that did not win.
    lost = np.ones(pooled.shape, np.bool_)
    chosen = np.zeros(pooled.shape, type_of_places(window))
    for _, visited in places[:-1]:
        lost &= around[visited] != pooled
        chosen += lost
    return pooled, chosen


def to_winners(
    g: np.ndarray,
    chosen: np.ndarray,
    spatial: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
) -> np.ndarray:
    """Each window's value put where its winner was: (N, *out, C) -> (N, *spatial, C)."""
    shape, total = _around(g, spatial, pads)
    disjoint = all(s >= k for s, k in zip(strides, window, strict=True))
    for number, (_, visited) in enumerate(offsets(window, strides, _no_dilation(window), g.shape[1:-1])):
        if disjoint:
            np.multiply(g, chosen == number, out=total[visited])
        else:
            total[visited] += g * (chosen == number)
    return total[inner(shape, pads)]


def from_winners(
    x: np.ndarray, chosen: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads
) -> np.ndarray:
    """The values of x at the winners' places: (N, *spatial, C) -> (N, *out, C)."""
    around = padded(x, pads)
    output = np.zeros(chosen.shape, x.dtype)
    for number, (_, visited) in enumerate(offsets(window, strides, _no_dilation(window), chosen.shape[1:-1])):
        np.copyto(output, around[visited], where=chosen == number)
    return output


def average_pool(x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads) -> np.ndarray:
    """The mean of each window over its real elements: padding is not counted."""
    ones = _no_dilation(window)
    out = output_sizes(x.shape[1:-1], window, strides, ones, pads)
    around = padded(x, pads)
    output = np.zeros((x.shape[0], *out, x.shape[-1]), x.dtype)
    for _, visited in offsets(window, strides, ones, out):
        output += around[visited]
    output /= _counts(x.shape[1:-1], window, strides, pads, out, x.dtype)
    return output


def average_pool_adjoint(
    g: np.ndarray, spatial: Sequence[int], window: Sequence[int], strides: Sequence[int], pads: Pads
) -> np.ndarray:
    """Each window's value shared evenly among its real elements: (N, *out, C) -> (N, *spatial, C)."""
    shape, total = _around(g, spatial, pads)
    share = g / _counts(spatial, window, strides, pads, g.shape[1:-1], g.dtype)
    for _, visited in offsets(window, strides, _no_dilation(window), g.shape[1:-1]):
        total[visited] += share
    return total[inner(shape, pads)]


def _around(g: np.ndarray, spatial: Sequence[int], pads: Pads) -> tuple[tuple[int, ...], np.ndarray]:
    """The input's shape, and zeros of that shape with its padding."""
    sizes = tuple(n + before + after for n, (before, after) in zip(spatial, pads, strict=True))
    return (g.shape[0], *spatial, g.shape[-1]), zeros((g.shape[0], *sizes, g.shape[-1]), g.dtype)


def _counts(
    spatial: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    out: Sequence[int],
    dtype: np.dtype,
) -> np.ndarray:
    """How many real elements each window has, to divide (N, *out, C) by."""
    if not any(map(any, pads)):
        return np.asarray(math.prod(window), dtype)
    counts = np.ones((), dtype)
    for axis, (n, k, s, (before, _), count) in enumerate(
        zip(spatial, window, strides, pads, out, strict=True)
    ):
        start = np.arange(count) * s - before
        real = np.minimum(start + k, n) - np.maximum(start, 0)
        counts = counts * real.astype(dtype).reshape((count,) + (1,) * (len(spatial) - axis))
    return counts
