"""Anomaly mode names the operation, the layer and the element that made NaN or infinity, and nothing else is one."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, ops
from tinynet.errors import AnomalyError, DivergenceError


class Logarithm(layers.Layer):
    """log(x − 1): no number at 1 and below."""

    def call(self, inputs: Any) -> Any:
        return ops.log(inputs - 1)


def diverging(layer: Any, optimizer: Any = "sgd") -> Any:
    model = tinynet.Sequential([layers.Input((3,)), layers.Dense(2, name="first"), layer, layers.Dense(1, name="last")])
    model.compile(optimizer, "mse")
    return model


def training(model: Any, x: np.ndarray, **more: Any) -> None:
    with tinynet.detect_anomaly(), np.errstate(all="ignore"):
        model.fit(x, np.zeros((len(x), 1)), batch_size=2, verbose=0, shuffle=False, **more)


def test_forward_names_epoch_batch_layer_and_operation() -> None:
    model = diverging(Logarithm(name="logarithm"))
    model.set_weights([np.ones((3, 2)), np.zeros(2), np.zeros((2, 1)), np.zeros(1)])
    x = np.ones((6, 3), np.float32)
    x[5] = 1 / 3
    with pytest.raises(AnomalyError, match=r"epoch 1, batch 2: .*logarithm.*operation 'log' gave -inf at \[1, 0\]"):
        training(model, x, epochs=2)


def test_backward_names_the_layer() -> None:
    class Root(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return ops.sqrt(inputs)

    model = diverging(Root(name="root"))
    model.set_weights([np.ones((3, 2)), np.zeros(2), np.ones((2, 1)), np.ones(1)])
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(AnomalyError, match=r"epoch 1, batch 0: sequential.*/root: the derivative of operation 'sqrt'"):
        training(model, x)


def test_a_weight_that_an_update_made_infinite_is_named() -> None:
    model = diverging(layers.Activation("linear"), tinynet.optimizers.SGD(1e30))
    x = np.full((8, 3), 1e5, np.float32)
    with pytest.raises(AnomalyError, match=r"epoch 1, batch 1: .*the weight 'sequential.*kernel' holds"):
        training(model, x)


@pytest.mark.parametrize(
    ("operation", "value"),
    [(ops.log, [0.0]), (ops.sqrt, [-1.0]), (lambda x: 1 / x, [0.0]), (ops.exp, [1000.0]), (lambda x: x - x, [np.inf])],
)
@pytest.mark.parametrize("tracked", [False, True])
def test_operations(operation: Any, value: list[float], tracked: bool) -> None:
    with np.errstate(all="ignore"):
        operation(tinynet.Tensor(value, requires_grad=tracked))  # nobody is watching
        with pytest.raises(AnomalyError), tinynet.detect_anomaly():
            operation(tinynet.Tensor(value, requires_grad=tracked))
        operation(tinynet.Tensor(value, requires_grad=tracked))
    assert issubclass(AnomalyError, DivergenceError)


def test_infinity_in_masks_is_none() -> None:
    with tinynet.detect_anomaly():
        scores = ops.where(np.array([True, False]), tinynet.Tensor([1.0, 2.0], requires_grad=True), -np.inf)
        weights = ops.softmax(scores)
        (weights * weights).sum().backward()
        model = tinynet.Sequential([
            layers.Input((6,)), layers.Embedding(5, 4, mask_zero=True), layers.LSTM(3), layers.Dense(2),
        ])  # fmt: skip
        model.compile("adam", "mse")
        model.fit(np.random.default_rng(0).integers(0, 5, (8, 6)), np.zeros((8, 2)), verbose=0)


def test_other_threads_are_not_watched() -> None:
    found: list[Any] = []

    def elsewhere() -> None:
        with np.errstate(all="ignore"):
            found.append(ops.log(tinynet.Tensor([0.0])).numpy())

    with tinynet.detect_anomaly():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert np.isneginf(found[0])


def test_terminate_on_nan_tells_how_to_find_out() -> None:
    model = diverging(layers.Activation("linear"), tinynet.optimizers.SGD(1e30))
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match="detect_anomaly"):
        model.fit(
            np.full((8, 3), 1e5, np.float32), np.zeros((8, 1)), batch_size=2, verbose=0,
            callbacks=[tinynet.callbacks.TerminateOnNaN()],
        )  # fmt: skip
