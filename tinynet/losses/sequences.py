"""Connectionist temporal classification: labels in order, without the times at which they occur."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import ops
from tinynet.autograd import Tensor, as_tensor
from tinynet.errors import ShapeError
from tinynet.losses.base import LossFunctionWrapper, float_tensor


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """−log of the probability of all ways to read the labels off the steps (Graves et al. 2006).

    Labels (N, L), filled up with 0; logits (N, T, K), whose class 0 is the blank -> (N,).

    Raises `ShapeError` where the shapes do not fit, `DataError` for a label that is no class, for a 0 before a
    label, and for more labels than steps (two equal labels in a row need a step between them).

    >>> ctc([[1, 2]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]).numpy().round(4)
    array([2.1972], dtype=float32)
    """
    y_pred = float_tensor(y_pred)
    labels = as_tensor(y_true)
    if labels.ndim != 2 or y_pred.ndim != 3 or len(labels) != len(y_pred):
        raise ShapeError(
            "ctc: expected labels of shape (N, L) and logits of shape (N, T, K), received "
            f"{labels.shape} and {y_pred.shape}"
        )
    lengths = np.count_nonzero(labels._data, axis=1)
    return ops.ctc_loss(labels, y_pred, lengths, np.full(len(y_pred), y_pred.shape[1]))


class CTC(LossFunctionWrapper):
    """`ctc` of labels filled up with 0, and logits. After https://keras.io/api/losses/.

    >>> round(CTC()([[1, 2]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]).item(), 4)
    2.1972
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
