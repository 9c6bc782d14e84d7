"""keras.src.tree: nested structures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.nested import leaves, map_leaves, packed


def flatten(structure: Any) -> list[Any]:
    return list(leaves(structure))


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    results = (function(*parts) for parts in zip(*map(flatten, structures), strict=True))
    return packed(structures[0], results)


def pack_sequence_as(structure: Any, values: Any) -> Any:
    return packed(structure, iter(values))


def map_structure_up_to(shallow: Any, function: Callable[..., Any], *structures: Any) -> Any:
    """`function` of the parts of structures that stand where `shallow` has its leaves."""
    if isinstance(shallow, dict):
        return {key: map_structure_up_to(part, function, *(s[key] for s in structures)) for key, part in shallow.items()}
    if isinstance(shallow, (list, tuple)):
        parts = [map_structure_up_to(part, function, *others) for part, *others in zip(shallow, *structures, strict=True)]
        return type(shallow)(parts)
    return function(*structures)


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(n, (int, type(None))) for n in value)


def map_shape_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    if is_shape(structure):
        return function(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shape_structure(function, part) for key, part in structure.items()}
    return type(structure)(map_shape_structure(function, part) for part in structure)


def assert_same_structure(a: Any, b: Any) -> None:
    shapes = [map_leaves(lambda _: None, value) for value in (a, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"the structures differ: {shapes[0]} and {shapes[1]}")
