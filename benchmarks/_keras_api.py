"""A workload through Keras's names, which Keras and tinynet share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from _reference import Reference
from _workloads import FIT_STEPS, Workload


def tasks(
    keras: Any, workload: Workload, reference: Reference, dropout: float, optimizer: str
) -> dict[str, Callable[[], Any]]:
    """What is timed, by the name of its line. Predictions return something that is an array or turns into one."""
    model = workload.build(keras, dropout)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.set_weights(reference.weights)
    x, y = reference.x, reference.y
    epoch = [np.concatenate([array] * FIT_STEPS) for array in (x, y)]
    return {
        "training step": lambda: model.train_on_batch(x, y),
        "fit, a step": lambda: model.fit(*epoch, batch_size=len(x), verbose=0),
        "predict 1": lambda: model.predict(x[:1], verbose=0),
        "call 1": lambda: model(x[:1], training=False),
        "predict N": lambda: model.predict(x, verbose=0, batch_size=len(x)),
    }
