"""Functions of tensors too large to be tried out: their results are known all the same, and growth is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import Model, layers, ops
from tinynet.errors import ArgumentError, ShapeError

SIDE = 100_000  # of an image that no memory holds


def test_the_results_of_large_operations() -> None:
    image = layers.Input((SIDE, SIDE, 3))
    row = layers.Input((1, SIDE, 3))
    flat = layers.Input((SIDE,), dtype="int32")
    for result, shape, dtype in (
        (ops.exp(image), (None, SIDE, SIDE, 3), "float32"),
        (image + row, (None, SIDE, SIDE, 3), "float32"),
        (image > 0.5, (None, SIDE, SIDE, 3), "bool"),
        (ops.mean(image, axis=(1, 2)), (None, 3), "float32"),
        (ops.max(image, axis=-1, keepdims=True), (None, SIDE, SIDE, 1), "float32"),
        (ops.transpose(image, (0, 3, 1, 2)), (None, 3, SIDE, SIDE), "float32"),
        (ops.matmul(image, np.zeros((3, 7), "float32")), (None, SIDE, SIDE, 7), "float32"),
        (ops.einsum("bijc,bkjc->bikc", image, row), (None, SIDE, 1, 3), "float32"),
        (ops.concatenate([image, row], axis=1), (None, SIDE + 1, SIDE, 3), "float32"),
        (ops.concatenate([row, row, row], axis=-1), (None, 1, SIDE, 9), "float32"),
        (ops.take(np.zeros((SIDE, 5), "float32"), flat, axis=0), (None, SIDE, 5), "float32"),
        (ops.cast(flat, "float32"), (None, SIDE), "float32"),
    ):
        assert (result.shape, result.dtype) == (shape, dtype)


def test_large_operands_that_do_not_fit_are_named() -> None:
    with pytest.raises(ShapeError, match="Add .* does not take tensors of \\(None, 100000, 100000, 3\\), \\(None, 7, 5\\)"):
        layers.Input((SIDE, SIDE, 3)) + layers.Input((7, 5))


@pytest.mark.parametrize(
    "grow",
    [
        lambda x: ops.tile(x, (1, 10**6, 10**6)), lambda x: ops.repeat(x, 10**9, axis=1), lambda x: ops.pad(x, 10**9),
        lambda x: ops.one_hot(ops.cast(x, "int32"), 10**9),
        lambda x: ops.reshape(layers.Input((SIDE, SIDE)), (-1, 1)),
    ],
    ids=range(5),
)  # fmt: skip
def test_growth_is_refused_by_name(grow: object) -> None:
    with pytest.raises(ArgumentError, match="operation .* is too large for tensors of"):
        grow(layers.Input((4, 4)))  # type: ignore[operator]


def test_small_and_large_sizes_give_the_same() -> None:
    """A model computes what its symbolic results promised, on either side of the threshold."""
    for side in (3, 300):
        x = layers.Input((side, side))
        model = Model(x, ops.concatenate([ops.matmul(x, ops.swapaxes(x, 1, 2)), x * 2.0], axis=2))
        assert model.output_shape == (None, side, 2 * side)
        assert model.predict(np.ones((1, side, side), "float32"), verbose=0).shape == (1, side, 2 * side)
