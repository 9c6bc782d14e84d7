"""Convolutions of each channel by itself, alone (depthwise) or before a mix of the channels (separable)."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import whole
from tinynet.autograd import Tensor
from tinynet.layers.base import Shape
from tinynet.layers.convolution import WindowLayer
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.ops.windows import depthwise_conv, separable_conv


class _DepthwiseConv(WindowLayer):
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
        self.depth_multiplier = whole(self.described, "depth_multiplier", depth_multiplier)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate, activation)
        keep_settings(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.kernel = add_weight(self, "depthwise", (*self.kernel_size, channels, self.depth_multiplier), name="kernel")
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.kernel.shape[-2])
        return self._finished(
            depthwise_conv(
                self._last(inputs), self.kernel, self.strides, self.padding, dilation_rate=self.dilation_rate
            ),
            self.bias,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self._channels(input_shape) * self.depth_multiplier)


class DepthwiseConv1D(_DepthwiseConv):
    """Each channel convolved along time by itself: (N, T, C) -> (N, T', C · depth_multiplier).

    Result c · depth_multiplier + m is channel c under its m-th filter. The arguments are those of
    `Conv1D`, with `depthwise_…` for the kernel.
    Weights: kernel (K, C, depth_multiplier), bias (C · depth_multiplier).

    Source: https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/

    >>> import numpy as np
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

    >>> import numpy as np
    >>> DepthwiseConv2D(3, padding="same")(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 8, 8, 3)
    """

    rank = 2


class _SeparableConv(WindowLayer):
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
        self.depth_multiplier = whole(self.described, "depth_multiplier", depth_multiplier)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate, activation)
        keep_settings(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        keep_settings(self, "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = add_weight(
            self, "depthwise", (*self.kernel_size, channels, self.depth_multiplier), name="depthwise_kernel"
        )
        self.pointwise_kernel = add_weight(
            self, "pointwise", (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            name="pointwise_kernel",
        )  # fmt: skip
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.depthwise_kernel.shape[-2])
        return self._finished(
            separable_conv(
                self._last(inputs), self.depthwise_kernel, self.pointwise_kernel, self.strides, self.padding,
                dilation_rate=self.dilation_rate,
            ),
            self.bias,
        )  # fmt: skip

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self.filters)


class SeparableConv1D(_SeparableConv):
    """`DepthwiseConv1D`, then a mix of the channels at each step: (N, T, C) -> (N, T', F).

    filters: the number F. The other arguments are those of `Conv1D`, with `depthwise_…` and
    `pointwise_…` for the two kernels.
    Weights: depthwise_kernel (K, C, depth_multiplier), pointwise_kernel (1, C · depth_multiplier, F), bias (F).

    Source: https://keras.io/api/layers/convolution_layers/separable_convolution1d/

    >>> import numpy as np
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

    >>> import numpy as np
    >>> SeparableConv2D(5, 3)(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 6, 6, 5)
    """

    rank = 2
