"""What every library must reproduce before it is timed: tinynet's predictions, and those after a step.

    python benchmarks/_reference.py WORKLOAD FILE    writes FILE (.npz) for a workload given as JSON

The weights are random, biases too, so that a wrong order of gates or biases shows. The step is plain
SGD without dropout: Adam's first step hardly depends on the gradient's size, and Keras's treats the
rows of an embedding apart from PyTorch's; a gradient that agrees is what is wanted here.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from _workloads import Workload, from_json


class Reference(NamedTuple):
    """One batch, the weights in Keras's order, and the probabilities (N, K) before and after one step."""

    x: np.ndarray
    y: np.ndarray
    before: np.ndarray
    after: np.ndarray
    weights: list[np.ndarray]


def load(path: str) -> Reference:
    with np.load(path) as file:
        weights = [file[f"weight{number}"] for number in range(len(file.files) - 4)]
        return Reference(file["x"], file["y"], file["before"], file["after"], weights)


def write(workload: Workload, path: str) -> None:
    """Computes the reference in tinynet."""
    import tinynet

    rng = np.random.default_rng(0)
    tinynet.utils.set_random_seed(0)
    x, y = workload.data(rng)
    model = workload.build(tinynet, dropout=0.0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    weights = [
        array + rng.normal(0, 0.05, array.shape).astype(array.dtype) for array in model.get_weights()
    ]
    model.set_weights(weights)
    before = model.predict(x, verbose=0)
    model.train_on_batch(x, y)
    after = model.predict(x, verbose=0)
    named = {f"weight{number}": array for number, array in enumerate(weights)}
    np.savez(path, x=x, y=y, before=before, after=after, **named)


if __name__ == "__main__":
    write(from_json(sys.argv[1]), sys.argv[2])
