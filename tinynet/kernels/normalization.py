"""Sums over the columns of tables (R, C), and what is done to all rows alike: the parts of batch normalisation.

Arrays (…, C) are taken as tables of their last axis; what belongs to the columns has shape (C,).
"""

from __future__ import annotations

import math

import numpy as np


def table(x: np.ndarray) -> np.ndarray:
    """x (…, C) as rows (R, C)."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def column_sums(x: np.ndarray) -> np.ndarray:
    """The sum of each column of x (…, C): (C,).

    A product with a row of ones is quicker than NumPy's sum and adds up in blocks, which keeps float32
    precise over long columns.
    """
    rows = table(x)
    total: np.ndarray = (np.ones((1, len(rows)), x.dtype) @ rows)[0]
    return total


def column_moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each column of x (…, C), the variance divided by the count; 0 without rows."""
    count = max(1, len(table(x)))
    mean = column_sums(x) / count
    return mean, column_sums(np.square(x - mean)) / count


def column_products(g: np.ndarray, x: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums of each column of g, and of g · (x − mean)."""
    return column_sums(g), column_sums(g * (x - mean))


def scale_columns(x: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """x · scale + offset."""
    output: np.ndarray = x * scale + offset
    return output


def combine_columns(
    g: np.ndarray, x: np.ndarray, mean: np.ndarray, by_g: np.ndarray, by_x: np.ndarray, offset: np.ndarray
) -> np.ndarray:
    """g · by_g + (x − mean) · by_x + offset: what flows back through a batch normalisation."""
    output: np.ndarray = g * by_g + (x - mean) * by_x + offset
    return output
