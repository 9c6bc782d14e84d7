"""Convolution along one or two axes by compiled code; what it does not take goes to NumPy's version."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinynet.kernels import convolution as plain
from tinynet.kernels.calls import make, run
from tinynet.kernels.compiled.activation import relu_gradient
from tinynet.kernels.compiled.arrays import TYPES, compiled, sliding
from tinynet.kernels.compiled.normalization import column_sums
from tinynet.kernels.memory import empty
from tinynet.kernels.spatial import Pads, output_sizes


def _fits(x: np.ndarray, y: np.ndarray, window: Sequence[int], groups: int) -> bool:
    return x.dtype in TYPES and y.dtype == x.dtype and len(window) <= 2 and groups == 1 and y.size > 0


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
    window = kernel.shape[:-2]
    if not _fits(x, kernel, window, groups):
        return plain.convolve(x, kernel, strides, pads, dilation, groups, bias, relu)
    out = output_sizes(x.shape[1:-1], window, strides, dilation, pads)
    output = empty((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    if bias is not None:
        bias = np.ascontiguousarray(bias, x.dtype)
    settings = sliding(x.shape, out, window, tuple(strides), pads, tuple(dilation))
    prepared = make(compiled.prepared_kernel, np.ascontiguousarray(kernel), settings)
    return run(
        compiled.convolve, output, np.ascontiguousarray(x), None, prepared, bias, relu, output, settings
    )


def kernel_gradient(
    x: np.ndarray,
    g: np.ndarray,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    return kernel_and_bias_gradients(x, g, None, False, window, strides, pads, dilation, groups)[0]


def kernel_and_bias_gradients(
    x: np.ndarray,
    g: np.ndarray,
    shown: np.ndarray | None,
    biased: bool,
    window: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> tuple[np.ndarray, np.ndarray | None]:
    """The kernel's gradient and, if `biased`, the bias's: g is read once for both.

    shown: the output of a relu behind the convolution; where it is 0, g does not count. Or None.
    """
    if not _fits(x, g, window, groups):
        g = _through(g, shown)
        result = plain.kernel_gradient(x, g, window, strides, pads, dilation, groups)
        return result, column_sums(g) if biased else None
    result = empty((*window, x.shape[-1], g.shape[-1]), x.dtype)
    totals = np.empty(g.shape[-1], g.dtype) if biased else None
    settings = sliding(x.shape, g.shape[1:-1], tuple(window), tuple(strides), pads, tuple(dilation))
    x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    compiled.kernel_gradient(x, g, shown, None, result, totals, settings, None)
    return result, totals


def input_gradient(
    g: np.ndarray,
    kernel: np.ndarray,
    spatial: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    return input_gradient_behind_relu(g, None, kernel, spatial, strides, pads, dilation, groups)


def input_gradient_behind_relu(
    g: np.ndarray,
    shown: np.ndarray | None,
    kernel: np.ndarray,
    spatial: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    window = kernel.shape[:-2]
    if not _fits(g, kernel, window, groups) or max(strides) > 1:
        return plain.input_gradient(_through(g, shown), kernel, spatial, strides, pads, dilation, groups)
    # Every element of the input meets the kernel's places in reverse: a convolution of g, padded all around,
    # with the kernel turned about.
    turned = kernel[(slice(None, None, -1),) * len(window)].swapaxes(-1, -2)
    around = tuple(
        ((k - 1) * d - before, (k - 1) * d - after) for k, d, (before, after) in zip(window, dilation, pads, strict=True)
    )
    if min(map(min, around)) < 0:
        return plain.input_gradient(_through(g, shown), kernel, spatial, strides, pads, dilation, groups)
    result = empty((g.shape[0], *spatial, kernel.shape[-2]), g.dtype)
    settings = sliding(g.shape, tuple(spatial), window, tuple(strides), around, tuple(dilation))
    prepared = compiled.prepared_kernel(np.ascontiguousarray(turned), settings)
    compiled.convolve(np.ascontiguousarray(g), shown, prepared, None, False, result, settings)
    return result


def _through(g: np.ndarray, shown: np.ndarray | None) -> np.ndarray:
    return g if shown is None else relu_gradient(g, shown)
