"""Compiled convolution, its gradients and the relu behind it, against NumPy's versions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.errors import ShapeError
from tinynet.kernels import activation, choice, convolution
from tinynet.kernels.spatial import output_sizes, padding_amounts

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

# The terms of a sum may be added in any order: an error grows with their number and their size.
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


class Drawn(NamedTuple):
    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray | None
    settings: tuple[Any, ...]  # strides, pads, dilation, groups


@st.composite
def convolutions(draw: Any) -> Drawn:
    """Windows of all kinds, groups of some channels and of one; 3×3 of many channels, which goes Winograd's way."""
    many = draw(st.booleans())
    if many:
        spatial, window = draw(st.tuples(st.integers(2, 12), st.integers(2, 12))), (3, 3)
        pads = draw(st.sampled_from([((0, 0), (0, 0)), ((1, 1), (1, 1)), ((2, 2), (0, 1))]))
        channels, filters = draw(st.sampled_from([16, 17, 35])), draw(st.sampled_from([16, 31, 66]))
        dtype = draw(DTYPES)
        x = draw(numbers((draw(st.integers(0, 3)), *spatial, channels), dtype))
        kernel, bias = draw(numbers((3, 3, channels, filters), dtype)), draw(st.none() | numbers((filters,), dtype))
        return Drawn(x, kernel, bias, ((1, 1), pads, (1, 1), 1))
    axes = draw(st.sampled_from([1, 2, 2, 2, 3]))
    numbers_of = lambda low, high: draw(st.tuples(*[st.integers(low, high)] * axes))  # noqa: E731
    spatial, window = numbers_of(1, 18 if axes < 3 else 5), numbers_of(1, 4)
    strides, dilation = numbers_of(1, 3), numbers_of(1, 2)
    padding = draw(st.sampled_from(["valid", "same", "causal"] if axes == 1 else ["valid", "same"]))
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 20, 33]))
    channels = draw(st.integers(1, 5) if groups < 4 else st.integers(1, 2)) * groups
    shares = [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 66] if groups == 1 else [1, 1, 2, 3, 17] if groups < 4 else [1, 1, 2]
    filters = draw(st.sampled_from(shares)) * groups
    dtype = draw(DTYPES)
    x = draw(numbers((draw(st.integers(0, 3)), *spatial, channels), dtype))
    kernel = draw(numbers((*window, channels // groups, filters), dtype))
    bias = draw(st.none() | numbers((filters,), dtype))
    pads = padding_amounts(spatial, window, strides, dilation, padding)
    return Drawn(x, kernel, bias, (strides, pads, dilation, groups))


def close(ours: np.ndarray, expected: np.ndarray, terms: int) -> None:
    tolerance = TOLERANCE[str(expected.dtype)] * max(terms, 4)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)
    assert ours.dtype == expected.dtype


@given(drawn=convolutions())
def test_convolution(drawn: Drawn) -> None:
    x, kernel, bias, settings = drawn
    terms = int(np.prod(kernel.shape[:-1]))
    for relu in (False, True):
        try:
            expected = convolution.convolve(x, kernel, *settings, bias, relu)
        except ShapeError:
            with pytest.raises(ShapeError, match="does not fit"):
                compiled.convolve(x, kernel, *settings, bias, relu)
            return
        (output,) = for_any_number_of_threads(lambda r=relu: compiled.convolve(x, kernel, *settings, bias, r))
        close(output, expected, terms)


@given(drawn=convolutions(), seed=st.integers(0, 2**31), needs=st.tuples(*[st.booleans()] * 3))
def test_gradients(drawn: Drawn, seed: int, needs: tuple[bool, bool, bool]) -> None:
    x, kernel, _, settings = drawn
    strides, pads, dilation, _ = settings
    spatial, window = x.shape[1:-1], kernel.shape[:-2]
    try:
        out = output_sizes(spatial, window, strides, dilation, pads)
    except ShapeError:
        return
    g = np.random.default_rng(seed).standard_normal((x.shape[0], *out, kernel.shape[-1])).astype(x.dtype)
    (result,) = for_any_number_of_threads(lambda: compiled.kernel_gradient(x, g, window, *settings))
    close(result, convolution.kernel_gradient(x, g, window, *settings), int(np.prod(g.shape[:-1])))
    (result,) = for_any_number_of_threads(lambda: compiled.input_gradient(g, kernel, spatial, *settings))
    close(result, convolution.input_gradient(g, kernel, spatial, *settings), int(np.prod(window)) * g.shape[-1])
    output = np.maximum(np.random.default_rng(seed + 1).standard_normal(g.shape).astype(x.dtype), 0)
    everything = (x, kernel, output, g, needs, *settings)
    (results,) = for_any_number_of_threads(lambda: compiled.gradients_behind_relu(*everything))
    for one, expected in zip(results, convolution.gradients_behind_relu(*everything), strict=True):
        assert (one is None) == (expected is None)
        if expected is not None:
            close(one, expected, max(int(np.prod(g.shape[:-1])), int(np.prod(window)) * g.shape[-1]))


@pytest.mark.parametrize("place", [(1, 2), (0, 0), (4, 5)])
def test_what_is_no_number_reaches_only_its_windows(place: tuple[int, int]) -> None:
    x, kernel = np.ones((1, 6, 6, 16), "float32"), np.ones((3, 3, 16, 16), "float32")  # large enough for Winograd
    x[0, *place, 3] = np.nan
    settings = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    expected = convolution.convolve(x, kernel, *settings)
    assert 0 < np.isnan(expected).sum() < expected.size
    np.testing.assert_array_equal(compiled.convolve(x, kernel, *settings), expected)


def test_what_is_no_number_stays_so() -> None:
    x = np.ones((1, 4, 2), "float32")
    x[0, 1, 0] = np.nan
    kernel = np.ones((1, 2, 3), "float32")
    output = compiled.convolve(x, kernel, (1,), ((0, 0),), (1,), 1, None, True)
    np.testing.assert_array_equal(output, convolution.convolve(x, kernel, (1,), ((0, 0),), (1,), 1, None, True))
    assert np.isnan(output[0, 1]).all()


@given(data=st.data(), dtype=DTYPES, size=st.integers(0, 50_000))
def test_relu_gradient(data: Any, dtype: str, size: int) -> None:
    g, output = data.draw(numbers((size,), dtype)), np.maximum(data.draw(numbers((size,), dtype)), 0)
    (result,) = for_any_number_of_threads(lambda: compiled.relu_gradient(g, output))
    np.testing.assert_array_equal(result, activation.relu_gradient(g, output))
