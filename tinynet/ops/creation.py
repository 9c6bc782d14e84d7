"""New tensors, and conversions between tensors, arrays and dtypes: keras.io/api/ops/core and ops/numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tensor import Tensor, constant, record, wrap
from tinynet.errors import ArgumentError
from tinynet.ops._arguments import common_dtype, dtype_named, one_axis, sizes, tensor
from tinynet.primitives import arithmetic, shapes


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """A tensor of anything numeric: the tensor itself where it is one of that dtype.

    Python floats become `floatx()`, Python integers int32; arrays keep their dtype and are copied.

    Raises `DtypeError` for what is not numbers, `ShapeError` for rows of unequal length,
    `ArgumentError` for sparse=True or ragged=True.

    >>> convert_to_tensor([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        kind = "sparse" if sparse else "ragged"
        raise ArgumentError(
            f"convert_to_tensor: {kind}=True is not supported, tinynet has dense tensors only"
        )
    x = tensor(x)
    return x if dtype is None else cast(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as a new array, the caller's to change.

    >>> convert_to_numpy(convert_to_tensor([1.0, 2.0]))
    array([1., 2.], dtype=float32)
    """
    return tensor(x).numpy()


def array(x: Any, dtype: Any = None) -> Tensor:
    """A tensor of anything numeric, as `convert_to_tensor`.

    >>> array([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    return convert_to_tensor(x, dtype)


def cast(x: Any, dtype: Any) -> Tensor:
    """The same values in another dtype; between floats the gradient is cast back.

    Raises `DtypeError` with the nearest name for an unknown dtype.

    >>> cast([0.0, 2.7], "int32").tolist()
    [0, 2]
    """
    return tensor(x).astype(dtype_named(dtype, "cast"))


def stop_gradient(variable: Any) -> Tensor:
    """The same values as a constant: no gradient flows back through the result.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> stop_gradient(x).requires_grad
    False
    """
    return tensor(variable).detach()


def shape(x: Any) -> tuple[int, ...]:
    """The sizes of the axes.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else tensor(x).shape  # also of a symbolic tensor


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Zeros; `floatx()` without a dtype.

    >>> zeros((1, 2)).tolist()
    [[0.0, 0.0]]
    """
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Ones; `floatx()` without a dtype.

    >>> ones((1, 2)).tolist()
    [[1.0, 1.0]]
    """
    return full(shape, 1, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """`fill_value`, a number or what broadcasts to the shape, everywhere; `floatx()` without a dtype.

    >>> full((2,), 7).tolist()
    [7.0, 7.0]
    """
    value = tensor(fill_value)._data.astype(dtype_named(dtype or config.floatx(), "full"))
    return constant(np.broadcast_to, value, sizes(shape, "full"))


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of the shape of x, and of its dtype unless another is given.

    >>> zeros_like([1, 2]).tolist()
    [0, 0]
    """
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of the shape of x, and of its dtype unless another is given.

    >>> ones_like([1, 2]).tolist()
    [1, 1]
    """
    return full_like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """`fill_value` everywhere, in the shape of x, and in its dtype unless another is given.

    >>> full_like([1, 2], 7).tolist()
    [7, 7]
    """
    x = tensor(x)
    return full(x.shape, fill_value, x.dtype if dtype is None else dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """start, start + step, … before stop; from 0 where only one number is given.

    dtype: int32 for Python integers and `floatx()` for floats, unless it is given.

    Raises `ArgumentError` for a step of 0.

    >>> arange(3).tolist(), arange(2.0, 3.0, 0.5).tolist()
    ([0, 1, 2], [2.0, 2.5])
    """
    step = 1 if step is None else step
    numbers = [tensor(n) for n in (start, stop, step) if n is not None]
    if any(n.ndim for n in numbers):
        raise ArgumentError("arange: start, stop and step must be numbers")
    if numbers[-1].item() == 0:
        raise ArgumentError("arange: step must not be 0")
    if dtype is None:
        found = numbers[0].dtype
        for n in numbers[1:]:
            found = common_dtype(found, n.dtype)
    else:
        found = dtype_named(dtype, "arange")
    first, last = (0, start) if stop is None else (start, stop)
    return constant(_range, *(tensor(n).item() for n in (first, last, step)), dtype=found)


def _range(first: float, last: float, step: float, dtype: np.dtype) -> np.ndarray:
    """np.arange with as many numbers as arithmetic in the dtype itself gives: (1.1 - 0.1) / 0.1 in float32 is 10."""
    if dtype.kind != "f":
        return np.arange(first, last, step, dtype)  # type: ignore[call-overload, no-any-return]
    first, last, step = (dtype.type(n) for n in (first, last, step))
    return np.arange(max(np.ceil((last - first) / step), 0), dtype=dtype) * step + first


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """N rows and M columns (N without it) with ones on the k-th diagonal; `floatx()` without a dtype.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return constant(np.eye, N, M, k, dtype=dtype_named(dtype or config.floatx(), "eye"))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """Classes (…) as vectors (…, K) of one 1 and zeros; only zeros for a number outside [0, K).

    axis: where the new axis of K = `num_classes` elements stands in the result.
    dtype: float32 without it.

    Raises `ArgumentError` for sparse=True and for an axis that is not there.

    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if sparse:
        raise ArgumentError("one_hot: sparse=True is not supported, tinynet has dense tensors only")
    classes = tensor(x)._data.astype(np.int64)
    axis = one_axis(axis, classes.ndim + 1, "one_hot")
    vectors = np.expand_dims(classes, axis) == np.arange(num_classes).reshape(
        [-1 if i == axis % (classes.ndim + 1) else 1 for i in range(classes.ndim + 1)]
    )
    return wrap(vectors.astype(dtype_named(dtype or "float32", "one_hot")))


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Sets of classes (…, S) as vectors (…, K) with a 1 for each class that occurs; a number outside [0, K) is none.

    num_classes: K; it must be given. axis: where the new axis stands. dtype: float32 without it.

    Raises `ArgumentError` for sparse=True, for an unknown keyword and for an axis that is not there.

    >>> multi_hot([[0, 2], [1, 1]], 3).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    if num_classes is None:
        num_classes = kwargs.pop("num_tokens", None)  # Keras's older name
    if kwargs or num_classes is None:
        raise ArgumentError(f"multi_hot: expected num_classes and no other keyword, received {sorted(kwargs)}")
    vectors = one_hot(inputs, num_classes, axis, dtype, sparse)._data
    members = 1 if vectors.ndim > 2 else 0
    return wrap(vectors.max(axis=members, initial=0) if vectors.ndim > 1 else vectors)


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """As `zeros`: there is nothing to gain from leaving memory as it is.

    >>> empty((1, 2)).shape
    (1, 2)
    """
    return zeros(shape, dtype)


def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """As `zeros_like`.

    >>> empty_like([1, 2]).shape
    (2,)
    """
    return zeros_like(x, dtype)


def identity(n: int, dtype: Any = None) -> Tensor:
    """The square matrix with ones on its diagonal; `floatx()` without a dtype.

    >>> identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return eye(n, dtype=dtype)


def copy(x: Any) -> Tensor:
    """The same values; a tensor never changes, so it is its own copy.

    >>> copy([1, 2]).tolist()
    [1, 2]
    """
    return +tensor(x)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances from start to stop; without `endpoint`, before it.

    start, stop: numbers, or tensors that broadcast together; then along a new axis. dtype: that of the operands
        without it, `floatx()` for integers. retstep: returns the distance, too.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    first, last = tensor(start), tensor(stop)
    found = common_dtype(first.dtype, last.dtype)
    found = dtype_named(dtype or (found if found.kind == "f" else config.floatx()), "linspace")
    if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or num < 0:
        raise ArgumentError(f"linspace: num must be a whole number, received {num!r}")
    ends = (first._data.astype(np.float64), last._data.astype(np.float64))
    numbers, step = np.linspace(*ends, int(num), endpoint, retstep=True, axis=axis)
    return (wrap(numbers.astype(found)), wrap(np.asarray(step, found))) if retstep else wrap(numbers.astype(found))


def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of a grid: for each vector a tensor of the grid's shape.

    indexing: 'ij' has the vectors along the axes in their order, 'xy' the first two exchanged.

    >>> [part.tolist() for part in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', received {indexing!r}")
    vectors = [tensor(part).reshape(-1) for part in x]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(places) > 1:
        places[:2] = [1, 0]
    grid = [0] * len(vectors)
    for place, vector in zip(places, vectors, strict=True):
        grid[place] = len(vector)
    along = [
        v.reshape([-1 if a == place else 1 for a in range(len(grid))]) for place, v in zip(places, vectors, strict=True)
    ]
    return [record(shapes.broadcast_to, (v,), {"shape": tuple(grid)}) for v in along]


def ndim(x: Any) -> int:
    """The number of axes.

    >>> ndim([[1, 2, 3]])
    2
    """
    return len(shape(x))


def size(x: Any) -> int:
    """The number of elements.

    >>> size([[1, 2, 3]])
    3
    """
    return math.prod(shape(x))


def dtype(x: Any) -> str:
    """The name of the dtype.

    >>> dtype([1.0])
    'float32'
    """
    return str(x.dtype) if hasattr(x, "dtype") else tensor(x).dtype.name


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor; an array is none.

    >>> is_tensor(ones(2)), is_tensor(np.ones(2))
    (True, False)
    """
    return isinstance(x, Tensor)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """nan, inf and −inf replaced by numbers: 0, the largest and the smallest that the dtype has.

    >>> nan_to_num([1.0, float("nan")], nan=7.0).tolist()
    [1.0, 7.0]
    """
    x = tensor(x)
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    for found, number in (
        (constant(np.isnan, x), nan),
        (constant(np.isposinf, x), limits.max if posinf is None else posinf),
        (constant(np.isneginf, x), limits.min if neginf is None else neginf),
    ):
        x = record(arithmetic.where, (found, np.asarray(number, x.dtype), x), {})
    return x


def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype, limited to what this can hold: 300 is 255 in uint8. Floats are cut to whole numbers.

    dtype: None is `floatx()`.

    >>> saturate_cast([300.7, -1.0], "uint8").tolist()
    [255, 0]
    """
    x, to = tensor(x), dtype_named(dtype or config.floatx(), "saturate_cast")
    if to.kind == "f" or to.kind == "b" or x.dtype.kind == "b":
        return x.astype(to)
    return constant(_saturated, x, to)


def _saturated(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    limits = np.iinfo(dtype)
    if x.dtype.kind != "f":
        own = np.iinfo(x.dtype)
        return np.clip(x, max(limits.min, own.min), min(limits.max, own.max)).astype(dtype)
    inside = np.where((x >= limits.min) & (x < float(limits.max)), x, 0).astype(dtype)
    return np.where(x >= float(limits.max), limits.max, np.where(x < limits.min, limits.min, inside)).astype(dtype)
