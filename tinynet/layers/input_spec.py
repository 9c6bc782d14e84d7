"""`InputSpec`: what a layer of yours expects of its inputs, checked at every call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import flag, whole
from tinynet.catalogue import Configurable
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.nested import leaves
from tinynet.ops._arguments import DTYPES


class InputSpec(Configurable):
    """Kept in `self.input_spec` of a layer, it refuses inputs that the layer is not made for.

    dtype: the only one. shape: the sizes, batch axis included, None for any. ndim, min_ndim, max_ndim: the number of
    axes. axes: a dict from axes to sizes. allow_last_axis_squeeze: a last axis of size 1 may be there or not.
    name: the key where the inputs are a dict. optional: None will do.

    Several inputs have a list of these, or a dict or tuple, in the order of the inputs.
    Source: https://keras.io/api/layers/base_layer/

    >>> from tinynet.layers import Dense
    >>> layer = Dense(2, name="last")
    >>> layer.input_spec = InputSpec(ndim=2, axes={-1: 3})
    >>> layer(np.ones((4, 5), "float32"))
    Traceback (most recent call last):
    tinynet.errors.ShapeError: Dense 'last': expected inputs with size 3 on axis -1, received shape (4, 5)
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else _dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        for key in ("ndim", "max_ndim", "min_ndim"):
            if getattr(self, key) is not None:
                whole("InputSpec", key, getattr(self, key), minimum=0)
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"InputSpec: expected axes to be a dict from axes to sizes such as {{-1: 3}}, received {axes!r}"
            ) from error
        most = self.ndim if self.ndim is not None else max_ndim
        if most is not None and any(axis >= most for axis in self.axes):
            raise ArgumentError(f"InputSpec: axis {max(self.axes)} is not among the {most} axes there may be")
        self.allow_last_axis_squeeze = flag("InputSpec", "allow_last_axis_squeeze", allow_last_axis_squeeze)
        self.name = name
        self.optional = flag("InputSpec", "optional", optional)

    def check(self, x: Any, where: str) -> None:
        """Raises `ShapeError` or `DtypeError` for a tensor that is not as it should be; `where` stands in front."""
        if x is None and self.optional:
            return
        if not hasattr(x, "shape"):
            raise ArgumentError(f"{where}: expected tensors as inputs, received {x!r}")
        shape = tuple(x.shape)
        if expected := self._wrong(shape):
            raise ShapeError(f"{where}: expected inputs {expected}, received shape {shape}")
        if self.dtype is not None and np.dtype(x.dtype).name != self.dtype:
            raise DtypeError(f"{where}: expected inputs of dtype {self.dtype}, received {np.dtype(x.dtype).name}")

    def _wrong(self, shape: tuple[int | None, ...]) -> str | None:
        """What is expected that the shape is not."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self.allow_last_axis_squeeze:
            return f"with {self.ndim} axes" if self.shape is None else f"of shape {self.shape}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"with at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"with at least {self.min_ndim} axes"
        for axis, size in self.axes.items():
            if not -rank <= axis < rank or size is not None and shape[axis] not in (size, None):
                return f"with size {size} on axis {axis}"
        own = self.shape
        if own is not None and self.allow_last_axis_squeeze:
            shape, own = (sizes[:-1] if sizes and sizes[-1] == 1 else sizes for sizes in (shape, own))
        fits = own is None or (
            len(own) == len(shape) and all(n is None or m is None or n == m for n, m in zip(own, shape, strict=True))
        )
        return None if fits else f"of shape {self.shape}"


def check_inputs(spec: Any, inputs: Any, where: str) -> None:
    """Checks the inputs of a layer against its `input_spec`: one, or several in a list, tuple or dict.

    Raises `ShapeError`, `DtypeError`, or `ArgumentError` for another number of inputs or one that is missing.
    """
    specs = list(leaves(spec))
    names = [None if part is None else part.name for part in specs]
    if isinstance(inputs, dict) and all(names):
        if missing := [name for name in names if name not in inputs]:
            raise ArgumentError(f"{where}: expected inputs {names}, received {list(inputs)}: {missing[0]!r} is missing")
        tensors = [inputs[name] for name in names]
    else:
        tensors = list(leaves(inputs))
    if len(tensors) != len(specs):
        raise ArgumentError(f"{where}: expected {len(specs)} inputs, received {len(tensors)}")
    for number, (part, x) in enumerate(zip(specs, tensors, strict=True)):
        if part is not None:
            part.check(x, where if len(specs) == 1 else f"{where}, input {names[number] or number}")


def _dtype(dtype: Any) -> str:
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = repr(dtype)
    if name not in DTYPES:
        raise DtypeError(f"InputSpec: dtype {name} is not supported. Known: {', '.join(DTYPES)}.")
    return name
