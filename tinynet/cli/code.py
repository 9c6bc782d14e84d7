"""Objects of a user's Python that a command line names: FILE.py:OBJECT, MODULE:OBJECT, OBJECT(ARGUMENTS)."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tinynet.cli.arguments import UsageError
from tinynet.errors import MissingFileError, TinynetError, nearest

FORM = "FILE.py:OBJECT or MODULE:OBJECT"


class UserCodeError(TinynetError):
    """Code that the user named has raised something."""


def names_code(text: str) -> bool:
    """Whether an argument is of the form FILE.py:OBJECT or MODULE:OBJECT."""
    return ":" in text and not os.path.exists(text)


def named_object(text: str) -> tuple[Any, bool]:
    """The object that FILE.py:OBJECT or MODULE:OBJECT names, and whether it was called.

    OBJECT may be dotted; with arguments in brackets behind it, which are numbers, texts, lists and the like, it is
    called with them. The file or module is imported, so it is executed.

    Raises `UsageError` for what is not of this form and for a name that is not there, `MissingFileError` for a file
    that is not, `UserCodeError` for whatever the code raises.

    >>> named_object("math:sqrt(9)")
    (3.0, True)
    """
    in_file = ".py:" in text
    where, _, expression = text.partition(".py:" if in_file else ":")
    where += ".py" if in_file else ""
    if not where or not expression:
        raise UsageError(f"{text!r}: expected {FORM}")
    path, arguments = _parsed(expression, text)
    found: Any = _file(where) if in_file else _module(where)
    for place, name in enumerate(path):
        if not hasattr(found, name):
            owner = ".".join([where, *path[:place]]) if place else where
            known = [known for known in dir(found) if not known.startswith("_")]
            raise UsageError(f"{owner}: has no {name!r}. {nearest(name, known)}")
        found = getattr(found, name)
    if arguments is None:
        return found, False
    if not callable(found):
        raise UsageError(f"{text}: is no function or class, so it cannot be called")
    with running(text):
        return found(*arguments[0], **arguments[1]), True


def _parsed(expression: str, text: str) -> tuple[list[str], tuple[list[Any], dict[str, Any]] | None]:
    """The dotted name, and the arguments in brackets behind it."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        arguments = None
        if isinstance(node, ast.Call):
            if any(keyword.arg is None for keyword in node.keywords):
                raise ValueError
            arguments = (
                [ast.literal_eval(part) for part in node.args],
                {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords},
            )
            node = node.func
        path: list[str] = []
        while isinstance(node, ast.Attribute):
            path.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise ValueError
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise UsageError(
            f"{text!r}: expected {FORM}, where OBJECT is a name, with nothing but numbers, texts, lists and the like "
            "in brackets behind it"
        ) from None
    return [node.id, *path], arguments


def _file(path: str) -> ModuleType:
    """The module in a file, whose folder is searched for what it imports, as that of a script is."""
    if not os.path.isfile(path):
        raise MissingFileError(f"{path}: there is no such file")
    name = f"tinynet_user_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # of a name that ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and the like look their module up
    _search(os.path.dirname(os.path.abspath(path)))
    with running(path):
        spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{name!r}: is neither a file of Python nor the name of a module; expected {FORM}")
    _search(os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise UsageError(f"there is no module {error.name!r}") from None
        raise UserCodeError(f"{name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise UserCodeError(_told(name, error)) from error


def _search(folder: str) -> None:
    """Lets imports look into a folder first, from now on: a function may import when it is called."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


@contextlib.contextmanager
def running(what: str) -> Iterator[None]:
    """Within it what code of the user's raises becomes a `UserCodeError`; tinynet's own errors stay as they are."""
    try:
        yield
    except (TinynetError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise UserCodeError(_told(what, error)) from error


def _told(what: str, error: BaseException) -> str:
    """An error in a line, with the line of code that raised it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: SyntaxError: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{what}: {type(error).__name__}: {error}{place}"


def _is_users(filename: str) -> bool:
    own = str(Path(__file__).parents[1])
    return not filename.startswith((own, "<")) and "site-packages" not in filename
