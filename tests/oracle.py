"""Keras as the oracle: how its results and tinynet's are compared, and arrays to call both with."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinynet import Tensor

RELATIVE = 1e-5


def agree(ours: Any, theirs: Any, what: str, terms: float = 1e-3) -> None:
    """Same structure, shapes and dtypes, values to float32 rounding; nan agrees with nothing.

    terms: how large the numbers are whose sum or difference the values are.
    """
    if isinstance(theirs, (list, tuple)) and not isinstance(ours, tuple | list):
        raise AssertionError(f"{what}: expected {len(theirs)} results, received {type(ours).__name__}")
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), f"{what}: {len(ours)} results, Keras has {len(theirs)}"
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            agree(one, other, f"{what}[{i}]", terms)
        return
    if isinstance(theirs, (int, float)):
        assert ours == theirs, f"{what}: {ours}, Keras has {theirs}"
        return
    expected = np.asarray(theirs)
    assert isinstance(ours, (Tensor, np.ndarray)), f"{what}: returned {type(ours).__name__}"
    assert ours.shape == expected.shape, f"{what}: shape {ours.shape}, Keras has {expected.shape}"
    assert ours.dtype == expected.dtype, f"{what}: dtype {ours.dtype}, Keras has {expected.dtype}"
    found = np.asarray(ours)
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected, err_msg=what)
        return
    assert not np.isnan(found).any() and not np.isnan(expected).any(), f"{what}: nan"
    finite = np.isfinite(expected)
    scale = max(terms, float(np.abs(expected[finite]).max(initial=0.0)))
    np.testing.assert_allclose(
        found, expected, rtol=RELATIVE, atol=RELATIVE * min(1.0, scale), equal_nan=False, err_msg=what
    )


def filled(
    shape: tuple[int, ...], seed: int, dtype: str = "float32", low: float = -3.0, high: float = 3.0
) -> Any:
    """An array of uniform random numbers, in [low, high) for floats and integers alike."""
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return generator.random(shape) < 0.5
    if dtype.startswith(("int", "uint")):
        return generator.integers(
            max(int(low), 0) if dtype.startswith("u") else int(low), int(high), shape, dtype
        )
    return generator.uniform(low, high, shape).astype(dtype)


SEEDS = st.integers(0, 2**32 - 1)


def shapes(least: int = 0, most: int = 4, smallest: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(smallest, 4), min_size=least, max_size=most).map(tuple)


@st.composite
def arrays(
    draw: st.DrawFn,
    least: int = 0,
    most: int = 4,
    dtypes: tuple[str, ...] = ("float32",),
    low: float = -3.0,
    high: float = 3.0,
) -> Any:
    """An array of a random shape with so many axes."""
    return filled(draw(shapes(least, most)), draw(SEEDS), draw(st.sampled_from(dtypes)), low, high)


@st.composite
def broadcasting(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to `shape`."""
    narrowed = tuple(1 if draw(st.booleans()) else n for n in shape)
    return narrowed[draw(st.integers(0, len(shape))) :]


def axis_of(rank: int) -> st.SearchStrategy[int]:
    return st.integers(-rank, rank - 1)


def some_axes(rank: int) -> st.SearchStrategy[Any]:
    """None, one axis, or several."""
    several = st.lists(st.integers(0, rank - 1), unique=True, min_size=1).map(tuple)
    return st.one_of(st.none(), axis_of(rank), several)
