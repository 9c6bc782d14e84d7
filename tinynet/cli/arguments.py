"""What the commands' arguments have in common: their types, and the checks of the files they name."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterable

from tinynet.errors import MissingFileError, TinynetError


class UsageError(TinynetError):
    """A command line that asks for something that cannot be."""


def positive(text: str) -> int:
    """A whole number of at least 1, for `argparse`."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """A whole number of at least 0, for `argparse`."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number >= {least}, received {text!r}")
    return number


def share(text: str) -> float:
    """A number above 0 and below 1, for `argparse`."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, received {text!r}")
    return number


def rate(text: str) -> float:
    """A finite number above 0, for `argparse`."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number > 0, received {text!r}")
    return number


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what 'certify' and 'verify' run a model on, and how they judge."""
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--inputs", metavar="X", nargs="+", help="data as for 'predict', instead of random numbers")
    data.add_argument("--rows", type=positive, default=8, metavar="N", help="how many random samples (8)")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="of the random samples (0)")
    parser.add_argument("--without-keras", action="store_true", help="do without Keras even where it is installed")
    parser.add_argument(
        "--tolerance", type=share, default=2e-5, metavar="T",
        help="the largest difference that is allowed, relative to the largest magnitude (2e-5)",
    )  # fmt: skip


def check_inputs(paths: Iterable[str]) -> None:
    """Raises `MissingFileError` or `UsageError` for what is no file."""
    for path in paths:
        if not os.path.exists(path):
            raise MissingFileError(f"{path}: there is no such file")
        if not os.path.isfile(path):
            raise UsageError(f"{path}: is no file")


def check_output(out: str, inputs: Iterable[str], endings: tuple[str, ...], overwrite: bool) -> None:
    """Raises `UsageError` for a file that must not be written: one that is read, or is there already.

    overwrite: whether what is there may be replaced.
    """
    if not out.endswith(endings):
        raise UsageError(f"{out}: expected a name ending in {' or '.join(endings)}")
    folder = os.path.dirname(os.path.abspath(out))
    if not os.path.isdir(folder):
        raise MissingFileError(f"{out}: the folder {folder} does not exist")
    if os.path.isdir(out):
        raise UsageError(f"{out}: is a folder")
    if not os.path.exists(out):
        return
    for path in inputs:
        if os.path.exists(path) and os.path.samefile(path, out):
            raise UsageError(f"{out}: is read from, so it cannot be written")
    if not overwrite:
        raise UsageError(f"{out}: exists already; --overwrite replaces it")
