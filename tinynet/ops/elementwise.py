"""Mathematical functions of each element: keras.io/api/ops/numpy.

Each takes a tensor, an array or numbers and returns a tensor of the same shape. Where the
result is not an integer by nature, integers become `floatx()`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tensor import Tensor, constant, record
from tinynet.errors import ArgumentError
from tinynet.ops._arguments import floating, tensor
from tinynet.primitives import arithmetic, elementwise


def abs(x: Any) -> Tensor:
    """|x|; its derivative at 0 is 0.

    >>> abs([-1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return record(elementwise.abs_, (tensor(x),), {})


def absolute(x: Any) -> Tensor:
    """As `abs`.

    >>> absolute([-1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return abs(x)


def sign(x: Any) -> Tensor:
    """−1, 0 or 1; its derivative is 0.

    >>> sign([-3.0, 0.0, 2.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return record(elementwise.sign, (tensor(x),), {})


def square(x: Any) -> Tensor:
    """x²; truth values become int32.

    >>> square([-3.0, 2.0]).tolist()
    [9.0, 4.0]
    """
    x = tensor(x)
    return record(elementwise.square, (x.astype(np.int32) if x.dtype.kind == "b" else x,), {})


def sqrt(x: Any) -> Tensor:
    """√x; nan where x < 0, and its derivative at 0 is inf.

    >>> sqrt([4.0, 9.0]).tolist()
    [2.0, 3.0]
    """
    with np.errstate(invalid="ignore"):
        return record(elementwise.sqrt, (floating(x),), {})


def rsqrt(x: Any) -> Tensor:
    """1/√x; inf at 0.

    >>> rsqrt([4.0, 0.25]).tolist()
    [0.5, 2.0]
    """
    return reciprocal(sqrt(x))


def reciprocal(x: Any) -> Tensor:
    """1/x; inf at 0.

    >>> reciprocal([4.0, 0.25]).tolist()
    [0.25, 4.0]
    """
    with np.errstate(divide="ignore"):
        return record(elementwise.reciprocal, (floating(x),), {})


def exp(x: Any) -> Tensor:
    """eˣ; inf where that is too large for the dtype.

    >>> exp([0.0]).tolist()
    [1.0]
    """
    with np.errstate(over="ignore"):
        return record(elementwise.exp, (floating(x),), {})


def exp2(x: Any) -> Tensor:
    """2ˣ; inf where that is too large for the dtype.

    >>> exp2([3.0]).tolist()
    [8.0]
    """
    with np.errstate(over="ignore"):
        return record(elementwise.exp2, (floating(x),), {})


def expm1(x: Any) -> Tensor:
    """eˣ − 1, exact for small x.

    >>> expm1([0.0]).tolist()
    [0.0]
    """
    with np.errstate(over="ignore"):
        return record(elementwise.expm1, (floating(x),), {})


def log(x: Any) -> Tensor:
    """The natural logarithm; −inf at 0 and nan below.

    >>> log([1.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.log, (floating(x),), {})


def log1p(x: Any) -> Tensor:
    """log(1 + x), exact for small x; −inf at −1 and nan below.

    >>> log1p([0.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.log1p, (floating(x),), {})


def log2(x: Any) -> Tensor:
    """The logarithm to the base 2; −inf at 0 and nan below.

    >>> log2([8.0]).tolist()
    [3.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.log2, (floating(x),), {})


def log10(x: Any) -> Tensor:
    """The logarithm to the base 10; −inf at 0 and nan below.

    >>> log10([1.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.log10, (floating(x),), {})


def sin(x: Any) -> Tensor:
    """The sine of x in radians.

    >>> sin([0.0]).tolist()
    [0.0]
    """
    return record(elementwise.sin, (floating(x),), {})


def cos(x: Any) -> Tensor:
    """The cosine of x in radians.

    >>> cos([0.0]).tolist()
    [1.0]
    """
    return record(elementwise.cos, (floating(x),), {})


def tan(x: Any) -> Tensor:
    """The tangent of x in radians.

    >>> tan([0.0]).tolist()
    [0.0]
    """
    return record(elementwise.tan, (floating(x),), {})


def arcsin(x: Any) -> Tensor:
    """The angle in [−π/2, π/2] whose sine is x; nan outside [−1, 1].

    >>> arcsin([0.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.arcsin, (floating(x),), {})


def arccos(x: Any) -> Tensor:
    """The angle in [0, π] whose cosine is x; nan outside [−1, 1].

    >>> arccos([1.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.arccos, (floating(x),), {})


def arctan(x: Any) -> Tensor:
    """The angle in (−π/2, π/2) whose tangent is x.

    >>> arctan([0.0]).tolist()
    [0.0]
    """
    return record(elementwise.arctan, (floating(x),), {})


def sinh(x: Any) -> Tensor:
    """The hyperbolic sine, (eˣ − e⁻ˣ)/2.

    >>> sinh([0.0]).tolist()
    [0.0]
    """
    with np.errstate(over="ignore"):
        return record(elementwise.sinh, (floating(x),), {})


def cosh(x: Any) -> Tensor:
    """The hyperbolic cosine, (eˣ + e⁻ˣ)/2.

    >>> cosh([0.0]).tolist()
    [1.0]
    """
    with np.errstate(over="ignore"):
        return record(elementwise.cosh, (floating(x),), {})


def arcsinh(x: Any) -> Tensor:
    """The number whose hyperbolic sine is x.

    >>> arcsinh([0.0]).tolist()
    [0.0]
    """
    return record(elementwise.arcsinh, (floating(x),), {})


def arccosh(x: Any) -> Tensor:
    """The number from 0 on whose hyperbolic cosine is x; nan below 1.

    >>> arccosh([1.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.arccosh, (floating(x),), {})


def arctanh(x: Any) -> Tensor:
    """The number whose hyperbolic tangent is x; nan outside [−1, 1].

    >>> arctanh([0.0]).tolist()
    [0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.arctanh, (floating(x),), {})


def erf(x: Any) -> Tensor:
    """The error function 2/√π ∫₀ˣ exp(−t²) dt.

    >>> erf([0.0, 10.0]).tolist()
    [0.0, 1.0]
    """
    return record(elementwise.erf, (floating(x),), {})


def floor(x: Any) -> Tensor:
    """The largest integer not above x, as a float; its derivative is 0.

    >>> floor([1.7, -1.2]).tolist()
    [1.0, -2.0]
    """
    return record(elementwise.floor, (floating(x),), {})


def ceil(x: Any) -> Tensor:
    """The smallest integer not below x, as a float; its derivative is 0.

    >>> ceil([1.2, -1.7]).tolist()
    [2.0, -1.0]
    """
    return record(elementwise.ceil, (floating(x),), {})


def trunc(x: Any) -> Tensor:
    """x without what stands behind the point; its derivative is 0. Integers stay integers.

    >>> trunc([1.7, -1.2]).tolist()
    [1.0, -1.0]
    """
    x = tensor(x)
    return x if x.dtype.kind != "f" else record(elementwise.trunc, (x,), {})


def round(x: Any, decimals: int = 0) -> Tensor:
    """x to so many decimals, halves to even; its derivative is 0. Integers stay integers.

    decimals: may be negative, for tens, hundreds, …

    >>> round([0.5, 1.5, 1.26], 1).tolist() == [0.5, 1.5, np.float32(1.3).item()]
    True
    >>> round([1250, 1350], -2).tolist()
    [1200, 1400]
    """
    x = tensor(x)
    try:
        decimals = operator.index(decimals)
    except TypeError as error:
        raise ArgumentError(f"round: decimals must be an integer, received {decimals!r}") from error
    if x.dtype.kind == "f":
        return x.round(decimals)
    return x if decimals >= 0 else x.astype(config.floatx()).round(decimals).astype(x.dtype)


def cbrt(x: Any) -> Tensor:
    """The cube root, negative for negative x; its derivative at 0 is inf.

    >>> cbrt([8.0, -1.0]).tolist()
    [2.0, -1.0]
    """
    return record(elementwise.cbrt, (floating(x),), {})


def fabs(x: Any) -> Tensor:
    """|x| as a float.

    >>> fabs([-1, 2]).tolist()
    [1.0, 2.0]
    """
    return abs(floating(x))


def deg2rad(x: Any) -> Tensor:
    """Degrees as radians, x · π/180.

    >>> deg2rad(180.0).numpy().round(4).item() == np.float32(3.1416).item()
    True
    """
    return floating(x) * (math.pi / 180)


def rad2deg(x: Any) -> Tensor:
    """Radians as degrees, x · 180/π.

    >>> rad2deg(np.pi).numpy().round(3).item()
    180.0
    """
    return floating(x) * (180 / math.pi)


def sinc(x: Any) -> Tensor:
    """sin(πx)/(πx), and 1 at 0.

    >>> sinc([0.0, 0.5]).numpy().round(4).tolist() == [1.0, np.float32(0.6366).item()]
    True
    """
    x = floating(x)
    zero = constant(np.equal, x, 0)
    angle = record(arithmetic.where, (zero, x.dtype.type(1), x * math.pi), {})
    return record(arithmetic.where, (zero, x.dtype.type(1), sin(angle) / angle), {})


def erfc(x: Any) -> Tensor:
    """1 − erf(x), exact where erf(x) is nearly 1.

    >>> erfc([0.0]).tolist()
    [1.0]
    """
    return record(elementwise.erfc, (floating(x),), {})


def erfinv(x: Any) -> Tensor:
    """The number whose error function is x; ±inf at ±1 and nan beyond.

    >>> erfinv([0.0, 1.0]).tolist()
    [0.0, inf]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return record(elementwise.erfinv, (floating(x),), {})
