"""What weights must satisfy after every update: norms and signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import axes, fraction, number
from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)
from tinynet.errors import ShapeError


class Constraint(Configurable):
    """Base of all constraints, and of yours: call with an array to get the array that satisfies it.

    This one demands nothing.
    """

    keras_module = "keras.constraints"

    def __call__(self, w: Any) -> Any:
        return w


class _OfNorms(Constraint):
    """Base of the constraints on Euclidean norms over `axis`."""

    axis: Any

    def _norm(self, w: Any) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        for a in axis if isinstance(axis, tuple) else (axis,):
            if not -np.ndim(w) <= a < np.ndim(w):
                raise ShapeError(
                    f"{type(self).__name__}: axis {a} does not exist in a weight of shape {np.shape(w)}"
                )
        return np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))


class NonNeg(Constraint):
    """Negative weights become 0.

    >>> NonNeg()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, w: Any) -> Any:
        return np.maximum(w, 0)


class MaxNorm(_OfNorms):
    """Norms over `axis` at most `max_value` (Srivastava et al. 2014)."""

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = number("MaxNorm", "max_value", max_value, 0.0)
        self.axis = axes("MaxNorm", axis)

    def __call__(self, w: Any) -> Any:
        norm = self._norm(w)
        return w * (np.clip(norm, 0, self.max_value) / (config.epsilon() + norm))


class UnitNorm(_OfNorms):
    """Norms over `axis` of 1."""

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axes("UnitNorm", axis)

    def __call__(self, w: Any) -> Any:
        return w / (config.epsilon() + self._norm(w))


class MinMaxNorm(_OfNorms):
    """Norms over `axis` moved towards [min_value, max_value] by the fraction `rate`."""

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        self.min_value = number("MinMaxNorm", "min_value", min_value, 0.0)
        self.max_value = number("MinMaxNorm", "max_value", max_value, self.min_value)
        self.rate = fraction("MinMaxNorm", "rate", rate)
        self.axis = axes("MinMaxNorm", axis)

    def __call__(self, w: Any) -> Any:
        norm = self._norm(w)
        wanted = self.rate * np.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm
        return w * (wanted / (config.epsilon() + norm))


CATALOGUE = Catalogue("constraint", classes=[NonNeg, MaxNorm, UnitNorm, MinMaxNorm])
get = CATALOGUE.get
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
deserialize = CATALOGUE.deserialize
