"""The study of one's own that docs/study.md shows: it is short, and it runs as it stands there."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

from tinynet.cli import main
from tinynet.study import load

PAGE = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
OWN = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0]
TOML = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)[0]


def test_a_study_of_ones_own_has_less_than_thirty_lines() -> None:
    assert len([line for line in OWN.splitlines() if line.strip()]) < 30


def test_it_runs_as_a_script(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "own.py"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    rows = list(csv.DictReader((tmp_path / "runs" / "digits" / "results.csv").open(encoding="utf-8")))
    assert len(rows) == 12 and all(float(row["macro_f1"]) > 0.3 for row in rows)
    page = (tmp_path / "runs" / "digits" / "report.html").read_text(encoding="utf-8")
    assert "filters" in page and "kernel" in page


def test_the_command_goes_on_where_a_study_stopped(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    less = [
        "study",
        str(tmp_path / "own.py"),
        "--out",
        str(tmp_path / "out"),
        "--only",
        "kernel=3",
        "--set",
        "epochs=1",
    ]
    assert main([*less, "--seeds", "1"]) == 0
    assert main([*less, "--seeds", "2", "--language", "id"]) == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'lang="id"' in page
    assert len(list((tmp_path / "out" / "trials").glob("*.json"))) == 4


def test_the_toml_is_a_study(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(TOML, encoding="utf-8")
    assert len(load(str(tmp_path / "study.toml")).variants) == 3
