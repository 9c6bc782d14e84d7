"""What the outputs of a classifier are called, kept beside the model in its file."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinynet.cli.arguments import UsageError
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


def chosen_classes(path: str, told: Sequence[str] | None) -> Classes | None:
    """The classes in a model's file, or else those that the command line tells.

    Raises `UsageError` where the file names others.
    """
    known = read_classes(path)
    if told is None:
        return known
    if known is not None and known.names not in (tuple(told), unnamed(len(known.names))):
        raise UsageError(f"--classes: {path} has the classes {', '.join(known.names)}")
    return Classes(tuple(told), known.largest if known else None)


def names_told(text: str) -> list[str]:
    """Names between commas, for `argparse`."""
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"expected different names between commas, received {text!r}")
    return names


def add_classes_argument(parser: argparse.ArgumentParser) -> None:
    """Declares --classes."""
    parser.add_argument(
        "--classes", type=names_told, metavar="A,B", help="names of the classes in the outputs' order, if FILE has none"
    )


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


def unnamed(count: int) -> tuple[str, ...]:
    """The names of classes that have none: their numbers."""
    return tuple(map(str, range(count)))


def checked_names(names: Sequence[str], outputs: int, where: str) -> None:
    """Raises `FileFormatError` for names that are not those of so many outputs."""
    if len(names) != (outputs if outputs > 1 else 2):
        raise FileFormatError(f"{where}: names {len(names)} classes, but the model has {outputs} outputs")
