"""Compiled updates of variables and sums of rows against NumPy's versions."""

from __future__ import annotations

from typing import Any, NamedTuple

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

SIZES = st.sampled_from([0, 1, 7, 16, 33, 1000, 5000, 40_000])
TOLERANCE = {"float32": 3e-7, "float64": 1e-15}

class Kernel(NamedTuple):
    """An update: the slots it may be given, which of them it can do without, and its numbers."""

    name: str
    slots: int
    optional: tuple[int, ...]
    has_squares: bool
    numbers: tuple[Any, ...]


KERNELS = [
    Kernel("sgd", 1, (1,), False, (0.02, 0.9, False)),
    Kernel("sgd", 1, (1,), False, (0.02, 0.9, True)),
    Kernel("adagrad", 1, (), True, (0.02, 1e-7)),
    Kernel("rmsprop", 3, (2, 3), True, (0.02, 0.9, 0.1, 0.8, 1e-3)),
    Kernel("adam", 3, (3,), True, (0.02, 0.1, 0.001, 1e-7)),
]


def updated(kernel: Any, arrays: list[tuple[Any, ...]], written: int, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    """What the kernel makes of copies of the variables and slots, and what it returns."""
    copies = [tuple(None if a is None else a.copy() for a in one[:written]) + one[written:] for one in arrays]
    found = kernel(copies, *numbers)
    return (*(a for one in copies for a in one[:written] if a is not None), np.array(found or []))


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: f"{kernel.name}{kernel.numbers}")
@given(data=st.data(), dtype=DTYPES)
def test_updates(kernel: Kernel, data: Any, dtype: str) -> None:
    arrays = []
    for size in data.draw(st.lists(SIZES, max_size=5)):
        rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
        # Slots at least 0, and the last one small: mean squares, and a mean whose square is less than these.
        slots = [abs(rng.standard_normal(size)).astype(dtype) + 1 for _ in range(kernel.slots)]
        slots[-1] *= 0.1
        for i in kernel.optional:
            slots[i - 1] = slots[i - 1] if data.draw(st.booleans()) else None
        one = [rng.standard_normal(size).astype(dtype), *slots, data.draw(numbers((size,), dtype))]
        if kernel.has_squares:
            one.append(one[-1] ** 2 * 1.5 if data.draw(st.booleans()) else None)
        arrays.append(tuple(one))
    written = 1 + kernel.slots
    ours, plain = getattr(compiled, kernel.name), getattr(updates, kernel.name)
    (results,) = for_any_number_of_threads(lambda: updated(ours, arrays, written, kernel.numbers))
    expected = updated(plain, arrays, written, kernel.numbers)
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=10 * TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])
        assert one.dtype == other.dtype


def test_negative_variances_are_named_and_left_alone() -> None:
    def arrays() -> list[tuple[Any, ...]]:
        one = lambda value, size: np.full(size, value, "float32")  # noqa: E731
        return [
            (one(1, size), one(0, size), None, one(mean, size), one(1, size), None)
            for size, mean in ((5, 0), (10_000, 3), (40, 0), (0, 0), (17, 3))
        ]

    for rmsprop in (compiled.rmsprop, updates.rmsprop):
        given_arrays = arrays()
        assert rmsprop(given_arrays, 0.1, 0.9, 0.1, 0.0, 1e-7) == [1, 4]
        assert (given_arrays[1][0] == 1).all()
        assert (given_arrays[0][0] < 1).all()


def test_variables_that_share_memory_change_one_after_another() -> None:
    """As where a variable stands twice among those to change, or is the gradient of another."""
    for dtypes in (("float32", "float32"), ("float32", "float64")):
        first, second = (np.arange(6, dtype=dtype) for dtype in dtypes)
        compiled.sgd([(first, None, second), (second, None, first), (first[2:], None, first[:-2])], 0.5, 0.0, False)
        np.testing.assert_allclose(first, [0, 0.5, 1, 1.25, 1.5, 1.75])
        np.testing.assert_allclose(second, [0, 0.75, 1.5, 2.25, 3, 3.75])


@pytest.mark.parametrize("layout", ["every second", "int gradient", "float16"])
def test_other_arrays_go_to_numpy(layout: str) -> None:
    w, m = np.ones((2, 4, 6), "float16" if layout == "float16" else "float32")
    g = np.full((4, 6), 2, "int32" if layout == "int gradient" else w.dtype)
    if layout == "every second":
        w, m, g = (array[:, ::2] for array in (w, m, g))
    compiled.sgd([(w, m, g)], 0.5, 0.5, False)
    np.testing.assert_array_equal(m, np.full_like(m, -0.5))
    np.testing.assert_array_equal(w, np.full_like(w, 0.5))


@given(data=st.data(), dtype=DTYPES, count=st.integers(0, 200), depth=st.integers(1, 35))
def test_sums_of_rows(data: Any, dtype: str, count: int, depth: int) -> None:
    places = np.random.default_rng(data.draw(st.integers(0, 2**31))).integers(-3, 7, count)  # from the end, too
    if data.draw(st.booleans()):
        places = abs(places)
    values = data.draw(numbers((count, depth), dtype))
    expected = rows.sum_rows(places, values, (7, depth))
    (found,) = for_any_number_of_threads(lambda: compiled.sum_rows(places, values, (7, depth)))
    np.testing.assert_array_equal(found, expected)
    ((sums, squares),) = for_any_number_of_threads(lambda: compiled.sum_rows_and_squares(places, values, (7, depth)))
    np.testing.assert_array_equal(sums, expected)
    of_squares = rows.sum_rows_and_squares(places, values, (7, depth))[1]
    np.testing.assert_allclose(squares, of_squares, rtol=10 * TOLERANCE[dtype])


def test_rows_that_are_not_there() -> None:
    with pytest.raises(IndexError):
        compiled.sum_rows(np.array([7]), np.ones((1, 3), "float32"), (7, 3))
