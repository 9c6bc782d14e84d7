"""What a file says of a model besides its weights: how it is put together, and how it was being trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tinynet import layers, losses, metrics
from tinynet.catalogue import MALFORMED, Config
from tinynet.errors import FileFormatError, TinynetError, warn
from tinynet.models import Model

# The settings of `compile` that say what is computed; the others say how Keras computes it.
COMPILING = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")

# Metrics that the loss and the shapes choose, by these names also in the older files.
CHOSEN_LATER = ("accuracy", "acc", "crossentropy", "ce")


def model_of(config: Any, where: str) -> Model:
    """The model a configuration describes; `where` stands in front of errors.

    Raises `FileFormatError` for a configuration that is malformed or describes something unsupported.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise FileFormatError(f"{where}: the configuration does not describe a model")
    try:
        model = layers.deserialize(config)
        if not isinstance(model, Model):
            raise FileFormatError(f"holds a {config.get('class_name')}, which is no model")
        return model
    except TinynetError as error:
        raise FileFormatError(f"{where}: {error}") from error
    except MALFORMED as error:
        raise FileFormatError(f"{where}: the configuration is malformed ({type(error).__name__}: {error})") from error


def training_of(model: Model) -> Config:
    """What `compile` was told, as plain data."""
    return model.get_compile_config()


def compile_as(
    model: Model, training: Any, where: str, translated: Callable[[Any], Any] | None = None
) -> None:
    """Compiles as a file says, or leaves the model uncompiled with a warning that says why.

    translated: gives the training configuration in the words of Keras 3, where it is in others.
    """
    try:
        if not isinstance(training, dict):
            raise FileFormatError(f"it is no object but {type(training).__name__}")
        training = translated(training) if translated is not None else training
        model.compile(**{key: training[key] for key in COMPILING if key in training})
    except (TinynetError, *MALFORMED) as error:
        model._compiled.arguments = None
        warn(f"{where}: the training configuration is left out ({error}); call compile() to train the model")


def as_legacy(training: Config) -> str:
    """The settings of `compile` as they stand in an HDF5 file of a whole model.

    Keras cannot read short names of losses and metrics there ('mse'), so they are written out.
    """
    optimizer = training["optimizer"]
    rest = {key: value for key, value in training.items() if key in COMPILING and key != "optimizer"}
    rest["loss"] = _in_full(rest["loss"], losses.CATALOGUE.by_name)
    for key in ("metrics", "weighted_metrics"):
        rest[key] = _in_full(rest[key], metrics.CATALOGUE.by_name)
    return json.dumps({**rest, "optimizer_config": {key: optimizer[key] for key in ("class_name", "config")}})


def _in_full(value: Any, known: Any) -> Any:
    """Names with their abbreviations written out, within lists and dicts."""
    if isinstance(value, (list, tuple)):
        return [_in_full(part, known) for part in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _in_full(part, known) for key, part in value.items()}
    if isinstance(value, str) and value in known and value not in CHOSEN_LATER:
        return known[value].__name__
    return value


def from_legacy(training: Any) -> Any:
    """The settings of `compile` out of an HDF5 file of a whole model."""
    if not isinstance(training, dict) or "optimizer_config" not in training:
        return training
    rest = {key: value for key, value in training.items() if key in COMPILING}
    return {**rest, "optimizer": training["optimizer_config"]}
