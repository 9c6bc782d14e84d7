"""`Callback`: the hooks, and the numbers they are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Logs = Mapping[str, Any] | None


class Callback:
    """Base of all callbacks, and of yours: override the hooks you need.

    `self.model` is the model, `self.params` holds epochs, steps and verbose. Logs of batches are
    running averages since the epoch began, logs of epochs hold the validation's with val_ before.
    Set `self.model.stop_training = True` to end training; `stop_evaluating` and `stop_predicting` end the others.

    A callback that remembers something from one hook to the next names its attributes in `remembered`, so that a run
    that was killed goes on as if it had not been (see `BackupAndRestore`). Where that does not do, it overrides
    `get_state` and `set_state`.

    Source: https://keras.io/api/callbacks/base_callback/
    """

    model: Any = None
    params: dict[str, Any] = {}
    after_others = False  # whether its hooks are called after those of all others, wherever it stands in the list

    remembered: tuple[str, ...] = ()  # attributes that change as training goes on: numbers, text, arrays, lists, dicts

    def get_state(self) -> Any:
        """What a checkpoint keeps: dicts and lists of numbers, text, None and arrays. None: there is nothing."""
        return {name: getattr(self, name) for name in self.remembered} or None

    def set_state(self, state: Any) -> None:
        """Goes on from what `get_state` gave."""
        for name in self.remembered:
            setattr(self, name, state[name])

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs = None) -> None: ...
    def on_train_end(self, logs: Logs = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None: ...
    def on_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_batch_end(self, batch: int, logs: Logs = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs = None) -> None: ...
    def on_test_end(self, logs: Logs = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_begin(self, logs: Logs = None) -> None: ...
    def on_predict_end(self, logs: Logs = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None: ...


def plain(logs: Logs) -> dict[str, Any]:
    """Logs as hooks get them: Python floats sorted by name, those of a dict among its neighbours; arrays of several
    values, and what is no number, as they are.

    >>> plain({"loss": np.float32(0.5), "errors": {"mae": 1, "mape": [2.0]}})
    {'mae': 1.0, 'mape': 2.0, 'loss': 0.5}
    """
    found: dict[str, Any] = {}
    for key in sorted(logs or ()):
        value = (logs or {})[key]
        if isinstance(value, dict):
            found.update(plain(value))
        else:
            found[key] = value if type(value) is float else _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    try:
        numbers = np.asarray(value)
        return float(numbers.item()) if numbers.size == 1 else numbers
    except (TypeError, ValueError):
        return value
