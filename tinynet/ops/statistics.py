"""Averages and middles over one axis, several, or all: keras.io/api/ops/numpy."""

from __future__ import annotations

from typing import Any

from tinynet.autograd.tensor import Tensor
from tinynet.errors import ShapeError
from tinynet.ops._arguments import Axis, axes, floating, pair
from tinynet.ops.reductions import mean, sum
from tinynet.ops.shapes import sort
from tinynet.primitives.operation import normalized_axes


def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """The mean over `axis`, in which elements count as much as `weights` says.

    weights: of the shape of x, or, over one axis, one for each element along it.

    Raises `ShapeError` for weights of another shape.

    >>> average([1.0, 2.0, 4.0], weights=[1.0, 1.0, 2.0]).item()
    2.75
    """
    if weights is None:
        return mean(x, axis)
    x, weights = pair(floating(x), floating(weights), "average")
    over = axes(axis, x.ndim, "average")
    if weights.shape != x.shape:
        if not isinstance(over, int) or weights.shape != (x.shape[over],):
            raise ShapeError(f"average: weights of shape {weights.shape} do not fit shape {x.shape} over axis={axis!r}")
        weights = weights.reshape([-1 if a == over % x.ndim else 1 for a in range(x.ndim)])
    weights = x * 0 + weights
    return sum(x * weights, over) / sum(weights, over)


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The element in the middle over `axis`, or the mean of the two there.

    >>> median([3.0, 1.0, 2.0, 10.0]).item()
    2.5
    """
    x = floating(x)
    over = normalized_axes(axes(axis, x.ndim, "median"), x.ndim)
    kept = [a for a in range(x.ndim) if a not in over]
    rows = sort(x.transpose(*kept, *over).reshape(*(x.shape[a] for a in kept), -1))
    count = rows.shape[-1]
    middle = rows[..., (count - 1) // 2 : count // 2 + 1].mean(-1)
    return middle.reshape([1 if a in over else n for a, n in enumerate(x.shape)]) if keepdims else middle
