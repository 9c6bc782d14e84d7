"""`TextVectorization`: texts in, integers or vectors out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet.autograd import Tensor
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config
from tinynet.categories import encoded_shape
from tinynet.layers.base import Layer, Shape
from tinynet.layers.lookup import StringLookup, checked_vocabulary, stored_vocabulary
from tinynet.text import TextVectorizer


class TextVectorization(Layer):
    """Texts (N,) or (N, 1) to integers (N, T), or to vectors (N, V) of what they hold.

    Texts are lower-cased and stripped of punctuation, split at blanks, and each token becomes
    its number in a vocabulary that `adapt` learns: 0 is padding, 1 any other token, 2 the most
    frequent one. All as in Keras, without TensorFlow; the arguments are Keras's.

    max_tokens: the largest vocabulary, special tokens included.
    standardize: 'lower_and_strip_punctuation', 'lower', 'strip_punctuation', None or a function.
    split: 'whitespace', 'character', None or a function.
    ngrams: also join neighbours, up to this many, or exactly so many (a tuple).
    output_mode: 'int', or 'multi_hot', 'count', 'tf_idf' for vectors, or, where split is None, 'one_hot'
        for a vector of each token.
    output_sequence_length: T, by cutting and padding; the longest text of a batch without it.

    Source: https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/

    >>> layer = TextVectorization(output_sequence_length=3)
    >>> layer.adapt(["makan nasi", "makan siang"])
    >>> layer(["Makan bakso!"]).numpy()
    array([[2, 1, 0]])
    """

    casts_inputs = False
    takes_text = True
    inert_config = {"sparse": (False,), "ragged": (False,), "encoding": ("utf-8", "UTF-8")}

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        **kwargs: Any,
    ) -> None:
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        super().__init__(**kwargs)
        ngrams = tuple(ngrams) if isinstance(ngrams, list) else ngrams
        self._vectorizer = TextVectorizer(
            max_tokens, standardize, split, ngrams, output_mode, output_sequence_length, pad_to_max_tokens,
            vocabulary, idf_weights, sparse, ragged, encoding, vocabulary_size=vocabulary_size, dtype=self.dtype,
            where=self.described,
        )  # fmt: skip
        # Keras keeps the vocabulary in a layer inside, and so it stands twice in its files.
        self._lookup_layer = StringLookup.of(self._vectorizer.lookup)
        self._build_at_init()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and "_vectorizer" in self.__dict__ and name in self.config_keys():
            return getattr(self._vectorizer, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns the vocabulary from texts (N,) or (N, 1), or from an iterable of batches of them.

        batch_size: accepted as in Keras; it changes nothing.
        """
        self._vectorizer.adapt(data, steps)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their numbers."""
        return self._vectorizer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are, special tokens included: the `input_dim` of an Embedding."""
        return self._vectorizer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the tokens in the order of their numbers, instead of `adapt`."""
        self._vectorizer.set_vocabulary(vocabulary, idf_weights)

    def _converted(self, inputs: Any) -> Any:
        return inputs

    def call(self, inputs: Any) -> Tensor:
        return wrap(self._vectorizer(inputs))

    def compute_output_dtype(self, input_dtype: str) -> str:
        return "float32" if self._vectorizer.output_mode == "tf_idf" else "int64"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self._vectorizer.output_mode == "one_hot":
            tokens = (*input_shape[:-1], None) if self._vectorizer.ngrams else input_shape
            return encoded_shape(tokens, "one_hot", self._vectorizer.width)
        if self._vectorizer.split is None:
            return (*input_shape[:-1], self._vectorizer.width or (input_shape[-1] if self._vectorizer.mask else None))
        return (input_shape[0], self._vectorizer.width)

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key not in cls.inert_config]

    def _stored_variables(self) -> dict[str, Any]:
        return self._lookup_layer._stored_variables()

    def _take_assets(self, files: Mapping[str, bytes]) -> None:
        self._lookup_layer._take_assets(files)

    def get_config(self) -> Config:
        """The constructor's arguments, and the vocabulary where there is one."""
        return {
            **super().get_config(), "vocabulary": None, "idf_weights": None,
            **stored_vocabulary(self._vectorizer.lookup),
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: Config) -> TextVectorization:
        """A new layer from `get_config`, Keras's or tinynet's.

        A path as vocabulary is refused: a configuration must not decide which files are read.
        """
        return cls(**cls.accepted(checked_vocabulary(config, cls.__name__)))

    @classmethod
    def accepted(cls, config: Config) -> Config:
        size = {key: value for key, value in config.items() if key == "vocabulary_size"}
        return {**super().accepted({key: value for key, value in config.items() if key not in size}), **size}
