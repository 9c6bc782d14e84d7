"""`ProgbarLogger`: how far training is."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import require


class ProgbarLogger(Callback):
    """Shows progress: a bar in a terminal or notebook, one line an epoch in a log file.

    How much is in `params`: verbose 1 for the bar, 2 for the lines, 0 for nothing.
    """

    def __init__(self) -> None:
        self.verbose = 1
        self.bar: Any = None
        self._testing_alone = True
        self._started = 0.0
        self._seen = 0

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]

    def _interactive(self) -> bool:
        return self.verbose == 1 and (sys.stdout.isatty() or "ipykernel" in sys.modules)

    def _open(self, title: str) -> None:
        self._started, self._seen = time.perf_counter(), 0
        if self._interactive():
            tqdm = require("tqdm.auto", "progress", "a progress bar (verbose=1)").tqdm
            self.bar = tqdm(total=self.params.get("steps"), desc=title, file=sys.stdout, unit="step", leave=True)

    def _advance(self, batch: int, logs: Logs) -> None:
        steps = batch + 1 - self._seen
        self._seen += steps
        if self.bar is not None:
            self.bar.set_postfix_str(_shown(logs), refresh=False)
            self.bar.update(steps)

    def _close(self, title: str, logs: Logs) -> None:
        elapsed = time.perf_counter() - self._started
        if self.bar is not None:
            self.bar.set_postfix_str(_shown(logs))
            self.bar.close()
            self.bar = None
            return
        if not self.verbose:
            return
        step = elapsed / max(self._seen, 1)
        pace = f"{step:.0f}s" if step >= 1 else f"{step * 1e3:.0f}ms" if step >= 1e-3 else f"{step * 1e6:.0f}us"
        details = f" - {_shown(logs)}" if logs else ""
        print(f"{title}{self._seen} steps - {elapsed:.0f}s - {pace}/step{details}", flush=True)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._testing_alone = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._open(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._close(f"Epoch {epoch + 1}/{self.params['epochs']}: ", logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if self._testing_alone:
            self._open("evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._testing_alone:
            self._advance(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if self._testing_alone:
            self._close("evaluate: ", logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._open("predict")

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._advance(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._close("predict: ", None)


def _shown(logs: Logs) -> str:
    """Logs in a line; metrics of several values (F1 by class) as lists."""

    def value(v: Any) -> str:
        if np.ndim(v):
            return "[" + " ".join(value(part) for part in np.ravel(v)) + "]"
        return f"{v:.4f}" if abs(v) > 1e-3 or v == 0 else f"{v:.4e}"

    return " - ".join(f"{key}: {value(v)}" for key, v in (logs or {}).items())
