"""ThresholdedReLU, which Keras 3 keeps for old models only, against its legacy class and its formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from keras.src.legacy.layers import ThresholdedReLU as Legacy
from keras_oracle import plain
from twins import forget_names

import tinynet
from tinynet import Tensor, layers
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.errors import ArgumentError

VALUES = st.floats(-3, 3, width=32) | st.sampled_from([0.0, 0.5, 1.0, float("inf"), float("nan")])
ARRAYS = arrays("float32", array_shapes(min_dims=1, max_dims=3), elements=VALUES)


@given(x=ARRAYS, theta=st.sampled_from([0, 0.1, 0.5, 1.0]))
def test_it_computes_what_kerass_does(x: np.ndarray, theta: float) -> None:
    inputs, known = Tensor(x, requires_grad=True), tf.constant(x)
    with np.errstate(invalid="ignore"):
        output = layers.ThresholdedReLU(theta)(inputs)
        formula = x * (x > np.float32(theta))
    output.sum().backward()
    with tf.GradientTape() as tape:
        tape.watch(known)
        expected = Legacy(theta)(known)
        total = tf.reduce_sum(expected)
    np.testing.assert_array_equal(output.numpy(), expected.numpy())
    np.testing.assert_array_equal(output.numpy(), formula)
    np.testing.assert_array_equal(inputs.grad.numpy(), tape.gradient(total, known).numpy())
    assert layers.ThresholdedReLU(theta).compute_output_shape(x.shape) == x.shape


def test_configurations_go_both_ways() -> None:
    forget_names()
    ours, theirs = layers.ThresholdedReLU(0.25), Legacy(0.25)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert Legacy.from_config(ours.get_config()).get_config() == theirs.get_config()
    of_keras_2 = {"name": "t", "trainable": True, "dtype": "float32", "theta": 0.25}
    again = layers.deserialize({"class_name": "ThresholdedReLU", "config": of_keras_2})
    assert (again.name, again.theta) == ("t", 0.25)


def test_it_goes_through_tinynets_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    model = tinynet.Sequential([layers.Input((3,)), layers.ThresholdedReLU(0.5)])
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(tinynet.models.load_model(tmp_path / "m.keras").predict(x, verbose=0), x * (x > 0.5))


def test_masks_pass_and_bad_thresholds_do_not() -> None:
    x, mask = Tensor(np.ones((2, 3, 1), "float32")), np.ones((2, 3), bool)
    set_mask(x, mask)
    assert mask_of(layers.ThresholdedReLU()(x)) is mask
    for theta in (None, -1.0, float("nan"), "a"):
        with pytest.raises(ArgumentError, match="ThresholdedReLU '.*': expected theta"):
            layers.ThresholdedReLU(theta)
