"""Softmax, and the cross-entropies fused with it: from logits, without overflow."""

from __future__ import annotations

import numpy as np

from tinynet import kernels
from tinynet.errors import DataError
from tinynet.primitives.domain import Domain, Integers, Values, axis_choices
from tinynet.primitives.elementwise import sigmoid
from tinynet.primitives.operation import operation

ANY_AXIS = {"axis": axis_choices("A B C", none=False, several=False)}


def _log_softmax(x, axis):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


@operation
class softmax:
    """eˣ / Σ eˣ along `axis`."""

    domain = Domain((Values("A B C"),), ANY_AXIS)
    keeps = ("output",)

    def forward(x, *, axis=-1):
        if axis in (-1, x.ndim - 1):
            output = kernels.softmax(x)
        else:
            output = np.ascontiguousarray(kernels.softmax(x.swapaxes(axis, -1)).swapaxes(axis, -1))
        return output, (output,)

    def vjp(g, residuals, needs, *, axis=-1):
        (y,) = residuals
        return (y * (g - (g * y).sum(axis=axis, keepdims=True)),)


@operation
class log_softmax:
    """log softmax(x) along `axis`."""

    domain = Domain((Values("A B C"),), ANY_AXIS)
    keeps = ("output",)

    def forward(x, *, axis=-1):
        output = _log_softmax(x, axis)
        return output, (output,)

    def vjp(g, residuals, needs, *, axis=-1):
        (y,) = residuals
        return (g - np.exp(y) * g.sum(axis=axis, keepdims=True),)


@operation
class softmax_cross_entropy:
    """−Σ targets · log softmax(logits) over the last axis: (…, K), (…, K) -> (…)."""

    domain = Domain((Values("A B K"), Values("A B K", low=0.0, high=1.0)))
    keeps = ("logits", "targets")
    linear = (1,)

    def forward(logits, targets):
        return -(targets * _log_softmax(logits, -1)).sum(axis=-1), (logits, targets)

    def vjp(g, residuals, needs):
        logits, targets = residuals
        g = np.expand_dims(g, -1)
        by_logits = by_targets = None
        if needs[0]:
            by_logits = g * (softmax(logits, axis=-1) * targets.sum(axis=-1, keepdims=True) - targets)
        if needs[1]:
            by_targets = -g * log_softmax(logits, axis=-1)
        return by_logits, by_targets


@operation
class sparse_softmax_cross_entropy:
    """−log softmax(logits)[label] over the last axis: logits (…, K), labels (…) integers -> (…)."""

    domain = Domain((Values("A B K"), Integers("A B", below="K")))
    keeps = ("logits", "constant")

    def forward(logits, labels):
        if labels.dtype.kind not in "iu":
            labels = labels.astype(np.int64)
        losses = kernels.cross_entropy(logits, labels)
        if losses is None:
            classes = logits.shape[-1]
            wrong = int(np.flatnonzero((labels < 0) | (labels >= classes))[0])
            raise DataError(
                f"sparse_softmax_cross_entropy: label {int(labels.flat[wrong])} of sample {wrong} is outside "
                f"the valid range [0, {classes}). Has the last layer one unit for each class?"
            )
        return losses, (logits, labels)

    def vjp(g, residuals, needs):
        logits, labels = residuals
        if isinstance(g, np.ndarray) and isinstance(logits, np.ndarray):
            return kernels.cross_entropy_gradient(g, logits, labels), None
        chosen = np.arange(logits.shape[-1]) == labels[..., None]
        return np.expand_dims(g, -1) * (softmax(logits, axis=-1) - chosen.astype(logits.dtype)), None


@operation
class sigmoid_cross_entropy:
    """−t log σ(z) − (1 − t) log(1 − σ(z)) of logits z and targets t, elementwise."""

    domain = Domain((Values("A B"), Values("A B", low=0.0, high=1.0)))
    keeps = ("logits", "targets")

    def forward(logits, targets):
        losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
        return losses, (logits, targets)

    def vjp(g, residuals, needs):
        logits, targets = residuals
        return (
            g * (sigmoid(logits) - targets) if needs[0] else None,
            -g * logits if needs[1] else None,
        )
