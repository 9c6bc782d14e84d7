"""Compiled sums over columns and batch normalisation against NumPy's versions, and sums against exact ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, LAYOUTS, laid_out, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, normalization

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

TOLERANCE = {"float32": 2e-6, "float64": 4e-15}
COLUMNS = st.sampled_from([0, 1, 3, 7, 8, 15, 16, 17, 31, 33, 48, 63, 64, 65, 80, 130])


@st.composite
def shapes(draw: Any) -> tuple[int, ...]:
    """(…, C) with no, few and many rows."""
    columns = draw(COLUMNS)
    leads = [(), (0,), (1,), (5,), (2, 3, 4), (127,), (128,), (129,), (2, 0, 3), (700,), (20_000,)]
    lead = draw(st.sampled_from(leads))
    return (*lead, columns) if math.prod(lead) * columns < 200_000 else (700, columns)


def close(ours: Any, expected: Any, dtype: str, scale: float = 1.0) -> None:
    for one, other in zip(ours, expected, strict=True):
        assert one.dtype == dtype and one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


@given(data=st.data(), dtype=DTYPES, shape=shapes())
def test_column_sums(data: Any, dtype: str, shape: tuple[int, ...]) -> None:
    x = data.draw(numbers(shape, dtype))
    (total,) = for_any_number_of_threads(lambda: compiled.column_sums(x))
    exact = np.array([math.fsum(column) for column in x.reshape(-1, shape[-1]).T] if x.size else np.zeros(shape[-1]))
    close([total], [exact.reshape(-1)], dtype, scale=1 + math.sqrt(x.size))
    (moments,) = for_any_number_of_threads(lambda: compiled.column_moments(x))
    close(moments, normalization.column_moments(x), dtype)


@given(data=st.data(), dtype=DTYPES, shape=shapes())
def test_gradient(data: Any, dtype: str, shape: tuple[int, ...]) -> None:
    x, g = data.draw(numbers(shape, dtype)), data.draw(numbers(shape, dtype))
    mean, by_g, by_x, offset = (data.draw(numbers(shape[-1:], dtype)) for _ in range(4))
    (sums,) = for_any_number_of_threads(lambda: compiled.column_products(g, x, mean))
    close(sums, normalization.column_products(g, x, mean), dtype, scale=1 + math.sqrt(x.size))
    (result,) = for_any_number_of_threads(lambda: compiled.combine_columns(g, x, mean, by_g, by_x, offset))
    close([result], [normalization.combine_columns(g, x, mean, by_g, by_x, offset)], dtype, scale=8)


@given(data=st.data(), dtype=DTYPES, shape=shapes())
def test_scaling(data: Any, dtype: str, shape: tuple[int, ...]) -> None:
    x = data.draw(numbers(shape, dtype))
    scale, offset = (data.draw(numbers(shape[-1:], dtype)) for _ in range(2))
    (result,) = for_any_number_of_threads(lambda: compiled.scale_columns(x, scale, offset))
    close([result], [normalization.scale_columns(x, scale, offset)], dtype, scale=4)


@given(columns=COLUMNS.filter(bool), place=st.integers(0, 299), dtype=DTYPES)
def test_nan_stays_in_its_column(columns: int, place: int, dtype: str) -> None:
    x = np.ones((300, columns), dtype)
    bad = place % columns
    x[place, bad] = np.nan
    others = np.arange(columns) != bad
    for result in (compiled.column_sums(x), *compiled.column_moments(x)):
        assert np.isnan(result[bad]) and np.isfinite(result[others]).all()
    scaled = compiled.scale_columns(x, np.ones(columns, dtype), np.zeros(columns, dtype))
    np.testing.assert_array_equal(scaled, x)


def test_long_columns_are_summed_precisely() -> None:
    x = np.random.default_rng(0).random((500_000, 5), "float32")
    exact = x.sum(axis=0, dtype="float64")
    np.testing.assert_allclose(compiled.column_sums(x), exact, rtol=1e-6)
    mean, var = compiled.column_moments(x + np.float32(100))  # far from zero, where a one-pass variance fails
    np.testing.assert_allclose(var, (x + np.float32(100)).var(axis=0, dtype="float64"), rtol=1e-5)


@given(data=st.data(), dtype=DTYPES, size=st.sampled_from([0, 1, 7, 16, 33, 1000, 40_000]), layout=LAYOUTS)
def test_relu(data: Any, dtype: str, size: int, layout: str) -> None:
    x = np.array(data.draw(numbers((size,), dtype)))
    x[::5] = data.draw(st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf]))
    x = laid_out(x, layout)
    (result,) = for_any_number_of_threads(lambda: compiled.relu(x))
    np.testing.assert_array_equal(result, np.maximum(x, 0))


@pytest.mark.parametrize("dtype", ["int32", "float16"])
def test_other_numbers_go_to_numpy(dtype: str) -> None:
    x = (np.arange(12) - 6).reshape(3, 4).astype(dtype)
    one, two = np.ones(4, dtype), np.ones(4, dtype) * 2
    pairs = {
        "relu": (x,), "column_sums": (x,), "scale_columns": (x, two, one),
        "combine_columns": (x, x, one, two, one, one),
    }  # fmt: skip
    plain = {"relu": lambda x: np.maximum(x, 0)}
    for name, arguments in pairs.items():
        expected = plain.get(name) or getattr(normalization, name)
        np.testing.assert_array_equal(getattr(compiled, name)(*arguments), expected(*arguments))
