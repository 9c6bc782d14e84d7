"""Inverses, determinants, decompositions and systems of equations: keras.io/api/ops/linalg.

Matrices are the last two axes; leading axes count them. Integers become `floatx()`. `ShapeError` is raised for what are
no matrices, or no square ones where they have to be; `DataError` for matrices that have no inverse or no such
decomposition.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd import tape
from tinynet.autograd.tensor import Tensor, constant, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import floating, pair
from tinynet.ops.arithmetic import where
from tinynet.ops.diagonals import diagonal, tril, triu
from tinynet.ops.elementwise import log
from tinynet.ops.reductions import sum
from tinynet.ops.shapes import concatenate, expand_dims, squeeze, swapaxes, take_along_axis
from tinynet.primitives import decompositions


def _matrices(x: Any, where: str) -> Tensor:
    x = floating(x)
    if x.ndim < 2:
        raise ShapeError(f"{where}: expected matrices of shape (…, M, N), received shape {x.shape}")
    return x


def _square(x: Any, where: str) -> Tensor:
    x = _matrices(x, where)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{where}: expected square matrices of shape (…, M, M), received shape {x.shape}")
    return x


def inv(x: Any) -> Tensor:
    """The inverses of square matrices (…, M, M).

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return record(decompositions.inv, (_square(x, "inv"),), {})


def det(x: Any) -> Tensor:
    """The determinants (…) of square matrices (…, M, M).

    Its derivative raises `DataError` where a matrix is singular.

    >>> det([[2.0, 0.0], [0.0, 4.0]]).item()
    8.0
    """
    return record(decompositions.det, (_square(x, "det"),), {})


def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """The signs of the determinants of square matrices (…, M, M), and the logarithms of their absolute values.

    >>> [part.item() for part in slogdet([[0.0, 1.0], [1.0, 0.0]])]
    [-1.0, 0.0]
    """
    x = _square(x, "slogdet")
    sign = constant(lambda matrices: np.linalg.slogdet(matrices)[0], x)
    return sign, record(decompositions.log_abs_det, (x,), {})


def logdet(x: Any) -> Tensor:
    """The logarithms (…) of the determinants of symmetric positive definite matrices (…, M, M).

    >>> logdet([[2.0, 0.0], [0.0, 0.5]]).item()
    0.0
    """
    return 2.0 * sum(log(diagonal(cholesky(_square(x, "logdet")), axis1=-2, axis2=-1)), axis=-1)


def solve(a: Any, b: Any) -> Tensor:
    """The solutions x of a x = b: vectors where b is (…, M), or the columns of (…, M, N), for a (…, M, M).

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    return _solved(*_system(a, b, "solve"))


def _system(a: Any, b: Any, where: str) -> tuple[Tensor, Tensor]:
    a, b = pair(floating(a), floating(b), where)
    a = _square(a, where)
    if b.ndim not in (a.ndim - 1, a.ndim) or b.shape[: a.ndim - 1] != a.shape[:-1]:
        raise ShapeError(f"{where}: expected b of shape {a.shape[:-1]} or {(*a.shape[:-1], 'N')}, received {b.shape}")
    return a, b


def _solved(a: Tensor, b: Tensor) -> Tensor:
    if b.ndim == a.ndim:
        return record(decompositions.solve, (a, b), {})
    return squeeze(record(decompositions.solve, (a, expand_dims(b, -1)), {}), -1)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """The solutions x of a x = b, where of a only the upper triangle is read, or only the lower one.

    Shapes are those of `solve`.

    >>> solve_triangular([[1.0, 2.0], [9.0, 5.0]], [2.0, 10.0]).tolist()
    [-2.0, 2.0]
    """
    a, b = _system(a, b, "solve_triangular")
    return _solved(tril(a) if lower else triu(a), b)


def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """The pseudo-inverses (…, N, M) of matrices (…, M, N), after Moore and Penrose.

    rcond: singular values up to this share of the largest count as 0; None is the rounding of the dtype times the
        larger of M and N.

    Raises `ArgumentError` for a negative rcond.

    >>> pinv([[2.0], [0.0]]).tolist()
    [[0.5, 0.0]]
    """
    x = _matrices(x, "pinv")
    if rcond is None:
        rcond = float(np.finfo(x.dtype).eps) * max(x.shape[-2:])
    if isinstance(rcond, bool) or not isinstance(rcond, (int, float)) or not rcond >= 0:
        raise ArgumentError(f"pinv: expected rcond to be a number from 0 on, received {rcond!r}")
    return record(decompositions.pinv, (x,), {"rcond": rcond})


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """The smallest x (N) or (N, K) for which a x comes nearest to b (M) or (M, K), in squares; a is (M, N).

    rcond: as in `pinv`.

    >>> lstsq([[1.0], [1.0]], [1.0, 3.0]).numpy().round(4).tolist()
    [2.0]
    """
    a, b = pair(floating(a), floating(b), "lstsq")
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ShapeError(
            f"lstsq: expected a of shape (M, N) and b of shape (M) or (M, K), received {a.shape} and {b.shape}"
        )
    return pinv(a, rcond) @ b


def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """How many singular values of the matrices (…, M, N) are above `tol`: int32 (…).

    tol: None is the largest singular value times the rounding of the dtype times the larger of M and N.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
    return constant(np.linalg.matrix_rank, _matrices(x, "matrix_rank"), tol=tol).astype(np.int32)


def cholesky(x: Any, upper: bool = False) -> Tensor:
    """The lower triangular L with L Lᵀ = x for symmetric positive definite matrices, or the upper Lᵀ.

    Of an x that is not symmetric it is the one of (x + xᵀ)/2. Raises `DataError` where there is none.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    lower = record(decompositions.cholesky, (_square(x, "cholesky"),), {})
    return swapaxes(lower, -1, -2) if upper else lower


def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """The inverses of the matrices whose Cholesky factors are x: (…, M, M), lower triangular or upper.

    >>> cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    x = _square(x, "cholesky_inverse")
    inverse = inv(swapaxes(triu(x), -1, -2) if upper else tril(x))
    return swapaxes(inverse, -1, -2) @ inverse


def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """The rising eigenvalues (…, M) of symmetric matrices (…, M, M), and their eigenvectors as columns.

    Of an x that is not symmetric they are those of (x + xᵀ)/2. Eigenvectors have a derivative where no two
    eigenvalues are equal.

    >>> values, vectors = eigh([[3.0, 0.0], [0.0, 1.0]])
    >>> values.tolist()
    [1.0, 3.0]
    """
    return record(decompositions.eigh, (_square(x, "eigh"),), {})


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """u (…, M, M), the falling singular values s (…, K) and vᵀ (…, N, N) of x (…, M, N), K the smaller of M and N.

    full_matrices: without it u is (…, M, K) and vᵀ (…, K, N), with x = u · diag(s) · vᵀ.
    compute_uv: without it s alone is returned.

    The vectors have a derivative where no two singular values are equal. Raises `ArgumentError` for the derivative
    of full matrices that are not square: the columns beyond K are any that are orthogonal to the others.

    >>> svd([[0.0, 2.0], [1.0, 0.0]], compute_uv=False).tolist()
    [2.0, 1.0]
    """
    x = _matrices(x, "svd")
    if not compute_uv:
        return record(decompositions.svd, (x,), {})[1]
    if not full_matrices or x.shape[-1] == x.shape[-2]:
        return record(decompositions.svd, (x,), {})
    _refuse_derivative(x, "svd", "full_matrices=False")
    return _constants(np.linalg.svd, x)


def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """q of orthonormal columns and the upper triangular r with x = q r, for matrices (…, M, N).

    mode: 'reduced' gives q (…, M, K) and r (…, K, N) with the smaller K of M and N, 'complete' (…, M, M) and (…, M, N).

    Raises `ArgumentError` for another mode, and for the derivative of 'complete' where M is above N.

    >>> q, r = qr([[3.0], [4.0]])
    >>> (q @ r).numpy().round(4).tolist()
    [[3.0], [4.0]]
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"qr: mode must be 'reduced' or 'complete', received {mode!r}")
    x = _matrices(x, "qr")
    rows, columns = x.shape[-2:]
    if rows > columns and mode == "complete":
        _refuse_derivative(x, "qr", "mode='reduced'")
        return _constants(np.linalg.qr, x, mode="complete")
    if rows >= columns:
        return record(decompositions.qr, (x,), {})
    q, r = record(decompositions.qr, (x[..., :rows],), {})
    return q, concatenate([r, swapaxes(q, -1, -2) @ x[..., rows:]], axis=-1)


def _constants(function: Any, x: Tensor, **settings: Any) -> Any:
    """Several results that have no derivative."""
    return tuple(map(Tensor, function(x.numpy(), **settings)))


def _refuse_derivative(x: Tensor, where: str, remedy: str) -> None:
    if x.requires_grad and tape.is_recording():
        raise ArgumentError(f"{where}: the full matrices of shape {x.shape} have no derivative. Pass {remedy}.")


def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """Lower and upper triangular matrices whose product is x (…, M, N) with some rows exchanged, in one.

    Returns the upper triangle with its diagonal and, below it, the lower triangle, whose diagonal is 1: (…, M, N); and
    int32 (…, K) with the smaller K of M and N: in step k row k was exchanged with that row, as in LAPACK.

    >>> lu, pivots = lu_factor([[1.0, 2.0], [2.0, 2.0]])
    >>> lu.tolist(), pivots.tolist()
    ([[2.0, 2.0], [0.5, 1.0]], [1, 1])
    """
    x = _matrices(x, "lu_factor")
    rows, columns = x.shape[-2:]
    pivots = np.zeros((*x.shape[:-2], min(rows, columns)), np.int32)
    for k in range(min(rows, columns)):
        pivot = k + np.argmax(np.abs(x.numpy()[..., k:, k]), axis=-1)[..., None]
        pivots[..., k] = pivot[..., 0]
        order = np.broadcast_to(np.arange(rows), (*x.shape[:-2], rows)).copy()
        np.put_along_axis(order, pivot, k, axis=-1)
        order[..., k] = pivot[..., 0]
        x = take_along_axis(x, np.broadcast_to(order[..., None], x.shape), axis=-2)
        above, row, below = x[..., : k + 1, :], x[..., k : k + 1, :], x[..., k + 1 :, :]
        zero = row[..., k : k + 1] == 0  # then the whole column below it is 0, too
        factors = below[..., k : k + 1] / where(zero, 1.0, row[..., k : k + 1])
        rest = below[..., k + 1 :] - factors * row[..., k + 1 :]
        x = concatenate([above, concatenate([below[..., :k], factors, rest], axis=-1)], axis=-2)
    return x, Tensor(pivots)
