"""Reductions that leave out nan: keras.io/api/ops/numpy. Elements that are nan have no gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant
from tinynet.ops._arguments import Axis, floating, tensor
from tinynet.ops.arithmetic import divide, where
from tinynet.ops.elementwise import sqrt, square
from tinynet.ops.reductions import all as all_of
from tinynet.ops.reductions import argmax, argmin, cumprod, cumsum, max, min, prod, sum


def _replaced(x: Any, value: float) -> tuple[Tensor, Tensor]:
    """x with a number in the place of nan, and where nan was."""
    x = tensor(x)
    missing = constant(np.isnan, x)
    return where(missing, x.dtype.type(value), x) if x.dtype.kind == "f" else x, missing


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis` of what is not nan.

    >>> nansum([1.0, float("nan"), 2.0]).item()
    3.0
    """
    return sum(_replaced(x, 0)[0], axis, keepdims)


def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product over `axis` of what is not nan.

    >>> nanprod([3.0, float("nan"), 2.0]).item()
    6.0
    """
    return prod(_replaced(x, 1)[0], axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sum, to which nan adds nothing.

    >>> nancumsum([1.0, float("nan"), 2.0]).tolist()
    [1.0, 1.0, 3.0]
    """
    return cumsum(_replaced(x, 0)[0], axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running product, which nan leaves as it is.

    >>> nancumprod([3.0, float("nan"), 2.0]).tolist()
    [3.0, 3.0, 6.0]
    """
    return cumprod(_replaced(x, 1)[0], axis, dtype)


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest value over `axis` that is not nan; nan where there is none.

    >>> nanmax([1.0, float("nan"), 2.0]).item()
    2.0
    """
    return _extreme(max, x, axis, keepdims, -math.inf)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest value over `axis` that is not nan; nan where there is none.

    >>> nanmin([1.0, float("nan"), 2.0]).item()
    1.0
    """
    return _extreme(min, x, axis, keepdims, math.inf)


def _extreme(function: Any, x: Any, axis: Axis, keepdims: bool, worst: float) -> Tensor:
    values, missing = _replaced(x, worst)
    found = function(values, axis, keepdims)
    return where(all_of(missing, axis, keepdims), found.dtype.type(math.nan), found) if found.dtype.kind == "f" else found


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first largest value along `axis` that is not nan: int32; −1 where there is none.

    >>> nanargmax([1.0, float("nan"), 2.0]).item()
    2
    """
    values, missing = _replaced(x, -math.inf)
    return where(all_of(missing, axis, keepdims), np.int32(-1), argmax(values, axis, keepdims))


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first smallest value along `axis` that is not nan: int32; −1 where there is none.

    >>> nanargmin([1.0, float("nan"), 2.0]).item()
    0
    """
    values, missing = _replaced(x, math.inf)
    return where(all_of(missing, axis, keepdims), np.int32(-1), argmin(values, axis, keepdims))


def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis` of what is not nan; nan where nothing is left.

    >>> nanmean([1.0, float("nan"), 2.0]).item()
    1.5
    """
    values, missing = _replaced(floating(x), 0)
    counts = sum(constant(np.logical_not, missing).astype(values.dtype), axis, keepdims)
    with np.errstate(invalid="ignore"):
        return divide(sum(values, axis, keepdims), counts)


def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over `axis` of what is not nan.

    >>> nanvar([1.0, float("nan"), 3.0]).item()
    1.0
    """
    values, missing = _replaced(floating(x), 0)
    centred = where(missing, values.dtype.type(0), values - nanmean(x, axis, keepdims=True))
    counts = sum(constant(np.logical_not, missing).astype(values.dtype), axis, keepdims)
    with np.errstate(invalid="ignore"):
        return divide(sum(square(centred), axis, keepdims), counts)


def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation over `axis` of what is not nan.

    >>> nanstd([1.0, float("nan"), 5.0]).item()
    2.0
    """
    return sqrt(nanvar(x, axis, keepdims))
