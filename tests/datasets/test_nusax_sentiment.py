"""NusaX-Sentiment: the form, strict CSV, languages, where it is found, downloads, the real files."""

from __future__ import annotations

import csv
import hashlib
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinynet.datasets import DatasetWarning, nusax_sentiment
from tinynet.errors import ArgumentError, DataError, FileFormatError, MissingFileError

SPLITS = {"train": 500, "valid": 100, "test": 400}


def write(folder: Path, rows: dict[str, int] = SPLITS) -> dict[str, tuple[list[str], list[int]]]:
    """Writes the three files with texts that need quoting, and returns texts and labels."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {}
    for split, count in rows.items():
        texts = [f' {split} {n}, "é" 🙂\nbaris\r\ndua' if n % 3 else f"{split} {n}" for n in range(count)]
        labels = [n * 7 % 3 for n in range(count)]
        with open(folder / f"{split}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "text", "label"])
            for n, (text, label) in enumerate(zip(texts, labels)):
                writer.writerow([n, text, ("negative", "neutral", "positive")[label]])
        content[split] = texts, labels
    return content


def test_form(tmp_path: Path) -> None:
    content = write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits = nusax_sentiment.load_data(path=tmp_path)
    for (texts, labels), (expected_texts, expected_labels) in zip(splits, content.values(), strict=True):
        assert texts.dtype.kind == "U" and texts.shape == labels.shape
        assert texts.tolist() == expected_texts
        np.testing.assert_array_equal(labels, np.array(expected_labels, np.int64), strict=True)


@pytest.mark.parametrize(
    "below",
    ["", "nusax_javanese", "javanese", "nusax_sentiment/javanese", "datasets/sentiment/javanese"],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_found_below_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, by_variable: bool
) -> None:
    content = write(tmp_path / "data" / below)
    write(tmp_path / "data" / "sundanese", {"train": 1, "valid": 1, "test": 1})
    if by_variable:
        monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "data"))
    _, _, (texts, _) = nusax_sentiment.load_data("javanese", None if by_variable else tmp_path / "data")
    assert texts.tolist() == content["test"][0]


def test_a_folder_of_another_language_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "nusax_indonesian")
    wanted = "language: asked for 'javanese', but .* holds 'indonesian' by its name"
    with pytest.raises(ArgumentError, match=wanted):
        nusax_sentiment.load_data("javanese", tmp_path / "nusax_indonesian")
    monkeypatch.chdir(tmp_path / "nusax_indonesian")
    with pytest.raises(ArgumentError, match=wanted):
        nusax_sentiment.load_data("javanese", ".")


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("indonesia", "Did you mean 'indonesian'?"),
        ("Toba-Batak", "Did you mean 'toba_batak'?"),
        ("klingon qapla", "Known: acehnese, "),
        (None, "unknown None"),
        (["english"], r"unknown \['english'\]"),
    ],
)
def test_unknown_language(language: object, hint: str) -> None:
    with pytest.raises(ArgumentError, match=f"^language: unknown .*{hint}|^language: {hint}"):
        nusax_sentiment.load_data(language)  # type: ignore[arg-type]


def test_another_number_of_rows_is_described(tmp_path: Path) -> None:
    write(tmp_path, {**SPLITS, "test": 7})
    with pytest.warns(DatasetWarning) as caught:
        nusax_sentiment.load_data(path=tmp_path)
    (warning,) = caught
    assert f"{tmp_path / 'test.csv'} holds 7 rows (negative 3, neutral 2, positive 2)" in str(warning.message)
    assert "the official file has 400" in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize(
    ("content", "error", "cause"),
    [
        (b"", FileFormatError, "expected the header id,text,label, received"),
        (b"id,label,text\n1,neutral,a\n", FileFormatError, "received id,label,text"),
        (b"\xef\xbb\xbfid,text,label\n1,a,neutral\n", FileFormatError, "expected the header"),
        (b"<html>\n", FileFormatError, "expected the header id,text,label, received <html>"),
        (b"id,text,label\n", DataError, "has a header and no rows"),
        (
            b"id,text,label\n1,a,neutral\n2,b,postive\n",
            DataError,
            r"row 2 \(line 3\): unknown label 'postive'. Did you mean 'positive'?",
        ),
        (
            b'id,text,label\n1,"a\nb",neutral\n2,c,xyz\n',
            DataError,
            r"row 2 \(line 4\): unknown label 'xyz'. Known:",
        ),
        (b"id,text,label\n1,,neutral\n", DataError, r"row 1 \(line 2\): the text is empty"),
        (b"id,text,label\n1, \t,neutral\n", DataError, r"row 1 \(line 2\): the text is empty"),
        (b"id,text,label\n1,a\n", FileFormatError, r"row 1 \(line 2\): expected 3 fields .* received 2"),
        (b"id,text,label\n1,a,b,neutral\n", FileFormatError, r"row 1 \(line 2\): .* received 4"),
        (b"id,text,label\n1,a,neutral\n\n", FileFormatError, r"row 2 \(line 3\): .* received 0"),
        (b"id,text,label\n1,caf\xe9,neutral\n", FileFormatError, "is not UTF-8: byte 19: "),
        (b'id,text,label\n1,"a"b,neutral\n', FileFormatError, "line 2: no valid CSV: "),
        (b'id,text,label\n1,"a,neutral\n', FileFormatError, "line 2: no valid CSV: unexpected end"),
        (
            b"id,text,label\n1," + b"a" * 200_000 + b",neutral\n",
            FileFormatError,
            "line 2: no valid CSV: field larger",
        ),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, content: bytes, error: type[Exception], cause: str
) -> None:
    write(tmp_path)
    (tmp_path / "valid.csv").write_bytes(content)
    with pytest.raises(error, match=f"^{re.escape(str(tmp_path / 'valid.csv'))}: .*{cause}"):
        nusax_sentiment.load_data(path=tmp_path)


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr(nusax_sentiment, "_MAX_BYTES", 1000)
    with pytest.raises(FileFormatError, match="train.csv: holds .* bytes, more than the 1,000 allowed"):
        nusax_sentiment.load_data(path=tmp_path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"NusaX-Sentiment \(indonesian\) was not found. Looked in: "):
        nusax_sentiment.load_data(path=tmp_path)
    write(tmp_path / "nusax_indonesian")
    (tmp_path / "nusax_indonesian" / "valid.csv").unlink()
    with pytest.raises(MissingFileError, match="valid.csv missing. Looked in: .*nusax_indonesian holds"):
        nusax_sentiment.load_data(path=tmp_path)


def test_a_language_without_known_hash_is_not_downloaded(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nusax_sentiment, "_URL", server.url)
    write(server.folder / "javanese")
    wanted = r"\(javanese\) was not found.*TINYNET_DATA.*no hash to check it against is known.*/javanese$"
    with pytest.raises(MissingFileError, match=wanted):
        nusax_sentiment.load_data("javanese")
    assert server.requests == []


@pytest.fixture
def served(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server with files of our own, and their hashes in place of the official ones."""
    write(server.folder / "indonesian")
    hashes = {
        split: hashlib.sha256((server.folder / "indonesian" / f"{split}.csv").read_bytes()).hexdigest()
        for split in SPLITS
    }
    monkeypatch.setattr(nusax_sentiment, "_URL", server.url)
    monkeypatch.setattr(nusax_sentiment, "_HASHES", {"indonesian": hashes})
    return server


def test_download_is_checked_and_kept(served: Any, cache: Path) -> None:
    first = nusax_sentiment.load_data()
    again = nusax_sentiment.load_data()
    expected = nusax_sentiment.load_data(path=served.folder)
    for splits in (first, again):
        for (texts, labels), (expected_texts, expected_labels) in zip(splits, expected):
            np.testing.assert_array_equal(texts, expected_texts, strict=True)
            np.testing.assert_array_equal(labels, expected_labels, strict=True)
    assert served.requests == [f"/indonesian/{split}.csv" for split in SPLITS]
    names = sorted(str(file.relative_to(cache)) for file in cache.rglob("*.*"))
    assert names == [f"nusax_sentiment/indonesian/{split}.csv" for split in sorted(SPLITS)]


def test_wrong_hash_or_a_cut_leaves_no_such_file_and_the_next_call_completes(
    served: Any, cache: Path
) -> None:
    file = served.folder / "indonesian" / "valid.csv"
    whole = file.read_bytes()
    folder = cache / "nusax_sentiment" / "indonesian"
    file.write_bytes(whole + b"1,more,neutral\n")
    with pytest.raises(FileFormatError, match="valid.csv sent is not the official file"):
        nusax_sentiment.load_data()
    assert [name.name for name in folder.iterdir()] == ["train.csv"]
    file.write_bytes(whole)
    served.cut_short = True
    with pytest.raises(MissingFileError, match="Downloading .*valid.csv failed"):
        nusax_sentiment.load_data()
    assert [name.name for name in folder.iterdir()] == ["train.csv"]
    served.cut_short = False
    assert len(nusax_sentiment.load_data()[1][0]) == 100
    assert served.requests.count("/indonesian/train.csv") == 1  # what had arrived was kept


def test_real_files_are_the_official_ones(real_data: Path) -> None:
    for split, sha256 in nusax_sentiment._HASHES["indonesian"].items():
        content = (real_data / "nusax_indonesian" / f"{split}.csv").read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256


def test_real_data_as_pandas_reads_it(real_data: Path) -> None:
    import pandas

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits = nusax_sentiment.load_data()
    counts = [(192, 119, 189), (38, 24, 38), (153, 96, 151)]  # as the data's description says
    for name, (texts, labels), expected in zip(SPLITS, splits, counts, strict=True):
        frame = pandas.read_csv(real_data / "nusax_indonesian" / f"{name}.csv", keep_default_na=False)
        assert texts.tolist() == frame["text"].tolist()
        assert [nusax_sentiment.CLASS_NAMES[label] for label in labels] == frame["label"].tolist()
        assert tuple(np.bincount(labels)) == expected
