"""Gradients as optimizers take them: arrays, or the rows of an embedding; clipped where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.autograd import Slices, Tensor, Variable
from tinynet.errors import DtypeError, ShapeError
from tinynet.kernels.blocks import BLOCK

Gradient = np.ndarray | Slices


def gradient_of(gradient: Any, variable: Variable, where: str) -> Gradient:
    """A gradient as an array or slices of the variable's dtype and shape.

    Raises `DtypeError` for what is not numbers, `ShapeError` for another shape.
    """
    if isinstance(gradient, Slices):
        found: Gradient = gradient
        if gradient.values.dtype != variable.dtype:
            found = Slices(gradient.rows, gradient.values.astype(variable.dtype), gradient.shape)
    else:
        found = gradient._data if isinstance(gradient, Tensor) else np.asarray(gradient)
        if found.dtype is not variable._data.dtype and found.dtype != variable.dtype:
            if found.dtype.kind not in "fiu":
                raise DtypeError(f"{where}: the gradient of {variable.path!r} is {found.dtype}, not numbers")
            found = found.astype(variable.dtype)
    if found.shape != variable._data.shape:
        raise ShapeError(
            f"{where}: variable {variable.path!r} has shape {variable.shape}, its gradient {found.shape}"
        )
    return found


def clipped(
    gradients: list[Gradient], clipnorm: float | None, global_clipnorm: float | None, clipvalue: float | None
) -> list[Gradient]:
    """The gradients scaled down to a norm each or together, or cut off at a value; at most one of these is set."""
    if clipnorm is not None:
        return [_scaled(g, clipnorm / max(np.sqrt(squared_norm(g)), clipnorm)) for g in gradients]
    if global_clipnorm is not None:
        number = np.result_type(*(g.dtype for g in gradients)).type
        norm, most = number(np.sqrt(sum(squared_norm(g) for g in gradients))), number(global_clipnorm)
        with np.errstate(divide="ignore"):
            scale = most * min(1 / norm, 1 / most)
        # A norm that is not finite makes every gradient NaN, as in Keras: better seen than hidden.
        scale = scale if np.isfinite(norm) else np.nan
        # The norm is that of the unmerged rows; what Keras scales is their sum.
        return [_scaled(summed(g), scale) for g in gradients]
    if clipvalue is not None:
        return [on_values(g, lambda values: np.clip(values, -clipvalue, clipvalue)) for g in gradients]
    return gradients


def summed(gradient: Gradient) -> np.ndarray:
    """A gradient as an array; rows that occur more than once are added up."""
    return gradient.dense() if isinstance(gradient, Slices) else gradient


def sum_and_squares(gradient: Gradient) -> tuple[np.ndarray, np.ndarray | None]:
    """A gradient as an array, and what second moments add for it where that is not its square.

    A row of an embedding that occurs twice in a batch has two gradients. Keras adds the squares
    of both, not the square of their sum; so the squares are returned for `Slices`, None otherwise.
    """
    if isinstance(gradient, Slices):
        return kernels.sum_rows_and_squares(gradient.rows, gradient.values, gradient.shape)
    return gradient, None


def with_squares(gradient: Gradient) -> tuple[np.ndarray, np.ndarray]:
    """`sum_and_squares` with squares in every case."""
    values, squares = sum_and_squares(gradient)
    return values, np.square(values) if squares is None else squares


def on_values(gradient: Gradient, function: Callable[[np.ndarray], np.ndarray]) -> Gradient:
    """A function of each element, for `Slices` of each occurrence of a row."""
    if isinstance(gradient, Slices):
        return Slices(gradient.rows, function(gradient.values), gradient.shape)
    return function(gradient)


def divided(gradient: Gradient, divisor: float) -> Gradient:
    """A gradient without a factor that its loss had."""
    return on_values(gradient, lambda values: values / values.dtype.type(divisor))


def _scaled(gradient: Gradient, scale: Any) -> Gradient:
    if scale == 1:
        return gradient
    return on_values(gradient, lambda values: values * values.dtype.type(scale))


def squared_norm(gradient: Gradient) -> float:
    """Σ g², over unmerged rows; partial sums keep float32 exact enough for large kernels."""
    values = (gradient.values if isinstance(gradient, Slices) else gradient).reshape(-1)
    parts = (values[start : start + BLOCK] for start in range(0, values.size, BLOCK))
    return float(sum(float(np.dot(part, part)) for part in parts))
