"""Compiled updates of variables and sums of rows against NumPy's versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, rows, updates

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

SIZES = st.sampled_from([0, 1, 7, 16, 33, 1000, 40_000, 300_000])
TOLERANCE = {"float32": 3e-7, "float64": 1e-15}


@given(data=st.data(), dtype=DTYPES, size=SIZES, amsgrad=st.booleans(), has_squares=st.booleans())
def test_adam(data: Any, dtype: str, size: int, amsgrad: bool, has_squares: bool) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    start = [rng.standard_normal(size).astype(dtype) for _ in range(4)]
    start[2], start[3] = abs(start[2]), abs(start[3])
    g = data.draw(numbers((size,), dtype))
    squares = abs(data.draw(numbers((size,), dtype))) if has_squares else None

    def updated(adam: Any) -> tuple[np.ndarray, ...]:
        w, m, v, largest = (array.copy() for array in start)
        adam(w, m, v, largest if amsgrad else None, g, squares, 0.02, 0.1, 0.001, 1e-7)
        return w, m, v, largest

    (ours,) = for_any_number_of_threads(lambda: updated(compiled.adam))
    for one, expected in zip(ours, updated(updates.adam), strict=True):
        np.testing.assert_allclose(one, expected, rtol=10 * TOLERANCE[dtype], atol=TOLERANCE[dtype])


@given(data=st.data(), dtype=DTYPES, count=st.integers(0, 200), depth=st.integers(1, 35))
def test_sums_of_rows(data: Any, dtype: str, count: int, depth: int) -> None:
    places = np.random.default_rng(data.draw(st.integers(0, 2**31))).integers(-3, 7, count)  # from the end, too
    if data.draw(st.booleans()):
        places = abs(places)
    values = data.draw(numbers((count, depth), dtype))
    expected = rows.sum_rows(places, values, (7, depth))
    np.testing.assert_array_equal(compiled.sum_rows(places, values, (7, depth)), expected)


def test_rows_that_are_not_there() -> None:
    with pytest.raises(IndexError):
        compiled.sum_rows(np.array([7]), np.ones((1, 3), "float32"), (7, 3))
