"""What is told of a layer is what backward and differences of the loss give, and looking changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, seeds
from tinynet.callbacks import LayerStatistics, layer_reports
from tinynet.callbacks.layer_statistics import table
from tinynet.errors import NotBuiltError, ShapeError

RNG = np.random.default_rng(4)
WORDS, LABELS = RNG.integers(1, 20, (12, 7)), RNG.integers(0, 3, 12)


def text_model() -> Any:
    tinynet.utils.set_random_seed(2)
    model = tinynet.Sequential([
        layers.Input((7,)), layers.Embedding(20, 4, name="words"), layers.LSTM(5, name="memory"),
        layers.Dropout(0.5, name="some"), layers.Dense(6, "relu", name="hidden"),
        layers.Dense(3, "softmax", name="classes"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def by_name(model: Any, x: Any, y: Any) -> dict[str, Any]:
    return {report.name: report for report in layer_reports(model, x, y)}


def test_lengths_of_gradients_are_those_of_backward() -> None:
    model = text_model()
    found = by_name(model, WORDS, LABELS)
    assert list(found) == ["words", "memory", "some", "hidden", "classes"]
    model.compute_loss(WORDS, LABELS, model(WORDS, training=False)).backward()
    for layer in model.layers:
        gradients = [np.asarray(weight.grad.numpy(), np.float64) for weight in layer.trainable_weights]
        expected = np.sqrt(sum((g**2).sum() for g in gradients))
        assert found[layer.name].weights_gradient == pytest.approx(expected, rel=1e-5)
        weights = [weight.numpy().astype(np.float64) for weight in layer.trainable_weights]
        assert found[layer.name].weights == pytest.approx(np.sqrt(sum((w**2).sum() for w in weights)), rel=1e-6)


class Nudge(layers.Layer):
    """Adds a number to one element."""

    where: Any = None
    by = 0.0

    def call(self, inputs: Any) -> Any:
        nudge = np.zeros(inputs.shape, inputs.dtype)
        if self.where is not None:
            nudge[self.where] = self.by
        return inputs + nudge


@pytest.fixture
def _in_float64() -> Any:
    tinynet.config.set_floatx("float64")
    yield
    tinynet.config.set_floatx("float32")


@pytest.mark.usefixtures("_in_float64")
def test_gradients_by_outputs_are_differences_of_the_loss() -> None:
    nudge = Nudge(name="nudge")
    x, y = RNG.standard_normal((3, 4, 2)), RNG.standard_normal((3, 1))
    model = tinynet.Sequential([layers.Input((4, 2)), nudge, layers.GRU(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    report = by_name(model, x, y)["nudge"]
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        losses = []
        for by in (1e-5, -1e-5):
            nudge.where, nudge.by = place, by
            losses.append(float(model.compute_loss(x, y, model(x)).item()))
        gradient[place] = (losses[0] - losses[1]) / 2e-5
    assert report.gradient == pytest.approx(np.sqrt((gradient**2).mean()), rel=1e-6)
    assert report.over_time is not None
    np.testing.assert_allclose(report.over_time, np.sqrt((gradient**2).mean(axis=(0, 2))), rtol=1e-6)
    assert report.weights == report.weights_gradient == 0


def test_outputs_are_counted() -> None:
    model = text_model()
    found = by_name(model, WORDS, LABELS)["hidden"]
    outputs = tinynet.Sequential(model.layers[:-1])(WORDS, training=False).numpy()
    assert found.output_zeros == (outputs == 0).mean() > 0
    assert found.output_mean == pytest.approx(outputs.mean(), rel=1e-5)
    assert found.output_std == pytest.approx(outputs.std(), rel=1e-5)


def test_looking_changes_nothing() -> None:
    def after(*callbacks: Any) -> Any:
        model = text_model()
        model.fit(WORDS, LABELS, epochs=3, batch_size=4, verbose=0, callbacks=list(callbacks))
        return model

    looked, alone = after(LayerStatistics(WORDS, LABELS)), after()
    for one, other in zip(looked.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    logs = {key: values for key, values in looked.history.history.items() if "/" not in key}
    assert logs == alone.history.history
    before = [repr(seeds.get_state()), [g.counter for g in looked.seed_generators()]]
    layer_reports(looked, WORDS, LABELS)
    assert before == [repr(seeds.get_state()), [g.counter for g in looked.seed_generators()]]
    assert all(weight.grad is None for weight in looked.weights)


def test_history_has_every_number_each_epoch(capsys: Any) -> None:
    model = text_model()
    statistics = LayerStatistics(WORDS, LABELS, every=2, verbose=1)
    history = model.fit(WORDS, LABELS, epochs=5, verbose=0, callbacks=[statistics]).history
    assert list(statistics.reports) == [1, 3]
    for number in ("gradient", "weights_gradient", "output_mean", "output_std", "output_zeros"):
        values = history[f"{number}/memory"]
        assert np.isnan(values).tolist() == [True, False, True, False, True]
        assert values[3] == getattr(statistics.reports[3][1], number)
    printed = capsys.readouterr().out
    assert printed.count("their gradient") == 2
    assert "first step" in printed


def test_models_of_other_kinds() -> None:
    shared, end = layers.Dense(3, name="shared"), layers.Dense(1, name="end")
    one, two = layers.Input((2,)), layers.Input((2,))
    functional = tinynet.Model([one, two], end(layers.add([shared(one), shared(two)])))

    class Own(tinynet.Model):
        def __init__(self) -> None:
            super().__init__()
            self.shared, self.end = shared, end

        def call(self, inputs: Any) -> Any:
            return self.end(self.shared(inputs[0]) + self.shared(inputs[1]))

    x, y = [RNG.standard_normal((5, 2)), RNG.standard_normal((5, 2))], RNG.standard_normal((5, 1))
    reports = []
    for model in (functional, Own()):
        model.compile("sgd", "mse")
        reports.append([r for r in layer_reports(model, x, y) if r.name in ("shared", "end")])
    assert [report.name for report in reports[0]] == ["shared", "shared", "end"]
    assert [report[:5] for report in reports[0]] == [report[:5] for report in reports[1]]


def test_a_vanishing_gradient_is_remarked_upon() -> None:
    tiny = layers.Dense(1, kernel_initializer=tinynet.initializers.Constant(1e-9), name="tiny")
    model = tinynet.Sequential([layers.Input((2,)), layers.Dense(2, name="first"), tiny])
    model.compile("sgd", "mse")
    lines = table(layer_reports(model, np.ones((2, 2)), np.ones((2, 1)))).splitlines()
    assert ["vanishes" in line for line in lines] == [False, True, False]


def test_what_does_not_fit_is_told_before_the_first_step() -> None:
    steps: list[int] = []
    counting = tinynet.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    with pytest.raises(ShapeError):
        text_model().fit(WORDS, LABELS, verbose=0, callbacks=[LayerStatistics(WORDS[:, :3], LABELS), counting])
    unbuilt = tinynet.Sequential([layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(NotBuiltError, match="LayerStatistics"):
        statistics = LayerStatistics(np.ones((2, 2)), np.ones((2, 1)))
        unbuilt.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[statistics])
    assert not steps
