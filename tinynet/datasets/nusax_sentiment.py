"""NusaX-Sentiment: sentences from Indonesia in three classes, the same ones in twelve languages.

Winata et al., "NusaX: Multilingual Parallel Sentiment Dataset for 10 Indonesian Local Languages",
EACL 2023, https://aclanthology.org/2023.eacl-main.57; CC-BY-SA 4.0.
"""

from __future__ import annotations

import csv
import io
import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinynet.datasets import _files
from tinynet.errors import ArgumentError, DataError, FileFormatError, MissingFileError, nearest

CLASS_NAMES = ("negative", "neutral", "positive")

LANGUAGES = (
    "acehnese",
    "balinese",
    "banjarese",
    "buginese",
    "english",
    "indonesian",
    "javanese",
    "madurese",
    "minangkabau",
    "ngaju",
    "sundanese",
    "toba_batak",
)

_URL = (
    "https://raw.githubusercontent.com/IndoNLP/nusax/75b0be5d982348332509f296e10d9bf9cb66d60f"
    "/datasets/sentiment"
)
_SPLITS = {"train": 500, "valid": 100, "test": 400}
_HASHES = {
    "indonesian": {
        "train": "698c4802111085c14fbe35122957e1145338d307bcc295764026a23095a32984",
        "valid": "4049c4a53017e08db72c72e1907345bfdfc19385481c58f54fe4637073d813f9",
        "test": "43b612ed6fde972c752ab9fa8b2ce290d9ffa06b176b732fcef2a947cb94a161",
    }
}
_HEADER = ["id", "text", "label"]
_MAX_BYTES = 16 * 2**20

Texts = NDArray[np.str_]
Labels = NDArray[np.int64]
Split = tuple[Texts, Labels]


def load_data(
    language: str = "indonesian", path: str | os.PathLike[str] | None = None
) -> tuple[Split, Split, Split]:
    """Returns NusaX-Sentiment as `(x_train, y_train), (x_valid, y_valid), (x_test, y_test)`.

    Texts are NumPy arrays of str (dtype `<U`), shape (N,), unchanged; labels are int64 of shape
    (N,), indices into `CLASS_NAMES`. The official split: N is 500, 100 and 400.

    `language` is one of `LANGUAGES`. `path` is the folder with `train.csv`, `valid.csv` and
    `test.csv`, or one that holds it as `nusax_<language>`, `<language>` or, in a copy of
    https://github.com/IndoNLP/nusax, `datasets/sentiment/<language>`. Without it the data is
    taken from the folder that TINYNET_DATA names, from the cache (`$XDG_CACHE_HOME/tinynet` or
    `~/.cache/tinynet`), or, for Indonesian, is downloaded (needs
    `pip install 'tinynet[datasets]'`) and checked against its known hash.

    Warns with `DatasetWarning` where a file has more or fewer rows than the official one.
    Raises `ArgumentError` for an unknown language or a folder of another one, `MissingFileError`
    if a file is not found, `FileFormatError` if one is no CSV file of this form, and `DataError`
    naming the row with an unknown label or no text.

    >>> load_data("javanes")
    Traceback (most recent call last):
        ...
    tinynet.errors.ArgumentError: language: unknown 'javanes'. Did you mean 'javanese'?
    """
    if language not in LANGUAGES:
        raise ArgumentError(f"language: unknown {language!r}. {nearest(language, LANGUAGES)}")
    folder = _files.find(_dataset(language), path)
    _refuse_other_language(folder, language)
    train, valid, test = (_read(folder / f"{split}.csv", rows) for split, rows in _SPLITS.items())
    return train, valid, test


def _dataset(language: str) -> _files.Dataset:
    def download(folder: Path, not_found: str) -> None:
        if language not in _HASHES:
            raise MissingFileError(
                f"{not_found}. It is not downloaded: no hash to check it against is known. "
                f"Get train.csv, valid.csv and test.csv from {_URL}/{language}"
            )
        for split, sha256 in _HASHES[language].items():
            _files.fetch(f"{_URL}/{language}/{split}.csv", f"sha256:{sha256}", folder, not_found)

    return _files.Dataset(
        name=f"NusaX-Sentiment ({language})",
        files=tuple(f"{split}.csv" for split in _SPLITS),
        folders=(
            "",
            f"nusax_{language}",
            language,
            f"nusax_sentiment/{language}",
            f"datasets/sentiment/{language}",
        ),
        cached=f"nusax_sentiment/{language}",
        download=download,
    )


def _refuse_other_language(folder: Path, language: str) -> None:
    # The files of all languages look alike, so the folder's name is the only witness.
    named = folder.resolve().name.removeprefix("nusax_")
    if named in LANGUAGES and named != language:
        raise ArgumentError(f"language: asked for {language!r}, but {folder} holds {named!r} by its name.")


def _read(file: Path, official: int) -> Split:
    """Returns the texts and labels of one CSV file with the header id,text,label."""
    try:
        content = _files.read_bytes(file, _MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{file}: is not UTF-8: byte {error.start}: {error.reason}.") from error
    texts, labels = [], []
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        header = next(reader, [])
        if header != _HEADER:
            held = ",".join(header)
            raise FileFormatError(f"{file}: expected the header id,text,label, received {held:.200}.")
        for number, row in enumerate(reader, start=1):
            where = f"{file}: row {number} (line {reader.line_num})"
            if len(row) != len(_HEADER):
                raise FileFormatError(f"{where}: expected 3 fields (id, text, label), received {len(row)}.")
            _, text, label = row
            if not text.strip():
                raise DataError(f"{where}: the text is empty.")
            if label not in CLASS_NAMES:
                raise DataError(f"{where}: unknown label {label[:80]!r}. {nearest(label, CLASS_NAMES)}")
            texts.append(text)
            labels.append(CLASS_NAMES.index(label))
    except csv.Error as error:
        raise FileFormatError(f"{file}: line {reader.line_num}: no valid CSV: {error}.") from error
    if not texts:
        raise DataError(f"{file}: has a header and no rows.")
    if len(texts) != official:
        counts = ", ".join(f"{name} {labels.count(index)}" for index, name in enumerate(CLASS_NAMES))
        warnings.warn(
            f"NusaX-Sentiment: {file} holds {len(texts)} rows ({counts}), the official file has "
            f"{official}: a score here is not comparable with published ones.",
            _files.DatasetWarning,
            stacklevel=4,
        )
    return np.array(texts, np.str_), np.array(labels, np.int64)
