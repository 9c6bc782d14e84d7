"""Models in files: Keras's `.keras` format, read and written without Keras."""

from __future__ import annotations

import datetime
import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

from tinynet import layers
from tinynet.catalogue import Config, custom_object_scope, serialize
from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, NotBuiltError, TinynetError
from tinynet.layers.base import restoring
from tinynet.models import Model
from tinynet.saving import weights
from tinynet.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, Archive, parsed, replacing, write_archive

# The oldest Keras that is tested to read what is written here; newer ones read it, too.
FORMAT_OF_KERAS = "3.6.0"
LARGEST_ASSET = 1 << 28  # bytes of a vocabulary and the like


def save_model(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Saves a model to a `.keras` file: configuration, weights, and how it was being trained.

    Keras opens the file. It is written aside and then renamed, so that it is complete or absent.

    Raises `ArgumentError` for another ending or for a file that is there and may not be replaced,
    `MissingFileError` when the folder does not exist.
    """
    path = os.fspath(filepath)
    if not path.endswith(".keras"):
        raise ArgumentError(f"save: expected a file name ending in .keras, received {path!r}")
    _check_overwrite(path, overwrite)
    if not isinstance(model, Model):
        raise ArgumentError(f"save: expected a model, received {model!r}")
    config: Config = serialize(model)
    if model.compiled:
        config["compile_config"] = _compile_config(model)
    metadata = {
        "keras_version": FORMAT_OF_KERAS,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
    }
    members = {
        METADATA: json.dumps(metadata).encode(),
        CONFIG: json.dumps(config).encode(),
        WEIGHTS: weights.write(model, model.optimizer if model.compiled else None),
    }
    write_archive(path, members)


def load_model(
    filepath: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Model:
    """A model from a `.keras` file, with its weights and, if `compile`, ready to go on training.

    Nothing in the file is executed: classes are looked up in tinynet's own table, or in
    `custom_objects` (a dict from class name to class).

    Raises `MissingFileError`, and `FileFormatError` naming what the file holds that is damaged or
    not supported. A training configuration that is not supported is left out with a warning.

    Source: https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
    """
    path = os.fspath(filepath)
    with custom_object_scope(custom_objects or {}), Archive(path) as archive:
        config = archive.json(CONFIG)
        with weights.WeightsFile(archive.read(WEIGHTS), path) as file:
            with restoring(file.elements):
                model = _model_of(config, path)
            _load_assets(model, archive)
            file.load_into(model)
            if compile and config.get("compile_config"):
                _compile(model, config["compile_config"], path)
                if model.compiled and model.built:
                    model.optimizer.build(model.trainable_variables)
                    if not file.load_optimizer(model.optimizer):
                        warnings.warn(f"{path}: holds no state for this optimizer; it starts anew", stacklevel=2)
    return model


def to_json(model: Model, **kwargs: Any) -> str:
    """A model's configuration, without its weights, as JSON that Keras reads.

    kwargs: of `json.dumps`, such as indent.
    """
    return json.dumps(serialize(model), **kwargs)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A new model, with fresh weights, from the JSON that `to_json` gave, tinynet's or Keras's.

    Raises `FileFormatError` for what is no JSON, or describes no supported model.
    """
    if not isinstance(json_string, str):
        raise ArgumentError(f"model_from_json: expected a string, received {type(json_string).__name__}")
    with custom_object_scope(custom_objects or {}):
        return _model_of(parsed(json_string, "model_from_json: the text"), "model_from_json")


def clone_model(model: Model) -> Model:
    """A new model of the same configuration with fresh weights; the names are the same.

    """
    return type(model).from_config(model.get_config())


def save_weights(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Saves a model's weights to a `.weights.h5` file that Keras reads."""
    path = os.fspath(filepath)
    if not path.endswith(".weights.h5"):
        raise ArgumentError(f"save_weights: expected a file name ending in .weights.h5, received {path!r}")
    if not model.built:
        raise NotBuiltError(f"{model.described}: has no weights to save yet; build it or call it on data first")
    _check_overwrite(path, overwrite)
    content = weights.write(model, model.optimizer if model.compiled else None)
    with replacing(path) as stream:
        stream.write(content)


def load_weights(model: Model, filepath: str | os.PathLike[str]) -> None:
    """Sets a model's weights from a `.weights.h5` or a `.keras` file of the same layers.

    All weights fit, or `FileFormatError` names the one that does not and none is changed.
    """
    path = os.fspath(filepath)
    if not model.built:
        raise NotBuiltError(f"{model.described}: build it or call it on data before loading weights")
    if path.endswith(".keras"):
        with Archive(path) as archive:
            content = archive.read(WEIGHTS)
    elif path.endswith(".weights.h5"):
        if not os.path.isfile(path):
            raise MissingFileError(f"{path}: there is no such file")
        with open(path, "rb") as stream:
            content = stream.read()
    else:
        raise ArgumentError(f"load_weights: expected a .weights.h5 or .keras file, received {path!r}")
    with weights.WeightsFile(content, path) as file:
        file.load_into(model)


def _model_of(config: Any, path: str) -> Model:
    """The model a configuration describes; `path` stands in errors."""
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise FileFormatError(f"{path}: the configuration does not describe a model")
    try:
        inner = config["config"]
        described = dict(config)
        if described.get("class_name") == "Model" and "input_layers" in inner:
            described["class_name"] = "Functional"  # the oldest files
        model = layers.deserialize(described)
        if not isinstance(model, Model):
            raise FileFormatError(f"holds a {config.get('class_name')}, which is no model")
        return model
    except TinynetError as error:
        raise FileFormatError(f"{path}: {error}") from error
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise FileFormatError(f"{path}: the configuration is malformed ({type(error).__name__}: {error})") from error


def _load_assets(model: Model, archive: Archive) -> None:
    """Hands every layer the files that the archive holds for it, such as a vocabulary."""
    files: dict[str, dict[str, str]] = {}
    for member in archive.names():
        if member.startswith(ASSETS):
            folder, _, name = member.rpartition("/")
            files.setdefault(f"{folder}/", {})[name] = member
    for place, layer in weights.places(model):
        members = files.get(f"{ASSETS}{place.strip('/')}/", {})
        if not members:
            continue
        try:
            layer.load_assets({name: archive.read(member, LARGEST_ASSET) for name, member in members.items()})
        except TinynetError as error:
            raise FileFormatError(f"{archive.path}: {error}") from error


def _compile_config(model: Model) -> Config:
    """What `compile` was told, as it stands in a file."""
    assert model._compile_arguments is not None
    return {key: serialize(value) for key, value in model._compile_arguments.items()}


def _compile(model: Model, config: Any, path: str) -> None:
    """Compiles as the file says, or leaves the model uncompiled with a warning that says why."""
    try:
        # The other settings say how Keras computes, not what.
        known = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
        if not isinstance(config, dict):
            raise FileFormatError(f"it is no object but {type(config).__name__}")
        model.compile(**{key: config[key] for key in known if key in config})
    except (TinynetError, TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        model._compile_arguments = None
        warnings.warn(
            f"{path}: the training configuration is left out ({error}); call compile() to train the model",
            stacklevel=3,
        )


def _check_overwrite(path: str, overwrite: bool) -> None:
    if os.path.isdir(path):
        raise ArgumentError(f"{path}: is a folder; a model is saved to a file")
    if os.path.exists(path) and not overwrite:
        raise ArgumentError(f"{path}: exists already; pass overwrite=True to replace it")
