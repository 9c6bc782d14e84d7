"""Metrics: how good predictions are, over whole epochs."""

from __future__ import annotations

from typing import Any

from tinynet import losses
from tinynet.catalogue import Catalogue, serialize
from tinynet.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    accuracy,
    accuracy_for,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from tinynet.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from tinynet.metrics.confusion import Precision, Recall
from tinynet.metrics.f_score import F1Score, FBetaScore
from tinynet.metrics.from_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinynet.naming import reset_names

CATALOGUE = Catalogue(
    "metric",
    classes=[
        Mean, Sum, Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, MeanSquaredError,
        MeanAbsoluteError, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
        Precision, Recall, F1Score, FBetaScore,
    ],
    aliases={
        "bce": BinaryCrossentropy, "BCE": BinaryCrossentropy,
        "mse": MeanSquaredError, "MSE": MeanSquaredError,
        "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError,
    },
)  # fmt: skip
get = CATALOGUE.get
deserialize = CATALOGUE.deserialize

_FUNCTIONS = Catalogue(
    "metric function",
    functions=[accuracy, binary_accuracy, categorical_accuracy, sparse_categorical_accuracy],
    aliases={name: found for name, found in losses.CATALOGUE.by_name.items() if not isinstance(found, type)},
)


def function(identifier: Any) -> Any:
    """A function of labels and predictions by its name: of this module or of `losses`."""
    return _FUNCTIONS.deserialize(identifier)


__all__ = [
    "CATALOGUE", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy",
    "CategoricalCrossentropy", "F1Score", "FBetaScore", "Mean", "MeanAbsoluteError", "MeanMetricWrapper",
    "MeanSquaredError", "Metric", "Precision", "Recall", "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy", "Sum", "accuracy", "accuracy_for", "binary_accuracy",
    "categorical_accuracy", "deserialize", "function", "get", "reset_names", "serialize",
    "sparse_categorical_accuracy",
]  # fmt: skip
