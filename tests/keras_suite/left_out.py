"""The tests that are left out, and why: the files in left_out/, one for each part of Keras.

A line that is not indented is a reason; the indented lines below it are tests, as file::Class::test, where `*` stands
for any text (the cases of a parametrised test).
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("left_out")


@functools.cache
def read() -> dict[str, str]:
    """From each pattern to its reason."""
    reasons = {}
    for file in sorted(FOLDER.glob("*.txt")):
        reason = ""
        for line in file.read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace():
                reasons[line.strip()] = reason
            else:
                reason = line.strip()
    return reasons


def matches(pattern: str, test: str) -> bool:
    """
    >>> matches("a_test.py::A::test_b*", "a_test.py::A::test_b_1"), matches("a_test.py::A::test_b", "a_test.py::A::test_bc")
    (True, False)
    """
    return _compiled(pattern).fullmatch(test) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """More than re's own cache keeps: each of 1,500 patterns is compared with each test."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*"))
