"""Callbacks beside Keras's: which hooks are called with what, when training stops, what is saved."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from twins import KERAS, TINYNET, same_weights, twins

import tinynet
from tinynet.callbacks import Callback, EarlyStopping, History, ModelCheckpoint
from tinynet.errors import ArgumentError
from tinynet.models import load_model

HOOKS = [
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_batch_begin", "on_batch_end", "on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end",
    "on_predict_begin", "on_predict_end", "on_predict_batch_begin", "on_predict_batch_end",
]  # fmt: skip


def layers_of(library: Any) -> list[Any]:
    return [library.layers.Input((4,)), library.layers.Dense(3, activation="softmax")]


def pair(**compiling: Any) -> tuple[Any, Any]:
    settings: dict[str, Any] = {
        "optimizer": "sgd",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    return twins(layers_of, **{**settings, **compiling})


def data(count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, 4)).astype("float32"), generator.integers(0, 3, count)


def recorder(library: Any, log: list[Any]) -> Any:
    """A callback that writes down every hook with its arguments, numbers in logs rounded."""

    def hook(name: str) -> Any:
        def write(self: Any, *arguments: Any, **named: Any) -> None:
            logs = [a for a in arguments if isinstance(a, dict)] + list(named.values())
            kept = [{k: round(float(np.ravel(v)[0]), 4) for k, v in entry.items()} for entry in logs]
            log.append((name, [a for a in arguments if isinstance(a, int)], [list(k.items()) for k in kept]))
            if name in ("on_train_batch_begin", "on_train_batch_end"):
                getattr(library.callbacks.Callback, name)(self, *arguments, **named)  # calls on_batch_…

        return write

    return type("Recorder", (library.callbacks.Callback,), {name: hook(name) for name in HOOKS})()


def test_hooks_are_called_as_in_keras() -> None:
    logs: list[list[Any]] = []
    x, y = data()
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        log: list[Any] = []
        callback = recorder(library, log)
        common = {"callbacks": [callback], "verbose": 0, "batch_size": 4}
        model.fit(x, y, epochs=3, shuffle=False, validation_data=(x[:5], y[:5]), validation_freq=2, **common)
        log.append(dict(callback.params))
        model.evaluate(x, y, **common)
        model.predict(x, **common)
        assert callback.model is model
        logs.append(log)
    assert len(logs[0]) > 60
    for own, expected in zip(logs[0], logs[1], strict=True):
        if isinstance(own, tuple) and own[0] in ("on_train_begin", "on_predict_begin", "on_predict_end"):
            assert own[:2] == expected[:2]  # Keras sometimes gives {}, sometimes nothing
        elif isinstance(own, tuple):
            assert own[:2] == expected[:2]
            assert [[key for key, _ in entry] for entry in own[2]] == [
                [key for key, _ in entry] for entry in expected[2]
            ]
            for entry, other in zip(own[2], expected[2], strict=True):
                np.testing.assert_allclose([v for _, v in entry], [v for _, v in other], atol=2e-4)
        else:
            assert own == expected


def test_batch_logs_are_running_means() -> None:
    model, _ = pair()
    seen: list[float] = []

    class Spy(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs["loss"])

    x, y = data(12)
    losses = [model.evaluate(x[i : i + 4], y[i : i + 4], verbose=0)[0] for i in (0, 4, 8)]
    model.optimizer.learning_rate = 0.0
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0, callbacks=[Spy()])
    np.testing.assert_allclose(seen, [np.mean(losses[: i + 1]) for i in range(3)], rtol=1e-5)


@pytest.mark.parametrize(
    "when", ["on_train_batch_end", "on_epoch_end", "on_train_batch_begin", "on_epoch_begin"]
)
def test_stopping_as_in_keras(when: str) -> None:
    x, y = data(12)
    logs: list[list[str]] = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        log: list[Any] = []

        def stop(self: Any, number: int, logs: Any = None, library: Any = library) -> None:
            if number == 1:
                self.model.stop_training = True
            getattr(library.callbacks.Callback, when)(self, number, logs)

        stopper = type("Stopper", (library.callbacks.Callback,), {when: stop})()
        history = model.fit(
            x, y, epochs=4, batch_size=4, verbose=0, shuffle=False, validation_data=(x, y),
            callbacks=[recorder(library, log), stopper],
        )  # fmt: skip
        logs.append([f"{entry[0]} {entry[1]}" for entry in log] + [str(history.epoch)])
        assert model.stop_training
    assert logs[0] == logs[1]


def test_the_history() -> None:
    ours, theirs = pair()
    x, y = data()
    history, expected = (model.fit(x, y, epochs=2, verbose=0, shuffle=False) for model in (ours, theirs))
    assert isinstance(history, History)
    assert history.epoch == expected.epoch == [0, 1]
    assert history.params == expected.params
    assert list(history.history) == list(expected.history) == ["accuracy", "loss"]
    assert all(type(value) is float for values in history.history.values() for value in values)
    assert ours.history is history
    assert history.model is ours
    assert repr(history) == "<History of 2 epochs: accuracy, loss>"


# Early stopping, with logs that are given and not computed

SEQUENCES = {
    "falls": [5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.4],
    "rises": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
    "flat": [1.0] * 7,
    "late": [3.0, 3.1, 3.2, 2.9, 3.0, 3.1, 3.2],
    "slowly": [3.0, 2.95, 2.9, 2.85, 2.8, 2.75, 2.7],
    "nan": [3.0, float("nan"), 2.0, float("nan"), float("nan"), 1.0, 4.0],
    "nan_first": [float("nan"), 3.0, 2.0, 2.5, 2.5, 2.5, 2.5],
}
OPTIONS: list[dict[str, Any]] = [
    {}, {"patience": 1}, {"patience": 2}, {"patience": 3, "restore_best_weights": True},
    {"patience": 0, "restore_best_weights": True}, {"patience": 10, "restore_best_weights": True},
    {"patience": 1, "min_delta": 0.08}, {"patience": 1, "min_delta": -0.08}, {"patience": 2, "mode": "max"},
    {"patience": 2, "mode": "min"}, {"patience": 1, "mode": "max", "min_delta": 0.5, "restore_best_weights": True},
    {"patience": 2, "baseline": 2.0}, {"patience": 2, "baseline": 10.0, "restore_best_weights": True},
    {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True}, {"start_from_epoch": 20},
]  # fmt: skip


def decisions(library: Any, model: Any, values: list[float], options: dict[str, Any]) -> tuple[Any, ...]:
    """What early stopping does for a sequence of val_loss: the epochs, its state, the weights at the end."""
    stopping = library.callbacks.EarlyStopping(**options)
    stopping.set_model(model)
    stopping.set_params({"epochs": len(values), "verbose": 0})
    model.stop_training = False
    stopping.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        model.set_weights([np.full(tuple(w.shape), epoch, "float32") for w in model.weights])
        stopping.on_epoch_end(epoch, {"loss": 1.0, "val_loss": value})
        epochs += 1
        if model.stop_training:
            break
    stopping.on_train_end()
    weights = float(model.get_weights()[0].ravel()[0])
    best = None if stopping.best is None else float(stopping.best)
    return (
        epochs,
        model.stop_training,
        stopping.stopped_epoch,
        stopping.best_epoch,
        stopping.wait,
        best,
        weights,
    )


@pytest.mark.filterwarnings("ignore:.*conditioned on metric")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_early_stopping_decides_as_keras(options: dict[str, Any], counts: Any) -> None:
    ours, theirs = pair()
    stopped = 0
    for name, values in SEQUENCES.items():
        own = decisions(TINYNET, ours, values, options)
        expected = decisions(KERAS, theirs, values, options)
        assert repr(own) == repr(expected), name  # by repr, in which nan equals nan
        stopped += own[1]
        counts["callbacks", "decisions of EarlyStopping compared with Keras's"] += len(values)
    assert stopped or options.get("patience", 0) == 10 or options.get("start_from_epoch") == 20


@pytest.mark.parametrize(
    "options",
    [
        {"monitor": "loss", "min_delta": 0.05},
        {"monitor": "val_accuracy"},
        {"monitor": "accuracy", "patience": 1},
    ],
)
def test_early_stopping_in_training(options: dict[str, Any]) -> None:
    models = pair(optimizer=lambda library: library.optimizers.SGD(1.5))
    x, y = data(30)
    epochs = []
    for library, model in zip((TINYNET, KERAS), models, strict=True):
        stopping = library.callbacks.EarlyStopping(restore_best_weights=True, **options)
        history = model.fit(
            x,
            y,
            epochs=12,
            batch_size=10,
            verbose=0,
            shuffle=False,
            validation_data=(x[:9], y[:9]),
            callbacks=[stopping],
        )
        epochs.append(history.epoch)
    assert epochs[0] == epochs[1]
    assert len(epochs[0]) < 12
    same_weights(*models)


def test_early_stopping_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        capsys.readouterr()
        decisions(
            library, model, SEQUENCES["rises"], {"patience": 2, "verbose": 1, "restore_best_weights": True}
        )
        texts.append(capsys.readouterr().out.split("\n"))
    assert texts[0] == texts[1]
    assert texts[0][:2] == [
        "Epoch 3: early stopping",
        "Restoring model weights from the end of the best epoch: 1.",
    ]


WATCHING: dict[str, Any] = {
    "EarlyStopping": lambda monitor: EarlyStopping(monitor, mode="min"),
    "ReduceLROnPlateau": lambda monitor: tinynet.callbacks.ReduceLROnPlateau(monitor, mode="min"),
    "ModelCheckpoint": lambda monitor: ModelCheckpoint("m.keras", monitor, save_best_only=True, mode="min"),
}


@pytest.mark.parametrize("kind", WATCHING)
def test_a_log_that_will_not_be_there_is_an_error_before_the_first_step(kind: str) -> None:
    model, _ = pair()
    for monitor, advice in (("val_loss", "Names with val_ need validation_data"), ("acuracy", "Did you mean 'accuracy'")):
        message = f"{kind}: '{monitor}' will not be among the logs, which are accuracy, (learning_rate, )?loss.*{advice}"
        with pytest.raises(ArgumentError, match=message):
            model.fit(*data(), epochs=2, verbose=0, callbacks=[WATCHING[kind](monitor)])
    assert model.optimizer.iterations.item() == 0


def test_a_log_that_a_callback_of_ones_own_might_add_is_a_warning() -> None:
    class Adds(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["gap"] = 1.0

    model, _ = pair()
    with pytest.warns(UserWarning, match="EarlyStopping: 'foo' is not among the logs. Available: accuracy, loss, gap"):
        model.fit(*data(), epochs=2, verbose=0, callbacks=[Adds(), EarlyStopping("foo", mode="min")])
    stopping = EarlyStopping("gap", mode="min")
    assert model.fit(*data(), epochs=9, verbose=0, callbacks=[Adds(), stopping]).epoch == [0, 1]


def test_a_direction_that_cannot_be_told() -> None:
    def first(y_true: Any, y_pred: Any) -> Any:
        return y_pred[:, 0]

    model, _ = pair()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[first])
    with pytest.raises(ArgumentError, match="cannot tell whether larger values of 'first' are better"):
        model.fit(*data(), verbose=0, callbacks=[EarlyStopping(monitor="first")])
    assert model.optimizer.iterations.item() == 0
    with pytest.raises(ArgumentError, match="expected mode 'auto', 'min' or 'max', received 'up'"):
        EarlyStopping(mode="up")


def test_a_missing_log_of_a_checkpoint_saves_with_a_warning_as_in_keras(tmp_path: Path) -> None:
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        path = tmp_path / f"{library.name}.keras"
        checkpoint = library.callbacks.ModelCheckpoint(path, "missing", save_best_only=True, mode="min")
        checkpoint.set_model(model)
        checkpoint.on_epoch_begin(0)
        with pytest.warns(UserWarning, match="missing"):
            checkpoint.on_epoch_end(0, {"loss": 1.0})
        assert path.exists()


def test_a_log_of_several_values() -> None:
    model = tinynet.Sequential(layers_of(TINYNET))
    model.compile("sgd", "categorical_crossentropy", metrics=[tinynet.metrics.F1Score()])
    x, y = data()
    for callback in (
        EarlyStopping(monitor="f1_score", mode="max"),
        ModelCheckpoint("x.keras", monitor="f1_score", save_best_only=True, mode="max"),
    ):
        with pytest.raises(ArgumentError, match="'f1_score' has 3 values; monitor a single number"):
            model.fit(x, np.eye(3)[y], verbose=0, callbacks=[callback])


def saved(library: Any, model: Any, folder: Path, **options: Any) -> list[str]:
    """The files that a checkpoint writes during training."""
    folder.mkdir()
    options = {**options, "filepath": str(folder / options["filepath"])}
    x, y = data(12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(
            x, y, epochs=4, batch_size=4, verbose=0, shuffle=False, validation_data=(x[:5], y[:5]),
            callbacks=[library.callbacks.ModelCheckpoint(**options)],
        )  # fmt: skip
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


CHECKPOINTS: list[dict[str, Any]] = [
    {"filepath": "model.keras"},
    {"filepath": "{epoch:02d}.keras"},
    {"filepath": "{epoch}-{val_loss:.3f}-{accuracy:.2f}.keras"},
    {"filepath": "new/folder/{epoch}.keras"},
    {"filepath": "{epoch}.weights.h5", "save_weights_only": True},
    {"filepath": "{epoch}.keras", "save_best_only": True},
    {"filepath": "{epoch}.keras", "save_best_only": True, "monitor": "val_accuracy"},
    {"filepath": "{epoch}.keras", "save_best_only": True, "monitor": "loss", "mode": "max"},
    {"filepath": "{epoch}.keras", "save_best_only": True, "initial_value_threshold": 0.0},
    {"filepath": "{epoch}.keras", "save_best_only": True, "monitor": "accuracy", "initial_value_threshold": 2.0},
    {"filepath": "{epoch}.h5"},
    {"filepath": "{epoch}-{batch}.keras", "save_freq": 2},
    {"filepath": "{epoch}-{batch}-{loss:.3f}.keras", "save_freq": 5},
    {"filepath": "{epoch}-{batch}.weights.h5", "save_freq": 1, "save_weights_only": True},
]  # fmt: skip


@pytest.mark.parametrize("options", CHECKPOINTS, ids=str)
def test_checkpoints_are_those_of_keras(options: dict[str, Any], tmp_path: Path) -> None:
    ours, theirs = pair(optimizer=lambda library: library.optimizers.SGD(1.0))
    files = saved(TINYNET, ours, tmp_path / "ours", **options)
    assert files == saved(KERAS, theirs, tmp_path / "theirs", **options)
    same_weights(ours, theirs)
    for name in files[-1:]:
        loaded = []
        for folder in ("ours", "theirs"):
            if not name.endswith(".weights.h5"):
                loaded.append(load_model(tmp_path / folder / name))
            else:
                loaded.append(tinynet.Sequential(layers_of(TINYNET)))
                loaded[-1].load_weights(tmp_path / folder / name)
        for one, other in zip(loaded[0].get_weights(), loaded[1].get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_checkpoint_goes_on_in_keras(tmp_path: Path) -> None:
    model, _ = pair(optimizer="adam")
    model.fit(*data(), epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "last.keras")])
    theirs = keras.saving.load_model(tmp_path / "last.keras")
    for one, other in zip(model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(theirs.optimizer.iterations) == 2


def test_checkpoints_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for best in (False, True):
        texts = []
        for library, model in zip((TINYNET, KERAS), pair(), strict=True):
            folder = tmp_path / f"{library.name}-{best}"
            capsys.readouterr()
            saved(library, model, folder, filepath="m.keras", verbose=1, save_best_only=best)
            texts.append(capsys.readouterr().out.replace(str(folder), "folder"))
        assert texts[0] == texts[1]
        assert "folder/m.keras" in texts[0]


def test_checkpoints_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(
        ArgumentError, match="ModelCheckpoint: expected a filepath ending in .keras or .h5, received 'm.hdf'"
    ):
        ModelCheckpoint("m.hdf")
    with pytest.raises(ArgumentError, match="expected a filepath ending in .weights.h5, received 'm.keras'"):
        ModelCheckpoint("m.keras", save_weights_only=True)
    for freq in (0, -1, True, 1.5, "batch"):
        with pytest.raises(ArgumentError, match="expected save_freq 'epoch' or a whole number, received"):
            ModelCheckpoint("m.keras", save_freq=freq)
    model, _ = pair()
    path = tmp_path / "{epoch}-{val_loss}.keras"
    with pytest.raises(
        ArgumentError, match="cannot be filled in .{val_loss} is not known.*Available: accuracy, epoch, loss"
    ):
        model.fit(*data(), verbose=0, callbacks=[ModelCheckpoint(path)])
    with pytest.raises(ArgumentError, match="cannot be filled in"):
        model.fit(*data(), verbose=0, callbacks=[ModelCheckpoint(tmp_path / "{}.keras")])
    assert os.listdir(tmp_path) == []


def test_what_is_no_callback() -> None:
    model, _ = pair()
    with pytest.raises(ArgumentError, match="callbacks: expected tinynet callbacks, received 3"):
        model.fit(*data(), verbose=0, callbacks=[3])
    with pytest.raises(ArgumentError, match="callbacks: expected tinynet callbacks, received <keras"):
        model.fit(*data(), verbose=0, callbacks=[keras.callbacks.EarlyStopping()])
    with pytest.raises(ArgumentError, match="expected callbacks to be a list of callbacks, received 3"):
        model.fit(*data(), verbose=0, callbacks=3)
    model.fit(*data(), verbose=0, callbacks=EarlyStopping(monitor="loss"))  # one alone is fine


def test_the_model_can_be_used_and_changed_in_a_callback() -> None:
    model, _ = pair()
    rates: list[float] = []

    class Halve(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.1 / 2**epoch
            rates.append(float(self.model.optimizer.learning_rate.numpy()))
            assert self.model.predict(np.ones((1, 4)), verbose=0).shape == (1, 3)

    model.fit(*data(), epochs=3, verbose=0, callbacks=[Halve()])
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.025], rtol=1e-6)
