"""`BackupAndRestore`: a run that is killed goes on where it was."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.callbacks.model_checkpoint import check_save_freq
from tinynet.errors import ArgumentError, CheckpointError, FileAccessError, FileFormatError, GraphError, warn

LATEST = "latest.checkpoint"  # in the folder


class BackupAndRestore(Callback):
    """Keeps a checkpoint of the run; the next `fit` with it goes on from there, as if nothing had happened.

    backup_dir: a folder for this run alone, made where it is missing.
    save_freq: 'epoch', or after how many batches.
    double_checkpoint: keep the checkpoint before, too, for the case that the last one cannot be read.
    delete_checkpoint: remove the checkpoint when training has ended.

    The run that goes on ends with the bits of one that was never interrupted: weights, optimizer, metrics, dropout,
    shuffling, other callbacks and `History` (Keras starts an epoch anew that was interrupted, and its History begins
    there). It has to be the same program: the same model, `compile` and data. A generator is gone through up to its
    place; a data set whose batches depend on more than their number and the epoch keeps that in a `get_state` and
    `set_state` of its own; a callback of your own in `Callback.remembered`.

    A checkpoint is a file, latest.checkpoint, which is complete or absent; `fit(resume_from=…)` takes its name, too.
    Raises `ArgumentError` for another save_freq, and before the first step `CheckpointError` for a checkpoint of
    another run, telling what differs. Source: https://keras.io/api/callbacks/backup_and_restore/
    """

    after_others = True  # what the others remember of a step belongs to it

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not isinstance(backup_dir, (str, os.PathLike)) or not os.fspath(backup_dir):
            raise ArgumentError(f"BackupAndRestore: expected backup_dir to be a folder, received {backup_dir!r}")
        check_save_freq("BackupAndRestore", save_freq)
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = flag("BackupAndRestore", "double_checkpoint", double_checkpoint)
        self.delete_checkpoint = flag("BackupAndRestore", "delete_checkpoint", delete_checkpoint)
        self._latest = Path(self.backup_dir, LATEST)
        self._previous = Path(self.backup_dir, "previous.checkpoint")
        self._saved_at = 0  # the step, counted from where this run began

    def on_train_begin(self, logs: Logs = None) -> None:
        from tinynet.saving.checkpoints import read_checkpoint

        if self.model is None or self.model._run is None:
            raise GraphError("BackupAndRestore: works within fit, which knows all there is to keep")
        self._steps = self._saved_at = 0
        try:
            os.makedirs(self.backup_dir, exist_ok=True)
        except OSError as error:
            raise FileAccessError(f"BackupAndRestore: the folder {self.backup_dir!r} cannot be made ({error})") from error
        for unfinished in Path(self.backup_dir).glob(f".{self._latest.name}.*"):  # of a run that was killed as it wrote
            unfinished.unlink(missing_ok=True)
        for path in (self._latest, self._previous):
            if path.exists():
                try:
                    self.model._run.take_up(read_checkpoint(path), str(path))
                    return
                except FileFormatError as error:
                    if isinstance(error, CheckpointError) or path is self._previous or not self._previous.exists():
                        raise
                    warn(f"BackupAndRestore: {error}; going on from the checkpoint before it")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._steps += self.model.steps_per_execution
        if self.save_freq != "epoch" and self._steps - self._saved_at >= int(self.save_freq):
            self._saved_at = self._steps
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            for path in (self._latest, self._previous):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                os.rmdir(self.backup_dir)

    def _save(self) -> None:
        from tinynet.saving.checkpoints import write_checkpoint

        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        write_checkpoint(self._latest, self.model._run.state())
