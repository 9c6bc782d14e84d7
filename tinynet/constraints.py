"""What weights must satisfy after every update: norms and signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)


class Constraint(Configurable):
    """Base of all constraints: call with an array to get the array that satisfies it."""

    keras_module = "keras.constraints"

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(w)")


def _norm(w: Any, axis: Any) -> Any:
    return np.sqrt(np.sum(np.square(w), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))


class NonNeg(Constraint):
    """Negative weights become 0.

    >>> NonNeg()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, w: Any) -> Any:
        return np.maximum(w, 0)


class MaxNorm(Constraint):
    """Norms over `axis` at most `max_value` (Srivastava et al. 2014)."""

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        return w * (np.clip(norm, 0, self.max_value) / (config.epsilon() + norm))


class UnitNorm(Constraint):
    """Norms over `axis` of 1."""

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (config.epsilon() + _norm(w, self.axis))


class MinMaxNorm(Constraint):
    """Norms over `axis` moved towards [min_value, max_value] by the fraction `rate`."""

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        wanted = self.rate * np.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm
        return w * (wanted / (config.epsilon() + norm))


CATALOGUE = Catalogue("constraint", classes=[NonNeg, MaxNorm, UnitNorm, MinMaxNorm])
get = CATALOGUE.get
deserialize = CATALOGUE.deserialize
