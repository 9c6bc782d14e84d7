"""Products and norms of vectors, matrices and tensors: keras.io/api/ops/numpy and ops/linalg.

Operands of different dtypes are promoted as in `tinynet.ops.arithmetic`. `ShapeError` is raised
for shapes that do not fit.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import Axis, floating, pair, promoted
from tinynet.ops._arguments import axes as checked_axes
from tinynet.ops.arithmetic import divide, maximum, where
from tinynet.ops.elementwise import abs, rsqrt, sqrt, square
from tinynet.ops.logic import equal, not_equal
from tinynet.ops.reductions import max, min, sum
from tinynet.ops.shapes import expand_dims, moveaxis
from tinynet.primitives import decompositions, linalg
from tinynet.primitives.operation import normalized_axes


def matmul(x1: Any, x2: Any) -> Tensor:
    """Rows times columns over the last two axes; leading axes broadcast.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    return record(linalg.matmul, pair(x1, x2, "matmul"), {})


def dot(x1: Any, x2: Any) -> Tensor:
    """The sum of products over the last axis of x1 and the last but one of x2 (of a vector, its only one).

    With a scalar, the product.

    >>> dot([1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    a, b = pair(x1, x2, "dot")
    return a.dot(b)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """The sum of products over the axes named in both; the other axes are kept, x1's first.

    axes: how many of x1's last and x2's first axes, or a pair of (lists of) axes.

    >>> tensordot([[1.0, 2.0]], [[3.0, 4.0]], axes=[1, 1]).tolist()
    [[11.0]]
    """
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise ArgumentError(f"tensordot: axes must be an integer or a pair, received {axes!r}")
        axes = tuple(tuple(part) if isinstance(part, (list, tuple)) else part for part in axes)
    return record(linalg.tensordot, pair(x1, x2, "tensordot"), {"axes": axes})


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Einstein's summation: products summed over the indices missing from the result.

    The one keyword there is, `optimize`, is accepted and changes nothing: the order of the
    products is always chosen well.

    Raises `ArgumentError` for another keyword, for subscripts that do not fit the operands, and
    for an index repeated within one operand.

    >>> einsum("ij,ij->i", [[1.0, 2.0]], [[3.0, 4.0]]).tolist()
    [11.0]
    """
    unknown = [key for key in kwargs if key != "optimize"]
    if unknown:
        raise ArgumentError(f"einsum: unknown keyword {unknown[0]!r}")
    return record(linalg.einsum, promoted(operands, "einsum"), {"subscripts": subscripts})


def outer(x1: Any, x2: Any) -> Tensor:
    """All products of an element of x1 and one of x2: a matrix, whatever their shapes.

    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    a, b = pair(x1, x2, "outer")
    return a.reshape(-1, 1) * b.reshape(-1)


def inner(x1: Any, x2: Any) -> Tensor:
    """The sums of products over the last axes; with a number, the product.

    >>> inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    a, b = pair(x1, x2, "inner")
    return record(linalg.tensordot, (a, b), {"axes": (-1, -1)}) if a.ndim and b.ndim else a * b


def vdot(x1: Any, x2: Any) -> Tensor:
    """The sum of products of all elements in their order.

    >>> vdot([[1.0], [2.0]], [3.0, 4.0]).item()
    11.0
    """
    a, b = pair(x1, x2, "vdot")
    return a.reshape(-1).dot(b.reshape(-1))


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """The cross products of vectors of 3 elements along an axis of each.

    axisa, axisb, axisc: the axis of x1, of x2 and of the result; `axis` is all three.

    Raises `ShapeError` for vectors of another length.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    a, b = pair(x1, x2, "cross")
    of_a, of_b, of_result = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    if not a.ndim or not b.ndim:
        raise ShapeError(f"cross: expected vectors, received shapes {a.shape} and {b.shape}")
    a, b = moveaxis(a, of_a, -1), moveaxis(b, of_b, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(f"cross: expected 3 elements along the axes, received {a.shape[-1]} and {b.shape[-1]}")
    next_a, next_b = a[..., [1, 2, 0]], b[..., [1, 2, 0]]
    result = (a * next_b - next_a * b)[..., [1, 2, 0]]
    return moveaxis(result, -1, of_result)


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The length of vectors along one axis, or the norm of matrices over two.

    ord, of vectors: a number p other than 0 for (Σ |x|^p)^(1/p), 2 without it; inf and -inf for the largest and the
        smallest |x|; 0 for how many elements are not 0.
    ord, of matrices: 'fro' (None) for √Σ x²; 1 and -1 for the largest and the smallest sum of |x| in a column, inf and
        -inf in a row; 2 and -2 for the largest and the smallest singular value, 'nuc' for their sum.
    axis: None is all axes: over more than two, or without `ord`, √Σ x².

    Raises `ArgumentError` for another `ord`.

    >>> norm([3.0, 4.0]).item(), norm([3.0, -4.0], ord=1).item()
    (5.0, 7.0)
    >>> norm([[3.0, 0.0], [0.0, -4.0]], ord="nuc").item()
    7.0
    """
    x = floating(x)
    reduced = normalized_axes(checked_axes(axis, x.ndim, "norm"), x.ndim)
    if ord is None or (ord == 2 and len(reduced) == 1) or (ord == "fro" and len(reduced) == 2):
        return sqrt(sum(square(x), reduced, keepdims))
    if len(reduced) == 1 and not isinstance(ord, str):
        return _of_vectors(x, ord, reduced, keepdims)
    if len(reduced) == 2 and ord in (1, -1, 2, -2, math.inf, -math.inf, "nuc"):
        found = _of_matrices(x, ord, *reduced)
        return found if keepdims else found.squeeze(reduced)
    raise ArgumentError(f"norm: ord={ord!r} over {len(reduced)} axes is not supported")


def _of_vectors(x: Tensor, ord: float, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    if math.isinf(ord):
        return (max if ord > 0 else min)(abs(x), axis, keepdims)
    if ord == 0:
        return sum(not_equal(x, 0).astype(x.dtype), axis, keepdims)
    with np.errstate(divide="ignore"):  # 0 to a negative power is inf, and inf to it is 0 again
        return sum(abs(x) ** ord, axis, keepdims) ** (1 / ord)


def _of_matrices(x: Tensor, ord: Any, row: int, column: int) -> Tensor:
    """The norm over two axes, which stay as axes of size 1."""
    if ord in (2, -2, "nuc"):
        values = record(decompositions.svd, (moveaxis(x, (row, column), (-2, -1)),), {})[1]
        found = sum(values, -1) if ord == "nuc" else (max if ord > 0 else min)(values, -1)
        for axis in sorted((row, column)):
            found = expand_dims(found, axis)
        return found
    added, compared = (row, column) if ord in (1, -1) else (column, row)
    return (max if ord > 0 else min)(sum(abs(x), added, keepdims=True), compared, keepdims=True)


def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """x divided by its norm over `axis`: x · min(1/√Σx², 1/epsilon) for order 2.

    epsilon: the smallest norm to divide by; None is `tinynet.config.epsilon()`.

    Raises `ArgumentError` unless order is a positive integer.

    >>> normalize([3.0, 4.0]).numpy().round(4).tolist() == [0.6000000238418579, 0.800000011920929]
    True
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ArgumentError(f"normalize: order must be a positive integer, received {order!r}")
    x = floating(x)
    x = x.reshape(1) if x.ndim == 0 else x
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        # The same as min(1/√Σx², 1/epsilon), but for the derivative at x = 0, which would be 0 · ∞.
        least = x.dtype.type(np.maximum(epsilon**2, np.finfo(x.dtype).tiny))
        return x * rsqrt(maximum(sum(square(x), axis, keepdims=True), least))
    return divide(x, maximum(norm(x, order, axis, keepdims=True), epsilon))


def kron(x1: Any, x2: Any) -> Tensor:
    """The Kronecker product: a block of x2 for each element of x1, multiplied by it.

    >>> kron([[1, 2]], [[1], [3]]).tolist()
    [[1, 2], [3, 6]]
    """
    a, b = pair(x1, x2, "kron")
    rank = builtins.max(a.ndim, b.ndim)
    a, b = (x.reshape((1,) * (rank - x.ndim) + x.shape) for x in (a, b))
    apart = a.reshape([n for size in a.shape for n in (size, 1)]) * b.reshape([n for size in b.shape for n in (1, size)])
    return apart.reshape([n * m for n, m in zip(a.shape, b.shape, strict=True)])


def cdist(x: Any, y: Any) -> Tensor:
    """The distances of the rows of x (…, M, D) from those of y (…, N, D): (…, M, N).

    Its derivative is 0 where two rows are equal. Raises `ShapeError` for rows of different lengths.

    >>> cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
    [[5.0, 1.0]]
    """
    a, b = pair(floating(x), floating(y), "cdist")
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"cdist: expected rows of one length, received shapes {a.shape} and {b.shape}")
    squares = sum(square(expand_dims(a, -2) - expand_dims(b, -3)), -1)
    equal_rows = equal(squares, 0)
    return where(equal_rows, 0.0, sqrt(where(equal_rows, 1.0, squares)))
