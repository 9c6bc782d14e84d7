"""Where the files of a data set are found: a folder given, TINYNET_DATA, the cache, a download."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, require

VARIABLE = "TINYNET_DATA"


class DatasetWarning(UserWarning):
    """The files hold something other than the whole official data set; the message says what."""


@dataclass(frozen=True)
class Dataset:
    """What has to be known to find a data set on disk."""

    name: str
    files: tuple[str, ...]
    folders: tuple[str, ...]  # where, below a folder given, the files may stand
    cached: str  # where they stand below the cache
    download: Callable[[Path, str], None]  # takes that folder, and what to say if it fails


def find(dataset: Dataset, path: str | os.PathLike[str] | None) -> Path:
    """Returns the folder that holds every file of `dataset`.

    Raises `MissingFileError` naming each place looked in, or the files that a place lacks, and
    `ArgumentError` where two places below one folder hold files of the data set.
    """
    if path is not None:
        looked: list[str] = []
        found = _search(dataset, _existing(path, "path"), looked)
        if found is None:
            raise MissingFileError(
                f"{dataset.name} was not found. Looked in: {', '.join(looked)}. Expected a folder "
                f"with {', '.join(dataset.files)}; without path, {VARIABLE}, the cache and a "
                "download are tried."
            )
        return found

    looked = []
    named = os.environ.get(VARIABLE)
    if named:
        found = _search(dataset, _existing(named, VARIABLE), looked)
        if found is not None:
            return found
    else:
        looked.append(f"{VARIABLE} (not set)")
    cached = cache_folder() / dataset.cached
    if _missing(dataset, cached):
        looked.append(str(cached))
        dataset.download(
            cached,
            f"{dataset.name} was not found. Looked in: {', '.join(looked)}. To provide it, give "
            f"path=, or set {VARIABLE} to a folder that holds {dataset.folders[1]!r}",
        )
    return cached


def cache_folder() -> Path:
    """Returns $XDG_CACHE_HOME/tinynet, or ~/.cache/tinynet."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tinynet"


def fetch(url: str, known_hash: str, folder: Path, not_found: str) -> Path:
    """Downloads `url` into `folder`, where it appears whole and with the right hash or not at all."""
    pooch = require("pooch", "datasets", f"{not_found}. Downloading {url}")
    try:
        file = pooch.retrieve(
            url,
            known_hash=known_hash,
            fname=url.rsplit("/", 1)[1],
            path=folder,
            progressbar=importlib.util.find_spec("tqdm") is not None,
        )
    except OSError as error:
        raise MissingFileError(f"{not_found}. Downloading {url} failed: {error}") from error
    except ValueError as error:
        raise FileFormatError(
            f"What {url} sent is not the official file: its hash is not {known_hash}. Nothing was kept."
        ) from error
    return Path(file)


def read_bytes(file: Path, limit: int) -> bytes:
    """Returns what `file` holds; a file larger than `limit` bytes is refused unread."""
    try:
        size = file.stat().st_size
        if size > limit:
            raise FileFormatError(f"{file}: holds {size:,} bytes, more than the {limit:,} allowed here.")
        return file.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{file}: cannot be read: {error.strerror}.") from error


def _existing(path: str | os.PathLike[str], origin: str) -> Path:
    try:
        folder = Path(path).expanduser()
    except (TypeError, RuntimeError) as error:
        raise ArgumentError(f"{origin}: expected a folder, received {path!r}.") from error
    if folder.is_file():
        raise ArgumentError(f"{origin}: expected a folder, but {folder} is a file; unpack an archive first.")
    if not folder.is_dir():
        raise MissingFileError(f"{origin}: there is no folder {folder}.")
    return folder


def _search(dataset: Dataset, root: Path, looked: list[str]) -> Path | None:
    places = [root / folder for folder in dataset.folders]
    holding = [place for place in places if len(_missing(dataset, place)) < len(dataset.files)]
    looked.extend(map(str, places))
    if not holding:
        return None
    if len(holding) > 1:
        raise ArgumentError(
            f"{dataset.name}: more than one folder holds its files: {', '.join(map(str, holding))}. "
            "Give path= one of them."
        )
    missing = _missing(dataset, holding[0])
    if missing:
        raise MissingFileError(
            f"{dataset.name}: {', '.join(missing)} missing. Looked in: {', '.join(map(str, places))}; "
            f"{holding[0]} holds the other files. Put what is missing there too, or give path= a "
            "complete folder."
        )
    return holding[0]


def _missing(dataset: Dataset, folder: Path) -> list[str]:
    return [name for name in dataset.files if not (folder / name).is_file()]
