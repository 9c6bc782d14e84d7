"""Rows of a table."""

from __future__ import annotations

import numpy as np

Table = np.ndarray


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> Table:
    """Zeros of `shape` with `values[i]` added to row `rows[i]`, in order of occurrence."""
    output = np.zeros(shape, values.dtype)
    np.add.at(output, rows, values)
    return output


def sum_rows_and_squares(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> tuple[Table, Table]:
    """`sum_rows` of the values, and of their squares."""
    return sum_rows(rows, values, shape), sum_rows(rows, np.square(values), shape)
