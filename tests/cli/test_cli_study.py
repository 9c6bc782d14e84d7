"""`tinynet study` as a command: what it lists, takes, refuses and returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinynet.cli import main
from tinynet.study import STUDIES

DECLARED = """
import numpy as np
import tinynet
from tinynet.study import Data, Study

x = np.linspace(0, 1, 20)[:, None]


def model(units, fails=False):
    if fails:
        raise ValueError("it was told to")
    model = tinynet.Sequential([tinynet.layers.Dense(units, activation="relu"), tinynet.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


study = Study("squares", model, Data((x, x**2), (x, x**2)), choices={"units": [2, 4]}, settings={"epochs": 1}, seeds=2)
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "squares.py"
    path.write_text(DECLARED)
    return str(path)


def test_lists_what_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in STUDIES)


def test_runs_and_reports(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["study", file, "--out", str(out), "--only", "units=4", "--seeds", "3"]) == 0
    printed = capsys.readouterr().out
    assert "(variants: 1, seeds: 3)" in printed and f"the report: {out / 'report.html'}" in printed
    assert sorted(path.name for path in out.glob("*.*")) == ["report.html", "report.md", "results.csv", "results.json"]


def test_failed_trials_are_told_by_the_exit_status(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        Path(file).read_text().replace('choices={"units": [2, 4]}', 'choices={"units": [2], "fails": [False, True]}')
    )
    Path(file).write_text(source)
    assert main(["study", file, "--out", str(tmp_path / "out"), "--quiet"]) == 1
    assert "failed: units" not in (printed := capsys.readouterr().out)
    assert "failed: fails yes, seed 0: ValueError: it was told to (squares.py, line 11)" in printed


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], 2, "expected a name or a file"),
        (["nusax-lstn"], 1, "Did you mean 'nusax-lstm'"),
        (["none.toml"], 2, "there is no such file"),
        (["FILE", "--only", "width=3"], 2, "'width' is no choice of this study; it has units"),
        (["FILE", "--only", "units=3"], 2, "units has the values 2, 4, received '3'"),
        (["FILE", "--only", "units"], 2, "expected CHOICE=VALUE,VALUE"),
        (["FILE", "--set", "units=3"], 2, "--only takes some of its values"),
        (["FILE", "--set", "epoch=3"], 1, "Did you mean 'epochs'"),
        (["FILE", "--seeds", "0"], 2, "expected a whole number >= 1"),
        (["FILE", "--jobs", "0"], 2, "expected a whole number >= 1"),
        (["FILE", "--language", "fr"], 2, "invalid choice: 'fr'"),
        (["FILE", "--data", "nowhere"], 2, "there is no such folder"),
    ],
)
def test_what_cannot_be(
    file: str, arguments: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *(file if argument == "FILE" else argument for argument in arguments)]) == status
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1
