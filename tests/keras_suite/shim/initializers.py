"""keras.src.initializers: what is not public there."""

from __future__ import annotations

from tinynet.initializers import fans as compute_fans

__all__ = ["compute_fans"]
