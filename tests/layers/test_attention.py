"""Attention where the walkers do not reach: whole models, masks on the way, dropout, symbolic shapes, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import backend
from twins import forget_names, random_weights

import tinynet
from tinynet import Tensor, layers
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.errors import ArgumentError, FileFormatError, ShapeError
from tinynet.models import load_model, model_from_json

WORDS = np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0], [6, 7, 8, 1, 2]])


def transformer(library: Any) -> Any:
    """A block of a transformer, with an encoder and a decoder that attends to it, over padded words."""
    layers = library.layers
    words, other = layers.Input((5,), dtype="int32", name="words"), layers.Input((4, 6), name="other")
    x = layers.Embedding(9, 6, mask_zero=True)(words)
    y = layers.MultiHeadAttention(2, 3, name="own")(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.MultiHeadAttention(2, 4, value_dim=2, use_gate=True, name="across")(query=x, value=other, key=other)
    x = layers.LayerNormalization()(layers.add([x, y]))
    y = layers.EinsumDense("abc,cd->abd", (None, 8), activation="relu", bias_axes="d")(x)
    x = layers.concatenate([x, layers.Attention(use_scale=True)([y, layers.EinsumDense("...c,cd->...d", 8)(other)])])
    x, weights = layers.MultiHeadAttention(1, 2, output_shape=3, name="seen")(x, other, return_attention_scores=True)
    z = layers.AdditiveAttention()([x, layers.Dense(3)(other)])
    mean = layers.GlobalAveragePooling1D()(layers.average([x, z]))
    return library.Model([words, other], [mean, weights], name="transformer")


def twins() -> tuple[Any, Any]:
    forget_names()
    ours, theirs = transformer(tinynet), transformer(keras)
    assert [(w.path, tuple(w.shape)) for w in ours.weights] == [(w.path, tuple(w.shape)) for w in theirs.weights]
    ours.set_weights(random_weights(ours))
    theirs.set_weights(ours.get_weights())
    return ours, theirs


OTHER = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")


def same_results(ours: Any, theirs: Any) -> None:
    for own, expected in zip(ours([WORDS, OTHER]), theirs([WORDS, OTHER]), strict=True):
        np.testing.assert_allclose(own.numpy(), expected.numpy(), rtol=2e-5, atol=2e-6)


def test_a_transformer_goes_through_files_both_ways(tmp_path: Path) -> None:
    ours, theirs = twins()
    same_results(ours, theirs)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert ours.output_shape == [(None, 3), (None, 1, 5, 4)]
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    same_results(load_model(tmp_path / "theirs.keras"), theirs)
    same_results(ours, keras.saving.load_model(tmp_path / "ours.keras"))
    clone = tinynet.models.clone_model(ours)
    clone.set_weights(ours.get_weights())
    same_results(clone, theirs)


def test_gradients_of_a_transformer() -> None:
    ours, theirs = twins()
    (ours([WORDS, OTHER])[0] ** 2).sum().backward()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(theirs([WORDS, OTHER])[0] ** 2)
    expected = tape.gradient(total, [weight.value for weight in theirs.weights])
    for weight, known in zip(ours.weights, expected, strict=True):
        known = tf.convert_to_tensor(known).numpy()
        tolerance = 1e-4 * max(np.abs(known).max(), 1e-3)
        np.testing.assert_allclose(weight.grad.numpy(), known, atol=tolerance, err_msg=weight.path)


def tensors(library: Any, masks: list[Any]) -> list[Any]:
    """Three sequences, some with masks."""
    made = []
    for i, mask in enumerate(masks):
        x = np.random.default_rng(i).normal(size=(3, 5, 4)).astype("float32")
        made.append(Tensor(x) if library is layers else backend.convert_to_tensor(x))
        if mask is not None:
            set_mask(made[-1], mask) if library is layers else backend.set_keras_mask(made[-1], mask)
    return made


@pytest.mark.parametrize("scores", [True, False])
def test_masks_come_off_the_inputs_and_onto_the_result(scores: bool) -> None:
    mask = WORDS > 0
    found = []
    for library, get in ((layers, mask_of), (keras.layers, backend.get_keras_mask)):
        inputs = tensors(library, [mask, mask, mask])
        output = library.MultiHeadAttention(1, 2)(*inputs, return_attention_scores=scores)
        found.append([get(x) is None for x in inputs] + [np.asarray(get(output[0] if scores else output)).tolist()])
    assert found[0] == found[1] == [True, True, True, mask.tolist()]


def test_a_step_that_sees_nothing() -> None:
    # Keras takes two ways, and they differ here: the shorter one gives the mean of all values, the other 0.
    for library in (layers, keras.layers):
        x = np.random.default_rng(0).normal(size=(1, 3, 2)).astype("float32")
        layer = library.MultiHeadAttention(1, 2, use_bias=False)
        hidden = np.zeros((1, 3, 3), bool)
        short = np.asarray(layer(x, x, attention_mask=hidden))
        long, weights = layer(x, x, attention_mask=hidden, return_attention_scores=True)
        assert short.any() and not np.asarray(long).any() and not np.asarray(weights).any()
        np.testing.assert_allclose(short, np.broadcast_to(short[:, :1], short.shape), rtol=1e-5)


def test_causal_attention_does_not_see_what_comes() -> None:
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    changed = x.copy()
    changed[:, 4:] = 9
    heads, one = layers.MultiHeadAttention(2, 3), layers.Attention()
    for layer in (lambda v: heads(v, v, use_causal_mask=True), lambda v: one([v, v], use_causal_mask=True)):
        np.testing.assert_array_equal(layer(x).numpy()[:, :4], layer(changed).numpy()[:, :4])
        assert not np.array_equal(layer(x).numpy()[:, 4:], layer(changed).numpy()[:, 4:])


@pytest.mark.parametrize("make", [
    lambda: layers.Attention(dropout=0.25, seed=1),
    lambda: layers.AdditiveAttention(use_scale=False, dropout=0.25, seed=1),
    lambda: layers.MultiHeadAttention(2, 3, dropout=0.25, seed=1),
])  # fmt: skip
def test_weights_are_dropped_in_training(make: Any) -> None:
    layer, x = make(), np.random.default_rng(0).normal(size=(8, 20, 4)).astype("float32")
    inputs = (x, x) if isinstance(layer, layers.MultiHeadAttention) else ([x, x],)
    output, weights = layer(*inputs, return_attention_scores=True, training=True)
    _, undisturbed = layer(*inputs, return_attention_scores=True)
    if isinstance(layer, layers.MultiHeadAttention):  # as in Keras, the weights that it shows are those before
        np.testing.assert_allclose(weights.numpy(), undisturbed.numpy(), rtol=1e-6)
        assert not np.allclose(output.numpy(), layer(*inputs, return_attention_scores=True, training=True)[0].numpy())
        return
    kept = weights.numpy() != 0
    assert abs(kept.mean() - 0.75) < 0.04
    np.testing.assert_allclose(weights.numpy()[kept], (undisturbed.numpy() / 0.75)[kept], rtol=1e-5)


def test_symbolic_results_with_their_weights() -> None:
    query, value = layers.Input((5, 4)), layers.Input((3, 4))
    for results in (
        layers.Attention()([query, value], return_attention_scores=True),
        layers.AdditiveAttention()([query, value, value], return_attention_scores=True),
    ):
        assert [x.shape for x in results] == [(None, 5, 4), (None, 5, 3)]
    heads = layers.MultiHeadAttention(2, 3)(query, value, return_attention_scores=True)
    assert [x.shape for x in heads] == [(None, 5, 4), (None, 2, 5, 3)]
    image, other = layers.Input((2, 5, 4)), layers.Input((2, 3, 7))
    heads = layers.MultiHeadAttention(2, 3, attention_axes=2)(image, other, return_attention_scores=True)
    assert [x.shape for x in heads] == [(None, 2, 5, 4), (None, 2, 2, 5, 3)]
    model = tinynet.Model([image, other], heads)
    found = model([np.ones((1, 2, 5, 4), "float32"), np.ones((1, 2, 3, 7), "float32")])
    assert [x.shape for x in found] == [(1, 2, 5, 4), (1, 2, 2, 5, 3)]


def test_each_projection_has_the_activity_regularizer() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    ours = layers.MultiHeadAttention(2, 3, activity_regularizer="l2")
    theirs = keras.layers.MultiHeadAttention(2, 3, activity_regularizer="l2")
    ours(x, x), theirs(x, x)
    theirs.set_weights(ours.get_weights())
    theirs(x, x)
    assert len(ours.losses) == 4
    np.testing.assert_allclose(
        sorted(loss.item() for loss in ours.losses), sorted(float(v) for v in theirs.losses[-4:]), rtol=1e-5
    )


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, "float32")


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: layers.Attention(name="a")(ones(2, 3, 4)), r"Attention 'a': expected a list \[query, value\]"),
        (lambda: layers.Attention()([ones(2, 3, 4)]), r"expected a list \[query, value\] or .* received 1"),
        (lambda: layers.Attention()([ones(2, 3), ones(2, 3)]),
         r"expected inputs \(N, …, T, D\), received shape \(2, 3\)"),
        (lambda: layers.Attention()([ones(2, 3, 4), ones(2, 3, 5)]), r"expected a query \(N, T, D\), a value"),
        (lambda: layers.Attention()([ones(2, 3, 4), ones(1, 3, 4)]), r"expected a query \(N, T, D\), a value"),
        (lambda: layers.Attention()([ones(2, 3, 4)] * 2, mask=[ones(2, 3)]), r"expected masks as a list"),
        (lambda: layers.Attention()([ones(2, 3, 4)] * 2, mask=[None, ones(2, 5)]),
         r"a mask of shape \(2, 1, 5\) does not fit"),
        (lambda: layers.Attention()([ones(2, 3, 4)] * 2, mask=[ones(2, 5), None]),
         r"a mask of shape \(2, 5, 1\) does not fit"),
        (lambda: layers.AdditiveAttention().build([(2, 3, None), (2, 3, None)]),
         r"size of the last axis must be known"),
        (lambda: layers.MultiHeadAttention(1, 2)(ones(2, 3), ones(2, 3)), r"expected inputs \(N, …, T, D\), received"),
        (lambda: layers.MultiHeadAttention(1, 2)(ones(2, 3, 4), ones(2, 3, 4, 5)), r"need equally many axes"),
        (lambda: layers.MultiHeadAttention(1, 2)(ones(2, 3, 4), ones(4, 3, 4)), r"may differ in their last axes only"),
        (lambda: layers.MultiHeadAttention(1, 2)(ones(2, 3, 4), ones(2, 3, 4), ones(2, 5, 4)),
         r"may differ in their last"),
        (lambda: layers.MultiHeadAttention(1, 2)(ones(2, 3, 4), ones(2, 5, 4), attention_mask=ones(2, 3, 3)),
         r"a mask of shape \(2, 3, 3\) does not fit the attention's weights, \(2, 1, 3, 5\)"),
        (lambda: layers.MultiHeadAttention(1, 2)(
            ones(2, 3, 4), ones(2, 5, 4), value_mask=ones(2, 4), use_causal_mask=True),
         r"masks of shapes \[\(2, 1, 4\), \(1, 3, 5\)\] do not fit together"),
        (lambda: later(layers.MultiHeadAttention(1, 2)), r"EinsumDense 'query': received shape \(2, 3, 5\)"),
    ],
)  # fmt: skip
def test_inputs_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def later(layer: Any) -> Any:
    layer(ones(2, 3, 4), ones(2, 3, 4))
    return layer(ones(2, 3, 5), ones(2, 3, 4))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Attention(score_mode="dott"), r"unknown score_mode 'dott'. Did you mean 'dot'"),
        (lambda: layers.Attention(dropout=2), r"expected dropout between 0 and 1"),
        (lambda: layers.AdditiveAttention(score_mode="dot"), r"score_mode"),
        (lambda: layers.MultiHeadAttention(0, 2), r"expected num_heads to be a whole number >= 1, received 0"),
        (lambda: layers.MultiHeadAttention(2, 2.0), r"expected key_dim to be a whole number >= 1, received 2.0"),
        (lambda: layers.MultiHeadAttention(2, 2, value_dim=0), r"expected value_dim to be a whole number >= 1"),
        (lambda: layers.MultiHeadAttention(2, 2, output_shape="a"),
         r"expected each of output_shape to be a whole number"),
        (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0),
         r"expected sliding_window to be a whole number >= 1"),
        (lambda: layers.MultiHeadAttention(2, 2, flash_attention=True), r"flash_attention=True is not supported"),
        (lambda: layers.MultiHeadAttention(2, 2, attention_axes=0)(ones(2, 3, 4), ones(2, 3, 4)), r"among 1 to 1"),
        (lambda: layers.MultiHeadAttention(2, 2, attention_axes=[1, 1])(ones(2, 3, 4), ones(2, 3, 4)), r"among 1 to 1"),
    ],
)  # fmt: skip
def test_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    "settings", [{"num_heads": 10**9, "key_dim": 10**9}, {"attention_axes": [0]}, {"output_shape": [2] * 99}]
)
def test_configurations_that_no_memory_holds(settings: dict[str, Any], tmp_path: Path) -> None:
    x = layers.Input((3, 4))
    model = tinynet.Model(x, layers.MultiHeadAttention(1, 2)(x, x))
    model.save(tmp_path / "m.keras")
    config = model.get_config()
    config["layers"][-1]["config"].update(settings)
    described = {"module": "keras.src.models.functional", "class_name": "Functional", "config": config,
                 "registered_name": "Functional"}  # fmt: skip
    with pytest.raises(FileFormatError, match="MultiHeadAttention|EinsumDense"):
        model_from_json(json.dumps(described))
