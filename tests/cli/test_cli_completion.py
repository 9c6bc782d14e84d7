"""Completion, as a shell asks for it: by argcomplete's variables of the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_files import command

from tinynet import cli
from tinynet.cli.completion import _words
from tinynet.study import STUDIES

# Answers command lines, each in a fork: argcomplete ends the process that it answers in, and takes open files over.
ANSWER = """
import json, os, sys
from tinynet.cli import evaluate, gradcheck, main, predict, train
sys.argv = ["tinynet"]
for number, variables in enumerate(json.load(sys.stdin)):
    if (child := os.fork()) == 0:
        os.environ.update(variables, _ARGCOMPLETE_STDOUT_FILENAME=f"answer{number}")
        os._exit(50 + main([]))
    assert os.waitpid(child, 0)[1] == 0, variables
"""


def asked(line: str) -> dict[str, str]:
    """The variables by which a shell asks."""
    line = f"tinynet {line}"
    return {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\v", "_ARGCOMPLETE_SHELL": "bash", "COMP_LINE": line,
        "COMP_POINT": str(len(line)), "COMP_TYPE": "9", "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:",
    }  # fmt: skip


FOLLOWING: dict[str, list[str]] = {
    "": list(cli.COMMANDS),
    "in": ["inspect"],
    "train bidirectional-": ["bidirectional-simple-rnn", "bidirectional-lstm", "bidirectional-gru"],
    "train m": ["mlp", "model.keras", "more/"],
    "train more/": ["more/deep.keras"],
    "train n": ["networks.py"],
    "train lstm ": ["cifar10", "nusax", "digits", "data.npz", "reviews.csv", "more/"],
    "train lstm nusax --ep": ["--epochs"],
    "train lstm nusax --re": ["--resume"],
    "evaluate ": ["model.keras", "old.h5", "more/"],
    "evaluate model.keras d": ["digits", "data.npz"],
    "evaluate model.keras digits --part ": ["train", "validation", "test"],
    "predict model.keras ": ["cat.png", "data.npz", "more/"],
    "inspect o": ["old.h5"],
    "gradcheck tinynet.ops:tanh --dtype f": ["float64", "float32"],
    "study nusax-l": ["nusax-lstm"],
    "study n": [name for name in STUDIES if name.startswith("n")] + ["networks.py"],
    "completion ": ["bash", "zsh", "fish"],
    'predict model.keras "an open quo': [],
    "nonsense x": [],
}


def test_words_that_may_follow(tmp_path: Path) -> None:
    for name in ("model.keras", "old.h5", "data.npz", "reviews.csv", "cat.png", "networks.py", "notes.md"):
        (tmp_path / name).write_text("")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.keras").write_text("")
    own = str(Path(cli.__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-c", ANSWER], input=json.dumps([asked(line) for line in FOLLOWING]), cwd=tmp_path, text=True,
        capture_output=True, timeout=100, env={**os.environ, "PYTHONPATH": own},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    for number, (line, words) in enumerate(FOLLOWING.items()):
        answer = (tmp_path / f"answer{number}").read_text().split("\v")
        assert sorted(word.strip() for word in answer if word) == sorted(words), line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_is_told(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ran = command(capsys, "completion", shell)
    assert ran.status == 0 and "tinynet" in ran.out
    if shell == "bash":
        (tmp_path / "script.sh").write_text(ran.out)
        shown = subprocess.run(["bash", "-c", "source ./script.sh; complete -p tinynet"], cwd=tmp_path, timeout=60)
        assert shown.returncode == 0


def test_without_argcomplete(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    ran = command(capsys, "completion", "bash")
    assert ran.status == 1 and "pip install 'tinynet[completion]'" in ran.err
    monkeypatch.setenv("_ARGCOMPLETE", "1")  # the shell still asks: it is told nothing, and nothing is wrong
    monkeypatch.setenv("COMP_LINE", "tinynet ")
    assert command(capsys, "--version").status == 0


def test_the_words_of_a_line() -> None:
    assert _words('tinynet predict m.keras "a b"') == ["predict", "m.keras", "a b"]
    assert _words('tinynet predict m.keras "a b') == ["predict", "m.keras", '"a', "b"]
    assert _words("") == []
