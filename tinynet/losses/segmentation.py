"""Losses of overlap: how much of two regions is common to both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet import config
from tinynet.arguments import axes, number
from tinynet.autograd import Tensor
from tinynet.losses.base import LossFunctionWrapper, matched, require_axes

Axis = int | Sequence[int] | None


def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> Tensor:
    """1 − 2 Σ y p / (Σ y + Σ p + epsilon) (Sørensen 1948, Dice 1945): two arrays of one shape -> what axis leaves.

    axis: what the sums are taken over; None is all axes, which gives one number for the whole batch. For
        images (N, H, W, K) axis=(1, 2, 3) gives one a sample, axis=(1, 2) one a sample and class.

    Raises `ShapeError` where the shapes differ, `ArgumentError` for an axis that is not there.

    >>> round(dice([[1.0, 0.0]], [[0.5, 0.5]]).item(), 4)
    0.5
    """
    y_true, y_pred, axis = _regions("dice", y_true, y_pred, axis)
    both = (y_true * y_pred).sum(axis=axis)
    return 1 - 2.0 * both / (y_true.sum(axis=axis) + y_pred.sum(axis=axis) + config.epsilon())


def _regions(where: str, y_true: Any, y_pred: Any, axis: Axis) -> tuple[Tensor, Tensor, Any]:
    y_true, y_pred = matched(where, y_true, y_pred)
    if axis is None:
        return y_true, y_pred, None
    require_axes(where, axis, y_pred)
    return y_true, y_pred, tuple(axis) if isinstance(axis, (list, tuple)) else axis


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Tensor:
    """1 − I / (I + alpha · Σ y (1 − p) + beta · Σ p (1 − y) + epsilon), I = Σ y p (Salehi et al. 2017).

    Two arrays of one shape -> what axis leaves. With alpha = beta = 0.5 it is `dice` but for epsilon.

    alpha: the weight of what is missed. beta: the weight of false alarms. (Keras's page has them the other way
        round; its numbers are these.)
    axis: as in `dice`.

    Raises `ShapeError` where the shapes differ, `ArgumentError` for a negative weight or an axis that is not there.

    >>> round(tversky([[1.0, 0.0]], [[0.5, 0.5]], alpha=0.9, beta=0.1).item(), 4)
    0.5
    """
    alpha, beta = number("tversky", "alpha", alpha, 0.0), number("tversky", "beta", beta, 0.0)
    y_true, y_pred, axis = _regions("tversky", y_true, y_pred, axis)
    both = (y_true * y_pred).sum(axis=axis)
    missed = ((1 - y_pred) * y_true).sum(axis=axis)
    alarms = (y_pred * (1 - y_true)).sum(axis=axis)
    return 1 - both / (both + missed * alpha + alarms * beta + config.epsilon())


class Dice(LossFunctionWrapper):
    """`dice`, of the whole batch or over `axis`. After https://keras.io/api/losses/.

    >>> round(Dice()([[1.0, 0.0]], [[0.5, 0.5]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        self.axis = None if axis is None else axes("Dice", axis)
        super().__init__(dice, reduction, name, dtype, axis=self.axis)


class Tversky(LossFunctionWrapper):
    """`tversky`, of the whole batch or over `axis`. After https://keras.io/api/losses/.

    >>> round(Tversky()([[1.0, 0.0]], [[0.5, 0.5]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        self.alpha = number("Tversky", "alpha", alpha, 0.0)
        self.beta = number("Tversky", "beta", beta, 0.0)
        self.axis = None if axis is None else axes("Tversky", axis)
        super().__init__(tversky, reduction, name, dtype, alpha=self.alpha, beta=self.beta, axis=self.axis)
