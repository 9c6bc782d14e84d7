"""Transposed convolutions: from the size of a convolution's result back to that of its input."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError
from tinynet.layers.base import Shape
from tinynet.layers.convolution import WindowLayer
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.ops.windows import conv_transpose
from tinynet.primitives.convolution import transposed_sizes


class _ConvTranspose(WindowLayer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        self._refuse_strides_with_dilation()
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = wholes(where, "output_padding", output_padding, self.rank, minimum=0)
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    f"{where}: expected output_padding below the strides {self.strides}, received {output_padding!r}"
                )
        keep_settings(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._set_bias(use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.kernel: Any = None

    def build(self, input_shape: Shape) -> None:
        self.kernel = add_weight(self, "kernel", (*self.kernel_size, self.filters, self._channels(input_shape)))
        self._add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs, self.kernel.shape[-1])
        output = conv_transpose(
            self._last(inputs), self.kernel, self.strides, self.padding, self.output_padding,
            dilation_rate=self.dilation_rate,
        )  # fmt: skip
        return self._finished(output, self.bias)

    def _spatial_output(self, spatial: Any) -> tuple[int | None, ...]:
        return transposed_sizes(
            spatial, self.kernel_size, self.strides, self.padding, self.output_padding, self.dilation_rate
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._output_shape(input_shape, self.filters)


class Conv1DTranspose(_ConvTranspose):
    """The adjoint of `Conv1D`, which enlarges sequences: (N, T, C) -> (N, T', F).

    T' is T · stride with padding 'same'; with 'valid' it is T · stride + max(reach − stride, 0), where
    reach = (K − 1) · dilation_rate + 1.

    output_padding: a number below the stride. T' is then (T − 1) · stride + reach + output_padding
        with 'valid', less 2⌊reach / 2⌋ with 'same'.
    The other arguments are those of `Conv1D`. Weights: kernel (K, F, C), bias (F).

    Raises `ArgumentError` where a convolution of T' elements would not give T: with 'same', an even
    reach and output_padding=0.
    Source: https://keras.io/api/layers/convolution_layers/convolution1d_transpose/

    >>> import numpy as np
    >>> Conv1DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 5, 8), "float32")).shape
    (2, 10, 4)
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """The adjoint of `Conv2D`, which enlarges images: (N, H, W, C) -> (N, H', W', F).

    The arguments, a number or a pair, and the sizes are those of `Conv1DTranspose`.
    Weights: kernel (K, L, F, C), bias (F).

    Raises `ArgumentError` as `Conv1DTranspose`.
    Source: Zeiler et al. 2010; https://keras.io/api/layers/convolution_layers/convolution2d_transpose/

    >>> import numpy as np
    >>> Conv2DTranspose(4, 3, strides=2)(np.ones((2, 5, 6, 8), "float32")).shape
    (2, 11, 13, 4)
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """The adjoint of `Conv3D`, which enlarges volumes: (N, D, H, W, C) -> (N, D', H', W', F).

    The arguments, a number or three, and the sizes are those of `Conv1DTranspose`.
    Weights: kernel (K, L, M, F, C), bias (F).

    Raises `ArgumentError` as `Conv1DTranspose`.
    Source: https://keras.io/api/layers/convolution_layers/convolution3d_transpose/

    >>> import numpy as np
    >>> Conv3DTranspose(4, 2, strides=2)(np.ones((2, 2, 3, 4, 8), "float32")).shape
    (2, 4, 6, 8, 4)
    """

    rank = 3
