"""Whole-sequence recurrent functions against Keras's layers of the same weights; dropout, standardize."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from oracle import SEEDS, agree, filled

from tinynet import Tensor, ops
from tinynet.errors import ArgumentError, ShapeError

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
LAYERS = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@pytest.mark.parametrize("name", sorted(GATES))
def test_outputs_states_and_gradients_are_those_of_the_layer(name):
    @given(st.data())
    def compare(data):
        n, t, d, u = (data.draw(st.integers(1, 3)) for _ in range(4))
        flags = {
            key: data.draw(st.booleans())
            for key in ("go_backwards", "return_sequences", "zero_output_for_mask")
        }
        reset_after = name == "gru" and data.draw(st.booleans())
        gated = GATES[name] * u
        bias_shape = (2, gated) if reset_after else (gated,)
        use_bias = data.draw(st.booleans())
        shapes = [(n, t, d), (d, gated), (u, gated), *([bias_shape] if use_bias else [])]
        arrays = [filled(shape, data.draw(SEEDS), low=-1.0, high=1.0) for shape in shapes]
        count = 2 if name == "lstm" else 1
        states = (
            [filled((n, u), data.draw(SEEDS)) for _ in range(count)] if data.draw(st.booleans()) else None
        )
        mask = filled((n, t), data.draw(SEEDS), "bool") if data.draw(st.booleans()) else None
        if mask is not None:
            # One unmasked step in each sample: of samples without any Keras's layers disagree.
            mask[:, data.draw(st.integers(0, t - 1))] = True
        extra = {"reset_after": reset_after} if name == "gru" else {}

        layer = LAYERS[name](u, use_bias=use_bias, return_state=True, **flags, **extra)
        layer.build((n, t, d))
        layer.set_weights(arrays[1:])
        x = tf.Variable(arrays[0])
        with tf.GradientTape() as tape:
            given_states = None if states is None else [tf.constant(s) for s in states]
            theirs = layer(x, initial_state=given_states, mask=None if mask is None else tf.constant(mask))
            loss = sum(tf.reduce_sum(tf.cos(y)) for y in theirs)
        expected = tape.gradient(loss, [x, *layer.trainable_variables])

        leaves = [Tensor(a, requires_grad=True) for a in arrays]
        bias = leaves[3] if use_bias else None
        initial = None if states is None else states if name == "lstm" else states[0]
        ours = getattr(ops, name)(*leaves[:3], bias, initial, mask, **flags, **extra)
        # Sums of terms of about 1, which may cancel.
        agree(ours, list(theirs), name, terms=1.0)
        sum(ops.cos(y).sum() for y in ours).backward()
        for i, (leaf, gradient) in enumerate(zip(leaves, expected, strict=True)):
            agree(leaf.grad, gradient, f"{name}, gradient {i}", terms=1.0)

    compare()


X, KERNEL, RECURRENT = np.zeros((2, 3, 4)), np.zeros((4, 20)), np.zeros((5, 20))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": np.zeros((2, 4))},
            r"lstm: expected x of shape \(N, T, D\) with at least one step, received \(2, 4\)",
        ),
        ({"x": np.zeros((2, 0, 4))}, r"lstm: expected x of shape \(N, T, D\) with at least one step"),
        ({"kernel": np.zeros((4, 5))}, r"lstm: expected kernel of shape \(4, 20\), received \(4, 5\)"),
        ({"recurrent_kernel": np.zeros((5, 5))}, r"lstm: expected recurrent_kernel of shape \(5, 20\)"),
        ({"bias": np.zeros((2, 20))}, r"lstm: expected bias of shape \(20,\), received \(2, 20\)"),
        ({"initial_state": np.zeros((2, 5))}, r"lstm: initial_state must be a pair \(h, c\)"),
        ({"initial_state": [np.zeros((3, 5)), None]}, r"lstm: expected initial_state of shape \(2, 5\)"),
        ({"mask": np.zeros((3, 2))}, r"lstm: expected mask of shape \(2, 3\), received \(3, 2\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ShapeError, match=message):
        ops.lstm(**{"x": X, "kernel": KERNEL, "recurrent_kernel": RECURRENT, **change})


@given(st.integers(1, 5), SEEDS, st.sampled_from([0.0, 0.25, 0.5]))
def test_dropout_is_that_of_tensorflow_with_the_same_mask(n, seed, rate):
    x, keep = filled((n, 3), seed), filled((n, 3), seed + 1, "bool")
    theirs: Any = tf.cast(keep, "float32") * tf.constant(x) / (1 - rate)
    leaf = Tensor(x, requires_grad=True)
    agree(ops.dropout(leaf, keep, rate), theirs, "dropout")
    ops.dropout(leaf, keep, rate).sum().backward()
    agree(leaf.grad, tf.cast(keep, "float32") / (1 - rate), "dropout, gradient")


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_dropout_refuses_a_rate_that_is_no_share(rate):
    with pytest.raises(ArgumentError, match=f"dropout: rate must be at least 0 and below 1, received {rate}"):
        ops.dropout([1.0], [True], rate)


@given(st.data())
def test_standardize_is_moments_and_batch_normalization(data):
    x = filled((3, 4, 2), data.draw(SEEDS))
    axes = data.draw(st.sampled_from([(0, 1), [1, 0], 0, (-1,)]))
    own = {key: filled((2,), data.draw(SEEDS)) for key in ("scale", "offset") if data.draw(st.booleans())}
    output, mean, variance = ops.standardize(x, axes, **own)
    listed = [axes] if isinstance(axes, int) else list(axes)
    theirs_mean, theirs_variance = keras.ops.moments(x, listed, keepdims=True)
    agree([mean, variance], [theirs_mean, theirs_variance], "standardize, moments")
    theirs = tf.nn.batch_normalization(
        x, theirs_mean, theirs_variance, own.get("offset"), own.get("scale"), 1e-3
    )
    agree(output, theirs, "standardize")
