"""keras.src.regularizers: what is not public there."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import number

__all__ = ["validate_float_arg"]


def validate_float_arg(value: Any, name: str) -> float:
    return number("regularizer", name, value, 0.0)
