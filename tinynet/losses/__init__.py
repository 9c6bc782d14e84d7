"""Losses: how far predictions are from labels, as a number to make small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinynet.autograd import Tensor
from tinynet.catalogue import Catalogue, serialize
from tinynet.losses.base import Loss, LossFunctionWrapper, binary_or_sparse
from tinynet.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from tinynet.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)

CATALOGUE = Catalogue(
    "loss",
    classes=[
        BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy, MeanSquaredError,
        MeanAbsoluteError,
    ],
    functions=[
        binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy, mean_squared_error,
        mean_absolute_error,
    ],
    aliases={
        "bce": binary_crossentropy, "BCE": binary_crossentropy,
        "mse": mean_squared_error, "MSE": mean_squared_error,
        "mae": mean_absolute_error, "MAE": mean_absolute_error,
    },
)  # fmt: skip
get = CATALOGUE.get
deserialize = CATALOGUE.deserialize


def crossentropy_for(
    y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]
) -> Callable[..., Tensor]:
    """The loss that `compile(loss="crossentropy")` means for labels and predictions of these shapes.

    >>> crossentropy_for((None,), (None, 10)).__name__
    'sparse_categorical_crossentropy'
    """
    binary, sparse = binary_or_sparse(y_true_shape, y_pred_shape)
    if binary:
        return binary_crossentropy
    return sparse_categorical_crossentropy if sparse else categorical_crossentropy


__all__ = [
    "CATALOGUE", "BinaryCrossentropy", "CategoricalCrossentropy", "Loss", "LossFunctionWrapper",
    "MeanAbsoluteError", "MeanSquaredError", "SparseCategoricalCrossentropy", "binary_crossentropy",
    "categorical_crossentropy", "crossentropy_for", "deserialize", "get", "mean_absolute_error",
    "mean_squared_error", "serialize", "sparse_categorical_crossentropy",
]  # fmt: skip
