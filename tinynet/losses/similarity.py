"""Losses of directions: of vectors that should point the same way, or apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import ops
from tinynet.arguments import flag, number
from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tags import set_mask
from tinynet.catalogue import Config
from tinynet.errors import DataError, ShapeError
from tinynet.losses.base import LossFunctionWrapper, float_tensor, matched, require_axes, whole_axis

NOTHING = -1e30  # e to this is 0, and unlike e to −∞ it has a derivative


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """−cos of the angle between label and prediction: (N, D), (N, D) -> (N,).

    −1 where they point the same way, 1 the opposite way, 0 where one of them is 0.

    axis: along which the vectors lie.

    Raises `ShapeError` where the shapes differ, `ArgumentError` for an axis that is not there.

    >>> cosine_similarity([[1.0, 0.0]], [[3.0, 4.0]]).numpy().round(4)
    array([-0.6], dtype=float32)
    """
    where = "cosine_similarity"
    y_true, y_pred = matched(where, y_true, y_pred)
    require_axes(where, whole_axis(where, axis), y_pred)
    return -(ops.normalize(y_true, axis) * ops.normalize(y_pred, axis)).sum(axis=axis)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Circle loss (Sun et al. 2020): vectors of one class together, others apart: (N,), (N, D) -> (N,).

    With the distances d = max(1 − p · q, 0) of each vector p to all vectors q (so they should have length 1) it is
    softplus(log Σ exp(gamma · (margin + d) · (d − margin)) + log Σ exp(gamma · (1 + margin − d) · (1 − margin − d))),
    the first sum over q of the same class, the second over the others. A vector that has none of either costs 0
    and does not count in a mean.

    y_true: integer labels, (N,) or (N, 1).
    ref_labels, ref_embeddings: (M,) and (M, D), the vectors q to compare with; without them those of the batch.
    remove_diagonal: that no vector is compared with the one of its own number.
    gamma: the scale. margin: how far the classes are to be apart.

    Raises `ShapeError` where the shapes do not fit, `DataError` for labels that are no integers, `ArgumentError`
    for settings that are no numbers.

    >>> circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], gamma=1).numpy().round(4)
    array([0.5459, 0.5459, 0.    ], dtype=float32)
    """
    gamma, margin = number("circle", "gamma", gamma), number("circle", "margin", margin)
    remove_diagonal = flag("circle", "remove_diagonal", remove_diagonal)
    y_pred = float_tensor(y_pred)
    others = y_pred if ref_embeddings is None else float_tensor(ref_embeddings).astype(y_pred.dtype)
    labels = _labels("y_true", y_true, "y_pred", y_pred)
    other_labels = labels if ref_labels is None else _labels("ref_labels", ref_labels, "ref_embeddings", others)
    if others.shape[1:] != y_pred.shape[1:] or len(other_labels) != len(others):
        raise ShapeError(
            f"circle: expected ref_embeddings of shape (M, {y_pred.shape[1]}) with M ref_labels, received "
            f"{others.shape} and {len(other_labels)} labels"
        )
    same = labels[:, None] == other_labels
    different = ~same
    if remove_diagonal:
        same = same & (np.eye(*same.shape) == 0)
    distances = ops.maximum(1 - y_pred @ others.T, 0.0)
    near = ops.maximum((margin + distances) * same, 0.0) * (margin - distances) * -gamma
    far = ops.maximum((1 + margin - distances) * different, 0.0) * (1 - margin - distances) * gamma
    of_same = ops.logsumexp(ops.where(same, near, NOTHING), axis=1)
    of_different = ops.logsumexp(ops.where(different, far, NOTHING), axis=1)
    losses = ops.softplus(of_same + of_different)
    set_mask(losses, losses._data > 0)
    return losses


def _labels(name: str, given: Any, of_name: str, vectors: Tensor) -> np.ndarray:
    labels = as_tensor(given)._data
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if vectors.ndim != 2 or labels.shape != vectors.shape[:1]:
        raise ShapeError(
            f"circle: expected {of_name} of shape (N, D) and {name} of shape (N,), received {vectors.shape} and "
            f"{labels.shape}"
        )
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.floor(labels))).all():
        raise DataError(f"circle: expected integers in {name}, received {labels.tolist()}")
    return labels


class CosineSimilarity(LossFunctionWrapper):
    """−cos of the angle between label and prediction. After https://keras.io/api/losses/regression_losses/.

    >>> round(CosineSimilarity()([[1.0, 0.0]], [[3.0, 4.0]]).item(), 4)
    -0.6
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        self.axis = whole_axis("CosineSimilarity", axis)
        super().__init__(cosine_similarity, reduction, name, dtype, axis=self.axis)

    def get_config(self) -> Config:
        """Keras's, which forgets the axis; one that is not the last is kept, and Keras reads it."""
        described = super().get_config()
        return described if self.axis != -1 else {k: v for k, v in described.items() if k != "axis"}


class Circle(LossFunctionWrapper):
    """`circle` of integer labels and vectors of length 1. After https://keras.io/api/losses/.

    >>> round(Circle(gamma=1)([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).item(), 4)
    0.5459
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        self.gamma = number("Circle", "gamma", gamma)
        self.margin = number("Circle", "margin", margin)
        self.remove_diagonal = flag("Circle", "remove_diagonal", remove_diagonal)
        super().__init__(
            circle, reduction, name, dtype,
            gamma=self.gamma, margin=self.margin, remove_diagonal=self.remove_diagonal,
        )  # fmt: skip
