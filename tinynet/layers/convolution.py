"""Convolution layers."""

from __future__ import annotations

from typing import Any

from tinynet import activations, kernels
from tinynet.arguments import data_format_of, flag, one_of, whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.primitives.convolution import conv, conv_relu
from tinynet.primitives.pooled_convolution import conv_relu_max_pool
from tinynet.primitives.shapes import transpose


def channels_last(x: Tensor) -> Tensor:
    """(N, C, *spatial) as (N, *spatial, C)."""
    return transpose(x, axes=(0, *range(2, x.ndim), 1))


def channels_first(x: Tensor) -> Tensor:
    """(N, *spatial, C) as (N, C, *spatial)."""
    return transpose(x, axes=(0, x.ndim - 1, *range(1, x.ndim - 1)))


class WindowLayer(Layer):
    """What all layers with a kernel over `rank` spatial axes share: the window, the bias, the place of the channels."""

    casts_integers = True
    writes_activity_regularizer = True
    rank = 0
    paddings: tuple[str, ...] = ("valid", "same")
    bias: Any = None

    def _set_window(
        self, kernel_size: Any, strides: Any, padding: Any, data_format: Any, dilation_rate: Any, activation: Any
    ) -> None:
        where = self.described
        self.kernel_size = wholes(where, "kernel_size", kernel_size, self.rank)
        self.strides = wholes(where, "strides", strides, self.rank)
        self.padding = one_of(where, "padding", str(padding).lower(), self.paddings)
        self.data_format = data_format_of(where, data_format)
        self.dilation_rate = wholes(where, "dilation_rate", dilation_rate, self.rank)
        self.activation = activations.get(activation)

    def _refuse_strides_with_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{self.described}: strides {self.strides} and dilation_rate {self.dilation_rate} cannot both exceed 1"
            )

    def _set_bias(self, use_bias: Any, initializer: Any, regularizer: Any, constraint: Any) -> None:
        self.use_bias = flag(self.described, "use_bias", use_bias)
        keep_settings(self, "bias", initializer, regularizer, constraint)

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = add_weight(self, "bias", (size,))

    def _check_axes(self, shape: Shape) -> None:
        axes = ("(N, T, C)", "(N, H, W, C)", "(N, D, H, W, C)")[self.rank - 1]
        self.check_rank(shape, self.rank + 2, self.rank + 2, axes)

    def _channels(self, shape: Shape) -> int:
        """The number of channels of inputs of a shape; raises `ShapeError` where there is none."""
        self._check_axes(shape)
        channels = shape[-1] if self.data_format == "channels_last" else shape[1]
        if channels is None:
            raise ShapeError(f"{self.described}: expected a known number of channels, received shape {shape}")
        return channels

    def _check(self, inputs: Tensor, channels: int) -> None:
        if inputs.ndim != self.rank + 2 or self._channels(inputs.shape) != channels:
            raise ShapeError(
                f"{self.described}: expected inputs of {self.rank + 2} axes with {channels} channels "
                f"({self.data_format}), received shape {inputs.shape}; it was built for {self._build_input_shape}"
            )

    def _last(self, inputs: Tensor) -> Tensor:
        """The inputs with their channels last."""
        return channels_last(inputs) if self.data_format == "channels_first" else inputs

    def _finished(self, output: Tensor, bias: Any = None) -> Tensor:
        """Bias and activation; the result with its channels where the inputs had them."""
        if bias is not None:
            output = output + bias
        # The activation sees the axes as the caller does: a softmax runs along the last one.
        return self.activation(self._placed(output))

    def _placed(self, output: Tensor) -> Tensor:
        """A result whose channels are last, with its channels where the inputs had them."""
        return channels_first(output) if self.data_format == "channels_first" else output

    def _spatial_output(self, spatial: Any) -> tuple[int | None, ...]:
        """The result's sizes along the spatial axes; None where the input's is unknown."""
        return spatial_output(spatial, self.kernel_size, self.strides, self.dilation_rate, self.padding)

    def _output_shape(self, input_shape: Shape, filters: int) -> Shape:
        self._check_axes(input_shape)
        last = self.data_format == "channels_last"
        try:
            out = self._spatial_output(input_shape[1:-1] if last else input_shape[2:])
        except (ArgumentError, ShapeError) as error:
            raise type(error)(f"{self.described}: {error}; received shape {tuple(input_shape)}") from error
        shape = (input_shape[0], *out, filters) if last else (input_shape[0], filters, *out)
        return activations.output_shape(self.activation, shape)


class BaseConv(WindowLayer):
    """Convolution over `rank` spatial axes; see `Conv2D`."""

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
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate, activation)
        self.groups = whole(where, "groups", groups)
        keep_settings(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.kernel: Any = None
        if self.filters % self.groups:
            raise ArgumentError(f"{where}: filters ({self.filters}) must be a multiple of groups ({self.groups})")
        self._refuse_strides_with_dilation()

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"{self.described}: expected a number of channels that is a multiple of groups={self.groups}, "
                f"received shape {input_shape}"
            )
        self.kernel = add_weight(self, "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.kernel.shape[-2] * self.groups)
        fused = self.activation is activations.relu
        output = (conv_relu if fused else conv)(
            self._last(inputs), self.kernel, self.bias, strides=self.strides, padding=self.padding,
            dilation=self.dilation_rate, groups=self.groups,
        )  # fmt: skip
        return self._placed(output) if fused else self._finished(output)

    def call_with_pooling(self, inputs: Tensor, pooling: Any) -> Tensor:
        """`call`, and then a max pooling, of a layer with a relu, its channels last and in one group."""
        self._check(inputs, self.kernel.shape[-2])
        return conv_relu_max_pool(
            inputs, self.kernel, self.bias, strides=self.strides, padding=self.padding, dilation=self.dilation_rate,
            pool_size=pooling.pool_size, pool_strides=pooling.strides, pool_padding=pooling.padding,
        )  # fmt: skip

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self.filters)


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

    replayable = True
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

    replayable = True
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

    replayable = True
    rank = 3
