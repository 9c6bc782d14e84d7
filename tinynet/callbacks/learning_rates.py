"""Callbacks that change the optimizer's learning rate from epoch to epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.arguments import number, whole
from tinynet.autograd import Variable
from tinynet.callbacks.callback import Callback, Logs
from tinynet.callbacks.monitor import MonitorCallback
from tinynet.errors import ArgumentError, FixedRateError


def rate_of(optimizer: Any) -> float:
    """The learning rate of an optimizer now."""
    return float(np.asarray(optimizer.learning_rate))


def parts_of(optimizer: Any) -> list[Any]:
    """An optimizer alone, or those among which a `MultiOptimizer` divides the variables."""
    return getattr(optimizer, "optimizers", [optimizer])


def rates_of(optimizer: Any) -> dict[str, float]:
    """The learning rate as it is logged; of a `MultiOptimizer` one for each of its optimizers."""
    if not hasattr(optimizer, "optimizers"):
        return {"learning_rate": rate_of(optimizer)}
    return {f"learning_rate_{part.name}": rate_of(part) for part in optimizer.optimizers}


def require_settable(optimizer: Any, where: str) -> None:
    """Raises `FixedRateError` where the learning rate follows a schedule and cannot be set."""
    for part in parts_of(optimizer):
        if not isinstance(part.learning_rate, Variable):
            raise FixedRateError(
                f"{where}: the learning rate of {part.name!r} follows a schedule and cannot be set; "
                "make the optimizer with a float learning_rate"
            )


def log_rate(logs: Logs, optimizer: Any) -> None:
    """Adds the learning rate to the logs, for the callbacks that follow."""
    if isinstance(logs, dict):
        logs.update(rates_of(optimizer))


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    schedule: a function of the epoch (from 0) and the learning rate so far, or of the epoch alone, that returns a
        float. verbose: 1 prints what was set.

    The logs of an epoch hold its `learning_rate`. Raises `ArgumentError` for what is no such function, and
    `FixedRateError` before the first step for an optimizer whose learning rate follows a schedule.
    Source: https://keras.io/api/callbacks/learning_rate_scheduler/

    >>> halve = LearningRateScheduler(lambda epoch, learning_rate: learning_rate / 2)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_rate(schedule)

    def on_train_begin(self, logs: Logs = None) -> None:
        require_settable(self.model.optimizer, "LearningRateScheduler")

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        require_settable(self.model.optimizer, "LearningRateScheduler")
        for part in parts_of(self.model.optimizer):
            self._set(part, epoch)

    def _set(self, optimizer: Any, epoch: int) -> None:
        rate = self.schedule(epoch, rate_of(optimizer)) if self._takes_rate else self.schedule(epoch)
        if not isinstance(rate, (float, np.float32)):
            raise ArgumentError(
                f"LearningRateScheduler: expected the schedule to return a float, received {rate!r} in epoch {epoch}"
            )
        optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.", flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        log_rate(logs, self.model.optimizer)


def _takes_rate(schedule: Any) -> bool:
    """Whether a schedule is a function of the epoch and the learning rate, or of the epoch alone."""
    if callable(schedule):
        try:
            signature = inspect.signature(schedule)
        except ValueError:  # of a function in C nothing is known
            return True
        for arguments in ((0, 0.0), (0,)):
            try:
                signature.bind(*arguments)
            except TypeError:
                continue
            return len(arguments) == 2
    raise ArgumentError(
        f"LearningRateScheduler: expected a function of (epoch, learning_rate) or of (epoch), received {schedule!r}"
    )


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a log has stopped improving.

    monitor, mode, min_delta: as in `MonitorCallback`. factor: what the learning rate is multiplied by, below 1.
    patience: epochs without improvement before that. cooldown: epochs after it that do not count.
    min_lr: the lowest learning rate. verbose: 1 prints what was set.

    The logs of an epoch hold its `learning_rate`. Raises `ArgumentError` for a log that will not be there, and
    `FixedRateError` before the first step for an optimizer whose learning rate follows a schedule.
    Source: https://keras.io/api/callbacks/reduce_lr_on_plateau/
    """

    remembered = ("best", "cooldown_counter", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.factor = number("ReduceLROnPlateau", "factor", factor, 0.0)
        if factor >= 1:
            raise ArgumentError(f"ReduceLROnPlateau: expected factor to be below 1, received {factor!r}")
        self.patience = whole("ReduceLROnPlateau", "patience", patience, 0)
        self.verbose = verbose
        self.cooldown = whole("ReduceLROnPlateau", "cooldown", cooldown, 0)
        self.min_lr = number("ReduceLROnPlateau", "min_lr", min_lr, 0.0)
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._forget()
        if self.model is not None:
            require_settable(self.model.optimizer, "ReduceLROnPlateau")

    def in_cooldown(self) -> bool:
        """Whether epochs without improvement do not count at present."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        optimizer = self.model.optimizer
        log_rate(logs, optimizer)
        current = self._current(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                for part in parts_of(optimizer):
                    self._lower(part, epoch)

    def _lower(self, optimizer: Any, epoch: int) -> None:
        rate = rate_of(optimizer)
        if rate > np.float32(self.min_lr):
            lower = max(rate * self.factor, self.min_lr)
            optimizer.learning_rate = lower
            self.cooldown_counter = self.cooldown
            self.wait = 0
            if self.verbose:
                print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {lower}.", flush=True)
