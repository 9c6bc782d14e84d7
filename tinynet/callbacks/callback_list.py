"""`CallbackList`: several callbacks as one."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from tinynet.callbacks.callback import Callback, Logs, plain
from tinynet.callbacks.history import History
from tinynet.callbacks.learning_rates import LearningRateScheduler, ReduceLROnPlateau, rates_of
from tinynet.callbacks.monitor import MonitorCallback
from tinynet.callbacks.progress import ProgbarLogger
from tinynet.errors import ArgumentError
from tinynet.nested import leaves


class CallbackList(Callback):
    """Several callbacks as one: each hook calls that of each, in order, for `fit` or for a loop of your own.

    callbacks: one, or several in lists. add_history, add_progbar: put a History and a ProgbarLogger last where there
        is none. params: what the callbacks find in `params`: verbose, epochs, steps.

    Raises `ArgumentError` for what is no callback. Source: https://keras.io/api/callbacks/

    >>> callbacks = CallbackList([LearningRateScheduler(lambda epoch: 0.1)], add_history=True)
    >>> [type(callback).__name__ for callback in callbacks.callbacks]
    ['LearningRateScheduler', 'History']
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks: list[Callback] = []
        for callback in leaves(callbacks) if callbacks is not None else ():
            self.append(callback)
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.append(kind())
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Puts a callback last."""
        if not isinstance(callback, Callback):
            raise ArgumentError(f"callbacks: expected tinynet callbacks, received {callback!r}")
        self.callbacks.append(callback)
        self.callbacks.sort(key=lambda each: each.after_others)

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)
            if isinstance(callback, History):
                model.history = callback

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def check_monitors(self, logged: Set[str]) -> None:
        """Raises `ArgumentError` where a callback watches what will never be among the logs, before the first step.

        logged: what the model logs at the end of an epoch.
        """
        if not all(_is_ours(callback.on_epoch_end) for callback in self.callbacks):
            return  # it may add to the logs
        if any(isinstance(callback, (LearningRateScheduler, ReduceLROnPlateau)) for callback in self.callbacks):
            logged = logged | rates_of(self.callbacks[0].model.optimizer).keys()
        for callback in self.callbacks:
            if isinstance(callback, MonitorCallback):
                callback.check_logged(logged)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._call("on_train_begin", plain(logs))

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", plain(logs))

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", epoch, plain(logs))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", epoch, plain(logs))

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_begin", batch, logs=plain(logs))

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_end", batch, logs=plain(logs))

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_begin", batch, logs=plain(logs))

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_end", batch, logs=plain(logs))

    def on_test_begin(self, logs: Logs = None) -> None:
        self._call("on_test_begin", plain(logs))

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", plain(logs))

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_begin", batch, logs=plain(logs))

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_end", batch, logs=plain(logs))

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._call("on_predict_begin", plain(logs))

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", plain(logs))

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_predict_batch_begin", batch, logs=plain(logs))

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._call("on_predict_batch_end", batch, logs=logs or {})  # results, not numbers

    def _call(self, hook: str, *arguments: Any, **named: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments, **named)


def _is_ours(hook: Any) -> bool:
    return str(getattr(hook, "__module__", "")).startswith("tinynet.callbacks.")
