"""What NumPy's own functions do when they meet a tensor.

The tables are built from the records: an operation that mirrors `np.tanh` is what
`np.tanh(tensor)` runs. A few functions are put together from operations below; a few that
have no derivative run on the values. Everything else is refused by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, as_tensor, constant, record
from tinynet.errors import ArgumentError, nearest
from tinynet.primitives import REGISTRY, Operation
from tinynet.primitives.elementwise import clip, sqrt
from tinynet.primitives.shapes import concatenate, expand_dims, reshape, split, transpose

VALUE_UFUNCS = frozenset({
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isnan, np.isinf,
    np.isfinite, np.signbit, np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert,
})  # fmt: skip

COMPOSED_UFUNCS: dict[Any, Callable[[Any, Any], Any]] = {
    np.floor_divide: lambda x, y: x // y,
    np.remainder: lambda x, y: x % y,
}

VALUE_FUNCTIONS = frozenset({
    np.argmax, np.argmin, np.argsort, np.any, np.all, np.isclose, np.count_nonzero, np.zeros_like,
    np.ones_like, np.full_like, np.empty_like, np.searchsorted, np.bincount, np.isin,
})  # fmt: skip

PLAIN_FUNCTIONS = frozenset({
    np.shape, np.ndim, np.size, np.allclose, np.array_equal, np.array_equiv, np.result_type, np.can_cast,
    np.array2string, np.array_repr, np.array_str, np.iscomplexobj, np.isrealobj, np.may_share_memory,
    np.shares_memory, np.save, np.savez, np.savetxt, np.min_scalar_type, np.broadcast_shapes,
})  # fmt: skip


@cache
def _operations() -> dict[Any, Operation]:
    return {op.numpy: op for op in REGISTRY.values() if op.numpy is not None}


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.<ufunc>(…) with a tensor among its inputs."""
    operation = _operations().get(ufunc)
    if operation is not None and method == "__call__" and not kwargs:
        return record(operation, inputs, {})
    name = ufunc.__name__
    if kwargs.get("out") is not None:
        raise ArgumentError(f"np.{name}: out= is not supported with tensors, which never change in place")
    if method != "__call__":
        raise ArgumentError(f"np.{name}.{method} is not supported on tensors")
    if kwargs:
        raise ArgumentError(f"np.{name}: the argument {next(iter(kwargs))!r} is not supported on tensors")
    if ufunc in VALUE_UFUNCS:
        return constant(ufunc, *inputs)
    if ufunc is np.positive:
        return inputs[0]
    if ufunc in COMPOSED_UFUNCS:
        composed = COMPOSED_UFUNCS[ufunc]
        tensor = next(x for x in inputs if isinstance(x, Tensor))
        return composed(*(as_tensor(x, like=tensor) for x in inputs))
    raise _unsupported(name, (f.__name__ for f in _operations()))


def apply_function(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """np.<function>(…) with a tensor among its arguments."""
    name = function.__name__
    if kwargs.get("out") is not None:
        raise ArgumentError(f"np.{name}: out= is not supported with tensors, which never change in place")
    if function in COMPOSED:
        try:
            return COMPOSED[function](*args, **kwargs)
        except TypeError as error:
            raise ArgumentError(f"np.{name}: {error}; this use is not supported on tensors") from error
    if function in VALUE_FUNCTIONS:
        return constant(function, *_values(args), **_values(kwargs))
    if function in PLAIN_FUNCTIONS:
        return function(*_values(args), **_values(kwargs))
    if function in _operations():
        return _mirror(_operations()[function], function, args, kwargs)
    raise _unsupported(name, (f.__name__ for f in {**_operations(), **COMPOSED}))


def _unsupported(name: str, known: Any) -> ArgumentError:
    return ArgumentError(
        f"np.{name} is not supported on tensors. {nearest(name, known)} "
        "Use .numpy() where no derivative is needed."
    )


def _values(part: Any) -> Any:
    """Tensors in arguments replaced by their arrays."""
    if isinstance(part, Tensor):
        return part.data
    if isinstance(part, dict):
        return {key: _values(value) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(_values(value) for value in part)
    return part


def _mirror(op: Operation, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Runs the operation with NumPy's arguments: arrays by position, settings by name."""
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs).arguments
    given = {key: value for key, value in bound.items() if value is not signature.parameters[key].default}
    names = list(signature.parameters)
    if op.variadic:
        arrays = list(given.pop(names[0]))
        if not arrays:
            raise ArgumentError(f"np.{op.name}: needs at least one array")
    else:
        arrays = [given.pop(names[i], None) for i in range(len(op.inputs))]
    for key in given:
        if key not in op.attributes:
            raise ArgumentError(f"np.{function.__name__}: the argument {key!r} is not supported on tensors")
    if isinstance(given.get("axis"), list):
        given["axis"] = tuple(given["axis"])
    return record(op, arrays, given)


def _std(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    return sqrt(np.var(a, axis=axis, keepdims=keepdims))


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
    return clip(a, x_min=a_min if min is None else min, x_max=a_max if max is None else max)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    if isinstance(indices_or_sections, (int, np.integer)):
        return list(split(ary, indices=int(indices_or_sections), axis=axis))
    return list(split(ary, indices=tuple(int(i) for i in indices_or_sections), axis=axis))


def _einsum(subscripts: str, *operands: Any, optimize: Any = True) -> Tensor:
    return record(REGISTRY["einsum"], operands, {"subscripts": subscripts})


def _moveaxis(a: Any, source: int, destination: int) -> Tensor:
    order = list(range(a.ndim))
    order.insert(destination % a.ndim, order.pop(source % a.ndim))
    return transpose(a, axes=tuple(order))


def _reshape(a: Any, shape: Any = None, *, newshape: Any = None) -> Tensor:
    # NumPy 2.0 calls the argument newshape.
    return as_tensor(a).reshape(shape if newshape is None else newshape)


def _at_least_1d(*arrays: Any) -> Any:
    ready = [as_tensor(a) for a in arrays]
    ready = [reshape(a, shape=(1,)) if a.ndim == 0 else a for a in ready]
    return ready[0] if len(ready) == 1 else tuple(ready)


def _hstack(tup: Any) -> Tensor:
    parts = [_at_least_1d(a) for a in tup]
    return record(concatenate, parts, {"axis": 0 if parts[0].ndim == 1 else 1})


def _vstack(tup: Any) -> Tensor:
    parts = [_at_least_1d(a) for a in tup]
    return record(concatenate, [expand_dims(p, axis=0) if p.ndim == 1 else p for p in parts], {"axis": 0})


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Tensor:
    if mode != "constant":
        raise ArgumentError(f"np.pad: mode {mode!r} is not supported on tensors, only 'constant'")
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    return REGISTRY["pad"](array, pad_width=tuple(map(tuple, widths)), constant_values=constant_values)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None or y is None:
        return as_tensor(condition).nonzero()
    return record(REGISTRY["where"], (condition, x, y), {})


COMPOSED: dict[Any, Callable[..., Any]] = {
    np.std: _std,
    np.reshape: _reshape,
    np.prod: lambda a, axis=None, keepdims=False: as_tensor(a).prod(axis, keepdims),
    np.clip: _clip,
    np.split: _split,
    np.array_split: _split,
    np.einsum: _einsum,
    np.where: _where,
    np.pad: _pad,
    np.dot: lambda a, b: as_tensor(a).dot(b),
    np.take: lambda a, indices, axis=None: as_tensor(a).take(indices, axis),
    np.repeat: lambda a, repeats, axis=None: as_tensor(a).repeat(repeats, axis),
    np.ravel: lambda a: as_tensor(a).ravel(),
    np.round: lambda a, decimals=0: as_tensor(a).round(decimals),
    np.moveaxis: _moveaxis,
    np.atleast_1d: _at_least_1d,
    np.hstack: _hstack,
    np.vstack: _vstack,
    np.nonzero: lambda a: as_tensor(a).nonzero(),
    np.copy: lambda a: as_tensor(a),
    np.real: lambda val: as_tensor(val),
    np.outer: lambda a, b: as_tensor(a).ravel()[:, None] * as_tensor(b).ravel(),
}
