"""Pictures of gradients hold the numbers of the reports, and mark those that vanish or explode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, plotting
from tinynet.callbacks import LayerReport, LayerStatistics, layer_reports
from tinynet.callbacks.layer_statistics import table
from tinynet.errors import ArgumentError


def report(name: str, gradient: float, over_time: Any = None) -> LayerReport:
    return LayerReport(name, 0.0, 1.0, 0.0, gradient, None if over_time is None else np.array(over_time), 1.0, 1.0)


GOOD = [report("words", 1e-3, [1e-5, 1e-4, 0.0]), report("lstm", 1e-2), report("dense", 0.1)]
BAD = [report("words_1", 1e-9, [1e-9, np.inf, 1e-2]), report("lstm_1", 0.0), report("dense_1", 1e4)]


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.lines}


def test_gradient_by_layer() -> None:
    axes = plotting.gradient_flow({"good": GOOD, "bad": BAD})
    assert axes.get_xscale() == "log" and axes.get_ylim()[0] > axes.get_ylim()[1]  # the first layer on top
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["words", "lstm", "dense"]  # alike: shared rows
    good, bad = lines(axes)["good"], lines(axes)["bad"]
    np.testing.assert_array_equal(good.get_xdata(), [1e-3, 1e-2, 0.1])
    np.testing.assert_array_equal(bad.get_xdata(), [1e-9, np.nan, 1e4])
    assert good.get_ydata().tolist() == bad.get_ydata().tolist() == [0, 1, 2]
    assert good.get_marker() != bad.get_marker()
    marked = sorted((text.get_text(), round(text.xy[1])) for text in axes.texts)
    assert marked == [("explodes", 2), ("vanishes", 0), ("vanishes", 1)]
    zeros = [line for line in axes.lines if line.get_label() == "_0" and len(line.get_xdata())]
    assert [(z.get_marker(), z.get_ydata().tolist()) for z in zeros] == [("<", [1])]


def test_layers_of_other_models_stand_by_name() -> None:
    other = [report("words", 1.0), report("gru", 2.0), report("dense", 3.0), report("dense", 4.0)]
    axes = plotting.gradient_flow({"a": GOOD, "b": other})
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["words", "lstm", "dense", "gru", "dense (2)"]
    assert lines(axes)["b"].get_ydata().tolist() == [0, 3, 2, 4]
    assert not axes.texts
    assert plotting.gradient_flow(GOOD).get_legend() is None


def test_gradient_over_time() -> None:
    axes = plotting.gradient_over_time({"good": GOOD, "bad": BAD})
    assert axes.get_yscale() == "log" and axes.get_title() == "words"
    good, bad = lines(axes)["good"], lines(axes)["bad"]
    assert good.get_xdata().tolist() == [1, 2, 3]
    np.testing.assert_array_equal(good.get_ydata(), [1e-5, 1e-4, np.nan])
    np.testing.assert_array_equal(bad.get_ydata(), [1e-9, np.nan, 1e-2])
    ends = [(line.get_marker(), line.get_xdata().tolist()) for line in axes.lines if line.get_label()[0] == "_"]
    assert [end for end in ends if end[1]] == [("v", [3]), ("^", [2])]  # 0 at the lower end, infinity at the upper


def test_the_gradient_reaches_the_words_through_a_mask_alone() -> None:
    ids = np.zeros((4, 40), int)
    ids[:, :5] = np.random.default_rng(0).integers(1, 9, (4, 5))
    slopes = []
    for mask in (True, False):
        tinynet.utils.set_random_seed(0)
        model = tinynet.Sequential([layers.Embedding(9, 4, mask_zero=mask), layers.LSTM(8), layers.Dense(2)])
        model.compile("sgd", "mse")
        model(ids)
        axes = plotting.gradient_over_time(layer_reports(model, ids, np.ones((4, 2))))
        drawn = axes.lines[0].get_ydata()
        slopes.append(drawn[~np.isnan(drawn)])
    assert len(slopes[0]) == 5 and len(slopes[1]) == 40
    assert slopes[0][0] > 1e-2 * slopes[0][-1] and slopes[1][0] < 1e-3 * slopes[1][-1]


def test_statistics_are_those_of_the_callback() -> None:
    x, y = np.random.default_rng(1).integers(0, 255, (20, 3)).astype("uint8"), np.ones((20, 1))
    hidden = layers.Dense(4, "sigmoid", name="hidden")
    model = tinynet.Sequential([layers.Input((3,)), layers.Rescaling(1 / 255, name="scale"), hidden, layers.Dense(1)])
    model.compile("sgd", "mse")
    looking = LayerStatistics(x, y, every=2)
    run = model.fit(x, y, initial_epoch=1, epochs=5, verbose=0, callbacks=[looking])
    axes = plotting.statistics_over_epochs(run, "weights_gradient")
    line = lines(axes)["hidden"]
    assert line.get_xdata().tolist() == [2, 4] and axes.get_yscale() == "log"
    np.testing.assert_array_equal(line.get_ydata(), [looking.reports[e][1].weights_gradient for e in (1, 3)])
    # There is no gradient by what comes of integers alone, which is not one that vanishes.
    assert np.isnan(looking.reports[1][0].gradient) and "vanishes" not in table(looking.reports[1])
    assert "scale" not in lines(plotting.statistics_over_epochs(run))
    assert not plotting.gradient_flow(looking.reports[1]).texts
    outputs = plotting.statistics_over_epochs(run.history, "output_mean")
    assert outputs.get_yscale() == "linear" and len(outputs.lines) == len(model.layers)
    assert len({line.get_marker() for line in outputs.lines}) == len(model.layers)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: plotting.gradient_flow([]), "gradient_flow: expected what callbacks.layer_reports gives"),
        (lambda: plotting.gradient_flow({}), "gradient_flow: expected the reports of one model or more"),
        (lambda: plotting.gradient_flow([1.0]), "gradient_flow: expected what callbacks.layer_reports gives"),
        (lambda: plotting.gradient_over_time(GOOD, "lstm"), "'lstm' gives no sequences .*; of these reports: words"),
        (lambda: plotting.gradient_over_time(GOOD, "wordz"), "no layer 'wordz'. Did you mean 'words'?"),
        (lambda: plotting.gradient_over_time(GOOD[1:]), "expected a layer that gives sequences .* of lstm, dense"),
        (lambda: plotting.statistics_over_epochs({"loss": [1]}), "expected a history with 'gradient/<layer>'"),
        (lambda: plotting.statistics_over_epochs({"loss": [1]}, "weight"), "unknown number 'weight'"),
        (lambda: plotting.statistics_over_epochs({"gradient/a": [np.nan]}), "nothing to draw"),
        (lambda: plotting.statistics_over_epochs([1]), "expected what fit returned"),
        (lambda: plotting.statistics_over_epochs({"gradient/a": [[1]]}), "expected one number an epoch as gradient/a"),
    ],
)
def test_what_cannot_be_drawn(call: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        call()
