"""`Tokenizer` against Keras's old one, on drawn texts and on real ones, and what it refuses."""

from __future__ import annotations

import json
import os
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.legacy.preprocessing import text as legacy

from tinynet.datasets import nusax_sentiment
from tinynet.errors import ArgumentError, DataError, FileFormatError, NotBuiltError, TinynetError
from tinynet.preprocessing.text import FILTERS, Tokenizer, text_to_word_sequence, tokenizer_from_json

MODES = ["binary", "count", "freq", "tfidf"]

characters = st.sampled_from(list("aAbBcÉéİß.,!'-\t\n \x0b\u3000_"))
texts = st.lists(st.text(characters, max_size=20), min_size=1, max_size=6)
settings = st.fixed_dictionaries(
    {
        "num_words": st.sampled_from([None, None, 0, 1, 2, 3, 5]),
        "oov_token": st.sampled_from([None, "<oov>", "a"]),
        "lower": st.booleans(),
        "char_level": st.booleans(),
        "filters": st.sampled_from([FILTERS, "", "a.", " "]),
        "split": st.sampled_from([" ", " ", ",", "ab"]),
    }
)


def same_counts(ours: Any, theirs: Any) -> None:
    """Everything that was learned, the order of words included."""
    assert list(ours.word_counts.items()) == list(theirs.word_counts.items())
    assert list(ours.word_index.items()) == list(theirs.word_index.items())
    assert ours.index_word == theirs.index_word
    assert ours.word_docs == dict(theirs.word_docs)
    assert ours.index_docs == dict(theirs.index_docs)
    assert ours.document_count == theirs.document_count


def same_results(ours: Any, theirs: Any, given_texts: list[Any]) -> None:
    sequences = ours.texts_to_sequences(given_texts)
    assert sequences == theirs.texts_to_sequences(given_texts)
    assert list(ours.texts_to_sequences_generator(given_texts)) == sequences
    numbers = [[1, 2, 3, 99, 0], *sequences]
    assert ours.sequences_to_texts(numbers) == theirs.sequences_to_texts(numbers)
    for mode in MODES:
        expected = theirs.texts_to_matrix(given_texts, mode)
        np.testing.assert_array_equal(ours.texts_to_matrix(given_texts, mode), expected, strict=True)


@given(text=st.text(characters), filters=st.sampled_from([FILTERS, "", "ab"]), lower=st.booleans(),
       split=st.sampled_from([" ", ",", "ab"]))  # fmt: skip
def test_words(**arguments: Any) -> None:
    text = arguments.pop("text")
    assert text_to_word_sequence(text, **arguments) == legacy.text_to_word_sequence(text, **arguments)


@given(known=texts, more=texts, given_texts=texts, arguments=settings, analysed=st.booleans())
def test_agreement(known: Any, more: Any, given_texts: Any, arguments: dict[str, Any], analysed: bool) -> None:
    if analysed:
        arguments["analyzer"] = str.split
    ours, theirs = Tokenizer(**arguments), legacy.Tokenizer(**arguments)
    for tokenizer in (ours, theirs):
        tokenizer.fit_on_texts(known)
        tokenizer.fit_on_texts(iter(more))
        tokenizer.fit_on_sequences([[1, 1, 2], [7]])
    same_counts(ours, theirs)
    if ours.word_index:
        same_results(ours, theirs, given_texts)


@given(rows=st.lists(st.lists(st.sampled_from(["Nasi", "nasi", "a b", "kue"])), min_size=1), lower=st.booleans())
def test_texts_that_are_lists_of_words(rows: Any, lower: bool) -> None:
    rows = [["Nasi"], *rows]
    ours, theirs = Tokenizer(lower=lower), legacy.Tokenizer(lower=lower)
    ours.fit_on_texts(rows)
    theirs.fit_on_texts(rows)
    same_counts(ours, theirs)
    same_results(ours, theirs, rows)


@given(known=texts, arguments=settings)
def test_json_both_ways(known: Any, arguments: dict[str, Any]) -> None:
    ours, theirs = Tokenizer(**arguments), legacy.Tokenizer(**arguments)
    ours.fit_on_texts(known)
    theirs.fit_on_texts(known)
    plain = [_unpacked(tokenizer.to_json()) for tokenizer in (ours, theirs)]
    assert plain[0] == plain[1]
    again, back = tokenizer_from_json(theirs.to_json()), legacy.tokenizer_from_json(ours.to_json(indent=1))
    same_counts(again, back)
    if again.word_index:
        same_results(again, back, known)
    again.fit_on_texts(["a baru"])
    ours.fit_on_texts(["a baru"])
    same_counts(again, ours)


def _unpacked(text: str) -> Any:
    config = json.loads(text)
    parts = config["config"]
    for key in ("word_counts", "word_docs", "index_docs", "index_word", "word_index"):
        parts[key] = json.loads(parts[key])
    return config


@pytest.mark.parametrize("arguments", [{}, {"num_words": 300, "oov_token": "<oov>"}, {"char_level": True}], ids=str)
@pytest.mark.parametrize("language", ["English", "Indonesian"])
def test_real_texts(arguments: dict[str, Any], language: str) -> None:
    lines = [line for text in (keras.Model.__doc__, np.einsum.__doc__, json.__doc__) for line in str(text).split("\n")]
    if language == "Indonesian":
        if "TINYNET_DATA" not in os.environ:
            pytest.skip("TINYNET_DATA is not set")
        lines = nusax_sentiment.load_data("indonesian")[0][0].tolist()
    ours, theirs = Tokenizer(**arguments), legacy.Tokenizer(**arguments)
    ours.fit_on_texts(lines)
    theirs.fit_on_texts(lines)
    assert len(ours.word_index) > 40
    same_counts(ours, theirs)
    same_results(ours, theirs, [*lines[:60], "a word that stands nowhere: xyzzy"])


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"num_words": -1}, "num_words must be None or an integer from 0"),
        ({"num_words": 2.5}, "num_words .* received 2.5"),
        ({"filters": None}, "filters must be a str"),
        ({"split": ""}, "split must be a str that is not empty"),
        ({"oov_token": 1}, "oov_token must be None or a str, received 1"),
        ({"analyzer": "words"}, "analyzer must be a function, received 'words'"),
        ({"document_count": -1}, "document_count"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        Tokenizer(**arguments)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda t: t.fit_on_texts("nasi goreng"), DataError, "expected a list of texts, received 'nasi goreng'"),
        (lambda t: t.fit_on_texts(3), DataError, "expected a list of texts, received 3"),
        (lambda t: t.fit_on_texts(["a", None]), DataError, "text 1 is missing"),
        (lambda t: t.fit_on_texts([["a", 1]]), TypeError, "text 0 is of type int"),
        (lambda t: t.texts_to_sequences(["a"]), NotBuiltError, "texts_to_sequences: there are no words yet"),
        (lambda t: t.sequences_to_texts([[1]]), NotBuiltError, "sequences_to_texts: there are no words yet"),
        (lambda t: t.sequences_to_matrix([[1]]), NotBuiltError, "give num_words, or call fit_on_texts first"),
        (lambda t: _fitted(t).texts_to_matrix(["a"], "tf-idf"), ArgumentError, "unknown mode 'tf-idf'. Did you mean"),
        (lambda t: _fitted(t).sequences_to_matrix([[1], [-1]]), DataError, "list 1 holds -1"),
        (lambda t: _fitted(t).sequences_to_matrix([["a"]]), DataError, "list 0 holds 'a'"),
        (lambda t: Tokenizer(3).sequences_to_matrix([[1]], "tfidf"), NotBuiltError, "call fit_on_texts first"),
    ],
)
def test_bad_input(call: Any, error: type[TinynetError], match: str) -> None:
    with pytest.raises(error, match=match):
        call(Tokenizer())


def _fitted(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.fit_on_texts(["a b"])
    return tokenizer


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("word_index"),
        lambda c: c.update(word_index="[1"),
        lambda c: c.update(word_index='{"a": "b"}'),
        lambda c: c.update(word_index="[]"),
        lambda c: c.update(index_word='{"x": "a"}'),
        lambda c: c.update(index_word='{"1": 2}'),
        lambda c: c.update(num_words="many"),
        lambda c: c.update(evil=1),
    ],
)
def test_json_of_no_tokenizer(change: Any) -> None:
    config = _fitted(Tokenizer()).get_config()
    change(config)
    with pytest.raises(FileFormatError, match="^tokenizer_from_json: "):
        tokenizer_from_json(json.dumps({"class_name": "Tokenizer", "config": config}))


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"config": 3}', "[" * 100_000, None])
def test_json_that_is_none(text: Any) -> None:
    with pytest.raises(FileFormatError, match="^tokenizer_from_json: this is no tokenizer"):
        tokenizer_from_json(text)
