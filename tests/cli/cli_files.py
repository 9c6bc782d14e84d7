"""Files and commands for the tests of the command line."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import pytest

from tinynet.cli import main

KERAS_FILES = Path(__file__).parents[1] / "saving" / "keras_files"


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


def command(capsys: pytest.CaptureFixture[str], *argv: Any) -> Ran:
    """Runs a command line in this process. Errors are one line; nothing is printed that commands a terminal."""
    capsys.readouterr()
    status = main([str(part) for part in argv])
    out, err = capsys.readouterr()
    errors = [line for line in err.splitlines() if not line.startswith("tinynet: warning: ")]
    assert len(errors) <= 1 and all(line.startswith("tinynet: error: ") for line in errors), err
    assert all(c.isprintable() or c == "\n" for c in out + err)
    return Ran(status, out, err)


def written_by(version: str, name: str, folder: Path) -> Path:
    """A file that a version of Keras wrote, put into a folder."""
    with tarfile.open(KERAS_FILES / f"{version}.tar.xz") as packed:
        member = packed.extractfile(name)
        assert member is not None
        (folder / name).write_bytes(member.read())
    return folder / name


def cnn() -> Any:
    """A small network of Keras's with weights that are not zero."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.layers.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3, activation="relu", bias_initializer="random_normal"),
        keras.layers.BatchNormalization(),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(5, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def rewritten(source: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive again, with its members changed."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out


def with_config(source: Path, out: Path, change: Callable[[Any], Any]) -> Path:
    """An archive again, with its configuration changed."""

    def changed(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        change(config)
        members["config.json"] = json.dumps(config).encode()

    return rewritten(source, out, changed)


def with_weights(source: Path, out: Path, change: Callable[[Any], Any]) -> Path:
    """An archive again, with its weights changed by a function of the HDF5 file."""
    import h5py

    def changed(members: dict[str, bytes]) -> None:
        stream = io.BytesIO(members["model.weights.h5"])
        with h5py.File(stream, "r+") as file:
            change(file)
        members["model.weights.h5"] = stream.getvalue()

    return rewritten(source, out, changed)
