"""Studies by name or from a file: a ready one, one declared in TOML, or one in a Python file."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, nearest, require
from tinynet.study.declaration import Study
from tinynet.study.ready import STUDIES, cifar10, nusax

# What a TOML file may name instead of functions of its own.
MODELS: dict[str, Callable[..., Any]] = {"cnn": cifar10.cnn, "rnn": nusax.rnn}
DATA: dict[str, Callable[..., Any]] = {"cifar10": cifar10.images, "nusax": nusax.sentences}
KEYS = {
    "name", "title", "description", "model", "data", "fit", "train", "choices", "settings", "plan", "samples", "also",
    "seeds", "metrics",
}  # fmt: skip


def load(name: str) -> Study:
    """A study by its name (a key of `STUDIES`), or from a file.

    A .toml file has the arguments of `Study` as keys, with `choices` and `settings` as tables. `model`, `data`, `fit` and
    `train` are 'FILE.py:FUNCTION' (from the folder of the TOML file) or 'MODULE:FUNCTION'; or 'cnn' and 'rnn' for a model,
    'cifar10' and 'nusax' for data. A .py file assigns a `Study` to the name `study`; it is executed.

    Raises `MissingFileError`, `FileFormatError` for a file that declares no study, `ArgumentError` for an unknown name.

    >>> load("nusax-lstm").seeds
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    if name in STUDIES:
        return STUDIES[name]()
    path = Path(name)
    if path.suffix not in (".toml", ".py"):
        raise ArgumentError(f"study: unknown {name!r}. {nearest(name, STUDIES)} Or name a .toml or .py file.")
    if not path.is_file():
        raise MissingFileError(f"{name}: there is no such file")
    return _of_toml(path) if path.suffix == ".toml" else _of_python(path)


def _of_python(path: Path) -> Study:
    found = _executed(path).get("study")
    if not isinstance(found, Study):
        raise FileFormatError(
            f"{path}: expected it to assign a Study to the name 'study', found {type(found).__name__}"
        )
    return found


def _of_toml(path: Path) -> Study:
    toml = require("tomllib" if sys.version_info >= (3, 11) else "tomli", "study", "a study in a TOML file")
    try:
        declared = toml.loads(path.read_text(encoding="utf-8"))
    except (toml.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: is no TOML ({error})") from None
    for key in declared:
        if key not in KEYS:
            raise FileFormatError(f"{path}: unknown key {key!r}. {nearest(key, KEYS)}")
    missing = sorted({"name", "model", "data", "choices"} - set(declared))
    if missing:
        raise FileFormatError(f"{path}: the key {missing[0]!r} is missing")
    for key in ("choices", "settings"):
        if not isinstance(declared.get(key, {}), dict):
            raise FileFormatError(f"{path}: expected {key} to be a table: [{key}]")
    for key, known in (("model", MODELS), ("data", DATA), ("train", {}), ("fit", {})):
        if isinstance(declared.get(key), str):
            declared[key] = _function(path, key, declared[key], known)
    try:
        return Study(**declared)
    except TypeError as error:
        raise FileFormatError(f"{path}: {error}") from None


def _function(path: Path, key: str, text: str, known: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """The function that a text of a TOML file names."""
    if text in known:
        return known[text]
    home, colon, name = text.rpartition(":")
    if not colon:
        raise FileFormatError(f"{path}: {key}: {text!r} is unknown. {nearest(text, known)} Or FILE.py:FUNCTION.")
    if home.endswith(".py"):
        file = path.parent / home
        if not file.is_file():
            raise MissingFileError(f"{path}: {key}: there is no file {file}")
        names: Any = _executed(file)
    else:
        try:
            names = vars(importlib.import_module(home))
        except ImportError as error:
            raise FileFormatError(f"{path}: {key}: {home!r} cannot be imported ({error})") from None
    if not callable(names.get(name)):
        raise FileFormatError(f"{path}: {key}: {home} has no function {name!r}")
    found: Callable[..., Any] = names[name]
    return found


def _executed(path: Path) -> dict[str, Any]:
    """The names that a Python file defines.

    It is no module that could be imported, so that joblib sends its functions to other processes as they are.
    """
    names: dict[str, Any] = {"__name__": path.stem, "__file__": os.fspath(path)}
    exec(compile(path.read_bytes(), os.fspath(path), "exec"), names)
    return names
