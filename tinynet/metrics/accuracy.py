"""Shares of right predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import flag, whole
from tinynet.catalogue import Config
from tinynet.errors import ShapeError
from tinynet.losses.base import binary_or_sparse, same_rank
from tinynet.metrics.base import MeanMetricWrapper, array_of


def _matched(where: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = same_rank(array_of(y_true, where), array_of(y_pred, where))
    if y_true.shape != y_pred.shape:
        hint = ""
        if y_true.ndim < y_pred.ndim or y_true.shape[-1:] == (1,):
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
    _require_classes("categorical_accuracy", y_pred)
    return (y_true.argmax(-1) == y_pred.argmax(-1)).astype(config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the largest prediction is that of the labelled class: (N,) or (N, 1), (N, K) -> (N,).

    Of equal predictions the first is the largest.
    """
    y_true, y_pred = _of_classes("sparse_categorical_accuracy", y_true, y_pred)
    matches = (y_true == y_pred.argmax(-1)).astype(config.floatx())
    return matches.reshape(matches.shape[:-1]) if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """1 where the prediction of the largest label is among the k largest: (N, K), (N, K) -> (N,).

    What equals the last of the k largest is among them. A row with a prediction that is not finite is wrong.
    """
    where = "top_k_categorical_accuracy"
    y_true, y_pred = _matched(where, y_true, y_pred)
    _require_classes(where, y_pred)
    return _among_largest(where, y_true.argmax(-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> np.ndarray:
    """1 where the prediction of the labelled class is among the k largest: (N,) or (N, 1), (N, K) -> (N,).

    from_sorted_ids: whether predictions are not scores but class numbers, the best first; then the
        label has to be among the first k.

    Of equal predictions all are among the k largest. A label that is no class is never predicted.
    """
    where = "sparse_top_k_categorical_accuracy"
    y_true, y_pred = _of_classes(where, y_true, y_pred)
    if flag(where, "from_sorted_ids", from_sorted_ids):
        return (y_true[..., None] == y_pred[..., : whole(where, "k", k)]).any(-1).astype(config.floatx())
    return _among_largest(where, y_true, y_pred, k)


def _of_classes(where: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Class numbers (N,) or of more axes, and predictions with one axis more."""
    y_true, y_pred = array_of(y_true, where), array_of(y_pred, where)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1:] == (1,):
        y_true = y_true.reshape(y_true.shape[:-1])
    _require_classes(where, y_pred)
    if y_true.shape != y_pred.shape[:-1]:
        hint = " One-hot labels go with categorical_accuracy." if y_true.shape == y_pred.shape else ""
        raise ShapeError(
            f"{where}: expected labels of shape {y_pred.shape[:-1]} for predictions of shape {y_pred.shape}, "
            f"received {y_true.shape}.{hint.replace('categorical', 'top_k_categorical') if 'top_k' in where else hint}"
        )
    return y_true, y_pred


def _require_classes(where: str, y_pred: np.ndarray) -> None:
    if not y_pred.ndim or not y_pred.shape[-1]:
        raise ShapeError(f"{where}: expected predictions of at least one class, (N, K), received {y_pred.shape}")


def _among_largest(where: str, classes: np.ndarray, y_pred: np.ndarray, k: int) -> np.ndarray:
    """1 where fewer than k predictions are larger than that of the class."""
    k = whole(where, "k", k)
    known = (classes >= 0) & (classes < y_pred.shape[-1]) & np.isfinite(y_pred).all(-1)
    chosen = np.where(known, classes, 0).astype(np.intp)[..., None]
    larger = np.count_nonzero(y_pred > np.take_along_axis(y_pred, chosen, -1), axis=-1)
    return (known & (larger < k)).astype(config.floatx())


class Accuracy(MeanMetricWrapper):
    """Share of predictions that equal their labels.

    >>> Accuracy()([[1], [2]], [[1], [3]])
    0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Share of probabilities on the right side of the threshold (1 strictly above it).

    >>> BinaryAccuracy()([[1], [1]], [[0.6], [0.5]])
    0.5
    """

    _direction = "up"

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

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest prediction is that of the integer label.

    >>> SparseCategoricalAccuracy()([1, 1], [[0.4, 0.6], [0.6, 0.4]])
    0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples for which the class of the one-hot label is among the k largest predictions.

    k: how many; of equal predictions all are among them.

    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]])
    0.5
    """

    _direction = "up"

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        self.k = whole(type(self).__name__, "k", k)
        super().__init__(top_k_categorical_accuracy, name, dtype, k=self.k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples for which the class of the integer label is among the k largest predictions.

    k: how many; of equal predictions all are among them.
    from_sorted_ids: whether predictions are class numbers with the best first, rather than scores.

    >>> SparseTopKCategoricalAccuracy(k=2)([2, 1], [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]])
    0.5
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        kind = type(self).__name__
        self.k, self.from_sorted_ids = whole(kind, "k", k), flag(kind, "from_sorted_ids", from_sorted_ids)
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self) -> Config:
        """The constructor's arguments; `from_sorted_ids` only where it is set, as older versions of Keras lack it."""
        described = super().get_config()
        if not self.from_sorted_ids:
            del described["from_sorted_ids"]
        return described


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
