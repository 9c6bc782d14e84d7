"""Where in a tensor something is, and its largest elements: keras.io/api/ops/numpy and ops/core."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant, wrap
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import pair, tensor
from tinynet.ops.shapes import take_along_axis


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """The indices of the elements that are not 0: for each axis one int32 tensor.

    >>> [indices.tolist() for indices in nonzero([[0, 5], [7, 0]])]
    [[0, 1], [1, 0]]
    """
    return tuple(index.astype(np.int32) for index in tensor(x).nonzero())


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """The place in a rising sequence (N,) where each value belongs: int32.

    side: before ('left') or after ('right') equal elements.

    >>> searchsorted([1.0, 2.0, 3.0], [2.0, 2.5]).tolist()
    [1, 2]
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side must be 'left' or 'right', received {side!r}")
    row, wanted = pair(sorted_sequence, values, "searchsorted")
    if row.ndim != 1:
        raise ShapeError(f"searchsorted: expected a sequence of shape (N,), received {row.shape}")
    return constant(np.searchsorted, row, wanted, side=side).astype(np.int32)


def digitize(x: Any, bins: Any) -> Tensor:
    """How many of the rising `bins` (B,) are not above each element: int32.

    >>> digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
    [0, 1, 2]
    """
    return searchsorted(bins, x, side="right")


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, in falling order, and their places (int32).

    Of equal elements the first ones. sorted: accepted, they always are.

    Raises `ShapeError` for more elements than there are.

    >>> [part.tolist() for part in top_k([1.0, 3.0, 2.0], 2)]
    [[3.0, 2.0], [1, 2]]
    """
    x, k = tensor(x), operator.index(k)
    if x.ndim == 0 or not 0 <= k <= x.shape[-1]:
        raise ShapeError(f"top_k: cannot take {k} elements of the last axis of shape {x.shape}")
    rising = np.argsort(x._data[..., ::-1], axis=-1, kind="stable")
    places = (x.shape[-1] - 1 - rising)[..., ::-1][..., :k]
    return take_along_axis(x, places, -1), wrap(places.astype(np.int32))


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether the target (N,) of each row of predictions (N, K) is among its k largest; equals count as in.

    >>> in_top_k([1, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], 2).tolist()
    [True, False]
    """
    labels, scores = tensor(targets)._data, tensor(predictions)._data
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ShapeError(f"in_top_k: targets {labels.shape} do not fit predictions {scores.shape}, expected (N, K)")
    known = (labels >= 0) & (labels < scores.shape[1])
    own = np.take_along_axis(scores, np.where(known, labels, 0).astype(np.int64)[:, None], axis=1)
    better = (scores > own).sum(axis=1)
    return wrap(known & (better < k) & np.isfinite(own[:, 0]))
