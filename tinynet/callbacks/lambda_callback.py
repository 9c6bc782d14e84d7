"""`LambdaCallback`: a callback from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.callbacks.callback import Callback
from tinynet.errors import ArgumentError, nearest

HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class LambdaCallback(Callback):
    """A callback whose hooks are the functions given.

    on_epoch_begin, on_epoch_end: functions of (epoch, logs). on_train_begin, on_train_end: of (logs).
    on_train_batch_begin, on_train_batch_end: of (batch, logs), called as function(batch, logs=logs).
    kwargs: any other hook of `Callback`; what is no hook becomes an attribute.

    Raises `ArgumentError` for a name that begins as a hook's and is none, and for what is no function.
    Source: https://keras.io/api/callbacks/lambda_callback/

    >>> printing = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> printing.on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        given = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, **kwargs,
        }  # fmt: skip
        for name, function in given.items():
            if name.startswith("on_") and name not in HOOKS:
                raise ArgumentError(f"LambdaCallback: there is no hook {name!r}. {nearest(name, HOOKS)}")
            if function is None:
                continue
            if name in HOOKS and not callable(function):
                raise ArgumentError(f"LambdaCallback: expected {name} to be a function, received {function!r}")
            setattr(self, name, function)
