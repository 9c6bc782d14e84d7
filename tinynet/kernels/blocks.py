"""Passes over arrays in pieces that fit the processor's cache.

An optimizer passes over its arrays a dozen times a step. Done on a whole kernel, each pass
would fetch it from main memory anew; done block by block, only the first one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

BLOCK = 32768  # elements: seven float32 arrays of it are about a megabyte


def blocks(written: tuple[np.ndarray, ...], read: tuple[np.ndarray, ...] = ()) -> Iterator[Any]:
    """Views of corresponding parts of arrays of one shape, first those written to, then those read.

    >>> w, g = np.zeros((2, 3)), np.ones((2, 3))
    >>> for w_part, g_part in blocks((w,), (g,)):
    ...     w_part += g_part
    >>> w.sum()
    np.float64(6.0)
    """
    if not all(array.flags.c_contiguous for array in written):
        yield (*written, *read)  # flattening would copy, and the writing be lost
        return
    flat = [array.reshape(-1) for array in (*written, *read)]
    size = flat[0].size
    if size <= BLOCK:
        yield flat
        return
    for start in range(0, size, BLOCK):
        yield [array[start : start + BLOCK] for array in flat]
