"""Libraries take turns: each in a process of its own, round by round, one at a time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _libraries import Library
from _workloads import LINES, Workload, to_json

HERE = Path(__file__).parent
PAUSE = 0.02  # seconds before a turn: threads of the process before stop waiting for work by spinning


# Seconds before each turn: the threads of the library before go on spinning for a while after their last call,
# on the processors that the next one wants.
REST = 0.4


class Turns(NamedTuple):
    """How long to measure: how many rounds, and the least calls and seconds of a turn."""

    rounds: int
    repeats: int
    seconds: float


class Worker:
    """A running measuring process."""

    def __init__(self, library: Library, workload: Workload, reference: Path) -> None:
        self.library = library
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "_worker.py"), library.name, to_json(workload), str(reference)],
            env=library.process_environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        self.about: dict[str, Any] = {}

    def wait_until_ready(self) -> None:
        """Returns once it is checked and warm, with what it says of itself in `about`."""
        self.about = self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            self.process.wait()
            self.errors.seek(0)
            raise SystemExit(f"{self.library.name} stopped:\n{self.errors.read()[-4000:]}")
        return json.loads(text)

    def seconds(self, line: str, turns: Turns) -> float:
        """The mean seconds of a call, in one turn."""
        assert self.process.stdin is not None
        time.sleep(PAUSE)
        self.process.stdin.write(json.dumps([line, turns.repeats, turns.seconds]) + "\n")
        self.process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()
        self.errors.close()


@contextlib.contextmanager
def reference_file(workload: Workload) -> Iterator[Path]:
    """The file that `_reference.py` writes, while it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reference.npz"
        subprocess.run([sys.executable, str(HERE / "_reference.py"), to_json(workload), str(path)], check=True)
        yield path


@contextlib.contextmanager
def workers(libraries: Sequence[Library], workload: Workload) -> Iterator[list[Worker]]:
    """A process for each library, checked and warm."""
    with contextlib.ExitStack() as stack:
        reference = stack.enter_context(reference_file(workload))
        team = []
        for library in libraries:
            worker = Worker(library, workload, reference)
            stack.callback(worker.close)
            team.append(worker)
        for worker in team:  # they start side by side; nothing is timed yet
            worker.wait_until_ready()
        yield team


class Measured(NamedTuple):
    """Seconds of a call by line and library, one number a round; and what each worker said of itself."""

    seconds: dict[str, dict[str, list[float]]]
    about: dict[str, dict[str, Any]]


def measure(
    libraries: Sequence[Library], workload: Workload, turns: Turns, lines: Sequence[str] = LINES
) -> Measured:
    """All lines of a workload. Within a round a line is measured for all libraries before the next line is.

    Every other round goes through the libraries backwards, so that none always follows the same one.
    """
    with workers(libraries, workload) as team:
        seconds: dict[str, dict[str, list[float]]] = {
            line: {worker.library.name: [] for worker in team if line in worker.about["lines"]} for line in lines
        }
        for turn in range(turns.rounds):
            for line in lines:
                for worker in team[:: -1 if turn % 2 else 1]:
                    if line in worker.about["lines"]:
                        time.sleep(REST if turns.seconds else 0)
                        seconds[line][worker.library.name].append(worker.seconds(line, turns))
        return Measured(seconds, {worker.library.name: worker.about for worker in team})
