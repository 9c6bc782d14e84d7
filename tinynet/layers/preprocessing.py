"""Layers that prepare numbers for a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor
from tinynet.autograd.tracing import fixed
from tinynet.errors import ArgumentError
from tinynet.layers.base import Layer, Shape


class Rescaling(Layer):
    """inputs · scale + offset; for example scale=1/255 for the bytes of an image.

    >>> Rescaling(0.5, offset=1.0)(np.array([[2]], "uint8")).numpy()
    array([[2.]], dtype=float32)
    """

    replayable = True
    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = self._numbers("scale", scale)
        self.offset = self._numbers("offset", offset)
        self._build_at_init()

    def _numbers(self, name: str, value: Any) -> Any:
        """`value`, a number or numbers that broadcast to the inputs."""
        if value is None or np.asarray(value).dtype.kind not in "iuf":
            raise ArgumentError(f"{self.described}: expected {name} to be a number or an array, received {value!r}")
        return value

    def call(self, inputs: Tensor) -> Tensor:
        dtype = self.compute_dtype
        scale, offset = (np.asarray(number, dtype) for number in (self.scale, self.offset))
        if scale.ndim and config.image_data_format() == "channels_first":
            scale = scale.reshape(*scale.shape, *[1] * (3 - scale.ndim))  # as Keras, which leaves the offset as it is
        scaled = inputs.astype(dtype) * fixed(scale)
        return scaled + fixed(offset) if offset.any() else scaled

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
