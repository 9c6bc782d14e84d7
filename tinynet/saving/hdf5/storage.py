"""The bytes of an HDF5 file, and where its objects' messages lie in them.

Every address and size in a file is a claim. Here each is compared with the bytes there are before it is
followed, and whatever leads from place to place is counted, so that a circle ends.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tinynet.errors import FileFormatError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
UNDEFINED = 0xFFFFFFFFFFFFFFFF  # an address that leads nowhere
CONTINUED = 0x10  # the message that says where more of them stand
LONGEST_NAME = 1 << 16
MOST_MESSAGES = 100_000  # of one object


class Message(NamedTuple):
    """A part of an object's header: its shape, its type, an attribute and so on."""

    kind: int
    shared: bool  # it stands elsewhere
    at: int
    size: int


Reading = Callable[[int, int], Iterator[Message]]  # of a block's messages, from where it is and its size


class Storage:
    """The bytes of a file, read with care.

    content: anything with the buffer protocol. name: the file in errors. packed: the bytes it was unpacked from.

    Raises `FileFormatError` for what is no HDF5 file, or is cut short.
    """

    def __init__(self, content: bytes | memoryview, name: str, packed: int | None = None) -> None:
        self.name = name
        self._bytes = memoryview(content).cast("B")
        self.size = len(self._bytes)
        self.packed = self.size if packed is None else packed
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self._heap_places = self.size // 16  # more texts it cannot hold
        if self.size < 64 or self.copy(0, 8) != SIGNATURE:
            raise FileFormatError(f"{name}: is no HDF5 file" + ("" if self.size else ", but empty"))
        version = self.whole(8, 1)
        if version in (0, 1):
            self._check_sizes(13)
            base = 24 if version == 0 else 28
            start, end = self.whole(base, 8), self.whole(base + 16, 8)
            self.root = self.whole(base + 40, 8)
        elif version in (2, 3):
            self._check_sizes(9)
            start, end = self.whole(12, 8), self.whole(28, 8)
            self.root = self.whole(36, 8)
        else:
            raise self.damaged(f"version {version} of the superblock is unknown")
        if start != 0:
            raise self.damaged("addresses that do not count from the beginning are not supported")
        if end > self.size:
            raise FileFormatError(f"{name}: is cut short: {self.size:,} of {end:,} bytes are there")

    def _check_sizes(self, at: int) -> None:
        if (self.whole(at, 1), self.whole(at + 1, 1)) != (8, 8):
            raise self.damaged("addresses of other than 8 bytes are not supported")

    def damaged(self, why: str) -> FileFormatError:
        """The error for a file that contradicts itself."""
        return FileFormatError(f"{self.name}: the HDF5 data are damaged or unsupported ({why})")

    def copy(self, at: int, size: int) -> bytes:
        """A copy of some bytes; raises `FileFormatError` where the file has none."""
        return bytes(self.view(at, size))

    def view(self, at: int, size: int) -> memoryview:
        """Some bytes, not copied."""
        if at < 0 or size < 0 or at + size > self.size:
            raise self.damaged(f"{size:,} bytes at {at:,} lie outside of it")
        return self._bytes[at : at + size]

    def whole(self, at: int, size: int) -> int:
        """An unsigned number of so many bytes."""
        return int.from_bytes(self.view(at, size), "little")

    def text(self, at: int, end: int) -> str:
        """The UTF-8 text from `at` to a zero byte, which comes before `end`."""
        content, found, _ = self.copy(at, min(end, self.size, at + LONGEST_NAME) - at).partition(b"\0")
        if not found:
            raise self.damaged("a name does not end")
        return self.decoded(content)

    def decoded(self, content: bytes) -> str:
        """Bytes as UTF-8 text."""
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.damaged(f"a text is not UTF-8: {error}") from error

    def messages(self, address: int) -> list[Message]:
        """The messages in the header of the object at an address."""
        if self.whole(address, 1) == 1:  # the version that is written unless another is asked for
            read: Reading = self._old_block
            blocks = [(address + 16, self.whole(address + 8, 4))]
        else:
            read, blocks = self._new_header(address)
        messages: list[Message] = []
        read_so_far = 0
        for at, size in blocks:  # which grows on the way
            for message in read(at, size):
                read_so_far += 1
                if read_so_far > MOST_MESSAGES:
                    raise self.damaged(f"an object has more than {MOST_MESSAGES:,} messages, or goes round in circles")
                if message.kind == CONTINUED:
                    blocks.append((self.whole(message.at, 8), self.whole(message.at + 8, 8)))
                else:
                    messages.append(message)
        return messages

    def _old_block(self, at: int, size: int) -> Iterator[Message]:
        """The messages in a block of a header of version 1."""
        self.view(at, size)
        end = at + size
        while at + 8 <= end:
            kind, length, flags = struct.unpack("<HHB", self.view(at, 5))
            self.view(at + 8, length)
            yield Message(kind, bool(flags & 2), at + 8, length)
            at += 8 + length

    def _new_header(self, address: int) -> tuple[Reading, list[tuple[int, int]]]:
        """How to read the blocks of a header of version 2, and its first one."""
        if self.copy(address, 4) != b"OHDR" or self.whole(address + 4, 1) != 2:
            raise self.damaged(f"there is no object at {address:,}")
        flags = self.whole(address + 5, 1)
        at = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        head = 6 if flags & 4 else 4  # with or without the order of creation
        first = at + width

        def block(at: int, size: int) -> Iterator[Message]:
            self.view(at, size)
            end = at + size
            if at != first:  # continued elsewhere, between a signature and a checksum
                if self.copy(at, 4) != b"OCHK":
                    raise self.damaged(f"an object does not go on at {at:,}")
                at, end = at + 4, end - 4
            while at + head <= end:
                kind, length, flags = struct.unpack("<BHB", self.view(at, 4))
                self.view(at + head, length)
                yield Message(kind, bool(flags & 2), at + head, length)
                at += head + length

        return block, [(first, self.whole(at, width))]

    def from_heap(self, heap: int, index: int, length: int) -> bytes:
        """A text from one of the heaps that texts of different lengths lie in."""
        if heap not in self._heaps:
            self._heaps[heap] = self._heap(heap)
        if index not in self._heaps[heap]:
            raise self.damaged("a text lies nowhere")
        at, size = self._heaps[heap][index]
        return self.copy(at, min(length, size))

    def _heap(self, heap: int) -> dict[int, tuple[int, int]]:
        """Where the texts of a heap are, by their numbers, and how long they are."""
        if self.copy(heap, 4) != b"GCOL":
            raise self.damaged("a text lies nowhere")
        places: dict[int, tuple[int, int]] = {}
        at, end = heap + 16, min(heap + self.whole(heap + 8, 8), self.size)
        while at + 16 <= end:
            number, size = self.whole(at, 2), self.whole(at + 8, 8)
            if number == 0:  # what is left is free
                break
            places[number] = at + 16, size
            at += 16 + -(-size // 8) * 8
            self._heap_places -= 1
            if self._heap_places < 0:
                raise self.damaged("its heaps lie one over the other")
        return places

    def tree(self, address: int, kind: int, key_size: int) -> Iterator[tuple[int, int]]:
        """The leaves of a B-tree of version 1, from left to right: (where its key stands, its address).

        kind: 0 for the names of a group, 1 for the pieces of an array.
        """
        waiting = [(address, 64)]
        left = self.size // 24 + 1  # no file holds more nodes
        while waiting:
            at, depth = waiting.pop()
            left -= 1
            if left < 0 or depth == 0:
                raise self.damaged("a tree goes round in circles")
            signature, found, level, count = struct.unpack("<4sBBH", self.view(at, 8))
            if signature != b"TREE" or found != kind:
                raise self.damaged(f"there is no tree at {at:,}")
            step = key_size + 8
            self.view(at + 24, count * step)
            entries = [(at + 24 + i * step, self.whole(at + 24 + i * step + key_size, 8)) for i in range(count)]
            if level == 0:
                yield from entries
            else:
                waiting.extend((child, depth - 1) for _, child in reversed(entries))
