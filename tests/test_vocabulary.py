"""`tinynet.vocabulary`: its own properties, and its text file against one that Keras wrote."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet.errors import DataError, FileFormatError, MissingFileError
from tinynet.vocabulary import (
    Vocabulary,
    check_vocabulary,
    format_vocabulary,
    parse_vocabulary,
    rank_tokens,
    read_vocabulary,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras

CHARACTERS = st.characters(codec="utf-8")
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@given(
    st.dictionaries(st.text(CHARACTERS, max_size=3) | st.sampled_from(["", "[UNK]"]), st.integers(1, 3)),
    st.none() | st.integers(0, 5),
)
def test_ranking_is_by_count_then_by_falling_utf8_bytes(counts: dict[str, int], limit: int | None) -> None:
    words = [word for word in counts if word not in ("", "[UNK]")]
    wanted = sorted(words, key=lambda word: (counts[word], word.encode()), reverse=True)
    assert rank_tokens(counts, limit) == wanted[:limit]


@given(st.lists(st.text(CHARACTERS, min_size=1), unique=True), st.booleans())
def test_the_id_of_a_token_is_its_place(words: list[str], mask: bool) -> None:
    vocabulary = Vocabulary(words, mask)
    tokens = vocabulary.tokens()
    assert len(vocabulary) == len(tokens)
    assert vocabulary.tokens(include_special_tokens=False) == words
    # A word "[UNK]" hides the special token of that name, as in Keras.
    wanted = [index for index, token in enumerate(tokens) if token != "[UNK]"]
    assert vocabulary.ids(token for token in tokens if token != "[UNK]") == wanted
    assert vocabulary.ids(["never\0seen"]) == [vocabulary.oov_id] == [1 if mask else 0]
    assert vocabulary.ids([""]) == [0 if mask else -1]


@given(
    st.lists(st.text(CHARACTERS, min_size=1).filter(lambda word: word != "[UNK]"), min_size=1, unique=True),
    st.booleans(),
)
def test_special_tokens_in_front_are_left_out(words: list[str], mask: bool) -> None:
    vocabulary = Vocabulary(words, mask)
    special = vocabulary.special_tokens
    assert check_vocabulary(words, special) == check_vocabulary(vocabulary.tokens(), special) == words


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters=LINE_ENDS), min_size=1)))
def test_a_file_gives_back_what_was_written(words: list[str]) -> None:
    tokens = Vocabulary(words).tokens()
    assert parse_vocabulary(format_vocabulary(tokens)) == tokens


@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_token_with_a_line_end_is_refused(end: str) -> None:
    assert len(f"a{end}b".splitlines()) == 2
    with pytest.raises(DataError, match="has a line end in it and cannot stand in a vocabulary file"):
        format_vocabulary(["", "[UNK]", f"a{end}b"])


@pytest.mark.parametrize("mode", ["int", "count"])
def test_the_file_is_the_one_in_keras_archives(mode: str, tmp_path: Path) -> None:
    layer = keras.layers.TextVectorization(output_mode=mode)
    layer.adapt(["saya suka nasi", "é 😀 nasi"])
    model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        text = archive.read("assets/layers/text_vectorization/vocabulary.txt").decode()
    assert format_vocabulary(layer.get_vocabulary()) == text
    assert parse_vocabulary(text) == layer.get_vocabulary()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "words.txt' is empty; expected one word a line"),
        (b"a\n\nb\n", "words.txt' has an empty line 2"),
        (b"\n[UNK]\na\n", "words.txt' has an empty line 1"),
        (b"[UNK]\na\n", r"words.txt' begins with \[UNK\]; remove special tokens"),
        (b"a\n\xff\n", r"words.txt' is not UTF-8 \(invalid start byte at byte 2\)"),
    ],
)
def test_unfit_files(content: bytes, match: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=match):
        read_vocabulary(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="does not exist"):
        read_vocabulary(tmp_path / "words.txt")
    with pytest.raises(MissingFileError, match="does not exist"):
        read_vocabulary(tmp_path)
