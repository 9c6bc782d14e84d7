"""Keras's layers, one file for each family."""

from __future__ import annotations

from tinynet.catalogue import Catalogue, serialize
from tinynet.layers.activation import ELU, LeakyReLU, ReLU, Softmax
from tinynet.layers.base import Layer
from tinynet.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from tinynet.layers.convolution import Conv1D, Conv2D
from tinynet.layers.core import Activation, Dense, Embedding, Input, InputLayer, Masking
from tinynet.layers.normalization import BatchNormalization, LayerNormalization
from tinynet.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from tinynet.layers.preprocessing import Rescaling
from tinynet.layers.recurrent import GRU, LSTM, RNN, SimpleRNN
from tinynet.layers.regularization import Dropout
from tinynet.layers.reshaping import Flatten, Reshape
from tinynet.layers.text import TextVectorization
from tinynet.layers.wrappers import Bidirectional, TimeDistributed

# Keras's second names of the same classes.
Convolution1D, Convolution2D = Conv1D, Conv2D
MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D

CATALOGUE = Catalogue(
    "layer",
    classes=[
        Activation, AveragePooling1D, AveragePooling2D, BatchNormalization, Bidirectional, Conv1D, Conv2D, Dense,
        Dropout, ELU, Embedding, Flatten, GRU, GRUCell, GlobalAveragePooling1D, GlobalAveragePooling2D,
        GlobalMaxPooling1D, GlobalMaxPooling2D, InputLayer, LSTM, LSTMCell, LayerNormalization, LeakyReLU, Masking,
        MaxPooling1D, MaxPooling2D, RNN, ReLU, Rescaling, Reshape, SimpleRNN, SimpleRNNCell, Softmax,
        TextVectorization, TimeDistributed,
    ],
)  # fmt: skip
deserialize = CATALOGUE.deserialize

__all__ = [
    "Activation", "AveragePooling1D", "AveragePooling2D", "AvgPool1D", "AvgPool2D", "BatchNormalization",
    "Bidirectional", "Conv1D", "Conv2D", "Convolution1D", "Convolution2D", "Dense", "Dropout", "ELU",
    "Embedding", "Flatten", "GRU", "GRUCell", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "Input", "InputLayer", "LSTM", "LSTMCell", "Layer", "LayerNormalization", "LeakyReLU",
    "Masking", "MaxPool1D", "MaxPool2D", "MaxPooling1D", "MaxPooling2D", "RNN", "ReLU", "Rescaling", "Reshape",
    "SimpleRNN", "SimpleRNNCell", "Softmax", "TextVectorization", "TimeDistributed", "deserialize", "serialize",
]  # fmt: skip
