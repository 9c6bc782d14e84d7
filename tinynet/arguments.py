"""Checks of arguments, so that a wrong one is named where it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.errors import ArgumentError, nearest


def whole(owner: str, name: str, value: Any, minimum: int = 1) -> int:
    """`value` as an int; raises `ArgumentError` unless it is a whole number of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise ArgumentError(f"{owner}: expected {name} to be a whole number >= {minimum}, received {value!r}")
    return int(value)


def wholes(owner: str, name: str, value: Any, count: int, minimum: int = 1) -> tuple[int, ...]:
    """A number for each of `count` axes: one for all, or one each."""
    if isinstance(value, (list, tuple)):
        if len(value) != count:
            raise ArgumentError(f"{owner}: expected {name} to be one number or {count}, received {value!r}")
        return tuple(whole(owner, name, v, minimum) for v in value)
    return (whole(owner, name, value, minimum),) * count


def fraction(owner: str, name: str, value: Any) -> float:
    """`value` as a float; raises `ArgumentError` unless 0 <= value <= 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value <= 1:
        raise ArgumentError(f"{owner}: expected {name} between 0 and 1, received {value!r}")
    return float(value)


def number(owner: str, name: str, value: Any, minimum: float = -math.inf) -> float:
    """`value` as a finite float of at least `minimum`, or `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise ArgumentError(f"{owner}: expected {name} to be a finite number, received {value!r}")
    if value < minimum:
        raise ArgumentError(f"{owner}: expected {name} >= {minimum}, received {value!r}")
    return float(value)


def axes(owner: str, value: Any) -> Any:
    """`value`, an axis or several of them (a tuple becomes a list); raises `ArgumentError` for anything else."""
    given = list(value) if isinstance(value, (list, tuple)) else [value]
    if not given or any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in given):
        raise ArgumentError(f"{owner}: expected axis to be a whole number or several, received {value!r}")
    return given if isinstance(value, (list, tuple)) else int(value)


def one_of(owner: str, name: str, value: Any, choices: Sequence[Any]) -> Any:
    """`value`; raises `ArgumentError` with the nearest choice unless it is one of them."""
    if value not in choices:
        hint = nearest(value, [c for c in choices if isinstance(c, str)])
        raise ArgumentError(f"{owner}: unknown {name} {value!r}. {hint}")
    return value


def flag(owner: str, name: str, value: Any) -> bool:
    """`value`; raises `ArgumentError` unless it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"{owner}: expected {name} to be True or False, received {value!r}")
    return bool(value)


def data_format_of(owner: str, value: Any) -> str:
    """'channels_last' or 'channels_first'; None means what `config.image_data_format` says."""
    return str(one_of(owner, "data_format", value or config.image_data_format(), config.DATA_FORMATS))
