"""Every benchmark runs at toy size: all lines and fields are there, and no time is looked at."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet.study import architectures

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
OURS = ["tinynet", "tinynet (NumPy)"]
TRAINING = ["training step, batch 4", "fit, a step, batch 4"]
PREDICTION = ["predict 1", "call 1", "predict, batch 4"]


def run(script: str, *options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(BENCHMARKS / script), *map(str, options)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


def toy(script: str, folder: Path, *options: object) -> tuple[str, dict[str, Any]]:
    """What a toy run printed, and the JSON it wrote."""
    result = run(script, "--toy", "--json", folder / "results.json", *options)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results["machine"]["cores"] and results["toy"] is True
    return result.stdout, results


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The benchmarks' own modules, which stand beside the scripts."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import _libraries
    import _reference
    import _workloads

    return SimpleNamespace(libraries=_libraries, reference=_reference, workloads=_workloads)


@pytest.mark.parametrize("workload", ["CNN", "NusaX bidirectional LSTM"])
@pytest.mark.parametrize("rival", ["Keras/TF", "Keras/JAX", "PyTorch", "ONNX Runtime"])
def test_comparison(workload: str, rival: str, modules: SimpleNamespace, tmp_path: Path) -> None:
    if not modules.libraries.RIVALS[rival].installed():
        pytest.skip(f"{rival} is not installed")
    picture = tmp_path / "bars.png"
    printed, results = toy("compare.py", tmp_path, "--only", workload, "--rivals", rival, "--plot", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [line["line"] for line in results["lines"]] == TRAINING + PREDICTION
    for line in results["lines"]:
        assert line["workload"] == workload
        assert f"\n  {line['line']} " in printed
        competes = rival != "ONNX Runtime" or line["line"] in PREDICTION
        assert line["best_rival"] == (rival if competes else None)
        names = [*OURS, rival] if competes else OURS
        assert list(line["seconds"]) == list(line["median_seconds"]) == names
        assert all(len(rounds) == 2 for rounds in line["seconds"].values())
        if competes:
            ratio = line["best_rival_over_tinynet"]
            assert 0 < ratio["min"] <= ratio["median"] <= ratio["max"]
            assert ratio == line["rival_over_tinynet"][rival]
            assert set(line["rival_over_tinynet_numpy"]) == {rival}
    assert set(results["versions"]) == set(results["differences"][workload]) == {*OURS, rival}


def test_without_rivals(modules: SimpleNamespace, tmp_path: Path) -> None:
    absent = [name for name, rival in modules.libraries.RIVALS.items() if not rival.installed()]
    printed, results = toy("compare.py", tmp_path, "--only", "GRU", "--rivals", *absent)
    assert [line["best_rival"] for line in results["lines"]] == [None] * 5
    assert printed.startswith(f"not installed, left out: {', '.join(absent)}\n" if absent else "medians")


def test_absent_rivals_are_named(
    modules: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in ("torch", "onnx") else object())
    libraries = modules.libraries
    assert [rival.name for rival in libraries.present(libraries.RIVALS)] == ["Keras/TF", "Keras/JAX"]
    assert capsys.readouterr().out == "not installed, left out: PyTorch, ONNX Runtime\n"


def swapped_gates(arrays: dict[str, np.ndarray]) -> None:
    blocks = np.split(arrays["weight2"], 4, axis=1)
    arrays["weight2"] = np.concatenate([blocks[1], blocks[0], *blocks[2:]], axis=1)


def forgotten_bias(arrays: dict[str, np.ndarray]) -> None:
    arrays["weight3"][:] = 0


def other_step(arrays: dict[str, np.ndarray]) -> None:
    arrays["after"] = arrays["before"] + 1.05 * (arrays["after"] - arrays["before"])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(swapped_gates, "predict N: differs"), (forgotten_bias, "predict N: differs"), (other_step, "a step differs")],
)
def test_another_network_is_not_timed(spoil: Any, told: str, modules: SimpleNamespace, tmp_path: Path) -> None:
    workload = modules.workloads.WORKLOADS["LSTM"].toy()
    file = tmp_path / "reference.npz"
    modules.reference.write(workload, str(file))
    with np.load(file) as saved:
        arrays = {name: saved[name] for name in saved.files}
    spoil(arrays)
    np.savez(file, **arrays)
    result = run("_worker.py", "tinynet", modules.workloads.to_json(workload), file)
    assert result.returncode == 1
    assert told in result.stderr
    assert result.stdout == ""


def test_whole_models_are_those_of_the_studies(modules: SimpleNamespace) -> None:
    def layers(model: Any) -> list[tuple[str, dict[str, Any]]]:
        configurations = json.loads(model.to_json())["config"]["layers"]
        for layer in configurations:
            wrapped = [layer["config"][key]["config"] for key in ("layer", "backward_layer") if key in layer["config"]]
            for config in (layer["config"], *wrapped):
                config.pop("name", None)
        return [(layer["class_name"], layer["config"]) for layer in configurations]

    reports = modules.workloads.REPORTS
    ours = reports["CIFAR-10 CNN"].build(tinynet, dropout=0.5)
    assert layers(ours) == layers(architectures.cifar10_cnn(tinynet))
    for key, layer in architectures.RECURRENT.items():
        for two in (False, True):
            ours = reports[f"NusaX {'bidirectional ' * two}{layer}"].build(tinynet, dropout=0.5)
            theirs = architectures.sentiment_rnn(tinynet, key, bidirectional=two)
            assert layers(ours) == layers(theirs)
            assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]


def test_operations_are_counted(modules: SimpleNamespace) -> None:
    cnn, lstm = (modules.workloads.BASE[name] for name in ("CNN", "LSTM"))
    convolutions = 30 * 30 * 32 * 27, 13 * 13 * 64 * 288
    forward = 2 * (sum(convolutions) + 6 * 6 * 64 * 128 + 128 * 10)
    assert cnn.flop() == (64 * forward, 64 * (3 * forward - 2 * convolutions[0]))
    step, head = 2 * (32 + 64) * 4 * 64, 2 * (64 * 64 + 64 * 3)
    assert lstm.flop() == (32 * (100 * step + head), 3 * 32 * (100 * step + head))
    both = dataclasses.replace(lstm, bidirectional=True)
    assert both.flop().predict == 32 * (200 * step + head + 2 * 64 * 64)


def test_scaling(tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    sweeps = ["CNN, image size", "LSTM, units"]
    printed, results = toy("scaling.py", tmp_path, "--only", *sweeps, "--plot", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = [(curve["sweep"], curve["task"]) for curve in results["curves"]]
    assert found == [(sweep, task) for sweep in sweeps for task in ("training step", "predict N")]
    for curve in results["curves"]:
        assert curve["sweep"] in printed
        assert len(curve["sizes"]) == len(curve["median_seconds"]) == 3
        assert np.isfinite([curve["slope"], curve["slope_largest"]]).all()


def test_slope_of_known_powers(modules: SimpleNamespace) -> None:
    import scaling

    assert scaling.slope([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2)


def test_floor(tmp_path: Path) -> None:
    printed, results = toy("floor.py", tmp_path, "--only", "LSTM")
    found = [(one["task"], one["library"]) for one in results["fractions"]]
    assert found == [(task, name) for task in ("training step", "predict N") for name in OURS]
    for one in results["fractions"]:
        assert one["fraction"]["median"] > 0 and len(one["product_flop_per_second"]) == 2
    assert "LSTM, training step, tinynet (NumPy)" in printed


def test_memory(tmp_path: Path) -> None:
    printed, results = toy("memory.py", tmp_path, "--only", "LSTM", "--rivals", "Keras/TF")
    peaks = {one["library"]: one["peak"]["median"] for one in results["peaks"]}
    assert list(peaks) == ["numpy", *OURS, "Keras/TF"]
    assert 0 < peaks["numpy"] < peaks["tinynet"] < peaks["Keras/TF"]
    assert "LSTM, Keras/TF" in printed


def test_startup(tmp_path: Path) -> None:
    _, results = toy("startup.py", tmp_path, "--only", "CNN", "--rivals")
    labels = ["python", "import numpy", "import tinynet", *(f"CNN from a file, {name}" for name in OURS)]
    assert [one["process"] for one in results["processes"]] == labels
    assert all(len(one["seconds"]) == 1 and one["total"]["median"] > 0 for one in results["processes"])


def test_startup_beside_keras(tmp_path: Path) -> None:
    _, results = toy("startup.py", tmp_path, "--only", "LSTM", "--rivals", "Keras/TF")
    labels = {one["process"] for one in results["processes"]}
    assert {"import keras, Keras/TF", "LSTM from a file, Keras/TF"} < labels


def test_tape(tmp_path: Path) -> None:
    printed, results = toy("tape.py", tmp_path)
    names = [one["operation"] for one in results["operations"]]
    assert names == ["x + c", "x * c", "x * w", "tanh(x)", "x @ w"]
    for one in results["operations"]:
        assert set(one["microseconds"]) == {"tape", "numpy"} and one["operation"] in printed
