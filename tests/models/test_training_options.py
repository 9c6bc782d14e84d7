"""Penalties, weights of samples, validation and metrics: what changes a loss changes it as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_cases import CLASSES, FEATURES, MODELS, OPTIMIZERS, STEPS, WORDS, data_for, dense, fitted
from twins import KERAS, same_histories, same_weights, twins


def regularised(library: Any) -> list[Any]:
    layers, regularizers, constraints = library.layers, library.regularizers, library.constraints
    return [
        layers.Input((5,)),
        layers.Dense(
            7, activation="tanh", kernel_regularizer=regularizers.L1L2(0.01, 0.02), bias_regularizer="l2",
            activity_regularizer=regularizers.L2(0.1), kernel_constraint=constraints.MaxNorm(0.6),
            bias_constraint="non_neg",
        ),
        layers.Dense(CLASSES, activation="softmax", kernel_regularizer="l1"),
    ]  # fmt: skip


def recurrent_regularised(library: Any) -> list[Any]:
    layers, regularizers = library.layers, library.regularizers
    quick = {"unroll": True} if library is KERAS else {}
    return [
        layers.Input((STEPS,)),
        layers.Embedding(WORDS, FEATURES, mask_zero=True, embeddings_regularizer=regularizers.L2(0.01)),
        layers.LSTM(
            3, kernel_regularizer=regularizers.L2(0.02), recurrent_regularizer=regularizers.L2(0.03),
            bias_regularizer=regularizers.L1(0.01), recurrent_constraint="unit_norm", **quick,
        ),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


@pytest.mark.parametrize("build", [regularised, recurrent_regularised])
def test_penalties_and_constraints_follow_keras(build: Any) -> None:
    pair = twins(
        build, optimizer=OPTIMIZERS["momentum"], loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    x, y = data_for(pair[0], 13)
    ours, _ = fitted(pair, x, y, batch_size=4, epochs=3, validation_data=(x[:6], y[:6]))
    for _ in range(2):  # penalties of a call replace those of the call before
        for model in pair:
            model(x)
        own, expected = ([float(loss) for loss in model.losses] for model in pair)
        np.testing.assert_allclose(own, expected, rtol=1e-4)
    assert ours.history["loss"][0] > pair[0].evaluate(x, y, verbose=0)[0]
    np.testing.assert_allclose(
        pair[0].evaluate(x, y, verbose=0), pair[1].evaluate(x, y, verbose=0), rtol=1e-4
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"weight_decay": 0.05},
        {"clipnorm": 0.05},
        {"global_clipnorm": 0.05},
        {"clipvalue": 0.01},
        {"weight_decay": 0.1, "clipnorm": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("name", ["dense", "GRU_masked"])
def test_decay_and_clipping_follow_keras(name: str, optimizer: str, settings: dict[str, float]) -> None:
    pair = twins(
        MODELS[name], optimizer=lambda library: getattr(library.optimizers, optimizer)(0.05, **settings),
        loss="sparse_categorical_crossentropy",
    )  # fmt: skip
    fitted(pair, *data_for(pair[0], 9), batch_size=4, epochs=2)


def one_hot(y: np.ndarray) -> np.ndarray:
    return np.eye(CLASSES, dtype="float32")[y]


@pytest.mark.parametrize(
    "weighting", ["class_weight", "class_weight_one_hot", "sample_weight", "sample_weight_column"]
)
def test_weights_of_classes_and_samples_follow_keras(weighting: str) -> None:
    hot = weighting == "class_weight_one_hot"
    pair = twins(
        dense, optimizer="sgd", loss="categorical_crossentropy" if hot else "sparse_categorical_crossentropy",
        metrics=["accuracy"], weighted_metrics=["accuracy"],
    )  # fmt: skip
    x, y = data_for(pair[0], 13)
    weights = np.random.default_rng(3).uniform(0, 3, 13).astype("float32")
    settings = {
        "class_weight": {"class_weight": {0: 0.2, 2: 5.0}},
        "class_weight_one_hot": {"class_weight": {0: 0.2, 2: 5.0}},
        "sample_weight": {"sample_weight": weights},
        "sample_weight_column": {"sample_weight": weights[:, None]},
    }[weighting]
    targets = one_hot(y) if hot else y
    ours, _ = fitted(
        pair,
        x,
        targets,
        batch_size=5,
        epochs=3,
        validation_data=(x[:4], targets[:4], weights[:4]),
        **settings,
    )
    assert list(ours.history) == [
        "accuracy", "loss", "val_accuracy", "val_loss", "val_weighted_accuracy", "weighted_accuracy",
    ]  # fmt: skip
    assert ours.history["accuracy"] != ours.history["weighted_accuracy"]
    assert pair[0].evaluate(x, targets, sample_weight=weights, verbose=0)[1] != pytest.approx(
        pair[0].evaluate(x, targets, sample_weight=weights, verbose=0)[2]
    )


@pytest.mark.parametrize("split", [0.25, 0.3, 0.5])
def test_validation_split_takes_the_last_samples(split: float) -> None:
    pair = twins(dense, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = data_for(pair[0], 17)
    weights = np.linspace(0.5, 2, 17).astype("float32")
    fitted(
        pair,
        x,
        y,
        batch_size=4,
        epochs=2,
        validation_split=split,
        sample_weight=weights,
        validation_batch_size=3,
    )


def test_precision_recall_and_f1_follow_keras() -> None:
    metrics = [
        lambda library: library.metrics.Precision(),
        lambda library: library.metrics.Recall(class_id=1),
        lambda library: library.metrics.F1Score(average="macro", name="macro"),
        lambda library: library.metrics.F1Score(average="micro", name="micro"),
        lambda library: library.metrics.F1Score(name="by_class"),
    ]
    pair = twins(dense, optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy", *metrics])
    x, y = data_for(pair[0], 31)
    ours, _ = fitted(pair, x, one_hot(y), batch_size=7, epochs=3, validation_data=(x[:9], one_hot(y[:9])))
    assert np.shape(ours.history["by_class"]) == (3, CLASSES)


def test_evaluate_gives_the_values_in_the_order_of_compile() -> None:
    metrics = [lambda library: library.metrics.Recall(), "accuracy", "mse"]
    pair = twins(dense, optimizer="adam", loss="categorical_crossentropy", metrics=metrics)
    x, y = data_for(pair[0], 11)
    results = [model.evaluate(x, one_hot(y), verbose=0, batch_size=4) for model in pair]
    assert len(results[0]) == 4
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)
    named = [model.evaluate(x, one_hot(y), verbose=0, batch_size=4, return_dict=True) for model in pair]
    same_histories(named[0], named[1], 1e-5)
    assert dict(zip(["loss", "recall", "accuracy", "mse"], results[0], strict=True)) == named[0]


def test_evaluate_gives_the_loss_alone_without_metrics() -> None:
    pair = twins(dense, optimizer="adam", loss="sparse_categorical_crossentropy")
    x, y = data_for(pair[0], 11)
    ours, theirs = (model.evaluate(x, y, verbose=0, sample_weight=np.arange(11.0)) for model in pair)
    assert isinstance(ours, float)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_single_batches_follow_keras() -> None:
    pair = twins(dense, optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = data_for(pair[0], 12)
    for start in (0, 4, 8):
        rows = slice(start, start + 4)
        ours, theirs = (model.train_on_batch(x[rows], y[rows]) for model in pair)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    ours, theirs = (model.train_on_batch(x, y, class_weight={0: 3.0}, return_dict=True) for model in pair)
    same_histories(ours, theirs, 1e-5)
    ours, theirs = (
        model.test_on_batch(x[:5], y[:5], sample_weight=np.arange(5.0), return_dict=True) for model in pair
    )
    same_histories(ours, theirs, 1e-5)
    ours, theirs = (model.predict_on_batch(x[:5]) for model in pair)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    same_weights(*pair)


def test_a_loss_function_and_a_metric_function_of_ones_own() -> None:
    def distance(y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred) ** 1.5

    # A function is what `twins` would call with the library, hence the functions around it.
    pair = twins(dense, optimizer="sgd", loss=lambda library: distance, metrics=[lambda library: distance])
    x, y = data_for(pair[0], 9)
    ours, _ = fitted(pair, x, one_hot(y), batch_size=4, epochs=2)
    assert list(ours.history) == ["distance", "loss"]
