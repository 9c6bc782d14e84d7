"""Models go from Keras's files into tinynet and back, and their training goes on."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow
from twins import KERAS, TINYNET, forget_names, random_weights, same_histories, same_weights, twins

import tinynet
from tinynet import layers, saving
from tinynet.errors import (
    ArgumentError,
    FileAccessError,
    FileFormatError,
    MissingFileError,
    NotBuiltError,
    UnsafeFileError,
)
from tinynet.models import load_model

IMAGE, SEQUENCE, WORDS, VECTOR = (9, 8, 4), (6, 4), (6,), (5,)

# The layers of a model by name, as functions of a library's `layers`, with the shape of the input.
MODELS: dict[str, tuple[tuple[int, ...], Any]] = {
    "dense": (VECTOR, lambda l: [
        l.Dense(6, activation="relu", kernel_regularizer="l2", bias_constraint="non_neg"), l.Dense(4, use_bias=False),
        l.ReLU(max_value=1.0, negative_slope=0.1), l.LeakyReLU(0.2), l.ELU(0.7), l.Activation("gelu"),
        l.Dropout(0.3, seed=1), l.Rescaling(2.0, offset=-1.0), l.Dense(3), l.Softmax(),
    ]),
    "frozen": (VECTOR, lambda l: [
        l.Dense(3, trainable=False), l.BatchNormalization(trainable=False), l.Dense(2, name="last"),
    ]),
    "images": (IMAGE, lambda l: [
        l.Conv2D(4, (3, 2), strides=2, padding="same", activation="relu"), l.BatchNormalization(),
        l.MaxPooling2D(2, padding="same"), l.Conv2D(6, 2, dilation_rate=2, padding="same", groups=2, use_bias=False),
        l.BatchNormalization(scale=False, center=False, momentum=0.5), l.AveragePooling2D((2, 1), strides=1),
        l.LayerNormalization(axis=[-1, -2]), l.Flatten(), l.Dense(3, activation="softmax"),
    ]),
    "augmented_images": (IMAGE, lambda l: [
        l.RandomFlip("vertical", seed=1), l.RandomRotation([-0.1, 0.2], fill_mode="wrap"), l.RandomZoom(0.1, (0, 0.2)),
        l.RandomTranslation(0.1, (-0.2, 0.1), interpolation="nearest"), l.RandomContrast(0.1, [0, 1], seed=2),
        l.RandomBrightness((0.1, 0.3)), l.RandomCrop(9, 8, seed=3), l.CenterCrop(8, 7), l.Flatten(), l.Dense(2),
    ]),
    "resized_images": (IMAGE, lambda l: [
        l.Resizing(7, 9, pad_to_aspect_ratio=True, fill_value=0.5), l.Resizing(12, 5, "bicubic", antialias=True),
        l.Resizing(6, 6, "lanczos3", crop_to_aspect_ratio=True), l.CenterCrop(9, 5), l.Resizing(4, 4, "area"),
        l.Conv2D(2, 3), l.Resizing(3, 2, "nearest"), l.Flatten(), l.Dense(2),
    ]),
    "global_average_images": (IMAGE, lambda l: [l.Conv2D(3, 3), l.GlobalAveragePooling2D(keepdims=True), l.Flatten()]),
    "global_maximum_images": (IMAGE, lambda l: [l.Conv2D(3, 3), l.GlobalMaxPooling2D(), l.Reshape((1, 3))]),
    "sequences": (SEQUENCE, lambda l: [
        l.Masking(0.0), l.LSTM(3, return_sequences=True, recurrent_dropout=0.2), l.GRU(4, return_sequences=True),
        l.SimpleRNN(3, go_backwards=True, use_bias=False),
    ]),
    "cells": (SEQUENCE, lambda l: [
        l.RNN(l.LSTMCell(3, unit_forget_bias=False), return_sequences=True),
        l.RNN(l.GRUCell(3, reset_after=False), return_sequences=True), l.RNN(l.SimpleRNNCell(2, activation="relu")),
    ]),
    "words": (WORDS, lambda l: [
        l.Embedding(9, 4, mask_zero=True), l.Bidirectional(l.LSTM(3, return_sequences=True)),
        l.Bidirectional(l.GRU(2), merge_mode="sum"), l.Dense(2, activation="sigmoid"),
    ]),
    "two_directions": (SEQUENCE, lambda l: [
        l.Bidirectional(l.LSTM(3), backward_layer=l.LSTM(3, go_backwards=True, activation="relu"), merge_mode="ave"),
    ]),
    "steps": (SEQUENCE, lambda l: [
        l.TimeDistributed(l.Dense(3)), l.EinsumDense("abc,cd->abd", (6, 4), bias_axes="d", activation="relu"),
        l.Conv1D(5, 2, padding="causal"), l.MaxPooling1D(2), l.AveragePooling1D(2),
        l.GlobalMaxPooling1D(),
    ]),
    "global_average_steps": (SEQUENCE, lambda l: [l.Conv1D(5, 2, strides=2), l.GlobalAveragePooling1D()]),
    "reshaped_images": (IMAGE, lambda l: [
        l.ZeroPadding2D(((1, 0), (2, 1))), l.Cropping2D(1), l.UpSampling2D((2, 1), interpolation="bilinear"),
        l.PReLU(shared_axes=[1, 2]),
        l.Reshape((4, -1)), l.Permute((2, 1)), l.GlobalAveragePooling1D(), l.RepeatVector(3), l.UpSampling1D(2),
        l.ZeroPadding1D((0, 1)), l.Cropping1D((1, 0)), l.UnitNormalization(), l.Identity(), l.Flatten(),
    ]),
    "separable": (IMAGE, lambda l: [
        l.DepthwiseConv2D(2, depth_multiplier=2), l.SeparableConv2D(3, 2, activation="relu"), l.Reshape((-1, 3)),
        l.DepthwiseConv1D(2, use_bias=False), l.SeparableConv1D(2, 3, strides=2), l.Flatten(),
    ]),
    "transposed": (IMAGE, lambda l: [
        l.Conv2DTranspose(3, (3, 2), strides=2, padding="same", activation="relu"), l.SpatialDropout2D(0.2),
        l.GroupNormalization(3), l.RMSNormalization(), l.Conv2DTranspose(2, 3, strides=2, output_padding=1),
        l.Reshape((-1, 2)), l.SpatialDropout1D(0.1, seed=1), l.Conv1DTranspose(2, 3, dilation_rate=2, use_bias=False),
        l.GroupNormalization(-1, scale=False), l.GlobalAveragePooling1D(),
    ]),
    "transposed_volumes": ((2, 3, 2, 2), lambda l: [
        l.Conv3DTranspose(3, 2, strides=2, padding="same"), l.SpatialDropout3D(0.5), l.GlobalMaxPooling3D(keepdims=True),
        l.GlobalAveragePooling3D(), l.Dense(2),
    ]),
    "normalized": (VECTOR, lambda l: [
        l.Normalization(), l.Normalization(mean=[1.0, 2.0, 3.0, 4.0, 5.0], variance=[1.0, 2.0, 3.0, 4.0, 5.0]),
        l.Normalization(axis=None, invert=True), l.SpectralNormalization(l.Dense(3), power_iterations=2),
    ]),
    "stacked_cells": (SEQUENCE, lambda l: [
        l.RNN([l.LSTMCell(3), l.GRUCell(2), l.LSTMCell(2)], return_sequences=True),
        l.Bidirectional(l.RNN([l.SimpleRNNCell(3), l.GRUCell(2)], return_sequences=True)),
        l.RNN(l.StackedRNNCells([l.GRUCell(2, reset_after=False)])),
    ]),
    "volumes": ((4, 5, 6, 2), lambda l: [
        l.ZeroPadding3D(1), l.Conv3D(3, 2, activation="relu"), l.MaxPooling3D(2, strides=1),
        l.Cropping3D(((1, 0), (0, 0), (0, 1))), l.UpSampling3D((1, 2, 1)), l.AveragePooling3D(2), l.Flatten(),
    ]),
    "noise": (VECTOR, lambda l: [
        l.GaussianNoise(0.2, seed=1), l.Dense(3), l.GaussianDropout(0.1, seed=1), l.AlphaDropout(0.1, seed=1),
        l.ActivityRegularization(l1=0.1, l2=0.2),
    ]),
    "ten_of_a_kind": (VECTOR, lambda l: [l.Dense(3 + i % 3) for i in range(12)]),  # "10" sorts before "2"
}  # fmt: skip


def build(name: str) -> Any:
    shape, parts = MODELS[name]
    dtype = {"dtype": "int32"} if shape == WORDS else {}
    return lambda library: [library.layers.Input(shape, **dtype), *parts(library.layers)]


def inputs_for(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if shape == WORDS:
        return generator.integers(0, 9, (7, *shape))
    return generator.normal(size=(7, *shape)).astype("float32")


def assert_same_predictions(ours: Any, theirs: Any, x: Any) -> None:
    expected = theirs.predict(x, verbose=0)
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max()
    )


def assert_bit_equal(ours: Any, theirs: Any) -> None:
    own, expected = ours.get_weights(), theirs.get_weights()
    assert len(own) == len(expected)
    for one, other in zip(own, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def plain(value: Any) -> Any:
    """A configuration as it comes back from a file: tuples are lists."""
    return json.loads(json.dumps(value))


def test_the_models_hold_every_layer() -> None:
    used: set[str] = set()

    def note(layer: Any) -> None:
        used.add(type(layer).__name__)
        for part in layer._sublayers:
            note(part)

    for name in MODELS:
        note(tinynet.Sequential(build(name)(TINYNET)))
    # Layers of several inputs go through files in functional models.
    own_tests = {
        "TextVectorization", "Functional", "StringLookup", "IntegerLookup", "Hashing", "CategoryEncoding",
        "Discretization", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
        "Concatenate", "Dot", "Attention", "AdditiveAttention", "MultiHeadAttention", "Lambda",
    }  # fmt: skip
    # These are in random models (test_random_models.py).
    own_tests |= {
        "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CutMix",
        "Equalization", "GroupQueryAttention", "HashedCrossing", "MixUp", "Pipeline", "RandAugment",
        "RandomColorDegeneration", "RandomColorJitter", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale",
        "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness",
        "RandomShear", "Solarization",
    }  # fmt: skip
    assert set(layers.CATALOGUE.by_class_name) - used == own_tests


@pytest.mark.parametrize("name", MODELS)
def test_from_keras_and_back(name: str, tmp_path: Path, counts: Any) -> None:
    ours, theirs = twins(build(name), seed=5)
    x = inputs_for(MODELS[name][0])
    theirs.save(tmp_path / "keras.keras")
    loaded = load_model(tmp_path / "keras.keras")
    assert_bit_equal(loaded, theirs)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in theirs.layers]
    assert [layer.trainable for layer in loaded.layers] == [layer.trainable for layer in theirs.layers]
    assert [v.path for v in loaded.trainable_weights] == [v.path for v in ours.trainable_weights]
    assert_same_predictions(loaded, theirs, x)

    loaded.save(tmp_path / "tinynet.keras")
    again = keras.saving.load_model(tmp_path / "tinynet.keras")
    assert_bit_equal(loaded, again)
    assert plain(again.get_config()) == plain(keras.saving.load_model(tmp_path / "keras.keras").get_config())
    np.testing.assert_array_equal(again.predict(x, verbose=0), theirs.predict(x, verbose=0))

    once_more = load_model(tmp_path / "tinynet.keras")
    assert_bit_equal(once_more, loaded)
    np.testing.assert_array_equal(once_more.predict(x), loaded.predict(x))
    counts["files", "models that went from Keras to tinynet and back"] += 1


@pytest.mark.parametrize("name", MODELS)
def test_weights_files_both_ways(name: str, tmp_path: Path) -> None:
    ours, theirs = twins(build(name), seed=6)
    others = random_weights(ours, seed=7)
    theirs.save_weights(tmp_path / "keras.weights.h5")
    ours.set_weights(others)
    ours.load_weights(tmp_path / "keras.weights.h5")
    assert_bit_equal(ours, theirs)
    ours.set_weights(others)
    ours.save_weights(tmp_path / "tinynet.weights.h5")
    theirs.load_weights(tmp_path / "tinynet.weights.h5")
    assert_bit_equal(ours, theirs)


def nested(library: Any) -> list[Any]:
    l = library.layers
    inner = library.Sequential([l.Dense(4, activation="relu"), l.Dense(3)], name="inner")
    deep = library.Sequential(
        [l.Input((3,)), library.Sequential([l.Input((3,)), l.Dense(3)], name="deepest")], name="deep"
    )
    return [l.Input(VECTOR), inner, l.Dense(3), deep, l.Dense(2)]


def test_models_within_models(tmp_path: Path) -> None:
    ours, theirs = twins(nested, seed=8)
    x = inputs_for(VECTOR)
    assert_same_predictions(ours, theirs, x)
    theirs.save(tmp_path / "keras.keras")
    loaded = load_model(tmp_path / "keras.keras")
    assert_bit_equal(loaded, theirs)
    assert_same_predictions(loaded, theirs, x)
    loaded.save(tmp_path / "tinynet.keras")
    assert_bit_equal(loaded, keras.saving.load_model(tmp_path / "tinynet.keras"))


def trained(library: Any) -> list[Any]:
    l = library.layers
    quick = {"unroll": True} if library is KERAS else {}
    return [
        l.Input(WORDS, dtype="int32"), l.Embedding(9, 3, mask_zero=True), l.Bidirectional(l.GRU(2, **quick)),
        l.Dense(2, activation="sigmoid"),
    ]  # fmt: skip


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("first", ["keras", "tinynet"])
def test_training_goes_on_in_the_other_library(first: str, optimizer: str, tmp_path: Path) -> None:
    """Loaded and trained on, a model follows the one that was never saved: optimizer state and settings are kept."""
    settings = {
        "sgd": {"momentum": 0.9, "nesterov": True},
        "rmsprop": {"momentum": 0.5, "centered": True},
        "adam": {},
    }
    class_name = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam"}[optimizer]
    pair = twins(
        trained, seed=3,
        optimizer=lambda library: getattr(library.optimizers, class_name)(0.02, **settings[optimizer]),
        loss=lambda library: library.losses.BinaryCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", lambda library: library.metrics.Precision(thresholds=0.4, name="exact")],
    )  # fmt: skip
    x = inputs_for(WORDS)
    y = (x[:, :2] > 4).astype("float32")
    started = pair[0] if first == "tinynet" else pair[1]
    training: dict[str, Any] = {"epochs": 2, "batch_size": 3, "shuffle": False, "verbose": 0}
    started.fit(x, y, **training)
    started.save(tmp_path / "model.keras")
    continued = (
        load_model(tmp_path / "model.keras")
        if first == "keras"
        else keras.saving.load_model(tmp_path / "model.keras")
    )
    assert int(np.asarray(continued.optimizer.iterations)) == 6
    continued.run_eagerly = True  # quicker, where it is Keras's
    own, expected = started.fit(x, y, **training).history, continued.fit(x, y, **training).history
    same_histories(own, expected)
    same_weights(*((started, continued) if first == "tinynet" else (continued, started)))
    for one, two in zip(started.optimizer.variables, continued.optimizer.variables, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(two), rtol=1e-3, atol=1e-6)


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_compiled_but_not_trained(optimizer: str, tmp_path: Path) -> None:
    for model in twins(build("dense"), optimizer=optimizer, loss="mse"):
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras")
        assert loaded.compiled
        assert loaded.optimizer.iterations.item() == 0


def test_not_compiled_when_not_asked_for(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"), optimizer="adam", loss="mse")
    ours.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").compiled
    assert not load_model(tmp_path / "model.keras", compile=False).compiled


def test_what_cannot_be_compiled_is_left_out_with_a_warning(tmp_path: Path) -> None:
    def scaling(library: Any) -> Any:
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()) if library is KERAS else "sgd"

    _, theirs = twins(build("dense"), optimizer=scaling, loss="mse")
    theirs.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match=r"model.keras: the training configuration is left out .*LossScaleOptimizer"):
        loaded = load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert_bit_equal(loaded, theirs)


TEXTS = ["Makan nasi goreng!", "minum kopi, minum teh", "nasi", ""]


@pytest.mark.parametrize("given", ["adapted", "given"])
@pytest.mark.parametrize("mode", ["int", "multi_hot"])
def test_text_vectorization_brings_its_vocabulary(mode: str, given: str, tmp_path: Path) -> None:
    vocabulary = ["nasi", "kopi", "enak"] if given == "given" else None
    text: dict[str, Any] = {"output_mode": mode, "vocabulary": vocabulary}
    if mode == "int":
        text["output_sequence_length"] = 4
    forget_names()
    vectorize = keras.layers.TextVectorization(**text)
    if vocabulary is None:
        vectorize.adapt(TEXTS)
    size = vectorize.vocabulary_size()
    rest = (
        [keras.layers.Embedding(size, 3), keras.layers.LSTM(2)] if mode == "int"
        else [keras.layers.Dense(2)]
    )  # fmt: skip
    theirs = keras.Sequential([keras.layers.Input((1,), dtype="string"), vectorize, *rest])
    theirs.save(tmp_path / "keras.keras")
    loaded = load_model(tmp_path / "keras.keras")
    x = np.array([[text] for text in [*TEXTS, "enak sekali"]], dtype=object)
    tensor = tensorflow.constant(x.astype(str))
    expected = theirs.predict(tensor, verbose=0)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-6, atol=1e-7)
    loaded.save(tmp_path / "tinynet.keras")
    again = keras.saving.load_model(tmp_path / "tinynet.keras")
    assert again.layers[0].get_vocabulary() == vectorize.get_vocabulary() == loaded.layers[0].get_vocabulary()
    np.testing.assert_array_equal(again.predict(tensor, verbose=0), expected)


class Scale(layers.Layer):
    """A layer of the user's own."""

    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start
        self.inner = [layers.Dense(3), layers.Dense(3)]

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(
            (input_shape[-1],), tinynet.initializers.Constant(self.start), name="factor"
        )

    def call(self, inputs: Any) -> Any:
        return self.inner[1](self.inner[0](inputs * self.factor))


def test_a_layer_of_ones_own_is_saved_with_all_its_weights(tmp_path: Path) -> None:
    model = tinynet.Sequential([layers.Input((3,)), Scale(2.5)])
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    expected = model.predict(x)
    assert len(model.get_weights()) == 5
    model.set_weights(random_weights(model, seed=1))
    assert not np.allclose(model.predict(x), expected)
    model.save(tmp_path / "own.keras")
    with pytest.raises(
        FileFormatError, match=r"own.keras: layer '.*': unknown layer class 'Scale'.*custom_objects=\{name: class\}"
    ):
        load_model(tmp_path / "own.keras")
    loaded = load_model(tmp_path / "own.keras", custom_objects={"Scale": Scale})
    assert loaded.layers[0].start == 2.5
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    with saving.custom_object_scope({"Scale": Scale}):
        assert_bit_equal(load_model(tmp_path / "own.keras"), model)
    with pytest.raises(ArgumentError, match="custom_objects: expected a dict from name to class, received"):
        load_model(tmp_path / "own.keras", custom_objects=[Scale])  # type: ignore[arg-type]


def test_a_layer_of_ones_own_within_another(tmp_path: Path) -> None:
    model = tinynet.Sequential([layers.Input((2, 3)), layers.TimeDistributed(Scale())])
    model.save(tmp_path / "own.keras")
    loaded = load_model(tmp_path / "own.keras", custom_objects={"Scale": Scale})
    assert_bit_equal(loaded, model)


def test_equal_models_make_equal_files(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    contents = []
    for name in ("a", "b"):
        ours.save(tmp_path / f"{name}.keras")
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            contents.append((archive.read("config.json"), archive.read("model.weights.h5")))
    assert contents[0] == contents[1]


def test_what_is_written_names_no_place_of_this_machine(tmp_path: Path) -> None:
    ours, _ = twins(build("words"), optimizer="adam", loss="mse")
    ours.save(tmp_path / "model.keras")
    content = (tmp_path / "model.keras").read_bytes()
    for word in (str(tmp_path), os.getcwd(), os.path.expanduser("~"), "tinynet."):
        assert word.encode() not in content
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert json.loads(archive.read("config.json"))["class_name"] == "Sequential"


@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_a_failure_while_writing_leaves_the_old_file(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "model.keras" if method == "save" else "model.weights.h5"
    ours, _ = twins(build("dense"))
    getattr(ours, method)(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    ours.set_weights(random_weights(ours, seed=9))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        getattr(ours, method)(tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert os.listdir(tmp_path) == [name]
    monkeypatch.undo()
    getattr(ours, method)(tmp_path / name)
    assert (tmp_path / name).read_bytes() != before
    assert os.listdir(tmp_path) == [name]


def test_where_to_and_whether(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    path = tmp_path / "model.keras"
    ours.save(path)
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match="model.keras: exists already; pass overwrite=True"):
        ours.save(path, overwrite=False)
    assert path.read_bytes() == before
    for name in ("model.txt", "model.weights.h5"):
        with pytest.raises(ArgumentError, match=f"expected a file name ending in .keras or .h5, received '.*{name}'"):
            ours.save(tmp_path / name)
    with pytest.raises(
        ArgumentError, match="expected a file name ending in .weights.h5 or .h5, received '.*model.keras'"
    ):
        ours.save_weights(path)
    with pytest.raises(MissingFileError, match="the folder .*nowhere does not exist"):
        ours.save(tmp_path / "nowhere" / "model.keras")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(ArgumentError, match="folder.keras: is a folder"):
        ours.save(tmp_path / "folder.keras")
    with pytest.raises(NotBuiltError, match="Sequential 'unbuilt': has no weights to save yet"):
        tinynet.Sequential([layers.Dense(2)], name="unbuilt").save_weights(tmp_path / "unbuilt.weights.h5")
    assert sorted(os.listdir(tmp_path)) == ["folder.keras", "model.keras"]


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_what_is_told_of_training_and_what_is_not(name: str, tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    ours.compile("adam", "mse")
    ours.save(tmp_path / name, zipped=True, include_optimizer=False)
    assert not load_model(tmp_path / name).compiled and not keras.saving.load_model(tmp_path / name).compiled
    tinynet.models.save_model(ours, tmp_path / name)
    assert load_model(tmp_path / name, safe_mode=True).compiled and ours.compiled
    assert not load_model(tmp_path / name, compile=False).compiled


def test_settings_that_are_refused(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    path = tmp_path / "model.keras"
    with pytest.raises(ArgumentError, match="save: zipped=False makes a folder"):
        ours.save(path, zipped=False)
    with pytest.raises(ArgumentError, match="save: expected include_optimizer to be True or False, received 'no'"):
        ours.save(path, include_optimizer="no")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="export to SavedModel, ONNX or the like is not supported; save"):
        ours.export(tmp_path / "model", format="onnx")
    assert os.listdir(tmp_path) == []
    ours.save(path)
    with pytest.raises(ArgumentError, match="load_model: safe_mode=False is not supported, as code in a file is never"):
        load_model(path, safe_mode=False)
    with pytest.raises(ArgumentError, match="load_model: expected compile to be True or False, received 'yes'"):
        load_model(path, compile="yes")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "with\0nothing.keras", None, 3, ["a.keras"]])
def test_what_is_no_name_of_a_file(name: Any) -> None:
    ours, _ = twins(build("dense"))
    for use in (load_model, ours.save, ours.save_weights, ours.load_weights):
        with pytest.raises(ArgumentError, match="expected the name of a file, received"):
            use(name)


def test_the_name_of_a_file_as_bytes(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    ours.save(os.fsencode(tmp_path / "model.keras"))  # type: ignore[arg-type]
    assert load_model(os.fsencode(tmp_path / "model.keras")).built  # type: ignore[arg-type]


def test_what_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = twins(build("dense"))
    for write, ending in ((ours.save, ".keras"), (ours.save, ".h5"), (ours.save_weights, ".weights.h5")):
        name = str(tmp_path / f"{'x' * 250}{ending}")
        with pytest.raises(FileAccessError, match=f"^{name}: cannot be written .File name too long"):
            write(name)
    assert os.listdir(tmp_path) == []
    ours.save(tmp_path / "model.keras")

    def denied(*args: Any) -> Any:
        raise PermissionError(13, "Permission denied", "model.keras")

    monkeypatch.setattr("tinynet.saving.archive.open", denied, raising=False)
    for use in (load_model, ours.load_weights):
        with pytest.raises(FileAccessError, match="model.keras: cannot be read .Permission denied.") as caught:
            use(tmp_path / "model.keras")
        assert isinstance(caught.value, OSError)


def test_a_link_and_permissions_stay_as_they_are(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    (tmp_path / "runs").mkdir()
    kept, link = tmp_path / "runs" / "kept.keras", tmp_path / "best.keras"
    ours.save(kept)
    kept.chmod(0o640)
    link.symlink_to(kept)
    before = kept.read_bytes()
    ours.set_weights([weight + 1 for weight in ours.get_weights()])
    ours.save(link)
    assert link.is_symlink() and kept.read_bytes() != before
    assert kept.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path / "runs") == ["kept.keras"]


def test_a_file_is_what_its_content_says(tmp_path: Path) -> None:
    ours, _ = twins(build("dense"))
    for ending, other in ((".keras", ".h5"), (".h5", ".keras")):
        ours.save(tmp_path / f"model{ending}")
        os.replace(tmp_path / f"model{ending}", tmp_path / f"renamed{other}")
        np.testing.assert_array_equal(load_model(tmp_path / f"renamed{other}").get_weights()[0], ours.get_weights()[0])
        ours.load_weights(tmp_path / f"renamed{other}")


def test_a_model_without_weights_yet(tmp_path: Path) -> None:
    forget_names()
    tinynet.Sequential([layers.Dense(2), layers.Dense(3)]).save(tmp_path / "unbuilt.keras")
    loaded = load_model(tmp_path / "unbuilt.keras")
    assert not loaded.built
    assert loaded(np.ones((2, 4))).shape == (2, 3)
    theirs = keras.saving.load_model(tmp_path / "unbuilt.keras")
    assert theirs(np.ones((2, 4), "float32")).shape == (2, 3)


def test_the_weights_of_a_keras_file_without_its_configuration(tmp_path: Path) -> None:
    ours, theirs = twins(build("images"), seed=4)
    theirs.save(tmp_path / "keras.keras")
    ours.set_weights(random_weights(ours, seed=5))
    ours.load_weights(tmp_path / "keras.keras")
    assert_bit_equal(ours, theirs)


@pytest.mark.parametrize("name", MODELS)
def test_a_configuration_as_text_goes_both_ways(name: str) -> None:
    forget_names()
    ours, theirs = twins(build(name))
    for text in (ours.to_json(indent=2), theirs.to_json()):
        again, keras_again = tinynet.models.model_from_json(text), keras.models.model_from_json(text)
        assert [(w.name, w.shape) for w in again.weights] == [(w.name, tuple(w.shape)) for w in keras_again.weights]
        assert again.to_json() == ours.to_json()


def test_every_layer_that_cannot_be_made_is_told_by_its_name() -> None:
    inside = tinynet.Sequential([layers.Input((4,)), layers.Dense(2, name="deep")], name="inside")
    model = tinynet.Sequential([layers.Input((3,)), layers.Dense(4, name="first"), inside, layers.Dense(2, name="end")])
    with pytest.raises(FileFormatError) as caught:
        saving.model_from_json(model.to_json().replace('"Dense"', '"Dens"'))
    unknown = (
        "unknown layer class 'Dens'. Did you mean 'Dense'? "
        "A class of your own is passed as custom_objects={name: class}."
    )
    assert str(caught.value).splitlines() == [
        "model_from_json: 3 layers cannot be made:",
        f"- layer 'first': {unknown}", f"- layer 'inside': layer 'deep': {unknown}", f"- layer 'end': {unknown}",
    ]  # fmt: skip
    with pytest.raises(FileFormatError, match="^model_from_json: layer 'end': Dense: unknown argument 'unit'"):
        saving.model_from_json(model.to_json().replace('"end"', '"end", "unit": 5'))


def test_a_clone_has_the_same_layers_and_weights_of_its_own() -> None:
    forget_names()
    model = tinynet.Sequential([layers.Input((4,)), layers.Dense(3, name="first"), layers.Dropout(0.5, seed=1)])
    clone = tinynet.models.clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    before = model.get_weights()[0].copy()
    clone.set_weights([np.zeros_like(w) for w in clone.get_weights()])
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_a_folder_goes_both_ways(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")

    def built(library: Any) -> Any:
        model = library.Sequential([library.layers.Input((3,)), library.layers.Dense(2)])
        model.compile("adam", "mse")
        model.fit(x, x[:, :2], verbose=0)
        return model

    for first, second in ((tinynet, keras), (keras, tinynet), (tinynet, tinynet)):
        model = built(first)
        model.save(tmp_path / "model", zipped=False)  # again and again
        loaded = second.saving.load_model(tmp_path / "model")
        np.testing.assert_allclose(np.asarray(loaded(x)), np.asarray(model(x)), rtol=1e-6)
        assert loaded.optimizer.name == model.optimizer.name
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_folders_that_are_no_models(tmp_path: Path) -> None:
    model = tinynet.Sequential([layers.Input((3,)), layers.Dense(2)])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="is there and no folder of a model"):
        model.save(tmp_path / "mine", zipped=False)
    with pytest.raises(FileFormatError, match="is a folder without config.json, so it is no model"):
        tinynet.saving.load_model(tmp_path / "mine")
    with pytest.raises(ArgumentError, match="zipped=False makes a folder, whose name has no such ending"):
        model.save(tmp_path / "model.keras", zipped=False)
    model.save(tmp_path / "model", zipped=False)
    with pytest.raises(ArgumentError, match="exists already; pass overwrite=True"):
        model.save(tmp_path / "model", zipped=False, overwrite=False)
    (tmp_path / "model" / "config.json").rename(tmp_path / "config.json")
    (tmp_path / "model" / "config.json").symlink_to(tmp_path / "config.json")
    with pytest.raises(UnsafeFileError, match="'config.json' is a link or a device, not a file"):
        tinynet.saving.load_model(tmp_path / "model")
