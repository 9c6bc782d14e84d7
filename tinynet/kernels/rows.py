"""Rows of a table."""

from __future__ import annotations

import numpy as np


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of `shape` with `values[i]` added to row `rows[i]`, in order of occurrence."""
    output = np.zeros(shape, values.dtype)
    np.add.at(output, rows, values)
    return output
