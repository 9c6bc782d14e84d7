"""Every function of tinynet.ops against the function of that name in Keras, on drawn arguments."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, DIFFERENTIABLE
from hypothesis import assume, given
from oracle import agree

import tinynet
from tinynet import Tensor, ops

# Compared in test_ops_windows.py and test_ops_recurrent.py.
ELSEWHERE = {
    "conv",
    "depthwise_conv",
    "separable_conv",
    "conv_transpose",
    "max_pool",
    "average_pool",
    "simple_rnn",
    "lstm",
    "gru",
    "dropout",
    "standardize",
    # Compared in test_ops_decompositions.py: Keras's backends differ in the signs of vectors and in what pivots are.
    "eigh",
    "jvp",
    "lu_factor",
    "qr",
    "svd",
    # Compared in test_ops_against_numpy.py, where Keras on TensorFlow goes wrong.
    "adaptive_average_pool",
    "adaptive_max_pool",
    "argpartition",
    "rot90",
    # Compared below.
    "dtype",
    "is_tensor",
    "ndim",
    "size",
}


def test_every_function_is_compared():
    assert set(CASES) | ELSEWHERE == set(ops.__all__)


@pytest.mark.filterwarnings("ignore:You are using a softmax", "ignore:softmax over axis")
@pytest.mark.parametrize("name", sorted(CASES))
def test_value_and_dtype_are_those_of_keras(name):
    @given(CASES[name])
    def compare(arguments):
        args, kwargs = arguments
        # A loss of sequences and a sum of cosines add up terms of about 1, which may cancel.
        terms = 1.0 if name in ("ctc_loss", "blackman") else 1e-3
        agree(getattr(ops, name)(*args, **kwargs), getattr(keras.ops, name)(*args, **kwargs), name, terms)

    compare()


# What has no derivative, and what is compared with it elsewhere.
WITHOUT_GRADIENT = {
    "bartlett",
    "bincount",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman",
    "gcd",
    "geomspace",
    "hamming",
    "hanning",
    "histogram",
    "isneginf",
    "isposinf",
    "kaiser",
    "lcm",
    "left_shift",
    "logspace",
    "nanargmax",
    "nanargmin",
    "nextafter",
    "right_shift",
    "saturate_cast",
    "signbit",
    "unique",
    "unravel_index",
    "sign",
    "floor",
    "ceil",
    "round",
    "floor_divide",
    "any",
    "all",
    "count_nonzero",
    "argsort",
    "argmax",
    "argmin",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "isnan",
    "isinf",
    "isfinite",
    "isclose",
    "convert_to_tensor",
    "convert_to_numpy",
    "stop_gradient",
    "shape",
    "zeros",
    "ones",
    "full",
    "zeros_like",
    "ones_like",
    "full_like",
    "arange",
    "eye",
    "one_hot",
    "allclose",
    "cond",  # its tensors are within functions
    "digitize",
    "empty",
    "empty_like",
    "identity",
    "in_top_k",
    "isin",
    "linspace",
    "matrix_rank",
    "multi_hot",
    "nonzero",
    "searchsorted",
    "slice_update",  # TensorFlow has none; it is compared below
    "tri",
    "trunc",
}


@pytest.mark.parametrize("x", [np.ones((2, 3)), np.int32(1), [[1.0], [2.0]], 2.5, True])
def test_what_a_tensor_is_told_by_keras_words(x):
    for ours, theirs in ((ops.convert_to_tensor(x), keras.ops.convert_to_tensor(x)), (x, x)):
        assert ops.is_tensor(ours) is keras.ops.is_tensor(theirs)
        assert ops.ndim(ours) == int(keras.ops.ndim(theirs))
        assert ops.size(ours) == int(keras.ops.size(theirs))
    assert ops.dtype(ops.convert_to_tensor(x)) == keras.ops.dtype(keras.ops.convert_to_tensor(x))


def lifted(value: Any, lift: Any) -> Any:
    """The arguments with each floating-point array replaced by what `lift` makes of it, in float64."""
    if isinstance(value, dict):
        return {key: lifted(part, lift) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(lifted(part, lift) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return lift(value.astype(np.float64))
    return value


def total(outputs: Any, multiply: Any) -> Any:
    """Σ of the floating-point outputs, each element with a weight of its own."""
    parts = outputs if isinstance(outputs, list | tuple) else [outputs]
    result = 0.0
    for part in parts:
        weights = np.cos(np.arange(int(np.prod(part.shape)), dtype=np.float64)).reshape(part.shape)
        result = result + multiply(part, weights)
    return result


@pytest.mark.filterwarnings("ignore:You are using a softmax", "ignore:softmax over axis", "ignore:You passed")
@pytest.mark.parametrize("name", sorted(set(CASES) - WITHOUT_GRADIENT))
def test_gradient_is_that_of_keras(name):
    @given(DIFFERENTIABLE[name])
    def compare(arguments):
        variables: list[Any] = []
        with tf.GradientTape(persistent=True) as tape:

            def watched(array):
                variables.append(tf.convert_to_tensor(array))
                tape.watch(variables[-1])
                return variables[-1]

            args, kwargs = lifted(arguments, watched)
            outputs = getattr(keras.ops, name)(*args, **kwargs)
            loss = total(outputs, lambda y, w: tf.reduce_sum(tf.cast(y, tf.float64) * w))
        assume(variables)
        expected = [tape.gradient(loss, v) for v in variables]
        expected = [
            np.zeros(v.shape) if g is None else np.asarray(tf.convert_to_tensor(g))
            for v, g in zip(variables, expected, strict=True)
        ]
        # Where Keras has no derivative (the deviation of one number) there is nothing to agree with.
        assume(all(np.isfinite(g).all() for g in expected))

        leaves: list[Tensor] = []

        def leaf(array):
            leaves.append(Tensor(array, requires_grad=True))
            return leaves[-1]

        args, kwargs = lifted(arguments, leaf)
        outputs = getattr(ops, name)(*args, **kwargs)
        loss = total(outputs, lambda y, w: (y * w).sum())
        if isinstance(loss, Tensor) and loss.requires_grad:
            loss.backward()
        for i, (x, g) in enumerate(zip(leaves, expected, strict=True)):
            ours = np.zeros(x.shape) if x.grad is None else x.grad.numpy()
            agree(ours, g, f"{name}, gradient {i}")

    compare()


@pytest.mark.parametrize("start", [(0, 1), (1, 0)])
def test_gradient_of_a_replaced_part(start):
    x, new = np.arange(6.0).reshape(2, 3), np.array([[7.0, 8.0]])
    tinynet.gradcheck(lambda x, new: ops.slice_update(x, start, new) ** 2, [x, new])
    tinynet.gradcheck(lambda x: ops.trace(x, 1, 2, 1) ** 2, [np.arange(24.0).reshape(2, 3, 4)])
