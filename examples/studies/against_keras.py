"""Trained by Keras against trained by tinynet. Needs TensorFlow (`pip install 'tinynet[test]'`).

The functions of the studies keras_on_nusax.toml and keras_on_cifar10.toml in this folder:

    python -m tinynet study examples/studies/keras_on_nusax.toml
    python -m tinynet study examples/studies/keras_on_cifar10.toml

After the same seed both libraries draw the same initial weights, orders of samples and dropout masks
(docs/training.md), so the two trainings differ by the rounding of float32, and by what it grows to. A third training is
the measure for that: tinynet's, from initial weights that differ in the last digit. As a script this file shows how far
they get apart; it runs those trials that the folder OUT does not hold yet:

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
    """Trains the recurrent classifier."""
    return train(functools.partial(rnn, layer, bidirectional, length), model, data, arguments, trained_by, seed)


def cnn(package: Any = tinynet) -> Any:
    """The CNN of the studies of CIFAR-10, in tinynet or in Keras."""
    return compiled(package, cifar10_cnn(package))


def train_cnn(model: Model, data: Data, arguments: Mapping[str, Any], trained_by: str, seed: int) -> Any:
    """Trains the CNN."""
    return train(cnn, model, data, arguments, trained_by, seed)


def train(
    build: Callable[..., Any], model: Model, data: Data, arguments: Mapping[str, Any], trained_by: str, seed: int
) -> Any:
    """Trains a network that `build` makes in the `package` it is given; the model is the one it made in tinynet.

    trained_by: 'tinynet', 'keras', or 'tinynet_nudged': by tinynet, with each initial weight replaced by one of the two
    float32 numbers next to it. That run shows how far rounding alone leads.
    """
    if trained_by == "keras":
        return train_in_keras(build, model, data, arguments, seed)
    if trained_by == "tinynet_nudged":
        rng = np.random.default_rng(seed)
        up_or_down = (rng.choice(np.array([-np.inf, np.inf], "float32"), w.shape) for w in model.get_weights())
        model.set_weights(list(map(np.nextafter, model.get_weights(), up_or_down)))
    return model.fit(*data.train, validation_data=data.validation, **arguments)


def train_in_keras(
    build: Callable[..., Any], model: Model, data: Data, arguments: Mapping[str, Any], seed: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Trains the network in Keras and hands its weights to the model by a file; also compares both on the test."""
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


def table(results: Results) -> str:
    """How far the trainings are from that by tinynet, at the end and after the first epoch, in Markdown."""
    rows = [
        "| network | beside | seeds | macro-F1 tinynet | other | same class | loss apart, epoch 1 | last epoch |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    study = results.study.restricted(trained_by=["tinynet"])
    for variant in study.variants:
        ours = {outcome.seed: outcome for outcome in results.of(variant)}
        for other in ("keras", "tinynet_nudged"):
            theirs = results.of({**variant, "trained_by": other})
            pairs = [(ours[outcome.seed], outcome) for outcome in theirs if outcome.seed in ours]
            if not pairs:
                continue
            scores = np.mean([[results.score(outcome) for outcome in pair] for pair in pairs], axis=0)
            same = [np.mean(np.equal(one.predicted, two.predicted)) for one, two in pairs]
            worst = np.max([apart(one, two)[[0, -1]] for one, two in pairs], axis=0)
            rows.append(
                f"| {study.label(variant)} | {other} | {len(pairs)} | {scores[0]:.3f} | {scores[1]:.3f} "
                f"| {min(same):.1%} to {max(same):.1%} | {worst[0]:.0e} | {worst[1]:.0e} |"
            )
    return "\n".join(rows)


def apart(one: Outcome, two: Outcome) -> np.ndarray:
    """The relative difference of the training loss in each epoch."""
    return np.abs(np.array(two.history["loss"]) / np.array(one.history["loss"]) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, help="one of the .toml files of this folder")
    parser.add_argument("--out", type=Path, help="the folder for trials (runs/study/NAME)")
    options = parser.parse_args()
    print(table(load(os.fspath(options.study)).run(options.out)))


if __name__ == "__main__":
    main()
