"""`ModelCheckpoint`: the model on disk, as training goes on."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Set

from tinynet.callbacks.callback import Logs
from tinynet.callbacks.monitor import MonitorCallback
from tinynet.errors import ArgumentError


def check_save_freq(owner: str, save_freq: str | int) -> None:
    """Raises `ArgumentError` unless it is 'epoch' or a number of batches."""
    if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
        raise ArgumentError(f"{owner}: expected save_freq 'epoch' or a whole number, received {save_freq!r}")


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, at the end of epochs or after so many batches.

    filepath: ends in .keras or .h5, with `save_weights_only` in .weights.h5; may hold {epoch} (from 1)
        and logs, as in "{epoch:02d}-{val_loss:.2f}.keras", and {batch} (from 1) when batches are
        counted. Folders that are missing are made.
    save_best_only: only when `monitor` has improved.
    save_freq: 'epoch', or a number of batches.
    initial_value_threshold: a value to be beaten before anything is saved, with save_best_only.

    Raises `ArgumentError` for a log that will not be there, see `MonitorCallback`.
    Source: https://keras.io/api/callbacks/model_checkpoint/
    """

    remembered = ("best", "_since_saved", "_last_batch", "_epoch")

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
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise ArgumentError(
                f"ModelCheckpoint: expected a filepath ending in {' or '.join(endings)}, received {self.filepath!r}"
            )
        check_save_freq("ModelCheckpoint", save_freq)
        self._since_saved = 0  # batches, across epochs
        self._last_batch = -1
        self._epoch = 0

    def check_logged(self, logged: Set[str]) -> None:
        by_batch = self.save_freq != "epoch"
        if by_batch:
            logged = {name for name in logged if not name.startswith("val_")}
        if self.save_best_only:
            super().check_logged(logged)
        known = logged | ({"epoch", "batch"} if by_batch else {"epoch"})
        for _, field, _, _ in string.Formatter().parse(self.filepath):
            if field is not None and re.split(r"[.\[]", field)[0] not in known:
                raise self._not_filled(f"{{{field}}} is not known", known)

    def _not_filled(self, reason: object, known: Set[str]) -> ArgumentError:
        return ArgumentError(
            f"ModelCheckpoint: the filepath {self.filepath!r} cannot be filled in ({reason}). "
            f"Available: {', '.join(sorted(known))}"
        )

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._since_saved += batch - self._last_batch
        self._last_batch = batch
        if self.save_freq != "epoch" and self._since_saved >= int(self.save_freq):
            self._since_saved = 0
            self._save(logs, {"batch": batch + 1})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._epoch = epoch
            self._save(logs, {})

    def _save(self, logs: Logs, place: dict[str, int]) -> None:
        epoch = self._epoch + 1
        known = {"epoch": epoch, **place, **(logs or {})}
        try:
            path = self.filepath.format(**known)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise self._not_filled(error, set(known)) from error
        if self.save_best_only:
            current = self._current(logs)
            if current is not None:
                before = "None" if self.best is None else f"{self.best:.5f}"
                if not self._is_improvement(current, self.best):
                    if self.verbose:
                        print(f"\nEpoch {epoch}: {self.monitor} did not improve from {before}")
                    return
                if self.verbose:
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
