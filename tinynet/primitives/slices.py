"""Gradients of table look-ups, kept as the rows that were looked up."""

from __future__ import annotations

import numpy as np

from tinynet import kernels


class Slices:
    """A gradient that is zero but for some rows; rows that occur twice are not merged.

    Keras's optimizers see the gradient of an embedding this way: they square each row's
    occurrences separately. Everyone else calls `dense()`, where occurrences are summed.

    rows: integers (R,); values: (R, …) one slice a row; shape: of the whole gradient.
    """

    __slots__ = ("rows", "shape", "values")
    __array_ufunc__ = None  # array + Slices is ours to answer, not NumPy's

    def __init__(self, rows: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> None:
        self.rows = rows
        self.values = values
        self.shape = shape

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def dense(self) -> np.ndarray:
        """The gradient as an array of `shape`, occurrences of a row summed."""
        return kernels.sum_rows(self.rows, self.values, self.shape)

    def __add__(self, other: Slices | np.ndarray) -> Slices | np.ndarray:
        if isinstance(other, Slices):
            return Slices(
                np.concatenate([self.rows, other.rows]), np.concatenate([self.values, other.values]), self.shape
            )
        return self.dense() + other

    __radd__ = __add__
