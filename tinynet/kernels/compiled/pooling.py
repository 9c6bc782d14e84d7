"""Pooling by compiled code; what it does not take goes to NumPy's version."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinynet.kernels import pooling as plain
from tinynet.kernels.calls import run
from tinynet.kernels.compiled.arrays import TYPES, compiled, sliding
from tinynet.kernels.memory import empty
from tinynet.kernels.spatial import Pads, output_sizes


def _fits(x: np.ndarray, window: Sequence[int]) -> bool:
    return x.dtype in TYPES and len(window) <= 2 and math.prod(window) <= 127  # places are bytes


def max_pool(x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads) -> np.ndarray:
    if not _fits(x, window):
        return plain.max_pool(x, window, strides, pads)
    out = output_sizes(x.shape[1:-1], window, strides, (1,) * len(window), pads)
    output = empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    settings = sliding(x.shape, out, tuple(window), tuple(strides), pads)
    return run(compiled.max_pool, output, np.ascontiguousarray(x), output, None, settings)


def max_pool_with_winners(
    x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads
) -> tuple[np.ndarray, np.ndarray]:
    if not _fits(x, window):
        return plain.max_pool_with_winners(x, window, strides, pads)
    out = output_sizes(x.shape[1:-1], window, strides, (1,) * len(window), pads)
    output = empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    chosen = empty(output.shape, np.int8)
    settings = sliding(x.shape, out, tuple(window), tuple(strides), pads)
    compiled.max_pool(np.ascontiguousarray(x), output, chosen, settings)
    return output, chosen


def to_winners(
    g: np.ndarray,
    chosen: np.ndarray,
    spatial: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
) -> np.ndarray:
    if not _fits(g, window) or chosen.dtype != np.int8:
        return plain.to_winners(g, chosen, spatial, window, strides, pads)
    result = empty((g.shape[0], *spatial, g.shape[-1]), g.dtype)
    settings = sliding(result.shape, g.shape[1:-1], tuple(window), tuple(strides), pads)
    compiled.to_winners(np.ascontiguousarray(g), None, np.ascontiguousarray(chosen), result, settings)
    return result


def average_pool(x: np.ndarray, window: Sequence[int], strides: Sequence[int], pads: Pads) -> np.ndarray:
    if x.dtype not in TYPES or len(window) > 2:
        return plain.average_pool(x, window, strides, pads)
    out = output_sizes(x.shape[1:-1], window, strides, (1,) * len(window), pads)
    output = empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    settings = sliding(x.shape, out, window, strides, pads)
    return run(compiled.average_pool, output, np.ascontiguousarray(x), output, settings)


def average_pool_adjoint(
    g: np.ndarray, spatial: Sequence[int], window: Sequence[int], strides: Sequence[int], pads: Pads
) -> np.ndarray:
    if g.dtype not in TYPES or len(window) > 2:
        return plain.average_pool_adjoint(g, spatial, window, strides, pads)
    result = empty((g.shape[0], *spatial, g.shape[-1]), g.dtype)
    settings = sliding(result.shape, g.shape[1:-1], window, strides, pads)
    compiled.average_pool_adjoint(np.ascontiguousarray(g), result, settings)
    return result
