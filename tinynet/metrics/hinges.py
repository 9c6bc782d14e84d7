"""Hinge losses as metrics: how far predictions are from lying clearly on the right side."""

from __future__ import annotations

from typing import Any

from tinynet.losses import categorical_hinge, hinge, squared_hinge
from tinynet.metrics.base import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """Mean of max(1 − y·p, 0). Labels are −1 and 1; 0 and 1 are turned into them.

    >>> round(Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 4)
    1.3
    """

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 − y·p, 0)². Labels as in `Hinge`.

    >>> round(SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 4)
    1.86
    """

    _direction = "down"

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean of max(1 + largest wrong − right, 0) over samples with one-hot labels (N, K).

    >>> round(CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 4)
    1.4
    """

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
