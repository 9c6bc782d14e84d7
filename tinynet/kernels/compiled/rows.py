"""Rows of a table by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import rows as plain
from tinynet.kernels.compiled.arrays import TYPES, are_places, compiled
from tinynet.kernels.memory import empty
from tinynet.kernels.rows import Table


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> Table:
    if _fits(rows, values, shape):
        table = empty(shape, values.dtype)
        if _summed(rows, values, table, None):
            return table
    return plain.sum_rows(rows, values, shape)  # which counts from the end, or refuses what is outside


def sum_rows_and_squares(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> tuple[Table, Table]:
    if _fits(rows, values, shape):
        table, squares = empty(shape, values.dtype), empty(shape, values.dtype)
        if _summed(rows, values, table, squares):
            return table, squares
    return plain.sum_rows_and_squares(rows, values, shape)


def _fits(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> bool:
    return are_places(rows) and values.dtype in TYPES and values.shape == (*rows.shape, *shape[1:])


def _summed(rows: np.ndarray, values: np.ndarray, table: Table, squares: Table | None) -> bool:
    """Fills the tables; False where a row is not there."""
    done: bool = compiled.sum_rows(np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(values), table, squares)
    return done
