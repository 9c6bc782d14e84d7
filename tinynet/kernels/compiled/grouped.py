"""Convolution in groups, and the input's gradient at strides, made of compiled convolutions without either.

Where each group is one channel (depthwise) all groups take one call; else each takes one of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tinynet.kernels import convolution as plain
from tinynet.kernels.calls import run
from tinynet.kernels.compiled import convolution as dense
from tinynet.kernels.compiled.activation import relu_gradient
from tinynet.kernels.compiled.arrays import TYPES, compiled, sliding
from tinynet.kernels.compiled.normalization import column_sums, sums_behind_relu
from tinynet.kernels.memory import empty
from tinynet.kernels.spatial import Pads, output_sizes


def _fits(x: np.ndarray, y: np.ndarray, window: Sequence[int]) -> bool:
    return x.dtype in TYPES and y.dtype == x.dtype and len(window) <= 2 and y.size > 0


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
    *window, depth, filters = kernel.shape
    if groups == 1 or not _fits(x, kernel, window):
        return dense.convolve(x, kernel, strides, pads, dilation, groups, bias, relu)
    if depth == 1:
        return _depthwise(x, kernel, strides, pads, dilation, bias, relu)
    if groups == filters and depth < groups:  # one filter a group: summed over the channels of all groups at once
        output = _depthwise(x[..., ::depth], kernel[..., :1, :], strides, pads, dilation, bias, False)
        for i in range(1, depth):
            output += _depthwise(x[..., i::depth], kernel[..., i : i + 1, :], strides, pads, dilation, None, False)
        return np.maximum(output, 0, out=output) if relu else output
    share = filters // groups
    parts = []
    for group in range(groups):
        channels = slice(group * depth, (group + 1) * depth)
        chosen = slice(group * share, (group + 1) * share)
        added = None if bias is None else bias[chosen]
        parts.append(dense.convolve(x[..., channels], kernel[..., chosen], strides, pads, dilation, 1, added, relu))
    return np.concatenate(parts, axis=-1)


def _depthwise(
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    bias: np.ndarray | None,
    relu: bool,
) -> np.ndarray:
    """x (N, *spatial, C), kernel (*window, 1, C·M) -> (N, *out, C·M)."""
    window = kernel.shape[:-2]
    out = output_sizes(x.shape[1:-1], window, strides, dilation, pads)
    output = empty((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    if bias is not None:
        bias = np.ascontiguousarray(bias, x.dtype)
    return run(
        compiled.depthwise, output,
        np.ascontiguousarray(x), np.ascontiguousarray(kernel), bias, relu, output,
        sliding(x.shape, out, window, tuple(strides), pads, tuple(dilation)),
    )  # fmt: skip


def kernel_gradient(
    x: np.ndarray,
    g: np.ndarray,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    if groups == 1 or not _fits(x, g, window):
        return dense.kernel_gradient(x, g, window, strides, pads, dilation, groups)
    depth, share = x.shape[-1] // groups, g.shape[-1] // groups
    if depth == 1:
        result = empty((*window, 1, g.shape[-1]), x.dtype)
        settings = sliding(x.shape, g.shape[1:-1], tuple(window), tuple(strides), pads, tuple(dilation))
        compiled.depthwise_kernel_gradient(np.ascontiguousarray(x), np.ascontiguousarray(g), result, settings)
        return result
    parts = []
    for group in range(groups):
        channels = slice(group * depth, (group + 1) * depth)
        chosen = slice(group * share, (group + 1) * share)
        parts.append(dense.kernel_gradient(x[..., channels], g[..., chosen], window, strides, pads, dilation, 1))
    return np.concatenate(parts, axis=-1)


def input_gradient(
    g: np.ndarray,
    kernel: np.ndarray,
    spatial: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    """At stride S the inputs 0, S, 2S, … meet every S-th place of the kernel only, and so do 1, S + 1, …

    Each of these phases is a convolution of g with its places of the kernel, turned about.
    """
    *window, depth, filters = kernel.shape
    if groups == 1 and max(strides) == 1 or not _fits(g, kernel, window):
        return dense.input_gradient(g, kernel, spatial, strides, pads, dilation, groups)
    if max(strides) > 1 and max(dilation) > 1:
        return plain.input_gradient(g, kernel, spatial, strides, pads, dilation, groups)
    # (*window, C/groups, F) -> (*window, F/groups, C)
    share = filters // groups
    turned = kernel.reshape(*window, depth, groups, share)
    turned = np.moveaxis(turned, -1, -3).swapaxes(-1, -2).reshape(*window, share, groups * depth)
    # Inputs between windows belong to a phase that meets no place at all.
    between = any(s > k for s, k in zip(strides, window, strict=True))
    result = (np.zeros if between else empty)((g.shape[0], *spatial, groups * depth), g.dtype)
    for phase in itertools.product(*(range(min(s, k)) for s, k in zip(strides, window, strict=True))):
        visited: list[slice] = []  # the inputs of this phase
        places: list[slice] = []  # of the kernel
        seen: list[slice] = []  # of g
        around: list[tuple[int, int]] = []
        for r, n, k, s, d, (before, _), count in zip(
            phase, spatial, window, strides, dilation, pads, g.shape[1:-1], strict=True
        ):
            first = -((r - before) // s)  # input S·t + r − before meets place r with output t; this is the first t
            visited.append(slice(first * s + r - before, n, s))
            places.append(slice(r, k, s))
            reach = (len(range(r, k, s)) - 1) * d
            unseen = max(first - reach, 0)
            seen.append(slice(min(unseen, count), None))
            lead = max(reach - first, 0)
            inputs = len(range(visited[-1].start, n, s))
            around.append((lead, inputs + reach - lead - max(count - unseen, 0)))
        target = result[(slice(None), *visited)]
        if target.size == 0:
            continue
        chosen = turned[tuple(places)][(slice(None, None, -1),) * len(window)]
        part = convolve(g[(slice(None), *seen)], chosen, (1,) * len(window), tuple(around), dilation, groups)
        if max(strides) == 1:
            return part
        target[...] = part
    return result


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
    window, spatial, settings = kernel.shape[:-2], x.shape[1:-1], (strides, pads, dilation, groups)
    if groups > 1 or max(strides) > 1 or g.dtype != output.dtype:
        g = relu_gradient(g, output)
        return (
            input_gradient(g, kernel, spatial, *settings) if needs[0] else None,
            kernel_gradient(x, g, window, *settings) if needs[1] else None,
            column_sums(g) if needs[2] else None,
        )
    # The relu's derivative takes no pass of its own: each kernel looks at the output where it reads g.
    g, output = np.ascontiguousarray(g), np.ascontiguousarray(output)
    by_x = dense.input_gradient_behind_relu(g, output, kernel, spatial, *settings) if needs[0] else None
    if not needs[1]:
        return by_x, None, sums_behind_relu(g, output) if needs[2] else None
    return by_x, *dense.kernel_and_bias_gradients(x, g, output, needs[2], window, *settings)
