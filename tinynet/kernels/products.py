"""Products of matrices."""

from __future__ import annotations

import numpy as np


def product(a: np.ndarray, b: np.ndarray, bias: np.ndarray | None = None, relu: bool = False) -> np.ndarray:
    """a (M, K) · b (K, F), plus a bias (F), and through a relu. Either matrix may be a transposed view."""
    result = a @ b
    if bias is not None:
        result += bias
    if relu:
        np.maximum(result, 0, out=result)
    return result
