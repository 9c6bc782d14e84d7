"""What all example scripts share as commands: one-line errors, checked numbers, an output folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tinynet.errors import TinynetError


class Parser(argparse.ArgumentParser):
    """An argument parser whose help starts with the script's docstring and whose errors are one line."""

    def __init__(self, description: str | None) -> None:
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def whole(minimum: int = 1) -> Callable[[str], int]:
    """A type for `add_argument`: a whole number of at least `minimum`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"expected a whole number >= {minimum}, received {text!r}")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A type for `add_argument`: a number in [low, high)."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value < high:
            raise argparse.ArgumentTypeError(f"expected a number in [{low:g}, {high:g}), received {text!r}")
        return value

    return read


def add_folders(parser: argparse.ArgumentParser, out: str) -> None:
    """Adds the options --data and --out."""
    parser.add_argument(
        "--data", help="folder that holds the data; without it TINYNET_DATA, the cache, a download"
    )
    parser.add_argument("--out", type=Path, default=Path(out), help=f"output folder ({out})")


def folder(path: Path) -> Path:
    """The folder, made where it is not there yet."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def run(main: Callable[..., Any]) -> None:
    """Calls `main`; what goes wrong with files, data or packages ends in one line and exit code 1."""
    try:
        main()
    except (TinynetError, OSError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
