"""What NumPy is given: values as arrays of the dtypes tinynet means, and NumPy's errors in its words."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.errors import ArgumentError, DtypeError, ShapeError, TinynetError

Axis = int | Sequence[int] | None


def array_of(data: Any, dtype: Any) -> np.ndarray:
    """A new array of anything numeric."""
    data = getattr(data, "_data", data)
    given = isinstance(data, (np.ndarray, np.generic))
    if not given and isinstance(data, (list, tuple)):
        data = [getattr(x, "_data", x) for x in data]
        given = any(isinstance(x, (np.ndarray, np.generic)) for x in data)
    try:
        array = np.array(data)
    except TinynetError:  # a symbolic tensor says that it has no values
        raise
    except ValueError as error:
        raise ShapeError(f"Tensor: rows of unequal length do not make an array ({error})") from error
    refuse_objects(array, "Tensor")
    if dtype is not None:
        return array.astype(dtype_of(dtype), copy=False)
    if not given and array.dtype.kind == "f":
        return array.astype(config.floatx(), copy=False)
    if not given and array.dtype == np.int64:
        small = array.astype(np.int32)
        return small if (small == array).all() else array
    return array


def weak(value: Any, dtype: np.dtype) -> np.ndarray:
    """A number as an array of `dtype`, or of floatx where a fraction meets integers."""
    number = value.item() if isinstance(value, np.generic) else value
    target = np.result_type(dtype, number)
    if target.kind == "f" and dtype.kind != "f":
        target = np.dtype(config.floatx())
    return np.asarray(number, dtype=target)


def agreed(arrays: list[Any]) -> list[Any]:
    """Integers beside floats as floats of the same size: NumPy would make float64 of the two."""
    dtype = arrays[0].dtype
    for a in arrays:  # a loop and no generator: this runs for every operation
        if a.dtype is not dtype:
            break
    else:
        return arrays
    floats = [a.dtype for a in arrays if a.dtype.kind == "f"]
    if not floats:
        return arrays
    wanted = np.result_type(*floats)
    return [a.astype(wanted) if a.dtype.kind in "iu" else a for a in arrays]


def refuse_objects(array: np.ndarray, where: str) -> None:
    """Raises `DtypeError` for text, Python objects and complex numbers."""
    if array.dtype.kind not in "fiub":
        raise DtypeError(f"{where}: expected numbers or truth values, received an array of dtype {array.dtype}")


def dtype_of(dtype: Any) -> np.dtype:
    """A NumPy dtype from its name or anything NumPy takes, or `DtypeError`."""
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise DtypeError(f"dtype: {dtype!r} names no dtype. Use for example 'float32' or 'int64'.") from error


def axis_of(axis: Axis) -> int | tuple[int, ...] | None:
    """An `axis` argument with a list as a tuple, which can be hashed and kept."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis  # type: ignore[return-value]


def given_shape(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape in x.reshape(2, 3) or x.reshape((2, 3))."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    return tuple(operator.index(n) for n in shape)


def explained(name: str, error: Exception, arrays: Sequence[Any]) -> TinynetError:
    """An error from NumPy's depths as one of tinynet's, with the operation and the shapes."""
    received = ", ".join(
        f"{a.shape} {a.dtype}" if isinstance(a, np.ndarray) else repr(a) for a in arrays if a is not None
    )
    message = f"operation {name!r}: {error}; received {received}"
    if isinstance(error, TypeError):
        unexpected = "unexpected keyword" in str(error) or "required" in str(error)
        return ArgumentError(message) if unexpected else DtypeError(message)
    return ShapeError(message)
