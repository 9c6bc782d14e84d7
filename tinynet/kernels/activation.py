"""What flows back through activations."""

from __future__ import annotations

import numpy as np


def relu_gradient(g: np.ndarray, output: np.ndarray) -> np.ndarray:
    """g where the relu's output is positive, elsewhere 0."""
    return g * (output > 0)
