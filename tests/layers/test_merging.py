"""Layers of several inputs where the walkers do not reach: ties, masks in Keras's words, functions, bad input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import backend

from tinynet import Tensor, layers
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.errors import ArgumentError, ShapeError

ELEMENTWISE = ["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"]
MASKS = [np.array([[1, 0, 1, 0], [0, 0, 1, 1]], bool), np.array([[1, 1, 0, 0], [0, 1, 1, 0]], bool)]
X = [np.random.default_rng(i).uniform(-1, 1, (2, 4, 3)).astype("float32") for i in (0, 1)]


def merged(library: Any, name: str, masks: list[Any], **arguments: Any) -> tuple[Any, Any]:
    """The result and its mask for inputs of which some carry masks."""
    ours = library is layers
    inputs = [Tensor(x) if ours else backend.convert_to_tensor(x) for x in X]
    for x, mask in zip(inputs, masks, strict=True):
        if mask is not None:
            set_mask(x, mask) if ours else backend.set_keras_mask(x, backend.convert_to_tensor(mask))
    output = getattr(library, name)(**arguments)(inputs)
    mask = mask_of(output) if ours else backend.get_keras_mask(output)
    return np.asarray(output), None if mask is None else np.asarray(mask)


@pytest.mark.parametrize("given", [(0, 1), (1, 0), (0, None), (None, 1)])
@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_masks(name: str, given: tuple[int | None, ...]) -> None:
    arguments = {"Dot": {"axes": 2}, "Concatenate": {"axis": 1}}.get(name, {})
    masks = [None if i is None else MASKS[i] for i in given]
    output, mask = merged(layers, name, masks, **arguments)
    expected, expected_mask = merged(keras.layers, name, masks, **arguments)
    np.testing.assert_allclose(output, expected, rtol=1e-6)
    assert (mask is None) == (expected_mask is None)
    if mask is not None:
        np.testing.assert_array_equal(mask, expected_mask)


@pytest.mark.parametrize("name", ["Maximum", "Minimum"])
def test_the_first_of_equal_inputs_gets_the_gradient(name: str) -> None:
    values = np.array([[1.0, 2.0, -1.0]])
    inputs = [Tensor(values, requires_grad=True) for _ in range(3)]
    getattr(layers, name)(dtype="float64")(inputs).sum().backward()
    assert [x.grad.tolist() for x in inputs] == [[[1.0, 1.0, 1.0]], [[0.0] * 3], [[0.0] * 3]]
    known = [tf.constant(values) for _ in range(3)]
    with tf.GradientTape() as tape:
        tape.watch(known)
        total = tf.reduce_sum(getattr(keras.layers, name)(dtype="float64")(known))
    assert [g.numpy().tolist() for g in tape.gradient(total, known)] == [x.grad.tolist() for x in inputs]


def test_a_column_is_added_as_a_column() -> None:
    # Keras, on TensorFlow, takes the column for a bias of the columns.
    table, column = np.array([[1.0, 2.0], [3.0, 4.0]], "float32"), np.array([[10.0], [20.0]], "float32")
    assert layers.add([table, column]).tolist() == [[11.0, 12.0], [23.0, 24.0]]
    assert keras.layers.add([table, column]).numpy().tolist() == [[11.0, 22.0], [13.0, 24.0]]


@pytest.mark.parametrize("name", [name.lower() for name in ELEMENTWISE] + ["concatenate", "dot"])
def test_functions(name: str) -> None:
    expected = getattr(keras.layers, name)(X, name="one")
    np.testing.assert_allclose(getattr(layers, name)(X, name="one").numpy(), expected.numpy(), rtol=1e-6)
    inputs = [layers.Input((4, 3)), layers.Input((4, 3))]
    result = getattr(layers, name)(inputs, name="one")
    assert result.shape == (None, *expected.shape[1:])
    assert result._keras_history.operation.name == "one"


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, "float32")


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: layers.Add(name="a")(ones(2, 3)), r"Add 'a': expected a list of tensors.*of shape \(2, 3\)"),
        (lambda: layers.Add()([ones(2, 3), ones(2, 4)]), r"shapes \[\(2, 3\), \(2, 4\)\] do not broadcast"),
        (lambda: layers.Add()([ones(2, 3), ones(4, 3)]), r"must be of one batch"),
        (lambda: layers.Add()([layers.Input((3,)), layers.Input((4,))]), r"do not broadcast"),
        (lambda: layers.Subtract()([ones(2, 3)] * 3), r"Subtract '.*': expected exactly 2 inputs, received 3"),
        (lambda: layers.Dot(1)([ones(2, 3)]), r"Dot '.*': expected exactly 2 inputs, received 1"),
        (lambda: layers.Dot(1)([ones(2, 3), ones(2, 4)]), r"differ along axes 1: 3 and 4"),
        (lambda: layers.Dot((1, -2))([ones(2, 3), ones(2, 3)]), r"axes \[1, -2\] do not fit"),
        (lambda: layers.Dot(3)([ones(2, 3), ones(2, 3)]), r"axes 3 do not fit inputs of shapes"),
        (lambda: layers.Dot(1)([ones(2, 3), ones(4, 3)]), r"must be of one batch"),
        (lambda: layers.Concatenate()([ones(2, 3), ones(4, 3)]), r"differ in axis -1 alone, received shapes"),
        (lambda: layers.Concatenate()([ones(2, 3), ones(2, 3, 1)]), r"differ in axis -1 alone"),
        (lambda: layers.Concatenate(2)([ones(2, 3), ones(2, 3)]), r"axis 2 does not exist"),
        (lambda: layers.Add().build((2, 3)), r"expected a list of tensors"),
        (lambda: layers.Multiply()([masked(ones(2, 3), ones(3)), ones(2, 3)]), r"a mask of shape \(3,\) does not fit"),
    ],
)  # fmt: skip
def test_inputs_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def masked(x: np.ndarray, mask: np.ndarray) -> Tensor:
    tensor = Tensor(x)
    set_mask(tensor, mask.astype(bool))
    return tensor


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Dot("a"), r"expected axes to be a whole number or two, received 'a'"),
        (lambda: layers.Dot([1]), r"expected axes to be a whole number or two, received \[1\]"),
        (lambda: layers.Dot([1, 2.0]), r"expected axes to be a whole number or two"),
        (lambda: layers.Dot([0, 1]), r"the batch, axis 0, is no axis to multiply over"),
        (lambda: layers.Dot(1, normalize=1), r"expected normalize to be True or False"),
        (lambda: layers.Concatenate(axis=None), r"expected axis to be a whole number, received None"),
        (lambda: layers.Add(axis=1), r"Add: unknown argument 'axis'"),
    ],
)
def test_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()
