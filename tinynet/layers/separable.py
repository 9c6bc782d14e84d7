"""Convolutions of each channel by itself, alone (depthwise) or before a mix of the channels (separable)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import activations, constraints, initializers, regularizers
from tinynet.arguments import data_format_of, flag, one_of, whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.convolution import channels_first, channels_last, spatial_output
from tinynet.ops.windows import depthwise_conv, separable_conv


class _ChannelByChannel(Layer):
    """What depthwise and separable convolution share: a kernel (*window, C, M), M results a channel."""

    casts_integers = True
    writes_activity_regularizer = True
    rank = 0
    activation: Any
    bias: Any
    use_bias: bool
    bias_initializer: Any
    bias_regularizer: Any
    bias_constraint: Any

    def _set_window(
        self, depth_multiplier: Any, kernel_size: Any, strides: Any, padding: Any, data_format: Any, dilation_rate: Any
    ) -> None:
        where = self.described
        self.depth_multiplier = whole(where, "depth_multiplier", depth_multiplier)
        self.kernel_size = wholes(where, "kernel_size", kernel_size, self.rank)
        self.strides = wholes(where, "strides", strides, self.rank)
        self.padding = one_of(where, "padding", str(padding).lower(), ("valid", "same"))
        self.data_format = data_format_of(where, data_format)
        self.dilation_rate = wholes(where, "dilation_rate", dilation_rate, self.rank)

    def _set_bias(self, use_bias: Any, initializer: Any, regularizer: Any, constraint: Any) -> None:
        self.use_bias = flag(self.described, "use_bias", use_bias)
        self.bias_initializer = initializers.get(initializer)
        self.bias_regularizer = regularizers.get(regularizer)
        self.bias_constraint = constraints.get(constraint)
        self.bias = None

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                (size,), self.bias_initializer, regularizer=self.bias_regularizer,
                constraint=self.bias_constraint, name="bias",
            )  # fmt: skip

    def _channels(self, shape: Shape) -> int:
        """The number of channels of inputs of a shape; raises `ShapeError` where there is none."""
        axes = ("(N, T, C)", "(N, H, W, C)")[self.rank - 1]
        self.check_rank(shape, self.rank + 2, self.rank + 2, axes)
        channels = shape[-1] if self.data_format == "channels_last" else shape[1]
        if channels is None:
            raise ShapeError(f"{self.described}: the number of channels must be known, received {shape}")
        return channels

    def _check(self, inputs: Tensor, channels: int) -> None:
        if self._channels(inputs.shape) != channels:
            raise ShapeError(
                f"{self.described}: expected inputs with {channels} channels ({self.data_format}), received shape "
                f"{inputs.shape}; it was built for {self._build_input_shape}"
            )

    def _finished(self, output: Tensor) -> Tensor:
        """Bias and activation; the result with its channels where the inputs had them."""
        if self.bias is not None:
            output = output + self.bias
        return self.activation(channels_first(output) if self.data_format == "channels_first" else output)

    def _last(self, inputs: Tensor) -> Tensor:
        return channels_last(inputs) if self.data_format == "channels_first" else inputs

    def _output_shape(self, input_shape: Shape, filters: int) -> Shape:
        self._channels(input_shape)
        last = self.data_format == "channels_last"
        spatial = input_shape[1:-1] if last else input_shape[2:]
        try:
            out = spatial_output(spatial, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        except ShapeError as error:
            raise ShapeError(f"{self.described}: {error}; received shape {tuple(input_shape)}") from error
        shape = (input_shape[0], *out, filters) if last else (input_shape[0], filters, *out)
        return activations.output_shape(self.activation, shape)


class _DepthwiseConv(_ChannelByChannel):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(depth_multiplier, kernel_size, strides, padding, data_format, dilation_rate)
        self.activation = activations.get(activation)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier), self.depthwise_initializer,
            regularizer=self.depthwise_regularizer, constraint=self.depthwise_constraint, name="kernel",
        )  # fmt: skip
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.kernel.shape[-2])
        return self._finished(
            depthwise_conv(
                self._last(inputs), self.kernel, self.strides, self.padding, dilation_rate=self.dilation_rate
            )
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self._channels(input_shape) * self.depth_multiplier)


class DepthwiseConv1D(_DepthwiseConv):
    """Each channel convolved along time by itself: (N, T, C) -> (N, T', C · depth_multiplier).

    Result c · depth_multiplier + m is channel c under its m-th filter. The arguments are those of
    `Conv1D`, with `depthwise_…` for the kernel.
    Weights: kernel (K, C, depth_multiplier), bias (C · depth_multiplier).

    Source: https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/

    >>> DepthwiseConv1D(3, depth_multiplier=2)(np.ones((2, 10, 4), "float32")).shape
    (2, 8, 8)
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Each channel of images convolved by itself: (N, H, W, C) -> (N, H', W', C · depth_multiplier).

    Result c · depth_multiplier + m is channel c under its m-th filter. The arguments are those of
    `Conv2D`, with `depthwise_…` for the kernel.
    Weights: kernel (K, L, C, depth_multiplier), bias (C · depth_multiplier).

    Source: https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/

    >>> DepthwiseConv2D(3, padding="same")(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 8, 8, 3)
    """

    rank = 2


class _SeparableConv(_ChannelByChannel):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = whole(self.described, "filters", filters)
        self._set_window(depth_multiplier, kernel_size, strides, padding, data_format, dilation_rate)
        self.activation = activations.get(activation)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier), self.depthwise_initializer,
            regularizer=self.depthwise_regularizer, constraint=self.depthwise_constraint, name="depthwise_kernel",
        )  # fmt: skip
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters), self.pointwise_initializer,
            regularizer=self.pointwise_regularizer, constraint=self.pointwise_constraint, name="pointwise_kernel",
        )  # fmt: skip
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.depthwise_kernel.shape[-2])
        return self._finished(
            separable_conv(
                self._last(inputs), self.depthwise_kernel, self.pointwise_kernel, self.strides, self.padding,
                dilation_rate=self.dilation_rate,
            )
        )  # fmt: skip

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self.filters)


class SeparableConv1D(_SeparableConv):
    """`DepthwiseConv1D`, then a mix of the channels at each step: (N, T, C) -> (N, T', F).

    filters: the number F. The other arguments are those of `Conv1D`, with `depthwise_…` and
    `pointwise_…` for the two kernels.
    Weights: depthwise_kernel (K, C, depth_multiplier), pointwise_kernel (1, C · depth_multiplier, F), bias (F).

    Source: https://keras.io/api/layers/convolution_layers/separable_convolution1d/

    >>> SeparableConv1D(5, 3)(np.ones((2, 10, 4), "float32")).shape
    (2, 8, 5)
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """`DepthwiseConv2D`, then a mix of the channels of each pixel: (N, H, W, C) -> (N, H', W', F).

    filters: the number F. The other arguments are those of `Conv2D`, with `depthwise_…` and
    `pointwise_…` for the two kernels.
    Weights: depthwise_kernel (K, L, C, depth_multiplier), pointwise_kernel
    (1, 1, C · depth_multiplier, F), bias (F).

    Source: Chollet 2017; https://keras.io/api/layers/convolution_layers/separable_convolution2d/

    >>> SeparableConv2D(5, 3)(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 6, 6, 5)
    """

    rank = 2
