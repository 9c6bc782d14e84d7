"""Rows of a table by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import rows as plain
from tinynet.kernels.compiled.arrays import TYPES, are_places, compiled
from tinynet.kernels.memory import empty
from tinynet.kernels.rows import Table


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> Table:
    if _fits(rows, values, shape):
        table = _zeros(shape, values.dtype)
        if _add(rows, values, table, None):
            return table
    return plain.sum_rows(rows, values, shape)  # which counts from the end, or refuses what is outside


def sum_rows_and_squares(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> tuple[Table, Table]:
    if _fits(rows, values, shape):
        table, squares = _zeros(shape, values.dtype), _zeros(shape, values.dtype)
        if _add(rows, values, table, squares):
            return table, squares
    return plain.sum_rows_and_squares(rows, values, shape)


def _fits(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> bool:
    return are_places(rows) and values.dtype in TYPES and values.shape == (*rows.shape, *shape[1:])


def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> Table:
    table = empty(shape, dtype)
    table.fill(0)
    return table


def _add(rows: np.ndarray, values: np.ndarray, table: Table, squares: Table | None) -> bool:
    added: bool = compiled.add_rows(
        np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(values), table, squares
    )
    return added
