"""The data of a study, and the digest by which a trial knows that they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, DataError
from tinynet.nested import leaves
from tinynet.study.outcome import TestSet

Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Data:
    """What a study trains and tests on.

    train, validation, test: pairs (x, y) of arrays, as `fit` takes them; x may be several arrays in a list or dict.
        y of the test is (N,) or (N, 1), indices of classes or numbers, or (N, K) one-hot. Only `train` and
        `validation` are seen in training.
    class_names: the names of the K classes; None where y are numbers to be met.
    note: a sentence for the report: what the data are, and what is special about them.

    >>> x, y = np.zeros((4, 2)), np.array([0, 1, 1, 0])
    >>> Data(train=(x, y), test=(x, y), class_names=("no", "yes")).digest == Data((x, y), (x, y), None, ("no", "yes")).digest
    True
    """

    train: Pair
    test: Pair
    validation: Pair | None = None
    class_names: Sequence[str] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("train", "test", "validation"):
            pair = getattr(self, name)
            if pair is None and name == "validation":
                continue
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ArgumentError(f"Data: expected {name} to be a pair (x, y), received {type(pair).__name__}")
            sizes = {len(array) if np.ndim(array) else 0 for part in pair for array in leaves(part)}
            if len(sizes) != 1 or 0 in sizes:
                told = ", ".join(str(np.shape(array)) for part in pair for array in leaves(part))
                raise DataError(f"Data: expected {name} to have one y for each x, and some; received shapes {told}")
        self.test_set  # noqa: B018  (refuses labels that are none)

    @cached_property
    def digest(self) -> str:
        """A hash (SHA-256) of all arrays and of the classes' names."""
        found = hashlib.sha256(repr(None if self.class_names is None else list(self.class_names)).encode())
        for pair in (self.train, self.validation, self.test):
            for array in leaves(list(pair) if pair is not None else []):
                array = np.ascontiguousarray(array)
                found.update(f"{array.dtype.str}{array.shape}".encode())
                # Texts of Python have no buffer of bytes.
                found.update("\0".join(array.ravel()).encode() if array.dtype.kind == "O" else array.data.cast("B"))
        return found.hexdigest()

    @cached_property
    def test_set(self) -> TestSet:
        """The true values of the test samples, as the scores are computed from them."""
        truth = np.asarray(self.test[1])
        if self.class_names is None:
            return TestSet(truth.reshape(len(truth), -1)[:, 0].astype(np.float64), None)
        names = tuple(map(str, self.class_names))
        if truth.ndim > 1 and truth.shape[-1] > 1:
            truth = truth.argmax(axis=-1)
        truth = truth.reshape(len(truth))
        if truth.dtype.kind not in "iufb" or not np.isin(truth, range(len(names))).all():
            raise DataError(f"Data: expected labels of the test from 0 to {len(names) - 1}, one for each class name")
        return TestSet(truth.astype(np.int64), names)
