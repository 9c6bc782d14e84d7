"""`get_file`: a file from the net, kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.parse
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from tinynet.arguments import one_of
from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, UnsafeFileError

SCHEMES = ("http", "https", "file")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file that is downloaded once and then kept; of an archive, the folder of what was in it.

    fname: its name there; that of the address without it. origin: its address, http(s) or file.
    file_hash: its SHA-256 or MD5 in hexadecimal digits; a file with another one is not kept. hash_algorithm: 'sha256',
        'md5' or 'auto', which goes by the number of digits. md5_hash: the older name of an MD5.
    extract: whether it is an archive to take apart. archive_format: 'tar', 'zip', or 'auto' for what it is; None takes
        nothing apart. untar: the older way to say that it is a tar.
    cache_dir: $KERAS_HOME, or ~/.keras as Keras, so that both keep one copy. cache_subdir: the folder within it.
    force_download: whether to download what is there already.

    A file appears whole or not at all. Members of an archive that lead out of its folder, and links, are refused.
    Raises `MissingFileError` where the address gives nothing, `FileFormatError` for another hash or a damaged archive,
    `UnsafeFileError` for a member that leads out, `ArgumentError` for arguments that do not fit.

    Source: https://keras.io/api/utils/python_utils/
    """
    if origin is None:
        raise ArgumentError("get_file: origin, the address of the file, is missing")
    address = urllib.parse.urlsplit(origin)
    one_of("get_file", "scheme of origin", address.scheme, SCHEMES)
    one_of("get_file", "archive_format", archive_format, ("auto", "tar", "zip", None))
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    name = os.fspath(fname) if fname is not None else PurePosixPath(urllib.parse.unquote(address.path)).name
    if not name or name != os.path.basename(name) or name in (".", ".."):
        raise ArgumentError(f"get_file: expected fname to be the name of a file without folders, received {name!r}")
    folder = Path(cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    apart = extract or untar
    stem = name.partition(".")[0]
    file = folder / (f"{name}_archive" if apart and (fname is None or stem == name) else name)
    if force_download or not file.exists() or (file_hash and _hash(file, file_hash, hash_algorithm) != file_hash.lower()):
        _download(origin, file, file_hash, hash_algorithm)
    if not apart:
        return str(file)
    into = folder / (f"{stem}_extracted" if fname is not None and stem != name else name)
    _take_apart(file, into, "tar" if untar else archive_format)
    return str(into)


def _hash(file: Path, expected: str, algorithm: str) -> str:
    one_of("get_file", "hash_algorithm", algorithm, ("auto", "sha256", "md5"))
    kind = algorithm if algorithm != "auto" else "sha256" if len(expected) == 64 else "md5"
    digest = hashlib.new(kind, usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _download(origin: str, file: Path, file_hash: str | None, algorithm: str) -> None:
    import urllib.error  # these take as long as the half of tinynet
    import urllib.request

    print(f"Downloading data from {origin}", flush=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".download-")
    whole = Path(name)
    try:
        try:
            with urllib.request.urlopen(origin) as source, os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except (urllib.error.URLError, OSError) as error:
            raise MissingFileError(f"get_file: downloading {origin} failed: {error}") from error
        found = _hash(whole, file_hash, algorithm) if file_hash else None
        if file_hash and found != file_hash.lower():
            raise FileFormatError(
                f"get_file: what {origin} sent has the hash {found}, not {file_hash}. Nothing was kept."
            )
        os.replace(whole, file)
    finally:
        whole.unlink(missing_ok=True)


def _take_apart(file: Path, into: Path, kind: str | None) -> None:
    """What is in an archive as a folder, which appears whole or not at all."""
    import tarfile

    if kind is None:
        return
    fits = {"tar": tarfile.is_tarfile, "zip": zipfile.is_zipfile}
    kinds = [name for name in fits if kind in (name, "auto") and fits[name](file)]
    if not kinds:
        raise FileFormatError(f"get_file: {file} is no archive of the kind {kind!r}")
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".extract-") as folder:
        try:
            if kinds[0] == "zip":
                with zipfile.ZipFile(file) as archive:
                    _refuse_outside(file, archive.namelist())
                    archive.extractall(folder)
            else:
                with tarfile.open(file) as archive:
                    members = archive.getmembers()
                    _refuse_outside(file, [member.name for member in members])
                    other = next((m for m in members if not (m.isfile() or m.isdir())), None)
                    if other is not None:
                        raise UnsafeFileError(f"get_file: {file} holds {other.name!r}, which is no file or folder")
                    for member in members:
                        member.mode = 0o755 if member.isdir() else 0o644
                    filtered: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                    archive.extractall(folder, members, **filtered)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise FileFormatError(f"get_file: {file} cannot be taken apart: {error}") from error
        shutil.copytree(folder, into, dirs_exist_ok=True)


def _refuse_outside(file: Path, names: list[str]) -> None:
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
            raise UnsafeFileError(f"get_file: {file} holds {name!r}, which leads out of its folder")
