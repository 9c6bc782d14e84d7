"""Activations by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import activation as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled, empty


def relu(x: np.ndarray) -> np.ndarray:
    if x.dtype not in TYPES:
        return plain.relu(x)
    result = empty(x.shape, x.dtype)
    compiled.relu(np.ascontiguousarray(x), result)
    return result


def relu_gradient(g: np.ndarray, output: np.ndarray) -> np.ndarray:
    if g.dtype not in TYPES or output.dtype != g.dtype or g.shape != output.shape:
        return plain.relu_gradient(g, output)
    result = empty(g.shape, g.dtype)
    compiled.relu_gradient(np.ascontiguousarray(g), np.ascontiguousarray(output), result)
    return result


def softmax(x: np.ndarray) -> np.ndarray:
    if x.dtype not in TYPES or x.size == 0 or x.ndim == 0:
        return plain.softmax(x)
    output = empty(x.shape, x.dtype)
    compiled.softmax(np.ascontiguousarray(x), output)
    return output
