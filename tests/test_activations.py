"""Activations against Keras: signatures, values, derivatives also at kinks, names and files."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from oracle import SEEDS, agree, arrays, filled

from tinynet import Tensor, activations, gradcheck, ops
from tinynet.autograd.tags import logits_of, mask_of, set_logits, set_mask
from tinynet.errors import ArgumentError

KERAS_2 = {"hard_sigmoid_keras2"}  # which Keras 3 does not have; it has a test of its own
NAMES = sorted(set(activations.CATALOGUE.names()) - KERAS_2)

KINKS = np.array([-6.0, -3.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 3.0, 6.0, 7.0], "float32")

REQUIRED = {"threshold": (0.5, 2.0)}

VARIANTS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"max_value": 0.5}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"threshold": -1.0, "negative_slope": 0.25}),
    ("relu", {"negative_slope": 0.25, "max_value": 6}),
    ("relu", {"negative_slope": 0.25, "max_value": 0.5}),
    ("relu", {"negative_slope": 0.25, "max_value": 3.0, "threshold": 1.0}),
    ("relu", {"max_value": 6.0, "threshold": 1.0}),
    ("leaky_relu", {"negative_slope": 0.5}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {"threshold": 1.0}),
    ("soft_shrink", {"threshold": 0.25}),
    ("squareplus", {"b": 1.0}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("glu", {"axis": 0}),
    ("sparsemax", {"axis": 0}),
]

CALLS = [(name, {}) for name in NAMES] + VARIANTS


def test_every_name_of_keras_is_known():
    known = keras.src.activations.ALL_OBJECTS_DICT
    assert set(NAMES) == set(known)


def test_hard_sigmoid_as_it_was_in_keras_2():
    x = np.array([-3.0, -2.5, -1.0, 0.0, 0.7, 2.5, 4.0], "float32")
    found = activations.hard_sigmoid_keras2(Tensor(x))
    np.testing.assert_allclose(found.numpy(), np.clip(np.float32(0.2) * x + np.float32(0.5), 0, 1), rtol=1e-6)
    assert gradcheck(activations.hard_sigmoid_keras2, [np.array([-4.0, -1.0, 0.3, 2.0, 3.0])])
    name = activations.serialize(activations.hard_sigmoid_keras2)
    assert activations.get(name) is activations.hard_sigmoid_keras2


@pytest.mark.parametrize("name", NAMES)
def test_signature_is_that_of_keras(name):
    ours, theirs = activations.get(name), keras.activations.get(name)
    assert ours.__name__ == theirs.__name__
    assert [(p.name, p.kind, p.default) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.kind, p.default) for p in inspect.signature(theirs).parameters.values()
    ]


@pytest.mark.parametrize(("name", "kwargs"), CALLS, ids=str)
@given(x=arrays(1, 3, low=-9.0, high=9.0))
@pytest.mark.filterwarnings("ignore:You are using a softmax", "ignore:softmax over axis")
def test_value_is_that_of_keras(name, kwargs, x):
    x = np.concatenate([x, x[..., ::-1]], kwargs.get("axis", -1))  # an even size, for glu
    args = (x, *REQUIRED.get(name, ()))
    theirs = tf.convert_to_tensor(keras.activations.get(name)(*args, **kwargs))
    # Left of 0 gelu is a small difference: 1 less erf or tanh, times x.
    terms = float(np.abs(x).max()) if name == "gelu" else 1e-3
    agree(ops.convert_to_tensor(activations.get(name)(*args, **kwargs)), theirs, name, terms)


@pytest.mark.parametrize(("name", "kwargs"), CALLS, ids=str)
@given(seed=SEEDS)
def test_derivative_is_that_of_keras_also_at_kinks(name, kwargs, seed):
    x = np.concatenate([KINKS, filled((12,), seed, low=-9.0, high=9.0)])
    if name == "relu":
        x = np.concatenate([x, [np.float32(v) for v in kwargs.values()]])
        x = x[: x.size // 2 * 2]
    args = REQUIRED.get(name, ())
    probe = ops.convert_to_tensor(activations.get(name)(x, *args, **kwargs))
    weights = np.cos(np.arange(probe.size, dtype="float32")).reshape(probe.shape)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(
            keras.activations.get(name)(tf.convert_to_tensor(variable), *args, **kwargs) * weights
        )
    leaf = Tensor(x, requires_grad=True)
    (activations.get(name)(leaf, *args, **kwargs) * weights).sum().backward()
    agree(leaf.grad, tape.gradient(loss, variable), f"{name}'")


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"linear"}))
def test_numbers_lists_and_integers_are_taken_and_give_floats(name):
    args = REQUIRED.get(name, ())
    function = activations.get(name)
    for x in ([1, 2], [1.0, 2.0], np.array([1, 2]), Tensor([1.0, 2.0])):
        output = function(x, *args)
        assert isinstance(output, Tensor)
        keeps_integers = (
            name in ("relu", "relu6") and not isinstance(x, Tensor) and x[0].__class__ is not float
        )
        assert output.dtype == ("int32" if isinstance(x, list) else "int64") if keeps_integers else "float32"
    np.testing.assert_array_equal(function([1, 2], *args).numpy(), function([1.0, 2.0], *args).numpy())


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"linear"}))
def test_float64_stays_float64(name):
    function = activations.get(name)
    assert function(np.array([0.5, -0.5]), *REQUIRED.get(name, ())).dtype == "float64"


def test_settings_as_numpy_numbers_do_not_widen():
    x = np.array([-1.0, 2.0], "float32")
    assert activations.elu(x, alpha=np.float64(0.5)).dtype == "float32"
    assert activations.leaky_relu(x, negative_slope=np.float64(0.5)).dtype == "float32"


def test_extreme_inputs_neither_overflow_nor_warn():
    x = np.array([-1e30, -1000.0, 1000.0, 1e30], "float32")
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert activations.sigmoid(x).tolist() == [0.0, 0.0, 1.0, 1.0]
        assert activations.softplus(x).numpy().tolist() == [0.0, 0.0, 1000.0, float(np.float32(1e30))]
        assert activations.softmax(x).tolist() == [0.0, 0.0, 0.0, 1.0]
        assert activations.elu(x).numpy()[0] == -1.0
        assert activations.tanh(x).tolist() == [-1.0, -1.0, 1.0, 1.0]


def test_linear_returns_its_input():
    x = Tensor([1.0])
    assert activations.linear(x) is x
    assert activations.get(None) is activations.linear
    assert activations.get("linear") is activations.linear


@pytest.mark.parametrize("name", NAMES)
def test_get_serialize_and_deserialize_agree_with_keras(name):
    function = activations.get(name)
    assert activations.serialize(function) == keras.activations.serialize(keras.activations.get(name))
    assert activations.deserialize(activations.serialize(function)) is function
    assert activations.get(function) is function
    as_dictionary = {
        "module": "keras.activations",
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }
    assert activations.get(as_dictionary) is function


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ReLU", "'relu'"),
        ("Softmax", "'softmax'"),
        ("prelu", "'relu'"),
        ("GELU", "'gelu'"),
        ("hard_swich", "'hard_swish'"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(name, hint):
    with pytest.raises(ValueError):
        keras.activations.get(name)
    with pytest.raises(ArgumentError, match=f"unknown activation '{name}'. Did you mean {hint}"):
        activations.get(name)


def test_what_is_no_activation_is_refused():
    with pytest.raises(ArgumentError, match="unknown activation 'identity'"):
        activations.get("identity")
    with pytest.raises(ArgumentError, match="expected a name, a configuration or an object, received 3"):
        activations.get(3)
    with pytest.raises(ArgumentError, match="unknown activation 'nothing'"):
        activations.deserialize({"class_name": "function", "config": "nothing"})


def triple(x):
    return x * 3


def test_functions_of_the_user_are_saved_by_name():
    config = activations.serialize(triple)
    assert config == keras.activations.serialize(triple) | {"registered_name": "function"}
    assert activations.deserialize(config, custom_objects={"triple": triple}) is triple
    assert activations.deserialize("triple", custom_objects={"triple": triple}) is triple
    with pytest.raises(ArgumentError, match="unknown activation 'triple'"):
        activations.deserialize(config)


@pytest.mark.parametrize("nameless", [lambda x: x, 3, None])
def test_what_has_no_name_cannot_be_saved(nameless):
    with pytest.raises(ArgumentError, match="has no name to save. Define the activation with def"):
        activations.serialize(nameless)


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_output_remembers_its_logits(name):
    x = Tensor([1.0, 2.0])
    output = activations.get(name)(x)
    assert logits_of(output) is x
    assert logits_of(activations.linear(output)) is x
    assert logits_of(output * 1) is None and logits_of(x) is None
    assert logits_of(activations.get(name)([1.0, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"softmax", "sigmoid", "linear"}))
def test_other_activations_have_no_logits(name):
    assert logits_of(activations.get(name)(Tensor([1.0, 2.0]), *REQUIRED.get(name, ()))) is None


def test_tags_belong_to_one_tensor():
    x, y = Tensor([1.0]), Tensor([2.0])
    set_mask(x, "mask of x")
    y._tags = x._tags
    set_mask(y, "mask of y")
    set_logits(y, x)
    assert (mask_of(x), logits_of(x)) == ("mask of x", None)
    assert mask_of(y) == "mask of y" and logits_of(y) is x
    set_mask(y, None)
    assert mask_of(y) is None and logits_of(y) is x
    assert mask_of(x) == "mask of x"
    assert mask_of(np.zeros(2)) is None and mask_of(None) is None and logits_of(3) is None


@given(st.booleans(), SEEDS)
def test_loss_of_an_activation_is_computed_from_its_logits(binary, seed):
    """A gap of 200 costs 200, where the clipped formula says 16."""
    logits = filled((3, 4), seed) * 100
    target = np.eye(4, dtype="float32")[filled((3,), seed, "int32", 0, 4)]
    name, loss = ("sigmoid", "binary_crossentropy") if binary else ("softmax", "categorical_crossentropy")
    ours = getattr(ops, loss)(target, activations.get(name)(logits))
    theirs = getattr(keras.ops, loss)(target, keras.activations.get(name)(logits))
    agree(ours, theirs, loss)
    assert ours.numpy().max() > 17
