"""`SwapEMAWeights`: evaluation with the moving averages of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.callbacks.learning_rates import parts_of
from tinynet.errors import ArgumentError


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages in the place of the weights for validation, evaluation and prediction.

    swap_on_epoch: also from the end of each epoch to the beginning of the next, so that callbacks that follow in the
        list, such as ModelCheckpoint, see the averages.

    Raises `ArgumentError` unless the optimizer was made with use_ema=True.
    Source: https://keras.io/api/callbacks/swap_ema_weights/
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = flag("SwapEMAWeights", "swap_on_epoch", swap_on_epoch)
        self._kept: list[tuple[Any, np.ndarray]] | None = None  # the weights while the averages are in their place

    def _swap_in(self) -> None:
        optimizer = self.model.optimizer
        if not _keeps_averages(optimizer):
            raise ArgumentError(
                "SwapEMAWeights: the optimizer keeps no moving averages; make it with use_ema=True"
            )
        if self._kept is None:
            variables = optimizer._trainable_variables
            self._kept = [(variable, variable.numpy()) for variable in variables]
            optimizer.finalize_variable_values(variables)

    def _swap_out(self) -> None:
        for variable, value in self._kept or ():
            variable.assign(value)
        self._kept = None

    def get_state(self) -> Any:
        return {"kept": None if self._kept is None else [value for _, value in self._kept]}

    def set_state(self, state: Any) -> None:
        kept = state["kept"]
        self._kept = None if kept is None else list(zip(self.model.optimizer._trainable_variables, kept, strict=True))

    def on_train_begin(self, logs: Logs = None) -> None:
        self._kept = None  # `fit` left the averages in place
        if not _keeps_averages(self.model.optimizer):
            self._swap_in()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap_out()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap_in()

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap_in()

    def on_test_end(self, logs: Logs = None) -> None:
        self._swap_out()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap_in()

    def on_predict_end(self, logs: Logs = None) -> None:
        self._swap_out()


def _keeps_averages(optimizer: Any) -> bool:
    return any(getattr(part, "use_ema", False) for part in parts_of(optimizer))
