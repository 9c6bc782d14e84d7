"""Random models of all layers in all formats, from Keras to tinynet and back, predictions compared.

What Keras wrote is read by a process that cannot import Keras. Every class of the catalogue is a part
of some models; `TINYNET_MODELS=500 python -m pytest tests/saving/test_random_models.py` draws so many
(at least), and `HYPOTHESIS_PROFILE=thorough` new ones at every run.
"""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from fixed_models import FIXED
from hypothesis import Phase, assume, given, settings
from keras_oracle import LAYERS, comparable_model, forget_names
from random_models import models
from recipes import Recipe, classes_in, input_name, made
from twins import random_weights
from without_tensorflow import Worker

import tinynet
from tinynet.errors import ShapeError
from tinynet.nested import leaves

NAMES = sorted(LAYERS - {"InputLayer", "Equalization"})
COUNT = math.ceil(int(os.environ.get("TINYNET_MODELS", len(NAMES))) / len(NAMES))
TOLERANCE = 2e-5
FORMATS = [".keras", ".h5"]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    process = Worker()
    yield process
    process.close()


@pytest.mark.parametrize("name", NAMES)
def test_random_models(name: str, worker: Worker, tmp_path_factory: Any, counts: Any, worst: Any) -> None:
    """Models of all kinds of layers; this class is among them."""

    @settings(max_examples=1 + COUNT, phases=[Phase.generate])  # the first is always the simplest there is
    @given(recipe=models(name))
    def draw(recipe: Recipe) -> None:
        assert name in set(classes_in(recipe))
        folder = tmp_path_factory.mktemp("models")
        difference = check(recipe, worker, folder, counts)
        shutil.rmtree(folder)
        assume(difference is not None)
        worst("random models", "is the largest difference from Keras's predictions", difference)

    draw()
    counts["random models", "classes of layers drawn"] += 1


@pytest.mark.parametrize("what", FIXED)
def test_models_that_once_disagreed(what: str, worker: Worker, tmp_path: Path) -> None:
    assert check(FIXED[what], worker, tmp_path, Counter()) is not None


def twin(library: Any, recipe: Recipe) -> Any:
    """The model with its weights in a library."""
    forget_names()
    model = made(library, recipe)
    model.set_weights(random_weights(model, recipe.weights_seed))
    if library is keras:
        finalized(model)
    return model


def finalized(model: Any) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with what its weights were before


def predictions(model: Any, recipe: Recipe) -> list[np.ndarray]:
    """What a model computes from the inputs of its recipe, given in the structure of the model."""
    inputs: dict[str, Any] = {input_name(i): given.array for i, given in enumerate(recipe.inputs)}
    if isinstance(model, keras.Model):
        inputs = {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    given: Any = inputs if recipe.structure == "dict" else list(inputs.values())
    if recipe.structure != "dict" and len(inputs) == 1:
        (given,) = given
    return [np.asarray(tensor) for tensor in leaves(model(given, training=False))]


def difference(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference of any output, relative to the largest magnitude of that output."""
    kinds = [[(array.shape, str(array.dtype)) for array in arrays] for arrays in (ours, theirs)]
    assert kinds[0] == kinds[1], f"{kinds[0]}, Keras has {kinds[1]}"
    worst = 0.0
    for one, other in zip(ours, theirs, strict=True):
        gap = np.abs(one.astype("float64") - other).max(initial=0)
        worst = max(worst, float(gap / max(np.abs(other.astype("float64")).max(initial=0), 1e-6)))
    return worst


def check(recipe: Recipe, worker: Worker, folder: Path, counts: Any) -> float | None:
    """Keras's model read by tinynet from all formats, and files back and forth.

    Gives the largest difference from Keras's predictions; None where these are no measure.
    """
    theirs = twin(keras, recipe)
    try:
        expected = predictions(theirs, recipe)
    except Exception:  # a Rescaling by several numbers, for one, looks at no shapes before
        counts["random models", "left out, as Keras does not compute what it made"] += 1
        return None
    if not well_conditioned(theirs, recipe, expected):
        counts["random models", "left out, as their results hang on rounding"] += 1
        return None
    np.savez(folder / "inputs.npz", **{input_name(i): given.array for i, given in enumerate(recipe.inputs)})
    asking = {"inputs": folder / "inputs.npz", "answers": folder / "answers.npz"}
    try:
        ours = twin(tinynet, recipe)
    except ShapeError:
        if [len(array.shape) for array in expected] == [len(tensor.shape) for tensor in theirs.outputs]:
            raise
        # TextVectorization, for one, tells of an axis that its counts of words do not have.
        counts["random models", "left out, as Keras computes other shapes than it told"] += 1
        return None
    result = predictions(ours, recipe)
    differences = [difference(result, expected)]
    assert differences[0] <= TOLERANCE, f"tinynet: relative difference {differences[0]:.1e}"

    theirs.save_weights(folder / "theirs.weights.h5")
    (folder / "theirs.json").write_text(theirs.to_json())
    answers = worker.ask(**asking, load=folder / "theirs.weights.h5", json=folder / "theirs.json")
    differences.append(same(answers, expected, theirs.get_weights(), "weights.h5"))
    counts["random models", "read from .weights.h5"] += 1

    for ending in FORMATS:
        ours.save(folder / f"ours{ending}")
        try:
            theirs.save(folder / f"theirs{ending}")
        except TypeError:  # a copy of an operation's settings, which Keras makes on the way to .h5
            counts["random models", f"that Keras does not write to {ending}"] += 1
            answers = worker.ask(**asking, load=folder / f"ours{ending}")
            same(answers, result, ours.get_weights(), f"tinynet, tinynet by {ending}", tolerance=0)
            continue
        answers = worker.ask(**asking, load=folder / f"theirs{ending}", save=[folder / f"back{ending}"])
        differences.append(same(answers, expected, theirs.get_weights(), ending))
        counts["random models", f"read from {ending}"] += 1
        try:
            again = keras.saving.load_model(folder / f"theirs{ending}")
            readable = difference(predictions(again, recipe), expected) == 0
        except Exception:
            readable = False
        if not readable:
            counts["random models", f"that Keras itself does not read from {ending}"] += 1
            answers = worker.ask(**asking, load=folder / f"ours{ending}")
            same(answers, result, ours.get_weights(), f"tinynet, tinynet by {ending}", tolerance=0)
            continue
        back = keras.saving.load_model(folder / f"back{ending}")
        bit_equal(back, theirs)
        assert difference(predictions(back, recipe), expected) == 0, f"Keras, tinynet, Keras by {ending}: predictions"
        kept = comparable_model(theirs.get_config())
        if comparable_model(again.get_config()) == kept:
            assert comparable_model(back.get_config()) == kept, f"Keras, tinynet, Keras by {ending}: configuration"
        else:  # it takes the function softmax for the layer, for one
            counts["random models", f"whose configuration Keras itself does not keep by {ending}"] += 1
        through = keras.saving.load_model(folder / f"ours{ending}")
        bit_equal(through, ours)
        assert difference(predictions(through, recipe), expected) == 0, f"tinynet, Keras by {ending}: predictions"
        try:
            through.save(folder / f"through{ending}")
        except TypeError:  # as above; now the layers know their inputs
            counts["random models", f"that Keras does not write to {ending} again"] += 1
            continue
        answers = worker.ask(**asking, load=folder / f"through{ending}")
        same(answers, result, ours.get_weights(), f"tinynet, Keras, tinynet by {ending}", tolerance=0)
        counts["random models", f"both ways by {ending}"] += 1
    return max(differences)


def bit_equal(one: Any, other: Any) -> None:
    for own, expected in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(own, expected)


def same(answers: Any, expected: list[np.ndarray], weights: Any, what: str, tolerance: float = TOLERANCE) -> float:
    """Asserts that weights are bit-equal and predictions near the expected; gives their difference."""
    for i, weight in enumerate(weights):
        np.testing.assert_array_equal(answers[f"weight_{i}"], weight, err_msg=what)
    assert f"weight_{len(weights)}" not in answers
    gap = difference([answers[f"out_{i}"] for i in range(len(expected))], expected)
    assert gap <= tolerance, f"{what}: relative difference {gap:.1e}"
    return gap


def well_conditioned(model: Any, recipe: Recipe, expected: list[np.ndarray]) -> bool:
    """Whether results are there, finite, and hardly change when the weights move by their rounding."""
    if not all(array.size and np.isfinite(array).all() and np.abs(array).max() < 1e6 for array in expected):
        return False
    weights = model.get_weights()
    signs = np.random.default_rng(0)
    model.set_weights([w * (1 + signs.choice([-2e-7, 2e-7], w.shape)).astype(w.dtype) for w in weights])
    finalized(model)
    moved = difference(predictions(model, recipe), expected)
    model.set_weights(weights)
    finalized(model)
    return moved < TOLERANCE / 4
