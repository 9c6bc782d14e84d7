"""From texts to tokens to integer ids: what `TextVectorization` computes, in Python strings and NumPy.

A text passes four stations: it is standardized, split into tokens, the tokens are joined to n-grams, and
a `Vocabulary` gives each one its id. The functions are the stations, `TextVectorizer` holds the settings
and walks them.

Source: the Keras page https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/ and,
where that page is silent, what Keras 3 does with the TensorFlow backend.
"""

from __future__ import annotations

import itertools
import math
import re
import reprlib
import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet.categories import check_output_mode, encode
from tinynet.errors import ArgumentError, ShapeError, nearest
from tinynet.lookup import OUTPUT_MODES, IndexLookup, check_integer
from tinynet.tokens import Texts, as_text, as_texts, object_array
from tinynet.vocabulary import MASK_TOKEN, Vocabulary

Standardize = str | Callable[[NDArray[Any]], ArrayLike] | None
Split = str | Callable[[NDArray[Any]], Iterable[Iterable[str]]] | None

STANDARDIZE_MODES = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLIT_MODES = ("whitespace", "character")
LAYER = "TextVectorization"

_ASCII_LOWER = bytes(range(256)).lower()
_PUNCTUATION = string.punctuation.encode()
# ASCII's six blanks: str.split() also splits at \x1c-\x1f, \x85, \xa0 and the Unicode spaces.
_WORD = re.compile(r"\S+", re.ASCII)


def standardize(texts: Texts, mode: Standardize, where: str = LAYER) -> Texts:
    """Lower-cases the texts and deletes their punctuation, both in ASCII only, as TensorFlow does.

    `mode`: None, "lower", "strip_punctuation", "lower_and_strip_punctuation", or a function that takes
    the texts as a NumPy array of str and returns as many (`np.char.lower`, say). Raises ArgumentError for
    another mode, ShapeError where a function returns another shape.

    >>> standardize(as_texts(["Kue-kue, É!"]), "lower_and_strip_punctuation").tolist()
    ['kuekue É']
    """
    _check_choice("standardize", mode, STANDARDIZE_MODES, where)
    if mode is None:
        return texts
    if callable(mode):
        result = as_texts(mode(texts.astype(str)), f"{where}: the result of standardize")
        if result.shape != texts.shape:
            raise ShapeError(
                f"{where}: the function given as standardize returned shape {result.shape} for texts of "
                f"shape {texts.shape}. Expected one text for each."
            )
        return result
    # In UTF-8 every byte of a character beyond ASCII is above 127, so a table of bytes leaves it alone.
    table = None if mode == "strip_punctuation" else _ASCII_LOWER
    deleted = b"" if mode == "lower" else _PUNCTUATION
    values = [text.encode().translate(table, deleted).decode() for text in texts.ravel().tolist()]
    return object_array(values, texts.shape)


def split(texts: Iterable[str], mode: Split, where: str = LAYER) -> list[list[str]]:
    """The tokens of each text.

    `mode`: None (the text is one token), "whitespace" (runs of space, \\t, \\n, \\v, \\f, \\r; an empty
    token never arises), "character" (code points), or a function that takes the texts as a NumPy array
    of str, shape (N,), and returns a sequence of str for each (`np.char.split`, say). Raises ArgumentError
    for another mode, ShapeError or DtypeError where a function returns something else.

    >>> split([" nasi  goreng\\n", ""], "whitespace")
    [['nasi', 'goreng'], []]
    """
    _check_choice("split", mode, SPLIT_MODES, where)
    texts = list(texts)
    if mode is None:
        return [[text] for text in texts]
    if mode == "whitespace":
        return [_WORD.findall(text) for text in texts]
    if isinstance(mode, str):
        return [list(text) for text in texts]
    result = mode(np.array(texts, dtype=str))
    rows: list[Any] = list(result) if isinstance(result, Iterable) else []
    if len(rows) != len(texts) or not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        raise ShapeError(
            f"{where}: the function given as split returned {reprlib.repr(result)} for {len(texts)} texts. "
            "Expected a list of tokens for each."
        )
    origin = f"{where}: the result of split"
    return [[as_text(token, i, (len(rows),), origin) for token in row] for i, row in enumerate(rows)]


def ngrams(tokens: Sequence[str], widths: int | tuple[int, ...]) -> list[str]:
    """Neighbouring tokens joined by a space: all of the first width in order, then all of the next.

    `widths`: an int n means (1, ..., n). Fewer tokens than a width give none of that width.

    >>> ngrams(["saya", "suka", "nasi"], 2)
    ['saya', 'suka', 'nasi', 'saya suka', 'suka nasi']
    """
    joined: list[str] = []
    for width in range(1, widths + 1) if isinstance(widths, int) else widths:
        joined.extend(map(" ".join, zip(*(tokens[start:] for start in range(width)), strict=False)))
    return joined


class TextVectorizer:
    """Texts to ids or to one vector each: the settings, vocabulary and arithmetic of `TextVectorization`.

    The arguments are those of Keras's layer. `dtype` is that of the idf weights, `where` how errors name
    the layer. Refused: `sparse`, `ragged`, output_mode="one_hot" of split texts, and encodings other than UTF-8.

    >>> vectorizer = TextVectorizer(output_sequence_length=4)
    >>> vectorizer.adapt(["Saya suka nasi!", "nasi goreng"])
    >>> vectorizer.get_vocabulary()
    ['', '[UNK]', 'nasi', 'suka', 'saya', 'goreng']
    >>> vectorizer(["nasi goreng ayam"]).tolist()
    [[2, 5, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Standardize = "lower_and_strip_punctuation",
        split: Split = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        *,
        vocabulary_size: int | None = None,
        dtype: str = "float32",
        where: str = LAYER,
    ) -> None:
        _check_choice("standardize", standardize, STANDARDIZE_MODES, where)
        _check_choice("split", split, SPLIT_MODES, where)
        self.output_mode = check_output_mode(where, output_mode, OUTPUT_MODES)
        self.mask = self.output_mode == "int"
        self.standardize = standardize
        self.split = split
        self.ngrams = _check_ngrams(ngrams, where)
        self.output_sequence_length = check_integer("output_sequence_length", output_sequence_length, 0, where)
        self.where = where
        if not self.mask and output_sequence_length is not None:
            raise ArgumentError(
                f"{where}: output_sequence_length={output_sequence_length} needs output_mode='int', but "
                f"output_mode is {self.output_mode!r}, whose vectors are as long as the vocabulary."
            )
        if self.output_mode == "one_hot" and split is not None:
            raise ArgumentError(
                f"{where}: output_mode='one_hot' is not supported where texts are split, because they would differ "
                "in shape. Use 'int' for a sequence, 'multi_hot' or 'count' for one vector a text."
            )
        if sparse or ragged:
            raise ArgumentError(
                f"{where}: {'sparse' if sparse else 'ragged'}=True is not supported. The output is a dense "
                "array; shorter rows of ids end in zeros."
            )
        if str(encoding).lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise ArgumentError(f"{where}: encoding={encoding!r} is not supported, only 'utf-8'. Pass str.")
        self.lookup = IndexLookup(
            max_tokens=max_tokens, mask_token=MASK_TOKEN, output_mode=self.output_mode, vocabulary=vocabulary,
            idf_weights=idf_weights, pad_to_max_tokens=pad_to_max_tokens, vocabulary_size=vocabulary_size,
            dtype=dtype, where=where,
        )  # fmt: skip
        self.max_tokens = self.lookup.max_tokens
        self.pad_to_max_tokens = self.lookup.pad_to_max_tokens

    @property
    def width(self) -> int | None:
        """The length of an output row, or None while it is unknown or differs between batches."""
        return self.output_sequence_length if self.mask else self.lookup.width

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The words, or None before there are any."""
        return self.lookup.vocabulary

    @property
    def idf_weights(self) -> NDArray[Any] | None:
        """The weight of each id, for "tf_idf" alone."""
        return self.lookup.idf_weights

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens by rising id; before `adapt` the special tokens alone."""
        return self.lookup.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many ids there are, special tokens included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the words by rising id, as `IndexLookup.set_vocabulary`."""
        self.lookup.set_vocabulary(vocabulary, idf_weights)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary (and for "tf_idf" the idf weights) from texts, forgetting the last one.

        `data`: texts of shape (N,) or (N, 1), or an iterable of batches of them, of which `steps` are read.
        Raises DataError where there is no token to learn; the vocabulary is then as it was.
        """
        self.lookup.adapt(data, steps, self._tokenize)

    def reset_state(self) -> None:
        """Forgets the counts of `update_state`; the vocabulary stays."""
        self.lookup.reset_state()

    def update_state(self, data: Any) -> None:
        """Counts the tokens of one more batch of texts, for `finalize_state`."""
        self.lookup.check_adaptable()
        self.lookup.count(self._tokenize(as_texts(data, self.where)))

    def finalize_state(self) -> None:
        """Makes the vocabulary from the counts of `update_state`."""
        self.lookup.finalize_state()

    def tokenize(self, inputs: Any) -> list[list[str]]:
        """The standardized, split and joined tokens, one list for each text.

        With split=None the texts are tokens already, shape (T,) or (N, T), and each row is a list.

        >>> TextVectorizer().tokenize(["Saya suka nasi!"])
        [['saya', 'suka', 'nasi']]
        """
        return self._tokenize(as_texts(inputs, self.where))

    def _tokenize(self, texts: Texts) -> list[list[str]]:
        if self.split is not None and texts.ndim > 1 and texts.shape[-1] != 1:
            raise ShapeError(
                f"{self.where}: expected texts of shape (N,) or (N, 1), received {texts.shape}. "
                "Tokens that are split already need split=None."
            )
        if not self.mask and texts.ndim > 2:
            raise ShapeError(
                f"{self.where}: output_mode={self.output_mode!r} takes texts of at most two axes, "
                f"received shape {texts.shape}."
            )
        texts = standardize(texts, self.standardize, self.where)
        if self.split is None:
            length = texts.shape[-1] if texts.ndim else 1
            rows = texts.reshape(math.prod(texts.shape[:-1]), length).tolist()
        else:
            rows = split(texts.ravel().tolist(), self.split, self.where)
        return rows if self.ngrams is None else [ngrams(row, self.ngrams) for row in rows]

    def __call__(self, inputs: Any) -> NDArray[Any]:
        """The ids or vectors of texts.

        `inputs`: one text, or texts of shape (N,) or (N, 1). "int" gives int64 ids of shape (N, T), padded
        with 0 to the longest text or cut and padded to `output_sequence_length`; "multi_hot" and "count"
        int64 of shape (N, V); "tf_idf" float32 of shape (N, V); "one_hot" int64 of shape (N, T, V). One text gives
        one row, shape (T,) or (V,).
        With split=None the last axis is the tokens': (..., T) gives (..., T) ids, and one token a 0-d id.
        Raises NotBuiltError before there is a vocabulary.
        """
        self.lookup.check_built()
        texts = as_texts(inputs, self.where)
        one_token = self.split is None and texts.ndim == 0
        if one_token and (self.ngrams or self.output_sequence_length is not None):
            raise ShapeError(
                f"{self.where}: with split=None a single str is one token, which has no neighbours and no "
                "length. Give a list of tokens."
            )
        rows = self._tokenize(texts)
        shape = texts.shape if self.split is not None and texts.ndim < 2 else texts.shape[:-1]
        if self.output_mode == "one_hot":
            ids = self.lookup.ids(itertools.chain.from_iterable(rows))
            return encode(ids.reshape(*shape, -1), "one_hot", self.width or 0, np.int64)
        if not self.mask:
            return self._weigh(rows).reshape(*shape, self.width or 0)
        length = self.output_sequence_length
        if length is None:
            # Tokens that are split already have their length, also where there is no row of them.
            rectangle = self.split is None and self.ngrams is None and texts.ndim
            length = texts.shape[-1] if rectangle else max(map(len, rows), default=0)
        return self._pad(rows, length).reshape(() if one_token else (*shape, length))

    def _pad(self, rows: list[list[str]], length: int) -> NDArray[np.int64]:
        """Ids of shape (rows, length), 0 after the end of a row."""
        rows = [row[:length] for row in rows]
        ends = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.zeros((len(rows), length), dtype=np.int64)
        ids[np.arange(length) < ends[:, None]] = self.lookup.ids(itertools.chain.from_iterable(rows))
        return ids

    def _weigh(self, rows: list[list[str]]) -> NDArray[Any]:
        """One vector a row, shape (rows, V): what occurs in it, how often, or how often times idf."""
        width = self.width or 0
        ends = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = self.lookup.ids(itertools.chain.from_iterable(rows))
        places = (np.repeat(np.arange(len(rows)), ends) * width + ids)[ids >= 0]
        counts = np.bincount(places, minlength=len(rows) * width).reshape(len(rows), width)
        if self.output_mode == "multi_hot":
            np.minimum(counts, 1, out=counts)
        return self.lookup.weighed(counts.astype(np.int64, copy=False))


def _check_choice(name: str, value: Any, choices: Sequence[str], where: str) -> None:
    if value is None or callable(value) or (isinstance(value, str) and value in choices):
        return
    raise ArgumentError(f"{where}: unknown {name}={value!r}. {nearest(value, choices)} Or None, a function.")


def _check_ngrams(value: int | tuple[int, ...] | None, where: str) -> int | tuple[int, ...] | None:
    if value is None:
        return None
    widths: tuple[Any, ...] = value if isinstance(value, tuple) and value else (value,)
    if any(isinstance(width, bool) or not isinstance(width, int) or width < 1 for width in widths):
        raise ArgumentError(
            f"{where}: ngrams must be None, an integer or a tuple of integers from 1, received {value!r}."
        )
    return value
