"""Trained by Keras against trained by tinynet. Needs TensorFlow (`pip install 'tinynet[test]'`).

The functions of the studies keras_on_nusax.toml and keras_on_cifar10.toml in this folder:

    python -m tinynet study examples/studies/keras_on_nusax.toml
    python -m tinynet study examples/studies/keras_on_cifar10.toml

After the same seed both libraries draw the same initial weights, orders of samples and dropout masks
(docs/training.md), so the two trainings differ by the rounding of float32, and by what it grows to. As a script
this file shows how far they get apart; it runs those trials that the folder OUT does not hold yet:

    python examples/studies/against_keras.py examples/studies/keras_on_nusax.toml --out runs/study/keras-on-nusax
"""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import tinynet
from tinynet.errors import require
from tinynet.models import Model
from tinynet.study import Data, Outcome, Results, load
from tinynet.study.architectures import cifar10_cnn, sentiment_rnn
from tinynet.study.scores import OF_CLASSES


def compiled(package: Any, model: Any) -> Any:
    """The model, compiled as the studies of both networks train it."""
    model.compile(package.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def rnn(layer: str = "lstm", bidirectional: bool = False, length: int = 100, package: Any = tinynet) -> Any:
    """The recurrent classifier of the studies of NusaX, with a mask, in tinynet or in Keras."""
    model = sentiment_rnn(package, layer, bidirectional=bidirectional, length=length, dropout=0.5, dense_dropout=0.3)
    return compiled(package, model)


def train_rnn(
    model: Model, data: Data, arguments: Mapping[str, Any],
    trained_by: str, layer: str, bidirectional: bool, length: int, seed: int,
) -> Any:  # fmt: skip
    """Trains the recurrent classifier with the library that `trained_by` names."""
    if trained_by == "tinynet":
        return model.fit(*data.train, validation_data=data.validation, **arguments)
    return train_in_keras(functools.partial(rnn, layer, bidirectional, length), model, data, arguments, seed)


def cnn(package: Any = tinynet) -> Any:
    """The CNN of the studies of CIFAR-10, in tinynet or in Keras."""
    return compiled(package, cifar10_cnn(package))


def train_cnn(model: Model, data: Data, arguments: Mapping[str, Any], trained_by: str, seed: int) -> Any:
    """Trains the CNN with the library that `trained_by` names."""
    if trained_by == "tinynet":
        return model.fit(*data.train, validation_data=data.validation, **arguments)
    return train_in_keras(cnn, model, data, arguments, seed)


def train_in_keras(
    build: Callable[..., Any], model: Model, data: Data, arguments: Mapping[str, Any], seed: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Trains the network in Keras and hands its weights to the model by a file; also compares both on the test.

    build: makes the network in the `package` that it is given.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require("tensorflow", "test", "a training in Keras")
    keras = require("keras", "test", "a training in Keras")
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    trained = build(package=keras)
    history = trained.fit(*data.train, validation_data=data.validation, **arguments).history
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        trained.save(path)
        loaded = tinynet.models.load_model(path)
    model.set_weights(loaded.get_weights())
    theirs, ours = (library.predict(data.test[0], batch_size=250, verbose=0) for library in (trained, loaded))
    classes, truth = theirs.argmax(axis=1), data.test_set.truth
    return history, {
        "same class in Keras": float((ours.argmax(axis=1) == classes).mean()),
        "largest difference of probabilities": float(np.abs(ours - theirs).max()),
        **{f"{name} in Keras": metric(truth, classes, theirs.shape[1]) for name, metric in OF_CLASSES.items()},
    }


def pairs(results: Results) -> dict[str, list[tuple[Outcome, Outcome]]]:
    """For each network the trials trained by tinynet and by Keras, seed by seed."""
    study, found = results.study.restricted(trained_by=["keras"]), {}
    for variant in study.variants:
        of_keras = {outcome.seed: outcome for outcome in results.of(variant)}
        of_tinynet = results.of({**variant, "trained_by": "tinynet"})
        both = [(outcome, of_keras[outcome.seed]) for outcome in of_tinynet if outcome.seed in of_keras]
        if both:
            found[study.label(variant)] = both
    return found


def apart(ours: Outcome, theirs: Outcome) -> np.ndarray:
    """The relative difference of the training loss in each epoch."""
    return np.abs(np.array(ours.history["loss"]) / np.array(theirs.history["loss"]) - 1)


def table(results: Results) -> str:
    """How far the two trainings are apart after the first and the last epoch, in Markdown."""
    rows = [
        "| network | seeds | macro-F1 tinynet | Keras | same class | loss apart, first epoch | last epoch |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label, both in pairs(results).items():
        scores = np.mean([[results.score(outcome) for outcome in pair] for pair in both], axis=0)
        same = [np.mean(np.equal(ours.predicted, theirs.predicted)) for ours, theirs in both]
        worst = np.max([apart(ours, theirs)[[0, -1]] for ours, theirs in both], axis=0)
        rows.append(
            f"| {label} | {len(both)} | {scores[0]:.4f} | {scores[1]:.4f} | {min(same):.2%} to {max(same):.2%} "
            f"| {worst[0]:.1e} | {worst[1]:.1e} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, help="one of the .toml files of this folder")
    parser.add_argument("--out", type=Path, help="the folder for trials (runs/study/NAME)")
    options = parser.parse_args()
    print(table(load(os.fspath(options.study)).run(options.out)))


if __name__ == "__main__":
    main()
