"""`fit` follows Keras's losses, metrics and weights, step by step, from the same weights and data."""

from __future__ import annotations

from typing import Any

import pytest
from training_cases import FLOAT64, MODELS, OPTIMIZERS, STACKED, data_for, dense, fitted
from twins import floatx, twins


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
    [
        ("normalised_cnn", "adam"),
        ("LSTM_masked_both", "adam"),
        ("GRU_both", "rmsprop"),
        ("SimpleRNN_masked", "nesterov"),
    ],
)
def test_losses_follow_keras_in_float64(name: str, optimizer: str) -> None:
    with floatx("float64"):
        pair = twins(MODELS[name], seed=2, optimizer=EXACT[optimizer], loss="sparse_categorical_crossentropy")
        x, y = data_for(pair[0], 12)
        fitted(pair, x, y, batch_size=4, epochs=3, relative=FLOAT64)


def test_a_hundred_steps_in_float64_stay_together() -> None:
    """Rounding alone would not be seen; a wrong term, however small, grows."""
    with floatx("float64"):
        pair = twins(
            dense, optimizer=EXACT["adam"], loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        ours, _ = fitted(pair, *data_for(pair[0], 40), batch_size=8, epochs=20, relative=FLOAT64)
        assert ours.history["loss"][-1] < 0.8 * ours.history["loss"][0]
