"""Convolution and its two adjoints. The three are each other's derivatives, so the family is
closed: any order of derivative is again one of these products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet import kernels
from tinynet.errors import ArgumentError, ShapeError
from tinynet.primitives.domain import Absent, Domain, Sizes, Values
from tinynet.primitives.elementwise import relu
from tinynet.primitives.operation import operation, unbroadcast


def _grouped(sizes: Sizes, attributes: dict[str, Any]) -> Sizes:
    """Channels and filters as multiples of the groups."""
    groups = attributes["groups"]
    return {**sizes, "C": sizes["I"] * groups, "F": sizes["F"] * groups}


def _output(letters: str, sizes: Sizes, attributes: dict[str, Any]) -> Sizes:
    """Adds the output's axes P, Q to the sizes of the input's H, W and the window's K, L."""
    sizes = _grouped(sizes, attributes)
    spatial, window = [sizes[a] for a in letters], [sizes[a] for a in "KL"[: len(letters)]]
    strides, dilation = attributes["strides"], attributes["dilation"]
    pads = kernels.padding_amounts(spatial, window, strides, dilation, attributes["padding"])
    out = kernels.output_sizes(spatial, window, strides, dilation, pads)
    return {**sizes, **dict(zip("PQ", out, strict=False))}


def _input_shape(letters: str):
    return lambda n, _: [(n["N"], *(n[a] for a in letters), n["C"])]


def _window(letters: str):
    return lambda n, _: [tuple(n[a] for a in letters)]


ONE_AXIS = {"strides": [(1,), (2,)], "padding": ["valid", "same", "causal"], "dilation": [(1,), (2,)], "groups": [1, 2]}
TWO_AXES = {
    "strides": [(1, 1), (2, 1), (2, 3)],
    "padding": ["valid", "same"],
    "dilation": [(1, 1), (1, 2)],
    "groups": [1, 2, 3],
}
ONE_SIZES = {"T": (5, 8), "K": (1, 3), "I": (1, 2), "F": (1, 2), "N": (1, 2)}
TWO_SIZES = {"H": (3, 5), "W": (5, 6), "K": (1, 3), "L": (1, 3), "I": (1, 2), "F": (1, 2), "N": (1, 2)}


def _pads(spatial, window, strides, dilation, padding):
    return kernels.padding_amounts(spatial, window, strides, dilation, padding)


@operation
class conv:
    """Cross-correlation of (N, *spatial, C) with a kernel (*window, C/groups, F), any number of axes,
    plus a bias (F) or None.

    padding: 'valid', 'same' (the odd element at the end) or 'causal' (before only).
    """

    domain = tuple(
        Domain((*arrays, bias), attributes, sizes, _grouped)
        for bias in (Absent(), Values("F"))
        for arrays, attributes, sizes in (
            ((Values("N T C"), Values("K I F")), ONE_AXIS, ONE_SIZES),
            ((Values("N H W C"), Values("K L I F")), TWO_AXES, TWO_SIZES),
        )
    )
    keeps = ("x", "kernel")

    def forward(x, kernel, bias=None, *, strides, padding="valid", dilation, groups=1):
        check_shapes(x, kernel, groups)
        pads = _pads(x.shape[1:-1], kernel.shape[:-2], strides, dilation, padding)
        return kernels.convolve(x, kernel, strides, pads, dilation, groups, bias), (x, kernel)

    def vjp(g, residuals, needs, **settings):
        x, kernel = residuals
        return (
            conv_input_gradient(g, kernel, input_shape=x.shape, **settings) if needs[0] else None,
            conv_kernel_gradient(x, g, window=kernel.shape[:-2], **settings) if needs[1] else None,
            unbroadcast(g, (g.shape[-1],)) if needs[2] else None,
        )


@operation
class conv_relu:
    """`conv` and then a relu, which takes no pass over the results of its own."""

    domain = conv.domains

    def forward(x, kernel, bias=None, *, strides, padding="valid", dilation, groups=1):
        check_shapes(x, kernel, groups)
        pads = _pads(x.shape[1:-1], kernel.shape[:-2], strides, dilation, padding)
        output = kernels.convolve(x, kernel, strides, pads, dilation, groups, bias, relu=True)
        return output, (x, kernel, bias, output)

    def vjp(g, residuals, needs, *, strides, padding="valid", dilation, groups=1):
        x, kernel, _, output = residuals
        pads = _pads(x.shape[1:-1], kernel.shape[:-2], strides, dilation, padding)
        return kernels.gradients_behind_relu(x, kernel, output, g, needs, strides, pads, dilation, groups)

    def composed(x, kernel, bias=None, **settings):
        return relu(conv(x, kernel, bias, **settings))


@operation
class conv_input_gradient:
    """The adjoint of convolution in its input: g (N, *out, F), kernel -> (N, *spatial, C)."""

    domain = (
        Domain(
            (Values("N P F"), Values("K I F")), {**ONE_AXIS, "input_shape": _input_shape("T")}, ONE_SIZES,
            lambda n, a: _output("T", n, a),
        ),
        Domain(
            (Values("N P Q F"), Values("K L I F")), {**TWO_AXES, "input_shape": _input_shape("HW")}, TWO_SIZES,
            lambda n, a: _output("HW", n, a),
        ),
    )  # fmt: skip
    keeps = ("g", "kernel")
    linear = (0, 1)

    def forward(g, kernel, *, input_shape, strides, padding="valid", dilation, groups=1):
        spatial = input_shape[1:-1]
        pads = _pads(spatial, kernel.shape[:-2], strides, dilation, padding)
        return kernels.input_gradient(g, kernel, spatial, strides, pads, dilation, groups), (g, kernel)

    def vjp(h, residuals, needs, *, input_shape, **settings):
        g, kernel = residuals
        return (
            conv(h, kernel, None, **settings) if needs[0] else None,
            conv_kernel_gradient(h, g, window=kernel.shape[:-2], **settings) if needs[1] else None,
        )


@operation
class conv_kernel_gradient:
    """The adjoint of convolution in its kernel: x (N, *spatial, C), g (N, *out, F) -> the kernel's shape."""

    domain = (
        Domain(
            (Values("N T C"), Values("N P F")), {**ONE_AXIS, "window": _window("K")}, ONE_SIZES,
            lambda n, a: _output("T", n, a),
        ),
        Domain(
            (Values("N H W C"), Values("N P Q F")), {**TWO_AXES, "window": _window("KL")}, TWO_SIZES,
            lambda n, a: _output("HW", n, a),
        ),
    )  # fmt: skip
    keeps = ("x", "g")
    linear = (0, 1)

    def forward(x, g, *, window, strides, padding="valid", dilation, groups=1):
        pads = _pads(x.shape[1:-1], window, strides, dilation, padding)
        return kernels.kernel_gradient(x, g, window, strides, pads, dilation, groups), (x, g)

    def vjp(h, residuals, needs, *, window, **settings):
        x, g = residuals
        return (
            conv_input_gradient(g, h, input_shape=x.shape, **settings) if needs[0] else None,
            conv(x, h, None, **settings) if needs[1] else None,
        )


def check_shapes(x: Any, kernel: Any, groups: int) -> None:
    """Raises `ShapeError` unless an input and a kernel go together."""
    if x.ndim != kernel.ndim or x.ndim < 3:
        raise ShapeError(
            f"conv: expected an input (N, *spatial, C) and a kernel (*window, C/groups, F) of as many axes, "
            f"received {x.shape} and {kernel.shape}"
        )
    if x.shape[-1] != kernel.shape[-2] * groups or kernel.shape[-1] % groups:
        raise ShapeError(
            f"conv: {groups} group(s) of a kernel {kernel.shape} need {kernel.shape[-2] * groups} input channels "
            f"and a multiple of {groups} filters, received {x.shape[-1]} channels and {kernel.shape[-1]} filters"
        )


def transposed_sizes(
    spatial: Sequence[int | None],
    window: Sequence[int],
    strides: tuple[int, ...],
    padding: str,
    output_padding: Any,
    dilation: Sequence[int],
) -> tuple[int | None, ...]:
    """The sizes a transposed convolution makes of spatial axes; None where a size is unknown.

    Raises `ArgumentError` where the convolution would not bring them back.
    """
    out: list[int | None] = []
    extra = _output_padding(output_padding, strides)
    for n, k, s, d, p in zip(spatial, window, strides, dilation, extra, strict=True):
        if n is None:
            out.append(None)
            continue
        size = _transposed_size(n, k, s, d, padding, p)
        if size < 1 or n != (-(-size // s) if padding == "same" else (size - (k - 1) * d - 1) // s + 1):
            raise ArgumentError(
                f"conv_transpose: with output_padding={output_padding!r} an axis of {n} elements would "
                f"become {size}, which a window of {k} at stride {s} does not bring back to {n}. "
                "Choose another output_padding."
            )
        out.append(size)
    return tuple(out)


def _output_padding(value: Any, strides: tuple[int, ...]) -> tuple[int | None, ...]:
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,) * len(strides)
    if len(numbers) != len(strides):
        raise ArgumentError(
            f"conv_transpose: output_padding must be an integer or {len(strides)} integers, "
            f"received {value!r}"
        )
    for number, stride in zip(numbers, strides, strict=True):
        if number is not None and (not isinstance(number, int) or not 0 <= number < stride):
            raise ArgumentError(
                f"conv_transpose: output_padding must be at least 0 and below the stride {stride}, "
                f"received {value!r}"
            )
    return numbers


def _transposed_size(n: int, k: int, stride: int, dilation: int, padding: str, extra: int | None) -> int:
    reach = (k - 1) * dilation + 1
    if extra is None:
        return n * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    return (n - 1) * stride + reach + extra - (2 * (reach // 2) if padding == "same" else 0)
