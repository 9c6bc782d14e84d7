"""`MonitorCallback`: what watches one log, and knows which values of it are better."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import numpy as np

from tinynet import ops
from tinynet.arguments import number
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import ArgumentError, nearest, warn


class MonitorCallback(Callback):
    """Base of the callbacks that watch a log: it tells whether a value is better than the best so far.

    monitor: the log. mode: 'min', 'max', or 'auto' by the log: losses and errors fall, accuracies and scores rise.
    baseline: the best value to begin with. min_delta: changes up to this are no improvement.

    A value improves on the best where best > value + min_delta (min) or best < value − min_delta (max), compared in
    floatx as in Keras. A log that will never be there is an `ArgumentError` before the first step where the names
    of all logs are known by then (the model's steps and metrics are not overridden, no callback of yours might add a
    log); otherwise a warning at the end of the epoch, as in Keras.

    Source: https://keras.io/api/callbacks/
    """

    remembered: tuple[str, ...] = ("best",)

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        kind = type(self).__name__
        if not isinstance(monitor, str):
            raise ArgumentError(f"{kind}: expected monitor to be the name of a log, received {monitor!r}")
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"{kind}: expected mode 'auto', 'min' or 'max', received {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.best = None if baseline is None else number(kind, "a best value to begin with", baseline)
        self.min_delta = abs(number(kind, "min_delta", min_delta))
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def check_logged(self, logged: Set[str]) -> None:
        """Raises `ArgumentError` unless the log is among these."""
        if self.monitor not in logged:
            advice = nearest(self.monitor, logged)
            if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in logged):
                advice = "Names with val_ need validation_data or validation_split."
            raise ArgumentError(
                f"{type(self).__name__}: {self.monitor!r} will not be among the logs, which are "
                f"{', '.join(sorted(logged))}. {advice}"
            )
        self._set_monitor_op()

    def _set_monitor_op(self) -> None:
        """Finds out which values are better; raises `ArgumentError` where that cannot be told."""
        self.monitor_op = ops.greater if self._larger_is_better() else ops.less
        self.min_delta = abs(self.min_delta) if self.monitor_op is ops.greater else -abs(self.min_delta)

    def _larger_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return False
        direction = self.model.metric_direction(name) if self.model is not None else None
        if direction is None:
            raise ArgumentError(
                f"{type(self).__name__}: cannot tell whether larger values of {self.monitor!r} are better; "
                "pass mode='min' or mode='max'"
            )
        return direction == "up"

    def _is_improvement(self, monitor_value: float, reference_value: float | None) -> bool:
        """Whether a value is better than another, or the first."""
        if reference_value is None:
            return True
        assert self.monitor_op is not None, "_set_monitor_op comes first"
        return bool(self.monitor_op(monitor_value - self.min_delta, reference_value))

    def _current(self, logs: Logs) -> float | None:
        """The value of the log, or None, with a warning, where it is missing."""
        if self.monitor_op is None:
            self._set_monitor_op()
        value = (logs or {}).get(self.monitor)
        if value is None:
            warn(
                f"{type(self).__name__}: {self.monitor!r} is not among the logs. Available: {', '.join(logs or {})}"
            )
            return None
        if np.size(value) != 1:
            raise ArgumentError(
                f"{type(self).__name__}: {self.monitor!r} has {np.size(value)} values; monitor a single number"
            )
        return float(value)
