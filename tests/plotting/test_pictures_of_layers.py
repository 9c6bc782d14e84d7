"""Pictures of what layers do hold their kernels, outputs, derivatives and states, which are computed otherwise here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, plotting
from tinynet.errors import ArgumentError, DataError, NotBuiltError, ShapeError
from tinynet.plotting.images import mosaic

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def _in_float64() -> Any:
    tinynet.utils.set_random_seed(5)
    tinynet.config.set_floatx("float64")
    yield
    tinynet.config.set_floatx("float32")


def shown(axes: Any, number: int = 0) -> np.ndarray:
    return np.ma.filled(axes.images[number].get_array(), np.nan)


def tiles_of(picture: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    columns = (picture.shape[1] + 1) // (width + 1)
    places = [divmod(n, columns) for n in range(count)]
    return np.array([
        picture[row * (height + 1) :, column * (width + 1) :][:height, :width] for row, column in places
    ])  # fmt: skip


def cnn(activation: str = "softmax", channels: int = 3) -> Any:
    return tinynet.Sequential([
        layers.Input((9, 8, channels)), layers.Rescaling(1 / 255),
        layers.Conv2D(5, (3, 2), activation="tanh", name="first"), layers.MaxPooling2D(name="pool"),
        layers.Conv2D(4, 2, name="second"), layers.Flatten(), layers.Dense(3, activation, name="scores"),
    ])  # fmt: skip


# Filters and feature maps


@pytest.mark.parametrize("channels", [1, 3])
def test_filters_are_the_kernel(channels: int) -> None:
    model = cnn(channels=channels)
    kernel = model.get_layer("first").kernel.numpy()  # (3, 2, C, 5)
    tiles = tiles_of(shown(plotting.filters(model)), 5, 3, 2)
    for number, tile in enumerate(tiles):
        expected = kernel[..., number] / np.abs(kernel[..., number]).max()
        np.testing.assert_allclose(tile, (expected + 1) / 2 if channels == 3 else expected[..., 0], atol=1e-7)


def test_filters_of_many_channels_are_rows() -> None:
    model = cnn()
    axes = plotting.filters(model, "second")
    kernel = model.get_layer("second").kernel.numpy()  # (2, 2, 5, 4)
    tiles = tiles_of(shown(axes), 20, 2, 2).reshape(4, 5, 2, 2)
    largest = np.abs(kernel).max(axis=(0, 1, 2))
    np.testing.assert_allclose(tiles.transpose(2, 3, 1, 0), kernel / largest)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input channel", "filter")


def test_filters_of_other_convolutions_and_models_within() -> None:
    inner = tinynet.Sequential([layers.Input((6, 6, 2)), layers.DepthwiseConv2D(2, depth_multiplier=2, name="depth")])
    model = tinynet.Sequential([
        inner, layers.SeparableConv2D(3, 2, name="apart"), layers.Conv2DTranspose(2, 2, name="back"),
    ])  # fmt: skip
    depth, apart, back = model.layers[0].layers[0], *model.layers[1:]
    found = tiles_of(shown(plotting.filters(model)), 4, 2, 2)
    kernel = depth.kernel.numpy().reshape(2, 2, 4)
    np.testing.assert_allclose(found.transpose(1, 2, 0), kernel / np.abs(kernel).max(axis=(0, 1)))
    found = tiles_of(shown(plotting.filters(model, apart)), 4, 2, 2)
    kernel = apart.depthwise_kernel.numpy().reshape(2, 2, 4)
    np.testing.assert_allclose(found.transpose(1, 2, 0), kernel / np.abs(kernel).max(axis=(0, 1)))
    picture = shown(plotting.filters(model, "back"))  # kernel (2, 2, F, C): in colour, for it sees three channels
    kernel = back.kernel.numpy()[:, :, 1] / np.abs(back.kernel.numpy()[:, :, 1]).max()
    np.testing.assert_allclose(tiles_of(picture, 2, 2, 2)[1], (kernel + 1) / 2, atol=1e-7)


@pytest.mark.parametrize("batched", [False, True])
def test_feature_maps_are_the_layers_outputs(batched: bool) -> None:
    model = cnn()
    image = RNG.integers(0, 256, (9, 8, 3)).astype("uint8")
    for name in ("first", "pool"):
        expected = tinynet.Model(model.input, model.get_layer(name).output).predict(image[None], verbose=0)[0]
        axes = plotting.feature_maps(model, image[None] if batched else image, None if name == "first" else name)
        height, width, count = expected.shape
        found = tiles_of(shown(axes), count, height, width)
        np.testing.assert_allclose(found, expected.transpose(2, 0, 1), rtol=1e-6)
        assert axes.get_title() == f"{name}: 5 of 5 channels"
    assert plotting.feature_maps(model, image, channels=2).get_title() == "first: 2 of 5 channels"


def test_feature_maps_of_channels_that_come_first() -> None:
    conv = layers.Conv2D(2, 3, data_format="channels_first")
    model = tinynet.Sequential([layers.Input((3, 6, 7)), conv])
    image = RNG.standard_normal((3, 6, 7))
    np.testing.assert_allclose(
        tiles_of(shown(plotting.feature_maps(model, image)), 2, 4, 5), model.predict(image[None], verbose=0)[0]
    )


def test_a_mosaic_leaves_lines_between_its_tiles() -> None:
    picture = mosaic(np.arange(12.0).reshape(3, 2, 2), 2)
    assert picture.shape == (5, 5) and np.isnan(picture[2]).all() and np.isnan(picture[:, 2]).all()
    np.testing.assert_array_equal(picture[3:, :2], [[8, 9], [10, 11]])
    assert np.isnan(picture[3:, 3:]).all()


# Saliency


@pytest.mark.parametrize(("activation", "kind"), [("softmax", "uint8"), ("linear", "float64"), ("sigmoid", "float64")])
def test_saliency_is_the_derivative_of_the_logit(activation: str, kind: str) -> None:
    model = cnn(activation)
    image = RNG.integers(1, 255, (9, 8, 3)).astype(kind)
    before = model(image[None]).numpy()
    logits = tinynet.Sequential([layers.Input((9, 8, 3)), *model.layers[:-1], layers.Dense(3)])
    logits.layers[-1].set_weights(model.layers[-1].get_weights())

    def logit(x: np.ndarray) -> np.ndarray:
        return logits(x).numpy()[:, 2]

    steps = np.eye(image.size).reshape(-1, *image.shape) * 1e-3
    derivative = (logit(image + steps) - logit(image - steps)).reshape(image.shape) / 2e-3
    axes = plotting.saliency(model, image, class_index=2)
    np.testing.assert_allclose(shown(axes, 1), np.abs(derivative).max(axis=-1), rtol=1e-3 if kind == "uint8" else 1e-5)
    np.testing.assert_allclose(shown(axes, 0), image / 255)
    assert axes.get_title() == "class 2"
    assert plotting.saliency(model, image).get_title() == f"class {before.argmax()}"  # the predicted one
    left, right = (drawn.get_extent() for drawn in axes.images)
    assert left[1] < right[0]  # beside each other
    assert all(weight.grad is None for weight in model.weights)


def words_model(front: bool = False, **options: Any) -> Any:
    settings = {"mask_zero": True, "last": layers.LSTM(4, name="memory"), **options}
    first = [layers.Input((6,), dtype="int32")]
    if front:
        vectorizer = layers.TextVectorization(output_sequence_length=6)
        vectorizer.adapt(["ayam enak sekali", "ayam mahal"])
        first = [layers.Input((1,), dtype="string"), vectorizer]
    embedding = layers.Embedding(9, 3, mask_zero=settings["mask_zero"], name="words", embeddings_initializer="normal")
    return tinynet.Sequential([*first, embedding, settings["last"], layers.Dense(3, "softmax")])


def test_saliency_of_words_is_that_of_their_vectors() -> None:
    model, ids = words_model(), np.array([4, 2, 7, 0, 0, 0])
    table = model.get_layer("words").embeddings
    start = table.numpy()

    def logit(changed: np.ndarray) -> float:
        table.assign(changed)
        hidden = tinynet.Sequential(model.layers[:-1])(ids[None]).numpy()
        kernel, bias = model.layers[-1].get_weights()
        return float((hidden @ kernel + bias)[0, 1])

    expected = []
    for word in (4, 2, 7):  # each stands once in the sentence
        slopes = []
        for place in range(3):
            step = np.zeros_like(start)
            step[word, place] = 1e-5
            slopes.append((logit(start + step) - logit(start - step)) / 2e-5)
        expected.append(np.linalg.norm(slopes))
    table.assign(start)
    axes = plotting.saliency(model, ids, class_index=1, tokens=["a", "b", "c"])
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], expected, rtol=1e-5)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "b", "c"]
    everything = plotting.saliency(model, ids[None], class_index=1)
    np.testing.assert_allclose([bar.get_height() for bar in everything.patches], [*expected, 0, 0, 0], rtol=1e-5)


def test_a_text_is_labelled_by_its_vocabulary() -> None:
    model = words_model(front=True)
    text = "Ayam pedas, enak!"
    axes = plotting.saliency(model, text)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["ayam", "[UNK]", "enak"]
    ids = model.layers[0](np.array([text])).numpy()
    behind = tinynet.Sequential([layers.Input((6,)), *model.layers[1:]])
    of_ids = plotting.saliency(behind, ids[0], tokens=["x"] * 3)
    np.testing.assert_allclose(
        [bar.get_height() for bar in axes.patches], [bar.get_height() for bar in of_ids.patches], rtol=1e-12
    )
    states = plotting.hidden_states(model, text)
    assert [tick.get_text() for tick in states.get_xticklabels()] == ["ayam", "[UNK]", "enak"]
    np.testing.assert_array_equal(shown(states), shown(plotting.hidden_states(behind, ids))[:, :3])


# States


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.SimpleRNN(4), lambda: layers.GRU(4, return_sequences=True), lambda: layers.LSTM(4, dropout=0.5),
        lambda: layers.LSTM(4, return_state=True), lambda: layers.LSTM(4, activation="relu"),
        lambda: layers.RNN([layers.LSTMCell(5), layers.GRUCell(4)]),
    ],
)  # fmt: skip
def test_states_are_the_outputs_after_each_prefix(make: Any) -> None:
    layer = make()
    x = layers.Input((None, 2))
    outputs = layer(x)
    model = tinynet.Model(x, outputs[0] if layer.return_state else outputs)
    sequence = RNG.standard_normal((5, 2))
    prefixes = [model.predict(sequence[None, : t + 1], verbose=0)[0] for t in range(5)]
    expected = [state[-1] if layer.return_sequences else state for state in prefixes]
    np.testing.assert_allclose(shown(plotting.hidden_states(model, sequence)).T, expected, rtol=1e-12)


def test_states_of_both_directions() -> None:
    both = layers.Bidirectional(layers.GRU(4))
    model = tinynet.Sequential([layers.Input((None, 2)), both])
    sequence = RNG.standard_normal((5, 2))
    axes = plotting.hidden_states(model, sequence)
    forward = [model.predict(sequence[None, : t + 1], verbose=0)[0, :4] for t in range(5)]
    backward = [model.predict(sequence[None, t:], verbose=0)[0, 4:] for t in range(5)]
    np.testing.assert_allclose(shown(axes), np.concatenate([np.transpose(forward), np.transpose(backward)]))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["forward", "backward"]
    alone = plotting.hidden_states(model, sequence, layer=both.backward_layer.name)
    np.testing.assert_allclose(shown(alone), np.transpose(backward))


def test_a_masked_step_keeps_the_state() -> None:
    model = words_model()
    states = shown(plotting.hidden_states(model, [4, 2, 0, 0, 7, 0]))
    np.testing.assert_array_equal(states[:, [1, 4, 1, 4]], states[:, [2, 5, 3, 5]])
    assert not np.array_equal(states[:, 3], states[:, 4])


def test_states_that_go_on_from_others() -> None:
    """An initial state, and that of a stateful layer, which looking leaves as it is."""
    x, start = layers.Input((3, 2)), layers.Dense(4)
    first = layers.GRU(4, name="first")
    model = tinynet.Model(x, first(x, initial_state=start(x[:, 0])))
    sequence = RNG.standard_normal((3, 2))
    last = shown(plotting.hidden_states(model, sequence))[:, -1]
    np.testing.assert_allclose(last, model.predict(sequence[None], verbose=0)[0], rtol=1e-12)

    stateful = layers.LSTM(4, stateful=True)
    model = tinynet.Sequential([layers.Input(batch_shape=(1, 3, 2)), stateful])
    fresh = shown(plotting.hidden_states(model, sequence))[:, -1]
    assert stateful.states is None
    np.testing.assert_allclose(fresh, model.predict(sequence[None], verbose=0)[0], rtol=1e-12)
    before = [state.numpy() for state in stateful.states]
    drawn = shown(plotting.hidden_states(model, sequence))[:, -1]
    np.testing.assert_array_equal(before, [state.numpy() for state in stateful.states])
    np.testing.assert_allclose(drawn, model.predict(sequence[None], verbose=0)[0], rtol=1e-12)


def test_looking_changes_nothing() -> None:
    model = words_model(last=layers.LSTM(4, dropout=0.3, recurrent_dropout=0.2))
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = [g.counter for g in model.seed_generators()], model.get_weights(), repr(tinynet.seeds.get_state())
    with tinynet.no_grad():  # the user's setting, which pictures do not depend on
        plotting.hidden_states(model, [4, 2, 7, 0, 0, 0])
        plotting.saliency(model, [4, 2, 7, 0, 0, 0])
    after = [g.counter for g in model.seed_generators()], model.get_weights(), repr(tinynet.seeds.get_state())
    assert before[0] == after[0] and before[2] == after[2]
    assert all(np.array_equal(one, other) for one, other in zip(before[1], after[1], strict=True))
    assert not model.layers[1].return_sequences


# What cannot be drawn


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: plotting.filters(words_model()), ArgumentError, "a convolution of images.*words, memory, dense"),
        (lambda: plotting.filters(cnn(), "pool"), ArgumentError, r"images \(first, second\), received MaxPooling2D"),
        (lambda: plotting.filters(cnn(), "firts"), ArgumentError, "no layer 'firts'. Did you mean 'first'?"),
        (lambda: plotting.filters(3), ArgumentError, "expected a model, received 3"),
        (lambda: plotting.filters(tinynet.Sequential([layers.Conv2D(1, 1)])), NotBuiltError, "is not built"),
        (lambda: plotting.feature_maps(cnn(), np.ones((9, 8))), ArgumentError, r"one sample of shape \(9, 8, 3\)"),
        (lambda: plotting.feature_maps(cnn(), np.ones((2, 9, 8, 3))), ArgumentError, r"received shape \(2, 9, 8, 3\)"),
        (lambda: plotting.feature_maps(cnn(), np.full((9, 8, 3), np.nan)), DataError, "NaN or infinity"),
        (lambda: plotting.feature_maps(cnn(), np.ones((9, 8, 3)), "scores"), ArgumentError, "a layer of images"),
        (lambda: plotting.feature_maps(cnn(), np.ones((9, 8, 3)), channels=0), ArgumentError, "channels"),
        (lambda: plotting.saliency(cnn(), np.ones((9, 8, 3)), 3), ArgumentError, "class_index from 0 to 2, received 3"),
        (lambda: plotting.saliency(cnn(), np.ones((9, 8, 3)), 0, ["a"]), ArgumentError, "tokens are for token ids"),
        (lambda: plotting.saliency(cnn(), "text"), ArgumentError, "takes no text but numbers"),
        (lambda: plotting.saliency(words_model(), [1, 2]), ShapeError, r"shape \(None, 6\), received"),
        (lambda: plotting.saliency(words_model(), [[1] * 6] * 2), ArgumentError, r"one sample of shape \(6,\)"),
        (lambda: plotting.saliency(words_model(), [1] * 6, 0, ["a"] * 7), ArgumentError, "1 to 6 tokens.*received 7"),
        (lambda: plotting.saliency(words_model(), [1] * 6, 0, "text"), ArgumentError, "expected tokens as a list"),
        (lambda: plotting.saliency(words_model(), [99] * 6), DataError, "99"),
        (lambda: plotting.saliency(words_model(True), "?!"), ArgumentError, "there is no word in the text"),
        (lambda: plotting.saliency(words_model(True), ["a", "b"]), ArgumentError, "one sample of shape"),
        (lambda: plotting.hidden_states(cnn(), np.ones((9, 8, 3))), ArgumentError, "a model with a recurrent layer"),
        (lambda: plotting.hidden_states(words_model(), [1] * 6, "words"), ArgumentError, "recurrent.*there is: memory"),
        (lambda: plotting.hidden_states(words_model(), [1] * 6, "memry"), ArgumentError, "Did you mean 'memory'?"),
        (lambda: plotting.hidden_states(words_model(), object()), ArgumentError, "expected one sample"),
    ],
)
def test_what_cannot_be_drawn(call: Any, error: Any, told: str) -> None:
    with pytest.raises(error, match=told):
        call()
