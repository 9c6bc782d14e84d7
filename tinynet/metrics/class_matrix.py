"""How often each class was taken for each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import fraction, one_of, whole
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.losses.base import require_weights_fit
from tinynet.losses.crossentropy import require_classes
from tinynet.metrics.base import Metric, array_of

NORMALIZATIONS = ("true", "pred", "all")


def confusion_matrix(
    y_true: Any,
    y_pred: Any,
    num_classes: int | None = None,
    sample_weight: Any = None,
    normalize: str | None = None,
    threshold: float = 0.5,
) -> np.ndarray:
    """How many samples of class i (row) were predicted as class j (column): (K, K).

    y_true: class numbers (N,) or (N, 1), or one-hot rows (N, K); further axes between are samples too.
    y_pred: scores (N, K), the largest of which is the prediction; or class numbers (N,) or (N, 1), in whose
        place stand probabilities of class 1 where there are two classes.
    num_classes: K; without it the number of scores, or one more than the largest class number.
    sample_weight: one number a sample, which is counted in its place.
    normalize: 'true' divides each row by its sum, 'pred' each column, 'all' everything; a sum of 0 gives 0.
    threshold: above it a probability means class 1.

    Raises `ShapeError` where shapes do not match, `DataError` for a number that is no class.

    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2])
    array([[1., 1., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    where = "confusion_matrix"
    _one_of(where, normalize)
    y_true, y_pred = array_of(y_true, where), array_of(y_pred, where)
    if num_classes is None:
        if y_pred.ndim > 1 and y_pred.shape[-1] > 1:
            num_classes = y_pred.shape[-1]
        else:
            num_classes = 1 + max((int(np.nanmax(part)) for part in (y_true, y_pred) if part.size), default=0)
            num_classes = max(num_classes, 2)
    else:
        num_classes = whole(where, "num_classes", num_classes)
    labels, found = _classes(where, y_true, y_pred, num_classes, threshold)
    return normalized(pair_counts(labels, found, num_classes, _weights(where, sample_weight, labels.shape)), normalize)


class ConfusionMatrix(Metric):
    """How many samples of class i (row) were predicted as class j (column): an array (K, K).

    num_classes: K.
    normalize: 'true' divides each row by its sum, 'pred' each column, 'all' everything; a sum of 0 gives 0.
    threshold: above it a probability means class 1, where there are two classes and one prediction.

    tinynet's own: Keras has none, and cannot open a model that is compiled with one.

    >>> matrix = ConfusionMatrix(2, normalize="true")
    >>> matrix([0, 0, 1, 1], [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.4, 0.6]])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    keras_module = "tinynet.metrics"

    def __init__(
        self,
        num_classes: int,
        normalize: str | None = None,
        threshold: float = 0.5,
        name: str | None = "confusion_matrix",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        kind = type(self).__name__
        self.num_classes = whole(kind, "num_classes", num_classes, 2)
        self.normalize = _one_of(kind, normalize)
        self.threshold = fraction(kind, "threshold", threshold)
        self.counts = self._count("counts", (self.num_classes, self.num_classes))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: labels and predictions in one of the forms of the function `confusion_matrix`.

        Raises `ShapeError` where shapes do not match, `DataError` for a number that is no class.
        """
        where, count = self.name, self.num_classes
        y_true, y_pred = array_of(y_true, where), array_of(y_pred, where)
        labels, found = _classes(where, y_true, y_pred, count, self.threshold)
        self.counts._data += pair_counts(labels, found, count, _weights(where, sample_weight, labels.shape))

    def result(self) -> np.ndarray:
        """The counts or shares (K, K)."""
        return normalized(self.counts._data.copy(), self.normalize)


def pair_counts(labels: np.ndarray, found: np.ndarray, classes: int, weights: np.ndarray | None) -> np.ndarray:
    """How often, or with how much weight, each pair of class numbers stands together: (classes, classes)."""
    pairs = labels.astype(np.intp) * classes + found.astype(np.intp)
    weights = None if weights is None else weights.ravel()
    return np.bincount(pairs.ravel(), weights, classes**2).reshape(classes, classes).astype(np.float64)


def normalized(counts: np.ndarray, normalize: str | None) -> np.ndarray:
    """Counts (K, K) as shares of rows, columns or all; 0 where there are none to share."""
    if normalize is None:
        return counts
    totals = counts.sum(axis={"true": 1, "pred": 0, "all": None}[normalize], keepdims=True)
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals != 0)


def _classes(
    where: str, y_true: np.ndarray, y_pred: np.ndarray, classes: int, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and predictions as class numbers, both of the shape of the samples."""
    scores = y_pred.ndim > 1 and y_pred.shape[-1] > 1
    if scores and y_pred.shape[-1] != classes:
        raise ShapeError(f"{where}: expected scores of {classes} classes, received predictions of {y_pred.shape}")
    shape = y_pred.shape[:-1] if scores or y_pred.ndim > 1 else y_pred.shape
    if y_true.shape in (shape, (*shape, 1)):
        labels = y_true.reshape(shape)
        require_classes(where, labels, classes)
    elif y_true.shape == (*shape, classes):
        labels = y_true.argmax(-1)
    else:
        raise ShapeError(
            f"{where}: expected labels of shape {shape} or {(*shape, classes)} for predictions of shape "
            f"{y_pred.shape}, received {y_true.shape}"
        )
    if scores:
        return labels, y_pred.argmax(-1)
    found = y_pred.reshape(shape)
    if classes == 2 and found.dtype.kind == "f":
        if found.size and not ((found >= 0) & (found <= 1)).all():
            wrong = found[~((found >= 0) & (found <= 1))][0]
            raise DataError(f"{where}: expected probabilities of class 1, received a prediction {wrong:.6g}")
        return labels, found > threshold
    require_classes(f"{where}: predictions", found, classes)
    return labels, found


def _weights(where: str, sample_weight: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    if sample_weight is None:
        return None
    weights = array_of(sample_weight, where, np.float64)
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights.reshape(weights.shape[:-1])
    require_weights_fit(weights.shape, shape, where)
    return np.broadcast_to(weights, shape)


def _one_of(owner: str, normalize: Any) -> Any:
    if normalize is not None and not isinstance(normalize, str):
        raise ArgumentError(f"{owner}: expected normalize 'true', 'pred', 'all' or None, received {normalize!r}")
    return None if normalize is None else one_of(owner, "normalize", normalize, NORMALIZATIONS)
