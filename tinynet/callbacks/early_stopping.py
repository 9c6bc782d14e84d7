"""`EarlyStopping`: training ends when it no longer helps."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import number, whole
from tinynet.callbacks.callback import Logs
from tinynet.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops training when a log has not improved for `patience` epochs.

    monitor: the log. min_delta: smaller changes are no improvement. mode: 'min', 'max', or 'auto'
        by the name. baseline: a value that must be beaten. restore_best_weights: end with the
        weights of the best epoch. start_from_epoch: epochs before it are not watched.

    Raises `ArgumentError` for a log that will not be there, see `MonitorCallback`.
    Source: https://keras.io/api/callbacks/early_stopping/
    """

    remembered = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = whole("EarlyStopping", "patience", patience, 0)
        self.verbose = verbose
        self.baseline = None if baseline is None else number("EarlyStopping", "baseline", baseline)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = whole("EarlyStopping", "start_from_epoch", start_from_epoch, 0)
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights: Any = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self._current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping", flush=True)
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.", flush=True)
            self.model.set_weights(self.best_weights)
