"""The state of every optimizer goes through files to Keras and back, and training goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from twins import forget_names

import tinynet

pytestmark = pytest.mark.filterwarnings("ignore:.*HDF5 file via.*legacy", "ignore:.*structure of `inputs`.*")

LIBRARIES = {"keras": keras, "tinynet": tinynet}
# Class, options, and the schedule that the learning rate follows.
CASES: dict[str, tuple[str, dict[str, Any], tuple[str, dict[str, Any]] | None]] = {
    "AdamW": ("AdamW", {"learning_rate": 0.02, "amsgrad": True}, None),
    "Adagrad": ("Adagrad", {"learning_rate": 0.1, "clipnorm": 0.5}, None),
    "Adadelta": ("Adadelta", {"learning_rate": 1.0}, None),
    "Adamax": ("Adamax", {"learning_rate": 0.02, "weight_decay": 0.1}, None),
    "Nadam": ("Nadam", {"learning_rate": 0.02}, None),
    "Lion": ("Lion", {"learning_rate": 0.01}, None),
    "Ftrl": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01}, None),
    "Adafactor": ("Adafactor", {"learning_rate": 0.1}, None),
    "Lamb": ("Lamb", {"learning_rate": 0.02}, None),
    "scheduled SGD": ("SGD", {"momentum": 0.5}, ("PiecewiseConstantDecay", {
        "boundaries": [7, 10], "values": [0.1, 0.2, 0.01],
    })),
    "scheduled Nadam": ("Nadam", {}, ("CosineDecay", {
        "initial_learning_rate": 0.01, "decay_steps": 20, "warmup_target": 0.05, "warmup_steps": 9,
    })),
    "averaged RMSprop": ("RMSprop", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.5}, None),
    "accumulating Adam": ("Adam", {
        "learning_rate": 0.05, "gradient_accumulation_steps": 5, "use_ema": True, "ema_overwrite_frequency": 2,
    }, None),
}  # fmt: skip
TRAINING: dict[str, Any] = {"batch_size": 2, "shuffle": False, "verbose": 0}


def compiled(library: Any, case: str) -> Any:
    forget_names()
    layers = library.layers
    model = library.Sequential([layers.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    generator = np.random.default_rng(3)
    model.set_weights([generator.normal(size=weight.shape).astype("float32") for weight in model.get_weights()])
    name, options, schedule = CASES[case]
    if schedule is not None:
        options = {**options, "learning_rate": getattr(library.optimizers.schedules, schedule[0])(**schedule[1])}
    model.compile(getattr(library.optimizers, name)(**options), "mean_squared_error")
    model.run_eagerly = True  # quicker, where it is Keras's
    return model


def loaded(library: Any, path: Path) -> Any:
    model = library.models.load_model(path)
    model.run_eagerly = True
    return model


def loading(ending: str, case: str) -> list[Any]:
    """The libraries that can go on from such a file.

    Keras builds the optimizer of an .h5 file for no weights at all, and does not know its own Lamb by name.
    """
    return [tinynet] if ending == ".h5" or case == "Lamb" else [tinynet, keras]


def state(model: Any) -> list[np.ndarray]:
    return [np.array(variable.numpy()) for variable in model.optimizer.variables]


@pytest.mark.parametrize(
    ("first", "ending", "case"),
    [
        (first, ending, case)
        for first in LIBRARIES for ending in (".keras", ".h5") for case in CASES
        if (first, ending, case) != ("keras", ".h5", "Adafactor")  # Keras gives two of its arrays the same name
    ],
)  # fmt: skip
def test_training_goes_on_in_the_other_library(first: str, ending: str, case: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    x, y = generator.normal(size=(7, 3)).astype("float32"), generator.normal(size=(7, 2)).astype("float32")
    began = compiled(LIBRARIES[first], case)
    began.fit(x, y, epochs=2, **TRAINING)
    path = tmp_path / f"trained{ending}"
    began.save(path)
    going_on = [loaded(library, path) for library in loading(ending, case)]
    for model in going_on:
        assert model.optimizer.get_config() == began.optimizer.get_config()
        assert len(state(model)) == len(state(began))
        for here, there in zip(state(model), state(began), strict=True):
            np.testing.assert_array_equal(here, there)
            assert here.dtype == there.dtype
    for model in (*going_on, began):
        model.fit(x, y, epochs=2, **TRAINING)
    ours = going_on[0]
    for model in (*going_on[1:], began):
        for here, there in zip(ours.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-5)
        for here, there in zip(state(ours), state(model), strict=True):
            np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-5)
