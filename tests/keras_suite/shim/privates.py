"""Private methods of Keras's objects that its tests call, made of tinynet's."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinynet import Tensor
from tinynet.layers import InputLayer, Layer, MultiHeadAttention
from tinynet.ops.symbolic import KerasTensor
from tinynet.optimizers import Optimizer
from tinynet.optimizers.gradients import clipped


def _clip_gradients(self: Optimizer, gradients: list[Any]) -> list[Tensor]:
    arrays = [np.asarray(gradient) for gradient in gradients]
    return [Tensor(g) for g in clipped(arrays, self.clipnorm, self.global_clipnorm, self.clipvalue)]


def attach() -> None:
    for kind in (InputLayer, KerasTensor):
        kind.sparse = kind.ragged = False  # type: ignore[attr-defined]
    for name in ("query_dense", "key_dense", "value_dense", "output_dense"):
        setattr(MultiHeadAttention, f"_{name}", property(operator.attrgetter(name)))
    Layer.dtype_policy = property(lambda self: self.dtype)  # type: ignore[attr-defined]
    Optimizer._clip_gradients = _clip_gradients  # type: ignore[attr-defined]
