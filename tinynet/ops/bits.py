"""Operations on the bits of integers, and their common divisors and multiples: keras.io/api/ops/numpy.

They have no derivatives. `DtypeError` is raised for floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, constant
from tinynet.errors import DtypeError
from tinynet.ops._arguments import pair, tensor


def _integers(x: Any, y: Any, where: str) -> tuple[Tensor, Tensor]:
    a, b = pair(x, y, where)
    if a.dtype.kind == "f":
        raise DtypeError(f"{where}: expected integers or truth values, received {a.dtype.name}")
    return a, b


def bitwise_and(x: Any, y: Any) -> Tensor:
    """The bits that both have.

    >>> bitwise_and([6], [3]).tolist()
    [2]
    """
    return constant(np.bitwise_and, *_integers(x, y, "bitwise_and"))


def bitwise_or(x: Any, y: Any) -> Tensor:
    """The bits that one of them or both have.

    >>> bitwise_or([6], [3]).tolist()
    [7]
    """
    return constant(np.bitwise_or, *_integers(x, y, "bitwise_or"))


def bitwise_xor(x: Any, y: Any) -> Tensor:
    """The bits that one of them has and the other has not.

    >>> bitwise_xor([6], [3]).tolist()
    [5]
    """
    return constant(np.bitwise_xor, *_integers(x, y, "bitwise_xor"))


def bitwise_invert(x: Any) -> Tensor:
    """The bits that x has not.

    >>> bitwise_invert([0]).tolist()
    [-1]
    """
    return constant(np.invert, _integers(tensor(x), tensor(x), "bitwise_invert")[0])


def bitwise_not(x: Any) -> Tensor:
    """As `bitwise_invert`.

    >>> bitwise_not([0]).tolist()
    [-1]
    """
    return bitwise_invert(x)


def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """The bits of x moved by y places, each of which doubles x.

    >>> bitwise_left_shift([3], [2]).tolist()
    [12]
    """
    return constant(np.left_shift, *_integers(x, y, "bitwise_left_shift"))


def left_shift(x: Any, y: Any) -> Tensor:
    """As `bitwise_left_shift`.

    >>> left_shift([3], [2]).tolist()
    [12]
    """
    return bitwise_left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """The bits of x moved back by y places, each of which halves x.

    >>> bitwise_right_shift([12], [2]).tolist()
    [3]
    """
    return constant(np.right_shift, *_integers(x, y, "bitwise_right_shift"))


def right_shift(x: Any, y: Any) -> Tensor:
    """As `bitwise_right_shift`.

    >>> right_shift([12], [2]).tolist()
    [3]
    """
    return bitwise_right_shift(x, y)


def gcd(x1: Any, x2: Any) -> Tensor:
    """The greatest common divisors.

    >>> gcd([12], [18]).tolist()
    [6]
    """
    return constant(np.gcd, *_integers(x1, x2, "gcd"))


def lcm(x1: Any, x2: Any) -> Tensor:
    """The least common multiples.

    >>> lcm([4], [6]).tolist()
    [12]
    """
    return constant(np.lcm, *_integers(x1, x2, "lcm"))
