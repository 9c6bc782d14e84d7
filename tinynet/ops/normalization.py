"""Normalisation: keras.io/api/ops/nn."""

from __future__ import annotations

import math
from typing import Any

from tinynet import config
from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import Axis, floating, one_axis, tensor
from tinynet.ops._arguments import axes as checked_axes
from tinynet.ops.elementwise import rsqrt, square
from tinynet.ops.reductions import mean as mean_over
from tinynet.ops.reductions import var
from tinynet.primitives import normalization
from tinynet.primitives.operation import normalized_axes


def standardize(
    x: Any, axes: Axis, scale: Any = None, offset: Any = None, epsilon: float = 1e-3
) -> tuple[Tensor, Tensor, Tensor]:
    """(x − mean)/√(variance + epsilon) · scale + offset, with the moments of x itself over `axes`.

    Batch normalisation in training (Ioffe and Szegedy 2015). scale and offset broadcast to x, or
    are None. Returns the result, the mean and the variance, both with `axes` as axes of size 1.
    Keras has no such function: it is `moments` and `batch_normalization` in one.

    Raises `ArgumentError` for an axis that is not there.

    >>> [y.tolist() for y in standardize([[1.0], [3.0]], axes=0, epsilon=0.0)]
    [[[-1.0], [1.0]], [[2.0]], [[1.0]]]
    """
    x = floating(x)
    over = tuple(sorted(normalized_axes(checked_axes(axes, x.ndim, "standardize"), x.ndim)))
    parameters = (None if p is None else tensor(p).astype(x.dtype) for p in (scale, offset))
    return record(normalization.normalize, (x, *parameters), {"axes": over, "epsilon": epsilon})


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """(x − mean)/√(variance + epsilon) · scale + offset, with given moments (C,) of the channels.

    axis: of the C channels. offset and scale: (C,) or None.

    Raises `ArgumentError` for an axis that is not there, `ShapeError` for vectors of another length.

    >>> batch_normalization([[3.0]], mean=[1.0], variance=[4.0], axis=-1, epsilon=0.0).tolist()
    [[1.0]]
    """
    x = floating(x)
    axis = one_axis(axis, x.ndim, "batch_normalization") % x.ndim

    def along(values: Any, name: str) -> Tensor:
        values = tensor(values).astype(x.dtype)
        if values.shape != (x.shape[axis],):
            raise ShapeError(
                f"batch_normalization: {name} must have shape ({x.shape[axis]},), as axis {axis} of inputs "
                f"of shape {x.shape} has, received {values.shape}"
            )
        return (
            values if axis == x.ndim - 1 else values.reshape([-1 if a == axis else 1 for a in range(x.ndim)])
        )

    inverse = rsqrt(along(variance, "variance") + epsilon)
    if scale is not None:
        inverse = inverse * along(scale, "scale")
    shift = -along(mean, "mean") * inverse
    if offset is not None:
        shift = shift + along(offset, "offset")
    return x * inverse + shift


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Axis = -1, epsilon: float | None = None, **kwargs: Any
) -> Tensor:
    """(x − mean)/√(variance + epsilon) · gamma + beta, with the moments over `axis` (Ba et al. 2016).

    gamma, beta: of the sizes of `axis`, or None.
    epsilon: None is `tinynet.config.epsilon()`.
    kwargs: only rms_scaling=True, which divides by √(variance + epsilon) without centring, and
        then has no beta.

    Raises `ArgumentError` for another keyword and for an axis that is not there.

    >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise ArgumentError(f"layer_normalization: unknown keyword {next(iter(kwargs))!r}")
    x = floating(x)
    epsilon = config.epsilon() if epsilon is None else epsilon
    over = tuple(sorted(normalized_axes(checked_axes(axis, x.ndim, "layer_normalization"), x.ndim)))
    gamma, beta = (_over(p, x, over, name) for p, name in ((gamma, "gamma"), (beta, "beta")))
    if rms_scaling:
        scaled = x * rsqrt(var(x, over, keepdims=True) + epsilon)
        return scaled if gamma is None else scaled * gamma
    return record(normalization.normalize, (x, gamma, beta), {"axes": over, "epsilon": epsilon})[0]


def _over(parameter: Any, x: Tensor, over: tuple[int, ...], name: str) -> Tensor | None:
    """A parameter of the sizes of some axes, shaped to broadcast to x."""
    if parameter is None:
        return None
    values = tensor(parameter).astype(x.dtype)
    if values.ndim == x.ndim or over == (x.ndim - 1,):
        return values
    if values.size != math.prod(x.shape[a] for a in over):
        raise ShapeError(
            f"layer_normalization: {name} of shape {values.shape} does not fit axes {over} of {x.shape}"
        )
    return values.reshape([x.shape[a] if a in over else 1 for a in range(x.ndim)])


def rms_normalization(x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None) -> Tensor:
    """x/√(mean of x² + epsilon) · scale, with the mean over `axis` (Zhang and Sennrich 2019).

    epsilon: None is `tinynet.config.epsilon()`.

    Raises `ArgumentError` for an axis that is not there.

    >>> rms_normalization([3.0, 3.0], epsilon=0.0).tolist()
    [1.0, 1.0]
    """
    x = floating(x)
    x = x.reshape(1) if x.ndim == 0 else x
    epsilon = config.epsilon() if epsilon is None else epsilon
    scaled = x * rsqrt(mean_over(square(x), axis, keepdims=True) + epsilon)
    return scaled if scale is None else scaled * tensor(scale).astype(x.dtype)
