"""The models and data that are timed, the same for every library.

`keras` below is either Keras or tinynet: both have the same names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

IMAGE_BATCH, TEXT_BATCH, STEPS, VOCABULARY = 64, 32, 100, 3000


def cnn(keras: Any) -> Any:
    """The reports' network for CIFAR-10."""
    layers = keras.layers
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


def rnn(keras: Any, layer: str, bidirectional: bool) -> Any:
    """The reports' network for sentences: one recurrent layer of 64 units."""
    layers = keras.layers
    recurrent = getattr(layers, layer)(64)
    return keras.Sequential([
        keras.Input((STEPS,)),
        layers.Embedding(VOCABULARY, 32),
        layers.Bidirectional(recurrent) if bidirectional else recurrent,
        layers.Dropout(0.5), layers.Dense(64, activation="relu"), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def images(batch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random images (N, 32, 32, 3) in [0, 1) and labels."""
    return rng.random((batch, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, batch)


def sentences(batch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random token ids (N, T) and labels."""
    return rng.integers(1, VOCABULARY, (batch, STEPS)), rng.integers(0, 3, batch)


WORKLOADS: dict[str, Any] = {
    "CNN": (cnn, images, IMAGE_BATCH),
    **{
        f"{'bidirectional ' * two}{layer}": (
            lambda keras, layer=layer, two=two: rnn(keras, layer, two), sentences, TEXT_BATCH,
        )
        for layer in ("SimpleRNN", "LSTM", "GRU")
        for two in (False, True)
    },
}  # fmt: skip
