"""Regularizers against Keras: values, gradients, names and configurations."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tinynet import Tensor, layers, regularizers
from tinynet.errors import ArgumentError, TinynetError

FACTORS = st.sampled_from([0.0, 0.01, 0.5, 1, 3.0])


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(["L1", "L2", "L1L2", "OrthogonalRegularizer"]))
    keys = {"L1": ["l1"], "L2": ["l2"], "L1L2": ["l1", "l2"], "OrthogonalRegularizer": ["factor"]}[name]
    arguments = {key: draw(FACTORS) for key in keys if draw(st.booleans())}
    if name == "OrthogonalRegularizer" and draw(st.booleans()):
        arguments["mode"] = "columns"
    return name, arguments


def both(name: str, arguments: dict[str, Any]) -> tuple[Any, Any]:
    return getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)


@given(drawn=objects(), shape=st.lists(st.integers(1, 5), max_size=4).map(tuple), seed=st.integers(0, 99))
def test_values_and_gradients(drawn: tuple[str, dict[str, Any]], shape: tuple[int, ...], seed: int) -> None:
    ours, theirs = both(*drawn)
    if drawn[0] == "OrthogonalRegularizer":
        shape = (*shape, 1, 1)[0] + 1, (*shape, 1, 1)[1] + 1
    w = np.random.default_rng(seed).uniform(-2, 2, shape).astype("float32")
    x, known = Tensor(w, requires_grad=True), tf.Variable(w)
    penalty = ours(x)
    with tf.GradientTape() as tape:
        expected = theirs(known)
    assert penalty.shape == () and penalty.dtype == np.float32
    np.testing.assert_allclose(penalty.item(), float(expected), rtol=1e-5, atol=1e-7)
    penalty.backward()
    gradient = tape.gradient(expected, known)
    gradient = np.zeros(shape) if gradient is None else gradient.numpy()
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-5, atol=1e-7)


@given(drawn=objects())
def test_configurations_both_ways(drawn: tuple[str, dict[str, Any]]) -> None:
    ours, theirs = both(*drawn)
    described = json.loads(json.dumps(keras.regularizers.serialize(theirs)))
    own = json.loads(json.dumps(regularizers.serialize(ours)))
    for key, value in described["config"].items():
        assert own["config"][key] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6))
    assert {**own, "config": None} == {**described, "config": None}
    assert sorted(own["config"]) == sorted(described["config"])
    assert regularizers.get(own).get_config() == ours.get_config()
    assert type(regularizers.get(described)) is type(ours)
    assert keras.regularizers.get(own).get_config() == theirs.get_config()


@pytest.mark.parametrize("name", regularizers.CATALOGUE.names())
def test_names_are_those_of_keras(name: str) -> None:
    ours, theirs = regularizers.get(name), keras.regularizers.get(name)
    w = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
    assert type(ours).__name__ == type(theirs).__name__
    np.testing.assert_allclose(ours(Tensor(w)).item(), float(theirs(tf.constant(w))), rtol=1e-6)


def test_none_is_the_default_factor() -> None:
    for name, key in (("L1", "l1"), ("L2", "l2")):
        ours, theirs = both(name, {key: None})
        np.testing.assert_allclose(ours.get_config()[key], float(theirs.get_config()[key]), rtol=1e-6)


def test_of_layers_only_trainable_weights_pay() -> None:
    for library in (layers, keras.layers):
        layer = library.Dense(2, kernel_regularizer="l2", bias_regularizer="l1", kernel_initializer="ones")
        layer.build((None, 3))
        np.testing.assert_allclose([float(np.asarray(loss)) for loss in layer.losses], [0.06, 0.0], rtol=1e-5)
        layer.trainable = False
        assert layer.losses == []


def test_a_function_as_regularizer() -> None:
    layer = layers.Dense(2, kernel_regularizer=lambda w: 2 * (w * w).sum(), kernel_initializer="ones")
    layer.build((None, 3))
    assert layer.losses[0].item() == 12.0


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: regularizers.L1(-1), r"L1: expected l1 >= 0\.0, received -1"),
        (lambda: regularizers.L2(float("nan")), r"L2: expected l2 to be a finite number, received nan"),
        (lambda: regularizers.L1L2(l1="x"), r"L1L2: expected l1 to be a finite number, received 'x'"),
        (lambda: regularizers.L1L2(l2=True), r"L1L2: expected l2 to be a finite number, received True"),
        (lambda: regularizers.l1_l2(l1=-1), r"L1L2: expected l1 >= 0"),
        (
            lambda: regularizers.OrthogonalRegularizer()(Tensor(np.ones((2, 2, 2)))),
            r"OrthogonalRegularizer: expected a matrix of at least two rows, received shape \(2, 2, 2\)",
        ),
        (lambda: regularizers.OrthogonalRegularizer(mode="cols"), r"unknown mode 'cols'\. Did you mean 'columns'"),
        (lambda: regularizers.get("l1_l2"), r"unknown regularizer 'l1_l2'\. Did you mean '(L1L2|l1l2)'"),
        (lambda: regularizers.get(0.01), r"regularizer: expected a name, .*received 0\.01"),
        (lambda: regularizers.get({"class_name": "L3", "config": {}}), r"unknown regularizer class 'L3'"),
        (lambda: regularizers.L2.from_config({"l1": 1.0}), r"L2: unknown argument 'l1' \(value 1\.0\)"),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(TinynetError, match=message):
        make()


def test_an_own_regularizer() -> None:
    class Spread(regularizers.Regularizer):
        def __init__(self, strength: float = 1.0) -> None:
            self.strength = strength

        def __call__(self, x: Any) -> Any:
            return self.strength * x.var()

    again = Spread.from_config(Spread(2.0).get_config())
    assert again(Tensor([1.0, 3.0])).item() == 2.0
    with pytest.raises(ArgumentError, match="Did you mean 'strength'"):
        Spread.from_config({"strenght": 1.0})
