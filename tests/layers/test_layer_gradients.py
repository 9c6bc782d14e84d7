"""Gradients of whole layers with respect to inputs, states and every weight, against TensorFlow's and differences.

In float64, so that a wrong term cannot hide behind rounding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given
from hypothesis import strategies as st
from keras_oracle import (
    LAYERS,
    Case,
    Inner,
    assert_close,
    flat,
    keras_call,
    keras_layer,
    mapped,
    our_call,
    our_layer,
)
from layer_cases import batches, cases, flags, masks, numbers, sizes

from tinynet import Tensor, gradcheck
from tinynet.autograd.checker import GradcheckReport
from tinynet.primitives.operation import Operation

WITHOUT_GRADIENT = {
    "InputLayer", "TextVectorization", "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing", "CategoryEncoding",
    "Discretization", "Pipeline",
}  # fmt: skip
NAMES = sorted(LAYERS - WITHOUT_GRADIENT)
# Keras keeps some constants (a slope, a scale, the square root of 2) as float32.
TOLERANCE = 1e-7
ZERO = 1e-13  # what is left of terms that cancel, in float64
IN_FLOAT32 = {"MaxPooling3D", "AveragePooling3D", "Resizing", "UpSampling2D"}  # TensorFlow has no other for these on a CPU

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not support masking"),
    # The mean of a row that is masked throughout.
    pytest.mark.filterwarnings("ignore:(divide by zero|invalid value) encountered"),
]


def in_float64(case: Case) -> Case:
    """The case with layers, inputs and states in float64."""
    arguments = _with_dtype(case.arguments)
    if case.class_name.endswith("DTranspose") and np.max(case.arguments["dilation_rate"]) > 1:
        # TensorFlow has no dilation for these in float64 on a CPU; there is a test of it below.
        arguments = {k: v for k, v in arguments.items() if k not in ("dilation_rate", "output_padding")}
    inputs = mapped(lambda x: x.astype("float64") if x.dtype.kind == "f" else x, case.inputs)
    states = None if case.states is None else mapped(lambda state: state.astype("float64"), case.states)
    return replace(case, arguments=arguments, inputs=inputs, states=states)


def _with_dtype(arguments: dict[str, Any]) -> dict[str, Any]:
    changed = {key: _inner_with_dtype(value) for key, value in arguments.items()}
    return {**changed, "dtype": "float64"}


def _inner_with_dtype(value: Any) -> Any:
    if isinstance(value, list):
        return [_inner_with_dtype(part) for part in value]
    return Inner(value.class_name, _with_dtype(value.arguments)) if isinstance(value, Inner) else value


def our_gradients(case: Case, layer: Any, cotangents: list[np.ndarray], **settings: Any) -> dict[str, Any]:
    watched: dict[str, Any] = {f"{i} {w.path}": w for i, w in enumerate(layer.trainable_weights)}
    inputs, states = mapped(Tensor, case.inputs), None
    if layer.casts_inputs:
        inputs = mapped(lambda x: Tensor(x, requires_grad=x.dtype.kind == "f"), case.inputs)
        watched.update((f"inputs {i}", x) for i, x in enumerate(flat(inputs)) if x.requires_grad)
    if case.states is not None:
        states = mapped(lambda state: Tensor(state, requires_grad=True), case.states)
        watched.update({f"state {i}": state for i, state in enumerate(flat(states))})
    outputs = flat(our_call(case, layer, inputs, states, **settings))
    total = sum((o * c).sum() for o, c in zip(outputs, cotangents, strict=True))
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward()
    return {key: None if x.grad is None else x.grad.numpy() for key, x in watched.items()}


def keras_gradients(case: Case, layer: Any, cotangents: list[np.ndarray], **settings: Any) -> dict[str, Any]:
    watched: dict[str, Any] = {f"{i} {w.path}": w.value for i, w in enumerate(layer.trainable_weights)}
    inputs = mapped(tf.constant, case.inputs)
    states = None if case.states is None else mapped(tf.constant, case.states)
    with tf.GradientTape() as tape:
        for i, x in enumerate(flat(inputs)):
            if x.dtype.is_floating:
                watched[f"inputs {i}"] = x
                tape.watch(x)
        for i, state in enumerate(flat(states or [])):
            watched[f"state {i}"] = state
            tape.watch(state)
        outputs = flat(keras_call(case, layer, inputs, states, **settings))
        total = tf.add_n([tf.reduce_sum(o * c) for o, c in zip(outputs, cotangents, strict=True)])
    found = tape.gradient(total, watched)
    return {key: None if g is None else tf.convert_to_tensor(g).numpy() for key, g in found.items()}


def same_gradients(case: Case, seed: int, **settings: Any) -> int:
    """Compares all gradients of sum(output · cotangent); returns how many."""
    ours, theirs = our_layer(case), keras_layer(case)
    generator = np.random.default_rng(seed)
    outputs = flat(our_call(case, our_layer(case), **settings))
    cotangents = [generator.uniform(-1, 1, o.shape) for o in outputs]
    found = our_gradients(case, ours, cotangents, **settings)
    expected = keras_gradients(case, theirs, cotangents, **settings)
    if case.class_name == "Embedding":
        expected.pop("inputs 0", None)
    assert len(found) == len(expected)
    for (key, gradient), wanted in zip(found.items(), _in_order(found, expected), strict=True):
        if gradient is None or wanted is None:
            known = gradient if wanted is None else wanted
            assert known is None or not known.any(), key
        elif max(np.abs(gradient).max(initial=0), np.abs(wanted).max(initial=0)) < ZERO:
            continue  # a softmax, for one, does not see a bias that moves all of its inputs
        else:
            # TensorFlow interpolates in float32, whatever the dtype of the images.
            single = case.class_name in {*IN_FLOAT32, "CenterCrop"}
            assert_close(gradient, wanted, f"gradient of {key}", 1e-6 if single else TOLERANCE)
    return len(found)


def _in_order(found: dict[str, Any], expected: dict[str, Any]) -> list[Any]:
    """Weights by position: the names of layers differ by their numbers."""
    by_number = {key.split()[0]: value for key, value in expected.items() if key[0].isdigit()}
    return [by_number[key.split()[0]] if key[0].isdigit() else expected[key] for key in found]


def with_something_to_see(case: Case) -> Case:
    """The case with no row masked throughout: the mean of nothing is no number, and scores near −1e9 have no digits.

    And without steps that a Masking hides: there it jumps.
    """
    masks = [mask.copy() if mask is not None else None for mask in flat(case.mask)]
    for mask in masks:
        if mask is not None and mask.ndim > 1:
            mask[:, 0] = True
    arguments = {**case.arguments, "mask_value": 99.0} if case.class_name == "Masking" else case.arguments
    return replace(case, mask=masks if isinstance(case.mask, list) else masks[0], arguments=arguments)


def derivatives(case: Case, training: bool, spoiled: Any = None) -> GradcheckReport | None:
    """The derivatives of a call by its inputs, its states and every weight, compared with differences.

    None where there is nothing to differentiate by. Dropout draws the same at each evaluation.
    spoiled: an operation that everything the layer gives goes through.
    """
    layer = our_layer(case)

    def varied(x: np.ndarray) -> bool:
        return x.dtype.kind == "f" and layer.casts_inputs

    def call(*given: Tensor) -> list[Tensor]:
        remaining = iter(given)
        inputs = mapped(lambda x: next(remaining) if varied(x) else Tensor(x), case.inputs)
        states = None if case.states is None else mapped(lambda _: next(remaining), case.states)
        if getattr(layer, "stateful", False):
            layer.reset_state()
        outputs = [y for y in flat(our_call(case, layer, inputs, states, training=training)) if y.dtype.kind == "f"]
        return [spoiled(y) for y in outputs] if spoiled else outputs

    arrays = [x for x in flat(case.inputs) if varied(x)] + flat([] if case.states is None else case.states)
    if not arrays and not layer.trainable_weights:
        return None
    # A few elements of each place and all of them along two random directions.
    return gradcheck(call, arrays, variables=layer.weights, max_elements=3, raise_on_failure=False)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), training=st.booleans())
def test_derivatives(name: str, data: st.DataObject, training: bool, counts: Any) -> None:
    # What augmentation does in training has a test of its own below, and so has the normalisation by a singular
    # vector, which counts as a constant. What a spread histogram gives moves in steps.
    training = training and not name.startswith("Random") and name not in ("SpectralNormalization", "Equalization")
    case = with_something_to_see(in_float64(data.draw(cases(name))))
    report = derivatives(case, training)
    assume(report is not None and (report.checked or not report.kinks))
    assert report.passed, str(report)
    mode = "in training" if training else "in inference"
    counts["gradient checks", f"derivatives of layers {mode}"] += report.checked
    counts["gradient checks", f"layers {mode}{'' if case.mask is None else ', masked'}"] += 1


SPOILED = {
    "zero": lambda g: 0 * g,
    "a thousandth off": lambda g: 1.001 * g,
    "sign": lambda g: -g,
    "one element off": lambda g: g + np.eye(1, g.size).reshape(g.shape),
}


def spoiling(change: Any) -> Operation:
    class passed:
        """What it is given, with a derivative that is not 1."""

        def forward(x: Any) -> Any:  # type: ignore[misc]
            return x.copy(), ()

        def vjp(g: Any, residuals: Any, needs: Any) -> Any:  # type: ignore[misc]
            return (change(g),)

    return Operation(passed)


@pytest.mark.parametrize("kind", SPOILED)
@given(data=st.data(), training=st.booleans())
def test_spoiled_derivatives_of_layers_are_caught(kind: str, data: st.DataObject, training: bool, counts: Any) -> None:
    name = data.draw(st.sampled_from(["Dense", "Conv2D", "LSTM", "GRU", "BatchNormalization", "MultiHeadAttention"]))
    case = with_something_to_see(in_float64(data.draw(cases(name))))
    change, layer = SPOILED[kind], our_layer(case)
    ones = [np.ones(y.shape) for y in flat(our_call(case, our_layer(case), training=training))]
    # What is off has to be seen in some derivative: a relu may be off, and a masked step be nothing.
    effects = our_gradients(case, layer, [change(g) - g for g in ones], training=training)
    assume(any(g is not None and np.abs(g).max(initial=0) > 1e-6 for g in effects.values()))
    report = derivatives(case, training, spoiling(SPOILED[kind]))
    counts["spoiled derivatives of layers", "tried"] += 1
    assert report is not None and not report.passed
    counts["spoiled derivatives of layers", "caught"] += 1


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_gradients(name: str, data: st.DataObject, seed: int, counts) -> None:
    case = data.draw(cases(name))
    assume(case.arguments.get("interpolation") != "area")  # for which TensorFlow has no gradient
    case = case if name in IN_FLOAT32 else in_float64(case)
    counts["layers", "gradients compared with TensorFlow"] += same_gradients(case, seed)


@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_batch_normalization_in_training(data: st.DataObject, seed: int) -> None:
    case = in_float64(data.draw(cases("BatchNormalization")))
    if case.arguments["axis"] not in (-1, case.inputs.ndim - 1):
        case.mask = None  # Keras can do it with the channels last only
    same_gradients(case, seed, training=True)


@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_spectral_normalization_in_training(data: st.DataObject, seed: int) -> None:
    same_gradients(in_float64(data.draw(cases("SpectralNormalization"))), seed, training=True)


@given(data=st.data())
def test_gradients_of_dilated_transposed_convolutions(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]))
    case = data.draw(cases(name).filter(lambda case: np.max(case.arguments["dilation_rate"]) > 1))
    case.arguments["dtype"] = "float64"
    case.arguments["activation"] = data.draw(st.sampled_from([None, "tanh"]))  # relu has a kink
    assert gradcheck(our_layer(case), [case.inputs.astype("float64")])


@pytest.mark.parametrize("interpolation", ["area", "bilinear", "bicubic", "nearest"])
@given(data=st.data())
def test_gradients_of_resizing(interpolation: str, data: st.DataObject) -> None:
    case = in_float64(data.draw(cases("Resizing").filter(lambda case: case.inputs.dtype.kind == "f")))
    case.arguments["interpolation"] = interpolation
    assert gradcheck(our_layer(case), [case.inputs / 255])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("Random")])
@given(data=st.data())
def test_gradients_of_augmentation_in_training(name: str, data: st.DataObject) -> None:
    case = in_float64(data.draw(cases(name).filter(lambda case: case.inputs.dtype.kind == "f")))
    case.arguments.pop("value_range", None)  # beyond its ends there is no gradient, and at them a kink
    assert gradcheck(our_layer(case), [100 + case.inputs / 255])


@st.composite
def embedded(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any], int]:
    ids = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 4, (draw(batches), draw(sizes)))
    return (
        ids,
        {"units": draw(sizes), "return_sequences": draw(flags), "go_backwards": draw(flags)},
        draw(sizes),
    )


@given(drawn=embedded())
def test_gradients_through_a_mask_that_a_layer_made(drawn: tuple[np.ndarray, dict[str, Any], int]) -> None:
    ids, arguments, depth = drawn
    table = Case(
        "Embedding", {"input_dim": 4, "output_dim": depth, "mask_zero": True, "dtype": "float64"}, ids
    )
    sequence = np.empty((*ids.shape, depth))
    recurrent = Case("LSTM", {**arguments, "dtype": "float64"}, sequence)
    ours = [our_layer(table), our_layer(recurrent)]
    theirs = [keras_layer(table), keras_layer(recurrent)]
    output = ours[1](ours[0](ids))
    cotangent = np.random.default_rng(1).uniform(-1, 1, output.shape)
    (output * cotangent).sum().backward()
    weights = [w.value for layer in theirs for w in layer.weights]
    with tf.GradientTape() as tape:
        expected = theirs[1](theirs[0](ids))
        total = tf.reduce_sum(expected * cotangent)
    assert_close(output.numpy(), expected.numpy(), tolerance=TOLERANCE)
    gradients = tape.gradient(total, weights)
    for weight, gradient in zip([w for layer in ours for w in layer.weights], gradients, strict=True):
        found = np.zeros(weight.shape) if weight.grad is None else weight.grad.numpy()
        assert_close(found, tf.convert_to_tensor(gradient).numpy(), weight.path, TOLERANCE)


@given(data=st.data())
def test_masked_steps_get_no_gradient(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU", "GlobalAveragePooling1D"]))
    inputs = data.draw(st.composite(lambda draw: numbers(draw, (3, 4, 2)))())
    mask = data.draw(st.composite(lambda draw: masks(draw, (3, 4)))())
    mask[:, 0] = True
    arguments = {} if name.startswith("Global") else {"units": 3}
    case = in_float64(Case(name, arguments, inputs, mask=mask))
    x = Tensor(case.inputs, requires_grad=True)
    our_call(case, our_layer(case), x).sum().backward()
    assert (x.grad.numpy()[~mask] == 0).all()
    assert (x.grad.numpy()[mask] != 0).any()
