"""Layers that behave differently in training: normalisation over the batch, and dropout."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src import backend
from keras_oracle import Case, Inner, assert_close, forget_names, keras_call, keras_layer, our_call, our_layer
from layer_cases import cases, flags, seeds

from tinynet import Tensor, layers
from tinynet.autograd import gradcheck
from tinynet.autograd.tags import set_mask


def same_steps(case: Case, batches: list[np.ndarray], masks: list[Any], frozen: bool = False) -> None:
    """Outputs and all weights agree through some steps of training and then in inference."""
    forget_names()
    ours, theirs = our_layer(case), keras_layer(case)
    ours.trainable = theirs.trainable = not frozen
    before = ours.get_weights()
    for inputs, mask in zip(batches, masks, strict=True):
        step = Case(case.class_name, case.arguments, inputs, mask=mask)
        found, expected = our_call(step, ours, training=True), keras_call(step, theirs, training=True)
        assert_close(found.numpy(), expected.numpy(), tolerance=1e-5)
        for weight, known in zip(ours.weights, theirs.weights, strict=True):
            assert_close(weight.numpy(), known.numpy(), weight.path)
    found, expected = our_call(case, ours, training=False), keras_call(case, theirs, training=False)
    assert_close(found.numpy(), expected.numpy())
    changed = [not np.array_equal(a, b) for a, b in zip(before, ours.get_weights(), strict=True)]
    names = [weight.name for weight in ours.weights]
    assert changed == [name.startswith("moving") and not frozen for name in names]


@given(data=st.data())
def test_batch_normalization_follows_the_batches(data: st.DataObject) -> None:
    case = data.draw(cases("BatchNormalization"))
    case.arguments["momentum"] = data.draw(st.sampled_from([0.5, 0.9]))
    shape = (case.inputs.shape[0] + 1, *case.inputs.shape[1:])
    with_mask = len(shape) == 3 and case.arguments["axis"] in (-1, 2) and data.draw(flags)
    generator = np.random.default_rng(data.draw(seeds))
    batches = [generator.uniform(-2, 3, shape).astype("float32") for _ in range(3)]
    masks = [generator.random(shape[:2]) < 0.7 if with_mask else None for _ in range(3)]
    for mask in masks:
        if mask is not None:
            mask[:2] = True
    same_steps(case, batches, masks, frozen=data.draw(st.sampled_from([False, False, True])))


@given(data=st.data())
def test_batch_normalization_of_every_time_step_apart(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(2, 4), st.integers(1, 4), st.integers(1, 3)))
    generator = np.random.default_rng(data.draw(seeds))
    batches = [generator.uniform(-2, 3, shape).astype("float32") for _ in range(3)]
    inner = Inner("BatchNormalization", {"momentum": 0.5})
    same_steps(Case("TimeDistributed", {"layer": inner}, batches[0]), batches, [None] * 3)


def test_batch_normalization_hides_what_masked_steps_hold() -> None:
    layer, other = layers.BatchNormalization(), layers.BatchNormalization()
    x = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2)).astype("float32")
    mask = np.array([[True, True, False, False], [True, False, False, False], [True] * 4])
    spoiled = np.where(mask[..., None], x, np.float32(1e6))
    a, b = layer(x, mask=mask, training=True).numpy(), other(spoiled, mask=mask, training=True).numpy()
    np.testing.assert_array_equal(a[mask], b[mask])
    for own, known in zip(layer.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(own, known)


def test_a_frozen_layer_uses_the_moving_statistics_also_in_training() -> None:
    layer = layers.BatchNormalization()
    x = np.random.default_rng(0).uniform(2, 3, (8, 3)).astype("float32")
    layer(x, training=True)
    layer.trainable = False
    kept = layer.get_weights()
    np.testing.assert_array_equal(layer(x, training=True).numpy(), layer(x, training=False).numpy())
    for weight, before in zip(layer.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(weight, before)
    layer.trainable = True
    assert not np.array_equal(layer(x, training=True).numpy(), layer(x, training=False).numpy())


def within_chance(count: int, total: int, probability: float) -> bool:
    """Whether a count of independent events is within five standard deviations of its mean."""
    return abs(count - total * probability) <= 5 * (total * probability * (1 - probability)) ** 0.5


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_dropout_keeps_the_right_share_and_scales_it(rate: float) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (200, 100)).astype("float32")
    output = layers.Dropout(rate, seed=1)(x, training=True).numpy()
    kept = output != 0
    assert_close(output[kept], (x / np.float32(1 - rate))[kept], tolerance=1e-6)
    assert within_chance(int(kept.sum()), x.size, 1 - rate)


@pytest.mark.parametrize("noise_shape", [(None, 1, None), (6, 1, 4), (1, 5, 4), (None, None, 1), (1, 1, 1)])
def test_noise_shape_drops_elements_together(noise_shape: tuple[int | None, ...]) -> None:
    x = np.ones((6, 5, 4), "float32")
    ours = layers.Dropout(0.5, noise_shape=noise_shape, seed=2)
    theirs = keras.layers.Dropout(0.5, noise_shape=noise_shape, seed=2)
    for output in (ours(x, training=True).numpy(), theirs(x, training=True).numpy()):
        assert set(np.unique(output)) <= {0.0, 2.0}
        for axis, size in enumerate(noise_shape):
            if size == 1:
                assert (output == output.take([0], axis)).all()
    drawn = [ours(x, training=True).numpy() for _ in range(20)]
    assert any(not np.array_equal(drawn[0], other) for other in drawn)
    if noise_shape == (None, 1, None):
        assert any(len(np.unique(output[:, 0])) == 2 for output in drawn)


def test_dropout_draws_anew_at_each_call_and_the_same_for_the_same_seed() -> None:
    x = np.ones((20, 20), "float32")
    one, other = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    first, second = one(x, training=True).numpy(), one(x, training=True).numpy()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(other(x, training=True).numpy(), first)
    assert not np.array_equal(layers.Dropout(0.5, seed=4)(x, training=True).numpy(), first)


def test_dropout_outside_training_changes_nothing() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (5, 5)).astype("float32")
    layer = layers.Dropout(0.5)
    for output in (layer(x), layer(x, training=False), layers.Dropout(0.0)(x, training=True)):
        np.testing.assert_array_equal(output.numpy(), x)
    assert not layers.Dropout(1.0)(x, training=True).numpy().any()


def test_the_gradient_of_dropout_has_the_mask_of_its_result() -> None:
    x = Tensor(np.ones((10, 10), "float32"), requires_grad=True)
    output = layers.Dropout(0.3)(x, training=True)
    output.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), output.numpy())


def passing(name: str, units: int, **arguments: Any) -> Any:
    """A recurrent layer whose output is its (masked) input, or its (masked) state before it."""
    return getattr(layers, name)(
        units, activation="linear", use_bias=True, return_sequences=True, **arguments
    )


def test_input_dropout_is_shared_over_time_and_scaled() -> None:
    units = 40
    layer = passing("SimpleRNN", units, dropout=0.25, seed=5)
    x = np.ones((50, 4, units), "float32")
    layer.build(x.shape)
    layer.set_weights([np.eye(units), np.zeros((units, units)), np.zeros(units)])
    output = layer(x, training=True).numpy()
    assert (output == output[:, :1]).all()
    mask = output[:, 0]
    assert_close(np.unique(mask), np.array([0, 1 / 0.75], "float32"))
    assert within_chance(int((mask != 0).sum()), mask.size, 0.75)
    np.testing.assert_array_equal(layer(x, training=False).numpy(), x)
    assert not np.array_equal(layer(x, training=True).numpy(), output)


def test_recurrent_dropout_is_shared_over_time_and_scaled() -> None:
    units = 40
    layer = passing("SimpleRNN", units, recurrent_dropout=0.5, seed=5)
    x = np.zeros((50, 3, units), "float32")
    layer.build(x.shape)
    layer.set_weights([np.zeros((units, units)), np.eye(units), np.zeros(units)])
    start = np.ones((50, units), "float32")
    output = layer(x, initial_state=[start], training=True).numpy()
    mask = output[:, 0]
    assert set(np.unique(mask)) == {0.0, 2.0}
    assert within_chance(int((mask != 0).sum()), mask.size, 0.5)
    np.testing.assert_array_equal(output[:, 1], mask**2)
    np.testing.assert_array_equal(output[:, 2], mask**3)
    np.testing.assert_array_equal(
        layer(x, initial_state=[start], training=False).numpy(), np.ones_like(output)
    )


def lstm_product(dropout: float, recurrent_dropout: float, use_state: bool) -> np.ndarray:
    """i · c of an LSTM in which both gates are the input (or the state), each with its mask."""
    units = 40
    layer = passing(
        "LSTM",
        units,
        recurrent_activation="linear",
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        seed=5,
    )
    x = np.ones((50, 1, units), "float32")
    layer.build(x.shape)
    eye, nothing = np.eye(units), np.zeros((units, units))
    both = np.concatenate([eye, nothing, eye, nothing], axis=1)
    none = np.zeros_like(both)
    bias = np.concatenate([np.zeros(3 * units), np.ones(units)])
    layer.set_weights([none, both, bias] if use_state else [both, none, bias])
    states = [np.ones((50, units), "float32"), np.zeros((50, units), "float32")]
    return layer(x, initial_state=states, training=True).numpy()[:, 0]


@pytest.mark.parametrize(
    "dropout, recurrent_dropout, use_state, share",
    [
        (0.5, 0.0, False, 0.5),  # one mask for all gates
        (0.5, 0.5, False, 0.25),  # with recurrent dropout a mask for each
        (0.0, 0.5, True, 0.25),
    ],
)
def test_lstm_gates_share_a_mask_without_recurrent_dropout(
    dropout: float, recurrent_dropout: float, use_state: bool, share: float
) -> None:
    product = lstm_product(dropout, recurrent_dropout, use_state)
    assert set(np.unique(product)) == {0.0, 4.0}
    assert within_chance(int((product != 0).sum()), product.size, share)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_carries_the_state_without_its_mask(reset_after: bool) -> None:
    units = 30
    layer = layers.GRU(
        units,
        recurrent_dropout=0.5,
        reset_after=reset_after,
        recurrent_activation="linear",
        activation="linear",
    )
    x = np.zeros((20, 1, units), "float32")
    layer.build(x.shape)
    # z = 1: the new state is the old one, whatever the mask of the recurrent product.
    weights = layer.get_weights()
    bias = np.zeros_like(weights[2])
    (bias[0] if reset_after else bias)[:units] = 1
    recurrent = np.random.default_rng(0).uniform(-1, 1, weights[1].shape)
    recurrent[:, :units] = 0
    layer.set_weights([weights[0], recurrent, bias])
    start = np.random.default_rng(1).uniform(-1, 1, (20, units)).astype("float32")
    np.testing.assert_array_equal(layer(x, initial_state=[start], training=True).numpy(), start)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_recurrent_dropout_is_inactive_outside_training(name: str) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2)).astype("float32")
    layer, plain = (getattr(layers, name)(3, dropout=d, recurrent_dropout=d) for d in (0.5, 0.0))
    layer(x)
    plain(x)
    plain.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(x).numpy(), plain(x).numpy())
    assert not np.array_equal(layer(x, training=True).numpy(), plain(x, training=True).numpy())
    np.testing.assert_array_equal(layer(x, training=False).numpy(), plain(x).numpy())


def test_training_reaches_layers_inside() -> None:
    inner = layers.Dropout(1.0)
    x = np.ones((2, 3, 4), "float32")
    wrapped = layers.TimeDistributed(inner)
    assert wrapped(x, training=False).numpy().all()
    assert not wrapped(x, training=True).numpy().any()
    both = layers.Bidirectional(layers.LSTM(3, dropout=1.0, use_bias=False))
    plain = layers.Bidirectional(layers.LSTM(3, use_bias=False))
    assert both(x).numpy().any()
    plain(x)
    both.set_weights(plain.get_weights())
    np.testing.assert_array_equal(both(x).numpy(), plain(x).numpy())


def test_keras_mask_of_the_moments_is_the_one_carried_by_the_inputs() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2)).astype("float32")
    mask = np.array([[True, True, False, False], [True, False, False, False], [True] * 4])
    ours, theirs = layers.BatchNormalization(), keras.layers.BatchNormalization()
    inputs, known = Tensor(x), backend.convert_to_tensor(x)
    set_mask(inputs, mask)
    backend.set_keras_mask(known, backend.convert_to_tensor(mask))
    assert_close(ours(inputs, training=True).numpy(), theirs(known, training=True).numpy())
    assert_close(ours.moving_mean.numpy(), theirs.moving_mean.numpy())


@pytest.mark.parametrize(
    "layer",
    [
        layers.GaussianNoise(0.5, seed=1),
        layers.GaussianDropout(0.3, seed=1),
        layers.AlphaDropout(0.3, seed=1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_noise_has_the_mean_and_variance_of_its_formula(layer) -> None:
    x = np.random.default_rng(0).standard_normal((400, 500)).astype("float32")
    variance = {"GaussianNoise": 1 + 0.5**2, "GaussianDropout": 1 + 0.3 / 0.7, "AlphaDropout": 1.0}
    noisy = layer(x, training=True).numpy()
    assert noisy.dtype == np.float32
    assert not np.array_equal(noisy, layer(x, training=True).numpy())  # another draw each time
    assert abs(noisy.mean()) < 0.01  # some five standard errors of 200,000 elements
    assert abs(noisy.var() - variance[type(layer).__name__]) < 0.03
    np.testing.assert_array_equal(layer(x).numpy(), x)


def test_noise_has_a_gradient() -> None:
    for layer in (layers.GaussianNoise(0.5), layers.GaussianDropout(0.5), layers.AlphaDropout(0.5)):
        assert gradcheck(lambda x, layer=layer: layer(x, training=True), [np.ones((3, 4)) * 0.7])


def test_alpha_dropout_drops_to_selus_limit_as_keras() -> None:
    ours, theirs = layers.AlphaDropout(0.4, seed=1), keras.layers.AlphaDropout(0.4, seed=1)
    x = np.ones((50, 40), "float32")
    own, expected = ours(x, training=True).numpy(), keras.ops.convert_to_numpy(theirs(x, training=True))
    np.testing.assert_allclose(np.unique(own), np.unique(expected), rtol=1e-6)  # the kept and the dropped value


@pytest.mark.parametrize(
    "name, shape, arguments",
    [
        ("SpatialDropout1D", (40, 5, 30), {}),
        ("SpatialDropout2D", (40, 3, 4, 30), {}),
        ("SpatialDropout2D", (40, 30, 3, 4), {"data_format": "channels_first"}),
        ("SpatialDropout3D", (40, 2, 3, 2, 30), {}),
        ("SpatialDropout3D", (40, 30, 2, 3, 2), {"data_format": "channels_first"}),
    ],
)
def test_spatial_dropout_drops_whole_channels(name: str, shape: tuple[int, ...], arguments: dict[str, Any]) -> None:
    x = np.random.default_rng(0).uniform(1, 2, shape).astype("float32")
    first = "data_format" in arguments
    axes = tuple(range(2, len(shape))) if first else tuple(range(1, len(shape) - 1))
    for library in (layers, keras.layers):
        layer = getattr(library, name)(0.25, seed=3, **arguments)
        output = keras.ops.convert_to_numpy(layer(x, training=True))
        kept = output != 0
        channels = kept.any(axis=axes, keepdims=True)
        np.testing.assert_array_equal(kept, np.broadcast_to(channels, shape))
        assert_close(output[kept], (x / np.float32(0.75))[kept], tolerance=1e-6)
        assert within_chance(int(channels.sum()), channels.size, 0.75)
        assert not np.array_equal(keras.ops.convert_to_numpy(layer(x, training=True)), output)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), x)


@given(data=st.data())
def test_spectral_normalization_follows_keras_through_steps_of_training(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["Dense", "Conv2D", "Embedding"]))
    inner: dict[str, dict[str, Any]] = {
        "Dense": {"units": 3}, "Conv2D": {"filters": 2, "kernel_size": 2},
        "Embedding": {"input_dim": 4, "output_dim": 3},
    }  # fmt: skip
    shape = {"Dense": (2, 4), "Conv2D": (2, 3, 3, 2), "Embedding": (2, 3)}[name]
    generator = np.random.default_rng(data.draw(seeds))
    inputs = generator.integers(0, 4, shape) if name == "Embedding" else generator.uniform(-1, 1, shape)
    wide = {"dtype": "float64"}
    case = Case(
        "SpectralNormalization",
        {"layer": Inner(name, {**inner[name], **wide}), "power_iterations": data.draw(st.integers(1, 3)), **wide},
        inputs.astype("float64"), weights_seed=data.draw(seeds),
    )  # fmt: skip
    forget_names()
    ours, theirs = our_layer(case), keras_layer(case)
    for training in (True, True, False, True):
        found, expected = our_call(case, ours, training=training), keras_call(case, theirs, training=training)
        assert_close(found.numpy(), expected.numpy(), tolerance=1e-9)
        for own, known in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            assert_close(own, known, tolerance=1e-9)


def test_spectral_normalization_brings_the_largest_singular_value_to_one() -> None:
    layer = layers.SpectralNormalization(layers.Dense(5), power_iterations=50)
    layer(np.ones((1, 7), "float32"), training=True)
    singular = np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)
    assert abs(singular[0] - 1) < 1e-3
    layer.layer.kernel.assign(np.zeros((7, 5)))
    layer(np.ones((1, 7), "float32"), training=True)  # nothing to divide by
    assert not layer.layer.kernel.numpy().any()
    assert layer.trainable_weights == layer.layer.trainable_weights
