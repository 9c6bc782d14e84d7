"""How far predictions move together with labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.errors import ArgumentError
from tinynet.losses.base import matched
from tinynet.metrics.base import MeanMetricWrapper


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> np.ndarray:
    """Covariance over the product of the standard deviations, along an axis: (N, D), (N, D) -> (N,).

    Not a number where labels or predictions are all the same: they move neither together nor apart.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])
    array([1.], dtype=float32)
    """
    y_true, y_pred, dtype = _along("pearson_correlation", y_true, y_pred, axis)
    y_true, y_pred = (y - y.mean(axis, keepdims=True) for y in (y_true, y_pred))
    deviations = np.sqrt((y_true**2).mean(axis) * (y_pred**2).mean(axis))
    with np.errstate(invalid="ignore"):
        return ((y_true * y_pred).mean(axis) / deviations).astype(dtype)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> np.ndarray:
    """2 cov/(var + var + (difference of means)²), along an axis: (N, D), (N, D) -> (N,) (Lin 1989).

    1 only where predictions are equal to labels, not merely proportional. Epsilon in the divisor keeps
    0/0 at 0.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]]).round(4)
    array([0.5714], dtype=float32)
    """
    y_true, y_pred, dtype = _along("concordance_correlation", y_true, y_pred, axis)
    means = [y.mean(axis) for y in (y_true, y_pred)]
    covariance = ((y_true - y_true.mean(axis, keepdims=True)) * (y_pred - y_pred.mean(axis, keepdims=True))).mean(axis)
    divisor = y_true.var(axis) + y_pred.var(axis) + (means[0] - means[1]) ** 2 + config.epsilon()
    return np.asarray(2 * covariance / divisor).astype(dtype)


def _along(where: str, y_true: Any, y_pred: Any, axis: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """Labels and predictions in float64, where the same number over and over has no variance, and their dtype."""
    y_true, y_pred = matched(where, y_true, y_pred)
    if isinstance(axis, bool) or not isinstance(axis, int) or not -y_pred.ndim <= axis < y_pred.ndim:
        raise ArgumentError(f"{where}: axis {axis!r} does not exist in predictions of shape {y_pred.shape}")
    return y_true._data.astype(np.float64), y_pred._data.astype(np.float64), y_pred.dtype


class PearsonCorrelation(MeanMetricWrapper):
    """Mean of `pearson_correlation`, from −1 to 1, over all samples.

    axis: what is correlated: −1, the outputs of each sample; 0 the samples of a batch, so that the
        result depends on how data is cut into batches.

    >>> round(PearsonCorrelation()([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]), 4)
    0.9967
    """

    _direction = "up"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of `concordance_correlation`, from −1 to 1, over all samples.

    axis: as in `PearsonCorrelation`.

    >>> round(ConcordanceCorrelation()([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]), 4)
    0.9816
    """

    _direction = "up"

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
