"""Penalties on weights and activations, added to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import number
from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)


class Regularizer(Configurable):
    """Base of all regularizers: call with a tensor to get a scalar penalty."""

    keras_module = "keras.regularizers"

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(x)")


class L1(Regularizer):
    """l1 · Σ|w|.

    >>> import tinynet
    >>> round(L1(0.5)(tinynet.Tensor([1.0, -2.0])).item(), 6)
    1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = number("L1", "l1", 0.01 if l1 is None else l1, 0.0)

    def __call__(self, x: Any) -> Any:
        return self.l1 * np.sum(np.abs(x))


class L2(Regularizer):
    """l2 · Σw²."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = number("L2", "l2", 0.01 if l2 is None else l2, 0.0)

    def __call__(self, x: Any) -> Any:
        return self.l2 * np.sum(np.square(x))


class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = number("L1L2", "l1", 0.0 if l1 is None else l1, 0.0)
        self.l2 = number("L1L2", "l2", 0.0 if l2 is None else l2, 0.0)

    def __call__(self, x: Any) -> Any:
        return self.l1 * np.sum(np.abs(x)) + self.l2 * np.sum(np.square(x))


CATALOGUE = Catalogue("regularizer", classes=[L1, L2, L1L2], aliases={"l1l2": L1L2})
get = CATALOGUE.get
deserialize = CATALOGUE.deserialize
