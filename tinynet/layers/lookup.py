"""`StringLookup` and `IntegerLookup`: tokens to numbers by a vocabulary, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.autograd import Tensor
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config
from tinynet.categories import encoded_shape
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.lookup import VOCABULARY_FILE, IndexLookup
from tinynet.vocabulary import OOV_TOKEN

# Arguments of newer Keras versions: written only where they have an effect, so that older ones read the file.
NEWER = {"oov_method": "floormod", "salt": None}


class LookupLayer(Layer):
    """What `StringLookup` and `IntegerLookup` share; it is none of Keras's layers itself."""

    casts_inputs = False
    _lookup: IndexLookup

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and "_lookup" in self.__dict__ and name in self.config_keys():
            return getattr(self._lookup, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _look_up_with(self, lookup: IndexLookup) -> None:
        self._lookup = lookup
        self._build_at_init()

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary: the tokens by falling frequency, equal ones by falling order.

        data: an array or list of tokens, each row a document, or an iterable of batches of them.
        steps: how many batches to read; all without it.

        Raises `DataError` where there is no token to learn, `ArgumentError` for a layer that was given its
        vocabulary.
        """
        self._lookup.adapt(data, steps, self._documents)

    def update_state(self, data: Any) -> None:
        """Counts the tokens of one more batch, for `finalize_state`."""
        self._lookup.check_adaptable()
        self._lookup.count(self._documents(self._lookup.as_tokens(data)))

    def finalize_state(self) -> None:
        """Makes the vocabulary from the counts of `update_state`."""
        self._lookup.finalize_state()

    def reset_state(self) -> None:
        """Forgets the counts of `update_state`; the vocabulary stays."""
        self._lookup.reset_state()

    def _documents(self, tokens: NDArray[Any]) -> list[list[Any]]:
        if tokens.ndim > 2 and self._lookup.output_mode == "tf_idf":
            raise ShapeError(f"{self.described}: adapt expected documents (N, T), received shape {tokens.shape}")
        tokens = np.atleast_2d(tokens)
        rows: list[list[Any]] = tokens.reshape(-1, tokens.shape[-1]).tolist() if tokens.size else []
        return rows

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers."""
        return self._lookup.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are, special tokens included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the tokens in the order of their numbers, instead of `adapt`.

        vocabulary: a list or array of tokens, or the path of a file with one a line.
        idf_weights: one for each token, for output_mode 'tf_idf'.
        """
        self._lookup.set_vocabulary(vocabulary, idf_weights)

    def _stored_variables(self) -> dict[str, Any]:
        return {"idf_weights": IdfWeights(self._lookup)} if self._lookup.output_mode == "tf_idf" else {}

    def _take_assets(self, files: Mapping[str, bytes]) -> None:
        if VOCABULARY_FILE in files and not self._lookup.has_static_vocabulary:
            self._lookup.load_vocabulary(files[VOCABULARY_FILE])

    def _converted(self, inputs: Any) -> Any:
        return inputs

    def call(self, inputs: Any) -> Tensor | NDArray[Any]:
        result = self._lookup(np.asarray(inputs) if isinstance(inputs, Tensor) else inputs)
        return result if result.dtype.kind == "O" else wrap(result)

    def compute_output_dtype(self, input_dtype: str) -> str:
        if self._lookup.invert and not self._lookup.integers:
            return "string"
        return self._lookup.dtype.name if self._lookup.output_mode == "tf_idf" else "int64"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        mode = self._lookup.output_mode
        return tuple(input_shape) if mode == "int" else encoded_shape(tuple(input_shape), mode, self._lookup.width)

    @property
    def input_dtype(self) -> str:
        return "int64" if self._lookup.invert or self._lookup.integers else "string"

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key not in cls.inert_config]

    def get_build_config(self) -> Config | None:
        return {}

    def get_config(self) -> Config:
        """The constructor's arguments, and the vocabulary where there is one."""
        config = {**super().get_config(), "vocabulary": None, "idf_weights": None, **stored_vocabulary(self._lookup)}
        return {key: value for key, value in config.items() if key not in NEWER or value != NEWER[key]}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A new layer from `get_config`, Keras's or tinynet's.

        A path as vocabulary is refused: a configuration must not decide which files are read.
        """
        return cls(**cls.accepted(checked_vocabulary(config, cls.__name__)))

    @classmethod
    def accepted(cls, config: Config) -> Config:
        size = {key: value for key, value in config.items() if key == "vocabulary_size"}
        return {**super().accepted({key: value for key, value in config.items() if key not in size}), **size}


class StringLookup(LookupLayer):
    """Strings (…) to integers (…) by a vocabulary that is given or learned by `adapt`, or to vectors.

    max_tokens: the largest vocabulary, special tokens included.
    num_oov_indices: how many numbers unknown tokens share, by a hash of each; with 0 they are an error.
    mask_token: the number 0 where output_mode is 'int', and left out of vectors.
    oov_token: what stands for an unknown token with `invert`, and in `get_vocabulary`.
    vocabulary: a list of tokens, or the path of a file with one a line. idf_weights: one for each of them.
    invert: integers to strings instead; the result is an array of str.
    output_mode: 'int'; 'one_hot' for a vector of each token; 'multi_hot', 'count' or 'tf_idf' for one of each
        sample. pad_to_max_tokens: vectors as long as max_tokens.
    salt: a key of one or two integers, under which SipHash replaces FarmHash.
    The numbers of an adapted vocabulary go by falling frequency, from special tokens on.

    Raises `DataError` for an unknown token without a number, `NotBuiltError` before there is a vocabulary.
    Source: https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/

    >>> layer = StringLookup(vocabulary=["nasi", "kopi"])
    >>> layer([["kopi", "teh"]]).tolist()
    [[2, 0]]
    >>> StringLookup(vocabulary=["nasi", "kopi"], invert=True)([[2, 0]]).tolist()
    [['kopi', '[UNK]']]
    """

    takes_text = True
    inert_config = {"sparse": (False,), "encoding": ("utf-8", "UTF-8"), "has_input_vocabulary": (True, False)}

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = OOV_TOKEN,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        super().__init__(**without_effect(kwargs))
        self._look_up_with(IndexLookup(
            max_tokens=max_tokens, num_oov_indices=num_oov_indices, mask_token=mask_token, oov_token=oov_token,
            vocabulary=vocabulary, idf_weights=idf_weights, invert=invert, output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens, oov_method=oov_method, salt=salt, vocabulary_size=vocabulary_size,
            dtype=self.dtype, where=self.described,
        ))  # fmt: skip

    @classmethod
    def of(cls, lookup: IndexLookup) -> StringLookup:
        """The layer that looks up as another one does, in whose files it stands under a name of its own."""
        layer = cls()
        layer._look_up_with(lookup)
        return layer


class IntegerLookup(LookupLayer):
    """Integers (…) to their numbers (…) in a vocabulary that is given or learned by `adapt`, or to vectors.

    As `StringLookup`, but for tokens that are integers.

    oov_method: how several numbers are shared by unknown tokens: 'floormod', the remainder of the token;
        'farmhash', the hash of its decimal digits, under `salt` where there is one.

    Raises `DataError` for an unknown token without a number, and for floats that are no whole numbers.
    Source: https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/

    >>> IntegerLookup(vocabulary=[12, 36])([[36, 5]]).tolist()
    [[2, 0]]
    """

    inert_config = {"sparse": (False,), "vocabulary_dtype": ("int64",), "has_input_vocabulary": (True, False)}

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        super().__init__(**without_effect(kwargs))
        self._look_up_with(IndexLookup(
            integers=True, max_tokens=max_tokens, num_oov_indices=num_oov_indices, mask_token=mask_token,
            oov_token=oov_token, vocabulary=vocabulary, idf_weights=idf_weights, invert=invert,
            output_mode=output_mode, pad_to_max_tokens=pad_to_max_tokens, oov_method=oov_method, salt=salt,
            vocabulary_size=vocabulary_size, dtype=self.dtype, where=self.described,
        ))  # fmt: skip


class IdfWeights:
    """The idf weights of a lookup as what a file of weights reads and writes."""

    name = "idf_weights"

    def __init__(self, lookup: IndexLookup) -> None:
        self._lookup = lookup

    @property
    def data(self) -> NDArray[Any]:
        """The weights, one for each element of the vectors; none before the vocabulary."""
        weights = self._lookup.idf_weights
        return np.zeros(0, self._lookup.dtype) if weights is None else weights

    @property
    def shape(self) -> tuple[int, ...]:
        """(V,)"""
        return self.data.shape

    def assign(self, value: NDArray[Any]) -> None:
        """Replaces the weights by others of the same shape."""
        if value.size:
            self._lookup.set_idf_weights(value)


def without_effect(arguments: dict[str, Any]) -> dict[str, Any]:
    """The common arguments without those that Keras's lookups take and forget: there are no weights to train."""
    return {key: value for key, value in arguments.items() if key not in ("dtype", "trainable")}


def stored_vocabulary(lookup: IndexLookup) -> Config:
    """A vocabulary as it stands in configurations, where no line end can cut a token; empty before there is one."""
    if lookup.vocabulary is None:
        return {}
    tokens = lookup.get_vocabulary()
    weights = lookup.idf_weights
    return {"vocabulary": tokens, "idf_weights": None if weights is None else weights[: len(tokens)].tolist()}


def checked_vocabulary(config: Config, where: str) -> Config:
    """The configuration; raises `ArgumentError` where it names a file for its vocabulary."""
    if isinstance(config.get("vocabulary"), str):
        raise ArgumentError(
            f"{where}: the configuration names a file, {config['vocabulary']!r}, as vocabulary; "
            "it is not read. Pass the words."
        )
    return config
