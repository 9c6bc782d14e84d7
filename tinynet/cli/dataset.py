"""Samples with labels: their parts, their classes in a model's order, and what is put aside for validation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinynet.cli.arguments import UsageError
from tinynet.cli.classes import unnamed
from tinynet.cli.data import TEXTS
from tinynet.errors import DataError, nearest


@dataclass(frozen=True)
class Part:
    """Samples: x (N, …), numbers or texts; y (N,), int64, the indices of their classes."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def taken(self, places: np.ndarray) -> Part:
        """Some of the samples, in another order."""
        return Part(self.x[places], self.y[places])


@dataclass(frozen=True)
class Dataset:
    """Samples in the parts that there are.

    told: what they are, in words. names: of the classes; None where the labels are numbers without names.
    ordered: whether the data say which class comes first; where they do not, the names are sorted.
    """

    told: str
    train: Part | None
    validation: Part | None
    test: Part | None
    names: tuple[str, ...] | None
    ordered: bool = True

    @property
    def parts(self) -> list[Part]:
        """All parts there are."""
        return [part for part in (self.train, self.validation, self.test) if part is not None]

    @property
    def is_text(self) -> bool:
        """Whether the samples are texts."""
        return self.parts[0].x.dtype.kind in TEXTS

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a sample."""
        return self.parts[0].x.shape[1:]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.names) if self.names is not None else 1 + max(int(part.y.max()) for part in self.parts)

    def each(self, change: Callable[[Part], Part]) -> Dataset:
        """The same with every part changed."""
        def changed(part: Part | None) -> Part | None:
            return None if part is None else change(part)

        return dataclasses.replace(
            self, train=changed(self.train), validation=changed(self.validation), test=changed(self.test)
        )


def indices_of(labels: Sequence[str] | np.ndarray, names: Sequence[str], where: str) -> np.ndarray:
    """The indices of labels among the names of classes; raises `DataError` for one that is not there."""
    known = {name: index for index, name in enumerate(names)}
    for row, label in enumerate(labels):
        if str(label) not in known:
            raise DataError(
                f"{where}: the label {str(label)!r} (sample {row + 1}) is none of the classes. {nearest(label, names)}"
            )
    return np.array([known[str(label)] for label in labels], np.int64)


def aligned(data: Dataset, names: Sequence[str] | None, where: str) -> Dataset:
    """The data with their labels as indices among a model's classes.

    names: of the classes, in the order of the model's outputs; None, or mere numbers, where that is not known.
    where: the model's file.

    Raises `DataError` for classes that the model does not have, `UsageError` where nothing tells which output a class
    belongs to.
    """
    if names is None or tuple(names) == unnamed(len(names)):
        if not data.ordered:
            assert data.names is not None
            raise UsageError(
                f"{where}: names no classes, so it is not known which of its outputs is {data.names[0]!r}; "
                f"tell with --classes, such as --classes {','.join(data.names[:10])}"
            )
        return data
    if data.names is None:
        if data.classes > len(names):
            raise DataError(f"{data.told}: has {data.classes} classes, but {where} tells {len(names)} apart")
        return dataclasses.replace(data, names=tuple(names))
    if tuple(data.names) == tuple(names):
        return data
    try:
        order = indices_of(data.names, names, data.told)
    except DataError:
        missing = next(name for name in data.names if name not in names)
        raise DataError(f"{data.told}: its class {missing!r} is none of {where}'s. {nearest(missing, names)}") from None
    return dataclasses.replace(data.each(lambda part: Part(part.x, order[part.y])), names=tuple(names))


def with_validation(data: Dataset, share: float, seed: int) -> Dataset:
    """The data with a share of the training samples, drawn at random, put aside for validation."""
    if data.train is None or data.validation is not None or not share:
        return data
    count = len(data.train)
    aside = max(1, round(share * count))
    if aside >= count:
        raise DataError(f"{data.told}: of {count} samples none is left when {share:g} of them are for validation")
    order = np.random.default_rng(seed).permutation(count)
    train, validation = (data.train.taken(np.sort(places)) for places in (order[aside:], order[:aside]))
    return dataclasses.replace(data, train=train, validation=validation)


def limited(data: Dataset, samples: int | None, seed: int) -> Dataset:
    """The data with at most so many training samples, drawn at random."""
    if samples is None or data.train is None:
        return data
    if samples > len(data.train):
        raise UsageError(f"--samples: {samples:,} were asked for, {data.told} has {len(data.train):,} for training")
    order = np.random.default_rng(seed).permutation(len(data.train))[:samples]
    return dataclasses.replace(data, train=data.train.taken(np.sort(order)))
