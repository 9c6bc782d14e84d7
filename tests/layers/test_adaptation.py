"""`Normalization.adapt` against Keras: from arrays, tensors and batches, for any axes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import assert_close
from layer_cases import flags, numbers, shapes

import tinynet
from tinynet import Tensor, layers

FORMS = ["array", "tensor", "batches", "pairs", "generator"]


def given_as(form: str, data: np.ndarray, library: Any) -> Any:
    """The data as `adapt` may be given them."""
    if form == "array":
        return data
    if form == "tensor":
        return Tensor(data) if library is layers else keras.ops.convert_to_tensor(data)
    batches = [data[start : start + 2] for start in range(0, len(data), 2)]
    if form == "pairs":
        return [(batch, np.zeros(len(batch))) for batch in batches]
    return iter(batches) if form == "generator" else batches


@st.composite
def adapted(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any], str]:
    shape = shapes(draw, 2, 4)
    rank = len(shape)
    several = st.lists(st.integers(1, rank - 1), min_size=1, unique=True).map(tuple)
    axis = draw(st.one_of(st.just(-1), st.just(None), several))
    data = numbers(draw, (shape[0] + 1, *shape[1:]), -3, 9)
    return data, {"axis": axis, "invert": draw(flags)}, draw(st.sampled_from(FORMS))


@given(drawn=adapted(), twice=flags)
def test_adapted_as_by_keras(drawn: tuple[np.ndarray, dict[str, Any], str], twice: bool) -> None:
    data, arguments, form = drawn
    ours, theirs = layers.Normalization(**arguments), keras.layers.Normalization(**arguments)
    for _ in range(1 + twice):
        ours.adapt(given_as(form, data, layers))
        theirs.adapt(given_as(form, data, keras.layers))
        data = data * 2 - 1
    *own, count = ours.get_weights()
    *expected, known = theirs.get_weights()
    for moment, theirs_moment in zip(own, expected, strict=True):
        assert_close(moment, theirs_moment)
    assert count == known == 0
    for name in ("mean", "variance"):
        assert_close(getattr(ours, name).numpy(), getattr(theirs, name).numpy(), name)
    assert_close(ours(data).numpy(), theirs(data).numpy())


@given(drawn=adapted())
def test_there_and_back(drawn: tuple[np.ndarray, dict[str, Any], str]) -> None:
    data, arguments, _ = drawn
    there, back = (layers.Normalization(arguments["axis"], invert=way, dtype="float64") for way in (False, True))
    there.adapt(data)
    back.adapt(data)
    spread = there.variance.numpy() > 1e-6
    found = back(there(data)).numpy()
    np.testing.assert_allclose(found, np.where(spread, data, found), rtol=1e-9, atol=1e-9)


def test_many_batches_and_one_array_agree_where_the_mean_is_large() -> None:
    data = np.random.default_rng(0).normal(1000.0, 0.1, (500, 2)).astype("float32")
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(data)
    parts.adapt(np.array_split(data, 7))
    assert_close(parts.variance.numpy(), whole.variance.numpy(), tolerance=1e-6)
    assert_close(whole.variance.numpy()[0], data.astype("float64").var(axis=0).astype("float32"), tolerance=1e-6)


def test_integers_and_constants() -> None:
    data = np.array([[1, 7], [3, 7]], "int64")
    ours, theirs = layers.Normalization(), keras.layers.Normalization()
    ours.adapt(data)
    theirs.adapt(data)
    assert_close(ours(data).numpy(), theirs(data).numpy())


def test_a_model_computes_with_what_its_layer_was_adapted_to() -> None:
    data = np.random.default_rng(0).normal(3.0, 2.0, (40, 3)).astype("float32")
    layer = layers.Normalization()
    model = tinynet.Sequential([tinynet.Input((3,)), layer])
    layer.adapt(data)
    found = model.predict(data)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0), 1, rtol=1e-5)
    assert not model.trainable_weights and model.count_params() == 7


@pytest.mark.parametrize("library", [layers, keras.layers], ids=["tinynet", "keras"])
def test_vectors_without_an_axis_of_features(library: Any) -> None:
    layer = library.Normalization(axis=None)
    layer.adapt(np.array([1.0, 2.0, 3.0, 4.0, 5.0], "float32"))
    found = np.asarray(layer(np.array([1.0, 3.0], "float32")))
    np.testing.assert_allclose(found, [-(2**0.5), 0.0], rtol=1e-6)
