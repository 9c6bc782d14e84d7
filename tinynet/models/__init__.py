"""Models: layers put together, training, and what is printed about them."""

from __future__ import annotations

import os
from typing import Any

from tinynet.layers import CATALOGUE
from tinynet.models.cloning import clone_model
from tinynet.models.functional import Functional
from tinynet.models.model import Model
from tinynet.models.sequential import Sequential

# Models are layers of other models. Functional models of the oldest files are called Model.
CATALOGUE.add(Sequential)
CATALOGUE.add(Functional)

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


def load_model(
    filepath: str | os.PathLike[str], custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Model:
    """A model from a file, written by Keras or by tinynet: see `tinynet.saving.load_model`."""
    from tinynet import saving

    return saving.load_model(filepath, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode)


def save_model(
    model: Model,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """Saves a model to a file that Keras opens: see `tinynet.saving.save_model`."""
    from tinynet import saving

    saving.save_model(model, filepath, overwrite=overwrite, zipped=zipped, include_optimizer=include_optimizer)


def model_from_json(json_string: str, custom_objects: Any = None) -> Model:
    """A new model from the JSON of `Model.to_json`: see `tinynet.saving.model_from_json`."""
    from tinynet import saving

    return saving.model_from_json(json_string, custom_objects=custom_objects)
