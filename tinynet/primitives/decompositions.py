"""Inverses, determinants and decompositions of matrices; leading axes count the matrices.

The derivatives are those of Giles (2008), "An extended collection of matrix derivative results for forward and reverse
mode algorithmic differentiation", and Golub and Pereyra (1973) for the pseudo-inverse. Where eigenvalues or singular
values are equal, the vectors have no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.errors import DataError
from tinynet.primitives.domain import Domain, Values
from tinynet.primitives.operation import operation, unbroadcast

# Far from singular; and far from equal eigenvalues or singular values.
SQUARE = Values("A A", -0.5, 0.5, diagonal=5.0)
SQUARES = Values("C A A", -0.5, 0.5, diagonal=5.0)
MATRICES = Values("C A B", -0.5, 0.5, diagonal=5.0)
OF_SQUARE = (Domain((SQUARE,)), Domain((SQUARES,)))


def _t(x: Any) -> Any:
    """The transposed matrices."""
    return x.swapaxes(-1, -2)


def _found(function: Callable[..., Any], *arrays: Any, **settings: Any) -> Any:
    """What NumPy finds; raises `DataError` where a matrix does not have it."""
    try:
        return function(*arrays, **settings)
    except np.linalg.LinAlgError as error:
        raise DataError(f"np.linalg.{function.__name__}: {error}; received shape {arrays[0].shape}") from error


def _symmetric(x: Any) -> Any:
    return (x + _t(x)) / 2


def _gaps(x: Any) -> Any:
    """1 / (x_j − x_i) for each pair of values, and 0 on the diagonal."""
    eye = np.eye(x.shape[-1], dtype=x.dtype)
    return (1 - eye) / (x[..., None, :] - x[..., :, None] + eye)


@operation
class inv:
    """The inverses of square matrices."""

    numpy = np.linalg.inv
    domain = OF_SQUARE
    keeps = ("output",)

    def forward(x):
        y = _found(np.linalg.inv, x)
        return y, (y,)

    def vjp(g, residuals, needs):
        (y,) = residuals
        return (-(_t(y) @ g @ _t(y)),)


@operation
class det:
    """The determinants of square matrices."""

    numpy = np.linalg.det
    domain = OF_SQUARE
    keeps = ("x", "output")

    def forward(x):
        y = np.asarray(_found(np.linalg.det, x))
        return y, (x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        return ((g * y)[..., None, None] * _t(inv(x)),)


@operation
class log_abs_det:
    """log |determinant| of square matrices, which does not overflow where the determinant does."""

    domain = OF_SQUARE
    keeps = ("x",)

    def forward(x):
        return np.asarray(_found(np.linalg.slogdet, x)[1]), (x,)

    def vjp(g, residuals, needs):
        (x,) = residuals
        return (g[..., None, None] * _t(inv(x)),)


@operation
class solve:
    """The solutions x of a x = b for square matrices a (…, A, A) and the columns of b (…, A, B)."""

    numpy = np.linalg.solve
    domain = (
        Domain((SQUARE, Values("A B"))),
        Domain((SQUARES, Values("C A B"))),
        Domain((SQUARE, Values("A"))),
        Domain((SQUARE, Values("C A B"))),
    )
    keeps = ("a", "output")
    linear = (1,)

    def forward(a, b):
        x = _found(np.linalg.solve, a, b)
        return x, (a, x, b.shape)

    def vjp(g, residuals, needs):
        a, x, shape = residuals
        if len(shape) == 1:
            g, x = g.reshape(-1, 1), x.reshape(-1, 1)
        by_b = np.linalg.solve(_t(a), g)
        by_a = unbroadcast(-(by_b @ _t(x)), a.shape) if needs[0] else None
        if not needs[1]:
            return by_a, None
        return by_a, by_b.reshape(shape) if len(shape) == 1 else unbroadcast(by_b, shape)


@operation
class pinv:
    """The pseudo-inverses (Moore and Penrose) of matrices; singular values below rcond · the largest count as 0."""

    numpy = np.linalg.pinv
    domain = (Domain((MATRICES,), {"rcond": [1e-6]}), Domain((Values("C A B", 0.5, 2.0),), {"rcond": [1e-3]}, {"A": (1, 1)}))
    keeps = ("x", "output")

    def forward(x, *, rcond):
        y = _found(np.linalg.pinv, x, rcond=rcond)
        return y, (x, y)

    def vjp(g, residuals, needs, *, rcond):
        x, y = residuals
        rows, columns = np.eye(x.shape[-2], dtype=x.dtype), np.eye(x.shape[-1], dtype=x.dtype)
        return (
            (rows - x @ y) @ _t(g) @ (y @ _t(y)) + (_t(y) @ y) @ _t(g) @ (columns - y @ x) - _t(y) @ g @ _t(y),
        )


@operation
class cholesky:
    """The lower triangular L with L Lᵀ = (x + xᵀ)/2, for positive definite matrices."""

    domain = OF_SQUARE
    keeps = ("output",)

    def forward(x):
        y = _found(np.linalg.cholesky, _symmetric(x))
        return y, (y,)

    def vjp(g, residuals, needs):
        (y,) = residuals
        lower = np.tril(np.ones(y.shape[-2:], y.dtype)) - np.eye(y.shape[-1], dtype=y.dtype) / 2
        half = np.linalg.solve(_t(y), lower * (_t(y) @ g))
        return (_symmetric(_t(np.linalg.solve(_t(y), _t(half)))),)


@operation
class eigh:
    """The rising eigenvalues (…, A) and the eigenvectors, as columns (…, A, A), of (x + xᵀ)/2."""

    domain = OF_SQUARE
    keeps = ("x",)

    def forward(x):
        w, v = _found(np.linalg.eigh, _symmetric(x))
        return (w, v), (x, w, v)

    def vjp(g, residuals, needs):
        x, w, v = residuals
        if not isinstance(x, np.ndarray):
            w, v = eigh(x)  # so that they are differentiated, too
        by_w, by_v = g
        inner = 0.0 if by_w is None else np.eye(w.shape[-1], dtype=w.dtype) * by_w[..., None, :]
        if by_v is not None:
            inner = inner + _gaps(w) * (_t(v) @ by_v)
        return (_symmetric(v @ inner @ _t(v)),)


@operation
class svd:
    """u (…, A, K), the falling singular values s (…, K) and vᵀ (…, K, B) with x = u · diag(s) · vᵀ; K = min(A, B)."""

    domain = Domain((MATRICES,))
    keeps = ("x",)

    def forward(x):
        u, s, v = _found(np.linalg.svd, x, full_matrices=False)
        return (u, s, v), (x, u, s, v)

    def vjp(g, residuals, needs):
        x, u, s, vt = residuals
        if not isinstance(x, np.ndarray):
            u, s, vt = svd(x)
        by_u, by_s, by_vt = g
        inner = 0.0 if by_s is None else np.eye(s.shape[-1], dtype=s.dtype) * by_s[..., None, :]
        outer = 0.0
        if by_u is not None:
            turned = _t(u) @ by_u
            inner = inner + _gaps(s * s) * (turned - _t(turned)) * s[..., None, :]
            outer = ((by_u - u @ turned) / s[..., None, :]) @ vt
        if by_vt is not None:
            turned = vt @ _t(by_vt)
            inner = inner + s[..., :, None] * (_gaps(s * s) * (turned - _t(turned)))
            outer = outer + (u / s[..., None, :]) @ (by_vt - _t(turned) @ vt)
        return (u @ inner @ vt + outer,)


@operation
class qr:
    """q (…, A, B) of orthonormal columns and the upper triangular r (…, B, B) with x = q r; no fewer rows than columns."""

    domain = Domain((MATRICES,), derive=lambda sizes, _: {**sizes, "A": max(sizes["A"], sizes["B"])})
    keeps = ("x",)

    def forward(x):
        q, r = _found(np.linalg.qr, x)
        return (q, r), (x, q, r)

    def vjp(g, residuals, needs):
        x, q, r = residuals
        if not isinstance(x, np.ndarray):
            q, r = qr(x)
        by_q = np.zeros(q.shape, q.dtype) if g[0] is None else g[0]
        by_r = np.zeros(r.shape, r.dtype) if g[1] is None else g[1]
        lower = np.tril(np.ones(r.shape[-2:], r.dtype))
        inner = lower * (r @ _t(by_r) - _t(by_q) @ q)
        inner = inner + _t(inner * np.tril(lower, -1))
        return (_t(np.linalg.solve(r, _t(by_q + q @ inner))),)
