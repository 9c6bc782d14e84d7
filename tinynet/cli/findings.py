"""What a configuration in a file asks for that is unsafe, or that tinynet does not have, found by reading alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinynet import activations, constraints, initializers, layers, losses, metrics, models, optimizers, regularizers
from tinynet.catalogue import CODE, MODULES, get_registered_object
from tinynet.layers.base import COMMON_KEYS, Layer
from tinynet.ops.symbolic import DEFINITIONS

UNSAFE, UNSUPPORTED, DAMAGED, NOTE = "unsafe", "unsupported", "damaged", "note"

CATALOGUES = (
    activations, constraints, initializers, layers, losses, metrics, optimizers, optimizers.schedules, regularizers,
)  # fmt: skip
# Classes with a meaning of their own in files.
SPECIAL = ("DTypePolicy", "Policy", "function", "Model", "MeanMetricWrapper", "TensorShape", "LossFunctionWrapper")
LONGEST = 200  # letters of a value that is told


@dataclass(frozen=True)
class Finding:
    """kind: 'unsafe', 'unsupported', 'damaged' or 'note'. place: where in the file. what: a sentence's rest."""

    kind: str
    place: str
    what: str


def parts(value: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Every dict within plain data, as (its place, the key it is under, itself), in order."""
    waiting = [(place, "", value)]
    while waiting:
        at, key, part = waiting.pop()
        if isinstance(part, dict):
            yield at, key, part
            waiting += [(f"{at}.{name}", str(name), inner) for name, inner in reversed(part.items())]
        elif isinstance(part, list):
            waiting += [(f"{at}[{i}]", key, inner) for i, inner in reversed(list(enumerate(part)))]


def unsafe(config: Any, place: str) -> Iterator[Finding]:
    """What a reader that trusts the file would execute, import or open."""
    for at, _, part in parts(config, place):
        name, module = part.get("class_name"), part.get("module")
        if isinstance(name, str):
            if name in CODE and not _is_named_function(part):
                yield Finding(UNSAFE, at, f"{name} holds code, or a path to it; it is never run here")
            elif isinstance(module, str) and not _is_kerass(module, name):
                function = f"{module}.{part.get('config')}" if name == "function" else f"{module}.{name}"
                yield Finding(UNSAFE, at, f"names {_told(function)}, which a trusting reader would import")
        if isinstance(part.get("vocabulary"), str):
            path = _told(part["vocabulary"])
            yield Finding(UNSAFE, f"{at}.vocabulary", f"names a path on the reader's machine, {path}")


def unsupported(config: Any, place: str) -> Iterator[Finding]:
    """What a configuration, in the words of Keras 3, names that is unknown here."""
    known = {*SPECIAL, *DEFINITIONS}.union(*(module.CATALOGUE.by_class_name for module in CATALOGUES))
    functions = {name for module in CATALOGUES for name in module.CATALOGUE.names()}
    for at, key, part in parts(config, place):
        name = part.get("class_name")
        if name is None or "config" not in part or (isinstance(name, str) and (name in CODE or name.startswith("__"))):
            continue
        registered = part.get("registered_name")
        if get_registered_object(str(registered)) or get_registered_object(str(name)):
            continue
        if name == "function":
            if str(part["config"]) not in functions:
                yield Finding(UNSUPPORTED, at, f"names the function {_told(part['config'])}, which is unknown here")
        elif not isinstance(name, str) or name not in known:
            yield Finding(UNSUPPORTED, at, f"is of the class {_told(name)}, which is unknown here")
        elif registered not in (None, name):
            yield Finding(UNSUPPORTED, at, f"is registered as {_told(registered)}, which is unknown here")
        elif isinstance(part["config"], dict):
            yield from _unknown_keys(name, part["config"], f"{at}.config")


def _is_named_function(part: dict[str, Any]) -> bool:
    """Whether a Lambda layer's function is a name alone, for the reader to know."""
    config = part.get("config")
    function = config.get("function") if isinstance(config, dict) else None
    return isinstance(function, dict) and function.get("class_name") == "function" and part["class_name"] == "Lambda"


def _unknown_keys(name: str, config: dict[str, Any], place: str) -> Iterator[Finding]:
    cls = layers.CATALOGUE.by_class_name.get(name)
    if cls is None or not issubclass(cls, Layer) or issubclass(cls, models.Model):
        return
    own = cls.__mro__[: cls.__mro__.index(Layer)]
    if any({"accepted", "from_config"} & vars(base).keys() for base in own):
        return  # its files have words of their own
    known = {*cls.config_keys(), *COMMON_KEYS, *cls.inert_config}
    for key in config:
        if key not in known:
            yield Finding(UNSUPPORTED, f"{place}.{key}", f"is no argument of {name} here")


def _is_kerass(module: str, name: str) -> bool:
    """Whether a module is one of Keras's own; functions, which have none there, are said to be Python's."""
    return MODULES.match(module) is not None and (module != "builtins" or name == "function")


def _told(value: Any) -> str:
    """A value in quotes, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
