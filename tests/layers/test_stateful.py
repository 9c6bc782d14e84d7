"""Recurrent layers over several batches in a row against Keras: states kept, given, returned and reset."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import (
    Case,
    Inner,
    assert_close,
    flat,
    forget_names,
    keras_call,
    keras_layer,
    made,
    our_call,
    our_layer,
)
from layer_cases import batches, cell_arguments, flags, masks, numbers, renamed, sizes, stack_of_cells, state_count

import tinynet
from tinynet import layers

NAMES = ["SimpleRNN", "LSTM", "GRU", "RNN", "stack", "Bidirectional"]


@st.composite
def stateful(draw: st.DrawFn, name: str) -> list[Case]:
    """A stateful layer, and a few batches for it."""
    batch, depth = draw(batches), draw(sizes)
    time: dict[str, Any] = {"stateful": True}
    for key in ("return_sequences", "return_state", "go_backwards", "unroll"):
        if draw(flags):
            time[key] = draw(flags)
    units = 0
    if name == "stack":
        stack, _ = stack_of_cells(draw, batch)
        arguments = {"cell": stack, **time}
    elif name == "RNN":
        cell_name = draw(st.sampled_from(["SimpleRNNCell", "LSTMCell", "GRUCell"]))
        arguments = {"cell": Inner(cell_name, {**renamed(cell_arguments(draw, cell_name)), "dtype": "float64"}), **time}
    else:
        inner_name = name if name != "Bidirectional" else draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU"]))
        arguments = {**renamed(cell_arguments(draw, inner_name)), **time}
        units = arguments["units"]
    arguments["dtype"] = "float64"  # rounding adds up from batch to batch
    class_name = {"stack": "RNN"}.get(name, name)
    if name == "Bidirectional":
        # With states to return Keras's masks fail, and unrolled the way back sets the wrong steps to zero.
        for key in ("go_backwards", "return_state", "unroll"):
            arguments.pop(key, None)
        arguments = {"layer": Inner(inner_name, arguments), "dtype": "float64"}
    seed = draw(st.integers(0, 99))
    found = []
    for number in range(3):
        shape = (batch, draw(st.integers(1, 4)) if not found else found[0].inputs.shape[1], depth)
        states = None
        if number and units and name != "Bidirectional" and draw(flags):
            states = [numbers(draw, (batch, units), -1, 1).astype("float64") for _ in range(state_count(name))]
        mask = masks(draw, shape[:2]) if draw(flags) else None
        found.append(Case(class_name, arguments, numbers(draw, shape).astype("float64"), mask, states, seed))
    return found


def same(ours: Any, theirs: Any) -> None:
    ours, theirs = flat(ours), flat(theirs)
    assert len(ours) == len(theirs)
    for own, expected in zip(ours, theirs, strict=True):
        assert_close(own.numpy(), expected.numpy(), tolerance=1e-9)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_states_are_kept_from_batch_to_batch(name: str, data: st.DataObject) -> None:
    steps = data.draw(stateful(name))
    forget_names()
    ours, theirs = our_layer(steps[0]), keras_layer(steps[0])
    first = None
    for case in steps:
        result, expected = our_call(case, ours), keras_call(case, theirs)
        same(result, expected)
        first = result if first is None else first
    if name != "Bidirectional":
        same(ours.states, theirs.states)
    ours.reset_state()
    if name == "stack":
        for state in tf.nest.flatten(theirs.states):  # Keras's own reset fails with the states of a stack
            state.assign(tf.zeros_like(state))
    else:
        theirs.reset_state()
    again = our_call(steps[0], ours)
    same(again, keras_call(steps[0], theirs))
    for own, known in zip(flat(again), flat(first), strict=True):
        np.testing.assert_array_equal(own.numpy(), known.numpy())


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_two_halves_of_a_sequence_give_what_the_whole_gives(name: str) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6, 3))
    whole = getattr(layers, name)(4, return_sequences=True, dtype="float64")
    halves = getattr(layers, name)(4, return_sequences=True, stateful=True, dtype="float64")
    expected = whole(x).numpy()
    halves.build((2, 3, 3))
    halves.set_weights(whole.get_weights())
    found = np.concatenate([halves(x[:, :3]).numpy(), halves(x[:, 3:]).numpy()], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_stateful_model_predicts_as_keras_does(name: str) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (6, 3, 2)).astype("float32")
    predictions = []
    weights: list[np.ndarray] = []
    for library in (tinynet, keras):
        layer = getattr(library.layers, name)(3, stateful=True)
        model = library.Sequential([library.layers.Input(batch_shape=(2, 3, 2)), layer])
        weights = weights or model.get_weights()
        model.set_weights(weights)
        first = model.predict(x, batch_size=2, verbose=0)
        second = model.predict(x, batch_size=2, verbose=0)
        assert not np.allclose(first, second)
        layer.reset_state()
        np.testing.assert_array_equal(model.predict(x, batch_size=2, verbose=0), first)
        predictions.append(np.concatenate([first, second]))
    assert_close(*predictions)


def test_another_size_of_batch_is_refused_until_the_states_are_reset() -> None:
    for name in ("LSTM", "stack"):
        cell = [layers.LSTMCell(3), layers.GRUCell(2)]
        layer = layers.LSTM(3, stateful=True) if name == "LSTM" else layers.RNN(cell, stateful=True)
        layer(np.ones((2, 4, 3), "float32"))
        with pytest.raises(tinynet.errors.ShapeError, match=r"reset_state\(\) starts anew"):
            layer(np.ones((3, 4, 3), "float32"))
        layer.reset_state()
        assert layer(np.ones((3, 4, 3), "float32")).shape[0] == 3


def test_states_returned_may_be_given_back() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6, 3))
    for make in (lambda **k: layers.LSTM(4, **k), lambda **k: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], **k)):
        layer = make(return_state=True)
        expected, *_ = layer(x)
        _, *states = layer(x[:, :2])
        found, *_ = layer(x[:, 2:], initial_state=states)
        assert_close(found.numpy(), expected.numpy())


def test_a_list_of_cells_is_a_stack_of_them() -> None:
    """As in Keras, also in the configuration and in the order of the weights."""
    found = []
    for library in (layers, keras.layers):
        forget_names()
        cells = [library.LSTMCell(3), library.SimpleRNNCell(2)]
        layer = library.RNN(cells, return_state=True)
        x = np.ones((2, 4, 3), "float32")
        outputs = layer(x)
        assert [len(states) for states in outputs[1:]] == [2, 1]
        found.append((type(layer.cell).__name__, layer.cell.name, [w.path for w in layer.weights]))
        assert [type(c).__name__ for c in layer.cell.cells] == ["LSTMCell", "SimpleRNNCell"]
    assert found[0] == found[1]
    ours = made(layers, "RNN", {"cell": [Inner("GRUCell", {"units": 2}), Inner("GRUCell", {"units": 3})]})
    again = layers.RNN.from_config(ours.get_config())
    assert [cell.units for cell in again.cell.cells] == [2, 3]


class Doubling:
    """A cell that is no layer, and says nothing of its output's size."""

    state_size = 2

    def call(self, inputs: Any, states: Any) -> Any:
        output = inputs[:, :2] * 2 + states[0]
        return output, [output]


def test_cells_of_ones_own_may_be_stacked() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4)).astype("float32")
    stacked = layers.RNN([Doubling(), Doubling()], return_sequences=True)
    assert stacked.compute_output_shape((None, 3, 4)) == (None, 3, 2)
    first, second = (layers.RNN(Doubling(), return_sequences=True) for _ in range(2))
    np.testing.assert_array_equal(stacked(x).numpy(), second(first(x)).numpy())


@pytest.mark.parametrize("training", [True, False])
def test_dropout_in_stacked_cells_is_shared_over_time_and_drawn_for_each_call(training: bool) -> None:
    cells = [layers.SimpleRNNCell(30, activation="linear", dropout=0.5, seed=1) for _ in range(2)]
    layer = layers.RNN(cells, return_sequences=True)
    x = np.ones((4, 3, 30), "float32")
    layer.build(x.shape)
    nothing, eye = np.zeros((30, 30)), np.eye(30)
    layer.set_weights([eye, nothing, np.zeros(30)] * 2)
    first, second = (layer(x, training=training).numpy() for _ in range(2))
    assert (first == first[:, :1]).all()
    assert set(np.unique(first)) == ({0.0, 4.0} if training else {1.0})
    assert np.array_equal(first, second) is not training
