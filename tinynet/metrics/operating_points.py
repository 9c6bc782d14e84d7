"""The best of one rate where another reaches a given value: points on the curves that thresholds draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import fraction, whole
from tinynet.metrics.thresholds import ThresholdMetric, natural, ratio, require_probabilities


class _OperatingPoint(ThresholdMetric):
    """Base of metrics of the best threshold: the largest `_wanted` rate where the `_limited` one is high enough."""

    _direction = "up"
    _limited: str  # also the name of the argument with its least value
    _wanted: str

    def __init__(self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        kind = type(self).__name__
        self.value = fraction(kind, self._limited, least)
        setattr(self, self._limited, self.value)
        self.num_thresholds = whole(kind, "num_thresholds", num_thresholds)
        self.class_id = natural("class_id", class_id, self, 0)
        self.thresholds = np.linspace(0, 1, self.num_thresholds).tolist() if self.num_thresholds > 1 else [0.5]
        self._begin(self.thresholds)

    def _arranged(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        labels, predictions, weights = super()._arranged(y_true, y_pred, sample_weight)
        require_probabilities(self.name, predictions, "Logits become probabilities by a sigmoid.")
        return labels, predictions, weights

    def result(self) -> float:
        """The rate at the best threshold; 0 where no threshold will do."""
        enough = getattr(self, f"_{self._limited}")().astype(self.dtype) >= np.asarray(self.value, self.dtype)
        return float(np.where(enough, getattr(self, f"_{self._wanted}")(), 0.0).max())

    def _recall(self) -> np.ndarray:
        return ratio(self.true_positives._data, self.false_negatives._data)

    _sensitivity = _recall

    def _specificity(self) -> np.ndarray:
        return ratio(self.true_negatives._data, self.false_positives._data)

    def _precision(self) -> np.ndarray:
        return ratio(self.true_positives._data, self.false_positives._data)


class SensitivityAtSpecificity(_OperatingPoint):
    """The largest sensitivity tp/(tp + fn) at a threshold where the specificity tn/(tn + fp) is at least the given one.

    specificity: from 0 to 1.
    num_thresholds: how many thresholds from 0 to 1, evenly spaced, are tried; one is 0.5.
    class_id: only this class counts; all without one.
    Labels as in `Precision`. After https://keras.io/api/metrics/classification_metrics/.

    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _limited, _wanted = "specificity", "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_OperatingPoint):
    """The largest specificity tn/(tn + fp) at a threshold where the sensitivity tp/(tp + fn) is at least the given one.

    sensitivity: from 0 to 1. The other arguments are those of `SensitivityAtSpecificity`.

    >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 4)
    0.6667
    """

    _limited, _wanted = "sensitivity", "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_OperatingPoint):
    """The largest precision tp/(tp + fp) at a threshold where the recall tp/(tp + fn) is at least the given one.

    recall: from 0 to 1. The other arguments are those of `SensitivityAtSpecificity`.

    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _limited, _wanted = "recall", "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_OperatingPoint):
    """The largest recall tp/(tp + fn) at a threshold where the precision tp/(tp + fp) is at least the given one.

    precision: from 0 to 1. The other arguments are those of `SensitivityAtSpecificity`.

    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.5
    """

    _limited, _wanted = "precision", "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
