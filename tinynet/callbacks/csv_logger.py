"""`CSVLogger`: the logs of each epoch in a file that spreadsheets open."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import ArgumentError, FileAccessError, MissingFileError


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file: the epoch (from 0), then the logs sorted by name.

    filename: the file. separator: one character between values. append: go on in a file that is there,
        without a second header.

    The columns are the logs of the first epoch; where it had no validation, each has another one with val_ before, as
    in Keras. What is missing in an epoch is NA. Raises `ArgumentError` for another separator, `MissingFileError`
    for a folder that is not there, before the first step.
    Source: https://keras.io/api/callbacks/csv_logger/
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n':
            raise ArgumentError(f"CSVLogger: expected separator to be one character, received {separator!r}")
        self.sep = separator
        self.append = flag("CSVLogger", "append", append)
        self.keys: list[str] | None = None
        self.csv_file: TextIO | None = None
        self._rows = ""  # of this run
        self._found = 0  # bytes that were there before it

    def on_train_begin(self, logs: Logs = None) -> None:
        self._close()
        path = Path(self.filename)
        if not path.parent.is_dir():
            raise MissingFileError(f"CSVLogger: the folder {str(path.parent)!r} is not there; make it first")
        try:
            self._needs_header = not (self.append and path.exists() and path.stat().st_size)
            self.csv_file = open(path, "a" if self.append else "w", newline="", encoding="utf-8")
        except OSError as error:
            raise FileAccessError(f"CSVLogger: {self.filename!r} cannot be written: {error}") from error
        self.keys = None
        self._rows, self._found = "", self.csv_file.tell()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        assert self.csv_file is not None, "on_train_begin comes first"
        text = io.StringIO(newline="")
        rows = csv.writer(text, delimiter=self.sep)
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if self._needs_header:
                rows.writerow(["epoch", *self.keys])
        rows.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self._rows += text.getvalue()
        self.csv_file.write(text.getvalue())
        self.csv_file.flush()

    def get_state(self) -> Any:
        return {"keys": self.keys, "rows": self._rows, "found": self._found}

    def set_state(self, state: Any) -> None:
        """Goes on after the rows that were there; those that a killed run had written behind them are removed."""
        assert self.csv_file is not None, "on_train_begin comes first"
        self.keys, self._rows, self._found = state["keys"], state["rows"], state["found"]
        self._needs_header = not (self._rows or self._found)
        self.csv_file.truncate(self._found)
        self.csv_file.seek(0, os.SEEK_END)
        self.csv_file.write(self._rows)
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()


def _cell(value: Any) -> Any:
    """A value as it stands in the file: several numbers as a list in quotes."""
    return f'"[{", ".join(map(str, value))}]"' if not isinstance(value, str) and np.ndim(value) else value
