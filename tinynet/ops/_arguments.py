"""How the public functions read their arguments: tensors, dtypes, axes and sizes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tensor import Tensor, as_tensor, wrap
from tinynet.autograd.tracing import fixed
from tinynet.errors import ArgumentError, DtypeError, ShapeError, nearest

Axis = int | Sequence[int] | None

# The widest integers and floats of Keras; NumPy knows more (complex numbers, dates, text).
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
)  # fmt: skip


def tensor(x: Any) -> Tensor:
    """A tensor of anything numeric: the tensor itself where it is one."""
    return x if isinstance(x, Tensor) else as_tensor(x)


def floating(x: Any) -> Tensor:
    """The same, with integers and truth values converted to `floatx()`."""
    if not isinstance(x, Tensor):
        x = as_tensor(x)
    return x if x._data.dtype.kind == "f" else x.astype(config.floatx())


def dtype_named(dtype: Any, where: str) -> np.dtype:
    """A dtype argument; raises `DtypeError` with the nearest name for an unknown one."""
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise DtypeError(f"{where}: {dtype!r} names no dtype. {nearest(dtype, DTYPES)}") from error
    if dtype is None or found.name not in DTYPES:
        raise DtypeError(f"{where}: dtype {dtype!r} is not supported. Known: {', '.join(DTYPES)}.")
    return found


def common_dtype(a: np.dtype, b: np.dtype) -> np.dtype:
    """The dtype of two operands together, as Keras: integers take the float's dtype.

    NumPy would make float64 of int32 and float32.
    """
    if a == b:
        return a
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    found = np.result_type(a, b)
    return found if found.kind != "f" or a.kind == "f" else np.dtype(config.floatx())


def pair(x1: Any, x2: Any, where: str) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype; a Python number adapts to the other operand."""
    if not isinstance(x1, Tensor):
        if isinstance(x1, (int, float)) and not isinstance(x2, (int, float)):
            x2 = tensor(x2)
            x1 = _number(x1, x2.dtype, where)
        else:
            x1 = as_tensor(x1)
    if not isinstance(x2, Tensor):
        x2 = _number(x2, x1.dtype, where) if isinstance(x2, (int, float)) else as_tensor(x2)
    a, b = x1._data.dtype, x2._data.dtype
    if a == b:
        return x1, x2
    common = common_dtype(a, b)
    return x1.astype(common), x2.astype(common)


def promoted(xs: Any, where: str) -> list[Tensor]:
    """Several operands as tensors of one dtype."""
    if not isinstance(xs, (list, tuple, Tensor)) or not len(xs):
        raise ArgumentError(f"{where}: expected a list of at least one tensor, received {xs!r}")
    tensors = [tensor(x) for x in xs]
    dtype = tensors[0].dtype
    for x in tensors[1:]:
        dtype = common_dtype(dtype, x.dtype)
    return [x.astype(dtype) for x in tensors]


def _number(value: float, dtype: np.dtype, where: str) -> Tensor:
    """A Python number in a dtype of its own kind, as near to `dtype` as that allows."""
    if isinstance(value, bool):
        return wrap(fixed(np.asarray(value)))
    if isinstance(value, float):
        return wrap(fixed(np.asarray(value, dtype if dtype.kind == "f" else config.floatx())))
    try:
        return wrap(fixed(np.asarray(value, np.int32 if dtype.kind == "b" else dtype)))
    except OverflowError as error:
        raise DtypeError(f"{where}: the number {value} does not fit into the dtype {dtype}") from error


def axes(axis: Axis, rank: int, where: str) -> int | tuple[int, ...] | None:
    """An `axis` argument with lists as tuples; raises `ArgumentError` for an axis that is not there."""
    if axis is None:
        return None
    if isinstance(axis, (list, tuple)):
        several = tuple(one_axis(a, rank, where) for a in axis)
        if len({a % rank for a in several}) != len(several):
            raise ArgumentError(f"{where}: axis={axis!r} names an axis twice")
        return several
    return one_axis(axis, rank, where)


def one_axis(axis: Any, rank: int, where: str) -> int:
    """A single axis, checked."""
    try:
        index = operator.index(axis)
    except TypeError as error:
        raise ArgumentError(f"{where}: axis must be an integer, received {axis!r}") from error
    if not -rank <= index < rank:
        raise ArgumentError(
            f"{where}: axis={index} is out of range for a tensor of {rank} axes (from {-rank} to {rank - 1})"
        )
    return index


def sizes(shape: Any, where: str) -> tuple[int, ...]:
    """A shape argument (an integer or several) as a tuple."""
    given = shape.tolist() if isinstance(shape, (Tensor, np.ndarray)) else shape
    try:
        return tuple(operator.index(n) for n in (given if isinstance(given, (list, tuple)) else [given]))
    except TypeError as error:
        raise ArgumentError(
            f"{where}: a shape is an integer or a tuple of integers, received {shape!r}"
        ) from error


def per_axis(value: Any, rank: int, name: str, where: str) -> tuple[int, ...]:
    """A window, stride or dilation for each spatial axis from one integer or one for each."""
    numbers = (value,) * rank if isinstance(value, (int, np.integer)) else value
    if not isinstance(numbers, (list, tuple)) or len(numbers) != rank:
        raise ArgumentError(f"{where}: {name} must be an integer or {rank} integers, received {value!r}")
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, (bool, np.bool_)) for n in numbers)
    if not whole or min(numbers) < 1:
        raise ArgumentError(f"{where}: {name} must be positive integers, received {value!r}")
    return tuple(int(n) for n in numbers)


def check_rank(x: Tensor, ranks: Sequence[int], where: str, expected: str) -> None:
    """Raises `ShapeError` unless the tensor has one of the ranks."""
    if x.ndim not in ranks:
        raise ShapeError(f"{where}: expected {expected}, received shape {x.shape}")
