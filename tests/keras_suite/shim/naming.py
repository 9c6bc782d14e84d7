"""keras.src.utils.naming."""

from __future__ import annotations

from tinynet.catalogue import snake_case as to_snake_case
from tinynet.naming import automatic_name as auto_name

__all__ = ["auto_name", "to_snake_case"]
