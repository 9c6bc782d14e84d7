"""Memory for arrays: results, and the values of variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.kernels import choice

LARGE = 1 << 18  # bytes, from which on fresh memory costs more than a look for some that was used before
SMALL = 1 << 12  # bytes, up to which it does not matter where an array begins
LINE = 64  # bytes of a cache line


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy in one piece. If it is not small it begins on a cache line: kernels take up to twice as long where their
    registers straddle two."""
    if array.nbytes <= SMALL:
        return np.array(array, order="C")
    memory = np.empty(array.nbytes + LINE, np.uint8)
    start = -memory.__array_interface__["data"][0] % LINE
    copy: np.ndarray = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def empty(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """`numpy.empty`, where there are compiled kernels in memory of earlier arrays as large."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE or choice.module is None:
        return np.empty(shape, dtype)
    array: np.ndarray = choice.module.empty(size).view(dtype).reshape(shape)
    return array
