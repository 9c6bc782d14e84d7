"""Branches, loops and maps over tensors: keras.io/api/ops/core. They run as the Python they are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from tinynet.autograd.tensor import Tensor
from tinynet.errors import ArgumentError
from tinynet.nested import leaves, map_leaves, packed
from tinynet.ops._arguments import tensor
from tinynet.ops.shapes import stack


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What `true_fn()` returns where pred holds, else what `false_fn()` does; the other is not called.

    >>> cond(2 > 1, lambda: "yes", lambda: "no")
    'yes'
    """
    return true_fn() if bool(tensor(pred)) else false_fn()


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Calls `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds; returns the last ones.

    loop_vars: a tuple or list, or one tensor.

    >>> [value.item() for value in while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, 1.0))]
    [3, 8.0]
    """
    several = isinstance(loop_vars, (tuple, list))
    values = map_leaves(tensor, loop_vars if several else (loop_vars,))
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(tensor(cond(*values))):
        found = body(*values)
        values = map_leaves(tensor, found if isinstance(found, (tuple, list)) else (found,))
        count += 1
    return values if several else values[0]


def fori_loop(lower: int, upper: int, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Calls `value = body_fun(i, value)` for i from lower to upper − 1; returns the last value.

    >>> fori_loop(0, 3, lambda i, total: total + i, 10).item()
    13
    """
    value = map_leaves(tensor, init_val)
    for i in range(operator.index(lower), operator.index(upper)):
        value = map_leaves(tensor, body_fun(i, value))
    return value


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Carries a value along the first axis: `carry, y = f(carry, x)`; returns the last carry and all y stacked.

    xs: tensors (T, …) in any structure, or None with `length` T. reverse: from the last to the first.
    unroll: accepted, changes nothing.

    Raises `ArgumentError` where the number of steps is not known or 0, where f cannot be called, and for an `unroll` that
    is no positive whole number or truth value.

    >>> carry, sums = scan(lambda total, x: (total + x, total + x), 0.0, [1.0, 2.0, 3.0])
    >>> carry.item(), sums.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    if not callable(f):
        raise ArgumentError(f"scan: expected a function, received {f!r}")
    if not isinstance(unroll, int) or (unroll < 1 and unroll is not False):
        raise ArgumentError(f"scan: unroll must be a positive whole number or a truth value, received {unroll!r}")
    xs = None if xs is None else map_leaves(tensor, tensor(xs) if _is_numbers(xs) else xs)
    lengths = {len(x) for x in leaves(xs)} if xs is not None else set()
    if length is not None:
        lengths.add(operator.index(length))
    if len(lengths) != 1 or lengths == {0}:
        given = sorted(lengths) or "neither xs nor length"
        raise ArgumentError(f"scan: expected one number of steps, received {given}")
    steps: Any = range(lengths.pop())
    carry, outputs = init, []
    for step in reversed(steps) if reverse else steps:
        carry, y = f(carry, None if xs is None else map_leaves(operator.itemgetter(step), xs))
        outputs.append(y)
    return carry, _stacked(outputs[::-1] if reverse else outputs)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """f of each part of xs along the first axis, stacked.

    xs: tensors (N, …) in any structure.

    >>> map(lambda x: x * 2, [1.0, 2.0]).tolist()
    [2.0, 4.0]
    """
    _, results = scan(lambda carry, x: (carry, f(x)), None, xs)
    return results


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """As `map`.

    >>> vectorized_map(lambda x: x * 2, [1.0, 2.0]).tolist()
    [2.0, 4.0]
    """
    return map(function, elements)


def _is_numbers(xs: Any) -> bool:
    """Whether a list is one tensor written out, not several tensors."""
    return isinstance(xs, list) and all(isinstance(part, (int, float, bool)) for part in leaves(xs))


def _stacked(results: list[Any]) -> Any:
    """Results of the same structure, each leaf stacked."""
    if results[0] is None:
        return None
    columns = zip(*(list(leaves(result)) for result in results), strict=True)
    return packed(results[0], (stack([tensor(part) for part in column]) for column in columns))


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """What the branch of that number returns for the operands; a number beyond the branches counts as the nearest.

    Raises `ArgumentError` without branches.

    >>> switch(1, [lambda x: x, lambda x: x * 2], 3)
    6
    """
    if not isinstance(branches, (list, tuple)) or not branches:
        raise ArgumentError("switch: expected a list of at least one branch")
    return branches[min(max(int(tensor(index).item()), 0), len(branches) - 1)](*operands)
