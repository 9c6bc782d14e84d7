"""A trial is what `fit` alone would give; its key knows all that decides it; its errors stop nobody else."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from small_studies import blobs, network, small
from sklearn import metrics

import tinynet
from tinynet.errors import DataError
from tinynet.study import Data, Study
from tinynet.study.scores import metric_named
from tinynet.study.trial import predicted_values, run_trial, trial_key


def test_a_trial_is_what_fit_gives_with_its_seed() -> None:
    study = small()
    outcome = run_trial(study, {"units": 16, "activation": "tanh"}, 5, "key", None)
    tinynet.utils.set_random_seed(5)
    data, model = blobs(), network(16, "tanh")
    history = model.fit(*data.train, validation_data=data.validation, epochs=4, batch_size=16, verbose=0)
    assert outcome.error is None
    assert outcome.history == history.history
    assert outcome.predicted == model.predict(data.test[0], verbose=0).argmax(axis=1).tolist()
    assert (outcome.parameters, outcome.data) == (model.count_params(), data.digest)


def test_a_trial_disturbs_nobody() -> None:
    def draws() -> list[Any]:
        layer = tinynet.layers.Dense(1)
        layer.build((None, 1))
        return [random.random(), np.random.random(), float(layer.kernel.numpy()[0, 0]), layer.name[-1]]

    tinynet.utils.set_random_seed(1)
    before, expected = tinynet.layers.Dense(1).name, draws()
    tinynet.utils.set_random_seed(1)
    run_trial(small(), {"units": 4, "activation": "relu"}, 9, "key", 1)
    number = int(tinynet.layers.Dense(1).name.removeprefix("dense_"))
    assert number == int(before.removeprefix("dense").strip("_") or 0) + 2, "names go on"
    assert draws()[:3] == expected[:3]


def test_the_key_knows_what_decides() -> None:
    def key(study: Study = small(), seed: int = 0, digest: str = "d", **variant: Any) -> str:
        return trial_key(study, {"units": 4, "activation": "relu", **variant}, seed, digest)

    def other_network(units: int, activation: str) -> Any:
        return network(units, activation)

    rates = iter([0.1, 0.2])

    def helped(units: int, activation: str) -> Any:
        """Has one source, and gives models with other settings."""
        model = network(units, activation)
        model.optimizer.learning_rate = next(rates)
        return model

    same = key()
    assert (
        same
        == key(small("another name"))
        == key(small(metrics=["accuracy"], seeds=1, title="x"))
        == key(small(plan="one_at_a_time"))
    )
    stopping = {"callbacks": [tinynet.callbacks.EarlyStopping("loss", patience=2)]}
    more = {"callbacks": [tinynet.callbacks.EarlyStopping("loss", patience=3)]}
    helped_study = Study("b", helped, blobs, choices=small().choices, settings=small().settings)
    others = [
        key(helped_study), key(helped_study),
        key(units=16), key(seed=1), key(digest="e"), key(small(settings={"epochs": 5, "batch_size": 16})),
        key(Study("b", other_network, blobs, choices=small().choices, settings=small().settings)),
        key(small(fit={"shuffle": False})), key(small(fit=stopping)), key(small(fit=more)),
        key(small(train=lambda model, data, arguments: {})),
    ]  # fmt: skip
    assert len({same, *others}) == 1 + len(others)
    assert key(small(fit=stopping)) == key(
        small(fit={"callbacks": [tinynet.callbacks.EarlyStopping("loss", patience=2)]})
    )


def test_an_error_is_told_and_not_raised() -> None:
    outcome = run_trial(small(), {"units": 4, "activation": "relu", "fails": True}, 0, "key", None)
    assert outcome.error == "ValueError: as it was told to (small_studies.py, line 25)"
    assert outcome.predicted == () and outcome.history == {}

    def explode(model: Any, data: Data, arguments: Any) -> Any:
        history = model.fit(*data.train, epochs=1, verbose=0)
        model.layers[0].kernel.assign(np.full((2, 4), np.nan))
        return history

    exploding = small(train=explode)
    assert "DataError: the trained model predicts NaN" in str(run_trial(exploding, exploding.usual, 0, "k", None).error)


def test_a_train_of_ones_own() -> None:
    def train(model: Any, data: Data, arguments: Any, units: int, seed: int) -> Any:
        assert arguments["epochs"] == 4
        return {"loss": [1.0, 0.5]}, {"doubled": 2 * units, "the seed": seed}

    outcome = run_trial(small(train=train), {"units": 16, "activation": "relu"}, 7, "key", None)
    assert (outcome.error, outcome.history) == (None, {"loss": [1.0, 0.5]})
    assert outcome.measured == {"doubled": 32.0, "the seed": 7.0}


def test_predictions_become_classes_or_numbers() -> None:
    x, y = np.zeros((3, 1)), np.array([0, 1, 1])
    classes = Data((x, y), (x, y), class_names=("no", "yes"))
    assert predicted_values([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]], classes) == [1, 0, 0]
    assert predicted_values([[0.2], [0.9], [0.5]], classes) == [0, 1, 0]
    assert predicted_values([0.2, 0.9, 0.5], Data((x, x), (x, x))) == [0.2, 0.9, 0.5]
    for wrong in (np.zeros((3, 3)), np.zeros((2, 2)), np.full((3, 2), np.nan)):
        with pytest.raises(DataError):
            predicted_values(wrong, classes)


@pytest.mark.parametrize("classes", [2, 5])
def test_scores_are_scikit_learns(classes: int) -> None:
    rng = np.random.default_rng(classes)
    for _ in range(20):
        truth, predicted = rng.integers(0, classes, (2, 30))
        predicted[truth == 0] = 1 if rng.random() < 0.5 else predicted[truth == 0]
        macro = metrics.f1_score(truth, predicted, average="macro", zero_division=0)
        assert metric_named("macro_f1")(truth, predicted, classes) == pytest.approx(macro, rel=1e-12)
        assert metric_named("accuracy")(truth, predicted, classes) == metrics.accuracy_score(truth, predicted)
        kappa = metric_named(metrics.cohen_kappa_score)
        assert (kappa.name, kappa(truth, predicted, classes)) == (
            "cohen_kappa_score",
            metrics.cohen_kappa_score(truth, predicted),
        )
        x, y = rng.normal(size=(2, 30))
        for name, theirs in {
            "r2": metrics.r2_score,
            "mae": metrics.mean_absolute_error,
            "rmse": metrics.root_mean_squared_error,
        }.items():
            assert metric_named(name)(x, y, None) == pytest.approx(theirs(x, y), rel=1e-12)
