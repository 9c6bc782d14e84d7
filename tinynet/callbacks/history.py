"""`History`: the logs of all epochs."""

from __future__ import annotations

from typing import Any

from tinynet.callbacks.callback import Callback, Logs


class History(Callback):
    """What `fit` returns: `history` maps each log to its list of values, one an epoch."""

    remembered = ("history", "epoch")

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)
        self.model.history = self

    def __repr__(self) -> str:
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history)}>"
