"""Groups, arrays and attributes of an HDF5 file, looked up one by one."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.errors import FileFormatError, UnsafeFileError
from tinynet.saving.hdf5.datatypes import Datatype, read_datatype, read_shape
from tinynet.saving.hdf5.storage import UNDEFINED, Message, Storage

# Kinds of messages, by the numbers of the format's specification.
SHAPE, LINKS, TYPE, LINK, EXTERNAL, LAYOUT, FILTERS, ATTRIBUTE, TABLE, ATTRIBUTES = (
    0x1, 0x2, 0x3, 0x6, 0x7, 0x8, 0xB, 0xC, 0x11, 0x15,
)  # fmt: skip
SUPPORTED_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32"}
# What is unpacked may be so many times what is packed, beyond the first 64 MiB: more is an attack, not a model.
LARGEST_RATIO = 100
ALWAYS_ALLOWED = 64 << 20


class Item:
    """What groups and arrays have in common: a path and attributes."""

    def __init__(self, storage: Storage, address: int, path: str, messages: list[Message]) -> None:
        self.storage, self.address, self.path = storage, address, path
        self._messages = messages
        self._text_left = storage.size  # bytes; no more can be in its attributes

    def _all(self, *kinds: int) -> list[Message]:
        return [message for message in self._messages if message.kind in kinds]

    def _one(self, kind: int, what: str) -> Message:
        found = self._all(kind)
        if len(found) != 1 or found[0].shared:
            raise self.damaged(f"has {'a shared' if found else 'no'} {what}")
        return found[0]

    def damaged(self, why: str) -> FileFormatError:
        return self.storage.damaged(f"{self.path or '/'} {why}")

    def unsafe(self, why: str) -> UnsafeFileError:
        """The error for what leads out of the file."""
        return UnsafeFileError(str(self.damaged(why)))

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes by name: numbers as arrays, texts as a `str` or a list of them."""
        for message in self._all(ATTRIBUTES):
            at = message.at + (4 if self.storage.whole(message.at + 1, 1) & 1 else 2)
            if self.storage.whole(at, 8) != UNDEFINED:
                raise self.damaged("keeps its attributes in a heap, as only newer versions of HDF5 do")
        return dict(self._attribute(message) for message in self._all(ATTRIBUTE))

    def _attribute(self, message: Message) -> tuple[str, Any]:
        storage, at = self.storage, message.at
        version, flags, *sizes = struct.unpack("<BBHHH", storage.view(at, 8))
        if message.shared or version not in (1, 2, 3) or (version > 1 and flags & 3):
            raise self.damaged("has an attribute of an unknown kind")
        parts = []
        at += 9 if version == 3 else 8
        for size in sizes:
            parts.append(at)
            at += -(-size // 8) * 8 if version == 1 else size
        name = storage.text(parts[0], parts[0] + sizes[0])
        datatype, shape = read_datatype(storage, parts[1], sizes[1]), read_shape(storage, parts[2])
        if shape is None:
            return name, None
        count = math.prod(shape)
        content = storage.view(at, count * datatype.size)
        if datatype.dtype is not None:
            return name, np.frombuffer(content, datatype.dtype).reshape(shape)
        if datatype.kind == "opaque":
            return name, bytes(content)
        texts = self._texts(datatype, content, count)
        return name, texts if shape else texts[0]

    def _texts(self, datatype: Datatype, content: memoryview, count: int) -> list[str]:
        texts = []
        for i in range(count):
            part = bytes(content[i * datatype.size : (i + 1) * datatype.size])
            if datatype.kind == "texts":
                length, heap, index = struct.unpack("<IQI", part)
                part = self.storage.from_heap(heap, index, length) if length else b""
                self._text_left -= len(part)
                if self._text_left < 0:
                    raise self.damaged("has attributes that lie one over the other")
            texts.append(self.storage.decoded(part.rstrip(b"\0")))
        return texts


class Dataset(Item):
    """An array that is stored in the file."""

    def __init__(self, storage: Storage, address: int, path: str, messages: list[Message]) -> None:
        super().__init__(storage, address, path, messages)
        kind = self._one(TYPE, "type")
        self.datatype = read_datatype(storage, kind.at, kind.size)
        self.shape = read_shape(storage, self._one(SHAPE, "shape").at)
        self.size = math.prod(self.shape or (0,)) if self.shape != () else 1
        if self._all(EXTERNAL):
            raise self.unsafe("keeps its data outside of the file, which is not followed")
        self.layout = self._one(LAYOUT, "layout").at

    @cached_property
    def stored(self) -> int:
        """How many bytes its values take up in the file."""
        storage, at = self.storage, self.layout
        kind = self._layout_kind()
        if kind == "compact":
            stored = storage.whole(at + 2, 2)
        elif kind == "contiguous":
            stored = storage.whole(at + 10, 8)
        else:
            stored = sum(size for size, _, _, _ in self._pieces())
        if stored > storage.size:
            raise self.damaged("claims to be larger than the file")
        return stored

    def _layout_kind(self) -> str:
        version, number = self.storage.whole(self.layout, 1), self.storage.whole(self.layout + 1, 1)
        if version not in (3, 4):
            raise self.damaged(f"has a layout of version {version}, which is not supported")
        if number == 3:
            raise self.unsafe("is virtual: its data lie in other files, which are not followed")
        if number > 3 or (number == 2 and version == 4):
            raise self.damaged("is laid out as only newer versions of HDF5 do it")
        return ("compact", "contiguous", "chunked")[number]

    @property
    def declared(self) -> int:
        """How many bytes its values would take up in memory."""
        return self.size * self.datatype.size

    @property
    def plausible(self) -> bool:
        """Whether what is declared can be what the file holds, even if well compressed."""
        compressed = self._layout_kind() == "chunked"
        return self.declared <= (unpacked_at_most(self.stored) if compressed else self.stored)

    def check(self) -> None:
        """Raises `FileFormatError` where its values cannot be read, as far as that shows without reading them."""
        if not self.plausible:
            raise self.damaged(f"declares more data ({self.declared:,} bytes) than the file holds")
        self._filters()

    def read(self) -> np.ndarray:
        """The values: numbers in the machine's byte order, opaque ones as bytes (`V`).

        Raises `FileFormatError` for anything else, and for data that are damaged or are not there.
        """
        dtype = self.datatype.dtype
        if self.datatype.kind == "opaque":
            dtype = np.dtype(f"V{self.datatype.size}")
        if dtype is None:
            raise self.damaged("holds texts, not numbers")
        if self.shape is None or not self.size:
            return np.zeros(self.shape or (0,), dtype.newbyteorder("="))
        self.check()
        kind = self._layout_kind()
        if kind == "chunked":
            values = self._from_pieces(dtype)
        else:
            start = self.layout + 4 if kind == "compact" else self.storage.whole(self.layout + 2, 8)
            if start == UNDEFINED:
                raise self.damaged("declares values that were never written")
            if self._all(FILTERS):
                raise self.damaged("is compressed in a way that does not exist")
            content = self.storage.view(start, self.declared)
            values = np.frombuffer(content, dtype).reshape(self.shape)
        return values.astype(dtype.newbyteorder("="))

    def _chunk(self) -> tuple[int, ...]:
        """The shape of the pieces, by which a chunked array is stored."""
        at = self.layout
        axes = self.storage.whole(at + 2, 1)
        *chunk, width = struct.unpack(f"<{axes}I", self.storage.view(at + 11, 4 * axes)) if axes else (0,)
        if len(chunk) != len(self.shape or ()) or width != self.datatype.size or 0 in chunk:
            raise self.damaged("is stored in pieces that do not fit it")
        return tuple(chunk)

    def _pieces(self) -> Iterator[tuple[int, int, tuple[int, ...], int]]:
        """Each piece: how many bytes, which filters are left out, where it begins, its address."""
        storage, axes = self.storage, len(self.shape or ())
        address = storage.whole(self.layout + 3, 8)
        if address == UNDEFINED:
            return
        for key, piece in storage.tree(address, 1, 8 * (axes + 2)):
            size, left_out = struct.unpack("<II", storage.view(key, 8))
            yield size, left_out, struct.unpack(f"<{axes}Q", storage.view(key + 8, 8 * axes)), piece

    def _from_pieces(self, dtype: np.dtype) -> np.ndarray:
        assert self.shape is not None
        chunk, filters = self._chunk(), self._filters()
        wanted = math.prod(-(-n // c) for n, c in zip(self.shape, chunk, strict=True))
        whole = math.prod(chunk) * dtype.itemsize
        if whole > unpacked_at_most(self.stored):
            raise self.damaged("is stored in pieces larger than what the file holds")
        values, seen = np.empty(self.shape, dtype), set()
        for size, left_out, start, address in self._pieces():
            inside = all(s < n and s % c == 0 for s, n, c in zip(start, self.shape, chunk, strict=True))
            if not inside or start in seen:
                raise self.damaged("has a piece at a place where none should be")
            seen.add(start)
            content = self._unfiltered(self.storage.copy(address, size), filters, left_out, whole)
            piece = np.frombuffer(content, dtype).reshape(chunk)
            place = tuple(slice(s, s + c) for s, c in zip(start, chunk, strict=True))
            room = values[place]
            room[...] = piece[tuple(slice(n) for n in room.shape)]
        if len(seen) != wanted:
            raise self.damaged(f"has {len(seen)} of its {wanted} pieces")
        return values

    def _filters(self) -> list[tuple[int, tuple[int, ...]]]:
        """The filters the data went through when they were written: a number and its settings each."""
        found = self._all(FILTERS)
        if not found:
            return []
        storage, at = self.storage, self._one(FILTERS, "list of filters").at
        version, count = storage.whole(at, 1), storage.whole(at + 1, 1)
        if version not in (1, 2):
            raise self.damaged("has a list of filters of an unknown version")
        at += 8 if version == 1 else 2
        filters = []
        for _ in range(count):
            number = storage.whole(at, 2)
            if number not in SUPPORTED_FILTERS:
                # HDF5's own library would look for a shared library that has it.
                raise self.unsafe(
                    f"is stored through HDF5 filter {number}, which is not supported; "
                    f"supported are {', '.join(SUPPORTED_FILTERS.values())}"
                )
            named = version == 1
            length = storage.whole(at + 2, 2) if named else 0
            at += 4 if named else 2
            settings = storage.whole(at + 2, 2)
            at += 4 + -(-length // 8) * 8
            filters.append((number, struct.unpack(f"<{settings}I", storage.view(at, 4 * settings))))
            at += 4 * (settings + (settings % 2 if named else 0))
        return filters

    def _unfiltered(
        self, content: bytes, filters: list[tuple[int, tuple[int, ...]]], left_out: int, whole: int
    ) -> bytes:
        """The content of a piece before the filters, undone from the last to the first."""
        for i, (number, settings) in reversed(list(enumerate(filters))):
            if left_out >> i & 1:
                continue
            if number == 1:
                unpacking = zlib.decompressobj()
                try:
                    content = unpacking.decompress(content, whole + 4)  # a checksum may be within
                except zlib.error as error:
                    raise self.damaged(f"cannot be decompressed: {error}") from error
            elif number == 2:
                width = settings[0] if settings else 0
                if not 0 < width <= len(content):
                    raise self.damaged("was shuffled in an unknown way")
                even = len(content) // width * width
                shuffled = np.frombuffer(content, np.uint8, even).reshape(width, -1)
                content = shuffled.T.tobytes() + content[even:]
            else:
                content, told = content[:-4], content[-4:]
                if len(told) < 4 or fletcher32(content) != int.from_bytes(told, "little"):
                    raise self.damaged("does not have the checksum it should have")
        if len(content) != whole:
            raise self.damaged(f"has a piece of {len(content):,} bytes, not {whole:,}")
        return content


class Group(Item):
    """A folder of arrays and groups. What links lead out of it is refused, not followed."""

    @cached_property
    def members(self) -> dict[str, int]:
        """The addresses of the members by name, in the order of the file."""
        members: dict[str, int] = {}
        left = self.storage.size  # letters; no more can be in its names
        for name, address in self._listed():
            if name in members or not name or "/" in name:
                raise self.damaged(f"holds {name!r} twice" if name in members else f"has a member named {name!r}")
            members[name] = address
            left -= len(name)
            if left < 0:
                raise self.damaged("has members that lie one over the other")
        return members

    def _listed(self) -> Iterator[tuple[str, int]]:
        for message in self._all(LINKS):
            at = message.at + (10 if self.storage.whole(message.at + 1, 1) & 1 else 2)
            if self.storage.whole(at, 8) != UNDEFINED:
                raise self.damaged("keeps its members in a heap, as only newer versions of HDF5 do")
        for message in self._all(LINK):
            yield self._link(message)
        for message in self._all(TABLE):
            yield from self._table(message)

    def _link(self, message: Message) -> tuple[str, int]:
        """A member of a group of the newer kind."""
        storage, at = self.storage, message.at
        flags = storage.whole(at + 1, 1)
        at += 2
        kind = 0
        if flags & 8:
            kind = storage.whole(at, 1)
            at += 1
        at += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
        width = 1 << (flags & 3)
        length = storage.whole(at, width)
        name = storage.decoded(storage.copy(at + width, length))
        if kind != 0:
            raise self._elsewhere(name)
        return name, storage.whole(at + width + length, 8)

    def _table(self, message: Message) -> Iterator[tuple[str, int]]:
        """The members of a group of the older kind: a tree of tables, and a heap for the names."""
        storage = self.storage
        tree, heap = storage.whole(message.at, 8), storage.whole(message.at + 8, 8)
        if storage.copy(heap, 4) != b"HEAP":
            raise self.damaged("has no names")
        names, end = storage.whole(heap + 24, 8), storage.whole(heap + 8, 8)
        for _, table in storage.tree(tree, 0, 8):
            if storage.copy(table, 4) != b"SNOD":
                raise self.damaged("has no table of members where it should be")
            for i in range(storage.whole(table + 6, 2)):
                at, address, kind = struct.unpack("<QQI", storage.view(table + 8 + 40 * i, 20))
                name = storage.text(names + at, names + end)
                if kind == 2:
                    raise self._elsewhere(name)
                yield name, address

    def _elsewhere(self, name: str) -> UnsafeFileError:
        return self.unsafe(f"holds {name!r} as a link to elsewhere, which is not followed")

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def get(self, path: str) -> Item | None:
        """The group or array at a path below this group; None when there is none.

        Raises `FileFormatError` where an array stands in the way.
        """
        found: Item = self
        for part in path.strip("/").split("/"):
            if not isinstance(found, Group):
                raise found.damaged("is an array, not a group")
            if part not in found.members:
                return None
            found = item(found.storage, found.members[part], f"{found.path}/{part}")
        return found

    def arrays(self) -> Iterator[tuple[str, int]]:
        """The path and the number of elements of every array below, each once however often it is linked.

        Raises `FileFormatError` where they claim more than the file can hold.
        """
        stored, declared = 0, 0
        for dataset in self._datasets():
            stored += dataset.stored
            declared += dataset.declared
            most = min(unpacked_at_most(stored), max(unpacked_at_most(self.storage.packed), self.storage.size))
            if not dataset.plausible or stored > self.storage.size or declared > most:
                raise dataset.damaged(f"declares more data ({dataset.declared:,} bytes) than the file holds")
            yield dataset.path, dataset.size

    def _datasets(self) -> Iterator[Dataset]:
        waiting: list[Group] = [self]
        groups, arrays = {self.address}, set()
        while waiting:
            group = waiting.pop()
            for name, address in group.members.items():
                if address in groups:
                    raise group.damaged(f"holds the group {name!r}, which is elsewhere, too, or goes round in circles")
                if address in arrays:
                    continue
                found = item(self.storage, address, f"{group.path}/{name}")
                if isinstance(found, Dataset):
                    arrays.add(address)
                    yield found
                elif isinstance(found, Group):
                    groups.add(address)
                    waiting.append(found)


def item(storage: Storage, address: int, path: str) -> Item:
    """The group or array at an address."""
    messages = storage.messages(address)
    kinds = {message.kind for message in messages}
    if kinds & {TABLE, LINKS, LINK}:
        return Group(storage, address, path, messages)
    if SHAPE in kinds or LAYOUT in kinds:
        return Dataset(storage, address, path, messages)
    raise storage.damaged(f"{path or '/'} is neither a group nor an array")


def unpacked_at_most(packed: int) -> int:
    """How many bytes so many compressed ones may become."""
    return max(LARGEST_RATIO * packed, ALWAYS_ALLOWED)


def fletcher32(content: bytes) -> int:
    """The checksum of HDF5's filter of that name: two sums of the 16-bit words, modulo 65535."""
    words = np.frombuffer(content + b"\0" * (len(content) % 2), ">u2").astype(np.uint64)
    first = second = 0
    for start in range(0, len(words), 4096):  # so few words cannot overflow
        part = words[start : start + 4096]
        weights = np.arange(len(part), 0, -1, dtype=np.uint64)
        second = (second + first * len(part) + int((part * weights).sum())) % 65535
        first = (first + int(part.sum())) % 65535
    return second << 16 | first
