"""Penalties on weights and activations, added to the loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)
from tinynet.errors import ArgumentError


class Regularizer(Configurable):
    """Base of all regularizers: call with a tensor to get a scalar penalty."""

    keras_module = "keras.regularizers"

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(x)")


def _factor(name: str, value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ArgumentError(f"{name}: expected a non-negative number, received {value!r}")
    return float(value)


class L1(Regularizer):
    """l1 · Σ|w|.

    >>> import tinynet
    >>> round(L1(0.5)(tinynet.Tensor([1.0, -2.0])).item(), 6)
    1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("L1", l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * np.sum(np.abs(x))


class L2(Regularizer):
    """l2 · Σw²."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("L2", l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * np.sum(np.square(x))


class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("L1L2", l1)
        self.l2 = _factor("L1L2", l2)

    def __call__(self, x: Any) -> Any:
        return self.l1 * np.sum(np.abs(x)) + self.l2 * np.sum(np.square(x))


CATALOGUE = Catalogue("regularizer", classes=[L1, L2, L1L2], aliases={"l1l2": L1L2})


def get(identifier: Any) -> Any:
    """A regularizer from None, a name, a configuration, a function or the object itself.

    Raises `ArgumentError` with the nearest known name for one that is unknown.
    """
    # By name Keras means a penalty that does something; the class's own defaults are zero.
    return L1L2(0.01, 0.01) if isinstance(identifier, str) and identifier == "l1l2" else CATALOGUE.get(identifier)


deserialize = CATALOGUE.deserialize
