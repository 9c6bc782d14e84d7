"""Precision and recall, from counts over all batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.catalogue import Config
from tinynet.errors import ArgumentError, ShapeError
from tinynet.losses.base import require_weights_fit
from tinynet.metrics.base import Metric, array_of
from tinynet.metrics.classes import one_hot_where_sparse

# Below every prediction: with top_k and without thresholds, all that is kept is positive.
LOWEST = -1e10


class _Thresholded(Metric):
    """Base of metrics that count true and false positives and negatives above thresholds."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = _natural("top_k", top_k, self, 1)
        self.class_id = _natural("class_id", class_id, self, 0)
        if thresholds is None:
            thresholds = 0.5 if top_k is None else LOWEST
        elif wrong := [t for t in _listed(thresholds) if not _in_unit_interval(t)]:
            raise ArgumentError(
                f"{type(self).__name__}: expected thresholds between 0 and 1, received {wrong[0]!r}"
            )
        self.thresholds = _listed(thresholds)
        if not self.thresholds:
            raise ArgumentError(f"{type(self).__name__}: expected at least one threshold, received none")
        # Keras counts evenly spaced thresholds in another way, which limits predictions to [0, 1].
        spaced = np.linspace(0, 1, len(self.thresholds))
        self._limits = len(self.thresholds) >= 3 and np.allclose(self.thresholds, spaced, atol=1e-7)

    def get_config(self) -> Config:
        return {**super().get_config(), "thresholds": self.init_thresholds}

    def _counted(
        self, y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """For each threshold the positive predictions (thresholds, M), the labels (M,) and weights (M,)."""
        where = self.name
        y_pred = array_of(y_pred, where, self.dtype)
        y_true = one_hot_where_sparse(where, array_of(y_true, where), y_pred)
        weights = None
        if sample_weight is not None:
            weights = array_of(sample_weight, where, np.float64)
            weights = weights if weights.ndim == y_pred.ndim else weights[..., None]
            weights = weights.reshape(weights.shape[:-1]) if weights.ndim == y_pred.ndim + 1 else weights
            require_weights_fit(weights.shape, y_pred.shape, where)
            weights = np.broadcast_to(weights, y_pred.shape)
        if self.top_k is not None:
            y_pred = self._best(y_pred)
        if self.class_id is not None:
            if y_pred.ndim < 2 or self.class_id >= y_pred.shape[-1]:
                raise ShapeError(
                    f"{where}: class_id={self.class_id} needs predictions of shape (N, K) with K above it, "
                    f"received {y_pred.shape}"
                )
            y_pred, y_true = y_pred[..., self.class_id], y_true[..., self.class_id]
            weights = None if weights is None else weights[..., self.class_id]
        if self._limits:
            y_pred = np.clip(y_pred, 0, 1)
        above = y_pred.reshape(1, -1) > np.asarray(self.thresholds, self.dtype)[:, None]
        return above, y_true.reshape(-1).astype(bool), None if weights is None else weights.reshape(-1)

    def _best(self, y_pred: np.ndarray) -> np.ndarray:
        """Predictions but for the `top_k` largest along the last axis lowered below every threshold."""
        assert self.top_k is not None
        if y_pred.ndim < 1 or y_pred.shape[-1] < self.top_k:
            raise ShapeError(
                f"{self.name}: top_k={self.top_k} needs at least as many classes, received predictions "
                f"of shape {y_pred.shape}"
            )
        order = np.argsort(-y_pred, axis=-1, kind="stable")[..., : self.top_k]
        best = np.zeros(y_pred.shape, bool)
        np.put_along_axis(best, order, True, axis=-1)
        return np.where(best, y_pred, np.asarray(LOWEST, y_pred.dtype))

    def _ratio(self, part: Variable, rest: Variable) -> Any:
        total = part._data + rest._data
        ratio = np.divide(part._data, total, out=np.zeros_like(total), where=total != 0)
        return float(ratio[0]) if ratio.size == 1 else ratio


class Precision(_Thresholded):
    """True positives among all predicted positives: tp/(tp + fp), 0 where nothing is predicted positive.

    A prediction is positive above the threshold, a label where it is not 0. Labels (N,) or (N, 1) with
    predictions (N, K) are class numbers (Keras has no meaning for them).

    thresholds: one or several numbers from 0 to 1, 0.5 without; several give an array of results.
    top_k: only the k largest predictions of a sample can be positive.
    class_id: only this class counts.
    After https://keras.io/api/metrics/classification_metrics/.

    >>> Precision(name="p")([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)
        self.true_positives = self._count("true_positives", (len(self.thresholds),))
        self.false_positives = self._count("false_positives", (len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: any shape, labels and predictions the same; weights one a sample or a value."""
        above, labels, weights = self._counted(y_true, y_pred, sample_weight)
        self.true_positives._data += _number(above & labels, weights)
        self.false_positives._data += _number(above & ~labels, weights)

    def result(self) -> Any:
        return self._ratio(self.true_positives, self.false_positives)


class Recall(_Thresholded):
    """True positives among all labelled positives: tp/(tp + fn), 0 where no label is positive.

    The arguments and the meaning of labels are those of `Precision`.
    After https://keras.io/api/metrics/classification_metrics/.

    >>> Recall(name="r")([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)
        self.true_positives = self._count("true_positives", (len(self.thresholds),))
        self.false_negatives = self._count("false_negatives", (len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: any shape, labels and predictions the same; weights one a sample or a value."""
        above, labels, weights = self._counted(y_true, y_pred, sample_weight)
        self.true_positives._data += _number(above & labels, weights)
        self.false_negatives._data += _number(~above & labels, weights)

    def result(self) -> Any:
        return self._ratio(self.true_positives, self.false_negatives)


def _number(chosen: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """How many are chosen along the last axis, each counted by its weight."""
    return np.count_nonzero(chosen, axis=-1) if weights is None else chosen @ weights


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value]


def _in_unit_interval(value: Any) -> bool:
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return is_number and bool(0 <= value <= 1)


def _natural(key: str, value: Any, owner: Metric, least: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise ArgumentError(
        f"{type(owner).__name__}: expected an integer {key} of at least {least}, received {value!r}"
    )
