"""Memory for results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.kernels import choice

LARGE = 1 << 18  # bytes, from which on fresh memory costs more than a look for some that was used before


def empty(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """`numpy.empty`, where there are compiled kernels in memory of earlier arrays as large."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE or choice.module is None:
        return np.empty(shape, dtype)
    array: np.ndarray = choice.module.empty(size).view(dtype).reshape(shape)
    return array
