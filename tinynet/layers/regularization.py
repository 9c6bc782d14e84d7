"""Layers that disturb training so that the model generalises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.arguments import fraction, whole
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.lookup import dropout
from tinynet.random import SeedGenerator


class Dropout(Layer):
    """In training, sets a fraction `rate` of elements to 0 and scales the others by 1/(1 − rate).

    noise_shape: the shape of the mask, with None or the size for an axis of its own and 1 for an
        axis along which elements are dropped together.
    seed: of the layer's own random numbers.

    Source: Srivastava et al. 2014; https://keras.io/api/layers/regularization_layers/dropout/

    >>> import numpy as np
    >>> Dropout(0.5)(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(self.described, "rate", rate)
        self.seed = seed
        self.noise_shape = None
        if noise_shape is not None:
            if not isinstance(noise_shape, (list, tuple)):
                raise ArgumentError(f"{self.described}: expected noise_shape to be a shape, received {noise_shape!r}")
            self.noise_shape = tuple(
                None if n is None else whole(self.described, "every axis of noise_shape", n) for n in noise_shape
            )
        if self.rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0.0
        keep = self.seed_generator.keep_mask(self._mask_shape(inputs.shape), self.rate)
        return dropout(inputs, keep, rate=self.rate)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape) or any(
            m not in (None, 1, n) for m, n in zip(self.noise_shape, shape, strict=True)
        ):
            raise ArgumentError(f"{self.described}: noise_shape {self.noise_shape} does not fit inputs of shape {shape}")
        return tuple(n if m is None else m for m, n in zip(self.noise_shape, shape, strict=True))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
