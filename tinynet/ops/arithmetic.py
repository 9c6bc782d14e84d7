"""Arithmetic of two operands, with broadcasting: keras.io/api/ops/numpy.

Operands are tensors, arrays, nested lists or numbers. Integers beside floats take the floats'
dtype, Python numbers the other operand's. `ShapeError` is raised for shapes that do not
broadcast together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant, record
from tinynet.errors import ArgumentError, DataError, DtypeError
from tinynet.ops._arguments import floating, pair, tensor
from tinynet.primitives import arithmetic


def add(x1: Any, x2: Any) -> Tensor:
    """x1 + x2.

    >>> add([1.0, 2.0], 1).tolist()
    [2.0, 3.0]
    """
    return record(arithmetic.add, pair(x1, x2, "add"), {})


def subtract(x1: Any, x2: Any) -> Tensor:
    """x1 − x2; raises `DtypeError` for two arrays of truth values.

    >>> subtract([1.0, 2.0], 1).tolist()
    [0.0, 1.0]
    """
    return record(arithmetic.subtract, pair(x1, x2, "subtract"), {})


def multiply(x1: Any, x2: Any) -> Tensor:
    """x1 · x2, element by element.

    >>> multiply([1.0, 2.0], [3.0, 4.0]).tolist()
    [3.0, 8.0]
    """
    return record(arithmetic.multiply, pair(x1, x2, "multiply"), {})


def divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2; integers give `floatx()`.

    >>> divide([1, 2], 4).tolist()
    [0.25, 0.5]
    """
    a, b = pair(x1, x2, "divide")
    return record(arithmetic.divide, (floating(a), floating(b)), {})


def true_divide(x1: Any, x2: Any) -> Tensor:
    """As `divide`.

    >>> true_divide([1, 2], 4).tolist()
    [0.25, 0.5]
    """
    return divide(x1, x2)


def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, and 0 where x2 is 0: there it has no gradient either.

    >>> divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist()
    [0.0, 0.5]
    """
    a, b = pair(x1, x2, "divide_no_nan")
    a, b = floating(a), floating(b)
    zero = constant(np.equal, b, 0)
    return where(zero, 0.0, divide(a, where(zero, 1.0, b)))


def floor_divide(x1: Any, x2: Any) -> Tensor:
    """The largest integer not above x1 / x2, in the operands' dtype; its derivative is 0.

    Raises `DataError` for a division of integers by 0.

    >>> floor_divide([7, -7], 2).tolist()
    [3, -4]
    """
    a, b = pair(x1, x2, "floor_divide")
    if a.dtype.kind == "f":
        return a // b
    _refuse_zeros(b, "floor_divide")
    return constant(np.floor_divide, a, b)


def mod(x1: Any, x2: Any) -> Tensor:
    """The rest x1 − x2 · ⌊x1 / x2⌋, of the sign of x2.

    Raises `DataError` for a division of integers by 0.

    >>> mod([7, -7], 2).tolist()
    [1, 1]
    """
    a, b = pair(x1, x2, "mod")
    if a.dtype.kind == "f":
        return a - b * constant(np.floor_divide, a, b)
    _refuse_zeros(b, "mod")
    return constant(np.remainder, a, b)


def _refuse_zeros(x: Tensor, where: str) -> None:
    if not x._data.all():
        raise DataError(f"{where}: integers cannot be divided by 0. Convert to floats for inf and nan.")


def power(x1: Any, x2: Any) -> Tensor:
    """x1 to the power x2; the derivative by x2 is 0 where x1 <= 0.

    Raises `ShapeError` for integers to a negative integer power.

    >>> power([1.0, 2.0, 3.0], 2).tolist()
    [1.0, 4.0, 9.0]
    """
    return record(arithmetic.power, pair(x1, x2, "power"), {})


def arctan2(x1: Any, x2: Any) -> Tensor:
    """The angle in (−π, π] of the point with x2 along the first axis and x1 along the second.

    >>> arctan2([0.0, 1.0], [1.0, 0.0]).numpy().round(4).tolist() == [0.0, np.float32(1.5708).item()]
    True
    """
    a, b = pair(x1, x2, "arctan2")
    return record(arithmetic.arctan2, (floating(a), floating(b)), {})


def logaddexp(x1: Any, x2: Any) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow.

    >>> logaddexp([1000.0], [0.0]).tolist()
    [1000.0]
    """
    a, b = pair(x1, x2, "logaddexp")
    return record(arithmetic.logaddexp, (floating(a), floating(b)), {})


def negative(x: Any) -> Tensor:
    """−x.

    >>> negative([1.0, -2.0]).tolist()
    [-1.0, 2.0]
    """
    return record(arithmetic.negative, (tensor(x),), {})


def maximum(x1: Any, x2: Any) -> Tensor:
    """The larger of x1 and x2, element by element; of two equal ones x1 gets the gradient.

    >>> maximum([1.0, 4.0], [3.0, 2.0]).tolist()
    [3.0, 4.0]
    """
    return record(arithmetic.maximum, pair(x1, x2, "maximum"), {})


def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller of x1 and x2, element by element; of two equal ones x1 gets the gradient.

    >>> minimum([1.0, 4.0], [3.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return record(arithmetic.minimum, pair(x1, x2, "minimum"), {})


def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """x limited to [x_min, x_max]; its derivative is 1 inside and at both ends.

    x_min, x_max: numbers, or tensors that broadcast to x; None leaves a side open. Truth values
    become int32.

    Raises `ArgumentError` when x_min is above x_max.

    >>> clip([-3.0, 0.5, 3.0], -1.0, 1.0).tolist()
    [-1.0, 0.5, 1.0]
    """
    x = tensor(x)
    if x.dtype.kind == "b":
        x = x.astype(np.int32)
    if x_min is not None and x_max is not None and np.any(tensor(x_min)._data > tensor(x_max)._data):
        raise ArgumentError(f"clip: x_min={x_min!r} is above x_max={x_max!r}")
    if x_min is not None:
        x = maximum(x, x_min)
    return x if x_max is None else minimum(x, x_max)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, x2 elsewhere; without both, the indices where it holds.

    Returns a tensor, or a tuple of one int32 tensor for each axis.

    Raises `ArgumentError` when only one of x1 and x2 is given.

    >>> where([True, False], [1.0, 2.0], 9.0).tolist()
    [1.0, 9.0]
    >>> where([False, True])[0].tolist()
    [1]
    """
    condition = tensor(condition).astype(bool)
    if x1 is None and x2 is None:
        return tuple(index.astype(np.int32) for index in condition.nonzero())
    if x1 is None or x2 is None:
        raise ArgumentError("where: give both x1 and x2, or neither")
    return record(arithmetic.where, (condition, *pair(x1, x2, "where")), {})


def hypot(x1: Any, x2: Any) -> Tensor:
    """√(x1² + x2²) without overflow; its derivative at (0, 0) is 0.

    >>> hypot([3.0], [4.0]).tolist()
    [5.0]
    """
    a, b = pair(x1, x2, "hypot")
    return record(arithmetic.hypot, (floating(a), floating(b)), {})


def fmod(x1: Any, x2: Any) -> Tensor:
    """The rest of the division of x1 by x2, of the sign of x1 (`mod` has that of x2).

    Raises `DataError` for a division of integers by 0.

    >>> fmod([7, -7], 2).tolist()
    [1, -1]
    """
    a, b = pair(x1, x2, "fmod")
    if a.dtype.kind == "b":
        a, b = a.astype(np.int32), b.astype(np.int32)
    if a.dtype.kind == "f":
        return a - b * constant(np.trunc, constant(np.divide, a, b))
    _refuse_zeros(b, "fmod")
    return constant(np.fmod, a, b)


def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger of x1 and x2, element by element, or the one that is not nan.

    >>> fmax([1.0, float("nan")], [3.0, 2.0]).tolist()
    [3.0, 2.0]
    """
    return maximum(*_without_nan(x1, x2, "fmax"))


def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller of x1 and x2, element by element, or the one that is not nan.

    >>> fmin([1.0, float("nan")], [3.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return minimum(*_without_nan(x1, x2, "fmin"))


def _without_nan(x1: Any, x2: Any, name: str) -> tuple[Tensor, Tensor]:
    """Both operands, each with the other's elements where it has nan."""
    a, b = pair(x1, x2, name)
    if a.dtype.kind != "f":
        return a, b
    return where(constant(np.isnan, a), b, a), where(constant(np.isnan, b), a, b)


def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 where x1 is negative, 1 where it is positive, and x2 where it is 0.

    >>> heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    a, b = pair(x1, x2, "heaviside")
    a, b = floating(a), floating(b)
    return where(constant(np.equal, a, 0), b, constant(np.greater, a, 0).astype(a.dtype))


def ldexp(x1: Any, x2: Any) -> Tensor:
    """x1 · 2 to the power x2, for integers x2.

    Raises `DtypeError` for other exponents.

    >>> ldexp([1.5], [3]).tolist()
    [12.0]
    """
    x, exponent = floating(x1), tensor(x2)
    if exponent.dtype.kind not in "iu":
        raise DtypeError(f"ldexp: the exponents x2 must be integers, received {exponent.dtype.name}")
    return x * constant(np.ldexp, x.dtype.type(1), exponent)


def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """log₂(2^x1 + 2^x2), without overflow.

    >>> logaddexp2([3.0], [3.0]).tolist()
    [4.0]
    """
    a, b = pair(x1, x2, "logaddexp2")
    a, b = floating(a), floating(b)
    return record(arithmetic.logaddexp, (a * math.log(2), b * math.log(2)), {}) / math.log(2)


def nextafter(x1: Any, x2: Any) -> Tensor:
    """The next number of the dtype after x1 towards x2, which has no derivative.

    >>> (nextafter(1.0, 2.0) > 1.0).item()
    True
    """
    a, b = pair(x1, x2, "nextafter")
    return constant(np.nextafter, floating(a), floating(b))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """The elements of the first choice whose condition holds, element by element; the default where none does.

    condlist, choicelist: lists of as many conditions as choices. Raises `ArgumentError` for others.

    >>> select([[True, False], [True, True]], [[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 4.0]
    """
    lists = isinstance(condlist, (list, tuple)) and isinstance(choicelist, (list, tuple))
    if not lists or len(condlist) != len(choicelist) or not condlist:
        raise ArgumentError("select: expected as many conditions as choices, in two lists")
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = where(condition, choice, chosen)
    return tensor(chosen)
