"""Layers that make one tensor of several: sums, products, extremes, joined and dot products.

Inputs of fewer axes get new ones after the batch: (N, D) beside (N, T, D) counts as (N, 1, D).
Masks are merged, too; see https://keras.io/api/layers/merging_layers/.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet import ops
from tinynet.arguments import flag
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.ops.linalg import normalize
from tinynet.primitives.arithmetic import where
from tinynet.primitives.linalg import matmul
from tinynet.primitives.shapes import concatenate as joined
from tinynet.primitives.shapes import reshape, transpose


class Merge(Layer):
    """Base of layers that take a list of tensors and combine them element by element, with broadcasting.

    A subclass defines `merge` for inputs of one rank. The result has a mask where all inputs have:
    a step counts if it counts in one of them.
    """

    supports_masking = True
    least, most = 1, math.inf  # how many inputs there may be

    def build(self, input_shape: Any) -> None:
        self._check_count(input_shape)
        sizes = {shape[0] for shape in input_shape if shape} - {None}
        if len(sizes) > 1:
            raise ShapeError(f"{self.described}: the inputs must be of one batch, received shapes {input_shape}")
        self.compute_output_shape(input_shape)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        self._check_count([x.shape for x in _listed(inputs)])
        rank = max(x.ndim for x in inputs)
        return self.merge([x if x.ndim == rank else _with_rank(x, rank) for x in inputs])

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The result for inputs of equally many axes."""
        raise NotImplementedError(f"{type(self).__name__} must define merge(inputs)")

    def _check_count(self, shapes: Any) -> None:
        if not isinstance(shapes, (list, tuple)) or not all(isinstance(part, (list, tuple)) for part in shapes):
            raise ShapeError(f"{self.described}: expected a list of tensors, received one of shape {shapes}")
        if not self.least <= len(shapes) <= self.most:
            count = f"exactly {self.least}" if self.least == self.most else f"at least {self.least}"
            raise ShapeError(f"{self.described}: expected {count} inputs, received {len(shapes)}: {list(shapes)}")

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._check_count(input_shape)
        batch = {shape[0] for shape in input_shape} - {None}
        rest = functools.reduce(
            lambda one, other: self._broadcast(one, other, input_shape), (tuple(shape[1:]) for shape in input_shape)
        )
        return (batch.pop() if len(batch) == 1 else None, *rest)

    def _broadcast(self, one: Shape, other: Shape, shapes: Any) -> Shape:
        short, long = sorted((one, other), key=len)
        merged: list[int | None] = list(long[: len(long) - len(short)])
        for n, m in zip(long[len(merged) :], short, strict=True):
            if None not in (n, m) and n != m and 1 not in (n, m):
                raise ShapeError(f"{self.described}: inputs of shapes {list(map(tuple, shapes))} do not broadcast")
            merged.append(None if None in (n, m) else (m if n == 1 else n))
        return tuple(merged)

    def wide_mask(self, x: Tensor) -> Any:
        """The mask an input carries, in the shape of the input."""
        mask = mask_of(x)
        if mask is None:
            return None
        try:
            return np.broadcast_to(np.asarray(mask)[..., None], x.shape)
        except ValueError as error:
            raise ShapeError(
                f"{self.described}: a mask of shape {np.shape(mask)} does not fit an input of shape {x.shape}"
            ) from error

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        if any(part is None for part in mask):
            return None
        return functools.reduce(ops.logical_or, mask)

    def _check_masks(self, inputs: Any, mask: Any) -> None:
        """Raises `ShapeError` unless there is a mask, or None, for each of the inputs."""
        if not isinstance(inputs, (list, tuple)) or not isinstance(mask, (list, tuple)) or len(inputs) != len(mask):
            raise ShapeError(f"{self.described}: expected a list of inputs and one of as many masks, None where none is")


class Add(Merge):
    """The sum of the inputs.

    >>> Add()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[4.0, 6.0]]
    """

    replayable = True

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return functools.reduce(lambda x, y: x + y, inputs)


class Average(Add):
    """The mean of the inputs.

    >>> Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[2.0, 3.0]]
    """

    replayable = True

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return super().merge(inputs) / len(inputs)


class Subtract(Merge):
    """The first of two inputs less the second.

    >>> Subtract()([np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])]).tolist()
    [[-2.0, -3.0]]
    """

    replayable = True
    least = most = 2

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return inputs[0] - inputs[1]


class Multiply(Merge):
    """The product of the inputs; those that a mask hides count as 1, and as 0 where all are hidden.

    >>> Multiply()([np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])]).tolist()
    [[3.0, 10.0]]
    """

    replayable = True

    def merge(self, inputs: list[Tensor]) -> Tensor:
        masks = [self.wide_mask(x) for x in inputs]  # a new axis has left an input its values alone
        shown = (x if mask is None else where(mask, x, 1) for x, mask in zip(inputs, masks, strict=True))
        output = functools.reduce(lambda x, y: x * y, shown)
        if any(mask is None for mask in masks):
            return output
        mask = functools.reduce(np.logical_or, masks)
        output = where(mask, output, 0)
        set_mask(output, mask.any(axis=-1))
        return output


class _Extreme(Merge):
    """The larger or smaller; where a mask hides one, the others decide."""

    choose: Callable[[Any, Any], Any]

    def merge(self, inputs: list[Tensor]) -> Tensor:
        output, shown = inputs[0], self.wide_mask(inputs[0])
        for x in inputs[1:]:
            mask = self.wide_mask(x)
            if mask is not None:
                x = where(mask, x, output)
            if shown is not None:
                output = where(shown, output, x)
            shown = None if mask is None or shown is None else np.logical_or(shown, mask)
            output = type(self).choose(output, x)
        if shown is not None:
            set_mask(output, shown.any(axis=-1))
        return output


class Maximum(_Extreme):
    """The largest of the inputs, element by element; of equal ones the first gets the gradient.

    >>> Maximum()([np.array([[1.0, 6.0]]), np.array([[3.0, 5.0]])]).tolist()
    [[3.0, 6.0]]
    """

    replayable = True
    choose = staticmethod(ops.maximum)


class Minimum(_Extreme):
    """The smallest of the inputs, element by element; of equal ones the first gets the gradient.

    >>> Minimum()([np.array([[1.0, 6.0]]), np.array([[3.0, 5.0]])]).tolist()
    [[1.0, 5.0]]
    """

    replayable = True
    choose = staticmethod(ops.minimum)


class Concatenate(Merge):
    """The inputs joined along an axis; all other axes must be of one size.

    axis: counted with the batch.
    A step of the result is hidden where no feature of it comes from a step that counts.

    >>> Concatenate()([np.array([[1.0, 2.0]]), np.array([[3.0]])]).tolist()
    [[1.0, 2.0, 3.0]]
    """

    replayable = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
            raise ArgumentError(f"{self.described}: expected axis to be a whole number, received {axis!r}")
        self.axis = int(axis)

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        self.compute_output_shape([x.shape for x in _listed(inputs)])
        return joined(*inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._check_count(input_shape)
        first = list(input_shape[0])
        if not -len(first) <= self.axis < len(first):
            raise ShapeError(f"{self.described}: axis {self.axis} does not exist in inputs of {list(input_shape)}")
        axis = self.axis % len(first)
        for shape in input_shape[1:]:
            if len(shape) != len(first) or any(
                n != m and None not in (n, m) and i != axis for i, (n, m) in enumerate(zip(first, shape, strict=True))
            ):
                raise ShapeError(
                    f"{self.described}: expected inputs that differ in axis {self.axis} alone, "
                    f"received shapes {list(map(tuple, input_shape))}"
                )
        sizes = [shape[axis] for shape in input_shape]
        first[axis] = None if None in sizes else sum(sizes)
        return tuple(first)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        if all(part is None for part in mask):
            return None
        masks = []
        for x, part in zip(inputs, mask, strict=True):
            if part is None:
                part = ops.ones_like(x, dtype="bool")
            elif part.ndim < x.ndim:
                part = ops.logical_or(ops.expand_dims(part, axis=-1), ops.zeros_like(x, dtype="bool"))
            masks.append(part)
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1, keepdims=False)


class Dot(Merge):
    """The dot products of two inputs along an axis of each, sample by sample.

    axes: one axis for both, or a pair; not the batch, 0.
    normalize: the cosine of the angle instead: both are divided by their lengths first.
    The other axes are kept, those of the first input first; with none left the shape is (N, 1).

    >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[11.0]]
    """

    least = most = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = list(axes) if isinstance(axes, (list, tuple)) else [axes, axes]
        if len(pair) != 2 or any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in pair):
            raise ArgumentError(f"{self.described}: expected axes to be a whole number or two, received {axes!r}")
        if 0 in pair:
            raise ArgumentError(f"{self.described}: the batch, axis 0, is no axis to multiply over, received {axes!r}")
        self.axes = [int(a) for a in axes] if isinstance(axes, (list, tuple)) else int(axes)
        self.normalize = flag(self.described, "normalize", normalize)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        shape = self.compute_output_shape([x.shape for x in _listed(inputs)])
        x, y = inputs
        in_x, in_y = self._axes_of(x.shape, y.shape)
        if self.normalize:
            x, y = normalize(x, axis=in_x), normalize(y, axis=in_y)
        x = _last(x, in_x)
        y = transpose(_last(y, in_y), axes=(0, 2, 1))
        return reshape(matmul(x, y), shape=shape)

    def _axes_of(self, one: Shape, other: Shape) -> tuple[int, int]:
        """The axes to multiply over, counted from the front."""
        pair = self.axes if isinstance(self.axes, list) else [self.axes, self.axes]
        found = []
        for axis, shape in zip(pair, (one, other), strict=True):
            if len(shape) < 2 or not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ShapeError(
                    f"{self.described}: axes {self.axes} do not fit inputs of shapes {[tuple(one), tuple(other)]}"
                )
            found.append(axis % len(shape))
        return found[0], found[1]

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._check_count(input_shape)
        one, other = map(tuple, input_shape)
        in_one, in_other = self._axes_of(one, other)
        along = f"along axes {self.axes}"
        for n, m, what in ((one[in_one], other[in_other], along), (one[0], other[0], "in the batch")):
            if None not in (n, m) and n != m:
                raise ShapeError(f"{self.described}: inputs of shapes {[one, other]} differ {what}: {n} and {m}")
        shape = (*one[:in_one], *one[in_one + 1 :], *other[1:in_other], *other[in_other + 1 :])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


def _listed(inputs: Any) -> Any:
    """The inputs, if they are a list; one tensor stands for its shape in the error to come."""
    if not isinstance(inputs, (list, tuple)):
        raise ShapeError(f"expected a list of tensors, received one of shape {tuple(inputs.shape)}")
    return inputs


def _with_rank(x: Tensor, rank: int) -> Tensor:
    return reshape(x, shape=(*x.shape[:1], *(1,) * (rank - x.ndim), *x.shape[1:]))


def _last(x: Tensor, axis: int) -> Tensor:
    """(N, …) with one axis moved to the end and those between made one: (N, M, K)."""
    order = (*(a for a in range(x.ndim) if a != axis), axis)
    middle = math.prod(n for a, n in enumerate(x.shape) if a not in (0, axis))
    return reshape(transpose(x, axes=order), shape=(x.shape[0], middle, x.shape[axis]))


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of tensors: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of two tensors: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of tensors: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of tensors: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest of tensors: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest of tensors: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Tensors joined along an axis: `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The dot products of two tensors: `Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
