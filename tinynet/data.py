"""Data for training beyond arrays in memory: batches that are shuffled, balanced, changed and made ahead, by a seed."""

from __future__ import annotations

import copy
import inspect
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from tinynet.arguments import flag, whole
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.nested import leaves, map_leaves, packed
from tinynet.seeds import draw_seed

__all__ = ["Dataset", "class_weights"]

Sample = tuple[Any, ...]


class Step(NamedTuple):
    """A function that changes samples or batches, and whether it draws random numbers."""

    function: Callable[..., Any]
    draws: bool
    on_batches: bool


class Dataset:
    """Samples that become batches: each method gives a data set that does something more; `fit` takes it.

    `shuffle` and `balance` are about samples, also where `batch` comes before.

    x, y, sample_weight: arrays (N, …), or nested lists and dicts of them; the latter two may be left out.
    seed: for all that is drawn, in `shuffle`, `balance` and `map`; without one it is drawn from Python's `random`,
        which `utils.set_random_seed` seeds. What a pass draws depends on the seed and the number of the pass alone,
        not on the number of workers; a checkpoint keeps the number (`callbacks.BackupAndRestore`).

    Iterating gives (x,), (x, y) or (x, y, sample_weight). Raises `DataError` where there are no samples, `ShapeError`
    where the arrays are of unequal length.

    >>> data = Dataset(np.arange(10), np.arange(10) % 2, seed=1).shuffle().batch(4)
    >>> len(data)
    3
    >>> [y.tolist() for x, y in data.balance()]
    [[0, 1, 0, 1], [0, 1, 0, 1], [0, 1]]
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None, *, seed: int | None = None) -> None:
        parts = [part for part in (x, y, sample_weight) if part is not None]
        if y is None and sample_weight is not None:
            raise ArgumentError("Dataset: sample_weight needs y")
        self._arrays = tuple(map_leaves(np.asarray, part) for part in parts)
        sizes = [len(array) if array.ndim else None for array in leaves(self._arrays)]
        if not sizes or None in sizes or 0 in sizes:
            raise DataError("Dataset: expected arrays with at least one sample each")
        if len(set(sizes)) > 1:
            raise ShapeError(f"Dataset: all arrays must have the same number of samples, received {sizes}")
        self.size = int(sizes[0] or 0)
        self.seed = draw_seed() if seed is None else whole("Dataset", "seed", seed, 0)
        self._orders: tuple[Callable[[np.ndarray, np.random.Generator], np.ndarray], ...] = ()
        self._steps: tuple[Step, ...] = ()
        self._batch_size: int | None = None
        self._drop_remainder = False
        self._workers, self._ahead = 1, 0
        self._passes = 0

    def shuffle(self) -> Dataset:
        """The samples in a new order in each pass."""
        return self._with(_orders=(*self._orders, lambda order, rng: rng.permutation(order)))

    def balance(self) -> Dataset:
        """As many samples of each class as of the largest: those of the others are drawn again, as evenly as possible.

        y must hold class numbers (N,) or (N, 1), or be one-hot (N, K). The classes take turns. Raises `DataError` for
        another y.
        """
        labels = _labels(self._arrays[1] if len(self._arrays) > 1 else None, "Dataset.balance")
        return self._with(_orders=(*self._orders, lambda order, rng: _balanced(order, labels[order], rng)))

    def map(self, function: Callable[..., Any], workers: int | None = None) -> Dataset:
        """Changes each sample, or each batch where `batch` comes before.

        function: takes x, y … as they stand in the data set and returns as many or other parts, in a tuple; one part may
            stand alone. If it has a parameter `rng` it gets a `numpy.random.Generator`, a new one for each call.
        workers: threads that do so at the same time. The order stays.
        """
        if not callable(function):
            raise ArgumentError(f"Dataset.map: expected a function, received {function!r}")
        try:
            draws = "rng" in inspect.signature(function).parameters
        except ValueError:  # of a function in C nothing is known
            draws = False
        step = Step(function, draws, self._batch_size is not None)
        workers = self._workers if workers is None else whole("Dataset.map", "workers", workers)
        return self._with(_steps=(*self._steps, step), _workers=workers)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Puts so many samples together; the last batch may be smaller, or is left out."""
        if self._batch_size is not None:
            raise ArgumentError("Dataset.batch: these are batches already")
        size = whole("Dataset.batch", "batch_size", batch_size)
        return self._with(_batch_size=size, _drop_remainder=flag("Dataset.batch", "drop_remainder", drop_remainder))

    def prefetch(self, count: int = 2) -> Dataset:
        """Makes so many batches ahead, on a thread or on those of `map`, while the model trains."""
        return self._with(_ahead=whole("Dataset.prefetch", "count", count))

    def _with(self, **changes: Any) -> Dataset:
        other = copy.copy(self)
        vars(other).update(changes, _passes=0)
        return other

    def get_state(self) -> dict[str, int]:
        """How many passes have begun, and the seed."""
        return {"passes": self._passes, "seed": self.seed}

    def set_state(self, state: dict[str, int]) -> None:
        """Goes on after so many passes."""
        self._passes, self.seed = state["passes"], state["seed"]

    def __len__(self) -> int:
        samples = len(self._order(0)) if self._orders else self.size
        if self._batch_size is None:
            return samples
        return samples // self._batch_size if self._drop_remainder else -(-samples // self._batch_size)

    def _order(self, number: int) -> np.ndarray:
        """The samples of a pass."""
        order = np.arange(self.size)
        for stage, change in enumerate(self._orders):
            order = change(order, np.random.default_rng((self.seed, number, 0, stage)))
        return order

    def __iter__(self) -> Iterator[Sample]:
        number, self._passes = self._passes, self._passes + 1
        order, size = self._order(number), self._batch_size or 1
        groups = [order[start : start + size] for start in range(0, len(order), size)]
        if self._drop_remainder and len(groups[-1]) < size:
            groups.pop()
        if not groups:
            raise DataError(f"Dataset: drop_remainder leaves no batch of {size} of {len(order)} samples")
        if self._workers == 1 and not self._ahead:
            return (self._made(number, place, rows) for place, rows in enumerate(groups))
        return self._made_ahead(number, groups)

    def _made_ahead(self, number: int, groups: list[np.ndarray]) -> Iterator[Sample]:
        with ThreadPoolExecutor(self._workers) as pool:
            pending: deque[Future[Sample]] = deque()
            try:
                for place, rows in enumerate(groups):
                    pending.append(pool.submit(self._made, number, place, rows))
                    if len(pending) > max(self._ahead, self._workers):
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def _made(self, number: int, place: int, rows: np.ndarray) -> Sample:
        """A batch, or a sample where there are no batches, with everything done to it."""
        before = [step for step in self._steps if not step.on_batches]
        after = [step for step in self._steps if step.on_batches]

        def taken(at: Any) -> Sample:
            return tuple(map_leaves(lambda array: array[at], part) for part in self._arrays)

        if not before and self._batch_size is not None:
            made = taken(rows)
        else:
            samples = [
                self._changed(taken(row), before, (number, place, offset)) for offset, row in enumerate(rows.tolist())
            ]
            made = samples[0] if self._batch_size is None else _stacked(samples)
        return self._changed(made, after, (number, place, len(rows)))

    def _changed(self, parts: Sample, steps: list[Step], place: tuple[int, ...]) -> Sample:
        for stage, step in enumerate(steps):
            drawn = {"rng": np.random.default_rng((self.seed, *place, 1, stage))} if step.draws else {}
            changed = step.function(*parts, **drawn)
            parts = changed if isinstance(changed, tuple) else (changed,)
            if not 1 <= len(parts) <= 3:
                raise DataError(f"Dataset.map: expected x, (x, y) or (x, y, sample_weight), received {len(parts)} parts")
        return parts


def _stacked(samples: list[Sample]) -> Sample:
    """Samples as a batch."""
    try:
        columns = [np.stack(column) for column in zip(*map(leaves, samples), strict=True)]
    except ValueError as error:
        raise ShapeError(f"Dataset.batch: the samples do not have one shape ({error})") from error
    made: Sample = packed(samples[0], iter(columns))
    return made


def _labels(y: Any, where: str) -> np.ndarray:
    """Class numbers (N,) of labels (N,), (N, 1) or one-hot (N, K)."""
    if not isinstance(y, np.ndarray) or y.ndim > 2 or y.dtype.kind not in "fiub":
        raise DataError(f"{where}: needs labels y (N,), (N, 1) or one-hot (N, K), for one output")
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1)
    labels = y.reshape(-1).astype(np.int64)
    if (labels != y.reshape(-1)).any() or (labels < 0).any():
        raise DataError(f"{where}: expected whole numbers from 0 on as labels, received {y.reshape(-1)[:5]}")
    return labels


def _balanced(order: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many of each class as of the largest, the classes taking turns."""
    groups = [order[labels == label] for label in np.unique(labels)]
    largest = max(map(len, groups))
    columns = []
    for group in groups:
        times, more = divmod(largest, len(group))
        columns.append(np.concatenate([np.tile(group, times), rng.permutation(group)[:more]]))
    return np.stack(columns, axis=1).reshape(-1)


def class_weights(y: Any) -> dict[int, float]:
    """Weights for `fit(class_weight=…)` by which every class counts the same: N / (K · its number of samples).

    y: class numbers (N,) or (N, 1), or one-hot (N, K). Raises `DataError` for other labels.
    Source: G. King and L. Zeng, Logistic regression in rare events data, Political Analysis 2001; as scikit-learn's
    class_weight='balanced'.

    >>> class_weights([0, 0, 0, 1])
    {0: 0.6666666666666666, 1: 2.0}
    """
    labels = _labels(np.asarray(y), "class_weights")
    if not len(labels):
        raise DataError("class_weights: there are no labels")
    classes, counts = np.unique(labels, return_counts=True)
    return {int(label): len(labels) / (len(classes) * int(count)) for label, count in zip(classes, counts, strict=True)}
