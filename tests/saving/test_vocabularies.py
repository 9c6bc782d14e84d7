"""Vocabularies in `.keras` files, both ways: in assets and in configurations, in models of every kind."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet
from tinynet import naming, saving
from tinynet.errors import FileFormatError, ShapeError
from tinynet.models import clone_model
from tinynet.saving import load_model, model_from_json, to_json

TEXTS = np.array([["Makan nasi goreng!"], ["minum kopi, minum teh"], ["nasi"], [""], ["lain  Kopi"]], dtype=object)
WORDS = np.array([["nasi"], ["kopi"], ["lain"], [""], ["teh"]], dtype=object)
NUMBERS = np.array([[7], [-3], [2**40], [0], [99]])
FLOATS = np.linspace(-2, 2, 5, dtype="float32")[:, None]
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")  # which NumPy, and so Keras, cuts off
VECTORS = ["one_hot", "multi_hot", "count", "tf_idf"]


def forget_names() -> None:
    naming.reset_names()
    keras.utils.clear_session(free_memory=False)


def adapted(kind: str, mode: str) -> tuple[Any, np.ndarray, str]:
    """A layer of Keras's with a vocabulary it learned, inputs for it and their dtype."""
    if kind == "TextVectorization":
        padded = {"max_tokens": 9, "pad_to_max_tokens": mode == "count"}
        more = {"output_sequence_length": 4} if mode == "int" else padded
        layer, x = keras.layers.TextVectorization(output_mode=mode, **more), TEXTS
        layer.adapt(x[:3])
        return layer, x, "string"
    arguments: dict[str, Any] = {"output_mode": mode, "num_oov_indices": 2}
    if kind == "StringLookup":
        layer, x, dtype = keras.layers.StringLookup(mask_token="", salt=4, **arguments), WORDS, "string"
    else:
        more = {"max_tokens": 9, "pad_to_max_tokens": True} if mode != "int" else {}
        layer = keras.layers.IntegerLookup(mask_token=0, oov_method="farmhash", **more, **arguments)
        x, dtype = NUMBERS, "int64"
    layer.adapt(x[:3])
    return layer, x, dtype


def fixed(kind: str, mode: str) -> tuple[Any, np.ndarray, str]:
    """A layer of Keras's without a vocabulary."""
    if kind == "Hashing":
        return keras.layers.Hashing(7, output_mode=mode, salt=[3, 4], mask_value="kopi"), WORDS, "string"
    if kind == "CategoryEncoding":
        return keras.layers.CategoryEncoding(6, output_mode=mode), np.arange(5)[:, None], "int64"
    layer = keras.layers.Discretization(num_bins=3, output_mode=mode)
    layer.adapt(FLOATS)
    return layer, FLOATS, "float32"


CASES = [("TextVectorization", mode) for mode in ("int", "multi_hot", "count", "tf_idf")]
CASES += [(kind, mode) for kind in ("StringLookup", "IntegerLookup") for mode in ("int", *VECTORS)]
CASES += [(kind, mode) for kind in ("Hashing", "Discretization") for mode in ("int", *VECTORS[:3])]
CASES += [("CategoryEncoding", mode) for mode in VECTORS[:3]]


def model_around(layer: Any, dtype: str, form: str) -> Any:
    """A model of Keras's in which the layer stands at the beginning."""
    x = keras.Input((1,), dtype=dtype)
    if form == "Sequential":
        return keras.Sequential([x, layer, keras.layers.Dense(2)])
    if form == "functional":
        return keras.Model(x, keras.layers.Dense(2)(layer(x)))
    if form == "nested":
        inner, outer = keras.Model(x, layer(x)), keras.Input((1,), dtype=dtype)
        return keras.Model(outer, keras.layers.Dense(2)(inner(outer)))
    inner = keras.Sequential([x, layer])
    return keras.Sequential([keras.Input((1,), dtype=dtype), inner, keras.layers.Dense(2)])


def as_tensor(x: np.ndarray) -> Any:
    return tf.constant(x.tolist()) if x.dtype == object else tf.constant(x)


@pytest.mark.parametrize("form", ["Sequential", "nested", "Sequential in Sequential"])  # nested: both are functional
@pytest.mark.parametrize(("kind", "mode"), CASES)
def test_both_ways(kind: str, mode: str, form: str, tmp_path: Path, counts: Any) -> None:
    forget_names()
    make = fixed if kind in ("Hashing", "CategoryEncoding", "Discretization") else adapted
    layer, x, dtype = make(kind, mode)
    theirs = model_around(layer, dtype, form)
    theirs.save(tmp_path / "keras.keras")
    expected = theirs.predict(as_tensor(x), verbose=0)
    ours = load_model(tmp_path / "keras.keras")
    np.testing.assert_allclose(ours.predict(x), expected, rtol=1e-5, atol=1e-6)
    ours.save(tmp_path / "tinynet.keras")
    back = keras.saving.load_model(tmp_path / "tinynet.keras")
    np.testing.assert_allclose(back.predict(as_tensor(x), verbose=0), expected, rtol=1e-5, atol=1e-6)
    again = load_model(tmp_path / "tinynet.keras")
    np.testing.assert_array_equal(again.predict(x), ours.predict(x))
    copy = clone_model(ours)
    copy.set_weights(ours.get_weights())
    np.testing.assert_array_equal(copy.predict(x), ours.predict(x))
    counts["files", "models with vocabularies, hashes and bins read both ways"] += 1


def test_backwards_in_models(tmp_path: Path) -> None:
    for kind, vocabulary in (("StringLookup", ["kopi", "é"]), ("IntegerLookup", [9, -4])):
        forget_names()
        x = keras.Input((2,), dtype="int64")
        theirs = keras.Model(x, getattr(keras.layers, kind)(vocabulary=vocabulary, invert=True)(x))
        theirs.save(tmp_path / "keras.keras")
        ours = load_model(tmp_path / "keras.keras")
        numbers = np.array([[0, 1], [2, 7]])
        expected = theirs(tf.constant(numbers)).numpy().tolist()
        expected = [[token.decode() if isinstance(token, bytes) else token for token in row] for row in expected]
        assert ours.predict(numbers).tolist() == np.asarray(ours(numbers)).tolist() == expected
        ours.save(tmp_path / "tinynet.keras")
        back = keras.saving.load_model(tmp_path / "tinynet.keras")
        assert back(tf.constant(numbers)).numpy().tolist() == theirs(tf.constant(numbers)).numpy().tolist()


def test_every_layer_gets_its_own_vocabulary_in_keras_order(tmp_path: Path) -> None:
    forget_names()
    a, b = (keras.Input((1,), dtype="string", name=name) for name in "ab")
    layers = [keras.layers.StringLookup(output_mode="count", name=name) for name in ("first", "second", "third")]
    for layer, words in zip(layers, (["x", "y"], ["y", "z"], ["z", "x"]), strict=True):
        layer.adapt(np.array(words))
    # The layers called last come first in the sum: files count them in the order of the graph, not of the calls.
    third, first, second = layers[2](a), layers[0](b), layers[1](a)
    theirs = keras.Model([a, b], keras.ops.concatenate([second, first, third, layers[0](a)], axis=-1))
    theirs.save(tmp_path / "keras.keras")
    ours = load_model(tmp_path / "keras.keras")
    for layer in layers:
        assert ours.get_layer(layer.name).get_vocabulary() == layer.get_vocabulary()
    x = [np.array([["x"], ["y"]], object), np.array([["z"], ["q"]], object)]
    np.testing.assert_array_equal(np.asarray(ours(x)), theirs([as_tensor(part) for part in x]).numpy())


@settings(max_examples=8)
@given(words=st.lists(st.text(CHARACTERS, min_size=1), min_size=1, unique=True))
def test_no_character_cuts_a_token(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    words = [word for word in words if word != "[UNK]"] + ["x\u2028y\n\x85\x0b"]
    forget_names()
    path = tmp_path_factory.mktemp("words") / "model.keras"
    for layer in (tinynet.layers.StringLookup(), tinynet.layers.TextVectorization(standardize=None, split=None)):
        layer.adapt(np.array(words))
        tinynet.Sequential([tinynet.layers.Input((1,), dtype="string"), layer]).save(path)
        back = keras.saving.load_model(path)
        assert back.layers[0].get_vocabulary() == load_model(path).layers[0].get_vocabulary() == layer.get_vocabulary()


def test_a_file_of_keras_is_cut_where_keras_cuts_it(tmp_path: Path) -> None:
    forget_names()
    layer = keras.layers.StringLookup()
    layer.adapt(np.array(["x\u2028y", "b", "b"]))
    model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
    model.save(tmp_path / "keras.keras")
    assert layer.get_vocabulary() == ["[UNK]", "b", "x\u2028y"]
    reloaded = keras.saving.load_model(tmp_path / "keras.keras")
    ours = load_model(tmp_path / "keras.keras")
    assert ours.layers[0].get_vocabulary() == reloaded.layers[0].get_vocabulary() == ["[UNK]", "b", "x", "y"]


def test_after_loading_a_vocabulary_can_be_learned_anew(tmp_path: Path) -> None:
    forget_names()
    layer, _, _ = adapted("StringLookup", "int")
    model_around(layer, "string", "Sequential").save(tmp_path / "keras.keras")
    ours = load_model(tmp_path / "keras.keras")
    ours.layers[0].adapt(np.array(["baru"]))
    assert ours.layers[0].get_vocabulary(False) == ["baru"]


def test_before_there_is_a_vocabulary(tmp_path: Path) -> None:
    forget_names()
    layers = [keras.layers.TextVectorization(output_sequence_length=3), keras.layers.Embedding(5, 2)]
    keras.Sequential([keras.Input((1,), dtype="string"), *layers]).save(tmp_path / "keras.keras")
    ours = load_model(tmp_path / "keras.keras")
    assert ours.layers[0].get_vocabulary() == ["", "[UNK]"]
    ours.layers[0].adapt(["a b"])
    ours.save(tmp_path / "tinynet.keras")
    assert keras.saving.load_model(tmp_path / "tinynet.keras").layers[0].get_vocabulary() == ["", "[UNK]", "b", "a"]


def test_idf_weights_in_files_of_weights_alone(tmp_path: Path) -> None:
    forget_names()
    layer, x, dtype = adapted("TextVectorization", "tf_idf")
    theirs = model_around(layer, dtype, "functional")
    theirs.save_weights(tmp_path / "keras.weights.h5")
    words = layer.get_vocabulary()
    x_in = tinynet.layers.Input((1,), dtype="string")
    text = tinynet.layers.TextVectorization(
        output_mode="tf_idf", max_tokens=9, vocabulary=words, idf_weights=np.ones(len(words))
    )
    ours = tinynet.Model(x_in, tinynet.layers.Dense(2)(text(x_in)))
    ours.load_weights(tmp_path / "keras.weights.h5")
    np.testing.assert_allclose(ours.predict(x), theirs.predict(as_tensor(x), verbose=0), rtol=1e-5, atol=1e-6)
    ours.save_weights(tmp_path / "tinynet.weights.h5")
    theirs.load_weights(tmp_path / "tinynet.weights.h5")
    np.testing.assert_allclose(ours.predict(x), theirs.predict(as_tensor(x), verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["StringLookup", "TextVectorization"])
@pytest.mark.parametrize("padded", [False, True])
def test_idf_weights_that_were_given(kind: str, padded: bool, tmp_path: Path) -> None:
    forget_names()
    arguments: dict[str, Any] = {"vocabulary": ["nasi", "kopi"], "idf_weights": [0.5, 0.25], "output_mode": "tf_idf"}
    arguments |= {"max_tokens": 7, "pad_to_max_tokens": True} if padded else {}
    theirs = model_around(getattr(keras.layers, kind)(**arguments), "string", "functional")
    theirs.save(tmp_path / "keras.keras")
    ours = load_model(tmp_path / "keras.keras")
    expected = theirs.predict(as_tensor(WORDS), verbose=0)
    np.testing.assert_allclose(ours.predict(WORDS), expected, rtol=1e-5, atol=1e-6)
    ours.save(tmp_path / "tinynet.keras")
    back = keras.saving.load_model(tmp_path / "tinynet.keras")
    np.testing.assert_allclose(back.predict(as_tensor(WORDS), verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_json_keeps_the_vocabulary() -> None:
    layers = [tinynet.layers.Input((1,), dtype="string"), tinynet.layers.StringLookup(vocabulary=["a"])]
    model = tinynet.Sequential(layers)
    assert model_from_json(to_json(model)).layers[0].get_vocabulary() == ["[UNK]", "a"]


def test_older_versions_of_keras_know_every_key() -> None:
    for kind in ("StringLookup", "IntegerLookup"):
        assert not {"oov_method", "salt"} & set(getattr(tinynet.layers, kind)().get_config())
    config = tinynet.layers.IntegerLookup(oov_method="farmhash", salt=3).get_config()
    assert (config["oov_method"], config["salt"]) == ("farmhash", [3, 3])


# Damaged files.


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The members of files with lookups in them."""
    files = {}
    for kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
        forget_names()
        path = tmp_path_factory.mktemp(kind) / "model.keras"
        layer, _, dtype = adapted(kind, "tf_idf")
        model_around(layer, dtype, "functional").save(path)
        with zipfile.ZipFile(path) as archive:
            files[kind] = {name: archive.read(name) for name in archive.namelist()}
    return files


def refused(path: Path, members: dict[str, bytes], message: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(FileFormatError, match=f"(?s){re.escape(str(path))}: .*{message}"):
        load_model(path)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("StringLookup", b"[UNK]\n[UNK]\n\xff\xfe", "StringLookup '.*': vocabulary.txt is not UTF-8"),
        ("StringLookup", b"[UNK]\n[UNK]\na\na\nb", "these repeat"),
        ("StringLookup", b"[UNK]\n[UNK]\na", "has 5 entries and cannot be replaced by one of 3"),
        ("StringLookup", b"[UNK]\n[UNK]\na\n\nb", "the mask token '' stands at index 3"),
        ("IntegerLookup", b"-1\n-1\n7\nseven\n3", "vocabulary.txt does not hold one integer a line"),
        ("IntegerLookup", b"-1\n-1\n7\n9" + b"9" * 30, "64 bits|differ in shape|expected integers"),
        ("TextVectorization", b"[UNK]\nnasi\nnasi", "these repeat"),
    ],
)
def test_vocabularies_that_are_none(kind: str, content: bytes, message: str, good: Any, tmp_path: Path) -> None:
    name = next(name for name in good[kind] if name.endswith("vocabulary.txt"))
    refused(tmp_path / "bad.keras", {**good[kind], name: content}, message)


def test_a_vocabulary_that_is_too_large(good: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LARGEST_ASSET", 1000)
    name = "assets/layers/string_lookup/vocabulary.txt"
    assert name in good["StringLookup"]
    content = b"[UNK]\n[UNK]\n" + b"\n".join(b"%d" % i for i in range(1000))
    refused(tmp_path / "bad.keras", {**good["StringLookup"], name: content}, "vocabulary.txt")


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
@pytest.mark.parametrize("change", ["missing", "longer", "text", "huge"])
def test_idf_weights_that_are_none(kind: str, change: str, good: Any, tmp_path: Path) -> None:
    stream = io.BytesIO(good[kind]["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        places: list[str] = []
        file.visit(lambda name: places.append(name) if name.endswith("idf_weights") else None)
        assert len(places) == (2 if kind == "TextVectorization" else 1)
        for place in places:
            data = file[place][()]
            del file[place]
            if change == "longer":
                file[place] = np.append(data, 1)
            elif change == "text":
                file[place] = np.array([b"1"] * len(data))
            elif change == "huge":
                file.create_dataset(place, (2**40,), "float32", chunks=(2**20,))
    members = {**good[kind], "model.weights.h5": stream.getvalue()}
    refused(tmp_path / "bad.keras", members, f"{kind} '.*(needs 1 weights|weight 'idf_weights')|idf_weights declares more data")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": "/etc/passwd"}, "names a file, '/etc/passwd', as vocabulary; it is not read"),
        ({"vocabulary": {"a": 1}, "idf_weights": [1]}, "expected one list of words"),
        ({"vocabulary": [["a"]], "idf_weights": [1]}, "expected one list of words"),
        ({"vocabulary": ["a"], "idf_weights": None}, "needs idf_weights"),
        ({"max_tokens": 10**15, "pad_to_max_tokens": True}, "makes vectors longer than"),
        ({"num_oov_indices": 10**12}, "num_oov_indices must be from 0"),
        ({"vocabulary_size": "many"}, "vocabulary_size must be None or an integer"),
        ({"sparse": True}, "sparse=True is not supported"),
        ({"evil": 1}, "unknown argument 'evil'"),
    ],
)
def test_configurations_that_want_too_much(changes: Any, message: str, good: Any, tmp_path: Path) -> None:
    config = json.loads(good["StringLookup"]["config.json"])
    config["config"]["layers"][1]["config"].update(changes)
    refused(tmp_path / "bad.keras", {**good["StringLookup"], "config.json": json.dumps(config).encode()}, message)


def test_a_declared_size_is_no_reason_to_allocate(good: Any, tmp_path: Path) -> None:
    config = json.loads(good["StringLookup"]["config.json"])
    config["config"]["layers"][1]["config"]["vocabulary_size"] = 10**12
    refused(tmp_path / "bad.keras", {**good["StringLookup"], "config.json": json.dumps(config).encode()}, "")


def test_text_vectorization_refuses_by_name() -> None:
    for key in ("sparse", "ragged"):
        with pytest.raises(ValueError, match=f"TextVectorization.*: {key}=True is not supported"):
            tinynet.layers.TextVectorization(**{key: True})
    with pytest.raises(ShapeError, match="TextVectorization"):
        tinynet.layers.TextVectorization(vocabulary=["a"])(np.array([["a", "b"]]))
