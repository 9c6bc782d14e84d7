"""Notes of the compiled functions that kernels call, for those who want to call them again by themselves.

Around a compiled function there is Python: it looks at shapes and types, makes the array for the results, works out
the settings of a window. For arrays of the same shapes and types all of it comes out the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np


class Call(NamedTuple):
    """function(*arguments), which wrote all of `result`, one of its arguments, from the other ones; or returned it."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    result: np.ndarray

    @property
    def writes(self) -> bool:
        return any(argument is self.result for argument in self.arguments)


_calls: ContextVar[list[Call] | None] = ContextVar("calls", default=None)


def run(function: Callable[..., Any], result: np.ndarray, *arguments: Any) -> np.ndarray:
    """Calls a compiled function that writes `result`, one of its arguments, from the other ones; returns the result.

    Whoever calls this must not change the result afterwards.
    """
    function(*arguments)
    return _noted(function, arguments, result)


def make(function: Callable[..., np.ndarray], *arguments: Any) -> np.ndarray:
    """Calls a compiled function that returns a new array, made from its arguments alone, for a later `run`.

    Whoever calls this must not change the array afterwards.
    """
    return _noted(function, arguments, function(*arguments))


def _noted(function: Callable[..., Any], arguments: tuple[Any, ...], result: np.ndarray) -> np.ndarray:
    calls = _calls.get()
    if calls is not None:
        calls.append(Call(function, arguments, result))
    return result


@contextlib.contextmanager
def noting(calls: list[Call]) -> Iterator[None]:
    """Within it the calls of `run` and `make` are added to a list."""
    token = _calls.set(calls)
    try:
        yield
    finally:
        _calls.reset(token)
