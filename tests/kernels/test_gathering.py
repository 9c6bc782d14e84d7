"""Kernels that are done at once give the bits that they give one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drawn import numbers
from hypothesis import given
from hypothesis import strategies as st
from using import using_threads

from tinynet.kernels import afterwards, at_once
from tinynet.primitives.recurrent import gru, lstm, simple_rnn

# Gates, states (of an LSTM its cells, too) and axes of the bias.
LAYERS = {simple_rnn: (1, 1, 1), lstm: (4, 2, 1), gru: (3, 1, 2)}
OPTIONS = st.fixed_dictionaries({"go_backwards": st.booleans(), "return_sequences": st.booleans()})


@st.composite
def layers(draw: Any, dtype: str) -> list[Callable[[], Any]]:
    """All that an operation computes for some sequences: outputs without and with a gradient, and the gradients."""
    operation = draw(st.sampled_from(list(LAYERS)))
    gates, states, axes = LAYERS[operation]
    rows, steps = draw(st.sampled_from([1, 1, 2, 5])), draw(st.integers(1, 6))
    features, units = draw(st.integers(1, 9)), draw(st.sampled_from([1, 5, 16, 17]))
    columns = gates * units
    x = draw(numbers((rows, steps, features), dtype))
    first = [draw(numbers((rows, units), dtype)) for _ in range(states)]
    weights = [draw(numbers(shape, dtype)) for shape in ((features, columns), (units, columns), (2, columns)[-axes:])]
    mask = np.random.default_rng(draw(st.integers(0, 99))).random((rows, steps)) < 0.6 if draw(st.booleans()) else None
    options = draw(OPTIONS)

    def evaluated() -> Any:
        return operation.evaluate(x, *first, *weights, mask, **options)

    def forward() -> Any:
        return operation.forward(x, *first, *weights, mask, **options)

    outputs, residuals = forward()

    def backward() -> Any:
        return operation.vjp(outputs, residuals, [True] * (4 + states) + [False], **options)

    return [evaluated, forward, backward]


def arrays(found: Any) -> list[np.ndarray]:
    if isinstance(found, (tuple, list)):
        return [array for part in found for array in arrays(part)]
    return [] if found is None else [found]


@given(data=st.data(), dtype=st.sampled_from(["float32", "float64", "float16"]), threads=st.sampled_from([1, 2, 3]))
def test_equals_one_after_the_other(data: st.DataObject, dtype: str, threads: int) -> None:
    drawn = [data.draw(layers(dtype)) for _ in range(data.draw(st.integers(1, 4), "how many"))]
    functions = [data.draw(st.sampled_from(layer)) for layer in drawn]
    with np.errstate(all="ignore"), using_threads(threads):
        expected = [function() for function in functions]
        found = at_once(*functions)
    assert len(arrays(found)) == len(arrays(expected))
    for one, other in zip(arrays(found), arrays(expected), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_what_comes_afterwards_waits_only_within() -> None:
    assert afterwards(lambda: 3) == 3
    assert at_once(lambda: afterwards(lambda: 4), lambda: afterwards(lambda: 5)) == [4, 5]
    assert at_once() == []


def test_an_error_leaves_nothing_behind() -> None:
    x, h = np.ones((1, 2, 3), "float32"), np.zeros((1, 2), "float32")
    kernel, recurrent = np.ones((3, 2), "float32"), np.ones((2, 2), "float32")

    def right() -> Any:
        return simple_rnn.evaluate(x, h, kernel, recurrent, None, None)

    def wrong() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        at_once(right, wrong)
    expected = right()
    for one, other in zip(at_once(right)[0], expected, strict=True):
        np.testing.assert_array_equal(one, other)
