"""Random numbers for a fit that leave everybody else's alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from tinynet import seeds

# The seeds are the process's, so fits in several threads (joblib's "threading") take turns.
_TURN = threading.RLock()


def seed_of(random_state: Any) -> int:
    """The seed for one fit: the number that was given, or one drawn from a RandomState (None: NumPy's global one)."""
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        check_random_state(random_state)  # says what is wrong with a negative one
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


@contextmanager
def drawing(start: int | dict[str, Any]) -> Iterator[None]:
    """Within it everything is drawn as after `set_random_seed(start)`, or goes on from a state of `seeds.get_state`;
    after it Python's, NumPy's and tinynet's generators are as they were."""
    with _TURN:
        before = seeds.get_state()
        try:
            if isinstance(start, dict):
                seeds.set_state(start)
            else:
                seeds.set_random_seed(start)
            yield
        finally:
            seeds.set_state(before)
