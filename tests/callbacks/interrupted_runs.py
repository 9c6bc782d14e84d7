"""Training runs that can be interrupted at any step, and what they end with, to the bit."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import tinynet
from tinynet import callbacks, layers

Model = Any


def _data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.integers(0, 40, (50, 9)) if kind == "words" else rng.standard_normal((50, 8, 8, 2)).astype(np.float32)
    return x, rng.integers(0, 3, 50)


def _cnn() -> Model:
    return tinynet.Sequential([
        layers.Input((8, 8, 2)), layers.RandomFlip(), layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.MaxPooling2D(), layers.SpatialDropout2D(0.2), layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def _recurrent(layer: Any) -> Model:
    return tinynet.Sequential([
        layers.Input((9,)), layers.Embedding(40, 6, mask_zero=True), layer, layers.Dropout(0.3),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


NETWORKS: dict[str, tuple[str, Callable[[], Model]]] = {
    "cnn": ("images", _cnn),
    "lstm": ("words", lambda: _recurrent(layers.LSTM(5, dropout=0.2, recurrent_dropout=0.1))),
    "both directions": ("words", lambda: _recurrent(layers.Bidirectional(layers.GRU(4, recurrent_dropout=0.2)))),
}

FEEDS = ("arrays", "validation", "generator", "data set", "class weights", "steps within a pass", "made ahead")


class Numbered(tinynet.utils.PyDataset):
    """Batches by number, made by two threads."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__(workers=2)
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x) // 10

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(10 * index, 10 * index + 10)
        return self.x[rows], self.y[rows]


def _drawn(x: np.ndarray, y: np.ndarray) -> Any:
    """Batches without end, drawn from NumPy's global generator."""
    while True:
        rows = np.random.randint(0, len(x), 10)
        yield x[rows], y[rows]


def _changed(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.where(rng.random(x.shape) < 0.1, x[::-1], x), y


def fed(feed: str, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The arguments of `fit` that say how the data come."""
    if feed == "generator":
        return {"x": _drawn(x, y), "steps_per_epoch": 4, "validation_data": (x[:7], y[:7])}
    if feed == "made ahead":
        noisy = tinynet.data.Dataset(x, y, seed=2).balance().shuffle().batch(11).map(_changed, workers=2)
        return {"x": noisy.prefetch(3), "shuffle": False, "steps_per_epoch": 4}
    if feed == "data set":
        return {"x": Numbered(x, y)}
    more = {
        "validation": {"validation_split": 0.2, "validation_freq": 2},
        "class weights": {"class_weight": {0: 2.0, 2: 0.5}},
        "steps within a pass": {"steps_per_epoch": 3},
    }
    return {"x": x, "y": y, "batch_size": 12, **more.get(feed, {})}


class Interruption(Exception):
    """What ends a run early in a test."""


class Interrupting(callbacks.Callback):
    """Ends a run after so many batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise Interruption


class Remembering(callbacks.Callback):
    """A callback of the user's own that remembers the loss of every step."""

    remembered = ("losses",)

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append((logs or {})["loss"])


def trained(
    network: str, feed: str, *more: Any, optimizer: Any = "adam", seed: int = 3, epochs: int = 4, **fit: Any
) -> dict[str, Any]:
    """Trains a network from a seed; returns everything that it ends with."""
    kind, build = NETWORKS[network]
    x, y = _data(kind)
    tinynet.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    watched = "val_loss" if feed == "generator" else "loss"
    remembering = Remembering()
    each = [
        *more, remembering, callbacks.ReduceLROnPlateau(watched, patience=1),
        callbacks.EarlyStopping(watched, patience=2, restore_best_weights=True),
    ]  # fmt: skip
    model.fit(epochs=epochs, verbose=0, callbacks=each, **fed(feed, x, y), **fit)
    return {
        "weights": model.get_weights(),
        "optimizer": [variable.numpy() for variable in model.optimizer.variables],
        "generators": [generator.counter for generator in model.seed_generators()],
        "losses": remembering.losses,
        "history": model.history.history,
        "drawn next": float(np.random.random()),
    }


def checksum(results: dict[str, Any]) -> int:
    """Of all bits of what a run ended with."""
    total = 0
    for value in results.values():
        for part in value if isinstance(value, list) else [value]:
            content = part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
            total = zlib.crc32(content, total)
    return total
