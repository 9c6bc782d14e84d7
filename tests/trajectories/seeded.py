"""The same program after the same seed, in Keras and in tinynet: python tests/trajectories/seeded.py

Nothing is handed over: each library draws its own weights, orders of samples, masks and augmentations. Shows the losses
of both and how far they are apart, the table of docs/training.md. `--only WORD` chooses runs by a part of their names.
The exit status is 1 where a run differs by more than is allowed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path[:0] = [os.fspath(Path(__file__).parents[2]), os.fspath(Path(__file__).parents[1])]

import keras
import numpy as np
from twins import forget_names

import tinynet

SEED = 20
EPOCHS = 3
# Of a loss: rounding in float32 is some 1e-7; where other numbers are drawn, it is some 1e-1.
TOLERANCE = 1e-5

_random = np.random.default_rng(0)
SAMPLES = 60
DATA = {
    "rows": _random.normal(size=(SAMPLES, 6)).astype("float32"),
    "images": _random.uniform(0, 255, (SAMPLES, 8, 7, 3)).astype("float32"),
    "sequences": _random.normal(size=(SAMPLES, 5, 4)).astype("float32"),
    "words": _random.integers(0, 9, (SAMPLES, 6)) * (np.arange(6) < _random.integers(2, 7, (SAMPLES, 1))),
    "films": _random.normal(size=(SAMPLES, 3, 5, 4, 2)).astype("float32"),
}
LABELS = _random.integers(0, 3, SAMPLES)


@dataclass
class Run:
    """What is trained: `layers` of a library's `layers`, between the input and a dense layer of three classes.

    data: of DATA. optimizer: a name. options: of `fit`. build: makes the model of the library itself. around: trains,
    instead of one call of `fit`, and gives the losses.
    """

    data: str = "rows"
    layers: Callable[[Any], list[Any]] = lambda l: []
    optimizer: str = "adam"
    options: dict[str, Any] = field(default_factory=dict)
    build: Callable[[Any], Any] | None = None
    around: Callable[[Any, Any, Run], dict[str, list[float]]] | None = None

    @property
    def x(self) -> np.ndarray:
        return DATA[self.data]

    def model(self, library: Any) -> Any:
        if self.build is not None:
            model = self.build(library)
        else:
            l = library.layers
            first = l.Input(self.x.shape[1:], dtype="int32" if self.data == "words" else "float32")
            model = library.Sequential([first, *self.layers(l), l.Dense(3, activation="softmax")])
        model.compile(self.optimizer, "sparse_categorical_crossentropy")
        return model

    def fit(self, model: Any) -> dict[str, list[float]]:
        settings: dict[str, Any] = {"batch_size": 16, "epochs": EPOCHS, "verbose": 0, **self.options}
        return dict(model.fit(self.x, LABELS, **settings).history)

    def losses(self, library: Any) -> dict[str, list[float]]:
        """The losses of the epochs, and those of the validations, of the whole program after the seed."""
        forget_names()
        library.utils.set_random_seed(SEED)
        model = self.model(library)
        return self.fit(model) if self.around is None else self.around(library, model, self)


def dense(l: Any) -> list[Any]:
    return [l.Dense(16, activation="relu"), l.Dropout(0.3), l.Dense(8, activation="relu")]


def cnn(l: Any) -> list[Any]:
    return [l.Conv2D(6, 3, activation="relu"), l.MaxPooling2D(), l.Flatten(), l.Dropout(0.25)]


def with_attention(library: Any) -> Any:
    l = library.layers
    x = l.Input((5, 4))
    y = l.MultiHeadAttention(2, 3, dropout=0.2)(x, x)
    y = l.Attention(dropout=0.2)([y, x])
    return library.Model(x, l.Dense(3, activation="softmax")(l.GlobalAveragePooling1D()(l.LayerNormalization()(y))))


def two_ways(library: Any) -> Any:
    l = library.layers
    x = l.Input((6,))
    y = l.Add()([l.Dense(8, activation="tanh")(x), l.Dropout(0.4)(l.Dense(8, activation="relu")(x))])
    return library.Model(x, l.Dense(3, activation="softmax")(l.BatchNormalization()(y)))


def own_noise(library: Any) -> Any:
    class Noise(library.layers.Layer):  # type: ignore[misc]
        """Noise without a generator of its own: from the one that all share."""

        def call(self, inputs: Any, training: bool = False) -> Any:
            return inputs + library.random.normal(inputs.shape[1:], stddev=0.3) if training else inputs

    l = library.layers
    layers = [l.Input((6,)), l.Dense(8, activation="tanh"), Noise(), l.Dense(3, activation="softmax")]
    return library.Sequential(layers)


def cloned(library: Any) -> Any:
    return library.models.clone_model(Run(layers=dense).model(library))


def twice(library: Any, model: Any, run: Run) -> dict[str, list[float]]:
    """Two calls of `fit`, a prediction and an evaluation between them."""
    first = run.fit(model)["loss"]
    model.predict(run.x, verbose=0)
    between = model.evaluate(run.x, LABELS, verbose=0)
    return {"loss": [*first, between, *run.fit(model)["loss"]]}


def saved_between(library: Any, model: Any, run: Run) -> dict[str, list[float]]:
    """Training of what was loaded from a file, whose layers have taken seeds when they were made anew."""
    first = run.fit(model)["loss"]
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = library.models.load_model(Path(folder) / "model.keras")
    other = Run(layers=dense).model(library)
    return {"loss": [*first, *run.fit(loaded)["loss"], *Run().fit(other)["loss"]]}


def from_dataset(library: Any, model: Any, run: Run) -> dict[str, list[float]]:
    class Batches(library.utils.PyDataset):  # type: ignore[misc]
        """Batches by number, which `fit` takes in random order."""

        def __len__(self) -> int:
            return 6

        def __getitem__(self, index: int) -> Any:
            return run.x[index * 10 : index * 10 + 10], LABELS[index * 10 : index * 10 + 10]

    return dict(model.fit(Batches(), epochs=EPOCHS, verbose=0).history)


def recurrent(kind: str, both: bool = False, **settings: Any) -> Callable[[Any], list[Any]]:
    def layers(l: Any) -> list[Any]:
        layer = getattr(l, kind)(5, **settings)
        return [l.Bidirectional(layer) if both else layer]

    return layers


def of_words(*layers: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    return lambda l: [l.Embedding(9, 4, mask_zero=True), *(layer for some in layers for layer in some(l))]


def augmented(l: Any) -> list[Any]:
    return [
        l.Rescaling(1 / 255), l.RandomFlip(), l.RandomRotation(0.1), l.RandomTranslation(0.1, 0.2), l.RandomZoom(0.2),
        l.RandomContrast(0.2, value_range=(0, 1)), *cnn(l),
    ]  # fmt: skip


SPLIT = {"validation_split": 0.2}
RUNS: dict[str, Run] = {
    "dense": Run(layers=lambda l: [l.Dense(16, activation="tanh")], optimizer="sgd"),
    "dense, dropout": Run(layers=dense),
    "dense, dropout, validation split": Run(layers=dense, optimizer="rmsprop", options=SPLIT),
    "dense, class weights": Run(layers=dense, options={"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}}),
    "dense, sample weights": Run(layers=dense, options={"sample_weight": np.linspace(0, 2, SAMPLES, dtype="float32")}),
    "dense, He's weights, regularized": Run(
        layers=lambda l: [l.Dense(16, "relu", kernel_initializer="he_normal", kernel_regularizer="l2")],
        optimizer="adamw",
    ),
    "dense, orthogonal and normal weights": Run(
        layers=lambda l: [
            l.Dense(16, "elu", kernel_initializer="orthogonal", bias_initializer="random_normal"),
            l.Dense(16, "elu", kernel_initializer="lecun_uniform", bias_initializer="truncated_normal"),
        ],
        optimizer="adagrad",
    ),  # fmt: skip
    "dense, alpha dropout": Run(
        layers=lambda l: [l.Dense(16, "selu", kernel_initializer="lecun_normal"), l.AlphaDropout(0.2)],
        optimizer="nadam",
    ),
    "dense, Gaussian noise": Run(
        layers=lambda l: [l.GaussianNoise(0.3), l.Dense(16, "relu"), l.GaussianDropout(0.3)], optimizer="adamax"
    ),
    "dense, noise of a user's own": Run(build=own_noise),
    "dense, batch normalisation": Run(layers=lambda l: [l.Dense(16, use_bias=False), l.BatchNormalization(), l.ReLU()]),
    "dense, mixed within batches": Run(layers=dense, options={"shuffle": "batch"}),
    "dense, in order": Run(layers=dense, options={"shuffle": False}),
    "dense, steps of an epoch": Run(layers=dense, options={"steps_per_epoch": 2}),
    "dense, batches of a data set": Run(layers=dense, around=from_dataset),
    "dense, trained twice": Run(layers=dense, around=twice, options=SPLIT),
    "dense, cloned": Run(build=cloned),
    "dense, saved and loaded": Run(layers=dense, around=saved_between),
    "dense, two ways added": Run(build=two_ways, optimizer="lion"),
    "CNN": Run("images", lambda l: [l.Rescaling(1 / 255), *cnn(l)]),
    "CNN, batch normalisation": Run(
        "images",
        lambda l: [l.Rescaling(1 / 255), l.Conv2D(6, 3, use_bias=False), l.BatchNormalization(), l.ReLU(), l.Flatten()],
        "sgd", SPLIT,
    ),
    "CNN, separable, dropout of channels": Run(
        "images",
        lambda l: [l.Rescaling(1 / 255), l.SeparableConv2D(8, 3, activation="relu"), l.SpatialDropout2D(0.3),
                   l.DepthwiseConv2D(2), l.GlobalAveragePooling2D()],
        "rmsprop",
    ),
    "CNN, augmentation": Run("images", augmented, "sgd"),
    "CNN, brightness and crops": Run(
        "images",
        lambda l: [l.RandomBrightness(0.3), l.RandomCrop(6, 6), l.Rescaling(1 / 255), l.Conv2D(4, 3), l.Flatten()],
        options={"epochs": 2},
    ),
    "CNN, colors": Run(
        "images",
        lambda l: [l.RandomGrayscale(0.5), l.RandomHue(0.3), l.RandomErasing(0.8), l.Rescaling(1 / 255), *cnn(l)],
        options=SPLIT,
    ),
    "CNN, in one dimension": Run(
        "sequences", lambda l: [l.Conv1D(6, 3, activation="relu"), l.SpatialDropout1D(0.3), l.Flatten()], "adadelta"
    ),
    "SimpleRNN": Run("sequences", recurrent("SimpleRNN")),
    "SimpleRNN, dropout": Run("sequences", recurrent("SimpleRNN", dropout=0.3, recurrent_dropout=0.2), options=SPLIT),
    "SimpleRNN, both directions, words": Run("words", of_words(recurrent("SimpleRNN", True)), "sgd"),
    "LSTM": Run("sequences", recurrent("LSTM"), options=SPLIT),
    "LSTM, dropout, words": Run("words", of_words(recurrent("LSTM", dropout=0.3)), options=SPLIT),
    "LSTM, recurrent dropout": Run("sequences", recurrent("LSTM", dropout=0.2, recurrent_dropout=0.3), options=SPLIT),
    "LSTM, both directions, words": Run("words", of_words(recurrent("LSTM", True, dropout=0.2)), "rmsprop"),
    "two LSTM": Run(
        "sequences",
        lambda l: [*recurrent("LSTM", True, return_sequences=True, dropout=0.2)(l), *recurrent("LSTM")(l)],
    ),
    "GRU": Run("sequences", recurrent("GRU"), "adam"),
    "GRU, dropout, words": Run("words", of_words(recurrent("GRU", dropout=0.3)), "nadam", SPLIT),
    "GRU, both directions, recurrent dropout": Run("sequences", recurrent("GRU", True, recurrent_dropout=0.3)),
    "GRU, reset before": Run("sequences", recurrent("GRU", reset_after=False, dropout=0.1, recurrent_dropout=0.1)),
    "cells on each other": Run(
        "sequences", lambda l: [l.RNN([l.LSTMCell(4, dropout=0.2), l.GRUCell(3, recurrent_dropout=0.2)])], options=SPLIT
    ),
    "convolutional LSTM": Run("films", lambda l: [l.ConvLSTM2D(3, 2, dropout=0.2, recurrent_dropout=0.2), l.Flatten()]),
    "attention, dropout": Run("sequences", build=with_attention),
    "words, averaged": Run("words", of_words(lambda l: [l.Dropout(0.2), l.GlobalAveragePooling1D()]), options=SPLIT),
}  # fmt: skip


@dataclass
class Comparison:
    """The histories of a run, and the worst relative difference of a loss."""

    ours: dict[str, list[float]]
    theirs: dict[str, list[float]]

    @property
    def difference(self) -> float:
        if list(self.ours) != list(self.theirs):
            return np.inf
        found = [abs(np.array(self.ours[key]) / np.array(self.theirs[key]) - 1).max() for key in self.ours]
        return float(max(found))


def compared(name: str) -> Comparison:
    """Both libraries' losses of a run."""
    return Comparison(RUNS[name].losses(tinynet), RUNS[name].losses(keras))


def shown(losses: list[float]) -> str:
    return ", ".join(f"{loss:.6f}" for loss in (losses[0], losses[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only runs with this in their name")
    wanted = parser.parse_args().only
    print("| run | first and last loss, Keras | tinynet | worst relative difference |\n| --- | --- | --- | --- |")
    worst = 0.0
    for name in RUNS:
        if wanted in name:
            found = compared(name)
            worst = max(worst, found.difference)
            losses = (shown(history["loss"]) for history in (found.theirs, found.ours))
            print(f"| {name} | {' | '.join(losses)} | {found.difference:.1e} |", flush=True)
    sys.exit(int(worst > TOLERANCE))


if __name__ == "__main__":
    main()
