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
