"""Layers that change images at random: the same seed gives Keras's images, and the draws are as they should be."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src import backend
from keras_oracle import LAYERS, Case, assert_close, keras_layer, our_layer
from layer_cases import cases
from twins import forget_names

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.layers.augmentation import Augmentation

NAMES = sorted(name for name in LAYERS if issubclass(getattr(layers, name), Augmentation))
IMAGES = np.random.default_rng(0).uniform(0, 255, (6, 8, 7, 3)).astype("float32")


def in_training(case: Case) -> Case:
    """The case with images that Keras takes in training, too."""
    if case.class_name in ("RandomContrast", "RandomBrightness", "RandomSaturation"):
        case.inputs = case.inputs.astype("float32")
    return case


@pytest.mark.parametrize("name", [name for name in NAMES if name != "RandomColorJitter"])  # which draws on the way
@given(data=st.data())
def test_transformations_that_keras_drew(name: str, data: st.DataObject) -> None:
    case = in_training(data.draw(cases(name)))
    ours, theirs = our_layer(case), keras_layer(case)
    images = backend.convert_to_tensor(case.inputs)
    drawn = theirs.get_random_transformation(images)
    single = images.ndim == 3
    expected = (theirs.transform_single_image if single else theirs.transform_images)(images, drawn)
    assert_close(ours.transform_images(case.inputs, drawn).numpy(), expected.numpy(), tolerance=1e-5)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_the_same_seed_makes_the_same_images(name: str, data: st.DataObject, seed: int, counts: Any) -> None:
    case = in_training(data.draw(cases(name)))
    random.seed(seed)
    theirs = keras_layer(case)
    random.seed(seed)
    ours = our_layer(case)
    for _ in range(2):
        expected = theirs(backend.convert_to_tensor(case.inputs))  # in training, as nothing else is said
        assert_close(ours(case.inputs).numpy(), expected.numpy(), tolerance=1e-5)
    counts["layers", "augmentations compared with Keras's"] += 1


MAKE = {
    "RandomFlip": lambda **k: layers.RandomFlip(**k),
    "RandomCrop": lambda **k: layers.RandomCrop(4, 5, **k),
    "RandomRotation": lambda **k: layers.RandomRotation((-0.1, 0.3), **k),
    "RandomTranslation": lambda **k: layers.RandomTranslation(0.25, (-0.5, 0.125), **k),
    "RandomZoom": lambda **k: layers.RandomZoom((-0.5, 0.25), **k),
    "RandomContrast": lambda **k: layers.RandomContrast((0.5, 0.25), **k),  # sorted, as in Keras
    "RandomBrightness": lambda **k: layers.RandomBrightness((-0.5, 0.25), **k),
    "RandomColorDegeneration": lambda **k: layers.RandomColorDegeneration((-0.5, 0.25), **k),
    "RandomColorJitter": lambda **k: layers.RandomColorJitter((0, 255), 0.1, 0.2, 0.3, 0.4, **k),
    "RandomErasing": lambda **k: layers.RandomErasing((0.25, 1), **k),
    "RandomGaussianBlur": lambda **k: layers.RandomGaussianBlur((0.25, 1), **k),
    "RandomGrayscale": lambda **k: layers.RandomGrayscale(0.5, **k),
    "RandomHue": lambda **k: layers.RandomHue((0.25, 0.75), **k),
    "RandomInvert": lambda **k: layers.RandomInvert((0.25, 1), **k),
    "RandomPosterization": lambda **k: layers.RandomPosterization((1, 5), **k),
    "RandomSaturation": lambda **k: layers.RandomSaturation((0.25, 0.75), **k),
    "RandomSharpness": lambda **k: layers.RandomSharpness((0.25, 1), **k),
    "RandomPerspective": lambda **k: layers.RandomPerspective((0.25, 1), **k),
    "RandomShear": lambda **k: layers.RandomShear((0.25, 0.5), (0, 0.5), **k),
    "Solarization": lambda **k: layers.Solarization(0.5, (0.25, 0.5), **k),
    "MixUp": lambda **k: layers.MixUp(**k),
    "CutMix": lambda **k: layers.CutMix(**k),
    "RandAugment": lambda **k: layers.RandAugment(**k),
    "Equalization": lambda seed=None: layers.Equalization(),  # which draws nothing
}
ALWAYS = ["AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"]
MANY = 4000
STEPS = {"RandomPosterization", "Equalization", "RandAugment"}  # whose results move in steps
COLOR_NAMES = sorted(set(MAKE) - STEPS)


def test_every_layer_that_draws_is_here() -> None:
    assert sorted(MAKE) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Equalization"])
def test_seeds(name: str) -> None:
    one, other, third = (MAKE[name](seed=seed) for seed in (3, 3, 4))
    first, second = one(IMAGES).numpy(), one(IMAGES).numpy()
    np.testing.assert_array_equal(other(IMAGES).numpy(), first)
    np.testing.assert_array_equal(other(IMAGES).numpy(), second)
    assert not np.array_equal(first, second)
    assert any(not np.array_equal(third(IMAGES).numpy(), image) for image in (first, second))
    # A seed given to the draw is used instead of the layer's own, which then stays where it was.
    counter = one.seed_generator.counter
    drawn = [one.get_random_transformation(IMAGES, seed=9) for _ in range(2)]
    np.testing.assert_equal(drawn[0], drawn[1])
    assert one.seed_generator.counter == counter


UNIFORM = {
    "RandomRotation": lambda t: [(t["angle"], -36.0, 108.0)],
    "RandomTranslation": lambda t: [(t["translations"][:, 1], -2.0, 2.0), (t["translations"][:, 0], -3.5, 0.875)],
    "RandomZoom": lambda t: [(t["height_zoom"], 0.5, 1.25)],
    "RandomContrast": lambda t: [(t["contrast_factor"], 0.75, 1.5)],
    "RandomBrightness": lambda t: [(t["rgb_delta"], -127.5, 63.75)],
    "RandomColorDegeneration": lambda t: [(t["factor"], -0.5, 0.25)],
    "RandomSharpness": lambda t: [(t["factor"], 0.25, 1.0)],
    "RandomHue": lambda t: [(np.abs(t["factor"]), 0.125, 0.375)],
    "RandomShear": lambda t: [(np.abs(t["shear_factor"][:, 0]), 0.25, 0.5), (np.abs(t["shear_factor"][:, 1]), 0, 0.5)],
    "Solarization": lambda t: [(t["additions"], 0.0, 127.5), (t["thresholds"], 0.25, 127.5)],
}


@pytest.mark.parametrize("name", UNIFORM)
def test_draws_are_uniform_over_the_range_and_each_images_own(name: str) -> None:
    drawn = MAKE[name](seed=1).get_random_transformation(np.empty((MANY, 8, 7, 3), "float32"))
    for numbers, low, high in UNIFORM[name](drawn):
        share = (np.sort(np.ravel(numbers)) - low) / (high - low)
        assert 0 <= share[0] and share[-1] <= 1
        # Kolmogorov and Smirnov: this far from uniform once in 10⁷ draws.
        assert np.abs(share - (np.arange(MANY) + 0.5) / MANY).max() < 2.9 / MANY**0.5
    pairs = [np.ravel(numbers) for numbers, _, _ in UNIFORM[name](drawn)]
    if len(pairs) == 2:
        assert abs(np.corrcoef(*pairs)[0, 1]) < 5 / MANY**0.5


def test_flips_are_half_of_all_and_the_same_in_both_directions() -> None:
    images = np.broadcast_to(np.arange(4.0).reshape(1, 2, 2, 1), (MANY, 2, 2, 1)).astype("float32")
    found = layers.RandomFlip(seed=2)(images).numpy().reshape(MANY, 4)
    flipped = (found == [3, 2, 1, 0]).all(axis=1)
    assert (flipped | (found == [0, 1, 2, 3]).all(axis=1)).all()
    assert abs(flipped.mean() - 0.5) < 2.5 / MANY**0.5


def test_crops_begin_everywhere_they_can() -> None:
    layer, images = layers.RandomCrop(6, 5, seed=1), np.empty((1, 8, 7, 1), "float32")
    places = [layer.get_random_transformation(images) for _ in range(500)]
    assert {*places} == {(top, left) for top in range(3) for left in range(3)}
    for axis in (0, 1):
        counts = np.bincount([place[axis] for place in places], minlength=3)
        assert (np.abs(counts - 500 / 3) < 60).all()
    # The seed that a layer draws for its configuration is not the one it draws with, as in Keras.
    assert isinstance(layers.RandomCrop(2, 2).get_config()["seed"], int)


def augmented(library: Any) -> list[Any]:
    l = library.layers
    return [
        l.Input((8, 7, 3)), l.RandomFlip("horizontal", seed=1), l.RandomRotation(0.1, seed=2),
        l.RandomTranslation(0.1, 0.2, fill_mode="constant", seed=3), l.RandomZoom(0.2, seed=4),
        l.RandomContrast(0.2, (0, 1), seed=5), l.RandomBrightness(0.2, (0, 1), seed=6), l.Resizing(6, 6),
        l.CenterCrop(5, 5), l.Conv2D(2, 3), l.Flatten(), l.Dense(2),
    ]  # fmt: skip


def test_models_augment_in_training_only(tmp_path: Path) -> None:
    forget_names()
    images = IMAGES / 255
    theirs, ours = keras.Sequential(augmented(keras)), tinynet.Sequential(augmented(tinynet))
    ours.set_weights(theirs.get_weights())
    expected = theirs.predict(images, verbose=0)
    assert_close(ours.predict(images), expected)
    ours.compile("sgd", "mse")
    drawing = [layer for layer in ours.layers if layer.seed_generators()]
    assert len(drawing) == 6
    ours.evaluate(images, expected, verbose=0)
    assert [layer.seed_generator.counter for layer in drawing] == [0] * 6
    ours.fit(images, expected, batch_size=2, epochs=2, verbose=0)
    # Three batches in two epochs; a translation draws twice.
    assert [layer.seed_generator.counter for layer in drawing] == [6, 6, 12, 6, 6, 6]
    # As in Keras a model that is called itself augments, as its layers do.
    for model in (ours, theirs):
        assert not np.array_equal(model(images).numpy(), model(images).numpy())
        first, second = (model(images, training=False).numpy() for _ in range(2))
        np.testing.assert_array_equal(first, second)

    theirs.save(tmp_path / "keras.keras")
    loaded = tinynet.models.load_model(tmp_path / "keras.keras")
    assert_close(loaded.predict(images), expected)
    loaded.save(tmp_path / "tinynet.keras")
    again = keras.saving.load_model(tmp_path / "tinynet.keras")
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)


def sum_of_both(library: Any) -> Any:
    l = library.layers
    inputs = l.Input((8, 7, 3))
    x = l.RandomFlip(seed=1)(inputs)
    for layer in (l.RandomRotation(0.1), l.RandomTranslation(0.1, 0.1), l.RandomZoom(0.1), l.RandomContrast(0.1)):
        x = layer(x)
    x = l.RandomBrightness(0.1)(l.RandomCrop(8, 7)(x))
    small = l.Resizing(4, 4, interpolation="bicubic", crop_to_aspect_ratio=True)(x)
    return library.Model(inputs, small + l.CenterCrop(4, 4)(x))


def test_functional_models_their_files_and_clones(tmp_path: Path) -> None:
    forget_names()
    ours, theirs = sum_of_both(tinynet), sum_of_both(keras)
    expected = theirs.predict(IMAGES, verbose=0)
    assert_close(ours.predict(IMAGES), expected)
    assert ours.output_shape == theirs.output_shape
    theirs.save(tmp_path / "keras.keras")
    assert_close(tinynet.models.load_model(tmp_path / "keras.keras").predict(IMAGES), expected)
    ours.save(tmp_path / "tinynet.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "tinynet.keras").predict(IMAGES, verbose=0), expected
    )
    np.testing.assert_array_equal(tinynet.models.clone_model(ours).predict(IMAGES), ours.predict(IMAGES))


@pytest.mark.parametrize("name", ["Resizing", "CenterCrop", "RandomBrightness"])
def test_the_dtype_of_symbolic_results_is_keras_rule(name: str) -> None:
    arguments = (0.1,) if name == "RandomBrightness" else (4, 4)
    for library in (tinynet, keras):
        inputs = library.layers.Input((8, 7, 3), dtype="uint8")
        assert getattr(library.layers, name)(*arguments)(inputs).dtype == "float32"


def test_bytes_get_no_brighter_than_white_and_no_darker_than_black() -> None:
    images = np.array([[[0, 100, 250]]], "uint8")
    for factor, expected in ((0.1, [25, 125, 255]), (-0.1, [0, 75, 225])):
        found = layers.RandomBrightness((factor, factor), value_range=(0.0, 255.0))(images)
        assert found.dtype == "uint8"
        assert found.numpy().ravel().tolist() == expected


@settings(max_examples=30)
@given(data=st.data())
def test_brightness_of_integers_is_keras_where_they_hold_the_sum(data: st.DataObject) -> None:
    delta = data.draw(st.floats(-100, 100, width=32))
    images = data.draw(st.lists(st.integers(-300, 300), min_size=4, max_size=4))
    array = np.array(images, "int32").reshape(1, 2, 2, 1)
    drawn = {"rgb_delta": np.full((1, 1, 1, 1), delta, "float32")}
    expected = keras.layers.RandomBrightness(0.1).transform_images(backend.convert_to_tensor(array), drawn)
    np.testing.assert_array_equal(layers.RandomBrightness(0.1).transform_images(array, drawn), expected)


@pytest.mark.parametrize("name", COLOR_NAMES)
def test_gradients_through_colors(name: str) -> None:
    """Of a batch whose values are apart from one another, so that no maximum is shared."""
    layer, images = MAKE[name](seed=3), np.random.default_rng(3).uniform(20, 230, (2, 3, 4, 3))
    drawn = layer.get_random_transformation(images)
    assert tinynet.gradcheck(lambda x: layer.transform_images(x, drawn), images)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5"])
@given(seed=st.integers(0, 2**32 - 1), antialias=st.booleans())
def test_resized_integers_are_those_of_keras_to_the_last_one(interpolation: str, seed: int, antialias: bool) -> None:
    generator = np.random.default_rng(seed)
    height, width, new_height, new_width = (int(n) for n in generator.integers(1, 30, 4))
    images = generator.integers(0, 256, (2, height, width, 3)).astype("uint8")
    settings = {"interpolation": interpolation, "antialias": antialias}
    ours = layers.Resizing(new_height, new_width, **settings)(images).numpy()
    theirs = keras.layers.Resizing(new_height, new_width, **settings)(images).numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Resizing(0, 3), "expected height to be a whole number >= 1, received 0"),
        (lambda: layers.Resizing(3, 2.5), "expected width to be a whole number >= 1, received 2.5"),
        (lambda: layers.Resizing(10**9, 10**9), "at most 16,384 pixels, received 1,000,000,000 and 1,000,000,000"),
        (lambda: layers.CenterCrop(3, 10**6), "CenterCrop '.*': expected height and width of at most 16,384"),
        (lambda: layers.RandomCrop(10**6, 3), "RandomCrop '.*': expected height and width of at most 16,384"),
        (lambda: layers.Resizing(3, 3, "bilinera"), "unknown interpolation 'bilinera'. Did you mean 'bilinear'"),
        (lambda: layers.Resizing(3, 3, "gaussian"), "unknown interpolation 'gaussian'"),
        (lambda: layers.Resizing(3, 3, fill_mode="reflect"), "unknown fill_mode 'reflect'"),
        (lambda: layers.Resizing(3, 3, fill_value="x"), "expected fill_value to be a finite number, received 'x'"),
        (lambda: layers.Resizing(3, 3, antialias="yes"), "expected antialias to be True or False"),
        (
            lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            "either crop_to_aspect_ratio or pad_to_aspect_ratio",
        ),
        (lambda: layers.Resizing(3, 3, bounding_box_format="xyxy"), "bounding_box_format='xyxy' is not supported"),
        (lambda: layers.Resizing(3, 3, data_format="last"), "unknown data_format 'last'"),
        (lambda: layers.RandomFlip("sideways"), "RandomFlip '.*': unknown mode 'sideways'"),
        (lambda: layers.RandomFlip(seed=-1), "non-negative integer seed, received -1"),
        (lambda: layers.RandomRotation(None), "expected factor to be a finite number, received None"),
        (lambda: layers.RandomRotation(1.5), "expected factor between -1 and 1, received 1.5"),
        (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), "expected factor to be a number or a pair of them"),
        (lambda: layers.RandomRotation([0.1]), "expected factor to be a number or a pair of them"),
        (lambda: layers.RandomRotation(float("nan")), "expected factor to be a finite number, received nan"),
        (lambda: layers.RandomRotation(0.1, fill_mode="mirror"), "unknown fill_mode 'mirror'"),
        (lambda: layers.RandomRotation(0.1, interpolation="bicubic"), "unknown interpolation 'bicubic'"),
        (lambda: layers.RandomRotation(0.1, fill_value=None), "expected fill_value to be a finite number"),
        (lambda: layers.RandomTranslation(0.1, "a"), "expected width_factor to be a finite number, received 'a'"),
        (lambda: layers.RandomTranslation(-2, 0), "expected height_factor between -1 and 1, received -2"),
        (lambda: layers.RandomZoom(-1.0), "height_factor of −1 leaves nothing of the image"),
        (lambda: layers.RandomZoom(0.1, (0.1, -1)), "width_factor of −1 leaves nothing of the image"),
        (lambda: layers.RandomContrast(-0.1), "expected factor between 0 and 1, received -0.1"),
        (lambda: layers.RandomContrast(0.1, (255, 0)), "expected value_range with the lower end first"),
        (lambda: layers.RandomHue(-0.1), "expected factor between 0 and 1, received -0.1"),
        (lambda: layers.RandomGrayscale(2), "expected factor between 0 and 1, received 2"),
        (lambda: layers.RandomPosterization(0), "expected factor to be a whole number >= 1, received 0"),
        (lambda: layers.RandomPosterization(9), "expected factor between 1 and 8, received 9"),
        (lambda: layers.RandomGaussianBlur(kernel_size=2), "expected kernel_size to be odd, received 2"),
        (lambda: layers.RandomErasing(fill_value=[1, 2]), "expected fill_value to be a number or 3"),
        (lambda: layers.MixUp(0), "expected alpha above 0, received 0"),
        (lambda: layers.RandAugment(num_ops=-1), "expected num_ops to be a whole number >= 0"),
        (lambda: layers.RandomShear(2), "expected x_factor between 0 and 1, received 2"),
        (lambda: layers.Equalization(bins=0), "expected bins to be a whole number >= 1"),
        (lambda: layers.RandomBrightness(0.1, 255), "expected value_range to be a pair of numbers, received 255"),
        (lambda: layers.RandomBrightness(0.1, (0, "x")), "expected value_range to be a finite number, received 'x'"),
    ],
)
def test_arguments_that_mean_nothing(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("name", [*NAMES, *ALWAYS, "Resizing", "CenterCrop"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2, 3, 4, 5), (2, 0, 3, 1), (0, 3, 1)])
def test_what_is_no_image(name: str, shape: tuple[int, ...]) -> None:
    layer = MAKE[name]() if name in MAKE else getattr(layers, name)(*([] if name in ALWAYS else [2, 2]))
    with pytest.raises(ShapeError, match=f"{name} '.*': expected "):
        layer(np.ones(shape, "float32"))
    with pytest.raises(ShapeError, match=f"{name} '.*': expected "):
        layer.compute_output_shape(shape)


@pytest.mark.parametrize("name", [*NAMES, *ALWAYS, "Resizing", "CenterCrop"])
def test_batches_of_no_images(name: str) -> None:
    layer = MAKE[name]() if name in MAKE else getattr(layers, name)(*([] if name in ALWAYS else [2, 2]))
    assert layer(np.ones((0, 8, 7, 3), "float32")).shape == layer.compute_output_shape((0, 8, 7, 3))


def test_inputs_that_are_not_supported() -> None:
    with pytest.raises(ShapeError, match="RandomHue '.*': expected images of 3 channels, received shape"):
        layers.RandomHue(0.1)(IMAGES[..., :2])
    with pytest.raises(ShapeError, match="RandomGrayscale '.*': expected images of 3 channels or 1, received shape"):
        layers.RandomGrayscale()(IMAGES[..., :2])
    with pytest.raises(DtypeError, match="RandomSaturation '.*': expected images of floats, received uint8"):
        layers.RandomSaturation(0.1)(IMAGES.astype("uint8"))
    with pytest.raises(ArgumentError, match="labels, boxes and segmentation masks beside the images are not supported"):
        layers.RandomFlip()({"images": IMAGES, "labels": np.zeros(6)})
    with pytest.raises(DtypeError, match="RandomContrast '.*': expected images of floats, received uint8"):
        layers.RandomContrast(0.1)(IMAGES.astype("uint8"))
    for layer in (layers.RandomBrightness(0.1), layers.Resizing(2, 2)):
        with pytest.raises(DtypeError, match="expected images of numbers, received bool"):
            layer(IMAGES > 0)
    with pytest.raises(ArgumentError, match="fill_value=2.5 does not fit into uint8 images"):
        layers.Resizing(2, 9, pad_to_aspect_ratio=True, fill_value=2.5)(IMAGES.astype("uint8"))
    with pytest.raises(ShapeError, match="pad_to_aspect_ratio would make images of 100,000 by 1,638,400,000 pixels"):
        layers.Resizing(1, 2**14, pad_to_aspect_ratio=True)(np.ones((100_000, 1, 1), "float32"))
