"""Nested lists, tuples and dicts of things, walked in Keras's order: dicts by their sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(value: Any) -> Iterator[Any]:
    """What lies in a nested structure, one after the other.

    >>> list(leaves({"b": 1, "a": [2, (3, None)]}))
    [2, 3, None, 1]
    """
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """The same structure with `function` of each thing in it.

    >>> map_leaves(str, {"a": [1, (2,)]})
    {'a': ['1', ('2',)]}
    """
    if isinstance(value, dict):
        return {key: map_leaves(function, value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        parts = [map_leaves(function, part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return function(value)


def packed(structure: Any, values: Iterator[Any]) -> Any:
    """The structure with its things replaced by the next of `values`, in the order of `leaves`.

    >>> packed({"b": 0, "a": [0, 0]}, iter("xyz"))
    {'b': 'z', 'a': ['x', 'y']}
    """
    if isinstance(structure, dict):
        by_key = {key: packed(structure[key], values) for key in sorted(structure)}
        return {key: by_key[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [packed(part, values) for part in structure]
        return parts if isinstance(structure, list) else tuple(parts)
    return next(values)


def holds_arrays(value: Any) -> bool:
    """Whether a list, tuple or dict is one of several arrays, not one array written out as lists.

    >>> holds_arrays([[1, 2], [3, 4]]), holds_arrays({"a": [1, 2]})
    (False, True)
    """
    if isinstance(value, (list, tuple)):
        return any(holds_arrays(part) or len(getattr(part, "shape", ())) > 0 for part in value)
    return isinstance(value, dict)


def named_leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """What lies in a nested structure, as `leaves`, each with the expression that reaches it.

    >>> list(named_leaves({"a": [1, 2]}, "y"))
    [("y['a'][0]", 1), ("y['a'][1]", 2)]
    """
    if isinstance(value, dict):
        for key in sorted(value):
            yield from named_leaves(value[key], f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from named_leaves(part, f"{name}[{number}]")
    else:
        yield name, value
