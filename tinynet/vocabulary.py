"""Words and their integer ids: ranking, checking, looking up, and the text file that holds them."""

from __future__ import annotations

import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet.errors import ArgumentError, DataError, FileFormatError, MissingFileError

MASK_TOKEN = ""
OOV_TOKEN = "[UNK]"

# Where str.splitlines() sees the end of a line, and so where a vocabulary file would be cut.
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_LINE_END = re.compile(f"[{LINE_ENDS}]")
MOST_TOKENS = 2_000_000  # in a file


def rank_tokens(
    counts: Mapping[Any, int], limit: int | None = None, leave_out: Iterable[Any] = (MASK_TOKEN, OOV_TOKEN)
) -> list[Any]:
    """The counted tokens, most frequent first, equal counts by falling code points, cut at `limit`.

    The special tokens of `leave_out` do not count. Falling code points means reverse alphabetical; UTF-8
    bytes give the same order. Integers fall, too. This is the order of Keras's `adapt`.

    >>> rank_tokens({"a": 1, "b": 1, "z": 2, "é": 1})
    ['z', 'é', 'b', 'a']
    """
    words = sorted(counts.keys() - set(leave_out), reverse=True)
    # `reverse=True` keeps equal elements in their order, so the first sort still breaks the ties.
    return sorted(words, key=counts.__getitem__, reverse=True)[:limit]


def inverse_document_frequency(document_counts: ArrayLike, documents: int) -> NDArray[np.float64]:
    """log(1 + N / (1 + df)) for tokens that occur in df of N documents.

    >>> inverse_document_frequency([1, 3], 3).round(4).tolist()
    [0.9163, 0.5596]
    """
    return np.log(1 + documents / (1 + np.asarray(document_counts, dtype=np.int64)))


class Vocabulary:
    """Words and their integer ids: the special tokens first, then the words in order.

    mask: whether the mask token has an id, 0; without it the token has none (-1: to be dropped).
    mask_token: None where there is no such token.
    oov_tokens: one for each id of unknown words, which come next.

    >>> vocabulary = Vocabulary(["nasi", "goreng"])
    >>> vocabulary.ids(["goreng", "ayam", ""]), len(vocabulary)
    ([3, 1, 0], 4)
    """

    def __init__(
        self,
        words: Iterable[Any],
        mask: bool = True,
        mask_token: Any = MASK_TOKEN,
        oov_tokens: Sequence[Any] = (OOV_TOKEN,),
    ) -> None:
        self.words = list(words)
        self.special_tokens = [*([mask_token] if mask else []), *oov_tokens]
        self._ids = {word: index for index, word in enumerate(self.words, len(self.special_tokens))}
        if mask_token is not None:
            self._ids[mask_token] = 0 if mask else -1
        self.oov_id = int(mask)  # the first id of words that are not in the vocabulary

    def __len__(self) -> int:
        return len(self.special_tokens) + len(self.words)

    def tokens(self, include_special_tokens: bool = True) -> list[Any]:
        """The words by rising id, with the special tokens before them or not."""
        return [*self.special_tokens, *self.words] if include_special_tokens else list(self.words)

    def ids(self, tokens: Iterable[Any], unknown: int | None = None) -> list[int]:
        """The id of each token; that of unknown ones is `oov_id` without another."""
        find, unknown = self._ids.get, self.oov_id if unknown is None else unknown
        return [find(token, unknown) for token in tokens]


def check_vocabulary(
    tokens: Sequence[Any],
    special: Sequence[Any] = (MASK_TOKEN, OOV_TOKEN),
    mask_token: Any = MASK_TOKEN,
    oov_token: Any = None,
    where: str = "vocabulary",
) -> list[Any]:
    """The words of a vocabulary that a user gives, without the special tokens it may begin with.

    special: these, all of them, in order. mask_token, oov_token: tokens that no word may be (None: no such
    token). Raises ArgumentError for an empty vocabulary, a repeated word, or a reserved token anywhere but in
    front. An "[UNK]" further behind is an ordinary word, as in Keras, where it need not be found backwards.

    >>> check_vocabulary(["", "[UNK]", "nasi"])
    ['nasi']
    """
    special = list(special)
    words = list(tokens)
    if words[: len(special)] == special:
        del words[: len(special)]
    if not words:
        raise ArgumentError(f"{where}: there is no word in it (special tokens do not count).")
    repeated = [word for word, count in Counter(words).items() if count > 1]
    if repeated:
        raise ArgumentError(f"{where}: a word has one id, but these repeat: {reprlib.repr(repeated)}.")
    for kind, token in (("mask", mask_token), ("out-of-vocabulary", oov_token)):
        if token is not None and token in words:
            index = len(tokens) - len(words) + words.index(token)
            raise ArgumentError(
                f"{where}: the {kind} token {token!r} stands at index {index}. Leave the special tokens out, "
                f"or begin with exactly {special}."
            )
    return words


def read_vocabulary(path: str | Path) -> list[str]:
    """The words of a text file in UTF-8, one a line, in the order of their ids.

    Raises MissingFileError, and FileFormatError for an empty file, an empty line, a file that is not UTF-8,
    or one that begins with "[UNK]": Keras would count that as a word and shift every id.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"The vocabulary file '{path}' does not exist.")
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"The vocabulary file '{path}' is not UTF-8 ({error.reason} at byte {error.start})."
        ) from None
    if lines[-1] == "":
        lines.pop()
    words = [line.removesuffix("\r") for line in lines]
    if not words:
        raise FileFormatError(f"The vocabulary file '{path}' is empty; expected one word a line.")
    if "" in words:
        raise FileFormatError(f"The vocabulary file '{path}' has an empty line {words.index('') + 1}.")
    if words[0] == OOV_TOKEN:
        raise FileFormatError(f"The vocabulary file '{path}' begins with {OOV_TOKEN}; remove special tokens.")
    return words


def format_vocabulary(tokens: Iterable[str]) -> str:
    """The text of `vocabulary.txt` in a Keras model file: one token a line, special tokens included.

    Raises DataError for a token with a line end in it, which the file could not give back: such a vocabulary
    belongs in the model's configuration.

    >>> format_vocabulary(["", "[UNK]", "nasi"])
    '\\n[UNK]\\nnasi'
    """
    tokens = list(tokens)
    broken = next((token for token in tokens if _LINE_END.search(token)), None)
    if broken is not None:
        raise DataError(f"The token {broken!r} has a line end in it and cannot stand in a vocabulary file.")
    return "\n".join(tokens)


def parse_vocabulary(text: str) -> list[str]:
    """The tokens of a `vocabulary.txt` from a Keras model file, cut where Keras cuts it.

    Raises DataError for more tokens than any vocabulary has.

    >>> parse_vocabulary("\\n[UNK]\\nnasi")
    ['', '[UNK]', 'nasi']
    """
    if sum(map(text.count, LINE_ENDS)) > MOST_TOKENS:
        raise DataError(f"A vocabulary of more than {MOST_TOKENS:,} tokens.")
    tokens = text.splitlines()
    while tokens and tokens[-1] == "":
        tokens.pop()
    return tokens
