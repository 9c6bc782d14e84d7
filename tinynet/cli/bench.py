"""Times training steps and predictions of a model at several batch sizes, with the compiled and the NumPy kernels.

MODEL is a network known by name (cnn), made for CIFAR-10's images or, if it is recurrent, for NusaX's texts; a model's
file; or FILE.py:FUNCTION or MODULE:FUNCTION, a function that returns a model. The data are random.

Each kind of kernels has a process of its own, and they take turns, so that a slow moment of the machine falls on all.
A number is the median over the rounds, with the least and largest in brackets; ratios are taken within each round.
Above 1 the compiled kernels are faster. Run it beside nothing else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from typing import Any

from tinynet import losses
from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_inputs, natural, positive, rate
from tinynet.cli.code import names_code
from tinynet.cli.ready import ready_model, usual_samples
from tinynet.cli.samples import samples
from tinynet.cli.sources import made_by, names_file
from tinynet.cli.text import say, table
from tinynet.cli.timing import TASKS, Worker
from tinynet.errors import MissingDependencyError
from tinynet.models import Model, load_model

EXAMPLES = (
    "bench",
    "bench lstm --batch-sizes 1,32 --rounds 9",
    "bench model.keras --tasks predict --keras",
    "bench cnn --json",
)
COMPILED, NUMPY, KERAS = "compiled", "numpy", "keras"


def _sizes(text: str) -> list[int]:
    sizes = [positive(part) for part in text.split(",")]
    if len(set(sizes)) < len(sizes):
        raise argparse.ArgumentTypeError(f"expected different sizes, received {text!r}")
    return sizes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    model = parser.add_argument("model", metavar="MODEL", nargs="?", default="cnn", help="a name or file (cnn)")
    completers.model(model)
    parser.add_argument("--batch-sizes", type=_sizes, default=[1, 32, 128], metavar="N,N", help="(1,32,128)")
    parser.add_argument(
        "--tasks", nargs="+", choices=TASKS, default=list(TASKS), metavar="TASK", help="train, predict (both)"
    )
    parser.add_argument(
        "--kernels", nargs="+", choices=(COMPILED, NUMPY), metavar="KERNELS", help="compiled, numpy (both)"
    )
    parser.add_argument("--keras", action="store_true", help="also Keras's predict, in a process of its own")
    parser.add_argument("--rounds", type=positive, default=5, metavar="N", help="turns of each (5)")
    parser.add_argument("--seconds", type=rate, default=0.1, metavar="S", help="of a turn, at least (0.1)")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="of the random data (0)")
    parser.add_argument("--json", action="store_true", help="print every measurement as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measures and tells."""
    libraries = _libraries(arguments)
    model = _model(arguments.model)
    if model._graph is None:
        raise UsageError(f"{arguments.model}: does not say which shape its inputs have; give it an Input")
    samples(model, 1, arguments.seed)  # refuses a model for which there are no random inputs
    if "train" in arguments.tasks and not model.compiled:
        model.compile("adam", losses.MeanSquaredError())
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        workers: list[Worker] = []
        try:
            for library in libraries:
                workers.append(Worker(library, path, arguments.seed))
            versions = {worker.library: worker.version() for worker in workers}
            for task in arguments.tasks:
                able = [worker for worker in workers if worker.library != KERAS or task == "predict"]
                for size in arguments.batch_sizes:
                    found.append({"task": task, "batch_size": size, "seconds": _turns(able, task, size, arguments)})
        finally:
            for worker in workers:
                worker.close()
    if arguments.json:
        told = {"model": arguments.model, "parameters": model.count_params(), "versions": versions, "measured": found}
        say(json.dumps(told, indent=2))
        return 0
    rounds = f"{arguments.rounds} round{'s' * (arguments.rounds > 1)}"
    say(f"{arguments.model}: {model.count_params():,} parameters; {rounds}, milliseconds")
    for library, version in versions.items():
        say(f"{library}: {version}")
    say(_table(found, libraries))
    return 0


def _libraries(arguments: argparse.Namespace) -> list[str]:
    wanted = list(dict.fromkeys(arguments.kernels or (COMPILED, NUMPY)))
    if importlib.util.find_spec("tinynet.kernels._compiled") is None:
        if arguments.kernels and COMPILED in wanted:
            raise MissingDependencyError("--kernels compiled: the compiled kernels are not installed here")
        wanted = [NUMPY]
    if arguments.keras:
        if "predict" not in arguments.tasks:
            raise UsageError("--keras: times predictions, which --tasks leaves out")
        if importlib.util.find_spec("keras") is None:
            raise MissingDependencyError("--keras: Keras is not installed here")
        wanted.append(KERAS)
    return wanted


def _model(text: str) -> Model:
    if names_file(text):
        check_inputs([text])
        return load_model(text)
    return made_by(text) if names_code(text) else ready_model(text, usual_samples(text))


def _turns(workers: Sequence[Worker], task: str, size: int, arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Mean seconds of a call for each library, one number a round; every other round goes backwards."""
    seconds: dict[str, list[float]] = {worker.library: [] for worker in workers}
    for turn in range(arguments.rounds):
        for worker in workers if turn % 2 == 0 else workers[::-1]:
            seconds[worker.library].append(worker.seconds(task, size, arguments.seconds))
    return seconds


def _table(found: Sequence[dict[str, Any]], libraries: Sequence[str]) -> str:
    ours = libraries[0]
    headings = ["", "batch", *libraries, *(f"{other} / {ours}" for other in libraries[1:])]
    rows = []
    for line in found:
        seconds = line["seconds"]
        times = [_spread([1e3 * s for s in seconds.get(library, [])], "") for library in libraries]
        ratios = [
            _spread([a / b for a, b in zip(seconds.get(other, []), seconds[ours], strict=False)], "x")
            for other in libraries[1:]
        ]
        rows.append((line["task"], str(line["batch_size"]), *times, *ratios))
    return table(headings, rows, numbers=range(1, len(headings)), width=40 + 24 * len(libraries))


def _spread(values: Sequence[float], unit: str) -> str:
    if not values:  # of a library that does not do this
        return ""
    return f"{statistics.median(values):.3g}{unit} ({min(values):.3g}-{max(values):.3g})"
