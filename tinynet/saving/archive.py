"""The `.keras` file as an archive: a zip of a configuration, weights and assets.

Only members known by name are read, into memory; nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, TypeVar

from tinynet.errors import (
    ArgumentError,
    FileAccessError,
    FileFormatError,
    MissingFileError,
    TinynetError,
    UnsafeFileError,
)

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
ASSETS = "assets/"
ZIP = b"PK"  # what archives begin with

LARGEST_MEMBER = 4 << 30  # bytes after decompression
LARGEST_CONFIG = 32 << 20
# Python needs up to 60 bytes for each letter of JSON, so what is in it is counted, too.
MOST_PARTS = 2_000_000  # separated by commas
MOST_STRUCTURES = 300_000  # lists and objects
DEEPEST = 256  # of lists and objects within one another: some 60 models or layers
LARGEST_RATIO = 100  # of what is unpacked to what is packed, beyond the first 64 MiB
ALWAYS_ALLOWED = 64 << 20
MOST_MEMBERS = 10_000
LONGEST_NAME = 512
ABANDONED = 3600  # seconds after which a file that was never finished is one that was given up
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the other methods unpack all at once, however much that is


def path_of(filepath: Any, where: str) -> str:
    """A file's name as text; `where` stands in front of the error for what is none."""
    if not isinstance(filepath, (str, bytes, os.PathLike)) or not (path := os.fsdecode(filepath)) or "\0" in path:
        raise ArgumentError(f"{where}: expected the name of a file, received {filepath!r}")
    return path


@contextmanager
def accessing(path: str, how: str) -> Iterator[None]:
    """Within it the system's refusals become `FileAccessError`s: `path` cannot be read, or written."""
    try:
        yield
    except TinynetError:
        raise
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be {how} ({error.strerror or error})") from error


def start_of(path: str, count: int = 8) -> bytes:
    """The first bytes of a file.

    Raises `MissingFileError`, `FileAccessError`, or `FileFormatError` where there is something other than a file.
    """
    if not os.path.exists(path):
        raise MissingFileError(f"{path}: there is no such file")
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "is no file"
        raise FileFormatError(f"{path}: {what}; a model is a single file")
    with accessing(path, "read"), open(path, "rb") as stream:
        return stream.read(count)


Opened = TypeVar("Opened", bound="Members")


class Members:
    """What a model is made of, by name: the base of `Archive` and `Folder`."""

    path: str

    def names(self) -> list[str]:
        """The names of all members."""
        raise NotImplementedError

    def read(self, name: str, largest: int = LARGEST_MEMBER) -> bytes:
        """The contents of a member.

        Raises `FileFormatError` when it is damaged, or larger than allowed.
        """
        raise NotImplementedError

    def packed(self, name: str) -> int:
        """How many bytes a member takes up on disk."""
        raise NotImplementedError

    def json(self, name: str) -> Any:
        """A JSON member as Python values."""
        return parsed(self.read(name, LARGEST_CONFIG), f"{self.path}: {name}")

    @property
    def keras_version(self) -> str:
        """Which Keras wrote the file; 3, where it does not say."""
        metadata = self.json(METADATA) if METADATA in self.names() else None
        version = metadata.get("keras_version", "3") if isinstance(metadata, dict) else "3"
        if not isinstance(version, str):
            raise FileFormatError(
                f"{self.path}: {METADATA}: expected keras_version to be a string, received {version!r}"
            )
        return version

    def close(self) -> None:
        """Ends the reading."""

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Folder(Members):
    """A model that was saved with zipped=False: the members of a `.keras` file as files in a folder.

    Only plain files are read, and no link is followed. Raises `FileFormatError` where there is no such model.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._files: dict[str, int] = {}
        with accessing(path, "read"):
            for folder, _, files in os.walk(path):
                for file in files:
                    self._add(os.path.join(folder, file))
        for name in (CONFIG, WEIGHTS):
            if name not in self._files:
                raise FileFormatError(f"{path}: is a folder without {name}, so it is no model")

    def _add(self, file: str) -> None:
        name = os.path.relpath(file, self.path).replace(os.sep, "/")
        status = os.lstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeFileError(f"{self.path}: {name!r} is a link or a device, not a file")
        if len(self._files) == MOST_MEMBERS or is_dangerous(name):
            raise FileFormatError(f"{self.path}: holds more than {MOST_MEMBERS} files, or the odd name {name!r}")
        self._files[name] = status.st_size

    def names(self) -> list[str]:
        return list(self._files)

    def packed(self, name: str) -> int:
        return self._files[name]

    def read(self, name: str, largest: int = LARGEST_MEMBER) -> bytes:
        with accessing(self.path, "read"), open(os.path.join(self.path, name), "rb") as file:
            content = file.read(largest + 1)
        if len(content) > largest:
            raise FileFormatError(f"{self.path}: {name} is larger than {largest:,} bytes")
        return content


class Memory(Members):
    """A model that is in memory: the members of a `.keras` file as bytes by name. path: what errors call it."""

    def __init__(self, members: Mapping[str, bytes], path: str) -> None:
        self.path = path
        self._members = members

    def names(self) -> list[str]:
        return list(self._members)

    def packed(self, name: str) -> int:
        return len(self._members[name])

    def read(self, name: str, largest: int = LARGEST_MEMBER) -> bytes:
        return self._members[name]


class Archive(Members):
    """A `.keras` file opened for reading: its members by name.

    refuse: whether what is wrong with the members is raised, or only kept in `problems`, for whoever wants to
        look at the rest. members: those that have to be there. kind: what such a file is called in errors.

    Raises `MissingFileError` when it is not there, `FileFormatError` when it is no such archive.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        refuse: bool = True,
        members: Sequence[str] = (CONFIG, WEIGHTS),
        kind: str = "a .keras file",
    ) -> None:
        self.path = os.fspath(path)
        if not start_of(self.path):
            raise FileFormatError(f"{self.path}: is empty")
        try:
            self._zip = zipfile.ZipFile(self.path)
            found = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileFormatError(
                f"{self.path}: is not {kind}, or is cut short or damaged ({error}). "
                "Older .h5 files are another format."
            ) from error
        self._members = {member.filename: member for member in found}
        self.problems = list(_problems(found))
        self.problems += [f"holds no {name}, so it is not {kind}" for name in members if name not in self._members]
        if self.problems and refuse:
            self._zip.close()
            raise FileFormatError(f"{self.path}: {self.problems[0]}")

    def names(self) -> list[str]:
        return list(self._members)

    def read(self, name: str, largest: int = LARGEST_MEMBER) -> bytes:
        info = self._members[name]
        if info.compress_type not in BOUNDED:
            raise FileFormatError(f"{self.path}: {name!r} is compressed by a method that is not supported")
        allowed = min(largest, _allowed(info))
        try:
            with self._zip.open(info) as member:
                content = member.read(allowed + 1)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
            raise FileFormatError(f"{self.path}: {name} is damaged ({error})") from error
        except Exception as error:  # zlib.error and its like, whatever the compression
            raise FileFormatError(f"{self.path}: {name} cannot be decompressed ({error})") from error
        if len(content) > allowed:
            raise FileFormatError(f"{self.path}: {name} unpacks to more than {allowed:,} bytes")
        if len(content) != info.file_size:
            raise FileFormatError(f"{self.path}: {name} is damaged ({len(content):,} of {info.file_size:,} bytes)")
        return content

    def packed(self, name: str) -> int:
        return self._zip.getinfo(name).compress_size

    def close(self) -> None:
        self._zip.close()


def is_dangerous(name: str) -> bool:
    """Whether a member's name could mean a place outside of the archive, or several places."""
    parts = name.removesuffix("/").split("/")
    odd = not name.isprintable() or "\\" in name or ":" in name or len(name) > LONGEST_NAME
    return odd or any(part in ("", ".", "..") for part in parts)


def _allowed(member: zipfile.ZipInfo) -> int:
    """How many bytes a member may unpack to: a small file that becomes a huge one is an attack, not a model."""
    return min(LARGEST_MEMBER, max(LARGEST_RATIO * member.compress_size, ALWAYS_ALLOWED))


def _problems(members: Sequence[zipfile.ZipInfo]) -> Iterator[str]:
    """Everything for which an archive is refused, told by what it says of its members."""
    if len(members) > MOST_MEMBERS:
        yield f"holds {len(members)} members, more than {MOST_MEMBERS}"
        return
    names: set[str] = set()
    for member in members:
        name = member.filename
        if name in names:
            yield f"holds {name!r} twice"
        names.add(name)
        if is_dangerous(name) or name != member.orig_filename:  # which a zero byte cuts
            yield f"holds a member with a dangerous name, {name[:LONGEST_NAME]!r}"
        if stat.S_ISLNK(member.external_attr >> 16):
            yield f"{name!r} is a link to another file"
        elif stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield f"{name!r} is a device, not a file"
        if member.flag_bits & 1:
            yield f"{name!r} is encrypted"
        if member.compress_type not in BOUNDED:
            yield f"{name!r} is compressed by a method that is not supported"
        if member.file_size > _allowed(member):
            yield f"{name} unpacks to more than {_allowed(member):,} bytes"
    places = sorted((member.header_offset, member.compress_size) for member in members)
    if any(start + size >= following for (start, size), (following, _) in zip(places, places[1:], strict=False)):
        yield "holds members that overlap"


def parsed(text: str | bytes, where: str) -> Any:
    """JSON as Python values; raises `FileFormatError` for what is none, too large, or says a thing twice."""
    if len(text) > LARGEST_CONFIG:
        raise FileFormatError(f"{where} is larger than {LARGEST_CONFIG:,} bytes")
    try:
        content = text.decode("utf-8") if isinstance(text, bytes) else text
        if content.count(",") > MOST_PARTS or content.count("[") + content.count("{") > MOST_STRUCTURES:
            raise ValueError(f"it holds more than {MOST_PARTS:,} values or {MOST_STRUCTURES:,} lists and objects")
        value = json.loads(content, object_pairs_hook=_without_repetition)
        _check_depth(value)
        return value
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is not valid JSON ({error})") from error


def _check_depth(value: Any) -> None:
    """Raises `ValueError` for lists and objects that are nested too deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        if not level:
            return
        parts = (part for outer in level for part in (outer.values() if isinstance(outer, dict) else outer))
        level = [part for part in parts if isinstance(part, (dict, list))]
    raise ValueError(f"it is nested more than {DEEPEST} deep")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key occurs twice among {keys[:8]}")
    return dict(pairs)


def write_archive(path: str | os.PathLike[str], members: Mapping[str, bytes]) -> None:
    """Writes an archive of the members, completely or not at all."""
    with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            # A fixed date, as Keras writes it: equal models make equal files.
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)


def write_folder(path: str, members: Mapping[str, bytes]) -> None:
    """Writes the members as files in a folder, beside it first, so that it is complete or as it was.

    Raises `ArgumentError` where there is something other than a model: a folder of the user's is not deleted.
    """
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise MissingFileError(f"{path}: the folder {parent} does not exist")
    there = os.path.lexists(path)
    if there and (os.path.islink(path) or not os.path.isfile(os.path.join(path, CONFIG))):
        raise ArgumentError(f"{path}: is there and no folder of a model; save under another name")
    with accessing(path, "written"), tempfile.TemporaryDirectory(dir=parent, prefix=f".{os.path.basename(path)}.") as beside:
        new, old = os.path.join(beside, "new"), os.path.join(beside, "old")
        for name, content in members.items():
            os.makedirs(os.path.dirname(os.path.join(new, name)), exist_ok=True)
            with open(os.path.join(new, name), "wb") as file:
                file.write(content)
        if there:
            os.rename(path, old)
        os.rename(new, path)


def _put_away(folder: str, prefix: str) -> None:
    """Deletes what processes that were killed while they saved have left, once nobody can be writing it any more."""
    for name in os.listdir(folder):
        left = os.path.join(folder, name)
        if re.fullmatch(f"{re.escape(prefix)}[a-z0-9_]{{8}}", name):
            with suppress(OSError):  # as when another process does the same
                if time.time() - os.path.getmtime(left) > ABANDONED:
                    os.unlink(left)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file beside `path` that takes its place, and its permissions, once it is completely written.

    A link is not replaced but the file it leads to.

    Raises `MissingFileError` when the folder is not there, `FileAccessError` when it cannot be written to.
    """
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise MissingFileError(f"{path}: the folder {folder} does not exist")
    with accessing(path, "written"), _replacing(os.path.realpath(path)) as stream:
        yield stream


@contextmanager
def _replacing(path: str) -> Iterator[IO[bytes]]:
    folder, name = os.path.split(path)
    prefix = f".{name}."
    _put_away(folder, prefix)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=prefix)
    try:
        with io.open(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(path))  # mkstemp's are private
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    """The permissions of the file that is replaced, or those of any new one."""
    if os.path.exists(path):
        return stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
