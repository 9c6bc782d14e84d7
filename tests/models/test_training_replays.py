"""Training steps that skip the Python of the layers train as the layers do, or are not made."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import Tensor, layers, ops
from tinynet.autograd.replay import RecordedReplay
from tinynet.autograd.tensor import wrap
from tinynet.autograd.tracing import tracing
from tinynet.errors import AnomalyError, DataError, GraphError

IMAGE, SEQUENCE, VECTOR = (6, 7, 3), (5, 4), (6,)


def residual() -> Any:
    """A layer called twice, and what goes past it."""
    x = layers.Input(VECTOR)
    dense = layers.Dense(6, "tanh")
    y = layers.Add()([x, dense(layers.Dropout(0.3, seed=2)(dense(x)))])
    return tinynet.Model(x, layers.Dense(3, "softmax")(layers.Concatenate()([x, y])))


def frozen(layer: Any) -> Any:
    layer.trainable = False
    return layer


# Layers before a softmax, the shape of a sample, whether the way of a training step can be kept.
STACKS: list[tuple[str, Callable[[], list[Any]], tuple[int, ...], bool]] = [
    ("dense", lambda: [layers.Dense(4, "relu"), layers.LayerNormalization()], VECTOR, True),
    ("dropout", lambda: [layers.Dense(4, "tanh"), layers.Dropout(0.5, seed=1), layers.Dense(4)], VECTOR, True),
    ("noise", lambda: [layers.GaussianNoise(0.5, seed=1), layers.GaussianDropout(0.2, seed=2)], VECTOR, True),
    ("penalty of weights", lambda: [layers.Dense(4, kernel_regularizer="l2")], VECTOR, True),
    ("frozen", lambda: [layers.Dense(4), frozen(layers.Dense(3)), frozen(layers.BatchNormalization())], VECTOR, True),
    ("first frozen", lambda: [frozen(layers.Dense(4)), layers.Dense(3)], VECTOR, True),
    ("pooled convolution", lambda: [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten()],
     IMAGE, True),
    ("convolutions", lambda: [layers.Conv2D(4, 3, padding="same"), layers.ReLU(), layers.GlobalAveragePooling2D()],
     IMAGE, True),
    ("spatial dropout", lambda: [layers.SpatialDropout2D(0.5, seed=3), layers.Flatten()], IMAGE, True),
    ("simple rnn", lambda: [layers.SimpleRNN(3, return_sequences=True), layers.SimpleRNN(2, dropout=0.3, seed=1)],
     SEQUENCE, True),
    ("lstm", lambda: [layers.LSTM(3, dropout=0.2, recurrent_dropout=0.3, seed=4)], SEQUENCE, True),
    ("gru", lambda: [layers.GRU(3, recurrent_dropout=0.3, seed=4), layers.Dense(2)], SEQUENCE, True),
    ("both directions", lambda: [layers.Bidirectional(layers.LSTM(3, dropout=0.5, seed=1))], SEQUENCE, True),
    ("masked steps", lambda: [layers.Masking(0.0), layers.Bidirectional(layers.GRU(3))], SEQUENCE, True),
    ("nested", lambda: [tinynet.Sequential([layers.Dense(3, "gelu"), layers.Dropout(0.1, seed=1)])], VECTOR, True),
    # What may differ from one step to the next.
    ("moving statistics", lambda: [layers.BatchNormalization()], VECTOR, False),
    ("a state", lambda: [layers.LSTM(3, stateful=True)], SEQUENCE, False),
    ("an activation of one's own", lambda: [layers.Dense(3, activation=lambda x: x * 2)], VECTOR, False),
    ("a penalty on results", lambda: [layers.Dense(3, activity_regularizer="l2")], VECTOR, False),
]  # fmt: skip


def in_sequence(shape: tuple[int, ...], made: Callable[[], list[Any]]) -> Any:
    return tinynet.Sequential([layers.Input(batch_shape=(4, *shape)), *made(), layers.Dense(3, "softmax")])


def data(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((4, *shape)).astype("float32")
    x[seed % 3, seed % 5 :] = 0  # what a mask hides is elsewhere each time
    return x, rng.integers(0, 3, 4)


def ways(model: Any) -> list[Any]:
    """The ways that are known, without None for shapes that have none."""
    return [way for way in model._training_replays._ways.values() if way is not None]


Batches = list[tuple[np.ndarray, np.ndarray]]


def trained(make: Callable[[], Any], batches: Batches, known: bool) -> tuple[Any, list[float]]:
    """A model trained on some batches, with or without the ways that it knows; the losses."""
    tinynet.utils.set_random_seed(7)
    model = make()
    model.compile("adam", "sparse_categorical_crossentropy")
    if not known:
        model._training_replays.again = lambda x, training: None
    return model, [model.train_on_batch(*batch) for batch in batches]


def trained_alike(make: Callable[[], Any], batches: Batches) -> Any:
    """A model trained by the ways that it knows, after seeing that one that knows none comes to the same."""
    model, losses = trained(make, batches, known=True)
    ordinary, expected = trained(make, batches, known=False)
    assert losses == expected
    assert bool(ways(model)) == bool(ways(ordinary))
    for one, other in zip(model.get_weights(), ordinary.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    return model


def several(shape: tuple[int, ...]) -> Batches:
    return [data(shape, seed) for seed in range(5)]


@pytest.mark.parametrize(("made", "shape", "kept"), [case[1:] for case in STACKS], ids=[case[0] for case in STACKS])
def test_equals_the_ordinary_way(made: Callable[[], list[Any]], shape: tuple[int, ...], kept: bool) -> None:
    model = trained_alike(functools.partial(in_sequence, shape, made), several(shape))
    assert bool(ways(model)) == kept


def test_functional_models() -> None:
    assert ways(trained_alike(residual, several(VECTOR)))


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.parametrize("mask_zero", [False, True])
def test_ids_of_words(dtype: str, mask_zero: bool) -> None:
    def make() -> Any:
        return tinynet.Sequential(
            [layers.Input((5,), dtype=dtype), layers.Embedding(9, 4, mask_zero=mask_zero), layers.LSTM(3),
             layers.Dense(3, "softmax")]
        )  # fmt: skip

    rng = np.random.default_rng(0)
    batches = [(rng.integers(0, 9, (4, 5)), rng.integers(0, 3, 4)) for _ in range(4)]
    model = trained_alike(make, batches)
    assert ways(model)
    wrong = batches[0][0].copy()
    wrong[2, 3] = 9
    with pytest.raises(DataError, match=r"Embedding 'embedding.*index 9 "):
        model.train_on_batch(wrong, batches[0][1])


def test_a_layer_that_is_frozen_in_between() -> None:
    """Setting an attribute of a layer is noticed, and so is a variable of which no gradient is wanted any more."""
    model = in_sequence(VECTOR, lambda: [layers.Dense(4), layers.Dense(4)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    first, second = model.layers[:2]

    def changed() -> list[bool]:
        before = model.get_weights()
        model.train_on_batch(*data(VECTOR, 0))
        model.train_on_batch(*data(VECTOR, 1))
        return [not np.array_equal(b, now) for b, now in zip(before, model.get_weights(), strict=True)]

    assert changed() == [True] * 6
    first.trainable = False
    assert changed() == [False] * 2 + [True] * 4
    second.kernel.trainable = False
    assert changed() == [False] * 3 + [True] * 3
    first.trainable = True
    assert changed() == [True] * 2 + [False] + [True] * 3


def test_other_shapes_have_ways_of_their_own() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = data(VECTOR, 0)
    history = model.fit(np.concatenate([x] * 3)[:10], np.concatenate([y] * 3)[:10], 4, epochs=3, verbose=0)
    assert len(ways(model)) == 2
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_the_metrics_of_an_own_loss_see_what_the_layers_gave() -> None:
    class Model(tinynet.Sequential):
        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Tensor:
            seen.append(y_pred.numpy())
            return super().compute_loss(x, y, y_pred, sample_weight, training)

    seen: list[np.ndarray] = []
    model = Model([layers.Input(VECTOR), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for seed in range(3):
        expected = model(data(VECTOR, seed)[0]).numpy()
        model.train_on_batch(*data(VECTOR, seed))
        np.testing.assert_array_equal(seen[-1], expected)


def test_anomalies_are_still_looked_for() -> None:
    model = in_sequence(VECTOR, lambda: [layers.Dense(4, name="large", kernel_initializer="ones")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for _ in range(2):
        model.train_on_batch(*data(VECTOR, 0))
    x, y = data(VECTOR, 0)
    with np.errstate(all="ignore"), tinynet.detect_anomaly(), pytest.raises(AnomalyError, match="large"):
        model.train_on_batch(x + np.float32(3e38), y)


# The replay itself, of a function of one's own.


def recorded(function: Callable[[Tensor], Tensor], x: np.ndarray) -> RecordedReplay:
    with tracing(x) as trace:
        result = function(wrap(x))
    steps = trace.steps_to(result._data)
    assert steps is not None
    return RecordedReplay(steps)


W = np.random.default_rng(1).standard_normal((6, 3)).astype("float32")


def gradients(function: Callable[[], Tensor], w: Any, **options: Any) -> np.ndarray:
    w.zero_grad()
    function().backward(**options)
    return w.grad.numpy()


def test_gradients_of_gradients() -> None:
    w = tinynet.Variable(W)
    x = data(VECTOR, 0)[0]

    def ordinary(x: Tensor) -> Tensor:
        y = ops.tanh(x @ w)
        return y * ops.stop_gradient(y) * ops.sum(w, keepdims=True)

    again = recorded(ordinary, x)
    found = []
    for function in (lambda: again(x)[0], lambda: ordinary(tinynet.Tensor(x))):
        w.zero_grad()
        (function() ** 2).sum().backward(create_graph=True)
        first = w.grad
        w.zero_grad()
        (first**2).sum().backward()
        found.append((first.numpy(), w.grad.numpy()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_graph_is_freed_or_kept() -> None:
    w = tinynet.Variable(W)
    x = data(VECTOR, 0)[0]
    again = recorded(lambda x: ops.exp(x @ w), x)
    total = again(x)[0].sum()
    total.backward(retain_graph=True)
    once = w.grad.numpy()
    total.backward()
    np.testing.assert_array_equal(w.grad.numpy(), 2 * once)
    with pytest.raises(GraphError, match="has been freed"):
        total.backward()


def test_a_variable_changed_before_the_way_back() -> None:
    w = tinynet.Variable(W)
    x = data(VECTOR, 0)[0]
    again = recorded(lambda x: ops.exp(x @ w), x)
    total = again(x)[0].sum()
    w.assign(W * 2)
    with pytest.raises(GraphError, match="was changed in place"):
        total.backward()


def test_several_results_of_an_operation() -> None:
    """Of which some are used twice, and some not at all."""
    w = tinynet.Variable(W)
    x = data(VECTOR, 0)[0]

    def function(x: Tensor) -> Tensor:
        a, _, c = ops.unstack(x @ w, axis=1)
        return a * c + ops.stop_gradient(ops.sin(c)) * a

    again = recorded(function, x)
    for seed in range(2):
        given = data(VECTOR, seed)[0]
        expected = gradients(lambda g=given: function(tinynet.Tensor(g)).sum(), w)
        np.testing.assert_array_equal(gradients(lambda g=given: again(g)[0].sum(), w), expected)


def test_one_array_in_two_places_is_not_replayed() -> None:
    """Only the tensors around it tell which way a gradient takes, and a trace knows them by their arrays."""
    w, x = tinynet.Variable(W), data(VECTOR, 0)[0]
    with tracing(x) as trace:
        given = wrap(x)
        y = given @ w
        trace.note_recorded(y._node, [given, w], [x, w._data], y._data)  # as if an operation gave its input back
    assert trace.steps_to(y._data) is None


def test_variables_that_no_cotangent_reaches_get_none() -> None:
    w, other = tinynet.Variable(W), tinynet.Variable(W)
    x = data(VECTOR, 0)[0]
    again = recorded(lambda x: (x @ w) * ops.stop_gradient(x @ other), x)
    again(x)[0].sum().backward()
    assert w.grad is not None
    assert other.grad is None
