"""Where in a tensor something is, and its largest elements: keras.io/api/ops/numpy and ops/core."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant, wrap
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.ops._arguments import one_axis, pair, sizes, tensor
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


def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """Indices along `axis`, or of all elements, first those of the kth + 1 smallest elements: int32.

    Those come in rising order. Raises `ArgumentError` for a place that is not there.

    >>> argpartition([3, 1, 2], 0).tolist()[0]
    1
    """
    x = tensor(x)
    x, axis = (x.reshape(-1), 0) if axis is None else (x, one_axis(axis, x.ndim, "argpartition"))
    if isinstance(kth, bool) or not isinstance(kth, (int, np.integer)) or not -x.shape[axis] <= kth < x.shape[axis]:
        raise ArgumentError(f"argpartition: kth={kth!r} is no place along an axis of {x.shape[axis]} elements")
    return constant(np.argsort, x, axis=axis, stable=True).astype(np.int32)


def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Places in a tensor of that shape, an index for each axis, of indices of its elements row by row.

    Raises `DataError` for an index that is not within.

    >>> [part.tolist() for part in unravel_index([1, 5], (2, 3))]
    [[0, 1], [1, 2]]
    """
    given = tensor(indices)
    shape = sizes(shape, "unravel_index")
    count = math.prod(shape)
    if given.dtype.kind not in "iu":
        raise DtypeError(f"unravel_index: expected integers, received {given.dtype.name}")
    values = given.numpy().astype(np.int64)
    if not ((values >= -count) & (values < count)).all():
        raise DataError(f"unravel_index: an index is not within the {count} elements of shape {shape}")
    return tuple(Tensor(part.astype(given.dtype)) for part in np.unravel_index(values % max(count, 1), shape))


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements of x, or its different parts along `axis`, in rising order.

    sorted: accepted, changes nothing. return_index, return_inverse, return_counts: also returns where each occurs first,
        which of them every element is, and how often each occurs: int32.
    size, fill_value: supported as None only: the number of results is what it is.

    Raises `ArgumentError` for a size or a fill_value.

    >>> unique([3, 1, 3]).tolist()
    [1, 3]
    """
    if size is not None or fill_value is not None:
        raise ArgumentError("unique: size and fill_value are not supported; results may have any number of elements")
    x = tensor(x)
    axis = None if axis is None else one_axis(axis, x.ndim, "unique")
    values, *others = np.unique(x.numpy(), return_index=True, return_inverse=True, return_counts=True, axis=axis)
    chosen = [
        Tensor(np.asarray(part, np.int32).reshape(x.shape if flag == "inverse" and axis is None else -1))
        for part, flag, wanted in zip(
            others, ("index", "inverse", "counts"), (return_index, return_inverse, return_counts), strict=True
        )
        if wanted
    ]
    return (Tensor(values), *chosen) if chosen else Tensor(values)
