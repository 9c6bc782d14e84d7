"""Small helpers under Keras's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.catalogue import (
    custom_object_scope,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from tinynet.errors import DataError
from tinynet.models.data import pack_x_y_sample_weight, unpack_x_y_sample_weight
from tinynet.models.py_dataset import PyDataset
from tinynet.naming import reset_names
from tinynet.plotting import plot_model
from tinynet.preprocessing.sequence import pad_sequences
from tinynet.seeds import set_random_seed

__all__ = [
    "PyDataset", "Sequence", "clear_session", "custom_object_scope", "get_registered_name", "get_registered_object",
    "pack_x_y_sample_weight", "pad_sequences", "plot_model", "register_keras_serializable", "set_random_seed",
    "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip

Sequence = PyDataset  # as it was called in Keras 2


def clear_session() -> None:
    """Starts the automatic names of layers, metrics and optimizers anew."""
    reset_names()


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Labels (…) as one-hot vectors (…, K).

    num_classes: K; one more than the largest label without it. Raises `DataError` for a label
    outside [0, K).

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    labels = labels.astype(np.int64)
    count = num_classes or (int(labels.max()) + 1 if labels.size else 0)
    if labels.size and not (0 <= labels.min() and labels.max() < count):
        raise DataError(f"to_categorical: labels lie in [{labels.min()}, {labels.max()}], not in [0, {count})")
    return np.eye(count, dtype=config.floatx())[labels]
