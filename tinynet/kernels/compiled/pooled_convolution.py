"""A convolution, a relu and max pooling by compiled code: in one pass where no window of the pooling meets another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinynet.kernels.calls import make, run
from tinynet.kernels.compiled.activation import relu_gradient
from tinynet.kernels.compiled.arrays import TYPES, compiled, sliding
from tinynet.kernels.compiled.convolution import convolve, kernel_and_bias_gradients
from tinynet.kernels.compiled.grouped import input_gradient
from tinynet.kernels.compiled.normalization import column_sums, sums_behind_relu
from tinynet.kernels.compiled.pooling import max_pool, max_pool_with_winners, to_winners
from tinynet.kernels.memory import empty
from tinynet.kernels.pooled_convolution import Convolution, Pooling, sizes_between
from tinynet.kernels.pooling import type_of_places


class _Windows(NamedTuple):
    """The sizes between the convolution and the pooling and behind both, and the settings of either for the kernels."""

    seen: tuple[int, ...]
    out: tuple[int, ...]
    convolution: Any
    pooling: Any


def _windows(x: np.ndarray, kernel: np.ndarray, convolution: Convolution, pooling: Pooling) -> _Windows | None:
    """What a kernel for both needs; None where it is not for these."""
    places = type_of_places(pooling.window)
    if x.dtype not in TYPES or kernel.dtype != x.dtype or kernel.ndim > 4 or kernel.size == 0 or places is not np.int8:
        return None
    seen, out = sizes_between(x.shape[1:-1], kernel.shape[:-2], convolution, pooling)
    first = sliding(x.shape, seen, kernel.shape[:-2], *convolution)
    second = sliding((x.shape[0], *seen, kernel.shape[-1]), out, *pooling)
    found = _Windows(seen, out, first, second)
    return found if compiled.pools_along(kernel.shape[-1], x.itemsize, first, second) else None


def convolve_and_pool(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, convolution: Convolution, pooling: Pooling
) -> np.ndarray:
    windows = _windows(x, kernel, convolution, pooling)
    if windows is None:
        return max_pool(convolve(x, kernel, *convolution, 1, bias, True), *pooling)
    return _in_one_pass(x, kernel, bias, windows, None)


def convolve_and_pool_with_winners(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, convolution: Convolution, pooling: Pooling
) -> tuple[np.ndarray, np.ndarray]:
    windows = _windows(x, kernel, convolution, pooling)
    if windows is None:
        return max_pool_with_winners(convolve(x, kernel, *convolution, 1, bias, True), *pooling)
    chosen = empty((x.shape[0], *windows.out, kernel.shape[-1]), np.int8)
    return _in_one_pass(x, kernel, bias, windows, chosen), chosen


def _in_one_pass(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, windows: _Windows, chosen: np.ndarray | None
) -> np.ndarray:
    output = empty((x.shape[0], *windows.out, kernel.shape[-1]), x.dtype)
    if bias is not None:
        bias = np.ascontiguousarray(bias, x.dtype)
    prepared = make(compiled.prepared_kernel, np.ascontiguousarray(kernel), windows.convolution)
    return run(
        compiled.convolve_and_pool, output,
        np.ascontiguousarray(x), prepared, bias, output, chosen, windows.convolution, windows.pooling,
    )  # fmt: skip


def gradients_behind_pool(
    x: np.ndarray,
    kernel: np.ndarray,
    output: np.ndarray,
    chosen: np.ndarray,
    g: np.ndarray,
    needs: Sequence[bool],
    convolution: Convolution,
    pooling: Pooling,
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    window, spatial = kernel.shape[:-2], x.shape[1:-1]
    windows = _windows(x, kernel, convolution, pooling)
    if windows is None or g.dtype != x.dtype:
        seen, _ = sizes_between(spatial, window, convolution, pooling)
        g = relu_gradient(g, output)
        between = to_winners(g, chosen, seen, *pooling)
        return (
            input_gradient(between, kernel, spatial, *convolution, 1) if needs[0] else None,
            kernel_and_bias_gradients(x, between, None, False, window, *convolution, 1)[0] if needs[1] else None,
            column_sums(g) if needs[2] else None,
        )
    g, of_x, of_kernel, of_bias = np.ascontiguousarray(g), None, None, None
    if needs[0]:
        between = empty((x.shape[0], *windows.seen, g.shape[-1]), g.dtype)
        compiled.to_winners(g, output, chosen, between, windows.pooling)
        of_x = input_gradient(between, kernel, spatial, *convolution, 1)
    if needs[1]:
        of_kernel = empty(kernel.shape, x.dtype)
        of_bias = np.empty(g.shape[-1], g.dtype) if needs[2] else None
        compiled.kernel_gradient(
            np.ascontiguousarray(x), g, output, chosen, of_kernel, of_bias, windows.convolution, windows.pooling
        )
    elif needs[2]:
        of_bias = sums_behind_relu(g, output)
    return of_x, of_kernel, of_bias
