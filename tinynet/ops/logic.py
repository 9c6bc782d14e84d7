"""Comparisons and logic, element by element, with broadcasting: tensors of truth values.

See keras.io/api/ops/numpy. None of them has a derivative. In logic, 0 is False and every other
number True.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant
from tinynet.ops._arguments import floating, pair, tensor


def equal(x1: Any, x2: Any) -> Tensor:
    """x1 == x2.

    >>> equal([1, 2], 2).tolist()
    [False, True]
    """
    return constant(np.equal, *pair(x1, x2, "equal"))


def not_equal(x1: Any, x2: Any) -> Tensor:
    """x1 != x2.

    >>> not_equal([1, 2], 2).tolist()
    [True, False]
    """
    return constant(np.not_equal, *pair(x1, x2, "not_equal"))


def less(x1: Any, x2: Any) -> Tensor:
    """x1 < x2.

    >>> less([1, 2], 2).tolist()
    [True, False]
    """
    return constant(np.less, *pair(x1, x2, "less"))


def less_equal(x1: Any, x2: Any) -> Tensor:
    """x1 <= x2.

    >>> less_equal([2, 3], 2).tolist()
    [True, False]
    """
    return constant(np.less_equal, *pair(x1, x2, "less_equal"))


def greater(x1: Any, x2: Any) -> Tensor:
    """x1 > x2.

    >>> greater([2, 3], 2).tolist()
    [False, True]
    """
    return constant(np.greater, *pair(x1, x2, "greater"))


def greater_equal(x1: Any, x2: Any) -> Tensor:
    """x1 >= x2.

    >>> greater_equal([1, 2], 2).tolist()
    [False, True]
    """
    return constant(np.greater_equal, *pair(x1, x2, "greater_equal"))


def logical_and(x1: Any, x2: Any) -> Tensor:
    """Whether both hold.

    >>> logical_and([True, True], [True, False]).tolist()
    [True, False]
    """
    return constant(np.logical_and, tensor(x1), tensor(x2))


def logical_or(x1: Any, x2: Any) -> Tensor:
    """Whether one of them holds, or both.

    >>> logical_or([False, False], [True, False]).tolist()
    [True, False]
    """
    return constant(np.logical_or, tensor(x1), tensor(x2))


def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Whether exactly one of them holds.

    >>> logical_xor([True, True], [True, False]).tolist()
    [False, True]
    """
    return constant(np.logical_xor, tensor(x1), tensor(x2))


def logical_not(x: Any) -> Tensor:
    """Whether x does not hold.

    >>> logical_not([True, False]).tolist()
    [False, True]
    """
    return constant(np.logical_not, tensor(x))


def isnan(x: Any) -> Tensor:
    """Which elements are nan.

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    return constant(np.isnan, tensor(x))


def isinf(x: Any) -> Tensor:
    """Which elements are inf or −inf.

    >>> isinf([1.0, float("-inf")]).tolist()
    [False, True]
    """
    return constant(np.isinf, tensor(x))


def isfinite(x: Any) -> Tensor:
    """Which elements are neither nan nor infinite.

    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    return constant(np.isfinite, tensor(x))


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |x1 − x2| <= atol + rtol · |x2|.

    equal_nan: whether nan is close to nan.

    >>> isclose([1.0, 2.0], [1.000001, 2.1]).tolist()
    [True, False]
    """
    a, b = pair(x1, x2, "isclose")
    return constant(np.isclose, a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether `isclose` holds for all elements.

    >>> allclose([1.0, 2.0], [1.000001, 2.0]).item()
    True
    """
    return constant(np.all, isclose(x1, x2, rtol, atol, equal_nan))


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements of x1 are among those of x2; with `invert`, which are not.

    assume_unique: accepted, changes nothing.

    >>> isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
    return constant(np.isin, *pair(x1, x2, "isin"), invert=invert)


def isposinf(x: Any) -> Tensor:
    """Which elements are inf.

    >>> isposinf([1.0, float("inf"), float("-inf")]).tolist()
    [False, True, False]
    """
    return constant(np.equal, floating(x), np.inf)


def isneginf(x: Any) -> Tensor:
    """Which elements are −inf.

    >>> isneginf([1.0, float("inf"), float("-inf")]).tolist()
    [False, False, True]
    """
    return constant(np.equal, floating(x), -np.inf)


def signbit(x: Any) -> Tensor:
    """Which elements are negative, −0.0 among them.

    >>> signbit([1.0, -0.0, -2.0]).tolist()
    [False, True, True]
    """
    x = tensor(x)
    return constant(np.signbit, x) if x.dtype.kind == "f" else constant(np.less, x, 0)
