"""Names for objects that were given none, as in Keras 'precision', 'precision_1' and so on; and within what they are."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar

_names: Counter[str] = Counter()

scope: ContextVar[tuple[str, ...]] = ContextVar("scope", default=())  # the layers whose calls are going on


def automatic_name(prefix: str) -> str:
    """`prefix`, then prefix_1, prefix_2 and so on, as often as it is asked for."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Starts all counts anew: the next name for a prefix is the prefix itself."""
    _names.clear()


@contextlib.contextmanager
def fresh_names() -> Iterator[None]:
    """Within it all counts start anew; afterwards they go on from where they were."""
    before = Counter(_names)
    _names.clear()
    try:
        yield
    finally:
        _names.clear()
        _names.update(before)


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Within it new weights carry `name` in their path."""
    token = scope.set((*scope.get(), name))
    try:
        yield
    finally:
        scope.reset(token)
