"""Keras's own unit tests pass, each part of them in a process of its own, where `keras` is tinynet.

How many passed is printed at the end of the run, and may not fall below what passed.txt says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PASSED = {
    part: int(count) for part, count in (line.split() for line in (HERE / "passed.txt").read_text().splitlines())
}


@pytest.mark.parametrize("part", PASSED)
def test_part_of_keras(part: str, counts: Counter, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, str(HERE), *part.split("+"), f"--report={report}"]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
    assert not found["stale"], "left out, but there is no such test: " + ", ".join(found["stale"])
    assert found["passed"] >= PASSED[part], f"{found['passed']} pass, {PASSED[part]} did"
    topic = "Keras's own tests"
    counts[topic, "passed"] += found["passed"]
    counts[topic, "of these with a refusal in tinynet's words"] += found["refusals"]
    counts[topic, "skipped by Keras"] += found.get("skipped", 0)
    counts[topic, "left out"] += sum(found["left out"].values())
