"""Configurations of every layer of the catalogue: Keras reads tinynet's, and tinynet Keras's."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import (
    LAYERS,
    NOT_COMPARED,
    build,
    comparable,
    flat,
    forget_names,
    keras_layer,
    our_call,
    our_layer,
    plain,
)
from layer_cases import cases

import tinynet.layers
from tinynet import activations
from tinynet.errors import ArgumentError
from tinynet.layers import CATALOGUE

NAMES = sorted(LAYERS)

pytestmark = pytest.mark.filterwarnings("ignore:.*does not support masking")


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_configurations(name: str, data: st.DataObject) -> None:
    case = data.draw(cases(name))
    forget_names()
    ours, theirs = our_layer(case), keras_layer(case)
    own, expected = plain(ours.get_config()), plain(theirs.get_config())
    if case.keras_moves_channels:
        expected.update(data_format="channels_first", activation=own["activation"])
    compared = comparable(own, name)
    assert compared == comparable(expected, name)
    # Each library takes the other's configuration, also out of a file.
    again = CATALOGUE.by_class_name[name].from_config(expected)
    assert comparable(plain(again.get_config()), name) == compared
    back = getattr(keras.layers, name).from_config(own)
    assert comparable(plain(back.get_config()), name) == compared
    if "vocabulary" in NOT_COMPARED.get(name, ()):
        assert again.get_vocabulary() == back.get_vocabulary() == theirs.get_vocabulary()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "InputLayer"])
@given(data=st.data())
def test_a_layer_from_keras_object_computes_the_same(name: str, data: st.DataObject) -> None:
    case = data.draw(cases(name))
    forget_names()
    ours, theirs = our_layer(case), keras_layer(case)
    described = plain(keras.saving.serialize_keras_object(theirs))
    if case.keras_moves_channels:
        described["config"].update(data_format="channels_first", activation=ours.get_config()["activation"])
    again = tinynet.layers.deserialize(described)
    if not again.built:
        build(case, again)
    again.set_weights(ours.get_weights())
    for value, expected in zip(flat(our_call(case, again)), flat(our_call(case, ours)), strict=True):
        np.testing.assert_array_equal(value.numpy(), expected.numpy())
    back = keras.saving.deserialize_keras_object(plain(tinynet.layers.serialize(again)))
    assert type(back) is getattr(keras.layers, name)
    assert [(w.name, tuple(w.shape)) for w in back.weights] == [(w.name, w.shape) for w in again.weights]


def test_an_activation_that_is_a_layer_goes_into_the_configuration_and_back() -> None:
    forget_names()
    theirs = keras.layers.Dense(2, activation=keras.layers.LeakyReLU(0.125))
    ours = tinynet.layers.Dense.from_config(plain(theirs.get_config()))
    assert isinstance(ours.activation, tinynet.layers.LeakyReLU)
    assert ours.activation.negative_slope == 0.125
    assert comparable(plain(ours.get_config()), "Dense") == comparable(plain(theirs.get_config()), "Dense")


def test_inert_keys_are_taken_with_the_values_that_change_nothing_only() -> None:
    config = tinynet.layers.BatchNormalization().get_config()
    tinynet.layers.BatchNormalization.from_config({**config, "renorm": False})
    with pytest.raises(ArgumentError, match="BatchNormalization: renorm=True is not supported"):
        tinynet.layers.BatchNormalization.from_config({**config, "renorm": True})
    with pytest.raises(ArgumentError, match="unknown argument 'epsilonn' .*Did you mean 'epsilon'"):
        tinynet.layers.BatchNormalization.from_config({**config, "epsilonn": 0.1})


@pytest.mark.parametrize(
    "described, message",
    [
        ({"class_name": "Dens", "config": {}}, "unknown layer class 'Dens'. Did you mean 'Dense'"),
        ({"class_name": "Dense", "config": 3}, "layer 'Dense': expected a configuration, received 3"),
        ({"config": {}}, "unknown layer class None"),
        ("dens", "unknown layer 'dens'. Did you mean 'dense'"),
    ],
)
def test_descriptions_of_no_layer(described: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        tinynet.layers.deserialize(described)


def test_custom_classes_are_found_by_name() -> None:
    class Twice(tinynet.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    described = tinynet.layers.serialize(Twice(name="mine"))
    assert described["class_name"] == "Twice"
    with pytest.raises(ArgumentError, match=r"custom_objects=\{name: class\}"):
        tinynet.layers.deserialize(described)
    again = tinynet.layers.deserialize(described, custom_objects={"Twice": Twice})
    assert again.name == "mine"
    assert again(np.ones(2, "float32")).tolist() == [2.0, 2.0]


def test_a_function_of_the_users_own_as_activation() -> None:
    def third(x: Any) -> Any:
        return x / 3

    layer = tinynet.layers.Activation(third)
    assert layer.get_config()["activation"] == keras.layers.Activation(third).get_config()["activation"]
    assert activations.get(third) is third
