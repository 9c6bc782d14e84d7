"""Several calls of kernels at once: those that cannot keep all threads busy alone run beside each other.

A recurrent layer takes one sentence step by step, on one thread. Where two layers read the same sentence, along time and
back, each can have a thread.

    def mean_of_states(x):
        states = kernels.simple_rnn_states(x, …)   # gathered by `at_once`, and otherwise run
        return afterwards(lambda: states.mean())   # whatever needs what the kernel writes

    first, second = at_once(lambda: mean_of_states(x), lambda: mean_of_states(y))
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from tinynet.kernels import choice

_gathered: ContextVar[list[tuple[Callable[..., None], tuple[Any, ...]]] | None] = ContextVar("gathered", default=None)


def run_or_gather(function: Callable[..., None], *arguments: Any) -> None:
    """Calls a compiled function of those that `at_once` gathers."""
    gathered = _gathered.get()
    if gathered is None:
        function(*arguments)
    else:
        gathered.append((function, arguments))


def afterwards(finish: Callable[[], Any]) -> Any:
    """What `finish` gives; it is called when the kernels before have run."""
    return finish() if _gathered.get() is None else finish


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """The results of functions that do not depend on each other, each of which ends with `afterwards`."""
    gathered: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
    token = _gathered.set(gathered)
    try:
        finishing = [function() for function in functions]
    finally:
        _gathered.reset(token)
    if choice.module is not None and gathered:
        choice.module.run_at_once(gathered)
    return [finish() for finish in finishing]
