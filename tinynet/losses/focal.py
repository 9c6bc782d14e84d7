"""Focal cross-entropies: what is nearly right already counts little, so that rare mistakes lead (Lin et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import ops
from tinynet.arguments import flag, number
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.losses.base import LossFunctionWrapper, matched, require_axes, whole_axis
from tinynet.losses.crossentropy import classes_last, clipped, smoothing_of


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Mean of (1 − r)^gamma · binary cross-entropy, r = y p + (1 − y)(1 − p) the share that is right.

    Labels (N, D), predictions (N, D) -> (N,).

    apply_class_balancing: also multiply by y · alpha + (1 − y)(1 − alpha).
    gamma: 0 is the cross-entropy; the larger, the less counts what is nearly right.
    from_logits, label_smoothing, axis: as in `binary_crossentropy`.

    Raises `ShapeError` where the shapes differ, `ArgumentError` for settings that are no numbers.

    >>> binary_focal_crossentropy([[1.0]], [[0.5]]).numpy().round(4)
    array([0.1733], dtype=float32)
    """
    where = "binary_focal_crossentropy"
    balancing = flag(where, "apply_class_balancing", apply_class_balancing)
    alpha, gamma = number(where, "alpha", alpha, 0.0), number(where, "gamma", gamma, 0.0)
    y_true, y_pred = matched(where, y_true, y_pred, align=False)
    require_axes(where, whole_axis(where, axis), y_pred)
    smoothing = smoothing_of(where, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    if flag(where, "from_logits", from_logits):
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    losses = (1.0 - right) ** gamma * ops.binary_crossentropy(y_true, y_pred)
    if balancing:
        losses = (y_true * alpha + (1 - y_true) * (1 - alpha)) * losses
    return losses.mean(axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """−Σ alpha (1 − p)^gamma y log p over the classes: one-hot labels (N, K), predictions (N, K) -> (N,).

    Probabilities are divided by their sum and kept away from 0 and 1 by epsilon.

    alpha: one weight, or one for each class.
    gamma: 0 is the cross-entropy; the larger, the less counts what is nearly right.
    from_logits, label_smoothing, axis: as in `categorical_crossentropy`.

    Raises `ShapeError` where the shapes differ or there is not one alpha for each class, `ArgumentError` for
    settings that are no numbers.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4)
    array([0.0433], dtype=float32)
    """
    where = "categorical_focal_crossentropy"
    weights = np.asarray(_class_weights(where, alpha))
    gamma = number(where, "gamma", gamma, 0.0)
    y_true, y_pred = matched(where, y_true, y_pred, align=False)
    y_true, y_pred = classes_last(where, y_true, y_pred, label_smoothing, axis)
    if weights.ndim and weights.shape != y_pred.shape[-1:]:
        raise ShapeError(f"{where}: expected one alpha for each of {y_pred.shape[-1]} classes, received {alpha!r}")
    if flag(where, "from_logits", from_logits):
        y_pred = ops.softmax(y_pred)
    p = clipped(y_pred / y_pred.sum(axis=-1, keepdims=True))
    return -(weights.astype(p.dtype) * (1.0 - p) ** gamma * y_true * np.log(p)).sum(axis=-1)


def _class_weights(where: str, alpha: Any) -> float | list[float]:
    if not isinstance(alpha, (list, tuple, np.ndarray)):
        return number(where, "alpha", alpha, 0.0)
    if not len(alpha):
        raise ArgumentError(f"{where}: expected alpha to be a number or one for each class, received {alpha!r}")
    return [number(where, "alpha", each, 0.0) for each in alpha]


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """`binary_focal_crossentropy` of labels 0 and 1. After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(BinaryFocalCrossentropy()([[1], [0]], [[0.5], [0.5]]).item(), 4)
    0.1733
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        where = "BinaryFocalCrossentropy"
        self.apply_class_balancing = flag(where, "apply_class_balancing", apply_class_balancing)
        self.alpha = number(where, "alpha", alpha, 0.0)
        self.gamma = number(where, "gamma", gamma, 0.0)
        self.from_logits = flag(where, "from_logits", from_logits)
        self.label_smoothing = smoothing_of(where, label_smoothing)
        self.axis = whole_axis(where, axis)
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=self.apply_class_balancing, alpha=self.alpha, gamma=self.gamma,
            from_logits=self.from_logits, label_smoothing=self.label_smoothing, axis=self.axis,
        )  # fmt: skip


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """`categorical_focal_crossentropy` of one-hot labels. After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(CategoricalFocalCrossentropy()([[0, 1], [1, 0]], [[0.5, 0.5], [1.0, 0.0]]).item(), 4)
    0.0217
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        where = "CategoricalFocalCrossentropy"
        self.alpha = _class_weights(where, alpha)
        self.gamma = number(where, "gamma", gamma, 0.0)
        self.from_logits = flag(where, "from_logits", from_logits)
        self.label_smoothing = smoothing_of(where, label_smoothing)
        self.axis = whole_axis(where, axis)
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype,
            alpha=self.alpha, gamma=self.gamma, from_logits=self.from_logits,
            label_smoothing=self.label_smoothing, axis=self.axis,
        )  # fmt: skip
