"""Labels of a class each, as the rows of zeros and ones that counting needs."""

from __future__ import annotations

import numpy as np

from tinynet.errors import ShapeError
from tinynet.losses.crossentropy import require_classes


def one_hot_where_sparse(where: str, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Labels of the shape of the predictions.

    Labels (N,) or (N, 1) for predictions (N, K) of several classes are taken as class numbers; Keras
    has no meaning for them. Labels (N,) for predictions (N, 1) and the reverse only gain an axis.

    Raises `ShapeError` for any other difference of shapes, `DataError` for a label that is no class.
    """
    if y_true.shape == y_pred.shape:
        return y_true
    if (
        y_pred.ndim >= 2
        and y_pred.shape[-1] > 1
        and y_true.shape in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1))
    ):
        labels = y_true.reshape(y_pred.shape[:-1])
        require_classes(where, labels, y_pred.shape[-1])
        return np.arange(y_pred.shape[-1]) == labels[..., None]
    if y_true.size == y_pred.size and y_true.shape in (y_pred.shape[:-1], (*y_pred.shape, 1)):
        return y_true.reshape(y_pred.shape)
    raise ShapeError(
        f"{where}: expected labels of the shape of the predictions, {y_pred.shape}, or class numbers "
        f"of shape {y_pred.shape[:-1]}, received {y_true.shape}"
    )
