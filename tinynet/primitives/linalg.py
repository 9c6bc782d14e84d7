"""Products of matrices and of tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.errors import ArgumentError
from tinynet.primitives.domain import Absent, Domain, Values
from tinynet.primitives.elementwise import relu
from tinynet.primitives.operation import operation, unbroadcast


def _rows(x: Any) -> Any:
    """All axes but the last as one."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _product(x: Any, y: Any, bias: Any = None, relu: bool = False) -> Any:
    """x (…, D) times the matrix y (D, F)."""
    if x.ndim == 2:
        return kernels.product(x, y, bias, relu)
    return kernels.product(_rows(x), y, bias, relu).reshape(*x.shape[:-1], y.shape[-1])


@operation
class matmul:
    """x @ y: rows times columns over the last two axes, leading axes broadcast."""

    mixes = True
    numpy = np.matmul
    domain = (
        Domain((Values("A B"), Values("B C"))),
        Domain((Values("D A B"), Values("B C"))),
        Domain((Values("A B"), Values("D B C"))),
        Domain((Values("E D A B"), Values("D B C"))),
        Domain((Values("B"), Values("B C"))),
        Domain((Values("D A B"), Values("B"))),
        Domain((Values("B"), Values("B"))),
        Domain((Values("B"), Values("D B C"))),
    )
    keeps = ("x", "y")
    linear = (0, 1)

    def forward(x, y):
        return matmul.evaluate(x, y), (x, y)

    def evaluate(x, y):
        return _product(x, y) if y.ndim == 2 and x.ndim > 1 else np.matmul(x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        if x.ndim == y.ndim == 2:
            return matmul(g, y.T) if needs[0] else None, matmul(x.T, g) if needs[1] else None
        if x.ndim > 2 and y.ndim == 2:
            return dense.vjp(g, residuals, (*needs, False))[:2]
        # As in matmul itself, a vector is a matrix of one row (left) or one column (right).
        x2 = x.reshape(1, -1) if x.ndim == 1 else x
        y2 = y.reshape(-1, 1) if y.ndim == 1 else y
        if x.ndim == 1 and y.ndim == 1:
            g = g.reshape(1, 1)
        elif x.ndim == 1:
            g = np.expand_dims(g, -2)
        elif y.ndim == 1:
            g = np.expand_dims(g, -1)
        by_x = by_y = None
        if needs[0]:
            by_x = unbroadcast(np.matmul(g, y2.swapaxes(-1, -2)), x2.shape).reshape(x.shape)
        if needs[1]:
            by_y = unbroadcast(np.matmul(x2.swapaxes(-1, -2), g), y2.shape).reshape(y.shape)
        return by_x, by_y


@operation
class dense:
    """x · kernel + bias: (…, D), a matrix (D, F), and (F) or None -> (…, F)."""

    domain = tuple(
        Domain((x, Values("D F"), bias)) for x in (Values("A D"), Values("B A D")) for bias in (Absent(), Values("F"))
    )
    keeps = ("x", "kernel")

    def forward(x, kernel, bias=None):
        return _product(x, kernel, bias), (x, kernel)

    def vjp(g, residuals, needs):
        x, kernel = residuals
        return (
            matmul(g, kernel.swapaxes(0, 1)) if needs[0] else None,
            # One product over all leading axes instead of one for each and a sum.
            matmul(_rows(x).swapaxes(0, 1), _rows(g)) if needs[1] else None,
            unbroadcast(g, g.shape[-1:]) if needs[2] else None,
        )


@operation
class dense_relu:
    """`dense` and then a relu, which takes no pass over the results of its own."""

    domain = dense.domains

    def forward(x, kernel, bias=None):
        output = _product(x, kernel, bias, relu=True)
        return output, (x, kernel, bias, output)

    def vjp(g, residuals, needs):
        x, kernel, _, output = residuals
        return dense.vjp(kernels.relu_gradient(g, output), (x, kernel), needs)

    def composed(x, kernel, bias=None):
        return relu(dense(x, kernel, bias))


def _tensordot_axes(x: Any, y: Any, axes: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """Contracted and free axes of both operands, as `np.tensordot` reads its argument."""
    if isinstance(axes, (int, np.integer)):
        in_x, in_y = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        in_x, in_y = (
            [int(a) % array.ndim for a in np.atleast_1d(part)] for part, array in zip(axes, (x, y), strict=True)
        )
    return (
        in_x, in_y,
        [a for a in range(x.ndim) if a not in in_x], [a for a in range(y.ndim) if a not in in_y],
    )  # fmt: skip


@operation
class tensordot:
    """The sum of products over the axes named in both, the other axes kept."""

    mixes = True
    numpy = np.tensordot
    domain = (
        Domain((Values("A B C"), Values("B C D")), {"axes": [2, ((1, 2), (0, 1)), ((-1, 1), (1, 0))]}),
        Domain((Values("A B"), Values("D B")), {"axes": [(1, 1), ([1], [1])]}),
        Domain((Values("A"), Values("B C")), {"axes": [0]}),
    )
    keeps = ("x", "y")
    linear = (0, 1)

    def forward(x, y, *, axes=2):
        return np.tensordot(x, y, axes), (x, y)

    def vjp(g, residuals, needs, *, axes=2):
        x, y = residuals
        in_x, in_y, free_x, free_y = _tensordot_axes(x, y, axes)
        by_x = by_y = None
        g_of_x, g_of_y = list(range(len(free_x))), list(range(len(free_x), g.ndim))
        if needs[0]:
            product = np.tensordot(g, y, (g_of_y, free_y))  # free x axes, then contracted in y's order
            order = free_x + [in_x[in_y.index(a)] for a in sorted(in_y)]
            by_x = product.transpose(tuple(int(i) for i in np.argsort(order)))
        if needs[1]:
            product = np.tensordot(x, g, (free_x, g_of_x))  # contracted in x's order, then free y axes
            order = [in_y[in_x.index(a)] for a in sorted(in_x)] + free_y
            by_y = product.transpose(tuple(int(i) for i in np.argsort(order)))
        return by_x, by_y


def _einsum_terms(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The subscripts of each operand and of the result, with letters in place of an ellipsis."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ArgumentError(
            f"einsum: {subscripts!r} names {len(terms)} operands, received {len(ranks)}. Give one term an operand."
        )
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in text]
    hidden = max((rank - len(t.replace("...", "")) for t, rank in zip(terms, ranks, strict=True) if "..." in t),
                 default=0)  # fmt: skip
    letters = "".join(spare[:hidden])
    for i, (term, rank) in enumerate(zip(terms, ranks, strict=True)):
        if "..." in term:
            own = rank - len(term.replace("...", ""))
            terms[i] = term.replace("...", letters[len(letters) - own :])
        if len(terms[i]) != rank:
            raise ArgumentError(f"einsum: operand {i} has {rank} axes, its term in {subscripts!r} names another count")
        if len(set(terms[i])) != len(terms[i]):
            raise ArgumentError(
                f"einsum: the term {terms[i]!r} repeats an index; take the diagonal by indexing first"
            )
    if arrow:
        result = right.replace("...", letters)
    else:
        seen = "".join(terms)
        result = letters + "".join(sorted(c for c in set(seen) if seen.count(c) == 1 and c not in letters))
    return terms, result


@operation
class einsum:
    """Einstein's summation: products summed over the indices missing from the result."""

    mixes = True
    domain = (
        Domain((Values("A B"), Values("B C")), {"subscripts": ["ij,jk->ik", "ij,jk", "ij,jk->"]}),
        Domain((Values("A B C"),), {"subscripts": ["ijk->ki", "ijk->", "...k->k", "ijk"]}),
        Domain((Values("A B C"), Values("C D")), {"subscripts": ["...c,cd->...d", "abc,cd->dab"]}),
        Domain((Values("A B"), Values("A B"), Values("B C")), {"subscripts": ["ij,ij,jk->ik"]}),
        Domain((Values("A B", broadcast=True), Values("A B C")), {"subscripts": ["...,...c->...c"]},
               sizes={"A": (1, 1), "B": (1, 1)}),
    )  # fmt: skip
    keeps = ("inputs",)

    def forward(*arrays, subscripts):
        terms, result = _einsum_terms(subscripts, [a.ndim for a in arrays])
        return np.einsum(f"{','.join(terms)}->{result}", *arrays, optimize=True), arrays

    def vjp(g, residuals, needs, *, subscripts):
        terms, result = _einsum_terms(subscripts, [a.ndim for a in residuals])
        cotangents = []
        for i, (term, array) in enumerate(zip(terms, residuals, strict=True)):
            if not needs[i]:
                cotangents.append(None)
                continue
            others = [t for j, t in enumerate(terms) if j != i]
            rest = [a for j, a in enumerate(residuals) if j != i]
            # An index that only this operand has was summed away: its cotangent is constant along it.
            known = "".join(c for c in term if c in result or any(c in t for t in others))
            product = np.einsum(f"{','.join([result, *others])}->{known}", g, *rest, optimize=True)
            full = product[tuple(slice(None) if c in known else None for c in term)]
            cotangents.append(unbroadcast(np.broadcast_to(full, np.broadcast_shapes(full.shape, array.shape)),
                                          array.shape))  # fmt: skip
        return cotangents
