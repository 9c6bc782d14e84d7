"""EinsumDense where the walkers do not reach: its first weights, what it equals, axes it works out."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tinynet import layers


@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_uniform", "lecun_uniform"])
@pytest.mark.parametrize("equation", ["abc,cde->abde", "abc,dec->abde"])
def test_the_limits_of_the_first_weights_are_kerass(initializer: str, equation: str) -> None:
    largest = []
    for library in (layers, keras.layers):
        layer = library.EinsumDense(equation, (None, 20, 30), kernel_initializer=initializer)
        layer.build((2, 3, 40))
        largest.append(np.abs(np.asarray(layer.kernel)).max())
    assert abs(largest[0] / largest[1] - 1) < 0.01
    fan_in, fan_out = 40, 600
    squares = {"glorot_uniform": 6 / (fan_in + fan_out), "he_uniform": 6 / fan_in, "lecun_uniform": 3 / fan_in}
    assert 0.99 < largest[0] / squares[initializer] ** 0.5 <= 1


def test_it_can_be_a_dense_layer() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    dense, other = layers.Dense(4, activation="tanh"), layers.EinsumDense("ab,bc->ac", 4, "tanh", bias_axes="c")
    dense(x), other(x)
    other.set_weights(dense.get_weights())
    np.testing.assert_allclose(other(x).numpy(), dense(x).numpy(), rtol=1e-6)


def test_a_kernel_over_an_axis_that_stays() -> None:
    # Keras wants the size in output_shape; here the inputs tell it.
    layer = layers.EinsumDense("abc,bcd->abd", (None, 2))
    assert layer.compute_output_shape((None, 3, 5)) == (None, 3, 2)
    assert layer(np.ones((4, 3, 5), "float32")).shape == (4, 3, 2)
    assert layer.kernel.shape == (3, 5, 2)


def test_the_axes_of_an_ellipsis_stay_in_order() -> None:
    # Keras's own rule turns them round.
    layer = layers.EinsumDense("...x,xy->...y", 6)
    assert layer.compute_output_shape((None, 2, 3, 4, 5)) == (None, 2, 3, 4, 6)
    assert layer(np.ones((1, 2, 3, 4, 5), "float32")).shape == (1, 2, 3, 4, 6)
    assert keras.layers.EinsumDense("...x,xy->...y", 6).compute_output_shape((None, 2, 3, 4, 5)) == (None, 4, 3, 2, 6)
