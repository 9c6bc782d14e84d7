"""Models in files: Keras's formats, read and written without Keras.

`.keras` is an archive of a configuration and weights; `.weights.h5` holds weights alone; `.h5` (or `.hdf5`) is what
Keras 1 and 2 wrote, a whole model or weights alone. What a file is shows its content, not its name.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinynet import seeds
from tinynet.arguments import flag
from tinynet.catalogue import (
    MALFORMED,
    Config,
    custom_object_scope,
    get_registered_name,
    get_registered_object,
    meeting,
    register_keras_serializable,
    serialize,
    serialize_sharing,
    sharing,
)
from tinynet.errors import ArgumentError, FileFormatError, NotBuiltError, TinynetError, warn
from tinynet.layers.base import Layer
from tinynet.layers.restoring import restoring
from tinynet.models import Model
from tinynet.saving import hdf5, keras2, legacy, weights
from tinynet.saving.archive import (
    ASSETS,
    CONFIG,
    METADATA,
    WEIGHTS,
    ZIP,
    Archive,
    Folder,
    Members,
    Memory,
    accessing,
    is_dangerous,
    parsed,
    path_of,
    replacing,
    start_of,
    write_archive,
    write_folder,
)
from tinynet.saving.configuration import as_legacy, compile_as, from_legacy, model_of, training_of
from tinynet.saving.legacy import LegacyFile
from tinynet.saving.objects import deserialize_keras_object, serialize_keras_object
from tinynet.saving.weights import WeightsFile

__all__ = [
    "custom_object_scope", "deserialize_keras_object", "get_registered_name", "get_registered_object", "load_model",
    "load_weights", "model_from_json", "register_keras_serializable", "save_model", "save_weights",
    "serialize_keras_object", "to_json",
]  # fmt: skip

# The oldest Keras that is tested to read what is written here; newer ones read it, too.
FORMAT_OF_KERAS = "3.6.0"
LARGEST_ASSET = 1 << 25  # bytes of a vocabulary and the like
# Elements that a configuration may ask for beyond what the file holds, so that everything that is missing can be told.
MISSING_AT_MOST = 1 << 24
LEGACY = (".h5", ".hdf5")


def save_model(
    model: Model,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    **kwargs: Any,
) -> None:
    """Saves a model: configuration, weights, and how it was being trained. Keras opens the file.

    filepath: ends in .keras, or in .h5 or .hdf5 for the older format. The file is written aside and then
        renamed, so that it is complete or absent.
    zipped: False for a folder of this name with the parts of a `.keras` file in it.
    include_optimizer: without it how the model was being trained is left out.

    Raises `ArgumentError` for another ending, and for a file that is there and may not be replaced;
    `MissingFileError` when the folder does not exist,
    `FileAccessError` when it cannot be written to.
    """
    _refuse("save", kwargs, {"save_format": "the ending of the file name says what is written, .keras or .h5"})
    path = path_of(filepath, "save")
    in_folder = zipped is not None and not flag("save", "zipped", zipped)
    if in_folder and path.endswith((".keras", *LEGACY)):
        raise ArgumentError(f"save: zipped=False makes a folder, whose name has no such ending, received {path!r}")
    if not in_folder and (not path.endswith((".keras", *LEGACY)) or path.endswith(".weights.h5")):
        raise ArgumentError(f"save: expected a file name ending in .keras or .h5, received {path!r}")
    if not isinstance(model, Model):
        raise ArgumentError(f"save: expected a model, received {model!r}")
    trained = flag("save", "include_optimizer", include_optimizer) and model.compiled
    _check_overwrite(path, overwrite, in_folder)
    config: Config = serialize_sharing(model)
    if '"hard_sigmoid_keras2"' in _json(config):
        warn(
            f"{path}: Keras 3 has no activation like the hard_sigmoid of Keras 2 that this model was trained with, "
            "so it will not open the file; tinynet will"
        )
    optimizer = model.optimizer if trained else None
    if path.endswith(LEGACY):
        attributes = {"model_config": _json({key: config[key] for key in ("class_name", "config")})}
        if trained:
            attributes["training_config"] = as_legacy(training_of(model))
        content = legacy.write(model, optimizer, attributes, FORMAT_OF_KERAS)
        with replacing(path) as stream:
            stream.write(content)
        return
    (write_folder if in_folder else write_archive)(path, _members(model, config, trained))


def _members(model: Model, config: Config, trained: bool) -> dict[str, bytes]:
    """The parts of a `.keras` file by name. trained: whether how the model was being trained is one of them."""
    if trained:
        config["compile_config"] = training_of(model)
    metadata = {
        "keras_version": FORMAT_OF_KERAS,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
    }
    return {
        METADATA: json.dumps(metadata).encode(),
        CONFIG: _json(config).encode(),
        WEIGHTS: weights.write(model, model.optimizer if trained else None),
        **_assets(model),
    }


def reduced(model: Model) -> Any:
    """What pickle and `copy.deepcopy` keep of a model: the parts of a `.keras` file, and its random numbers' places.

    Classes and functions of yours go along by reference, as pickle does it, and need not be registered.
    """
    with meeting() as custom_objects:
        members = _members(model, serialize_sharing(model), model.compiled)
    generators = [(generator.seed, generator.counter) for generator in model.seed_generators()]
    return restored, (members, custom_objects, generators)


def restored(members: Mapping[str, bytes], custom_objects: Mapping[str, Any], generators: Any) -> Model:
    """The model of which `reduced` told; draws no random numbers."""
    with seeds.apart(seeds.get_state()), custom_object_scope(custom_objects):
        model = _load_archive(Memory(members, "pickle"), compile=True)
    for generator, (seed, counter) in zip(model.seed_generators(), generators, strict=False):
        generator.seed, generator.counter = seed, counter
    return model


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """A model from a file of Keras's or tinynet's, with its weights and, if `compile`, ready to go on training.

    Nothing in the file is executed: classes are looked up in tinynet's own table, or in
    `custom_objects` (a dict from class name to class).

    Raises `MissingFileError`, `FileAccessError` where the system refuses to read it, and `FileFormatError` naming
    what the file holds that is damaged, not supported or missing; `ArgumentError` for safe_mode=False. A training
    configuration that is not supported is left out with a warning.

    Source: https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
    """
    path = path_of(filepath, "load_model")
    flag("load_model", "compile", compile)
    if not flag("load_model", "safe_mode", safe_mode):
        raise ArgumentError(
            "load_model: safe_mode=False is not supported, as code in a file is never run; "
            "pass classes and functions of your own as custom_objects"
        )
    with custom_object_scope(custom_objects or {}):
        if os.path.isdir(path):
            return _load_archive(Folder(path), compile)
        if is_hdf5(path):
            return _load_legacy(LegacyFile(_content(path), path), compile)
        with Archive(path) as archive:
            return _load_archive(archive, compile)


def _load_archive(archive: Members, compile: bool) -> Model:
    config = archive.json(CONFIG)
    file = WeightsFile(archive.read(WEIGHTS), archive.path, archive.packed(WEIGHTS))
    version = archive.keras_version
    with restoring(file.elements + MISSING_AT_MOST), sharing():
        model = model_of(_in_new_words(config, version, archive.path), archive.path)
    _load_assets(model, archive)
    file.load_into(model)
    if compile and isinstance(config, dict) and config.get("compile_config"):
        _go_on(model, config["compile_config"], version, file)
    return model


def _load_legacy(file: LegacyFile, compile: bool) -> Model:
    text = file.attribute("model_config")
    if text is None:
        raise FileFormatError(
            f"{file.name}: holds no configuration of a model, only weights or something else; "
            "make the model and call its load_weights"
        )
    version = file.keras_version
    config = _in_new_words(parsed(text, f"{file.name}: model_config"), version, file.name)
    with restoring(file.elements + MISSING_AT_MOST), sharing():
        model = model_of(config, file.name)
    file.load_into(model)
    training = file.attribute("training_config")
    if compile and training is not None:
        _go_on(model, from_legacy(parsed(training, f"{file.name}: training_config")), version, file)
    return model


def _in_new_words(config: Any, version: str, where: str) -> Any:
    """A configuration in the words of Keras 3, whichever version of Keras wrote it."""
    if not keras2.is_keras2(version):
        return config
    try:
        return keras2.in_new_words(config, version)
    except TinynetError as error:
        raise FileFormatError(f"{where}: {error}") from error
    except MALFORMED as error:
        raise FileFormatError(f"{where}: the configuration is malformed ({type(error).__name__}: {error})") from error


def _go_on(model: Model, training: Any, version: str, file: WeightsFile | LegacyFile) -> None:
    """Compiles the model and restores the optimizer's state, so that training goes on where it stopped."""
    outputs = model.output_names if model._graph is not None else []
    in_new_words = functools.partial(keras2.translated_training, outputs=outputs) if keras2.is_keras2(version) else None
    compile_as(model, training, file.name, in_new_words)
    if model.compiled and model.built and model.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        if not file.load_optimizer(model.optimizer):
            warn(f"{file.name}: holds no state for this optimizer; it starts anew")


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
    where = "model_from_json"
    config = parsed(json_string, f"{where}: the text")
    version = str(config.get("keras_version", "3")) if isinstance(config, dict) else "3"
    with custom_object_scope(custom_objects or {}):
        return model_of(_in_new_words(config, version, where), where)


def save_weights(
    model: Model,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    objects_to_skip: Sequence[Any] | None = None,
    **kwargs: Any,
) -> None:
    """Saves a model's weights to a `.weights.h5` file, or to an `.h5` file as Keras 2 did; Keras reads both.

    objects_to_skip: layers whose weights, and those of layers in them, are left out of a `.weights.h5` file.
    """
    _refuse("save_weights", kwargs, {"max_shard_size": "weights are written to a single file"})
    path = path_of(filepath, "save_weights")
    if not path.endswith(LEGACY):
        raise ArgumentError(f"save_weights: expected a file name ending in .weights.h5 or .h5, received {path!r}")
    if not model.built:
        raise NotBuiltError(f"{model.described}: has no weights to save yet; build it or call it on data first")
    _check_overwrite(path, overwrite)
    if path.endswith(".weights.h5"):
        content = weights.write(model, model.optimizer if model.compiled else None, objects_to_skip or ())
    else:
        _check_skipping("save_weights", objects_to_skip, path)
        content = legacy.write(model, version=FORMAT_OF_KERAS)
    with replacing(path) as stream:
        stream.write(content)


def load_weights(
    model: Model,
    filepath: str | os.PathLike[str],
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Sequence[Any] | None = None,
    **kwargs: Any,
) -> None:
    """Sets a model's weights from a file of weights, or of a whole model of the same layers.

    skip_mismatch: what does not fit is left as it is, with a warning.
    by_name: layers are told apart by name instead of by place, and those that the file does not have are left
        alone; for files of the older format only.
    objects_to_skip: layers that are left as they are, with the layers in them; for `.weights.h5` files only.

    All weights fit, or `FileFormatError` tells everything that does not and none is changed. Where the model is being
    trained already, the state of its optimizer in the file comes along if it fits, as in Keras.
    """
    _refuse("load_weights", kwargs, {})
    path = path_of(filepath, "load_weights")
    if not model.built:
        raise NotBuiltError(f"{model.described}: build it or call it on data before loading weights")
    flag("load_weights", "skip_mismatch", skip_mismatch)
    flag("load_weights", "by_name", by_name)
    if not is_hdf5(path):
        _check_skipping("load_weights", objects_to_skip, path)
        with Archive(path) as archive:
            content = archive.read(WEIGHTS)
    else:
        content = _content(path)
        file = LegacyFile(content, path)
        if file.holds_weights:
            _check_skipping("load_weights", objects_to_skip, path)
            file.load_into(model, skip_mismatch, by_name)
            return
    if by_name:
        raise ArgumentError(f"load_weights: by_name is for .h5 files of the older format, which {path} is not")
    weights_file = WeightsFile(content, path)
    weights_file.load_into(model, skip_mismatch, objects_to_skip or ())
    if model.compiled and model.optimizer.built:
        weights_file.load_optimizer(model.optimizer)


def _load_assets(model: Model, archive: Members) -> None:
    """Hands every layer the files that the archive holds for it, such as a vocabulary."""
    files: dict[str, dict[str, str]] = {}
    for member in archive.names():
        if member.startswith(ASSETS):
            folder, _, name = member.rpartition("/")
            files.setdefault(f"{folder}/", {})[name] = member
    for place, layer in weights.places(model) if files else ():
        members = files.get(_asset_folder(place), {})
        if not members:
            continue
        try:
            contents = {name: archive.read(member, LARGEST_ASSET) for name, member in members.items()}
            layer._take_assets(contents)
        except TinynetError as error:
            raise FileFormatError(f"{archive.path}: {error}") from error
        if type(layer).load_assets is not Layer.load_assets:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in contents.items():
                    (Path(folder) / name).write_bytes(content)
                layer.load_assets(folder)


def _assets(model: Model) -> dict[str, bytes]:
    """What layers of yours write into files of their own, as members of the archive."""
    members = {}
    for place, layer in weights.places(model):
        if type(layer).save_assets is Layer.save_assets:
            continue
        with tempfile.TemporaryDirectory() as folder:
            layer.save_assets(folder)
            for path in sorted(Path(folder).iterdir()):
                name = f"{_asset_folder(place)}{path.name}"
                if not path.is_file() or path.is_symlink() or is_dangerous(name):
                    raise ArgumentError(f"{layer.described}: save_assets may write plain files only, not {path.name!r}")
                if path.stat().st_size > LARGEST_ASSET:
                    raise ArgumentError(
                        f"{layer.described}: the file {path.name!r} of save_assets is larger than {LARGEST_ASSET:,} bytes"
                    )
                members[name] = path.read_bytes()
    return members


def _asset_folder(place: str) -> str:
    """Where in the archive the files of the layer at a place are."""
    return f"{ASSETS}{place.strip('/')}/" if place else ASSETS


def _json(config: Config) -> str:
    """A configuration as text; raises `ArgumentError` for one that holds what is no plain data."""
    try:
        return json.dumps(config)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"save: the configuration holds what cannot stand in a file ({error})") from error


def _refuse(where: str, unknown: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
    """Raises `ArgumentError` for arguments that are not supported, with the reason where there is one."""
    for key in unknown:
        raise ArgumentError(f"{where}: {key} is not supported" + (f": {reasons[key]}" if key in reasons else ""))


def _check_skipping(where: str, skipped: Any, path: str) -> None:
    if skipped is not None:
        raise ArgumentError(f"{where}: objects_to_skip is for .weights.h5 files, which {path} is not")


def is_hdf5(path: str) -> bool:
    """Whether what is there is an HDF5 file, by its content; where that tells nothing, by its name.

    Raises what `start_of` does for what is no file that can be read.
    """
    start = start_of(path)
    return start == hdf5.SIGNATURE or (path.endswith(LEGACY) and not start.startswith(ZIP))


def _content(path: str) -> bytes:
    with accessing(path, "read"), open(path, "rb") as stream:
        return stream.read()


def _check_overwrite(path: str, overwrite: bool, in_folder: bool = False) -> None:
    flag("save", "overwrite", overwrite)
    if os.path.isdir(path) and not in_folder:
        raise ArgumentError(f"{path}: is a folder; a model is saved to a file")
    if os.path.exists(path) and not overwrite:
        raise ArgumentError(f"{path}: exists already; pass overwrite=True to replace it")
