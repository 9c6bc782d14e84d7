"""Random words by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels.compiled.arrays import compiled
from tinynet.kernels.memory import empty
from tinynet.kernels.philox import Stream


def random_words(stream: Stream, places: np.ndarray) -> np.ndarray:
    words = empty((len(places), 4), np.uint32)
    compiled.random_words(stream, np.ascontiguousarray(places, np.uint64), words)
    return words


def random_mask(stream: Stream, count: int, lowest: int) -> np.ndarray:
    mask = empty((count,), np.bool_)
    compiled.random_mask(stream, lowest, mask)
    return mask
