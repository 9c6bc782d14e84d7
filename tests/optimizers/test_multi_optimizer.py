"""`MultiOptimizer`: training, files and callbacks beside Keras's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet.errors import ArgumentError, SeveralRatesError
from tinynet.optimizers import SGD, Adam, MultiOptimizer, OptimizerMap
from tinynet.optimizers.multi_optimizer import _matches

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X @ np.arange(4, dtype="float32")[:, None]


def model_of(library: Any, scale: float | None = None) -> Any:
    optimizers = library.optimizers
    model = library.Sequential(
        [
            library.layers.Input((4,)),
            library.layers.Dense(3, activation="tanh", kernel_initializer="ones", name="first"),
            library.layers.Dense(2, activation="tanh", kernel_initializer="ones", name="second"),
            library.layers.Dense(1, kernel_initializer="ones", name="third"),
        ],
        name="net",
    )
    chosen = optimizers.OptimizerMap(
        optimizers.SGD(0.05, momentum=0.5, name="rest"),
        {".*first/.*": optimizers.Adam(0.01, name="of_first"), "net/second/kernel": optimizers.RMSprop(0.02, name="kernels")},
    )
    model.compile(optimizers.MultiOptimizer(chosen, loss_scale_factor=scale), "mse")
    return model


def close(ours: Any, theirs: Any) -> None:
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


def test_training_follows_keras_and_goes_on_from_files(tmp_path: Path) -> None:
    ours, theirs = model_of(tinynet, 8.0), model_of(keras, 8.0)
    for library, model in ((tinynet, ours), (keras, theirs)):
        halve = library.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        history = model.fit(X, Y, epochs=2, shuffle=False, verbose=0, callbacks=[halve]).history
        for name, rate in (("of_first", 0.01), ("kernels", 0.02), ("rest", 0.05)):
            np.testing.assert_allclose(history[f"learning_rate_{name}"], [rate / 2, rate / 4], rtol=1e-6)
    close(ours, theirs)
    assert [int(np.asarray(part.iterations)) for part in ours.optimizer.optimizers] == [2, 2, 2]
    files = [tmp_path / "ours.keras", tmp_path / "theirs.keras"]
    for model, file in zip((ours, theirs), files, strict=True):
        model.save(file)
    theirs.fit(X, Y, shuffle=False, verbose=0)
    for file in files:
        again = tinynet.saving.load_model(file)
        assert again.optimizer.iterations.item() == 2
        again.fit(X, Y, shuffle=False, verbose=0)
        close(again, theirs)


def test_a_function_chooses() -> None:
    one, other = SGD(0.5), Adam()
    optimizer = MultiOptimizer(lambda variable: one if variable.name == "kernel" else other)
    variables = [tinynet.Variable([1.0], name="kernel"), tinynet.Variable([1.0], name="bias")]
    optimizer.apply([[1.0], [1.0]], variables)
    assert optimizer.optimizers == [one, other]
    assert variables[0].item() == 0.5 and abs(variables[1].item() - 0.999) < 1e-6


def test_the_averages_of_a_part_are_evaluated() -> None:
    model = model_of(tinynet)
    averaged = SGD(0.05, use_ema=True, ema_momentum=0.5)
    model.compile(MultiOptimizer(OptimizerMap(SGD(0.05), {".*third/.*": averaged})), "mse")
    swap = tinynet.callbacks.SwapEMAWeights()
    model.train_on_batch(X, Y)
    model.train_on_batch(X, Y)
    before = model.get_weights()
    swap.set_model(model)
    swap.on_test_begin()
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, False, False, True, True]
    swap.on_test_end()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@given(st.text("ab/", max_size=8), st.lists(st.sampled_from(["a", "b", "/", ".*"]), max_size=7).map("".join))
def test_paths_match_as_regular_expressions(path: str, pattern: str) -> None:
    assert _matches(pattern, path) == (re.fullmatch(pattern, path) is not None)


def test_expressions_that_could_take_forever_do_not() -> None:
    assert not _matches("a" + ".*a" * 40 + "b", "a" * 4000)
    config = {"class_name": "OptimizerMap", "config": {
        "default_optimizer": {"class_name": "SGD", "config": {}},
        "optimizer_map": {"(a+)+b": {"class_name": "SGD", "config": {}}},
    }}  # fmt: skip
    with pytest.raises(ArgumentError, match=r"'\(a\+\)\+b' is no path with .\* in it, and no other is read from a file"):
        MultiOptimizer.from_config({"optimizer_map": config})


MAP = OptimizerMap(SGD())


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: OptimizerMap("sgd"), "expected an optimizer as the default, received 'sgd'"),
        (lambda: OptimizerMap(SGD(), [1]), r"expected a dict from paths to optimizers, received \[1\]"),
        (lambda: OptimizerMap(SGD(), {"a": "adam"}), "'a': expected an optimizer, and none of several, received 'adam'"),
        (lambda: OptimizerMap(SGD(), {"a": MultiOptimizer(MAP)}), "expected an optimizer, and none of several"),
        (lambda: OptimizerMap(SGD(), {"(": SGD()}), r"'\(' is no regular expression"),
        (lambda: OptimizerMap(SGD(), {"a.*": SGD(), ".*b": SGD()})["ab"], "'a.*', '.*b' match 'ab'; one may"),
        (lambda: MultiOptimizer(3), "expected an OptimizerMap or a function of a variable, received 3"),
        (lambda: MultiOptimizer(lambda v: None).build([tinynet.Variable([1.0])]), "expected an optimizer.* received None"),
        (lambda: MultiOptimizer.from_config({"optimizer_map": {"class_name": "function", "config": "evil"}}), "registered function"),
        (lambda: tinynet.optimizers.get("multioptimizer"), "unknown optimizer 'multioptimizer'"),
    ],
)
def test_refused(action: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        action()


def test_it_has_no_learning_rate_of_its_own() -> None:
    optimizer = MultiOptimizer(MAP)
    assert not hasattr(optimizer, "learning_rate")
    with pytest.raises(SeveralRatesError, match="one by one"):
        optimizer.learning_rate = 0.1


def test_a_step_on_values_changes_nothing() -> None:
    for make in (lambda: Adam(0.1), lambda: MultiOptimizer(OptimizerMap(Adam(0.1), {"b": SGD(0.5, momentum=0.5)}))):
        one, other = ([tinynet.Variable([1.0, 2.0], name=name) for name in "ab"] for _ in range(2))
        stateless, optimizer = make(), make()
        stateless.build(one)
        values, state = [v.numpy() for v in one], [v.numpy() for v in stateless.variables]
        for step in (1.0, -3.0):
            grads = [[step, 1.0], [2.0, step]]
            optimizer.apply(grads, other)
            values, state = stateless.stateless_apply(state, grads, values)
        for found, expected in zip((*values, *state), (*other, *optimizer.variables), strict=True):
            np.testing.assert_array_equal(found, expected)
        assert all(v.tolist() == [1.0, 2.0] for v in one) and stateless.iterations.item() == 0
        with pytest.raises(ArgumentError, match="stateless_apply: expected 2 values, received 1"):
            stateless.stateless_apply(state, grads, values[:1])
