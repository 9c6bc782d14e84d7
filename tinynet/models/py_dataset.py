"""`PyDataset`: batches by number, made when they are needed."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tinynet.arguments import whole
from tinynet.errors import ArgumentError


class PyDataset:
    """Base of your data sets: a subclass defines `__len__`, the number of batches, and `__getitem__(i)`, batch i.

    A batch is (x,), (x, y) or (x, y, sample_weight). `on_epoch_begin` and `on_epoch_end` are called around each pass;
    as in Keras `on_epoch_end` once before the first, too. A property `num_batches` may stand for `__len__`; None
    there is a data set without end, for `steps_per_epoch`. `fit` takes the batches in random order unless shuffle=False.

    workers: threads that make batches while the model trains; the order stays. max_queue_size: how many batches they
        make ahead. use_multiprocessing: only False is supported.

    Source: https://keras.io/api/utils/python_utils/

    >>> import numpy as np
    >>> class Halves(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         return np.full((4, 1), index), np.zeros((4, 1))
    >>> [x[0, 0] for x, y in Halves()]
    [np.int64(0), np.int64(1)]
    """

    _workers = 1
    _max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if use_multiprocessing:
            raise ArgumentError(f"{type(self).__name__}: use_multiprocessing is not supported; workers are threads")
        self._workers = whole(type(self).__name__, "workers", workers, 0)
        self._max_queue_size = whole(type(self).__name__, "max_queue_size", max_queue_size)

    @property
    def workers(self) -> int:
        """How many threads make batches."""
        return self._workers

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes: no."""
        return False

    @property
    def max_queue_size(self) -> int:
        """How many batches are made ahead."""
        return self._max_queue_size

    @property
    def num_batches(self) -> int | None:
        """How many batches there are: what `len` says."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(f"{type(self).__name__} must define __len__, or the property num_batches")
        return len(self)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __iter__(self) -> Iterator[Any]:
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None  # whoever goes through it knows when to stop
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called after each pass."""


def is_dataset(source: Any) -> bool:
    """Whether something has batches by number: a `PyDataset`, Keras's own, or an object with their methods."""
    if isinstance(source, (str, bytes, list, tuple, dict)) or hasattr(source, "__array__"):
        return False
    return hasattr(source, "__getitem__") and (
        hasattr(source, "num_batches") or hasattr(source, "__len__") and hasattr(source, "on_epoch_end")
    )


def batches_in(source: Any, order: Iterable[int] | int | None) -> Iterator[Any]:
    """The batches of a data set: the numbers in `order`, so many, or without end."""
    if not isinstance(order, Iterable):
        order = itertools.count() if order is None else range(order)
    workers = source.workers if isinstance(source, PyDataset) else 1
    if workers < 2:
        yield from (source[index] for index in order)
        return
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[Any]] = deque()
        try:
            for index in order:
                pending.append(pool.submit(source.__getitem__, index))
                if len(pending) > source.max_queue_size:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
