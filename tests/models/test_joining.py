"""A convolution and a max pooling computed as one operation: the same numbers, and only where nobody could tell."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twins import forget_names

import tinynet
from tinynet import Tensor, layers
from tinynet.errors import ShapeError
from tinynet.layers.base import noting_calls
from tinynet.models import joining
from tinynet.models.joining import Joined

IMAGES = np.random.default_rng(0).standard_normal((5, 13, 12, 3)).astype("float32")
LABELS = np.array([0, 1, 2, 0, 1])


def stack(library: Any = tinynet, **first: Any) -> list[Any]:
    return [
        library.layers.Conv2D(17, 3, **{"activation": "relu", **first}),
        library.layers.MaxPooling2D(),
        library.layers.Conv2D(16, 3, padding="same", activation="relu"),
        library.layers.MaxPooling2D(3, strides=2, padding="same"),
        library.layers.Flatten(),
        library.layers.Dense(3, activation="softmax"),
    ]


def chained(parts: list[Any]) -> Any:
    return tinynet.Sequential([layers.Input(IMAGES.shape[1:]), *parts])


def as_graph(parts: list[Any]) -> Any:
    x = first = layers.Input(IMAGES.shape[1:])
    for part in parts:
        x = part(x)
    return tinynet.Model(first, x)


def pairs(model: Any) -> list[Joined]:
    """The pairs of a model of either kind."""
    found = model._joined()
    return [part for part in found if isinstance(part, Joined)] if type(found) is list else [p for _, p in found.values()]


def seeded(parts: Any) -> Any:
    tinynet.utils.set_random_seed(1)
    model = parts()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("kind", [chained, as_graph])
def test_training_is_the_same(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for apart in (False, True):
        if apart:
            monkeypatch.setattr(joining, "join", lambda first, second: None)
        model = seeded(lambda: kind(stack()))
        assert len(pairs(model)) == (0 if apart else 2)
        losses = [model.train_on_batch(IMAGES, LABELS) for _ in range(5)]
        results.append([losses, model.predict(IMAGES, verbose=0), model(IMAGES).numpy(), *model.get_weights()])
    for joined, expected in zip(*results, strict=True):
        np.testing.assert_allclose(joined, expected, rtol=1e-4, atol=1e-5)


def test_predictions_are_those_of_keras() -> None:
    forget_names()
    ours, theirs = chained(stack()), keras.Sequential([keras.Input(IMAGES.shape[1:]), *stack(keras)])
    theirs.set_weights(ours.get_weights())
    for batch in (IMAGES, IMAGES[:1]):
        expected = theirs.predict(batch, verbose=0)
        for _ in range(2):  # the second prediction replays the first
            np.testing.assert_allclose(ours.predict(batch, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert len(pairs(ours)) == 2


@given(
    rank=st.sampled_from([1, 2, 3]), filters=st.integers(1, 4), padding=st.sampled_from(["valid", "same"]),
    pool=st.fixed_dictionaries({
        "pool_size": st.integers(1, 3), "strides": st.sampled_from([None, 1, 2]),
        "padding": st.sampled_from(["valid", "same"]),
    }),
    bias=st.booleans(), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_two_layers(rank: int, filters: int, padding: str, pool: dict[str, Any], bias: bool, seed: int) -> None:
    convolution = (layers.Conv1D, layers.Conv2D, layers.Conv3D)[rank - 1](
        filters, 2, padding=padding, activation="relu", use_bias=bias, bias_initializer="glorot_normal", dtype="float64"
    )
    pooling = (layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D)[rank - 1](**pool, dtype="float64")
    x = Tensor(np.random.default_rng(seed).standard_normal((2, *(5, 6, 4)[:rank], 2)), requires_grad=True)
    apart = pooling(convolution(x))
    joined = joining.join(convolution, pooling)
    assert joined is not None
    together = joined(x)
    np.testing.assert_allclose(together.numpy(), apart.numpy(), rtol=1e-12, atol=1e-12)
    gradients = []
    for result in (apart, together):
        for tensor in (x, *convolution.trainable_weights):
            tensor.zero_grad()
        (result * result).sum().backward()
        gradients.append([np.asarray(tensor.grad) for tensor in (x, *convolution.trainable_weights)])
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


class OwnConvolution(layers.Conv2D):
    """One that may do something else."""


class OwnPooling(layers.MaxPooling2D):
    """One that may do something else."""


def one_that_says_what_it_takes() -> Any:
    layer = layers.MaxPooling2D()
    layer.input_spec = layers.InputSpec(shape=(5, 10, 10, 4))
    return layer


def an_object_with_a_call_of_its_own() -> Any:
    layer = layers.Conv2D(4, 3, activation="relu")
    layer.call = lambda inputs: inputs
    return layer


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (layers.Conv2D(4, 3), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation="elu"), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation=lambda x: x * 2), layers.MaxPooling2D()),
        (layers.Conv2D(6, 3, groups=3, activation="relu"), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation="relu", activity_regularizer="l2"), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation="relu", data_format="channels_first"), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(data_format="channels_first")),
        (layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(dtype="float64")),
        (layers.Conv2D(4, 3, activation="relu"), layers.AveragePooling2D(2)),
        (layers.Conv2D(4, 3, activation="relu"), OwnPooling()),
        (OwnConvolution(4, 3, activation="relu"), layers.MaxPooling2D()),
        (an_object_with_a_call_of_its_own(), layers.MaxPooling2D()),
        (layers.Conv2D(4, 3, activation="relu"), one_that_says_what_it_takes()),
        (layers.DepthwiseConv2D(3, activation="relu"), layers.MaxPooling2D()),
        (layers.Conv2DTranspose(4, 3, activation="relu"), layers.MaxPooling2D()),
        (layers.MaxPooling2D(), layers.Conv2D(4, 3, activation="relu")),
    ],
)
def test_what_stays_apart(first: Any, second: Any) -> None:
    first.build((None, 12, 12, 3))
    assert joining.join(first, second) is None


def test_a_layer_without_weights_stays_apart() -> None:
    assert joining.join(layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D()) is None


def test_what_another_looks_at_stays_apart() -> None:
    x = layers.Input((8, 8, 3))
    seen = layers.Conv2D(4, 3, activation="relu")(x)
    pooled = layers.MaxPooling2D()(seen)
    assert len(pairs(tinynet.Model(x, pooled))) == 1
    assert pairs(tinynet.Model(x, [pooled, seen])) == []
    elsewhere = layers.Concatenate(axis=1)([layers.Flatten()(pooled), layers.Flatten()(seen)])
    assert pairs(tinynet.Model(x, elsewhere)) == []
    assert len(pairs(tinynet.Model(x, pooled))) == 1  # calls outside of the model do not count


def test_changes_are_seen() -> None:
    model = chained(stack())
    assert len(pairs(model)) == 2
    model.layers[0].activation = tinynet.activations.get("tanh")
    assert len(pairs(model)) == 1
    while len(model.layers) > 2:
        model.pop()
    assert pairs(model) == []
    model.layers[0].activation = tinynet.activations.get("relu")
    assert len(pairs(model)) == 1
    np.testing.assert_allclose(model(IMAGES).numpy(), model.layers[1](model.layers[0](IMAGES)).numpy(), rtol=1e-5)


def test_calls_are_noted_one_by_one() -> None:
    model = chained(stack())
    with noting_calls() as noted:
        model(IMAGES)
    assert [call.layer for call in noted] == [*model.layers, model]


def test_a_mask_goes_its_way() -> None:
    model = tinynet.Sequential([
        layers.Input((6, 3)), layers.Masking(), layers.Conv1D(4, 1, activation="relu"), layers.MaxPooling1D()
    ])  # fmt: skip
    x = np.ones((2, 6, 3), "float32")
    x[:, 4:] = 0
    expected = model.layers[2](model.layers[1](model.layers[0](x)))
    assert len(pairs(model)) == 1
    np.testing.assert_array_equal(model(x, training=True).numpy(), expected.numpy())


def test_errors_name_the_layer() -> None:
    x = first = layers.Input((None, None, 3))
    for part in (layers.Conv2D(4, 3, activation="relu", name="narrow"), layers.MaxPooling2D(4, name="wide")):
        x = part(x)
    model = tinynet.Model(first, x)
    assert len(pairs(model)) == 1
    with pytest.raises(ShapeError, match=r"MaxPooling2D 'wide'.*does not fit"):
        model(np.ones((1, 5, 5, 3), "float32"))
    with pytest.raises(ShapeError, match=r"Conv2D 'narrow'.*does not fit"):
        model(np.ones((1, 2, 2, 3), "float32"))


def test_second_derivatives() -> None:
    model = tinynet.Sequential([layers.Input((6, 6, 2)), layers.Conv2D(3, 2, activation="relu"), layers.MaxPooling2D()])
    assert len(pairs(model)) == 1
    x, results = np.random.default_rng(2).standard_normal((1, 6, 6, 2)).astype("float32"), []
    for call in (model, lambda x: model.layers[1](model.layers[0](x))):
        slope = tinynet.grad(lambda x, call=call: (call(x) ** 3).sum())
        bend = tinynet.grad(lambda x, slope=slope: (slope(x) ** 2).sum())
        results.append((slope(x).numpy(), bend(x).numpy()))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
