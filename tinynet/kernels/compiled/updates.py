"""Optimizers' arithmetic by compiled code: one pass over a variable and its slots."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import updates as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled


def adam(
    w: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    largest: np.ndarray | None,
    g: np.ndarray,
    squares: np.ndarray | None,
    alpha: float,
    rest_1: float,
    rest_2: float,
    epsilon: float,
) -> None:
    written = [array for array in (w, m, v, largest) if array is not None]
    if w.dtype not in TYPES or not all(a.dtype == w.dtype and a.flags.c_contiguous for a in written):
        plain.adam(w, m, v, largest, g, squares, alpha, rest_1, rest_2, epsilon)
        return
    g = np.ascontiguousarray(g, w.dtype)
    if squares is not None:
        squares = np.ascontiguousarray(squares, w.dtype)
    compiled.adam(w, m, v, largest, g, squares, float(alpha), float(rest_1), float(rest_2), float(epsilon))
