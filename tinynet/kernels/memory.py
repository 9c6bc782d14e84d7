"""Memory for arrays: results, and the values of variables.

A system hands out large pieces page by page, each at its first touch: that costs as much as the arithmetic on them. A
training step asks for the same sizes again and again; so pieces are kept when the last array in them is gone.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.kernels import choice

LARGE = 1 << 18  # bytes, from which on fresh memory costs more than a look for some that was used before
SMALL = 1 << 12  # bytes, up to which it does not matter where an array begins
LINE = 64  # bytes of a cache line


class Store:
    """Pieces of memory that are kept: no more than were ever in use at once, and what lay longest goes first.

    It is what `cpp/memory.cpp` is for compiled kernels.
    """

    def __init__(self) -> None:
        # One thread may come twice: while it is here, Python may find arrays that are garbage and give back their pieces.
        self._lock = threading.RLock()
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()  # by identity, the last given back at the end
        self._in_use = self._most_in_use = self._in_store = 0

    def take(self, size: int) -> np.ndarray:
        """So many bytes; they come back by themselves."""
        with self._lock:
            found = next((key for key in reversed(self._kept) if self._kept[key].size == size), None)
            memory = np.empty(size, np.uint8) if found is None else self._kept.pop(found)
            self._in_store -= 0 if found is None else size
            self._in_use += size
            self._most_in_use = max(self._most_in_use, self._in_use)
        return np.asarray(Piece(memory, self))

    def give_back(self, memory: np.ndarray) -> None:
        """To be called by a piece that nobody uses any more."""
        with self._lock:
            self._in_use -= memory.size
            self._in_store += memory.size
            self._kept[id(memory)] = memory
            while self._in_use + self._in_store > self._most_in_use:
                _, oldest = self._kept.popitem(last=False)
                self._in_store -= oldest.size


class Piece:
    """What the arrays in a piece of memory hold on to."""

    def __init__(self, memory: np.ndarray, store: Store) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory = memory
        self._store = store

    def __del__(self) -> None:
        self._store.give_back(self._memory)


store = Store()


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


def is_small(shape: Sequence[int], dtype: np.dtype) -> bool:
    """Whether `empty` leaves such an array to NumPy."""
    return math.prod(shape) * dtype.itemsize < LARGE


def empty(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """`numpy.empty`, of large arrays in memory of earlier ones."""
    dtype = np.dtype(dtype)
    if is_small(shape, dtype):
        return np.empty(shape, dtype)
    size = math.prod(shape) * dtype.itemsize
    memory: np.ndarray = store.take(size) if choice.module is None else choice.module.empty(size)
    return memory.view(dtype).reshape(shape)


def empty_like(array: np.ndarray) -> np.ndarray:
    """The same, of an array's shape and dtype."""
    return empty(array.shape, array.dtype)


def zeros(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """`numpy.zeros`, of large arrays in memory of earlier ones."""
    array = empty(shape, dtype)
    array.fill(0)
    return array
