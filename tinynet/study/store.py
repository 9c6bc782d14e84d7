"""The outcomes of a study in a folder, each in a file by the trial's key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.errors import FileFormatError, warn
from tinynet.saving.archive import replacing
from tinynet.study.outcome import Outcome


class Store:
    """Outcomes in files, which are there as a whole or not at all; they are JSON, so nothing in them is executed.

    A damaged file is as good as none: a warning names it, and its trial is run again. So is that of a trial that failed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "trials"
        self.folder.mkdir(parents=True, exist_ok=True)

    def outcome(self, key: str) -> Outcome | None:
        """The outcome of the trial with this key; None if it is not done."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            found = Outcome.from_config(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, FileFormatError) as error:
            warn(f"{path}: is no outcome of a trial, so the trial is run again ({error})")
            return None
        return found if found.error is None else None

    def keep(self, outcome: Outcome) -> None:
        """Writes an outcome."""
        with replacing(self._path(outcome.key)) as stream:
            stream.write(json.dumps(outcome.to_config(), default=_plain).encode())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is nothing that JSON holds")
