"""A file that is fetched appears whole, with the right hash, or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, UnsafeFileError
from tinynet.utils import get_file

TEXT = b"Some text."


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "there" / "text.txt"
    file.parent.mkdir()
    file.write_bytes(TEXT)
    return file


def archive(path: Path, *names: str, link: bool = False) -> str:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as writer:
            for name in names:
                writer.writestr(name, TEXT)
        return path.as_uri()
    with tarfile.open(path, "w:gz") as writer:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(TEXT)
            if link:
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
            writer.addfile(member, io.BytesIO(TEXT))
    return path.as_uri()


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_with_its_hash(source, tmp_path, kind):
    digest = hashlib.new(kind, TEXT).hexdigest()
    path = Path(get_file(origin=source.as_uri(), file_hash=digest, cache_dir=tmp_path))
    assert path == tmp_path / "datasets" / "text.txt" and path.read_bytes() == TEXT
    source.write_bytes(b"Another text.")
    assert get_file(origin=source.as_uri(), file_hash=digest, cache_dir=tmp_path) == str(path)
    with pytest.raises(FileFormatError, match="Nothing was kept"):
        get_file(origin=source.as_uri(), file_hash=digest, cache_dir=tmp_path, force_download=True)
    assert path.read_bytes() == TEXT and [p.name for p in path.parent.iterdir()] == ["text.txt"]


def test_home_is_keras_home(source, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    md5 = hashlib.md5(TEXT).hexdigest()
    assert get_file("mine.txt", source.as_uri(), md5_hash=md5) == str(tmp_path / "home" / "datasets" / "mine.txt")


@pytest.mark.parametrize("name", ["data.tar.gz", "data.zip"])
def test_archives_are_taken_apart(tmp_path, name):
    origin = archive(tmp_path / name, "a.txt", "deep/b.txt")
    for given in ({"fname": None}, {"fname": "data"}, {"fname": name}):
        folder = Path(get_file(origin=origin, extract=True, cache_dir=tmp_path, cache_subdir=str(given), **given))
        assert (folder / "deep" / "b.txt").read_bytes() == TEXT


@pytest.mark.parametrize(("name", "inner"), [("x.zip", "../out.txt"), ("x.tar.gz", "../out.txt"), ("x.tar.gz", "/out.txt")])
def test_members_that_lead_out(tmp_path, name, inner):
    with pytest.raises(UnsafeFileError, match="leads out of its folder"):
        get_file(origin=archive(tmp_path / name, "a.txt", inner), extract=True, cache_dir=tmp_path)
    assert not list(tmp_path.rglob("out.txt")) and not list(tmp_path.rglob("a.txt"))


def test_links(tmp_path):
    with pytest.raises(UnsafeFileError, match="'a.txt', which is no file or folder"):
        get_file(origin=archive(tmp_path / "x.tar.gz", "a.txt", link=True), untar=True, cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"origin": None}, ArgumentError, "origin, the address of the file, is missing"),
        ({"origin": "gopher://x/y"}, ArgumentError, "unknown scheme of origin 'gopher'"),
        ({"fname": "../x"}, ArgumentError, "the name of a file without folders"),
        ({"hash_algorithm": "crc", "file_hash": "00"}, ArgumentError, "unknown hash_algorithm 'crc'"),
        ({"archive_format": "rar"}, ArgumentError, "unknown archive_format 'rar'"),
        ({"extract": True}, FileFormatError, "is no archive of the kind 'auto'"),
        ({"origin": "file:///not/there"}, MissingFileError, "downloading file:///not/there failed"),
    ],
)
def test_refusals(source, tmp_path, given, error, words):
    with pytest.raises(error, match=words):
        get_file(**{"origin": source.as_uri(), "cache_dir": tmp_path, **given})
