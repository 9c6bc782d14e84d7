"""A process that times one library, and its side of the pipe: `python -m tinynet.cli.timing LIBRARY FILE SEED`.

The first line it answers says what it is; from then on each line of input, `[task, batch size, seconds]` as JSON, is
answered by the mean seconds of a call.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.errors import TinynetError

TASKS = ("train", "predict")
PAUSE = 0.02  # seconds before a turn, in which the threads of the process before stop waiting for work


class MeasuringError(TinynetError):
    """A measuring process has ended early."""


class Worker:
    """A running measuring process. library: 'compiled', 'numpy' or 'keras'."""

    def __init__(self, library: str, path: str, seed: int) -> None:
        self.library = library
        self._errors = tempfile.TemporaryFile("w+")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if library != "keras":
            environment["TINYNET_KERNELS"] = library
        # The tinynet that runs is the one that is measured, wherever it was imported from.
        own = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [own, environment.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tinynet.cli.timing", library, path, str(seed)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    def version(self) -> str:
        """What it is, once it is ready."""
        return str(self._answer())

    def seconds(self, task: str, batch_size: int, least: float) -> float:
        """The mean seconds of a call in a turn that lasts at least so many seconds."""
        assert self._process.stdin is not None
        time.sleep(PAUSE)
        try:
            self._process.stdin.write(json.dumps([task, batch_size, least]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer tells why
        return float(self._answer())

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            told = self._errors.read().strip().splitlines() or [f"exit status {self._process.returncode}"]
            raise MeasuringError(f"the process of {self.library} ended: {told[-1]}")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._errors):
            stream.close()
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # what it was still to be told


def mean_seconds(call: Callable[[], Any], least: float) -> float:
    """The mean seconds of a call, over at least so many seconds; the first calls are not counted."""
    for _ in range(2):
        call()
    done, start = 0, time.perf_counter()
    while True:
        call()
        done += 1
        passed = time.perf_counter() - start
        if passed >= least:
            return passed / done


def task_of(library: str, path: str, seed: int) -> tuple[str, Callable[[str, int], Callable[[], Any]]]:
    """What a library is, and its work: a function of a task and a batch size that returns what is to be timed."""
    from tinynet.cli.contents import read_contents
    from tinynet.cli.data import given
    from tinynet.cli.oracle import described, in_keras, keras_if_there, tensors
    from tinynet.cli.samples import samples
    from tinynet.kernels import choice
    from tinynet.models import load_model

    model = load_model(path)
    keras = keras_if_there() if library == "keras" else None
    if library == "keras" and keras is None:
        raise MeasuringError("Keras 3 cannot be imported")
    theirs = None if keras is None else in_keras(keras, read_contents(path))

    def work(task: str, batch_size: int) -> Callable[[], Any]:
        inputs = samples(model, batch_size, seed)
        if theirs is not None:
            x = given(tensors(inputs))
            return lambda: theirs.predict(x, batch_size=batch_size, verbose=0)
        x = given(inputs)
        if task == "predict":
            return lambda: model.predict(x, batch_size=batch_size, verbose=0)
        y = targets(model.predict(x, verbose=0), model, seed)
        return lambda: model.train_on_batch(x, y)

    return (described(keras) if keras is not None else choice.description()), work


def targets(outputs: Any, model: Any, seed: int) -> Any:
    """Random targets that a model's loss takes: for cross-entropies classes, else what it predicts."""
    from tinynet.cli.classifier import loss_name

    kind = loss_name(model)
    if not isinstance(outputs, np.ndarray) or "crossentropy" not in kind:
        return outputs
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, max(outputs.shape[-1], 2), outputs.shape[:-1])
    if kind.startswith("sparse"):
        return classes
    return classes[..., None].astype("float32") if outputs.shape[-1] == 1 else np.eye(outputs.shape[-1])[classes]


def main() -> None:
    """The measuring process."""
    # Libraries print what they like; only answers may go to the parent.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    library, path, seed = sys.argv[1:]
    told, work = task_of(library, path, int(seed))
    print(json.dumps(told), file=answers, flush=True)
    for request in sys.stdin:
        task, batch_size, least = json.loads(request)
        print(json.dumps(mean_seconds(work(task, batch_size), least)), file=answers, flush=True)


if __name__ == "__main__":
    main()
