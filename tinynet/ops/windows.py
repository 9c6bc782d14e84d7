"""Convolution and pooling over windows of any number of spatial axes: keras.io/api/ops/nn.

Inputs are (N, *spatial, C), or (N, C, *spatial) with data_format='channels_first'; None is
'channels_last'. Windows, strides and dilations are integers, or one for each spatial axis.

padding: 'valid' (none) or 'same' (⌈n / stride⌉ outputs, an odd element at the end).
"""

from __future__ import annotations

from typing import Any

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import floating, pair, per_axis
from tinynet.primitives import convolution, pooling, reductions, shapes
from tinynet.primitives.operation import Operation

Size = int | tuple[int, ...]
DATA_FORMATS = ("channels_last", "channels_first")


def conv(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """Cross-correlation of (N, *spatial, C) with a kernel (*window, C/groups, F): (N, *out, F).

    The channels are convolved in groups when the kernel has only a part of them. With one
    spatial axis padding may also be 'causal': before only, so that no output sees a later input.

    Raises `ShapeError` when axes or channels do not fit or the window is larger than the input,
    `ArgumentError` for padding, strides, … that do not exist.

    >>> conv([[[1.0], [2.0], [4.0]]], [[[1.0]], [[-1.0]]]).tolist()
    [[[-1.0], [-2.0]]]
    """
    x, kernel = pair(floating(inputs), floating(kernel), "conv")
    first = _is_channels_first(data_format, "conv")
    x = _channels_last(x, first, "conv")
    rank = x.ndim - 2
    if kernel.ndim != x.ndim:
        raise ShapeError(
            f"conv: expected a kernel of shape (*window, channels, filters) with {rank} window axes "
            f"for inputs of shape {x.shape}, received {kernel.shape}"
        )
    channels, filters = kernel.shape[-2:]
    if not channels or x.shape[-1] % channels or filters % max(1, x.shape[-1] // channels):
        raise ShapeError(
            f"conv: inputs with {x.shape[-1]} channels do not fit a kernel of shape {kernel.shape}: "
            "both channels and filters must be multiples of the number of groups"
        )
    settings = {
        "strides": per_axis(strides, rank, "strides", "conv"),
        "padding": _padding(padding, ("valid", "same", "causal") if rank == 1 else ("valid", "same"), "conv"),
        "dilation": per_axis(dilation_rate, rank, "dilation_rate", "conv"),
        "groups": x.shape[-1] // channels,
    }
    return _back(record(convolution.conv, (x, kernel, None), settings), first)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """Each channel convolved by itself with a kernel (*window, C, M): (N, *out, C·M).

    Output c·M + m is channel c with its m-th filter. Raises as `conv`.

    >>> depthwise_conv([[[1.0, 10.0]]], [[[2.0], [3.0]]]).tolist()
    [[[2.0, 30.0]]]
    """
    kernel = floating(kernel)
    if kernel.ndim < 3:
        raise ShapeError(
            "depthwise_conv: expected a kernel of shape (*window, channels, multiplier), "
            f"received {kernel.shape}"
        )
    *window, channels, multiplier = kernel.shape
    flat = record(shapes.reshape, (kernel,), {"shape": (*window, 1, channels * multiplier)})
    x = floating(inputs)
    found = x.shape[1 if _is_channels_first(data_format, "depthwise_conv") else -1] if x.ndim else 0
    if found != channels:
        raise ShapeError(
            f"depthwise_conv: inputs with {found} channels do not fit a kernel of shape {kernel.shape}, "
            f"which is for {channels}"
        )
    return conv(x, flat, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """`depthwise_conv`, and then `conv` of each position by itself: (N, *out, F) (Chollet 2017).

    depthwise_kernel: (*window, C, M). pointwise_kernel: (1, …, C·M, F). Raises as `conv`.

    >>> separable_conv([[[1.0, 10.0]]], [[[2.0], [3.0]]], [[[1.0], [1.0]]]).tolist()
    [[[32.0]]]
    """
    apart = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(apart, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    output_padding: Size | None = None,
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Tensor:
    """The adjoint of convolution: (N, *spatial, C) and a kernel (*window, F, C) give (N, *out, F).

    out is n·stride for 'same' and n·stride + max(reach − stride, 0) for 'valid', with
    reach = (k − 1)·dilation + 1; with `output_padding` p it is (n − 1)·stride + reach + p, less
    2⌊reach/2⌋ for 'same'.

    Raises as `conv`, and `ArgumentError` where the convolution of so large an output would not
    give the input's size, or `output_padding` is not below the stride.

    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[3.0]]], strides=2).tolist()
    [[[1.0], [3.0], [2.0], [6.0]]]
    """
    x, kernel = pair(floating(inputs), floating(kernel), "conv_transpose")
    first = _is_channels_first(data_format, "conv_transpose")
    x = _channels_last(x, first, "conv_transpose")
    rank = x.ndim - 2
    if kernel.ndim != x.ndim or kernel.shape[-1] != x.shape[-1]:
        raise ShapeError(
            f"conv_transpose: expected a kernel of shape (*window, filters, {x.shape[-1]}) with {rank} "
            f"window axes for inputs of shape {x.shape}, received {kernel.shape}"
        )
    strides = per_axis(strides, rank, "strides", "conv_transpose")
    dilation = per_axis(dilation_rate, rank, "dilation_rate", "conv_transpose")
    padding = _padding(padding, ("valid", "same"), "conv_transpose")
    out = convolution.transposed_sizes(x.shape[1:-1], kernel.shape[:-2], strides, padding, output_padding, dilation)
    settings = {
        "input_shape": (x.shape[0], *out, kernel.shape[-2]), "strides": strides, "padding": padding,
        "dilation": dilation, "groups": 1,
    }  # fmt: skip
    return _back(record(convolution.conv_input_gradient, (x, kernel), settings), first)


def max_pool(
    inputs: Any,
    pool_size: Size,
    strides: Size | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest value of each window of each channel; of equal ones the first gets the gradient.

    strides: None is pool_size.

    Raises `ShapeError` when a window is larger than the input, `ArgumentError` for padding,
    strides, … that do not exist.

    >>> max_pool([[[1.0], [4.0], [3.0], [2.0]]], 2).tolist()
    [[[4.0], [3.0]]]
    """
    return _pooled(pooling.max_pool, inputs, pool_size, strides, padding, data_format)


def average_pool(
    inputs: Any,
    pool_size: Size,
    strides: Size | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window of each channel over its real elements: padding does not count.

    strides: None is pool_size. Raises as `max_pool`.

    >>> average_pool([[[1.0], [4.0], [3.0]]], 2, padding="same").tolist()
    [[[2.5], [3.0]]]
    """
    return _pooled(pooling.average_pool, inputs, pool_size, strides, padding, data_format)


def _pooled(
    operation: Operation, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any
) -> Tensor:
    where = operation.name
    first = _is_channels_first(data_format, where)
    x = _channels_last(floating(inputs), first, where)
    window = per_axis(pool_size, x.ndim - 2, "pool_size", where)
    settings = {
        "window": window,
        "strides": window if strides is None else per_axis(strides, x.ndim - 2, "strides", where),
        "padding": _padding(padding, ("valid", "same"), where),
    }
    return _back(record(operation, (x,), settings), first)


def _padding(padding: Any, known: tuple[str, ...], where: str) -> str:
    lower = padding.lower() if isinstance(padding, str) else padding
    if lower not in known:
        raise ArgumentError(
            f"{where}: padding must be one of {', '.join(map(repr, known))}, received {padding!r}"
        )
    return lower


def _is_channels_first(data_format: Any, where: str) -> bool:
    if data_format is not None and data_format not in DATA_FORMATS:
        raise ArgumentError(
            f"{where}: data_format must be 'channels_last' or 'channels_first', received {data_format!r}"
        )
    return data_format == "channels_first"


def _channels_last(x: Tensor, first: bool, where: str) -> Tensor:
    if x.ndim < 3:
        raise ShapeError(
            f"{where}: expected inputs of shape {'(N, C, *spatial)' if first else '(N, *spatial, C)'} "
            f"with at least one spatial axis, received shape {x.shape}"
        )
    return record(shapes.transpose, (x,), {"axes": (0, *range(2, x.ndim), 1)}) if first else x


def _back(x: Tensor, first: bool) -> Tensor:
    return record(shapes.transpose, (x,), {"axes": (0, x.ndim - 1, *range(1, x.ndim - 1))}) if first else x


def adaptive_average_pool(inputs: Any, output_size: Size, data_format: str | None = None) -> Tensor:
    """The means of (N, *spatial, C) over so many windows along each spatial axis as `output_size` says.

    Window i of n along an axis of L elements goes from ⌊iL/n⌋ to ⌈(i+1)L/n⌉, so that windows differ by one at most.

    >>> adaptive_average_pool([[[1.0], [2.0], [3.0], [5.0]]], 2).tolist()
    [[[1.5], [4.0]]]
    """
    return _adaptive(inputs, output_size, data_format, "adaptive_average_pool", reductions.mean)


def adaptive_max_pool(inputs: Any, output_size: Size, data_format: str | None = None) -> Tensor:
    """The largest values over the windows of `adaptive_average_pool`.

    >>> adaptive_max_pool([[[1.0], [2.0], [3.0], [5.0]]], 2).tolist()
    [[[2.0], [5.0]]]
    """
    return _adaptive(inputs, output_size, data_format, "adaptive_max_pool", reductions.max_)


def _adaptive(inputs: Any, output_size: Size, data_format: str | None, where: str, reduce: Operation) -> Tensor:
    x = floating(inputs)
    first = _is_channels_first(data_format, where)
    if x.ndim < 3:
        raise ShapeError(f"{where}: expected inputs with spatial axes between samples and channels, received {x.shape}")
    counts = per_axis(output_size, x.ndim - 2, "output_size", where)
    for axis, count in enumerate(counts, 2 if first else 1):
        size = x.shape[axis]
        if not size:
            raise ShapeError(f"{where}: an axis of shape {x.shape} has no elements")
        ends = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        before = (slice(None),) * axis
        parts = [
            record(reduce, (x[(*before, slice(start, end))],), {"axis": axis, "keepdims": True}) for start, end in ends
        ]
        x = record(shapes.concatenate, parts, {"axis": axis})
    return x
