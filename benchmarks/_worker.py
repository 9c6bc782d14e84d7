"""The measuring process of one library and one workload.

    python benchmarks/_worker.py LIBRARY WORKLOAD REFERENCE

First it proves that it computes what tinynet computes, then it warms up and says what it is. From
then on each line of input, `[line, repeats, seconds]` as JSON, is answered by the mean seconds of a call.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import _reference
import numpy as np
from _libraries import LIBRARIES
from _workloads import FIT_STEPS, Workload, from_json

PREDICTION_TOLERANCE = 1e-5  # of a probability: float32 rounding over 100 steps, and approximated tanh
STEP_TOLERANCE = 0.01  # of the largest change that the step made


def check(adapter: Any, workload: Workload, reference: _reference.Reference) -> dict[str, float]:
    """Differences from tinynet in predictions and in what a step changes; more than rounding ends the process."""
    tasks = adapter.tasks(workload, reference, dropout=0.0, optimizer="sgd")
    differences = {}
    for line in ("predict N", "predict 1", "call 1"):
        expected = reference.before if line == "predict N" else reference.before[:1]
        differences[line] = float(np.abs(np.asarray(tasks[line]()) - expected).max())
        if not differences[line] <= PREDICTION_TOLERANCE:
            sys.exit(f"{workload.name}, {line}: differs from tinynet by {differences[line]:.1e}: another network?")
    if "training step" in tasks:
        tasks["training step"]()
        change = np.abs(reference.after - reference.before).max()
        after = np.asarray(tasks["predict N"]())
        differences["training step"] = float(np.abs(after - reference.after).max() / change)
        if not differences["training step"] <= STEP_TOLERANCE:
            sys.exit(f"{workload.name}: a step differs from tinynet's by {differences['training step']:.1e} of itself")
    return differences


def mean_seconds(task: Callable[[], Any], steps: int, repeats: int, seconds: float) -> float:
    """The mean over at least `repeats` steps and at least `seconds`; a call of the task makes `steps`."""
    if steps == 1:
        task()  # wakes threads and caches that the other processes' turns put to sleep
    done, start = 0, time.perf_counter()
    while True:
        task()
        done += steps
        passed = time.perf_counter() - start
        if done >= repeats and passed >= seconds:
            return passed / done


def main() -> None:
    # Libraries print what they like; only answers may go to the parent.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        print(json.dumps(value), file=answers, flush=True)

    name, workload_json, path = sys.argv[1:]
    adapter = importlib.import_module(LIBRARIES[name].adapter)
    workload, reference = from_json(workload_json), _reference.load(path)
    differences = check(adapter, workload, reference)
    tasks = adapter.tasks(workload, reference, dropout=0.5, optimizer="adam")
    for task in tasks.values():  # compiles what is compiled, fills buffers
        task()
        task()
    answer({"version": adapter.VERSION, "differences": differences, "lines": list(tasks)})
    for request in sys.stdin:
        line, repeats, seconds = json.loads(request)
        answer(mean_seconds(tasks[line], FIT_STEPS if line.startswith("fit") else 1, repeats, seconds))


if __name__ == "__main__":
    main()
