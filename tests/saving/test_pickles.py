"""Models in pickles, and deep copies of them: all that a file keeps, classes of one's own, and the next draws."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, seeds
from tinynet.errors import ArgumentError

X = np.random.default_rng(0).random((20, 4), np.float32)


class Scaled(layers.Layer):
    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


class Own(tinynet.Model):
    def __init__(self, units: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense, self.dropout = layers.Dense(units), layers.Dropout(0.5)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.dropout(self.dense(inputs), training=training)


@tinynet.saving.register_keras_serializable("pickles")
def doubled(x: Any) -> Any:
    return x * 2


def halved(x: Any) -> Any:
    return x / 2


def difference(y_true: Any, y_pred: Any) -> Any:
    return (y_true - y_pred) ** 2


def sequential() -> tinynet.Model:
    return tinynet.Sequential([
        layers.Input((4,)), Scaled(3.0), layers.Dense(3, activation=doubled), layers.Dense(3, activation=halved),
        layers.Lambda(halved), layers.Dropout(0.5),
    ])  # fmt: skip


def functional() -> tinynet.Model:
    inputs = layers.Input((4,))
    return tinynet.Model(inputs, Scaled()(layers.Dense(3)(inputs)) + 1)


def deferred() -> tinynet.Model:
    return tinynet.Sequential([layers.Dense(3)])


@pytest.mark.parametrize("build", [sequential, functional, Own, deferred])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_goes_on_as_the_model_does(build: Callable[[], Any], copied: Callable[[Any], Any]) -> None:
    model = build()
    assert not copied(model).compiled
    model.compile("adam", difference, metrics=[difference, "mae"])
    assert copied(model).compiled
    model.fit(X, X[:, :3], verbose=0)
    before = seeds.get_state()
    other = copied(model)
    np.testing.assert_equal(seeds.get_state(), before)
    assert type(other) is type(model) and other.optimizer is not model.optimizer
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    expected = model.fit(X, X[:, :3], epochs=2, verbose=0).history
    seeds.set_state(before)
    assert other.fit(X, X[:, :3], epochs=2, verbose=0).history == expected
    for one, two in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_vocabulary_goes_along() -> None:
    vectorizer = layers.TextVectorization(output_mode="multi_hot", vocabulary=["satu", "dua"])
    model = tinynet.Sequential([layers.Input((1,), dtype="string"), vectorizer, layers.Dense(2)])
    texts = np.array([["satu tiga"], ["dua"]])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(texts), model.predict(texts))


def test_what_a_pickle_cannot_hold_is_told() -> None:
    class Scaled(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    own = globals()["Scaled"]
    with pytest.raises(ArgumentError, match="have one name, 'Scaled'"):
        pickle.dumps(tinynet.Sequential([layers.Input((4,)), Scaled(), own()]))
    with pytest.raises((AttributeError, pickle.PicklingError), match="Scaled"):
        pickle.dumps(tinynet.Sequential([layers.Input((4,)), Scaled()]))
    with pytest.raises(ArgumentError, match="is a lambda"):
        pickle.dumps(tinynet.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x)]))
