"""Training that began in one library goes on in the other from a file, as if it had never stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from twins import forget_names, random_weights, same_histories, same_weights

import tinynet

pytestmark = pytest.mark.filterwarnings("ignore:.*HDF5 file via.*legacy", "ignore:.*structure of `inputs`.*")

LIBRARIES = {"keras": keras, "tinynet": tinynet}
OPTIMIZERS: dict[str, Any] = {
    "SGD": {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True, "clipnorm": 1.0},
    "RMSprop": {"learning_rate": 0.005, "momentum": 0.5, "rho": 0.8},
    "Adam": {"learning_rate": 0.01, "beta_1": 0.8, "epsilon": 1e-5, "weight_decay": 0.01},
}
TRAINING: dict[str, Any] = {"batch_size": 5, "shuffle": False, "verbose": 0}


def images(library: Any) -> Any:
    """A Sequential with moving statistics and weights that training leaves alone."""
    layers = library.layers
    return library.Sequential([
        layers.Input((6, 5, 2)), layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2"),
        layers.BatchNormalization(momentum=0.7), layers.ReLU(), layers.MaxPooling2D(2), layers.Flatten(),
        layers.Dense(6, activation="tanh", trainable=False), layers.Dense(3, activation="softmax"),
    ], name="images")  # fmt: skip


def words(library: Any) -> Any:
    """A functional model: masked words on two ways, a state for the second, a layer called twice."""
    layers = library.layers
    ids = layers.Input((5,), dtype="int32")
    vectors = layers.Embedding(7, 3, mask_zero=True)(ids)
    twice = layers.Dense(4, activation="tanh")
    both = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(vectors)
    state = twice(layers.Dense(4)(layers.GlobalAveragePooling1D()(vectors)))
    last = layers.GRU(4)(both, initial_state=state)
    return library.Model(ids, layers.Dense(1, activation="sigmoid")(twice(last)), name="words")


MODELS: dict[str, Any] = {"images": images, "words": words}
COMPILING: dict[str, Any] = {
    "images": {"loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "words": {"loss": "binary_crossentropy", "metrics": ["accuracy"]},
}


def data(name: str) -> tuple[Any, Any]:
    """Inputs and targets: 13 of them, so that the last batch is a smaller one."""
    generator = np.random.default_rng(1)
    if name == "images":
        x = generator.normal(size=(13, 6, 5, 2)).astype("float32")
        return x, np.eye(3, dtype="float32")[generator.integers(0, 3, 13)]
    ids = generator.integers(1, 7, (13, 5)).astype("int32")
    ids[np.arange(5) >= generator.integers(1, 6, 13)[:, None]] = 0
    return ids, (ids.sum(axis=1, keepdims=True) > 10).astype("float32")


def compiled(library: Any, name: str, optimizer: str) -> Any:
    """The model in a library, with the same weights in both."""
    forget_names()
    model = MODELS[name](library)
    model.set_weights(random_weights(model, seed=4))
    model.compile(optimizer=getattr(library.optimizers, optimizer)(**OPTIMIZERS[optimizer]), **COMPILING[name])
    model.run_eagerly = True  # quicker, where it is Keras's
    return model


def loaded(library: Any, path: Path) -> Any:
    model = library.models.load_model(path)
    model.run_eagerly = True
    return model


@pytest.mark.parametrize("name, optimizer", [*(("images", optimizer) for optimizer in OPTIMIZERS), ("words", "Adam")])
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("first", LIBRARIES)
def test_training_goes_on_in_the_other_library(
    first: str, ending: str, optimizer: str, name: str, tmp_path: Path, counts: Any
) -> None:
    x, y = data(name)
    began = compiled(LIBRARIES[first], name, optimizer)
    before = began.fit(x, y, epochs=2, **TRAINING).history["loss"]
    path = tmp_path / f"trained{ending}"
    began.save(path)
    # After an .h5 file Keras cannot go on itself: it builds the optimizer for no weights at all.
    continued = [loaded(library, path) for library in ([tinynet, keras] if ending == ".keras" else [tinynet])]
    for model in continued:
        assert [v.name for v in model.trainable_weights] == [v.name for v in began.trainable_weights]
        assert int(np.asarray(model.optimizer.iterations)) == 6
        assert np.asarray(model.optimizer.learning_rate) == np.float32(OPTIMIZERS[optimizer]["learning_rate"])
        assert len(began.optimizer.variables) > 3
        bit_equal(model.weights, began.weights)
        bit_equal(model.optimizer.variables, began.optimizer.variables)

    unsaved = began.fit(x, y, epochs=2, **TRAINING).history
    assert unsaved["loss"][-1] < before[-1]  # it is training that went on, not noise that was repeated
    for model in continued:
        same_histories(model.fit(x, y, epochs=2, **TRAINING).history, unsaved, relative=1e-4)
        same_weights(model, began, relative=1e-3)
    counts["files", f"trainings that began in {first} and went on from {ending}"] += 1


def bit_equal(variables: Any, expected: Any) -> None:
    assert len(variables) == len(expected)
    for here, there in zip(variables, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(here), np.asarray(there))
