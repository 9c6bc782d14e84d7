"""Compiled pooling against NumPy's: the largest values bit for bit, since they are only compared and moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.errors import ShapeError
from tinynet.kernels import choice, pooling
from tinynet.kernels.spatial import padding_amounts

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

SIZES = st.integers(1, 9)


@st.composite
def poolings(draw: Any) -> tuple[np.ndarray, tuple[Any, ...]]:
    axes = draw(st.integers(1, 3))  # three go to NumPy
    spatial = draw(st.tuples(*[SIZES] * axes))
    window = draw(st.tuples(*[st.integers(1, 4)] * axes))
    strides = draw(st.tuples(*[st.integers(1, 4)] * axes))
    padding = draw(st.sampled_from(["valid", "same"]))
    shape = (draw(st.integers(0, 3)), *spatial, draw(st.integers(1, 35)))
    x = draw(numbers(shape, draw(DTYPES)))
    if draw(st.booleans()):  # equal values, of which the first wins, and what is no number
        x = np.where(np.abs(x) > 1.5, np.nan, np.round(x)).astype(x.dtype)
    return x, (window, strides, padding_amounts(spatial, window, strides, (1,) * axes, padding))


@given(drawn=poolings())
def test_pooling(drawn: tuple[np.ndarray, tuple[Any, ...]]) -> None:
    x, settings = drawn
    try:
        expected, places = pooling.max_pool_with_winners(x, *settings)
    except ShapeError:
        with pytest.raises(ShapeError, match="does not fit"):
            compiled.max_pool_with_winners(x, *settings)
        return
    for output, chosen in for_any_number_of_threads(lambda: compiled.max_pool_with_winners(x, *settings)):
        np.testing.assert_array_equal(output, expected)
        np.testing.assert_array_equal(chosen, places)
        assert output.dtype == x.dtype
    (output,) = for_any_number_of_threads(lambda: compiled.max_pool(x, *settings))
    np.testing.assert_array_equal(output, expected)
    g = np.arange(expected.size, dtype=x.dtype).reshape(expected.shape)[..., ::-1]
    back = pooling.to_winners(g, places, x.shape[1:-1], *settings)
    (result,) = for_any_number_of_threads(lambda: compiled.to_winners(g, places, x.shape[1:-1], *settings))
    np.testing.assert_array_equal(result, back)


@pytest.mark.parametrize("dtype", ["int32", "float16", "bool"])
def test_other_numbers_go_to_numpy(dtype: str) -> None:
    x = (np.arange(32) % 5).reshape(1, 8, 4).astype(dtype)
    settings = ((2,), (2,), ((0, 0),))
    np.testing.assert_array_equal(compiled.max_pool(x, *settings), pooling.max_pool(x, *settings))


@given(drawn=poolings())
def test_average_pooling(drawn: tuple[np.ndarray, tuple[Any, ...]]) -> None:
    x, settings = drawn
    try:
        expected = pooling.average_pool(x, *settings)
    except ShapeError:
        with pytest.raises(ShapeError, match="does not fit"):
            compiled.average_pool(x, *settings)
        return
    (output,) = for_any_number_of_threads(lambda: compiled.average_pool(x, *settings))
    np.testing.assert_array_equal(output, expected)
    assert output.dtype == x.dtype
    g = np.arange(expected.size, dtype=x.dtype).reshape(expected.shape)[..., ::-1]
    back = pooling.average_pool_adjoint(g, x.shape[1:-1], *settings)
    (result,) = for_any_number_of_threads(lambda: compiled.average_pool_adjoint(g, x.shape[1:-1], *settings))
    # The shares of several windows are added in another order.
    np.testing.assert_allclose(result, back, rtol=1e-6 if x.dtype == np.float32 else 1e-14)
    assert result.dtype == x.dtype
