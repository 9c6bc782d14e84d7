"""Convolution and pooling of tinynet.ops against Keras: values, and derivatives where TensorFlow has them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import SEEDS, agree, filled

from tinynet import Tensor, ops
from tinynet.errors import ArgumentError, ShapeError


@st.composite
def settings(draw: Any, rank: int, strides: bool = True, dilation: bool = True) -> dict[str, Any]:
    """Strides or dilation (TensorFlow has not both), padding, data format; ints or one for each axis."""
    found: dict[str, Any] = {"padding": draw(st.sampled_from(["valid", "same", "SAME"]))}
    number = st.integers(1, 3)
    size = st.one_of(number, st.tuples(*[number] * rank))
    chosen = draw(st.sampled_from(["strides"] * strides + ["dilation_rate"] * dilation + ["neither"]))
    if chosen != "neither":
        found[chosen] = draw(size)
    return found


@st.composite
def spatial_input(draw: Any, rank: int, channels: int) -> np.ndarray:
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(5, 8)) for _ in range(rank)), channels)
    return filled(shape, draw(SEEDS))


@st.composite
def convolutions(draw: Any) -> Any:
    rank = draw(st.integers(1, 3))
    groups, inner, filters = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    x = draw(spatial_input(rank, groups * inner))
    window = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    return x, filled((*window, inner, filters * groups), draw(SEEDS)), draw(settings(rank))


@given(convolutions())
def test_conv_is_that_of_keras(drawn):
    x, kernel, kwargs = drawn
    compared("conv", [x, kernel], kwargs)


@given(convolutions())
def test_channels_first_is_the_same_with_axes_moved(drawn):
    x, kernel, kwargs = drawn
    moved = ops.conv(np.moveaxis(x, -1, 1), kernel, data_format="channels_first", **kwargs)
    np.testing.assert_array_equal(np.moveaxis(moved.numpy(), 1, -1), ops.conv(x, kernel, **kwargs).numpy())


@given(st.data())
def test_causal_conv_is_conv_of_the_padded_sequence(data):
    x = data.draw(spatial_input(1, 2))
    window, dilation = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    kernel = filled((window, 2, 3), data.draw(SEEDS))
    padded = np.pad(x, ((0, 0), ((window - 1) * dilation, 0), (0, 0)))
    agree(
        ops.conv(x, kernel, padding="causal", dilation_rate=dilation),
        keras.ops.conv(padded, kernel, dilation_rate=dilation),
        "conv",
    )


@given(st.data())
def test_depthwise_conv_is_that_of_keras(data):
    rank = data.draw(st.integers(1, 2))
    channels, multiplier = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    x = data.draw(spatial_input(rank, channels))
    kernel = filled(
        (*(data.draw(st.integers(1, 3)) for _ in range(rank)), channels, multiplier), data.draw(SEEDS)
    )
    kwargs = data.draw(settings(rank, strides=False))
    if "dilation_rate" not in kwargs:
        kwargs["strides"] = data.draw(st.integers(1, 2))
    compared("depthwise_conv", [x, kernel], kwargs)


@given(st.data())
def test_separable_conv_is_that_of_keras(data):
    rank = data.draw(st.integers(1, 2))
    channels, multiplier, filters = (data.draw(st.integers(1, 3)) for _ in range(3))
    x = data.draw(spatial_input(rank, channels))
    depthwise = filled(
        (*(data.draw(st.integers(1, 3)) for _ in range(rank)), channels, multiplier), data.draw(SEEDS)
    )
    pointwise = filled((*(1,) * rank, channels * multiplier, filters), data.draw(SEEDS))
    kwargs = {
        "padding": data.draw(st.sampled_from(["valid", "same"])),
        "strides": data.draw(st.integers(1, 2)),
    }
    compared("separable_conv", [x, depthwise, pointwise], kwargs)


@given(st.data())
def test_conv_transpose_is_that_of_keras(data):
    rank = data.draw(st.integers(1, 2))
    channels, filters, strides = (data.draw(st.integers(1, 3)) for _ in range(3))
    x = data.draw(spatial_input(rank, channels))
    kernel = filled(
        (*(data.draw(st.integers(1, 4)) for _ in range(rank)), filters, channels), data.draw(SEEDS)
    )
    kwargs: dict[str, Any] = {"padding": data.draw(st.sampled_from(["valid", "same"])), "strides": strides}
    if strides == 1:
        kwargs["dilation_rate"] = data.draw(st.integers(1, 2))
    kwargs["output_padding"] = data.draw(st.one_of(st.none(), st.integers(0, strides - 1)))
    try:
        expected = keras.ops.conv_transpose(x, kernel, **kwargs)
    except (tf.errors.InvalidArgumentError, ValueError):
        # TensorFlow has no such output either where the sizes do not come back.
        with pytest.raises(ArgumentError, match="Choose another output_padding"):
            ops.conv_transpose(x, kernel, **kwargs)
        return
    agree(ops.conv_transpose(x, kernel, **kwargs), expected, "conv_transpose")


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
def test_pooling_is_that_of_keras(name):
    @given(st.data())
    def compare(data):
        rank = data.draw(st.integers(1, 3))
        x = data.draw(spatial_input(rank, 2))
        number = st.integers(1, 3)
        size = st.one_of(number, st.tuples(*[number] * rank))
        kwargs = {"pool_size": data.draw(size), "padding": data.draw(st.sampled_from(["valid", "same"]))}
        if data.draw(st.booleans()):
            kwargs["strides"] = data.draw(size)
        if data.draw(st.booleans()):
            x, kwargs["data_format"] = np.moveaxis(x, -1, 1).copy(), "channels_first"
        compared(name, [x], kwargs)

    compare()


def test_first_of_equal_values_gets_the_gradient_of_max_pool():
    x = np.array([[[2.0], [2.0], [1.0], [3.0], [3.0]]], "float32")
    leaf = Tensor(x, requires_grad=True)
    ops.max_pool(leaf, 2, 1).sum().backward()
    with tf.GradientTape() as tape:
        watched = tf.Variable(x)
        loss = tf.reduce_sum(keras.ops.max_pool(watched, 2, 1))
    agree(leaf.grad, tape.gradient(loss, watched), "max_pool")


def compared(name: str, arrays: list[np.ndarray], kwargs: dict[str, Any]) -> None:
    """The value, and the derivative by every input in float64, of an operation and Keras's."""
    value = getattr(keras.ops, name)(*arrays, **kwargs)
    agree(getattr(ops, name)(*arrays, **kwargs), value, name)
    wide = [a.astype(np.float64) for a in arrays]
    weights = np.cos(np.arange(int(np.prod(value.shape)), dtype=np.float64)).reshape(value.shape)
    variables = [tf.Variable(a) for a in wide]
    try:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(getattr(keras.ops, name)(*variables, **kwargs) * weights)
        expected = tape.gradient(loss, variables)
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError, tf.errors.OpError):
        # Dilated and three-dimensional kernels have no derivative on the processor.
        assume(False)
    leaves = [Tensor(a, requires_grad=True) for a in wide]
    (getattr(ops, name)(*leaves, **kwargs) * weights).sum().backward()
    for i, (leaf, gradient) in enumerate(zip(leaves, expected, strict=True)):
        agree(leaf.grad, tf.convert_to_tensor(gradient), f"{name}, gradient {i}")


IMAGE, KERNEL = np.zeros((2, 5, 5, 4), "float32"), np.zeros((3, 3, 4, 6), "float32")


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"padding": "full"}, ArgumentError, "conv: padding must be one of 'valid', 'same', received 'full'"),
        (
            {"padding": "causal"},
            ArgumentError,
            "conv: padding must be one of 'valid', 'same', received 'causal'",
        ),
        ({"padding": 1}, ArgumentError, "conv: padding must be one of 'valid', 'same', received 1"),
        ({"strides": 0}, ArgumentError, "conv: strides must be positive integers, received 0"),
        (
            {"strides": (1, 2, 1)},
            ArgumentError,
            r"conv: strides must be an integer or 2 integers, received \(1, 2, 1\)",
        ),
        ({"strides": 1.5}, ArgumentError, "conv: strides must be an integer or 2 integers, received 1.5"),
        (
            {"dilation_rate": True},
            ArgumentError,
            "conv: dilation_rate must be positive integers, received True",
        ),
        (
            {"data_format": "NHWC"},
            ArgumentError,
            "conv: data_format must be 'channels_last' or 'channels_first'",
        ),
        (
            {"kernel": np.zeros((3, 4, 6))},
            ShapeError,
            r"conv: expected a kernel of shape \(\*window, channels, filters\)",
        ),
        (
            {"kernel": np.zeros((3, 3, 3, 6))},
            ShapeError,
            "conv: inputs with 4 channels do not fit a kernel of shape",
        ),
        ({"kernel": np.zeros((3, 3, 2, 5))}, ShapeError, "must be multiples of the number of groups"),
        ({"kernel": np.zeros((6, 6, 4, 5))}, ShapeError, "a window of 6 .* does not fit into 5 elements"),
        ({"inputs": np.zeros((2, 5))}, ShapeError, r"conv: expected inputs of shape \(N, \*spatial, C\)"),
    ],
)
def test_conv_refuses(kwargs, error, message):
    with pytest.raises(error, match=message):
        ops.conv(**{"inputs": IMAGE, "kernel": KERNEL, **kwargs})


def test_other_convolutions_refuse():
    with pytest.raises(
        ShapeError, match="depthwise_conv: inputs with 4 channels do not fit a kernel .* for 3"
    ):
        ops.depthwise_conv(IMAGE, np.zeros((3, 3, 3, 1)))
    with pytest.raises(ShapeError, match=r"depthwise_conv: expected a kernel of shape \(\*window, channels"):
        ops.depthwise_conv(IMAGE, np.zeros((3, 3)))
    with pytest.raises(
        ShapeError, match=r"conv_transpose: expected a kernel of shape \(\*window, filters, 4\)"
    ):
        ops.conv_transpose(IMAGE, KERNEL)
    transposed = np.zeros((3, 3, 6, 4))
    with pytest.raises(
        ArgumentError, match="output_padding must be at least 0 and below the stride 2, received 2"
    ):
        ops.conv_transpose(IMAGE, transposed, strides=2, output_padding=2)
    with pytest.raises(ArgumentError, match="output_padding must be an integer or 2 integers"):
        ops.conv_transpose(IMAGE, transposed, strides=2, output_padding=(1, 1, 1))


def test_pooling_refuses():
    with pytest.raises(ArgumentError, match="max_pool: pool_size must be positive integers, received 0"):
        ops.max_pool(IMAGE, 0)
    with pytest.raises(
        ArgumentError, match="average_pool: padding must be one of 'valid', 'same', received 'causal'"
    ):
        ops.average_pool(IMAGE, 2, padding="causal")
    with pytest.raises(ShapeError, match="a window of 7 .* does not fit into 5 elements"):
        ops.max_pool(IMAGE, 7)
    with pytest.raises(ShapeError, match=r"max_pool: expected inputs of shape \(N, C, \*spatial\)"):
        ops.max_pool(np.zeros((2, 3)), 2, data_format="channels_first")
