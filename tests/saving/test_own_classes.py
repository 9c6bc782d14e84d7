"""Layers of the user's own in files: found under their registered names, or passed as custom_objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.models import Model, load_model
from tinynet.saving import get_registered_name, get_registered_object, register_keras_serializable


@register_keras_serializable("shop")
class Scale(layers.Layer):
    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor * self.start

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class InKeras:
    @keras.saving.register_keras_serializable("shop")
    class Scale(keras.layers.Layer):
        def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.start = start

        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor * self.start

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start}


class Plain(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs + 1.0


VALUES = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


@pytest.mark.parametrize("functional", [False, True])
def test_a_registered_layer_goes_both_ways(functional: bool, tmp_path: Path) -> None:
    x = layers.Input((3,))
    chain = [Scale(2.0, name="s"), layers.Dense(2)]
    ours = Model(x, chain[1](chain[0](x))) if functional else tinynet.Sequential([x, *chain])
    ours.layers[-2].factor.assign([2.0, 3.0, 4.0])
    ours.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    assert isinstance(theirs.get_layer("s"), InKeras.Scale)
    np.testing.assert_allclose(theirs.predict(VALUES, verbose=0), ours.predict(VALUES), rtol=1e-5, atol=1e-6)
    theirs.save(tmp_path / "theirs.keras")
    again = load_model(tmp_path / "theirs.keras")
    assert isinstance(again.get_layer("s"), Scale) and again.get_layer("s").start == 2.0
    np.testing.assert_array_equal(again.predict(VALUES), ours.predict(VALUES))


def test_an_unregistered_layer_is_asked_for(tmp_path: Path) -> None:
    model = tinynet.Sequential([layers.Input((3,)), Plain()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileFormatError, match="unknown layer class 'Plain'.*custom_objects"):
        load_model(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras", custom_objects={"Plain": Plain})
    np.testing.assert_array_equal(loaded.predict(VALUES), VALUES + 1.0)


def test_registered_names() -> None:
    assert get_registered_name(Scale) == "shop>Scale" and get_registered_object("shop>Scale") is Scale
    assert get_registered_name(Plain) == "Plain" and get_registered_object("Plain") is None
    with pytest.raises(ArgumentError, match="has no get_config"):
        register_keras_serializable()(type("Thing", (), {}))
    with pytest.raises(ArgumentError, match="with its brackets"):
        register_keras_serializable(Plain)  # type: ignore[arg-type]
