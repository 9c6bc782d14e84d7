"""Normalisation: zero mean and unit variance over some axes, then a learned scale and offset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.primitives.domain import Absent, Domain, Values
from tinynet.primitives.operation import operation, unbroadcast


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean over `axes`, kept as axes of size 1.

    Over all axes but the last, a product with a row of ones is quicker than NumPy's sum and
    adds up in blocks, which keeps float32 exact over long axes.
    """
    count = max(1, math.prod(x.shape[a] for a in axes))
    if axes == tuple(range(x.ndim - 1)) and x.size:
        rows = x.reshape(-1, x.shape[-1])
        total = np.ones((1, rows.shape[0]), x.dtype) @ rows
        return (total / count).reshape((1,) * (x.ndim - 1) + (-1,))
    return x.sum(axis=axes, keepdims=True) / count


def _moments(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and variance, as Keras takes them: the variance is divided by the count."""
    mean = _mean(x, axes)
    return mean, _mean(np.square(x - mean), axes)


def _scaled(x: Any, mean: Any, var: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    inverse = 1 / np.sqrt(var + epsilon)
    if gamma is not None:
        inverse = inverse * gamma
    offset = -mean * inverse if beta is None else beta - mean * inverse
    return x * inverse + offset


@operation
class normalize:
    """(x − mean)/√(variance + epsilon) · gamma + beta, with the moments of x over `axes`.

    Over all axes but the channels this is batch normalisation (Ioffe and Szegedy 2015), over the
    features layer normalisation (Ba et al. 2016). gamma and beta broadcast to x or are None.
    Outputs: the result, and the mean and the variance with `axes` kept as axes of size 1.
    """

    domain = tuple(
        Domain((Values("A B C"), gamma, beta), {"axes": axes, "epsilon": [1e-3, 0.1]}, {"A": (2, 4), "C": (2, 4)})
        for axes in ([(0, 1), (2,)],)
        for gamma, beta in (
            (Values("C"), Values("C")), (Absent(), Values("C")), (Values("C"), Absent()), (Absent(), Absent()),
        )
    )  # fmt: skip

    def forward(x, gamma, beta, *, axes, epsilon):
        mean, var = _moments(x, axes)
        output = _scaled(x, mean, var, gamma, beta, epsilon)
        return (output, mean, var), (x, gamma, beta, mean, var)

    def vjp(g, residuals, needs, *, axes, epsilon):
        x, gamma, beta, mean, var = residuals
        g_output, g_mean, g_var = g
        by_x = by_gamma = by_beta = None
        count = max(1, math.prod(x.shape[a] for a in axes))
        if g_output is not None:
            inverse = 1 / np.sqrt(var + epsilon)
            centred = (x - mean) * inverse
            if needs[0]:
                inner = g_output if gamma is None else g_output * gamma
                by_x = inverse * (inner - _mean(inner, axes) - centred * _mean(inner * centred, axes))
            if needs[1]:
                by_gamma = unbroadcast(g_output * centred, gamma.shape)
            if needs[2]:
                by_beta = unbroadcast(g_output, beta.shape)
        if needs[0]:
            if by_x is None:
                by_x = np.zeros_like(x)
            if g_mean is not None:
                by_x = by_x + g_mean / count
            if g_var is not None:
                by_x = by_x + g_var * (2 / count) * (x - mean)
        return (
            by_x,
            np.zeros_like(gamma) if needs[1] and by_gamma is None else by_gamma,
            np.zeros_like(beta) if needs[2] and by_beta is None else by_beta,
        )

    def composed(x, gamma, beta, *, axes, epsilon):
        mean = x.mean(axis=axes, keepdims=True)
        var = np.square(x - mean).mean(axis=axes, keepdims=True)
        return _scaled(x, mean, var, gamma, beta, epsilon), mean, var
