"""The errors tinynet raises on bad input, and the helpers that word them and warn.

Every error says where it happened, what was expected, what came, and what to do.
Each class also derives from the built-in exception a Python programmer would expect,
so `except ValueError` keeps working.
"""

from __future__ import annotations

import difflib
import importlib
import sys
import warnings
from collections.abc import Iterable
from types import FrameType, ModuleType


class TinynetError(Exception):
    """Base of every error that tinynet raises on purpose."""


class ArgumentError(TinynetError, ValueError):
    """An argument has a value that is not supported, or a name nobody knows."""


class ReservedNameError(ArgumentError, AttributeError):
    """An attribute whose name the library keeps for something else."""


class FixedRateError(ArgumentError, TypeError):
    """A learning rate that follows a schedule is set to something else."""


class SeveralRatesError(ArgumentError, AttributeError):
    """The learning rate of an optimizer that has one for each of several parts."""


class ShapeError(TinynetError, ValueError):
    """Arrays whose shapes do not fit an operation, a layer or a model."""


class DtypeError(TinynetError, TypeError):
    """Values of a type that an operation or a layer cannot compute with."""


class DataError(TinynetError, ValueError):
    """Data that cannot be trained on or evaluated: empty, not finite, labels out of range."""


class GraphError(TinynetError, RuntimeError, ValueError):
    """The recorded graph cannot give the derivative that was asked for."""


class GradientError(TinynetError, AssertionError):
    """A derivative disagrees with its numerical value."""


class DivergenceError(TinynetError, RuntimeError):
    """Training has broken down: its loss is NaN or infinite."""


class AnomalyError(DivergenceError):
    """An operation made NaN or infinity out of numbers; see `tinynet.detect_anomaly`."""


class MutationError(TinynetError, TypeError):
    """An attempt to change a tensor in place."""


class NotBuiltError(TinynetError, RuntimeError, ValueError):
    """A layer or model is used before its weights exist, or before `compile`."""


class NoGraphError(NotBuiltError, AttributeError):
    """What only a model of symbolic inputs and outputs has; `hasattr` says so."""


class FileFormatError(TinynetError, ValueError):
    """A file that is not what its name says, is damaged, or holds something unsupported."""


class UnsafeFileError(FileFormatError):
    """A file that leads out of itself: to other files, or to code."""


class CheckpointError(FileFormatError):
    """The state in a file is not that of this training run."""


class MissingFileError(TinynetError, FileNotFoundError, ValueError):
    """A file or folder that is not there."""

    def __str__(self) -> str:  # OSError would print its arguments as a tuple
        return str(self.args[0]) if self.args else ""


class FileAccessError(TinynetError, OSError):
    """A file or folder that is there, or could be, and that the system does not let be read or written."""


class MissingDependencyError(TinynetError, ImportError):
    """An optional package is needed and not installed."""


def warn(message: str) -> None:
    """Warns at the line outside of tinynet that led here: there something can be done about it."""
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


LONGEST_LIST = 60  # of names in a message


def nearest(name: object, known: Iterable[str]) -> str:
    """Words an unknown name: the nearest right one, or else all of them.

    >>> nearest("rleu", ["relu", "tanh"])
    "Did you mean 'relu'?"
    >>> nearest("qqq", ["relu", "tanh"])
    'Known: relu, tanh.'
    """
    choices = sorted(set(known))
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    if found:
        return f"Did you mean {by_lower[found[0]]!r}?"
    if len(choices) > LONGEST_LIST:
        return f"None of the {len(choices)} known names is like it."
    return f"Known: {', '.join(choices)}."


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Imports an optional module, or raises `MissingDependencyError` naming the extra.

    >>> require("json", "plot", "plotting").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'tinynet[{extra}]'"
        ) from error
