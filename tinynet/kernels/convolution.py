"""Convolution of (N, *spatial, C) with kernels (*window, C / groups, F), and its two gradients.

The forward pass and the kernel's gradient each gather the windows once ("patches") and make
one matrix product of them; the input's gradient makes one product for each place within the
window and adds it where the window lay, which needs no large intermediate array.

Convolution here is cross-correlation, as in all deep-learning libraries: the kernel is not
flipped. Channels and filters are cut into `groups` contiguous blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinynet.kernels.activation import relu_gradient
from tinynet.kernels.memory import empty, zeros
from tinynet.kernels.normalization import column_sums
from tinynet.kernels.scratch import scratch
from tinynet.kernels.spatial import Pads, inner, offsets, output_sizes, padded, windows


def convolve(
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
    bias: np.ndarray | None = None,
    relu: bool = False,
) -> np.ndarray:
    """x (N, *spatial, C), kernel (*window, C/groups, F) -> (N, *out, F), plus a bias (F) and through a relu if wished."""
    out = output_sizes(x.shape[1:-1], kernel.shape[:-2], strides, dilation, pads)
    output = convolve_first(out, x, kernel, strides, pads, dilation, groups)
    if bias is not None:
        output += bias  # in place: a second array of this size would cost more than the sum
    if relu:
        np.maximum(output, 0, out=output)
    return output


def convolve_first(
    out: Sequence[int],
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    """The first `out` sums along each axis, where not all are wanted."""
    *window, depth, filters = kernel.shape
    output = empty((x.shape[0], *out, filters), x.dtype)
    share = filters // groups
    for g in range(groups):
        patches = _patches(x, window, strides, pads, dilation, out, g * depth, depth)
        weights = kernel[..., g * share : (g + 1) * share].reshape(-1, share)
        if groups == 1:
            np.matmul(patches, weights, out=output.reshape(-1, filters))
        else:
            output[..., g * share : (g + 1) * share] = (patches @ weights).reshape(*output.shape[:-1], share)
    return output


def kernel_gradient(
    x: np.ndarray,
    g: np.ndarray,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    """x (N, *spatial, C), g (N, *out, F) -> the kernel's cotangent (*window, C/groups, F)."""
    depth, filters = x.shape[-1] // groups, g.shape[-1]
    share = filters // groups
    result = np.empty((*window, depth, filters), g.dtype)
    for block in range(groups):
        patches = _patches(x, window, strides, pads, dilation, g.shape[1:-1], block * depth, depth)
        part = g[..., block * share : (block + 1) * share].reshape(-1, share)
        result[..., block * share : (block + 1) * share] = (patches.T @ part).reshape(*window, depth, share)
    return result


def input_gradient(
    g: np.ndarray,
    kernel: np.ndarray,
    spatial: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    """g (N, *out, F), kernel (*window, C/groups, F) -> the input's cotangent (N, *spatial, C)."""
    *window, depth, filters = kernel.shape
    shape = (g.shape[0], *spatial, depth * groups)
    around = tuple(n + before + after for n, (before, after) in zip(spatial, pads, strict=True))
    total = zeros((shape[0], *around, shape[-1]), g.dtype)
    share = filters // groups
    product = scratch("input_gradient", (math.prod(g.shape[:-1]), depth), g.dtype)
    for block in range(groups):
        part = np.ascontiguousarray(g[..., block * share : (block + 1) * share]).reshape(-1, share)
        channels = slice(block * depth, (block + 1) * depth)
        for place, visited in offsets(window, strides, dilation, g.shape[1:-1]):
            weights = kernel[place][:, block * share : (block + 1) * share]
            np.matmul(part, weights.T, out=product)
            total[(*visited[:-1], channels)] += product.reshape(*g.shape[:-1], depth)
    return total[inner(shape, pads)]


def gradients_behind_relu(
    x: np.ndarray,
    kernel: np.ndarray,
    output: np.ndarray,
    g: np.ndarray,
    needs: Sequence[bool],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """The cotangents of x, of the kernel and of the bias, those needed, of a convolution through a relu.

    output: of the relu; g: its cotangent.
    """
    g = relu_gradient(g, output)
    settings = (strides, pads, dilation, groups)
    return (
        input_gradient(g, kernel, x.shape[1:-1], *settings) if needs[0] else None,
        kernel_gradient(x, g, kernel.shape[:-2], *settings) if needs[1] else None,
        column_sums(g) if needs[2] else None,
    )


def _patches(
    x: np.ndarray,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    out: Sequence[int],
    first: int,
    depth: int,
) -> np.ndarray:
    """Every window of some channels as a row: (N·out, window·depth), in the thread's scratch."""
    view = windows(padded(x, pads), window, strides, dilation, out)[..., first : first + depth]
    if view.flags.c_contiguous:  # windows of one element: the rows are there already
        return view.reshape(-1, math.prod(window) * depth)
    gathered = scratch("patches", view.shape, x.dtype)
    np.copyto(gathered, view)
    return gathered.reshape(-1, math.prod(window) * depth)
