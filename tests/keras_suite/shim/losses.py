"""keras.src.losses: what is not public there."""

from __future__ import annotations

from tinynet.losses.base import same_rank as squeeze_or_expand_to_same_rank

__all__ = ["squeeze_or_expand_to_same_rank"]
