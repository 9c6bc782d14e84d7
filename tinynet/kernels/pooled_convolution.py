"""A convolution, a relu and max pooling, a few images at a time.

What a convolution hands to a pooling is the largest array of most networks for images. Of a few images it stays in
the processor's cache; of a whole batch it would go to main memory and come back. Results of the convolution that no
window of the pooling sees are not computed.

Bias and relu come after the pooling, on fewer numbers. Both keep the order of numbers, so the largest stays the
largest. (Where adding a bias rounds two numbers to one, another of them may be called the winner.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tinynet.kernels.activation import relu_gradient
from tinynet.kernels.convolution import convolve_first, input_gradient, kernel_gradient
from tinynet.kernels.memory import empty, empty_like
from tinynet.kernels.normalization import column_sums
from tinynet.kernels.pooling import max_pool, max_pool_with_winners, to_winners, type_of_places
from tinynet.kernels.spatial import Pads, output_sizes

BLOCK = 1 << 18  # elements of the windows of some images, or of their results: a megabyte of float32


class Convolution(NamedTuple):
    """The settings of a convolution of all channels, in the order in which its kernels take them."""

    strides: Sequence[int]
    pads: Pads
    dilation: Sequence[int]


class Pooling(NamedTuple):
    """The settings of a pooling, in the order in which its kernels take them."""

    window: Sequence[int]
    strides: Sequence[int]
    pads: Pads


def sizes_between(
    spatial: Sequence[int], window: Sequence[int], convolution: Convolution, pooling: Pooling
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of what the convolution hands to the pooling, as far as a window sees it, and of what comes out."""
    between = output_sizes(spatial, window, convolution.strides, convolution.dilation, convolution.pads)
    out = output_sizes(between, pooling.window, pooling.strides, (1,) * len(between), pooling.pads)
    seen = (
        min(size, (count - 1) * stride + reach - before)
        for size, count, reach, stride, (before, _) in zip(between, out, *pooling, strict=True)
    )
    return tuple(seen), out


def convolve_and_pool(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, convolution: Convolution, pooling: Pooling
) -> np.ndarray:
    """x (N, *spatial, C), kernel (*window, C, F), bias (F) or None -> (N, *out, F)."""
    seen, out = sizes_between(x.shape[1:-1], kernel.shape[:-2], convolution, pooling)
    output = empty((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    for images in _blocks(x, kernel, seen):
        output[images] = max_pool(convolve_first(seen, x[images], kernel, *convolution, groups=1), *pooling)
    return _finished(output, bias)


def convolve_and_pool_with_winners(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, convolution: Convolution, pooling: Pooling
) -> tuple[np.ndarray, np.ndarray]:
    """The same, and the place (row by row) of the winner of each window, as (N, *out, F) integers."""
    seen, out = sizes_between(x.shape[1:-1], kernel.shape[:-2], convolution, pooling)
    output = empty((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    chosen = empty(output.shape, type_of_places(pooling.window))
    for images in _blocks(x, kernel, seen):
        between = convolve_first(seen, x[images], kernel, *convolution, groups=1)
        output[images], chosen[images] = max_pool_with_winners(between, *pooling)
    return _finished(output, bias), chosen


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
    """The cotangents of x, of the kernel and of the bias, those needed; g: that of the output."""
    seen, _ = sizes_between(x.shape[1:-1], kernel.shape[:-2], convolution, pooling)
    g = relu_gradient(g, output)
    of_x = empty_like(x) if needs[0] else None
    of_kernel = np.zeros_like(kernel) if needs[1] else None
    if of_x is not None or of_kernel is not None:
        for images in _blocks(x, kernel, seen):
            between = to_winners(g[images], chosen[images], seen, *pooling)
            if of_x is not None:
                of_x[images] = input_gradient(between, kernel, x.shape[1:-1], *convolution, groups=1)
            if of_kernel is not None:
                of_kernel += kernel_gradient(x[images], between, kernel.shape[:-2], *convolution, groups=1)
    return of_x, of_kernel, column_sums(g) if needs[2] else None


def _blocks(x: np.ndarray, kernel: np.ndarray, seen: Sequence[int]) -> Iterator[slice]:
    """The images in blocks that fit the cache."""
    an_image = math.prod(seen) * max(math.prod(kernel.shape[:-1]), kernel.shape[-1])
    images = max(BLOCK // max(an_image, 1), 1)
    return (slice(first, first + images) for first in range(0, x.shape[0], images))


def _finished(pooled: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    if bias is not None:
        pooled += bias
    return np.maximum(pooled, 0, out=pooled)
