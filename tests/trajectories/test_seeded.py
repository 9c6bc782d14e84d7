"""After the same seed a program's losses are Keras's: a selection of the runs of seeded.py."""

from __future__ import annotations

from typing import Any

import pytest
from seeded import TOLERANCE, compared

SELECTION = [
    "dense, dropout, validation split", "dense, orthogonal and normal weights", "dense, noise of a user's own",
    "dense, mixed within batches", "dense, batches of a data set", "dense, trained twice", "dense, saved and loaded",
    "CNN, batch normalisation", "CNN, augmentation", "SimpleRNN, both directions, words", "LSTM, recurrent dropout",
    "GRU, dropout, words", "attention, dropout",
]  # fmt: skip


@pytest.mark.parametrize("name", SELECTION)
def test_the_same_seed_gives_the_same_run(name: str, counts: Any, worst: Any) -> None:
    difference = compared(name).difference
    assert difference < TOLERANCE
    counts["trajectories", "programs whose losses after a seed are Keras's"] += 1
    worst("trajectories", "worst difference of a loss after the same seed", difference)
