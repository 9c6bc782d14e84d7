"""`pad_sequences` against Keras's, and what it refuses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError, TinynetError
from tinynet.preprocessing.sequence import pad_sequences

ends = st.sampled_from(["pre", "post"])


@given(
    rows=st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6), min_size=1, max_size=5),
    maxlen=st.none() | st.integers(1, 8),
    padding=ends,
    truncating=ends,
    dtype=st.sampled_from(["int32", "int64", "float32"]),
    value=st.sampled_from([0.0, -1, 7]),
)
def test_numbers(rows: Any, dtype: str, **arguments: Any) -> None:
    expected = keras.utils.pad_sequences(rows, dtype=dtype, **arguments)
    for form in (rows, [np.array(row, "int64") for row in rows]):
        np.testing.assert_array_equal(pad_sequences(form, dtype=dtype, **arguments), expected, strict=True)


@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4), maxlen=st.none() | st.integers(1, 6), padding=ends,
    truncating=ends, shape=st.sampled_from([(2,), (2, 3)]),
)  # fmt: skip
def test_elements_with_axes_of_their_own(lengths: list[int], shape: tuple[int, ...], **arguments: Any) -> None:
    generator = np.random.default_rng(0)
    rows = [generator.uniform(-9, 9, (length, *shape)) for length in lengths]
    expected = keras.utils.pad_sequences(rows, **arguments)  # fractions are lost in int32
    np.testing.assert_array_equal(pad_sequences(rows, **arguments), expected, strict=True)


def test_texts() -> None:
    rows = [["a"], ["b", "lain", "c"]]
    expected = keras.utils.pad_sequences(rows, dtype=object, value="")
    np.testing.assert_array_equal(pad_sequences(rows, dtype=object, value=""), expected, strict=True)


def test_a_length_of_nothing() -> None:
    assert pad_sequences([[1], [2, 3]], maxlen=0).shape == (2, 0)  # where Keras breaks off
    assert pad_sequences([], maxlen=3).shape == keras.utils.pad_sequences([], maxlen=3).shape == (0, 3)


def test_public_names() -> None:
    assert tinynet.utils.pad_sequences is tinynet.preprocessing.sequence.pad_sequences is pad_sequences


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"sequences": 3}, DataError, "expected a list of sequences, received 3"),
        ({"sequences": "abc"}, DataError, "expected a list of sequences, received 'abc'"),
        ({"sequences": [[1], 2]}, DataError, "expected sequences, but number 1 is 2"),
        ({"sequences": ["ab"]}, DataError, "expected sequences, but number 0 is 'ab'"),
        ({"sequences": []}, DataError, "give maxlen"),
        ({"sequences": [[1]], "maxlen": -1}, ArgumentError, "maxlen must be None or an integer from 0, received -1"),
        ({"sequences": [[1]], "maxlen": 2.0}, ArgumentError, "maxlen .* received 2.0"),
        ({"sequences": [[1]], "padding": "left"}, ArgumentError, "padding 'pre' or 'post', received 'left'"),
        ({"sequences": [[1]], "truncating": None}, ArgumentError, "truncating 'pre' or 'post', received None"),
        ({"sequences": [[1]], "value": "x"}, DtypeError, "the value 'x' does not fit dtype int32.*dtype=object"),
        ({"sequences": [["a"]]}, DataError, r"sequence 0: \['a'\] does not fit dtype int32"),
        ({"sequences": [[1], [2**40]]}, DataError, "sequence 1: .* does not fit dtype int32"),
        ({"sequences": [[float("nan")]]}, DataError, "sequence 0: .* does not fit dtype int32"),
        ({"sequences": [[1]], "value": float("inf")}, DataError, "value: inf does not fit dtype int32"),
        ({"sequences": [[[1, 2]], [[1, 2, 3]]]}, ShapeError, r"sequence 1 have shape \(3,\), those before it \(2,\)"),
        ({"sequences": [[[1, 2], [3]]]}, DataError, "sequence 0: .* does not fit"),
    ],
)
def test_bad_input(arguments: dict[str, Any], error: type[TinynetError], match: str) -> None:
    with pytest.raises(error, match=f"^pad_sequences: .*{match}"):
        pad_sequences(**arguments)
