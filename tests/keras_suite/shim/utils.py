"""keras.src.utils: what its tests use besides the public helpers."""

from __future__ import annotations

import tinynet


def removesuffix(text: str, suffix: str) -> str:
    return text.removesuffix(suffix)


def is_traceback_filtering_enabled() -> bool:
    return False


def clear_session(free_memory: bool = True) -> None:
    tinynet.utils.clear_session()
