"""Weights as Keras's layers take them: each with an initializer, a regularizer and a constraint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet import constraints, initializers, regularizers
from tinynet.autograd import Variable
from tinynet.layers.base import Layer


def keep_settings(
    layer: Layer, weight: str, initializer: Any, regularizer: Any = None, constraint: Any = None
) -> None:
    """Keeps the settings of a weight in the attributes <weight>_initializer, …_regularizer, …_constraint."""
    setattr(layer, f"{weight}_initializer", initializers.get(initializer))
    setattr(layer, f"{weight}_regularizer", regularizers.get(regularizer))
    setattr(layer, f"{weight}_constraint", constraints.get(constraint))


def add_weight(
    layer: Layer, weight: str, shape: Sequence[int], name: str | None = None, initializer: Any = None
) -> Variable:
    """A new weight with the settings that were kept for it.

    name: where it is not called as its settings are. initializer: instead of the one kept.
    """
    return layer.add_weight(
        shape,
        initializer or getattr(layer, f"{weight}_initializer"),
        regularizer=getattr(layer, f"{weight}_regularizer"),
        constraint=getattr(layer, f"{weight}_constraint"),
        name=name or weight,
    )
