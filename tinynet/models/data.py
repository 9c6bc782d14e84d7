"""Batches for training: cut from arrays, or taken from an iterable of batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.random import shuffled


class Batch(NamedTuple):
    """Inputs, targets and sample weights of one step; the latter two may be None."""

    x: Any
    y: Any = None
    sample_weight: Any = None


def as_array(value: Any, name: str, where: str, *, check_finite: bool = True) -> np.ndarray:
    """Data as an array that can be cut into batches, floats as floatx.

    Raises `DataError` for NaN or infinity, `DtypeError` for what holds no numbers or text,
    `ShapeError` for rows of unequal length.
    """
    if isinstance(value, Tensor):
        value = value.data
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            f"{where}: the rows of {name} have unequal lengths; pad them to one length"
        ) from error
    if array.dtype.kind == "O":
        if not all(isinstance(v, (str, bytes)) for v in array.ravel()[:100]):
            raise DtypeError(f"{where}: {name} must hold numbers (or text), received an array of Python objects")
        return array
    if array.dtype.kind not in "fiubUS":
        raise DtypeError(f"{where}: {name} must hold numbers (or text), received dtype {array.dtype}")
    if array.dtype.kind == "f":
        array = array.astype(config.floatx(), copy=False)
        if check_finite and not np.isfinite(array).all():
            first = int(np.argwhere(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0, 0]) if array.ndim else 0
            raise DataError(f"{where}: {name} holds NaN or infinity, first in sample {first}. Clean the data first.")
    if array.ndim == 0:
        raise ShapeError(f"{where}: {name} must have a batch axis, received a single value")
    return array


class ArrayBatches:
    """Batches cut from arrays of equal length, in order or shuffled anew for each pass.

    x: the inputs (N, …); y: the targets (N, …) or None; sample_weight: (N, …) or None.
    batch_size: the last batch may be smaller.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        shuffle: bool = False,
        class_weight: Mapping[int, float] | None = None,
        where: str = "fit",
    ) -> None:
        self.x = as_array(x, "x", where, check_finite=where != "predict")
        self.y = None if y is None else as_array(y, "y", where)
        self.sample_weight = None if sample_weight is None else as_array(sample_weight, "sample_weight", where)
        if self.sample_weight is not None and self.sample_weight.dtype.kind not in "fiub":
            raise DtypeError(f"{where}: sample_weight must hold numbers, received dtype {self.sample_weight.dtype}")
        self.batch_size = checked_batch_size(batch_size, where)
        self.shuffle = shuffle
        self.size = len(self.x)
        if not self.size:
            raise DataError(f"{where}: the data are empty: x has shape {self.x.shape}")
        for name, array in (("y", self.y), ("sample_weight", self.sample_weight)):
            if array is not None and len(array) != self.size:
                raise DataError(
                    f"{where}: all data must have the same number of samples; x has {self.size}, "
                    f"{name} has {len(array)}"
                )
        if class_weight is not None:
            if self.sample_weight is not None:
                raise ArgumentError(f"{where}: give class_weight or sample_weight, not both")
            if self.y is None:
                raise ArgumentError(f"{where}: class_weight needs targets y")
            self.sample_weight = weights_by_class(self.y, class_weight)

    def __len__(self) -> int:
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = shuffled(self.size) if self.shuffle else None
        for start in range(0, self.size, self.batch_size):
            stop = start + self.batch_size
            rows = slice(start, stop) if order is None else order[start:stop]
            yield Batch(
                self.x[rows],
                None if self.y is None else self.y[rows],
                None if self.sample_weight is None else self.sample_weight[rows],
            )

    def split(self, fraction: float, where: str) -> tuple[ArrayBatches, ArrayBatches]:
        """The first part for training and the last `fraction` of the samples for validation."""
        if not 0 < fraction < 1:
            raise ArgumentError(f"{where}: expected validation_split between 0 and 1, received {fraction!r}")
        at = math.floor(self.size * (1 - fraction))
        if at in (0, self.size):
            raise DataError(f"{where}: validation_split={fraction} of {self.size} samples leaves one part empty")
        return self._part(slice(0, at), self.shuffle), self._part(slice(at, None), False)

    def _part(self, rows: slice, shuffle: bool) -> ArrayBatches:
        part = object.__new__(ArrayBatches)
        part.x = self.x[rows]
        part.y = None if self.y is None else self.y[rows]
        part.sample_weight = None if self.sample_weight is None else self.sample_weight[rows]
        part.batch_size, part.shuffle, part.size = self.batch_size, shuffle, len(part.x)
        return part


class IterableBatches:
    """Batches from an iterable of (x, y) or (x, y, sample_weight), or of x alone.

    A list of tuples, or another object with a fresh `iter()`, gives a new pass each epoch;
    a generator goes on where it stopped.
    """

    def __init__(self, source: Iterable[Any], class_weight: Mapping[int, float] | None = None, where: str = "fit") -> None:
        self.source = source
        self.class_weight = class_weight
        self.where = where
        self.size: int | None = None

    def __len__(self) -> int:
        return len(self.source)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Batch]:
        empty = True
        for number, item in enumerate(self.source):
            empty = False
            yield self._batch(item, number)
        if empty:
            raise DataError(
                f"{self.where}: the iterable gave no batches. A generator that has ended cannot start again: "
                "pass steps_per_epoch and an endless generator, or an object with a fresh iter()."
            )

    def _batch(self, item: Any, number: int) -> Batch:
        where = f"{self.where}, batch {number}"
        parts = item if isinstance(item, tuple) else (item,)
        if not 1 <= len(parts) <= 3:
            raise DataError(f"{where}: expected x, (x, y) or (x, y, sample_weight), received {len(parts)} items")
        whole = ArrayBatches(
            *parts, batch_size=2**62, class_weight=self.class_weight, where=where
        )  # checks the arrays; one batch is all of them
        return Batch(whole.x, whole.y, whole.sample_weight)


def batches_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = False,
    class_weight: Mapping[int, float] | None = None,
    where: str,
) -> ArrayBatches | IterableBatches:
    """Batches from arrays, or from an iterable of batches when x is one."""
    if isinstance(x, (dict, tuple)) or (isinstance(x, list) and x and isinstance(x[0], np.ndarray) and x[0].ndim > 1):
        raise ArgumentError(f"{where}: this model has one input; expected one array, received {type(x).__name__} of several")
    if lists_batches(x) or (hasattr(x, "__iter__") and not hasattr(x, "__array__") and not isinstance(x, (list, str))):
        if y is not None or sample_weight is not None:
            raise ArgumentError(f"{where}: an iterable of batches brings its own y and sample_weight")
        if batch_size is not None:
            raise ArgumentError(f"{where}: an iterable of batches has batch sizes of its own; leave batch_size out")
        return IterableBatches(x, class_weight, where)
    return ArrayBatches(
        x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight, where=where
    )


def lists_batches(x: Any) -> bool:
    """Whether x is a list of tuples of arrays, as an iterable of batches gives them."""
    first = x[0] if isinstance(x, list) and x else None
    return isinstance(first, tuple) and bool(first) and hasattr(first[0], "__array__") and np.ndim(first[0]) > 0


def checked_batch_size(batch_size: Any, where: str) -> int:
    """The batch size, 32 without one; raises `ArgumentError` unless it is a positive whole number."""
    if batch_size is None:
        return 32
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ArgumentError(f"{where}: expected batch_size to be a whole number >= 1, received {batch_size!r}")
    return int(batch_size)


def weights_by_class(y: np.ndarray, class_weight: Mapping[int, float]) -> np.ndarray:
    """A weight for each sample from its class: labels (N,), (N, 1) or one-hot (N, K)."""
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(f"class_weight: expected a dict from class to weight, received {class_weight!r}")
    for label, weight in class_weight.items():
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        number = isinstance(weight, (int, float, np.number)) and not isinstance(weight, bool)
        if not whole or not number or not np.isfinite(weight):
            raise ArgumentError(
                f"class_weight: expected whole numbers as classes and finite weights, received {{{label!r}: {weight!r}}}"
            )
    if y.ndim > 2:
        raise ArgumentError(f"class_weight: needs labels (N,), (N, 1) or (N, K), received y of shape {y.shape}")
    labels = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    weights = np.ones(len(y), config.floatx())
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights
