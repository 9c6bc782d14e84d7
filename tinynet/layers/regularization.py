"""Layers that disturb training so that the model generalises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinynet import regularizers
from tinynet.arguments import fraction, whole
from tinynet.autograd import Tensor
from tinynet.catalogue import Config
from tinynet.errors import ArgumentError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.lookup import dropout
from tinynet.random import SeedGenerator

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


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


class GaussianNoise(Layer):
    """In training, adds normal noise of standard deviation `stddev` to each element.

    stddev: between 0 and 1. seed: of the layer's own random numbers.

    Source: https://keras.io/api/layers/regularization_layers/gaussian_noise/

    >>> import numpy as np
    >>> GaussianNoise(0.1)(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = fraction(self.described, "stddev", stddev)
        self.seed = seed
        if self.stddev > 0:
            self.seed_generator = SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.stddev == 0:
            return inputs
        return inputs + self.seed_generator.normal(inputs.shape, inputs.dtype.name) * inputs.dtype.type(self.stddev)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class GaussianDropout(Layer):
    """In training, multiplies each element by normal noise of mean 1 and variance rate / (1 − rate).

    The noise has the mean and the variance of `Dropout`'s mask of the same rate.

    rate: at least 0 and below 1. seed: of the layer's own random numbers.

    Source: Srivastava et al. 2014; https://keras.io/api/layers/regularization_layers/gaussian_dropout/

    >>> import numpy as np
    >>> GaussianDropout(0.5)(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(self.described, "rate", rate)
        if self.rate == 1:
            raise ArgumentError(f"{self.described}: a rate of 1 would be noise without bounds; expected rate < 1")
        self.seed = seed
        if self.rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        stddev = inputs.dtype.type(math.sqrt(self.rate / (1 - self.rate)))
        return inputs * (1 + self.seed_generator.normal(inputs.shape, inputs.dtype.name) * stddev)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class AlphaDropout(Dropout):
    """Dropout for SELU: in training, drops to SELU's lower limit and keeps mean and variance.

    rate: at least 0 and below 1. noise_shape, seed: those of `Dropout`.

    Source: Klambauer et al. 2017; https://keras.io/api/layers/regularization_layers/alpha_dropout/

    >>> import numpy as np
    >>> AlphaDropout(0.5)(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, noise_shape, seed, **kwargs)
        if self.rate == 1:
            raise ArgumentError(
                f"{self.described}: a rate of 1 leaves nothing to keep the variance of; expected rate < 1"
            )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        lowest = -SELU_SCALE * SELU_ALPHA  # what SELU tends to for large negative inputs
        factor = ((1 - self.rate) * (1 + self.rate * lowest**2)) ** -0.5
        keep = self.seed_generator.keep_mask(self._mask_shape(inputs.shape), self.rate)
        keep = keep.astype(inputs.dtype)
        return factor * (inputs * keep + lowest * (1 - keep)) - factor * lowest * self.rate


class ActivityRegularization(Layer):
    """The input as it is; l1 · Σ|x| + l2 · Σx², a sample, is added to the loss.

    Source: https://keras.io/api/layers/regularization_layers/activity_regularization/

    >>> import numpy as np
    >>> layer = ActivityRegularization(l2=0.5)
    >>> _ = layer(np.array([[1.0, 2.0]], "float32"))
    >>> layer.losses[0].item()
    2.5
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.built = True

    def get_config(self) -> Config:
        # The two numbers say it already, and the constructor takes no activity_regularizer.
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
