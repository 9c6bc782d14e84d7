"""`TerminateOnNaN`: training that has broken down ends."""

from __future__ import annotations

import math

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import DivergenceError, warn

ADVICE = "Train within tinynet.detect_anomaly() to see which operation of which layer made it."


class TerminateOnNaN(Callback):
    """Stops training after a batch whose loss is NaN or infinite.

    raise_error: raise `DivergenceError` instead, so that no other callback's `on_train_end` runs.
    Source: https://keras.io/api/callbacks/terminate_on_nan/
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = flag("TerminateOnNaN", "raise_error", raise_error)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise DivergenceError(f"TerminateOnNaN: the loss is {loss} after batch {batch}: NaN or Inf loss encountered. {ADVICE}")
        print(f"Batch {batch}: Invalid loss, terminating training", flush=True)
        warn(f"the loss is {loss}. {ADVICE}")
        self.model.stop_training = True
