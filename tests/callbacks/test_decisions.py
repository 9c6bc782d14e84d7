"""Callbacks that decide by the logs, driven by hand beside Keras's with drawn logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import KERAS, TINYNET, twins

import tinynet
from tinynet.callbacks import LearningRateScheduler, MonitorCallback, ReduceLROnPlateau, TerminateOnNaN
from tinynet.errors import ArgumentError, DivergenceError, FixedRateError

# Near and equal values, and what breaks training down.
VALUES = st.one_of(
    st.sampled_from([1.0, 1.00005, 1.0001, 0.9999, 2.0, 0.0, -1.0, float("nan"), float("inf")]), st.floats(0.5, 1.5)
)
SEQUENCES = st.lists(VALUES, min_size=1, max_size=8)
PAIR: list[Any] = []


def pair() -> list[Any]:
    if not PAIR:
        build = lambda library: [library.layers.Input((2,)), library.layers.Dense(1)]  # noqa: E731
        PAIR.extend(twins(build, optimizer=lambda library: library.optimizers.SGD(0.5), loss="mse", metrics=["mae"]))
        for model in PAIR:
            model.train_on_batch(np.ones((2, 2)), np.ones((2, 1)))  # Keras knows its metrics from then on
    return PAIR


def driven(library: Any, model: Any, callback: Any, values: list[float]) -> list[Any]:
    """What is seen after each epoch of a run with these values of the log."""
    model.optimizer.learning_rate = 0.5
    model.stop_training = False
    callback.set_model(model)
    callback.set_params({"epochs": len(values), "verbose": 0, "steps": 1})
    callback.on_train_begin({})
    seen = []
    for epoch, value in enumerate(values):
        logs = {"loss": 1.0, "val_mae": value}
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, logs)
        names = ("wait", "cooldown_counter", "best", "best_epoch", "stopped_epoch")
        state = [getattr(callback, name, None) for name in names]
        numbers = [None if value is None else round(float(value), 6) for value in state]
        seen.append((logs.get("learning_rate"), *numbers, model.stop_training))
    callback.on_train_end({})
    return seen


@settings(max_examples=60)
@given(
    SEQUENCES,
    st.fixed_dictionaries({
        "monitor": st.just("val_mae"), "mode": st.sampled_from(["auto", "min", "max"]), "patience": st.integers(0, 2),
        "min_delta": st.sampled_from([0, 1e-4, -0.1]),
    }),
    st.fixed_dictionaries({
        "factor": st.sampled_from([0.1, 0.5]), "cooldown": st.integers(0, 2), "min_lr": st.sampled_from([0.0, 0.2]),
    }),
    st.fixed_dictionaries({
        "baseline": st.sampled_from([None, 1.0]), "start_from_epoch": st.integers(0, 2),
        "restore_best_weights": st.booleans(),
    }),
)
def test_plateaus_and_stops_are_those_of_keras(
    values: list[float], common: dict[str, Any], plateau: dict[str, Any], stop: dict[str, Any]
) -> None:
    ours, theirs = pair()
    for kind, options in (("ReduceLROnPlateau", plateau), ("EarlyStopping", stop)):
        own, expected = (
            driven(library, model, getattr(library.callbacks, kind)(**common, **options), values)
            for library, model in ((TINYNET, ours), (KERAS, theirs))
        )
        assert repr(own) == repr(expected), kind  # by repr, in which nan equals nan


def test_plateaus_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        capsys.readouterr()
        driven(library, model, library.callbacks.ReduceLROnPlateau("val_mae", patience=1, verbose=1), [1.0] * 4)
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != ""


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch: 1.0 / (2.0 + epoch), lambda epoch, rate: rate * 0.5, lambda epoch, lr=9.0: np.float32(lr / 3)],
)
def test_schedules_of_epochs_are_those_of_keras(schedule: Any, capsys: pytest.CaptureFixture[str]) -> None:
    results = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        capsys.readouterr()
        seen = driven(library, model, library.callbacks.LearningRateScheduler(schedule, verbose=1), [1.0] * 4)
        results.append((seen, capsys.readouterr().out))
    assert results[0] == results[1]
    assert results[0][1].startswith("\nEpoch 1: LearningRateScheduler setting learning rate to 0.")


def test_the_learning_rate_in_the_history() -> None:
    ours, _ = pair()
    history = ours.fit(np.ones((2, 2)), np.ones((2, 1)), epochs=2, verbose=0,
                       callbacks=[LearningRateScheduler(lambda epoch: 0.25 / (epoch + 1))])  # fmt: skip
    assert list(history.history) == ["loss", "mae", "learning_rate"]
    assert history.history["learning_rate"] == [0.25, 0.125]


def test_schedules_that_cannot_be() -> None:
    x, y = np.ones((2, 2)), np.ones((2, 1))
    ours, _ = pair()
    for wrong in (3, lambda: 0.1, lambda a, b, c: 0.1):
        with pytest.raises(ArgumentError, match=r"LearningRateScheduler: expected a function of \(epoch, learning_rate"):
            LearningRateScheduler(wrong)
    with pytest.raises(ArgumentError, match="expected the schedule to return a float, received None in epoch 0"):
        ours.fit(x, y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: None)])
    model = tinynet.Sequential([tinynet.layers.Input((2,)), tinynet.layers.Dense(1)])
    model.compile(tinynet.optimizers.SGD(tinynet.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)), "mse")
    for callback in (LearningRateScheduler(lambda epoch: 0.1), ReduceLROnPlateau("loss")):
        with pytest.raises(FixedRateError, match="follows a schedule and cannot be set"):
            model.fit(x, y, verbose=0, callbacks=[callback])
    assert model.optimizer.iterations.item() == 0


def test_wrong_settings_are_named() -> None:
    for wrong, message in (
        (lambda: ReduceLROnPlateau(factor=1.0), "expected factor to be below 1, received 1.0"),
        (lambda: ReduceLROnPlateau(patience=-1), "expected patience to be a whole number >= 0, received -1"),
        (lambda: ReduceLROnPlateau(cooldown=0.5), "expected cooldown to be a whole number"),
        (lambda: ReduceLROnPlateau(min_lr="a"), "expected min_lr to be a finite number, received 'a'"),
        (lambda: tinynet.callbacks.EarlyStopping(min_delta=np.nan), "expected min_delta to be a finite number"),
        (lambda: MonitorCallback(3), "expected monitor to be the name of a log, received 3"),
    ):
        with pytest.raises(ArgumentError, match=message):
            wrong()


DIRECTIONS: list[tuple[str, str]] = [
    ("loss", "min"), ("val_loss", "min"), ("mse", "min"), ("val_acc", "max"), ("accuracy", "max"), ("f1_score", "max"),
    ("binary_crossentropy", "min"),
]  # fmt: skip


def test_directions_are_those_of_keras() -> None:
    settings = ["mse", "acc", "accuracy", "binary_crossentropy"]
    found = []
    for library, kind in ((tinynet, MonitorCallback), (keras, keras.callbacks.EarlyStopping)):
        model = library.Sequential([library.layers.Input((2,)), library.layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", "mae", metrics=[*settings, library.metrics.F1Score(name="f1_score")])
        model.train_on_batch(np.ones((2, 2)), np.ones((2, 1)))
        found.append([])
        for monitor, _ in DIRECTIONS:
            callback = kind(monitor)
            callback.set_model(model)
            callback._set_monitor_op()
            found[-1].append("max" if callback.monitor_op is library.ops.greater else "min")
    assert found[0] == found[1] == [direction for _, direction in DIRECTIONS]


@pytest.mark.parametrize("loss", [1.0, float("nan"), float("inf"), float("-inf")])
def test_training_that_breaks_down_ends(loss: float, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        model.stop_training = False
        capsys.readouterr()
        callback = library.callbacks.TerminateOnNaN()
        callback.set_model(model)
        callback.on_train_batch_end(3, {"loss": loss})
        texts.append((capsys.readouterr().out, model.stop_training))
    assert texts[0] == texts[1]
    assert texts[0][1] == (not np.isfinite(loss))
    if texts[0][1]:
        with pytest.raises(DivergenceError, match=f"the loss is {loss} after batch 3"):
            TerminateOnNaN(raise_error=True).on_train_batch_end(3, {"loss": loss})


@settings(max_examples=15)
@given(SEQUENCES, st.sampled_from(["min", "max"]), st.sampled_from([None, 1.0]))
def test_the_best_is_saved_when_keras_saves_it(values: list[float], mode: str, threshold: float | None) -> None:
    saved: list[list[str]] = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        checkpoint = library.callbacks.ModelCheckpoint(
            "{epoch}.keras", "val_mae", save_best_only=True, mode=mode, initial_value_threshold=threshold
        )
        files: list[str] = []

        class Saves:
            stop_training = False
            optimizer = model.optimizer

            def save(self, path: Any, files: list[str] = files, **kwargs: Any) -> None:
                files.append(str(Path(path).name))

        driven(library, Saves(), checkpoint, values)
        saved.append(files)
    assert saved[0] == saved[1]
