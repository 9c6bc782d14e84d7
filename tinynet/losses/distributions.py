"""Losses of predicted rates and distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor
from tinynet.losses.base import LossFunctionWrapper, matched


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of p − y log p over the last axis, for counts y and their predicted rate p: (N, D), (N, D) -> (N,).

    The negative logarithm of Poisson's distribution but for what does not depend on p; epsilon is added to p
    within the logarithm.

    Raises `ShapeError` where the shapes differ.

    >>> poisson([[0.0, 2.0]], [[1.0, 1.0]]).numpy().round(4)
    array([1.], dtype=float32)
    """
    y_true, y_pred = matched("poisson", y_true, y_pred)
    return (y_pred - y_true * np.log(y_pred + config.epsilon())).mean(axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Σ y log(y/p) over the last axis, for two distributions (Kullback and Leibler 1951): (N, K), (N, K) -> (N,).

    Both are limited to [epsilon, 1] before.

    Raises `ShapeError` where the shapes differ.

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4)
    array([0.1438], dtype=float32)
    """
    y_true, y_pred = matched("kl_divergence", y_true, y_pred)
    y_true, y_pred = y_true.clip(config.epsilon(), 1.0), y_pred.clip(config.epsilon(), 1.0)
    return (y_true * np.log(y_true / y_pred)).sum(axis=-1)


class Poisson(LossFunctionWrapper):
    """Mean of p − y log p. After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(Poisson()([[0.0], [2.0]], [[1.0], [1.0]]).item(), 4)
    1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


class KLDivergence(LossFunctionWrapper):
    """Σ y log(y/p). After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
    0.1438
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)
