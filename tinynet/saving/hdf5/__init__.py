"""HDF5 files, read in plain Python: the parts of the format that Keras's files are made of.

The library that everybody uses is written in C, and a damaged or malicious file can crash it, or the process
with it. This reader follows no link, no address outside of the file and no circle, asks for no memory that the
file cannot fill, and raises `FileFormatError` for everything it does not know. Files are written with h5py.

Source: "HDF5 File Format Specification Version 3.0", The HDF Group.
"""

from __future__ import annotations

from tinynet.saving.hdf5.objects import Dataset, Group, Item, item
from tinynet.saving.hdf5.storage import SIGNATURE, Storage

__all__ = ["SIGNATURE", "Dataset", "Group", "Item", "item", "opened"]


def opened(content: bytes | memoryview, name: str, packed: int | None = None) -> Group:
    """The root group of a file, from its bytes.

    name: the file in errors. packed: how many bytes it was before it was unpacked, if it was.

    Raises `FileFormatError` for what is no HDF5 file, is cut short, or contradicts itself.

    >>> opened(b"hello", "model.h5")
    Traceback (most recent call last):
        ...
    tinynet.errors.FileFormatError: model.h5: is no HDF5 file
    """
    storage = Storage(content, name, packed)
    root = item(storage, storage.root, "")
    if not isinstance(root, Group):
        raise storage.damaged("its root is no group")
    return root
