"""The networks that a command line knows by name, made for the samples they are to learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import tinynet
from tinynet.cli.arguments import UsageError
from tinynet.errors import nearest
from tinynet.models import Model
from tinynet.study.architectures import RECURRENT, cifar10_cnn, cifar10_fast_cnn, mlp, sentiment_rnn, sequence_rnn

VOCABULARY, LENGTH = 3000, 100
CNN_SIDE, FAST_SIDE, BLOCKS_SIDE = 4, 8, 10  # the least sides of an image: for one block, for three, for two


@dataclass(frozen=True)
class Samples:
    """What a network has to know of the samples.

    shape: of one; () for texts. classes: how many. largest: the largest magnitude among their numbers.
    mean, variance: of each channel. vocabulary, length, units: None for the usual ones.
    """

    shape: tuple[int, ...]
    classes: int
    largest: float = 1.0
    mean: list[float] = field(default_factory=list)
    variance: list[float] = field(default_factory=list)
    vocabulary: int | None = None
    length: int | None = None
    units: int | None = None

    @property
    def is_text(self) -> bool:
        """Whether they are texts."""
        return not self.shape


# Those of CIFAR-10, and NusaX's texts: what a network is made for when there are no data.
IMAGES = Samples((32, 32, 3), 10, 255.0, [125.3, 123.0, 113.9], [3968.2, 3855.1, 4449.5])
SENTENCES = Samples((), 3)


def samples_of(x: np.ndarray, classes: int, **settings: int | None) -> Samples:
    """What a network has to know of an array of numbers (N, …) or of texts (N,)."""
    if x.dtype.kind in "US":
        return Samples((), classes, **settings)  # type: ignore[arg-type]
    mean, variance = _moments(x[..., None] if x.ndim == 3 else x)
    return Samples(x.shape[1:], classes, largest(x), mean, variance, **settings)  # type: ignore[arg-type]


def largest(x: np.ndarray) -> float:
    """The largest magnitude among numbers; 1 where all are 0."""
    return max(abs(float(x.max())), abs(float(x.min()))) or 1.0


def _moments(x: np.ndarray) -> tuple[list[float], list[float]]:
    """The mean and variance along all axes but the last, without a copy of all in float64."""
    axes, count = tuple(range(x.ndim - 1)), x.size // max(x.shape[-1], 1)
    mean, square = np.zeros(x.shape[-1]), np.zeros(x.shape[-1])
    for start in range(0, len(x), 1024):
        part = x[start : start + 1024].astype(np.float64)
        mean += part.sum(axes) / count
        square += (part**2).sum(axes) / count
    return mean.tolist(), np.maximum(square - mean**2, 0).tolist()


def _mlp(name: str, samples: Samples) -> Model:
    _refuse_texts(name, samples)
    units = {} if samples.units is None else {"units": samples.units}
    return mlp(tinynet, samples.shape, samples.classes, largest=samples.largest, **units)


def _cnn(name: str, samples: Samples) -> Model:
    shape = _image_shape(name, samples, CNN_SIDE)
    filters = (32, 64) if min(shape[:2]) >= BLOCKS_SIDE else (32,)
    return cifar10_cnn(tinynet, filters, shape=shape, largest=samples.largest, classes=samples.classes)


def _fast_cnn(name: str, samples: Samples) -> Model:
    shape = _image_shape(name, samples, FAST_SIDE)
    variance = [number or 1.0 for number in samples.variance]
    return cifar10_fast_cnn(tinynet, shape=shape, mean=samples.mean, variance=variance, classes=samples.classes)


def _recurrent(name: str, samples: Samples) -> Model:
    both, layer = name.startswith("bidirectional-"), name.removeprefix("bidirectional-").replace("-", "_")
    units = 64 if samples.units is None else samples.units
    if samples.is_text:
        return sentiment_rnn(
            tinynet, layer, bidirectional=both, units=units, classes=samples.classes,
            vocabulary=samples.vocabulary or VOCABULARY, length=samples.length or LENGTH,
        )  # fmt: skip
    if len(samples.shape) not in (2, 3):
        raise UsageError(
            f"{name}: reads texts, sequences (steps, numbers) or images row by row; the samples have shape "
            f"{samples.shape}. mlp takes any"
        )
    return sequence_rnn(
        tinynet, samples.shape, samples.classes, layer, bidirectional=both, units=units, largest=samples.largest
    )


READY: dict[str, Callable[[str, Samples], Model]] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "fast-cnn": _fast_cnn,
    **{direction + layer.replace("_", "-"): _recurrent for direction in ("", "bidirectional-") for layer in RECURRENT},
}
CONVOLUTIONAL = ("cnn", "fast-cnn")


def ready_model(name: str, samples: Samples) -> Model:
    """The network of a name for samples like these: of their numbers, or of the ids of their words.

    Raises `UsageError` for an unknown name, and for samples that the network cannot take.
    """
    if name not in READY:
        raise UsageError(f"{name!r}: is no model's file and no network. {nearest(name, READY)}")
    if samples.units is not None and name in CONVOLUTIONAL:
        raise UsageError(f"--units: {name} has no such number; it is for mlp and recurrent networks")
    return READY[name](name, samples)


def usual_samples(name: str) -> Samples:
    """What a network is made for when there are no data: CIFAR-10's images, or NusaX's texts."""
    return SENTENCES if READY.get(name) is _recurrent else IMAGES


def _refuse_texts(name: str, samples: Samples) -> None:
    if samples.is_text:
        raise UsageError(f"{name}: takes numbers, and the data are texts; lstm, gru and simple-rnn read texts")


def _image_shape(name: str, samples: Samples, least: int) -> tuple[int, ...]:
    """The shape (H, W, C) of images; those without channels have one."""
    _refuse_texts(name, samples)
    shape = (*samples.shape, 1) if len(samples.shape) == 2 else samples.shape
    if len(shape) != 3:
        raise UsageError(
            f"{name}: takes images (height, width, channels); the samples have shape {samples.shape}. mlp takes any"
        )
    if min(shape[:2]) < least:
        raise UsageError(f"{name}: images of {shape[0]} x {shape[1]} are too small for it; {least} x {least} are not")
    return shape
