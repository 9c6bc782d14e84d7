"""keras.src.backend.common.backend_utils: the arithmetic of transposed convolutions, for the tests' own in NumPy.

Written from the documented sizes (https://keras.io/api/layers/convolution_layers/convolution2d_transpose/): it shares
nothing with tinynet's layers, which are compared with what comes of it.
"""

from __future__ import annotations

from typing import Any


def _each(value: Any, count: int) -> list[Any]:
    return [value] * count if value is None or isinstance(value, int) else list(value)


def _size(n: int | None, kernel: int, stride: int, padding: str, extra: int | None) -> int | None:
    """The size of a spatial axis afterwards; `kernel` with its dilation."""
    if n is None:
        return None
    if padding == "same":
        return n * stride if extra is None else (n - 1) * stride + kernel % 2 + extra
    return (n - 1) * stride + (max(kernel, stride) if extra is None else kernel + extra)


def compute_conv_transpose_output_shape(
    input_shape: Any, kernel_size: Any, filters: int, strides: Any, padding: str, output_padding: Any = None,
    data_format: str = "channels_last", dilation_rate: Any = 1,
) -> list[int | None]:  # fmt: skip
    rank = len(input_shape) - 2
    last = data_format == "channels_last"
    settings = zip(
        input_shape[1:-1] if last else input_shape[2:], kernel_size, _each(strides, rank), _each(output_padding, rank),
        _each(dilation_rate, rank), strict=False,
    )  # fmt: skip
    sizes = [_size(n, (k - 1) * d + 1, s, padding, extra) for n, k, s, extra, d in settings]
    return [input_shape[0], *sizes, filters] if last else [input_shape[0], filters, *sizes]


def compute_conv_transpose_padding_args_for_jax(
    input_shape: Any, kernel_shape: Any, strides: Any, padding: str, output_padding: Any, dilation_rate: Any
) -> list[tuple[int, int]]:
    """Zeros around the inputs, spread by the strides, so that windows over them give the result."""
    rank = len(input_shape) - 2
    pads = []
    for k, s, extra, d in zip(
        kernel_shape[:-2], _each(strides, rank), _each(output_padding, rank), _each(dilation_rate, rank), strict=True
    ):
        kernel = (k - 1) * d + 1
        # A window over one element more or less is one result more or less: n results need n + kernel - 1 elements.
        total = (_size(1, kernel, s, padding, extra) or 0) + kernel - 2
        left = kernel - 1 if padding == "valid" else min((total + 1) // 2, kernel - 1)
        pads.append((left, total - left))
    return pads
