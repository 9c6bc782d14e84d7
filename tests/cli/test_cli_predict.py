"""`predict` and `convert`: arrays in and out, and models in other formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from cli_files import cnn, command, with_config, written_by

import tinynet
from tinynet import layers
from tinynet.models import load_model


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A model of two inputs and two outputs."""
    a, b = layers.Input((3,), name="a"), layers.Input((2,), name="b")
    both = layers.Concatenate()([a, b])
    outputs = [layers.Dense(2, name="first")(both), layers.Dense(1, name="second")(both)]
    tinynet.Model([a, b], outputs).save(tmp_path / "two.keras")
    return tmp_path / "two.keras"


def saved(path: Path, array: Any) -> Path:
    np.save(path, array)
    return path


def test_the_numbers_are_keras_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = cnn()
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((7, 8, 8, 3), dtype=np.float32)
    data, out = saved(tmp_path / "x.npy", x), tmp_path / "y.npy"
    ran = command(capsys, "predict", tmp_path / "model.keras", data, "-o", out, "--batch-size", 3)
    assert ran.status == 0 and "(7, 5)" in ran.out
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_several_inputs_and_outputs(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((4, 3)), rng.random((4, 2))
    expected = load_model(two).predict([a, b])
    np.savez(tmp_path / "named.npz", b=b, a=a, other=a)
    np.savez(tmp_path / "ordered.npz", a, b)
    one_by_one = [saved(tmp_path / "a.npy", a), saved(tmp_path / "b.npy", b)]
    for inputs in ([tmp_path / "named.npz"], [tmp_path / "ordered.npz"], one_by_one):
        assert command(capsys, "predict", two, *inputs, "-o", tmp_path / "out.npz").status == 0
        written = np.load(tmp_path / "out.npz")
        assert written.files == ["first", "second"]
        for name, values in zip(written.files, expected, strict=True):
            np.testing.assert_array_equal(written[name], values)
    ran = command(capsys, "predict", two, one_by_one[0], "-o", tmp_path / "o.npz")
    assert ran.status == 2 and "the model has 2 inputs (a, b), but 1 arrays were given" in ran.err
    ran = command(capsys, "predict", two, *one_by_one, "-o", tmp_path / "o.npy")
    assert ran.status == 2 and "2 outputs, which need a .npz file" in ran.err
    assert not (tmp_path / "o.npz").exists() and not (tmp_path / "o.npy").exists()


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectorize = keras.layers.TextVectorization(vocabulary=["nasi", "enak"], output_sequence_length=3)
    model = keras.Sequential([keras.Input((1,), dtype="string"), vectorize, keras.layers.Embedding(4, 2)])
    model.save(tmp_path / "text.keras")
    (tmp_path / "x.txt").write_text("nasi enak\nenak\n", encoding="utf-8")
    ran = command(capsys, "predict", tmp_path / "text.keras", tmp_path / "x.txt", "-o", tmp_path / "y.npy")
    assert ran.status == 0
    expected = load_model(tmp_path / "text.keras").predict(np.array([["nasi enak"], ["enak"]]))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    numbers = saved(tmp_path / "n.npy", np.ones((2, 1)))
    ran = command(capsys, "predict", tmp_path / "text.keras", numbers, "-o", tmp_path / "z.npy")
    assert ran.status == 1 and "takes texts, received an array of float64" in ran.err
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    ran = command(capsys, "predict", tmp_path / "text.keras", tmp_path / "bad.txt", "-o", tmp_path / "z.npy")
    assert ran.status == 1 and "is not UTF-8" in ran.err


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


def test_inputs_that_are_none(
    two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "evil.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "text.npy").write_bytes(b"hello")
    (tmp_path / "cut.npy").write_bytes(saved(tmp_path / "whole.npy", np.ones((4, 3))).read_bytes()[:150])
    for name in ("evil.npy", "empty.npy", "text.npy", "cut.npy", "two.keras"):
        (tmp_path / "copy").write_bytes((tmp_path / name).read_bytes())
        ran = command(capsys, "predict", two, tmp_path / "copy", "-o", "y.npz")
        cause = "is no .npy, .npz or .txt file" if name in ("empty.npy", "text.npy") else "holds no arrays"
        assert ran.status == 1 and f"{tmp_path / 'copy'}: {cause}" in ran.err
    assert not (tmp_path / "evil").exists() and not (tmp_path / "y.npz").exists()
    b = saved(tmp_path / "b.npy", np.ones((4, 2)))
    a = tmp_path / "a.npy"
    for array, cause in (
        (np.ones(()), f"{a}: expected samples along the first axis, received an array of shape ()"),
        (np.ones((0, 3)), f"{a}: expected samples along the first axis, received an array of shape (0, 3)"),
        (np.ones((4, 7)), "expected inputs of shape (None, 3), received (4, 7) for 'a'"),
        (np.ones((4, 3), complex), f"{a}: expected numbers or texts, received an array of complex128"),
        (np.ones((4, 3), "M8[D]"), f"{a}: expected numbers or texts, received an array of datetime64[D]"),
        (np.ones(4, [("f", "f4")]), f"{a}: expected numbers or texts"),
        (np.full((4, 3), "x"), f"{a}: the input 'a' takes numbers (float32), received an array of <U1"),
    ):
        ran = command(capsys, "predict", two, saved(a, array), b, "-o", "y.npz")
        assert ran.status == 1 and cause in ran.err
    np.savez(tmp_path / "x.npz", b=np.ones((4, 2)), a=np.ones(()))
    ran = command(capsys, "predict", two, "x.npz", "-o", "y.npz")
    assert ran.status == 1 and "x.npz, 'a': expected samples along the first axis" in ran.err


def test_what_is_read_is_never_written(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "x.npz", a=np.ones((1, 3)), b=np.ones((1, 2)))
    before = (tmp_path / "x.npz").read_bytes()
    os.symlink(tmp_path / "x.npz", tmp_path / "link.npz")
    for out in ("x.npz", "link.npz", "../" + tmp_path.name + "/x.npz"):
        ran = command(capsys, "predict", two, tmp_path / "x.npz", "-o", tmp_path / out)
        assert ran.status == 2 and "is read from" in ran.err
    assert (tmp_path / "x.npz").read_bytes() == before
    ran = command(capsys, "predict", two, tmp_path / "x.npz", "-o", tmp_path / "y.txt")
    assert ran.status == 2 and "expected a name ending in .npy or .npz" in ran.err
    ran = command(capsys, "predict", two, tmp_path / "x.npz", "-o", tmp_path / "nowhere" / "y.npz")
    assert ran.status == 2 and "does not exist" in ran.err


def test_what_is_replaced_stays_where_it_is(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    kept, link = tmp_path / "runs" / "kept.h5", tmp_path / "link.h5"
    kept.write_bytes(b"old")
    kept.chmod(0o640)
    link.symlink_to(kept)
    assert command(capsys, "convert", two, link, "--overwrite").status == 0
    assert link.is_symlink() and kept.stat().st_mode & 0o777 == 0o640 and load_model(kept).built
    assert os.listdir(tmp_path / "runs") == ["kept.h5"]


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("2.2.4", "cnn.h5"), ("2.12.0", "bidirectional.keras"), ("3.15.1", "functional.keras"),
        ("3.15.1", "operators.h5"),
    ],
)  # fmt: skip
def test_converting(version: str, name: str, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = written_by(version, name, tmp_path), tmp_path / f"new{ending}"
    ran = command(capsys, "convert", source, out)
    assert ran.status == 0 and "the same bit by bit, predictions on random inputs too" in ran.out
    model = load_model(source)
    if ending == ".weights.h5":
        assert "are left out" in ran.out
        again = tinynet.models.clone_model(model)
        again.load_weights(out)
    else:
        again = load_model(out)
        assert again.compiled
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(os.listdir(tmp_path)) == sorted([name, out.name])  # nothing stays aside
    ran = command(capsys, "convert", source, out)
    assert ran.status == 2 and "exists already; --overwrite replaces it" in ran.err
    assert command(capsys, "convert", source, out, "--overwrite").status == 0


def test_keras_opens_what_was_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = written_by("2.2.4", "cnn.h5", tmp_path)
    assert command(capsys, "convert", old, tmp_path / "new.keras").status == 0
    x = np.random.default_rng(0).random((3, 8, 9, 3), dtype=np.float32)
    theirs = keras.models.load_model(tmp_path / "new.keras").predict(x, verbose=0)
    np.testing.assert_allclose(theirs, load_model(old).predict(x), rtol=1e-5, atol=1e-6)


def test_what_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(config: Any) -> None:
        config["compile_config"]["loss"] = "evil"

    bad = with_config(written_by("3.15.1", "cnn.keras", tmp_path), tmp_path / "bad.keras", change)
    ran = command(capsys, "convert", bad, tmp_path / "a.h5")
    assert ran.status == 0 and "the training configuration is left out" in ran.out
    ran = command(capsys, "convert", written_by("2.12.0", "hard_sigmoids.h5", tmp_path), tmp_path / "b.keras")
    assert ran.status == 0 and "Keras 3 has no activation like the hard_sigmoid" in ran.out
    assert ran.err == ""


def test_what_cannot_be_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version, name in (("3.15.1", "cnn.weights.h5"), ("2.2.4", "cnn_weights.h5")):
        ran = command(capsys, "convert", written_by(version, name, tmp_path), tmp_path / "out.keras")
        assert ran.status == 1 and "weights without a model cannot be converted" in ran.err
    good = written_by("3.15.1", "cnn.keras", tmp_path)
    ran = command(capsys, "convert", good, tmp_path / "out.onnx")
    assert ran.status == 2 and "expected a name ending in .keras or .h5" in ran.err
    assert command(capsys, "convert", good, good, "--overwrite").status == 2
    bad = with_config(good, tmp_path / "bad.keras", lambda c: c["config"]["layers"][1].update(class_name="Lambda"))
    ran = command(capsys, "convert", bad, tmp_path / "out.keras")
    assert ran.status == 1 and "holds code, which is never run" in ran.err
    assert not (tmp_path / "out.keras").exists()


def test_a_file_that_is_not_the_same_is_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = written_by("3.15.1", "cnn.keras", tmp_path)
    before = sorted(os.listdir(tmp_path))
    save = tinynet.Model.save

    def saving_something_else(self: Any, path: Any) -> None:
        weights = self.get_weights()
        self.set_weights([weights[0] * (1 + 1e-7), *weights[1:]])
        save(self, path)
        self.set_weights(weights)

    monkeypatch.setattr(tinynet.Model, "save", saving_something_else)
    ran = command(capsys, "convert", good, tmp_path / "out.h5")
    assert ran.status == 1 and "nothing is kept" in ran.err
    assert sorted(os.listdir(tmp_path)) == before
