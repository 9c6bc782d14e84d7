"""`train`, `evaluate` and `predict` of classifiers, from the first epoch to a file that Keras opens."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from cli_files import Ran, command
from PIL import Image
from sklearn.metrics import classification_report, confusion_matrix
from small_data import data  # noqa: F401 (a fixture)

import tinynet
from tinynet.callbacks import BackupAndRestore
from tinynet.cli.beside import CLASSES, read_beside
from tinynet.cli.classes import Classes, add_classes, read_classes
from tinynet.cli.scores import say_scores, scored
from tinynet.models import load_model

NETWORKS = '''
import tinynet as keras

def small(units=8):
    hidden = keras.layers.Dense(units, "relu")
    return keras.Sequential([keras.layers.Flatten(), hidden, keras.layers.Dense(3, "softmax")])

def logits():
    model = keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model

def one(activation):
    return keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(1, activation)])

def ids(steps=None):
    return keras.Sequential([keras.Input((steps,)), keras.layers.Embedding(40, 4), keras.layers.GlobalMaxPooling1D(),
                             keras.layers.Dense(3, "softmax")])

def texts():
    vectorize = keras.layers.TextVectorization(output_mode="multi_hot")
    return keras.Sequential([vectorize, keras.layers.Dense(3, "softmax")])

def regression():
    model = keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model

def two_inputs():
    a, b = keras.Input((6, 6)), keras.Input((6, 6))
    return keras.Model([a, b], keras.layers.Add()([a, b]))

def failing():
    raise KeyError("no weights")

def images():
    return keras.Sequential([keras.Input((6, 6)), keras.layers.Dense(3)])

class Own(keras.layers.Layer):
    def call(self, x):
        return x * 1.0

def own():
    return keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), Own(), keras.layers.Dense(3, "softmax")])

number = 3
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with networks of the user's and small data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "networks.py").write_text(NETWORKS)
    generator = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = generator.normal(y[:, None, None], 0.3, (60, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "squares.npz", x=x, y=y)
    np.savez(tmp_path / "named.npz", x=x, y=np.array(["low", "middle", "high"])[y])
    np.savez(tmp_path / "pair.npz", x_train=x[y < 2], y_train=y[y < 2], x_test=x[y < 2][:5], y_test=y[y < 2][:5])
    with open(tmp_path / "reviews.csv", "w", encoding="utf-8", newline="") as stream:
        words = {"bad": "buruk kecewa", "good": "enak suka", "so-so": "biasa saja"}
        rows = [[label, f"{words[label]} kata{i}"] for i in range(8) for label in words]
        csv.writer(stream).writerows([["label", "text"], *rows])
    return tmp_path


def train(capsys: pytest.CaptureFixture[str], *argv: Any) -> Ran:
    """A training that has to succeed."""
    ran = command(capsys, "train", *argv)
    assert ran.status == 0, ran.err
    return ran


def test_texts_from_the_first_epoch_to_keras(
    here: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    monkeypatch.setenv("TINYNET_DATA", str(data))
    before = {*os.listdir(here)}
    ran = train(
        capsys, "bidirectional-lstm", "nusax", "-o", "s.keras", "--epochs", 12, "--patience", 3, "--units", 8,
        "--vocabulary", 50, "--length", 7, "--learning-rate", 0.02, "--log", "log.csv",
    )  # fmt: skip
    assert "60 samples to train on, 12 for validation, 15 for the test; 3 classes" in ran.out
    assert "best epoch: " in ran.out and "(val_macro_f1 " in ran.out
    assert "test: 15 samples of NusaX (indonesian)" in ran.out and "true \\ predicted" in ran.out
    assert "saved s.keras, which takes texts" in ran.out
    assert (here / "log.csv").read_text().startswith("epoch,accuracy,loss,macro_f1,val_accuracy,")
    assert {*os.listdir(here)} - before == {"log.csv", "s.keras"}  # no backup

    texts = ["saya enak suka", "buruk", "rapat hari Senin!"]
    ran = command(capsys, "predict", "s.keras", *texts, "--json")
    told = json.loads(ran.out)
    assert [row["input"] for row in told] == texts
    names = ("negative", "neutral", "positive")
    ours = np.array([[row["probabilities"][name] for name in names] for row in told])
    theirs = keras.models.load_model("s.keras").predict(tf.constant(texts)[:, None], verbose=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert [row["class"] for row in told] == [names[k] for k in theirs.argmax(axis=1)]
    assert [row["class"] for row in told] == ["positive", "negative", "neutral"]
    assert [row["probability"] for row in told] == ours.max(axis=1).tolist()

    text = command(capsys, "predict", "s.keras", *texts)
    assert text.out.splitlines()[1].startswith("saya enak suka     positive")
    (here / "t.txt").write_text("\n".join(texts) + "\n")
    assert command(capsys, "predict", "s.keras", "t.txt").out == text.out
    assert command(capsys, "predict", "s.keras", *texts, "-o", "p.npy").status == 0
    np.testing.assert_allclose(np.load("p.npy"), theirs, rtol=1e-5, atol=1e-6)

    told = json.loads(command(capsys, "evaluate", "s.keras", "nusax", "--json").out)
    model = load_model("s.keras")
    (_, _), (_, _), (x, y) = tinynet.datasets.nusax_sentiment.load_data()
    likely = model.predict(x[:, None])
    assert told["accuracy"] == (likely.argmax(axis=1) == y).mean() and told["samples"] == 15
    assert told["loss"] == pytest.approx(model.evaluate(x[:, None], np.eye(3)[y], verbose=0)[0])
    assert told["confusion"] == confusion_matrix(y, likely.argmax(axis=1)).tolist()
    text = command(capsys, "evaluate", "s.keras", "nusax", "--part", "validation")
    assert "12 samples of NusaX (indonesian), validation" in text.out and "loss " in text.out

    ran = train(capsys, "s.keras", "nusax", "-o", "again.keras", "--epochs", 1, "--quiet", "--learning-rate", 1e-4)
    assert float(load_model("again.keras").optimizer.learning_rate) == pytest.approx(1e-4)
    assert int(load_model("again.keras").optimizer.iterations) > int(model.optimizer.iterations)


def test_images_from_the_first_epoch_to_keras(
    here: Path, data: Path, capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:
    ran = command(capsys, "train", "cnn", "cifar10", "--data", data, "--epochs", 1, "--samples", 60, "-o", "i.keras")
    assert ran.status == 0 and "54 samples to train on, 6 for validation, 20 for the test; 10 classes" in ran.out
    assert "tinynet: warning: CIFAR-10: " in ran.err and "of the 10,000 official test images" in ran.err
    assert "0 airplane " in ran.out  # ten names are too long for the columns' heads
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    for name, image in zip(("a.png", "b.png"), pixels, strict=True):
        Image.fromarray(image).save(name)
    Image.fromarray(np.kron(pixels[0], np.ones((2, 3, 1), np.uint8))).save("large.PNG")
    told = json.loads(command(capsys, "predict", "i.keras", "a.png", "b.png", "--json").out)
    theirs = keras.models.load_model("i.keras").predict(pixels, verbose=0)
    ours = np.array([list(row["probabilities"].values()) for row in told])
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert list(told[0]["probabilities"]) == list(tinynet.datasets.cifar10.CLASS_NAMES)
    ran = command(capsys, "predict", "i.keras", "large.PNG")
    assert ran.status == 0 and "large.PNG: 96 x 64 pixels, resized to 32 x 32" in ran.err
    ran = command(capsys, "predict", "i.keras", "a.png", "large.PNG", "-o", "y.npy")
    assert ran.out.startswith("y.npy: dense") and ran.out.endswith(" (2, 10)\n")
    np.testing.assert_allclose(np.load("y.npy")[0], theirs[0], rtol=1e-5, atol=1e-6)


def test_images_are_what_the_training_data_were(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.random((40, 8, 8)).astype(np.float32), np.arange(40) % 2
    np.savez("floats.npz", x=x, y=y)
    train(capsys, "cnn", "floats.npz", "-o", "f.h5", "--epochs", 1, "--quiet")
    known = read_classes("f.h5")
    assert known is not None and known.names == ("0", "1") and known.largest is not None and 0.9 < known.largest <= 1
    white = known.largest
    pixels = generator.integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save("grey.png")
    Image.fromarray((pixels.astype(np.uint16) * 257)).save("deep.png")
    expected = load_model("f.h5").predict((pixels * (white / 255)).astype(np.float32)[None, ..., None])
    for name in ("grey.png", "deep.png"):
        told = json.loads(command(capsys, "predict", "f.h5", name, "--json").out)
        np.testing.assert_allclose(list(told[0]["probabilities"].values()), expected[0], rtol=1e-6)
    told = json.loads(command(capsys, "predict", "f.h5", "grey.png", "--white", 0.5, "--json").out)
    half = load_model("f.h5").predict((pixels / 510).astype(np.float32)[None, ..., None])
    np.testing.assert_allclose(list(told[0]["probabilities"].values()), half[0], rtol=1e-6)
    theirs = keras.models.load_model("f.h5").predict(pixels[None, ..., None] / 510, verbose=0)
    np.testing.assert_allclose(theirs, half, rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "samples"),
    [
        ("mlp", "squares.npz"), ("lstm", "squares.npz"), ("cnn", "squares.npz"),
        ("networks.py:small(units=16)", "named.npz"), ("networks.py:logits", "squares.npz"),
        ("networks.py:one('sigmoid')", "pair.npz"), ("networks.py:one(None)", "pair.npz"),
        ("gru", "reviews.csv"), ("networks.py:ids", "reviews.csv"), ("networks.py:ids(5)", "reviews.csv"),
        ("networks.py:texts", "reviews.csv"),
    ],
)  # fmt: skip
def test_every_kind_of_model_learns(model: str, samples: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = train(
        capsys, model, samples, "-o", "m.keras", "--epochs", 30, "--learning-rate", 0.05, "--quiet", "--batch-size", 8
    )
    part = "test" if samples == "pair.npz" else "validation (not trained on)"
    assert f"{part}: " in ran.out
    again = json.loads(command(capsys, "evaluate", "m.keras", samples, "--json").out)
    assert again["accuracy"] > 0.9 and again["loss"] is not None
    assert again["part"] == ("test" if samples == "pair.npz" else "all")
    names = {"named.npz": ["high", "low", "middle"], "reviews.csv": ["bad", "good", "so-so"], "pair.npz": ["0", "1"]}
    assert [row["name"] for row in again["classes"]] == names.get(samples, ["0", "1", "2"])
    inspected = json.loads(command(capsys, "inspect", "m.keras", "--json").out)
    assert inspected["classes"] == names.get(samples, ["0", "1", "2"]) and inspected["findings"] == []


def test_a_fast_cnn_gives_probabilities_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = np.random.default_rng(0).random((20, 8, 8, 1)), np.arange(20) % 2
    np.savez("x.npz", x=x, y=y)
    np.save("x.npy", x)
    train(capsys, "fast-cnn", "x.npz", "--epochs", 1, "--quiet")  # to model.keras
    told = json.loads(command(capsys, "predict", "model.keras", "x.npy", "--json").out)
    logits = load_model("model.keras").predict(x)
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose([list(row["probabilities"].values()) for row in told], likely, rtol=1e-5)
    assert [row["input"] for row in told][:2] == ["x.npy [0]", "x.npy [1]"]


def numbers(path: str) -> list[Any]:
    """All that training has changed in a file: weights and the optimizer's variables."""
    model = load_model(path)
    return [variable.numpy().tolist() for variable in [*model.weights, *model.optimizer.variables]]


def test_an_interrupted_run_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ("gru", "reviews.csv", "--epochs", 6, "--patience", 2, "--units", 4, "--quiet", "--log")
    whole = train(capsys, *argv, "whole.csv", "-o", "whole.keras")
    save = BackupAndRestore._save

    def interrupted(self: Any) -> None:
        save(self)
        if self.model._run.epoch == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BackupAndRestore, "_save", interrupted)
        ran = command(capsys, "train", *argv, "log.csv", "-o", "m.keras")
    assert ran.status == 130 and "interrupted; the same command with --resume goes on" in ran.err
    assert not (here / "m.keras").exists() and (here / "m.keras.backup" / "latest.checkpoint").exists()
    ran = command(capsys, "train", *argv, "log.csv", "-o", "m.keras")
    assert ran.status == 2 and "holds an interrupted run; --resume goes on with it" in ran.err
    ran = command(capsys, "train", *argv, "log.csv", "-o", "m.keras", "--batch-size", 7, "--resume")
    assert ran.status == 1 and "is from another training run" in ran.err
    ran = train(capsys, *argv, "log.csv", "-o", "m.keras", "--resume")
    assert "goes on from m.keras.backup" in ran.out
    assert ran.out.splitlines()[3:-1] == whole.out.splitlines()[2:-1]  # the best epoch, and all scores
    assert numbers("m.keras") == numbers("whole.keras")
    assert (here / "log.csv").read_text() == (here / "whole.csv").read_text()
    assert not (here / "m.keras.backup").exists()
    ran = command(capsys, "train", *argv, "log.csv", "-o", "m.keras", "--resume")
    assert ran.status == 2 and "m.keras: exists already" in ran.err
    ran = train(capsys, *argv, "log.csv", "-o", "m.keras", "--resume", "--overwrite", "--epochs", 1)
    assert "there is no interrupted run to resume" in ran.out


def test_overwriting(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("mlp", "squares.npz", "--epochs", 1, "--quiet", "-o", "m.keras")
    train(capsys, *argv)
    before = numbers("m.keras")
    ran = command(capsys, "train", *argv, "--seed", 1)
    assert ran.status == 2 and "m.keras: exists already; --overwrite replaces it" in ran.err
    assert numbers("m.keras") == before
    train(capsys, *argv, "--seed", 1, "--overwrite")
    assert numbers("m.keras") != before
    # A file may go on in place.
    train(capsys, "m.keras", "squares.npz", "--epochs", 1, "--quiet", "-o", "m.keras", "--overwrite")
    assert int(load_model("m.keras").optimizer.iterations) == 4
    (here / "o.keras.backup").write_text("")
    for out, cause in (
        ("nowhere/m.keras", "does not exist"), ("m.weights.h5", "holds weights alone by its name"),
        ("m.onnx", "expected a name ending in .keras"), ("o.keras", "o.keras.backup: is no folder"),
    ):  # fmt: skip
        ran = command(capsys, "train", *argv, "-o", out)
        assert ran.status == 2 and cause in ran.err


@pytest.mark.parametrize(
    ("argv", "status", "cause"),
    [
        (["cmn", "squares.npz"], 2, "'cmn': is no model's file and no network. Did you mean 'cnn'?"),
        (["bidirectional-lst", "squares.npz"], 2, "Did you mean 'bidirectional-lstm'?"),
        (["mlp", "digit"], 2, "'digit': is no data set and no .npz or .csv file. Did you mean 'digits'?"),
        (["mlp", "networks.py"], 2, "networks.py: expected data in a file ending in .npz or .csv"),
        (["mlp", "nothing.npz"], 2, "nothing.npz: there is no such file"),
        (["mlp", "squares.npz", "--data", "."], 2, "--data: says where data sets known by name are"),
        (["mlp", "cifar10", "--data", "nowhere"], 2, "there is no folder nowhere"),
        (["nothing.keras", "squares.npz"], 2, "nothing.keras: there is no such file"),
        (["nothing.py:f", "squares.npz"], 2, "nothing.py: there is no such file"),
        (["networks.py", "squares.npz"], 2, "Write networks.py:FUNCTION"),
        (["networks.py:smal", "squares.npz"], 2, "networks.py: has no 'smal'. Did you mean 'small'?"),
        (["networks.py:small(units=x)", "squares.npz"], 2, "nothing but numbers, texts, lists and the like"),
        (["no_such_module:f", "squares.npz"], 2, "there is no module 'no_such_module'"),
        (["networks.py:failing", "squares.npz"], 1, "networks.py:failing: KeyError: 'no weights' (networks.py, line"),
        (["networks.py:one(1, 2, 3)", "squares.npz"], 1, "TypeError: one() takes 1 positional argument but 3 were"),
        (["networks.py:number", "squares.npz"], 1, "or a function that returns one; received int"),
        (["networks.py:number(2)", "squares.npz"], 2, "is no function or class"),
        (["networks.py:regression", "squares.npz"], 2, "is compiled with the loss mse, which is not one of classes"),
        (["networks.py:two_inputs", "squares.npz"], 2, "has 2 inputs and 1 outputs"),
        (["networks.py:images", "squares.npz"], 1, "for each class (N, K), its output is (2, 6, 3)"),
        (["networks.py:logits", "pair.npz"], 0, ""),
        (["networks.py:one('sigmoid')", "squares.npz"], 1, "tells 2 classes apart, squares.npz has 3"),
        (["networks.py:logits", "reviews.csv"], 2, "takes inputs of shape (None, 6, 6); for texts it has to take ids"),
        (["networks.py:ids(5)", "reviews.csv", "--length", "6"], 2, "6 was asked for, but the model is made for 5"),
        (["networks.py:ids(5)", "squares.npz"], 1, "takes samples of shape (5,), those of squares.npz have (6, 6)"),
        (["cnn", "reviews.csv"], 2, "cnn: takes numbers, and the data are texts"),
        (["mlp", "squares.npz", "--length", "6"], 2, "--length: it is for texts"),
        (["cnn", "squares.npz", "--units", "6"], 2, "--units: cnn has no such number"),
        (["fast-cnn", "squares.npz"], 2, "images of 6 x 6 are too small for it"),
        (["mlp", "squares.npz", "--samples", "61"], 2, "--samples: 61 were asked for, squares.npz has 60"),
        (["mlp", "squares.npz", "--patience", "2", "--validation-split", "0"], 2, "--patience: needs a validation"),
        (["mlp", "squares.npz", "--learning-rate", "1e38"], 1, "the loss became NaN or infinite, so nothing is saved"),
        (["mlp", "squares.npz", "--log", "squares.npz"], 2, "expected a name ending in .csv"),
        (["gru", "reviews.csv", "--log", "reviews.csv"], 2, "reviews.csv: is read from"),
        (["gru", "reviews.csv", "--vocabulary", "2"], 1, "max_tokens must be None or an integer from 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained(
    argv: list[str], status: int, cause: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(os.listdir(here))
    ran = command(capsys, "train", *argv, "-o", "out.keras", "--epochs", 2, "--quiet")
    assert ran.status == status and cause in ran.err, ran.err
    if status:
        assert sorted({*os.listdir(here)} - {"__pycache__"}) == before  # nothing is left behind


def test_what_does_not_fit_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(capsys, "mlp", "named.npz", "-o", "m.keras", "--epochs", 1, "--quiet")
    train(capsys, "gru", "reviews.csv", "-o", "t.keras", "--epochs", 1, "--quiet", "--units", 2)
    Image.fromarray(np.zeros((6, 6), np.uint8)).save("i.png")
    (here / "bad.png").write_bytes(b"no image")
    (here / "t.txt").write_text("enak\n")
    (here / "other.csv").write_text("text,label\nenak,goood\nburuk,bad\n")
    np.savez("large.npz", x=np.ones((4, 7, 6)), y=np.arange(4) % 2)
    np.savez("four.npz", x=np.ones((4, 6, 6)), y=np.arange(4))
    np.savez("others.npz", x=np.ones((2, 6, 6)), y=np.array(["low", "hig"]))
    np.savez("two.npz", x_train=np.ones((2, 6, 6)), y_train=[0, 1], x_val=np.ones((2, 6, 6)), y_val=[0, 1])
    for argv, status, cause in (
        (["evaluate", "m.keras", "reviews.csv"], 1, "m.keras: takes numbers of shape (6, 6), reviews.csv holds texts"),
        (["evaluate", "t.keras", "squares.npz"], 1, "t.keras: reads texts, squares.npz holds numbers of shape (6, 6)"),
        (["evaluate", "m.keras", "large.npz"], 1, "takes samples of shape (6, 6), those of large.npz have (7, 6)"),
        (["evaluate", "m.keras", "four.npz"], 1, "four.npz: has 4 classes, but m.keras tells 3 apart"),
        (["evaluate", "m.keras", "others.npz"], 1, "its class 'hig' is none of m.keras's. Did you mean 'high'?"),
        (["evaluate", "t.keras", "other.csv"], 1, "its class 'goood' is none of t.keras's. Did you mean 'good'?"),
        (["evaluate", "m.keras", "two.npz"], 2, "has no test samples; --part chooses one of train, validation"),
        (["evaluate", "m.keras", "squares.npz", "--part", "test"], 2, "has no part 'test', only train"),
        (["train", "t.keras", "reviews.csv", "--units", 3], 2, "--units: a model's file has its own"),
        (["train", "t.keras", "other.csv"], 1, "its class 'goood' is none"),
        (["predict", "m.keras", "makanan enak"], 2, "takes numbers of shape (None, 6, 6), not texts"),
        (["predict", "t.keras", "i.png"], 2, "the model takes texts, which are no images; i.png is one"),
        (["predict", "t.keras", "enak", "t.txt"], 2, "received some of each"),
        (["predict", "t.keras", "nothing.txt"], 2, "nothing.txt: there is no such file"),
        (["predict", "t.keras", "reviews.csv"], 1, "reviews.csv: is no .npy, .npz or .txt file"),
        (["predict", "m.keras", "bad.png"], 1, "bad.png: is no image that Pillow can read"),
        (["predict", "m.keras", "nothing.png"], 2, "nothing.png: there is no such file"),
        (["predict", "t.keras", "enak", "--white", 1], 2, "--white: is for images"),
    ):  # fmt: skip
        ran = command(capsys, *argv, *(["--quiet"] if argv[0] == "train" else []))
        assert ran.status == status and cause in ran.err, ran.err
    assert command(capsys, "predict", "m.keras", "i.png").status == 0
    ran = command(capsys, "predict", "t.keras", "see i.png or t.txt")  # a text may end like a file
    assert ran.status == 0 and "see i.png or t.txt" in ran.out


def test_what_a_white_pixel_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = tinynet.layers
    for name, first in (("unknown.keras", []), ("scaled.keras", [layers.Rescaling(1 / 255)])):
        end = [layers.Flatten(), layers.Dense(2, "softmax")]
        tinynet.Sequential([layers.Input((4, 4, 3)), *first, *end]).save(name)
    Image.fromarray(np.full((4, 4, 3), 200, np.uint8)).save("i.png")
    ran = command(capsys, "predict", "unknown.keras", "i.png")
    assert ran.status == 0 and "does not say what a white pixel is to the model, 255 is taken" in ran.err
    assert command(capsys, "predict", "unknown.keras", "i.png", "--white", 1).err == ""
    assert command(capsys, "predict", "scaled.keras", "i.png").err == ""


def test_labels_go_by_their_names(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(capsys, "mlp", "named.npz", "-o", "m.keras", "--epochs", 20, "--learning-rate", 0.05, "--quiet")
    with np.load("named.npz") as held:
        x, y = held["x"], held["y"]
    np.savez("two.npz", x=x[y != "high"], y=y[y != "high"])  # 'middle' would be 1 among these, and is 2 to the model
    told = json.loads(command(capsys, "evaluate", "m.keras", "two.npz", "--json").out)
    assert told["accuracy"] > 0.9 and [row["samples"] for row in told["classes"]] == [0, 20, 20]


def test_classes_are_named_on_the_command_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    model.save("k.keras")  # as Keras writes it: without names
    ran = command(capsys, "evaluate", "k.keras", "named.npz")
    assert ran.status == 2 and "it is not known which of its outputs is 'high'" in ran.err
    order = "low,middle,high"  # in which `squares.npz` has them, too
    by_name = json.loads(command(capsys, "evaluate", "k.keras", "named.npz", "--classes", order, "--json").out)
    by_number = json.loads(command(capsys, "evaluate", "k.keras", "squares.npz", "--json").out)
    assert by_name["confusion"] == by_number["confusion"] and by_name["loss"] is None
    np.save("x.npy", np.ones((1, 6, 6)))
    assert "low" in command(capsys, "predict", "k.keras", "x.npy", "--classes", order).out
    train(capsys, "k.keras", "named.npz", "--classes", order, "-o", "m.keras", "--epochs", 1, "--quiet")
    known = read_classes("m.keras")
    assert known is not None and known.names == ("low", "middle", "high")
    for argv, status, cause in (
        (["predict", "m.keras", "x.npy", "--classes", "a,b,c"], 2, "m.keras has the classes low, middle, high"),
        (["predict", "k.keras", "x.npy", "--classes", "a,b"], 1, "names 2 classes, but the model has 3 outputs"),
        (["predict", "k.keras", "x.npy", "--classes", "a,a,b"], 2, "expected different names between commas"),
        (["evaluate", "k.keras", "named.npz", "--classes", "low,mid,high"], 1, "its class 'middle' is none of"),
    ):  # fmt: skip
        ran = command(capsys, *argv)
        assert ran.status == status and cause in ran.err, ran.err


def test_a_class_of_one_s_own_is_told_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = train(capsys, "networks.py:own", "squares.npz", "--epochs", 1, "--quiet")
    assert "is saved, but loads only where its own classes are registered" in ran.err


def test_what_is_no_classifier_gives_numbers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dense = tinynet.layers.Dense(2, kernel_initializer="ones")
    tinynet.Sequential([tinynet.Input((3,)), dense]).save("m.keras")
    np.save("x.npy", np.arange(360.0).reshape(120, 3))
    ran = command(capsys, "predict", "m.keras", "x.npy")
    assert ran.out.splitlines()[1] == "x.npy [0]   3 3" and "and 20 samples more" in ran.out
    told = json.loads(command(capsys, "predict", "m.keras", "x.npy", "--json").out)
    assert len(told) == 120 and told[1] == {"input": "x.npy [1]", "outputs": {dense.name: [12.0, 12.0]}}


def test_classes_stay_with_the_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(capsys, "mlp", "named.npz", "-o", "m.keras", "--epochs", 1, "--quiet")
    known = read_classes("m.keras")
    assert known is not None and known.names == ("high", "low", "middle")
    for source, out in (("m.keras", "m.h5"), ("m.h5", "again.keras")):
        assert command(capsys, "convert", source, out).status == 0
        assert read_classes(out) == known
        assert command(capsys, "certify", out, "--without-keras").status == 0
        certified = out.replace(".", ".certified.")
        assert read_classes(certified) == known
        assert command(capsys, "verify", certified, "--without-keras").status == 0
    inspected = json.loads(command(capsys, "inspect", "m.h5", "--json").out)
    assert inspected["parameters"] == load_model("m.h5").count_params()


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "no JSON", '{"names": ["a"]}', '{"names": ["a", 1]}', '{"names": ["a", "a"]}',
     '{"names": ["a", "b"], "largest": -1}', '{"names": ["a", "b"], "largest": true}', '{"names": ["a", "b", "c"]}'],
)  # fmt: skip
def test_damaged_classes(content: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tinynet.cli.beside import write_beside

    tinynet.Sequential([tinynet.Input((2,)), tinynet.layers.Dense(2)]).save("m.keras")
    add_classes("m.keras", "m.keras", Classes(("a", "b")))
    write_beside("m.keras", "m.keras", CLASSES, {"classes.json": content.encode()})
    assert list(read_beside("m.keras", CLASSES) or ()) == ["classes.json"]
    np.save("x.npy", np.ones((1, 2)))
    ran = command(capsys, "predict", "m.keras", "x.npy")
    assert ran.status == 1 and "m.keras" in ran.err and "tinynet_classes" in ran.err or "names 3 classes" in ran.err
    assert command(capsys, "inspect", "m.keras").status == 0  # it can be loaded all the same


def test_scores_are_scikit_learn_s(capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    truth, likely = generator.integers(0, 4, 200), generator.random((200, 5))  # the last class does not occur
    likely[:, 3] = 0  # and this one is never predicted
    names = [f"class {k}" for k in range(5)]
    found = scored(truth, likely, names)
    expected = classification_report(
        truth, likely.argmax(axis=1), labels=range(5), target_names=names, output_dict=True, zero_division=0
    )
    assert found["confusion"] == confusion_matrix(truth, likely.argmax(axis=1), labels=range(5)).tolist()
    assert found["macro_f1"] == pytest.approx(expected["macro avg"]["f1-score"])
    assert found["accuracy"] == pytest.approx((truth == likely.argmax(axis=1)).mean())
    for row in found["classes"]:
        theirs = expected[row["name"]]
        assert (row["precision"], row["recall"], row["f1"], row["samples"]) == pytest.approx(
            (theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"])
        )
    say_scores(scored(np.arange(30) // 2, np.eye(30)[np.arange(30)], [f"kind {k}" for k in range(30)]))
    out = capsys.readouterr().out
    assert "most often taken for" in out and max(map(len, out.splitlines())) <= 80
