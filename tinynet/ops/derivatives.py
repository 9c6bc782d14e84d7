"""Derivatives of functions forwards: keras.io/api/ops/linalg."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.autograd import tape
from tinynet.autograd.tensor import Tensor, as_tensor, place_of, recorded_vjp, wrap
from tinynet.errors import ArgumentError, ShapeError
from tinynet.nested import leaves, packed
from tinynet.ops._arguments import floating
from tinynet.ops.symbolic import is_symbolic


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> tuple[Any, ...]:
    """The value of a function, and how it changes when its arguments move along `tangents`.

    fun: takes the primals and returns a tensor or a structure of them; with has_aux a pair of these and of something else.

    Returns the value, its change (of the same structure) and, with has_aux, what else there was. The change is the
    derivative by the cotangent of the ordinary way back, which is linear in it.

    Raises `ArgumentError` or `ShapeError` unless there is a tangent of the same shape for each primal.

    >>> value, change = jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> value.item(), change.item()
    (9.0, 6.0)
    """
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)) or len(primals) != len(tangents):
        raise ArgumentError("jvp: expected primals and tangents to be two lists or tuples of the same length")
    if is_symbolic(primals, tangents):
        raise ArgumentError("jvp: takes values, no symbolic tensors; use it in the call of a layer of your own")
    inputs = [Tensor(floating(x), requires_grad=True) for x in primals]
    directions = [floating(t).astype(x.dtype) for t, x in zip(tangents, inputs, strict=True)]
    for direction, x in zip(directions, inputs, strict=True):
        if direction.shape != x.shape:
            raise ShapeError(f"jvp: a tangent of shape {direction.shape} does not fit a primal of shape {x.shape}")
    with tape.enable_grad():
        result = fun(*inputs)
        value, aux = result if has_aux else (result, None)
        outputs = [as_tensor(y) for y in leaves(value)]
        cotangents = [Tensor(np.zeros(y.shape, y.dtype), requires_grad=True) for y in outputs]
        seeds = [(place_of(y), c) for y, c in zip(outputs, cotangents, strict=True) if y.requires_grad]
        found = tape.propagate(seeds, keep=True, higher=recorded_vjp, targets=inputs)
        moved = [(place_of(found[x]), d._data) for x, d in zip(inputs, directions, strict=True) if _varies(found.get(x))]
        changes = tape.propagate(moved, keep=True, targets=cotangents)
    change = packed(value, iter(wrap(np.asarray(changes[c])) if c in changes else wrap(c._data) for c in cotangents))
    value = packed(value, iter(y.detach() for y in outputs))
    return (value, change, aux) if has_aux else (value, change)


def _varies(cotangent: Any) -> bool:
    return isinstance(cotangent, Tensor) and cotangent.requires_grad
