"""Image files, arrays and folders of files, beside Keras's."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
from PIL import Image

import tinynet
from tinynet import utils
from tinynet.errors import ArgumentError, DataError, DtypeError, FileFormatError, MissingFileError, ShapeError

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """Images of two classes: 9 by 7 pixels, of one, three and four channels."""
    for number in range(10):
        place = tmp_path / ("cats" if number % 3 else "dogs") / ("deep" if number == 7 else "")
        place.mkdir(parents=True, exist_ok=True)
        pixels = RNG.integers(0, 256, (9, 7, [3, 4, 3][number % 3]), "uint8")
        Image.fromarray(pixels[..., 0] if number == 5 else pixels).save(place / f"{number}.png")
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    return tmp_path


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("settings", [{}, {"scale": False}, {"data_format": "channels_first"}])
def test_arrays_become_the_images_of_keras(channels, settings):
    array = RNG.uniform(-3, 200, (5, 6, channels))
    array = np.abs(array) if not settings.get("scale", True) else array
    array = array.transpose(2, 0, 1) if "data_format" in settings else array
    ours, theirs = utils.array_to_img(array, **settings), keras.utils.array_to_img(array, **settings)
    assert ours.mode == theirs.mode
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max() <= 1  # cut to whole numbers
    settings.pop("scale", None)
    np.testing.assert_array_equal(utils.img_to_array(theirs, **settings), keras.utils.img_to_array(theirs, **settings))


@pytest.mark.parametrize("mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos"])
@pytest.mark.parametrize("keep", [False, True])
def test_files_are_read_as_by_keras(folder, mode, interpolation, keep):
    settings = {
        "color_mode": mode, "target_size": (4, 9), "interpolation": interpolation, "keep_aspect_ratio": keep,
    }  # fmt: skip
    file = folder / "cats" / "1.png"
    ours, theirs = utils.load_img(file, **settings), keras.utils.load_img(file, **settings)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_written_and_read_again(tmp_path):
    pixels = RNG.integers(0, 256, (4, 5, 4)).astype("float32")
    utils.save_img(tmp_path / "image.png", pixels, scale=False)
    np.testing.assert_array_equal(utils.img_to_array(utils.load_img(tmp_path / "image.png", "rgba")), pixels)
    with pytest.warns(UserWarning, match="JPEG holds no transparency"):
        utils.save_img(tmp_path / "image.jpg", pixels)
    buffer = io.BytesIO()
    utils.save_img(buffer, pixels, file_format="png")
    assert utils.load_img(io.BytesIO(buffer.getvalue())).size == (5, 4)


def compared(ours, theirs):
    batches = list(zip(ours, theirs.as_numpy_iterator(), strict=True))
    assert batches
    for mine, other in batches:
        for a, b in zip(*(part if isinstance(part, tuple) else (part,) for part in (mine, other)), strict=True):
            assert a.shape == b.shape
            # Keras leaves integers where nothing is computed, and rounds shades of grey otherwise.
            assert a.dtype == b.dtype or b.dtype == "uint8"
            np.testing.assert_allclose(a, b, atol=1e-3 if b.dtype != "uint8" else 1.001)


SETTINGS = [
    {},
    {"label_mode": "binary", "color_mode": "grayscale", "interpolation": "nearest"},
    {"label_mode": "categorical", "color_mode": "rgba", "interpolation": "bicubic", "class_names": ["dogs", "cats"]},
    {"label_mode": None, "interpolation": "area", "batch_size": None},
    {"labels": None, "crop_to_aspect_ratio": True},
    {"labels": list(range(10)), "pad_to_aspect_ratio": True},
    {"validation_split": 0.3, "subset": "training"},
    {"validation_split": 0.3, "subset": "validation", "data_format": "channels_first"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_folders_of_images_are_those_of_keras(folder, settings):
    given = {"image_size": (6, 8), "batch_size": 4, "shuffle": False, "verbose": False, **settings}
    ours = tinynet.utils.image_dataset_from_directory(folder, **given)
    theirs = keras.utils.image_dataset_from_directory(folder, **given)
    assert ours.class_names == theirs.class_names
    assert ours.file_paths == theirs.file_paths
    compared(ours, theirs)


def test_the_files_of_both_subsets_are_those_of_keras(folder, capsys):
    given = {"image_size": 5, "validation_split": 0.4, "subset": "both", "seed": 3}
    ours = utils.image_dataset_from_directory(folder, **given)
    theirs = keras.utils.image_dataset_from_directory(folder, **given)
    assert "Found 10 files belonging to 2 classes" in capsys.readouterr().out
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.file_paths == other.file_paths
    compared(ours[1], theirs[1])  # validation files keep their order
    orders = [np.concatenate([x[:, 0, 0, 0] for x, _ in ours[0]]) for _ in range(4)]
    assert any(not np.array_equal(orders[0], other) for other in orders[1:])
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_a_model_trains_on_a_folder(folder):
    data = utils.image_dataset_from_directory(folder, image_size=4, batch_size=5, verbose=False)
    model = tinynet.Sequential([tinynet.layers.Flatten(), tinynet.layers.Dense(2)])
    model.compile("sgd", tinynet.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert len(model.fit(data, epochs=2, verbose=0).history["loss"]) == 2


def test_texts(tmp_path):
    for name, text in {"a/1.txt": "good day", "a/2.txt": "größe", "b/3.txt": "bad"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    given = {"shuffle": False, "verbose": False, "batch_size": 2}
    ours = utils.text_dataset_from_directory(tmp_path, **given)
    theirs = keras.utils.text_dataset_from_directory(tmp_path, **given)
    for (x, y), (a, b) in zip(ours, theirs.as_numpy_iterator(), strict=True):
        assert [text.encode() for text in x] == list(a)
        np.testing.assert_array_equal(y, b)
    assert list(utils.text_dataset_from_directory(tmp_path, max_length=3, label_mode=None, **given).take(1))[0].tolist() == [
        "goo", "grö",
    ]  # fmt: skip
    (tmp_path / "a" / "2.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="no text in UTF-8"):
        list(utils.text_dataset_from_directory(tmp_path, **given))


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"labels": "guessed"}, ArgumentError, "labels must be 'inferred', None or a list"),
        ({"labels": [1]}, ArgumentError, "1 labels do not fit the 10 files"),
        ({"label_mode": "one"}, ArgumentError, "unknown label_mode 'one'"),
        ({"class_names": ["birds"]}, ArgumentError, "has no folder 'birds'; it has cats, dogs"),
        ({"labels": None, "class_names": ["cats"]}, ArgumentError, "class_names go with labels='inferred' alone"),
        ({"class_names": ["cats"], "label_mode": "binary"}, ArgumentError, "'binary' needs two classes"),
        ({"color_mode": "cmyk"}, ArgumentError, "unknown color_mode 'cmyk'"),
        ({"image_size": (1, 2, 3)}, ArgumentError, "image_size to be one number or 2"),
        ({"interpolation": "gaussian"}, ArgumentError, "unknown interpolation 'gaussian'"),
        ({"subset": "training"}, ArgumentError, "validation_split and subset go together"),
        ({"validation_split": 0.2, "subset": "test"}, ArgumentError, "unknown subset 'test'"),
        ({"validation_split": 0.2, "subset": "both"}, ArgumentError, "needs a seed"),
        ({"validation_split": 2.0, "subset": "both", "seed": 1}, ArgumentError, "validation_split between 0 and 1"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, DataError, "has no files"),
        ({"format": "torch"}, ArgumentError, "unknown format 'torch'"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ArgumentError, "received both"),
    ],
)
def test_settings_that_do_not_fit(folder, settings, error, words):
    with pytest.raises(error, match=words):
        utils.image_dataset_from_directory(folder, verbose=False, **settings)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda _: utils.array_to_img([1.0]), ShapeError, "an image of 3 axes"),
        (lambda _: utils.array_to_img(np.ones((2, 2, 2))), ShapeError, "1, 3 or 4 channels, received 2"),
        (lambda _: utils.img_to_array([1.0]), ShapeError, "an image of 2 or 3 axes"),
        (lambda _: utils.load_img(3), DtypeError, "expected a path or io.BytesIO, received int"),
        (lambda _: utils.load_img(io.BytesIO(b"no image")), FileFormatError, "cannot be read as an image"),
        (lambda p: utils.load_img(p / "none.png"), MissingFileError, "there is no file"),
        (lambda p: utils.load_img(p / "cats" / "1.png", target_size=(1, 1), interpolation="best"), ArgumentError, "best"),
        (lambda p: utils.save_img(p / "x.unknown", np.ones((1, 1, 3))), ArgumentError, "knows no format 'unknown'"),
        (lambda p: utils.text_dataset_from_directory(p / "none"), MissingFileError, "there is no folder"),
    ],
)
def test_refusals(folder, call, error, words):
    with pytest.raises(error, match=words):
        call(folder)
