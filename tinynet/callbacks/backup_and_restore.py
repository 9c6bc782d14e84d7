"""`BackupAndRestore`: training goes on where it was interrupted."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import ArgumentError, FileFormatError, NotBuiltError


class BackupAndRestore(Callback):
    """Keeps weights, state of the optimizer and number of the epoch in a folder, from which the next `fit` goes on.

    backup_dir: a folder for this run alone. Its files are deleted at the end of training, and it, too, where nothing
        else is in it, unless delete_checkpoint=False.
    save_freq: 'epoch', a number of batches, or False for never.
    double_checkpoint: also keeps the files before the latest, and falls back on them where the latest are damaged.

    The model must be built before `fit`. Training that was interrupted within an epoch begins this epoch again.
    Raises `ArgumentError` for another `save_freq` or no folder, `NotBuiltError`, and `FileFormatError` for a damaged
    backup.
    Source: https://keras.io/api/callbacks/backup_and_restore/
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not isinstance(backup_dir, (str, os.PathLike)) or not os.fspath(backup_dir):
            raise ArgumentError(f"BackupAndRestore: expected a folder as backup_dir, received {backup_dir!r}")
        if save_freq != "epoch" and save_freq is not False and (not isinstance(save_freq, int) or save_freq < 1):
            raise ArgumentError(
                f"BackupAndRestore: expected save_freq 'epoch', a number of batches or False, received {save_freq!r}"
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = flag("BackupAndRestore", "double_checkpoint", double_checkpoint)
        self.delete_checkpoint = flag("BackupAndRestore", "delete_checkpoint", delete_checkpoint)
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = f"{self._weights_path}.bkp"
        self._prev_training_metadata_path = f"{self._training_metadata_path}.bkp"
        self._since_saved = 0  # batches, across epochs
        self._last_batch_seen = 0
        self._current_epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self.model.built:
            raise NotBuiltError(
                f"BackupAndRestore: {self.model.described} has no weights to go on with yet; build it before fit"
            )
        try:
            self._restore(self._weights_path, self._training_metadata_path)
        except (FileFormatError, OSError):
            if not os.path.exists(self._prev_weights_path):
                raise
            self._restore(self._prev_weights_path, self._prev_training_metadata_path)

    def _restore(self, weights: str, metadata: str) -> None:
        if not os.path.exists(weights):
            return
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.model.load_weights(weights)
        if os.path.exists(metadata):
            self.model._initial_epoch = _epoch_in(metadata)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._since_saved += batch - self._last_batch_seen if batch > self._last_batch_seen else batch + 1
        self._last_batch_seen = batch
        if self.save_freq != "epoch" and self.save_freq and self._since_saved >= int(self.save_freq):
            self._since_saved = 0
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._current_epoch = epoch + 1
        self._last_batch_seen = 0
        if self.save_freq == "epoch":
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for latest, previous in (
                (self._weights_path, self._prev_weights_path),
                (self._training_metadata_path, self._prev_training_metadata_path),
            ):
                if os.path.exists(latest):
                    shutil.copyfile(latest, previous)
        self.model.save_weights(self._weights_path)
        beside = f"{self._training_metadata_path}.new"
        with open(beside, "w") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._last_batch_seen}, file)
        os.replace(beside, self._training_metadata_path)

    def on_train_end(self, logs: Logs = None) -> None:
        if not self.delete_checkpoint:
            return
        for path in (
            self._weights_path, self._training_metadata_path, self._prev_weights_path,
            self._prev_training_metadata_path,
        ):  # fmt: skip
            with suppress(FileNotFoundError):
                os.unlink(path)
        with suppress(OSError):  # something else is in it, or it was never made
            os.rmdir(self.backup_dir)


def _epoch_in(path: str) -> int:
    try:
        with open(path) as file:
            epoch = json.load(file)["epoch"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{path}: does not tell the epoch ({error})") from error
    if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
        raise FileFormatError(f"{path}: expected the number of an epoch, received {epoch!r}")
    return epoch
