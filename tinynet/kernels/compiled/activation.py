"""Activations by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import activation as plain
from tinynet.kernels.calls import run
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.memory import empty


def relu(x: np.ndarray) -> np.ndarray:
    if x.dtype not in TYPES:
        return plain.relu(x)
    result = empty(x.shape, x.dtype)
    return run(compiled.relu, result, np.ascontiguousarray(x), result)


def relu_gradient(g: np.ndarray, output: np.ndarray) -> np.ndarray:
    if g.dtype not in TYPES or output.dtype != g.dtype or g.shape != output.shape:
        return plain.relu_gradient(g, output)
    result = empty(g.shape, g.dtype)
    compiled.relu_gradient(np.ascontiguousarray(g), np.ascontiguousarray(output), result)
    return result
