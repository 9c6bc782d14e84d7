"""keras.src.utils.file_utils: what `get_file` is made of, and the standard library's names for files."""

from __future__ import annotations

from os.path import exists, join
from pathlib import Path
from typing import Any

from tinynet.errors import FileFormatError, UnsafeFileError
from tinynet.utils import files

__all__ = ["File", "exists", "extract_archive", "hash_file", "join", "validate_file"]

File = open


def hash_file(fpath: str, algorithm: str = "sha256", chunk_size: int = 0) -> str:
    return files._hash(Path(fpath), "", algorithm)


def validate_file(fpath: str, file_hash: str, algorithm: str = "auto", chunk_size: int = 0) -> bool:
    return files._hash(Path(fpath), file_hash, algorithm) == file_hash


def extract_archive(file_path: str, path: str = ".", archive_format: Any = "auto") -> bool:
    if archive_format is None:
        return False
    try:
        files._take_apart(Path(file_path), Path(path), archive_format)
    except UnsafeFileError:
        raise
    except FileFormatError:
        return False
    return True
