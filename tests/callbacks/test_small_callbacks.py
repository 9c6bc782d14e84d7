"""LambdaCallback, CallbackList and SwapEMAWeights beside Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from twins import KERAS, TINYNET, same_histories, same_weights, twins

import tinynet
from tinynet.callbacks import CallbackList, History, LambdaCallback, ProgbarLogger, SwapEMAWeights
from tinynet.errors import ArgumentError


def pair(**optimizer: Any) -> tuple[Any, Any]:
    build = lambda library: [library.layers.Input((4,)), library.layers.Dense(3)]  # noqa: E731
    return twins(build, optimizer=lambda library: library.optimizers.SGD(0.1, **optimizer), loss="mse")


def data() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(10, 4)).astype("float32"), generator.normal(size=(10, 3)).astype("float32")


def test_functions_as_hooks() -> None:
    seen: list[list[Any]] = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        log: list[Any] = []
        hooks = {
            "on_train_begin": lambda logs, log=log: log.append("train"),
            "on_epoch_begin": lambda epoch, logs, log=log: log.append(epoch),
            "on_epoch_end": lambda epoch, logs, log=log: log.append((epoch, sorted(logs))),
            "on_train_batch_begin": lambda batch, logs, log=log: log.append(("batch", batch)),
            "on_train_batch_end": lambda batch, logs, log=log: log.append((batch, sorted(logs))),
            "on_test_begin": lambda logs, log=log: log.append("test"),
            "on_train_end": lambda logs, log=log: log.append("end"),
        }
        callback = library.callbacks.LambdaCallback(**hooks, note=3)
        assert callback.note == 3
        model.fit(*data(), batch_size=6, epochs=2, verbose=0, validation_data=data(), callbacks=[callback])
        seen.append(log)
    assert seen[0] == seen[1]
    with pytest.raises(ArgumentError, match="there is no hook 'on_epoch_ends'. Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(ArgumentError, match="expected on_test_begin to be a function, received 3"):
        LambdaCallback(on_test_begin=3)


def test_a_list_of_callbacks_in_a_loop_of_ones_own() -> None:
    model, _ = pair()
    seen: list[Any] = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))
    callbacks = CallbackList([[note]], add_history=True, model=model, epochs=2, steps=1, verbose=0)
    callbacks.append(LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch)))
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_begin(0)
        logs = model.train_on_batch(*data(), return_dict=True)
        callbacks.on_train_batch_end(0, {"z": np.float32(1), "loss": {"b": np.array([2]), "a": "text"}})
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end()
    assert seen == [{"a": "text", "b": 2.0, "z": 1.0}, 0, {"a": "text", "b": 2.0, "z": 1.0}, 1]
    assert list(seen[0]) == ["a", "b", "z"]
    assert model.history.epoch == [0, 1] and list(model.history.history) == ["loss"]
    assert note.params == {"epochs": 2, "steps": 1, "verbose": 0}
    with pytest.raises(ArgumentError, match="expected tinynet callbacks, received 3"):
        callbacks.append(3)  # type: ignore[arg-type]


def test_a_list_given_to_fit_and_what_it_holds_already(capsys: pytest.CaptureFixture[str]) -> None:
    model, _ = pair()
    history, bar = History(), ProgbarLogger()
    assert model.fit(*data(), verbose=2, callbacks=[bar, history]) is history
    assert capsys.readouterr().out.count("\n") == 1  # no second bar
    callbacks = CallbackList(None, add_history=True)
    assert model.fit(*data(), verbose=0, callbacks=callbacks) is callbacks.callbacks[0]


@pytest.mark.parametrize("on_epoch", [False, True])
def test_moving_averages_are_evaluated_as_in_keras(on_epoch: bool) -> None:
    pairs = pair(use_ema=True, ema_momentum=0.5)
    histories, seen = [], []
    for library, model in zip((TINYNET, KERAS), pairs, strict=True):
        weights: list[Any] = []
        watch = library.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, model=model, weights=weights: weights.append(model.get_weights()[0])
        )
        callbacks = [library.callbacks.SwapEMAWeights(swap_on_epoch=on_epoch), watch]
        histories.append(model.fit(*data(), epochs=3, batch_size=4, verbose=0, shuffle=False,
                                   validation_data=data(), callbacks=callbacks).history)  # fmt: skip
        seen.append(weights)
    same_histories(*histories)
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-4, atol=1e-6)
    same_weights(*pairs)


def test_weights_come_back_after_evaluation_and_prediction() -> None:
    model, _ = pair(use_ema=True)
    model.train_on_batch(*data())
    model.train_on_batch(*data())
    weights = model.get_weights()
    averages = [variable.numpy() for variable in model.optimizer._moving_averages]
    swap = SwapEMAWeights()
    own = model.predict(data()[0], callbacks=[swap], verbose=0)
    model.evaluate(*data(), callbacks=[swap], verbose=0)
    np.testing.assert_allclose(own, data()[0] @ averages[0] + averages[1], rtol=1e-5, atol=1e-6)
    for one, other in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_moving_averages_of_a_training_that_stops_early() -> None:
    model, _ = pair(use_ema=True)
    stop = tinynet.callbacks.EarlyStopping("loss", mode="max", patience=1)
    model.fit(*data(), epochs=9, verbose=0, callbacks=[SwapEMAWeights(swap_on_epoch=True), stop])
    assert model.stop_training
    for variable, average in zip(model.weights, model.optimizer._moving_averages, strict=True):
        np.testing.assert_array_equal(variable.numpy(), average.numpy())


def test_averages_that_nobody_keeps() -> None:
    model, _ = pair()
    with pytest.raises(ArgumentError, match="SwapEMAWeights: the optimizer keeps no moving averages"):
        model.fit(*data(), verbose=0, callbacks=[SwapEMAWeights()])
    assert model.optimizer.iterations.item() == 0
