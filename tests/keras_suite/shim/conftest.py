"""The root conftest of Keras's repository, which the wheel has not."""

from __future__ import annotations

from typing import Any

import pytest


def skip_if_backend(backend: str, reason: str) -> Any:
    """Skips a test for one of Keras's backends, of which tinynet is none."""
    return pytest.mark.skipif(backend == "tinynet", reason=reason)
