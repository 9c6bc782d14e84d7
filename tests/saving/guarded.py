"""A process that loads files it does not trust, and tells what came of each: the worker of the corpus and the fuzz run.

It is asked by lines on its input, one JSON list `[path]` each, and answers each by a line of JSON: the outcome
('loaded', 'refused' or 'failure'), the class of the error, its text, the seconds and the bytes that it took. While a
file is being loaded an audit hook forbids to run code, to import, to connect, to start processes and to write or read
any other file; what was tried is a failure, whatever the library made of it.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import pkgutil
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tinynet
from tinynet import layers
from tinynet.errors import TinynetError

SECONDS = 6.0  # of computing, for one file: the largest that are refused at last take 1 to 3, as processors go
BYTES = 500 << 20
HANGING = 20  # seconds after which the worker gives itself up

# Events of Python's auditing that a file may not bring about: prefixes of their names.
FORBIDDEN = (
    "import", "exec", "compile", "marshal.", "pickle.", "ctypes.", "socket.", "subprocess.", "os.", "shutil.",
    "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "tempfile.", "code.", "mmap.", "sqlite3.", "syslog.",
)  # fmt: skip
HARMLESS = ("os.listdir", "os.scandir")
# What `inspect.signature` parses (and does not run) to learn the arguments of something that is written in C.
SIGNATURE = "b'def foo("


class Forbidden(BaseException):
    """Raised from the audit hook; no `except Exception` swallows it."""


class Guard:
    """The audit hook: forbids while `file` is set, and remembers."""

    def __init__(self) -> None:
        self.file: str | None = None
        self.tried: list[str] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if self.file is None:
            return
        if event == "open":
            path, mode, flags = args
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            reads = (mode is None or set(str(mode)) <= set("rbt")) and not writes
            if reads and path == self.file:
                return
        elif not event.startswith(FORBIDDEN) or event in HARMLESS:
            return
        elif event == "compile" and args[1] == "<unknown>" and str(args[0]).startswith(SIGNATURE):
            return
        file, self.file = self.file, None
        self.tried.append(f"{event} {args!r}"[:300])
        self.file = file
        raise Forbidden(self.tried[-1])


def small_model() -> Any:
    """The model that files of weights are loaded into."""
    return tinynet.Sequential([
        layers.Input((4,)), layers.Dense(3, activation="relu", name="dense"), layers.Dense(2, name="dense_1"),
    ])  # fmt: skip


def load(path: str) -> None:
    """Loads a file as its name says: weights into the small model, or a whole model."""
    if path.endswith(".weights.h5"):
        small_model().load_weights(path)
    else:
        tinynet.models.load_model(path)


def outcome(path: str, guard: Guard) -> dict[str, Any]:
    """What comes of loading a file."""
    told: dict[str, Any] = {"outcome": "loaded", "error": "", "text": ""}
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, start = _memory("VmRSS"), time.process_time()
    guard.tried.clear()
    guard.file = path
    faulthandler.dump_traceback_later(HANGING, exit=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load(path)
    except TinynetError as error:
        told = {"outcome": "refused", "error": type(error).__name__, "text": str(error)}
    except BaseException as error:
        told = {"outcome": "failure", "error": type(error).__name__, "text": str(error)[:2000], "where": _where(error)}
    finally:
        guard.file = None
        faulthandler.cancel_dump_traceback_later()
    told |= {"seconds": time.process_time() - start, "bytes": _memory("VmHWM") - before}
    came = f"{told['error']}: {told['text']}"
    if guard.tried:
        return {**told, "outcome": "failure", "error": "Forbidden", "text": guard.tried[0]}
    if told["seconds"] > SECONDS:
        return {**told, "outcome": "failure", "error": "TooSlow", "text": f"took {told['seconds']:.1f} s; {came}"}
    if told["bytes"] > BYTES:
        return {**told, "outcome": "failure", "error": "TooLarge", "text": f"took {told['bytes'] >> 20} MiB; {came}"}
    if told["outcome"] == "refused" and os.path.basename(path) not in told["text"]:
        return {**told, "outcome": "failure", "error": "Unnamed", "text": f"the file is not named: {came}"}
    return told


def _where(error: BaseException) -> str:
    place, at = "", error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        place, at = f"{code.co_filename}:{at.tb_lineno} {code.co_name}", at.tb_next
    return place


def _memory(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) << 10
    raise RuntimeError(f"no {key}")


def _warm_up() -> None:
    """Everything that is imported late, so that no import is left for a file to bring about."""
    for module in pkgutil.walk_packages(tinynet.__path__, "tinynet."):
        if ".testing" not in module.name:
            importlib.import_module(module.name)
    for name in ("h5py", "encodings.idna", "encodings.cp437", "xml.sax.saxutils"):
        importlib.import_module(name)
    model = small_model()
    model.compile("adam", "mse")
    model.fit([[1.0] * 4] * 2, [[1.0] * 2] * 2, verbose=0)


def main() -> None:
    _warm_up()
    guard = Guard()
    size = _memory("VmSize")
    resource.setrlimit(resource.RLIMIT_AS, (size + BYTES + (64 << 20), resource.RLIM_INFINITY))
    for line in sys.stdin:
        (path,) = json.loads(line)
        print(json.dumps(outcome(path, guard)), flush=True)


class Worker:
    """Such a process, started anew when it has died.

    program: what Python is to run instead.
    """

    def __init__(self, program: Sequence[str] = (__file__,)) -> None:
        self.program = program
        self._process: subprocess.Popen[str] | None = None

    def load(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """What comes of loading a file; a process that died is a failure, too."""
        if self._process is None or self._process.poll() is not None:
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
            command = [sys.executable, *self.program]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{json.dumps([os.fspath(path)])}\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if answer:
            return dict(json.loads(answer))
        code = process.wait()
        return {
            "outcome": "failure",
            "error": "Crash",
            "text": f"the process ended with {code}",
            "seconds": 0,
            "bytes": 0,
        }

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


if __name__ == "__main__":
    main()
