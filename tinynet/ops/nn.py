"""Activation functions on tensors, elementwise unless said otherwise: keras.io/api/ops/nn.

Each takes a tensor, an array or numbers and returns a tensor of the same shape and floating
dtype; integers become `floatx()`, but for `relu` and `relu6`, which keep them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinynet.autograd.tags import set_logits
from tinynet.autograd.tensor import Tensor, record, wrap
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import Axis, axes, floating, one_axis, tensor
from tinynet.primitives import (
    arithmetic,
    classification,
    elementwise,
    lookup,
    reductions,
    shapes,
)


def relu(x: Any) -> Tensor:
    """max(x, 0) (Nair and Hinton 2010); its derivative at 0 is 0.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return record(elementwise.relu, (tensor(x),), {})


def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6) (Krizhevsky 2010); its derivative at 0 and at 6 is 0.

    >>> relu6([-1.0, 2.0, 9.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    return record(elementwise.relu6, (tensor(x),), {})


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where x > 0, elsewhere negative_slope · x (Maas et al. 2013); its derivative at 0 is the slope.

    >>> leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]
    """
    return record(elementwise.leaky_relu, (floating(x),), {"negative_slope": float(negative_slope)})


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, elsewhere alpha (eˣ − 1) (Clevert et al. 2016); its derivative at 0 is alpha.

    >>> elu([-100.0, 2.0], alpha=0.5).tolist()
    [-0.5, 2.0]
    """
    return record(elementwise.elu, (floating(x),), {"alpha": float(alpha)})


def selu(x: Any) -> Tensor:
    """1.0507 · elu(x, 1.6733), which keeps mean 0 and variance 1 (Klambauer et al. 2017).

    >>> round(selu(1.0).item(), 4)
    1.0507
    """
    return record(elementwise.selu, (floating(x),), {})


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(0, alpha (e^(x/alpha) − 1)) (Barron 2017).

    Its derivative at 0 is 2, the sum of both branches, as in Keras.

    Raises `ArgumentError` for alpha = 0.

    >>> celu([-100.0, 2.0], alpha=0.5).tolist()
    [-0.5, 2.0]
    """
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0, it divides x")
    x = floating(x)
    positive = record(arithmetic.maximum, (x, 0.0), {})
    negative = record(arithmetic.minimum, (x, 0.0), {})
    return positive + alpha * record(elementwise.expm1, (negative / alpha,), {})


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """x Φ(x), Φ the normal distribution, or its tanh approximation (Hendrycks and Gimpel 2016).

    approximate: here True unless said otherwise, in `tinynet.activations.gelu` False, as in Keras.

    >>> round(gelu(1.0).item(), 4), round(gelu(1.0, approximate=False).item(), 4)
    (0.8412, 0.8413)
    """
    return record(elementwise.gelu, (floating(x),), {"approximate": bool(approximate)})


def silu(x: Any) -> Tensor:
    """x · sigmoid(x), also called swish (Ramachandran et al. 2017).

    >>> round(silu(1.0).item(), 4)
    0.7311
    """
    return record(elementwise.silu, (floating(x),), {})


def hard_sigmoid(x: Any) -> Tensor:
    """relu6(x + 3)/6, as in Keras 3 (Keras 2 had another slope).

    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return record(elementwise.hard_sigmoid, (floating(x),), {})


def hard_silu(x: Any) -> Tensor:
    """x · hard_sigmoid(x), also called hard swish (Howard et al. 2019).

    >>> hard_silu([0.0, 1.5, 3.0]).tolist()
    [0.0, 1.125, 3.0]
    """
    x = floating(x)
    return x * record(elementwise.hard_sigmoid, (x,), {})


def swish(x: Any) -> Tensor:
    """As `silu`.

    >>> swish([0.0]).tolist()
    [0.0]
    """
    return silu(x)


def hard_swish(x: Any) -> Tensor:
    """As `hard_silu`.

    >>> hard_swish([3.0]).tolist()
    [3.0]
    """
    return hard_silu(x)


def sigmoid(x: Any) -> Tensor:
    """1/(1 + e⁻ˣ), without overflow.

    The result remembers x as its logits (`tinynet.autograd.tags.logits_of`), so that a
    cross-entropy of it is computed without rounding.

    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    x = floating(x)
    output = record(elementwise.sigmoid, (x,), {})
    set_logits(output, x)
    return output


def log_sigmoid(x: Any) -> Tensor:
    """log sigmoid(x) = −softplus(−x), without overflow.

    >>> log_sigmoid([-1000.0, 1000.0]).tolist()
    [-1000.0, -0.0]
    """
    return -record(elementwise.softplus, (-floating(x),), {})


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).

    >>> round(tanh(1.0).item(), 4)
    0.7616
    """
    return record(elementwise.tanh, (floating(x),), {})


def tanh_shrink(x: Any) -> Tensor:
    """x − tanh(x).

    >>> round(tanh_shrink(1.0).item(), 4)
    0.2384
    """
    x = floating(x)
    return x - record(elementwise.tanh, (x,), {})


def hard_tanh(x: Any) -> Tensor:
    """x limited to [−1, 1]; the derivative is 1 inside and at both ends.

    >>> hard_tanh([-3.0, 0.5, 3.0]).tolist()
    [-1.0, 0.5, 1.0]
    """
    return record(elementwise.clip, (floating(x),), {"x_min": -1.0, "x_max": 1.0})


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, 0 elsewhere.

    >>> hard_shrink([-3.0, 0.5, 3.0]).tolist()
    [-3.0, 0.0, 3.0]
    """
    x = floating(x)
    return record(arithmetic.where, (wrap(np.abs(x._data) > threshold), x, 0.0), {})


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x moved towards 0 by threshold; 0 where |x| <= threshold.

    >>> soft_shrink([-3.0, 0.5, 3.0]).tolist()
    [-2.5, 0.0, 2.5]
    """
    x = floating(x)
    below = record(arithmetic.where, (wrap(x._data < -threshold), x + threshold, 0.0), {})
    return record(arithmetic.where, (wrap(x._data > threshold), x - threshold, below), {})


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """max(x − τ, 0) along `axis`, after Martins and Astudillo 2016, with the τ of Keras 3.15.

    Of the elements in descending order the first k are the support: those with
    1 + i · xᵢ > x₁ + … + xᵢ. In the paper τ is (x₁ + … + xₖ − 1)/k and the result a distribution. Keras
    takes the sum of all k cumulative sums in place of the last one; this is Keras's function, and
    its result is no distribution unless k = 1.

    Raises `ArgumentError` for an axis that is not there.

    >>> sparsemax([3.0, 1.0]).tolist(), sparsemax([0.5, 0.0]).tolist()
    ([1.0, 0.0], [0.5, 0.0])
    """
    x = floating(x)
    axis = one_axis(axis, x.ndim, "sparsemax") % x.ndim
    order = np.argsort(-x._data, axis=axis, kind="stable")
    largest = np.take_along_axis(x._data, order, axis)
    number = np.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    support = largest - (np.cumsum(largest, axis=axis) - 1) / number > 0
    # The i-th element is in the cumulative sums from the i-th on: so often it is added.
    times = np.flip(np.cumsum(np.flip(support, axis), axis=axis), axis).astype(x.dtype)
    added = np.empty_like(times)
    np.put_along_axis(added, order, times, axis)
    tau = ((x * added).sum(axis=axis, keepdims=True) - 1) / support.sum(axis=axis, keepdims=True).astype(x.dtype)
    return np.maximum(x - tau, x.dtype.type(0))


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, default_value elsewhere.

    >>> threshold([-3.0, 0.5, 3.0], 0.5, 9.0).tolist()
    [9.0, 9.0, 3.0]
    """
    x = floating(x)
    return record(arithmetic.where, (wrap(x._data > threshold), x, default_value), {})


def softplus(x: Any) -> Tensor:
    """log(1 + eˣ), without overflow (Dugas et al. 2001).

    >>> softplus([-1000.0, 1000.0]).tolist()
    [0.0, 1000.0]
    """
    return record(elementwise.softplus, (floating(x),), {})


def softsign(x: Any) -> Tensor:
    """x/(1 + |x|).

    >>> softsign([-3.0, 1.0]).tolist()
    [-0.75, 0.5]
    """
    x = floating(x)
    return x / (abs(x) + 1)


def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + √(x² + b))/2 (Barron 2021).

    >>> squareplus([0.0, 1.5]).tolist()
    [1.0, 2.0]
    """
    x = floating(x)
    return (x + record(elementwise.sqrt, (x * x + b,), {})) / 2


def sparse_plus(x: Any) -> Tensor:
    """0 up to −1, (x + 1)²/4 up to 1, x beyond (Blondel et al. 2019).

    >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    x = floating(x)
    rising = record(elementwise.square, (x + 1,), {}) * 0.25
    above = record(arithmetic.where, (wrap(x._data < 1), rising, x), {})
    return record(arithmetic.where, (wrap(x._data <= -1), 0.0, above), {})


def sparse_sigmoid(x: Any) -> Tensor:
    """0 up to −1, (x + 1)/2 up to 1, 1 beyond (Martins and Astudillo 2016).

    >>> sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    x = floating(x)
    above = record(arithmetic.where, (wrap(x._data >= 1), 1.0, (x + 1) * 0.5), {})
    return record(arithmetic.where, (wrap(x._data <= -1), 0.0, above), {})


def glu(x: Any, axis: int = -1) -> Tensor:
    """a · sigmoid(b), with a and b the two halves of x along `axis` (Dauphin et al. 2017).

    Raises `ShapeError` when that axis has an odd size.

    >>> glu([2.0, 4.0, 0.0, 0.0]).tolist()
    [1.0, 2.0]
    """
    x = floating(x)
    axis = one_axis(axis, x.ndim, "glu")
    if x.shape[axis] % 2:
        raise ShapeError(
            f"glu: axis {axis} is split in two halves, but shape {x.shape} has an odd size there"
        )
    a, b = record(shapes.split, (x,), {"indices": 2, "axis": axis})
    return a * record(elementwise.sigmoid, (b,), {})


def softmax(x: Any, axis: Axis = -1) -> Tensor:
    """eˣ / Σ eˣ along one axis, several, or all (None), without overflow.

    The result remembers x as its logits (`tinynet.autograd.tags.logits_of`), so that a
    cross-entropy of it is computed without rounding.

    Raises `ArgumentError` for an axis that is not there.

    >>> softmax([[1000.0, 1000.0], [0.0, -1000.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    x = floating(x)
    axis = axes(axis, x.ndim, "softmax")
    if type(axis) is int:
        if x._data.shape[axis] == 1:
            warnings.warn(
                f"softmax over axis {axis} of shape {x.shape} is always 1: that axis has one element. "
                "Is sigmoid meant?",
                stacklevel=2,
            )
        output = record(classification.softmax, (x,), {"axis": axis})
    else:
        output = record(elementwise.exp, (_minus_logsumexp(x, axis),), {})
    set_logits(output, x)
    return output


def log_softmax(x: Any, axis: Axis = -1) -> Tensor:
    """log softmax(x) along one axis, several, or all (None), without overflow.

    Raises `ArgumentError` for an axis that is not there.

    >>> log_softmax([0.0, -1000.0]).tolist()
    [0.0, -1000.0]
    """
    x = floating(x)
    axis = axes(axis, x.ndim, "log_softmax")
    if type(axis) is int:
        return record(classification.log_softmax, (x,), {"axis": axis})
    return _minus_logsumexp(x, axis)


def _minus_logsumexp(x: Tensor, axis: Any) -> Tensor:
    return x - record(reductions.logsumexp, (x,), {"axis": axis, "keepdims": True})


def dropout(x: Any, keep: Any, rate: float) -> Tensor:
    """x/(1 − rate) where the mask `keep` holds, 0 elsewhere (Srivastava et al. 2014).

    keep: truth values that broadcast to x; drawing them is the caller's part.

    Raises `ArgumentError` unless 0 <= rate < 1.

    >>> dropout([1.0, 2.0, 3.0], [True, False, True], rate=0.5).tolist()
    [2.0, 0.0, 6.0]
    """
    if not 0 <= rate < 1:
        raise ArgumentError(f"dropout: rate must be at least 0 and below 1, received {rate!r}")
    return record(lookup.dropout, (floating(x), tensor(keep)), {"rate": rate})
