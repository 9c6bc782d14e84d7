"""Every layer of the catalogue against Keras: results, masks, shapes, weights, configurations."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import (
    Case,
    flat,
    forget_names,
    keras_call,
    keras_layer,
    map_shapes,
    our_call,
    our_layer,
    plain,
    same_outputs,
    without_inert,
)
from layer_cases import STRATEGIES, cases

import tinynet.layers
from tinynet.layers import CATALOGUE

NAMES = sorted(CATALOGUE.by_class_name)

pytestmark = pytest.mark.filterwarnings("ignore:.*does not support masking")


def test_every_class_of_the_catalogue_has_cases() -> None:
    assert set(STRATEGIES) == set(CATALOGUE.by_class_name)


def both(case: Case) -> tuple[Any, Any]:
    forget_names()
    return our_layer(case), keras_layer(case)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_agreement(name: str, data: st.DataObject, counts) -> None:
    case = data.draw(cases(name))
    ours, theirs = both(case)
    same_weights(ours, theirs)
    same_shapes(case, ours, theirs)
    if name == "InputLayer":
        assert ours.batch_shape == theirs.batch_shape
        return
    result, expected = our_call(case, ours), keras_call(case, theirs)
    same_outputs(result, expected, tolerance=1e-5)
    if not case.is_cell:
        actual = tuple(o.shape for o in result) if isinstance(result, (list, tuple)) else result.shape
        assert map_shapes(ours.compute_output_shape(case.inputs.shape)) == actual
    counts["layers", "calls compared with Keras"] += 1


def same_weights(ours: Any, theirs: Any) -> None:
    """Names, shapes, dtypes and order of the weights, and which of them training changes."""
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        described = [(w.path, w.name, tuple(w.shape), str(w.dtype)) for w in getattr(ours, kind)]
        expected = [(w.path, w.name, tuple(w.shape), str(w.dtype)) for w in getattr(theirs, kind)]
        assert described == expected, kind
    assert [bool(w.trainable) for w in ours.weights] == [bool(w.trainable) for w in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    for value, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def same_shapes(case: Case, ours: Any, theirs: Any) -> None:
    """What the two say the shape of the result will be, with and without a known batch size."""
    if case.is_cell or case.class_name == "InputLayer":
        return  # Keras has no rule for these
    shape = case.inputs.shape
    moved = (shape[0], *shape[2:], shape[1]) if case.keras_moves_channels else shape
    for known, keras_known in [(shape, moved), ((None, *shape[1:]), (None, *moved[1:]))]:
        expected = theirs.compute_output_shape(keras_known)
        if case.keras_moves_channels:
            expected = (expected[0], expected[-1], *expected[1:-1])
        assert map_shapes(ours.compute_output_shape(known)) == map_shapes(expected)


# What tinynet writes and Keras forgets to: reading it back, Keras's layer is as the user made it.
WRITTEN_BEYOND_KERAS = {"SimpleRNN": {"seed"}}


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_configurations(name: str, data: st.DataObject) -> None:
    case = data.draw(cases(name))
    ours, theirs = both(case)
    cls = CATALOGUE.by_class_name[name]
    own, expected = plain(ours.get_config()), plain(theirs.get_config())
    if case.keras_moves_channels:
        expected["data_format"] = "channels_first"
    compared = without_inert(_forgetting(own, name), cls)
    assert compared == without_inert(expected, cls)
    # Each library takes the other's configuration, also out of a file.
    again = plain(cls.from_config(expected).get_config())
    assert without_inert(_forgetting(again, name), cls) == compared
    back = plain(getattr(keras.layers, name).from_config(own).get_config())
    assert without_inert(back, cls) == compared


def _forgetting(config: Any, name: str) -> Any:
    """A configuration without what Keras does not write, also in layers inside."""
    if not isinstance(config, dict):
        return [_forgetting(part, "") for part in config] if isinstance(config, list) else config
    inner = str(config.get("class_name", ""))
    return {
        key: _forgetting(value, inner if key == "config" else "")
        for key, value in config.items()
        if key not in WRITTEN_BEYOND_KERAS.get(name, ())
    }


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_layer_made_again_from_keras_configuration_computes_the_same(name: str, data: st.DataObject) -> None:
    case = data.draw(cases(name))
    forget_names()
    ours = our_layer(case)
    forget_names()
    theirs = keras_layer(case)
    described = plain(keras.saving.serialize_keras_object(theirs))
    if case.keras_moves_channels:
        described["config"]["data_format"] = "channels_first"
    again = tinynet.layers.deserialize(described)
    if not again.built:
        again.build(case.inputs.shape)
    again.set_weights(ours.get_weights())
    for value, expected in zip(flat(our_call(case, again)), flat(our_call(case, ours)), strict=True):
        np.testing.assert_array_equal(value.numpy(), expected.numpy())
    back = keras.saving.deserialize_keras_object(plain(tinynet.layers.serialize(again)))
    assert type(back).__name__ == name
    assert [(w.name, tuple(w.shape)) for w in back.weights] == [(w.name, w.shape) for w in again.weights]
