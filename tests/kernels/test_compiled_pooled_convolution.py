"""A convolution with a relu and a max pooling behind it in one pass, in NumPy and compiled, against one after another."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.errors import ShapeError
from tinynet.kernels import activation, choice, convolution, normalization, pooled_convolution, pooling
from tinynet.kernels.pooled_convolution import Convolution, Pooling
from tinynet.kernels.spatial import output_sizes, padding_amounts

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

TOLERANCE = {"float32": 1e-5, "float64": 1e-13}
WAYS = [compiled, pooled_convolution]


class Drawn(NamedTuple):
    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray | None
    convolution: Convolution
    pooling: Pooling

    def one_after_another(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the convolution gives, then the pooling and its winners."""
        between = convolution.convolve(self.x, self.kernel, *self.convolution, 1, self.bias, True)
        return between, *pooling.max_pool_with_winners(between, *self.pooling)

    def terms(self) -> int:
        return int(np.prod(self.kernel.shape[:-1]))


@st.composite
def drawings(draw: Any) -> Drawn:
    """Windows of all kinds, those in one pass and others; 3×3 of many channels, of which a pooling takes the tiles."""
    many = draw(st.booleans())
    axes = 2 if many else draw(st.sampled_from([1, 2, 2, 3]))
    numbers_of = lambda low, high: draw(st.tuples(*[st.integers(low, high)] * axes))  # noqa: E731
    one = (1,) * axes
    spatial = numbers_of(6, 12) if many else numbers_of(1, 14 if axes < 3 else 5)
    window = (3, 3) if many else numbers_of(1, 3)
    strides, dilation = (one, one) if many else (numbers_of(1, 2), numbers_of(1, 2))
    channels, filters = draw(st.sampled_from([(16, 17), (35, 16), (18, 66)] if many else [(1, 3), (3, 32), (2, 35)]))
    pads = padding_amounts(spatial, window, strides, dilation, draw(st.sampled_from(["valid", "same"])))
    pool_size = draw(st.sampled_from([(2,) * axes, (2,) * axes, (3,) * axes, (1, 2, 3)[:axes]]))
    pool_strides = draw(st.sampled_from([pool_size, pool_size, (3,) * axes, one]))
    try:
        between = output_sizes(spatial, window, strides, dilation, pads)
    except ShapeError:
        between = one
    around = padding_amounts(between, pool_size, pool_strides, one, draw(st.sampled_from(["valid", "same"])))
    dtype = draw(DTYPES)
    x = draw(numbers((draw(st.sampled_from([0, 1, 2, 3])), *spatial, channels), dtype))
    kernel = draw(numbers((*window, channels, filters), dtype))
    bias = draw(st.none() | numbers((filters,), dtype))
    return Drawn(x, kernel, bias, Convolution(strides, pads, dilation), Pooling(pool_size, pool_strides, around))


def close(ours: np.ndarray, expected: np.ndarray, terms: int) -> None:
    tolerance = TOLERANCE[str(expected.dtype)] * max(terms, 4)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)
    assert ours.dtype == expected.dtype


@given(drawn=drawings(), whole=st.booleans())
def test_forward(drawn: Drawn, whole: bool) -> None:
    if whole:  # whole numbers: all sums are exact, so many of them are equal, and the first of those wins
        bias = None if drawn.bias is None else np.round(drawn.bias)
        drawn = drawn._replace(x=np.round(drawn.x * 2), kernel=np.round(drawn.kernel * 2), bias=bias)
    try:
        between, expected, winners = drawn.one_after_another()
    except ShapeError:
        for way in WAYS:
            with pytest.raises(ShapeError, match="does not fit"):
                way.convolve_and_pool(*drawn)
        return
    for way in WAYS:
        (output,) = for_any_number_of_threads(lambda w=way: w.convolve_and_pool(*drawn))
        close(output, expected, drawn.terms())
        for output, chosen in for_any_number_of_threads(lambda w=way: w.convolve_and_pool_with_winners(*drawn)):
            close(output, expected, drawn.terms())
            assert chosen.dtype == winners.dtype
            shown = expected > 0  # behind a relu nothing flows back to the others
            if whole:
                np.testing.assert_array_equal(output, expected)
                np.testing.assert_array_equal(chosen[shown], winners[shown])
            at_winners = pooling.from_winners(between, chosen, *drawn.pooling)
            close(np.where(shown, at_winners, 0), np.where(shown, expected, 0), drawn.terms())


@given(drawn=drawings(), seed=st.integers(0, 2**31), needs=st.tuples(*[st.booleans()] * 3))
def test_gradients(drawn: Drawn, seed: int, needs: tuple[bool, bool, bool]) -> None:
    x, kernel, _, settings, pool = drawn
    try:
        between, output, chosen = drawn.one_after_another()
    except ShapeError:
        return
    g = np.random.default_rng(seed).standard_normal(output.shape).astype(x.dtype)[..., ::-1]
    back = pooling.to_winners(activation.relu_gradient(g, output), chosen, between.shape[1:-1], *pool)
    expected = (
        convolution.input_gradient(back, kernel, x.shape[1:-1], *settings, 1),
        convolution.kernel_gradient(x, back, kernel.shape[:-2], *settings, 1),
        normalization.column_sums(back),
    )
    terms = max(int(np.prod(between.shape[:-1])), int(np.prod(kernel.shape[:-2])) * kernel.shape[-1])
    for way in WAYS:
        (results,) = for_any_number_of_threads(
            lambda w=way: w.gradients_behind_pool(x, kernel, output, chosen, g, needs, settings, pool)
        )
        for needed, one, right in zip(needs, results, expected, strict=True):
            assert (one is not None) == needed
            if needed:
                close(one, right, terms)


@pytest.mark.parametrize("channels", [2, 16])  # 16: Winograd's way
@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_number_is_passed_over(way: Any, channels: int) -> None:
    x, kernel = np.ones((1, 8, 8, channels), "float32"), np.ones((3, 3, channels, 16), "float32")
    x[0, 0, 0, 1] = np.nan
    drawn = Drawn(x, kernel, None, Convolution((1, 1), ((0, 0),) * 2, (1, 1)), Pooling((2, 2), (2, 2), ((0, 0),) * 2))
    _, expected, winners = drawn.one_after_another()
    output, chosen = way.convolve_and_pool_with_winners(*drawn)
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(chosen, winners)
    assert chosen[0, 0, 0, 0] == 1 and not np.isnan(output).any()
