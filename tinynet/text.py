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
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinynet.errors import ArgumentError, DataError, DtypeError, NotBuiltError, ShapeError, nearest
from tinynet.vocabulary import (
    Vocabulary,
    check_vocabulary,
    inverse_document_frequency,
    rank_tokens,
    read_vocabulary,
    special_tokens,
)

Texts = NDArray[np.object_]
Standardize = str | Callable[[NDArray[Any]], ArrayLike] | None
Split = str | Callable[[NDArray[Any]], Iterable[Iterable[str]]] | None

STANDARDIZE_MODES = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLIT_MODES = ("whitespace", "character")
OUTPUT_MODES = ("int", "multi_hot", "count", "tf_idf")
LAYER = "TextVectorization"

_OLD_OUTPUT_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
_ASCII_LOWER = bytes(range(256)).lower()
_PUNCTUATION = string.punctuation.encode()
# ASCII's six blanks: str.split() also splits at \x1c-\x1f, \x85, \xa0 and the Unicode spaces.
_WORD = re.compile(r"\S+", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_texts(inputs: Any, where: str = LAYER) -> Texts:
    """Texts as an object array of `str`, in the shape they came in.

    `inputs`: a str, (nested) lists or tuples of str, or an array of str, bytes or objects; bytes are
    read as UTF-8. Raises DataError for a missing text (None, NaN) and for one that is not valid
    Unicode, DtypeError for a value that is no text, ShapeError for rows of different lengths; each
    names the text.

    >>> as_texts([["satu"], [b"dua"]]).tolist()
    [['satu'], ['dua']]
    """
    try:
        array = np.asarray(inputs, dtype=object)
    except ValueError:
        raise ShapeError(f"{where}: the rows differ in shape. Expected shape (N,) or (N, 1).") from None
    values = array.ravel().tolist()
    if not {type(value) for value in values} <= {str}:
        values = [_as_text(value, index, array.shape, where) for index, value in enumerate(values)]
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        index = next(i for i, value in enumerate(values) if _SURROGATE.search(value))
        raise DataError(
            f"{where}: {_position(index, array.shape)} holds half of a surrogate pair, which is no "
            f"character: {reprlib.repr(values[index])}. Was it read with the right encoding?"
        ) from None
    return _object_array(values, array.shape)


def _as_text(value: Any, index: int, shape: tuple[int, ...], where: str) -> str:
    if isinstance(value, str):
        return str(value)
    position, kind = _position(index, shape), type(value).__name__
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}: {position} is not UTF-8 ({error.reason} at byte {error.start}): "
                f"{reprlib.repr(value)}. Decode it with its own encoding first."
            ) from None
    # pandas marks a missing text by None, NaN or its own NA, whichever the column's dtype has.
    is_nan = isinstance(value, float | np.floating) and bool(np.isnan(value))
    if value is None or is_nan or kind in ("NAType", "NaTType"):
        raise DataError(f"{where}: {position} is missing ({value!r}). Drop that row, or put '' in its place.")
    if isinstance(value, list | tuple | np.ndarray):
        raise ShapeError(
            f"{where}: {position} is a {kind} among rows of another length: {reprlib.repr(value)}. "
            "Expected shape (N,) or (N, 1)."
        )
    raise DtypeError(
        f"{where}: expected texts (str, or bytes in UTF-8), but {position} is of type {kind}: "
        f"{reprlib.repr(value)}. Convert it with str() if it is meant as a text."
    )


def _position(index: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return "the text"
    place = [int(i) for i in np.unravel_index(index, shape)]
    while len(place) > 1 and shape[len(place) - 1] == 1:
        place.pop()
    return f"text {place[0]}" if len(place) == 1 else f"text {place}"


def _object_array(values: Sequence[str], shape: tuple[int, ...]) -> Texts:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


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
    return _object_array(values, texts.shape)


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
    return [[_as_text(token, i, (len(rows),), origin) for token in row] for i, row in enumerate(rows)]


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
    the layer. Refused: `sparse`, `ragged`, output_mode="one_hot" and encodings other than UTF-8.

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
        dtype: str = "float32",
        where: str = LAYER,
    ) -> None:
        _check_choice("standardize", standardize, STANDARDIZE_MODES, where)
        _check_choice("split", split, SPLIT_MODES, where)
        self.output_mode = _check_output_mode(output_mode, where)
        self.mask = self.output_mode == "int"
        self.standardize = standardize
        self.split = split
        self.ngrams = _check_ngrams(ngrams, where)
        self.max_tokens = _check_int("max_tokens", max_tokens, len(special_tokens(self.mask)) + 1, where)
        self.output_sequence_length = _check_int("output_sequence_length", output_sequence_length, 0, where)
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.dtype = np.dtype(dtype)
        self.where = where
        if not self.mask and output_sequence_length is not None:
            raise ArgumentError(
                f"{where}: output_sequence_length={output_sequence_length} needs output_mode='int', but "
                f"output_mode is {self.output_mode!r}, whose vectors are as long as the vocabulary."
            )
        if pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(f"{where}: pad_to_max_tokens=True needs max_tokens, which is None.")
        if sparse or ragged:
            raise ArgumentError(
                f"{where}: {'sparse' if sparse else 'ragged'}=True is not supported. The output is a dense "
                "array; shorter rows of ids end in zeros."
            )
        if str(encoding).lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise ArgumentError(f"{where}: encoding={encoding!r} is not supported, only 'utf-8'. Pass str.")
        if idf_weights is not None and vocabulary is None:
            raise ArgumentError(f"{where}: idf_weights needs vocabulary, whose words it weighs.")
        self.vocabulary: Vocabulary | None = None
        self.idf_weights: NDArray[Any] | None = None
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        # Keras refuses `adapt` after a vocabulary in the constructor, not after `set_vocabulary`.
        self.has_static_vocabulary = vocabulary is not None

    @property
    def width(self) -> int | None:
        """The length of an output row, or None while it is unknown or differs between batches."""
        if self.mask:
            return self.output_sequence_length
        if self.pad_to_max_tokens:
            return self.max_tokens
        return None if self.vocabulary is None else len(self.vocabulary)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens by rising id; before `adapt` the special tokens alone."""
        return (self.vocabulary or Vocabulary([], self.mask)).tokens(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many ids there are, special tokens included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the words by rising id, with or without the special tokens in front.

        `vocabulary`: a list, tuple or array of words, or the path of a file with one word a line.
        `idf_weights`: one for each entry of `vocabulary`, for "tf_idf" only; unknown words weigh the mean
        of them unless `vocabulary` begins with "[UNK]". Raises ArgumentError, ShapeError, DtypeError or
        DataError for what does not fit; the vocabulary is then as it was.
        """
        weighted = self.output_mode == "tf_idf"
        if weighted and idf_weights is None:
            raise ArgumentError(f"{self.where}: a vocabulary for output_mode='tf_idf' needs idf_weights too.")
        if not weighted and idf_weights is not None:
            raise ArgumentError(
                f"{self.where}: idf_weights needs output_mode='tf_idf', but it is {self.output_mode!r}."
            )
        if isinstance(vocabulary, str | Path):
            if weighted:
                raise ArgumentError(f"{self.where}: output_mode='tf_idf' takes a list of words, not a file.")
            vocabulary = read_vocabulary(vocabulary)
        where = f"{self.where} vocabulary"
        tokens = as_texts(vocabulary if _is_array(vocabulary) else "", where)
        if tokens.ndim != 1:
            raise ArgumentError(
                f"{where}: expected one list of words in the order of their ids, received "
                f"{type(vocabulary).__name__} {reprlib.repr(vocabulary)}."
            )
        new = Vocabulary(check_vocabulary(tokens.tolist(), self.mask, where), self.mask)
        if self.max_tokens is not None and len(new) > self.max_tokens:
            raise ArgumentError(
                f"{where}: it has {len(new)} entries, special tokens included, more than "
                f"max_tokens={self.max_tokens}."
            )
        idf = None
        if weighted:
            idf = self._check_idf_weights(idf_weights, len(tokens))
            if len(tokens) < len(new):
                idf = np.concatenate([[np.average(idf)], idf])
        self._install(new, idf)

    def _check_idf_weights(self, idf_weights: Any, entries: int) -> NDArray[Any]:
        where = f"{self.where} idf_weights"
        try:
            idf = np.asarray(idf_weights)
        except ValueError:
            raise ShapeError(f"{where}: expected a list of numbers, the rows differ in shape.") from None
        if idf.dtype.kind not in "iuf":
            raise DtypeError(f"{where}: expected real numbers, received dtype {idf.dtype}.")
        if idf.shape != (entries,):
            raise ShapeError(
                f"{where}: expected one for each of the {entries} entries of vocabulary, received shape "
                f"{idf.shape}."
            )
        if not np.isfinite(idf).all():
            index = int(np.flatnonzero(~np.isfinite(idf))[0])
            raise DataError(f"{where}: expected finite numbers, but index {index} holds {idf[index]}.")
        return idf

    def _install(self, vocabulary: Vocabulary, idf: NDArray[Any] | None) -> None:
        size = None if self.mask or self.pad_to_max_tokens else self.width
        if size is not None and size != len(vocabulary):
            raise ArgumentError(
                f"{self.where}: its vocabulary has {size} entries and cannot be replaced by one of "
                f"{len(vocabulary)}, because output_mode={self.output_mode!r} gives vectors of that length. "
                "Make a new layer, or set max_tokens and pad_to_max_tokens=True."
            )
        if idf is not None:
            padding = (self.max_tokens or 0) - len(idf) if self.pad_to_max_tokens else 0
            idf = np.pad(idf, (0, padding)).astype(self.dtype)
        self.vocabulary, self.idf_weights = vocabulary, idf

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary (and for "tf_idf" the idf weights) from texts, forgetting the last one.

        `data`: texts of shape (N,) or (N, 1), or an iterable of batches of them, of which `steps` are read.
        Raises DataError where there is no token to learn; the vocabulary is then as it was.
        """
        self._check_adaptable()
        if not isinstance(data, Iterable) or isinstance(data, str | bytes | Mapping):
            raise ArgumentError(
                f"{self.where}.adapt: expected a list of texts or an iterable of batches, received "
                f"{type(data).__name__} {reprlib.repr(data)}."
            )
        self.reset_state()
        if _is_array(data):
            if steps is not None:
                raise ArgumentError(f"{self.where}.adapt: steps={steps!r} needs an iterable of batches.")
            texts = as_texts(data, self.where)
            # In a list every text is a document, also where split=None would read one row of tokens.
            self._count(texts[:, None] if texts.ndim == 1 else texts)
        else:
            for batch in itertools.islice(data, _check_int("steps", steps, 1, f"{self.where}.adapt")):
                self.update_state(batch)
        self.finalize_state()

    def _check_adaptable(self) -> None:
        if self.has_static_vocabulary:
            raise ArgumentError(
                f"{self.where}: it got its vocabulary in the constructor and so does not adapt. "
                "Leave out vocabulary=, or call set_vocabulary."
            )

    def reset_state(self) -> None:
        """Forgets the counts of `update_state`; the vocabulary stays."""
        self._counts: Counter[str] = Counter()
        self._document_counts: Counter[str] = Counter()
        self._documents = 0

    def update_state(self, data: Any) -> None:
        """Counts the tokens of one more batch of texts, for `finalize_state`."""
        self._check_adaptable()
        self._count(as_texts(data, self.where))

    def _count(self, texts: Texts) -> None:
        rows = self._tokenize(texts)
        self._counts.update(itertools.chain.from_iterable(rows))
        if self.output_mode == "tf_idf":
            self._document_counts.update(itertools.chain.from_iterable(map(set, rows)))
        self._documents += len(rows)

    def finalize_state(self) -> None:
        """Makes the vocabulary from the counts of `update_state`."""
        self._check_adaptable()
        limit = None if self.max_tokens is None else self.max_tokens - len(special_tokens(self.mask))
        words = rank_tokens(self._counts, limit)
        if not words:
            raise DataError(
                f"{self.where}: there is no token to learn in {self._documents} texts "
                f"(standardize={self.standardize!r}, split={self.split!r}, ngrams={self.ngrams!r})."
            )
        idf = None
        if self.output_mode == "tf_idf":
            counts = [self._document_counts[word] for word in words]
            idf = inverse_document_frequency(counts, self._documents).astype(self.dtype)
            # How many documents hold an unknown word cannot be known: it weighs as the mean of the others.
            idf = np.concatenate([[idf.mean(dtype=np.float64)], idf])
        self._install(Vocabulary(words, self.mask), idf)
        self.reset_state()

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
        int64 of shape (N, V); "tf_idf" float32 of shape (N, V). One text gives one row, shape (T,) or (V,).
        With split=None the last axis is the tokens': (..., T) gives (..., T) ids, and one token a 0-d id.
        Raises NotBuiltError before there is a vocabulary.
        """
        if self.vocabulary is None:
            raise NotBuiltError(f"{self.where} has no vocabulary yet: call adapt(texts) or pass vocabulary=.")
        texts = as_texts(inputs, self.where)
        one_token = self.split is None and texts.ndim == 0
        if one_token and (self.ngrams or self.output_sequence_length is not None):
            raise ShapeError(
                f"{self.where}: with split=None a single str is one token, which has no neighbours and no "
                "length. Give a list of tokens."
            )
        rows = self._tokenize(texts)
        shape = texts.shape if self.split is not None and texts.ndim < 2 else texts.shape[:-1]
        if not self.mask:
            return self._weigh(rows, self.vocabulary).reshape(*shape, self.width or 0)
        length = self.output_sequence_length
        if length is None:
            # Tokens that are split already have their length, also where there is no row of them.
            rectangle = self.split is None and self.ngrams is None and texts.ndim
            length = texts.shape[-1] if rectangle else max(map(len, rows), default=0)
        return self._pad(rows, length, self.vocabulary).reshape(() if one_token else (*shape, length))

    def _pad(self, rows: list[list[str]], length: int, vocabulary: Vocabulary) -> NDArray[np.int64]:
        """Ids of shape (rows, length), 0 after the end of a row."""
        rows = [row[:length] for row in rows]
        ends = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.zeros((len(rows), length), dtype=np.int64)
        ids[np.arange(length) < ends[:, None]] = vocabulary.ids(itertools.chain.from_iterable(rows))
        return ids

    def _weigh(self, rows: list[list[str]], vocabulary: Vocabulary) -> NDArray[Any]:
        """One vector a row, shape (rows, V): what occurs in it, how often, or how often times idf."""
        width = self.width or 0
        ends = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ids = np.array(vocabulary.ids(itertools.chain.from_iterable(rows)), dtype=np.int64)
        places = (np.repeat(np.arange(len(rows)), ends) * width + ids)[ids >= 0]
        counts = np.bincount(places, minlength=len(rows) * width).reshape(len(rows), width)
        if self.idf_weights is not None:
            weights = counts.astype(self.dtype)
            weights *= self.idf_weights
            return weights
        if self.output_mode == "multi_hot":
            np.minimum(counts, 1, out=counts)
        return counts.astype(np.int64, copy=False)


def _is_array(data: Any) -> bool:
    return isinstance(data, list | tuple) or hasattr(data, "__array__")


def _check_choice(name: str, value: Any, choices: Sequence[str], where: str) -> None:
    if value is None or callable(value) or (isinstance(value, str) and value in choices):
        return
    raise ArgumentError(f"{where}: unknown {name}={value!r}. {nearest(value, choices)} Or None, a function.")


def _check_output_mode(value: Any, where: str) -> str:
    mode = _OLD_OUTPUT_MODES.get(value, value) if isinstance(value, str) else value
    if mode == "one_hot":
        raise ArgumentError(
            f"{where}: output_mode='one_hot' is not supported, because texts would differ in shape. "
            "Use 'int' for a sequence, 'multi_hot' or 'count' for one vector a text."
        )
    if not isinstance(mode, str) or mode not in OUTPUT_MODES:
        raise ArgumentError(f"{where}: unknown output_mode={value!r}. {nearest(value, OUTPUT_MODES)}")
    return mode


def _check_int(name: str, value: Any, least: int, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{where}: {name} must be None or an integer from {least}, received {value!r}.")
    return int(value)


def _check_ngrams(value: int | tuple[int, ...] | None, where: str) -> int | tuple[int, ...] | None:
    if value is None:
        return None
    widths: tuple[Any, ...] = value if isinstance(value, tuple) and value else (value,)
    if any(isinstance(width, bool) or not isinstance(width, int) or width < 1 for width in widths):
        raise ArgumentError(
            f"{where}: ngrams must be None, an integer or a tuple of integers from 1, received {value!r}."
        )
    return value
