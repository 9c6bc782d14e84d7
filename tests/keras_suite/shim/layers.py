"""keras.src.layers: names that Keras's layers have from elsewhere, and classes that are not public there."""

from __future__ import annotations

from typing import Any

from keras_suite.shim.facade import Facade
from tinynet import layers
from tinynet.layers.conv_lstm import ConvLSTMCell

__all__ = ["ConvLSTM", "ConvLSTMCell", "GroupedQueryAttention", "IndexLookup"]

GroupedQueryAttention = layers.GroupQueryAttention


class IndexLookup(metaclass=Facade):
    """What the two lookups share: one of them, by the dtype of its vocabulary."""

    real = (layers.StringLookup, layers.IntegerLookup)

    @staticmethod
    def make(
        max_tokens: Any, num_oov_indices: Any, mask_token: Any, oov_token: Any, vocabulary_dtype: str, **kwargs: Any
    ) -> Any:
        kind = layers.StringLookup if vocabulary_dtype == "string" else layers.IntegerLookup
        return kind(
            max_tokens=max_tokens, num_oov_indices=num_oov_indices, mask_token=mask_token, oov_token=oov_token, **kwargs
        )


class ConvLSTM(metaclass=Facade):
    """Takes the number of axes as an argument: one of the layers of one, two and three."""

    real = (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)

    @classmethod
    def make(cls, rank: int, **settings: Any) -> Any:
        return cls.real[rank - 1](**settings)
