"""Functions that Keras on TensorFlow computes otherwise than NumPy, which they are named after, or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import SEEDS, arrays, axis_of, filled

from tinynet import gradcheck, ops
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError


def near(ours, expected):
    np.testing.assert_allclose(np.asarray(ours), expected, rtol=1e-5, atol=1e-5)


@given(arrays(2, 3), st.integers(-2, 5), st.data())
def test_right_angles(x, k, data):
    """Keras on TensorFlow 3.15.1 mirrors where two right angles should turn."""
    axes = tuple(data.draw(st.permutations(range(x.ndim)))[:2])
    near(ops.rot90(x, k, axes), np.rot90(x, k, axes))


@given(arrays(1, 1), arrays(1, 1), st.sampled_from(["valid", "same", "full"]))
def test_correlation_of_vectors(a, b, mode):
    near(ops.correlate(a, b, mode), np.correlate(a, b, mode))


@given(arrays(1, 3), st.data())
def test_integrals_along_any_axis(y, data):
    axis = data.draw(axis_of(y.ndim))
    near(ops.trapezoid(y, dx=0.5, axis=axis), np.trapezoid(y, dx=0.5, axis=axis))
    near(ops.trapezoid(y, np.cumsum(np.abs(y), axis), axis=axis), np.trapezoid(y, np.cumsum(np.abs(y), axis), axis=axis))


@given(arrays(1, 3, ("float32", "int32")), st.data())
def test_the_smallest_come_first(x, data):
    axis = data.draw(st.one_of(st.none(), axis_of(x.ndim)))
    kth = data.draw(st.integers(0, (x.size if axis is None else x.shape[axis]) - 1))
    chosen = ops.argpartition(x, kth, axis)
    assert chosen.dtype == "int32"
    rows = np.take_along_axis(x.ravel() if axis is None else x, chosen.numpy(), 0 if axis is None else axis)
    rows = np.moveaxis(rows, 0 if axis is None else axis, -1)
    expected = np.moveaxis(np.partition(x, kth, axis), 0 if axis is None else axis, -1)
    assert (rows[..., kth] == expected[..., kth]).all()
    assert (rows[..., :kth] <= rows[..., kth : kth + 1]).all() and (rows[..., kth:] >= rows[..., kth : kth + 1]).all()


@given(st.lists(st.integers(2, 6), min_size=1, max_size=2), SEEDS, st.data())
def test_adaptive_windows(spatial, seed, data):
    """Against their definition: Keras 3.15.1 on TensorFlow takes no arrays, and some sizes end the process."""
    counts = tuple(data.draw(st.integers(1, size)) for size in spatial)
    x = filled((2, *spatial, 2), seed)
    for name, function in (("adaptive_average_pool", np.mean), ("adaptive_max_pool", np.max)):
        expected = np.zeros((2, *counts, 2))
        for place in np.ndindex(*counts):
            window = tuple(
                slice(i * n // count, math.ceil((i + 1) * n / count)) for i, n, count in zip(place, spatial, counts, strict=True)
            )
            expected[(slice(None), *place)] = function(x[(slice(None), *window)], axis=tuple(range(1, len(spatial) + 1)))
        near(getattr(ops, name)(x, counts, "channels_last"), expected)
        first = getattr(ops, name)(np.moveaxis(x, -1, 1), counts, "channels_first")
        near(np.moveaxis(np.asarray(first), 1, -1), expected)


def test_adaptive_windows_have_derivatives():
    x = np.random.default_rng(0).normal(size=(1, 5, 4, 2))
    for function in (ops.adaptive_average_pool, ops.adaptive_max_pool):
        assert gradcheck(lambda x, f=function: (f(x, (3, 3)) * np.arange(18.0).reshape(1, 3, 3, 2)).sum(), [x])


@given(st.lists(st.integers(-9, 9), min_size=1), st.integers(1, 4))
def test_rest_of_integers(values, divisor):
    np.testing.assert_array_equal(ops.fmod(values, -divisor).numpy(), np.fmod(values, -divisor))


def test_counts_of_more_axes_and_of_a_range():
    x = filled((3, 4), 0)
    for ours, theirs in zip(ops.histogram(x, 5, (-2.0, 1.0)), np.histogram(x, 5, (-2.0, 1.0)), strict=True):
        near(ours, theirs)
    rows = np.array([[0, 1, 1], [3, 0, 0]])
    near(ops.bincount(rows), [[1, 2, 0, 0], [2, 0, 0, 1]])


def test_numbers_without_sign():
    ids = np.array([0, 2, 2], "uint8")
    assert ops.bincount(ids).tolist() == [1, 0, 2]
    for name in ("segment_sum", "segment_max", "segment_min", "segment_prod"):
        assert getattr(ops, name)([1.0, 2.0, 2.5], ids).shape == (3,)


def test_the_diagonal_of_a_graph_has_its_offset_among_its_settings():
    for name in ("diagonal", "trace"):
        result = getattr(ops, name)(ops.symbolic.KerasTensor((3, 3)), 1)
        assert result._keras_history.operation.get_config()["offset"] == 1


def test_errors_near_one_and_beyond():
    for dtype in (np.float32, np.float64):
        tail = dtype(1) - np.finfo(dtype).epsneg
        y = ops.erfinv(np.array([tail, -tail], dtype)).numpy()
        assert math.erfc(y[0]) == pytest.approx(float(np.finfo(dtype).epsneg), rel=1e-5 if dtype is np.float32 else 1e-12)
        assert y[1] == -y[0]
    assert np.isnan(ops.erfinv(2.0).item()) and ops.erfinv(-1.0).item() == -math.inf


@pytest.mark.filterwarnings("error")
def test_where_nothing_is_left():
    x = np.array([[np.nan, np.nan], [1.0, np.nan]], "float32")
    for name in ("nanmax", "nanmin", "nanmean", "nanmedian", "nanvar", "nanstd"):
        found = getattr(ops, name)(x, axis=1).numpy()
        assert np.isnan(found[0]) and found[1] == (0 if name in ("nanvar", "nanstd") else 1)
    assert ops.nanargmax(x, axis=1).tolist() == [-1, 0] == ops.nanargmin(x, axis=1).tolist()
    assert np.isnan(ops.quantile(x, 0.5, axis=1).numpy()).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ops.bitwise_and([1.0], [1]), DtypeError, "bitwise_and: expected integers or truth values"),
        (lambda: ops.ldexp([1.0], [0.5]), DtypeError, "ldexp: the exponents x2 must be integers"),
        (lambda: ops.fmod([1], 0), DataError, "fmod: integers cannot be divided by 0"),
        (lambda: ops.select([True], []), ArgumentError, "select: expected as many conditions as choices"),
        (lambda: ops.switch(0, []), ArgumentError, "switch: expected a list of at least one branch"),
        (lambda: ops.rot90(np.eye(2), 1, (0, -2)), ArgumentError, r"rot90: the axes \(0, -2\) are the same"),
        (lambda: ops.rot90(np.eye(2), 0.5), ArgumentError, "rot90: expected a whole number k"),
        (lambda: ops.cdist([[1.0]], [[1.0, 2.0]]), ShapeError, "cdist: expected rows of one length"),
        (lambda: ops.vander(np.eye(2)), ShapeError, "vander: expected a vector"),
        (lambda: ops.geomspace(-1.0, 1.0), ArgumentError, "geomspace: start and stop must be of the same sign"),
        (lambda: ops.hanning(2.5), ArgumentError, "hanning: expected the length of the window, received 2.5"),
        (lambda: ops.extract_sequences([1.0], 2, 1), ShapeError, "extract_sequences: no window of 2 fits"),
        (lambda: ops.quantile([1.0], 1.5), ArgumentError, "quantile: shares must lie between"),
        (lambda: ops.quantile([1.0], 0.5, method="best"), ArgumentError, "quantile: method must be one of linear"),
        (lambda: ops.corrcoef([1.0]), ShapeError, "corrcoef: expected rows of shape"),
        (lambda: ops.correlate([1.0], [1.0], "some"), ArgumentError, "correlate: mode must be"),
        (lambda: ops.correlate([1.0], np.eye(2)), ShapeError, "correlate: expected two vectors"),
        (lambda: ops.bincount([0.5]), DtypeError, "bincount: expected whole numbers"),
        (lambda: ops.bincount([1], [1.0, 2.0]), ShapeError, "bincount: expected x and weights"),
        (lambda: ops.bincount([1], sparse=True), ArgumentError, "bincount: sparse=True"),
        (lambda: ops.histogram([1.0], 0), ArgumentError, "histogram: bins must be a whole number"),
        (lambda: ops.histogram([1.0], 1, (1.0, 0.0)), ArgumentError, "histogram: range must be two rising numbers"),
        (lambda: ops.segment_max([1.0], [2], num_segments=2), DataError, "segment_max: the segment 2 is not below"),
        (lambda: ops.segment_prod([1.0], [1.0]), ShapeError, "segment_prod: expected integers"),
        (lambda: ops.argpartition([1.0], 1), ArgumentError, "argpartition: kth=1 is no place"),
        (lambda: ops.unravel_index([6], (2, 3)), DataError, "unravel_index: an index is not within the 6 elements"),
        (lambda: ops.unravel_index([0.5], (2, 3)), DtypeError, "unravel_index: expected integers"),
        (lambda: ops.unique([1], size=2), ArgumentError, "unique: size and fill_value are not supported"),
        (lambda: ops.adaptive_max_pool([[1.0]], 1), ShapeError, "adaptive_max_pool: expected inputs with spatial axes"),
        (lambda: ops.depth_to_space(np.ones((1, 1, 1, 3)), 2), ShapeError, "3 channels are no multiple of 2²"),
        (lambda: ops.space_to_depth(np.ones((1, 3, 2, 1)), 2), ShapeError, "height of 3 or a width of 2"),
        (lambda: ops.depth_to_space(np.ones((1, 1, 1, 4)), 1), ArgumentError, "block_size to be a whole number from 2"),
        (lambda: ops.space_to_depth(np.ones((1, 2, 2, 1)), 2, "last"), ArgumentError, "data_format must be one of"),
        (lambda: ops.unfold(np.ones((1, 1, 2, 2)), 3), ShapeError, "unfold: a window of .* does not fit"),
        (lambda: ops.unfold(np.ones((1, 1, 2, 2)), 1, padding=-1), ArgumentError, "padding must be a whole number"),
        (lambda: ops.fold(np.ones((1, 4, 3)), 3, 2), ShapeError, r"fold: expected columns of shape \(N, C·4, 4\)"),
        (lambda: ops.psnr([1.0], [1.0, 2.0], 1.0), ShapeError, "psnr: expected two tensors of one shape"),
        (lambda: ops.psnr([1.0], [1.0], 0), ArgumentError, "psnr: expected max_val to be a positive number"),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 2, 3))] * 3, flash_attention=True), ArgumentError,
            "flash_attention=True is not supported",
        ),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 2, 3))] * 3, attn_logits_soft_cap=1.0), ArgumentError,
            "attn_logits_soft_cap is not supported",
        ),
        (
            lambda: ops.dot_product_attention(np.ones((1, 2, 3, 3)), *[np.ones((1, 2, 2, 3))] * 2), ShapeError,
            "with H a multiple of G",
        ),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 2, 3))] * 3, mask=np.ones((5, 5))), ShapeError,
            "mask or bias does not fit weights of shape",
        ),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 2, 3))] * 3, bias=np.ones((5, 2, 2, 2))), ShapeError,
            r"a bias of shape \(5, 2, 2, 2\) does not fit",
        ),
    ],
)  # fmt: skip
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()
