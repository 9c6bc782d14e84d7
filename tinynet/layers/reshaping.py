"""Layers that only change shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinynet.arguments import data_format_of, whole
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.shapes import broadcast_to, reshape, transpose


class Flatten(Layer):
    """All axes but the batch as one, row by row: (N, H, W, C) -> (N, H·W·C).

    data_format: 'channels_first' moves the channels last before flattening.

    >>> import numpy as np
    >>> Flatten()(np.zeros((5, 2, 3), "float32")).shape
    (5, 6)
    """

    replayable = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        self.check_rank(inputs.shape, 1, None, "(N, …)")
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = transpose(inputs, axes=(0, *range(2, inputs.ndim), 1))
        # The size is spelled out: -1 could not be worked out for an empty batch.
        return reshape(inputs, shape=(inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if None in input_shape[1:]:
            return (input_shape[0], None)
        return (input_shape[0], math.prod(n for n in input_shape[1:] if n is not None))


class Reshape(Layer):
    """Another shape for all axes but the batch; one of them may be -1.

    Raises `ShapeError` when the number of elements differs.
    """

    replayable = True

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shape = tuple(target_shape) if isinstance(target_shape, (list, tuple)) else (None,)
        unknown = [n for n in shape if n == -1]
        if len(unknown) > 1 or any(isinstance(n, bool) or not isinstance(n, int) or n < -1 for n in shape):
            raise ArgumentError(
                f"{self.described}: expected sizes with at most one -1, received target_shape={target_shape!r}"
            )
        self.target_shape = shape
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        return reshape(inputs, shape=(inputs.shape[0], *self._resolved(inputs.shape)))

    def _resolved(self, input_shape: Shape) -> Shape:
        if None in input_shape[1:]:
            return tuple(None if n == -1 else n for n in self.target_shape)
        total = math.prod(n for n in input_shape[1:] if n is not None)
        known = math.prod(n for n in self.target_shape if n != -1)
        fits = total % known == 0 if -1 in self.target_shape and known else total == known
        if not fits:
            raise ShapeError(
                f"{self.described}: {total} elements of shape {tuple(input_shape[1:])} do not make {self.target_shape}"
            )
        return tuple(total // known if n == -1 else n for n in self.target_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self._resolved(input_shape))


class Permute(Layer):
    """The axes after the batch in another order, counted from 1: dims (2, 1) turns (N, A, B) into (N, B, A).

    Raises `ArgumentError` unless `dims` holds each of 1, 2, … once.
    Source: https://keras.io/api/layers/reshaping_layers/permute/

    >>> import numpy as np
    >>> Permute((2, 1))(np.zeros((5, 2, 3), "float32")).shape
    (5, 3, 2)
    """

    replayable = True

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(dims, (list, tuple)) or sorted(map(repr, dims)) != sorted(map(repr, range(1, len(dims) + 1))):
            raise ArgumentError(
                f"{self.described}: expected dims to hold each axis once, counted from 1, received {dims!r}"
            )
        self.dims = tuple(dims)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        self.compute_output_shape(inputs.shape)
        return transpose(inputs, axes=(0, *self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_rank(input_shape, len(self.dims) + 1, len(self.dims) + 1, f"(N, …), with {len(self.dims)} after N")
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Layer):
    """The same vector at n steps: (N, F) -> (N, n, F).

    Source: https://keras.io/api/layers/reshaping_layers/repeat_vector/

    >>> import numpy as np
    >>> RepeatVector(3)(np.zeros((5, 2), "float32")).shape
    (5, 3, 2)
    """

    replayable = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = whole(self.described, "n", n)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        batch, n, features = self.compute_output_shape(inputs.shape)
        return broadcast_to(reshape(inputs, shape=(batch, 1, features)), shape=(batch, n, features))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_rank(input_shape, 2, 2, "(N, F)")
        return (input_shape[0], self.n, input_shape[1])
