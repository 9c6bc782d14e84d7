"""Layers of the user's own in files: found under their registered names, or passed as custom_objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.models import Model, load_model
from tinynet.saving import deserialize_keras_object, get_registered_name, get_registered_object
from tinynet.saving import register_keras_serializable, serialize_keras_object


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


def noted(library: Any) -> type:
    """A layer that keeps more than weights in files: an array of its own, and a text in a file beside."""

    @library.saving.register_keras_serializable("shop", "Noted")
    class Noted(library.layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = library.layers.Dense(units)

        def build(self, input_shape: Any) -> None:
            self.inner.build(input_shape)
            self.table, self.note = np.zeros(3), ""

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

        def save_own_variables(self, store: Any) -> None:
            store["table"] = self.table

        def load_own_variables(self, store: Any) -> None:
            self.table = np.array(store["table"])

        def save_assets(self, dir_path: str) -> None:
            Path(dir_path, "note.txt").write_text(self.note)

        def load_assets(self, dir_path: str) -> None:
            self.note = Path(dir_path, "note.txt").read_text()

    return Noted


@pytest.mark.parametrize(("first", "second"), [(tinynet, keras), (keras, tinynet), (tinynet, tinynet)])
def test_variables_and_files_of_ones_own(first: Any, second: Any, tmp_path: Path) -> None:
    made, expected = noted(first), noted(second)
    model = first.Sequential([first.layers.Input((3,)), made(2)])
    model.layers[0].table, model.layers[0].note = np.array([3.0, 1.0, 4.0]), "a note\n"
    model.save(tmp_path / "model.keras")
    loaded = second.saving.load_model(tmp_path / "model.keras", custom_objects={"Noted": expected})
    layer = loaded.layers[0]
    assert isinstance(layer, expected)
    np.testing.assert_array_equal(layer.table, [3.0, 1.0, 4.0])
    assert layer.note == "a note\n"
    np.testing.assert_allclose(np.asarray(loaded(VALUES)), np.asarray(model(VALUES)), rtol=1e-6)


@pytest.mark.parametrize(
    ("store", "message"),
    [({"a/b": 1.0}, "without '/', received 'a/b'"), ({"a": "text"}, "expected numbers for 'a', received 'text'")],
)
def test_variables_that_no_file_holds(store: dict[str, Any], message: str, tmp_path: Path) -> None:
    class Odd(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

        def save_own_variables(self, own: Any) -> None:
            own.update(store)

    with pytest.raises(ArgumentError, match=message):
        tinynet.Sequential([layers.Input((3,)), Odd()]).save(tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()


def test_an_array_under_many_names_is_not_read_again_and_again(tmp_path: Path) -> None:
    made = noted(tinynet)
    model = tinynet.Sequential([layers.Input((3,)), made(2)])
    model.save_weights(tmp_path / "some.weights.h5")
    with h5py.File(tmp_path / "some.weights.h5", "r+") as file:
        group = file["layers/noted/vars"]
        for number in range(9):
            group[f"again_{number}"] = group["table"]
    with pytest.raises(FileFormatError, match="/layers/noted/vars names arrays several times"):
        model.load_weights(tmp_path / "some.weights.h5")


def test_folders_among_the_files_of_a_layer_are_refused(tmp_path: Path) -> None:
    class Deep(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

        def save_assets(self, dir_path: str) -> None:
            Path(dir_path, "inner").mkdir()

    with pytest.raises(ArgumentError, match="save_assets may write plain files only, not 'inner'"):
        tinynet.Sequential([layers.Input((3,)), Deep()]).save(tmp_path / "model.keras")


def test_a_layer_that_is_held_twice_is_one_again(tmp_path: Path) -> None:
    """Called itself and within a wrapper; Keras writes and reads it as one, too."""

    def built(library: Any) -> Any:
        shared = library.layers.Dense(3)
        one, two = library.layers.Input((4,)), library.layers.Input((5, 4))
        return library.Model([one, two], [shared(one), library.layers.TimeDistributed(shared)(two)])

    x = [VALUES @ np.ones((3, 4), "float32"), np.ones((5, 5, 4), "float32")]
    for first, second in ((tinynet, keras), (keras, tinynet), (tinynet, tinynet)):
        model = built(first)
        model.save(tmp_path / "model.keras")
        loaded = second.saving.load_model(tmp_path / "model.keras")
        assert len(loaded.weights) == len(model.weights) == 2
        for found, expected in zip(loaded(x), model(x), strict=True):
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5, atol=1e-6)


@register_keras_serializable("shop")
class Sharper(layers.Dense):
    """Adds an argument to those of a layer, which it hands on."""

    def __init__(self, sharpness: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sharpness = sharpness


@register_keras_serializable("shop")
class Told(Sharper):
    def get_config(self) -> dict[str, Any]:
        return dict(sharpness=self.sharpness, **super().get_config())


@register_keras_serializable("shop")
class Hidden(layers.Layer):
    def __init__(self, size: int, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._parts = [size, factor]

    def call(self, inputs: Any) -> Any:
        return inputs * self._parts[0] * self._parts[1]


@register_keras_serializable("shop")
class Errors(tinynet.losses.Huber):
    def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.scale * super().call(y_true, y_pred)


@pytest.mark.parametrize("cls", [Sharper, Told])
def test_a_layer_that_extends_another_keeps_its_arguments(cls: type) -> None:
    layer = cls(0.5, 7, activation="relu", name="it", use_bias=False)
    again = deserialize_keras_object(serialize_keras_object(layer))
    assert isinstance(again, cls)
    assert (again.sharpness, again.units, again.use_bias, again.name) == (0.5, 7, False, "it")
    assert again.activation is tinynet.activations.relu


def test_what_is_kept_in_no_attribute_is_what_was_given() -> None:
    again = deserialize_keras_object(serialize_keras_object(Hidden(3, name="it")))
    assert again(np.ones((1, 1), "float32")).item() == 6.0 and again.name == "it"


def test_a_loss_that_extends_another_keeps_its_arguments() -> None:
    loss = Errors(2.0, delta=3.0, reduction="sum")
    again = deserialize_keras_object(serialize_keras_object(loss))
    assert again([[0.0]], [[5.0]]).item() == loss([[0.0]], [[5.0]]).item() == 2 * (0.5 * 9 + 3 * 2)


def test_a_model_class_without_a_constructor_is_a_graph_in_files(tmp_path: Path) -> None:
    @register_keras_serializable("shop")
    class Ours(Model):
        def twice(self, x: Any) -> Any:
            return self(x) * 2

    x = layers.Input((3,))
    model = Ours(x, layers.Dense(2)(x), name="ours")
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert isinstance(loaded, Ours) and loaded.name == "ours"
    np.testing.assert_array_equal(loaded.twice(VALUES).numpy(), model.twice(VALUES).numpy())


def test_layers_that_are_skipped(tmp_path: Path) -> None:
    def built() -> Any:
        return tinynet.Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(2)])

    model, other = built(), built()
    path = tmp_path / "some.weights.h5"
    for saved in ([model.layers[0]], None):
        model.save_weights(path, objects_to_skip=saved)
        kept = other.layers[0].kernel.numpy()
        other.load_weights(path, objects_to_skip=[other.layers[0]])
        np.testing.assert_array_equal(other.layers[0].kernel.numpy(), kept)
        np.testing.assert_array_equal(other.layers[1].kernel.numpy(), model.layers[1].kernel.numpy())
    model.save_weights(path, objects_to_skip=[model.layers[0]])
    with pytest.raises(FileFormatError, match="Dense 'dense.*' needs 2 weights"):
        other.load_weights(path)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ArgumentError, match="objects_to_skip is for .weights.h5 files"):
        other.load_weights(tmp_path / "model.keras", objects_to_skip=[])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"save_format": "h5"}, "save_format is not supported: the ending of the file name says"),
        ({"signatures": 3}, "signatures is not supported"),
    ],
)
def test_arguments_of_save_that_are_gone(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=message):
        tinynet.Sequential([layers.Input((3,)), layers.Dense(2)]).save(tmp_path / "model.keras", **arguments)


def test_the_state_of_the_optimizer_comes_with_weights_as_in_keras(tmp_path: Path) -> None:
    y = np.ones((5, 2), "float32")

    def trained(library: Any) -> Any:
        model = library.Sequential([library.layers.Input((3,)), library.layers.Dense(2, kernel_initializer="ones")])
        model.compile("adam", "mse")
        model.fit(VALUES, y, verbose=0)
        return model

    saved, ours, theirs = trained(keras), trained(tinynet), trained(keras)
    saved.fit(VALUES, y, epochs=3, verbose=0)
    saved.save_weights(tmp_path / "some.weights.h5")
    for model in (ours, theirs):
        model.load_weights(tmp_path / "some.weights.h5")
        assert int(np.asarray(model.optimizer.iterations)) == 4
        model.fit(VALUES, y, epochs=2, verbose=0)
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
