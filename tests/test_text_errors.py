"""What `tinynet.text` refuses, and how it words it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tinynet.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    MissingFileError,
    ShapeError,
    TinynetError,
)
from tinynet.text import TextVectorizer


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"standardize": "loewr"}, ArgumentError, "unknown standardize='loewr'. Did you mean 'lower'?"),
        ({"standardize": 3}, ArgumentError, "unknown standardize=3"),
        ({"split": "words"}, ArgumentError, "unknown split='words'. Known: character, whitespace. Or None"),
        ({"output_mode": "ints"}, ArgumentError, "unknown output_mode='ints'. Did you mean 'int'?"),
        ({"output_mode": None}, ArgumentError, "unknown output_mode=None. Known: count, int, multi_hot"),
        ({"output_mode": ["int"]}, ArgumentError, "unknown output_mode=['int']"),
        ({"output_mode": "one_hot"}, ArgumentError, "'one_hot' is not supported.*Use 'int'"),
        ({"max_tokens": 2}, ArgumentError, "max_tokens must be None or an integer from 3, received 2"),
        ({"max_tokens": 1, "output_mode": "count"}, ArgumentError, "max_tokens .* from 2, received 1"),
        ({"max_tokens": 9.5}, ArgumentError, "max_tokens .* received 9.5"),
        ({"max_tokens": True}, ArgumentError, "max_tokens .* received True"),
        ({"ngrams": 0}, ArgumentError, "ngrams must be None, an integer or a tuple .* from 1, received 0"),
        ({"ngrams": ()}, ArgumentError, r"ngrams .* received \(\)"),
        ({"ngrams": (1, 0)}, ArgumentError, r"ngrams .* received \(1, 0\)"),
        ({"ngrams": [1, 2]}, ArgumentError, r"ngrams .* received \[1, 2\]"),
        ({"ngrams": True}, ArgumentError, "ngrams .* received True"),
        ({"output_sequence_length": -1}, ArgumentError, "output_sequence_length .* from 0, received -1"),
        ({"output_sequence_length": 3.0}, ArgumentError, "output_sequence_length .* received 3.0"),
        (
            {"output_sequence_length": 3, "output_mode": "count"},
            ArgumentError,
            "output_sequence_length=3 needs output_mode='int', but output_mode is 'count'",
        ),
        ({"pad_to_max_tokens": True}, ArgumentError, "pad_to_max_tokens=True needs max_tokens"),
        ({"ragged": True}, ArgumentError, "ragged=True is not supported. The output is a dense array"),
        ({"sparse": True, "output_mode": "count"}, ArgumentError, "sparse=True is not supported"),
        ({"encoding": "latin-1"}, ArgumentError, "encoding='latin-1' is not supported, only 'utf-8'"),
        ({"idf_weights": [1.0], "output_mode": "tf_idf"}, ArgumentError, "idf_weights needs vocabulary"),
    ],
    ids=str,
)
def test_unsupported_arguments(arguments: dict[str, Any], error: type[TinynetError], match: str) -> None:
    pattern = match if re.search(r"\.\*|\\", match) else re.escape(match)
    with pytest.raises(error, match=f"^TextVectorization 'words': .*{pattern}"):
        TextVectorizer(**arguments, where="TextVectorization 'words'")


@pytest.mark.parametrize(
    ("vocabulary", "error", "match"),
    [
        ([], ArgumentError, "vocabulary: there is no word in it"),
        (["", "[UNK]"], ArgumentError, "vocabulary: there is no word in it"),
        (["a", "b", "a"], ArgumentError, r"a word has one id, but these repeat: \['a'\]"),
        (["a", ""], ArgumentError, r"mask token '' stands at index 1. .* exactly \['', '\[UNK\]'\]"),
        (["", "a", "b"], ArgumentError, "mask token '' stands at index 0"),
        (["", "[UNK]", "a", ""], ArgumentError, "mask token '' stands at index 3"),
        (list("abcdef"), ArgumentError, "it has 8 entries, special tokens included, more than max_tokens=7"),
        (["a", 1], DtypeError, "vocabulary: expected texts .* text 1 is of type int: 1"),
        (["a", None], DataError, r"vocabulary: text 1 is missing \(None\)"),
        ([["a", "b"]], ArgumentError, "vocabulary: expected one list of words .* received list"),
        ({"a"}, ArgumentError, "expected one list of words in the order of their ids, received set"),
        ({"a": 1}, ArgumentError, "expected one list of words .* received dict"),
        (3, ArgumentError, "expected one list of words .* received int 3"),
        ("nowhere.txt", MissingFileError, "The vocabulary file 'nowhere.txt' does not exist"),
    ],
    ids=str,
)
def test_unfit_vocabularies(vocabulary: Any, error: type[TinynetError], match: str) -> None:
    vectorizer = TextVectorizer(max_tokens=7)
    vectorizer.set_vocabulary(["x"])
    with pytest.raises(error, match=match):
        vectorizer.set_vocabulary(vocabulary)
    assert vectorizer.get_vocabulary() == ["", "[UNK]", "x"]


@pytest.mark.parametrize(
    ("weights", "error", "match"),
    [
        (None, ArgumentError, "a vocabulary for output_mode='tf_idf' needs idf_weights too"),
        ([1.0], ShapeError, r"idf_weights: expected one for each of the 2 entries .* received shape \(1,\)"),
        ([[1.0, 2.0]], ShapeError, r"received shape \(1, 2\)"),
        ([[1.0], [1.0, 2.0]], ShapeError, "expected a list of numbers, the rows differ in shape"),
        (["1", "2"], DtypeError, "idf_weights: expected real numbers, received dtype <U1"),
        ([1.0, float("nan")], DataError, "idf_weights: expected finite numbers, but index 1 holds nan"),
    ],
    ids=str,
)
def test_unfit_idf_weights(weights: Any, error: type[TinynetError], match: str) -> None:
    with pytest.raises(error, match=match):
        TextVectorizer(output_mode="tf_idf", vocabulary=["a", "b"], idf_weights=weights)


def test_idf_weights_need_their_output_mode() -> None:
    with pytest.raises(ArgumentError, match="idf_weights needs output_mode='tf_idf', but it is 'int'"):
        TextVectorizer(vocabulary=["a"], idf_weights=[1.0])


@pytest.mark.parametrize(
    ("texts", "error", "match"),
    [
        (["a", None], DataError, r"text 1 is missing \(None\). Drop that row, or put '' in its place"),
        (["a", float("nan")], DataError, r"text 1 is missing \(nan\)"),
        ([["a"], [np.float32("nan")]], DataError, "text 1 is missing"),
        (np.array(["a", np.nan], dtype=object), DataError, r"text 1 is missing \(nan\)"),
        (None, DataError, r"the text is missing \(None\)"),
        (["a", "b", 3], DtypeError, "expected texts .* text 2 is of type int: 3"),
        (["a", 2.5], DtypeError, r"text 1 is of type float: 2.5. Convert it with str\(\)"),
        ([["a", "b"], ["c", True]], DtypeError, r"text \[1, 1\] is of type bool"),
        (np.arange(3), DtypeError, "text 0 is of type int: 0"),
        (7, DtypeError, "the text is of type int: 7"),
        (iter(["a"]), DtypeError, "the text is of type list_iterator"),
        ({"a": 1}, DtypeError, "the text is of type dict"),
        ([b"a", b"\xffb"], DataError, r"text 1 is not UTF-8 \(invalid start byte at byte 0\)"),
        (["a", "b\ud800"], DataError, "text 1 holds half of a surrogate pair"),
        ([["a"], ["b", "c"]], ShapeError, r"text 0 is a list among rows of another length: \['a'\]"),
        ([np.array([["a"], ["b"]]), np.array([["c", "d"]] * 2)], ShapeError, "the rows differ in shape"),
        ([["a", "b"]], ShapeError, r"expected .* \(N,\) or \(N, 1\), received \(1, 2\).*split=None"),
        (np.array([[["a", "b"]]]), ShapeError, r"received \(1, 1, 2\)"),
    ],
)
def test_bad_texts(texts: Any, error: type[TinynetError], match: str) -> None:
    match = f"^TextVectorization 'words': .*{match}"
    with pytest.raises(error, match=match):
        TextVectorizer(vocabulary=["a"], where="TextVectorization 'words'")(texts)
    if isinstance(texts, list):
        with pytest.raises(error, match=match):
            TextVectorizer(where="TextVectorization 'words'").adapt(texts)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_vectors_of_more_axes_are_refused(mode: str) -> None:
    vectorizer = TextVectorizer(output_mode=mode)
    with pytest.raises(ShapeError, match=rf"='{mode}' takes texts of at most two axes.*\(1, 1, 1\)"):
        vectorizer.adapt([[["a"]]])


def test_one_token_has_no_length() -> None:
    for arguments in ({"ngrams": 2}, {"output_sequence_length": 2}):
        vectorizer = TextVectorizer(split=None, vocabulary=["a"], **arguments)
        with pytest.raises(ShapeError, match="with split=None a single str is one token"):
            vectorizer("a")


@pytest.mark.parametrize(
    ("data", "arguments", "error", "match"),
    [
        ([], {}, DataError, "there is no token to learn in 0 documents"),
        (["", "?!"], {}, DataError, "there is no token to learn in 2 documents"),
        (iter([]), {}, DataError, "in 0 documents"),
        ("satu dua", {}, ArgumentError, "adapt: expected a list or an iterable of batches, received str 'satu dua'"),
        ({"text": ["a"]}, {}, ArgumentError, "adapt: expected a list or an iterable of batches, received dict"),
        (None, {}, ArgumentError, "adapt: expected a list or an iterable of batches, received NoneType"),
        (["a"], {"steps": 2}, ArgumentError, "adapt: steps=2 needs an iterable of batches"),
        (iter([["a"]]), {"steps": 0}, ArgumentError, "adapt: steps must be None or an integer from 1"),
        (iter([["a"], [3]]), {}, DtypeError, "text 0 is of type int"),
    ],
)
def test_adapt_to_bad_data(
    data: Any, arguments: dict[str, Any], error: type[TinynetError], match: str
) -> None:
    vectorizer = TextVectorizer()
    vectorizer.adapt(["lama"])
    with pytest.raises(error, match=match):
        vectorizer.adapt(data, **arguments)
    assert vectorizer.get_vocabulary() == ["", "[UNK]", "lama"]
    vectorizer.adapt(["baru"])
    assert vectorizer.get_vocabulary() == ["", "[UNK]", "baru"]


def test_a_vocabulary_of_the_constructor_stays() -> None:
    vectorizer = TextVectorizer(vocabulary=["a"])
    for adapt in (vectorizer.adapt, vectorizer.update_state):
        with pytest.raises(ArgumentError, match="its vocabulary in the constructor and so does not adapt"):
            adapt(["b"])
    vectorizer.set_vocabulary(["c"])
    assert vectorizer.get_vocabulary() == ["", "[UNK]", "c"]


@pytest.mark.parametrize(
    ("station", "result", "error", "match"),
    [
        ("standardize", ["a"], ShapeError, r"given as standardize returned shape \(1,\) for .* \(2,\)"),
        ("standardize", [1, 2], DtypeError, "the result of standardize: expected texts .* text 0"),
        ("split", [["a"]], ShapeError, r"given as split returned \[\['a'\]\] for 2 texts. Expected a list"),
        ("split", ["a", "b"], ShapeError, r"given as split returned \['a', 'b'\] for 2 texts"),
        ("split", None, ShapeError, "given as split returned None for 2 texts"),
        ("split", [["a"], ["b", 3]], DtypeError, "the result of split: .* text 1 is of type int"),
    ],
    ids=str,
)
def test_functions_that_return_something_else(
    station: str, result: Any, error: type[TinynetError], match: str
) -> None:
    vectorizer = TextVectorizer(vocabulary=["a"], **{station: lambda texts: result})  # type: ignore[arg-type]
    with pytest.raises(error, match=match):
        vectorizer(["a", "b"])
