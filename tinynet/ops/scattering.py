"""Parts of tensors by place: taken out, replaced, added up: keras.io/api/ops/core."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.ops._arguments import pair, sizes, tensor
from tinynet.ops.arithmetic import where
from tinynet.ops.reductions import max, min, prod
from tinynet.primitives import shapes


def get_item(x: Any, key: Any) -> Tensor:
    """x[key]; a list of indices and slices counts as a tuple.

    >>> get_item([[1.0, 2.0], [3.0, 4.0]], 1).tolist()
    [3.0, 4.0]
    """
    return tensor(x)[tuple(key) if isinstance(key, list) else key]  # files know no tuples


def _window(x: Tensor, start: Any, shape: tuple[int, ...], where: str) -> tuple[Any, ...]:
    """The key of a part of this shape that begins at the indices `start`."""
    first = sizes(start, where)
    if len(first) != x.ndim or len(shape) != x.ndim:
        raise ShapeError(f"{where}: start_indices {first} and a part of shape {shape} do not fit shape {x.shape}")
    if any(not 0 <= a <= a + n <= size for a, n, size in zip(first, shape, x.shape, strict=True)):
        raise ShapeError(f"{where}: a part of shape {shape} from {first} on is not within shape {x.shape}")
    return tuple(np.s_[a : a + n] for a, n in zip(first, shape, strict=True))


def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """The part of this shape that begins at `start_indices`, one for each axis; −1 takes what is left.

    Raises `ShapeError` for a part that is not within the inputs.

    >>> slice([1.0, 2.0, 3.0], [1], [2]).tolist()
    [2.0, 3.0]
    """
    x, first, wanted = tensor(inputs), sizes(start_indices, "slice"), sizes(shape, "slice")
    if len(first) == len(wanted) == x.ndim:
        wanted = tuple(size - a if n == -1 else n for a, n, size in zip(first, wanted, x.shape, strict=True))
    return x[_window(x, first, wanted, "slice")]


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """The inputs with `updates` in the place that begins at `start_indices`.

    >>> slice_update([1.0, 2.0, 3.0], [1], [9.0]).tolist()
    [1.0, 9.0, 3.0]
    """
    x = tensor(inputs)
    new = tensor(updates).astype(x.dtype)
    key = _window(x, start_indices, new.shape, "slice_update")
    return _replaced(x, key, new)


def _replaced(x: Tensor, key: tuple[Any, ...], new: Tensor) -> Tensor:
    """x with other elements where the key points, which names no place twice."""
    outside = np.ones(x.shape, bool)
    outside[key] = False
    return where(outside, x, _scattered(new, key, x.shape))


def _scattered(values: Tensor, key: tuple[Any, ...], shape: tuple[int, ...]) -> Tensor:
    scattered: Tensor = record(shapes.scatter, (values,), {"key": key, "shape": shape})
    return scattered


def _key(indices: Any, values: Tensor, shape: tuple[int, ...], where: str) -> tuple[np.ndarray, ...]:
    """The key that indices (…, number of leading axes) are, checked."""
    places = tensor(indices)._data
    if places.dtype.kind not in "iu" or not places.ndim or places.shape[-1] > len(shape):
        raise ShapeError(
            f"{where}: expected integers (…, axes) as indices into shape {shape}, received {places.shape}"
        )
    depth = places.shape[-1]
    if values.shape != (*places.shape[:-1], *shape[depth:]):
        raise ShapeError(
            f"{where}: values of shape {values.shape} do not fit indices of shape {places.shape} into {shape}"
        )
    if places.size and not ((places >= 0) & (places < np.array(shape[:depth]))).all():
        raise DataError(f"{where}: an index is not within shape {shape}")
    return tuple(np.moveaxis(places, -1, 0).astype(np.int64))


def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Zeros of this shape with the values added where the indices point.

    indices: (…, A), the places along the first A axes. values: (…, *rest of the shape).

    Raises `DataError` for an index that is not there, `ShapeError` for values that do not fit.

    >>> scatter([[0], [2], [2]], [1.0, 2.0, 3.0], (3,)).tolist()
    [1.0, 0.0, 5.0]
    """
    values, shape = tensor(values), sizes(shape, "scatter")
    return _scattered(values, _key(indices, values, shape, "scatter"), shape)


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """The inputs with `updates` where the indices point; of several for one place the last.

    indices: (…, A), the places along the first A axes. updates: (…, *rest of the shape).
    reduction: 'add' adds the updates instead.

    Raises `ArgumentError` for another reduction, and as `scatter`.

    >>> scatter_update([1.0, 2.0, 3.0], [[0], [2]], [7.0, 9.0]).tolist()
    [7.0, 2.0, 9.0]
    """
    if reduction not in (None, "add"):
        raise ArgumentError(f"scatter_update: reduction={reduction!r} is not supported; there are None and 'add'")
    x = tensor(inputs)
    new = tensor(updates).astype(x.dtype)
    key = _key(indices, new, x.shape, "scatter_update")
    if reduction == "add":
        x, added = pair(x, _scattered(new, key, x.shape), "scatter_update")
        return x + added
    depth = len(key)
    flat = np.ravel_multi_index(key, x.shape[:depth]).ravel() if key else np.zeros(1, np.int64)
    _, last = np.unique(flat[::-1], return_index=True)
    last = np.sort(flat.size - 1 - last)
    rows = new.reshape(flat.size, *x.shape[depth:])[last]
    return _replaced(x, tuple(part.ravel()[last] for part in key), rows)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """The sums of the rows of data (N, …) with the same number in `segment_ids` (N,): (segments, …).

    num_segments: how many; one more than the largest number without it. Rows with a negative number are left out.
    sorted: accepted, changes nothing.

    >>> segment_sum([1.0, 2.0, 3.0], [0, 2, 2]).tolist()
    [1.0, 0.0, 5.0]
    """
    x, ids = tensor(data), tensor(segment_ids)._data
    if x.ndim == 0 or ids.shape != x.shape[:1] or ids.dtype.kind not in "iu":
        raise ShapeError(f"segment_sum: expected integers ({math.prod(x.shape[:1])},), received shape {ids.shape}")
    ids = ids.astype(np.int64)
    count = int(ids.max(initial=-1)) + 1 if num_segments is None else int(num_segments)
    if (ids >= count).any():
        raise DataError(f"segment_sum: the segment {int(ids.max())} is not below num_segments={count}")
    kept = np.flatnonzero(ids >= 0)
    x = x if kept.size == ids.size else x[kept]
    return _scattered(x, (ids[kept],), (count, *x.shape[1:]))


def _segments(data: Any, segment_ids: Any, num_segments: int | None, where: str) -> tuple[Tensor, list[np.ndarray]]:
    """The data, and which rows belong to each segment."""
    x, ids = tensor(data), tensor(segment_ids)._data
    if x.ndim == 0 or ids.shape != x.shape[:1] or ids.dtype.kind not in "iu":
        raise ShapeError(f"{where}: expected integers ({math.prod(x.shape[:1])},), received shape {ids.shape}")
    ids = ids.astype(np.int64)
    count = int(ids.max(initial=-1)) + 1 if num_segments is None else int(num_segments)
    if (ids >= count).any():
        raise DataError(f"{where}: the segment {int(ids.max())} is not below num_segments={count}")
    return x, [np.flatnonzero(ids == number) for number in range(count)]


def _by_segment(data: Any, segment_ids: Any, num_segments: int | None, where: str, reduce: Any, empty: Any) -> Tensor:
    x, segments = _segments(data, segment_ids, num_segments, where)
    blank = Tensor(np.full(x.shape[1:], empty(x.dtype), x.dtype))
    parts = [reduce(x[rows], 0) if rows.size else blank for rows in segments]
    return record(shapes.stack, parts, {"axis": 0}) if parts else Tensor(np.zeros((0, *x.shape[1:]), x.dtype))


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """The largest values of the rows with the same number, as `segment_sum`; the least number there is without rows.

    >>> segment_max([1.0, 2.0, 3.0], [0, 1, 1]).tolist()
    [1.0, 3.0]
    """
    return _by_segment(data, segment_ids, num_segments, "segment_max", max, lambda dtype: _limits(dtype).min)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """The smallest values of the rows with the same number, as `segment_sum`; the largest number there is without rows.

    >>> segment_min([1.0, 2.0, 3.0], [0, 1, 1]).tolist()
    [1.0, 2.0]
    """
    return _by_segment(data, segment_ids, num_segments, "segment_min", min, lambda dtype: _limits(dtype).max)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """The products of the rows with the same number, as `segment_sum`; 1 without rows.

    >>> segment_prod([1.0, 2.0, 3.0], [0, 1, 1]).tolist()
    [1.0, 6.0]
    """
    return _by_segment(data, segment_ids, num_segments, "segment_prod", prod, lambda dtype: 1)


def _limits(dtype: np.dtype) -> Any:
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
