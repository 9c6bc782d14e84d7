"""Names for things: how 'relu', 'adam' or a saved configuration becomes an object, and back.

Each kind (activations, initializers, layers, …) has one `Catalogue`: a closed table from
Keras's names to classes and functions. Nothing is ever imported or looked up by a name that
comes from a file.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, TinynetError, nearest

Config = dict[str, Any]

# What a file may ask for that is no object but code.
CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper")

# What may go wrong in the depths of a constructor where a configuration has a value of an unexpected kind.
MALFORMED = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)

VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

MOST_TOLD = 50  # problems in one error
LONGEST_NAME = 100  # letters of a layer's name in an error
# The modules of Keras's own classes and functions in files, and what is in them; others are not Keras's.
MODULES = re.compile(r"(keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras|tinynet)(\.|$)|builtins$")

_custom: ContextVar[Mapping[str, Any]] = ContextVar("custom", default={})
_registered: dict[str, Any] = {}  # classes and functions of the user's by the names that stand in files
# While one thing is written or read: what was written by identity, what was read by kind and number.
_shared: ContextVar[dict[Any, Any] | None] = ContextVar("shared", default=None)
# While a model is described for a pickle: the classes and functions of the user's in it, by their names there.
_met: ContextVar[dict[str, Any] | None] = ContextVar("met", default=None)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator that makes a class or function of yours known to files, as 'package>name'.

    Files that hold it then load without `custom_objects`, in tinynet and, where a class of the same
    name is registered there, in Keras.

    package: of your own choice. name: the class's own without one.

    Raises `ArgumentError` for a class without `get_config`, or one that is no class or function.

    >>> from tinynet.layers import Layer
    >>> @register_keras_serializable("shop")
    ... class Double(Layer):
    ...     def call(self, inputs):
    ...         return inputs * 2
    >>> get_registered_name(Double)
    'shop>Double'
    """

    def register(thing: Any) -> Any:
        if not isinstance(thing, type) and not callable(thing):
            raise ArgumentError(f"register_keras_serializable: expected a class or a function, received {thing!r}")
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ArgumentError(
                f"register_keras_serializable: {thing.__name__} has no get_config, so it cannot be saved"
            )
        _registered[f"{package}>{name or thing.__name__}"] = thing
        return thing

    if not isinstance(package, str) or not (name is None or isinstance(name, str)):
        raise ArgumentError(
            f"register_keras_serializable: expected names, received {package!r} and {name!r}; "
            "write @register_keras_serializable() with its brackets"
        )
    return register


def get_registered_name(thing: Any) -> str:
    """The name under which a class or function of yours was registered, or its own."""
    own = next((name for name, known in _registered.items() if known is thing), None)
    name = own or str(thing.__name__)
    met = _met.get()
    if met is not None and str(getattr(thing, "__module__", "")).partition(".")[0] != __package__:
        if met.setdefault(name, thing) is not thing:
            raise ArgumentError(f"{met[name]!r} and {thing!r} have one name, {name!r}; call one of them otherwise")
    return name


@contextlib.contextmanager
def meeting() -> Iterator[dict[str, Any]]:
    """Within it the classes and functions of yours that are described are noted: the `custom_objects` with which what
    describes them can be read."""
    met: dict[str, Any] = {}
    token = _met.set(met)
    try:
        yield met
    finally:
        _met.reset(token)


def registered_function(name: str) -> Any:
    """The function of yours that a file calls by that name; Keras 3.6 leaves the package out of it."""
    if (found := get_registered_object(name)) is not None:
        return found
    known = {**_registered, **_custom.get()}
    return next((thing for key, thing in known.items() if key.endswith(f">{name}") and not isinstance(thing, type)), None)


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function of that name among `custom_objects`, the current scope and the registered; or None."""
    for known in (custom_objects or {}, _custom.get(), _registered):
        if name in known:
            return known[name]
    return None


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Within it names and saved configurations may also mean these classes and functions of yours.

    custom_objects: from name to class or function; None for no more than are known.
    """
    custom_objects = {} if custom_objects is None else custom_objects
    if not isinstance(custom_objects, Mapping):
        raise ArgumentError(f"custom_objects: expected a dict from name to class, received {custom_objects!r}")
    token = _custom.set({**_custom.get(), **custom_objects})
    try:
        yield
    finally:
        _custom.reset(token)


@functools.lru_cache(maxsize=4096)
def _parameters(function: Any) -> tuple[inspect.Parameter, ...]:
    return tuple(inspect.signature(function).parameters.values())


def _is_built_in(cls: type) -> bool:
    """Whether a class is tinynet's own."""
    return cls.__module__.partition(".")[0] == __package__


def _places(cls: type[Configurable]) -> list[str]:
    """The names of what a constructor takes by place; what it takes as *args is for the built-in class it extends."""
    given = parameters_of(cls.__init__)[1:]
    names = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in given) and not _is_built_in(cls):
        names += _places(cls.built_in())
    return names


def parameters_of(function: Any) -> tuple[inspect.Parameter, ...]:
    """The parameters of a function or method, found once: Python takes longer for it than for making a layer."""
    if inspect.ismethod(function):
        return _parameters(function.__func__)[1:]
    return _parameters(function)


def snake_case(name: str) -> str:
    """Keras's snake case of a class name.

    >>> snake_case("MaxPooling2D"), snake_case("LSTM"), snake_case("ReLU")
    ('max_pooling2d', 'lstm', 're_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


class Configurable:
    """An object that its constructor's arguments describe.

    Each argument is kept in an attribute of the same name; `get_config` reads them back, so
    no class writes its own. What a class of yours was made with is remembered besides. `inert_config` lists
    arguments of Keras that have no effect here and the values they may have. `newer` lists arguments that
    Keras 3.6 does not know, and what they are without being set; then they are not written.
    """

    keras_module = "keras"
    inert_config: Mapping[str, tuple[Any, ...]] = {}
    newer: Mapping[str, Any] = {}
    _given: Config  # what an object of a class of yours was made with, by name

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        if not _is_built_in(cls):
            object.__setattr__(made, "_given", {**dict(zip(_places(cls), args, strict=False)), **kwargs})
        return made

    @classmethod
    def built_in(cls) -> type[Configurable]:
        """The class itself, or of a class of yours the one of tinynet's that it extends."""
        return next(base for base in cls.__mro__ if _is_built_in(base))

    @classmethod
    def config_keys(cls) -> list[str]:
        """The names of the constructor's arguments."""
        parameters = parameters_of(cls.__init__)
        return [p.name for p in parameters if p.name != "self" and p.kind not in VARIABLE]

    def get_config(self) -> Config:
        """The constructor's arguments as plain data (what goes into a file)."""
        return self.known_to_all({key: serialize(self.argument(key)) for key in self.told_keys()})

    def told_keys(self) -> list[str]:
        """The arguments that `get_config` tells.

        A class of yours adds its own to those of the class it extends, of which it may have been given some as
        **kwargs. Where it has a `get_config`, its own are for that to tell, as in Keras.
        """
        keys, base = self.config_keys(), self.built_in()
        if base is type(self):
            return keys
        inherited = [key for key in base.config_keys() if key in keys or key in self._given]
        overridden = type(self).get_config is not base.get_config
        return inherited if overridden else list(dict.fromkeys([*keys, *inherited]))

    def known_to_all(self, described: Config) -> Config:
        """A configuration without the newer arguments that say nothing."""
        return {key: value for key, value in described.items() if key not in self.newer or value != self.newer[key]}

    def argument(self, key: str) -> Any:
        """The value of a constructor's argument: the attribute of that name, or else what was given.

        Raises `ArgumentError` where neither is known.
        """
        defaults = {p.name: p.default for p in parameters_of(type(self).__init__) if p.default is not p.empty}
        try:
            return getattr(self, key)
        except AttributeError as error:
            for known in (getattr(self, "_given", {}), defaults):
                if key in known:
                    return known[key]
            raise ArgumentError(
                f"{type(self).__name__}: the argument {key!r} is kept in no attribute of that name; "
                "keep it there, or define get_config"
            ) from error

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A new object from what `get_config` returned.

        Raises `ArgumentError` naming the key, where one is unknown or has a value whose effect
        is not supported.
        """
        if not isinstance(config, dict):
            raise ArgumentError(f"{cls.__name__}: expected a configuration, received {config!r}")
        return cls(**cls.accepted(config))

    @classmethod
    def accepted(cls, config: Config) -> Config:
        """The configuration without its inert keys; refuses what would change the meaning."""
        known = cls.config_keys()
        if any(p.kind is p.VAR_KEYWORD for p in parameters_of(cls.__init__)):  # which hands on what it does not know
            known += [key for key in cls.built_in().config_keys() if key not in known]
        kept = {}
        for key, value in config.items():
            if key in known:
                kept[key] = value
            elif key in cls.inert_config:
                cls.check_inert(key, value)
            else:
                raise ArgumentError(
                    f"{cls.__name__}: unknown argument {key!r} (value {value!r}). {nearest(key, known)}"
                )
        return kept

    @classmethod
    def check_inert(cls, key: str, value: Any) -> None:
        """Raises `ArgumentError` unless an inert argument has a value that changes nothing."""
        if not any(value is v or value == v for v in cls.inert_config[key]):
            raise ArgumentError(f"{cls.__name__}: {key}={value!r} is not supported")


def serialize(value: Any) -> Any:
    """A value of a configuration as plain data, objects as Keras writes them."""
    if isinstance(value, Configurable) or (hasattr(value, "get_config") and not isinstance(value, type)):
        described = {**_identity(type(value)), "config": serialize(value.get_config())}
        build_config = value.get_build_config() if hasattr(value, "get_build_config") else None
        if build_config is not None:
            described["build_config"] = build_config
        if (shared := _shared.get()) is not None:
            described["shared_object_id"] = shared.setdefault(id(value), (len(shared), value))[0]
        return described
    if isinstance(value, (list, tuple)):
        return [serialize(part) for part in value]
    if isinstance(value, dict):
        return {key: serialize(part) for key, part in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if callable(value):
        name = get_registered_name(value) if hasattr(value, "__name__") else repr(value)
        return function_config(value) if any(known is value for known in _registered.values()) else name
    return value


def function_config(function: Any) -> Config:
    """A function of yours as it stands in files, by the name it is registered under or its own."""
    name = get_registered_name(function)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


@contextlib.contextmanager
def sharing() -> Iterator[None]:
    """Within it every object gets a number, 'shared_object_id' as in Keras's files, and is one again when it is read."""
    token = _shared.set({})
    try:
        yield
    finally:
        _shared.reset(token)


def serialize_sharing(value: Any) -> Any:
    """`serialize`, where objects that stand in several places are told by their 'shared_object_id'."""
    with sharing():
        described = serialize(value)
    counts = Counter(part["shared_object_id"] for part in _descriptions(described))
    for part in _descriptions(described):
        if counts[part["shared_object_id"]] == 1:
            del part["shared_object_id"]
    return described


def _descriptions(described: Any) -> list[Config]:
    """All numbered descriptions of objects within one."""
    found, waiting = [], [described]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and "shared_object_id" in part:
            found.append(part)
        if isinstance(part, (dict, list)):
            waiting += part.values() if isinstance(part, dict) else part
    return found


def each(make: Callable[[Any], Any], described: Iterable[Any]) -> list[Any]:
    """`make` of each layer in a configuration; where some of them fail, one error tells of all, by their names.

    Raises `ArgumentError`, or for a single failure an error of its kind.
    """
    made, problems = [], []
    for part in described:
        try:
            made.append(make(part))
        except TinynetError as error:
            problems.append(_named(error, part))
        except MALFORMED as error:
            name = part.get("class_name") if isinstance(part, dict) else part
            problems.append(ArgumentError(f"{name}: the configuration is malformed ({type(error).__name__}: {error})"))
    if len(problems) == 1:
        raise problems[0]
    if problems:
        told, more = problems[:MOST_TOLD], len(problems) - MOST_TOLD
        rest = [f"and {more} more"] if more > 0 else []
        raise ArgumentError("\n- ".join([f"{len(problems)} layers cannot be made:", *map(str, told), *rest]))
    return made


def _named(error: TinynetError, described: Any) -> TinynetError:
    """The error with the name of the layer that could not be made, unless it says it already."""
    config = described.get("config") if isinstance(described, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    if not isinstance(name, str) or len(name) > LONGEST_NAME or repr(name) in str(error):
        return error
    named = type(error)(f"layer {name!r}: {error}")
    named.__cause__ = error
    return named


def _identity(cls: type) -> Config:
    """How a class is named in files: tinynet's under Keras's module, others under their own."""
    if _is_built_in(cls):
        own = getattr(cls, "registered_name", None)
        return {"module": getattr(cls, "keras_module", None), "class_name": cls.__name__, "registered_name": own}
    return {"module": cls.__module__, "class_name": cls.__name__, "registered_name": get_registered_name(cls)}


class Catalogue:
    """All objects of one kind by Keras's names.

    kind: the word for one of them in error messages ('activation').
    classes: known by class name, and by snake-cased class name in `get`.
    functions: known by their names.
    aliases: further names for the same.
    """

    def __init__(
        self,
        kind: str,
        classes: Iterable[type] = (),
        functions: Iterable[Callable[..., Any]] = (),
        aliases: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        classes = list(classes)
        self.by_class_name: dict[str, type] = {cls.__name__: cls for cls in classes}
        # Some of Keras's classes have a name of their own besides the public one; older files hold it.
        by_keras_class = {getattr(cls, "keras_class", None): cls for cls in classes}
        self.by_keras_class = {str(name): cls for name, cls in by_keras_class.items() if name is not None}
        self.by_name: dict[str, Any] = {snake_case(name): cls for name, cls in self.by_class_name.items()}
        self.by_name.update(self.by_class_name)
        self.by_name.update({f.__name__: f for f in functions})
        self.by_name.update(aliases or {})

    def add(self, cls: type) -> None:
        """One more class, from a higher floor."""
        self.by_class_name[cls.__name__] = cls

    def names(self) -> list[str]:
        """Every name `get` knows."""
        return sorted(self.by_name)

    def get(self, identifier: Any) -> Any:
        """An object from None, a name, a configuration, a class, or the object itself.

        Raises `ArgumentError` with the nearest known name for one that is unknown.
        """
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            found = get_registered_object(identifier) or self.by_name.get(identifier)
            if found is None:
                raise ArgumentError(
                    f"unknown {self.kind} {identifier!r}. {nearest(identifier, self.by_name)}"
                )
            identifier = found
        if isinstance(identifier, type):
            parameters = parameters_of(identifier)
            if needed := [p.name for p in parameters if p.default is p.empty and p.kind not in VARIABLE]:
                raise ArgumentError(
                    f"{self.kind} {identifier.__name__!r} has no default for {', '.join(needed)}: pass an object "
                    "of the class in place of its name"
                )
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ArgumentError(
            f"{self.kind}: expected a name, a configuration or an object, received {identifier!r}"
        )

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object a saved configuration describes: `{"class_name": …, "config": {…}}` or a name."""
        if custom_objects:
            with custom_object_scope(custom_objects):
                return self.deserialize(config)
        if not isinstance(config, dict):
            return self.get(config)
        name = config.get("class_name")
        inner = config.get("config", {})
        module = config.get("module")
        is_foreign = module is not None and not MODULES.match(str(module))
        if name == "function" and isinstance(inner, str):
            own = registered_function(inner)
            if own is not None:
                return own
            if is_foreign:
                raise ArgumentError(f"{self.kind} {inner!r}: is of the module {module!r}, which is not followed")
            if config.get("registered_name") not in (None, "", "function", inner):
                raise ArgumentError(
                    f"{self.kind} {inner!r}: is registered as {config['registered_name']!r}, which is unknown"
                )
            return self.get(inner)
        registered = config.get("registered_name")
        own = get_registered_object(str(registered)) or get_registered_object(str(name))
        found: Any = own or self.by_class_name.get(str(name)) or self.by_keras_class.get(str(name))
        if found is None:
            if name in CODE:
                raise ArgumentError(f"{self.kind} {name!r} holds code, which is never run; write it as a class")
            raise ArgumentError(
                f"unknown {self.kind} class {name!r}. {nearest(name, self.by_class_name)} "
                "A class of your own is passed as custom_objects={name: class}."
            )
        if own is None and is_foreign:
            raise ArgumentError(f"{self.kind} {name!r}: is of the module {module!r}, which is not followed")
        if own is None and registered not in (None, "", name):
            raise ArgumentError(f"{self.kind} {name!r}: is registered as {registered!r}, which is unknown")
        if not isinstance(inner, dict):
            raise ArgumentError(f"{self.kind} {name!r}: expected a configuration, received {inner!r}")
        shared, number = _shared.get(), (self.kind, str(config.get("shared_object_id")))
        if shared is not None and number in shared:
            return shared[number]
        made = found.from_config(inner)
        if shared is not None and "shared_object_id" in config:
            shared[number] = made
        if own is not None and hasattr(made, "build_from_config") and config.get("build_config"):
            made.build_from_config(config["build_config"])  # built-in layers are built by what calls them
        return made
