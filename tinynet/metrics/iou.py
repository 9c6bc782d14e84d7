"""Intersection over union: how well predicted regions cover labelled ones (Jaccard 1901)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import flag, number, whole
from tinynet.errors import ArgumentError, ShapeError, warn
from tinynet.metrics.base import INTEGER_DTYPES, Metric, array_of
from tinynet.metrics.class_matrix import pair_counts


class IoU(Metric):
    """tp/(tp + fp + fn) of each target class, then the mean over those that occur.

    num_classes: K.
    target_class_ids: the class numbers whose mean is taken.
    ignore_class: a label whose samples do not count, such as 255 for pixels without one.
    sparse_y_true, sparse_y_pred: whether labels and predictions are class numbers; otherwise they are
        one-hot rows or scores, whose largest along `axis` is the class.
    dtype: what labels, predictions and weights are brought to; without one 'int64', as in Keras, which
        leaves no fractions of weights: it warns of them.

    Labels and predictions may have any shape. Samples whose label or prediction is no class from 0 to
    K − 1 do not count. After https://keras.io/api/metrics/segmentation_metrics/.

    >>> round(IoU(2, [0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    dtypes = (*config.FLOAT_DTYPES, *INTEGER_DTYPES)
    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype or "int64", name)
        kind = type(self).__name__
        self.num_classes = whole(kind, "num_classes", num_classes)
        if not isinstance(target_class_ids, (list, tuple, range, np.ndarray)) or not len(target_class_ids):
            raise ArgumentError(f"{kind}: expected target_class_ids to be class numbers, received {target_class_ids!r}")
        self.target_class_ids = [whole(kind, "target_class_ids", one, 0) for one in target_class_ids]
        if max(self.target_class_ids) >= self.num_classes:
            raise ArgumentError(
                f"{kind}: target_class_ids has {max(self.target_class_ids)}, but the {num_classes} classes are "
                f"counted from 0"
            )
        self.ignore_class = None if ignore_class is None else whole(kind, "ignore_class", ignore_class, -(2**31))
        self.sparse_y_true = flag(kind, "sparse_y_true", sparse_y_true)
        self.sparse_y_pred = flag(kind, "sparse_y_pred", sparse_y_pred)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"{kind}: expected an integer axis, received {axis!r}")
        self.axis = axis
        self.total_cm = self._count("total_confusion_matrix", (self.num_classes, self.num_classes))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: as many labels as predictions; weights one each, or one a sample.

        Raises `ShapeError` where their numbers differ.
        """
        where = self.name
        y_true, y_pred = array_of(y_true, where), array_of(y_pred, where)
        labels = y_true if self.sparse_y_true else self._largest(y_true)
        found = y_pred if self.sparse_y_pred else self._largest(y_pred)
        if labels.size != found.size:
            raise ShapeError(
                f"{where}: expected as many labels as predictions, received labels of shape {y_true.shape} and "
                f"predictions of shape {y_pred.shape}"
            )
        weights = None if sample_weight is None else self._weights(sample_weight, labels.shape).ravel()
        labels, found = self._numbers("labels", labels).ravel(), self._numbers("predictions", found).ravel()
        counted = (labels >= 0) & (labels < self.num_classes) & (found >= 0) & (found < self.num_classes)
        if self.ignore_class is not None:
            counted &= labels != self.ignore_class
        if not counted.all():
            labels, found = labels[counted], found[counted]
            weights = None if weights is None else weights[counted]
        self.total_cm.assign(self.total_cm._data + pair_counts(labels, found, self.num_classes, weights))

    def result(self) -> float:
        """The mean over the target classes that occur among labels or predictions; 0 where none does."""
        counts = self.total_cm._data
        hits = counts.diagonal()
        union = (counts.sum(axis=0) + counts.sum(axis=1) - hits)[self.target_class_ids]
        occurs = union > 1e-9
        shares = np.where(occurs, hits[self.target_class_ids] / (union + config.epsilon()), 0)
        return float(shares.sum() / (np.count_nonzero(occurs) + config.epsilon()))

    def _largest(self, values: np.ndarray) -> np.ndarray:
        if not -values.ndim <= self.axis < values.ndim:
            raise ShapeError(f"{self.name}: has classes along axis {self.axis}, received the shape {values.shape}")
        return values.argmax(self.axis)

    def _numbers(self, what: str, values: np.ndarray) -> np.ndarray:
        if values.dtype.kind != "f":
            return values
        cut = np.trunc(values)
        if not (cut == values).all():
            warn(
                f"{self.name}: {what} are no whole numbers, and what stands behind the point is cut off, as in "
                f"Keras. Scores of classes need sparse_y_{'true' if what == 'labels' else 'pred'}=False."
            )
        return cut

    def _weights(self, sample_weight: Any, shape: tuple[int, ...]) -> np.ndarray:
        weights = array_of(sample_weight, self.name, np.float64)
        if self.dtype in INTEGER_DTYPES and not (weights == np.trunc(weights)).all():
            warn(
                f"{self.name}: the weights are float, but the dtype of the metric is {self.dtype}: casting cuts "
                "off what stands behind their points. Pass dtype='float32' to keep it."
            )
            weights = np.trunc(weights)
        size = int(np.prod(shape))
        if weights.size in (1, size):
            return np.broadcast_to(weights.reshape(-1), (size,))
        if weights.shape == shape[: weights.ndim]:
            return np.broadcast_to(weights.reshape(*weights.shape, *(1,) * (len(shape) - weights.ndim)), shape)
        raise ShapeError(f"{self.name}: weights of shape {weights.shape} do not fit labels of shape {shape}")


class BinaryIoU(IoU):
    """`IoU` of classes 0 and 1, where predictions are class 1 from the threshold on (it included).

    >>> round(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = number(type(self).__name__, "threshold", threshold)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: labels of 0 and 1, and as many predictions."""
        y_pred = array_of(y_pred, self.name, np.float32) >= np.float32(self.threshold)
        super().update_state(y_true, y_pred, sample_weight)


class MeanIoU(IoU):
    """`IoU` of all classes.

    >>> round(MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        targets = range(whole(type(self).__name__, "num_classes", num_classes))
        super().__init__(num_classes, targets, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """`IoU` of one-hot labels (N, …, K) and, unless `sparse_y_pred`, of scores of the same shape.

    >>> labels = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    >>> scores = [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]]
    >>> round(OneHotIoU(3, [0, 2])(labels, scores), 4)
    0.1667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """`OneHotIoU` of all classes.

    >>> labels = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    >>> scores = [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]]
    >>> round(OneHotMeanIoU(3)(labels, scores), 4)
    0.1111
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
