"""What the outputs of a classifier are called, kept beside the model in its file."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinynet.cli.beside import CLASSES, read_beside, write_beside
from tinynet.errors import FileFormatError
from tinynet.models import Model
from tinynet.saving.archive import parsed, replacing

PART = "classes.json"
MOST = 100_000


@dataclass(frozen=True)
class Classes:
    """names: of the classes, in the order of the outputs.

    largest: the largest number of the training data, which is what a white pixel has; None for texts.
    """

    names: tuple[str, ...]
    largest: float | None = None


def read_classes(path: str) -> Classes | None:
    """The classes that 'train' wrote into a model's file; None where it holds none.

    Raises `FileFormatError` for damaged ones.
    """
    parts = read_beside(path, CLASSES)
    if parts is None:
        return None
    where = f"{path}: {CLASSES}/{PART}"
    if PART not in parts:
        raise FileFormatError(f"{path}: {CLASSES} holds no {PART}")
    told = parsed(parts[PART], where)
    names, largest = (told.get("names"), told.get("largest")) if isinstance(told, dict) else (None, None)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not 1 < len(names) <= MOST:
        raise FileFormatError(f"{where}: expected the names of classes")
    if len(set(names)) != len(names):
        raise FileFormatError(f"{where}: a name occurs twice")
    if largest is not None and not (_is_number(largest) and 0 < largest < math.inf):
        raise FileFormatError(f"{where}: expected a positive number for 'largest', received {largest!r}")
    return Classes(tuple(names), None if largest is None else float(largest))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def save_with_classes(model: Model, path: str, classes: Classes) -> None:
    """Saves a model with its classes, completely or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        aside = os.path.join(folder, f"model{os.path.splitext(path)[1]}")
        model.save(aside)
        add_classes(aside, aside, classes)
        with open(aside, "rb") as new, replacing(path) as stream:
            shutil.copyfileobj(new, stream)


def add_classes(path: str, copy: str, classes: Classes) -> None:
    """Writes a copy of a model's file that holds the classes, too."""
    told = {"names": list(classes.names), "largest": classes.largest}
    write_beside(path, copy, CLASSES, {PART: json.dumps(told).encode()})


def checked_names(names: Sequence[str], outputs: int, where: str) -> None:
    """Raises `FileFormatError` for names that are not those of so many outputs."""
    if len(names) != (outputs if outputs > 1 else 2):
        raise FileFormatError(f"{where}: names {len(names)} classes, but the model has {outputs} outputs")
