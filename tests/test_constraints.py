"""Constraints against Keras: values, names and configurations."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import constraints, layers
from tinynet.errors import TinynetError

SETTINGS: dict[str, dict[str, Any]] = {
    "NonNeg": {},
    "MaxNorm": {"max_value": [0.5, 1, 2.0]},
    "UnitNorm": {},
    "MinMaxNorm": {"min_value": [0.0, 0.5], "max_value": [0.75, 2.0], "rate": [1.0, 0.5, 0.0]},
}


def test_every_constraint_is_drawn() -> None:
    assert set(SETTINGS) == set(constraints.CATALOGUE.by_class_name)


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any], np.ndarray]:
    name = draw(st.sampled_from(sorted(SETTINGS)))
    arguments = {
        key: draw(st.sampled_from(choices)) for key, choices in SETTINGS[name].items() if draw(st.booleans())
    }
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    if name != "NonNeg" and draw(st.booleans()):
        axes = st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True)
        arguments["axis"] = draw(st.one_of(st.integers(0, len(shape) - 1), axes))
    w = np.random.default_rng(draw(st.integers(0, 99))).uniform(-2, 2, shape).astype("float32")
    if draw(st.booleans()):
        w[..., 0] = 0  # a norm of 0 divides by nothing
    return name, arguments, w


@given(drawn=objects())
def test_values(drawn: tuple[str, dict[str, Any], np.ndarray]) -> None:
    name, arguments, w = drawn
    found = constraints.CATALOGUE.by_class_name[name](**arguments)(w)
    expected = np.asarray(getattr(keras.constraints, name)(**arguments)(w))
    found = np.asarray(found)
    assert found.dtype == np.float32
    assert not np.isnan(found).any()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@given(drawn=objects())
def test_configurations_both_ways(drawn: tuple[str, dict[str, Any], np.ndarray]) -> None:
    name, arguments, _ = drawn
    ours = constraints.CATALOGUE.by_class_name[name](**arguments)
    theirs = getattr(keras.constraints, name)(**arguments)
    described = json.loads(json.dumps(keras.constraints.serialize(theirs)))
    assert json.loads(json.dumps(constraints.serialize(ours))) == described
    assert constraints.get(described).get_config() == ours.get_config()
    assert keras.constraints.get(constraints.serialize(ours)).get_config() == theirs.get_config()


@pytest.mark.parametrize("name", constraints.CATALOGUE.names())
def test_names_are_those_of_keras(name: str) -> None:
    assert type(constraints.get(name)).__name__ == type(keras.constraints.get(name)).__name__


def test_weights_of_layers_carry_their_constraints() -> None:
    layer = layers.Dense(2, kernel_constraint="max_norm", bias_constraint=constraints.NonNeg())
    layer.build((None, 3))
    assert isinstance(layer.kernel.constraint, constraints.MaxNorm)
    assert isinstance(layer.bias.constraint, constraints.NonNeg)
    own = layers.Dense(2, kernel_constraint=lambda w: w * 0)
    own.build((None, 3))
    assert not np.asarray(own.kernel.constraint(own.kernel)).any()


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: constraints.get("maxnorm"),
            r"unknown constraint 'maxnorm'\. Did you mean '(MaxNorm|max_norm)'",
        ),
        (lambda: constraints.get(2), r"constraint: expected a name, .*received 2"),
        (lambda: constraints.get({"class_name": "Max", "config": {}}), r"unknown constraint class 'Max'"),
        (
            lambda: constraints.MaxNorm("x"),
            r"MaxNorm: expected max_value to be a finite number, received 'x'",
        ),
        (lambda: constraints.MaxNorm(-1), r"MaxNorm: expected max_value >= 0\.0, received -1"),
        (
            lambda: constraints.MinMaxNorm(min_value=2.0, max_value=1.0),
            r"MinMaxNorm: expected max_value >= 2\.0, received 1\.0",
        ),
        (lambda: constraints.MinMaxNorm(rate=2), r"MinMaxNorm: expected rate between 0 and 1, received 2"),
        (
            lambda: constraints.UnitNorm(axis="x"),
            r"UnitNorm: expected axis to be a whole number or several, received 'x'",
        ),
        (
            lambda: constraints.UnitNorm(axis=2)(np.ones((2, 2), "float32")),
            r"UnitNorm: axis 2 does not exist in a weight of shape \(2, 2\)",
        ),
        (
            lambda: constraints.UnitNorm.from_config({"axes": 0}),
            r"UnitNorm: unknown argument 'axes'.*Did you mean 'axis'",
        ),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(TinynetError, match=message):
        make()
