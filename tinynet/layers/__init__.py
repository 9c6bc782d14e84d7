"""Keras's layers, one file for each family."""

from __future__ import annotations

from tinynet.catalogue import Catalogue, serialize
from tinynet.layers.activation import ELU, LeakyReLU, PReLU, ReLU, Softmax
from tinynet.layers.adaptation import Normalization
from tinynet.layers.affine import RandomPerspective, RandomRotation, RandomShear, RandomTranslation, RandomZoom
from tinynet.layers.attention import AdditiveAttention, Attention
from tinynet.layers.augmentation import RandomBrightness, RandomContrast, RandomCrop, RandomFlip
from tinynet.layers.base import Layer
from tinynet.layers.categories import CategoryEncoding, HashedCrossing, Hashing
from tinynet.layers.cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from tinynet.layers.colors import (
    RandomColorDegeneration,
    RandomColorJitter,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    RandomSharpness,
    Solarization,
)
from tinynet.layers.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from tinynet.layers.convolution import Conv1D, Conv2D, Conv3D
from tinynet.layers.core import Activation, Dense, Embedding, Identity, Input, InputLayer, Masking
from tinynet.layers.discretization import Discretization
from tinynet.layers.einsum_dense import EinsumDense
from tinynet.layers.equalization import AutoContrast, ContrastLimitedAdaptiveHistogramEqualization, Equalization
from tinynet.layers.function import Lambda
from tinynet.layers.group_query_attention import GroupQueryAttention
from tinynet.layers.images import CenterCrop, Resizing
from tinynet.layers.input_spec import InputSpec
from tinynet.layers.lookup import IntegerLookup, StringLookup
from tinynet.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from tinynet.layers.mixing import CutMix, MixUp, RandomErasing
from tinynet.layers.multi_head_attention import MultiHeadAttention
from tinynet.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from tinynet.layers.pipeline import Pipeline
from tinynet.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from tinynet.layers.preprocessing import Rescaling
from tinynet.layers.rand_augment import RandAugment
from tinynet.layers.recurrent import GRU, LSTM, RNN, SimpleRNN
from tinynet.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from tinynet.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from tinynet.layers.separable import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D
from tinynet.layers.spatial import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from tinynet.layers.text import TextVectorization
from tinynet.layers.transposed import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from tinynet.layers.wrappers import Bidirectional, SpectralNormalization, TimeDistributed, Wrapper

# Keras's second names of the same classes.
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D

CATALOGUE = Catalogue(
    "layer",
    classes=[
        Activation, ActivityRegularization, Add, AdditiveAttention, AlphaDropout, Attention, AutoContrast, Average,
        AveragePooling1D, AveragePooling2D, AveragePooling3D, BatchNormalization, Bidirectional, CategoryEncoding,
        CenterCrop, Concatenate, ContrastLimitedAdaptiveHistogramEqualization, Conv1D, Conv1DTranspose, Conv2D,
        Conv2DTranspose, Conv3D, Conv3DTranspose, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, Cropping1D, Cropping2D,
        Cropping3D, CutMix, Dense, DepthwiseConv1D, DepthwiseConv2D, Discretization, Dot, Dropout, ELU, EinsumDense,
        Embedding, Equalization, Flatten, GRU, GRUCell, GaussianDropout, GaussianNoise, GlobalAveragePooling1D,
        GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D,
        GroupNormalization, GroupQueryAttention, HashedCrossing, Hashing, Identity, InputLayer, IntegerLookup, LSTM,
        LSTMCell, Lambda, LayerNormalization, LeakyReLU, Masking, MaxPooling1D, MaxPooling2D, MaxPooling3D, Maximum, Minimum,
        MixUp, MultiHeadAttention, Multiply, Normalization, PReLU, Permute, Pipeline, RMSNormalization, RNN,
        RandAugment, RandomBrightness, RandomColorDegeneration, RandomColorJitter, RandomContrast, RandomCrop,
        RandomErasing, RandomFlip, RandomGaussianBlur, RandomGrayscale, RandomHue, RandomInvert, RandomPerspective,
        RandomPosterization, RandomRotation, RandomSaturation, RandomSharpness, RandomShear, RandomTranslation,
        RandomZoom, ReLU, RepeatVector, Rescaling, Reshape, Resizing, SeparableConv1D, SeparableConv2D, SimpleRNN,
        SimpleRNNCell, Softmax, Solarization, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D,
        SpectralNormalization, StackedRNNCells, StringLookup, Subtract, TextVectorization, TimeDistributed,
        UnitNormalization, UpSampling1D, UpSampling2D, UpSampling3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
    ],
)  # fmt: skip
deserialize = CATALOGUE.deserialize

__all__ = [
    "Activation", "ActivityRegularization", "Add", "AdditiveAttention", "AlphaDropout", "Attention", "AutoContrast",
    "Average", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D",
    "BatchNormalization", "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate",
    "ContrastLimitedAdaptiveHistogramEqualization", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D",
    "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Convolution1D", "Convolution1DTranspose",
    "Convolution2D", "Convolution2DTranspose", "Convolution3D", "Convolution3DTranspose", "Cropping1D", "Cropping2D",
    "Cropping3D", "CutMix", "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "Discretization", "Dot", "Dropout", "ELU",
    "EinsumDense", "Embedding", "Equalization", "Flatten", "GRU", "GRUCell", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D", "GlobalAvgPool2D",
    "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization", "GroupQueryAttention", "HashedCrossing",
    "Hashing", "Identity", "Input", "InputLayer", "InputSpec", "IntegerLookup", "LSTM", "LSTMCell", "Lambda", "Layer",
    "LayerNormalization", "LeakyReLU", "Masking", "MaxPool1D", "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    "Maximum", "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "Normalization", "PReLU", "Permute", "Pipeline",
    "RMSNormalization", "RNN", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
    "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
    "RandomShear", "RandomTranslation", "RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing",
    "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D", "SimpleRNN",
    "SimpleRNNCell", "Softmax", "Solarization", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "SpectralNormalization", "StackedRNNCells", "StringLookup", "Subtract", "TextVectorization", "TimeDistributed",
    "UnitNormalization", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Wrapper", "ZeroPadding1D", "ZeroPadding2D",
    "ZeroPadding3D", "add", "average", "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply",
    "serialize", "subtract",
]  # fmt: skip
