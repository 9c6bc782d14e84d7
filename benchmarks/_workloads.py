"""What is timed: two families of models, written once for all libraries, and their data.

A workload says its architecture in numbers. Keras and tinynet have the same names, so `build` serves
both; `_run_pytorch.py` and `_run_onnxruntime.py` build the same from the same numbers.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

# What is timed of each workload. `N` is its batch; `fit` runs an epoch of FIT_STEPS batches.
LINES = ("training step", "fit, a step", "predict 1", "call 1", "predict N")
FIT_STEPS = 20

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


class Flop(NamedTuple):
    """Floating-point operations of a batch: a product of (n, k) and (k, m) counts 2nkm, all else nothing."""

    predict: int
    training: int


@dataclasses.dataclass(frozen=True)
class ImageModel:
    """Blocks of Conv2D 3×3 relu and MaxPooling 2, then Dense relu, Dropout, Dense softmax; images (N, side, side, 3).

    pixels: the images are uint8 from 0 to 255 and the model rescales them; else float32 in [0, 1).
    """

    name: str
    batch: int = 64
    side: int = 32
    filters: tuple[int, ...] = (32, 64)
    hidden: int = 128
    classes: int = 10
    pixels: bool = False

    def toy(self) -> ImageModel:
        """The same model at a size that takes no time."""
        return dataclasses.replace(self, batch=4, side=10, filters=(4, 6), hidden=8, classes=3)

    def build(self, keras: Any, dropout: float) -> Any:
        """The model in Keras or tinynet, not compiled."""
        layers = keras.layers
        model = keras.Sequential([keras.Input((self.side, self.side, 3))])
        if self.pixels:
            model.add(layers.Rescaling(1 / 255))
        for filters in self.filters:
            model.add(layers.Conv2D(filters, 3, activation="relu"))
            model.add(layers.MaxPooling2D(2))
        model.add(layers.Flatten())
        model.add(layers.Dense(self.hidden, activation="relu"))
        model.add(layers.Dropout(dropout))
        model.add(layers.Dense(self.classes, activation="softmax"))
        return model

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Random images and labels of one batch."""
        shape = (self.batch, self.side, self.side, 3)
        x = rng.integers(0, 256, shape, dtype=np.uint8) if self.pixels else rng.random(shape, dtype=np.float32)
        return x, rng.integers(0, self.classes, self.batch)

    @property
    def last_map(self) -> tuple[int, int]:
        """Side and channels of what Flatten receives."""
        side = self.side
        for _ in self.filters:
            side = (side - 2) // 2
        return side, self.filters[-1]

    def flop(self) -> Flop:
        side, channels, products = self.side, 3, []
        for filters in self.filters:
            side -= 2
            products.append(2 * side * side * filters * channels * 9)
            side, channels = side // 2, filters
        products.append(2 * side * side * channels * self.hidden)
        products.append(2 * self.hidden * self.classes)
        forward = self.batch * sum(products)
        # Each product has two derivatives of its own cost; nobody wants the first one's to the images.
        return Flop(forward, 3 * forward - self.batch * products[0])


@dataclasses.dataclass(frozen=True)
class SentenceModel:
    """Embedding, one recurrent layer, Dropout, Dense relu, Dense softmax; token ids (N, steps).

    layer: 'SimpleRNN', 'LSTM' or 'GRU'.
    padded: the sentences end in zeros, which the recurrent layer skips; else all steps are words.
    """

    name: str
    layer: str
    bidirectional: bool = False
    batch: int = 32
    steps: int = 100
    units: int = 64
    vocabulary: int = 3000
    embedding: int = 32
    hidden: int = 64
    classes: int = 3
    padded: bool = False

    def toy(self) -> SentenceModel:
        """The same model at a size that takes no time."""
        return dataclasses.replace(self, batch=4, steps=5, units=4, vocabulary=30, embedding=6, hidden=8)

    @property
    def directions(self) -> int:
        return 1 + self.bidirectional

    def build(self, keras: Any, dropout: float) -> Any:
        """The model in Keras or tinynet, not compiled."""
        layers = keras.layers
        recurrent = getattr(layers, self.layer)(self.units)
        return keras.Sequential([
            keras.Input((self.steps,), dtype="int32"),
            layers.Embedding(self.vocabulary, self.embedding, mask_zero=self.padded),
            layers.Bidirectional(recurrent) if self.bidirectional else recurrent,
            layers.Dropout(dropout),
            layers.Dense(self.hidden, activation="relu"),
            layers.Dense(self.classes, activation="softmax"),
        ])  # fmt: skip

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Random sentences and labels of one batch."""
        x = rng.integers(1, self.vocabulary, (self.batch, self.steps), dtype=np.int32)
        if self.padded:  # about the lengths of NusaX's sentences, whose mean is 23 words of 100
            lengths = rng.integers(self.steps * 2 // 25, self.steps * 2 // 5, (self.batch, 1), endpoint=True)
            x[np.arange(self.steps) >= np.maximum(lengths, 1)] = 0
        return x, rng.integers(0, self.classes, self.batch)

    def flop(self) -> Flop:
        """Padding counts as if it were computed."""
        width = GATES[self.layer] * self.units
        step = 2 * (self.embedding + self.units) * width
        dense = 2 * self.directions * self.units * self.hidden + 2 * self.hidden * self.classes
        forward = self.batch * (self.directions * self.steps * step + dense)
        return Flop(forward, 3 * forward)  # each product has two derivatives of its own cost


Workload = ImageModel | SentenceModel


def named(models: Iterable[Workload]) -> dict[str, Workload]:
    return {model.name: model for model in models}


RECURRENT = [(layer, two) for layer in GATES for two in (False, True)]

BASE = named([
    ImageModel("CNN"),
    *(SentenceModel(f"{'bidirectional ' * two}{layer}", layer, two) for layer, two in RECURRENT),
])  # fmt: skip

# The reports' whole models, as tinynet/study/architectures.py builds them.
REPORTS = named([
    ImageModel("CIFAR-10 CNN", pixels=True),
    *(SentenceModel(f"NusaX {'bidirectional ' * two}{layer}", layer, two, padded=True) for layer, two in RECURRENT),
])  # fmt: skip

WORKLOADS = BASE | REPORTS


def to_json(workload: Workload) -> str:
    """A workload as an argument for a process."""
    return json.dumps(dataclasses.asdict(workload))


def from_json(text: str) -> Workload:
    settings = json.loads(text)
    if "layer" in settings:
        return SentenceModel(**settings)
    return ImageModel(**{**settings, "filters": tuple(settings["filters"])})
