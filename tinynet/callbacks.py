"""What happens between the steps of training: Keras's callbacks, with its hooks and logs."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, require

Logs = Mapping[str, float] | None


class Callback:
    """Base of all callbacks, and of yours: override the hooks you need.

    `self.model` is the model, `self.params` holds epochs, steps and verbose. Logs of batches are
    running averages since the epoch began, logs of epochs hold the validation's with val_ before.
    Set `self.model.stop_training = True` to end training.
    """

    model: Any = None
    params: dict[str, Any] = {}

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
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs = None) -> None: ...
    def on_test_end(self, logs: Logs = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_begin(self, logs: Logs = None) -> None: ...
    def on_predict_end(self, logs: Logs = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None: ...


class CallbackList:
    """Several callbacks as one: calls each hook of each, in order."""

    def __init__(self, callbacks: Iterable[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ArgumentError(f"callbacks: expected tinynet callbacks, received {callback!r}")
            callback.set_params(params)
            callback.set_model(model)

    def call(self, hook: str, *arguments: Any) -> None:
        """Calls `hook` of every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)


class History(Callback):
    """What `fit` returns: `history` maps each log to its list of values, one an epoch."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
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


class ProgbarLogger(Callback):
    """Shows progress: a bar in a terminal or notebook, one line an epoch in a log file.

    verbose: 1 for the bar, 2 for the lines.
    """

    def __init__(self, verbose: int = 1) -> None:
        self.verbose = verbose
        self.bar: Any = None
        self._testing_alone = True
        self._started = 0.0
        self._seen = 0

    def _interactive(self) -> bool:
        return self.verbose == 1 and (sys.stdout.isatty() or "ipykernel" in sys.modules)

    def _open(self, title: str) -> None:
        self._started, self._seen = time.perf_counter(), 0
        if self._interactive():
            tqdm = require("tqdm.auto", "progress", "a progress bar (verbose=1)").tqdm
            self.bar = tqdm(total=self.params.get("steps"), desc=title, file=sys.stdout, unit="step", leave=True)

    def _advance(self, logs: Logs) -> None:
        self._seen += 1
        if self.bar is not None:
            self.bar.set_postfix_str(_shown(logs), refresh=False)
            self.bar.update()

    def _close(self, title: str, logs: Logs) -> None:
        elapsed = time.perf_counter() - self._started
        if self.bar is not None:
            self.bar.set_postfix_str(_shown(logs))
            self.bar.close()
            self.bar = None
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
        self._advance(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._close(f"Epoch {epoch + 1}/{self.params['epochs']}: ", logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if self._testing_alone:
            self._open("evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._testing_alone:
            self._advance(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if self._testing_alone:
            self._close("evaluate: ", logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._open("predict")

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._advance(None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._close("predict: ", None)


def _shown(logs: Logs) -> str:
    """Logs in a line; metrics of several values (F1 by class) as lists."""

    def value(v: Any) -> str:
        if np.ndim(v):
            return "[" + " ".join(value(part) for part in np.ravel(v)) + "]"
        return f"{v:.4f}" if abs(v) > 1e-3 or v == 0 else f"{v:.4e}"

    return " - ".join(f"{key}: {value(v)}" for key, v in (logs or {}).items())


class _Monitor(Callback):
    """What watches one log and knows which values are better."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', received {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None

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

    def _improves(self, current: float, best: float | None) -> bool:
        if best is None:
            return True
        return current - self.min_delta > best if self._larger_is_better() else current + self.min_delta < best

    def _current(self, logs: Logs) -> float | None:
        if self.monitor in (logs or {}):
            value = (logs or {})[self.monitor]
            if np.ndim(value):
                raise ArgumentError(
                    f"{type(self).__name__}: {self.monitor!r} has {np.size(value)} values; monitor a single number"
                )
            return float(value)
        warnings.warn(
            f"{type(self).__name__}: {self.monitor!r} is not among the logs. Available: {', '.join(logs or {})}",
            stacklevel=4,
        )
        return None


class EarlyStopping(_Monitor):
    """Stops training when a log has not improved for `patience` epochs.

    monitor: the log. min_delta: smaller changes are no improvement. mode: 'min', 'max', or 'auto'
        by the name. baseline: a value that must be beaten. restore_best_weights: end with the
        weights of the best epoch. start_from_epoch: epochs before it are not watched.

    Source: https://keras.io/api/callbacks/early_stopping/
    """

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
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights: list[np.ndarray] | None = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._larger_is_better()  # says at the first epoch, not at the second, when it cannot be told
        current = self._current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self._improves(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._improves(current, self.baseline):
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


class ModelCheckpoint(_Monitor):
    """Saves the model, or its weights, at the end of epochs or after so many batches.

    filepath: ends in .keras, or in .weights.h5 with `save_weights_only`; may hold {epoch} (from 1)
        and logs, as in "{epoch:02d}-{val_loss:.2f}.keras", and {batch} (from 1) when batches are
        counted. Folders that are missing are made.
    save_best_only: only when `monitor` has improved.
    save_freq: 'epoch', or a number of batches.

    Source: https://keras.io/api/callbacks/model_checkpoint/
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not self.filepath.endswith(ending):
            raise ArgumentError(f"ModelCheckpoint: expected a filepath ending in {ending}, received {self.filepath!r}")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
            raise ArgumentError(
                f"ModelCheckpoint: expected save_freq 'epoch' or a whole number, received {save_freq!r}"
            )
        self._batches = 0
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._save(logs, {"batch": batch + 1})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs, {})

    def _save(self, logs: Logs, place: dict[str, int]) -> None:
        epoch = self._epoch + 1
        known = {"epoch": epoch, **place, **(logs or {})}
        try:
            path = self.filepath.format(**known)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ArgumentError(
                f"ModelCheckpoint: the filepath {self.filepath!r} cannot be filled in ({error}). "
                f"Available: {', '.join(known)}"
            ) from error
        if self.save_best_only:
            current = self._current(logs)
            if current is not None:
                if not self._improves(current, self.best):
                    if self.verbose:
                        print(f"\nEpoch {epoch}: {self.monitor} did not improve from {self.best:.5f}")
                    return
                if self.verbose:
                    before = "None" if self.best is None else f"{self.best:.5f}"
                    print(
                        f"\nEpoch {epoch}: {self.monitor} improved from {before} to {current:.5f}, "
                        f"saving model to {path}"
                    )
                self.best = current
        elif self.verbose:
            print(f"\nEpoch {epoch}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            print(f"\nEpoch {epoch}: finished saving model to {path}", flush=True)
