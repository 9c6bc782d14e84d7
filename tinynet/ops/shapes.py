"""Functions that move elements without computing: shapes, order, joining, parts.

See keras.io/api/ops/numpy. `ArgumentError` is raised for an axis that is not there, `ShapeError`
for shapes that do not fit.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import Axis, one_axis, promoted, sizes, tensor
from tinynet.ops._arguments import axes as checked_axes
from tinynet.ops.reductions import argsort
from tinynet.primitives import lookup, shapes

PAD_MODES = ("constant", "reflect", "symmetric")


def reshape(x: Any, newshape: Any) -> Tensor:
    """The same elements, row by row, in another shape; one size may be −1, what is left.

    >>> reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    return record(shapes.reshape, (tensor(x),), {"shape": sizes(newshape, "reshape")})


def ravel(x: Any) -> Tensor:
    """The elements in one row.

    >>> ravel([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return record(shapes.reshape, (tensor(x),), {"shape": (-1,)})


def transpose(x: Any, axes: Any = None) -> Tensor:
    """The axes in another order; reversed without `axes`.

    >>> transpose([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    x = tensor(x)
    order = None if axes is None else checked_axes(tuple(axes), x.ndim, "transpose")
    if isinstance(order, tuple) and len(order) != x.ndim:
        raise ArgumentError(f"transpose: axes={axes!r} must name each of the {x.ndim} axes once")
    return record(shapes.transpose, (x,), {"axes": order})


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged.

    >>> swapaxes([[1, 2]], 0, 1).tolist()
    [[1], [2]]
    """
    x = tensor(x)
    both = {name: one_axis(a, x.ndim, "swapaxes") for name, a in (("axis1", axis1), ("axis2", axis2))}
    return record(shapes.swapaxes, (x,), both)


def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Axes moved to other places, the others in their order: integers, or several of each.

    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = tensor(x)
    of, to = (sizes(axes, "moveaxis") for axes in (source, destination))
    if len(of) != len(to):
        raise ArgumentError(f"moveaxis: {len(of)} axes cannot be moved to {len(to)} places")
    of, to = (
        tuple(a % x.ndim for a in checked_axes(axes, x.ndim, "moveaxis"))  # type: ignore[union-attr]
        for axes in (of, to)
    )
    order = [a for a in range(x.ndim) if a not in of]
    for place, axis in sorted(zip(to, of, strict=True)):
        order.insert(place, axis)
    return record(shapes.transpose, (x,), {"axes": tuple(order)})


def expand_dims(x: Any, axis: Any) -> Tensor:
    """New axes of size 1 at the places `axis` of the result: one, or several.

    >>> expand_dims([1, 2], -1).tolist()
    [[1], [2]]
    """
    x = tensor(x)
    several = sizes(axis, "expand_dims")
    places = checked_axes(several, x.ndim + len(several), "expand_dims")
    return record(shapes.expand_dims, (x,), {"axis": places})


def squeeze(x: Any, axis: Axis = None) -> Tensor:
    """Axes of size 1 removed: those named, or all.

    >>> squeeze([[[1, 2]]], axis=0).tolist()
    [[1, 2]]
    """
    x = tensor(x)
    return record(shapes.squeeze, (x,), {"axis": checked_axes(axis, x.ndim, "squeeze")})


def broadcast_to(x: Any, shape: Any) -> Tensor:
    """x repeated along axes of size 1 and new leading axes.

    >>> broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    return record(shapes.broadcast_to, (tensor(x),), {"shape": sizes(shape, "broadcast_to")})


def concatenate(xs: Any, axis: int = 0) -> Tensor:
    """Tensors joined along an existing axis.

    >>> concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    tensors = promoted(xs, "concatenate")
    return record(shapes.concatenate, tensors, {"axis": one_axis(axis, tensors[0].ndim, "concatenate")})


def stack(x: Any, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    tensors = promoted(x, "stack")
    return record(shapes.stack, tensors, {"axis": one_axis(axis, tensors[0].ndim + 1, "stack")})


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The parts along `axis`, that axis removed: as many as it has elements.

    num: how many are expected; `ShapeError` is raised for another count.

    >>> [part.tolist() for part in unstack([[1, 2], [3, 4]], axis=1)]
    [[1, 3], [2, 4]]
    """
    x = tensor(x)
    axis = one_axis(axis, x.ndim, "unstack")
    if num is not None and num != x.shape[axis]:
        raise ShapeError(
            f"unstack: axis {axis} of shape {x.shape} has {x.shape[axis]} elements, not num={num}"
        )
    return list(record(shapes.unstack, (x,), {"axis": axis}))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """x cut along `axis` into so many equal parts (an integer), or before the indices given.

    Raises `ShapeError` when the parts would not be equal.

    >>> [part.tolist() for part in split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    >>> [part.tolist() for part in split([1, 2, 3, 4], [1])]
    [[1], [2, 3, 4]]
    """
    x = tensor(x)
    axis = one_axis(axis, x.ndim, "split")
    indices: Any = indices_or_sections
    if isinstance(indices, (int, np.integer)):
        if indices < 1 or x.shape[axis] % indices:
            raise ShapeError(
                f"split: axis {axis} of shape {x.shape} cannot be cut into {indices} equal parts. "
                "Give a list of indices to cut before."
            )
        indices = int(indices)
    else:
        indices = sizes(indices, "split")
    return list(record(shapes.split, (x,), {"indices": indices, "axis": axis}))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Elements added before and after each axis.

    pad_width: a pair (before, after) for each axis; one pair or one number serves all.
    mode: 'constant' (`constant_values`, 0 without), 'reflect' (mirrored at the last element) or
        'symmetric' (mirrored behind it).

    Raises `ArgumentError` for another mode and for `constant_values` where they have no effect,
    `ShapeError` where mirroring needs more elements than there are.

    >>> pad([1, 2, 3], (1, 2)).tolist()
    [0, 1, 2, 3, 0, 0]
    >>> pad([1, 2, 3], (1, 2), mode="reflect").tolist()
    [2, 1, 2, 3, 2, 1]
    """
    x = tensor(x)
    if mode not in PAD_MODES:
        raise ArgumentError(f"pad: mode must be one of {', '.join(PAD_MODES)}, received {mode!r}")
    try:
        widths = [
            (int(before), int(after)) for before, after in np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
        ]
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"pad: pad_width must be a pair for each of {x.ndim} axes, received {pad_width!r}"
        ) from error
    if any(min(pair) < 0 for pair in widths):
        raise ArgumentError(f"pad: pad_width must not be negative, received {pad_width!r}")
    if mode == "constant":
        value = 0 if constant_values is None else tensor(constant_values).item()
        return record(shapes.pad, (x,), {"pad_width": tuple(widths), "constant_values": value})
    if constant_values is not None:
        raise ArgumentError(f"pad: constant_values has no effect with mode={mode!r}")
    for axis, pair in enumerate(widths):
        if max(pair) > x.shape[axis] - (mode == "reflect"):
            raise ShapeError(
                f"pad: mode={mode!r} cannot add {max(pair)} elements to axis {axis} of shape {x.shape}"
            )
        if any(pair):
            x = _taken(x, np.pad(np.arange(x.shape[axis]), pair, mode=mode), axis)  # type: ignore[call-overload]
    return x


def flip(x: Any, axis: Axis = None) -> Tensor:
    """The order of the elements reversed along `axis`: all axes without it.

    >>> flip([[1, 2], [3, 4]], axis=1).tolist()
    [[2, 1], [4, 3]]
    """
    x = tensor(x)
    return record(shapes.flip, (x,), {"axis": checked_axes(axis, x.ndim, "flip")})


def _taken(x: Tensor, indices: np.ndarray, axis: int) -> Tensor:
    """The parts along `axis` that an integer array names."""
    return record(shapes.getitem, (x,), {"key": (*(slice(None),) * (axis % x.ndim), indices)})


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """The parts along `axis`, or the elements row by row, that `indices` (…) name; −1 is the last.

    From a table (V, D) with axis=0 these are embeddings, (…, D). Then the gradient is kept as
    one row for each occurrence, as Keras's optimizers need it.

    Raises `DataError` or `ShapeError` for an index that is not there.

    >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0], axis=0).tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    x = tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = one_axis(axis, x.ndim, "take")
    if axis % x.ndim == 0:
        return record(lookup.embedding, (x, tensor(indices)), {})
    return _taken(x, tensor(indices)._data.astype(np.int64), axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """For each place of `indices`, the element of x there but at that index along `axis`.

    Without an axis, of the elements row by row. Other axes must broadcast.

    >>> take_along_axis([[3.0, 4.0], [5.0, 6.0]], [[1], [0]], axis=1).tolist()
    [[4.0], [5.0]]
    """
    x, places = tensor(x), tensor(indices)._data
    if axis is None:
        x, places, axis = ravel(x), places.ravel(), 0
    axis = one_axis(axis, x.ndim, "take_along_axis") % x.ndim
    if places.ndim != x.ndim:
        raise ShapeError(
            f"take_along_axis: indices of shape {places.shape} must have the {x.ndim} axes of {x.shape}"
        )
    others = [1 if size == 1 and a != axis else 0 for a, size in enumerate(x.shape)]
    if any(others):
        wide = [n if one else size for n, size, one in zip(places.shape, x.shape, others, strict=True)]
        x = broadcast_to(x, tuple(wide))
    key = [
        np.arange(size).reshape([-1 if a == i else 1 for i in range(x.ndim)])
        for a, size in enumerate(x.shape)
    ]
    key[axis] = places.astype(np.int64)
    return record(shapes.getitem, (x,), {"key": tuple(key)})


def sort(x: Any, axis: int | None = -1) -> Tensor:
    """The elements in rising order along `axis`, or all of them in one row.

    >>> sort([3.0, 1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    x = tensor(x)
    if axis is None:
        x, axis = ravel(x), -1
    return take_along_axis(x, argsort(x, axis), axis)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated along `axis`, or in one row: so many times, or each its own count.

    >>> repeat([1, 2], 2).tolist(), repeat([1, 2], [1, 3]).tolist()
    ([1, 1, 2, 2], [1, 2, 2, 2])
    """
    x = tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = one_axis(axis, x.ndim, "repeat")
    counts = np.asarray(sizes(repeats, "repeat"))
    if counts.min(initial=0) < 0 or counts.size not in (1, x.shape[axis]):
        raise ArgumentError(
            f"repeat: expected one count or one for each of {x.shape[axis]} elements, none negative, "
            f"received {repeats!r}"
        )
    return _taken(x, np.repeat(np.arange(x.shape[axis]), counts), axis)


def tile(x: Any, repeats: Any) -> Tensor:
    """The whole of x repeated along its axes; missing counts and axes are 1, in front.

    >>> tile([1, 2], 2).tolist(), tile([1, 2], (2, 1)).tolist()
    ([1, 2, 1, 2], [[1, 2], [1, 2]])
    """
    x = tensor(x)
    counts = sizes(repeats, "tile")
    rank = max(x.ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - x.ndim) + x.shape
    if min(counts, default=1) < 0:
        raise ArgumentError(f"tile: repeats must not be negative, received {repeats!r}")
    apart = reshape(x, tuple(n for size in shape for n in (1, size)))
    wide = broadcast_to(
        apart, tuple(n for count, size in zip(counts, shape, strict=True) for n in (count, size))
    )
    return reshape(wide, tuple(map(operator.mul, counts, shape)))


def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """x2 behind x1 along an axis, or the elements of both in one row.

    >>> append([1, 2], [[3]]).tolist()
    [1, 2, 3]
    """
    return concatenate([ravel(x1), ravel(x2)]) if axis is None else concatenate([x1, x2], axis)


def hstack(xs: Any) -> Tensor:
    """Tensors side by side: joined along the second axis, vectors along their only one.

    >>> hstack([[[1], [2]], [[3], [4]]]).tolist()
    [[1, 3], [2, 4]]
    """
    tensors = [_with_axes(x, 1) for x in promoted(xs, "hstack")]
    return concatenate(tensors, axis=1 if tensors[0].ndim > 1 else 0)


def vstack(xs: Any) -> Tensor:
    """Tensors on top of each other: joined along the first axis, vectors as rows.

    >>> vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return concatenate([_with_axes(x, 2) for x in promoted(xs, "vstack")], axis=0)


def dstack(xs: Any) -> Tensor:
    """Tensors behind each other: joined along the third axis, which smaller ones get.

    >>> dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
    return concatenate([_with_axes(x, 3) for x in promoted(xs, "dstack")], axis=2)


def _with_axes(x: Tensor, rank: int) -> Tensor:
    """At least so many axes, as NumPy's atleast functions add them."""
    if x.ndim >= rank:
        return x
    shape = {1: (1,), 2: (1, -1), 3: (1, -1, 1) if x.ndim < 2 else (*x.shape, 1)}[rank]
    return reshape(x, shape)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """x cut along `axis` as `split` does, into parts that differ by one where they cannot be equal.

    >>> [part.tolist() for part in array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    x = tensor(x)
    axis = one_axis(axis, x.ndim, "array_split")
    parts: Any = indices_or_sections
    if isinstance(parts, (int, np.integer)):
        if parts < 1:
            raise ArgumentError(f"array_split: expected at least one part, received {parts!r}")
        small, larger = divmod(x.shape[axis], int(parts))
        ends = np.cumsum([small + (i < larger) for i in range(int(parts) - 1)], dtype=int)
        parts = ends.tolist()
    return split(x, parts, axis) if len(parts) else [x]


def fliplr(x: Any) -> Tensor:
    """The order along the second axis reversed.

    >>> fliplr([[1, 2]]).tolist()
    [[2, 1]]
    """
    return flip(x, 1)


def flipud(x: Any) -> Tensor:
    """The order along the first axis reversed.

    >>> flipud([[1], [2]]).tolist()
    [[2], [1]]
    """
    return flip(x, 0)


def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """The elements moved along an axis, those pushed out at its end put in front; in one row without an axis.

    shift, axis: one number, or as many shifts as axes.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    x = tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), int(np.sum(shift)), 0), x.shape)
    moves, places = sizes(shift, "roll"), sizes(axis, "roll")
    if len(moves) == 1:
        moves *= len(places)
    if len(moves) != len(places):
        raise ArgumentError(f"roll: {len(moves)} shifts do not fit {len(places)} axes")
    for move, place in zip(moves, places, strict=True):
        place = one_axis(place, x.ndim, "roll")
        x = _taken(x, np.roll(np.arange(x.shape[place]), move), place)
    return x


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Each element minus the one before along `axis`, n times over.

    >>> diff([1.0, 4.0, 9.0]).tolist()
    [3.0, 5.0]
    """
    x = tensor(a)
    axis = one_axis(axis, x.ndim, "diff") % x.ndim
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise ArgumentError(f"diff: n must be a whole number, received {n!r}")
    before = (slice(None),) * axis
    for _ in range(min(int(n), x.shape[axis])):
        x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    return x


def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """x cut along the first axis, as `split` does.

    >>> [part.tolist() for part in vsplit([[1], [2]], 2)]
    [[[1]], [[2]]]
    """
    return split(x, indices_or_sections, 0)


def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """x cut along the second axis, or a vector along its only one, as `split` does.

    >>> [part.tolist() for part in hsplit([[1, 2]], 2)]
    [[[1]], [[2]]]
    """
    x = tensor(x)
    return split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """x cut along the third axis, as `split` does.

    >>> [part.tolist() for part in dsplit([[[1, 2]]], 2)]
    [[[[1]]], [[[2]]]]
    """
    return split(x, indices_or_sections, 2)


def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """x turned by a right angle k times, from the first of two axes towards the second.

    Raises `ArgumentError` for axes that are the same, or no whole number k.

    >>> rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    x = tensor(array)
    if not isinstance(axes, (list, tuple)) or len(axes) != 2 or isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise ArgumentError(f"rot90: expected a whole number k and two axes, received {k!r} and {axes!r}")
    first, second = (one_axis(a, x.ndim, "rot90") % x.ndim for a in axes)
    if first == second:
        raise ArgumentError(f"rot90: the axes {axes!r} are the same")
    if k % 4 == 2:
        return flip(x, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(x, second), first, second)
    return x if k % 4 == 0 else flip(swapaxes(x, first, second), second)
