"""keras.src.utils.summary_utils."""

from __future__ import annotations

from typing import Any


def print_summary(model: Any, **settings: Any) -> None:
    model.summary(**settings)
