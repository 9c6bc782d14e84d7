"""`tinynet.text` against Keras's TextVectorization and TensorFlow's string operations, live."""

from __future__ import annotations

import itertools
import os
import string
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import floatx

import tinynet
from tinynet.datasets import nusax_sentiment
from tinynet.errors import ArgumentError, DataError, FileFormatError, NotBuiltError
from tinynet.text import TextVectorizer, as_texts, ngrams, split, standardize

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf

BLANKS = [" ", "  ", "\t", "\n", "\r\n", "\v", "\f", *"\x1c\x1f\x85\xa0\u2003\u2028\u3000\ufeff"]
WORDS = [
    *["saya", "Saya", "suka", "NASI", "goreng", "kue-kue", "di", "100%", "sangat", "tidak"],
    *["[UNK]", "é", "É", "Ünlü", "ﬀ", "İ", "zz", "z", "a", "A", "~"],
    *["\uffff", "\U00010000", "😀", "e\u0301"],
]
# NUL is drawn in a test of its own: Keras's get_vocabulary loses it at the end of a word.
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(BLANKS),
        st.sampled_from(string.punctuation),
        st.text(CHARACTERS, max_size=3),
    ),
    max_size=14,
).map("".join)
STANDARDIZE = st.sampled_from([None, "lower", "strip_punctuation", "lower_and_strip_punctuation"])
EVERY_CHARACTER = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of TextVectorization that go together, without a vocabulary."""
    mode = draw(st.sampled_from(["int", "multi_hot", "count", "tf_idf"]))
    max_tokens = draw(st.none() | st.integers(3, 12))
    return {
        "standardize": draw(STANDARDIZE),
        "split": draw(st.sampled_from(["whitespace", "character", None])),
        "ngrams": draw(st.sampled_from([None, None, 1, 2, 3, (2,), (1, 3), (3, 1), (2, 2)])),
        "output_mode": mode,
        "max_tokens": max_tokens,
        "output_sequence_length": draw(st.none() | st.integers(0, 6)) if mode == "int" else None,
        "pad_to_max_tokens": max_tokens is not None and draw(st.booleans()),
    }


def decoded(ragged: Any) -> list[list[str]]:
    """The rows of a ragged or dense tensor of strings."""
    if not isinstance(ragged, tf.RaggedTensor):
        ragged = tf.RaggedTensor.from_tensor(ragged)
    tokens = [token.decode() for token in ragged.flat_values.numpy().tolist()]
    return [tokens[start:end] for start, end in itertools.pairwise(ragged.row_splits.numpy().tolist())]


def check_equal(ours: np.ndarray, theirs: Any, layer: Any = None) -> None:
    """Equal in shape, dtype and every bit. `layer` is given where Keras itself computed idf weights."""
    theirs = np.array(theirs)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    if layer is not None and layer.get_config()["output_mode"] == "tf_idf":
        # The weight of unknown words is the mean of the others. TensorFlow sums these in their own dtype and
        # in an order that hangs on its threads, so its mean is replaced by the right one.
        idf = layer._lookup_layer.idf_weights_const.numpy()
        mean = idf[1 : layer.vocabulary_size()].mean(dtype=np.float64).astype(idf.dtype)
        np.testing.assert_allclose(mean, idf[0], rtol=2e-6, atol=0)
        theirs[..., 0] = np.rint(theirs[..., 0] / idf[0]).astype(idf.dtype) * mean
    np.testing.assert_array_equal(ours, theirs)
    assert not np.isnan(ours).any()


@given(st.lists(TEXTS, min_size=1, max_size=6), STANDARDIZE)
@settings(deadline=None)
def test_standardize_is_tensorflows(texts: list[str], mode: str | None) -> None:
    layer = keras.layers.TextVectorization(standardize=mode, split=None)
    wanted = [text.decode() for text in layer._preprocess(texts).numpy()]
    assert standardize(as_texts(texts), mode).tolist() == wanted


@pytest.mark.parametrize("mode", ["lower", "strip_punctuation", "lower_and_strip_punctuation"])
def test_standardize_treats_every_character_as_tensorflow(mode: str) -> None:
    layer = keras.layers.TextVectorization(standardize=mode, split=None)
    wanted = [text.decode() for text in layer._preprocess(tf.constant(EVERY_CHARACTER)).numpy()]
    assert standardize(as_texts(EVERY_CHARACTER), mode).tolist() == wanted


def test_split_treats_every_character_as_tensorflow() -> None:
    texts = ["b".join(EVERY_CHARACTER), "".join(EVERY_CHARACTER)]
    assert split(texts, "whitespace") == decoded(tf.strings.split(tf.constant(texts)))
    assert split(texts, "character") == decoded(tf.strings.unicode_split(tf.constant(texts), "UTF-8"))


@given(st.lists(TEXTS, min_size=1, max_size=6))
@settings(deadline=None)
def test_split_is_tensorflows(texts: list[str]) -> None:
    assert split(texts, "whitespace") == decoded(tf.strings.split(tf.constant(texts)))
    assert split(texts, "character") == decoded(tf.strings.unicode_split(tf.constant(texts), "UTF-8"))
    assert split(texts, None) == [[text] for text in texts]


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "", "é"]), max_size=6), min_size=1, max_size=4),
    st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
)
@settings(deadline=None)
def test_ngrams_are_tensorflows(rows: list[list[str]], widths: tuple[int, ...]) -> None:
    ragged = tf.ragged.constant(rows, dtype=tf.string, ragged_rank=1)
    assert [ngrams(row, widths) for row in rows] == decoded(tf.strings.ngrams(ragged, widths, separator=" "))


@given(
    configurations(),
    st.lists(TEXTS, min_size=1, max_size=10),
    st.lists(TEXTS, min_size=1, max_size=4),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_adapted_layer_is_keras(
    arguments: dict[str, Any], known: list[str], texts: list[str], column: bool
) -> None:
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    try:
        ours.adapt(known)
    except DataError as error:
        # Keras breaks off in TensorFlow, or leaves a layer that breaks off when it is called.
        assert "there is no token to learn" in str(error)
        with pytest.raises(Exception, match="empty tensors|idf_weights|not initialized"):
            layer.adapt(known)
            keras.layers.TextVectorization.call(layer, texts)
            pytest.fail("Keras learned a vocabulary")
        return
    layer.adapt(known)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    assert ours.get_vocabulary(False) == layer.get_vocabulary(False)
    assert ours.vocabulary_size() == layer.vocabulary_size()
    for batch in (texts, known):
        batch = [[text] for text in batch] if column else batch
        check_equal(ours(batch), layer(batch), layer)


@given(
    configurations(),
    st.lists(TEXTS.filter(bool), min_size=1, max_size=8, unique=True).filter(lambda w: w != ["[UNK]"]),
    st.booleans(),
    st.lists(TEXTS, min_size=1, max_size=6),
    st.data(),
)
@settings(max_examples=50, deadline=None)
def test_given_vocabulary_is_keras(
    arguments: dict[str, Any], words: list[str], special: bool, texts: list[str], data: st.DataObject
) -> None:
    mode = arguments["output_mode"]
    entries = (["", "[UNK]"] if mode == "int" else ["[UNK]"]) + words if special else words
    if arguments["max_tokens"] is not None:
        arguments["max_tokens"] = len(entries) + data.draw(st.integers(2, 4))
    weights = st.lists(st.floats(0.01, 9), min_size=len(entries), max_size=len(entries))
    arguments |= {"vocabulary": entries, "idf_weights": data.draw(weights) if mode == "tf_idf" else None}
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    # The words themselves as texts, so that some are found.
    check_equal(ours(texts + words), layer(texts + words))


@given(
    st.lists(st.sampled_from(["", "[UNK]", "a", "b", "c"]), max_size=5),
    st.sampled_from(["int", "count"]),
    st.none() | st.integers(3, 6),
)
@settings(max_examples=200, deadline=None)
def test_vocabularies_are_refused_as_in_keras(words: list[str], mode: str, max_tokens: int | None) -> None:
    arguments = {"standardize": None, "output_mode": mode, "max_tokens": max_tokens, "vocabulary": words}
    try:
        layer = keras.layers.TextVectorization(**arguments)
    except (ValueError, tf.errors.InvalidArgumentError):
        with pytest.raises(ArgumentError):
            TextVectorizer(**arguments)
        return
    ours = TextVectorizer(**arguments)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    check_equal(ours(["a [UNK] b x c"]), layer(["a [UNK] b x c"]))


INPUTS = {
    "one text": "b a",
    "bytes": b"b a",
    "np.str_": np.str_("a b"),
    "list": ["a", "b c"],
    "tuple": ("a", "b c"),
    "column": [["a"], ["b c"]],
    "mixed": ["a", "b é".encode()],
    "str array": np.array(["a", "b c"]),
    "bytes array": np.array([["é".encode()], [b"b c"]]),
    "object array": np.array(["a", b"b c"], dtype=object),
    "no texts": [],
    "empty column": np.empty((0, 1), dtype=str),
    "empty texts": ["", " "],
    "tensor": tf.constant(["a", "b é"]),
}


@pytest.mark.parametrize("mode", ["int", "multi_hot", "count"])
@pytest.mark.parametrize("splitting", ["whitespace", None])
@pytest.mark.parametrize("name", INPUTS)
def test_inputs_are_read_as_in_keras(name: str, splitting: str | None, mode: str) -> None:
    arguments = {"split": splitting, "output_mode": mode, "vocabulary": ["a", "b", "é", "b c"]}
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    check_equal(ours(INPUTS[name]), tf.convert_to_tensor(layer(INPUTS[name])))


@pytest.mark.parametrize("length", [None, 0, 2, 7])
@pytest.mark.parametrize("widths", [None, 2, (3, 1)])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (2, 3, 1), (3, 1, 2)])
def test_tokens_that_are_split_already_are_keras(
    shape: tuple[int, ...], widths: Any, length: int | None
) -> None:
    arguments = {"split": None, "ngrams": widths, "output_sequence_length": length}
    arguments["vocabulary"] = ["a", "a b", "c"]
    tokens = np.resize(np.array(["a", "b", "c", "", "a"]), shape)
    check_equal(TextVectorizer(**arguments)(tokens), keras.layers.TextVectorization(**arguments)(tokens))


def test_rows_without_a_token_are_padded() -> None:
    """Where Keras, given tokens that are split already, breaks off; it pads the others."""
    arguments = {"ngrams": (2,), "output_sequence_length": 3, "vocabulary": ["a b"]}
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    check_equal(ours(["a", "b"]), layer(["a", "b"]))
    layer = keras.layers.TextVectorization(**arguments, split=None)
    with pytest.raises(ValueError, match="not compatible with supplied shape"):
        layer([["a"], ["b"]])
    assert TextVectorizer(**arguments, split=None)([["a"], ["b"]]).tolist() == [[0, 0, 0]] * 2
    assert TextVectorizer(split=None, vocabulary=["a"])(np.empty((0, 4), dtype=str)).shape == (0, 4)


def test_texts_of_more_axes_are_keras() -> None:
    texts = np.array([[["a b"], ["c"]], [["c a a"], [""]]])
    for length in (None, 2):
        arguments = {"vocabulary": ["a", "b"], "output_sequence_length": length}
        check_equal(TextVectorizer(**arguments)(texts), keras.layers.TextVectorization(**arguments)(texts))


def batches() -> Iterator[Any]:
    yield ["satu dua", "dua tiga"]
    yield np.array([["dua"], ["empat satu"]])
    yield "lima satu"
    yield ["enam"]


@pytest.mark.parametrize("steps", [None, 1, 3])
@pytest.mark.parametrize("splitting", ["whitespace", "character"])
@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_adapt_reads_batches_as_keras(mode: str, splitting: str, steps: int | None) -> None:
    arguments = {"split": splitting, "output_mode": mode}
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    layer.adapt(batches(), steps=steps)
    ours.adapt(batches(), steps=steps)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    check_equal(ours(["dua satu lima"]), layer(["dua satu lima"]), layer)


def test_adapt_takes_no_more_batches_than_steps() -> None:
    source = batches()
    TextVectorizer().adapt(source, steps=2)
    assert next(source) == "lima satu"


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_adapt_to_tokens_that_are_split_already_is_keras(mode: str) -> None:
    arguments = {"split": None, "ngrams": 2, "output_mode": mode}
    for data in (["b a", "a", "a"], [["b", "a"], ["a", "c"]]):
        layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
        layer.adapt(data)
        ours.adapt(data)
        assert ours.get_vocabulary() == layer.get_vocabulary()
        check_equal(ours(data), layer(data), layer)


def test_adapt_again_forgets_and_set_vocabulary_replaces_as_in_keras() -> None:
    layer, ours = keras.layers.TextVectorization(), TextVectorizer()
    for vectorizer in (layer, ours):
        vectorizer.adapt(["a a b"])
        vectorizer.adapt(["c d d"])
        vectorizer.set_vocabulary(["x", "y"])
    assert ours.get_vocabulary() == layer.get_vocabulary() == ["", "[UNK]", "x", "y"]
    for vectorizer in (layer, ours):
        vectorizer.adapt(["b a"])
    assert ours.get_vocabulary() == layer.get_vocabulary()


def test_state_can_be_collected_in_steps_as_in_keras() -> None:
    layer, ours = keras.layers.TextVectorization(), TextVectorizer()
    for vectorizer in (layer, ours):
        vectorizer.reset_state()
        vectorizer.update_state(["a b b"])
        vectorizer.update_state([["c a"]])
        vectorizer.finalize_state()
    assert ours.get_vocabulary() == layer.get_vocabulary() == ["", "[UNK]", "b", "a", "c"]
    for vectorizer in (layer, ours):
        vectorizer.update_state(["d"])
        vectorizer.finalize_state()
    assert ours.get_vocabulary() == layer.get_vocabulary() == ["", "[UNK]", "d"]


@pytest.mark.parametrize("mode", ["int", "count"])
def test_special_tokens_in_texts_are_not_learned_as_in_keras(mode: str) -> None:
    arguments = {"standardize": None, "output_mode": mode}
    texts = ["[UNK] a [UNK] b [UNK]", "b [unk]"]
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    layer.adapt(texts)
    ours.adapt(texts)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    check_equal(ours(texts), layer(texts))


def test_nul_is_a_character_like_others() -> None:
    texts = ["a\0 a b\0c", "\0", "a b\0c"]
    layer, ours = keras.layers.TextVectorization(), TextVectorizer()
    layer.adapt(texts)
    ours.adapt(texts)
    table = layer._lookup_layer.lookup_table.export()
    theirs = {int(index): token.decode() for token, index in zip(*(t.numpy() for t in table), strict=True)}
    assert dict(enumerate(ours.get_vocabulary(False), 2)) == theirs
    check_equal(ours(texts), layer(texts))


def test_functions_as_standardize_and_split() -> None:
    """They see arrays of str, as in Keras without TensorFlow, and mean what TensorFlow's operations mean."""
    seen = []

    def upper(texts: np.ndarray) -> np.ndarray:
        seen.append((texts.dtype.kind, texts.shape))
        return np.char.upper(texts)

    def at_bars(texts: np.ndarray) -> list[list[str]]:
        seen.append((texts.dtype.kind, texts.shape))
        return [text.split("|") for text in texts]

    texts = [["satu|dua"], ["|tiga||"], ["dua"]]
    for mode in ("int", "count"):
        layer = keras.layers.TextVectorization(
            standardize=tf.strings.upper, split=lambda t: tf.strings.split(t, "|"), ngrams=2, output_mode=mode
        )
        ours = TextVectorizer(standardize=upper, split=at_bars, ngrams=2, output_mode=mode)
        layer.adapt(texts)
        ours.adapt(texts)
        assert ours.get_vocabulary() == layer.get_vocabulary()
        check_equal(ours(texts), layer(texts))
    assert set(seen) == {("U", (3, 1)), ("U", (3,))}
    ours = TextVectorizer(standardize=np.char.lower, split=np.char.split, vocabulary=["a"])
    assert ours("B A").tolist() == [1, 2]


def test_old_names_of_output_modes() -> None:
    for old, new in {"binary": "multi_hot", "tf-idf": "tf_idf"}.items():
        assert TextVectorizer(output_mode=old).output_mode == new
        assert keras.layers.TextVectorization(output_mode=old).get_config()["output_mode"] == new


def test_idf_weights_have_the_dtype_asked_for() -> None:
    texts = ["a b a", "b c", "d"]
    with floatx("float64"):
        layer = keras.layers.TextVectorization(output_mode="tf_idf")
        layer.adapt(texts)
        theirs = layer(texts)
    ours = TextVectorizer(output_mode="tf_idf", dtype="float64")
    ours.adapt(texts)
    check_equal(ours(texts), theirs, layer)


@pytest.fixture(scope="module", params=["English", "Indonesian"])
def corpus(request: pytest.FixtureRequest) -> tuple[list[str], list[str]]:
    """Real texts to learn from and others to try: what NumPy says of itself, and NusaX-Sentiment.

    The latter cannot be shipped with the tests.
    """
    if request.param == "English":
        lines = [line for name in sorted(np.__all__) for line in str(getattr(np, name).__doc__).split("\n")]
        return lines[::12], lines[1::12]
    if "TINYNET_DATA" not in os.environ:
        pytest.skip("TINYNET_DATA is not set")
    (train, _), _, (test, _) = nusax_sentiment.load_data("indonesian")
    return train.tolist(), test.tolist()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"output_sequence_length": 40, "max_tokens": 1000},
        {"standardize": None},
        {"standardize": "lower", "ngrams": 2},
        {"split": "character", "standardize": "strip_punctuation"},
        {"split": None},
        {"output_mode": "multi_hot", "max_tokens": 500},
        {"output_mode": "count", "max_tokens": 5000, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "ngrams": (1, 3)},
    ],
    ids=str,
)
def test_real_texts_are_keras(arguments: dict[str, Any], corpus: tuple[list[str], list[str]], counts: Any) -> None:
    train, test = corpus
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    layer.adapt(train)
    ours.adapt(train)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    for texts in (train, test):
        column = [[text] for text in texts]
        assert ours.tokenize(column) == decoded(layer._preprocess(column))
        check_equal(ours(column), layer(column), layer)
    counts["text", "words learned from real texts in Keras's order"] += len(ours.get_vocabulary(False))


@pytest.mark.parametrize("ngrams", [None, 2])
def test_tokens_that_are_split_already_as_one_hot_vectors(ngrams: int | None) -> None:
    arguments = {"output_mode": "one_hot", "split": None, "ngrams": ngrams, "vocabulary": ["a", "b", "a b"]}
    layer, ours = keras.layers.TextVectorization(**arguments), tinynet.layers.TextVectorization(**arguments)
    for tokens in ([["a", "b"], ["b", "q"]], [["a", "b", "A"]]):
        result = ours(tokens)
        check_equal(result.numpy(), layer(tokens))
        known = ours.compute_output_shape(np.shape(tokens))
        assert known == result.shape if ngrams is None else known == (*result.shape[:-2], None, result.shape[-1])


def test_pandas_columns() -> None:
    column = pandas.Series(["a b", "b"], index=[7, 3])
    arguments = {"output_mode": "tf_idf"}
    layer, ours = keras.layers.TextVectorization(**arguments), TextVectorizer(**arguments)
    layer.adapt(column)
    ours.adapt(column)
    assert ours.get_vocabulary() == layer.get_vocabulary()
    check_equal(ours(column), layer(column), layer)
    for dtype in (object, "string"):
        with pytest.raises(DataError, match="text 1 is missing"):
            ours(pandas.Series(["a", None], dtype=dtype))


@pytest.mark.parametrize("arguments", [{}, {"output_mode": "count"}, {"output_mode": "tf_idf"}], ids=str)
def test_a_call_before_there_is_a_vocabulary(arguments: dict[str, Any]) -> None:
    vectorizer = TextVectorizer(**arguments)
    special = ["[UNK]"] if arguments else ["", "[UNK]"]
    layer = keras.layers.TextVectorization(**arguments)
    assert vectorizer.get_vocabulary() == special == layer.get_vocabulary()
    with pytest.raises(NotBuiltError, match=r"TextVectorization has no vocabulary yet: call adapt\(data\)"):
        vectorizer(["a"])


def test_vectors_keep_their_length_as_in_keras() -> None:
    layer, ours = keras.layers.TextVectorization(output_mode="count"), TextVectorizer(output_mode="count")
    for vectorizer in (layer, ours):
        vectorizer.adapt(["a b"])
        vectorizer.adapt(["c d"])
    assert ours.get_vocabulary() == layer.get_vocabulary()
    for change in ("adapt", "set_vocabulary"):
        with pytest.raises(RuntimeError, match="the vocabulary size cannot be changed"):
            getattr(layer, change)(["e"])
        with pytest.raises(ArgumentError, match="has 3 entries and cannot be replaced by one of 2, because"):
            getattr(ours, change)(["e"])
        assert ours.get_vocabulary() == ["[UNK]", "d", "c"]
    padded = TextVectorizer(output_mode="count", max_tokens=9, pad_to_max_tokens=True)
    padded.adapt(["a b"])
    padded.adapt(["c"])
    assert padded(["c c"]).tolist() == [[0, 2, 0, 0, 0, 0, 0, 0, 0]]


def test_width() -> None:
    assert TextVectorizer().width is None
    assert TextVectorizer(output_sequence_length=4).width == 4
    assert TextVectorizer(output_mode="count").width is None
    assert TextVectorizer(output_mode="count", vocabulary=["a", "b"]).width == 3
    assert TextVectorizer(output_mode="count", max_tokens=9, pad_to_max_tokens=True).width == 9


def test_a_vocabulary_from_a_file_is_keras(tmp_path: Any) -> None:
    contents = ["satu\ndua", "satu\r\ndua\r\n", "é \ndua\x0btiga\n[UNK]\n", "a\rb\nc\n"]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(content.encode())
        for mode in ("int", "count"):
            # Keras keeps one table for each file name, so every layer gets a file of its own.
            theirs = tmp_path / f"{number}_{mode}.txt"
            theirs.write_bytes(content.encode())
            layer = keras.layers.TextVectorization(vocabulary=str(theirs), output_mode=mode)
            ours = TextVectorizer(vocabulary=path, output_mode=mode)
            assert ours.get_vocabulary() == layer.get_vocabulary()
            check_equal(ours(["satu dua c"]), layer(["satu dua c"]))
    with pytest.raises(ArgumentError, match="output_mode='tf_idf' takes a list of words, not a file"):
        TextVectorizer(output_mode="tf_idf", vocabulary=path, idf_weights=[1.0])
    path.write_text("")
    with pytest.raises(FileFormatError, match="is empty"):
        TextVectorizer(vocabulary=path)
