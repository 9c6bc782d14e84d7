"""Tensors in nested lists, tuples and dicts, and their shapes and masks, as calls of layers take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of
from tinynet.ops.symbolic import KerasTensor

Shape = tuple[int | None, ...]


def map_structure(function: Callable[[Any], Any], value: Any) -> Any:
    """`function` applied to the tensors in nested lists, tuples and dicts of tensors."""
    if isinstance(value, dict):
        return {key: map_structure(function, part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and holds_tensors(value):
        return type(value)(map_structure(function, part) for part in value)
    return None if value is None else function(value)


def holds_tensors(value: Any) -> bool:
    """Whether arrays or tensors lie within the lists (lists of plain numbers are one array)."""
    if isinstance(value, (list, tuple)):
        return any(holds_tensors(part) for part in value)
    return isinstance(value, (Tensor, np.ndarray, KerasTensor))


def flat_list(value: Any) -> list[Any]:
    """The tensors of a nested structure, in order."""
    if isinstance(value, dict):
        return [part for key in sorted(value) for part in flat_list(value[key])]
    if isinstance(value, (list, tuple)):
        return [part for piece in value for part in flat_list(piece)]
    return [value]


def shape_of(inputs: Any) -> Any:
    """The shape, or nested shapes, of tensors."""
    return map_structure(lambda t: tuple(t.shape), inputs)


def masks_of(inputs: Any) -> Any:
    """The mask, or list of masks, of tensors; None when there is none at all."""
    if isinstance(inputs, (Tensor, KerasTensor)):
        return mask_of(inputs)
    masks = [mask_of(t) for t in flat_list(inputs)]
    return masks if any(m is not None for m in masks) else None


def as_shapes(shape: Any) -> Any:
    """A shape, or a list of shapes, as tuples."""
    if isinstance(shape, (list, tuple)) and any(isinstance(part, (list, tuple)) for part in shape):
        return [as_shapes(part) for part in shape]
    return tuple(None if n is None else int(n) for n in shape)


def as_given(shape: Any) -> Any:
    """`as_shapes` of what `build` was given, which may also be nothing, or shapes by name."""
    return shape if shape is None or isinstance(shape, dict) else as_shapes(shape)


def map_shapes(function: Callable[[Any], Any], shape: Any) -> Any:
    """`function` of a shape, or of each in a structure of several."""
    if isinstance(shape, dict):
        return {key: map_shapes(function, part) for key, part in shape.items()}
    if any(isinstance(part, (list, tuple, dict)) for part in shape):
        return type(shape)(map_shapes(function, part) for part in shape)
    return function(tuple(shape))


def symbolic(shape: Any, dtype: str) -> Any:
    """A symbolic tensor of a shape, or several in the structure of several shapes."""
    return map_shapes(lambda one: KerasTensor(one, dtype), shape)
