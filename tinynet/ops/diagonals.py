"""Diagonals and triangles of matrices: keras.io/api/ops/numpy.

k, offset: which diagonal, counted from the main one; above it is positive.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tensor import Tensor, constant, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import dtype_named, one_axis, tensor
from tinynet.ops.arithmetic import where
from tinynet.ops.reductions import sum
from tinynet.ops.shapes import moveaxis
from tinynet.primitives import shapes


def _whole(value: Any, name: str, where: str) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise ArgumentError(f"{where}: {name} must be an integer, received {value!r}") from error


def _on_diagonal(rows: int, columns: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each element of a diagonal."""
    first = max(-offset, 0)
    row = np.arange(first, max(min(rows, columns - offset), first))
    return row, row + offset


def diag(x: Any, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix; of a vector, the square matrix with it there and zeros elsewhere.

    >>> diag([1.0, 2.0]).tolist(), diag([[1.0, 2.0], [3.0, 4.0]]).tolist()
    ([[1.0, 0.0], [0.0, 2.0]], [1.0, 4.0])
    """
    x, k = tensor(x), _whole(k, "k", "diag")
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag: expected a vector or a matrix, received shape {x.shape}")
    size = x.shape[0] + abs(k)
    return record(shapes.scatter, (x,), {"key": _on_diagonal(size, size, k), "shape": (size, size)})


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonals of the matrices in two axes, as the last axis.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]], offset=1).tolist()
    [2.0]
    """
    x, offset = tensor(x), _whole(offset, "offset", "diagonal")
    if x.ndim < 2:
        raise ShapeError(f"diagonal: expected at least 2 axes, received shape {x.shape}")
    rows, columns = (one_axis(a, x.ndim, "diagonal") % x.ndim for a in (axis1, axis2))
    if rows == columns:
        raise ArgumentError(f"diagonal: axis1 and axis2 are the same axis {rows}")
    x = moveaxis(x, (rows, columns), (-2, -1))
    return record(shapes.getitem, (x,), {"key": (Ellipsis, *_on_diagonal(x.shape[-2], x.shape[-1], offset))})


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of each diagonal.

    >>> trace([[1.0, 2.0], [3.0, 4.0]]).item()
    5.0
    """
    return sum(diagonal(x, offset, axis1, axis2), -1)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """N rows and M columns (N without it) with ones up to the k-th diagonal and zeros above.

    >>> tri(2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return constant(np.tri, N, M, k, dtype=dtype_named(dtype or config.floatx(), "tri"))


def tril(x: Any, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros above the k-th diagonal.

    >>> tril([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    x, lower = _triangle(x, _whole(k, "k", "tril"), "tril")
    return where(lower, x, np.zeros((), x.dtype))


def triu(x: Any, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros below the k-th diagonal.

    >>> triu([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    x, lower = _triangle(x, _whole(k, "k", "triu") - 1, "triu")
    return where(lower, np.zeros((), x.dtype), x)


def _triangle(x: Any, k: int, where: str) -> tuple[Tensor, np.ndarray]:
    x = tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{where}: expected at least 2 axes, received shape {x.shape}")
    return x, np.tri(x.shape[-2], x.shape[-1], k, dtype=bool)


def diagflat(x: Any, k: int = 0) -> Tensor:
    """A matrix with all elements of x on its k-th diagonal and zeros elsewhere.

    >>> diagflat([[1.0], [2.0]]).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    return diag(tensor(x).reshape(-1), k)
