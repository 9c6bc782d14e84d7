"""Compiled recurrent layers give NumPy's results to rounding, and the same bits for any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, LAYOUTS, laid_out, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, recurrent

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

UNITS = st.sampled_from([1, 2, 3, 4, 8, 16, 17, 33, 64, 65])
LAYERS = {"simple_rnn": 1, "lstm": 4, "gru, reset after": 3, "gru, reset before": 3}  # and their gates


def close(found: Any, expected: Any) -> None:
    """Equal to rounding, relative to the largest number of each array; missing where missing."""
    for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, expected)), strict=True):
        if other is None:
            assert one is None
            continue
        assert one.dtype == other.dtype and one.shape == other.shape
        tolerance = 5e-6 if other.dtype == np.float32 else 1e-12
        scale = max(1.0, float(np.abs(other).max(initial=0.0)))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


@st.composite
def sequences(draw: Any, steps: int, rows: int, size: int, dtype: str) -> np.ndarray:
    """(T, N, size) in any layout, and in any order of the axes in memory."""
    if draw(st.booleans()):
        return draw(numbers((rows, steps, size), dtype)).swapaxes(0, 1)[:: draw(st.sampled_from([1, -1]))]
    return draw(numbers((steps, rows, size), dtype))


@st.composite
def masks(draw: Any, steps: int, rows: int) -> np.ndarray | None:
    density = draw(st.sampled_from([None, 0.0, 0.5, 0.9, 1.0]))
    if density is None:
        return None
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    mask = laid_out(rng.random((rows, steps)) < density, draw(LAYOUTS)).T
    return mask[..., None]


@given(data=st.data(), layer=st.sampled_from(list(LAYERS)), dtype=DTYPES)
def test_forward_and_backward(data: st.DataObject, layer: str, dtype: str) -> None:
    draw = data.draw
    name, gates, after = layer.split(",")[0], LAYERS[layer], layer.endswith("after")
    steps, rows = draw(st.integers(0, 7) | st.just(40), "steps"), draw(st.sampled_from([0, 1, 2, 3, 5, 8, 13, 29]), "rows")
    features, units = draw(st.integers(1, 20), "features"), draw(UNITS, "units")

    def maybe(strategy: Any) -> Any:
        return draw(st.none() | strategy)

    def state() -> Any:
        return numbers((rows, units), dtype)

    x, mask = draw(sequences(steps, rows, features, dtype)), draw(masks(steps, rows))
    first = [draw(state()) for _ in range(2 if name == "lstm" else 1)]
    scale = np.dtype(dtype).type(max(features, units) ** -0.5)
    kernel, weights = (draw(numbers((n, gates * units), dtype)) * scale for n in (features, units))
    weights = laid_out(weights, draw(LAYOUTS))
    biases = [maybe(numbers((gates * units,), dtype)) for _ in range(2 if name == "gru" else 1)]
    options = [after] if name == "gru" else []
    if not after:
        biases[1:] = [None] * len(biases[1:])
    arguments = [x, mask, *first, kernel, weights, *biases, *options]

    expected = getattr(recurrent, f"{name}_forward")(*arguments)
    (found,) = for_any_number_of_threads(lambda: getattr(compiled, f"{name}_forward")(*arguments))
    close(found, expected)
    for every in (False, True):
        of_numpy = getattr(recurrent, f"{name}_states")(*arguments, every)
        (predicted,) = for_any_number_of_threads(
            lambda every=every: getattr(compiled, f"{name}_states")(*arguments, every)
        )
        close(predicted, of_numpy)

    kept = found if isinstance(found, tuple) else (found,)
    d_states, d_last = maybe(sequences(steps, rows, units, dtype)), maybe(state())
    needs = draw(st.lists(st.booleans(), min_size=5, max_size=5) | st.just([True] * 5), "needs")[: 3 + len(biases)]
    needs[4:] = [needed and after for needed in needs[4:]]
    last_cells = [maybe(state())] if name == "lstm" else []
    back = [d_states, d_last, *last_cells, x, *first, *kept, mask, kernel, weights, needs]
    (found,) = for_any_number_of_threads(lambda: getattr(compiled, f"{name}_backward")(*back))
    close(found, getattr(recurrent, f"{name}_backward")(*back))
    assert [array is not None for array in (found[0], *found[1 + len(first) :])] == needs


@pytest.mark.parametrize("rows", [1, 2, 9])
@pytest.mark.parametrize("layer", list(LAYERS))
def test_steps_that_count_for_no_row(layer: str, rows: int) -> None:
    """Padding before, after and between steps: predictions pass over it, and the states are those before it."""
    name, gates, after = layer.split(",")[0], LAYERS[layer], layer.endswith("after")
    rng = np.random.default_rng(0)
    mask = np.zeros((40, rows, 1), bool)
    mask[7:9, 0] = mask[15:31, -1] = mask[29:33, 0] = True
    x, kernel, weights = (rng.standard_normal(n) * 0.3 for n in ((40, rows, 5), (5, gates * 17), (17, gates * 17)))
    first = list(rng.standard_normal((2 if name == "lstm" else 1, rows, 17)))
    others = [None, None, after] if name == "gru" else [None]
    for every in (False, True):
        arguments = [x, mask, *first, kernel, weights, *others, every]
        expected = getattr(recurrent, f"{name}_states")(*arguments)
        (found,) = for_any_number_of_threads(lambda given=arguments: getattr(compiled, f"{name}_states")(*given))
        close(found, expected)


@pytest.mark.parametrize("kernels", [recurrent, compiled], ids=["NumPy", "compiled"])
@pytest.mark.parametrize("layer", list(LAYERS))
def test_what_vanishes_on_the_way_back(layer: str, kernels: Any) -> None:
    """It becomes zero before it becomes a number with which the processor takes a hundred times as long."""
    name, gates, after = layer.split(",")[0], LAYERS[layer], layer.endswith("after")
    rng = np.random.default_rng(0)
    x, kernel, weights = (
        rng.standard_normal(n).astype("float32") * np.float32(0.1)
        for n in ((500, 9, 5), (5, gates * 17), (17, gates * 17))
    )
    first = [np.zeros((9, 17), "float32")] * (2 if name == "lstm" else 1)
    others = [None, None, after] if name == "gru" else [None]
    found = getattr(kernels, f"{name}_forward")(x, None, *first, kernel, weights, *others)
    kept = found if isinstance(found, tuple) else (found,)
    last = [np.ones((9, 17), "float32")] * len(first)
    by_x, *_ = getattr(kernels, f"{name}_backward")(
        None, *last, x, *first, *kept, None, kernel, weights, [True] * 4 + [after]
    )
    sizes = np.abs(by_x)
    assert (sizes[-50:] > 0).all()
    assert (sizes[:50] == 0).all()
    assert not ((0 < sizes) & (sizes < np.finfo("float32").tiny)).any()


def test_the_processor_is_left_as_it_was() -> None:
    """Outside of kernels numbers may be as small as they like."""
    x = np.ones((2000, 64), "float32")
    compiled.relu(x)
    small = np.full(3, 1e-38, "float32")
    assert (small * np.float32(0.1) > 0).all()


def through_tanh(values: np.ndarray) -> np.ndarray:
    """tanh by the compiled kernels: a simple layer of one step whose input passes as it is."""
    n, dtype = len(values), values.dtype
    one, none = np.ones((1, 1), dtype), np.zeros((1, 1), dtype)
    return compiled.simple_rnn_forward(values.reshape(1, n, 1), None, np.zeros((n, 1), dtype), one, none, None)[0, :, 0]


@pytest.mark.parametrize(("dtype", "error"), [("float32", 4e-7), ("float64", 1e-15)])
def test_tanh(dtype: str, error: float) -> None:
    values = np.concatenate([np.linspace(-25, 25, 20001), np.geomspace(1e-30, 1, 500), -np.geomspace(1e-30, 1, 500)])
    values = values.astype(dtype)
    found, expected = through_tanh(values), np.tanh(values.astype(np.longdouble))
    np.testing.assert_allclose(found, expected.astype("float64"), rtol=error, atol=0)
    assert np.abs(found).max() == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_of_what_is_not_finite(dtype: str) -> None:
    values = np.array([np.inf, -np.inf, np.nan, np.finfo(dtype).max, -np.finfo(dtype).max, 0.0], dtype)
    np.testing.assert_array_equal(through_tanh(values), [1, -1, np.nan, 1, -1, 0])


def test_other_numbers_go_to_numpy() -> None:
    rng = np.random.default_rng(0)
    x, h = rng.standard_normal((3, 2, 4)), rng.standard_normal((2, 5)).astype("float32")
    kernel, weights = rng.standard_normal((4, 5)), rng.standard_normal((5, 5))
    close(
        compiled.simple_rnn_forward(x, None, h, kernel, weights, None),
        recurrent.simple_rnn_forward(x, None, h, kernel, weights, None),
    )
