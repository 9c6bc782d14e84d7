"""Convolution layers."""

from __future__ import annotations

from typing import Any

from tinynet import activations, constraints, initializers, kernels, regularizers
from tinynet.arguments import data_format_of, flag, one_of, whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.convolution import conv
from tinynet.primitives.shapes import transpose


def channels_last(x: Tensor) -> Tensor:
    """(N, C, *spatial) as (N, *spatial, C)."""
    return transpose(x, axes=(0, *range(2, x.ndim), 1))


def channels_first(x: Tensor) -> Tensor:
    """(N, *spatial, C) as (N, C, *spatial)."""
    return transpose(x, axes=(0, x.ndim - 1, *range(1, x.ndim - 1)))


class BaseConv(Layer):
    """Convolution over `rank` spatial axes; see `Conv2D`."""

    casts_integers = True
    writes_activity_regularizer = True
    rank = 0
    paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        where = self.described
        self.filters = whole(where, "filters", filters)
        self.kernel_size = wholes(where, "kernel_size", kernel_size, self.rank)
        self.strides = wholes(where, "strides", strides, self.rank)
        self.padding = one_of(where, "padding", str(padding).lower(), self.paddings)
        self.data_format = data_format_of(where, data_format)
        self.dilation_rate = wholes(where, "dilation_rate", dilation_rate, self.rank)
        self.groups = whole(where, "groups", groups)
        self.activation = activations.get(activation)
        self.use_bias = flag(where, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.kernel: Any = None
        self.bias: Any = None
        if self.filters % self.groups:
            raise ArgumentError(f"{where}: filters ({self.filters}) must be a multiple of groups ({self.groups})")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{where}: strides {self.strides} and dilation_rate {self.dilation_rate} cannot both exceed 1"
            )

    def _channels(self, shape: Shape) -> int | None:
        return shape[-1] if self.data_format == "channels_last" else shape[1]

    def build(self, input_shape: Shape) -> None:
        axes = ("(N, T, C)", "(N, H, W, C)", "(N, D, H, W, C)")[self.rank - 1]
        self.check_rank(input_shape, self.rank + 2, self.rank + 2, axes)
        channels = self._channels(input_shape)
        if channels is None or channels % self.groups:
            raise ShapeError(
                f"{self.described}: expected a known number of channels, a multiple of groups={self.groups}, "
                f"received shape {input_shape}"
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters), self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.add_weight(
                (self.filters,), self.bias_initializer, regularizer=self.bias_regularizer,
                constraint=self.bias_constraint, name="bias",
            )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        expected = self.kernel.shape[-2] * self.groups
        if inputs.ndim != self.rank + 2 or self._channels(inputs.shape) != expected:
            raise ShapeError(
                f"{self.described}: expected inputs of {self.rank + 2} axes with {expected} channels "
                f"({self.data_format}), received shape {inputs.shape}; it was built for {self._build_input_shape}"
            )
        if self.data_format == "channels_first":
            inputs = channels_last(inputs)
        output = conv(
            inputs, self.kernel, self.bias, strides=self.strides, padding=self.padding, dilation=self.dilation_rate,
            groups=self.groups,
        )  # fmt: skip
        # The activation sees the axes as the caller does: a softmax runs along the last one.
        return self.activation(channels_first(output) if self.data_format == "channels_first" else output)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        spatial = input_shape[1:-1] if self.data_format == "channels_last" else input_shape[2:]
        try:
            out = spatial_output(spatial, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        except ShapeError as error:
            raise ShapeError(f"{self.described}: {error}; received shape {tuple(input_shape)}") from error
        if self.data_format == "channels_last":
            return activations.output_shape(self.activation, (input_shape[0], *out, self.filters))
        return activations.output_shape(self.activation, (input_shape[0], self.filters, *out))


def spatial_output(spatial: Any, window: Any, strides: Any, dilation: Any, padding: str) -> tuple[int | None, ...]:
    """Output sizes along spatial axes, None where the input's size is unknown."""
    out: list[int | None] = []
    for n, k, s, d in zip(spatial, window, strides, dilation, strict=True):
        if n is None:
            out.append(None)
        else:
            pads = kernels.padding_amounts([n], [k], [s], [d], padding)
            out += kernels.output_sizes([n], [k], [s], [d], pads)
    return tuple(out)


class Conv1D(BaseConv):
    """Convolution along time: (N, T, C) -> (N, T', F).

    filters: the number F of results a place. kernel_size, strides, dilation_rate: numbers.
    padding: 'valid', 'same', or 'causal' (no result sees a later input).
    groups: blocks of channels convolved apart. The other arguments are Keras's.
    Weights: kernel (K, C/groups, F), bias (F).

    Source: https://keras.io/api/layers/convolution_layers/convolution1d/

    >>> import numpy as np
    >>> Conv1D(4, 3, padding="causal")(np.ones((2, 10, 8), "float32")).shape
    (2, 10, 4)
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(BaseConv):
    """Convolution of images: (N, H, W, C) -> (N, H', W', F).

    filters: the number F of results a place. kernel_size, strides, dilation_rate: a number or
        a pair. padding: 'valid' or 'same' (the odd element of padding at the end).
    data_format: 'channels_last' or 'channels_first' (N, C, H, W).
    groups: blocks of channels convolved apart. The other arguments are Keras's.
    Weights: kernel (K, L, C/groups, F), bias (F).

    Source: https://keras.io/api/layers/convolution_layers/convolution2d/

    >>> import numpy as np
    >>> Conv2D(4, 3, padding="same")(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 8, 8, 4)
    """

    rank = 2


class Conv3D(BaseConv):
    """Convolution of volumes: (N, D, H, W, C) -> (N, D', H', W', F).

    filters: the number F of results a place. kernel_size, strides, dilation_rate: a number or
        three. The other arguments are those of `Conv2D`.
    Weights: kernel (K, L, M, C/groups, F), bias (F).

    Source: https://keras.io/api/layers/convolution_layers/convolution3d/

    >>> import numpy as np
    >>> Conv3D(4, 3, padding="same")(np.ones((2, 5, 6, 7, 3), "float32")).shape
    (2, 5, 6, 7, 4)
    """

    rank = 3
