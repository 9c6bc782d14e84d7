"""F-scores, from counts of each class over all batches."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.errors import ArgumentError, ShapeError, nearest
from tinynet.metrics.base import Metric, array_of
from tinynet.metrics.classes import one_hot_where_sparse

AVERAGES = ("micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + β²)·P·R/(β²·P + R) of precision P and recall R of each class (van Rijsbergen 1979).

    average: None for one score a class, 'macro' for their mean, 'weighted' for their mean by the
        number of labels, 'micro' for the score of all classes' counts together.
    beta: β, a float above 0: how much more recall counts than precision.
    threshold: predictions strictly above it are positive; without one, the largest of a sample.

    Labels are rows of zeros and ones (N, K); class numbers (N,) or (N, 1) are accepted too where
    there are several classes (Keras refuses them). Epsilon in the divisors keeps 0/0 at 0, and scores
    about 1e-7 below their exact values. After https://keras.io/api/metrics/classification_metrics/.

    >>> labels = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    >>> predictions = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
    >>> FBetaScore(beta=2.0, threshold=0.5)(labels, predictions).round(4)
    array([0.3846, 0.9091, 0.8333])
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        kind = type(self).__name__
        if average is not None and average not in AVERAGES:
            raise ArgumentError(f"{kind}: unknown average {average!r}. {nearest(average, AVERAGES)}")
        if not isinstance(beta, float) or not 0 < beta < np.inf:
            raise ArgumentError(f"{kind}: expected a float beta above 0, received {beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ArgumentError(
                f"{kind}: expected a float threshold above 0 and at most 1, received {threshold!r}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._classes: int | None = None

    def _build(self, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]) -> None:
        classes = y_pred_shape[1] if len(y_pred_shape) == len(y_true_shape) == 2 else None
        if classes is None:
            raise ShapeError(
                f"{self.name}: expected labels and predictions of shape (N, K), received {tuple(y_true_shape)} and "
                f"{tuple(y_pred_shape)}"
            )
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self._count("true_positives", shape)
        self.false_positives = self._count("false_positives", shape)
        self.false_negatives = self._count("false_negatives", shape)
        self.intermediate_weights = self._count("intermediate_weights", shape)
        self._classes = classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: labels (N, K), (N,) or (N, 1), predictions (N, K), weights (N,).

        Raises `ShapeError` for other shapes or another number of classes than before, `DataError` for a
        label that is no class.
        """
        where = self.name
        y_pred = array_of(y_pred, where, self.dtype)
        if y_pred.ndim != 2:
            raise ShapeError(f"{where}: expected predictions of shape (N, K), received {y_pred.shape}")
        y_true = one_hot_where_sparse(where, array_of(y_true, where), y_pred).astype(np.float64)
        if self._classes is None:
            self._build(y_true.shape, y_pred.shape)
        elif self._classes != y_pred.shape[1]:
            raise ShapeError(
                f"{where}: expected predictions of {self._classes} classes as before, received {y_pred.shape}"
            )
        weights = None
        if sample_weight is not None:
            weights = array_of(sample_weight, where, np.float64)
            if weights.shape not in ((len(y_pred),), (len(y_pred), 1)):
                raise ShapeError(
                    f"{where}: expected weights of shape ({len(y_pred)},), received {weights.shape}"
                )
            weights = weights.reshape(-1, 1)
        positive = self._positive(y_pred).astype(np.float64)
        self._add(self.true_positives, positive * y_true, weights)
        self._add(self.false_positives, positive * (1 - y_true), weights)
        self._add(self.false_negatives, (1 - positive) * y_true, weights)
        self._add(self.intermediate_weights, y_true, weights)

    def _positive(self, y_pred: np.ndarray) -> np.ndarray:
        if self.threshold is not None:
            return y_pred > np.asarray(self.threshold, y_pred.dtype)
        if y_pred.shape[1] == 1:
            warnings.warn(
                f"{self.name}: without a threshold the only class of a sample is always positive. "
                "Pass threshold=0.5.",
                UserWarning,
                stacklevel=4,
            )
        # A row of zeros predicts nothing, rather than every class.
        return (y_pred >= y_pred.max(axis=-1, keepdims=True)) & (abs(y_pred) > 1e-9)

    def _add(self, count: Any, values: np.ndarray, weights: np.ndarray | None) -> None:
        values = values if weights is None else values * weights
        count._data += values.sum() if self.average == "micro" else values.sum(axis=0)

    def result(self) -> Any:
        """The score, or the scores (K,) without an average; 0 before the first batch."""
        if self._classes is None:
            return 0.0
        epsilon = config.epsilon()
        tp = self.true_positives._data
        precision = tp / (tp + self.false_positives._data + epsilon)
        recall = tp / (tp + self.false_negatives._data + epsilon)
        beta = self.beta**2
        scores = (1 + beta) * precision * recall / (beta * precision + recall + epsilon)
        if self.average == "weighted":
            support = self.intermediate_weights._data
            return float((scores * support / (support.sum() + epsilon)).sum())
        return scores if self.average is None else float(scores.mean())


class F1Score(FBetaScore):
    """2·P·R/(P + R): `FBetaScore` with β = 1.

    Class numbers are accepted as labels, as in `FBetaScore`.

    >>> round(F1Score(average="macro")([0, 1, 2, 2], [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]), 4)
    0.7778
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
