"""Losses of predicted numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet import config, ops
from tinynet.arguments import number
from tinynet.autograd import Tensor
from tinynet.catalogue import Config
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


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 · mean of |y − p| / |y| over the last axis: (N, D), (N, D) -> (N,).

    A label smaller than epsilon counts as epsilon in the divisor: a label of 0 makes the loss huge.

    Raises `ShapeError` where the shapes differ.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    y_true, y_pred = matched("mean_absolute_percentage_error", y_true, y_pred)
    return 100.0 * abs((y_true - y_pred) / ops.maximum(abs(y_true), config.epsilon())).mean(axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of (log(1 + y) − log(1 + p))² over the last axis: (N, D), (N, D) -> (N,).

    Numbers below epsilon count as epsilon, negative ones too.

    Raises `ShapeError` where the shapes differ.

    >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 3.0]]).numpy().round(4)
    array([0.2402], dtype=float32)
    """
    y_true, y_pred = matched("mean_squared_logarithmic_error", y_true, y_pred)
    return ((_log_of_positive(y_pred) - _log_of_positive(y_true)) ** 2).mean(axis=-1)


def _log_of_positive(x: Tensor) -> Any:
    return np.log(ops.maximum(x, config.epsilon()) + 1.0)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Mean of e²/2 for errors e up to delta, of delta · |e| − delta²/2 beyond (Huber 1964): (N, D), (N, D) -> (N,).

    Raises `ShapeError` where the shapes differ, `ArgumentError` for a negative delta.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    delta = number("huber", "delta", delta, 0.0)
    y_true, y_pred = matched("huber", y_true, y_pred)
    error = y_pred - y_true
    size = abs(error)
    return ops.where(size <= delta, 0.5 * error**2, delta * size - 0.5 * delta**2).mean(axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of log cosh(p − y) over the last axis: (N, D), (N, D) -> (N,).

    Near 0 about e²/2, far away |e| − log 2; computed without overflow.

    Raises `ShapeError` where the shapes differ.

    >>> log_cosh([[0.0]], [[1.0]]).numpy().round(4)
    array([0.4338], dtype=float32)
    """
    y_true, y_pred = matched("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return (error + ops.softplus(error * -2.0) - math.log(2.0)).mean(axis=-1)


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


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 · mean of |y − p| / |y|. After https://keras.io/api/losses/regression_losses/.

    >>> MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]).item()
    25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of (log(1 + y) − log(1 + p))². After https://keras.io/api/losses/regression_losses/.

    >>> round(MeanSquaredLogarithmicError()([[0.0], [1.0]], [[0.0], [3.0]]).item(), 4)
    0.2402
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """`huber`: squared near 0, absolute beyond `delta`. After https://keras.io/api/losses/regression_losses/.

    >>> Huber()([[0.0], [0.0]], [[1.0], [3.0]]).item()
    1.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        self.delta = number("Huber", "delta", delta, 0.0)
        super().__init__(huber, reduction, name, dtype, delta=self.delta)

    def get_config(self) -> Config:
        """Keras's, which forgets delta; one that is not 1 is kept, and Keras reads it."""
        described = super().get_config()
        return described if self.delta != 1 else {k: v for k, v in described.items() if k != "delta"}


class LogCosh(LossFunctionWrapper):
    """Mean of log cosh(p − y). After https://keras.io/api/losses/regression_losses/.

    >>> round(LogCosh()([[0.0]], [[1.0]]).item(), 4)
    0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)
