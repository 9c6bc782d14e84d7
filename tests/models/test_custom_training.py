"""Training in one's own way, as Keras's guides show it: steps, losses and metrics overridden, and plain loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow
from twins import random_weights, same_histories, same_weights

import tinynet
from tinynet.errors import ArgumentError

X = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(10, 1)).astype("float32")
WEIGHTS = np.linspace(0.5, 2, 10).astype("float32")


def slopes(library: Any, model: Any, loss: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """A loss and its gradients, in the one part where a script for Keras differs."""
    if library is keras:
        with tensorflow.GradientTape() as tape:
            value = loss()
        return value, tape.gradient(value, model.trainable_variables)
    model.zero_grad()
    value = loss()
    value.backward()
    return value, [variable.grad for variable in model.trainable_variables]


def low_level(library: Any, base: Any) -> Any:
    """Without compile's loss: trackers of its own (customizing what happens in fit, going lower-level)."""

    class Custom(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.loss_tracker = library.metrics.Mean(name="loss")
            self.mae_metric = library.metrics.MeanAbsoluteError(name="mae")

        def train_step(self, data: Any) -> Any:
            x, y = data
            found: list[Any] = []

            def loss() -> Any:
                found.append(self(x, training=True))
                return library.ops.mean(library.losses.mean_squared_error(y, found[0]))

            value, gradients = slopes(library, self, loss)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.loss_tracker.update_state(value)
            self.mae_metric.update_state(y, found[0])
            return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

        def test_step(self, data: Any) -> Any:
            x, y = data
            self.mae_metric.update_state(y, self(x, training=False))
            return {"mae": self.mae_metric.result()}

        @property
        def metrics(self) -> list[Any]:
            return [self.loss_tracker, self.mae_metric]

    return Custom


def with_compute_loss(library: Any, base: Any) -> Any:
    """compute_loss and the compiled metrics within a step of one's own, sample weights supported."""

    class Custom(base):  # type: ignore[misc, valid-type]
        def train_step(self, data: Any) -> Any:
            x, y, weights = data if len(data) == 3 else (*data, None)
            found: list[Any] = []

            def loss() -> Any:
                found.append(self(x, training=True))
                return self.compute_loss(y=y, y_pred=found[0], sample_weight=weights)

            value, gradients = slopes(library, self, loss)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(value)
                else:
                    metric.update_state(y, found[0], sample_weight=weights)
            return {metric.name: metric.result() for metric in self.metrics}

        def test_step(self, data: Any) -> Any:
            x, y, weights = library.utils.unpack_x_y_sample_weight(data)
            y_pred = self(x, training=False)
            loss = self.compute_loss(x, y, y_pred, weights, training=False)
            for metric in self.metrics:
                if metric.name != "loss":
                    metric.update_state(y, y_pred, sample_weight=weights)
                else:
                    metric.update_state(loss)
            return {metric.name: metric.result() for metric in self.metrics}

    return Custom


def own_loss(library: Any, base: Any) -> Any:
    """compute_loss and compute_metrics overridden, a metric kept in an attribute."""

    class Custom(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.tracker = library.metrics.Mean(name="own")

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            loss = library.ops.mean(library.ops.abs(y_pred - y)) + super().compute_loss(x, y, y_pred, sample_weight)
            self.tracker.update_state(loss)
            return loss

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            found = super().compute_metrics(x, y, y_pred, sample_weight)
            found["largest"] = library.ops.max(library.ops.abs(y_pred))
            return found

    return Custom


def more_logs(library: Any, base: Any) -> Any:
    """Logs added to those of the steps that Keras makes; predictions changed."""

    class Custom(base):  # type: ignore[misc, valid-type]
        def train_step(self, data: Any) -> Any:
            return {**super().train_step(data), "ten": 10.0}

        def test_step(self, data: Any) -> Any:
            return {**super().test_step(data), "ten": 5.0}

        def predict_step(self, data: Any) -> Any:
            return super().predict_step(data) * 2.0

    return Custom


STYLES = [low_level, with_compute_loss, own_loss, more_logs]


def made(library: Any, style: Any, regularizer: Any = "l2") -> Any:
    inputs = library.Input((4,))
    hidden = library.layers.Dense(3, activation="tanh", kernel_regularizer=regularizer)(inputs)
    model = style(library, library.Model)(inputs, library.layers.Dense(1)(hidden))
    model.set_weights(random_weights(model))
    eager = {"run_eagerly": True} if library is keras else {}
    if style is low_level:
        model.compile(library.optimizers.SGD(0.1), **eager)
    else:
        model.compile(library.optimizers.SGD(0.1), "mse", weighted_metrics=["mae"], **eager)
    return model


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_fit_shows_what_steps_return_as_in_keras(style: Any) -> None:
    weighted = {} if style is low_level else {"sample_weight": WEIGHTS}
    results = []
    for library in (tinynet, keras):
        model = made(library, style)
        seen: list[list[str]] = []
        watch = library.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs, seen=seen: seen.append(list(logs)))
        history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[watch],
                            validation_data=(X[:5], Y[:5]), **weighted)  # fmt: skip
        single = model.train_on_batch(X, Y) if style is not low_level and style is not with_compute_loss else None
        tested = model.evaluate(X, Y, verbose=0, return_dict=True)
        listed = model.evaluate(X, Y, verbose=0)
        results.append((model, history.history, seen, tested, listed, single, model.predict(X, verbose=0),
                        [metric.name for metric in model.metrics]))  # fmt: skip
    own, expected = results
    same_histories(own[1], expected[1])
    assert own[2] == expected[2]
    same_histories({k: [v] for k, v in own[3].items()}, {k: [v] for k, v in expected[3].items()})
    np.testing.assert_allclose(own[4], expected[4], rtol=1e-4)
    if own[5] is not None:
        np.testing.assert_allclose(own[5], expected[5], rtol=1e-4)
    np.testing.assert_allclose(own[6], expected[6], rtol=1e-4, atol=1e-6)
    assert own[7] == expected[7]
    same_weights(own[0], expected[0])


def test_what_steps_of_ones_own_are_handed() -> None:
    seen: list[Any] = []

    class Noting(tinynet.Sequential):
        def train_step(self, data: Any) -> Any:
            seen.append(("train", [type(part).__name__ for part in data]))
            return super().train_step(data)

        def predict_step(self, data: Any) -> Any:
            seen.append(("predict", type(data).__name__))
            return super().predict_step(data)

    model = Noting([tinynet.layers.Input((4,)), tinynet.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.fit(X, Y, sample_weight=WEIGHTS, verbose=0)
    model.train_on_batch(X, Y)
    model.predict(X, verbose=0)
    model.predict_on_batch(X)
    assert seen == [
        ("train", ["Tensor"] * 2), ("train", ["Tensor"] * 3), ("train", ["Tensor", "Tensor", "NoneType"]),
        ("predict", "Tensor"), ("predict", "tuple"),
    ]  # fmt: skip


def test_a_loss_of_keras_3_0_without_training() -> None:
    class Old(tinynet.Sequential):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None) -> Any:
            return super().compute_loss(x, y, y_pred, sample_weight) * 4.0

    model, other = (kind([tinynet.layers.Input((4,)), tinynet.layers.Dense(1)]) for kind in (Old, tinynet.Sequential))
    other.set_weights(model.get_weights())
    for one in (model, other):
        one.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(4 * other.evaluate(X, Y, verbose=0))


def test_a_loss_that_is_no_scalar_is_named() -> None:
    class Wrong(tinynet.Sequential):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *rest: Any, **settings: Any) -> Any:
            return (y_pred - y) ** 2

    model = Wrong([tinynet.layers.Input((4,)), tinynet.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"compute_loss must return a scalar, it gave shape \(10, 1\)"):
        model.fit(X, Y, verbose=0)


def test_losses_and_metrics_of_layers() -> None:
    results = []
    for library in (tinynet, keras):

        class Noisy(library.layers.Layer):  # type: ignore[misc, name-defined]
            def __init__(self, library: Any = library) -> None:
                super().__init__()
                self.size = library.metrics.Mean(name="size")
                self.ops = library.ops

            def call(self, inputs: Any) -> Any:
                self.size.update_state(self.ops.mean(self.ops.abs(inputs)))
                self.add_loss(self.ops.sum(inputs**2) * 0.01)
                return inputs

            def compute_output_shape(self, input_shape: Any) -> Any:
                return input_shape

        inputs = library.Input((4,))
        model = library.Model(inputs, library.layers.Dense(1)(Noisy()(library.layers.Dense(3)(inputs))))
        model.set_weights(random_weights(model))
        model.compile(library.optimizers.SGD(0.05), "mse", metrics=["mae"], **({"run_eagerly": True} if library is keras else {}))
        history = model.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0, validation_data=(X, Y)).history
        results.append((model, history, [metric.name for metric in model.metrics], model.evaluate(X, Y, verbose=0)))
    same_histories(results[0][1], results[1][1])
    assert results[0][2] == results[1][2] == ["loss", "compile_metrics", "size"]
    np.testing.assert_allclose(results[0][3], results[1][3], rtol=1e-4)
    same_weights(results[0][0], results[1][0])
    with pytest.raises(ArgumentError, match="there is no add_metric in Keras 3"):
        tinynet.layers.Dense(1).add_metric(3.0, name="x")


def test_a_plain_loop() -> None:
    """A loop without fit: gradients by backward, by value_and_grad, and Keras's by its tape."""
    results = []
    for library, way in ((tinynet, "backward"), (tinynet, "function"), (keras, "tape")):
        model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1, use_bias=False)])
        model.set_weights(random_weights(model))
        optimizer = library.optimizers.Adam(0.05)
        loss_fn = library.losses.MeanSquaredError()
        metric = library.metrics.MeanAbsoluteError()
        losses = []
        for start in (0, 4, 8, 0, 4, 8):
            x, y = X[start : start + 4], Y[start : start + 4]
            if way == "function":
                value, gradient = tinynet.value_and_grad(lambda kernel, x=x, y=y: loss_fn(y, x @ kernel))(
                    model.trainable_variables[0].numpy()
                )
                gradients = [gradient]
            else:
                value, gradients = slopes(library, model, lambda model=model, x=x, y=y: loss_fn(y, model(x, training=True)))
            optimizer.apply(gradients, model.trainable_variables)
            metric.update_state(y, model(x))
            losses.append(float(value))
        results.append((losses, float(metric.result()), model.get_weights()[0]))
    for found in zip(*results, strict=True):
        np.testing.assert_allclose(found[0], found[2], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found[1], found[2], rtol=1e-5, atol=1e-6)


def test_frozen_layers_and_compiling_again() -> None:
    results = []
    for library in (tinynet, keras):
        base = library.Sequential([library.layers.Input((4,)), library.layers.Dense(3), library.layers.BatchNormalization()])
        base.trainable = False
        inputs = library.Input((4,))
        model = library.Model(inputs, library.layers.Dense(1)(base(inputs, training=False)))
        model.set_weights(random_weights(model))
        eager = {"run_eagerly": True} if library is keras else {}
        names, seen = [], []
        for trainable in (False, True):
            base.trainable = trainable
            base.layers[-1].trainable = False
            model.compile(library.optimizers.SGD(0.05), "mse", **eager)
            names.append([[variable.name for variable in group] for group in (
                model.trainable_weights, model.non_trainable_weights, model.weights)])  # fmt: skip
            seen.append(model.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0).history)
        results.append((model, names, seen))
    assert results[0][1] == results[1][1]
    for own, expected in zip(results[0][2], results[1][2], strict=True):
        same_histories(own, expected)
    same_weights(results[0][0], results[1][0])


def test_a_model_whose_weights_are_all_frozen_warns_as_in_keras() -> None:
    losses = []
    for library in (tinynet, keras):
        model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        model.set_weights(random_weights(model))
        model.trainable = False
        model.compile("sgd", "mse", **({"run_eagerly": True} if library is keras else {}))
        with pytest.warns(UserWarning, match="trainable"):
            losses.append(model.fit(X, Y, verbose=0).history["loss"])
        np.testing.assert_array_equal(model.get_weights()[0], random_weights(model)[0])
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize("steps", [2, 3, 7])
def test_several_steps_between_hooks_as_in_keras(steps: int) -> None:
    results = []
    for library in (tinynet, keras):
        model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        model.set_weights(random_weights(model))
        model.compile("sgd", "mse", metrics=["mae"], steps_per_execution=steps, jit_compile=False,
                      run_eagerly=library is keras)  # fmt: skip
        log: list[Any] = []
        hooks = {
            f"on_{what}_batch_{when}": lambda batch, logs, log=log, name=(what, when): log.append((*name, batch))
            for what in ("train", "test", "predict") for when in ("begin", "end")
        }
        callbacks = [library.callbacks.LambdaCallback(**hooks)]
        common = {"batch_size": 2, "verbose": 0, "callbacks": callbacks}
        history = model.fit(X, Y, epochs=2, shuffle=False, **common).history
        model.evaluate(X, Y, **common)
        results.append((log, history, model.predict(X, **common)))
    assert results[0][0] == results[1][0]
    same_histories(results[0][1], results[1][1])
    np.testing.assert_allclose(results[0][2], results[1][2], rtol=1e-4, atol=1e-6)


def test_settings_of_compile_that_change_nothing_here_are_kept_for_keras() -> None:
    configs = []
    for library in (tinynet, keras):
        model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        model.compile(library.optimizers.SGD(name="sgd"), "mse", metrics=["mae"], run_eagerly=True, jit_compile=False,
                      steps_per_execution=4, loss_weights=[2.0], auto_scale_loss=False)  # fmt: skip
        assert (model.run_eagerly, model.jit_compile, model.steps_per_execution) == (True, False, 4)
        configs.append(model.get_compile_config())
    assert configs[0] == configs[1]
    other = tinynet.Sequential([tinynet.layers.Input((4,)), tinynet.layers.Dense(1)])
    assert other.get_compile_config() == {}
    other.compile_from_config(configs[1])
    assert other.compiled and other.optimizer.built and other.get_compile_config() == configs[0]
    for wrong, message in (
        ({"jit_compile": "yes"}, "unknown jit_compile 'yes'"), ({"run_eagerly": 1}, "expected run_eagerly to be True or"),
        ({"steps_per_execution": 0}, "expected steps_per_execution to be a whole number >= 1"),
        ({"auto_scale_loss": None}, "expected auto_scale_loss to be True or False"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=message):
            other.compile("sgd", "mse", **wrong)
    with pytest.raises(ArgumentError, match="unknown setting 'losss'. Did you mean 'loss'"):
        other.compile_from_config({"losss": "mse"})


def test_stopping_evaluation_and_prediction() -> None:
    for library in (tinynet, keras):
        model = library.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        model.compile("sgd", "mse", **({"run_eagerly": True} if library is keras else {}))
        seen: list[int] = []

        def stop(batch: int, logs: Any, model: Any = model, seen: list[int] = seen) -> None:
            seen.append(batch)
            model.stop_evaluating = model.stop_predicting = batch == 1

        callback = library.callbacks.LambdaCallback(on_test_batch_end=stop, on_predict_batch_end=stop)
        model.evaluate(X, Y, batch_size=2, verbose=0, callbacks=[callback])
        assert model.predict(X, batch_size=2, verbose=0, callbacks=[callback]).shape == (4, 1)
        assert seen == [0, 1, 0, 1]
