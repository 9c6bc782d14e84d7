"""Normalisation: zero mean and unit variance over some axes, then a learned scale and offset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.primitives.domain import Absent, Domain, Values
from tinynet.primitives.operation import operation, unbroadcast


def _by_column(x: Any, gamma: Any, beta: Any, axes: tuple[int, ...]) -> bool:
    """Whether this is batch normalisation of channels at the end, for which there are kernels."""
    columns = x.shape[-1:]
    return axes == tuple(range(x.ndim - 1)) and all(w is None or w.shape == columns for w in (gamma, beta))


def _mean(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean over `axes`, kept as axes of size 1."""
    return x.sum(axis=axes, keepdims=True) / max(1, math.prod(x.shape[a] for a in axes))


def _moments(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and variance, as Keras takes them: the variance is divided by the count."""
    mean = _mean(x, axes)
    return mean, _mean(np.square(x - mean), axes)


def scale_and_offset(mean: Any, var: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any]:
    """What x is multiplied by and what is then added, in the order in which Keras computes it."""
    scale = 1 / np.sqrt(var + epsilon)
    if gamma is not None:
        scale = scale * gamma
    return scale, -mean * scale if beta is None else beta - mean * scale


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
        if _by_column(x, gamma, beta, axes):
            mean, var = kernels.column_moments(x)
            output = kernels.scale_columns(x, *scale_and_offset(mean, var, gamma, beta, epsilon))
            mean, var = (a.reshape((1,) * (x.ndim - 1) + (-1,)) for a in (mean, var))
        else:
            mean, var = _moments(x, axes)
            scale, offset = scale_and_offset(mean, var, gamma, beta, epsilon)
            output = x * scale + offset
        return (output, mean, var), (x, gamma, beta, mean, var)

    def vjp(g, residuals, needs, *, axes, epsilon):
        x, gamma, beta, mean, var = residuals
        if _by_column(x, gamma, beta, axes) and g[0] is not None:
            return _gradients_by_column(*g, *residuals, needs, epsilon)
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
        scale, offset = scale_and_offset(mean, var, gamma, beta, epsilon)
        return x * scale + offset, mean, var


def _gradients_by_column(g, g_mean, g_var, x, gamma, beta, mean, var, needs, epsilon):
    """`normalize.vjp` where there are kernels: one pass for two sums of each column, and one for x's cotangent."""
    mean, var = mean.reshape(-1), var.reshape(-1)
    count = max(1, x.size // max(1, x.shape[-1]))
    inverse = 1 / np.sqrt(var + epsilon)
    total, products = kernels.column_products(g, x, mean)
    by_gamma, by_beta = products * inverse, total
    by_x = None
    if needs[0]:
        scale = inverse if gamma is None else inverse * gamma
        by_deviation = -scale * inverse * by_gamma / count
        offset = -scale * by_beta / count
        if g_mean is not None:
            offset = offset + g_mean.reshape(-1) / count
        if g_var is not None:
            by_deviation = by_deviation + g_var.reshape(-1) * (2 / count)
        by_x = kernels.combine_columns(g, x, mean, scale, by_deviation, offset)
    return by_x, by_gamma if needs[1] else None, by_beta if needs[2] else None


@operation
class scale_columns:
    """x · scale + offset, for x (…, C) and scale and offset (C,)."""

    domain = Domain((Values("A B C"), Values("C"), Values("C")), sizes={"A": (2, 4), "C": (2, 4)})
    keeps = ("x", "scale", "constant")

    def forward(x, scale, offset):
        return kernels.scale_columns(x, scale, offset), (x, scale, offset.shape)

    def vjp(g, residuals, needs):
        x, scale, columns = residuals
        return (
            g * scale if needs[0] else None,
            unbroadcast(g * x, columns) if needs[1] else None,
            unbroadcast(g, columns) if needs[2] else None,
        )
