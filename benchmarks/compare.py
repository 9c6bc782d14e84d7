"""Training steps and predictions of tinynet beside Keras on TensorFlow, in one run.

    python benchmarks/compare.py                    all workloads
    python benchmarks/compare.py --only CNN LSTM    some of them
    python benchmarks/compare.py --rounds 3 --repeats 2    a toy run

Each library runs in a process of its own; the two take turns, round by round, so that a slow
moment of the machine falls on both. What counts are the ratios: the milliseconds belong to the
machine. Keras needs the extra `test` (or `pip install tensorflow`).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _workloads import WORKLOADS

LIBRARIES = ("tinynet", "keras")


def library(name: str) -> Any:
    """tinynet, or Keras on TensorFlow."""
    if name == "tinynet":
        import tinynet

        return tinynet
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    return keras


def work(name: str, workload: str, repeats: int) -> None:
    """The measuring process: for each line of input times one round and prints it as JSON."""
    keras = library(name)
    build, make_data, batch = WORKLOADS[workload]
    rng = np.random.default_rng(0)
    model = build(keras)
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = make_data(batch, rng)
    tasks: dict[str, Callable[[], Any]] = {
        "training step": lambda: model.train_on_batch(x, y),
        f"predict {batch}": lambda: model.predict(x, verbose=0),
        "predict 1": lambda: model.predict(x[:1], verbose=0),
    }
    for task in tasks.values():  # warm: compilation, buffers
        task()
        task()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({label: _seconds(task, repeats) for label, task in tasks.items()}), flush=True)


def _seconds(task: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        task()
    return (time.perf_counter() - start) / repeats


def measure(workload: str, rounds: int, repeats: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of each task in each round, for each library."""
    workers = {}
    for name in LIBRARIES:
        command = [sys.executable, __file__, "--worker", name, workload, "--repeats", str(repeats)]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        if worker.stdout.readline().strip() != "ready":
            raise SystemExit(f"{name} could not be started: is it installed?")
        workers[name] = worker
    results: dict[str, dict[str, list[float]]] = {name: {} for name in LIBRARIES}
    for _ in range(rounds):
        for name, worker in workers.items():
            assert worker.stdin is not None and worker.stdout is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
            for label, seconds in json.loads(worker.stdout.readline()).items():
                results[name].setdefault(label, []).append(seconds)
    for worker in workers.values():
        worker.communicate()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repeats", type=int, default=5, help="calls a round")
    parser.add_argument("--json", help="also write every measurement to this file")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(*options.worker, options.repeats)
        return
    everything = {}
    print(f"{'':34s}{'tinynet':>16s}{'Keras/TF':>16s}{'ratio (min–max)':>24s}")
    print(f"{'':34s}{'median ms':>16s}{'median ms':>16s}{'Keras / tinynet':>24s}")
    for workload in options.only:
        results = everything[workload] = measure(workload, options.rounds, options.repeats)
        for label in results["tinynet"]:
            ours, theirs = results["tinynet"][label], results["keras"][label]
            ratios = sorted(b / a for a, b in zip(ours, theirs, strict=True))
            print(
                f"{workload + ', ' + label:34s}{statistics.median(ours) * 1e3:16.2f}"
                f"{statistics.median(theirs) * 1e3:16.2f}"
                f"{statistics.median(ratios):10.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
            )
    if options.json:
        with open(options.json, "w") as stream:
            json.dump(everything, stream, indent=1)


if __name__ == "__main__":
    main()
