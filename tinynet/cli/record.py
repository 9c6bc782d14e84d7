"""Check vectors in a file of a model: inputs, and the outputs that some library gave for them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.cli.beside import CHECK, read_beside, write_beside
from tinynet.errors import FileFormatError
from tinynet.saving.archive import LARGEST_CONFIG, parsed

RECORD = "record.json"
VERSION = 1
MOST_ARRAYS = 1000
KINDS = "fiubU"  # of arrays: numbers and texts


@dataclass(frozen=True)
class Record:
    """Inputs and outputs of a model.

    made_by: the library that computed the outputs, with its version. outputs: by name.
    about: what else is said of them, such as the seed.
    """

    made_by: str
    inputs: list[np.ndarray]
    outputs: dict[str, np.ndarray]
    about: dict[str, Any]


def read_record(path: str) -> Record | None:
    """The check vectors in a file; None where it holds none. Raises `FileFormatError` for damaged ones."""
    parts = read_beside(path, CHECK)
    if parts is None:
        return None
    told = parsed(_part(parts, RECORD, path), f"{path}: {CHECK}/{RECORD}")
    try:
        names, count, made_by = told["outputs"], told["inputs"], told["made_by"]
        fits = told["version"] == VERSION and isinstance(made_by, str) and all(isinstance(n, str) for n in names)
        if not fits or not 0 < count <= MOST_ARRAYS or not 0 < len(names) <= MOST_ARRAYS:
            raise ValueError("it is of another kind")
    except (TypeError, ValueError, LookupError) as error:
        raise FileFormatError(f"{path}: {CHECK}/{RECORD} is no record of check vectors ({error})") from error
    inputs = [_array(parts, f"inputs_{i}.npy", path) for i in range(count)]
    outputs = {name: _array(parts, f"outputs_{i}.npy", path) for i, name in enumerate(names)}
    return Record(made_by, inputs, outputs, told.get("about") or {})


def _part(parts: Mapping[str, bytes], name: str, path: str) -> bytes:
    if name not in parts:
        raise FileFormatError(f"{path}: {CHECK} holds no {name}")
    return parts[name]


def _array(parts: Mapping[str, bytes], name: str, path: str) -> np.ndarray:
    """An array of a .npy file; what its header claims is compared with what there is before it is believed."""
    content = _part(parts, name, path)
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, by_columns, dtype = read(stream)
        left = len(content) - stream.tell()
        if dtype.kind not in KINDS or math.prod(shape) * dtype.itemsize != left:
            raise ValueError(f"{left} bytes are no array of shape {shape} of {dtype}")
        values = np.frombuffer(content, dtype, offset=stream.tell()) if left else np.zeros(0, dtype)
        return values.reshape(shape, order="F" if by_columns else "C")
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise FileFormatError(f"{path}: {CHECK}/{name} is no array of numbers or texts ({error})") from error


def write_certified(path: str, copy: str, record: Record) -> None:
    """Writes a copy of a file with check vectors in it, in place of older ones; the copy is complete or absent."""
    told = {
        "version": VERSION, "made_by": record.made_by, "inputs": len(record.inputs), "outputs": list(record.outputs),
        "about": record.about,
    }  # fmt: skip
    parts = {RECORD: json.dumps(told).encode()}
    parts.update(_files("inputs", record.inputs))
    parts.update(_files("outputs", list(record.outputs.values())))
    assert len(parts[RECORD]) < LARGEST_CONFIG
    write_beside(path, copy, CHECK, parts)


def _files(what: str, arrays: Sequence[np.ndarray]) -> dict[str, bytes]:
    files = {}
    for i, array in enumerate(arrays):
        stream = io.BytesIO()
        np.save(stream, array.astype(str) if array.dtype.kind in "OS" else array, allow_pickle=False)
        files[f"{what}_{i}.npy"] = stream.getvalue()
    return files
