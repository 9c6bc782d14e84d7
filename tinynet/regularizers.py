"""Penalties on weights and activations, added to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import ops
from tinynet.arguments import number, one_of
from tinynet.catalogue import Catalogue, Configurable, serialize  # noqa: F401 (Keras has it here)
from tinynet.errors import ShapeError


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


class OrthogonalRegularizer(Regularizer):
    """factor · mean of |cos| of the angles between the rows (or columns) of a matrix: 0 where all are at right angles.

    factor: at least 0. mode: 'rows' or 'columns'.

    Raises `ShapeError` for weights that are no matrix of at least two rows or columns.

    >>> round(OrthogonalRegularizer(0.5)(np.array([[1.0, 0.0], [3.0, 4.0]])).item(), 4)
    0.3
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = number("OrthogonalRegularizer", "factor", factor, 0.0)
        self.mode = one_of("OrthogonalRegularizer", "mode", mode, ("rows", "columns"))

    def __call__(self, x: Any) -> Any:
        lines = ops.normalize(x, axis=1 if self.mode == "rows" else 0) if np.ndim(x) == 2 else None
        if lines is not None and self.mode == "columns":
            lines = lines.T
        if lines is None or len(lines) < 2:
            raise ShapeError(
                f"OrthogonalRegularizer: expected a matrix of at least two {self.mode}, received shape {np.shape(x)}"
            )
        cosines = np.abs(lines @ lines.T) * (1.0 - np.eye(len(lines), dtype=lines.dtype))
        pairs = len(lines) * (len(lines) - 1) / 2
        return self.factor * 0.5 * cosines.sum() / pairs


CATALOGUE = Catalogue("regularizer", classes=[L1, L2, L1L2, OrthogonalRegularizer], aliases={"l1l2": L1L2})
get = CATALOGUE.get
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
deserialize = CATALOGUE.deserialize
