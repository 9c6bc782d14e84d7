"""Compiled products of matrices against NumPy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, products

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled
from tinynet.kernels.compiled import products as module

SIZES = st.sampled_from([0, 1, 2, 5, 6, 7, 15, 16, 17, 31, 33, 64, 65, 100])

@pytest.fixture(autouse=True, scope="module")
def small_ones_too() -> Iterator[None]:
    """No product goes to the BLAS."""
    usual, module.SMALL = module.SMALL, -1
    yield
    module.SMALL = usual


TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


@given(
    data=st.data(), dtype=DTYPES, rows=SIZES | st.sampled_from([200, 411]), depth=SIZES, columns=SIZES,
    turned=st.tuples(st.booleans(), st.booleans()), relu=st.booleans(),
)  # fmt: skip
def test_products(
    data: Any, dtype: str, rows: int, depth: int, columns: int, turned: tuple[bool, bool], relu: bool
) -> None:
    def matrix(height: int, width: int, transposed: bool) -> np.ndarray:
        drawn = data.draw(numbers((width, height) if transposed else (height, width), dtype))
        return drawn.T if transposed else drawn

    a, b = matrix(rows, depth, turned[0]), matrix(depth, columns, turned[1])
    bias = data.draw(st.none() | numbers((columns,), dtype))
    (result,) = for_any_number_of_threads(lambda: compiled.product(a, b, bias, relu))
    tolerance = TOLERANCE[dtype] * max(depth, 1)
    np.testing.assert_allclose(result, products.product(a, b, bias, relu), rtol=tolerance, atol=tolerance)
    assert result.dtype == a.dtype


def test_what_is_no_number_stays_so() -> None:
    a = np.array([[np.nan, 1], [1, 1]], "float32")
    np.testing.assert_array_equal(compiled.product(a, np.ones((2, 3), "float32"), None, True), [[np.nan] * 3, [2] * 3])


def test_matrices_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        compiled.product(np.ones((2, 3), "float32"), np.ones((2, 3), "float32"))
