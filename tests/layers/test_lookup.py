"""Lookups, hashing, category encodings and discretization beside Keras's, beyond what every layer is tested for."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError, DataError, DtypeError, NotBuiltError, ShapeError, TinynetError

MODES = ["int", "one_hot", "multi_hot", "count", "tf_idf"]
WORDS = ["b", "a", "\u00e9", "zz", "z", "kata", "[UNK]", "", "x\u2028y", "Z"]
INTEGERS = [3, -7, 0, -1, 2**40, 12, 5]

modes = st.sampled_from(MODES)


def same(ours: Any, theirs: Any, what: str = "") -> None:
    """Equal in shape, dtype and value; Keras's texts are bytes."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if theirs.dtype.kind in "OS":
        theirs = np.array([text.decode() for text in theirs.flat], object).reshape(theirs.shape)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), what
    if ours.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, err_msg=what)
    else:
        np.testing.assert_array_equal(ours, theirs, what)


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of both lookups, without a vocabulary."""
    mode = draw(modes)
    max_tokens = draw(st.none() | st.integers(7, 12))
    return {
        "output_mode": mode, "max_tokens": max_tokens, "num_oov_indices": draw(st.integers(1, 4)),
        "pad_to_max_tokens": mode != "int" and max_tokens is not None and draw(st.booleans()),
        "invert": mode == "int" and draw(st.booleans()),
    }  # fmt: skip


@given(arguments=settings(), data=st.data(), integers=st.booleans(), masked=st.booleans())
def test_adapted(arguments: dict[str, Any], data: st.DataObject, integers: bool, masked: bool) -> None:
    name, tokens = ("IntegerLookup", INTEGERS) if integers else ("StringLookup", WORDS)
    arguments["mask_token"] = data.draw(st.sampled_from([tokens[0], 0 if integers else ""])) if masked else None
    special = {arguments["mask_token"], -1 if integers else "[UNK]"}
    shape = data.draw(st.sampled_from([(6,), (6, 1), (2, 3)]))
    six = st.lists(st.sampled_from(tokens), min_size=6, max_size=6)
    drawn = data.draw(six.filter(lambda drawn: set(drawn) - special))
    known = np.array(drawn, "int64" if integers else object).reshape(shape)
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    if data.draw(st.booleans()):
        ours.adapt(known)
        theirs.adapt(tf.constant(known))
    else:  # in batches, which are documents of their own where they have one axis
        batches = np.array_split(known, 2)
        ours.adapt(iter(batches))
        theirs.adapt(iter(map(tf.constant, batches)))
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    assert ours.get_vocabulary(False) == theirs.get_vocabulary(False)
    assert ours.vocabulary_size() == theirs.vocabulary_size()
    if arguments["output_mode"] == "tf_idf":
        np.testing.assert_allclose(ours._lookup.idf_weights, theirs.idf_weights_const.numpy(), rtol=2e-6)
    inputs = np.arange(-2, 10).reshape(4, 3) if arguments["invert"] else np.array([*tokens, tokens[0], tokens[1]])[:6]
    for x in (inputs, inputs.reshape(-1, 1), inputs.reshape(1, -1, 3), inputs.flat[0]):
        same(ours(x), theirs(tf.constant(x)), f"inputs of shape {np.shape(x)}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("salt", [None, 3, (1, 2**62)])
def test_out_of_vocabulary_hashes(mode: str, salt: Any) -> None:
    words = ["".join(random.Random(i).choices("abcdef\u00e9\u0144 ", k=i)) for i in range(70)]
    for n in (2, 3, 10):
        given_ = {"vocabulary": ["b"], "num_oov_indices": n, "output_mode": mode, "salt": salt}
        given_ |= {"idf_weights": [0.5]} if mode == "tf_idf" else {}
        same(layers.StringLookup(**given_)(words), keras.layers.StringLookup(**given_)(words))
        for method in ("floormod", "farmhash") if salt is None else ("farmhash",):
            given_ |= {"vocabulary": [4], "oov_method": method}
            numbers = np.arange(-35, 35) ** 3 * 2**20
            same(layers.IntegerLookup(**given_)(numbers), keras.layers.IntegerLookup(**given_)(numbers))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mask", [None, "m"])
def test_special_tokens_that_are_given(mode: str, mask: Any) -> None:
    special = [mask] * (mask is not None and mode == "int") + ["[UNK]"] * 2
    for front in ([], special):
        vocabulary = [*front, "b", "a"]
        arguments: dict[str, Any] = {"mask_token": mask, "num_oov_indices": 2, "output_mode": mode}
        if mode == "tf_idf":
            arguments["idf_weights"] = [0.5 * i + 0.25 for i in range(len(vocabulary))]
        ours = layers.StringLookup(vocabulary=vocabulary, **arguments)
        theirs = keras.layers.StringLookup(vocabulary=vocabulary, **arguments)
        assert ours.get_vocabulary() == theirs.get_vocabulary() == [*special, "b", "a"]
        same(ours(["a", "m", "q", "b", "[UNK]"]), theirs(["a", "m", "q", "b", "[UNK]"]))
    assert layers.StringLookup(vocabulary=["a", "[UNK]"])(["[UNK]", "a"]).tolist() == [2, 1]  # an ordinary word


def test_without_out_of_vocabulary_tokens() -> None:
    arguments = {"vocabulary": ["b", "a"], "num_oov_indices": 0}
    ours, theirs = (library.StringLookup(**arguments) for library in (layers, keras.layers))
    same(ours(["a", "b"]), theirs(["a", "b"]))
    assert ours.get_vocabulary() == theirs.get_vocabulary() == ["b", "a"]
    with pytest.raises(DataError, match=r"num_oov_indices=0 every token must be in the vocabulary, but \['q'\]"):
        ours(["a", "q"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="num_oov_indices=0"):
        theirs(["a", "q"])


def test_without_an_oov_token() -> None:
    for vocabulary in (["b", "a"], [None, "b", "a"]):
        arguments = {"vocabulary": vocabulary, "oov_token": None}
        ours, theirs = (library.StringLookup(**arguments) for library in (layers, keras.layers))
        same(ours(["a", "q"]), theirs(["a", "q"]))
        assert ours.get_vocabulary() == theirs.get_vocabulary() == [None, "b", "a"]
    again = layers.StringLookup.from_config(ours.get_config())
    assert again.get_vocabulary() == [None, "b", "a"]


def test_backwards_and_forwards(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("b\na\n")
    (tmp_path / "numbers.txt").write_text("7\n-3\n")
    forth = layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    back = layers.StringLookup(vocabulary=forth.get_vocabulary(), invert=True)
    assert back(forth(["a", "b", "c"])).tolist() == ["a", "b", "[UNK]"]
    theirs = keras.layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    same(forth(["a", "b", "c"]), theirs(["a", "b", "c"]))
    assert layers.IntegerLookup(vocabulary=tmp_path / "numbers.txt").get_vocabulary() == [-1, 7, -3]


def test_adapting_again() -> None:
    for library in (layers, keras.layers):
        layer = library.StringLookup()
        layer.adapt(np.array(["a", "b"]))
        layer.set_vocabulary(["q"])
        layer.adapt(np.array(["x", "y", "x"]))
        assert layer.get_vocabulary() == ["[UNK]", "x", "y"]
        fixed = library.StringLookup(vocabulary=["q"])
        with pytest.raises(ValueError, match="adapt"):
            fixed.adapt(np.array(["x"]))
        vectors = library.StringLookup(output_mode="count")
        vectors.adapt(np.array(["a", "b"]))
        with pytest.raises((ArgumentError, RuntimeError), match="vocabulary"):
            vectors.adapt(np.array(["a", "b", "c"]))


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: layers.StringLookup(num_oov_indices=-1), ArgumentError, "num_oov_indices must be .* from 0"),
        (lambda: layers.StringLookup(num_oov_indices=10**9), ArgumentError, "num_oov_indices must be from 0 to"),
        (lambda: layers.StringLookup(num_oov_indices=None), ArgumentError, "num_oov_indices .* received None"),
        (lambda: layers.StringLookup(max_tokens=1), ArgumentError, "max_tokens must be None or an integer from 2"),
        (lambda: layers.StringLookup(max_tokens=3, num_oov_indices=3), ArgumentError, "max_tokens .* from 4"),
        (lambda: layers.StringLookup(mask_token=0), ArgumentError, "mask_token must be None or a str, received 0"),
        (lambda: layers.IntegerLookup(mask_token="0"), DtypeError, "mask_token: expected integers"),
        (lambda: layers.StringLookup(oov_method="crc"), ArgumentError, "unknown oov_method='crc'. Known: farmhash"),
        (lambda: layers.IntegerLookup(salt=3), ArgumentError, "salt=3 needs oov_method='farmhash'"),
        (lambda: layers.StringLookup(salt=[1, 2, 3]), ArgumentError, "salt must be None, an integer of 64 bits"),
        (lambda: layers.StringLookup(salt=2**63), ArgumentError, "salt must be None, an integer of 64 bits"),
        (lambda: layers.StringLookup(output_mode="onehot"), ArgumentError, "Did you mean 'one_hot'"),
        (lambda: layers.StringLookup(sparse=True), ArgumentError, "sparse=True is not supported"),
        (lambda: layers.StringLookup(encoding="latin-1"), ArgumentError, "encoding='latin-1' is not supported"),
        (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), ArgumentError, "vocabulary_dtype='int32'"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), ArgumentError, "invert=True needs output_mode"),
        (lambda: layers.StringLookup(invert=True, oov_token=None), ArgumentError, "invert=True needs an oov_token"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), ArgumentError, "needs max_tokens, which is None"),
        (
            lambda: layers.StringLookup(pad_to_max_tokens=True, max_tokens=10**12, output_mode="count"),
            ArgumentError, "max_tokens=1,000,000,000,000 makes vectors longer than",
        ),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), ArgumentError, r"these repeat: \['a'\]"),
        (lambda: layers.StringLookup(vocabulary=[]), ArgumentError, "there is no word in it"),
        (lambda: layers.StringLookup(vocabulary=[1]), DtypeError, "expected texts"),
        (lambda: layers.IntegerLookup(vocabulary=["a"]), DtypeError, "expected integers"),
        (lambda: layers.IntegerLookup(vocabulary=[1.5]), DataError, "expected integers of 64 bits, received 1.5"),
        (lambda: layers.StringLookup(vocabulary=["a", "[UNK]"], invert=True), ArgumentError, "out-of-vocabulary token"),
        (lambda: layers.StringLookup(vocabulary=["a", "m"], mask_token="m"), ArgumentError, "mask token 'm' stands at"),
        (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), ArgumentError, "more than max_tokens=2"),
        (lambda: layers.StringLookup()(["a"]), NotBuiltError, "has no vocabulary yet"),
        (lambda: layers.StringLookup().adapt("abc"), ArgumentError, "expected a list or an iterable of batches"),
        (lambda: layers.StringLookup().adapt([]), DataError, "there is no token to learn"),
        (lambda: layers.StringLookup().adapt(["[UNK]"]), DataError, "there is no token to learn"),
        (lambda: layers.StringLookup().adapt(["a"], steps=1), ArgumentError, "steps=1 needs an iterable"),
        (lambda: layers.StringLookup(output_mode="tf_idf").adapt(np.full((1, 2, 2), "a")), ShapeError, "documents"),
        (lambda: layers.StringLookup(vocabulary=["a"])([1]), DtypeError, "expected texts"),
        (lambda: layers.StringLookup(vocabulary=["a"])([b"\xff"]), DataError, "is not UTF-8"),
        (lambda: layers.StringLookup(vocabulary=["a"])([["a"], ["b", "c"]]), ShapeError, "rows of another length"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([0.5]), DataError, "expected integers of 64 bits, received 0.5"),
        (lambda: layers.IntegerLookup(vocabulary=[1])(["a"]), DtypeError, "expected integers"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([float("nan")]), DataError, "received nan"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([2**63]), DataError, "64 bits"),
        (lambda: layers.Hashing(0), ArgumentError, "num_bins"),
        (lambda: layers.Hashing(10**12, output_mode="count"), ArgumentError, "makes vectors longer than"),
        (lambda: layers.Hashing(3, dtype="float32"), DtypeError, "with output_mode='int': dtype 'float32'"),
        (lambda: layers.Hashing(3, salt="a"), ArgumentError, "salt must be None"),
        (lambda: layers.Hashing(3, mask_value=1.5), ArgumentError, "mask_value must be None, a str or an integer"),
        (lambda: layers.Hashing(3, mask_value="a")([1]), DtypeError, "mask_value='a' is none of the inputs' kind"),
        (lambda: layers.Hashing(3, mask_value=1)(["a"]), DtypeError, "mask_value=1 is none of the inputs' kind"),
        (lambda: layers.Hashing(3)([float("inf")]), DataError, "received inf"),
        (lambda: layers.Hashing(3)([["a"], ["b", "c"]]), ShapeError, "unequal lengths"),
        (lambda: layers.Hashing(3)(["a", None]), DataError, "text 1 is missing"),
        (lambda: layers.Hashing(3, sparse=True), ArgumentError, "sparse=True is not supported"),
        (lambda: layers.CategoryEncoding(0), ArgumentError, "num_tokens"),
        (lambda: layers.CategoryEncoding(10**12), ArgumentError, "makes vectors longer than"),
        (lambda: layers.CategoryEncoding(3, output_mode="int"), ArgumentError, "unknown output_mode='int'"),
        (lambda: layers.CategoryEncoding(3)([3]), DataError, r"expected category numbers in \[0, 3\), received 3"),
        (lambda: layers.CategoryEncoding(3)([-1]), DataError, r"received -1"),
        (lambda: layers.CategoryEncoding(3)([0.5]), DataError, r"received 0.5"),
        (lambda: layers.CategoryEncoding(3)([0], count_weights=[1.0]), ArgumentError, "needs output_mode='count'"),
        (
            lambda: layers.CategoryEncoding(3, output_mode="count")([0, 1], count_weights=[1.0]),
            ShapeError, r"expected count_weights of the shape of the inputs, \(2,\), received \(1,\)",
        ),
        (lambda: layers.Discretization(), ArgumentError, "bin_boundaries or num_bins, and not both"),
        (lambda: layers.Discretization([1.0], 3), ArgumentError, "bin_boundaries or num_bins, and not both"),
        (lambda: layers.Discretization(num_bins=0), ArgumentError, "num_bins"),
        (lambda: layers.Discretization(num_bins=3, epsilon=0), ArgumentError, "epsilon must be a number from"),
        (lambda: layers.Discretization([2.0, 1.0]), ArgumentError, "bin_boundaries must rise"),
        (lambda: layers.Discretization([[1.0]]), ArgumentError, "bin_boundaries must be a list of numbers"),
        (lambda: layers.Discretization(["a"]), ArgumentError, "bin_boundaries must be a list of numbers"),
        (lambda: layers.Discretization([float("nan")]), ArgumentError, "bin_boundaries must be a list of numbers"),
        (lambda: layers.Discretization(num_bins=3)([1.0]), NotBuiltError, "has no boundaries yet"),
        (lambda: layers.Discretization([1.0]).adapt(np.ones(3)), ArgumentError, "there is nothing to adapt"),
        (lambda: layers.Discretization(num_bins=3).adapt(np.ones(0)), DataError, "received no data"),
        (lambda: layers.Discretization(num_bins=3).adapt(np.array([1.0, np.nan])), DataError, "received NaN"),
        (lambda: layers.Discretization(num_bins=3).adapt(np.array(["a"])), DtypeError, "expected numbers"),
        (lambda: layers.Discretization(num_bins=3).adapt(3.0), ArgumentError, "expected an array or batches"),
        (lambda: layers.Discretization([1.0], sparse=True), ArgumentError, "sparse=True is not supported"),
    ],
)  # fmt: skip
def test_bad_input(make: Any, error: type[TinynetError], match: str) -> None:
    with pytest.raises(error, match=match):
        make()


def test_a_model_without_an_input_keeps_large_integers() -> None:
    numbers = np.array([[2**40 + 1], [2**40]])
    for library in (tinynet, keras):
        model = library.Sequential([library.layers.IntegerLookup(vocabulary=[2**40, 2**40 + 1])])
        assert np.asarray(model(numbers)).tolist() == [[2], [1]]


def test_training_on_texts_is_keras() -> None:
    texts, y = np.array([["a"], ["b"], ["zz"], ["a"]], object), np.array([[1.0], [0.0], [2.0], [1.5]], "float32")
    start = np.random.default_rng(0).uniform(-1, 1, (5, 3)).astype("float32")
    end = [np.random.default_rng(1).uniform(-1, 1, (3, 1)).astype("float32"), np.zeros(1, "float32")]
    losses = []
    for library in (tinynet, keras):
        x = library.layers.Input((1,), dtype="string")
        numbers = library.layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=2, mask_token="")(x)
        vectors = library.layers.Flatten()(library.layers.Embedding(5, 3)(numbers))
        model = library.Model(x, library.layers.Dense(1)(vectors))
        model.set_weights([start, *end])
        model.compile("sgd", "mse")
        batch = texts if library is tinynet else tf.constant(texts.tolist())
        losses.append(model.fit(batch, y, epochs=3, batch_size=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


SHAPES = [(), (4,), (4, 1), (2, 3), (2, 1, 1), (2, 3, 2), (2, 3, 1), (2, 2, 3, 1)]


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_vectors_of_every_shape(mode: str, shape: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(0).integers(0, 4, shape)
    pairs: list[tuple[Any, Any]] = [
        (library.CategoryEncoding(5, output_mode=mode), numbers) for library in (layers, keras.layers)
    ]
    pairs += [(library.Discretization([0.5, 2.5], output_mode=mode), numbers) for library in (layers, keras.layers)]
    if shape or mode != "one_hot":  # Keras's Hashing breaks off there
        pairs += [(library.Hashing(6, output_mode=mode), numbers) for library in (layers, keras.layers)]
    for (ours, x), (theirs, _) in zip(pairs[::2], pairs[1::2], strict=True):
        result = ours(x)
        same(result, theirs(tf.constant(x)))
        assert ours.compute_output_shape(shape) == result.shape


@given(data=st.data())
def test_count_weights(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(3,), (2, 3), (2, 3, 2)]))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    numbers, weights = generator.integers(0, 4, shape), generator.uniform(-1, 1, shape).astype("float32")
    ours, theirs = (library.CategoryEncoding(5, output_mode="count") for library in (layers, keras.layers))
    same(ours(numbers, count_weights=weights), theirs(numbers, count_weights=weights))
    watched = tinynet.Tensor(weights, requires_grad=True)
    ours(numbers, count_weights=watched).sum().backward()
    np.testing.assert_array_equal(watched.grad, np.ones(shape, "float32"))


@given(
    values=st.lists(st.one_of(st.text(max_size=40), st.sampled_from(["a", ""])), min_size=1, max_size=6),
    bins=st.integers(1, 9), salt=st.none() | st.integers(-9, 9), mask=st.sampled_from([None, "a", ""]),
)  # fmt: skip
def test_hashing_of_texts(values: list[str], bins: int, salt: Any, mask: Any) -> None:
    ours, theirs = (library.Hashing(bins, salt=salt, mask_value=mask) for library in (layers, keras.layers))
    same(ours(values), theirs(tf.constant(values)))
    same(ours([value.encode() for value in values]), theirs(tf.constant(values)))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int32", "int64", "bool", "float32", "float64"])
def test_hashing_of_numbers(kind: str) -> None:
    values = np.array([[0, 1, -7, 100]]).astype(kind)
    for salt in (None, (3, 4)):
        for dtype in ("int32", "int64"):
            ours, theirs = (library.Hashing(11, salt=salt, dtype=dtype) for library in (layers, keras.layers))
            same(ours(values), theirs(tf.constant(values)))


@given(
    seed=st.integers(0, 2**32 - 1), bins=st.integers(1, 30), epsilon=st.sampled_from([0.01, 0.05, 0.3, 1.0, 0.003]),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=4), kind=st.sampled_from(["normal", "few", "integers"]),
)  # fmt: skip
def test_discretization_finds_keras_boundaries(
    seed: int, bins: int, epsilon: float, sizes: list[int], kind: str, counts: Any
) -> None:
    generator = np.random.default_rng(seed)
    batches = [generator.normal(size=size) for size in sizes]
    if kind != "normal":  # equal values, whose order in a merge must not matter either
        batches = [np.round(batch * (1 if kind == "few" else 50)) for batch in batches]
    if kind == "integers":
        batches = [batch.astype("int64") for batch in batches]
    ours, theirs = (library.Discretization(num_bins=bins, epsilon=epsilon) for library in (layers, keras.layers))
    for layer in (ours, theirs):
        layer.adapt(batches[0] if len(batches) == 1 else iter(batches))
    assert ours.bin_boundaries == theirs.bin_boundaries
    values = np.concatenate([batches[0], np.array(ours.bin_boundaries, batches[0].dtype)])
    same(ours(values), theirs(values))
    again = layers.Discretization.from_config(theirs.get_config())
    back = keras.layers.Discretization.from_config(ours.get_config())
    assert again.bin_boundaries == back.bin_boundaries == ours.bin_boundaries
    again.adapt(batches[0])
    counts["layers", "boundaries found as in Keras"] += len(ours.bin_boundaries)


def test_discretization_at_the_edges() -> None:
    for dtype, boundary in (("float32", 0.1), ("float64", 0.1), ("float32", 16777217.0), ("float32", 1e39)):
        with np.errstate(over="ignore"):
            values = np.array([boundary, np.float32(boundary), 16777216, np.nan, np.inf, -np.inf], dtype)
            ours = layers.Discretization([boundary], dtype=dtype)(values)
        same(ours, keras.layers.Discretization([boundary], dtype=dtype)(values))
    for kind in ("int32", "int64", "bool", "uint8"):
        numbers = np.array([0, 1, 255, 2]).astype(kind)
        same(layers.Discretization([1, 2])(numbers), keras.layers.Discretization([1, 2])(numbers))
    steps = layers.Discretization(num_bins=2)
    steps.adapt(iter([np.arange(4.0), np.arange(100.0)]), steps=1)
    assert steps.bin_boundaries == [1.0]
