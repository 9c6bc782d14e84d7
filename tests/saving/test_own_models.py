"""Models and layers of the user's own in files: tinynet's and Keras's classes of the same registered names."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import tinynet
from tinynet.models import load_model
from tinynet.utils import register_keras_serializable

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have a `build..` method implemented.*")

X = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


def defined(library: Any, register: Any) -> SimpleNamespace:
    """The same classes, registered under the same names, of either library."""
    layers = library.layers

    @register("own_models")
    class Block(layers.Layer):  # type: ignore[name-defined,misc]
        """Layers in an attribute, lists, a list in a list and a dict, and a weight of its own."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.first = layers.Dense(units)
            self.rest = [layers.Dense(units), layers.LayerNormalization(), [layers.Dense(units)]]
            self.named = {"b": layers.Dense(units), "a": layers.Dense(units)}

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(self.units,), initializer="random_normal", name="scale")
            self.first.build(input_shape)
            shape = (*input_shape[:-1], self.units)
            for layer in (*self.rest[:2], *self.rest[2], *self.named.values()):
                layer.build(shape)

        def call(self, x: Any) -> Any:
            x = self.rest[2][0](self.rest[1](self.rest[0](self.first(x))))
            return self.named["a"](self.named["b"](x)) * self.scale

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register("own_models")
    class Pair(layers.Layer):  # type: ignore[name-defined,misc]
        """A layer of two tensors, built with the shape of each."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units

        def build(self, x_shape: Any, y_shape: Any) -> None:
            self.of_x = self.add_weight(shape=(x_shape[-1], self.units), name="of_x")
            self.of_y = self.add_weight(shape=(y_shape[-1], self.units), name="of_y")

        def call(self, x: Any, y: Any) -> Any:
            return x @ self.of_x + y @ self.of_y

        def compute_output_shape(self, x_shape: Any, y_shape: Any) -> Any:
            return (*x_shape[:-1], self.units)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register("own_models")
    class Net(library.Model):  # type: ignore[name-defined,misc]
        """A model that defines call; of its attributes some stand before 'layers' in the alphabet, some after."""

        def __init__(self, units: int = 4, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.tail = [layers.Dense(3, activation="tanh"), layers.Dense(units)]
            self.block = Block(units)
            self.heads = {"unused": layers.Dense(2), "used": layers.Dense(3)}
            self.drop = layers.Dropout(0.1)
            self.last = layers.Dense(2)
            self.moving = layers.BatchNormalization()

        def call(self, x: Any, training: bool = False) -> Any:
            x = self.moving(self.drop(self.block(x), training=training), training=training)
            for layer in self.tail:
                x = layer(x)
            return self.last(self.heads["used"](x))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register("own_models")
    class Stack(library.Sequential):  # type: ignore[name-defined,misc]
        """A Sequential whose constructor takes a name alone."""

        def __init__(self, name: str | None = None) -> None:
            super().__init__(name=name)

    @register("own_models")
    class Fixed(library.Sequential):  # type: ignore[name-defined,misc]
        """A Sequential that puts itself together."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__([layers.Input((3,)), layers.Dense(units)], **kwargs)
            self.units = units

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name}

        @classmethod
        def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
            return cls(**config)

    @register("own_models")
    class Graph(library.Model):  # type: ignore[name-defined,misc]
        """A model that makes its symbolic inputs and outputs itself."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            x = layers.Input((3,))
            super().__init__(x, layers.Dense(units)(x), **kwargs)
            self.units = units

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name}

        @classmethod
        def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
            return cls(**config)

    return SimpleNamespace(
        library=library, layers=layers, Block=Block, Pair=Pair, Net=Net, Stack=Stack, Fixed=Fixed, Graph=Graph
    )


OURS = defined(tinynet, register_keras_serializable)
THEIRS = defined(keras, keras.saving.register_keras_serializable)


def in_sequential(own: Any) -> Any:
    return own.library.Sequential([own.layers.Input((3,)), own.Block(4)])


def in_functional(own: Any) -> Any:
    x = own.layers.Input((3,))
    return own.library.Model(x, own.Net(4)(own.Block(5)(x)))


def of_pairs(own: Any) -> Any:
    x = own.layers.Input((3,))
    y = own.Pair(4)(x, own.layers.Dense(2)(x))
    return own.library.Model(x, own.Pair(2)(x=y, y=x))


def stacked(own: Any) -> Any:
    model = own.Stack("stack")
    for layer in (own.layers.Input((3,)), own.layers.Dense(2), own.Block(2)):
        model.add(layer)
    return model


MODELS = {
    "a layer in a Sequential": in_sequential,
    "a model in a functional one": in_functional,
    "layers of two tensors": of_pairs,
    "a model": lambda own: own.Net(5),
    "a Sequential": stacked,
    "a Sequential that puts itself together": lambda own: own.Fixed(4),
    "a model with a graph of its own": lambda own: own.Graph(4),
}


def groups(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of all weights in a file by their places."""
    found: dict[str, tuple[int, ...]] = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item.shape} if isinstance(item, h5py.Dataset) else {}))
    return found


@pytest.mark.parametrize("name", MODELS)
def test_both_ways(name: str, tmp_path: Path) -> None:
    ours, theirs = MODELS[name](OURS), MODELS[name](THEIRS)
    results = [np.asarray(model(X)) for model in (ours, theirs)]
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    assert groups(tmp_path / "ours.keras") == groups(tmp_path / "theirs.keras")
    in_keras, in_tinynet = keras.saving.load_model(tmp_path / "ours.keras"), load_model(tmp_path / "theirs.keras")
    assert type(in_keras).__name__ == type(ours).__name__ and type(in_tinynet) is type(ours)
    np.testing.assert_allclose(np.asarray(in_keras(X)), results[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(in_tinynet(X).numpy(), results[1], rtol=1e-5, atol=1e-6)
    ours.set_weights(theirs.get_weights())  # the weights stand in one order in both
    np.testing.assert_allclose(ours(X).numpy(), results[1], rtol=1e-5, atol=1e-6)


def test_training_goes_on_in_the_other_library(tmp_path: Path) -> None:
    y = np.ones((5, 2), "float32")
    for own, load, other in ((OURS, keras.saving.load_model, "keras"), (THEIRS, load_model, "tinynet")):
        model = own.Net(3)
        model.drop.rate = 0.0
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        model.fit(X, y, epochs=2, batch_size=5, verbose=0)
        model.save(tmp_path / f"{other}.keras")
        loaded = load(tmp_path / f"{other}.keras")
        loaded.drop.rate = 0.0
        expected = model.fit(X, y, epochs=2, batch_size=5, verbose=0).history
        found = loaded.fit(X, y, epochs=2, batch_size=5, verbose=0).history
        assert list(found) == list(expected)
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values, rtol=1e-4)


def test_weights_alone(tmp_path: Path) -> None:
    ours, theirs = OURS.Net(4), THEIRS.Net(4)
    ours(X), theirs(X)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(ours(X).numpy(), np.asarray(theirs(X)), rtol=1e-5, atol=1e-6)
    again = THEIRS.Net(4)
    again(X)
    ours.save_weights(tmp_path / "ours.weights.h5")
    again.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_allclose(np.asarray(again(X)), np.asarray(theirs(X)), rtol=1e-5, atol=1e-6)
