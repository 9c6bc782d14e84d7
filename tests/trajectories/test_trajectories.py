"""Training follows Keras's step by step: a selection of the sweep, and that the comparison sees what it should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from following import Run, compared, feed_of, keras_run, our_run, parting, worst_loss, worst_weight
from trajectory_cases import NETWORKS, OPTIMIZERS, STEPS

from tinynet import optimizers


def selection() -> list[tuple[str, str]]:
    """Each network and each optimizer at least once."""
    networks, names = list(NETWORKS), list(OPTIMIZERS)
    return [(networks[i % len(networks)], names[i % len(names)]) for i in range(max(len(networks), len(names)))]


@pytest.mark.parametrize(("network", "optimizer"), selection())
def test_every_step_follows_keras(network: str, optimizer: str, counts: Any, worst: Any) -> None:
    feed = feed_of(network, optimizer)
    theirs, ours = (run(network, optimizer, feed, "float64") for run in (keras_run, our_run))
    assert parting(ours, theirs) is None
    counts["trajectories", f"of {STEPS} steps that follow Keras's in float64"] += 1
    worst("trajectories", "worst difference of a loss", worst_loss(ours, theirs))
    worst("trajectories", "worst difference of a weight", worst_weight(ours, theirs))


@pytest.mark.parametrize(("network", "optimizer"), [("dense", "RMSprop, momentum"), ("cnn, normalised", "Adam")])
def test_float32_is_as_near_to_float64_as_keras(network: str, optimizer: str, counts: Any) -> None:
    assert compared(network, optimizer, feed_of(network, optimizer)).parting is None
    counts["trajectories", "as near to float64 in float32 as Keras's"] += 1


def test_every_optimizer_is_among_them() -> None:
    used = {class_name for class_name, _ in OPTIMIZERS.values()}
    assert used == set(optimizers.CATALOGUE.by_class_name) - {"MultiOptimizer"}  # which only hands on to others


def test_the_first_step_and_the_first_weight_are_named() -> None:
    def nudged(model: Any, step: int) -> None:
        if step == 7:
            weights = model.get_weights()
            weights[2][3, 1] += 1e-3
            model.set_weights(weights)

    theirs = keras_run("dense", "Adam", "plain", "float64")
    text = parting(our_run("dense", "Adam", "plain", "float64", nudged), theirs)
    assert text is not None and text.startswith("step 8: loss is ")
    assert "first weight: sequential/dense_1/kernel after step 7, by " in text
    assert "at [3, 1] it is " in text


def test_another_setting_is_seen() -> None:
    """A setting that is off by a thousandth of itself; a step's loss is of the weights before it."""
    theirs = keras_run("dense", "SGD", "plain", "float64")

    def slower(model: Any, step: int) -> None:
        model.optimizer.learning_rate = 2**-3 * 0.999

    text = parting(our_run("dense", "SGD", "plain", "float64", slower), theirs)
    assert text is not None and text.startswith("step 3: loss is ")
    assert "first weight: sequential/dense/kernel after step 2" in text


def test_what_is_no_number_agrees_with_nothing() -> None:
    def of(loss: float, weight: float) -> Run:
        return Run(["w"], [{"loss": loss}], [{}], [[np.array([weight])]])

    for expected in (1.0, np.nan):
        assert parting(of(np.nan, 1.0), of(expected, 1.0)) is not None
        assert parting(of(1.0, np.nan), of(1.0, expected)) is not None
    assert parting(of(1.0, 1.0), of(1.0, 1.0)) is None
