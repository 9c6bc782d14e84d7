"""`fit` follows Keras's losses, metrics and weights, step by step, from the same weights and data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from twins import KERAS, TINYNET, floatx, resolved, same_histories, same_weights, twins

# float32 keeps 7 digits. Sums in another order differ in the last one, and each update carries
# the difference on; after the tens of steps taken here it stays below 1e-4 of the largest
# weight. That this is rounding and nothing else is what the runs in float64 show.
FLOAT32 = 1e-4
FLOAT64 = 1e-9

CLASSES = 3
IMAGES = (8, 8, 2)
STEPS, FEATURES, WORDS = 4, 4, 12


def dense(library: Any) -> list[Any]:
    layers = library.layers
    return [layers.Input((5,)), layers.Dense(7, activation="tanh"), layers.Dense(CLASSES, activation="softmax")]


def cnn(library: Any) -> list[Any]:
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(5, 2, padding="same", activation="relu"), layers.Flatten(),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def normalised_cnn(library: Any) -> list[Any]:
    # Without a bias before the normalisation: its gradient would be zero but for rounding, which
    # Adam turns into steps of full size.
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, strides=2, use_bias=False), layers.BatchNormalization(momentum=0.8),
        layers.Activation("relu"), layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def recurrent(kind: str, masked: bool, both: bool, stacked: bool = False) -> Any:
    """Words through an embedding that masks, or features as they are; one direction or both."""

    def build(library: Any) -> list[Any]:
        layers = library.layers
        first = (
            [layers.Input((STEPS,)), layers.Embedding(WORDS, FEATURES, mask_zero=True)]
            if masked
            else [layers.Input((STEPS, FEATURES))]
        )
        around = layers.Bidirectional if both else lambda layer: layer
        cell = getattr(layers, kind)
        # Unrolled, Keras computes the same and is quicker for few steps.
        quick = {"unroll": True} if library is KERAS and not stacked else {}
        below = [around(cell(3, return_sequences=True))] if stacked else []
        return [*first, *below, around(cell(4, **quick)), layers.Dense(CLASSES, activation="softmax")]

    return build


RECURRENT = ("SimpleRNN", "LSTM", "GRU")
MODELS = {
    "dense": dense,
    "cnn": cnn,
    "normalised_cnn": normalised_cnn,
    **{
        f"{kind}{'_masked' if masked else ''}{'_both' if both else ''}": recurrent(kind, masked, both)
        for kind in RECURRENT
        for masked in (False, True)
        for both in (False, True)
    },
}
STACKED = {f"{kind}_stacked": recurrent(kind, True, True, stacked=True) for kind in RECURRENT}

OPTIMIZERS = {
    "momentum": lambda library: library.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda library: library.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda library: library.optimizers.RMSprop(0.005),
    "adam": lambda library: library.optimizers.Adam(0.01),
}


def data_for(model: Any, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs of the model's shape, words padded at the end, and labels that depend on them."""
    generator = np.random.default_rng(seed)
    shape = tuple(model.input_shape[1:])
    if shape == (STEPS,):
        x: Any = generator.integers(1, WORDS, (count, STEPS))
        lengths = generator.integers(1, STEPS + 1, count)
        x[np.arange(STEPS) >= lengths[:, None]] = 0
        return x, (x.sum(axis=1) % CLASSES).astype("int64")
    x = generator.normal(size=(count, *shape)).astype("float32")
    return x, (x.reshape(count, -1)[:, :CLASSES]).argmax(axis=1)


def fitted(pair: Any, *data: Any, relative: float = FLOAT32, **settings: Any) -> tuple[Any, Any]:
    """Trains both without shuffling; histories and weights must agree."""
    settings = {"shuffle": False, "verbose": 0, **settings}
    before = pair[0].get_weights()
    histories = []
    for library, model in zip((TINYNET, KERAS), pair, strict=True):
        histories.append(model.fit(*data, **resolved(library, settings)))
    same_histories(histories[0].history, histories[1].history, relative)
    assert histories[0].epoch == histories[1].epoch
    same_weights(*pair, relative)
    assert any(not np.array_equal(old, new) for old, new in zip(before, pair[0].get_weights(), strict=True))
    return histories[0], histories[1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_losses_follow_keras(name: str, optimizer: str, counts: Any) -> None:
    pair = twins(
        MODELS[name], seed=1, optimizer=OPTIMIZERS[optimizer], loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    x, y = data_for(pair[0], 13)
    fitted(pair, x, y, batch_size=5, epochs=2, validation_data=data_for(pair[0], 4, seed=1))
    counts["training", "runs that follow Keras's losses and weights"] += 1


@pytest.mark.parametrize("name", STACKED)
def test_losses_of_stacked_layers_follow_keras(name: str) -> None:
    pair = twins(STACKED[name], seed=1, optimizer=OPTIMIZERS["adam"], loss="sparse_categorical_crossentropy")
    fitted(pair, *data_for(pair[0], 8), batch_size=4, epochs=2)


# Keras rounds settings such as 0.9 to float32 even where it computes in float64, so these have few bits.
EXACT = {
    "nesterov": lambda library: library.optimizers.SGD(2**-4, momentum=0.875, nesterov=True),
    "rmsprop": lambda library: library.optimizers.RMSprop(2**-8, rho=0.875, epsilon=2**-20),
    "adam": lambda library: library.optimizers.Adam(2**-6, beta_1=0.875, beta_2=1 - 2**-9, epsilon=2**-20),
}


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [("normalised_cnn", "adam"), ("LSTM_masked_both", "adam"), ("GRU_both", "rmsprop"), ("SimpleRNN_masked", "nesterov")],
)
def test_losses_follow_keras_in_float64(name: str, optimizer: str) -> None:
    with floatx("float64"):
        pair = twins(MODELS[name], seed=2, optimizer=EXACT[optimizer], loss="sparse_categorical_crossentropy")
        x, y = data_for(pair[0], 12)
        fitted(pair, x, y, batch_size=4, epochs=3, relative=FLOAT64)


def test_a_hundred_steps_in_float64_stay_together() -> None:
    """Rounding alone would not be seen; a wrong term, however small, grows."""
    with floatx("float64"):
        pair = twins(dense, optimizer=EXACT["adam"], loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        ours, theirs = fitted(pair, *data_for(pair[0], 40), batch_size=8, epochs=20, relative=FLOAT64)
        assert ours.history["loss"][-1] < 0.8 * ours.history["loss"][0]


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
    np.testing.assert_allclose(pair[0].evaluate(x, y, verbose=0), pair[1].evaluate(x, y, verbose=0), rtol=1e-4)


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


@pytest.mark.parametrize("weighting", ["class_weight", "class_weight_one_hot", "sample_weight", "sample_weight_column"])
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
        pair, x, targets, batch_size=5, epochs=3, validation_data=(x[:4], targets[:4], weights[:4]), **settings
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
    fitted(pair, x, y, batch_size=4, epochs=2, validation_split=split, sample_weight=weights, validation_batch_size=3)


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
    ours, theirs = fitted(pair, x, one_hot(y), batch_size=7, epochs=3, validation_data=(x[:9], one_hot(y[:9])))
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
    ours, theirs = (model.test_on_batch(x[:5], y[:5], sample_weight=np.arange(5.0), return_dict=True) for model in pair)
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
