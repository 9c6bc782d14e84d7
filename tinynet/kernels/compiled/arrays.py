"""What the compiled kernels take: which numbers, and windows as a fixed number of settings."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinynet.kernels import choice
from tinynet.kernels.spatial import Pads

assert choice.module is not None, "imported only where there are compiled kernels"
compiled = choice.module

TYPES = (np.dtype(np.float32), np.dtype(np.float64))


def are_places(numbers: np.ndarray) -> bool:
    """Whether these are integers that an int64 holds, as the kernels take rows and labels."""
    return numbers.dtype.kind in "iu" and numbers.dtype != np.uint64


@functools.lru_cache(maxsize=4096)
def sliding(
    shape: tuple[int, ...],
    out: tuple[int, ...],
    window: tuple[int, ...],
    strides: tuple[int, ...],
    pads: Pads,
    dilation: tuple[int, ...] | None = None,
) -> Any:
    """The settings of a window over an array of `shape` (N, *spatial, C), one or two spatial axes.

    They are a `Sliding` of cpp/kernels.hpp; with one axis the first of two has one element.
    """
    images, *sizes, channels = shape
    before = [pad[0] for pad in pads]
    axes = [sizes, out, window, strides, dilation or (1,) * len(sizes), before]
    if len(sizes) == 1:
        axes = [(first, *rest) for first, rest in zip((1, 1, 1, 1, 1, 0), axes, strict=True)]
    (height, width), *others = axes
    return compiled.Sliding((images, height, width, channels, *(int(n) for pair in others for n in pair)))
