"""keras.src.legacy.saving.legacy_h5_format: whole models in HDF5 files."""

from __future__ import annotations

from typing import Any

from tinynet import saving


def save_model_to_hdf5(model: Any, filepath: str, overwrite: bool = True, include_optimizer: bool = True) -> None:
    saving.save_model(model, filepath, overwrite=overwrite, include_optimizer=include_optimizer)


def load_model_from_hdf5(filepath: str, custom_objects: Any = None, compile: bool = True) -> Any:
    return saving.load_model(filepath, custom_objects=custom_objects, compile=compile)
