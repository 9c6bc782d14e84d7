"""Layers that disturb training so that the model generalises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from tinynet import config, regularizers
from tinynet.arguments import data_format_of, fraction, whole
from tinynet.autograd import Tensor
from tinynet.autograd.tracing import at_each_replay
from tinynet.catalogue import Config
from tinynet.errors import ArgumentError, nearest
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.lookup import dropout
from tinynet.seeds import SeedGenerator

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

    replayable = True
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
        self._build_at_init()

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0.0
        shape = self._mask_shape(inputs.shape)
        keep = at_each_replay(partial(self.seed_generator.keep_mask, shape, self.rate, inputs.dtype))
        return dropout(inputs, keep, rate=self.rate)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape) or any(
            m not in (None, 1, n) for m, n in zip(self.noise_shape, shape, strict=True)
        ):
            raise ArgumentError(
                f"{self.described}: noise_shape {self.noise_shape} does not fit inputs of shape {shape}"
            )
        return tuple(n if m is None else m for m, n in zip(self.noise_shape, shape, strict=True))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class _SpatialDropout(Dropout):
    """Dropout of whole channels: the elements of a channel are dropped together."""

    rank = 0
    data_format = "channels_last"

    def __init__(self, rate: float, seed: int | None, name: str | None, dtype: Any, unknown: dict[str, Any]) -> None:
        for key in unknown:
            known = [*self.config_keys(), "name", "dtype"]  # as in Keras: not even trainable
            raise ArgumentError(f"{type(self).__name__}: unknown argument {key!r}. {nearest(key, known)}")
        super().__init__(rate, seed=seed, name=name, dtype=dtype)

    def get_config(self) -> Config:
        own = {key: self.argument(key) for key in self.config_keys()}
        return {**own, "name": self.name, "dtype": self.dtype}

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        self.compute_output_shape(inputs.shape)
        return super().call(inputs, training)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        ones = (1,) * self.rank
        return (shape[0], *ones, shape[-1]) if self.data_format == "channels_last" else (*shape[:2], *ones)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        axes = ("(N, T, C)", "(N, H, W, C)", "(N, D, H, W, C)")[self.rank - 1]
        self.check_rank(input_shape, self.rank + 2, self.rank + 2, axes)
        return input_shape


class SpatialDropout1D(_SpatialDropout):
    """In training, drops whole channels of sequences (N, T, C), and scales the others by 1/(1 − rate).

    rate: the fraction of channels dropped. seed: of the layer's own random numbers.
    Keras's layer takes name and dtype besides, and no other argument.

    Source: Tompson et al. 2014; https://keras.io/api/layers/regularization_layers/spatial_dropout1d/

    >>> import numpy as np
    >>> SpatialDropout1D(0.5)(np.ones((1, 2, 1), "float32")).tolist()
    [[[1.0], [1.0]]]
    """

    replayable = True
    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, seed, name, dtype, kwargs)


class _PlacedSpatialDropout(_SpatialDropout):
    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, name, dtype, kwargs)
        self.data_format = data_format_of(self.described, data_format)


class SpatialDropout2D(_PlacedSpatialDropout):
    """In training, drops whole channels of images (N, H, W, C), and scales the others by 1/(1 − rate).

    data_format: 'channels_last', or 'channels_first' for (N, C, H, W). The other arguments are those
        of `SpatialDropout1D`.

    Source: Tompson et al. 2014; https://keras.io/api/layers/regularization_layers/spatial_dropout2d/

    >>> import numpy as np
    >>> SpatialDropout2D(0.5)(np.ones((1, 2, 2, 3), "float32")).shape
    (1, 2, 2, 3)
    """

    replayable = True
    rank = 2


class SpatialDropout3D(_PlacedSpatialDropout):
    """In training, drops whole channels of volumes (N, D, H, W, C), and scales the others by 1/(1 − rate).

    The arguments are those of `SpatialDropout2D`.

    Source: Tompson et al. 2014; https://keras.io/api/layers/regularization_layers/spatial_dropout3d/

    >>> import numpy as np
    >>> SpatialDropout3D(0.5)(np.ones((1, 2, 2, 2, 3), "float32")).shape
    (1, 2, 2, 2, 3)
    """

    rank = 3


class GaussianNoise(Layer):
    """In training, adds normal noise of standard deviation `stddev` to each element.

    stddev: between 0 and 1. seed: of the layer's own random numbers.

    Source: https://keras.io/api/layers/regularization_layers/gaussian_noise/

    >>> import numpy as np
    >>> GaussianNoise(0.1)(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    replayable = True
    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = fraction(self.described, "stddev", stddev)
        self.seed = seed
        if self.stddev > 0:
            self.seed_generator = SeedGenerator(seed)
        self._build_at_init()

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.stddev == 0:
            return inputs
        draw = partial(self.seed_generator.normal, inputs.shape, 0.0, self.stddev, inputs.dtype)
        return inputs + at_each_replay(draw)

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

    replayable = True
    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(self.described, "rate", rate)
        if self.rate == 1:
            raise ArgumentError(f"{self.described}: a rate of 1 would be noise without bounds; expected rate < 1")
        self.seed = seed
        if self.rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self._build_at_init()

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate))
        draw = partial(self.seed_generator.normal, inputs.shape, 1.0, stddev, inputs.dtype)
        return inputs * at_each_replay(draw)

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
        keep = self.seed_generator.keep_mask(self._mask_shape(inputs.shape), self.rate, config.floatx())
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
        self._build_at_init()

    def get_config(self) -> Config:
        # The two numbers say it already, and the constructor takes no activity_regularizer.
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
