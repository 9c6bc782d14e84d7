"""Convolution, a relu and max pooling as one operation, of which the results between are never whole in memory."""

from __future__ import annotations

from typing import Any

from tinynet import kernels
from tinynet.primitives.convolution import check_shapes, conv, conv_relu
from tinynet.primitives.domain import Absent, Domain, Values
from tinynet.primitives.operation import operation
from tinynet.primitives.pooling import max_pool

ONE_AXIS = {
    "strides": [(1,), (2,)], "padding": ["valid", "same", "causal"], "dilation": [(1,)],
    "pool_size": [(2,), (3,)], "pool_strides": [(2,), (1,)], "pool_padding": ["valid", "same"],
}  # fmt: skip
TWO_AXES = {
    "strides": [(1, 1), (2, 1)], "padding": ["valid", "same"], "dilation": [(1, 1), (1, 2)],
    "pool_size": [(2, 2), (1, 2)], "pool_strides": [(2, 2), (1, 1)], "pool_padding": ["valid", "same"],
}  # fmt: skip
ONE_SIZES = {"T": (6, 9), "K": (1, 2), "C": (1, 2), "F": (1, 2), "N": (1, 2)}
TWO_SIZES = {"H": (5, 7), "W": (6, 7), "K": (1, 3), "L": (1, 3), "C": (1, 2), "F": (1, 2), "N": (1, 2)}


@operation
class conv_relu_max_pool:
    """`conv_relu` and then `max_pool`: (N, *spatial, C), a kernel (*window, C, F), a bias (F) or None."""

    domain = tuple(
        Domain((*arrays, bias), attributes, sizes)
        for bias in (Absent(), Values("F"))
        for arrays, attributes, sizes in (
            ((Values("N T C"), Values("K C F")), ONE_AXIS, ONE_SIZES),
            ((Values("N H W C"), Values("K L C F")), TWO_AXES, TWO_SIZES),
        )
    )

    def forward(x, kernel, bias=None, *, strides, padding="valid", dilation, pool_size, pool_strides, pool_padding):
        settings = _settings(x, kernel, strides, padding, dilation, pool_size, pool_strides, pool_padding)
        output, chosen = kernels.convolve_and_pool_with_winners(x, kernel, bias, *settings)
        return output, (x, kernel, bias, output, chosen)

    def evaluate(x, kernel, bias=None, **settings):
        return kernels.convolve_and_pool(x, kernel, bias, *_settings(x, kernel, **settings))

    def vjp(g, residuals, needs, **settings):
        x, kernel, _, output, chosen = residuals
        return kernels.gradients_behind_pool(x, kernel, output, chosen, g, needs, *_settings(x, kernel, **settings))

    def composed(x, kernel, bias=None, *, strides, padding="valid", dilation, pool_size, pool_strides, pool_padding):
        output = conv_relu(x, kernel, bias, strides=strides, padding=padding, dilation=dilation)
        return max_pool(output, window=pool_size, strides=pool_strides, padding=pool_padding)


def _settings(
    x: Any, kernel: Any, strides: Any, padding: str, dilation: Any, pool_size: Any, pool_strides: Any, pool_padding: str
) -> tuple[kernels.Convolution, kernels.Pooling]:
    """The settings as the kernels take them, with the padding in numbers."""
    check_shapes(x, kernel, groups=1)
    spatial, window = x.shape[1:-1], kernel.shape[:-2]
    pads = kernels.padding_amounts(spatial, window, strides, dilation, padding)
    between = kernels.output_sizes(spatial, window, strides, dilation, pads)
    around = kernels.padding_amounts(between, pool_size, pool_strides, (1,) * len(between), pool_padding)
    convolution = kernels.Convolution(tuple(strides), pads, tuple(dilation))
    return convolution, kernels.Pooling(tuple(pool_size), tuple(pool_strides), around)
