"""A run that was interrupted and goes on ends with the bits of one that was not; what does not fit is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interrupted_runs import FEEDS, NETWORKS, Interrupting, Interruption, checksum, trained

import tinynet
from tinynet import callbacks, layers
from tinynet.errors import (
    ArgumentError,
    CheckpointError,
    FileAccessError,
    FileFormatError,
    GraphError,
    MissingFileError,
)
from tinynet.saving.checkpoints import read_checkpoint, write_checkpoint

LONGEST = 15  # batches


def interrupted(folder: Path, after: int, *run: Any, save_freq: Any = 1, **more: Any) -> None:
    backup = callbacks.BackupAndRestore(folder, save_freq, delete_checkpoint=False)
    with pytest.raises(Interruption):
        trained(*run, backup, Interrupting(after), **more)


@pytest.fixture(scope="module")
def whole() -> Any:
    """What runs end with that nothing interrupted."""
    known: dict[Any, int] = {}

    def of(*run: Any, **more: Any) -> int:
        key = (run, tuple(more.items()))
        if key not in known:
            known[key] = checksum(trained(*run, **more))
        return known[key]

    return of


@given(
    network=st.sampled_from(list(NETWORKS)),
    feed=st.sampled_from(FEEDS),
    optimizer=st.sampled_from(["adam", "sgd", "nadam"]),
    save_freq=st.sampled_from(["epoch", 1, 2, 3]),
    ends=st.lists(st.integers(1, LONGEST), max_size=2),
)
def test_goes_on_as_if_nothing_had_happened(
    whole: Any, tmp_path_factory: Any, network: str, feed: str, optimizer: str, save_freq: Any, ends: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("run") / "backup"
    backup = callbacks.BackupAndRestore(folder, save_freq)
    for after in ends:
        try:
            trained(network, feed, backup, Interrupting(after), optimizer=optimizer)
        except Interruption:
            continue
        assert not folder.exists()  # it came to its end
        return
    assert checksum(trained(network, feed, backup, optimizer=optimizer)) == whole(network, feed, optimizer=optimizer)
    assert not folder.exists()


def test_resume_from_a_named_checkpoint(tmp_path: Path, whole: Any) -> None:
    interrupted(tmp_path, 6, "lstm", "arrays")
    path = tmp_path / "latest.checkpoint"
    for given_path in (path, tmp_path):
        assert checksum(trained("lstm", "arrays", resume_from=given_path)) == whole("lstm", "arrays")
    assert path.exists()


def test_a_run_that_early_stopping_ended_is_not_trained_on(tmp_path: Path) -> None:
    def stopping() -> Any:
        return callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 1))

    model = tinynet.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model.fit(x, y, epochs=9, verbose=0, callbacks=[
        stopping(), callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False),
    ])  # fmt: skip
    ended = model.get_weights()
    history = model.fit(x, y, epochs=9, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])
    assert history.epoch == [0, 1]
    np.testing.assert_array_equal(model.get_weights()[0], ended[0])


def test_a_finished_checkpoint_goes_on_with_more_epochs(tmp_path: Path, whole: Any) -> None:
    backup = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    trained("cnn", "arrays", backup, epochs=2)
    assert checksum(trained("cnn", "arrays", resume_from=tmp_path / "latest.checkpoint")) == whole("cnn", "arrays")


def stateful(x: np.ndarray, y: np.ndarray, *more: Any) -> list[np.ndarray]:
    tinynet.utils.set_random_seed(1)
    model = tinynet.Sequential([layers.Input((4, 2), batch_size=5), layers.LSTM(3, stateful=True), layers.Dense(1)])
    model.compile("adam", "mse", steps_per_execution=2)
    model.fit(x, y, batch_size=5, shuffle=False, epochs=3, verbose=0, callbacks=list(more))
    return model.get_weights()


@pytest.mark.parametrize("after", [1, 3, 5])
def test_states_of_stateful_layers_go_on(tmp_path: Path, after: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 4, 2), np.float32), rng.random((20, 1), np.float32)
    whole = stateful(x, y)
    backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq=2)
    with pytest.raises(Interruption):
        stateful(x, y, backup, Interrupting(after))
    for one, other in zip(stateful(x, y, backup), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_csv_file_has_each_epoch_once(tmp_path: Path) -> None:
    def rows(name: str) -> str:
        return (tmp_path / name).read_text()

    (tmp_path / "part.csv").write_text("found\n")
    (tmp_path / "whole.csv").write_text("found\n")
    trained("cnn", "arrays", callbacks.CSVLogger(tmp_path / "whole.csv", append=True))
    backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq=7)  # so that rows were written after it
    with pytest.raises(Interruption):
        trained("cnn", "arrays", backup, callbacks.CSVLogger(tmp_path / "part.csv", append=True), Interrupting(13))
    assert len(rows("part.csv").splitlines()) == 3
    trained("cnn", "arrays", backup, callbacks.CSVLogger(tmp_path / "part.csv", append=True))
    assert rows("part.csv") == rows("whole.csv")


def test_an_unreadable_checkpoint_gives_way_to_the_one_before(tmp_path: Path, whole: Any) -> None:
    backup = callbacks.BackupAndRestore(tmp_path, save_freq=2, double_checkpoint=True)
    with pytest.raises(Interruption):
        trained("lstm", "arrays", backup, Interrupting(9))
    latest = tmp_path / "latest.checkpoint"
    latest.write_bytes(latest.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="going on from the checkpoint before it"):
        results = trained("lstm", "arrays", backup)
    assert checksum(results) == whole("lstm", "arrays")


def test_an_unfinished_file_is_put_away(tmp_path: Path, whole: Any) -> None:
    interrupted(tmp_path, 6, "lstm", "arrays")
    unfinished = tmp_path / ".latest.checkpoint.abcd1234"
    unfinished.write_bytes(b"PK")
    assert checksum(trained("lstm", "arrays", callbacks.BackupAndRestore(tmp_path))) == whole("lstm", "arrays")
    assert not unfinished.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"network": "both directions"}, "weights"),
        ({"feed": "validation"}, "validation: None there"),
        ({"feed": "class weights"}, "checksum"),
        ({"feed": "steps within a pass"}, "steps_per_epoch: None there, 3 here"),
        ({"optimizer": "sgd"}, "compile, optimizer, class_name: Adam there, SGD here"),
        ({"optimizer": tinynet.optimizers.Adam(beta_1=0.5)}, "beta_1: 0.9 there, 0.5 here"),
        ({"more": [callbacks.CSVLogger("unused.csv")]}, "callbacks"),
    ],
)  # fmt: skip
def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, monkeypatch: Any, change: dict[str, Any], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    interrupted(tmp_path, 6, "lstm", "arrays")
    run = {"network": "lstm", "feed": "arrays", "more": [], **change}
    network, feed, more = (run.pop(key) for key in ("network", "feed", "more"))
    with pytest.raises(CheckpointError, match=told):
        trained(network, feed, callbacks.BackupAndRestore(tmp_path), *more, **run)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path, 6, "lstm", "arrays")
    path = tmp_path / "latest.checkpoint"
    state = read_checkpoint(path)

    def refused(error: type[Exception], told: str) -> None:
        with pytest.raises(error, match=told):
            trained("lstm", "arrays", resume_from=path)

    write_checkpoint(path, {**state, "format": 2})
    refused(CheckpointError, "its format is 2")
    write_checkpoint(path, {key: value for key, value in state.items() if key != "generators"})
    refused(CheckpointError, "does not fit.*generators")
    write_checkpoint(path, {**state, "weights": [w[:1] for w in state["weights"]]})
    refused(CheckpointError, "cannot be assigned a value of shape")
    path.write_bytes(b"PK\x03\x04 nothing")
    refused(FileFormatError, "not a checkpoint")
    tinynet.Sequential([layers.Input((2,)), layers.Dense(1)]).save(tmp_path / "model.keras")
    path.write_bytes((tmp_path / "model.keras").read_bytes())
    refused(FileFormatError, "holds no state.json, so it is not a checkpoint")
    path.unlink()
    refused(MissingFileError, "there is no such file")


@pytest.mark.parametrize(
    "told",
    [
        {"array in member": "arrays/1", "dtype": "object", "shape": [3]},
        {"array in member": "arrays/1", "dtype": "float32", "shape": [10**12]},
        {"array in member": "arrays/1", "dtype": "float32", "shape": [-1]},
        {"array in member": "../weights", "dtype": "float32", "shape": [1]},
        {"array in member": ["arrays/1"], "dtype": "float32", "shape": [1]},
    ],
)
def test_hostile_arrays_are_refused(tmp_path: Path, told: dict[str, Any]) -> None:
    path = tmp_path / "hostile.checkpoint"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state.json", json.dumps({"format": 1, "weights": [told]}))
        archive.writestr("arrays/1", b"1234")
    with pytest.raises(FileFormatError):
        read_checkpoint(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
        max_leaves=8,
    )
)
def test_states_come_back_as_they_were(tmp_path_factory: Any, value: Any) -> None:
    path = tmp_path_factory.mktemp("state") / "a.checkpoint"
    arrays = [np.arange(6).reshape(2, 3).astype(dtype) for dtype in ("float64", "int8", "uint32", "bool")]
    write_checkpoint(path, {"value": value, "arrays": arrays, "none": np.zeros((0, 3))})
    found = read_checkpoint(path)
    assert repr(found["value"]) == repr(value)
    for one, other in zip(found["arrays"], arrays, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert found["none"].shape == (0, 3)


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["a"]), {"a": [lambda: 0]}, 1j])
def test_what_cannot_be_kept_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ArgumentError, match="a checkpoint holds"):
        write_checkpoint(tmp_path / "a.checkpoint", {"value": value})
    assert not list(tmp_path.iterdir())


def test_arguments_are_checked(tmp_path: Path) -> None:
    for wrong in ("batch", 0.15, 0, True, None):
        with pytest.raises(ArgumentError, match="save_freq"):
            callbacks.BackupAndRestore(tmp_path, save_freq=wrong)
    for folder in ("", None, 3):
        with pytest.raises(ArgumentError, match="backup_dir"):
            callbacks.BackupAndRestore(folder)
    with pytest.raises(ArgumentError, match="the name of a file"):
        trained("lstm", "arrays", resume_from=3)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileAccessError, match="cannot be made"):
        trained("lstm", "arrays", callbacks.BackupAndRestore(tmp_path / "file" / "backup"))
    model = tinynet.Sequential([layers.Input((2,)), layers.Dense(1)])
    with pytest.raises(GraphError, match="within fit"):
        callbacks.CallbackList([callbacks.BackupAndRestore(tmp_path)], model=model).on_train_begin()


def test_killed_processes_go_on() -> None:
    """A short form of the command that docs/training.md tells of."""
    command = [sys.executable, Path(__file__).with_name("kill_and_resume.py"), "--kills", "2", "--networks", "lstm"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"lstm: \d+ kills, every run ended with the bits", told.stdout)
