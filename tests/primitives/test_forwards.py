"""Forwards that NumPy has no equal of, against loops over single elements."""

from __future__ import annotations

from statistics import NormalDist

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from records import TOLERANCE, FirstOrder, as_tuple, close, cotangents_of, outputs_of, random_cotangent

from tinynet import Tensor
from tinynet.errors import DataError, ShapeError
from tinynet.primitives import REGISTRY
from tinynet.primitives.domain import Domain, Values
from tinynet.testing import draws
from tinynet.testing.strategies import from_domain

NAIVE = [
    "conv", "conv_relu", "conv_relu_max_pool", "dense", "dense_relu", "max_pool", "average_pool", "embedding",
    "dropout", "normalize", "scale_columns", "softmax", "log_softmax", "logsumexp", "softmax_cross_entropy",
    "sparse_softmax_cross_entropy", "sigmoid_cross_entropy", "einsum", "simple_rnn", "lstm", "gru", "sample",
]  # fmt: skip

# What has neither a mirror in NumPy nor a loop: functions of one element and moves of elements,
# against their definitions.
DEFINED = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "erf": lambda x: _integral(lambda t: 2 / np.sqrt(np.pi) * np.exp(-t * t), x),
    "erfc": lambda x: 1 - _integral(lambda t: 2 / np.sqrt(np.pi) * np.exp(-t * t), x),
    "erfinv": np.vectorize(lambda x: NormalDist().inv_cdf((x + 1) / 2) / np.sqrt(2), otypes=[float]),
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "relu6": lambda x: np.where(x > 6, 6.0, np.where(x > 0, x, 0.0)),
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.where(x > 3, 1.0, np.where(x < -3, 0.0, (x + 3) / 6)),
    "gelu": lambda x, approximate: _gelu(x, approximate),
    "clip": lambda x, x_min, x_max: np.where(x < x_min, x_min, np.where(x > x_max, x_max, x)),
    "cast": lambda x, dtype: np.array(x, dtype),
    "split": lambda x, indices, axis: tuple(np.split(x, indices, axis)),
    "unstack": lambda x, axis: tuple(np.take(x, i, axis) for i in range(x.shape[axis])),
    "pad": lambda x, pad_width, constant_values: _padded(x, pad_width, constant_values),
    "getitem": lambda x, key: x[key],
    "log_abs_det": lambda x: np.log(np.abs(np.linalg.det(x))),
    "cholesky": lambda x: np.linalg.cholesky((x + x.swapaxes(-1, -2)) / 2),
    "eigh": lambda x: tuple(np.linalg.eigh((x + x.swapaxes(-1, -2)) / 2)),
    "svd": lambda x: tuple(np.linalg.svd(x, full_matrices=False)),
    "qr": lambda x: tuple(np.linalg.qr(x)),
    "scatter": lambda x, key, shape: _scattered(x, key, shape),
}

# Adjoints: their values are the derivatives of the operations named, and checked as such.
ADJOINTS = {
    "conv_input_gradient", "conv_kernel_gradient", "to_winners", "from_winners", "average_pool_adjoint",
    "sample_adjoint",
}  # fmt: skip


def _integral(density, x):
    """∫ from 0 to x, by Gauss and Legendre on 40 points."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return (density(0.5 * x[..., None] * (nodes + 1)) * weights).sum(-1) * 0.5 * x


def _gelu(x, approximate):
    if approximate:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x * (0.5 + _integral(lambda t: np.exp(-0.5 * t * t) / np.sqrt(2 * np.pi), x))


def _padded(x, pad_width, constant_values):
    out = np.full(tuple(b + n + a for (b, a), n in zip(pad_width, x.shape, strict=True)), constant_values)
    for place in np.ndindex(*x.shape):
        out[tuple(p + b for p, (b, _) in zip(place, pad_width, strict=True))] = x[place]
    return out


def _scattered(x, key, shape):
    out = np.zeros(shape)
    targets = np.arange(out.size).reshape(shape)[key]
    for value, target in zip(x.ravel(), targets.ravel(), strict=True):
        out.flat[target] += value
    return out


def test_every_forward_has_a_witness():
    mirrored = {op.name for op in REGISTRY.values() if op.numpy}
    assert mirrored | set(NAIVE) | set(DEFINED) | ADJOINTS == set(REGISTRY)


@pytest.mark.parametrize("name", NAIVE)
def test_equals_the_loop(name, counts):
    op = REGISTRY[name]

    @given(draws(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        expected = as_tuple(getattr(naive, name)(*draw.arrays, **draw.attributes))
        for y, z, value in zip(
            outputs_of(op, draw),
            as_tuple(op.evaluate(*draw.arrays, **draw.attributes)),
            expected,
            strict=True,
        ):
            close(y, value, 1e-11)
            close(z, value, 1e-11)

    check()


@pytest.mark.parametrize("name", DEFINED)
def test_equals_its_definition(name, counts):
    op = REGISTRY[name]

    @given(draws(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        expected = as_tuple(DEFINED[name](*draw.arrays, **draw.attributes))
        for y, value in zip(outputs_of(op, draw), expected, strict=True):
            close(y, value, 1e-11)

    check()


THREE_AXES = Domain(
    (Values("N D H W C"), Values("J K L I F"), Values("F")),
    {
        "strides": [(1, 1, 1), (2, 1, 2)], "padding": ["valid", "same"], "dilation": [(1, 1, 1), (1, 2, 1)],
        "groups": [1, 2],
    },
    {"N": (1, 2), "D": (2, 3), "H": (3, 4), "W": (2, 4), "J": (1, 2), "K": (1, 2), "L": (1, 2), "I": (1, 2),
     "F": (1, 2)},
    lambda sizes, attributes: {
        **sizes, "C": sizes["I"] * attributes["groups"], "F": sizes["F"] * attributes["groups"]
    },
)  # fmt: skip


@settings(max_examples=8)
@given(from_domain(THREE_AXES))
def test_convolution_over_three_axes(draw):
    op = REGISTRY["conv"]
    close(outputs_of(op, draw)[0], naive.conv(*draw.arrays, **draw.attributes), 1e-11)
    g = random_cotangent(op, draw)
    numeric = FirstOrder(op, draw, g)
    for i, cotangent in cotangents_of(op, draw, g).items():
        assert numeric.compare(i, cotangent).error <= TOLERANCE


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
def test_pooling_over_three_axes(name):
    op = REGISTRY[name]
    domain = Domain(
        (Values("N D H W C", distinct=True),),
        {"window": [(2, 2, 2), (1, 3, 2)], "strides": [(1, 1, 1), (2, 2, 1)], "padding": ["valid", "same"]},
        {"N": (1, 2), "D": (2, 3), "H": (3, 4), "W": (2, 4), "C": (1, 2)},
    )

    @settings(max_examples=8)
    @given(from_domain(domain))
    def check(draw):
        close(outputs_of(op, draw)[0], getattr(naive, name)(*draw.arrays, **draw.attributes), 1e-11)
        g = random_cotangent(op, draw)
        assert FirstOrder(op, draw, g).compare(0, cotangents_of(op, draw, g)[0]).error <= TOLERANCE

    check()


class TestExtremeValues:
    """Large numbers give limits, not overflow."""

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_no_overflow(self, dtype):
        x = np.array([[-1e4, 0.0, 1e4]], dtype)
        with np.errstate(all="raise", under="ignore"):
            np.testing.assert_array_equal(REGISTRY["sigmoid"](x), [[0, 0.5, 1]])
            np.testing.assert_allclose(REGISTRY["softplus"](x), [[0, np.log(2), 1e4]], rtol=1e-6)
            np.testing.assert_array_equal(REGISTRY["softmax"](x, axis=-1), [[0, 0, 1]])
            np.testing.assert_array_equal(REGISTRY["log_softmax"](x, axis=-1), [[-2e4, -1e4, 0]])
            np.testing.assert_array_equal(REGISTRY["logsumexp"](x, axis=-1), [1e4])
            losses = REGISTRY["sigmoid_cross_entropy"](x, np.array([[0, 1, 0]], dtype))
            np.testing.assert_allclose(losses, [[0, np.log(2), 1e4]], rtol=1e-6)
            np.testing.assert_array_equal(REGISTRY["elu"](x), [[-1, 0, 1e4]])

    def test_logsumexp_of_nothing_but_minus_infinity(self):
        assert REGISTRY["logsumexp"](np.full(3, -np.inf)) == -np.inf

    def test_relu_keeps_nan(self):
        assert np.isnan(REGISTRY["relu"](np.array([np.nan]))).all()


class TestLookup:
    def test_minus_one_is_the_last_row(self):
        table = np.arange(6.0).reshape(3, 2)
        np.testing.assert_array_equal(REGISTRY["embedding"](table, np.array([-1, -3])), [[4, 5], [0, 1]])

    def test_empty_ids(self):
        table = Tensor(np.ones((3, 2)), requires_grad=True)
        rows = REGISTRY["embedding"](table, np.zeros((0, 4), int))
        assert rows.shape == (0, 4, 2)
        rows.sum().backward()
        np.testing.assert_array_equal(table.grad.numpy(), np.zeros((3, 2)))

    @pytest.mark.parametrize("wrong", [3, -4])
    def test_outside_the_table(self, wrong):
        with pytest.raises(DataError, match=rf"embedding: index {wrong} \(element 1\) is not in \[0, 3\)"):
            REGISTRY["embedding"](np.ones((3, 2)), np.array([0, wrong]))

    def test_gradient_of_minus_one_goes_to_the_last_row(self):
        table = Tensor(np.ones((3, 1)), requires_grad=True)
        REGISTRY["embedding"](table, np.array([-1, 2, 0])).sum().backward()
        np.testing.assert_array_equal(table.grad.numpy(), [[1], [0], [2]])


class TestRefusals:
    def test_label_outside_the_classes(self):
        with pytest.raises(DataError, match=r"label 4 of sample 1 is outside the valid range \[0, 3\)"):
            REGISTRY["sparse_softmax_cross_entropy"](np.zeros((2, 3)), np.array([0, 4]))

    def test_convolution_of_other_channels(self):
        with pytest.raises(
            ShapeError, match=r"need 2 input channels and a multiple of 1 filters, received 3"
        ):
            REGISTRY["conv"](np.zeros((1, 4, 3)), np.zeros((2, 2, 5)), strides=(1,), dilation=(1,))

    def test_convolution_of_another_rank(self):
        with pytest.raises(ShapeError, match=r"of as many axes, received \(4, 3\) and \(2, 3, 5\)"):
            REGISTRY["conv"](np.zeros((4, 3)), np.zeros((2, 3, 5)), strides=(1,), dilation=(1,))
