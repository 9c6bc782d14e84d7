"""What a model is called with, made to fit its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.config import compute_dtype
from tinynet.errors import ArgumentError, ShapeError
from tinynet.nested import holds_arrays, leaves
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
    if isinstance(fit, Tensor) and expected.dtype != "string":
        wanted = np.dtype(expected.dtype)
        if fit._data.dtype is not wanted:
            fit = fit.astype(compute_dtype(expected.dtype) if wanted.kind == "f" else wanted)
    rank = len(expected.shape)
    if len(fit.shape) == rank - 1 and expected.shape[-1] == 1:
        fit = fit[..., None]
    elif len(fit.shape) == rank + 1 and fit.shape[-1] == 1:
        fit = fit[..., 0]
    fits = fit.shape[1:] == expected.shape[1:] or len(fit.shape) == rank and all(
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


def arranged(
    values: Any, names: Any, where: str, what: str = "inputs", *, missing: bool = False, extra: bool = False
) -> list[Any]:
    """The values for the inputs or outputs of a model, in the order of `leaves`.

    names: what these are called, in the model's structure. Values have the same structure; a list in
        the order of `leaves` or a dict by name will do, and for a single one the value itself.
    missing: a dict may leave some out, which are None then; extra: it may hold others, too.

    Raises `ArgumentError` where they do not match.
    """
    known = [names] if isinstance(names, str) else list(leaves(names))
    if isinstance(values, dict):
        return _by_name(values, names, known, where, what, missing, extra)
    several = isinstance(values, (list, tuple)) and (len(known) > 1 or holds_arrays(values))
    if several and not isinstance(names, str) and len(values) == len(names):
        parts = [names[key] for key in sorted(names)] if isinstance(names, dict) else names
        nested = (
            [_alone(value)] if isinstance(part, str) else arranged(value, part, where, what, missing=missing, extra=extra)
            for value, part in zip(values, parts, strict=True)
        )
        return [value for part in nested for value in part]
    if several and len(values) == len(known):
        return [_alone(value) for value in values]
    if not several and len(known) == 1:
        return [values]
    if len(known) == 1:
        raise ArgumentError(
            f"{where}: expected one array for {known[0]!r}, received {len(values)}; rows are stacked to one array first"
        )
    raise ArgumentError(
        f"{where}: expected {len(known)} {what} ({', '.join(known)}), received {len(values) if several else 'one'}"
    )


def _alone(value: Any) -> Any:
    """The array in a list of one; anything else as it is."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 and holds_arrays(value) else value


def _by_name(
    values: dict[str, Any], names: Any, known: list[str], where: str, what: str, missing: bool, extra: bool
) -> list[Any]:
    keys = sorted(names) if isinstance(names, dict) else known
    absent = [key for key in keys if key not in values]
    unknown = [] if extra else [key for key in values if key not in keys]
    if unknown or absent and not missing:
        first = f"{unknown[0]!r} is not among them" if unknown else f"{absent[0]!r} is missing"
        raise ArgumentError(f"{where}: expected {what} {keys}, received those of {sorted(values, key=str)}: {first}")
    if not isinstance(names, dict):
        return [values.get(key) for key in keys]
    found = []
    for key in keys:
        part = names[key]
        if isinstance(part, str) or key not in values:
            found += [values.get(key)] * (1 if isinstance(part, str) else len(list(leaves(part))))
        else:
            found += arranged(values[key], part, where, what, missing=missing, extra=extra)
    return found
