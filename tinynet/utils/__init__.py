"""Small helpers under Keras's names: keras.io/api/utils."""

from __future__ import annotations

from typing import Any

from tinynet.catalogue import (
    custom_object_scope,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from tinynet.models.data import pack_x_y_sample_weight, unpack_x_y_sample_weight
from tinynet.models.py_dataset import PyDataset
from tinynet.naming import reset_names
from tinynet.ops.symbolic import KerasTensor
from tinynet.plotting import plot_model
from tinynet.preprocessing.sequence import pad_sequences
from tinynet.saving.objects import deserialize_keras_object, serialize_keras_object
from tinynet.seeds import set_random_seed
from tinynet.utils.arrays import normalize, to_categorical
from tinynet.utils.directories import image_dataset_from_directory, text_dataset_from_directory
from tinynet.utils.files import get_file
from tinynet.utils.images import array_to_img, img_to_array, load_img, save_img
from tinynet.utils.progbar import Progbar
from tinynet.utils.splitting import split_dataset
from tinynet.utils.timeseries import timeseries_dataset_from_array

__all__ = [
    "CustomObjectScope", "Progbar", "PyDataset", "Sequence", "array_to_img", "clear_session", "custom_object_scope",
    "deserialize_keras_object", "get_file", "get_registered_name", "get_registered_object",
    "image_dataset_from_directory", "img_to_array", "is_keras_tensor", "load_img", "normalize",
    "pack_x_y_sample_weight", "pad_sequences", "plot_model", "register_keras_serializable", "save_img",
    "serialize_keras_object", "set_random_seed", "split_dataset", "text_dataset_from_directory",
    "timeseries_dataset_from_array", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip

Sequence = PyDataset  # as it was called in Keras 2
CustomObjectScope = custom_object_scope


def clear_session() -> None:
    """Starts the automatic names of layers, metrics and optimizers anew."""
    reset_names()


def is_keras_tensor(x: Any) -> bool:
    """Whether x is a symbolic tensor, of which functional models are made.

    >>> is_keras_tensor(KerasTensor((None, 3))), is_keras_tensor(3.0)
    (True, False)
    """
    return isinstance(x, KerasTensor)
