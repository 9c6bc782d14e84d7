"""Rows of a table by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import rows as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.memory import empty


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    inside = rows.dtype.kind in "iu" and (not rows.size or (rows.min() >= 0 and rows.max() < shape[0]))
    if values.dtype not in TYPES or not inside or values.shape != (*rows.shape, *shape[1:]):
        return plain.sum_rows(rows, values, shape)  # which counts from the end, or refuses what is outside
    output = empty(shape, values.dtype)
    output.fill(0)
    compiled.add_rows(output, np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(values))
    return output
