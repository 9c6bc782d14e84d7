"""What the shell may complete an argument to; argcomplete asks `completer` of an argument for it."""

from __future__ import annotations

import argparse
import glob
import os
from collections.abc import Callable, Iterable
from typing import Any

MODELS = (".keras", ".h5", ".hdf5")
DATA = (".npz", ".csv")
ARRAYS = (".npy", ".npz", ".txt", ".png", ".jpg", ".jpeg")


def model_file(action: argparse.Action) -> None:
    """Lets an argument be completed to a model's file."""
    _set(action, lambda prefix, **_: files(prefix, MODELS))


def model(action: argparse.Action) -> None:
    """Lets an argument be completed to a network's name, a model's file or a file of Python."""
    _set(action, lambda prefix, **_: [*_starting(prefix, _networks()), *files(prefix, (*MODELS, ".py"))])


def data(action: argparse.Action) -> None:
    """Lets an argument be completed to a data set's name or a file of data."""
    _set(action, lambda prefix, **_: [*_starting(prefix, _data_sets()), *files(prefix, DATA)])


def study(action: argparse.Action) -> None:
    """Lets an argument be completed to a study's name, or a file that declares one."""
    _set(action, lambda prefix, **_: [*_starting(prefix, _studies()), *files(prefix, (".toml", ".py"))])


def arrays(action: argparse.Action) -> None:
    """Lets an argument be completed to a file that 'predict' takes."""
    _set(action, lambda prefix, **_: files(prefix, ARRAYS))


def files(prefix: str, endings: Iterable[str]) -> list[str]:
    """The files that start so and have one of the endings, and the folders."""
    found = sorted(glob.glob(f"{glob.escape(prefix)}*"))
    return [f"{path}/" if os.path.isdir(path) else path for path in found
            if os.path.isdir(path) or path.endswith(tuple(endings))]  # fmt: skip


def _set(action: argparse.Action, completer: Callable[..., Any]) -> None:
    action.completer = completer  # type: ignore[attr-defined]


def _starting(prefix: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(prefix)]


def _networks() -> Iterable[str]:
    from tinynet.cli.ready import READY

    return READY


def _studies() -> Iterable[str]:
    from tinynet.study import STUDIES

    return STUDIES


def _data_sets() -> Iterable[str]:
    from tinynet.cli.dataset_files import KNOWN

    return KNOWN
