"""Operations that move elements without computing: shapes, order, joining, parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.primitives.domain import Domain, Values
from tinynet.primitives.operation import operation, unbroadcast

THREE_AXES = Values("A B C")


@operation
class reshape:
    """The same elements, row by row, in another shape."""

    numpy = np.reshape
    domain = Domain(
        (THREE_AXES,),
        {"shape": lambda n, _: [(-1,), (n["A"] * n["B"], n["C"]), (n["C"], -1, n["B"]), (1, -1)]},
    )
    linear = (0,)

    def forward(x, *, shape):
        return x.reshape(shape), (x.shape,)

    def vjp(g, residuals, needs, *, shape):
        return (g.reshape(residuals[0]),)


@operation
class transpose:
    """The axes in another order; reversed without `axes`."""

    numpy = np.transpose
    domain = Domain((THREE_AXES,), {"axes": [None, (2, 0, 1), (1, 0, 2), (0, -1, 1)]})
    linear = (0,)

    def forward(x, *, axes=None):
        return x.transpose(axes), (x.ndim,)

    def vjp(g, residuals, needs, *, axes=None):
        if axes is None:
            return (g.transpose(),)
        (rank,) = residuals
        return (g.transpose(tuple(int(i) for i in np.argsort([a % rank for a in axes]))),)


@operation
class swapaxes:
    """Two axes exchanged."""

    numpy = np.swapaxes
    domain = Domain((THREE_AXES,), {"axis1": [0, 1, -1], "axis2": [0, 2, -2]})
    linear = (0,)

    def forward(x, *, axis1, axis2):
        return x.swapaxes(axis1, axis2), ()

    def vjp(g, residuals, needs, *, axis1, axis2):
        return (g.swapaxes(axis1, axis2),)


@operation
class expand_dims:
    """New axes of size 1 at the places `axis` in the result."""

    numpy = np.expand_dims
    domain = Domain((THREE_AXES,), {"axis": [0, 1, -1, 3, (0, 2)]})
    linear = (0,)

    def forward(x, *, axis):
        return np.expand_dims(x, axis), (x.shape,)

    def vjp(g, residuals, needs, *, axis):
        return (g.reshape(residuals[0]),)


@operation
class squeeze:
    """Axes of size 1 removed: those named, or all."""

    numpy = np.squeeze
    domain = Domain((THREE_AXES,), {"axis": [None, 0, -1, (0, 2)]}, sizes={"A": (1, 1), "C": (1, 1)})
    linear = (0,)

    def forward(x, *, axis=None):
        return x.squeeze(axis), (x.shape,)

    def vjp(g, residuals, needs, *, axis=None):
        return (g.reshape(residuals[0]),)


@operation
class broadcast_to:
    """The array repeated along axes of size 1 and new leading axes."""

    numpy = np.broadcast_to
    domain = Domain(
        (Values("A B C", broadcast=True),),
        {"shape": lambda n, _: [(n["A"], n["B"], n["C"]), (2, n["A"], n["B"], n["C"])]},
    )
    linear = (0,)

    def forward(x, *, shape):
        return np.broadcast_to(x, shape), (x.shape,)

    def vjp(g, residuals, needs, *, shape):
        return (unbroadcast(g, residuals[0]),)


@operation
class concatenate:
    """Arrays joined along an existing axis."""

    mixes = True
    numpy = np.concatenate
    domain = (
        Domain((Values("A B C"), Values("D B C")), {"axis": [0, -3]}),
        Domain((Values("A B C"), Values("A D C"), Values("A E C")), {"axis": [1, -2]}),
        Domain((Values("A"),), {"axis": [0]}),
    )
    linear = ()

    def forward(*arrays, axis=0):
        return np.concatenate(arrays, axis=axis), (tuple(a.shape[axis] for a in arrays),)

    def vjp(g, residuals, needs, *, axis=0):
        (lengths,) = residuals
        before = (slice(None),) * (axis % g.ndim)
        cotangents, start = [], 0
        for length, needed in zip(lengths, needs, strict=True):
            cotangents.append(g[(*before, slice(start, start + length))] if needed else None)
            start += length
        return cotangents


@operation
class stack:
    """Arrays of one shape joined along a new axis."""

    mixes = True
    numpy = np.stack
    domain = (
        Domain((Values("A B"), Values("A B"), Values("A B")), {"axis": [0, 1, 2, -1]}),
        Domain((Values(""), Values("")), {"axis": [0]}),
    )
    linear = ()

    def forward(*arrays, axis=0):
        return np.stack(arrays, axis=axis), ()

    def vjp(g, residuals, needs, *, axis=0):
        before = (slice(None),) * (axis % g.ndim)
        return [g[(*before, i)] if needed else None for i, needed in enumerate(needs)]


@operation
class split:
    """An array cut along `axis` into equal parts (an integer) or at indices: several outputs."""

    domain = Domain(
        (THREE_AXES,),
        {"axis": [0, -3], "indices": lambda n, _: [n["A"], 1, tuple(range(1, n["A"])), (0,)]},
    )
    linear = (0,)

    def forward(x, *, indices, axis=0):
        return tuple(np.split(x, indices, axis=axis)), (x.shape, x.dtype)

    def vjp(g, residuals, needs, *, indices, axis=0):
        shape, dtype = residuals
        parts = np.split(np.empty(shape, np.bool_), indices, axis=axis)
        return (np.concatenate(_zeros_for_none(g, [p.shape for p in parts], dtype), axis=axis),)


@operation
class unstack:
    """The sub-arrays along `axis`, that axis removed: as many outputs as it has elements."""

    domain = Domain((THREE_AXES,), {"axis": [0, 1, -1]})
    linear = (0,)

    def forward(x, *, axis=0):
        return tuple(np.moveaxis(x, axis, 0)), (x.shape, x.dtype)

    def vjp(g, residuals, needs, *, axis=0):
        shape, dtype = residuals
        part = tuple(np.delete(shape, axis))
        return (np.stack(_zeros_for_none(g, [part] * shape[axis], dtype), axis=axis),)


def _zeros_for_none(cotangents: Sequence[Any], shapes: Sequence[tuple[int, ...]], dtype: Any) -> list[Any]:
    """Outputs that nothing used have no cotangent: zeros stand in for them."""
    return [np.zeros(s, dtype) if g is None else g for g, s in zip(cotangents, shapes, strict=True)]


@operation
class pad:
    """Constant values added before and after each axis: `pad_width` is a pair for each axis."""

    domain = Domain(
        (THREE_AXES,),
        {"pad_width": [((1, 0), (0, 2), (0, 0)), ((0, 0), (1, 1), (3, 0))], "constant_values": [0.0, 1.5]},
    )

    def forward(x, *, pad_width, constant_values=0.0):
        return np.pad(x, pad_width, constant_values=constant_values), (x.shape,)

    def vjp(g, residuals, needs, *, pad_width, constant_values=0.0):
        (shape,) = residuals
        inner = tuple(slice(before, before + n) for (before, _), n in zip(pad_width, shape, strict=True))
        return (g[inner],)


@operation
class flip:
    """The order of the elements reversed along `axis`: all axes without it."""

    numpy = np.flip
    domain = Domain((THREE_AXES,), {"axis": [None, 0, -1, (0, 2)]})
    linear = (0,)

    def forward(x, *, axis=None):
        return np.flip(x, axis), ()

    def vjp(g, residuals, needs, *, axis=None):
        return (np.flip(g, axis),)


def _keys(n: dict[str, int], _: Any) -> list[Any]:
    a = n["A"]
    return [
        0, -1, slice(None, None, 2), slice(None, None, -1), (slice(0, 1), ..., 0), (..., None), None,
        (slice(None), [0, 0, -1]), ([0, a - 1, 0], [0, 0, 0]), np.arange(a) % 2 == 0, np.zeros((2, 2), int),
        (slice(None), 0, [0, 0]), [],
    ]  # fmt: skip


def _is_basic(key: Any) -> bool:
    """Whether a key selects each element at most once, so that a plain assignment is its adjoint."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is ... or isinstance(part, (int, np.integer, slice)) for part in parts)


@operation
class getitem:
    """Basic and advanced indexing, as NumPy's."""

    domain = Domain((THREE_AXES,), {"key": _keys})
    linear = (0,)

    def forward(x, *, key):
        return x[key], (x.shape,)

    def vjp(g, residuals, needs, *, key):
        return (scatter(g, key=key, shape=residuals[0]),)


@operation
class scatter:
    """Zeros of `shape` with the elements added in where `key` points: the adjoint of indexing."""

    domain = (
        Domain((Values("C"),), {"key": [([0, 1, 0],)], "shape": [(2,), (4,)]}, sizes={"C": (3, 3)}),
        Domain((Values("A B"),), {"key": [(slice(None), 1)], "shape": lambda n, _: [(n["A"], 2, n["B"])]}),
    )
    linear = (0,)

    def forward(x, *, key, shape):
        output = np.zeros(shape, x.dtype)
        if _is_basic(key):
            output[key] = x
        else:
            np.add.at(output, key, x)
        return output, ()

    def vjp(g, residuals, needs, *, key, shape):
        return (g[key],)
