"""Helpers that run a record on a draw, on arrays and on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from tinynet import Tensor
from tinynet.autograd import tape
from tinynet.autograd.checker import STEPS, Comparison, compare, random_direction
from tinynet.autograd.tensor import place_of, recorded_vjp, wrap
from tinynet.primitives import Operation
from tinynet.testing import Draw

TOLERANCE = 1e-6


def varied(draw: Draw) -> list[int]:
    """The positions of the inputs an operation has derivatives by: the floating-point ones."""
    return [i for i, a in enumerate(draw.arrays) if a is not None and a.dtype.kind == "f"]


def as_tuple(output: Any) -> tuple[Any, ...]:
    return output if isinstance(output, tuple) else (output,)


def outputs_of(operation: Operation, draw: Draw) -> tuple[np.ndarray, ...]:
    return as_tuple(operation.forward(*draw.arrays, **draw.attributes)[0])


def random_cotangent(operation: Operation, draw: Draw, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Random weights for each output, none near 0."""
    generator = np.random.default_rng(seed)
    return tuple(
        np.asarray(random_direction(generator, y.shape), y.dtype) for y in outputs_of(operation, draw)
    )


def raw_cotangents(
    operation: Operation, draw: Draw, g: Sequence[np.ndarray], needs: Sequence[bool] | None = None
) -> Sequence[Any]:
    """What the vjp returns, None and slices included."""
    output, residuals = operation.forward(*draw.arrays, **draw.attributes)
    if needs is None:
        needs = [i in varied(draw) for i in range(len(draw.arrays))]
    seed = tuple(g) if isinstance(output, tuple) else g[0]
    return operation.vjp(seed, residuals, tuple(needs), **draw.attributes)


def dense(cotangent: Any) -> np.ndarray:
    if isinstance(cotangent, Tensor):
        cotangent = cotangent.data
    return cotangent.dense() if hasattr(cotangent, "dense") else np.asarray(cotangent)


def cotangents_of(operation: Operation, draw: Draw, g: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
    """The cotangent of each varied input as an array."""
    found = raw_cotangents(operation, draw, g)
    return {i: dense(found[i]) for i in varied(draw)}


def moved(draw: Draw, position: int, array: np.ndarray) -> Draw:
    arrays = list(draw.arrays)
    arrays[position] = array
    return Draw(tuple(arrays), draw.attributes)


class FirstOrder:
    """The numerical derivative of <g, forward> along one direction for each varied input.

    `disagreements` compares any cotangents with it; evaluations are kept, so that comparing
    many spoiled ones is cheap.
    """

    def __init__(self, operation: Operation, draw: Draw, g: Sequence[np.ndarray]) -> None:
        generator = np.random.default_rng(2)
        self.directions = {i: random_direction(generator, draw.arrays[i].shape) for i in varied(draw)}

        @cache
        def terms(position: int, t: float) -> np.ndarray:
            there = moved(draw, position, draw.arrays[position] + t * self.directions[position])
            outputs = outputs_of(operation, there)
            return np.concatenate([(w * y).ravel() for w, y in zip(g, outputs, strict=True)])

        self.terms = terms

    def compare(self, position: int, cotangent: np.ndarray) -> Comparison:
        direction = self.directions[position]
        assert cotangent.shape == direction.shape
        return compare(
            lambda t: self.terms(position, t),
            float((cotangent * direction).sum()),
            typical=0.01 * float(np.linalg.norm(cotangent)),
            tolerance=TOLERANCE,
        )

    def resolves(self, position: int, change: np.ndarray) -> bool:
        """Whether a change of the cotangent is larger than the rounding of differences."""
        along = abs(float((change * self.directions[position]).sum()))
        size = float(np.abs(self.terms(position, 0.0)).sum())
        return along > 16 * np.finfo(np.float64).eps * size / min(STEPS)

    def agrees(self, position: int, cotangent: np.ndarray) -> bool:
        result = self.compare(position, cotangent)
        return result.smooth and result.error <= TOLERANCE


def as_tensors(draw: Draw) -> list[Any]:
    """The inputs with each varied one as a leaf tensor."""
    return [Tensor(a, requires_grad=True) if i in varied(draw) else a for i, a in enumerate(draw.arrays)]


def recorded(outputs: Any, g: Sequence[Any], leaves: Sequence[Tensor]) -> list[Any]:
    """The cotangents of `leaves`, recorded in turn: tensors, or None where nothing arrived."""
    seeds = [
        (place_of(y), w if isinstance(w, Tensor) else wrap(w))
        for y, w in zip(as_tuple(outputs), g, strict=True)
        if y.requires_grad
    ]
    found = tape.propagate(seeds, keep=True, higher=recorded_vjp, targets=leaves)
    return [found.get(leaf) for leaf in leaves]


def close(actual: Any, expected: Any, rounding: float = 1e-12) -> None:
    """Equal but for the order of additions; NaN is never equal."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.isfinite(expected).all()
    scale = float(np.abs(expected).max(initial=1.0))
    np.testing.assert_allclose(actual, expected, rtol=rounding, atol=rounding * scale, equal_nan=False)
