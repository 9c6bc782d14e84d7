"""Any of Keras's objects as plain data and back: keras.io/api/models/model_saving_apis/serialization_utils/."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from tinynet.autograd import Tensor, as_tensor
from tinynet.catalogue import (
    Catalogue,
    Config,
    custom_object_scope,
    function_config,
    get_registered_object,
    serialize,
)
from tinynet.errors import ArgumentError
from tinynet.optimizers import schedules

PLAIN = (str, int, float, bool, types.NoneType)
# By the module that a configuration names, without 'keras.' or 'keras.src.'; models are among the layers.
KINDS: Mapping[str, Any] = {
    "layers": layers, "losses": losses, "metrics": metrics, "optimizers": optimizers, "regularizers": regularizers,
    "constraints": constraints, "initializers": initializers, "activations": activations,
    "models": layers, "optimizers.schedules": schedules, "": layers,
}  # fmt: skip


def serialize_keras_object(obj: Any) -> Any:
    """An object of Keras's kinds as plain data, from which `deserialize_keras_object` makes an equal one.

    obj: a layer, model, loss, metric, optimizer, schedule, initializer, regularizer or constraint, also of a class of
        yours with `get_config`; a function; an array or tensor; numbers, text, bytes of text and slices; lists, tuples
        and dicts of these.

    Raises `ArgumentError` for anything else, and for a function without a name.

    >>> serialize_keras_object(regularizers.L2(0.5))["config"]
    {'l2': 0.5}
    """
    if isinstance(obj, PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        return type(obj)(serialize_keras_object(part) for part in obj)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(part) for key, part in obj.items()}
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, (np.ndarray, Tensor)):
        kind = "__tensor__" if isinstance(obj, Tensor) else "__numpy__"
        return {"class_name": kind, "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": _text(obj)}}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, slice):
        limits = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(limits)}
    if isinstance(obj, types.FunctionType):
        if obj.__name__ == "<lambda>":
            raise ArgumentError("serialize_keras_object: a lambda has no name to save; define the function with def")
        return function_config(obj)
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return serialize(obj)
    raise ArgumentError(f"serialize_keras_object: expected an object with get_config, received {obj!r}")


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that `serialize_keras_object` described, made anew. Nothing is imported or run by its name.

    custom_objects: classes and functions of yours by name, beside the registered ones.

    Raises `ArgumentError` for a class or function that is unknown, and for safe_mode=False, which would run code.

    >>> deserialize_keras_object(serialize_keras_object(regularizers.L2(0.5))).l2
    0.5
    """
    if not safe_mode:
        raise ArgumentError("deserialize_keras_object: safe_mode=False is not supported; code is never run")
    with custom_object_scope(custom_objects or {}):
        return _made(config)


def _made(config: Any) -> Any:
    if isinstance(config, (list, tuple)):
        return type(config)(_made(part) for part in config)
    if isinstance(config, str) and (known := get_registered_object(config)) is not None:
        return known
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _made(part) for key, part in config.items()}
    name, inner = config["class_name"], config["config"]
    if name == "__tuple__":
        return tuple(_made(part) for part in inner)
    if name in ("__numpy__", "__tensor__"):
        array = np.asarray(inner["value"], inner["dtype"])
        return as_tensor(array) if name == "__tensor__" else array
    if name == "__bytes__":
        return str(inner["value"]).encode()
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__":
        return slice(*(_made(inner[limit]) for limit in ("start", "stop", "step")))
    if name == "function":
        return _function(config)
    module = str(config.get("module") or "").removeprefix("keras").removeprefix(".").removeprefix("src.")
    while module not in KINDS:
        module = module.rpartition(".")[0]
    return KINDS[module].deserialize(config)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ArgumentError(f"serialize_keras_object: {value!r} is no text, which alone can stand in a file") from error


def _function(config: Config) -> Any:
    """The user's function of that name, or else an activation, a loss or a metric."""
    return get_registered_object(str(config.get("registered_name"))) or _FUNCTIONS.deserialize(config)


_FUNCTIONS = Catalogue(
    "function",
    aliases={
        name: found
        for module in (metrics, losses, activations)
        for name, found in module.CATALOGUE.by_name.items()
        if not isinstance(found, type)
    },
)
