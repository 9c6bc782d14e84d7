"""Sums, means, extremes and orders over one axis, several, or all: keras.io/api/ops/numpy.

axis: an integer, several, or None for all. keepdims: whether the reduced axes stay, as axes of
size 1. `ArgumentError` is raised for an axis that is not there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant, record
from tinynet.errors import ArgumentError
from tinynet.ops._arguments import Axis, axes, dtype_named, floating, one_axis, tensor
from tinynet.ops.arithmetic import maximum, minimum
from tinynet.ops.elementwise import sqrt
from tinynet.primitives import reductions, shapes


def _summable(x: Any) -> Tensor:
    """Truth values and small integers as 32-bit integers, so that their sums do not overflow."""
    x = tensor(x)
    if x.dtype.kind in "bi" and x.dtype.itemsize < 4:
        return x.astype(np.int32)
    return x.astype(np.uint32) if x.dtype.kind == "u" and x.dtype.itemsize < 4 else x


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Σ x over `axis`.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    x = _summable(x)
    axis = axes(axis, x.ndim, "sum")
    if x.dtype.kind != "f":
        return constant(np.sum, x, axis=axis, keepdims=keepdims, dtype=x.dtype)
    return record(reductions.sum_, (x,), {"axis": axis, "keepdims": keepdims})


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`; integers give `floatx()`.

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [2.0, 3.0]
    """
    x = floating(x)
    return record(reductions.mean, (x,), {"axis": axes(axis, x.ndim, "mean"), "keepdims": keepdims})


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over `axis`: the mean of (x − mean)². Integers give `floatx()`.

    >>> var([1.0, 3.0]).item()
    1.0
    """
    x = floating(x)
    return record(reductions.var, (x,), {"axis": axes(axis, x.ndim, "var"), "keepdims": keepdims})


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation over `axis`, √var.

    >>> std([1.0, 5.0]).item()
    2.0
    """
    return sqrt(var(x, axis, keepdims))


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The largest value over `axis`; equal values share the gradient evenly.

    initial: the result is at least this number.

    Raises `ShapeError` for an axis without elements, unless `initial` is given.

    >>> max([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [4.0, 3.0]
    """
    x = tensor(x)
    axis = axes(axis, x.ndim, "max")
    if initial is not None and not x.size:
        return constant(np.max, x, axis=axis, keepdims=keepdims, initial=initial)
    found = record(reductions.max_, (x,), {"axis": axis, "keepdims": keepdims})
    return found if initial is None else maximum(found, initial)


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The smallest value over `axis`; equal values share the gradient evenly.

    initial: the result is at most this number.

    Raises `ShapeError` for an axis without elements, unless `initial` is given.

    >>> min([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [1.0, 2.0]
    """
    x = tensor(x)
    axis = axes(axis, x.ndim, "min")
    if initial is not None and not x.size:
        return constant(np.min, x, axis=axis, keepdims=keepdims, initial=initial)
    found = record(reductions.min_, (x,), {"axis": axis, "keepdims": keepdims})
    return found if initial is None else minimum(found, initial)


def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """As `max`.

    >>> amax([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [4.0, 3.0]
    """
    return max(x, axis, keepdims)


def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """As `min`.

    >>> amin([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [1.0, 2.0]
    """
    return min(x, axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """The product over `axis`; its derivative is right also where elements are 0.

    dtype: to convert to first.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [3.0, 8.0]
    """
    x = _summable(x) if dtype is None else tensor(x).astype(dtype_named(dtype, "prod"))
    axis = axes(axis, x.ndim, "prod")
    if x.dtype.kind != "f":
        return constant(np.prod, x, axis=axis, keepdims=keepdims, dtype=x.dtype)
    if not isinstance(axis, tuple):
        return x.prod(axis, keepdims)
    for one in axis:
        x = x.prod(one, keepdims=True)
    return x if keepdims else x.squeeze(axis)


def _running(where: str, x: Any, axis: int | None, dtype: Any) -> tuple[Tensor, int | None]:
    """What a running sum or product goes over, in the dtype of its result, and the axis it goes along."""
    x = tensor(x) if dtype is None else tensor(x).astype(dtype_named(dtype, where))
    if x.dtype.kind == "b":
        x = x.astype(np.int32)
    return x, None if axis is None else one_axis(axis, x.ndim, where)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sum along `axis`, or along all elements row by row.

    dtype: to convert to first; truth values become int32.

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    x, axis = _running("cumsum", x, axis, dtype)
    if x.dtype.kind != "f":
        return constant(np.cumsum, x, axis=axis, dtype=x.dtype)
    return record(reductions.cumsum, (x,), {"axis": axis})


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running product along `axis`, or along all elements row by row.

    dtype: to convert to first; truth values become int32.

    >>> cumprod([1.0, 2.0, 3.0]).tolist()
    [1.0, 2.0, 6.0]
    """
    x, axis = _running("cumprod", x, axis, dtype)
    if x.dtype.kind != "f":
        return constant(np.cumprod, x, axis=axis, dtype=x.dtype)
    x = x.reshape(-1) if axis is None else x.swapaxes(0, axis)
    reach = 1
    while reach < len(x):  # after each round an element is the product of so many before it, at most
        x = record(shapes.concatenate, (x[:reach], x[reach:] * x[:-reach]), {"axis": 0})
        reach *= 2
    return x if axis is None else x.swapaxes(0, axis)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log Σ eˣ over `axis`, without overflow.

    >>> round(logsumexp([1000.0, 1000.0]).item(), 3)
    1000.693
    """
    x = floating(x)
    return record(reductions.logsumexp, (x,), {"axis": axes(axis, x.ndim, "logsumexp"), "keepdims": keepdims})


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether an element over `axis` is not 0.

    >>> any([[True, False], [False, False]], axis=1).tolist()
    [True, False]
    """
    x = tensor(x)
    return constant(np.any, x, axis=axes(axis, x.ndim, "any"), keepdims=keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether no element over `axis` is 0.

    >>> all([[True, False], [True, True]], axis=1).tolist()
    [False, True]
    """
    x = tensor(x)
    return constant(np.all, x, axis=axes(axis, x.ndim, "all"), keepdims=keepdims)


def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """How many elements over `axis` are not 0: int32.

    >>> count_nonzero([3, 0, 5]).item()
    2
    """
    x = tensor(x)
    return constant(np.count_nonzero, x, axis=axes(axis, x.ndim, "count_nonzero")).astype(np.int32)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first largest value along `axis`, or among all elements: int32.

    Raises `ShapeError` for an axis without elements.

    >>> argmax([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [1, 0]
    """
    return _index_of(np.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first smallest value along `axis`, or among all elements: int32.

    Raises `ShapeError` for an axis without elements.

    >>> argmin([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [0, 1]
    """
    return _index_of(np.argmin, x, axis, keepdims)


def _index_of(function: Any, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    x = tensor(x)
    axis = None if axis is None else one_axis(axis, x.ndim, function.__name__)
    return constant(function, x, axis=axis, keepdims=keepdims).astype(np.int32)


def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """The indices that put x in rising order along `axis`, or all elements: int32, equal ones in order.

    >>> argsort([3.0, 1.0, 2.0]).tolist()
    [1, 2, 0]
    """
    x = tensor(x)
    if x.ndim == 0:
        return constant(np.zeros, 1, dtype=np.int32)
    axis = None if axis is None else one_axis(axis, x.ndim, "argsort")
    return constant(np.argsort, x, axis=axis, stable=True).astype(np.int32)


def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """The mean and the variance over `axes`: keras.io/api/ops/nn/#moments-function.

    Raises `ArgumentError` for synchronized=True: there is one device.

    >>> [moment.tolist() for moment in moments([[1.0, 2.0], [3.0, 4.0]], axes=[0])]
    [[2.0, 3.0], [1.0, 1.0]]
    """
    if synchronized:
        raise ArgumentError("moments: synchronized=True is not supported, tinynet computes on one device")
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest value over `axis` minus the smallest ("peak to peak").

    >>> ptp([[1.0, 4.0], [3.0, 2.0]], axis=1).tolist()
    [3.0, 1.0]
    """
    return max(x, axis, keepdims) - min(x, axis, keepdims)
