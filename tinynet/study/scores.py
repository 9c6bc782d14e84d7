"""The scores by which variants are compared: functions of the true and the predicted values of the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, nearest


@dataclass(frozen=True)
class Metric:
    """A score. function: of true and predicted values, both (N,), like scikit-learn's.

    of_counts: the same of confusion matrices (..., K, K), rows true; for scores of classes that depend on nothing else.
    higher_is_better: whether a larger one is. given: as the study was given it.
    """

    name: str
    function: Callable[[np.ndarray, np.ndarray], float]
    given: Any
    of_counts: Callable[[np.ndarray], np.ndarray] | None = None
    higher_is_better: bool = True

    def __call__(self, truth: np.ndarray, predicted: np.ndarray, classes: int | None) -> float:
        """The score; classes: how many there are."""
        if self.of_counts is not None and classes is not None:
            return float(self.of_counts(confusion_counts(truth, predicted, classes)))
        return float(self.function(truth, predicted))


def confusion_counts(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (rows) was predicted as each (columns): (K, K).

    >>> confusion_counts(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def accuracy_of_counts(counts: np.ndarray) -> np.ndarray:
    """The share of right predictions, of confusion matrices (..., K, K)."""
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum((-2, -1))


def f1_of_counts(counts: np.ndarray) -> np.ndarray:
    """F1 of each class, of confusion matrices (..., K, K): (..., K). That of a class without true or predicted samples is 0.

    >>> f1_of_counts(np.array([[1, 0], [1, 1]])).round(3).tolist()
    [0.667, 0.667]
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(-1) + counts.sum(-2)
    return np.where(both > 0, 2 * right / np.maximum(both, 1), 0.0)


def macro_f1_of_counts(counts: np.ndarray) -> np.ndarray:
    """The mean of the classes' F1. As in scikit-learn, a class that neither occurs nor is predicted is left out."""
    occurs = (counts.sum(-1) + counts.sum(-2)) > 0
    return f1_of_counts(counts).sum(-1) / np.maximum(occurs.sum(-1), 1)


def _of_classes(of_counts: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, np.ndarray], float]:
    def function(truth: np.ndarray, predicted: np.ndarray) -> float:
        classes = int(max(truth.max(), predicted.max())) + 1
        return float(of_counts(confusion_counts(truth, predicted, classes)))

    return function


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    return 1.0 - float(((truth - predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def _mae(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.abs(truth - predicted).mean())


def _rmse(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.sqrt(((truth - predicted) ** 2).mean()))


OF_CLASSES = {
    "macro_f1": Metric("macro_f1", _of_classes(macro_f1_of_counts), "macro_f1", macro_f1_of_counts),
    "accuracy": Metric("accuracy", _of_classes(accuracy_of_counts), "accuracy", accuracy_of_counts),
}
OF_NUMBERS = {
    "r2": Metric("r2", _r2, "r2"),
    "mae": Metric("mae", _mae, "mae", higher_is_better=False),
    "rmse": Metric("rmse", _rmse, "rmse", higher_is_better=False),
}


def metric_named(given: Any) -> Metric:
    """The metric of a name, or one of a function. Raises `ArgumentError` for an unknown name."""
    if callable(given):
        return Metric(getattr(given, "__name__", type(given).__name__), given, given)
    known = {**OF_CLASSES, **OF_NUMBERS}
    if given not in known:
        raise ArgumentError(f"metrics: unknown {given!r}. {nearest(given, known)} Or give a function.")
    return known[given]


def usual_metrics(of_classes: bool) -> list[Metric]:
    """The metrics of a study that names none."""
    return list((OF_CLASSES if of_classes else OF_NUMBERS).values())
