"""`TextVectorizer`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from tinynet.errors import DataError, ShapeError
from tinynet.layers import TextVectorization
from tinynet.tokens import as_texts


class TextVectorizer(TransformerMixin, BaseEstimator):
    """Texts to integers (N, T), or to vectors (N, V) of what they hold: `layers.TextVectorization` in a pipeline.

    Texts are a list, an array of str or a column of a data frame. Each token becomes its number in the vocabulary that
    `fit` learns: 0 is padding, 1 any other token, 2 the most frequent one. So an Embedding behind it has room for
    `max_tokens`. A missing text, or what is no text, is an error that names its place.

    max_tokens: the largest vocabulary, special tokens included; None for all tokens.
    standardize, split, ngrams, vocabulary: as for the layer.
    output_mode: 'int', or 'multi_hot', 'count', 'tf_idf' for vectors.
    output_sequence_length: T, by cutting and padding; None is the length of the longest text in `fit`.

    After `fit`: `vocabulary_` (a dict from token to number) and `layer_`, which put before the trained layers makes a
    model that takes texts.

    >>> vectorizer = TextVectorizer().fit(["makan nasi", "makan siang ini"])
    >>> vectorizer.transform(["Makan bakso!"]).tolist()
    [[2, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        *,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        vocabulary: Any = None,
    ) -> None:
        self.max_tokens = max_tokens
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.vocabulary = vocabulary

    def fit(self, X: Any, y: Any = None) -> TextVectorizer:
        """Learns the vocabulary of texts (N,), unless it was given; y is left alone."""
        texts = self._texts(X)
        layer = self._layer(self.output_sequence_length, self.vocabulary)
        if self.vocabulary is None:
            layer.adapt(texts)
        if self.output_mode == "int" and self.output_sequence_length is None:
            longest = max(layer(texts).shape[1], 1)
            layer = self._layer(longest, layer.get_vocabulary())
        self.layer_ = layer
        self.vocabulary_ = {token: number for number, token in enumerate(layer.get_vocabulary())}
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Texts (N,) as integers (N, T), or as float vectors (N, V)."""
        check_is_fitted(self)
        return self.layer_(self._texts(X)).numpy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The name of each column: of vectors the token, of integers `token0` and so on."""
        check_is_fitted(self)
        if self.output_mode == "int":
            names = [f"token{i}" for i in range(self.layer_.output_sequence_length)]
        else:
            names = list(self.vocabulary_)
        return np.array(names, object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _layer(self, length: int | None, vocabulary: Any) -> TextVectorization:
        return TextVectorization(
            max_tokens=self.max_tokens, standardize=self.standardize, split=self.split, ngrams=self.ngrams,
            output_mode=self.output_mode, output_sequence_length=length, vocabulary=vocabulary,
        )  # fmt: skip

    def _texts(self, X: Any) -> np.ndarray:
        where = type(self).__name__
        if isinstance(X, (str, bytes)):
            raise ShapeError(f"{where}: expected texts, several of them, received one: put it in a list")
        texts = as_texts(np.asarray(X) if hasattr(X, "__array__") else list(X), where)
        if texts.ndim == 2 and texts.shape[1] == 1:
            texts = texts[:, 0]
        if texts.ndim != 1:
            raise ShapeError(f"{where}: expected texts of shape (N,), received {texts.shape}")
        if not len(texts):
            raise DataError(f"{where}: expected at least one text, received none")
        return texts
