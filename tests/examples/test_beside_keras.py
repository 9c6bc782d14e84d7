"""The examples that train in Keras what tinynet runs or trains, too: on small made-up data, in this process."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_data import data  # noqa: F401 (a fixture)

from tinynet.study import load

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("nusax", {"layer": ["simple_rnn"], "bidirectional": [True], "length": 7, "epochs": 8}),
        ("cifar10", {"images": 70, "validation": 9, "epochs": 2}),
    ],
)
def test_trained_by_both(
    name: str,
    changes: dict[str, Any],
    data: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TINYNET_DATA", str(data))
    study = load(str(EXAMPLES / "studies" / f"keras_on_{name}.toml")).restricted(**changes).with_seeds([3])
    results = study.run(tmp_path, quiet=True)
    assert not results.failed, results.failed[0].error
    ours, theirs, nudged = results.outcomes
    assert (ours.variant["trained_by"], theirs.variant["trained_by"]) == ("tinynet", "keras")
    for other in (theirs, nudged):
        for key, values in other.history.items():
            np.testing.assert_allclose(ours.history[key], values, rtol=1e-4)
        assert ours.predicted == other.predicted
    assert nudged.history != ours.history

    row = results.rows()[1]
    assert row["same class in Keras"] == 1 and row["largest difference of probabilities"] < 1e-5
    assert row["macro_f1 in Keras"] == row["macro_f1"] and row["accuracy in Keras"] == row["accuracy"]

    monkeypatch.syspath_prepend(EXAMPLES / "studies")
    lines = importlib.import_module("against_keras").table(results).splitlines()
    assert [line.split(" | ")[1] for line in lines[2:]] == ["keras", "tinynet_nudged"]
    assert all(" | 1 | " in line and " | 100.0% to 100.0% | " in line for line in lines[2:])


def test_why_the_simple_rnn_disagreed(
    data: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    script = importlib.import_module("why_the_simple_rnn_disagreed")
    options = ["--data", data, "--out", tmp_path, "--seeds", 1, "--epochs", 2, "--length", 7]
    monkeypatch.setattr(sys, "argv", [script.__file__, *map(str, options)])
    script.main()
    assert (tmp_path / "mistakes.md").read_text(encoding="utf-8") in capsys.readouterr().out.replace("\n\n\n", "\n\n")

    lines = (tmp_path / "mistakes.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.rsplit(",", 4) for line in lines[1:]]
    right = [row for row in rows if row[0].endswith(('tinynet, from the file"', 'plain loops, no mistake"'))]
    wrong = [row for row in rows if row not in right and not row[0].endswith("Keras itself")]
    assert len(right) == 8 and len(wrong) == 14 + 15 + 12 + 12
    for _, same, difference, *_ in right:
        assert same == "100.0%" and float(difference) < 1e-5
    for name, _, difference, *_ in wrong:
        assert float(difference) > 2e-5, name
