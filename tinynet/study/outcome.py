"""What one trial of a study came to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet.errors import FileFormatError


@dataclass(frozen=True)
class Outcome:
    """One variant of a study, trained with one seed and tested.

    key: the content of the trial's declaration, as a hash; its file in the cache has this name.
    variant: the value of each choice. seed: of initial weights, order and dropout.
    error: why the trial failed; None where it did not. Whatever follows is empty if it did.
    data: the digest of the data it saw, by which `Results.tests` has the true values of the test samples.
    predicted: for each test sample the index of its class, or its value where the study has no classes.
    history: what `fit` logged, a number for each epoch.
    measured: numbers besides the scores, that the study's `train` returned.
    seconds: how long `fit` took. parameters: how many numbers the model's weights are.
    """

    key: str
    variant: Mapping[str, Any]
    seed: int
    error: str | None = None
    data: str = ""
    predicted: Sequence[float] = ()
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0

    def to_config(self) -> dict[str, Any]:
        """The outcome as JSON can hold it."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config: Any) -> Outcome:
        """The outcome that `to_config` gave. Raises `FileFormatError` for anything else."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(config, dict) or set(config) != names:
            raise FileFormatError(f"expected the outcome of a trial ({', '.join(sorted(names))})")
        return cls(**config)


@dataclass(frozen=True)
class TestSet:
    """The true values of the test samples, (N,), and the names of the classes (None: they are numbers)."""

    truth: np.ndarray
    class_names: tuple[str, ...] | None
