"""What a model is called with, made to fit its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.config import compute_dtype
from tinynet.errors import ArgumentError, ShapeError
from tinynet.nested import leaves
from tinynet.ops.symbolic import KerasTensor


def converted(value: Any) -> Any:
    """A tensor of what is no tensor yet; text stays text, for a TextVectorization to read."""
    if isinstance(value, (Tensor, KerasTensor)) or value is None:
        return value
    array = np.asarray(value)
    return array if array.dtype.kind in "USO" else as_tensor(array)


def fitted(x: Any, expected: KerasTensor, described: str) -> Any:
    """A tensor in the dtype of an input, with a last axis of size 1 added or removed where that makes it fit.

    Raises `ShapeError` for any other shape.
    """
    given = converted(x)
    if given is None:
        raise ArgumentError(f"{described}: received None for the input {expected.name!r}")
    fit, mask = given, mask_of(given)
    if isinstance(fit, Tensor) and fit.dtype.name != expected.dtype and expected.dtype != "string":
        fit = fit.astype(compute_dtype(expected.dtype) if np.dtype(expected.dtype).kind == "f" else expected.dtype)
    rank = len(expected.shape)
    if len(fit.shape) == rank - 1 and expected.shape[-1] == 1:
        fit = fit[..., None]
    elif len(fit.shape) == rank + 1 and fit.shape[-1] == 1:
        fit = fit[..., 0]
    fits = len(fit.shape) == rank and all(
        n is None or m is None or n == m for n, m in zip(expected.shape[1:], fit.shape[1:], strict=True)
    )
    if not fits:
        raise ShapeError(
            f"{described}: expected inputs of shape {expected.shape}, received {tuple(given.shape)}"
            + (f" for {expected.name!r}" if expected.name else "")
        )
    if mask is not None and fit is not given:
        set_mask(fit, mask)
    return fit


def arranged(values: Any, structure: Any, described: str) -> list[Any]:
    """The values for the inputs of a model, in the order of `leaves`.

    structure: the model's inputs. Values have the same structure; for a list of inputs a dict by
    their names will do, and for a single one the value itself.

    Raises `ArgumentError` where they do not match.
    """
    expected = list(leaves(structure))
    if isinstance(values, dict) and not isinstance(structure, dict):
        names = [tensor.name for tensor in expected]
        missing = [name for name in names if name not in values]
        if missing:
            raise ArgumentError(f"{described}: expected inputs {names}, received those of {sorted(values)}")
        return [values[name] for name in names]
    if isinstance(structure, dict) and isinstance(values, dict):
        missing = [key for key in structure if key not in values]
        if missing:
            raise ArgumentError(f"{described}: the input {missing[0]!r} is missing; received {sorted(values)}")
        return [part for key in sorted(structure) for part in arranged(values[key], structure[key], described)]
    if isinstance(structure, KerasTensor):
        return [values[0] if isinstance(values, (list, tuple)) and _holds_arrays(values) and len(values) == 1 else values]
    if isinstance(values, (list, tuple)) and _holds_arrays(values):
        if len(values) != len(structure):
            raise ArgumentError(
                f"{described}: expected {len(expected)} inputs ({', '.join(t.name for t in expected)}), "
                f"received {len(values)}"
            )
        parts = structure if not isinstance(structure, dict) else [structure[key] for key in sorted(structure)]
        return [one for value, part in zip(values, parts, strict=True) for one in arranged(value, part, described)]
    if len(expected) == 1:
        return [values]
    raise ArgumentError(
        f"{described}: expected {len(expected)} inputs ({', '.join(t.name for t in expected)}), received one"
    )


def _holds_arrays(values: Any) -> bool:
    """Whether a list is one of several arrays, not an array written as a list."""
    return bool(values) and all(hasattr(v, "shape") or isinstance(v, (list, tuple, dict)) or v is None for v in values)

