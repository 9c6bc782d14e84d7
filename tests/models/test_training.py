"""`fit` follows Keras's losses, metrics and weights, step by step, from the same weights and data."""

from __future__ import annotations

from typing import Any

import pytest
from training_cases import FLOAT64, MODELS, OPTIMIZERS, data_for, dense, fitted
from twins import floatx, twins


# Each network and each optimizer, with Keras's own settings, and its whole step run eagerly; tests/trajectories/ has
# every pair, step by step.
PAIRS = [
    ("dense", "momentum"), ("cnn", "nesterov"), ("normalised_cnn", "adam"), ("SimpleRNN_masked", "momentum"),
    ("LSTM_masked_both", "rmsprop"), ("LSTM", "nesterov"), ("GRU_masked", "adam"), ("GRU_both", "rmsprop"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "optimizer"), PAIRS)
def test_losses_follow_keras(name: str, optimizer: str, counts: Any) -> None:
    pair = twins(
        MODELS[name], seed=1, optimizer=OPTIMIZERS[optimizer], loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    x, y = data_for(pair[0], 13)
    fitted(pair, x, y, batch_size=5, epochs=2, validation_data=data_for(pair[0], 4, seed=1))
    counts["training", "runs that follow Keras's losses and weights"] += 1


def exact_adam(library: Any) -> Any:
    # Keras rounds settings such as 0.9 to float32 even where it computes in float64, so these have few bits.
    return library.optimizers.Adam(2**-6, beta_1=0.875, beta_2=1 - 2**-9, epsilon=2**-20)


def test_a_hundred_steps_in_float64_stay_together() -> None:
    """Rounding alone would not be seen; a wrong term, however small, grows."""
    with floatx("float64"):
        pair = twins(
            dense, optimizer=exact_adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        ours, _ = fitted(pair, *data_for(pair[0], 40), batch_size=8, epochs=20, relative=FLOAT64)
        assert ours.history["loss"][-1] < 0.8 * ours.history["loss"][0]
