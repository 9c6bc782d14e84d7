"""Pooling layers: windows, and whole sequences or images."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, flag, one_of, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.convolution import channels_first, channels_last, spatial_output
from tinynet.primitives.operation import Operation
from tinynet.primitives.pooling import average_pool, max_pool


class _Pooling(Layer):
    """A value for each window; see the subclasses."""

    casts_integers = True
    rank = 0
    operation: Operation

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.pool_size = wholes(where, "pool_size", pool_size, self.rank)
        self.strides = wholes(where, "strides", self.pool_size if strides is None else strides, self.rank)
        self.padding = one_of(where, "padding", str(padding).lower(), ("valid", "same"))
        self.data_format = data_format_of(where, data_format)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        self.check_rank(inputs.shape, self.rank + 2, self.rank + 2, f"of {self.rank + 2} axes")
        if self.data_format == "channels_first":
            inputs = channels_last(inputs)
        output = type(self).operation(inputs, window=self.pool_size, strides=self.strides, padding=self.padding)
        return channels_first(output) if self.data_format == "channels_first" else output

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_rank(input_shape, self.rank + 2, self.rank + 2, f"of {self.rank + 2} axes")
        last = self.data_format == "channels_last"
        spatial = input_shape[1:-1] if last else input_shape[2:]
        try:
            out = spatial_output(spatial, self.pool_size, self.strides, (1,) * self.rank, self.padding)
        except ShapeError as error:
            raise ShapeError(f"{self.described}: {error}; received shape {tuple(input_shape)}") from error
        return (input_shape[0], *out, input_shape[-1]) if last else (*input_shape[:2], *out)


class MaxPooling1D(_Pooling):
    """The largest value of each window of time steps: (N, T, C) -> (N, T', C).

    strides: the distance between windows; the window's size without one.
    padding: 'valid' drops what does not fill a window, 'same' pads.

    Source: https://keras.io/api/layers/pooling_layers/max_pooling1d/
    """

    replayable = True
    rank = 1
    operation = max_pool
    casts_integers = False

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class MaxPooling2D(_Pooling):
    """The largest value of each window of an image: (N, H, W, C) -> (N, H', W', C).

    pool_size, strides: a number or a pair; strides are the window's size without them.
    padding: 'valid' drops what does not fill a window, 'same' pads.

    Source: https://keras.io/api/layers/pooling_layers/max_pooling2d/

    >>> MaxPooling2D()(np.arange(4, dtype="float32").reshape(1, 2, 2, 1)).numpy().ravel()
    array([3.], dtype=float32)
    """

    replayable = True
    rank = 2
    operation = max_pool
    casts_integers = False

    def __init__(self, pool_size: Any = (2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class MaxPooling3D(_Pooling):
    """The largest value of each window of a volume: (N, D, H, W, C) -> (N, D', H', W', C).

    pool_size, strides: a number or three; strides are the window's size without them.

    Source: https://keras.io/api/layers/pooling_layers/max_pooling3d/

    >>> MaxPooling3D()(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).numpy().ravel()
    array([7.], dtype=float32)
    """

    replayable = True
    rank = 3
    operation = max_pool
    casts_integers = False

    def __init__(self, pool_size: Any = (2, 2, 2), strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling1D(_Pooling):
    """The mean of each window of time steps: (N, T, C) -> (N, T', C); padding is not counted."""

    replayable = True
    rank = 1
    operation = average_pool


class AveragePooling2D(_Pooling):
    """The mean of each window of an image: (N, H, W, C) -> (N, H', W', C); padding is not counted.

    >>> AveragePooling2D(2)(np.arange(4, dtype="float32").reshape(1, 2, 2, 1)).numpy().ravel()
    array([1.5], dtype=float32)
    """

    replayable = True
    rank = 2
    operation = average_pool


class AveragePooling3D(_Pooling):
    """The mean of each window of a volume: (N, D, H, W, C) -> (N, D', H', W', C); padding is not counted.

    >>> AveragePooling3D(2)(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).numpy().ravel()
    array([3.5], dtype=float32)
    """

    replayable = True
    rank = 3
    operation = average_pool


class _GlobalPooling(Layer):
    """One value a channel; see the subclasses."""

    casts_integers = True
    rank = 0

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_of(self.described, data_format)
        self.keepdims = flag(self.described, "keepdims", keepdims)
        self._build_at_init()

    @property
    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def _checked(self, inputs: Tensor) -> Tensor:
        self.check_rank(inputs.shape, self.rank + 2, self.rank + 2, f"of {self.rank + 2} axes")
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        axes = self._axes
        if self.keepdims:
            return tuple(1 if i in axes else n for i, n in enumerate(input_shape))
        return tuple(n for i, n in enumerate(input_shape) if i not in axes)


class _GlobalAverage(_GlobalPooling):
    def call(self, inputs: Tensor) -> Tensor:
        return self._checked(inputs).mean(axis=self._axes, keepdims=self.keepdims)


class _GlobalMaximum(_GlobalPooling):
    casts_integers = False

    def call(self, inputs: Tensor) -> Tensor:
        return self._checked(inputs).max(axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over time: (N, T, C) -> (N, C). With a mask, over the steps it keeps.

    A row that is masked throughout has no mean: it gives NaN, as in Keras.
    """

    replayable = True
    rank = 1
    supports_masking = True

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        self._checked(inputs)
        if mask is None:
            return inputs.mean(axis=self._axes, keepdims=self.keepdims)
        steps = (inputs.shape[0], inputs.shape[self._axes[0]])
        if mask.shape != steps:
            raise ShapeError(f"{self.described}: expected a mask of shape {steps} (N, T), received {mask.shape}")
        kept = mask[:, :, None] if self.data_format == "channels_last" else mask[:, None, :]
        total = np.where(kept, inputs, 0.0).sum(axis=self._axes, keepdims=self.keepdims)
        count = kept.sum(axis=self._axes, keepdims=self.keepdims).astype(inputs.dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            return total / count

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel of an image: (N, H, W, C) -> (N, C)."""

    replayable = True
    rank = 2


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean of each channel of a volume: (N, D, H, W, C) -> (N, C).

    Source: https://keras.io/api/layers/pooling_layers/global_average_pooling3d/

    >>> GlobalAveragePooling3D()(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).tolist()
    [[3.5]]
    """

    rank = 3


class GlobalMaxPooling1D(_GlobalMaximum):
    """The largest value over time: (N, T, C) -> (N, C). It does not see masks, as in Keras."""

    replayable = True
    rank = 1


class GlobalMaxPooling2D(_GlobalMaximum):
    """The largest value of each channel of an image: (N, H, W, C) -> (N, C)."""

    replayable = True
    rank = 2


class GlobalMaxPooling3D(_GlobalMaximum):
    """The largest value of each channel of a volume: (N, D, H, W, C) -> (N, C).

    Source: https://keras.io/api/layers/pooling_layers/global_max_pooling3d/

    >>> GlobalMaxPooling3D()(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).tolist()
    [[7.0]]
    """

    rank = 3
