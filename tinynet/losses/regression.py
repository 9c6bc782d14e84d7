"""Losses of predicted numbers."""

from __future__ import annotations

from typing import Any

from tinynet.autograd import Tensor
from tinynet.losses.base import LossFunctionWrapper, matched


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of (y − p)² over the last axis: (N, D), (N, D) -> (N,).

    Raises `ShapeError` where the shapes differ.

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [2.5]
    """
    y_true, y_pred = matched("mean_squared_error", y_true, y_pred)
    return ((y_pred - y_true) ** 2).mean(axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of |y − p| over the last axis: (N, D), (N, D) -> (N,).

    Raises `ShapeError` where the shapes differ.

    >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = matched("mean_absolute_error", y_true, y_pred)
    return abs(y_pred - y_true).mean(axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """Mean of (y − p)². After https://keras.io/api/losses/regression_losses/.

    >>> MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]).item()
    2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of |y − p|. After https://keras.io/api/losses/regression_losses/.

    >>> MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [3.0]]).item()
    1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)
