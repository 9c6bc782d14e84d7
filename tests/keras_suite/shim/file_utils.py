"""keras.src.utils.file_utils: the standard library's names for files."""

from __future__ import annotations

from os.path import exists, join

__all__ = ["File", "exists", "join"]

File = open
