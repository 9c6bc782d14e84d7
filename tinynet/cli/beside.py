"""What tinynet keeps beside a model in the model's own file: parts of bytes by name, which Keras passes over.

In an archive they are members of a folder, in HDF5 arrays of bytes in a group.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from tinynet.errors import FileFormatError
from tinynet.saving import hdf5, is_hdf5
from tinynet.saving.archive import Archive, replacing, write_archive

CHECK = "tinynet_check"  # what 'certify' adds
CLASSES = "tinynet_classes"  # what 'train' adds
ALL = (CHECK, CLASSES)


def read_beside(path: str, folder: str) -> dict[str, bytes] | None:
    """The parts in a folder of a model's file by name; None where there are none."""
    if not is_hdf5(path):
        with Archive(path) as archive:
            names = [name for name in archive.names() if name.startswith(f"{folder}/")]
            return {name.removeprefix(f"{folder}/"): archive.read(name) for name in names} or None
    with open(path, "rb") as stream:
        group = hdf5.opened(stream.read(), path).get(folder)
    if group is None:
        return None
    if not isinstance(group, hdf5.Group):
        raise FileFormatError(f"{path}: {folder} is no group")
    found = {name: group.get(name) for name in group}
    return {name: item.read().tobytes() for name, item in found.items() if isinstance(item, hdf5.Dataset)}


def write_beside(path: str, copy: str, folder: str, parts: Mapping[str, bytes]) -> None:
    """Writes a copy of a model's file with these parts, in place of older ones; it is complete or absent."""
    if is_hdf5(path):
        with open(path, "rb") as original, replacing(copy) as stream:
            stream.write(_with_group(original.read(), folder, parts))
        return
    with Archive(path) as archive:
        members = {name: archive.read(name) for name in archive.names() if not name.startswith(f"{folder}/")}
    write_archive(copy, {**members, **{f"{folder}/{name}": part for name, part in parts.items()}})


def _with_group(content: bytes, folder: str, parts: Mapping[str, bytes]) -> bytes:
    """An HDF5 file with a group of these parts. Only files that tinynet's own reader has accepted come here."""
    import h5py

    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        if folder in file:
            del file[folder]
        group = file.create_group(folder)
        for name, part in parts.items():
            group.create_dataset(name, data=np.frombuffer(part, np.uint8))
    return stream.getvalue()
