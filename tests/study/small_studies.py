"""Studies that take seconds, for the tests; run as a script, one of them runs into a folder."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import tinynet
from tinynet.study import Data, Study


def blobs(noise: float = 0.5, count: int = 120) -> Data:
    """Points around three centres."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 2 * count)
    points = np.array([[0, 0], [2, 0], [0, 2]])[labels] + rng.normal(0, noise, (2 * count, 2))
    train, test = (points[:count], labels[:count]), (points[count:], labels[count:])
    return Data(train, test, validation=(test[0][:20], test[1][:20]), class_names=("a", "b", "c"), note="Three blobs.")


def network(units: int = 4, activation: str = "relu", fails: bool = False) -> Any:
    if fails:
        raise ValueError("as it was told to")
    model = tinynet.Sequential(
        [
            tinynet.layers.Dense(units, activation=activation),
            tinynet.layers.Dropout(0.1),
            tinynet.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def small(name: str = "blobs", **changes: Any) -> Study:
    """Two choices of two values, three seeds."""
    settings: dict[str, Any] = {
        "choices": {"units": [4, 16], "activation": ["relu", "tanh"]},
        "settings": {"epochs": 4, "batch_size": 16},
    }
    return Study(name, network, blobs, **{**settings, **changes})


def slow() -> Study:
    """Twelve trials of about a quarter of a second, to be killed between."""
    return small("slow", settings={"epochs": 60, "batch_size": 8})


if __name__ == "__main__":
    slow().run(sys.argv[1], jobs=int(sys.argv[2]))
