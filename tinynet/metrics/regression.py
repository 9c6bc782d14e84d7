"""How far predicted numbers are from labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import losses
from tinynet.arguments import whole
from tinynet.autograd import no_grad
from tinynet.catalogue import Config
from tinynet.errors import ArgumentError, ShapeError, nearest, warn
from tinynet.losses import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from tinynet.losses.base import matched, same_rank
from tinynet.metrics.base import Mean, MeanMetricWrapper, Metric, array_of

AGGREGATIONS = ("uniform_average", "variance_weighted_average")


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (y − p)².

    >>> MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]])
    2.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of (y − p)².

    >>> RootMeanSquaredError()([[0.0], [1.0]], [[1.0], [8.0]])
    5.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds a batch of labels and predictions of one shape; weights: one a value, or one a sample (N,)."""
        y_true, y_pred = array_of(y_true, self.name, self.dtype), array_of(y_pred, self.name, self.dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: expected y_true of the shape of y_pred, {y_pred.shape}, received {y_true.shape}"
            )
        super().update_state((y_pred - y_true) ** 2, sample_weight)

    def result(self) -> float:
        return float(np.sqrt(super().result()))


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |y − p|.

    >>> MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [3.0]])
    1.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of 100 |y − p|/|y|, where |y| is at least epsilon.

    >>> round(MeanAbsolutePercentageError()([[1.0], [2.0]], [[1.5], [2.0]]), 4)
    25.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of (log(y + 1) − log(p + 1))², where y and p are at least epsilon.

    >>> round(MeanSquaredLogarithmicError()([[0.0], [1.0]], [[1.0], [1.0]]), 4)
    0.2402
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of log cosh(p − y): about half the square of small errors, and the size of large ones.

    >>> round(LogCoshError()([[0.0], [1.0]], [[1.0], [1.0]]), 4)
    0.2169
    """

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> np.ndarray:
    """Σ y·p/(|y| |p|) along an axis: (N, D), (N, D) -> (N,); 0 for a vector of zeros.

    The loss of this name is its negative.

    >>> cosine_similarity([[0.0, 1.0]], [[1.0, 1.0]]).round(4)
    array([0.7071], dtype=float32)
    """
    y_true, y_pred = matched("cosine_similarity", y_true, y_pred)
    with no_grad():
        # 0 − x rather than −x: no negative zeros.
        return np.asarray(0 - losses.cosine_similarity(y_true, y_pred, axis=axis)._data)


class CosineSimilarity(MeanMetricWrapper):
    """Mean of the cosine of the angle between label and prediction, from −1 to 1; larger is better.

    axis: along which both are vectors.

    >>> round(CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]), 4)
    0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)
        self.axis = axis

    def get_config(self) -> Config:
        """The constructor's arguments; the axis, which Keras forgets, only where it is not the last."""
        described = super().get_config()
        if self.axis == -1:
            del described["axis"]
        return described


class R2Score(Metric):
    """1 − Σ (y − p)²/Σ (y − ȳ)², the share of the labels' variance that predictions explain.

    class_aggregation: how the scores of several outputs become one: 'uniform_average' is their mean,
        'variance_weighted_average' their mean by the outputs' variances; with None there is one each.
    num_regressors: number P of inputs, for the adjusted score 1 − (1 − R²)(n − 1)/(n − P − 1); 0 for R²
        itself. As in Keras n is the number of values, samples times outputs.

    Labels that are all the same leave no variance to explain: their score is 0, and not a number where
    predictions are equal to them. After https://keras.io/api/metrics/regression_metrics/.

    >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
    0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        kind = type(self).__name__
        if class_aggregation is not None and class_aggregation not in AGGREGATIONS:
            hint = nearest(class_aggregation, AGGREGATIONS)
            raise ArgumentError(f"{kind}: unknown class_aggregation {class_aggregation!r}. {hint}")
        self.class_aggregation = class_aggregation
        self.num_regressors = whole(kind, "num_regressors", num_regressors, 0)
        self.num_samples = self._count("num_samples")
        self._outputs: int | None = None

    def _build(self, outputs: int) -> None:
        self.squared_sum = self._count("squared_sum", (outputs,))
        self.sum = self._count("sum", (outputs,))
        self.total_mse = self._count("residual", (outputs,))
        self.count = self._count("count", (outputs,))
        self._outputs = outputs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: labels and predictions (N, D); weights one a sample or a value.

        Raises `ShapeError` for other shapes, or another number of outputs than before.
        """
        where = self.name
        # Brought to the metric's dtype first, as in Keras; sums of squares are exact in float64 alone.
        y_true, y_pred = (array_of(y, where, self.dtype).astype(np.float64) for y in (y_true, y_pred))
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_pred.ndim != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{where}: expected labels and predictions of one shape (N, D), received {y_true.shape} and "
                f"{y_pred.shape}"
            )
        if self._outputs is None:
            self._build(y_pred.shape[1])
        elif self._outputs != y_pred.shape[1]:
            raise ShapeError(f"{where}: expected {self._outputs} outputs as before, received {y_pred.shape}")
        weights = np.ones((1, 1)) if sample_weight is None else array_of(sample_weight, where, np.float64)
        weights = weights[:, None] if weights.ndim == 1 else weights
        fits = weights.ndim == 2 and all(w in (1, n) for w, n in zip(weights.shape, y_true.shape, strict=True))
        if weights.ndim and not fits:
            raise ShapeError(f"{where}: weights of shape {weights.shape} do not fit labels of shape {y_true.shape}")
        weights = np.broadcast_to(weights, y_true.shape)
        self.sum._data += (y_true * weights).sum(axis=0)
        self.squared_sum._data += (y_true**2 * weights).sum(axis=0)
        self.total_mse._data += ((y_true - y_pred) ** 2 * weights).sum(axis=0)
        self.count._data += weights.sum(axis=0)
        self.num_samples._data += y_true.size

    def result(self) -> Any:
        """The score, or the scores (D,) without aggregation; 0 before the first batch."""
        if self._outputs is None or not self.count._data.any():
            return 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self.squared_sum._data - self.sum._data**2 / self.count._data
            scores = 1 - self.total_mse._data / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = scores.mean()
            elif self.class_aggregation is not None:
                scores = (total * scores).sum() / total.sum()
        scores = self._adjusted(scores)
        return scores if self.class_aggregation is None else float(scores)

    def _adjusted(self, scores: Any) -> Any:
        if not self.num_regressors:
            return scores
        samples = float(self.num_samples._data)
        if self.num_regressors >= samples - 1:
            warn(
                f"{self.name}: the adjusted score needs more values than num_regressors + 1 = "
                f"{self.num_regressors + 1}, there are {samples:.0f}; the score is not adjusted"
            )
            return scores
        return 1 - (1 - scores) * (samples - 1) / (samples - self.num_regressors - 1)
