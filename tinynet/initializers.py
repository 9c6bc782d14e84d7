"""First values of weights: Keras's initializers, with the same numbers for a seed as with TensorFlow.

An initializer's seed is fixed when it is made, so, as in Keras, one object used twice gives the
same numbers twice, unless its seed is a `SeedGenerator`. A name ('glorot_uniform') makes a new object each time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import axes, flag, number, one_of, whole
from tinynet.autograd import Tensor
from tinynet.catalogue import Catalogue, Config, Configurable, serialize  # noqa: F401 (Keras has it here)
from tinynet.errors import ArgumentError, ShapeError
from tinynet.seeds import SeedGenerator, draw_seed

Seed = int | SeedGenerator | None

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
    """Base of the initializers that draw: holds the seed, an integer or a `SeedGenerator`."""

    def __init__(self, seed: Seed = None) -> None:
        if isinstance(seed, dict) and seed.get("class_name") == "SeedGenerator":  # out of a configuration
            seed = SeedGenerator(seed["config"]["seed"])
        if seed is not None and not isinstance(seed, SeedGenerator):
            seed = whole(type(self).__name__, "seed", seed, 0)
        self.seed = seed
        self._seed = draw_seed() if seed is None else seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> np.ndarray:
        kind = np.dtype(dtype or config.floatx())
        real = kind if kind.kind == "f" else np.dtype(config.floatx())
        return np.array(self.drawn(tuple(shape), real), kind, order="C")

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """Numbers of a float dtype; every subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define drawn(shape, dtype)")

    def generator(self) -> SeedGenerator:
        """At its beginning for a seed each time, where it stands for a `SeedGenerator`."""
        return self._seed if isinstance(self._seed, SeedGenerator) else SeedGenerator(self._seed)


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

    _shape: tuple[int, ...] | None = None  # that the weight must have, where there is such a rule

    def __init__(self, value: Any = 0.0) -> None:
        if value is None or np.asarray(value).dtype.kind not in "iufb":
            raise ArgumentError(f"Constant: expected a number or an array of numbers, received {value!r}")
        self.value = value

    def values(self, shape: tuple[int, ...]) -> Any:
        try:
            if self._shape not in (None, shape):
                raise ValueError("another shape")
            return np.broadcast_to(np.asarray(self.value, float), shape)
        except ValueError as error:
            raise ShapeError(
                f"Constant: a value of shape {np.shape(self.value)} does not fill a weight of shape {shape}"
            ) from error


class RandomUniform(RandomInitializer):
    """Uniform between `minval` and `maxval`."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        super().__init__(seed)
        self.minval = number("RandomUniform", "minval", minval)
        self.maxval = number("RandomUniform", "maxval", maxval, self.minval)

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return self.generator().uniform(shape, self.minval, self.maxval, dtype)


class RandomNormal(RandomInitializer):
    """Normal with the given mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        super().__init__(seed)
        self.mean = number("RandomNormal", "mean", mean)
        self.stddev = number("RandomNormal", "stddev", stddev, 0.0)

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return self.generator().normal(shape, self.mean, self.stddev, dtype)


class TruncatedNormal(RandomInitializer):
    """Normal, with values beyond two standard deviations drawn again."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        super().__init__(seed)
        self.mean = number("TruncatedNormal", "mean", mean)
        self.stddev = number("TruncatedNormal", "stddev", stddev, 0.0)

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return self.generator().truncated_normal(shape, self.mean, self.stddev, dtype)


def fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[float, float]:
    """How many inputs feed an output of a weight, and how many outputs an input feeds.

    Unless it is told which axes are inputs and outputs, the last two axes are, and the ones before a
    receptive field.

    >>> fans((3, 3, 16, 32)), fans((512, 8, 64), [0], [1, 2])
    ((144.0, 288.0), (512.0, 512.0))
    """
    if input_axes is not None and output_axes is not None:
        for axis in (*input_axes, *output_axes):
            if not -len(shape) <= axis < len(shape):
                raise ShapeError(f"fans: axis {axis} does not exist in a weight of shape {tuple(shape)}")
        return float(math.prod(shape[a] for a in input_axes)), float(math.prod(shape[a] for a in output_axes))
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    receptive = math.prod(shape[:-2])
    return float(shape[-2] * receptive), float(shape[-1] * receptive)


class VarianceScaling(RandomInitializer):
    """Random values whose variance is `scale` over the fan: keeps signals' size through layers.

    mode: 'fan_in', 'fan_out' or 'fan_avg'.
    distribution: 'truncated_normal', 'untruncated_normal' or 'uniform'.
    input_axes, output_axes: the axes of a weight that are inputs and outputs, where `fans` does not tell; both or
        none.
    """

    newer = {"input_axes": None, "output_axes": None}  # Keras before 3.12 does not know them
    _fans: tuple[int, int] | None = None

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if (input_axes is None) != (output_axes is None):
            raise ArgumentError(
                f"{type(self).__name__}: expected input_axes and output_axes both or neither, received "
                f"{input_axes!r} and {output_axes!r}"
            )
        self.input_axes, self.output_axes = (
            None if given is None else axes(type(self).__name__, list(given)) for given in (input_axes, output_axes)
        )
        if number("VarianceScaling", "scale", scale) <= 0:
            raise ArgumentError(f"VarianceScaling: expected a positive scale, received {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ArgumentError(f"VarianceScaling: expected mode fan_in, fan_out or fan_avg, received {mode!r}")
        distribution = distribution.lower() if isinstance(distribution, str) else distribution
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

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        fan_in, fan_out = self._fans or fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self.generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return generator.normal(shape, 0.0, math.sqrt(variance), dtype)
        return generator.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype)


class _NamedScaling(VarianceScaling):
    """A `VarianceScaling` whose scale, mode and distribution have a name."""

    settings: tuple[float, str, str]

    def __init__(
        self,
        seed: Seed = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self.settings, seed, input_axes, output_axes)


class GlorotUniform(_NamedScaling):
    """Uniform within ±√(6/(fan_in + fan_out)) (Glorot and Bengio 2010): Keras's default."""

    settings = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Truncated normal with variance 2/(fan_in + fan_out) (Glorot and Bengio 2010)."""

    settings = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_NamedScaling):
    """Truncated normal with variance 2/fan_in, for relu (He et al. 2015)."""

    settings = (2.0, "fan_in", "truncated_normal")


class HeUniform(_NamedScaling):
    """Uniform with variance 2/fan_in, for relu (He et al. 2015)."""

    settings = (2.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """Truncated normal with variance 1/fan_in (LeCun et al. 1998), for selu."""

    settings = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """Uniform with variance 1/fan_in (LeCun et al. 1998)."""

    settings = (1.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """A matrix with orthonormal rows or columns (Saxe et al. 2013), times `gain`."""

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        super().__init__(seed)
        self.gain = number("Orthogonal", "gain", gain)

    def drawn(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of at least two axes, received {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = self.generator().normal((max(rows, columns), min(rows, columns)), dtype=dtype)
        q, r = np.linalg.qr(drawn.astype(float))
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


class STFT(Initializer):
    """The kernel of a short-time Fourier transform as a convolution: (frame_length, 1, fft_length // 2 + 1).

    cos or −sin of 2π · time · frequency / fft_length, times a window.

    side: 'real' or 'imag'.
    window: 'hann', 'hamming', 'blackman', 'bartlett', 'boxcar' or 'tukey'; or frame_length numbers, or None.
    scaling: divide by the root of the window's sum of squares ('density'), by its sum ('spectrum'), or not (None).
    periodic: make the window one step too long and leave out the last one.

    After https://keras.io/api/layers/initializers/.

    >>> STFT("real", None)((4, 1, 3))[:, 0].round(4).tolist() == [
    ...     [1, 1, 1], [1, 0, -1], [1, -1, 1], [1, 0, -1]]
    True
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        self.side = one_of("STFT", "side", side, ("real", "imag"))
        if isinstance(window, str):
            one_of("STFT", "window", window, tuple(_WINDOWS))
        elif window is not None and (np.ndim(window) != 1 or np.asarray(window).dtype.kind not in "iuf"):
            raise ArgumentError(f"STFT: expected window to be a name, a list of numbers or None, received {window!r}")
        self.window = window
        self.scaling = one_of("STFT", "scaling", scaling, ("density", "spectrum", None))
        self.periodic = flag("STFT", "periodic", periodic)

    def values(self, shape: tuple[int, ...]) -> Any:
        if len(shape) != 3 or min(shape) < 1:
            raise ShapeError(f"STFT: expected a shape (frame_length, channels, fft_length // 2 + 1), received {shape}")
        steps, _, bins = shape
        frequency = np.arange(bins) / max(2 * (bins - 1), 1)
        angle = -2 * np.pi * np.arange(steps)[:, None, None] * frequency
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is None:
            return kernel
        window = self.window
        if isinstance(window, str):
            window = _WINDOWS[window](steps + 1)[:-1] if self.periodic else _WINDOWS[window](steps)
        window = np.asarray(window, float)
        if len(window) != steps:
            raise ShapeError(f"STFT: a window of {len(window)} numbers does not fit frames of {steps}")
        scale = {None: 1.0, "density": np.sqrt((window**2).sum()), "spectrum": np.abs(window).sum()}[self.scaling]
        return kernel * window[:, None, None] / scale


def _tukey(steps: int) -> np.ndarray:
    """A window of 1 whose first and last quarter rise and fall along a cosine."""
    rising = np.linspace(0, 1, steps) if steps > 1 else np.full(steps, 0.5)
    from_end = np.minimum(rising, 1 - rising)
    return np.where(from_end < 0.25, 0.5 * (1 - np.cos(4 * np.pi * from_end)), 1.0)


_WINDOWS: dict[str, Callable[[int], np.ndarray]] = {
    "hann": np.hanning, "hamming": np.hamming, "blackman": np.blackman, "bartlett": np.bartlett, "boxcar": np.ones,
    "tukey": _tukey,
}  # fmt: skip

CATALOGUE = Catalogue(
    "initializer",
    classes=[
        Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform,
        GlorotNormal, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal, Identity, STFT,
    ],
    aliases={
        "uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones,
        "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal, "STFTInitializer": STFT,
    },
)  # fmt: skip
CATALOGUE.by_class_name["OrthogonalInitializer"] = Orthogonal  # its name in files until Keras 3.6
zeros, ones, constant, identity, orthogonal, stft = Zeros, Ones, Constant, Identity, Orthogonal, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, glorot_normal, glorot_uniform = VarianceScaling, GlorotNormal, GlorotUniform
he_normal, he_uniform, lecun_normal, lecun_uniform = HeNormal, HeUniform, LecunNormal, LecunUniform
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT


def get(identifier: Any) -> Any:
    """An initializer from None, a name, a configuration, a class, the initializer itself, or an array.

    An array is the value of a weight of exactly its shape.

    Raises `ArgumentError` with the nearest known name for one that is unknown.

    >>> get("zeros")((2,)), get(np.array([1.0, 2.0]))((2,))
    (array([0., 0.], dtype=float32), array([1., 2.], dtype=float32))
    """
    if not isinstance(identifier, (np.ndarray, np.generic, Tensor)):
        return CATALOGUE.get(identifier)
    given = Constant(np.asarray(identifier))
    given._shape = np.shape(identifier)
    return given


deserialize = CATALOGUE.deserialize
