"""Hinge losses: nothing to pay where the right answer leads by a margin of 1 (support vector machines)."""

from __future__ import annotations

from typing import Any

from tinynet import ops
from tinynet.autograd import Tensor
from tinynet.losses.base import LossFunctionWrapper, matched


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(1 − y p, 0) over the last axis: labels −1 and 1 (N, D), predictions (N, D) -> (N,).

    Labels that are all 0 or 1 are taken for −1 and 1.

    Raises `ShapeError` where the shapes differ.

    >>> hinge([[0, 1]], [[-2.0, 0.5]]).tolist()
    [0.25]
    """
    return _margins("hinge", y_true, y_pred).mean(axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(1 − y p, 0)² over the last axis: labels −1 and 1 (N, D), predictions (N, D) -> (N,).

    Labels that are all 0 or 1 are taken for −1 and 1.

    Raises `ShapeError` where the shapes differ.

    >>> squared_hinge([[0, 1]], [[-2.0, 0.5]]).tolist()
    [0.125]
    """
    return (_margins("squared_hinge", y_true, y_pred) ** 2).mean(axis=-1)


def _margins(where: str, y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = matched(where, y_true, y_pred)
    if ((y_true._data == 0) | (y_true._data == 1)).all():
        y_true = 2.0 * y_true - 1.0
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 + the best wrong score − the right score, 0): one-hot labels (N, K), predictions (N, K) -> (N,).

    The scores are max((1 − y) p) and Σ y p over the last axis, so that the best wrong score is at least 0.

    Raises `ShapeError` where the shapes differ.

    >>> categorical_hinge([[1, 0, 0]], [[0.5, 0.25, 0.0]]).tolist()
    [0.75]
    """
    y_true, y_pred = matched("categorical_hinge", y_true, y_pred)
    right = (y_true * y_pred).sum(axis=-1)
    wrong = ((1.0 - y_true) * y_pred).max(axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """Mean of max(1 − y p, 0). After https://keras.io/api/losses/hinge_losses/.

    >>> Hinge()([[0], [1]], [[-2.0], [0.5]]).item()
    0.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """Mean of max(1 − y p, 0)². After https://keras.io/api/losses/hinge_losses/.

    >>> SquaredHinge()([[0], [1]], [[-2.0], [0.5]]).item()
    0.125
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """`categorical_hinge` of one-hot labels. After https://keras.io/api/losses/hinge_losses/.

    >>> CategoricalHinge()([[1, 0, 0]], [[0.5, 0.25, 0.0]]).item()
    0.75
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
