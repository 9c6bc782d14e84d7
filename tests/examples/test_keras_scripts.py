"""The scripts of Keras's documentation: each runs, and gives Keras's numbers from the same weights and data."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tensorflow as tf
from small_data import data  # noqa: F401 (a fixture)

import tinynet

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "keras_scripts"

# How small each is trained here: samples, and the sizes of the network.
SMALL: dict[str, tuple[int, dict[str, Any]]] = {
    "image_classification_from_scratch": (40, {"entry": 4, "sizes": (6,), "exit": 8}),
    "bidirectional_lstm": (40, {"units": 3, "embedding": 4}),
    "multiple_inputs_and_outputs": (40, {"embedding": 4, "title_units": 3, "body_units": 3}),
    "layers_and_models_via_subclassing": (80, {"intermediate_dim": 8, "latent_dim": 3}),
    "transfer_learning": (40, {"filters": 2}),
}


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, data: Path) -> Iterator[ModuleType]:
    """The comparing script; Keras runs eagerly, which is quicker for few steps."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("TINYNET_DATA", str(data))
    tf.config.run_functions_eagerly(True)
    yield importlib.import_module("side_by_side")
    tf.config.run_functions_eagerly(False)


@pytest.mark.filterwarnings("ignore::tinynet.datasets.DatasetWarning")
@pytest.mark.parametrize("name", SMALL)
def test_numbers_are_those_of_keras(name: str, compare: ModuleType, counts: Any, worst: Any) -> None:
    samples, sizes = SMALL[name]
    comparison = compare.compared(name, samples, epochs=2, dtype="float64", **sizes)
    counts["Keras's scripts", "steps compared"] += len(comparison.theirs.losses)
    for theirs, ours in zip(comparison.theirs.histories, comparison.ours.histories, strict=True):
        assert list(theirs) == list(ours)
    assert comparison.theirs.losses[0] != comparison.theirs.losses[-1]
    for what, difference in comparison.differences().items():
        worst("Keras's scripts", f"largest difference of {what}", difference)
        assert difference < 1e-8, what


@pytest.mark.filterwarnings("ignore::tinynet.datasets.DatasetWarning")
@pytest.mark.parametrize("name", SMALL)
def test_script_runs(
    name: str, compare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--samples", "20", "--epochs", "2"])
    compare.script(name, tinynet).main()
    printed = capsys.readouterr().out
    assert "Epoch 2/2: " in printed and "Total params" in printed


def test_script_is_a_command() -> None:
    command = [sys.executable, str(FOLDER / "transfer_learning.py"), "--samples", "20", "--epochs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True)
    assert "digits 5 to 9, set aside: loss" in result.stdout


@pytest.mark.parametrize("name", SMALL)
def test_one_line_takes_the_library(name: str) -> None:
    """Besides it a script knows nothing of tinynet but the data sets."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    ours = [line for line in imports if "tinynet" in line]
    assert ours.count("import tinynet as keras") == 1
    assert all(line.startswith("from tinynet.datasets import ") for line in ours if line != "import tinynet as keras")
    assert not any(isinstance(node, ast.Name) and node.id == "tinynet" for node in ast.walk(tree))


def test_every_script_is_compared(compare: ModuleType) -> None:
    others = {"side_by_side", "_arguments"}
    assert {path.stem for path in FOLDER.glob("*.py")} - others == set(compare.SCRIPTS) == set(SMALL)


def test_comparison_is_a_command(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["layers_and_models_via_subclassing", "--samples", "64", "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", ["side_by_side.py", *options])
    compare.main()
    printed = capsys.readouterr().out
    assert "layers_and_models_via_subclassing: 1 steps" in printed
    *_, header, last = printed.strip().splitlines()
    assert header.split()[:2] == ["largest", "difference"]
    assert all(float(number) < 1e-5 for number in last.split()[2:])
    monkeypatch.setattr(sys, "argv", ["side_by_side.py", "transfer"])
    with pytest.raises(SystemExit):
        compare.main()
    assert "there is no script 'transfer'" in capsys.readouterr().err
