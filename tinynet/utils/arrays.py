"""Labels as vectors, and vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DataError


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Labels (…) as one-hot vectors (…, K); of a tensor a tensor.

    num_classes: K; one more than the largest label without it. Raises `DataError` for a label
    outside [0, K).

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    labels = labels.astype(np.int64)
    count = num_classes or (int(labels.max()) + 1 if labels.size else 0)
    if labels.size and not (0 <= labels.min() and labels.max() < count):
        raise DataError(f"to_categorical: labels lie in [{labels.min()}, {labels.max()}], not in [0, {count})")
    vectors = np.eye(count, dtype=config.floatx())[labels]
    return Tensor(vectors) if isinstance(x, Tensor) else vectors


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """x divided by its norm along `axis`, a tensor where x is one; where the norm is 0, it stays 0.

    order: of the norm: 1, 2 or higher. Raises `ArgumentError` for one below 1.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ArgumentError(f"normalize: expected order to be a whole number >= 1, received {order!r}")
    array = np.atleast_1d(np.asarray(x))
    norm = np.atleast_1d(np.linalg.norm(array, order, axis, keepdims=True))
    found = array / np.where(norm == 0, 1, norm)
    return Tensor(found) if isinstance(x, Tensor) else found
