"""Areas under the curves that thresholds draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import flag, number, one_of, whole
from tinynet.autograd import as_tensor, no_grad
from tinynet.catalogue import Config
from tinynet.errors import ArgumentError, ShapeError
from tinynet.metrics.thresholds import Counts, ThresholdMetric, counts_at, listed, ratio, require_probabilities
from tinynet.ops import sigmoid

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "minoring", "majoring")


class AUC(ThresholdMetric):
    """The area under a curve of two rates, drawn by thresholds from 0 to 1.

    num_thresholds: how many, evenly spaced; the finer, the nearer to the exact area.
    curve: 'ROC', true positives' rate over false positives' rate; 'PR', precision over recall; 'PRGAIN',
        precision gain over recall gain (Flach and Kull 2015).
    summation_method: what stands between two points of the curve. 'interpolation' is the mean of both,
        for PR Davis and Goadrich's (2006) formula; 'minoring' is the lower, 'majoring' the higher one.
    thresholds: numbers from 0 to 1, in place of `num_thresholds`; the two ends are added to them.
    multi_label: whether the labels (N, L) of a sample have an area each, whose mean is the result;
        otherwise all are counted together.
    num_labels: L, where the counts are wanted before the first batch.
    label_weights: how much each label counts, in the mean or in the counts.
    from_logits: whether predictions are logits, of which the sigmoid is taken.

    Predictions are probabilities. Labels as in `Precision`; an area is 0 where there are only positive
    or only negative labels. After https://keras.io/api/metrics/classification_metrics/.

    >>> round(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]), 4)
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        kind = type(self).__name__
        self.curve = one_of(kind, "curve", curve.upper() if isinstance(curve, str) else curve, CURVES)
        method = summation_method.lower() if isinstance(summation_method, str) else summation_method
        self.summation_method = one_of(kind, "summation_method", method, METHODS)
        self.multi_label = flag(kind, "multi_label", multi_label)
        self._from_logits = flag(kind, "from_logits", from_logits)
        self.num_labels = None if num_labels is None else whole(kind, "num_labels", num_labels)
        if num_labels and not multi_label:
            raise ArgumentError(f"{kind}: num_labels={num_labels} needs multi_label=True")
        self.label_weights = None
        if label_weights is not None:
            if not isinstance(label_weights, (list, tuple, np.ndarray)):
                raise ArgumentError(f"{kind}: expected label_weights to be a list, received {label_weights!r}")
            self.label_weights = [number(kind, "label_weights", weight, 0) for weight in label_weights]
        self._given_thresholds = thresholds is not None
        if thresholds is None:
            self.num_thresholds = whole(kind, "num_thresholds", num_thresholds, 2)
            inner = np.linspace(0, 1, self.num_thresholds)[1:-1].tolist()
        else:
            inner = sorted(map(float, listed(self, thresholds)))
            self.num_thresholds = len(inner) + 2
        # All predictions are above the first threshold, and none above the last.
        self.thresholds = [-config.epsilon(), *inner, 1 + config.epsilon()]
        self._built = False
        if not self.multi_label:
            self._build()
        elif self.num_labels:
            self._build(self.num_labels)

    def _build(self, *labels: int) -> None:
        if self.multi_label and self.label_weights is not None and len(self.label_weights) != labels[0]:
            raise ShapeError(f"{self.name}: {len(self.label_weights)} label_weights do not fit {labels[0]} labels")
        self._begin(self.thresholds, labels)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: any shape, with `multi_label` (N, L), labels and predictions the same; weights one a
        sample or a value.

        Raises `ShapeError` where shapes do not match, `DataError` for predictions that are no probabilities.
        """
        if self._from_logits:
            with no_grad():
                y_pred = sigmoid(as_tensor(y_pred).astype(self.dtype))
        labels, predictions, weights = self._arranged(y_true, y_pred, sample_weight)
        require_probabilities(self.name, predictions, "Logits go with from_logits=True.")
        if self.multi_label:
            if predictions.ndim != 2:
                raise ShapeError(f"{self.name}: multi_label needs predictions (N, L), received {predictions.shape}")
            if not self._built:
                self._build(predictions.shape[1])
            elif self.true_positives.shape[1] != predictions.shape[1]:
                raise ShapeError(
                    f"{self.name}: expected predictions of {self.true_positives.shape[1]} labels, "
                    f"received {predictions.shape}"
                )
        elif self.label_weights is not None:
            weights = self._by_label(predictions.shape, weights)
        self._add(self._counts_of(labels, predictions, weights))

    def _by_label(self, shape: tuple[int, ...], weights: np.ndarray | None) -> np.ndarray:
        by_label = np.asarray(self.label_weights, np.float64)
        if shape[-1:] != by_label.shape:
            raise ShapeError(f"{self.name}: {len(by_label)} label_weights do not fit predictions of shape {shape}")
        return np.broadcast_to(by_label, shape) if weights is None else weights * by_label

    def _counts_of(self, labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None) -> Counts:
        if self.multi_label:
            return counts_at(self._at, labels, predictions, weights)
        return super()._counts_of(labels, predictions, weights)

    def result(self) -> float:
        """The area, of several labels their weighted mean; 0 before the first batch."""
        if not self._built:
            return 0.0
        counts = Counts(*(getattr(self, name)._data for name in Counts._fields))
        if self.curve == "PR" and self.summation_method == "interpolation":
            area = _interpolated(counts)
        else:
            x, y = self._curve(counts)
            if self.summation_method == "interpolation":
                heights = (y[:-1] + y[1:]) / 2
            else:
                heights = (np.minimum if self.summation_method == "minoring" else np.maximum)(y[:-1], y[1:])
            area = ((x[:-1] - x[1:]) * heights).sum(axis=0)
        if not self.multi_label or self.label_weights is None:
            return float(area.mean())
        weights = np.asarray(self.label_weights)
        return float((area * weights).sum() / weights.sum()) if weights.any() else 0.0

    def _curve(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """The points of the curve, x from its end at the first threshold down to its beginning."""
        tp, fp, tn, fn = counts
        recall = ratio(tp, fn)
        if self.curve == "ROC":
            return ratio(fp, tn), recall
        if self.curve == "PR":
            return recall, ratio(tp, fp)
        odds = _quotient(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0, 1 - odds * _quotient(fn, tp))
        precision_gain = np.where(tp == 0, 1, 1 - odds * _quotient(fp, tp))
        return np.maximum(recall_gain, 0), precision_gain

    def get_config(self) -> Config:
        described = {**super().get_config(), "from_logits": self._from_logits}
        del described["thresholds"]
        if self._given_thresholds:
            described["thresholds"] = self.thresholds[1:-1]
        return described


def _interpolated(counts: Counts) -> np.ndarray:
    """The area under precision over recall: between two thresholds the counts are on a line, not their ratio.

    With tp = slope · p + intercept, where p = tp + fp, the integral of tp/p over tp has a logarithm.
    """
    tp, fn, p = counts.true_positives, counts.false_negatives, counts.true_positives + counts.false_positives
    gained = tp[:-1] - tp[1:]
    slope = _quotient(gained, np.maximum(p[:-1] - p[1:], 0))
    intercept = tp[1:] - slope * p[1:]
    grown = np.where((p[:-1] > 0) & (p[1:] > 0), _quotient(p[:-1], p[1:]), 1.0)
    return _quotient(slope * (gained + intercept * np.log(grown)), np.maximum(tp[1:] + fn[1:], 0)).sum(axis=0)


def _quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x/y, 0 where y is 0."""
    return np.divide(x, y, out=np.zeros_like(y), where=y != 0)
