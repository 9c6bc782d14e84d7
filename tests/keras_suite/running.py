"""One run of Keras's tests in this process, which must not have imported Keras."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from keras_suite import finder

SETTINGS = Path(__file__).with_name("suite.ini")


def main(arguments: Sequence[str]) -> int:
    """Runs pytest with `arguments`, in which files and folders are those of keras/src in the installed wheel."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    finder.install()
    os.chdir(finder.WHEEL)  # so that tests have short names; the plugin leaves before they run
    located = [_located(argument) for argument in arguments]
    settings = ["-c", str(SETTINGS), "--rootdir", str(finder.WHEEL), "--noconftest", "-p", "keras_suite.plugin"]
    return int(pytest.main([*settings, *located]))


def _located(argument: str) -> str:
    path = finder.WHEEL / argument.partition("::")[0]
    return argument if argument.startswith("-") or not path.exists() else str(finder.WHEEL / argument)
