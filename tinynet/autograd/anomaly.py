"""Anomaly mode: names the operation, and the layer, that first makes NaN or infinity out of numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from tinynet.errors import AnomalyError
from tinynet.naming import scope
from tinynet.primitives.operation import Operation

watchers = 0  # how many are watching, in whatever thread: while it is 0, nobody need be asked
_watching: ContextVar[bool] = ContextVar("watching", default=False)
_places: WeakKeyDictionary[Any, tuple[str, ...]] = WeakKeyDictionary()  # the layers in which nodes were recorded


@contextlib.contextmanager
def detect_anomaly() -> Iterator[None]:
    """Within it an operation that makes NaN or infinity out of finite numbers raises `AnomalyError`.

    Forward and backward: the error names the operation, the layer it belongs to and the first element, or the weight
    that is no longer finite; in `fit` also the epoch and the batch. Every result is looked through, which takes time:
    it is for finding out why a loss became NaN. The setting belongs to the thread or task that made it.

    >>> import tinynet
    >>> x = tinynet.Tensor([2.0, 0.0])
    >>> with tinynet.detect_anomaly():
    ...     tinynet.ops.log(x)
    Traceback (most recent call last):
        ...
    tinynet.errors.AnomalyError: operation 'log' gave -inf at [1], from finite numbers: (2,) between 0 and 2
    """
    global watchers
    token = _watching.set(True)
    watchers += 1
    try:
        yield
    finally:
        watchers -= 1
        _watching.reset(token)


def check(operation: Operation, inputs: Sequence[Any], arrays: Sequence[Any], output: Any) -> None:
    """Raises `AnomalyError` for a result with NaN, and for infinity out of finite numbers."""
    if not _watching.get():
        return
    outputs = _floats(output if isinstance(output, tuple) else (output,))
    if all(np.isfinite(array).all() for array in outputs):
        return
    for tensor in inputs:
        if hasattr(tensor, "path") and not np.isfinite(tensor._data).all():
            raise AnomalyError(
                f"operation {operation.name!r}: the weight {tensor.path!r} holds {_first([tensor._data])}; "
                "the update before, or the value it was given, was no number any more"
            )
    given = _floats(arrays)
    finite = all(np.isfinite(array).all() for array in given)
    if finite or any(np.isnan(array).any() for array in outputs):  # infinity out of infinity is what masks are made of
        source = "finite numbers" if finite else f"numbers that hold {_first(given)} already"
        raise AnomalyError(f"operation {operation.name!r} gave {_first(outputs)}, from {source}: {_ranges(given)}")


def remember(node: Any) -> None:
    """Keeps the layer in which a node was recorded, for the way back."""
    if _watching.get():
        _places[node] = scope.get()


def check_backward(node: Any, cotangent: Any, cotangents: Sequence[Any]) -> None:
    """Raises `AnomalyError` for a derivative that is not finite where what came from above was."""
    if not _watching.get():
        return
    given = _floats(cotangent if isinstance(cotangent, tuple) else (cotangent,))
    found = _floats(cotangents)
    if all(np.isfinite(array).all() for array in found) or not all(np.isfinite(array).all() for array in given):
        return
    place = "/".join(_places.get(node, ()))
    raise AnomalyError(
        f"{place + ': ' if place else ''}the derivative of operation {node.operation.name!r} gave {_first(found)}, "
        f"from finite numbers: {_ranges(given)}"
    )


def _floats(values: Sequence[Any]) -> list[np.ndarray]:
    arrays = [getattr(value, "values", value) for value in values]  # Slices have theirs in `values`
    return [a for a in arrays if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def _first(arrays: Sequence[np.ndarray]) -> str:
    """The first number that is not finite, and where it stands."""
    for array in arrays:
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            return f"{array[tuple(wrong[0])]} at {wrong[0].tolist()}"
    return "nothing"


def _ranges(arrays: Sequence[np.ndarray]) -> str:
    ranges = []
    for array in arrays:
        finite = array[np.isfinite(array)]
        between = f" between {finite.min():.6g} and {finite.max():.6g}" if finite.size else ""
        ranges.append(f"{array.shape}{between}")
    return "; ".join(ranges)
