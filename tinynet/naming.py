"""Names for objects that were given none: 'precision', 'precision_1' and so on, as in Keras."""

from __future__ import annotations

from collections import Counter

_names: Counter[str] = Counter()


def automatic_name(prefix: str) -> str:
    """`prefix`, then prefix_1, prefix_2 and so on, as often as it is asked for."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Starts all counts anew: the next name for a prefix is the prefix itself."""
    _names.clear()
