"""Predictions that skip the Python of the layers give what the layers give, or are not made."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest

import tinynet
from tinynet import Tensor, kernels, layers, losses
from tinynet.autograd.replay import Replay
from tinynet.autograd.tags import logits_of, mask_of
from tinynet.autograd.tracing import Trace, tracing
from tinynet.errors import DataError
from tinynet.kernels.calls import make, run
from tinynet.models.replays import replayable

IMAGE, SEQUENCE, VECTOR = (6, 7, 3), (5, 4), (6,)

# Layers, the shape of a sample, whether the way of a prediction can be kept.
STACKS: list[tuple[str, list[Any], tuple[int, ...], bool]] = [
    ("dense", [layers.Dense(4, "relu"), layers.Dense(3, "softmax")], VECTOR, True),
    ("dense along time", [layers.Dense(4, "tanh", use_bias=False)], SEQUENCE, True),
    ("activations", [layers.ReLU(), layers.LeakyReLU(), layers.ELU(), layers.Softmax()], VECTOR, True),
    ("convolution", [layers.Conv2D(4, 3, 2, "same", activation="relu"), layers.MaxPooling2D(2)], IMAGE, True),
    ("channels first", [layers.Conv2D(4, 3, data_format="channels_first")], (3, 6, 7), True),
    ("groups", [layers.Conv2D(6, 2, groups=3), layers.AveragePooling2D(2), layers.Flatten()], IMAGE, True),
    ("convolution along time", [layers.Conv1D(3, 2, padding="causal"), layers.GlobalMaxPooling1D()], SEQUENCE, True),
    ("pooling", [layers.MaxPooling1D(2), layers.GlobalAveragePooling1D()], SEQUENCE, True),
    ("images", [layers.ZeroPadding2D(1), layers.GlobalAveragePooling2D(), layers.RepeatVector(2)], IMAGE, True),
    ("shapes", [layers.Permute((2, 1)), layers.Reshape((10, 2)), layers.Flatten()], SEQUENCE, True),
    ("normalization", [layers.BatchNormalization(), layers.LayerNormalization()], IMAGE, True),
    ("on another axis", [layers.BatchNormalization(axis=1)], SEQUENCE, True),
    ("only in training", [layers.Dropout(0.5), layers.GaussianNoise(1.0), layers.Dense(2)], VECTOR, True),
    ("rescaling", [layers.Rescaling(1 / 255, 0.5), layers.Conv2D(2, 2)], IMAGE, True),
    ("simple rnn", [layers.SimpleRNN(3, return_sequences=True), layers.SimpleRNN(2)], SEQUENCE, True),
    ("lstm", [layers.LSTM(3, return_sequences=True, go_backwards=True), layers.LSTM(2)], SEQUENCE, True),
    ("gru", [layers.GRU(3), layers.Dense(2)], SEQUENCE, True),
    ("gru, reset before", [layers.GRU(3, reset_after=False, dropout=0.5)], SEQUENCE, True),
    ("both directions", [layers.Bidirectional(layers.LSTM(3)), layers.Dense(2)], SEQUENCE, True),
    ("sum of directions", [layers.Bidirectional(layers.GRU(3), merge_mode="sum")], SEQUENCE, True),
    ("nested", [tinynet.Sequential([layers.Dense(3, "gelu")]), layers.Activation("silu")], VECTOR, True),
    ("masked steps", [layers.Masking(0.0), layers.LSTM(3)], SEQUENCE, True),
    ("masked steps, both ways", [layers.Masking(0.0), layers.Bidirectional(layers.GRU(3))], SEQUENCE, True),
    ("masked sequences", [layers.Masking(), layers.SimpleRNN(3, return_sequences=True), layers.Dense(2)], SEQUENCE, True),
    # What may differ from one prediction to the next.
    ("a mask in Python", [layers.Masking(0.0), layers.GlobalAveragePooling1D()], SEQUENCE, False),
    ("a state", [layers.LSTM(3, stateful=True)], SEQUENCE, False),
    ("an activation of one's own", [layers.Dense(3, activation=lambda x: x * 2)], VECTOR, False),
    ("a penalty on results", [layers.Dense(3, activity_regularizer="l2")], VECTOR, False),
]


def data(shape: tuple[int, ...], seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((3, *shape)).astype("float32")
    x[seed % 3, seed % 5 :] = 0  # what a mask hides is elsewhere each time
    return x


def ordinary(model: Any, x: np.ndarray) -> np.ndarray:
    """What the layers give: recorded calls always ask them."""
    return model(x, training=False).numpy()


def called(model: Any, x: np.ndarray, **kwargs: Any) -> Tensor:
    with tinynet.no_grad():
        return model(x, **kwargs)


def ways(model: Any) -> list[Any]:
    """The ways that are known, without None for shapes that have none."""
    return [way for way in model._replays._ways.values() if way is not None]


@pytest.mark.parametrize(("stack", "shape", "kept"), [case[1:] for case in STACKS], ids=[case[0] for case in STACKS])
def test_equals_the_ordinary_way(stack: list[Any], shape: tuple[int, ...], kept: bool) -> None:
    model = tinynet.Sequential([layers.Input(shape), *stack])
    stateful = any(getattr(layer, "stateful", False) for layer in model.layers)
    for seed in range(4):
        x = data(shape, seed)
        if seed == 2:  # weights are read anew
            model.set_weights([w + 0.25 for w in model.get_weights()])
        predicted = model.predict_on_batch(x)
        if not stateful:
            np.testing.assert_array_equal(predicted, ordinary(model, x))
            np.testing.assert_array_equal(called(model, x).numpy(), predicted)
            np.testing.assert_array_equal(called(model, x, training=False).numpy(), predicted)
    assert bool(ways(model)) == kept


def test_a_state_goes_on() -> None:
    model = tinynet.Sequential([layers.Input(batch_shape=(3, *SEQUENCE)), layers.LSTM(3, stateful=True)])
    x = data(SEQUENCE, 0)
    first, second = model.predict_on_batch(x), model.predict_on_batch(x)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("mask_zero", [False, True])
def test_ids_of_words(mask_zero: bool) -> None:
    model = tinynet.Sequential(
        [layers.Input((5,), dtype="int32"), layers.Embedding(9, 4, mask_zero=mask_zero), layers.GRU(3)]
    )
    rng = np.random.default_rng(0)
    for _ in range(3):
        ids = rng.integers(0, 9, (4, 5))
        np.testing.assert_array_equal(model.predict_on_batch(ids), ordinary(model, ids))
    assert ways(model)
    ids[2, 3] = 9
    with pytest.raises(DataError, match=r"Embedding 'embedding.*index 9 "):
        model.predict_on_batch(ids)


def test_numbers_that_are_no_ids_are_still_found() -> None:
    model = tinynet.Sequential([layers.Input((5,)), layers.Embedding(9, 4)])
    x = np.ones((2, 5), "float32")
    model.predict_on_batch(x)
    model.predict_on_batch(x)
    x[1, 1] = np.nan
    with pytest.raises(DataError, match="NaN"):
        model.predict_on_batch(x)


def test_a_change_of_a_layer_is_seen() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(4), layers.Dense(3, "relu")])
    x = data(VECTOR, 0)
    model.predict_on_batch(x)
    model.layers[-1].activation = tinynet.activations.tanh
    np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))
    model.pop()
    assert model.predict_on_batch(x).shape == (3, 4)
    model.add(layers.Dense(2))
    np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))


def test_training_between_predictions() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(4), layers.BatchNormalization()])
    model.compile("sgd", "mse")
    x = data(VECTOR, 0)
    before = model.predict(x, verbose=0)
    model.fit(x, np.zeros((3, 4)), verbose=0)
    after = model.predict(x, verbose=0)
    assert not np.allclose(before, after)
    np.testing.assert_array_equal(after, ordinary(model, x))


def test_counters_of_masks_move_on_as_in_keras() -> None:
    """Keras draws the masks of recurrent layers in predictions, too; of the other layers' there is none."""
    x = np.ones((2, *SEQUENCE), "float32")
    counters = []
    for library in (tinynet, keras):
        l = library.layers
        drawing = [l.LSTM(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.1, seed=1), l.Dropout(0.5, seed=2)]
        model = library.Sequential([l.Input(SEQUENCE), *drawing])
        for _ in range(4):
            model.predict(x, verbose=0)
        found = [drawing[0].cell.seed_generator, drawing[1].seed_generator]
        counters.append([g.counter if library is tinynet else int(g.state[1]) for g in found])
    assert counters[0] == counters[1] == [4 * 8, 0]


def test_results_are_the_callers() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(4, "relu"), layers.Flatten()])
    x = data(VECTOR, 0)
    first = model.predict_on_batch(x)
    kept = first.copy()
    model.predict_on_batch(data(VECTOR, 1))
    np.testing.assert_array_equal(first, kept)
    first[:] = 7
    np.testing.assert_array_equal(model.predict_on_batch(x), kept)


def test_a_model_that_passes_its_input_through() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dropout(0.5)])
    x = data(VECTOR, 0)
    for _ in range(3):
        result = model.predict_on_batch(x)
        assert not np.may_share_memory(result, x)


def test_functional_models() -> None:
    a = layers.Input(IMAGE)
    b = layers.Conv2D(3, 3, padding="same", activation="relu")(a)
    model = tinynet.Model(a, layers.Concatenate()([layers.Add()([a, b]), b]))
    for seed in range(3):
        x = data(IMAGE, seed)
        np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))
    assert ways(model)


class Clipped(layers.Dense):
    """Looks at values in Python."""

    def call(self, inputs: Tensor) -> Tensor:
        return super().call(inputs) if inputs.numpy().max() > 2 else inputs


def test_a_layer_of_ones_own_is_asked_each_time() -> None:
    layer = Clipped(6)
    assert not replayable(layer)
    model = tinynet.Sequential([layers.Input(VECTOR), layer])
    small, large = np.zeros((2, 6), "float32"), np.full((2, 6), 3, "float32")
    for x in (small, large, small, large):
        np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))


def test_other_shapes_and_dtypes_have_ways_of_their_own() -> None:
    model = tinynet.Sequential([layers.Input((None, 4)), layers.Conv1D(2, 2), layers.GlobalMaxPooling1D()])
    for steps in range(2, 30):
        x = np.arange(steps * 4).reshape(1, steps, 4)
        for given in (x.astype("float32"), x, x.astype("float64")):
            np.testing.assert_array_equal(model.predict_on_batch(given), ordinary(model, given))
    assert len(model._replays._ways) <= 16


def classifier() -> Any:
    return tinynet.Sequential(
        [layers.Input(IMAGE), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(),
         layers.Dense(3, "softmax")]
    )  # fmt: skip


@pytest.mark.skipif(kernels.choice.module is None, reason="there are no compiled kernels")
def test_compiled_kernels_are_called_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = classifier(), data(IMAGE, 0)
    expected = model.predict_on_batch(x)
    for name in ("convolve", "max_pool", "softmax"):
        monkeypatch.setattr(kernels, name, None)
    np.testing.assert_array_equal(model.predict_on_batch(x), expected)
    np.testing.assert_array_equal(called(model, x, training=False).numpy(), expected)


def replay_of(trace: Trace, result: np.ndarray) -> Replay:
    steps = trace.steps_to(result)
    assert steps is not None
    return Replay(steps)


def test_an_operation_of_several_calls_is_done_as_a_whole() -> None:
    def half(x: np.ndarray, result: np.ndarray) -> None:
        np.divide(x, 2, out=result)

    def more(x: np.ndarray, result: np.ndarray) -> None:
        np.add(x, result, out=result)

    def whole(x: np.ndarray) -> np.ndarray:
        result = np.empty_like(x)
        run(half, result, x, result)
        return run(more, result, x, result)

    x = data(VECTOR, 0)
    with tracing(x) as trace:
        result = whole(x)
        trace.note(whole, [x], [x], {}, result)
    np.testing.assert_array_equal(replay_of(trace, result)(x + 1)[0], whole(x + 1))


def test_what_is_made_of_weights_alone_is_made_again_when_they_change() -> None:
    made: list[float] = []

    def doubled(w: np.ndarray) -> np.ndarray:
        made.append(float(w[0]))
        return w * 2

    def times(x: np.ndarray, doubled: np.ndarray, result: np.ndarray) -> None:
        np.multiply(x, doubled, out=result)

    def whole(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        result = np.empty_like(x)
        return run(times, result, x, make(doubled, w), result)

    x, w = data(VECTOR, 0), tinynet.Variable(np.ones(6, "float32"))
    with tracing(x) as trace:
        result = whole(x, w._data)
        trace.note(whole, [x, w], [x, w._data], {}, result)
    replay = replay_of(trace, result)
    for value in (1, 1, 3, 3):
        if value != w._data[0]:
            w.assign(np.full(6, value))
        np.testing.assert_array_equal(replay(x)[0], x * value * 2)
    assert made == [1, 1, 3]
    w._data[:] = 4
    w.changed_in_place()
    np.testing.assert_array_equal(replay(x)[0], x * 8)
    replay.forget()
    np.testing.assert_array_equal(replay(x)[0], x * 8)
    assert made == [1, 1, 3, 4, 4]


def test_what_is_made_of_weights_alone_is_no_result() -> None:
    x, w = data(VECTOR, 0), tinynet.Variable(np.ones(6, "float32"))
    with tracing(x) as trace, tinynet.no_grad():
        result = w * 2
    assert trace.steps_to(result._data) is None


def test_one_way_at_a_time_keeps_what_it_prepared() -> None:
    model, x = classifier(), data(IMAGE, 0)
    inputs = (x, x[:2], x)
    for given in (*inputs, *inputs):
        np.testing.assert_array_equal(model.predict_on_batch(given), ordinary(model, given))
        assert sum(way.replay._prepared is not None for way in ways(model)) <= 1


def test_arrays_in_any_order_of_axes() -> None:
    model = classifier()
    x = data((3, 7, 6), 0)
    for given in (data(IMAGE, 1), x.transpose(0, 3, 2, 1), data((12, 7, 3), 2)[:, ::2]):
        expected = ordinary(model, given)
        np.testing.assert_array_equal(model.predict_on_batch(given), expected)
        np.testing.assert_array_equal(called(model, given).numpy(), expected)
    scattered = data((12, 7, 3), 3)[:, ::2]
    np.testing.assert_array_equal(ways(model)[0].replay(scattered)[0], ordinary(model, scattered))
    kernel, *others = model.get_weights()
    model.set_weights([np.asfortranarray(kernel * 2), *others])
    given = data(IMAGE, 1)
    np.testing.assert_array_equal(model.predict_on_batch(given), ordinary(model, given))


@pytest.mark.parametrize("layer", [layers.SimpleRNN, layers.LSTM, layers.GRU])
@pytest.mark.parametrize("every", [False, True])
def test_both_directions_of_one_sentence_at_once(layer: Any, every: bool) -> None:
    """Two deep: the directions of a layer do not wait for each other, those of the next one wait for both."""
    model = tinynet.Sequential(
        [layers.Input(SEQUENCE), layers.Masking(0.0), layers.Bidirectional(layer(3, return_sequences=True)),
         layers.Bidirectional(layer(2, return_sequences=every), merge_mode="sum")]
    )  # fmt: skip
    for seed in range(4):
        x = data(SEQUENCE, seed)[seed % 3][None]
        np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))
    (way,) = ways(model)
    assert sum(function.__name__ == "together" for function, *_ in way.replay._steps) == 2


def test_threads_do_not_share_memory() -> None:
    model = classifier()
    inputs = [data(IMAGE, seed) for seed in range(4)]
    expected = [ordinary(model, x) for x in inputs]
    wrong: list[int] = []

    def predict(number: int) -> None:
        for _ in range(200):
            if not np.array_equal(model.predict_on_batch(inputs[number]), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=predict, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_calls_return_tensors_with_their_logits() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(3), layers.Activation("softmax")])
    model.set_weights([w * 500 for w in model.get_weights()])  # so that a softmax without its logits is rounded to 0
    x, y = data(VECTOR, 0), np.array([0, 1, 2])
    loss = losses.SparseCategoricalCrossentropy()
    expected = loss(y, model(x)).item()
    for _ in range(3):
        result = called(model, x)
        assert type(result) is Tensor
        assert not result.requires_grad
        assert logits_of(result) is not None
        assert loss(y, result).item() == expected
    assert ways(model)


def test_calls_return_tensors_with_their_masks() -> None:
    model = tinynet.Sequential([layers.Input((5,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True)])
    for seed in range(3):
        ids = np.random.default_rng(seed).integers(0, 3, (4, 5))
        np.testing.assert_array_equal(mask_of(called(model, ids)), ids != 0)
    assert ways(model)


def test_calls_are_recorded_outside_of_no_grad() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(3)])
    x = data(VECTOR, 0)
    for _ in range(2):
        called(model, x)
        result = model(x)
        assert result.requires_grad
        result.sum().backward()
        assert model.trainable_weights[0].grad is not None


def test_calls_in_training_are_asked_each_time() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dropout(0.5, seed=1)])
    model.add(layers.ReLU())
    x = np.ones((3, 6), "float32")
    for _ in range(3):
        np.testing.assert_array_equal(called(model, x).numpy(), x)
        assert (called(model, x, training=True).numpy() == 0).any()
    assert all(not training for *_, training in model._replays._ways)


class Around(layers.Layer):
    """Hands a model an array instead of a tensor."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def call(self, inputs: Tensor) -> Tensor:
        return self.model(inputs.numpy())


def test_calls_within_calls_are_trained_with_them() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dropout(0.5, seed=1), layers.ReLU()])
    around, x = Around(model), np.ones((3, 6), "float32")
    for _ in range(2):
        np.testing.assert_array_equal(called(model, x).numpy(), x)
        assert (called(around, x, training=True).numpy() == 0).any()


def test_results_of_calls_are_apart_from_the_input() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Flatten()])
    x = data(VECTOR, 0)
    for _ in range(3):
        result = called(model, x)
        kept = result.numpy()
        x[:] += 1
        np.testing.assert_array_equal(result.numpy(), kept)


def test_calls_clear_away_losses_of_earlier_ones() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(3)])
    x = data(VECTOR, 0)
    for _ in range(2):
        called(model, x)
        model.add_loss(2.0)
        assert len(model.losses) == 1
        called(model, x)
        assert model.losses == []


def test_a_call_of_its_own_is_asked_each_time() -> None:
    model = tinynet.Sequential([layers.Input(VECTOR), layers.Dense(6)])
    small, large = np.ones((2, 6), "float32"), np.full((2, 6), 3, "float32")
    model.predict_on_batch(small)
    model.layers[0].call = lambda inputs: inputs * 2 if inputs.numpy().max() > 2 else inputs
    for x in (large, small, large, small):
        np.testing.assert_array_equal(model.predict_on_batch(x), ordinary(model, x))


def test_a_model_not_yet_built_is_built_by_a_call() -> None:
    model = tinynet.Sequential([layers.Dense(3, "relu"), layers.Dense(2)])
    x = data(VECTOR, 0)
    for _ in range(3):
        np.testing.assert_array_equal(called(model, x).numpy(), ordinary(model, x))
    assert ways(model)
