"""`bench`: what it measures and prints. How long things take is nothing to test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import command

import tinynet
from tinynet.cli import bench, timing
from tinynet.kernels import choice


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a small model to work in."""
    monkeypatch.chdir(tmp_path)
    layers = tinynet.layers
    model = tinynet.Sequential([layers.Input((4,)), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.save("m.keras")


class Known:
    """In place of a measuring process: its n-th call takes n milliseconds, ten times as many in NumPy."""

    def __init__(self, library: str, path: str, seed: int) -> None:
        assert tinynet.models.load_model(path).built
        self.library, self.calls = library, 0

    def version(self) -> str:
        return f"kernels of {self.library}"

    def seconds(self, task: str, batch_size: int, least: float) -> float:
        self.calls += 1
        return self.calls * {"compiled": 0.001, "numpy": 0.01, "keras": 0.1}[self.library]

    def close(self) -> None:
        self.calls = -1


def test_what_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "Worker", Known)
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: name)
    ran = command(capsys, "bench", "m.keras", "--rounds", 3, "--batch-sizes", "1,8", "--keras")
    lines = ran.out.splitlines()
    assert lines[0] == "m.keras: 15 parameters; 3 rounds, milliseconds"
    assert lines[3] == "keras: kernels of keras"
    assert lines[5].split() == ["train", "1", "2", "(1-3)", "20", "(10-30)", "10x", "(10-10)"]
    assert lines[7].split()[:4] == ["predict", "1", "8", "(7-9)"] and lines[7].split()[-2:] == ["25x", "(14.3-33.3)"]
    assert len(lines) == 9
    told = json.loads(command(capsys, "bench", "gru", "--rounds", 2, "--tasks", "predict", "--json").out)
    assert told["model"] == "gru" and told["parameters"] > 100_000
    assert [(line["task"], line["batch_size"]) for line in told["measured"]] == [("predict", n) for n in (1, 32, 128)]
    assert told["measured"][0]["seconds"] == {"compiled": [0.001, 0.002], "numpy": [0.01, 0.02]}


def test_real_processes(capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "bench", "m.keras", "--rounds", 1, "--seconds", 0.001, "--batch-sizes", 2, "--json")
    told = json.loads(ran.out)
    kinds = ["compiled", "numpy"] if choice.module is not None else ["numpy"]
    assert list(told["versions"]) == kinds and told["versions"]["numpy"] == "NumPy (TINYNET_KERNELS=numpy)"
    assert all(times > 0 for line in told["measured"] for rounds in line["seconds"].values() for times in rounds)


def test_a_process_that_ends_early(tmp_path: Path) -> None:
    worker = timing.Worker("numpy", str(tmp_path / "nothing.keras"), 0)
    with pytest.raises(timing.MeasuringError, match="the process of numpy ended: .*: there is no such file"):
        worker.version()
    worker.close()


def test_what_cannot_be_timed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("n.py").write_text("import tinynet\ndef f():\n    return tinynet.Sequential([tinynet.layers.Dense(2)])\n")
    ran = command(capsys, "bench", "n.py:f")
    assert ran.status == 2 and "n.py:f: does not say which shape its inputs have" in ran.err
    ran = command(capsys, "bench", "lstn")
    assert ran.status == 2 and "Did you mean 'lstm'?" in ran.err
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: None)
    ran = command(capsys, "bench", "m.keras", "--kernels", "compiled")
    assert ran.status == 1 and "the compiled kernels are not installed here" in ran.err
    ran = command(capsys, "bench", "m.keras", "--keras")
    assert ran.status == 1 and "Keras is not installed here" in ran.err


@pytest.mark.parametrize(
    ("loss", "units", "shape", "kind"),
    [
        ("mse", 3, (5, 3), "f"), ("categorical_crossentropy", 3, (5, 3), "f"),
        ("sparse_categorical_crossentropy", 3, (5,), "i"), ("binary_crossentropy", 1, (5, 1), "f"),
    ],
)  # fmt: skip
def test_targets_are_what_the_loss_takes(loss: Any, units: int, shape: tuple[int, ...], kind: str) -> None:
    model = tinynet.Sequential([tinynet.layers.Input((4,)), tinynet.layers.Dense(units, "sigmoid")])
    model.compile("sgd", loss)
    x = np.ones((5, 4), "float32")
    found = timing.targets(model.predict(x), model, 0)
    assert found.shape == shape and found.dtype.kind == kind
    assert np.isfinite(model.train_on_batch(x, found))


def test_how_long_a_call_takes() -> None:
    calls: list[int] = []
    assert timing.mean_seconds(lambda: calls.append(os.getpid()), 0.0) >= 0
    assert len(calls) == 3  # two of them are not counted
