"""Losses: how far predictions are from labels, as a number to make small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinynet.autograd import Tensor
from tinynet.catalogue import Catalogue, serialize
from tinynet.losses.base import Loss, LossFunctionWrapper, binary_or_sparse
from tinynet.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from tinynet.losses.distributions import KLDivergence, Poisson, kl_divergence, poisson
from tinynet.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from tinynet.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from tinynet.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from tinynet.losses.segmentation import Dice, Tversky, dice, tversky
from tinynet.losses.sequences import CTC, ctc
from tinynet.losses.similarity import Circle, CosineSimilarity, circle, cosine_similarity

CATALOGUE = Catalogue(
    "loss",
    classes=[
        BinaryCrossentropy, CategoricalCrossentropy, CategoricalGeneralizedCrossEntropy,
        SparseCategoricalCrossentropy, KLDivergence, Poisson, BinaryFocalCrossentropy, CategoricalFocalCrossentropy,
        CategoricalHinge, Hinge, SquaredHinge, Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError,
        MeanSquaredError, MeanSquaredLogarithmicError, Dice, Tversky, CTC, Circle, CosineSimilarity,
    ],
    functions=[
        binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy, kl_divergence, poisson,
        binary_focal_crossentropy, categorical_focal_crossentropy, categorical_hinge, hinge, squared_hinge, huber,
        log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
        mean_squared_logarithmic_error, dice, tversky, ctc, circle, cosine_similarity,
    ],
    aliases={
        "bce": binary_crossentropy, "BCE": binary_crossentropy,
        "kld": kl_divergence, "KLD": kl_divergence,
        "mae": mean_absolute_error, "MAE": mean_absolute_error,
        "mape": mean_absolute_percentage_error, "MAPE": mean_absolute_percentage_error,
        "mse": mean_squared_error, "MSE": mean_squared_error,
        "msle": mean_squared_logarithmic_error, "MSLE": mean_squared_logarithmic_error,
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
    "CATALOGUE", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CTC", "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle",
    "CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss", "LossFunctionWrapper",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError",
    "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "circle", "cosine_similarity", "crossentropy_for",
    "ctc", "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "poisson",
    "serialize", "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]  # fmt: skip
