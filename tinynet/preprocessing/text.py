"""The older way from texts to numbers: `Tokenizer`, which counts words; new models take a `TextVectorization`."""

from __future__ import annotations

import json
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, DataError, FileFormatError, NotBuiltError, nearest
from tinynet.lookup import check_integer
from tinynet.tokens import as_text

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")

_COUNTS = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def text_to_word_sequence(input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text: every character of `filters` separates them, as `split` does.

    Raises `ArgumentError` for what is no text, and for an empty split.

    >>> text_to_word_sequence("Nasi-goreng, enak!")
    ['nasi', 'goreng', 'enak']
    """
    text = as_text(input_text, 0, (), "text_to_word_sequence")
    if not isinstance(split, str) or not split:
        raise ArgumentError(f"text_to_word_sequence: split must be a str that is not empty, received {split!r}")
    if not isinstance(filters, str):
        raise ArgumentError(f"text_to_word_sequence: filters must be a str of characters, received {filters!r}")
    text = text.lower() if lower else text
    separated = text.translate({ord(character): split for character in filters})
    return [word for word in separated.split(split) if word]


class Tokenizer:
    """Texts to lists of numbers, or to a matrix, by a vocabulary of the words that occur in them.

    The most frequent word is 1, equally frequent ones go by their first occurrence; 0 is no word.

    num_words: only numbers below it are given; the vocabulary itself is whole.
    filters, lower, split: as for `text_to_word_sequence`.
    char_level: characters are the words. A text may also be a list of words.
    oov_token: a word, number 1, for those that are not known or cut off by num_words; they are left out without it.
    analyzer: a function from a text to its words, instead.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/Tokenizer

    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["nasi goreng", "nasi uduk"])
    >>> tokenizer.texts_to_sequences(["nasi uduk enak"])
    [[1, 3]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        *,
        document_count: int = 0,
    ) -> None:
        text_to_word_sequence("", filters, lower, split)  # checks them
        if not isinstance(oov_token, str | None):
            raise ArgumentError(f"Tokenizer: oov_token must be None or a str, received {oov_token!r}")
        if analyzer is not None and not callable(analyzer):
            raise ArgumentError(f"Tokenizer: analyzer must be a function, received {analyzer!r}")
        self.num_words = check_integer("num_words", num_words, 0, "Tokenizer")
        self.filters = filters
        self.lower = bool(lower)
        self.split = split
        self.char_level = bool(char_level)
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = check_integer("document_count", document_count, 0, "Tokenizer") or 0
        self.word_counts: dict[str, int] = {}  # in the order of first occurrence
        self.word_docs: dict[str, int] = {}  # how many texts hold the word
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.index_docs: dict[int, int] = {}

    def _words(self, texts: Any) -> Iterator[list[str]]:
        """The words of each text."""
        if isinstance(texts, str | bytes | dict) or not isinstance(texts, Iterable):
            raise DataError(f"Tokenizer: expected a list of texts, received {reprlib.repr(texts)}")
        for number, text in enumerate(texts):
            if isinstance(text, list | tuple):
                words = [as_text(word, number, (number + 1,), "Tokenizer") for word in text]
                yield [word.lower() for word in words] if self.lower else words
                continue
            text = as_text(text, number, (number + 1,), "Tokenizer")
            if self.char_level:
                yield list(text.lower() if self.lower else text)
            elif self.analyzer is not None:
                yield list(self.analyzer(text))
            else:
                yield text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[str | list[str]]) -> None:
        """Counts the words of more texts, and numbers all words anew."""
        for words in self._words(texts):
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in dict.fromkeys(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        numbered = [*([] if self.oov_token is None else [self.oov_token]), *ranked]
        self.word_index = {word: number for number, word in enumerate(numbered, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        self.index_docs.update((self.word_index[word], count) for word, count in self.word_docs.items())

    def fit_on_sequences(self, sequences: Sequence[Sequence[int]]) -> None:
        """Counts in how many lists of numbers each occurs, for the mode 'tfidf'."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] = self.index_docs.get(number, 0) + 1

    def texts_to_sequences(self, texts: Iterable[str | list[str]]) -> list[list[int]]:
        """The numbers of the words of each text.

        Raises `NotBuiltError` before `fit_on_texts`, `DataError` for what are no texts.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[str | list[str]]) -> Iterator[list[int]]:
        """As `texts_to_sequences`, one text at a time."""
        self._check_fitted("texts_to_sequences")
        for words in self._words(texts):
            yield self._known(self.word_index.get(word) for word in words)

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words of each list of numbers, joined by blanks."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """As `sequences_to_texts`, one list at a time."""
        self._check_fitted("sequences_to_texts")
        for sequence in sequences:
            numbers = (number if number in self.index_word else None for number in sequence)
            yield " ".join(self.index_word[number] for number in self._known(numbers))

    def _known(self, numbers: Iterable[int | None]) -> list[int]:
        """The numbers that may be given; those that may not, and None, become the out-of-vocabulary token's, if any."""
        oov = None if self.oov_token is None else self.word_index.get(self.oov_token)
        limit = self.num_words or float("inf")
        found = (number if number is not None and number < limit else oov for number in numbers)
        return [number for number in found if number is not None]

    def _check_fitted(self, where: str) -> None:
        if not self.word_index:
            raise NotBuiltError(f"Tokenizer.{where}: there are no words yet; call fit_on_texts first")

    def texts_to_matrix(self, texts: Iterable[str | list[str]], mode: str = "binary") -> np.ndarray:
        """A row for each text with a column for each number: (N, num_words); see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """A row for each list of numbers, with a column for each number: (N, num_words).

        mode: 'binary', whether it occurs; 'count', how often; 'freq', its share; 'tfidf', (1 + log count) times
            log(1 + texts / (1 + texts that hold it)).

        Raises `NotBuiltError` where neither num_words nor fitting says how many columns there are.
        """
        if mode not in MODES:
            raise ArgumentError(f"Tokenizer: unknown mode {mode!r}. {nearest(mode, MODES)}")
        if not self.num_words and not self.word_index:
            raise NotBuiltError("Tokenizer: give num_words, or call fit_on_texts first")
        if mode == "tfidf" and not self.document_count:
            raise NotBuiltError("Tokenizer: mode='tfidf' needs texts to have been counted; call fit_on_texts first")
        width = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in enumerate(sequences):
            for number, count in Counter(sequence).items():
                if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
                    raise DataError(f"Tokenizer: expected numbers of words, but list {row} holds {number!r}")
                if number < width:
                    matrix[row, number] = self._weight(int(number), count, len(sequence), mode)
        return matrix

    def _weight(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "tfidf":
            idf = np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
            return float((1 + np.log(count)) * idf)
        return {"binary": 1.0, "count": float(count), "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """Settings and counts as plain data; the counts are JSON of their own, as in Keras."""
        settings = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        return {
            **{key: getattr(self, key) for key in settings},
            **{key: json.dumps(getattr(self, key)) for key in _COUNTS},
        }

    def to_json(self, **kwargs: Any) -> str:
        """The tokenizer as JSON that `tokenizer_from_json` reads, tinynet's and Keras's; without its analyzer.

        kwargs: of `json.dumps`.
        """
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """A tokenizer from what `to_json` gave, tinynet's or Keras's.

    Raises `FileFormatError` for anything else.

    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["nasi goreng"])
    >>> tokenizer_from_json(tokenizer.to_json()).word_index
    {'nasi': 1, 'goreng': 2}
    """
    try:
        config = dict(json.loads(json_string)["config"])
        counts: dict[str, Any] = {key: dict(json.loads(config.pop(key)).items()) for key in _COUNTS}
        for key in ("index_docs", "index_word"):
            counts[key] = {int(number): value for number, value in counts[key].items()}
        tokenizer = Tokenizer(**config)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise FileFormatError(f"tokenizer_from_json: this is no tokenizer ({type(error).__name__}: {error})") from error
    for key, value in counts.items():
        text_key, text_value = not key.startswith("index"), key == "index_word"
        if not all(isinstance(k, str) is text_key and _is_part(v, text_value) for k, v in value.items()):
            raise FileFormatError(f"tokenizer_from_json: {key} does not hold words and whole numbers")
        setattr(tokenizer, key, value)
    return tokenizer


def _is_part(value: Any, text: bool) -> bool:
    return isinstance(value, str) if text else isinstance(value, int) and not isinstance(value, bool) and value >= 0
