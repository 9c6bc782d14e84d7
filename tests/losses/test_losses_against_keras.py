"""Every loss of the catalogue against Keras: values, gradients by predictions and labels; configurations."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from drawn_losses import DRAWN
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src import backend
from loss_weights import mask_for, weights_for

from tinynet import losses, ops
from tinynet.autograd import Tensor
from tinynet.autograd.tags import set_mask
from tinynet.catalogue import snake_case

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
NAMES = sorted(losses.CATALOGUE.by_class_name)
FUNCTIONS = {"CTC": "ctc", "KLDivergence": "kl_divergence"}


def agree(ours, theirs, what):
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype == np.float32, what
    scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5, atol=2e-6 * scale, err_msg=what)


def test_every_loss_is_drawn():
    assert sorted(DRAWN) == NAMES
    theirs = {name for name, found in vars(keras.losses).items() if isinstance(found, type)} - {"Loss"}
    assert theirs == set(NAMES)


@pytest.mark.filterwarnings("ignore:.*One class|one class")
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(st.data(), st.integers(0, 2**32 - 1), st.sampled_from(REDUCTIONS))
def test_values_and_gradients(name, data, seed, reduction):
    rng = np.random.default_rng(seed)
    case = DRAWN[name](data, rng)
    weights, mask = weights_for(data, rng, case.shape), mask_for(data, rng, case.shape)
    x = Tensor(case.y_pred, requires_grad=True)
    y = Tensor(case.y_true.astype("float32"), requires_grad=True) if case.by_labels else Tensor(case.y_true)
    y_pred = getattr(ops, case.activation)(x) if case.activation else x
    if mask is not None:
        set_mask(y_pred, mask)
    value = getattr(losses, name)(reduction=reduction, **case.settings)(y, y_pred, weights)
    value.sum().backward()

    with tf.GradientTape() as tape:
        z, labels = tf.constant(case.y_pred), tf.constant(y.numpy())
        tape.watch([z, labels] if case.by_labels else [z])
        p = getattr(keras.activations, case.activation)(z) if case.activation else tf.identity(z)
        if mask is not None:
            backend.set_keras_mask(p, tf.constant(mask))
        expected = getattr(keras.losses, name)(reduction=reduction, **case.settings)(labels, p, weights)
        total = tf.reduce_sum(expected)
    by_predictions, by_labels = tape.gradient(total, [z, labels])
    agree(value, expected, f"{name} {case.settings}")
    agree(x.grad, by_predictions, f"{name} {case.settings}: gradient by predictions")
    if case.by_labels and by_labels is not None:
        agree(y.grad, by_labels, f"{name} {case.settings}: gradient by labels")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=3)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_functions(name, data, seed):
    case = DRAWN[name](data, np.random.default_rng(seed))
    function = FUNCTIONS.get(name, snake_case(name))
    ours, theirs = getattr(losses, function), getattr(keras.losses, function)
    y_true = case.y_true[:, 0] if name == "Circle" and case.y_true.ndim == 2 else case.y_true
    expected = theirs(tf.constant(y_true), tf.constant(case.y_pred), **case.settings)
    agree(ours(y_true, case.y_pred, **case.settings), expected, f"{function} {case.settings}")


def test_names_are_those_of_keras():
    from keras.src.losses import ALL_OBJECTS_DICT

    theirs = set(ALL_OBJECTS_DICT) - {"Loss", "LossFunctionWrapper"}
    extra = {snake_case(name) for name in NAMES} | {"CategoricalGeneralizedCrossEntropy"}
    assert theirs <= set(losses.CATALOGUE.names()) <= theirs | extra
    for name in theirs:
        assert type(losses.get(name)).__name__ == type(keras.losses.get(name)).__name__


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_those_of_keras(name):
    function = FUNCTIONS.get(name, snake_case(name))
    for ours, theirs in [
        (getattr(losses, name), getattr(keras.losses, name)),
        (getattr(losses, function), getattr(keras.losses, function)),
    ]:
        one, other = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
        assert [(p.name, p.default) for p in one.values()] == [(p.name, p.default) for p in other.values()]


OTHER = {
    "Huber": {"delta": 0.5},
    "CosineSimilarity": {"axis": 1},
    "Tversky": {"alpha": 0.25, "axis": [1, 2]},
    "Circle": {"gamma": 16.0},
    "CategoricalFocalCrossentropy": {"alpha": [0.5, 0.25]},
    "CategoricalGeneralizedCrossEntropy": {"q": 0.25},
}


@pytest.mark.parametrize("name", NAMES)
def test_configurations_are_exchanged_with_keras(name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    other = {"name": "other", "reduction": "sum", **OTHER.get(name, {})}
    # Keras leaves out Huber's delta and the axis of the cosine, and so forgets them; it reads them.
    found, expected = ours(**other).get_config(), theirs(**other).get_config()
    assert {**found, **expected} == found
    assert set(found) - set(expected) <= {"delta", "axis"}
    assert losses.deserialize(losses.serialize(ours(**other))).get_config() == found
    assert losses.deserialize(keras.losses.serialize(theirs(**other))).name == "other"
    assert theirs.from_config(found).get_config() == expected
