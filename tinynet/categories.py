"""Category numbers as vectors: one-hot, multi-hot and counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinynet.errors import ArgumentError, nearest

Shape = tuple[int | None, ...]

WIDEST = 1 << 28  # elements of one vector; a typing error or an attack, not a number of categories


def check_output_mode(where: str, value: Any, choices: tuple[str, ...]) -> str:
    """An output mode under its newer name; raises `ArgumentError` for one that is not among the choices."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(value, value) if isinstance(value, str) else value
    if not isinstance(mode, str) or mode not in choices:
        raise ArgumentError(f"{where}: unknown output_mode={value!r}. {nearest(value, choices)}")
    return mode


def check_width(where: str, name: str, width: int) -> int:
    """The length of vectors; raises `ArgumentError` for one that no memory holds."""
    if width > WIDEST:
        raise ArgumentError(f"{where}: {name}={width:,} makes vectors longer than {WIDEST:,}")
    return width


def encode(indices: NDArray[Any], output_mode: str, depth: int, dtype: DTypeLike) -> NDArray[Any]:
    """Category numbers as vectors of `depth` elements; a number outside [0, depth) is left out.

    output_mode: "one_hot" gives (…, depth), one vector for each number, without a last axis of size 1;
        "multi_hot" (what occurs) and "count" (how often) give one vector for each sample. The sample
        axis is the only one, or the second, which is what Keras counts along.

    >>> encode(np.array([[0, 2, 2]]), "count", 4, "int64").tolist()
    [[1, 0, 2, 0]]
    """
    if indices.ndim == 0:
        indices = indices[None]
    if output_mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        vectors = np.zeros((indices.size, depth), dtype)
        flat = indices.ravel()
        known = np.flatnonzero((flat >= 0) & (flat < depth))
        vectors[known, flat[known]] = 1
        return vectors.reshape(*indices.shape, depth)
    if indices.ndim == 1:
        indices = indices[None]
        return encode(indices, output_mode, depth, dtype)[0]
    indices = np.moveaxis(indices, 1, -1)
    samples = math.prod(indices.shape[:-1])
    places = np.arange(samples)[:, None] * depth + indices.reshape(samples, -1)
    counts = np.bincount(
        places[(indices.reshape(samples, -1) >= 0) & (indices.reshape(samples, -1) < depth)], minlength=samples * depth
    )
    if output_mode == "multi_hot":
        np.minimum(counts, 1, out=counts)
    return counts.astype(dtype).reshape(*indices.shape[:-1], depth)


def encoded_shape(shape: Shape, output_mode: str, depth: int | None) -> Shape:
    """The shape of `encode`'s result for indices of a shape."""
    if output_mode == "one_hot":
        shape = shape or (1,)
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)
