"""Keras's older HDF5 files, of whole models and of weights alone: both ways with live Keras, and wrong ones."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from twins import KERAS, TINYNET, forget_names, random_weights, same_weights

import tinynet
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.models import load_model

X = np.random.default_rng(0).normal(size=(12, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")


def dense(library: Any) -> Any:
    layers = library.layers
    return library.Sequential([
        layers.Input((6,)), layers.Dense(5, activation="tanh", name="first"), layers.BatchNormalization(),
        layers.Dropout(0.25), layers.Dense(2, name="last"),
    ])  # fmt: skip


def frozen(library: Any) -> Any:
    """A model within a model, of which parts are frozen: where the order of the weights is not plain."""
    layers = library.layers
    inner = library.Sequential([
        layers.Input((5,)), layers.Dense(5, name="kept", trainable=False), layers.BatchNormalization(name="norm"),
        layers.Dense(5, name="changed"),
    ], name="inner")  # fmt: skip
    return library.Sequential([layers.Input((6,)), layers.Dense(5), inner, layers.Dense(2)])


def graph(library: Any) -> Any:
    layers = library.layers
    x = layers.Input((6,), name="x")
    shared = layers.Dense(4, activation="relu", name="shared")
    merged = layers.Concatenate()([shared(x), shared(layers.Activation("tanh")(x))])
    outputs = layers.Dense(2, name="label")(merged)
    return (keras if library is KERAS else tinynet).Model(x, outputs)


MODELS: dict[str, Callable[[Any], Any]] = {"dense": dense, "frozen": frozen, "graph": graph}


def pair(name: str) -> tuple[Any, Any]:
    """(tinynet's, Keras's) model with different random weights."""
    forget_names()
    models = [MODELS[name](library) for library in (TINYNET, KERAS)]
    for seed, model in enumerate(models):
        model.set_weights(random_weights(model, seed))
    return models[0], models[1]


def same_bits(ours: Any, theirs: Any) -> None:
    for own, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other), err_msg=own.path)


def same_state(ours: Any, theirs: Any) -> None:
    assert len(ours.variables) == len(theirs.variables) > 2
    for own, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other), err_msg=own.path)


@pytest.mark.parametrize("ending", [".h5", ".hdf5"])
@pytest.mark.parametrize("name", list(MODELS))
def test_whole_models_both_ways(name: str, ending: str, tmp_path: Path) -> None:
    """Weights and predictions, and in tinynet the optimizer's state, which Keras does not restore from such files."""
    ours, theirs = pair(name)
    for model in (ours, theirs):
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    path = tmp_path / f"model{ending}"
    ours.save(path)
    read = keras.models.load_model(path)  # with its training: Keras itself writes 'mse' so that this fails
    same_bits(ours, read)
    np.testing.assert_allclose(ours.predict(X), read.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        theirs.save(path)
        back = load_model(path)
    same_bits(back, theirs)
    same_state(back.optimizer, theirs.optimizer)
    np.testing.assert_allclose(back.predict(X), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_training_goes_on_from_the_file(optimizer: str, tmp_path: Path) -> None:
    forget_names()
    layers = keras.layers
    theirs = keras.Sequential([layers.Input((6,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    theirs.set_weights(random_weights(theirs, 3))
    theirs.compile(optimizer, "mean_squared_error")
    theirs.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    theirs.save(tmp_path / "keras.h5")
    ours = load_model(tmp_path / "keras.h5")
    ours.save(tmp_path / "ours.h5")
    again = load_model(tmp_path / "ours.h5")
    expected = theirs.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0).history["loss"]
    for model in (ours, again):
        found = model.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0).history["loss"]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        same_weights(model, theirs)
    # Keras itself builds the optimizer of what it reads for none of the layers' weights.
    with pytest.raises(ValueError, match="Unknown variable"):
        keras.models.load_model(tmp_path / "keras.h5").fit(X, Y, verbose=0)


@pytest.mark.parametrize("name", list(MODELS))
def test_weights_alone_both_ways(name: str, tmp_path: Path) -> None:
    ours, theirs = pair(name)
    ours.save_weights(tmp_path / "ours.h5")
    # Keras 3 reads such files, but writes them no more except within whole models.
    theirs.load_weights(tmp_path / "ours.h5")
    same_bits(ours, theirs)
    theirs.set_weights(random_weights(theirs, 7))
    theirs.save(tmp_path / "theirs.h5")
    ours.load_weights(tmp_path / "theirs.h5")
    same_bits(ours, theirs)
    ours.set_weights(random_weights(ours, 8))
    with h5py.File(tmp_path / "theirs.h5") as whole, h5py.File(tmp_path / "weights.h5", "w") as alone:
        for key, value in whole["model_weights"].attrs.items():
            alone.attrs[key] = value
        for key in whole["model_weights"]:
            whole.copy(f"model_weights/{key}", alone)
    ours.load_weights(tmp_path / "weights.h5")
    same_bits(ours, theirs)


def test_operators_on_tensors(tmp_path: Path) -> None:
    """Keras writes them without saying what they are, and cannot read them again; here they are read both ways."""
    x = keras.Input((6,))
    theirs = keras.Model(x, keras.layers.Dense(3)(x * 2.0 + 1.0)[:, 1:])
    theirs.save(tmp_path / "keras.h5")
    ours = load_model(tmp_path / "keras.h5")
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    ours.save(tmp_path / "ours.h5")
    again = keras.models.load_model(tmp_path / "ours.h5")
    np.testing.assert_allclose(again.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("length", [100, 300])
def test_names_that_are_too_long_for_one_attribute(length: int, tmp_path: Path) -> None:
    """64 KB is the limit of HDF5; both libraries split the list of names over several attributes."""
    names = [f"{'n' * length}_{i}" for i in range(300)]
    forget_names()
    models = []
    for library in (TINYNET, KERAS):
        layers = library.layers
        stack = [layers.Activation("linear", name=name) for name in names]
        models.append(library.Sequential([layers.Input((6,)), layers.Dense(2, name="d" * 90), *stack]))
    ours, theirs = models
    ours.save_weights(tmp_path / "ours.h5")
    with h5py.File(tmp_path / "ours.h5") as file:
        assert ("layer_names" in file.attrs) == (length == 100)
    theirs.load_weights(tmp_path / "ours.h5")
    same_bits(ours, theirs)
    theirs.set_weights(random_weights(theirs, 1))
    theirs.save(tmp_path / "theirs.h5")
    ours.load_weights(tmp_path / "theirs.h5")
    same_bits(ours, theirs)


def test_by_name(tmp_path: Path) -> None:
    ours, _ = pair("dense")
    ours.save_weights(tmp_path / "model.h5")
    layers = tinynet.layers
    part = tinynet.Sequential([layers.Input((5,)), layers.Dense(2, name="last"), layers.Dense(3, name="new")])
    before = part.layers[1].get_weights()
    part.load_weights(tmp_path / "model.h5", by_name=True)
    np.testing.assert_array_equal(part.layers[0].get_weights()[0], ours.layers[-1].get_weights()[0])
    np.testing.assert_array_equal(part.layers[1].get_weights()[0], before[0])
    strange = tinynet.Sequential([layers.Input((6,)), layers.Dense(5, name="strange")])
    with pytest.warns(UserWarning, match="model.h5: holds no layer of the name of any in the model"):
        strange.load_weights(tmp_path / "model.h5", by_name=True)
    wide = tinynet.Sequential([layers.Input((5,)), layers.Dense(9, name="last")])
    with pytest.raises(FileFormatError, match=r"2 things do not fit:\n- Dense 'last', weight 'kernel': expected shape \(5, 9\)"):
        wide.load_weights(tmp_path / "model.h5", by_name=True)
    ours.save_weights(tmp_path / "model.weights.h5")
    ours.save(tmp_path / "model.keras")
    for name in ("model.weights.h5", "model.keras"):
        with pytest.raises(ArgumentError, match="by_name is for .h5 files of the older format"):
            ours.load_weights(tmp_path / name, by_name=True)
    with pytest.raises(ArgumentError, match="expected by_name to be True or False, received 'yes'"):
        ours.load_weights(tmp_path / "model.h5", by_name="yes")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5", "model.keras"])
def test_what_does_not_fit_is_told_all_at_once_or_left(name: str, tmp_path: Path) -> None:
    ours, theirs = pair("dense")
    theirs.save_weights(tmp_path / name) if name == "model.weights.h5" else theirs.save(tmp_path / name)
    layers = tinynet.layers
    other = tinynet.Sequential([
        layers.Input((6,)), layers.Dense(5, name="first"), layers.BatchNormalization(), layers.Dense(3, name="last"),
    ])  # fmt: skip
    before = other.get_weights()
    with pytest.raises(FileFormatError) as caught:
        other.load_weights(tmp_path / name)
    assert str(caught.value).splitlines() == [
        f"{tmp_path / name}: 2 things do not fit:",
        "- Dense 'last', weight 'kernel': expected shape (5, 3), the file has (5, 2)",
        "- Dense 'last', weight 'bias': expected shape (3,), the file has (2,)",
    ]
    for own, kept in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)
    with pytest.warns(UserWarning, match="These are left as they were") as warned:
        other.load_weights(tmp_path / name, skip_mismatch=True)
    assert warned[0].filename == __file__  # where something can be done about it
    for own, expected in zip(other.get_weights(), [*theirs.get_weights()[:6], *before[6:]], strict=True):
        np.testing.assert_array_equal(own, expected)


def test_missing_layers_and_weights_are_all_named(tmp_path: Path) -> None:
    ours, _ = pair("dense")
    ours.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        group = file["model_weights/first"]
        del group[group.attrs["weight_names"][1].decode()]
        group = file["model_weights/last"]
        name = group.attrs["weight_names"][0].decode()
        del group[name]
        group[name] = np.ones((1, 1), "float32")
    with pytest.raises(FileFormatError) as caught:
        load_model(tmp_path / "model.h5")
    assert [line.split(": ")[-1] for line in str(caught.value).splitlines()[1:]] == [
        "- Dense 'first' needs 2 weights (kernel (6, 5), bias (5,)), the file has 1 in group first",
        "expected shape (5, 2), the file has (1, 1)",
    ]


def test_what_does_not_fit_is_told_with_the_files_own_name_for_the_layer(tmp_path: Path) -> None:
    layers = tinynet.layers
    tinynet.Sequential([layers.Input((3,)), layers.Dense(2, name="theirs")]).save(tmp_path / "model.h5")
    model = tinynet.Sequential([layers.Input((3,)), layers.Dense(2, use_bias=False, name="ours")])
    with pytest.raises(FileFormatError, match=r"Dense 'ours' needs 1 weights .*, the file has 2 in group theirs"):
        model.load_weights(tmp_path / "model.h5")


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    ours, _ = pair("dense")
    ours.compile("adam", "mse")
    ours.save(path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def attribute(place: str, name: str, value: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[place].attrs[name] = value

    return change


def without(place: str, name: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[place].attrs[name]

    return change


def outside(file: Any) -> None:
    """Names that lead out of the layer's group, to arrays of the right shapes."""
    file["elsewhere"] = np.ones((6, 5), "float32")
    file["model_weights/first"].attrs["weight_names"] = ["../../elsewhere", "../last/last/bias"]


def linked(file: Any) -> None:
    del file["model_weights/first"]
    file["model_weights/first"] = h5py.ExternalLink("other.h5", "/first")


CAUSES: list[tuple[Callable[[Any], None], str]] = [
    (without("/", "model_config"), "holds no configuration of a model, only weights or something else"),
    (attribute("/", "model_config", "{"), "model_config is not valid JSON"),
    (attribute("/", "model_config", "[]"), "the configuration does not describe a model"),
    (attribute("/", "model_config", b"\xff\xfe"), "a text is not UTF-8"),
    (attribute("/", "model_config", "[" * 100_000), "model_config is not valid JSON"),
    (attribute("/", "model_config", '{"class_name": "Lambda", "config": {"function": "x"}}'), "holds code"),
    (attribute("/", "model_config", '{"class_name": "os.system", "config": {}}'), "unknown layer class 'os.system'"),
    (without("model_weights", "layer_names"), "model_weights has no layer_names"),
    (attribute("model_weights", "layer_names", ["first", "first"]), "layer_names .* are no different names"),
    (attribute("model_weights", "layer_names", 3), "layer_names .* are no different names"),
    (attribute("model_weights", "layer_names", ["first"]), "the model has 3 layers with weights, the file has 1"),
    (attribute("model_weights", "layer_names", ["../optimizer_weights"] * 1), "the file has 0; only in the model"),
    (without("model_weights/first", "weight_names"), "/model_weights/first has no weight_names"),
    (outside, "Dense 'first' needs 2 weights .* the file has 0 in group first"),
    (linked, "holds 'first' as a link to elsewhere, which is not followed"),
]


@pytest.mark.parametrize(("change", "cause"), CAUSES, ids=range(len(CAUSES)))
def test_wrong_files_are_refused_by_name(change: Callable[[Any], None], cause: str, tmp_path: Path) -> None:
    path = changed(tmp_path / "wrong.h5", change)
    with pytest.raises(FileFormatError, match=f"wrong.h5: .*{cause}|wrong.h5: {cause}"):
        load_model(path)


@pytest.mark.parametrize("training", ["3", "[1]", '{"optimizer_config": {"class_name": "Evil", "config": {}}}'])
def test_a_training_configuration_that_is_none(training: str, tmp_path: Path) -> None:
    path = changed(tmp_path / "model.h5", attribute("/", "training_config", training))
    with pytest.warns(UserWarning, match="model.h5: the training configuration is left out"):
        assert not load_model(path).compiled
    assert not load_model(path, compile=False).compiled


def test_an_optimizer_of_another_kind_starts_anew(tmp_path: Path) -> None:
    def change(file: Any) -> None:
        training = json.loads(file.attrs["training_config"])
        training["optimizer_config"] = {"class_name": "SGD", "config": {"momentum": 0.5}}
        file.attrs["training_config"] = json.dumps(training)

    ours, _ = pair("dense")
    ours.compile("adam", "mse")
    ours.fit(X, Y, verbose=0)
    ours.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        change(file)
    with pytest.warns(UserWarning, match="model.h5: holds no state for this optimizer; it starts anew") as warned:
        assert load_model(tmp_path / "model.h5").optimizer.iterations == 0
    assert {warning.filename for warning in warned} == {__file__}
