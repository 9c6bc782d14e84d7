"""The command line as such: help, version, exit statuses, and errors of one line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import command

import tinynet
from tinynet import cli
from tinynet.cli import COMMANDS, command_module, main
from tinynet.cli.text import bytes_told, shown, table


def process(*argv: Any, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Runs `python -m tinynet` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tinynet", *map(str, argv)], capture_output=True, text=True, timeout=60, **settings
    )


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    model = tinynet.Sequential([tinynet.layers.Input((4,)), tinynet.layers.Dense(3)])
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def test_alone_it_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys)
    assert ran.status == 0
    assert "usage: " in ran.out and "exit status:" in ran.out
    assert all(f" {name} " in ran.out and told in ran.out for name, told in COMMANDS.items())


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from tinynet.cli import main; main(['--help'])\n"
        "print([name for name in sys.modules if name.startswith(('tinynet.layers', 'tinynet.cli.'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines()[-1] == "['tinynet.cli.arguments', 'tinynet.cli.text']"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(capsys, "--version") == (0, f"tinynet {tinynet.__version__}\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, name, "--help")
    examples = command_module(name).EXAMPLES
    assert ran.status == 0
    assert "exit status:" in ran.out and all(f" {example}\n" in ran.out for example in examples)
    assert max(map(len, ran.out.splitlines())) <= 80
    for example in examples:  # is one that the parser takes
        words = shlex.split(example.partition(" >")[0])
        assert words[0] == name
        cli.make_parser(words).parse_args(words)


def test_commands_of_the_documents_can_be_given() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "command_line.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ tinynet (.*)$", page, re.MULTILINE)
    table = (root / "README.md").read_text(encoding="utf-8").partition("| `tinynet …` |")[2].partition("\n\n")[0]
    lines += re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)
    assert len(lines) > 12
    for words in map(shlex.split, lines):
        assert words[0] in COMMANDS
        cli.make_parser(words).parse_args(words)


@pytest.mark.parametrize(
    ("argv", "cause"),
    [
        (["explain"], "invalid choice: 'explain'"),
        (["inspect"], "required: FILE"),
        (["inspect", "a", "b"], "unrecognized arguments: b"),
        (["inspect", "--jso", "a"], "unrecognized arguments: --jso"),
        (["predict", "a"], "required: INPUT"),
        (["predict", __file__, "b", "-o", "c.npy", "--json"], "with -o they are written to a file"),
        (["train", "cnn"], "required: DATA"),
        (["train", "cnn", "digits", "--epochs", "0"], "expected a whole number >= 1, received '0'"),
        (["train", "cnn", "digits", "--learning-rate", "0"], "expected a number > 0, received '0'"),
        (["train", "cnn", "digits", "--learning-rate", "inf"], "expected a number > 0, received 'inf'"),
        (["train", "cnn", "digits", "--validation-split", "1"], "expected a number between 0 and 1, received '1'"),
        (["evaluate", "a.keras", "digits", "--part", "all"], "invalid choice: 'all'"),
        (["bench", "--batch-sizes", "1,0"], "expected a whole number >= 1, received '0'"),
        (["bench", "--batch-sizes", "2,2"], "expected different sizes, received '2,2'"),
        (["bench", "--tasks", "train", "--keras"], "which --tasks leaves out"),
        (["gradcheck", "tinynet.ops:tanh", "--shape", "2,x"], "expected sizes such as 2,5,3"),
        (["gradcheck", "tinynet.ops:tanh", "--integers", "3"], "is about the --shape before it, and there is none"),
        (["completion", "tcsh"], "invalid choice: 'tcsh'"),
        (["predict", "a", "b", "-o", "c", "--batch-size", "0"], "expected a whole number >= 1, received '0'"),
        (["predict", "a", "b", "-o", "c", "--batch-size", "x"], "expected a whole number >= 1, received 'x'"),
        (["verify", "a", "--tolerance", "2"], "expected a number between 0 and 1, received '2'"),
        (["verify", "a", "--tolerance", "x"], "expected a number between 0 and 1, received 'x'"),
        (["verify", "a", "--tolerance", "nan"], "expected a number between 0 and 1"),
        (["verify", "a", "--seed", "-1"], "expected a whole number >= 0, received '-1'"),
        (["verify", "a", "--rows", "2", "--inputs", "b"], "not allowed with"),
        *([[name, "nothing.keras", *rest], "nothing.keras: there is no such file"] for name, rest in (
            ("inspect", []), ("verify", []), ("certify", []), ("convert", ["out.h5"]),
            ("predict", ["x.npy", "-o", "o.npy"]), ("evaluate", ["digits"]), ("train", ["digits", "-o", "o.keras"]),
            ("gradcheck", []), ("bench", []),
        )),
    ],
)  # fmt: skip
def test_wrong_command_lines(argv: list[str], cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, *argv)
    assert (ran.status, ran.out) == (2, "")
    assert cause in ran.err


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt("interrupted; --resume goes on"), 130, "interrupted; --resume goes on"),
        (PermissionError(13, "Permission denied", "model.keras"), 1, "model.keras: Permission denied"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (FileNotFoundError(2, "No such file or directory", "x.npy"), 2, "x.npy: No such file or directory"),
        (MemoryError(), 1, "not enough memory"),
        (tinynet.errors.FileFormatError("m: 2 things do not fit:\n- a\n- b"), 1, "m: 2 things do not fit:; a; b"),
    ],
)
def test_errors_are_one_line(
    error: BaseException, status: int, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(arguments: Any) -> int:
        raise error

    monkeypatch.setattr(command_module("inspect"), "run", failing)
    ran = command(capsys, "inspect", "model.keras")
    assert (ran.status, ran.err) == (status, f"tinynet: error: {ran.err.removeprefix('tinynet: error: ')}")
    assert told in ran.err


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "inspect", tmp_path)
    assert ran.status == 1 and "is a folder; a model is a single file" in ran.err
    fifo = tmp_path / "fifo.keras"
    os.mkfifo(fifo)  # which nobody writes to: opening it would wait forever
    for argv in (["inspect", fifo], ["verify", fifo], ["certify", fifo], ["convert", fifo, tmp_path / "o.h5"]):
        assert command(capsys, *argv).status in (1, 2)


def test_as_a_process(model_file: Path, tmp_path: Path) -> None:
    assert process().returncode == 0
    ran = process("inspect", model_file)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "can be loaded" in ran.stdout
    np.save(tmp_path / "x.npy", np.ones((2, 4), "float32"))
    ran = process("predict", model_file, tmp_path / "x.npy", "-o", tmp_path / "y.npy")
    assert (ran.returncode, ran.stderr) == (0, "")
    expected = tinynet.models.load_model(model_file).predict(np.ones((2, 4), "float32"))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    ran = process("inspect", tmp_path / "x.npy")
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    ran = process("inspect", "--help")
    assert "usage: python -m tinynet inspect" in ran.stdout


def test_names_no_terminal_has(model_file: Path, tmp_path: Path) -> None:
    model = tinynet.Sequential([tinynet.layers.Input((4,)), tinynet.layers.Dense(3, name="naïve☃")])
    model.save(model_file)
    ran = process("inspect", model_file, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0 and r"na\xefve\u2603" in ran.stdout


def test_whoever_reads_the_output_may_stop(model_file: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "tinynet", "inspect", str(model_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None and started.stderr is not None
    started.stdout.close()
    assert started.stderr.read() == b""
    assert started.wait(timeout=60) == 141


def test_a_command_line_leaves_no_trace_in_the_process(model_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    before = warnings.showwarning
    assert main(["inspect", str(model_file)]) == 0
    assert warnings.showwarning is before
    capsys.readouterr()


def test_tables_fit_and_lose_nothing() -> None:
    name = "a" * 100
    lines = table(("layer", "parameters"), [(name, "12")], numbers=[1]).splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line.split()[0] for line in lines[1:]) == name
    assert shown("a\x1b[31m\u202e\n") == "a\\x1b[31m\\u202e\n"
    assert bytes_told(5 << 30) == "5.0 GiB"


def test_what_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, x = tmp_path / "model.keras", tmp_path / "x.npy"
    tinynet.Sequential([tinynet.Input((2,)), tinynet.layers.Dense(1)]).save(model)
    np.save(x, np.ones((1, 2)))
    name = tmp_path / ("x" * 250)  # too long, at the latest with what is put around it while it is written
    for out, argv in (
        (f"{name}.npy", ["predict", model, x, "-o"]), (f"{name}.keras", ["convert", model]),
        (f"{name}.keras", ["certify", model, "--without-keras", "-o"]),
    ):  # fmt: skip
        ran = command(capsys, *argv, out)
        assert ran.status == 1 and f"{out}: cannot be written (File name too long)" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.keras", "x.npy"]
