"""A weight: a leaf tensor that may be changed, by name and on the record."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, as_tensor, wrap
from tinynet.autograd.tracing import refuse
from tinynet.errors import DtypeError, ShapeError, TinynetError
from tinynet.kernels.memory import aligned


_kept: ContextVar[bool] = ContextVar("kept", default=False)


@contextlib.contextmanager
def keeping_values(keep: bool = True) -> Iterator[None]:
    """Within it variables keep their values, whatever is assigned: a layer is only being tried out.

    keep: False within it again, while the weights are made.
    """
    token = _kept.set(keep)
    try:
        yield
    finally:
        _kept.reset(token)


class Variable(Tensor):
    """A tensor whose value training changes: a weight, a moving statistic, an optimizer's slot.

    value: the initial value; copied.
    trainable: whether gradients are recorded for it.
    name: a short name ('kernel'); `path` adds the layer's ('dense/kernel').

    Each change counts up a version, so that a graph recorded before it refuses to be walked.
    """

    __slots__ = ("_version", "constraint", "name", "path", "regularizer", "wanted_trainable")

    def __init__(
        self, value: Any, trainable: bool = True, dtype: Any = None, name: str = "variable", path: str | None = None
    ) -> None:
        super().__init__(value, dtype=dtype)
        self._data = aligned(self._data)
        self._version = 0
        self.trainable = trainable
        # What the weight was made for; freezing its layer changes `trainable` only.
        self.wanted_trainable = bool(trainable)
        self.name = name
        self.path = path or name
        self.regularizer: Any = None
        self.constraint: Any = None

    @property
    def trainable(self) -> bool:
        """Whether operations on the variable are recorded."""
        return self._requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._requires_grad = bool(value) and self.dtype.kind == "f"

    @property
    def value(self) -> Tensor:
        """The current value, as in Keras."""
        return self

    def detach(self) -> Tensor:
        """The present value without the graph: a copy, which later changes do not reach."""
        return wrap(self._data.copy())

    def assign(self, value: Any) -> Variable:
        """Replaces the value by one of the same shape, cast to the variable's dtype.

        Raises `ShapeError` for another shape, `DtypeError` for what is not numbers.
        """
        return self._replaced(self.converted(value))

    def assign_zeros(self) -> Variable:
        """Replaces every element of the value by 0."""
        return self._replaced(aligned(np.zeros(self._data.shape, self._data.dtype)))

    def _replaced(self, array: np.ndarray) -> Variable:
        refuse()
        if not _kept.get():
            self._data = array
            self._version += 1
        return self

    def converted(self, value: Any) -> np.ndarray:
        """`value` as a new array that may become the variable's value; the errors are those of `assign`."""
        try:
            array = as_tensor(value)._data
        except TinynetError as error:
            raise type(error)(f"{self._described()}: {error}") from error
        if array.shape != self.shape:
            raise ShapeError(f"{self._described()}: cannot be assigned a value of shape {array.shape}")
        if array.dtype.kind == "b" and self.dtype.kind != "b":
            raise DtypeError(f"{self._described()}: cannot be assigned truth values")
        return aligned(array.astype(self.dtype, copy=False))

    def assign_add(self, value: Any) -> Variable:
        """Adds to the value."""
        return self.assign(self._data + as_tensor(value, like=self)._data)

    def assign_sub(self, value: Any) -> Variable:
        """Subtracts from the value."""
        return self.assign(self._data - as_tensor(value, like=self)._data)

    def changed_in_place(self) -> None:
        """To be called after writing into the array itself, as the optimizers do."""
        self._version += 1

    def _described(self) -> str:
        return f"variable {self.path!r} of shape {self.shape}"

    def __reduce__(self) -> Any:
        return Variable, (self._data, self.trainable, None, self.name, self.path)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self._data!r}>"
