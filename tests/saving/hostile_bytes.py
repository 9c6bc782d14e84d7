"""Hostile HDF5, byte by byte: addresses, sizes, counts and circles that no library writes."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from hostile_parts import KERNEL, add, archive_of, changed_hdf5, described, good, hostile, patched, sequential

from tinynet.saving import hdf5

UNDEFINED = b"\xff" * 8


def weights() -> bytes:
    return good(".weights.h5")


def gzipped(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, data=np.ones((4, 3), "f4"), chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)


def compressed() -> bytes:
    return changed_hdf5(weights(), gzipped)


@hostile("broken_gzip.weights.h5", "cannot be decompressed|checksum")
def _() -> bytes:
    """Packed data that are no such data."""
    return _in_piece(b"\xff" * 12, 0)


@hostile("broken_checksum.weights.h5", "checksum")
def _() -> bytes:
    """A piece whose checksum is another's."""
    return _in_piece(b"\xff", -1)


def _in_piece(new: bytes, at: int) -> bytes:
    content = compressed()
    size, _, _, address = next(iter(item(content, KERNEL)._pieces()))
    return patched(content, address + at % size, new)


def item(content: bytes, path: str) -> Any:
    """An object of a good file, to be found in its bytes."""
    found = hdf5.opened(content, "good").get(path) if path else hdf5.opened(content, "good")
    assert found is not None
    return found


def message(content: bytes, path: str, kind: int) -> int:
    """Where a message of an object stands in the bytes."""
    return int(next(m.at for m in item(content, path)._messages if m.kind == kind))


SHAPE, TYPE, LAYOUT, FILTERS, ATTRIBUTE, TABLE = 0x1, 0x3, 0x8, 0xB, 0xC, 0x11
# Bytes that are written over a message: the file, the path, the kind, the place in it, the bytes, the cause, the attack.
PATCHES: dict[str, tuple[Callable[[], bytes], str, int, int, bytes, str, str]] = {
    "shape_of_2_to_60": (
        weights,
        KERNEL,
        SHAPE,
        8,
        struct.pack("<QQ", 2**60, 3),
        "declares more data",
        "A first axis of 2**60.",
    ),
    "shape_overflowing": (
        weights,
        KERNEL,
        SHAPE,
        8,
        struct.pack("<QQ", 2**63, 2**63),
        "declares more data",
        "Sizes whose product overflows 64 bits to 0.",
    ),
    "shape_of_255_axes": (weights, KERNEL, SHAPE, 1, b"\xff", "a shape of version 1 with 255 axes", "255 axes."),
    "shape_of_no_version": (
        weights,
        KERNEL,
        SHAPE,
        0,
        b"\x09",
        "a shape of version 9",
        "A version that does not exist.",
    ),
    "type_of_no_class": (weights, KERNEL, TYPE, 0, b"\x1f", "not supported", "A type of class 15."),
    "type_of_2_gigabytes": (
        weights,
        KERNEL,
        TYPE,
        4,
        b"\xff\xff\xff\x7f",
        "not supported|declares",
        "Elements of 2 gigabytes.",
    ),
    "type_of_no_bytes": (weights, KERNEL, TYPE, 4, b"\0\0\0\0", "a type of no bytes", "Elements of no bytes."),
    "opaque_of_no_bytes": (
        weights,
        KERNEL,
        TYPE,
        0,
        b"\x15\0\0\0\0\0\0\0",
        "a type of no bytes",
        "Opaque elements of no bytes.",
    ),
    "odd_float": (weights, KERNEL, TYPE, 12, b"\x01\x02\x03\x04", "not supported", "A float of another layout."),
    "layout_of_no_kind": (weights, KERNEL, LAYOUT, 1, b"\x07", "newer versions", "A layout that does not exist."),
    "layout_of_no_version": (
        weights,
        KERNEL,
        LAYOUT,
        0,
        b"\x63",
        "layout of version 99",
        "A version that does not exist.",
    ),
    "address_outside": (
        weights,
        KERNEL,
        LAYOUT,
        2,
        struct.pack("<Q", 2**62),
        "lie outside of it",
        "Values behind the end of the file.",
    ),
    "address_at_the_end": (
        weights,
        KERNEL,
        LAYOUT,
        2,
        struct.pack("<Q", 2**64 - 40),
        "lie outside of it|never written",
        "An address that overflows with what is added to it.",
    ),
    "size_of_2_to_63": (
        weights,
        KERNEL,
        LAYOUT,
        10,
        struct.pack("<Q", 2**63),
        "claims to be larger",
        "More bytes than there are.",
    ),
    "size_of_nothing": (weights, KERNEL, LAYOUT, 10, bytes(8), "declares more data", "Values stored in no bytes."),
    "tree_outside": (
        compressed,
        KERNEL,
        LAYOUT,
        3,
        struct.pack("<Q", 2**61),
        "lie outside of it",
        "The list of pieces behind the end of the file.",
    ),
    "tree_that_is_none": (
        compressed,
        KERNEL,
        LAYOUT,
        3,
        bytes(8),
        "there is no tree",
        "The list of pieces at the beginning of the file.",
    ),
    "pieces_of_no_size": (compressed, KERNEL, LAYOUT, 11, bytes(4), "pieces that do not fit", "Pieces of no elements."),
    "pieces_of_4_gigabytes": (compressed, KERNEL, LAYOUT, 11, b"\xff" * 4, "pieces larger", "Pieces of 2**32 rows."),
    "filters_255": (compressed, KERNEL, FILTERS, 1, b"\xff", "lie outside of it|filter", "255 filters."),
    "filter_of_no_kind": (
        compressed,
        KERNEL,
        FILTERS,
        8,
        b"\xff\xff",
        "HDF5 filter 65535",
        "A filter that does not exist.",
    ),
    "filter_of_long_name": (
        compressed,
        KERNEL,
        FILTERS,
        10,
        b"\xff\xff",
        "lie outside of it|filter",
        "A filter's name behind the end of the file.",
    ),
    "group_outside": (
        weights,
        "layers",
        TABLE,
        0,
        struct.pack("<Q", 2**62),
        "lie outside of it",
        "Members behind the end of the file.",
    ),
    "names_outside": (
        weights,
        "layers",
        TABLE,
        8,
        struct.pack("<Q", 2**62),
        "lie outside of it",
        "Names behind the end of the file.",
    ),
    "names_that_are_none": (
        weights,
        "layers",
        TABLE,
        8,
        bytes(8),
        "has no names",
        "Names at the beginning of the file.",
    ),
    "attribute_of_no_version": (
        weights,
        "layers/dense/vars",
        ATTRIBUTE,
        0,
        b"\x63",
        "unknown kind|model",
        "An attribute of version 99.",
    ),
}  # fmt: skip
for _name, (_content, _path, _kind, _at, _new, _cause, _attack) in PATCHES.items():
    if _name.startswith("attribute"):
        continue  # the attributes of such files are read of opaque arrays only
    add(
        f"{_name}.weights.h5", _cause, _attack,
        lambda content=_content, path=_path, kind=_kind, at=_at, new=_new: patched(
            content(), message(content(), path, kind) + at, new
        ),
    )  # fmt: skip


def _tree(content: bytes, path: str) -> int:
    return int(struct.unpack_from("<Q", content, message(content, path, TABLE))[0])


@hostile("tree_in_a_circle.weights.h5", "goes round in circles")
def _() -> bytes:
    """A B-tree whose only child is itself."""
    content = weights()
    at = _tree(content, "layers")
    content = patched(content, at + 5, b"\x01")
    return patched(content, at + 32, struct.pack("<Q", at))


@hostile("tree_that_doubles.weights.h5", "there is no tree|goes round in circles|twice|one over the other")
def _() -> bytes:
    """A B-tree that holds itself many times: 65,535 entries at each of the levels it has not."""
    content = weights() + bytes(1 << 20)
    end = struct.unpack_from("<Q", content, 40)[0]
    content = patched(content, 40, struct.pack("<Q", len(content)))
    at = _tree(content, "layers")
    content = patched(content, at + 5, b"\x01\xff\xff")
    for number in range(min(65_535, (len(content) - at - 24) // 16)):
        if at + 32 + 16 * number > end:
            content = patched(content, at + 32 + 16 * number, struct.pack("<Q", at))
        if number > 2000:
            break
    return content


@hostile("pieces_in_a_circle.weights.h5", "goes round in circles")
def _() -> bytes:
    """The B-tree of an array's pieces holds itself."""
    content = compressed()
    at = struct.unpack_from("<Q", content, message(content, KERNEL, LAYOUT) + 3)[0]
    content = patched(content, at + 5, b"\x01")
    return patched(content, at + 24 + 32, struct.pack("<Q", at))


@hostile("same_piece_twice.weights.h5", "a place where none should be|claims|declares")
def _() -> bytes:
    """Two pieces at one place, none at the other."""
    content = compressed()
    at = struct.unpack_from("<Q", content, message(content, KERNEL, LAYOUT) + 3)[0] + 24
    return patched(content, at + 40, content[at : at + 32])


@hostile("piece_outside.weights.h5", "a place where none should be")
def _() -> bytes:
    """A piece at the row 2**63 of an array of four rows."""
    content = compressed()
    at = struct.unpack_from("<Q", content, message(content, KERNEL, LAYOUT) + 3)[0] + 24
    return patched(content, at + 48, struct.pack("<Q", 2**63))


@hostile("table_of_65535.weights.h5", "lie outside|does not end|twice|named|not UTF-8|no object|there is no")
def _() -> bytes:
    """A table of members that counts far more than it holds."""
    content = weights()
    at = content.index(b"SNOD")
    return patched(content, at + 6, b"\xff\xff")


@hostile("member_without_name.weights.h5", "does not end|has a member named|not UTF-8|lie outside")
def _() -> bytes:
    """A name that begins behind all names."""
    content = weights()
    return patched(content, content.index(b"SNOD") + 8, struct.pack("<Q", 2**40))


@hostile("member_at_itself.weights.h5", "round in circles")
def _() -> bytes:
    """The first member of the root is the root."""
    content = weights()
    root = struct.unpack_from("<Q", content, 64)[0]
    return patched(content, content.index(b"SNOD") + 16, struct.pack("<Q", root))


@hostile("slash_in_name.weights.h5", "has a member named")
def _() -> bytes:
    """A member whose name has a slash in it."""
    content = weights()
    return content.replace(b"layers\0", b"la/ers\0", 1)


@hostile("header_continued_at_itself.weights.h5", "goes round in circles|more than")
def _() -> bytes:
    """An object's header that goes on where it begins, for ever."""
    content = weights()
    address = item(content, "layers").address
    size = struct.unpack_from("<I", content, address + 8)[0]
    continued = struct.pack("<HHB3xQQ", 0x10, 16, 0, address + 16, size)
    return patched(content, address + 16, continued)


@hostile("header_of_zeros.weights.h5", "neither a group nor an array|messages|no object|outside")
def _() -> bytes:
    """A header of zeros as large as the file says, which is larger than the file."""
    content = weights()
    return patched(content, item(content, "layers").address + 8, b"\xff\xff\xff\x7f")


@hostile("header_of_many_messages.weights.h5", "messages")
def _() -> bytes:
    """A header of two million empty messages."""
    content = weights()
    address = item(content, "layers").address
    added = len(content)
    content = patched(content, address + 16, struct.pack("<HHB3xQQ", 0x10, 16, 0, added, 8 << 20))
    return content + bytes(8 << 20)


@hostile("many_headers.weights.h5", "messages|one over the other|no place for|twice|damaged")
def _() -> bytes:
    """Two thousand members, all of them objects with the same header of 90,000 empty messages."""

    def change(file: Any) -> None:
        for number in range(2000):
            file.create_group(f"layers/g{number}")

    good = changed_hdf5(weights(), change)
    members = item(good, "layers")
    content, continued = bytearray(good), struct.pack("<HHB3xQQ", 0x10, 16, 0, len(good), 90_000 * 8)
    for number in range(2000):
        begin = members.get(f"g{number}").address + 16
        content[begin : begin + len(continued)] = continued
    return bytes(content) + bytes(90_000 * 8)


for _share in (0.02, 0.25, 0.5, 0.75, 0.97):
    add(
        f"cut_at_{_share}.weights.h5", "is cut short", "A file that is cut short.",
        lambda share=_share: weights()[: int(len(weights()) * share)],
    )  # fmt: skip


@hostile("cut_and_denied.weights.h5", "lie outside of it|is cut short")
def _() -> bytes:
    """A file that is cut short and says it is not."""
    content = weights()[:5000]
    return patched(content, 40, struct.pack("<Q", 5000))


@hostile("empty.weights.h5", "is no HDF5 file, but empty")
def _() -> bytes:
    """No byte at all."""
    return b""


@hostile("garbage.weights.h5", "is no HDF5 file")
def _() -> bytes:
    """Bytes of no format."""
    return bytes(range(256)) * 16


@hostile("signature_only.weights.h5", "is no HDF5 file|is cut short|outside|other than 8 bytes")
def _() -> bytes:
    """The signature, and nothing that it promises."""
    return hdf5.SIGNATURE + bytes(56)


@hostile("superblock_of_no_version.weights.h5", "version 99 of the superblock")
def _() -> bytes:
    """A version that does not exist."""
    return patched(weights(), 8, b"\x63")


@hostile("narrow_addresses.weights.h5", "other than 8 bytes")
def _() -> bytes:
    """Addresses of 2 bytes."""
    return patched(weights(), 13, b"\x02")


@hostile("base_elsewhere.weights.h5", "do not count from the beginning")
def _() -> bytes:
    """Addresses that count from behind the end."""
    return patched(weights(), 24, struct.pack("<Q", 2**60))


@hostile("root_outside.weights.h5", "lie outside")
def _() -> bytes:
    """A root behind the end of the file."""
    return patched(weights(), 64, struct.pack("<Q", 2**60))


@hostile("root_undefined.weights.h5", "lie outside")
def _() -> bytes:
    """A root that is nowhere."""
    return patched(weights(), 64, UNDEFINED)


@hostile("newest_format.weights.h5", "newer versions")
def _() -> bytes:
    """Groups as only newer versions of HDF5 write them, which are not read."""
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for number in range(40):
            file[f"layers/dense_{number}/vars/0"] = np.ones(3, "f4")
    return stream.getvalue()


@hostile("pickle.weights.h5", "is no HDF5 file")
def _() -> bytes:
    """A NumPy file of objects, which is a pickle."""
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return stream.getvalue()


@hostile("weights_of_a_group.keras", "needs 2 weights|holds|no model|is no HDF5|has no place")
def _() -> bytes:
    """An archive whose weights are those of another model."""
    return archive_of(sequential(described("Dense", units=3, name="dense")))
