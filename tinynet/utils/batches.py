"""`Batches`: a data set whose samples are found by their numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinynet.arguments import whole
from tinynet.errors import ArgumentError
from tinynet.models.py_dataset import PyDataset
from tinynet.nested import map_leaves
from tinynet.seeds import draw_seed


class Batches(PyDataset):
    """A data set for `fit`, or to be gone through: what the functions of `tinynet.utils` that make data sets return.

    load: takes an array of sample numbers and returns their batch, an array or a structure of arrays.
    count: how many samples there are.
    batch_size: None gives the samples one by one, without an axis for them.
    shuffle: whether each pass goes through the samples in an order of its own. seed: for these orders.

    >>> list(Batches(lambda numbers: numbers * 10, 5, batch_size=2))
    [array([ 0, 10]), array([20, 30]), array([40])]
    """

    def __init__(
        self,
        load: Callable[[np.ndarray], Any],
        count: int,
        batch_size: int | None = None,
        shuffle: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self._load = load
        self.count = count
        self.batch_size = None if batch_size is None else whole("data set", "batch_size", batch_size)
        self._generator = np.random.default_rng(draw_seed() if seed is None else seed) if shuffle else None
        self._order = np.arange(count)

    def __len__(self) -> int:
        return self.count if self.batch_size is None else -(-self.count // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no batch {index} among {len(self)}")
        if self.batch_size is None:
            return map_leaves(lambda part: part[0], self._load(self._order[index : index + 1]))
        return self._load(self._order[index * self.batch_size : (index + 1) * self.batch_size])

    def __iter__(self) -> Iterator[Any]:
        self.on_epoch_end()
        return (self[index] for index in range(len(self)))

    def on_epoch_end(self) -> None:
        if self._generator is not None:
            self._order = self._generator.permutation(self.count)

    def take(self, count: int) -> Iterator[Any]:
        """The first batches of a pass, so many at most.

        >>> list(Batches(lambda numbers: numbers, 5, batch_size=2).take(1))
        [array([0, 1])]
        """
        return itertools.islice(iter(self), count)

    def batch(self, batch_size: int) -> Batches:
        """The same samples in batches, where they came one by one.

        Raises `ArgumentError` where they are in batches already.

        >>> list(Batches(lambda numbers: numbers, 3).batch(2))
        [array([0, 1]), array([2])]
        """
        if self.batch_size is not None:
            raise ArgumentError(f"batch: the data set is in batches of {self.batch_size} already")
        batched = Batches(self._load, self.count, batch_size)
        batched._generator, batched._order = self._generator, self._order
        return batched
