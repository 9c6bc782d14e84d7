"""Sums, means, extremes and their like over one axis, several or all."""

from __future__ import annotations

import math

import numpy as np

from tinynet.primitives.domain import Domain, Values, axis_choices
from tinynet.primitives.operation import normalized_axes, operation

REDUCED = {"axis": axis_choices("A B C"), "keepdims": [False, True]}


def _restored(g, shape, axis, keepdims):
    """A cotangent of a reduction, with the reduced axes back as axes of size 1."""
    if keepdims or g.ndim == len(shape):
        return g
    axes = normalized_axes(axis, len(shape))
    return g.reshape(tuple(1 if i in axes else size for i, size in enumerate(shape)))


def _count(shape, axis):
    return max(1, math.prod(shape[a] for a in normalized_axes(axis, len(shape))))


@operation
class sum_:
    """Σ x over `axis`."""

    numpy = np.sum
    domain = Domain((Values("A B C"),), REDUCED)
    linear = (0,)

    def forward(x, *, axis=None, keepdims=False):
        return x.sum(axis=axis, keepdims=keepdims), (x.shape,)

    def vjp(g, residuals, needs, *, axis=None, keepdims=False):
        (shape,) = residuals
        return (np.broadcast_to(_restored(g, shape, axis, keepdims), shape),)


@operation
class mean:
    """The mean over `axis`."""

    numpy = np.mean
    domain = Domain((Values("A B C"),), REDUCED)
    linear = (0,)

    def forward(x, *, axis=None, keepdims=False):
        return x.mean(axis=axis, keepdims=keepdims), (x.shape,)

    def vjp(g, residuals, needs, *, axis=None, keepdims=False):
        (shape,) = residuals
        return (np.broadcast_to(_restored(g, shape, axis, keepdims) / _count(shape, axis), shape),)


@operation
class var:
    """The variance over `axis` (divided by the count, not the count less one)."""

    numpy = np.var
    domain = Domain((Values("A B C"),), REDUCED)
    keeps = ("x",)

    def forward(x, *, axis=None, keepdims=False):
        return x.var(axis=axis, keepdims=keepdims), (x,)

    def vjp(g, residuals, needs, *, axis=None, keepdims=False):
        (x,) = residuals
        centred = x - x.mean(axis=axis, keepdims=True)
        return (_restored(g, x.shape, axis, keepdims) * centred * (2 / _count(x.shape, axis)),)


def _extreme(name, doc, function, mirrored):
    def forward(x, *, axis=None, keepdims=False):
        output = function(x, axis=axis, keepdims=keepdims)
        return output, (x, output)

    def vjp(g, residuals, needs, *, axis=None, keepdims=False):
        x, output = residuals
        chosen = x == _restored(output, x.shape, axis, keepdims)
        share = chosen / chosen.sum(axis=axis, keepdims=True).astype(x.dtype)
        return (_restored(g, x.shape, axis, keepdims) * share,)

    members = {
        "__doc__": doc, "__module__": __name__, "numpy": mirrored, "keeps": ("x", "output"),
        "domain": Domain((Values("A B C", distinct=True),), REDUCED),
        "points": (((np.array([1.0, 1.0]),), {"axis": 0}, (np.array([0.5, 0.5]),)),),
        "forward": forward, "vjp": vjp,
    }  # fmt: skip
    return operation(type(name, (), members))


max_ = _extreme("max", "The largest value over `axis`; equal values share the gradient evenly.", np.max, np.max)
min_ = _extreme("min", "The smallest value over `axis`; equal values share the gradient evenly.", np.min, np.min)


@operation
class logsumexp:
    """log Σ eˣ over `axis`, without overflow."""

    domain = Domain((Values("A B C"),), REDUCED)
    keeps = ("x", "output")

    def forward(x, *, axis=None, keepdims=False):
        top = np.max(x, axis=axis, keepdims=True)
        top = np.where(np.isfinite(top), top, np.zeros_like(top))  # all −inf: log 0 is −inf, not NaN
        with np.errstate(divide="ignore"):
            output = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
        return output if keepdims else output.squeeze(normalized_axes(axis, x.ndim)), (x, output)

    def vjp(g, residuals, needs, *, axis=None, keepdims=False):
        x, output = residuals
        output = _restored(output, x.shape, axis, keepdims)
        return (_restored(g, x.shape, axis, keepdims) * np.exp(x - output),)


@operation
class cumsum:
    """The running sum along `axis`."""

    numpy = np.cumsum
    domain = Domain((Values("A B C"),), {"axis": axis_choices("A B C", several=False)})
    linear = (0,)

    def forward(x, *, axis=None):
        return np.cumsum(x, axis=axis), (x.shape,)

    def vjp(g, residuals, needs, *, axis=None):
        (shape,) = residuals
        along = 0 if axis is None else axis
        return (np.flip(np.cumsum(np.flip(g, along), axis=along), along).reshape(shape),)
