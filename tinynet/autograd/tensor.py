"""`Tensor`: an array that remembers how it was computed."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd import anomaly, tape, tracing
from tinynet.autograd.arrays import (
    Axis,
    agreed,
    array_of,
    axis_of,
    dtype_of,
    explained,
    given_shape,
    refuse_objects,
    weak,
)
from tinynet.errors import DtypeError, GraphError, MutationError, ShapeError, TinynetError
from tinynet.primitives import arithmetic, elementwise, linalg, reductions, shapes, slices
from tinynet.primitives.operation import Operation


class Tensor:
    """An n-dimensional array with a dtype, and, where asked for, a gradient.

    data: anything NumPy makes a numeric or boolean array of. It is copied, so later changes
        to the source never reach the tensor. Python floats become `floatx()` (float32),
        Python ints int32; arrays keep their dtype.
    dtype: another dtype to convert to.
    requires_grad: whether operations on it are recorded, so that `backward` can fill `grad`.

    A tensor is never changed in place: assignment raises `MutationError`. Operators, methods
    and indexing mean what they mean on an ndarray, and NumPy's functions accept tensors.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.], shape=(2,), dtype=float32)
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_node", "_requires_grad", "_tags")
    _version = 0  # only variables change

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        array = array_of(data, dtype)
        if requires_grad and array.dtype.kind != "f":
            raise DtypeError(
                f"Tensor: only floating-point tensors have gradients, received dtype {array.dtype}. "
                "Convert with dtype='float32'."
            )
        self._data = array
        self._requires_grad = bool(requires_grad)
        self._node: tape.Node | None = None
        self._grad: Any = None
        self._tags: dict[str, Any] | None = None

    @property
    def data(self) -> np.ndarray:
        """The values as a read-only array that shares the tensor's memory."""
        view = self._data.view()
        view.flags.writeable = False
        return view

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        return self._data.dtype

    @property
    def ndim(self) -> int:
        return self._data.ndim

    @property
    def size(self) -> int:
        return self._data.size

    @property
    def nbytes(self) -> int:
        return self._data.nbytes

    @property
    def itemsize(self) -> int:
        return self._data.itemsize

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user, not computed: leaves accumulate `grad`."""
        return self._node is None

    @property
    def grad(self) -> Tensor | None:
        """What `backward` has accumulated in this leaf, or None."""
        if isinstance(self._grad, slices.Slices):
            return wrap(self._grad.dense())
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | np.ndarray | None) -> None:
        if value is not None:
            value = as_tensor(value)
            if value.shape != self.shape:
                raise ShapeError(f"grad: expected shape {self.shape}, received {value.shape}")
        self._grad = value

    def zero_grad(self) -> None:
        """Forgets the accumulated gradient."""
        self._grad = None

    def numpy(self) -> np.ndarray:
        """The values as a new array, the caller's to change."""
        return self._data.copy()

    def item(self) -> Any:
        """The single element as a Python number; raises `ShapeError` when there are more or none."""
        if self.size != 1:
            raise ShapeError(f"item: expected a tensor of one element, received shape {self.shape}")
        return self._data.item()

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._data.tolist()

    def detach(self) -> Tensor:
        """The same values without the graph: nothing flows back through the result."""
        return wrap(self._data)

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool = False,
        create_graph: bool = False,
    ) -> None:
        """Accumulates the derivative of this tensor in `grad` of every leaf it depends on.

        gradient: the cotangent of this tensor, of its shape; may be left out for a scalar.
        retain_graph: keep the graph for another backward; otherwise it is freed.
        create_graph: record the computation of the gradients, for higher derivatives.

        Raises `GraphError` when nothing was recorded, or the graph has been freed.
        """
        if not self._requires_grad:
            raise GraphError(
                "backward: this tensor does not depend on any tensor with requires_grad=True. "
                "Was it computed inside no_grad(), or detached?"
            )
        seed = _seed(self, gradient, "backward")
        with tape.enable_grad() if create_graph else contextlib.nullcontext():
            found = tape.propagate(
                [(place_of(self), seed if create_graph else seed._data)],
                keep=retain_graph or create_graph,
                higher=recorded_vjp if create_graph else None,
            )
        leaf: Any
        for leaf, cotangent in found.items():
            if not isinstance(cotangent, (Tensor, slices.Slices)):
                cotangent = wrap(np.asarray(cotangent))
            leaf._accumulate(cotangent)

    def _accumulate(self, cotangent: Tensor | slices.Slices) -> None:
        if self._grad is None:
            self._grad = cotangent
            return
        known = self._grad
        if isinstance(known, slices.Slices) and not isinstance(cotangent, slices.Slices):
            known = wrap(known.dense())
        if isinstance(cotangent, slices.Slices) and not isinstance(known, slices.Slices):
            cotangent = wrap(cotangent.dense())
        self._grad = known + cotangent

    def _described(self) -> str:
        return f"a tensor of shape {self.shape}"

    @staticmethod
    def __record_operation__(
        operation: Operation, inputs: Sequence[Any], attributes: Mapping[str, Any]
    ) -> Any:
        return record(operation, inputs, attributes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy:
            return np.array(self._data, dtype=dtype)
        return self.data if dtype is None else self.data.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from tinynet.autograd import numpy_protocol

        return numpy_protocol.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from tinynet.autograd import numpy_protocol

        return numpy_protocol.apply_function(function, args, kwargs)

    def __repr__(self) -> str:
        values = np.array2string(self._data, separator=", ", prefix="Tensor(", threshold=100)
        details = [values, f"shape={self.shape}", f"dtype={self.dtype}"]
        if self._node is not None:
            details.append(f"operation={self._node.operation.name}")
        elif self._requires_grad:
            details.append("requires_grad=True")
        return f"{type(self).__name__}({', '.join(details)})"

    def _repr_html_(self) -> str:
        from html import escape

        rows = self._data if self.ndim == 2 else self._data.reshape(1, -1) if self.ndim == 1 else None
        if rows is None or self.size > 400:
            return f"<pre>{escape(repr(self))}</pre>"
        cells = "".join("<tr>" + "".join(f"<td>{value:.5g}</td>" for value in row) + "</tr>" for row in rows)
        return f"<table>{cells}</table><small>shape={self.shape}, dtype={self.dtype}</small>"

    def __reduce__(self) -> Any:
        return Tensor, (self._data, None, self._requires_grad and self._node is None)

    __hash__ = object.__hash__

    def __len__(self) -> int:
        if self.ndim == 0:
            raise ShapeError("len: a scalar tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise ShapeError("iter: a scalar tensor has no elements to iterate over")
        return iter(shapes.unstack(self) if self.shape[0] else ())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"bool: the truth of a tensor of shape {self.shape} is ambiguous. Use .any() or .all()."
            )
        return bool(self._data)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise MutationError(
            "a tensor cannot be assigned into: the graph may need its values. Build the new value "
            "with where(mask, value, tensor) or concatenate; a variable has assign(); numpy() is a copy to change."
        )

    def __getattr__(self, name: str) -> Any:
        if name in _MUTATING_METHODS:
            raise MutationError(
                f"a tensor has no in-place method {name!r}: use the function that returns a new "
                "tensor, or change a copy from numpy()."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getitem__(self, key: Any) -> Tensor:
        return shapes.getitem(self, key=_plain_key(key))

    def __add__(self, other: Any) -> Tensor:
        return record(arithmetic.add, (self, other), {})

    def __radd__(self, other: Any) -> Tensor:
        return record(arithmetic.add, (other, self), {})

    def __sub__(self, other: Any) -> Tensor:
        return record(arithmetic.subtract, (self, other), {})

    def __rsub__(self, other: Any) -> Tensor:
        return record(arithmetic.subtract, (other, self), {})

    def __mul__(self, other: Any) -> Tensor:
        return record(arithmetic.multiply, (self, other), {})

    def __rmul__(self, other: Any) -> Tensor:
        return record(arithmetic.multiply, (other, self), {})

    def __truediv__(self, other: Any) -> Tensor:
        return record(arithmetic.divide, (self, other), {})

    def __rtruediv__(self, other: Any) -> Tensor:
        return record(arithmetic.divide, (other, self), {})

    def __floordiv__(self, other: Any) -> Tensor:
        return _floor_divided(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _floor_divided(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Tensor:
        return other - self * (other // self)

    def __pow__(self, other: Any) -> Tensor:
        if isinstance(other, (int, float)) and other == 2:
            return record(elementwise.square, (self,), {})
        return record(arithmetic.power, (self, other), {})

    def __rpow__(self, other: Any) -> Tensor:
        return record(arithmetic.power, (other, self), {})

    def __matmul__(self, other: Any) -> Tensor:
        return record(linalg.matmul, (self, other), {})

    def __rmatmul__(self, other: Any) -> Tensor:
        return record(linalg.matmul, (other, self), {})

    def __neg__(self) -> Tensor:
        return record(arithmetic.negative, (self,), {})

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return record(elementwise.abs_, (self,), {})

    def __invert__(self) -> Tensor:
        return constant(np.invert, self)

    def __and__(self, other: Any) -> Tensor:
        return constant(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Tensor:
        return constant(np.bitwise_or, self, other)

    def __xor__(self, other: Any) -> Tensor:
        return constant(np.bitwise_xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return constant(np.equal, self, other)

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        return constant(np.not_equal, self, other)

    def __lt__(self, other: Any) -> Tensor:
        return constant(np.less, self, other)

    def __le__(self, other: Any) -> Tensor:
        return constant(np.less_equal, self, other)

    def __gt__(self, other: Any) -> Tensor:
        return constant(np.greater, self, other)

    def __ge__(self, other: Any) -> Tensor:
        return constant(np.greater_equal, self, other)

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reductions.sum_(self, axis=axis_of(axis), keepdims=keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reductions.mean(self, axis=axis_of(axis), keepdims=keepdims)

    def var(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reductions.var(self, axis=axis_of(axis), keepdims=keepdims)

    def std(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return elementwise.sqrt(self.var(axis, keepdims))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reductions.max_(self, axis=axis_of(axis), keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reductions.min_(self, axis=axis_of(axis), keepdims=keepdims)

    def prod(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """The product over `axis` by halving: right also where elements are 0."""
        if axis is None:
            product = self.reshape(-1).prod(axis=0)
            return product.reshape((1,) * self.ndim) if keepdims else product
        x = self.swapaxes(0, axis)
        if not x.shape[0]:
            product = wrap(np.ones((1, *x.shape[1:]), self.dtype)).swapaxes(0, axis)
            return product if keepdims else product.squeeze(axis)
        while x.shape[0] > 1:
            half = x.shape[0] // 2
            paired = x[:half] * x[half : 2 * half]
            x = shapes.concatenate(paired, x[2 * half :], axis=0) if x.shape[0] % 2 else paired
        x = x.swapaxes(0, axis)
        return x if keepdims else x.squeeze(axis)

    def cumsum(self, axis: int | None = None) -> Tensor:
        return reductions.cumsum(self, axis=axis)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        return constant(np.argmax, self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        return constant(np.argmin, self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: int | None = -1, stable: bool = False) -> Tensor:
        return constant(np.argsort, self, axis=axis, stable=stable)

    def any(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return constant(np.any, self, axis=axis_of(axis), keepdims=keepdims)

    def all(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return constant(np.all, self, axis=axis_of(axis), keepdims=keepdims)

    def nonzero(self) -> tuple[Tensor, ...]:
        return tuple(wrap(indices) for indices in self._data.nonzero())

    def round(self, decimals: int = 0) -> Tensor:
        scale = 10.0**decimals
        return elementwise.rint(self * scale) / scale if decimals else elementwise.rint(self)

    def clip(self, min: float | None = None, max: float | None = None) -> Tensor:
        return elementwise.clip(self, x_min=min, x_max=max)

    def reshape(self, *shape: Any) -> Tensor:
        return shapes.reshape(self, shape=given_shape(shape))

    def ravel(self) -> Tensor:
        return shapes.reshape(self, shape=(-1,))

    flatten = ravel

    def transpose(self, *axes: Any) -> Tensor:
        return shapes.transpose(self, axes=given_shape(axes) if axes and axes != (None,) else None)

    @property
    def T(self) -> Tensor:
        return shapes.transpose(self, axes=None)

    @property
    def mT(self) -> Tensor:
        return shapes.swapaxes(self, axis1=-1, axis2=-2)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return shapes.swapaxes(self, axis1=axis1, axis2=axis2)

    def squeeze(self, axis: Axis = None) -> Tensor:
        return shapes.squeeze(self, axis=axis_of(axis))

    def repeat(self, repeats: int, axis: int | None = None) -> Tensor:
        x = self.ravel() if axis is None else self
        axis = 0 if axis is None else axis
        return x.take(np.repeat(np.arange(x.shape[axis]), repeats), axis)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        x = self.ravel() if axis is None else self
        indices = np.asarray(indices)
        return x[(*(slice(None),) * ((axis or 0) % x.ndim), indices)]

    def dot(self, other: Any) -> Tensor:
        other = as_tensor(other, like=self)
        if self.ndim == 0 or other.ndim == 0:
            return self * other
        return linalg.tensordot(self, other, axes=((-1,), (max(other.ndim - 2, 0),)))

    def astype(self, dtype: Any) -> Tensor:
        dtype = dtype_of(dtype)
        if dtype is self._data.dtype or dtype == self._data.dtype:
            return self
        if dtype.kind != "f":
            return constant(np.ndarray.astype, self, dtype=dtype)
        return elementwise.cast(self, dtype=dtype)

    def copy(self) -> Tensor:
        """The tensor itself: tensors never change, so sharing one is safe."""
        return self


_MUTATING_METHODS = frozenset({"fill", "itemset", "partition", "put", "resize", "setfield", "setflags", "sort"})


def wrap(data: np.ndarray) -> Tensor:
    """A tensor around an array that nobody else will change; nothing is copied."""
    tensor = Tensor.__new__(Tensor)
    tensor._data = data if type(data) is np.ndarray else np.asarray(data)
    tensor._requires_grad = False
    tensor._node = None
    tensor._grad = None
    tensor._tags = None
    return tensor


def attached(data: np.ndarray, place: Any) -> Any:
    """An array as the tensor that stands at a place of the tape: a node, a leaf, or nowhere."""
    if place is None or not isinstance(place, tape.Node):
        return data if place is None else place
    tensor = wrap(data)
    tensor._node = place
    tensor._requires_grad = True
    return tensor


def place_of(tensor: Tensor) -> Any:
    """Where a tensor's cotangent goes: its node, or the tensor itself if it is a leaf."""
    return tensor if tensor._node is None else tensor._node


def as_tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """`value` itself if it is a tensor, else a tensor of it (numbers take the dtype of `like`)."""
    if isinstance(value, Tensor):
        return value
    if like is not None and isinstance(value, (bool, int, float, np.generic)):
        return wrap(weak(value, like.dtype))
    return wrap(array_of(value, None))


def _floor_divided(x: Any, y: Any) -> Tensor:
    """⌊x/y⌋; of integers an integer."""
    like = x if isinstance(x, Tensor) else y
    x, y = as_tensor(x, like=like), as_tensor(y, like=like)
    if x.dtype.kind in "iub" and y.dtype.kind in "iub":
        return constant(np.floor_divide, x, y)
    return elementwise.floor(x / y)


def constant(function: Any, *inputs: Any, **settings: Any) -> Tensor:
    """A result without derivative (comparisons, indices, truth values) as a tensor."""
    plain = [x._data if isinstance(x, Tensor) else x for x in inputs]
    name = getattr(function, "__name__", str(function))
    try:
        output = function(*plain, **settings)
    except TinynetError:
        raise
    except (TypeError, ValueError, IndexError) as error:
        raise explained(name, error, plain) from error
    trace = tracing.current()
    if trace is not None and type(output) is np.ndarray and any(isinstance(x, Tensor) for x in inputs):
        trace.note(function, inputs, plain, settings, output)
    return wrap(np.asarray(output))


def record(operation: Operation, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    """Computes an operation on tensors, arrays and numbers; records it where a gradient is wanted."""
    arrays: list[Any] = []
    parents: list[Any] = []
    needs: list[bool] = []
    versions: list[tuple[Any, int]] = []
    tracked = foreign = False
    for value in inputs:  # one loop and no comprehensions: this runs for every operation
        parent: Any = None
        if isinstance(value, Tensor):
            arrays.append(value._data)
            if value._requires_grad:
                tracked = True
                parent = value._node
                if parent is None:
                    parent = value
                    versions.append((value, value._version))
        else:
            arrays.append(value)
            foreign = foreign or value is not None
        parents.append(parent)
        needs.append(parent is not None)
    tracked = tracked and tape.is_recording()
    if foreign:
        arrays = _converted(operation, inputs, arrays, tracked)
    if operation.mixes:
        arrays = agreed(arrays)
    try:
        if not tracked:
            output = operation.evaluate(*arrays, **attributes)
            if anomaly.watchers:
                anomaly.check(operation, inputs, arrays, output)
            trace = tracing.current()
            if trace is not None:
                # A result that is changed below is then another array, which the trace does not know.
                trace.note(operation.evaluate, inputs, arrays, attributes, output, operation.at_once)
            if type(output) is tuple:
                return tuple(map(wrap, output))
            return wrap(output) if operation is elementwise.cast else _of_integers(wrap(output), arrays)
        output, residuals = operation.forward(*arrays, **attributes)
        if anomaly.watchers:
            anomaly.check(operation, inputs, arrays, output)
    except TinynetError:
        raise
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise explained(operation.name, error, arrays) from error
    several = type(output) is tuple
    result = wrap(output[0] if several else output)
    dtype = result._data.dtype
    if dtype.kind != "f":
        tracing.refuse()
        return tuple(map(wrap, output)) if several else result
    node = tape.Node(operation, attributes, parents, needs, versions, residuals, len(output) if several else 1)
    for array, needed in zip(arrays, needs):  # noqa: B905 - of one length
        if needed and array.dtype is not dtype and array.dtype != dtype:
            node.dtypes = tuple(None if a is None else a.dtype for a in arrays)
            break
    trace = tracing.current()
    if trace is not None:
        trace.note_recorded(node, inputs, arrays, output)
    if several:
        return tuple(attached(part, tape.Pick(node, i)) for i, part in enumerate(output))
    result._node = node
    result._requires_grad = True
    return result


def recorded_vjp(node: tape.Node, cotangent: Any) -> Sequence[Any]:
    """A node's vjp on tensors, so that what it computes is recorded in turn."""
    residuals = node.residuals_for_vjp()
    operation = node.operation
    if operation.replays:
        return _replayed_vjp(node, cotangent, residuals)
    keeps: Sequence[Any] = operation.keeps
    if keeps == ("inputs",):
        keeps = range(len(residuals))
    lifted = list(residuals)
    for i, kept in enumerate(keeps):
        if kept == "output":
            lifted[i] = attached(residuals[i], node)
        elif kept != "constant":
            lifted[i] = attached(residuals[i], node.parents[kept])
    return operation.vjp(cotangent, tuple(lifted), node.needs, **node.attributes)


def _replayed_vjp(node: tape.Node, cotangent: Any, residuals: Sequence[Any]) -> list[Any]:
    """The cotangents of a fused operation through its composed form.

    Its residuals begin with its inputs. Each is passed through a recorded identity, and the
    walk back over the composed form stops there.
    """
    assert node.operation.composed is not None
    inputs: list[Any] = []
    for array, parent in zip(residuals, node.parents, strict=False):
        value = attached(array, parent)
        inputs.append(value if parent is None else shapes.reshape(value, shape=value.shape))
    outputs = node.operation.composed(*inputs, **node.attributes)
    if isinstance(outputs, tuple):
        seeds = [(place_of(y), g) for y, g in zip(outputs, cotangent, strict=True) if g is not None]
    else:
        seeds = [(place_of(outputs), cotangent)]
    targets = [value._node for value, parent in zip(inputs, node.parents, strict=True) if parent is not None]
    found = tape.propagate(seeds, keep=True, higher=recorded_vjp, targets=targets)
    return [
        None if parent is None else found.get(value._node, wrap(np.zeros_like(value._data)))
        for value, parent in zip(inputs, node.parents, strict=True)
    ]


def _seed(tensor: Tensor, gradient: Any, where: str) -> Tensor:
    """The cotangent a walk starts with: `gradient`, or 1 for a scalar."""
    if gradient is None:
        if tensor.size != 1:
            raise GraphError(
                f"{where}: a tensor of shape {tensor.shape} has no single derivative. "
                "Reduce it to a scalar (for example with .sum()) or pass gradient= of that shape."
            )
        return wrap(np.ones(tensor.shape, tensor.dtype))
    gradient = as_tensor(gradient, like=tensor)
    if gradient.shape != tensor.shape:
        raise ShapeError(f"{where}: expected a gradient of shape {tensor.shape}, received {gradient.shape}")
    return gradient.astype(tensor.dtype)


def _converted(operation: Operation, inputs: Sequence[Any], arrays: list[Any], tracked: bool) -> list[Any]:
    """Arrays and numbers among the inputs, made ready: numbers take the other inputs' dtype."""
    strong = [a.dtype for a in arrays if isinstance(a, np.ndarray)]
    dtype = np.result_type(*strong) if strong else np.dtype(config.floatx())
    if dtype.kind in "iu" and any(isinstance(value, (float, np.floating)) for value in inputs):
        # Beside a fraction integers become floatx; NumPy would make float64 of the two.
        dtype = np.dtype(config.floatx())
        arrays = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind in "iu" else a for a in arrays]
        inputs = [a if isinstance(a, np.ndarray) else value for a, value in zip(arrays, inputs, strict=True)]
    ready: list[Any] = []
    for value, array in zip(inputs, arrays, strict=True):
        if isinstance(value, Tensor) or value is None:
            ready.append(array)
        elif isinstance(value, (bool, int, float, np.generic)):
            ready.append(weak(value, dtype))
        elif isinstance(value, np.ndarray):
            refuse_objects(value, operation.name)
            # The graph keeps its own copy of what its owner could still change.
            ready.append(value.copy() if tracked and value.flags.writeable else value)
        else:
            ready.append(array_of(value, None))
    return ready


def _of_integers(result: Tensor, arrays: Sequence[Any]) -> Tensor:
    """Fractions made of integers alone (1/2, √2) as floatx; NumPy makes float64 of them."""
    if result._data.dtype == np.float64 and all(a is None or a.dtype.kind in "iub" for a in arrays):
        result._data = result._data.astype(config.floatx())
    return result


def _plain_key(key: Any) -> Any:
    """An index with tensors and arrays as arrays of its own."""
    if isinstance(key, tuple):
        return tuple(_plain_key(part) for part in key)
    if isinstance(key, Tensor):
        return key._data
    return np.array(key) if isinstance(key, np.ndarray) else key
