"""`BackupAndRestore`: training that was interrupted goes on as if it had not been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet.callbacks import BackupAndRestore, LambdaCallback
from tinynet.errors import ArgumentError, FileFormatError, NotBuiltError

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def model_of() -> Any:
    model = tinynet.Sequential([tinynet.layers.Input((3,)), tinynet.layers.Dense(1, kernel_initializer="ones")])
    model.compile("adam", "mse")
    return model


def stopped(epoch: int) -> LambdaCallback:
    def stop(number: int, logs: Any) -> None:
        if number == epoch:
            raise KeyboardInterrupt

    return LambdaCallback(on_epoch_begin=stop)


def interrupted(folder: Path, **settings: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        model_of().fit(X, Y, epochs=6, shuffle=False, verbose=0, callbacks=[BackupAndRestore(folder, **settings), stopped(3)])


def test_an_interrupted_run_ends_like_a_whole_one(tmp_path: Path) -> None:
    whole = model_of()
    whole.fit(X, Y, epochs=6, shuffle=False, verbose=0)
    interrupted(tmp_path / "backup")
    again = model_of()
    history = again.fit(X, Y, epochs=6, shuffle=False, verbose=0, callbacks=[BackupAndRestore(tmp_path / "backup")])
    assert history.epoch == [3, 4, 5]
    for found, expected in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert not (tmp_path / "backup").exists()
    assert again.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]  # a run of its own


def test_a_damaged_backup(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    for double in (False, True):
        interrupted(folder, double_checkpoint=double)
        (folder / "latest.weights.h5").write_bytes(b"0")
        backup = BackupAndRestore(folder, double_checkpoint=double, delete_checkpoint=False)
        if double:
            assert model_of().fit(X, Y, epochs=6, verbose=0, callbacks=[backup]).epoch == [2, 3, 4, 5]
            assert len(list(folder.iterdir())) == 4
        else:
            with pytest.raises(FileFormatError, match="latest.weights.h5"):
                model_of().fit(X, Y, epochs=6, verbose=0, callbacks=[backup])
            (folder / "latest.weights.h5").unlink()


@pytest.mark.parametrize("text", ["", "{}", '{"epoch": -1}', '{"epoch": true}', "[1]"])
def test_a_number_of_an_epoch_that_is_none(text: str, tmp_path: Path) -> None:
    interrupted(tmp_path / "backup")
    (tmp_path / "backup" / "training_metadata.json").write_text(text)
    with pytest.raises(FileFormatError, match="training_metadata.json.*epoch"):
        model_of().fit(X, Y, epochs=6, verbose=0, callbacks=[BackupAndRestore(tmp_path / "backup")])


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    model_of().fit(X, Y, batch_size=4, verbose=0, callbacks=[BackupAndRestore(tmp_path, save_freq=2)])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backup_dir": ""}, "expected a folder as backup_dir, received ''"),
        ({"backup_dir": "a", "save_freq": "batch"}, "expected save_freq 'epoch', a number of batches or False, received 'batch'"),
        ({"backup_dir": "a", "save_freq": 0}, "received 0"),
        ({"backup_dir": "a", "double_checkpoint": 1}, "double_checkpoint"),
    ],
)
def test_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        BackupAndRestore(**arguments)


def test_a_model_without_weights(tmp_path: Path) -> None:
    model = tinynet.Sequential([tinynet.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(NotBuiltError, match="build it before fit"):
        model.fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
