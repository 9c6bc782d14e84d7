"""Shares of right predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.errors import ShapeError
from tinynet.losses.base import binary_or_sparse, same_rank
from tinynet.metrics.base import MeanMetricWrapper, array_of


def _matched(where: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = same_rank(array_of(y_true, where), array_of(y_pred, where))
    if y_true.shape != y_pred.shape:
        hint = ""
        if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1:
            hint = " Integer labels go with sparse_categorical_accuracy."
        raise ShapeError(
            f"{where}: expected y_true of the shape of y_pred, {y_pred.shape}, received {y_true.shape}.{hint}"
        )
    return y_true, y_pred


def accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where a prediction equals its label, else 0: any shape -> the same shape."""
    y_true, y_pred = _matched("accuracy", y_true, y_pred)
    return (y_true.astype(y_pred.dtype) == y_pred).astype(config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> np.ndarray:
    """1 where a probability is above the threshold just if its label is 1: any shape -> the same shape."""
    y_true, y_pred = _matched("binary_accuracy", y_true, y_pred)
    return (y_true == (y_pred > threshold)).astype(config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the largest prediction is that of the largest label: (N, K), (N, K) -> (N,).

    Of equal predictions the first is the largest.
    """
    y_true, y_pred = _matched("categorical_accuracy", y_true, y_pred)
    return (y_true.argmax(-1) == y_pred.argmax(-1)).astype(config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the largest prediction is that of the labelled class: (N,) or (N, 1), (N, K) -> (N,).

    Of equal predictions the first is the largest.
    """
    where = "sparse_categorical_accuracy"
    y_true, y_pred = array_of(y_true, where), array_of(y_pred, where)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true.reshape(y_true.shape[:-1])
    if y_true.shape != y_pred.shape[:-1]:
        hint = " One-hot labels go with categorical_accuracy." if y_true.shape == y_pred.shape else ""
        raise ShapeError(
            f"{where}: expected labels of shape {y_pred.shape[:-1]} for predictions of shape {y_pred.shape}, "
            f"received {y_true.shape}.{hint}"
        )
    matches = (y_true == y_pred.argmax(-1)).astype(config.floatx())
    return matches.reshape(matches.shape[:-1]) if matches.ndim > 1 and matches.shape[-1] == 1 else matches


class Accuracy(MeanMetricWrapper):
    """Share of predictions that equal their labels.

    >>> Accuracy()([[1], [2]], [[1], [3]])
    0.5
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Share of probabilities on the right side of the threshold (1 strictly above it).

    >>> BinaryAccuracy()([[1], [1]], [[0.6], [0.5]])
    0.5
    """

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest prediction is that of the one-hot label.

    >>> CategoricalAccuracy()([[0, 1], [0, 1]], [[0.4, 0.6], [0.6, 0.4]])
    0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest prediction is that of the integer label.

    >>> SparseCategoricalAccuracy()([1, 1], [[0.4, 0.6], [0.6, 0.4]])
    0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


def accuracy_for(
    y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None], name: str = "accuracy"
) -> MeanMetricWrapper:
    """The accuracy that `compile(metrics=["accuracy"])` means for labels and predictions of these shapes.

    >>> accuracy_for((None,), (None, 10))
    <SparseCategoricalAccuracy name=accuracy>
    """
    binary, sparse = binary_or_sparse(y_true_shape, y_pred_shape)
    chosen = BinaryAccuracy if binary else SparseCategoricalAccuracy if sparse else CategoricalAccuracy
    return chosen(name=name)
