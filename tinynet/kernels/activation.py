"""Activations, and what flows back through them."""

from __future__ import annotations

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), and NaN for NaN."""
    output: np.ndarray = np.maximum(x, 0)
    return output


def relu_gradient(g: np.ndarray, output: np.ndarray) -> np.ndarray:
    """g where the relu's output is positive, elsewhere 0."""
    return g * (output > 0)


def softmax(x: np.ndarray) -> np.ndarray:
    """eˣ / Σ eˣ over the last axis."""
    output = np.exp(x - x.max(axis=-1, keepdims=True))
    output /= output.sum(axis=-1, keepdims=True)
    return output
