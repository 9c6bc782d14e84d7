"""Derivatives of functions: `grad` and `value_and_grad`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.autograd import tape
from tinynet.autograd.tensor import Tensor, as_tensor, place_of, record, recorded_vjp, wrap
from tinynet.errors import ArgumentError, DtypeError, GraphError
from tinynet.primitives.shapes import reshape


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Tensor, Any]]:
    """The function that returns what scalar `f` returns, and its derivative.

    argnums: the positional argument to differentiate by, or several (a tuple of gradients
        comes back). The result is itself differentiable: `grad(grad(f))` is the second
        derivative.

    Raises `ArgumentError` for an argument that is not there, `DtypeError` for one that is not
    floating-point, `GraphError` when `f` does not return a scalar tensor.

    >>> value, slope = value_and_grad(lambda x: x * x * x)(2.0)
    >>> value.item(), slope.item()
    (8.0, 12.0)
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> tuple[Tensor, Any]:
        given = list(args)
        with tape.enable_grad():
            inputs = []
            for number in numbers:
                if not 0 <= number < len(given):
                    raise ArgumentError(f"grad: argnums names argument {number}, the call has {len(given)}")
                given[number] = _own(given[number])
                inputs.append(given[number])
            oldest = next(tape._serials)
            value = f(*given, **kwargs)
            _check_scalar(value)
            higher = recorded_vjp if _depends_on_outside(value, inputs, oldest) else None
            found: dict[Any, Any] = {}
            if value.requires_grad:
                seed = wrap(np.ones(value.shape, value.dtype))
                found = tape.propagate(
                    [(place_of(value), seed if higher else seed._data)],
                    keep=higher is not None,
                    higher=higher,
                    targets=[place_of(x) for x in inputs],
                )
        gradients = tuple(_as_gradient(found.get(place_of(x)), x) for x in inputs)
        if higher is None:
            value = value.detach()
        return value, gradients[0] if isinstance(argnums, int) else gradients

    return differentiated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The derivative of a scalar function, as a function: see `value_and_grad`.

    >>> grad(grad(lambda x: x * x * x))(2.0).item()
    12.0
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return derivative


def _own(value: Any) -> Tensor:
    """An argument as a tensor of this differentiation, still joined to an outer one."""
    tensor = as_tensor(value)
    if tensor.dtype.kind != "f":
        raise DtypeError(f"grad: can only differentiate by floating-point arguments, received dtype {tensor.dtype}")
    if tensor.requires_grad:
        return record(reshape, (tensor,), {"shape": tensor.shape})
    own = wrap(tensor._data)
    own._requires_grad = True
    return own


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor) or value.size != 1:
        came = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"grad: the function must return a scalar tensor, it returned {came}. Is a .sum() missing?")


def _depends_on_outside(value: Tensor, inputs: Sequence[Tensor], oldest: int) -> bool:
    """Whether the graph reaches tensors of an outer computation, which may want derivatives
    of these derivatives."""
    own = {id(x) for x in inputs if x._node is None}
    if any(x._node is not None for x in inputs):
        return True
    stack, seen = [place_of(value)], set()
    while stack:
        place = stack.pop()
        if place is None or id(place) in seen:
            continue
        seen.add(id(place))
        if not isinstance(place, tape.Node):
            if id(place) not in own and place.requires_grad:
                return True
        elif place.serial < oldest:
            return True
        else:
            stack.extend(place.parents)
    return False


def _as_gradient(cotangent: Any, x: Tensor) -> Tensor:
    if cotangent is None:
        return wrap(np.zeros_like(x._data))
    if isinstance(cotangent, Tensor):
        return cotangent
    return wrap(cotangent.dense() if hasattr(cotangent, "dense") else np.asarray(cotangent))
