"""A short run of the fuzzing in fuzz.py: every input loads or is refused, and nothing else happens."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import fuzz
from guarded import Worker

INPUTS = 500


def test_changed_files_load_or_are_refused(tmp_path: Path, counts: Counter) -> None:
    own, failures, _ = fuzz.run(range(INPUTS), tmp_path)
    assert not failures, "\n".join(f"python tests/saving/fuzz.py --only {seed}: {told}" for seed, told in failures)
    assert sum(own.values()) == INPUTS
    for (outcome, _), count in own.items():
        counts["fuzzing of files", outcome] += count
    assert {outcome for outcome, _ in own} == {"loaded", "refused"}


def test_a_seed_makes_the_same_input_again() -> None:
    assert fuzz.mutated(3) == fuzz.mutated(3)
    assert len({fuzz.mutated(seed) for seed in range(20)}) == 20


def test_what_is_forbidden_is_noticed(tmp_path: Path) -> None:
    """The guard is no ornament: a reader that imports, opens other files or starts a process fails the run."""
    path = tmp_path / "input.keras"
    tries = ("import this", "open('/etc/hostname')", "open('written', 'w')", "import os; os.system('true')", "eval('1')")
    for code in tries:
        body = f"import guarded\ndef load(path):\n    {code}\nguarded.load = load\nguarded.main()"
        with Worker(["-c", body]) as worker:
            told = worker.load(path)
        assert (told["outcome"], told["error"]) == ("failure", "Forbidden"), (code, told)
        assert json.dumps(told)
