"""Importing the data sets costs nothing that is not used."""

from __future__ import annotations

import subprocess
import sys


def test_import_loads_no_optional_package() -> None:
    program = (
        "import sys, tinynet.datasets\n"
        "print([name for name in ('sklearn', 'pooch', 'tqdm', 'requests')"
        " if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
