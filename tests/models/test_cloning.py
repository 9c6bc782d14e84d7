"""`clone_model` with Keras's arguments, beside Keras's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError
from tinynet.models import clone_model

Made = tuple[Any, Any]  # a model and its clone


def chain(k: Any) -> Any:
    """A model that is a chain, of layers with and without weights."""
    return k.Sequential([
        k.Input((6,), name="six"), k.layers.Dense(4, activation="relu", name="first"),
        k.layers.Dropout(0.5, name="drop"), k.layers.Dense(3, name="last"),
    ])  # fmt: skip


def branches(k: Any) -> Any:
    """Two inputs, a shared layer, a function of the graph, a model within, a mask."""
    left, ids = k.Input((4,), name="left"), k.Input((5,), dtype="int32", name="ids")
    words = k.layers.LSTM(4, name="lstm")(k.layers.Embedding(9, 3, mask_zero=True, name="words")(ids))
    shared = k.layers.Dense(4, name="shared")
    inner_in = k.Input((4,), name="inner_in")
    inner = k.Model(inner_in, k.layers.Dense(2, name="deep")(inner_in), name="inner")
    both = shared(left) + shared(words) * 2.0
    return k.Model({"left": left, "ids": ids}, [inner(both), k.layers.Dense(1, name="score")(both)], name="outer")


def plain(k: Any) -> Made:
    model = branches(k)
    return model, k.models.clone_model(model)


def plain_chain(k: Any) -> Made:
    model = chain(k)
    return model, k.models.clone_model(model)


def wider(k: Any) -> Made:
    """Every Dense has two units more, at the end of the chain alone."""
    model = chain(k)

    def function(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name == "last":
            config["units"] += 2
        return layer.__class__.from_config(config)

    return model, k.models.clone_model(model, clone_function=function)


def same_layers(k: Any) -> Made:
    model = chain(k)
    return model, k.models.clone_model(model, clone_function=lambda layer: layer)


def other_activation(k: Any) -> Made:
    model = branches(k)

    def function(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, k.layers.Dense):
            config["activation"] = "tanh"
        return layer.__class__.from_config(config)

    return model, k.models.clone_model(model, clone_function=function, recursive=True)


def more_layers(k: Any) -> Made:
    """A layer after each Dense, in the model within as well."""
    model = branches(k)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        result = layer(*args, **kwargs)
        if layer.name not in ("deep", "score"):
            return result
        return k.layers.LeakyReLU(0.3, name=f"after_{layer.name}")(result)

    return model, k.models.clone_model(model, call_function=call, recursive=True)


def other_inputs(k: Any) -> Made:
    model = branches(k)
    tensors = {"left": k.Input((4,), name="left"), "ids": k.Input((5,), dtype="int32", name="ids")}
    return model, k.models.clone_model(model, input_tensors=tensors)


def other_input(k: Any) -> Made:
    model = chain(k)
    return model, k.models.clone_model(model, input_tensors=k.Input((6,), name="sechs"))


PROGRAMS = (plain, plain_chain, wider, same_layers, other_activation, more_layers, other_inputs, other_input)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_clone_is_made_as_keras_makes_it(program: Callable[[Any], Made]) -> None:
    (model, ours), (_, theirs) = program(tinynet), program(keras)
    assert [layer.name for layer in ours.layers] == [
        layer.name for layer in theirs.layers if isinstance(layer, keras.layers.Layer)
    ]
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    generator = np.random.default_rng(1)
    x: Any = generator.normal(size=(7, 6)).astype("float32")
    if len(ours.inputs) > 1:
        ids = generator.integers(0, 9, (7, 5)).astype("int32")
        ids[::2, 3:] = 0
        x = {"left": x[:, :4], "ids": ids}
    for one, other in zip(_flat(ours.predict(x, verbose=0)), _flat(theirs.predict(x, verbose=0)), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    shared = {id(w) for w in model.weights} & {id(w) for w in ours.weights}
    assert bool(shared) == (program is same_layers)


def _flat(results: Any) -> list[Any]:
    return results if isinstance(results, list) else [results]


def test_a_clone_is_compiled_as_its_model_and_trains_apart_from_it() -> None:
    def loss(y_true: Any, y_pred: Any) -> Any:  # a function that no file could name
        return (y_true - y_pred) ** 2

    x, y = np.ones((8, 6), "float32"), np.zeros((8, 3), "float32")
    model = chain(tinynet)
    model.compile(tinynet.optimizers.Adam(0.25), loss, metrics=["mae", tinynet.metrics.MeanSquaredError(name="far")])
    model.fit(x, y, verbose=0)
    clone = clone_model(model)
    assert clone.compiled and clone.loss is loss and clone.optimizer is not model.optimizer
    assert (clone.optimizer.get_config(), int(clone.optimizer.iterations)) == (model.optimizer.get_config(), 0)
    before = model.get_weights()
    assert clone.fit(x, y, verbose=0).history.keys() == {"far", "loss", "mae"}
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not clone_model(chain(tinynet)).compiled


class Own(tinynet.Model):
    """A model that says itself how it is made."""

    def __init__(self, units: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def test_a_model_of_ones_own_is_cloned_by_its_configuration_alone() -> None:
    clone = clone_model(Own(5, name="own"))
    assert (type(clone), clone.units, clone.name) == (Own, 5, "own")  # type: ignore[attr-defined]
    with pytest.raises(ArgumentError, match="Own 'own' is a class of its own, so clone_function"):
        clone_model(Own(name="own"), clone_function=lambda layer: layer)


def test_a_layer_of_ones_own_need_not_be_registered() -> None:
    class Twice(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    model = tinynet.Sequential([tinynet.Input((2,)), Twice()])
    np.testing.assert_array_equal(clone_model(model).predict(np.ones((1, 2)), verbose=0), [[2, 2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clone_function": 3}, "expected clone_function to be a function, received 3"),
        ({"call_function": "x"}, "expected call_function to be a function, received 'x'"),
        ({"call_function": lambda *_: 0}, "'sequential.*' calls its layers itself, so there is no call_function"),
        ({"recursive": 1}, "expected recursive to be True or False, received 1"),
        ({"clone_function": lambda layer: None}, "gave None for Dense 'first', which is no layer"),
        ({"input_tensors": 5}, "expected input_tensors from Input"),
        ({"input_tensors": []}, "takes one tensor from Input"),
    ],
)  # fmt: skip
def test_what_cannot_be_cloned_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        clone_model(chain(tinynet), **arguments)


def test_what_cannot_be_a_functional_models_clone_is_refused() -> None:
    with pytest.raises(ArgumentError, match="structured as the inputs of Functional 'outer'"):
        clone_model(branches(tinynet), input_tensors=[tinynet.Input((4,)), tinynet.Input((5,))])
    with pytest.raises(ArgumentError, match="call_function gave None"):
        clone_model(branches(tinynet), call_function=lambda *args, **kwargs: None)
    with pytest.raises(ArgumentError, match="expected a model, received 3"):
        clone_model(3)  # type: ignore[arg-type]
