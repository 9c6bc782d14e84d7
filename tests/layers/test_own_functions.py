"""`Lambda`: a function as a layer, and `InputSpec`: what a layer of one's own takes. Beside Keras's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet import layers
from tinynet.autograd.tags import mask_of
from tinynet.errors import ArgumentError, DtypeError, FileFormatError, TinynetError
from tinynet.layers import InputSpec, Lambda
from tinynet.saving import register_keras_serializable

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@register_keras_serializable("shop")
def shifted(x: Any, by: Any = 1.0, training: bool = False) -> Any:
    return x * 2 if training else x + by


@keras.saving.register_keras_serializable("shop", "shifted")
def shifted_in_keras(x: Any, by: Any = 1.0, training: bool = False) -> Any:
    return x * 2 if training else x + keras.ops.cast(by, x.dtype)


def model_of(library: Any, function: Any, **settings: Any) -> Any:
    return library.Sequential([library.layers.Input((3,)), library.layers.Lambda(function, **settings)])


def test_functions_of_any_kind() -> None:
    x = layers.Input((3,))
    doubled = Lambda(lambda x: tinynet.ops.concatenate([x, x], axis=-1))
    model = tinynet.Model(x, Lambda(lambda pair: pair[0] * pair[1])([x, Lambda(tinynet.ops.square)(x)]))
    np.testing.assert_allclose(model(X).numpy(), X**3, rtol=1e-6)
    assert doubled(x).shape == doubled.compute_output_shape((None, 3)) == (None, 6)
    assert Lambda(lambda x: x, output_shape=(7, 2)).compute_output_shape((5, 3)) == (5, 7, 2)
    assert Lambda(lambda x: x, output_shape=lambda shape: shape[:1]).compute_output_shape((5, 3)) == (5,)


def test_training_arguments_and_masks_are_handed_on() -> None:
    layer = Lambda(shifted, arguments={"by": 3.0})
    np.testing.assert_array_equal(layer(X).numpy(), X + 3)
    np.testing.assert_array_equal(layer(X, training=True).numpy(), X * 2)
    steps = layers.Masking()(np.concatenate([np.ones((1, 2, 3)), np.zeros((1, 1, 3))], axis=1).astype("float32"))
    masked = Lambda(lambda x, mask: x * np.asarray(mask)[..., None].astype("float32"), mask=lambda x, mask: mask)
    result = masked(steps)
    np.testing.assert_array_equal(result.numpy()[0, :, 0], [1, 1, 0])
    np.testing.assert_array_equal(mask_of(result), [[True, True, False]])


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_registered_function_goes_both_ways(ending: str, tmp_path: Path) -> None:
    ours = model_of(tinynet, shifted, arguments={"by": np.array([1.0, 2.0, 3.0])})
    theirs = model_of(keras, shifted_in_keras, arguments={"by": np.array([1.0, 2.0, 3.0])})
    for model, load in ((ours, keras.saving.load_model), (theirs, tinynet.saving.load_model), (ours, tinynet.saving.load_model)):
        model.save(tmp_path / f"model.{ending}")
        loaded = load(tmp_path / f"model.{ending}")
        np.testing.assert_allclose(np.asarray(loaded(X)), X + np.array([1.0, 2.0, 3.0]), rtol=1e-6)


def test_no_file_holds_the_code(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="function is a lambda, whose code no file may hold; define it with def"):
        model_of(tinynet, lambda x: x).save(tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()
    model_of(keras, lambda x: x).save(tmp_path / "model.keras")
    with pytest.raises(FileFormatError, match="layer 'Lambda' holds code, which is never run"):
        tinynet.saving.load_model(tmp_path / "model.keras")


@pytest.mark.parametrize(
    "function",
    [
        None, "os.system", ["4wAAAAA=", None, None], {"class_name": "__lambda__", "config": {"code": "4wAA"}},
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "os", "class_name": "function", "config": "relu", "registered_name": "relu"}, 3,
    ],
)  # fmt: skip
def test_functions_that_nobody_registered(function: Any) -> None:
    with pytest.raises(ArgumentError, match="layer 'Lambda' holds code, which is never run"):
        Lambda.from_config({"function": function})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lambda("relu"), "expected a function, received 'relu'"),
        (lambda: Lambda(shifted, arguments=[1]), r"expected arguments in a dict by name, received \[1\]"),
        (lambda: Lambda(shifted, output_shape=3), "expected output_shape to be a shape or a function, received 3"),
        (lambda: InputSpec(axes=[1]), r"expected axes to be a dict .* received \[1\]"),
        (lambda: InputSpec(ndim=2, axes={2: 1}), "axis 2 is not among the 2 axes there may be"),
        (lambda: InputSpec(ndim=-1), "expected ndim to be a whole number >= 0"),
    ],
)
def test_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


SIZES = st.none() | st.integers(1, 3)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "shape": st.lists(SIZES, max_size=3), "min_ndim": st.integers(0, 3), "max_ndim": st.integers(0, 3),
        "dtype": st.sampled_from(["float32", "int32"]), "allow_last_axis_squeeze": st.booleans(),
    },
) | st.fixed_dictionaries({"axes": st.dictionaries(st.sampled_from([0, 1, -1]), SIZES, max_size=2)}, optional={"min_ndim": st.just(2)})


@given(SPECS, st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=6))
def test_what_is_refused_is_what_keras_refuses(spec: dict[str, Any], shapes: list[list[int]]) -> None:
    ours, theirs = InputSpec(**spec), keras.InputSpec(**spec)
    for shape in shapes:
        if "axes" in spec and any(not -len(shape) <= axis < len(shape) for axis in spec["axes"]):
            continue  # where Keras fails with an IndexError
        squeezed = spec.get("allow_last_axis_squeeze") and "shape" in spec
        if squeezed and len([*shape][: -1 if shape[-1:] == [1] else None]) != len(spec["shape"][: -1 if spec["shape"][-1:] == [1] else None]):
            continue  # another number of axes, which Keras does not look at then
        accepted = []
        for check in (
            lambda: ours.check(np.zeros(shape, "float32"), "it"),
            lambda: keras.src.layers.input_spec.assert_input_compatibility(theirs, np.zeros(shape, "float32"), "it"),
        ):
            try:
                check()
                accepted.append(True)
            except (TinynetError, ValueError):
                accepted.append(False)
        assert accepted[0] == accepted[1], (spec, shape)


def test_a_layer_of_ones_own_says_what_it_takes() -> None:
    class Pair(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.input_spec = [InputSpec(ndim=2, axes={-1: 3}, name="a"), InputSpec(dtype="int32", optional=True, name="b")]

        def call(self, inputs: Any) -> Any:
            return inputs[0]

    pair = Pair()
    ids = np.zeros((4,), "int32")
    np.testing.assert_array_equal(pair([X, ids]).numpy(), X)
    for inputs, error, message in (
        ([X[:, :2], ids], TinynetError, r"'pair', input a: expected inputs with size 3 on axis -1, received shape \(4, 2\)"),
        ([X, X], DtypeError, "input b: expected inputs of dtype int32, received float32"),
        ([X], ArgumentError, "expected 2 inputs, received 1"),
    ):
        with pytest.raises(error, match=message):
            pair(inputs)
    with pytest.raises(TinynetError, match="size 3 on axis -1"):
        Pair()([layers.Input((5,)), layers.Input((), dtype="int32")])
    model = tinynet.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.input_spec = InputSpec(shape=(2, 3))
    with pytest.raises(TinynetError, match=r"expected inputs of shape \(2, 3\), received shape \(4, 3\)"):
        model(X)


def test_trying_a_layer_out_changes_nothing() -> None:
    class Counting(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.calls = self.add_weight((), "zeros", trainable=False)

        def build(self, input_shape: Any) -> None:
            self.start = self.add_weight((), "zeros", trainable=False)
            self.start.assign(5.0)

        def call(self, inputs: Any) -> Any:
            self.calls.assign_add(1)
            return inputs

    layer = Counting()
    model = tinynet.Sequential([layers.Input((3,)), layer])
    assert layer.calls.item() == 0 and layer.start.item() == 5
    model(X)
    assert layer.calls.item() == 1
