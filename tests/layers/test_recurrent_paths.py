"""The fused operations of the recurrent layers and their cells run step by step give the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import Case, assert_close, flat, our_layer
from layer_cases import cases

from tinynet import Tensor
from tinynet.layers import GRU, LSTM, RNN, SimpleRNN, deserialize
from tinynet.primitives import recurrent as records

LAYERS = {"SimpleRNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}
TIME = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask", "stateful")


def same_tanh(x: Any) -> Any:
    """tanh, but no function that the fused operations know."""
    return np.tanh(x)


def standard(case: Case) -> Case:
    """The case with the activations that the fused operations compute, in float64."""
    arguments = {k: v for k, v in case.arguments.items() if k not in ("activation", "recurrent_activation")}
    states = None if case.states is None else [s.astype("float64") for s in case.states]
    inputs = case.inputs.astype("float64")
    return Case(
        case.class_name, {**arguments, "dtype": "float64", "trainable": True}, inputs, case.mask, states,
        case.weights_seed,
    )  # fmt: skip


def results(layer: Any, case: Case, weights: list[np.ndarray], **settings: Any) -> list[np.ndarray]:
    """Outputs, and gradients with respect to inputs, states and weights, of two calls in a row."""
    if not layer.built:
        layer.build(case.inputs.shape)
    layer.set_weights(weights)
    found = []
    for _ in range(2):
        x = Tensor(case.inputs, requires_grad=True)
        states = None if case.states is None else [Tensor(s, requires_grad=True) for s in case.states]
        outputs = flat(layer(x, initial_state=states, mask=case.mask, **settings))
        generator = np.random.default_rng(5)
        sum((o * generator.uniform(-1, 1, o.shape)).sum() for o in outputs).backward()
        watched = [x, *(states or []), *layer.weights]
        found += [o.numpy() for o in outputs] + [w.grad.numpy() for w in watched]
        for weight in layer.weights:
            weight.zero_grad()
    return found


def assert_same(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        # Two tanh that differ in the last bit; where they saturate, 1 - tanh² magnifies it.
        assert_close(a, b, f"result {i}", 1e-11)


@pytest.fixture
def fused_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the fused operations that layers ran."""
    ran: list[str] = []
    for cls in LAYERS.values():
        operation = cls.operation

        def counted(*args: Any, _operation: Any = operation, **settings: Any) -> Any:
            ran.append(_operation.name)
            return _operation(*args, **settings)

        monkeypatch.setattr(cls, "operation", staticmethod(counted))
    return ran


@pytest.mark.parametrize("name", LAYERS)
@given(data=st.data())
def test_fused_and_looped(name: str, data: st.DataObject) -> None:
    case = standard(data.draw(cases(name)))
    fused = our_layer(case)
    weights = fused.get_weights()
    expected = results(fused, case, weights)
    time = {key: case.arguments[key] for key in TIME if key in case.arguments}
    cell = deserialize({"class_name": f"{name}Cell", "config": fused.cell.get_config()})
    assert_same(results(RNN(cell, **time, dtype="float64"), case, weights), expected)
    looped = LAYERS[name](**{**case.arguments, "activation": same_tanh})
    assert_same(results(looped, case, weights), expected)


@pytest.mark.parametrize("name", LAYERS)
@given(data=st.data())
def test_fused_and_looped_with_dropout_of_the_inputs(name: str, data: st.DataObject) -> None:
    case = standard(data.draw(cases(name)))
    arguments = {**case.arguments, "dropout": 0.5, "recurrent_dropout": 0.0, "seed": 11}
    case = Case(name, arguments, case.inputs, case.mask, case.states, case.weights_seed)
    fused = our_layer(case)
    weights = fused.get_weights()
    looped = LAYERS[name](**{**arguments, "activation": same_tanh})
    assert_same(results(looped, case, weights, training=True), results(fused, case, weights, training=True))


@pytest.mark.parametrize("name", LAYERS)
def test_which_of_the_two_runs(name: str, fused_calls: list[str]) -> None:
    x = np.ones((2, 3, 4), "float32")
    LAYERS[name](3, dropout=0.5)(x, training=True)
    assert fused_calls == [records.__dict__[name.lower().replace("simplernn", "simple_rnn")].name]
    fused_calls.clear()
    LAYERS[name](3, activation=same_tanh)(x)
    LAYERS[name](3, activation="relu")(x)
    LAYERS[name](3, recurrent_dropout=0.5)(x, training=True)
    assert fused_calls == []
    LAYERS[name](3, recurrent_dropout=0.5)(x, training=False)
    assert len(fused_calls) == 1
