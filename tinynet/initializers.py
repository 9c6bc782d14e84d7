"""First values of weights: Keras's initializers, with the same distributions.

An initializer's seed is fixed when it is made, so, as in Keras, one object used twice gives the
same numbers twice. A name ('glorot_uniform') makes a new object each time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import number, whole
from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)
from tinynet.errors import ArgumentError, ShapeError
from tinynet.seeds import draw_seed, truncated_normal

# The standard deviation of a normal distribution cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer(Configurable):
    """Base of all initializers: call with a shape to get an array."""

    keras_module = "keras.initializers"

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> np.ndarray:
        """The first value of a weight of `shape`, in `dtype` (floatx without one)."""
        values = np.broadcast_to(self.values(tuple(shape)), tuple(shape))
        return np.array(values, dtype or config.floatx(), order="C")

    def values(self, shape: tuple[int, ...]) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define values(shape)")


class RandomInitializer(Initializer):
    """Base of the initializers that draw: holds the seed."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = None if seed is None else whole(type(self).__name__, "seed", seed, 0)
        self._seed = draw_seed() if self.seed is None else self.seed

    def generator(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)


class Zeros(Initializer):
    """All zeros.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def values(self, shape: tuple[int, ...]) -> Any:
        return 0.0


class Ones(Initializer):
    """All ones."""

    def values(self, shape: tuple[int, ...]) -> Any:
        return 1.0


class Constant(Initializer):
    """One value everywhere, or an array that broadcasts to the shape (pretrained vectors)."""

    def __init__(self, value: Any = 0.0) -> None:
        if value is None or np.asarray(value).dtype.kind not in "iufb":
            raise ArgumentError(f"Constant: expected a number or an array of numbers, received {value!r}")
        self.value = value

    def values(self, shape: tuple[int, ...]) -> Any:
        try:
            return np.broadcast_to(np.asarray(self.value, float), shape)
        except ValueError as error:
            raise ShapeError(
                f"Constant: a value of shape {np.shape(self.value)} does not fill a weight of shape {shape}"
            ) from error


class RandomUniform(RandomInitializer):
    """Uniform between `minval` and `maxval`."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = number("RandomUniform", "minval", minval)
        self.maxval = number("RandomUniform", "maxval", maxval, self.minval)

    def values(self, shape: tuple[int, ...]) -> Any:
        return self.generator().uniform(self.minval, self.maxval, shape)


class RandomNormal(RandomInitializer):
    """Normal with the given mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = number("RandomNormal", "mean", mean)
        self.stddev = number("RandomNormal", "stddev", stddev, 0.0)

    def values(self, shape: tuple[int, ...]) -> Any:
        return self.generator().normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomInitializer):
    """Normal, with values beyond two standard deviations drawn again."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = number("TruncatedNormal", "mean", mean)
        self.stddev = number("TruncatedNormal", "stddev", stddev, 0.0)

    def values(self, shape: tuple[int, ...]) -> Any:
        return self.mean + self.stddev * truncated_normal(self.generator(), shape)


def fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many inputs feed an output of a weight, and how many outputs an input feeds.

    The last two axes are inputs and outputs, the ones before a receptive field.

    >>> fans((3, 3, 16, 32))
    (144.0, 288.0)
    """
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    receptive = math.prod(shape[:-2])
    return float(shape[-2] * receptive), float(shape[-1] * receptive)


class VarianceScaling(RandomInitializer):
    """Random values whose variance is `scale` over the fan: keeps signals' size through layers.

    mode: 'fan_in', 'fan_out' or 'fan_avg'.
    distribution: 'truncated_normal', 'untruncated_normal' or 'uniform'.
    """

    # Which axes are inputs and outputs is read off the shape, as Keras does by default; see `between`.
    inert_config = {"input_axes": (None,), "output_axes": (None,)}
    _fans: tuple[int, int] | None = None

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if number("VarianceScaling", "scale", scale) <= 0:
            raise ArgumentError(f"VarianceScaling: expected a positive scale, received {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ArgumentError(f"VarianceScaling: expected mode fan_in, fan_out or fan_avg, received {mode!r}")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ArgumentError(
                "VarianceScaling: expected distribution truncated_normal, untruncated_normal or uniform, "
                f"received {distribution!r}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def between(self, fan_in: int, fan_out: int) -> VarianceScaling:
        """The same initializer for a weight whose shape does not tell how many inputs and outputs there are."""
        other = copy.copy(self)
        other._fans = fan_in, fan_out
        return other

    def values(self, shape: tuple[int, ...]) -> Any:
        fan_in, fan_out = self._fans or fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self.generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, math.sqrt(variance), shape)
        return math.sqrt(variance) / _TRUNCATED_STDDEV * truncated_normal(generator, shape)


class GlorotUniform(VarianceScaling):
    """Uniform within ±√(6/(fan_in + fan_out)) (Glorot and Bengio 2010): Keras's default."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal with variance 2/(fan_in + fan_out) (Glorot and Bengio 2010)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeNormal(VarianceScaling):
    """Truncated normal with variance 2/fan_in, for relu (He et al. 2015)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform with variance 2/fan_in, for relu (He et al. 2015)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal with variance 1/fan_in (LeCun et al. 1998), for selu."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform with variance 1/fan_in (LeCun et al. 1998)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class Orthogonal(RandomInitializer):
    """A matrix with orthonormal rows or columns (Saxe et al. 2013), times `gain`."""

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = number("Orthogonal", "gain", gain)

    def values(self, shape: tuple[int, ...]) -> Any:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of at least two axes, received {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(self.generator().standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # makes the decomposition, and so the matrix, unique
        return self.gain * (q.T if rows < columns else q).reshape(shape)


class Identity(Initializer):
    """The identity matrix times `gain`."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number("Identity", "gain", gain)

    def values(self, shape: tuple[int, ...]) -> Any:
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected a shape of two axes, received {shape}")
        return self.gain * np.eye(*shape)


CATALOGUE = Catalogue(
    "initializer",
    classes=[
        Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform,
        GlorotNormal, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal, Identity,
    ],
    aliases={
        "uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones,
        "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal,
    },
)  # fmt: skip
CATALOGUE.by_class_name["OrthogonalInitializer"] = Orthogonal  # its name in files until Keras 3.6
get = CATALOGUE.get
deserialize = CATALOGUE.deserialize
