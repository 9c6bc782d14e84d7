"""Rows of a table."""

from __future__ import annotations

import math

import numpy as np

Table = np.ndarray


def sum_rows(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> Table:
    """Zeros of `shape` with `values[i]` added to row `rows[i]`, in order of occurrence."""
    output, length = np.zeros(shape, values.dtype), math.prod(shape[1:])
    rows = np.arange(shape[0])[rows]  # a negative one counts from the end; one that is not there is an IndexError
    places = rows.reshape(-1, 1) * length + np.arange(length)
    np.add.at(output.reshape(-1), places.reshape(-1), values.reshape(-1))  # of whole rows it takes four times as long
    return output


def sum_rows_and_squares(rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> tuple[Table, Table]:
    """`sum_rows` of the values, and of their squares."""
    return sum_rows(rows, values, shape), sum_rows(rows, np.square(values), shape)
