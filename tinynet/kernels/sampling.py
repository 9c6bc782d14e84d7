"""Sums of weighted rows: what resizing and every affine map of an image come to.

x is (A, P, C): A arrays of P rows. `places` (A or 1, Q, K) name K rows for each of Q results, and
`weights` are those of the K; K − 1 of them leave the rest of 1 to the first.
"""

from __future__ import annotations

import numpy as np


def sampled(x: np.ndarray, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted sums: (A, Q, C)."""
    count = places.shape[-1]
    if len(places) == 1:
        rows = [x.take(places[0, :, k], axis=1) for k in range(count)]
    else:
        flat, places = x.reshape(-1, x.shape[-1]), _in_all(places, x.shape[1])
        rows = [flat.take(places[..., k], axis=0) for k in range(count)]
    first, others = rows[0], rows[1:]
    full = weights.shape[-1] == count
    for k, row in enumerate(others):
        if not full:  # as TensorFlow interpolates; with two weights the rounding is another
            row -= first
        row *= _column(weights, k + full, x.dtype)
    if full:
        first *= _column(weights, 0, x.dtype)
    for row in others:
        first += row
    return first


def sampled_adjoint(g: np.ndarray, places: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Each result (A, Q, C) given back to the rows it was made of: (A, size, C)."""
    if weights.shape[-1] < places.shape[-1]:
        first = 1 - weights.sum(axis=-1, keepdims=True)
        weights = np.concatenate([first, weights], axis=-1)
    arrays, results, channels = g.shape
    if len(places) == 1:
        matrix = np.zeros((results, size), g.dtype)
        np.add.at(matrix, (np.arange(results)[:, None], places[0]), weights[0])
        return matrix.T @ g
    flat = _in_all(places, size).ravel()
    given = [
        np.bincount(flat, (weights * g[..., c, None]).ravel(), minlength=arrays * size) for c in range(channels)
    ]
    return np.stack(given, axis=-1).astype(g.dtype).reshape(arrays, size, channels)


def _in_all(places: np.ndarray, rows: int) -> np.ndarray:
    """Places within each array as places among the rows of all."""
    return places + np.arange(len(places))[:, None, None] * rows


def _column(weights: np.ndarray, k: int, dtype: np.dtype) -> np.ndarray:
    return weights[..., k, None].astype(dtype, copy=False)
