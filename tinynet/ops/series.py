"""Series of numbers, and windows over signals: keras.io/api/ops/numpy.

The windows (Harris 1978) are `floatx()` and symmetric.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import whole
from tinynet.autograd.tensor import Tensor, constant
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import dtype_named, tensor
from tinynet.ops.creation import linspace
from tinynet.ops.reductions import cumprod
from tinynet.ops.shapes import broadcast_to, concatenate, expand_dims, flip


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` powers of a base, whose exponents lie at equal distances from start to stop: see `linspace`.

    >>> logspace(0, 2, 3).tolist()
    [1.0, 10.0, 100.0]
    """
    exponents = linspace(start, stop, num, endpoint, dtype=dtype, axis=axis)
    return constant(np.power, np.asarray(base, exponents.dtype), exponents)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` numbers from start to stop, each the one before times the same: see `linspace`.

    Raises `ArgumentError` unless start and stop are of the same sign, and not 0.

    >>> geomspace(1.0, 100.0, 3).tolist()
    [1.0, 10.0, 100.0]
    """
    first, last = (tensor(part).numpy().astype(np.float64) for part in (start, stop))
    if not (first * last > 0).all():
        raise ArgumentError("geomspace: start and stop must be of the same sign and not 0")
    numbers = constant(
        np.geomspace, first, last, whole("geomspace", "num", num, 0), endpoint=bool(endpoint), axis=axis
    )
    return numbers.astype(dtype_named(dtype or config.floatx(), "geomspace"))


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of the elements of a vector, a row for each: from the (N−1)-th down to the 0-th, or the other way.

    N: how many; as many as x has elements without it.

    >>> vander([2, 3], 3).tolist()
    [[4, 2, 1], [9, 3, 1]]
    """
    x = tensor(x)
    if x.ndim != 1:
        raise ShapeError(f"vander: expected a vector, received shape {x.shape}")
    count = whole("vander", "N", len(x) if N is None else N, 0)
    ones = Tensor(np.ones((len(x), min(count, 1)), x.dtype))
    factors = broadcast_to(expand_dims(x, 1), (len(x), max(count - 1, 0)))
    powers = cumprod(concatenate([ones, factors], axis=1), axis=1)
    return powers if increasing else flip(powers, 1)


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """The windows of so many elements along the last axis, as new rows: (…, T) -> (…, windows, sequence_length).

    sequence_stride: from the beginning of one window to that of the next.

    >>> extract_sequences([1, 2, 3, 4], 2, 1).tolist()
    [[1, 2], [2, 3], [3, 4]]
    """
    x = tensor(x)
    length = whole("extract_sequences", "sequence_length", sequence_length)
    stride = whole("extract_sequences", "sequence_stride", sequence_stride)
    if not x.ndim or x.shape[-1] < length:
        raise ShapeError(f"extract_sequences: no window of {length} fits into shape {x.shape}")
    beginnings = np.arange(0, x.shape[-1] - length + 1, stride)
    return x[(..., beginnings[:, None] + np.arange(length))]


def _window(name: str, function: Any, x: Any, *settings: Any) -> Tensor:
    length = tensor(x).numpy()
    if length.size != 1 or length.dtype.kind not in "iuf" or length < 0 or length != np.floor(length):
        raise ArgumentError(f"{name}: expected the length of the window, received {x!r}")
    return constant(function, int(length.item()), *settings).astype(config.floatx())


def bartlett(x: Any) -> Tensor:
    """The triangular window of length x.

    >>> bartlett(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("bartlett", np.bartlett, x)


def blackman(x: Any) -> Tensor:
    """Blackman's window of length x, the sum of three cosines.

    >>> blackman(3).numpy().round(4).tolist()[1]
    1.0
    """
    return _window("blackman", np.blackman, x)


def hamming(x: Any) -> Tensor:
    """Hamming's window of length x, a raised cosine that ends at 0.08.

    >>> hamming(3).tolist()[1]
    1.0
    """
    return _window("hamming", np.hamming, x)


def hanning(x: Any) -> Tensor:
    """Von Hann's window of length x, a raised cosine that ends at 0.

    >>> hanning(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("hanning", np.hanning, x)


def kaiser(x: Any, beta: float) -> Tensor:
    """Kaiser's window of length x; the larger beta, the narrower.

    >>> kaiser(3, 8.0).tolist()[1]
    1.0
    """
    return _window("kaiser", np.kaiser, x, float(beta))
