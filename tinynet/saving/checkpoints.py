"""Checkpoints: a zip of a JSON and of the bytes of arrays. They hold no pickle, and nothing in them is executed.

A state is nested dicts and lists of numbers, text, truth values, None and arrays. In the JSON an array is its dtype, its
shape and the number of the member with its bytes.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

import numpy as np

from tinynet.callbacks.backup_and_restore import LATEST
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.saving.archive import Archive, path_of, write_archive

STATE = "state.json"
ARRAY = "array in member"  # the key that makes an array of a dict in the JSON
DTYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool")


def write_checkpoint(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Writes a state to a file, which is complete or absent: it is written aside and then renamed.

    Tuples come back as lists, NumPy's numbers as Python's. Raises `ArgumentError` for what is none of the above.
    """
    members: dict[str, bytes] = {}
    content = json.dumps(_packed(state, members, "state"))
    write_archive(path, {STATE: content.encode(), **members})


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The state that `write_checkpoint` wrote; path: the file, or the folder of a `BackupAndRestore`.

    Raises `MissingFileError` where there is no file, `FileFormatError` for one that is damaged or no checkpoint.
    """
    name = path_of(path, "read_checkpoint")
    with Archive(os.path.join(name, LATEST) if os.path.isdir(name) else name, members=(STATE,), kind="a checkpoint") as archive:
        state = archive.json(STATE)
        if not isinstance(state, dict) or ARRAY in state:
            raise FileFormatError(f"{archive.path}: {STATE}: expected an object, received {type(state).__name__}")
        found: dict[str, Any] = _unpacked(state, archive)
        return found


def _packed(value: Any, members: dict[str, bytes], place: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key != ARRAY for key in value):
            raise ArgumentError(f"{place}: a checkpoint holds dicts with text as keys, received {list(value)}")
        return {key: _packed(part, members, f"{place}[{key!r}]") for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(part, members, f"{place}[{number}]") for number, part in enumerate(value)]
    if isinstance(value, np.ndarray) and value.dtype.name in DTYPES:
        name = f"arrays/{len(members)}"
        members[name] = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
        return {ARRAY: name, "dtype": value.dtype.name, "shape": value.shape}
    raise ArgumentError(
        f"{place}: a checkpoint holds numbers, text, None and arrays of numbers, in lists and dicts; received {value!r}"
    )


def _unpacked(value: Any, archive: Archive) -> Any:
    if isinstance(value, list):
        return [_unpacked(part, archive) for part in value]
    if isinstance(value, dict):
        if ARRAY in value:
            return _array(value, archive)
        return {key: _unpacked(part, archive) for key, part in value.items()}
    return value


def _array(told: dict[str, Any], archive: Archive) -> np.ndarray:
    name, dtype = told[ARRAY], told.get("dtype")
    shape: Any = told.get("shape")
    sizes = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    if name not in archive.names() or dtype not in DTYPES or not sizes:
        raise FileFormatError(f"{archive.path}: {STATE}: not an array of numbers in this file: {told}")
    content, stored = archive.read(name), np.dtype(dtype).newbyteorder("<")
    if len(content) != math.prod(shape) * stored.itemsize:
        raise FileFormatError(f"{archive.path}: {name}: {len(content)} bytes are not {shape} numbers of {dtype}")
    return np.frombuffer(content, stored).reshape(shape).astype(dtype)
