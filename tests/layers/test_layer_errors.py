"""Bad input to layers: every mistake is answered by one of tinynet's errors that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinynet import Tensor
from tinynet.autograd.tags import set_mask
from tinynet.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    ShapeError,
    TinynetError,
)
from tinynet.layers import (
    ELU,
    GRU,
    LSTM,
    RNN,
    Activation,
    ActivityRegularization,
    AlphaDropout,
    AveragePooling1D,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Cropping1D,
    Cropping2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    EinsumDense,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling3D,
    GlobalMaxPooling2D,
    GroupNormalization,
    GRUCell,
    Input,
    InputLayer,
    LayerNormalization,
    LeakyReLU,
    LSTMCell,
    Masking,
    MaxPooling2D,
    MaxPooling3D,
    Normalization,
    Permute,
    PReLU,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    RMSNormalization,
    SeparableConv1D,
    SeparableConv2D,
    SimpleRNN,
    Softmax,
    SpatialDropout1D,
    SpatialDropout2D,
    SpectralNormalization,
    StackedRNNCells,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
)


def ones(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.ones(shape, dtype)


ARGUMENTS: list[tuple[Callable[[], Any], str]] = [
    (lambda: Dense(0, name="d"), r"Dense 'd': expected units to be a whole number >= 1, received 0"),
    (lambda: Dense(2.5), r"expected units to be a whole number >= 1, received 2\.5"),
    (lambda: Dense(True), r"expected units .* received True"),
    (lambda: Dense("3"), r"expected units .* received '3'"),
    (lambda: Dense(3, "rleu"), r"unknown activation 'rleu'\. Did you mean 'relu'"),
    (lambda: Dense(3, activation=7), r"activation: expected a name.*received 7"),
    (lambda: Dense(3, use_bais=False), r"Dense: unknown argument 'use_bais'\. Did you mean 'use_bias'"),
    (lambda: Dense(3, use_bias="no"), r"expected use_bias to be True or False, received 'no'"),
    (
        lambda: Dense(3, kernel_initializer="glorot"),
        r"unknown initializer 'glorot'\. Did you mean 'GlorotNormal'",
    ),
    (lambda: Dense(3, kernel_regularizer="l3"), r"unknown regularizer 'l3'\. Known: "),
    (
        lambda: Dense(3, kernel_constraint="maxnorm"),
        r"unknown constraint 'maxnorm'\. Did you mean 'max_norm'|MaxNorm",
    ),
    (lambda: Dense(3, name="a/b"), r"Dense: a name is a string without '/', received 'a/b'"),
    (lambda: Dense(3, name=5), r"a name is a string without '/', received 5"),
    (lambda: Dense(3, trainable="yes"), r"expected trainable True or False, received 'yes'"),
    (lambda: EinsumDense("ab,bc", 2, name="e"), r"EinsumDense 'e': expected an equation such as .*, received 'ab,bc'"),
    (lambda: EinsumDense("ab, bc->ac", 2), r"expected an equation such as"),
    (lambda: EinsumDense(3, 2), r"expected an equation such as .*, received 3"),
    (lambda: EinsumDense("aab,bc->ac", 2), r"a letter stands twice within a term of 'aab,bc->ac'"),
    (lambda: EinsumDense("ab,bcd->ac", 2), r"the axis 'd' in 'ab,bcd->ac' has no input or result"),
    (lambda: EinsumDense("ab,bc->acd", (2, 2)), r"the axis 'd' in 'ab,bc->acd' has no input"),
    (lambda: EinsumDense("ab,bc->ac", 0), r"expected a size in output_shape to be a whole number >= 1, received 0"),
    (lambda: EinsumDense("ab,bc->ac", 2, bias_axes="b"), r"expected bias_axes of letters in 'ac', received 'b'"),
    (lambda: EinsumDense("ab,bc->ac", 2, lora_rank=4), r"EinsumDense: lora_rank=4 is not supported"),
    (lambda: Activation("sofmax"), r"unknown activation 'sofmax'\. Did you mean 'softmax'"),
    (lambda: Dropout(1.5, name="d"), r"Dropout 'd': expected rate between 0 and 1, received 1\.5"),
    (lambda: Dropout(-0.1), r"expected rate between 0 and 1, received -0\.1"),
    (lambda: Dropout(float("nan")), r"expected rate between 0 and 1, received nan"),
    (lambda: Dropout("half"), r"expected rate between 0 and 1, received 'half'"),
    (lambda: Dropout(0.5, seed=-1), r"non-negative integer seed, received -1"),
    (lambda: Dropout(0.5, seed="x"), r"integer seed, received 'x'"),
    (lambda: Dropout(0.5, noise_shape=3), r"noise_shape"),
    (lambda: Dropout(0.5, noise_shape=(1, "a")), r"noise_shape"),
    (lambda: Conv1D(4, 3, padding="smae"), r"Conv1D '.*': unknown padding 'smae'\. Did you mean 'same'"),
    (lambda: Conv2D(4, 3, padding="causal"), r"unknown padding 'causal'"),
    (lambda: Conv2D(4, (3, 3, 3)), r"expected kernel_size to be one number or 2, received \(3, 3, 3\)"),
    (lambda: Conv2D(4, 0), r"expected kernel_size to be a whole number >= 1, received 0"),
    (lambda: Conv2D(4, 3, strides=0), r"expected strides to be a whole number >= 1, received 0"),
    (
        lambda: Conv2D(4, 3, strides=2, dilation_rate=2),
        r"strides \(2, 2\) and dilation_rate \(2, 2\) cannot both",
    ),
    (lambda: Conv2D(4, 3, groups=3), r"filters \(4\) must be a multiple of groups \(3\)"),
    (lambda: Conv2D(-1, 3), r"expected filters to be a whole number >= 1, received -1"),
    (
        lambda: Conv2D(4, 3, data_format="channels_frist"),
        r"unknown data_format .* Did you mean 'channels_first'",
    ),
    (lambda: MaxPooling2D((2, 2, 2)), r"MaxPooling2D '.*': expected pool_size to be one number or 2"),
    (lambda: MaxPooling2D(2, padding="full"), r"unknown padding 'full'\. Known: same, valid"),
    (lambda: AveragePooling1D(0), r"expected pool_size to be a whole number >= 1, received 0"),
    (lambda: Embedding(0, 4), r"Embedding '.*': expected input_dim to be a whole number >= 1, received 0"),
    (lambda: Embedding(4, 0), r"expected output_dim to be a whole number >= 1, received 0"),
    (lambda: Embedding(4, 2, mask_zero=1), r"expected mask_zero to be True or False, received 1"),
    (lambda: Embedding(4, 2, weights=ones(2, 4)), r"weights must have shape \(4, 2\).*received \(2, 4\)"),
    (lambda: BatchNormalization(axis=0.5), r"BatchNormalization '.*': expected axis to be a whole number"),
    (lambda: BatchNormalization(axis=[1, 2]), r"expected axis to be a whole number, received \[1, 2\]"),
    (lambda: BatchNormalization(momentum="x"), r"expected momentum to be a finite number, received 'x'"),
    (lambda: BatchNormalization(epsilon=-1), r"expected epsilon >= 0\.0, received -1"),
    (lambda: LayerNormalization(axis="last"), r"expected axis to be a whole number or several"),
    (lambda: LeakyReLU(-0.1), r"LeakyReLU '.*': expected negative_slope >= 0\.0, received -0\.1"),
    (lambda: ReLU(max_value=-1), r"expected max_value >= 0\.0, received -1"),
    (lambda: ELU(alpha="a"), r"expected alpha to be a finite number, received 'a'"),
    (lambda: Softmax(axis="x"), r"Softmax '.*': expected axis"),
    (lambda: Rescaling("x"), r"Rescaling '.*': expected scale"),
    (lambda: Rescaling(1.0, offset=None), r"Rescaling '.*': expected offset"),
    (lambda: Masking("x"), r"expected mask_value to be a finite number, received 'x'"),
    (lambda: Reshape((-1, -1)), r"Reshape '.*': expected sizes with at most one -1"),
    (lambda: Reshape((2, "a")), r"expected sizes with at most one -1"),
    (lambda: Reshape(6), r"Reshape '.*': expected sizes"),
    (lambda: DepthwiseConv2D(0), r"DepthwiseConv2D '.*': expected kernel_size to be a whole number >= 1, received 0"),
    (lambda: DepthwiseConv1D(2, depth_multiplier=0), r"expected depth_multiplier to be a whole number >= 1"),
    (lambda: DepthwiseConv1D(2, padding="causal"), r"unknown padding 'causal'"),
    (lambda: SeparableConv2D(0, 2), r"SeparableConv2D '.*': expected filters to be a whole number >= 1"),
    (lambda: Conv2DTranspose(0, 3), r"Conv2DTranspose '.*': expected filters to be a whole number >= 1, received 0"),
    (lambda: Conv1DTranspose(2, 3, padding="causal"), r"unknown padding 'causal'"),
    (
        lambda: Conv2DTranspose(2, 3, strides=2, dilation_rate=2),
        r"Conv2DTranspose '.*': strides \(2, 2\) and dilation_rate \(2, 2\) cannot both",
    ),
    (
        lambda: Conv2DTranspose(2, 3, strides=(2, 3), output_padding=2),
        r"Conv2DTranspose '.*': expected output_padding below the strides \(2, 3\), received 2",
    ),
    (lambda: Conv3DTranspose(2, 3, output_padding=(0, 0)), r"expected output_padding to be one number or 3"),
    (lambda: Conv3DTranspose(2, 3, groups=2), r"Conv3DTranspose: unknown argument 'groups'"),
    (lambda: SpatialDropout1D(2), r"SpatialDropout1D '.*': expected rate between 0 and 1, received 2"),
    (lambda: SpatialDropout1D(0.5, trainable=True), r"SpatialDropout1D: unknown argument 'trainable'"),
    (lambda: SpatialDropout2D(0.5, data_fromat="x"), r"unknown argument 'data_fromat'\. Did you mean 'data_format'"),
    (lambda: SpatialDropout2D(0.5, data_format="last"), r"SpatialDropout2D '.*': unknown data_format 'last'"),
    (lambda: GroupNormalization(0), r"GroupNormalization '.*': expected groups to be a whole number >= 1, received 0"),
    (lambda: GroupNormalization(axis=[1, 2]), r"expected axis to be a whole number, received \[1, 2\]"),
    (lambda: RMSNormalization(axis="last"), r"RMSNormalization '.*': expected axis"),
    (lambda: RMSNormalization(epsilon=-1), r"expected epsilon >= 0\.0, received -1"),
    (lambda: Normalization(axis="last"), r"Normalization '.*': expected axis"),
    (lambda: Normalization(mean=1.0), r"mean and variance go together, received mean=1\.0 and variance=None"),
    (lambda: Normalization(mean="x", variance="y"), r"expected mean to be a number or an array .*, received 'x'"),
    (lambda: Normalization(mean=[[1], [1, 2]], variance=0.0), r"expected mean to be a number or an array of numbers"),
    (lambda: Normalization(mean=[1.0], variance=2.0), r"must have one shape, received \(1,\) and \(\)"),
    (lambda: Normalization(axis=None, mean=[1.0], variance=[2.0]), r"a mean of 1 axes does not fit axis=None"),
    (lambda: Normalization(invert=1), r"expected invert to be True or False, received 1"),
    (lambda: SpectralNormalization("dense"), r"SpectralNormalization '.*': expected a layer, received 'dense'"),
    (lambda: SpectralNormalization(Dense(2), 0), r"expected power_iterations to be a whole number >= 1, received 0"),
    (lambda: StackedRNNCells([]), r"StackedRNNCells '.*': expected a list of cells, received \[\]"),
    (lambda: StackedRNNCells(GRUCell(2)), r"StackedRNNCells '.*': expected a list of cells"),
    (lambda: RNN([GRUCell(2), Dense(3)]), r"StackedRNNCells '.*': expected a cell with call\(inputs, states\)"),
    (lambda: Permute((1, 3)), r"Permute '.*': expected dims to hold each axis once, counted from 1"),
    (lambda: Permute(2), r"Permute '.*': expected dims"),
    (lambda: RepeatVector(0), r"RepeatVector '.*': expected n to be a whole number >= 1, received 0"),
    (lambda: ZeroPadding2D((1, 2, 3)), r"expected padding to be a number, 2 of them, or 2 pairs"),
    (lambda: ZeroPadding1D(-1), r"expected padding of an axis to be a whole number >= 0, received -1"),
    (lambda: Cropping2D(((1, 2), (3,))), r"expected cropping of an axis to be one number or 2, received \(3,\)"),
    (lambda: UpSampling1D(1.5), r"expected size to be a whole number >= 1, received 1\.5"),
    (lambda: UpSampling2D(interpolation="cubic"), r"unknown interpolation 'cubic'"),
    (lambda: PReLU(shared_axes=0), r"PReLU '.*': expected each of shared_axes to be a whole number >= 1"),
    (lambda: GaussianNoise(2), r"expected stddev between 0 and 1, received 2"),
    (lambda: GaussianDropout(1), r"GaussianDropout '.*': a rate of 1"),
    (lambda: AlphaDropout(1.0), r"AlphaDropout '.*': a rate of 1"),
    (lambda: ActivityRegularization(l1="x"), r"l1"),
    (lambda: UnitNormalization(axis="last"), r"UnitNormalization '.*': expected axis"),
    (lambda: Flatten(data_format="last"), r"unknown data_format 'last'"),
    (lambda: LSTM(0), r"LSTM.*: expected units to be a whole number >= 1, received 0"),
    (lambda: LSTM(3, dropout=2), r"expected dropout between 0 and 1, received 2"),
    (
        lambda: LSTM(3, recurrent_activation="sigmoyd"),
        r"unknown activation 'sigmoyd'\. Did you mean 'sigmoid'",
    ),
    (
        lambda: LSTM(3, return_sequence=True),
        r"unknown argument 'return_sequence'\. Did you mean 'return_sequences'",
    ),
    (lambda: LSTM(3, return_sequences="no"), r"expected return_sequences to be True or False, received 'no'"),
    (lambda: LSTM(3, time_major=True), r"LSTM: time_major=True is not supported"),
    (lambda: Dense(3, input_shape=5), r"Dense: expected input_shape such as \(28, 28, 1\), received 5"),
    (lambda: GRU(3, reset_after=None), r"expected reset_after to be True or False, received None"),
    (lambda: RNN(Dense(3)), r"RNN '.*': expected a cell with call\(inputs, states\) and state_size"),
    (lambda: RNN("lstm"), r"expected a cell .*received 'lstm'"),
    (lambda: Bidirectional(Dense(3)), r"Bidirectional '.*': expected a recurrent layer such as LSTM\(64\)"),
    (lambda: Bidirectional("lstm"), r"expected a recurrent layer such as LSTM\(64\), received 'lstm'"),
    (
        lambda: Bidirectional(LSTM(3), merge_mode="add"),
        r"unknown merge_mode 'add'\. Known: ave, concat, mul, sum",
    ),
    (
        lambda: Bidirectional(LSTM(3), merge_mode="cocnat"),
        r"unknown merge_mode 'cocnat'\. Did you mean 'concat'",
    ),
    (lambda: Bidirectional(LSTM(3, go_backwards=True)), r"two layers must run in opposite directions"),
    (
        lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True, return_sequences=True)),
        r"two layers must agree in return_sequences",
    ),
    (
        lambda: Bidirectional(LSTM(3), weights=[ones(2)]),
        r"weights= is not supported; build the layer and call",
    ),
    (lambda: TimeDistributed("dense"), r"TimeDistributed '.*': expected a layer, received 'dense'"),
    (lambda: Input(), r"Input: expected either shape or batch_shape"),
    (lambda: Input(784), r"Input: expected a shape such as \(28, 28, 1\), received 784"),
    (lambda: Input((28, -1)), r"every axis of the shape to be a whole number >= 0, received -1"),
    (lambda: InputLayer(shape=(3,), batch_shape=(None, 3)), r"expected either shape or batch_shape"),
    (lambda: InputLayer(shape=(3,), sparse=True), r"InputLayer: sparse=True is not supported"),
]


@pytest.mark.parametrize("make, message", ARGUMENTS)
def test_arguments(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(TinynetError, match=message):
        make()


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "mixed_float16", "int32", "foo", np.float16, object(), 3]
)
def test_dtypes_that_layers_do_not_compute_in(dtype: Any) -> None:
    with pytest.raises(
        DtypeError, match=r"Dense 'top': dtype .* is not supported\. (Did you mean 'float|Known: float)"
    ):
        Dense(2, dtype=dtype, name="top")
    policy = {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": dtype},
        "registered_name": None,
    }
    with pytest.raises(DtypeError, match="is not supported"):
        Dense.from_config({"units": 2, "dtype": policy})


def test_what_is_no_configuration() -> None:
    with pytest.raises(ArgumentError, match="Dense: expected a configuration, received 5"):
        Dense.from_config(5)  # type: ignore[arg-type]


def masked(x: np.ndarray, mask: np.ndarray) -> Tensor:
    tensor = Tensor(x)
    set_mask(tensor, mask)
    return tensor


CALLS: list[tuple[Callable[[], Any], type[TinynetError], str]] = [
    (
        lambda: Dense(2, name="d")(ones(3)),
        ShapeError,
        r"Dense 'd': expected inputs \(N, …, D\), received shape \(3,\)",
    ),
    (
        lambda: Dense(2)(np.float32(3)),
        ShapeError,
        r"Dense 'dense.*expected inputs \(N, …, D\), received shape \(\)",
    ),
    (lambda: Dense(2)(ones(2, 3).astype(complex)), DtypeError, r"expected numbers"),
    (lambda: Dense(2)("text"), DtypeError, r"Dense '.*': .*expected numbers"),
    (lambda: Dense(2)(None), ArgumentError, r"Dense '.*': expected an array or a tensor, received None"),
    (lambda: Dense(2)([[1, 2], [3]]), ShapeError, r"rows of unequal length"),
    (
        lambda: Conv2D(2, 3)(ones(2, 8, 3)),
        ShapeError,
        r"Conv2D '.*': expected inputs \(N, H, W, C\), received shape",
    ),
    (
        lambda: Conv1D(2, 3)(ones(2, 8)),
        ShapeError,
        r"Conv1D '.*': expected inputs \(N, T, C\), received shape \(2, 8\)",
    ),
    (
        lambda: Conv2D(2, 5)(ones(1, 3, 3, 1)),
        ShapeError,
        r"Conv2D '.*': a window of 5 .* does not fit into 3 elements",
    ),
    (lambda: Conv2D(4, 3, groups=2)(ones(1, 8, 8, 3)), ShapeError, r"a multiple of groups=2, received shape"),
    (
        lambda: MaxPooling2D()(ones(1, 8, 8)),
        ShapeError,
        r"MaxPooling2D '.*': expected inputs of 4 axes, received",
    ),
    (
        lambda: MaxPooling2D(5)(ones(1, 3, 3, 1)),
        ShapeError,
        r"MaxPooling2D '.*': a window of 5 .* does not fit into 3",
    ),
    (
        lambda: GlobalMaxPooling2D()(ones(2, 3)),
        ShapeError,
        r"GlobalMaxPooling2D '.*': expected inputs of 4 axes",
    ),
    (
        lambda: GlobalAveragePooling1D()(ones(2, 3)),
        ShapeError,
        r"expected inputs of 3 axes, received shape \(2, 3\)",
    ),
    (
        lambda: BatchNormalization()(ones(3)),
        ShapeError,
        r"BatchNormalization '.*': expected inputs \(N, …, C\)",
    ),
    (
        lambda: BatchNormalization(axis=4)(ones(2, 3)),
        ShapeError,
        r"axis 4 does not exist in inputs of shape \(2, 3\)",
    ),
    (lambda: LayerNormalization(axis=[1, 3])(ones(2, 3)), ShapeError, r"axis \[1, 3\] does not exist"),
    (
        lambda: Softmax(axis=3)(ones(2, 3)),
        ArgumentError,
        r"Softmax '.*axis=3 is out of range for a tensor of 2 axes",
    ),
    (lambda: Reshape((4,))(ones(2, 3)), ShapeError, r"3 elements of shape \(3,\) do not make \(4,\)"),
    (lambda: Reshape((2, -1))(ones(2, 3)), ShapeError, r"3 elements of shape \(3,\) do not make \(2, -1\)"),
    (
        lambda: Flatten()(np.float32(2)),
        ShapeError,
        r"Flatten '.*': expected inputs \(N, …\), received shape \(\)",
    ),
    (
        lambda: Embedding(5, 2, name="e")(np.array([[1, 5]])),
        DataError,
        r"Embedding 'e': embedding: index 5 \(element 1\) is not in \[0, 5\)",
    ),
    (lambda: Embedding(5, 2)(np.array([[-6]])), DataError, r"index -6 \(element 0\) is not in \[0, 5\)"),
    (
        lambda: Embedding(5, 2)(np.array([[np.nan]])),
        DataError,
        r"Embedding '.*': the indices hold NaN or infinity",
    ),
    (lambda: Embedding(5, 2)(np.array([[np.inf]])), DataError, r"the indices hold NaN or infinity"),
    (
        lambda: Embedding(5, 2)(np.array([[1e30]])),
        DataError,
        r"Embedding '.*': index 1e\+30 is not in \[0, 5\)",
    ),
    (lambda: Embedding(5, 2)(np.array([["a"]])), DtypeError, r"Embedding '.*expected numbers"),
    (
        lambda: Dropout(0.5, noise_shape=(1, 2))(ones(2, 3), training=True),
        TinynetError,
        r"noise_shape \(1, 2\) does not",
    ),
    (
        lambda: Dropout(0.5, noise_shape=(1,))(ones(2, 3), training=True),
        TinynetError,
        r"noise_shape \(1,\) does not",
    ),
    (lambda: DepthwiseConv2D(3)(ones(1, 2, 5, 1)), ShapeError, r"DepthwiseConv2D '.*'"),
    (lambda: SeparableConv1D(2, 3)(ones(2, 3)), ShapeError, r"SeparableConv1D '.*'.*\(N, T, C\)"),
    (
        lambda: Conv2DTranspose(2, 3, name="up")(ones(2, 3, 4)),
        ShapeError,
        r"Conv2DTranspose 'up': expected inputs \(N, H, W, C\), received shape \(2, 3, 4\)",
    ),
    (
        lambda: Conv1DTranspose(2, 2, strides=2, padding="same", output_padding=0)(ones(1, 5, 1)),
        ArgumentError,
        r"Conv1DTranspose '.*an axis of 5 elements would become 8, .* Choose another output_padding",
    ),
    (lambda: SpatialDropout1D(0.5)(ones(2, 3)), ShapeError, r"SpatialDropout1D '.*': expected inputs \(N, T, C\)"),
    (
        lambda: SpatialDropout2D(0.5)(ones(2, 3, 4)),
        ShapeError,
        r"SpatialDropout2D '.*': expected inputs \(N, H, W, C\), received shape \(2, 3, 4\)",
    ),
    (lambda: GlobalAveragePooling3D()(ones(2, 3, 4)), ShapeError, r"GlobalAveragePooling3D '.*': expected inputs of 5"),
    (
        lambda: GroupNormalization(2)(ones(2, 3)),
        ShapeError,
        r"GroupNormalization '.*': expected a number of channels that is a multiple of groups=2, received",
    ),
    (lambda: GroupNormalization(1, axis=0)(ones(2, 3)), ShapeError, r"axis 0 .* is the batch axis"),
    (lambda: GroupNormalization(1, axis=2)(ones(2, 3)), ShapeError, r"axis 2 does not exist in inputs of shape"),
    (lambda: RMSNormalization(axis=2)(ones(2, 3)), ShapeError, r"RMSNormalization '.*': axis 2 does not exist"),
    (
        lambda: RMSNormalization(axis=1)(ones(2, 3, 4)),
        ShapeError,
        r"the scale of shape \(3,\), for axis \[1\], does not fit the last axes of inputs of shape \(2, 3, 4\)",
    ),
    (lambda: Normalization(axis=2)(ones(2, 3)), ShapeError, r"Normalization '.*': axis \(2,\) does not exist"),
    (lambda: Normalization(axis=(1, -1))(ones(2, 3)), ShapeError, r"axis \(1, -1\) names one of 2 axes twice"),
    (
        lambda: Normalization(mean=[1.0, 2.0], variance=[1.0, 2.0])(ones(2, 3)),
        ShapeError,
        r"a mean of shape \(2,\) does not broadcast to \(3,\), the sizes of axis \(-1,\)",
    ),
    (lambda: Normalization().adapt(3), ArgumentError, r"adapt expected an array or batches of arrays, received 3"),
    (lambda: Normalization().adapt("abc"), ArgumentError, r"adapt expected an array or batches"),
    (lambda: Normalization().adapt([[1.0, 2.0]]), ArgumentError, r"expected batches that are arrays, .*np\.array"),
    (lambda: Normalization().adapt([]), DataError, r"Normalization '.*': adapt received no data"),
    (lambda: Normalization().adapt(ones(0, 3)), DataError, r"adapt received no data"),
    (lambda: Normalization().adapt(np.array([["a"]])), DtypeError, r"expected numbers"),
    (lambda: Normalization().adapt([ones(2, 3), ones(2, 4)]), ShapeError, r"received shape \(2, 4\); it was built"),
    (
        lambda: Normalization(mean=1.0, variance=2.0).adapt(ones(2, 3)),
        ArgumentError,
        r"mean and variance were given; there is nothing to adapt",
    ),
    (
        lambda: SpectralNormalization(Flatten())(ones(2, 3)),
        ArgumentError,
        r"SpectralNormalization '.*': Flatten '.*' has neither a kernel nor embeddings",
    ),
    (
        lambda: RNN([LSTMCell(2), GRUCell(3)])(ones(2, 4, 3), initial_state=[ones(2, 2), ones(2, 2), ones(2, 3)]),
        ShapeError,
        r"expected a list with the initial states of each of 2 cells, received 3",
    ),
    (
        lambda: RNN([LSTMCell(2), GRUCell(3)])(ones(2, 4, 3), initial_state=[[ones(2, 2)], ones(2, 3)]),
        ShapeError,
        r"expected 2 initial states of cell 0, received 1",
    ),
    (
        lambda: RNN([GRUCell(2), GRUCell(3)])(ones(2, 4, 3), initial_state=[ones(2, 2), ones(2, 2)]),
        ShapeError,
        r"expected an initial state of shape \(2, 3\), received \(2, 2\)",
    ),
    (
        lambda: StackedRNNCells([GRUCell(2), GRUCell(3)])(ones(2, 3), [[ones(2, 2)]]),
        ShapeError,
        r"StackedRNNCells '.*': expected a list with the states of each of 2 cells, received 1",
    ),
    (lambda: Permute((2, 1))(ones(2, 3)), ShapeError, r"Permute '.*'"),
    (lambda: RepeatVector(2)(ones(2, 3, 4)), ShapeError, r"RepeatVector '.*'"),
    (lambda: ZeroPadding2D()(ones(2, 3, 4)), ShapeError, r"ZeroPadding2D '.*'"),
    (lambda: Cropping1D(2)(ones(2, 4, 1)), ShapeError, r"cropping \(2, 2\) leaves nothing of an axis of 4 elements"),
    (lambda: UpSampling3D()(ones(2, 3, 4)), ShapeError, r"UpSampling3D '.*'"),
    (lambda: PReLU(shared_axes=3)(ones(2, 3)), ShapeError, r"shared axis 3 does not exist"),
    (lambda: UnitNormalization(axis=3)(ones(2, 3)), ShapeError, r"axis 3 does not exist"),
    (lambda: Conv3D(2, 3)(ones(2, 2, 3, 3, 1)), ShapeError, r"Conv3D '.*'"),
    (lambda: MaxPooling3D()(ones(2, 3, 3, 1)), ShapeError, r"MaxPooling3D '.*'"),
    (
        lambda: Rescaling([1.0, 2.0])(ones(2, 3)),
        ShapeError,
        r"Rescaling '.*': operation 'multiply': operands could not be",
    ),
    (
        lambda: LSTM(2, name="l")(ones(2, 3)),
        ShapeError,
        r"LSTM 'l': expected inputs \(N, T, D\), received shape \(2, 3\)",
    ),
    (lambda: LSTM(2)(ones(2, 0, 3)), ShapeError, r"sequences of no time steps, shape \(2, 0, 3\)"),
    (
        lambda: LSTM(2)(ones(2, 4, 3), mask=ones(2, 3) > 0),
        ShapeError,
        r"mask of shape \(2, 4\) \(N, T\), received \(2, 3\)",
    ),
    (lambda: LSTM(2)(masked(ones(2, 4, 3), ones(2, 4, 1) > 0)), ShapeError, r"mask of shape \(2, 4\)"),
    (
        lambda: LSTM(2)(ones(2, 4, 3), initial_state=[ones(2, 2)]),
        ShapeError,
        r"expected 2 initial states, received 1",
    ),
    (
        lambda: LSTM(2)(ones(2, 4, 3), initial_state=[ones(2, 3), ones(2, 2)]),
        ShapeError,
        r"expected an initial state of shape \(2, 2\), received \(2, 3\)",
    ),
    (lambda: SimpleRNN(2)(ones(2, 4, 3), initial_state=ones(3, 2)), ShapeError, r"received \(3, 2\)"),
    (lambda: SimpleRNN(2)(ones(2, 4, 3), initial_state=["a"]), DtypeError, r"SimpleRNN '.*expected numbers"),
    (lambda: RNN(GRUCell(2))(ones(2, 3)), ShapeError, r"RNN '.*': expected inputs \(N, T, D\)"),
    (
        lambda: Bidirectional(GRU(2))(ones(2, 4, 3), initial_state=[ones(2, 2)]),
        ShapeError,
        r"expected initial states for both directions, received 1",
    ),
    (
        lambda: Bidirectional(GRU(2))(ones(2, 3)),
        ShapeError,
        r"expected inputs \(N, T, D\), received shape \(2, 3\)",
    ),
    (
        lambda: TimeDistributed(Dense(2))(ones(2, 3)),
        ShapeError,
        r"TimeDistributed '.*': expected inputs \(N, T, …\)",
    ),
    (
        lambda: TimeDistributed(Dense(2))(masked(ones(2, 4, 3), ones(2, 3) > 0)),
        ShapeError,
        r"TimeDistributed '.*mask",
    ),
    (lambda: LSTMCell(2)(ones(2, 3), [ones(2, 2)]), ShapeError, r"LSTMCell '.*2 states, received 1"),
    (
        lambda: GRUCell(2)(ones(2, 3), [ones(2, 3)]),
        ShapeError,
        r"GRUCell '.*': expected states of shape \(N, 2\), received \(2, 3\)",
    ),
    (
        lambda: BatchNormalization()(ones(2, 4, 3), mask=ones(2, 3) > 0, training=True),
        ShapeError,
        r"BatchNormalization '.*mask",
    ),
    (
        lambda: BatchNormalization()(ones(2, 4, 3), mask=ones(2) > 0, training=True),
        ShapeError,
        r"expected a mask of shape \(2, 4\) for inputs of shape \(2, 4, 3\), received \(2,\)",
    ),
    (
        lambda: GlobalAveragePooling1D()(ones(2, 4, 3), mask=ones(2, 3) > 0),
        ShapeError,
        r"GlobalAveragePooling1D '.*mask",
    ),
    (
        lambda: GlobalAveragePooling1D()(ones(2, 4, 3), mask=ones(2) > 0),
        ShapeError,
        r"GlobalAveragePooling1D '.*mask",
    ),
]


@pytest.mark.parametrize("call, error, message", CALLS)
def test_calls(call: Callable[[], Any], error: type[TinynetError], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def built(layer: Any, *shape: int) -> Any:
    layer(ones(*shape))
    return layer


LATER: list[tuple[Any, tuple[int, ...], tuple[int, ...], str]] = [
    (lambda: EinsumDense("ab,bc->ac", 2), (4, 3), (4, 5), r"EinsumDense '.*': received shape \(4, 5\); it was built"),
    (lambda: EinsumDense("...b,bc->...c", 2), (4, 3), (4, 2, 3), r"shape \(4, 2, 3\); it was built for \(4, 3\)"),
    (
        lambda: Dense(2, name="d"),
        (4, 3),
        (4, 5),
        r"Dense 'd': expected inputs with last axis 3, received shape \(4, 5\); it was "
        r"built for \(4, 3\)\.$",
    ),
    (lambda: Dense(2), (4, 12), (4, 2, 6), r"expected inputs with last axis 12.* Is a Flatten missing\?"),
    (
        lambda: Conv2D(2, 3),
        (1, 8, 8, 3),
        (1, 8, 8, 4),
        r"expected inputs of 4 axes with 3 channels \(channels_last\)",
    ),
    (lambda: Conv2D(2, 3), (1, 8, 8, 3), (8, 8, 3), r"expected inputs of 4 axes with 3 channels"),
    (
        lambda: BatchNormalization(),
        (4, 3),
        (4, 2),
        r"expected 3 channels on axis -1, received shape \(4, 2\)",
    ),
    (lambda: Conv2DTranspose(2, 3), (1, 3, 3, 2), (1, 3, 3, 4), r"expected inputs of 4 axes with 2 channels"),
    (lambda: GroupNormalization(1), (4, 3), (4, 2), r"received shape \(4, 2\); it was built for \(4, 3\)"),
    (lambda: RMSNormalization(), (4, 3), (4, 2), r"the scale of shape \(3,\), .* it was built for \(4, 3\)"),
    (lambda: Normalization(), (4, 3), (4, 2), r"received shape \(4, 2\); it was built for \(4, 3\)"),
    (lambda: SpectralNormalization(Dense(2)), (4, 3), (4, 5), r"expected inputs with last axis 3"),
    (lambda: LayerNormalization(), (4, 3), (4, 2), r"received shape \(4, 2\); it was built for \(4, 3\)"),
    (lambda: LSTM(2), (2, 4, 3), (2, 4, 5), r"expected sequences \(N, T, 3\), received shape \(2, 4, 5\)"),
    (lambda: RNN(GRUCell(2)), (2, 4, 3), (2, 4), r"expected sequences \(N, T, 3\), received shape \(2, 4\)"),
    (lambda: Bidirectional(LSTM(2)), (2, 4, 3), (2, 4, 5), r"expected sequences \(N, T, 3\), received"),
    (lambda: TimeDistributed(Dense(2)), (2, 4, 3), (2, 4, 5), r"expected inputs with last axis 3"),
    (lambda: TimeDistributed(Dense(2)), (2, 4, 3), (2, 3), r"TimeDistributed '.*': expected inputs"),
]


@pytest.mark.parametrize("make, first, second, message", LATER)
def test_inputs_other_than_the_layer_was_built_for(
    make: Any, first: tuple[int, ...], second: tuple[int, ...], message: str
) -> None:
    layer = built(make(), *first)
    with pytest.raises(ShapeError, match=message):
        layer(ones(*second))


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (EinsumDense("ab,bc->ac", 2), (None, None), r"the sizes of the axes of the kernel must be known"),
        (EinsumDense("ab,bc->ac", 2), (None, 3, 4), r"\(None, 3, 4\) do not fit 'ab,bc->ac'"),
        (EinsumDense("ab,bc->ac", (2, 3)), (None, 4), r"output_shape \(2, 3\) does not fit .* has 2 axes"),
        (EinsumDense("abc,cd->abd", (4, 2)), (None, 3, 5), r"axis 'b' has size 3 in inputs .*, and 4 in output_shape"),
        (EinsumDense("abc,cd->abd", (None, 2), bias_axes="b"), (None, None, 5), r"axes of the bias must be known"),
        (Dense(2), (None, None), r"the size of the last axis must be known, received \(None, None\)"),
        (Conv2D(2, 3), (None, 8, 8, None), r"expected a known number of channels"),
        (BatchNormalization(), (None, None), r"the size of axis -1 must be known"),
        (Conv2DTranspose(2, 3), (None, 8, 8, None), r"expected a known number of channels"),
        (GroupNormalization(1), (None, None), r"the size of axis -1 must be known"),
        (RMSNormalization(), (None, None), r"the normalised sizes must be known"),
        (Normalization(), (None, None), r"the sizes of axis \(-1,\) must be known"),
        (LayerNormalization(), (None, None), r"the normalised sizes must be known"),
        (LSTM(2), (None, 4, None), r"the size of the last axis must be known"),
        (LSTM(2), (None, 4), r"expected inputs \(N, T, D\), received shape \(None, 4\)"),
    ],
)
def test_shapes_to_build_for(layer: Any, shape: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.build(shape)


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (Conv2D(2, 5), (None, 3, 3, 1), r"Conv2D '.*received shape \(None, 3, 3, 1\)"),
        (MaxPooling2D(5), (None, 3, 3, 1), r"MaxPooling2D '.*received shape \(None, 3, 3, 1\)"),
        (Reshape((4,)), (None, 3), r"3 elements of shape \(3,\) do not make \(4,\)"),
    ],
)
def test_shapes_without_a_result(layer: Any, shape: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.compute_output_shape(shape)


def test_a_transposed_convolution_without_a_way_back_has_no_shape() -> None:
    layer = Conv2DTranspose(2, 2, padding="same", output_padding=0)
    message = r"Conv2DTranspose '.*Choose another output_padding.*received shape \(None, 3, 3, 1\)"
    with pytest.raises(ArgumentError, match=message):
        layer.compute_output_shape((None, 3, 3, 1))


def test_errors_name_the_layer_once_and_from_the_inside() -> None:
    wrapped = built(TimeDistributed(Dense(2, name="inner"), name="outer"), 2, 4, 3)
    with pytest.raises(ShapeError) as caught:
        wrapped(ones(2, 4, 5))
    assert str(caught.value).count("Dense 'inner'") == 1


def test_the_error_in_an_operation_names_the_layer() -> None:
    class Broken(Dense):
        def call(self, inputs: Any) -> Any:
            return inputs @ ones(7, 7)

    with pytest.raises(ShapeError, match=r"Broken 'sick': operation 'matmul'"):
        Broken(2, name="sick")(ones(2, 3))


def test_arguments_of_the_call() -> None:
    with pytest.raises(
        ArgumentError, match=r"Dense 'top': call has no argument 'traning'\. Did you mean 'training'"
    ):
        Dense(2, name="top")(ones(2, 3), traning=True)
    with pytest.raises(ArgumentError, match=r"Dense 'top': call has no argument 'mask'"):
        Dense(2, name="top")(ones(2, 3), mask=ones(2))
    assert Dense(2)(ones(2, 3), training=True).shape == (2, 2)
