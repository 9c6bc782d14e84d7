"""After the same global seed a layer has Keras's weights, and draws what Keras's draws, in training and in prediction."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from keras_oracle import LAYERS, Case, Inner, assert_close, build, flat, keras_call, made, our_call
from layer_cases import cases

import tinynet
from tinynet import layers
from tinynet.layers.augmentation import Augmentation

few = settings(max_examples=3, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
# What the two have beside what is drawn: histograms and hues come out of other orders of operations.
TOLERANCE = 2e-5


def built(library: Any, case: Case) -> Any:
    """A layer of the case with the weights that it draws, made after the seed 7."""
    random.seed(7)
    layer = made(library, case.class_name, case.arguments)
    if not layer.built:
        if library is keras.layers:
            with keras.name_scope(layer.name, caller=layer):
                build(case, layer)
        else:
            build(case, layer)
    return layer


def forgets_a_seed(value: Any) -> bool:
    """Keras does not write the seed of a SimpleRNN, so that a copy of the layer has another."""
    arguments = value.arguments if isinstance(value, (Case, Inner)) else {}
    seeded = value.class_name == "SimpleRNN" and "seed" in arguments if isinstance(value, Inner) else False
    return seeded or any(forgets_a_seed(part) for part in arguments.values())


def states(layer: Any) -> list[Any]:
    """Seeds and counters of all generators, in order."""
    if isinstance(layer, layers.Layer):
        return sorted([generator.seed, generator.counter] for generator in layer.seed_generators())
    found = {id(g): g for part in layer._flatten_layers() for g in part._seed_generators}
    return sorted(generator.state.numpy().tolist() for generator in found.values())


@pytest.mark.parametrize("name", sorted(LAYERS))
@given(data=st.data())
@few
def test_weights_and_draws(name: str, data: Any) -> None:
    case = data.draw(cases(name))
    assume(not case.keras_moves_channels and not forgets_a_seed(case))
    if issubclass(getattr(layers, name), Augmentation):
        case.inputs = case.inputs.astype("float32")  # of integers not all that Keras makes is worth having
    theirs = built(keras.layers, case)
    after = random.getstate()
    ours = built(tinynet.layers, case)
    assert random.getstate() == after, "another number of seeds"
    assert states(ours) == states(theirs)
    for own, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        if own.dtype.kind == "f":
            assert_close(own, expected, "a weight", 2e-5)
    if not ours.seed_generators():
        return
    # Training, prediction, and training again, whose draws tell whether the prediction moved on.
    for training in (True, False, True):
        settings = {"training": training} if "training" in ours._call_arguments else {}
        for own, expected in zip(
            flat(our_call(case, ours, **settings)), flat(keras_call(case, theirs, **settings)), strict=True
        ):
            assert_close(own.numpy(), np.asarray(expected), f"training={training}", TOLERANCE)
    assert states(ours) == states(theirs)
