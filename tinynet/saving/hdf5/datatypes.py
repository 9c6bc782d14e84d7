"""What an HDF5 file says of its arrays: their element types and shapes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from tinynet.saving.hdf5.storage import Storage

REFUSED = {
    2: "times", 4: "bit fields", 6: "compounds", 7: "references", 8: "enumerations", 9: "variable lengths",
    10: "arrays",
}  # fmt: skip
# Location and size of exponent and mantissa, and the bias, of the floats that NumPy has.
FLOATS = {2: (10, 5, 0, 10, 15), 4: (23, 8, 0, 23, 127), 8: (52, 11, 0, 52, 1023)}
MOST_AXES = 32


@dataclass(frozen=True)
class Datatype:
    """An element type.

    kind: 'number', 'text' (of a fixed size), 'texts' (each of its own size) or 'opaque'; others are refused.
    dtype: of numbers, as they are stored. size: of an element, in bytes.
    """

    kind: str
    size: int
    dtype: np.dtype | None = None


def read_datatype(storage: Storage, at: int, size: int) -> Datatype:
    """The element type a message describes.

    Raises `FileFormatError` naming the kind of those that stand for something else than numbers and texts.
    """
    first, *flags = storage.view(at, 4)
    number, width = first & 15, storage.whole(at + 4, 4)
    properties = storage.view(at + 8, max(size - 8, 0))
    if width == 0:
        raise storage.damaged("a type of no bytes")
    order = ">" if flags[0] & 1 else "<"
    if number == 0:
        offset, precision = _unpacked(storage, "<HH", properties)
        if width in (1, 2, 4, 8) and (offset, precision) == (0, 8 * width):
            return Datatype("number", width, np.dtype(f"{order}{'i' if flags[0] & 8 else 'u'}{width}"))
    elif number == 1:
        offset, precision, *layout, bias = _unpacked(storage, "<HHBBBBI", properties)
        known = FLOATS.get(width)
        if known == (*layout, bias) and (offset, precision) == (0, 8 * width) and not flags[0] & 0x40:
            return Datatype("number", width, np.dtype(f"{order}f{width}"))
    elif number == 3:
        return Datatype("text", width)
    elif number == 5:
        return Datatype("opaque", width)
    elif number == 9 and flags[0] & 15 == 1 and width == 16:
        return Datatype("texts", width)
    raise storage.damaged(f"values of this type are not supported: {REFUSED.get(number, 'unusual numbers')}")


def _unpacked(storage: Storage, form: str, properties: memoryview) -> tuple[int, ...]:
    if len(properties) < struct.calcsize(form):
        raise storage.damaged("a type is described by too few bytes")
    return struct.unpack_from(form, properties)


def read_shape(storage: Storage, at: int) -> tuple[int, ...] | None:
    """The shape a message describes; None where there are no values at all."""
    version, rank = storage.whole(at, 1), storage.whole(at + 1, 1)
    if version not in (1, 2) or rank > MOST_AXES:
        raise storage.damaged(f"a shape of version {version} with {rank} axes")
    if version == 2 and storage.whole(at + 3, 1) == 2:
        return None
    start = at + (8 if version == 1 else 4)
    return struct.unpack(f"<{rank}Q", storage.view(start, 8 * rank))
