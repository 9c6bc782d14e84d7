"""Batches of a sparse matrix, each made dense when its turn comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet import seeds


class SparseBatches:
    """(x, y, sample_weight) batches of a sparse matrix of rows (N, F), in the order that `fit` takes those of an array.

    y, sample_weight: arrays (N, …), or None.
    """

    def __init__(self, x: Any, y: Any, sample_weight: Any, batch_size: int, shuffle: bool = False) -> None:
        self.x, self.y, self.sample_weight = x, y, sample_weight
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self) -> int:
        return -(-self.x.shape[0] // self.batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        count = self.x.shape[0]
        order = seeds.orders()(count) if self.shuffle else np.arange(count)
        for start in range(0, count, self.batch_size):
            rows = order[start : start + self.batch_size]
            parts = (self.x[rows].toarray(), self.y, self.sample_weight)
            yield (parts[0], *(part[rows] for part in parts[1:] if part is not None))
