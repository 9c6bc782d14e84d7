"""Losses against Keras: values and gradients, weights, masks and reductions; and what they refuse."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras.src import backend
from loss_weights import mask_for, weights_for

from tinynet import config, losses, ops
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of, set_logits, set_mask
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
SHAPES = [(4, 3), (1, 5), (2, 3, 4), (3, 3, 2), (2, 2, 3, 2)]
seeds = st.integers(0, 2**32 - 1)


def equal(ours, theirs, tolerance=2e-6):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=tolerance, atol=tolerance)


def both(ours, theirs, y_true, scores, weights=None, mask=None, activation=None):
    """Loss and gradient by the scores, of tinynet and of Keras."""
    x = Tensor(scores, requires_grad=True)
    y_pred = x
    if activation == "softmax":
        y_pred = ops.softmax(x)
    elif activation == "sigmoid":
        y_pred = ops.sigmoid(x)
    if mask is not None:
        set_mask(y_pred, mask)
    value = ours(y_true, y_pred, weights)
    value.sum().backward()
    with tf.GradientTape() as tape:
        z = tf.constant(scores)
        tape.watch(z)
        p = getattr(keras.activations, activation)(z) if activation else z
        if mask is not None:
            p = tf.identity(p) if p is z else p
            backend.set_keras_mask(p, tf.constant(mask))
        expected = theirs(y_true, p, weights)
        total = tf.reduce_sum(expected)
    return value, expected, x.grad, tape.gradient(total, z)


def compared(*args, **kwargs):
    value, expected, gradient, expected_gradient = both(*args, **kwargs)
    assert value.shape == tuple(expected.shape)
    assert value.dtype == np.float32
    equal(value, expected)
    equal(gradient, tf.convert_to_tensor(expected_gradient))


@given(st.data(), seeds, st.sampled_from(SHAPES), st.sampled_from(REDUCTIONS))
@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError"])
def test_regression_losses(name, data, seed, shape, reduction):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.normal(size=(2, *shape)).astype("float32")
    compared(
        getattr(losses, name)(reduction=reduction),
        getattr(keras.losses, name)(reduction=reduction),
        y_true,
        y_pred,
        weights_for(data, rng, shape[:-1]),
        mask_for(data, rng, shape[:-1]),
    )


def scores_for(kind, rng, shape):
    if kind == "probabilities":
        p = rng.random(shape) * rng.integers(0, 2, shape) + 0.0
        p = p + rng.random((*shape[:-1], 1)) * 0.1
        return (p / p.sum(-1, keepdims=True) * rng.choice([1.0, 1.0, 0.7])).astype("float32")
    return (rng.normal(size=shape) * rng.choice([1.0, 30.0])).astype("float32")


CROSS_ENTROPY_INPUTS = st.sampled_from(["logits", "probabilities", "softmax"])


@given(st.data(), seeds, st.sampled_from(SHAPES), st.sampled_from(REDUCTIONS), CROSS_ENTROPY_INPUTS)
def test_categorical_crossentropy(data, seed, shape, reduction, kind):
    rng = np.random.default_rng(seed)
    y_true = rng.random(shape)
    y_true = (y_true / y_true.sum(-1, keepdims=True)).astype("float32")
    if data.draw(st.booleans()):
        y_true = (y_true == y_true.max(-1, keepdims=True)).astype("int64")
    settings = {
        "from_logits": kind == "logits",
        "label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.5])),
        "reduction": reduction,
    }
    compared(
        losses.CategoricalCrossentropy(**settings),
        keras.losses.CategoricalCrossentropy(**settings),
        y_true,
        scores_for(kind, rng, shape),
        weights_for(data, rng, shape[:-1]),
        mask_for(data, rng, shape[:-1]),
        "softmax" if kind == "softmax" else None,
    )


@given(seeds, st.sampled_from(["logits", "probabilities", "softmax"]), st.sampled_from([0, 1]))
def test_categorical_crossentropy_over_another_axis(seed, kind, axis):
    rng = np.random.default_rng(seed)
    shape = (2, 3, 4)
    y_true = rng.random(shape)
    y_true = (y_true / y_true.sum(axis, keepdims=True)).astype("float32")
    scores = rng.random(shape).astype("float32") + 0.1
    settings = {"from_logits": kind == "logits", "axis": axis}
    x = Tensor(scores, requires_grad=True)
    y_pred = ops.softmax(x, axis=axis) if kind == "softmax" else x
    value = losses.CategoricalCrossentropy(**settings)(y_true, y_pred)
    value.backward()
    with tf.GradientTape() as tape:
        z = tf.constant(scores)
        tape.watch(z)
        p = keras.activations.softmax(z, axis=axis) if kind == "softmax" else z
        expected = keras.losses.CategoricalCrossentropy(**settings)(y_true, p)
    equal(value, expected)
    equal(x.grad, tape.gradient(expected, z))


@given(st.data(), seeds, st.sampled_from(SHAPES), st.sampled_from(REDUCTIONS), CROSS_ENTROPY_INPUTS)
def test_sparse_categorical_crossentropy(data, seed, shape, reduction, kind):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, shape[-1], shape[:-1]).astype(
        data.draw(st.sampled_from(["int32", "uint8", "float32"]))
    )
    ignored = data.draw(st.sampled_from([None, 0, 1, -1]))
    if ignored == -1:
        labels = np.where(rng.random(labels.shape) < 0.4, -1, labels.astype("int64"))
    if data.draw(st.booleans()):
        labels = labels[..., None]
    settings = {"from_logits": kind == "logits", "ignore_class": ignored, "reduction": reduction}
    compared(
        losses.SparseCategoricalCrossentropy(**settings),
        keras.losses.SparseCategoricalCrossentropy(**settings),
        labels,
        scores_for(kind, rng, shape),
        weights_for(data, rng, shape[:-1]),
        mask_for(data, rng, shape[:-1]),
        "softmax" if kind == "softmax" else None,
    )


@given(
    st.data(),
    seeds,
    st.sampled_from(SHAPES),
    st.sampled_from(REDUCTIONS),
    st.sampled_from(["logits", "probabilities", "sigmoid"]),
)
def test_binary_crossentropy(data, seed, shape, reduction, kind):
    rng = np.random.default_rng(seed)
    y_true = data.draw(st.sampled_from([rng.integers(0, 2, shape), rng.random(shape).astype("float32")]))
    scores = rng.random(shape).astype("float32") if kind == "probabilities" else scores_for(kind, rng, shape)
    if kind == "probabilities":
        scores[rng.random(shape) < 0.2] = rng.choice([0.0, 1.0])
    settings = {
        "from_logits": kind == "logits",
        "label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.5])),
        "reduction": reduction,
    }
    compared(
        losses.BinaryCrossentropy(**settings),
        keras.losses.BinaryCrossentropy(**settings),
        y_true,
        scores,
        weights_for(data, rng, shape[:-1]),
        mask_for(data, rng, shape[:-1]),
        "sigmoid" if kind == "sigmoid" else None,
    )


@given(seeds, st.integers(1, 6))
@pytest.mark.parametrize(
    "name",
    [
        "binary_crossentropy", "categorical_crossentropy", "mean_squared_error", "mean_absolute_error",
        "bce", "BCE", "mse", "MSE", "mae", "MAE",
    ],
)  # fmt: skip
def test_functions_by_name(name, seed, units):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.random((2, 3, units + 1)).astype("float32")
    equal(losses.get(name)(y_true, y_pred), keras.losses.get(name)(y_true, y_pred))


@given(seeds, st.integers(0, 3))
def test_ranks_are_aligned_as_in_keras(seed, which):
    rng = np.random.default_rng(seed)
    true_shape, pred_shape = [((4,), (4, 1)), ((4, 1), (4,)), ((2, 3, 1), (2, 3)), ((2, 3), (2, 3, 1))][which]
    y_true = rng.normal(size=true_shape).astype("float32")
    y_pred = rng.normal(size=pred_shape).astype("float32")
    compared(losses.MeanSquaredError(), keras.losses.MeanSquaredError(), y_true, y_pred)
    compared(losses.MeanSquaredError("none"), keras.losses.MeanSquaredError("none"), y_true, y_pred)


@pytest.mark.parametrize(
    ("name", "activation"), [("CategoricalCrossentropy", "softmax"), ("BinaryCrossentropy", "sigmoid")]
)
def test_a_confident_mistake_is_not_clipped(name, activation):
    y_true, scores = np.array([[1.0, 0.0]], "float32"), np.array([[-100.0, 100.0]], "float32")
    value, expected, gradient, expected_gradient = both(
        getattr(losses, name)(), getattr(keras.losses, name)(), y_true, scores, activation=activation
    )
    assert value.item() == float(expected) > 99
    equal(gradient, expected_gradient)
    assert abs(gradient.numpy()).max() > 0.4


def test_another_operation_forgets_the_logits():
    x = Tensor([[-100.0, 100.0]])
    clipped = losses.categorical_crossentropy([[1.0, 0.0]], ops.softmax(x) * 1.0)
    assert clipped.item() == pytest.approx(-np.log(1e-7), rel=1e-6)


def test_from_logits_on_a_softmax_warns_and_uses_its_logits():
    probabilities = ops.softmax(Tensor([[1.0, 2.0]]))
    with pytest.warns(UserWarning, match="come out of a softmax"):
        value = losses.SparseCategoricalCrossentropy(from_logits=True)([1], probabilities)
    equal(value, losses.sparse_categorical_crossentropy([1], [[1.0, 2.0]], from_logits=True).item())


@given(seeds, st.sampled_from(REDUCTIONS), st.booleans())
def test_a_function_of_tensors_is_a_loss(seed, reduction, weighted):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.normal(size=(2, 5, 2)).astype("float32")
    weights = rng.random(5).astype("float32") if weighted else None
    compared(
        losses.LossFunctionWrapper(
            lambda y, p, power: (abs(y - p) ** power).sum(axis=-1), reduction, power=3
        ),
        KerasCubes(reduction),
        y_true,
        y_pred,
        weights,
    )


class KerasCubes(keras.losses.Loss):
    def __init__(self, reduction):
        super().__init__(reduction=reduction)

    def call(self, y_true, y_pred):
        return keras.ops.sum(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)


def test_a_subclass_is_a_loss_and_keeps_its_configuration():
    class Scaled(losses.Loss):
        def __init__(self, factor=2.0, name="scaled", reduction="sum"):
            super().__init__(name, reduction)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * (y_pred - y_true).sum(axis=-1)

    again = losses.deserialize(losses.serialize(Scaled(3.0)), {"Scaled": Scaled})
    assert again([[1, 1]], [[2.0, 2.0]]).item() == 6.0
    assert again.get_config() == {"name": "scaled", "reduction": "sum", "factor": 3.0}


def test_losses_in_float64():
    y_pred = np.array([[1.0 + 1e-12, 0.0]])
    assert losses.MeanSquaredError(dtype="float64")([[1.0, 0.0]], y_pred).item() == pytest.approx(
        5e-25, rel=1e-3
    )
    with config.compute_in("float64"):
        assert losses.MeanSquaredError()([[1.0, 0.0]], y_pred).dtype == np.float64


CLASSES = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "MeanSquaredError",
    "MeanAbsoluteError",
]


@pytest.mark.parametrize("name", CLASSES)
def test_configurations_are_exchanged_with_keras(name):
    ours, theirs = getattr(losses, name)(), getattr(keras.losses, name)()
    assert ours.get_config() == theirs.get_config()
    other = {"name": "other", "reduction": "sum"}
    if "Crossentropy" in name:
        other["from_logits"] = True
    described = getattr(keras.losses, name)(**other).get_config()
    assert getattr(losses, name).from_config(described).get_config() == described
    serialized = losses.serialize(getattr(losses, name).from_config(described))
    assert serialized == keras.losses.serialize(getattr(keras.losses, name).from_config(described))
    assert type(losses.deserialize(serialized)) is getattr(losses, name)
    assert type(losses.get(name)) is getattr(losses, name)


def test_the_defaults_are_keras_defaults():
    import inspect

    for name in CLASSES:
        theirs = inspect.signature(getattr(keras.losses, name)).parameters
        ours = inspect.signature(getattr(losses, name)).parameters
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


def test_a_wrapped_function_of_the_library_survives_its_configuration():
    loss = losses.LossFunctionWrapper(losses.categorical_crossentropy, name="cce", label_smoothing=0.1)
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    y_true, y_pred = [[1.0, 0.0]], [[0.7, 0.3]]
    assert again(y_true, y_pred).item() == loss(y_true, y_pred).item()
    assert again.name == "cce"


@pytest.mark.parametrize(
    "name", ["logcosh", "mean_square_error", "crossentropy", "kullback_leibler_divergence"]
)
def test_names_keras_refuses_are_refused(name):
    with pytest.raises(ValueError):
        keras.losses.get(name)
    with pytest.raises(ArgumentError, match=f"unknown loss '{name}'"):
        losses.get(name)


def test_a_wrong_name_is_answered_by_the_nearest():
    with pytest.raises(ArgumentError, match="Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")


@given(
    st.integers(0, 4),
    st.integers(2, 5),
    st.sampled_from([-1, "K", 99]),
    st.sampled_from(["int32", "float32"]),
)
def test_labels_outside_the_classes_are_named(before, classes, wrong, dtype):
    wrong = classes if wrong == "K" else wrong
    labels = np.array([0] * before + [wrong, 1, wrong], dtype)
    y_pred = np.full((before + 3, classes), 1 / classes, "float32")
    message = rf"label {wrong} of sample {before} is outside the valid range \[0, {classes}\)"
    with pytest.raises(DataError, match=message):
        losses.SparseCategoricalCrossentropy()(labels, y_pred)
    with pytest.raises(DataError, match=message):
        losses.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)


def test_labels_of_sequences_are_named_with_their_position():
    with pytest.raises(DataError, match=r"label 7 of sample 1 at position \(2,\) is outside"):
        losses.SparseCategoricalCrossentropy()([[0, 1, 0], [0, 1, 7]], np.full((2, 3, 2), 0.5))


@pytest.mark.parametrize("label", [0.5, np.nan, np.inf])
def test_labels_that_are_no_integers_are_refused(label):
    with pytest.raises(DataError, match=f"label {label} of sample 1"):
        losses.SparseCategoricalCrossentropy()(np.array([0.0, label]), np.full((2, 2), 0.5))


@pytest.mark.parametrize(
    ("name", "true_shape", "pred_shape", "message"),
    [
        (
            "MeanSquaredError",
            (4, 1),
            (4, 3),
            r"expected y_true of the shape of y_pred, \(4, 3\), received \(4, 1\)",
        ),
        ("MeanSquaredError", (4,), (4, 3), r"received \(4,\)"),
        ("MeanAbsoluteError", (3,), (4, 1), r"\(4, 1\), received \(3, 1\)"),
        ("CategoricalCrossentropy", (4,), (4, 3), "Integer labels go with a sparse loss"),
        ("CategoricalCrossentropy", (4, 1), (4, 3), "Integer labels go with a sparse loss"),
        ("BinaryCrossentropy", (4, 2), (4, 3), r"received \(4, 2\)"),
        ("SparseCategoricalCrossentropy", (4, 3), (4, 3), "One-hot labels go with categorical_crossentropy"),
        ("SparseCategoricalCrossentropy", (3,), (4, 3), r"labels of shape \(4,\).*received \(3,\)"),
    ],
)
def test_shapes_that_do_not_match_are_refused(name, true_shape, pred_shape, message):
    with pytest.raises(ShapeError, match=message):
        getattr(losses, name)()(np.zeros(true_shape), np.full(pred_shape, 0.5))


@pytest.mark.parametrize(
    ("weights", "shape", "message"),
    [
        (
            (3,),
            (3, 3, 1),
            r"weights or mask of shape \(3,\) do not fit values of shape \(3, 3\).*shape \(3, 1\)",
        ),
        ((2,), (3, 2), r"shape \(2,\) do not fit values of shape \(3,\)"),
        ((3, 3), (3, 1), r"shape \(3, 3\) do not fit values of shape \(3,\)"),
        ((1, 3), (3, 1, 1), r"shape \(1, 3\) do not fit values of shape \(3, 1\)"),
        ((3,), (3,), r"give them the shape \(N, 1\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, shape, message):
    with pytest.raises(ShapeError, match=message):
        losses.MeanSquaredError()(np.zeros(shape), np.ones(shape), np.ones(weights))


def test_weights_a_sample_with_a_mask_a_step_are_refused():
    y_pred = Tensor(np.ones((3, 3, 1)))
    set_mask(y_pred, np.ones((3, 3), bool))
    with pytest.raises(ShapeError, match=r"shape \(3,\) do not fit values of shape \(3, 3\)"):
        losses.MeanSquaredError()(np.zeros((3, 3, 1)), y_pred, np.ones(3))


def test_ignored_samples_are_the_mask_of_the_losses():
    values = losses.sparse_categorical_crossentropy([0, 1, 0], np.full((3, 2), 0.5), ignore_class=0)
    assert mask_of(values).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.MeanSquaredError(reduction="average"), "unknown reduction 'average'"),
        (lambda: losses.MeanSquaredError(dtype="float16"), "dtype 'float16' is not supported"),
        (
            lambda: losses.BinaryCrossentropy(label_smoothing=1.5),
            "label_smoothing between 0 and 1, received 1.5",
        ),
        (
            lambda: losses.LossFunctionWrapper("mse"),
            "expected a function of y_true and y_pred, received 'mse'",
        ),
        (lambda: losses.MeanSquaredError.from_config({"delta": 1}), "unknown argument 'delta'"),
        (lambda: losses.categorical_crossentropy([[1.0]], [[1.0]], axis=True), "expected an integer axis"),
        (lambda: losses.categorical_crossentropy([[1.0]], [[1.0]], axis=2), "axis 2 does not exist"),
        (
            lambda: losses.sparse_categorical_crossentropy([0], [[1.0, 0.0]], axis=0),
            "axis=0 is not supported, only the last axis",
        ),
        (
            lambda: losses.categorical_crossentropy(
                np.ones((2, 3)), np.ones((2, 3)), label_smoothing=0.1, axis=0
            ),
            "label_smoothing is supported only where classes are the last axis",
        ),
        (lambda: losses.get(3), "expected a name, a configuration or an object"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises((ArgumentError, DtypeError), match=message):
        make()


def test_one_class_of_a_softmax_warns():
    with pytest.warns(UserWarning, match="use binary_crossentropy"):
        losses.categorical_crossentropy([[1.0]], [[1.0]])


def test_labels_may_change_between_forward_and_backward():
    labels, x = np.array([[1.0, 0.0]], "float32"), Tensor([[1.0, 2.0]], requires_grad=True)
    value = losses.BinaryCrossentropy(from_logits=True)(labels, x)
    labels[:] = 5
    value.backward()
    equal(x.grad, (1 / (1 + np.exp([[-1.0, -2.0]])) - [[1.0, 0.0]]) / 2)


def test_an_empty_batch_gives_what_keras_gives():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in [(0, 3), (0, 2, 3)]:
            y = np.zeros(shape, "float32")
            value, expected = losses.MeanSquaredError()(y, y), keras.losses.MeanSquaredError()(y, y)
            assert value.shape == tuple(expected.shape)
            equal(value, expected)


def test_logits_are_taken_from_the_tag():
    y_pred = Tensor([[0.5, 0.5]])
    set_logits(y_pred, Tensor([[3.0, 1.0]]))
    equal(losses.sparse_categorical_crossentropy([0], y_pred), [np.log(1 + np.exp(-2))])
