"""Sums over columns and batch normalisation by compiled code: one pass over a table for each function."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinynet.kernels import normalization as plain
from tinynet.kernels.compiled.activation import relu_gradient
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.memory import empty


def _fits(tables: Sequence[np.ndarray], columns: Sequence[np.ndarray] = ()) -> bool:
    """Whether the kernels take these arrays (…, C) of one shape and (C,), all of one type."""
    shape, dtype = tables[0].shape, tables[0].dtype
    fitting = all(a.shape == shape for a in tables) and all(a.shape == shape[-1:] for a in columns)
    return fitting and dtype in TYPES and all(a.dtype == dtype for a in (*tables, *columns))


def _table(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(plain.table(x))


def column_sums(x: np.ndarray) -> np.ndarray:
    return sums_behind_relu(x, None)


def sums_behind_relu(x: np.ndarray, shown: np.ndarray | None) -> np.ndarray:
    """`column_sums` of x where `shown`, the output of a relu, is positive, if there is one."""
    if not _fits([x] if shown is None else [x, shown]):
        return plain.column_sums(x if shown is None else relu_gradient(x, shown))
    sums = np.empty(x.shape[-1], x.dtype)
    compiled.column_sums(_table(x), None if shown is None else _table(shown), sums)
    return sums


def column_moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not _fits([x]):
        return plain.column_moments(x)
    rows = _table(x)
    count = max(1, len(rows))
    mean, var = np.empty(x.shape[-1], x.dtype), np.empty(x.shape[-1], x.dtype)
    compiled.column_sums(rows, None, mean)
    mean /= count
    compiled.column_squares(rows, mean, var)
    var /= count
    return mean, var


def column_products(g: np.ndarray, x: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not _fits([g, x], [mean]):
        return plain.column_products(g, x, mean)
    sums = np.empty((2, x.shape[-1]), x.dtype)
    compiled.column_products(_table(g), _table(x), np.ascontiguousarray(mean), sums)
    return sums[0], sums[1]


def scale_columns(x: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    if not _fits([x], [scale, offset]):
        return plain.scale_columns(x, scale, offset)
    output = empty(x.shape, x.dtype)
    compiled.scale_columns(_table(x), *map(np.ascontiguousarray, (scale, offset)), _table(output))
    return output


def combine_columns(
    g: np.ndarray, x: np.ndarray, mean: np.ndarray, by_g: np.ndarray, by_x: np.ndarray, offset: np.ndarray
) -> np.ndarray:
    if not _fits([g, x], [mean, by_g, by_x, offset]):
        return plain.combine_columns(g, x, mean, by_g, by_x, offset)
    output = empty(x.shape, x.dtype)
    columns = map(np.ascontiguousarray, (mean, by_g, by_x, offset))
    compiled.combine_columns(_table(g), _table(x), *columns, _table(output))
    return output
