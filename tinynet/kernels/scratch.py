"""Memory for intermediate arrays, kept between calls.

A fresh large array costs page faults that rival the arithmetic on it. Each thread keeps one
buffer for each purpose; what it holds is valid until the next request for that purpose, so
it must never leave the kernel that asked for it.
"""

from __future__ import annotations

import math
import threading

import numpy as np

_local = threading.local()


def scratch(purpose: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An uninitialised array of `shape`, from the thread's buffer for `purpose`."""
    buffers = _local.__dict__
    size = math.prod(shape) * dtype.itemsize
    buffer = buffers.get(purpose)
    if buffer is None or buffer.size < size:
        buffer = buffers[purpose] = np.empty(size, np.uint8)
    return buffer[:size].view(dtype).reshape(shape)
