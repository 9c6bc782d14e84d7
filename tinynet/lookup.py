"""`IndexLookup`: tokens to numbers by a vocabulary that is given or learned; what Keras's lookup layers share.

Tokens are Python strings or integers. The layers bring arrays of them, and make vectors of the numbers.
"""

from __future__ import annotations

import itertools
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.categories import check_output_mode, check_width, encode
from tinynet.errors import ArgumentError, DataError, DtypeError, FileFormatError, NotBuiltError, ShapeError, nearest
from tinynet.hashing import hash_bins
from tinynet.tokens import as_integers, as_texts, object_array
from tinynet.vocabulary import (
    OOV_TOKEN,
    Vocabulary,
    check_vocabulary,
    inverse_document_frequency,
    parse_vocabulary,
    rank_tokens,
    read_vocabulary,
)

VOCABULARY_FILE = "vocabulary.txt"
OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
OOV_METHODS = ("floormod", "farmhash")
MOST_OOV_INDICES = 1 << 20

_UNKNOWN = -2  # until an unknown token gets its number; -1 is a token to be left out


class IndexLookup:
    """Settings, vocabulary and arithmetic of Keras's `StringLookup` and `IntegerLookup`, whose arguments it takes.

    integers: whether tokens are integers; texts otherwise. dtype: of the idf weights. where: how errors
    name the layer.

    The numbers are, in this order: one for the mask token where output_mode is "int", num_oov_indices for
    unknown tokens, one for each word.
    """

    def __init__(
        self,
        *,
        integers: bool = False,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = OOV_TOKEN,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        vocabulary_size: int | None = None,
        dtype: str = "float32",
        where: str = "IndexLookup",
    ) -> None:
        self.integers = integers
        self.where = where
        self.output_mode = check_output_mode(where, output_mode, OUTPUT_MODES)
        self.num_oov_indices = int(check_integer("num_oov_indices", num_oov_indices, 0, where) or 0)
        if num_oov_indices is None or self.num_oov_indices > MOST_OOV_INDICES:
            raise ArgumentError(
                f"{where}: num_oov_indices must be from 0 to {MOST_OOV_INDICES:,}, received {num_oov_indices!r}."
            )
        self.mask_token = self._check_token("mask_token", mask_token)
        self.oov_token = self._check_token("oov_token", oov_token)
        self.mask = mask_token is not None and self.output_mode == "int"
        self.max_tokens = check_integer("max_tokens", max_tokens, max(2, self.first + 1), where)
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.invert = bool(invert)
        self.oov_method, self.salt = self._check_hashing(oov_method, salt)
        self.dtype = np.dtype(dtype)
        if pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(f"{where}: pad_to_max_tokens=True needs max_tokens, which is None.")
        if self.pad_to_max_tokens:
            check_width(where, "max_tokens", self.max_tokens or 0)
        if invert and self.output_mode != "int":
            raise ArgumentError(f"{where}: invert=True needs output_mode='int', but it is {self.output_mode!r}.")
        if invert and oov_token is None:
            raise ArgumentError(f"{where}: invert=True needs an oov_token, to give for unknown numbers.")
        if idf_weights is not None and vocabulary is None:
            raise ArgumentError(f"{where}: idf_weights needs vocabulary, whose words it weighs.")
        self.vocabulary: Vocabulary | None = None
        self._idf_weights: NDArray[Any] | None = None
        # What a file says before the words themselves are read; without words it says nothing.
        size = check_integer("vocabulary_size", vocabulary_size, 0, where)
        self._declared_size = size if size is not None and size > self.first else None
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        # Keras refuses `adapt` after a vocabulary in the constructor, not after `set_vocabulary`.
        self.has_static_vocabulary = vocabulary is not None

    def _check_token(self, name: str, token: Any) -> Any:
        """The mask or the out-of-vocabulary token, or None."""
        if token is None:
            return None
        if self.integers:
            return int(as_integers(token, f"{self.where}: {name}").reshape(()))
        if not isinstance(token, str):
            raise ArgumentError(f"{self.where}: {name} must be None or a str, received {token!r}.")
        return str(as_texts(token, f"{self.where}: {name}").item())

    def _check_hashing(self, method: Any, salt: Any) -> tuple[str, tuple[int, int] | None]:
        if method not in OOV_METHODS:
            raise ArgumentError(f"{self.where}: unknown oov_method={method!r}. {nearest(method, OOV_METHODS)}")
        if salt is not None and self.integers and method != "farmhash":
            raise ArgumentError(f"{self.where}: salt={salt!r} needs oov_method='farmhash', but it is {method!r}.")
        return method, check_salt(salt, self.where)

    @property
    def oov_start(self) -> int:
        """The number of the first unknown token."""
        return int(self.mask)

    @property
    def first(self) -> int:
        """The number of the first word."""
        return self.oov_start + self.num_oov_indices

    @property
    def width(self) -> int | None:
        """The length of vectors, or None while it is unknown."""
        if self.pad_to_max_tokens:
            return self.max_tokens
        return self._declared_size if self.vocabulary is None else len(self.vocabulary)

    @property
    def idf_weights(self) -> NDArray[Any] | None:
        """The weight of each number, as long as the vectors; None for other output modes and before the vocabulary."""
        if self._idf_weights is None:
            return None
        return np.pad(self._idf_weights, (0, (self.width or 0) - len(self._idf_weights)))

    def _new_vocabulary(self, words: Iterable[Any]) -> Vocabulary:
        return Vocabulary(words, self.mask, self.mask_token, [self.oov_token] * self.num_oov_indices)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens by rising number; before `adapt` the special tokens alone."""
        return (self.vocabulary or self._new_vocabulary([])).tokens(include_special_tokens)

    def as_tokens(self, inputs: Any, where: str | None = None) -> NDArray[Any]:
        """Inputs as an array of tokens."""
        return as_integers(inputs, where or self.where) if self.integers else as_texts(inputs, where or self.where)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the words by rising number, with or without the special tokens in front.

        `vocabulary`: a list, tuple or array of words, or the path of a file with one word a line.
        `idf_weights`: one for each entry of `vocabulary`, for "tf_idf" only; unknown words weigh the mean
        of them unless `vocabulary` begins with the special tokens. Raises ArgumentError, ShapeError, DtypeError
        or DataError for what does not fit; the vocabulary is then as it was.
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
            vocabulary = self._from_lines(read_vocabulary(vocabulary), f"{self.where}: {vocabulary}")
        where = f"{self.where} vocabulary"
        if hasattr(vocabulary, "__array__"):
            vocabulary = np.asarray(vocabulary)
        entries = vocabulary.tolist() if isinstance(vocabulary, np.ndarray) and vocabulary.ndim == 1 else vocabulary
        flat = isinstance(entries, list | tuple)
        if not flat or any(isinstance(entry, list | tuple | np.ndarray) for entry in entries):
            raise ArgumentError(
                f"{where}: expected one list of words in the order of their ids, received "
                f"{type(vocabulary).__name__} {reprlib.repr(vocabulary)}."
            )
        # None stands for an unknown token where there is no oov_token, and is the only special one that is no token.
        special = self._new_vocabulary([]).special_tokens
        absent = len(special) if None in special and list(entries[: len(special)]) == special else 0
        tokens = [*entries[:absent], *self.as_tokens(list(entries[absent:]), where).tolist()]
        words = check_vocabulary(tokens, special, self.mask_token, self.oov_token if self.invert else None, where)
        new = self._new_vocabulary(words)
        if self.max_tokens is not None and len(new) > self.max_tokens:
            raise ArgumentError(
                f"{where}: it has {len(new)} entries, special tokens included, more than "
                f"max_tokens={self.max_tokens}."
            )
        idf = None
        if weighted:
            idf = self._check_idf_weights(idf_weights, len(tokens))
            if len(tokens) < len(new):
                idf = np.concatenate([np.full(self.first, np.average(idf)), idf])
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
        size = None if self.output_mode == "int" or self.pad_to_max_tokens else self.width
        if size is not None and size != len(vocabulary):
            raise ArgumentError(
                f"{self.where}: its vocabulary has {size} entries and cannot be replaced by one of "
                f"{len(vocabulary)}, because output_mode={self.output_mode!r} gives vectors of that length. "
                "Make a new layer, or set max_tokens and pad_to_max_tokens=True."
            )
        self.vocabulary = vocabulary
        self._idf_weights = None if idf is None else idf.astype(self.dtype)

    def set_idf_weights(self, weights: NDArray[Any]) -> None:
        """Replaces the weight of every number; as many as `idf_weights` gives."""
        self._idf_weights = weights[: len(self.get_vocabulary())].astype(self.dtype)

    def load_vocabulary(self, content: bytes) -> None:
        """Sets the tokens from the text file that a Keras model brings along; their idf weights, if any, come later.

        Raises FileFormatError for one that is not UTF-8, or holds what are no tokens.
        """
        try:
            lines = parse_vocabulary(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise FileFormatError(f"{self.where}: {VOCABULARY_FILE} is not UTF-8 ({error})") from error
        tokens = self._from_lines(lines, f"{self.where}: {VOCABULARY_FILE}")
        if tokens == self.get_vocabulary()[: len(tokens)] and len(tokens) <= self.first:
            return  # written before there were any words
        self.set_vocabulary(tokens, np.ones(len(tokens)) if self.output_mode == "tf_idf" else None)

    def _from_lines(self, lines: list[str], where: str) -> list[Any]:
        if not self.integers:
            return lines
        try:
            return [int(line) for line in lines]
        except ValueError as error:
            raise FileFormatError(f"{where} does not hold one integer a line ({error})") from error

    def check_adaptable(self) -> None:
        """Raises ArgumentError for a layer that got its vocabulary in the constructor."""
        if self.has_static_vocabulary:
            raise ArgumentError(
                f"{self.where}: it got its vocabulary in the constructor and so does not adapt. "
                "Leave out vocabulary=, or call set_vocabulary."
            )

    def adapt(
        self, data: Any, steps: int | None, documents: Callable[[NDArray[Any]], Sequence[Sequence[Any]]]
    ) -> None:
        """Learns the vocabulary (and for "tf_idf" the idf weights) from tokens, forgetting the last one.

        `data`: an array or list, or an iterable of batches of them, of which `steps` are read.
        `documents`: the tokens of each document in an array. Raises DataError where there is no token to
        learn; the vocabulary is then as it was.
        """
        self.check_adaptable()
        if not isinstance(data, Iterable) or isinstance(data, str | bytes | Mapping):
            raise ArgumentError(
                f"{self.where}.adapt: expected a list or an iterable of batches, received "
                f"{type(data).__name__} {reprlib.repr(data)}."
            )
        self.reset_state()
        if is_array(data):
            if steps is not None:
                raise ArgumentError(f"{self.where}.adapt: steps={steps!r} needs an iterable of batches.")
            tokens = self.as_tokens(data)
            # In a list each element is a document, but in a batch of one axis all are one.
            self.count(documents(tokens[:, None] if tokens.ndim == 1 else tokens))
        else:
            for batch in itertools.islice(data, check_integer("steps", steps, 1, f"{self.where}.adapt")):
                self.count(documents(self.as_tokens(batch)))
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets the counts; the vocabulary stays."""
        self._counts: Counter[Any] = Counter()
        self._document_counts: Counter[Any] = Counter()
        self._documents = 0

    def count(self, documents: Sequence[Sequence[Any]]) -> None:
        """Counts the tokens of more documents, for `finalize_state`."""
        self._counts.update(itertools.chain.from_iterable(documents))
        if self.output_mode == "tf_idf":
            self._document_counts.update(itertools.chain.from_iterable(map(set, documents)))
        self._documents += len(documents)

    def finalize_state(self) -> None:
        """Makes the vocabulary from what was counted."""
        self.check_adaptable()
        limit = None if self.max_tokens is None else self.max_tokens - self.first
        words = rank_tokens(self._counts, limit, leave_out=(self.mask_token, self.oov_token))
        if not words:
            raise DataError(f"{self.where}: there is no token to learn in {self._documents} documents.")
        idf = None
        if self.output_mode == "tf_idf":
            counts = [self._document_counts[word] for word in words]
            idf = inverse_document_frequency(counts, self._documents).astype(self.dtype)
            # How many documents hold an unknown word cannot be known: it weighs as the mean of the others.
            idf = np.concatenate([np.full(self.first, idf.mean(dtype=np.float64)), idf])
        self._install(self._new_vocabulary(words), idf)
        self.reset_state()

    def check_built(self) -> Vocabulary:
        """The vocabulary; raises NotBuiltError before there is one."""
        if self.vocabulary is None:
            raise NotBuiltError(f"{self.where} has no vocabulary yet: call adapt(data) or pass vocabulary=.")
        return self.vocabulary

    def ids(self, tokens: Iterable[Any]) -> NDArray[np.int64]:
        """The number of each token; -1 for the mask token where it has none.

        Raises DataError for an unknown token where num_oov_indices is 0, NotBuiltError before the vocabulary.
        """
        tokens = list(tokens)
        vocabulary = self.check_built()
        if self.num_oov_indices == 1:
            return np.array(vocabulary.ids(tokens), np.int64)
        ids = np.array(vocabulary.ids(tokens, _UNKNOWN), np.int64)
        places = np.flatnonzero(ids == _UNKNOWN)
        unknown = [tokens[place] for place in places]
        if unknown and not self.num_oov_indices:
            raise DataError(
                f"{self.where}: with num_oov_indices=0 every token must be in the vocabulary, "
                f"but {reprlib.repr(unknown)} are not. Consider num_oov_indices=1."
            )
        if unknown and self.integers and self.oov_method == "floormod":
            ids[places] = np.array(unknown, np.int64) % self.num_oov_indices + self.oov_start
        elif unknown:
            ids[places] = hash_bins(map(str, unknown), self.num_oov_indices, self.salt) + self.oov_start
        return ids

    def tokens_of(self, ids: NDArray[np.int64]) -> NDArray[Any]:
        """The token of each number, the oov_token for a number that has none: `ids` backwards."""
        tokens = self.check_built().tokens()
        known = (ids >= 0) & (ids < len(tokens))
        found = [tokens[i] if is_known else self.oov_token for i, is_known in zip(ids.flat, known.flat, strict=True)]
        return np.array(found, np.int64).reshape(ids.shape) if self.integers else object_array(found, ids.shape)

    def weighed(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Counts of numbers (…, width) times their idf weights."""
        weights = self.idf_weights
        return counts if weights is None else counts.astype(self.dtype) * weights

    def __call__(self, inputs: Any) -> NDArray[Any]:
        """The numbers of tokens, their vectors, or with `invert` the tokens of numbers."""
        if self.invert:
            return self.tokens_of(as_integers(inputs, self.where))
        tokens = self.as_tokens(inputs)
        ids = self.ids(tokens.ravel().tolist()).reshape(tokens.shape)
        if self.output_mode == "int":
            return ids
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return self.weighed(encode(ids, mode, self.width or 0, np.int64))


def is_array(data: Any) -> bool:
    """Whether data are one array or list, not an iterable of batches."""
    return isinstance(data, list | tuple) or hasattr(data, "__array__")


def check_integer(name: str, value: Any, least: int, where: str) -> int | None:
    """None or an integer; raises ArgumentError for anything else and for one below `least`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{where}: {name} must be None or an integer from {least}, received {value!r}.")
    return int(value)


def check_salt(salt: Any, where: str) -> tuple[int, int] | None:
    """A salt as a key of two integers; raises ArgumentError unless it is None, an integer or two of them."""
    if salt is None:
        return None
    pair = tuple(salt) if isinstance(salt, list | tuple) else (salt, salt)
    whole = all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in pair)
    if len(pair) != 2 or not whole or not all(-(2**63) <= part < 2**63 for part in pair):
        raise ArgumentError(f"{where}: salt must be None, an integer of 64 bits or two of them, received {salt!r}.")
    return int(pair[0]), int(pair[1])
