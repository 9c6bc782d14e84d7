"""Confusion counts at thresholds: what precision, recall and the areas under curves are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinynet.autograd import Variable
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.losses.base import require_weights_fit
from tinynet.metrics.base import Metric, array_of
from tinynet.metrics.classes import one_hot_where_sparse

# Below every prediction: with top_k and without thresholds, all that is kept is positive.
LOWEST = -1e10


class Thresholds:
    """Numbers that predictions are compared with, in any order.

    Thresholds 0, 1/(n−1), …, 1 are evenly spaced (the outer ones may stand a little outside). Among
    these Keras finds the place of a prediction by its product with n − 1, where it first brings
    predictions into [0, 1]; that rounds otherwise than comparing does, so it is done here too.
    """

    def __init__(self, values: Sequence[float], dtype: Any) -> None:
        self.values = np.asarray(values, dtype)
        self._order = np.argsort(self.values, kind="stable")
        self._sorted = self.values[self._order]
        spaced = np.linspace(0, 1, len(self.values))
        self.even = len(values) >= 3 and np.allclose(self.values, spaced, rtol=1e-5, atol=2e-7)
        self._outside = bool(self.values[0] < 0 or self.values[-1] > 1)

    def __len__(self) -> int:
        return len(self.values)

    def below(self, predictions: np.ndarray) -> np.ndarray:
        """How many thresholds lie strictly below each prediction; none below one that is no number."""
        if self.even:
            found = np.ceil(np.clip(predictions, 0, 1) * predictions.dtype.type(len(self) - 1))
            found = np.nan_to_num(np.maximum(found, 1) if self._outside else found)
        elif len(self) == 1:
            found = predictions > self._sorted
        else:
            found = np.where(np.isnan(predictions), 0, np.searchsorted(self._sorted, predictions))
        return found.astype(np.intp)

    def in_order(self, counts: np.ndarray) -> np.ndarray:
        """Counts (thresholds, L), made for rising thresholds, in the order in which these were given."""
        found = np.empty_like(counts)
        found[self._order] = counts
        return found


class Counts(NamedTuple):
    """Confusion counts of L labels at each threshold: (thresholds, L)."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    true_negatives: np.ndarray
    false_negatives: np.ndarray


def counts_at(
    thresholds: Thresholds, labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None
) -> Counts:
    """Confusion counts, each sample counted by its weight; a prediction is positive above a threshold.

    labels: (M, L) of truth values; predictions and weights: (M, L).

    A prediction is sorted into one of n + 1 places by the thresholds that lie below it. Above a threshold
    are those in the places after it, so running sums from the last place on give all counts in one pass.
    """
    count, places = predictions.shape[1], len(thresholds) + 1
    place = thresholds.below(predictions)
    if count > 1:
        place += places * np.arange(count)
    heaped = np.bincount((2 * place + labels).ravel(), None if weights is None else weights.ravel(), 2 * places * count)
    # By kind of label, label, and how many thresholds are below at the least.
    after = heaped.reshape(count, places, 2).T[:, ::-1].cumsum(axis=1)[:, ::-1].astype(np.float64)
    negatives, positives = map(thresholds.in_order, after[:, 1:])
    others, labelled = after[:, 0]
    return Counts(positives, negatives, others - negatives, labelled - positives)


class ThresholdMetric(Metric):
    """Base of metrics that are computed from confusion counts at thresholds.

    A subclass says in `counted` which counts it needs, and begins them with `_begin`.
    """

    counted: tuple[str, ...] = Counts._fields
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable
    top_k: int | None = None
    class_id: int | None = None

    def _begin(self, thresholds: Sequence[float], labels: tuple[int, ...] = ()) -> None:
        """Counts at these thresholds, for several labels apart where `labels` says how many."""
        self._at = Thresholds(thresholds, self.dtype)
        for name in self.counted:
            setattr(self, name, self._count(name, (len(thresholds), *labels)))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: any shape, labels and predictions the same; weights one a sample or a value.

        Raises `ShapeError` where shapes do not match or a class is not there, `DataError` for a label
        that is no class.
        """
        self._add(self._counts_of(*self._arranged(y_true, y_pred, sample_weight)))

    def _add(self, counts: Counts) -> None:
        for name in self.counted:
            variable = getattr(self, name)
            variable._data += getattr(counts, name).reshape(variable.shape)

    def _counts_of(self, labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray | None) -> Counts:
        """The counts of all labels together."""
        weights = None if weights is None else weights.reshape(-1, 1)
        return counts_at(self._at, labels.reshape(-1, 1), predictions.reshape(-1, 1), weights)

    def _arranged(
        self, y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Labels as truth values, predictions, and weights or None, all of one shape."""
        where = self.name
        y_pred = array_of(y_pred, where, self.dtype)
        y_true = one_hot_where_sparse(where, array_of(y_true, where), y_pred).astype(bool)
        weights = None
        if sample_weight is not None:
            weights = array_of(sample_weight, where, np.float64)
            weights = weights if weights.ndim == y_pred.ndim else weights[..., None]
            weights = weights.reshape(weights.shape[:-1]) if weights.ndim == y_pred.ndim + 1 else weights
            require_weights_fit(weights.shape, y_pred.shape, where)
            weights = np.broadcast_to(weights, y_pred.shape)
        if self.top_k is not None:
            y_pred = self._best(y_pred, self.top_k)
        if self.class_id is not None:
            if y_pred.ndim < 2 or self.class_id >= y_pred.shape[-1]:
                raise ShapeError(
                    f"{where}: class_id={self.class_id} needs predictions of shape (N, K) with K above it, "
                    f"received {y_pred.shape}"
                )
            y_pred, y_true = y_pred[..., self.class_id], y_true[..., self.class_id]
            weights = None if weights is None else weights[..., self.class_id]
        return y_true, y_pred, weights

    def _best(self, y_pred: np.ndarray, k: int) -> np.ndarray:
        """Predictions but for the k largest along the last axis lowered below every threshold."""
        if y_pred.ndim < 1 or y_pred.shape[-1] < k:
            raise ShapeError(
                f"{self.name}: top_k={k} needs at least as many classes, received predictions of shape {y_pred.shape}"
            )
        order = np.argsort(-y_pred, axis=-1, kind="stable")[..., :k]
        best = np.zeros(y_pred.shape, bool)
        np.put_along_axis(best, order, True, axis=-1)
        return np.where(best, y_pred, np.asarray(LOWEST, y_pred.dtype))


def listed(owner: Metric, thresholds: Any, default: float = 0.5) -> list[Any]:
    """One threshold or several as a list, the default for None; `ArgumentError` unless they lie in [0, 1]."""
    if thresholds is None:
        return [default]
    values = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    kind = type(owner).__name__
    if wrong := [value for value in values if not _in_unit_interval(value)]:
        raise ArgumentError(f"{kind}: expected thresholds between 0 and 1, received {wrong[0]!r}")
    if not values:
        raise ArgumentError(f"{kind}: expected at least one threshold, received none")
    return values


def natural(key: str, value: Any, owner: Metric, least: int) -> int | None:
    """An integer of at least `least`, or None; `ArgumentError` for anything else."""
    if value is None:
        return None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise ArgumentError(f"{type(owner).__name__}: expected an integer {key} of at least {least}, received {value!r}")


def require_probabilities(where: str, predictions: np.ndarray, hint: str) -> None:
    """Raises `DataError` naming a prediction below 0 or above 1, which thresholds in between cannot tell apart."""
    if predictions.size and (predictions.min() < 0 or predictions.max() > 1):
        wrong = predictions[(predictions < 0) | (predictions > 1)][0]
        raise DataError(f"{where}: expected predictions between 0 and 1, received {wrong:.6g}. {hint}")


def ratio(part: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """part/(part + rest), 0 where both are 0."""
    total = part + rest
    return np.divide(part, total, out=np.zeros_like(total), where=total != 0)


def number_or_array(values: np.ndarray) -> Any:
    """The only value as a float, or several as they are."""
    return float(values[0]) if values.size == 1 else values


def _in_unit_interval(value: Any) -> bool:
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return is_number and bool(0 <= value <= 1)
