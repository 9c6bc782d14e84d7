"""The networks of studies, examples and `tinynet train`, built by the same lines with tinynet or with Keras.

Each function takes the package as its first argument: `digits_cnn(tinynet)` trains natively,
`digits_cnn(keras)` in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

RECURRENT = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


def digits_cnn(keras: Any) -> Any:
    """A small CNN for scikit-learn's digits: images (N, 8, 8, 1) of 0 to 16 -> probabilities (N, 10)."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(24, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits_cnn",
    )


def digits_lstm(keras: Any, units: int = 32) -> Any:
    """A bidirectional LSTM that reads an image row by row: (N, 8, 8, 1) -> probabilities (N, 10)."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Reshape((8, 8)),
            layers.Bidirectional(layers.LSTM(units)),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits_lstm",
    )


def cifar10_cnn(
    keras: Any,
    filters: Sequence[int] = (32, 64),
    kernel: int = 3,
    pooling: str = "max",
    head: str = "flatten",
    *,
    batch_normalization: bool = False,
    augmentation: bool = False,
    shape: Sequence[int] = (32, 32, 3),
    largest: float = 255,
    classes: int = 10,
) -> Any:
    """The CNN for CIFAR-10: images (N, 32, 32, 3) of 0 to 255 -> probabilities (N, 10).

    filters: one block of convolution and pooling for each number. kernel: the side of its windows.
    pooling: 'max' or 'average'. head: 'flatten', or 'gap' for global average pooling.
    batch_normalization: between convolution and relu. augmentation: in training images are mirrored and moved at random.
    shape, largest, classes: for other images than CIFAR-10's, their shape (H, W, C), largest number and classes.
    """
    layers = keras.layers
    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[pooling]
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / largest)], name="cifar10_cnn")
    if augmentation:
        model.add(layers.RandomFlip("horizontal"))
        model.add(layers.RandomTranslation(0.125, 0.125))
    for count in filters:
        if batch_normalization:
            model.add(layers.Conv2D(count, kernel, use_bias=False))  # the normalisation has a bias
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        else:
            model.add(layers.Conv2D(count, kernel, activation="relu"))
        model.add(pool(2))
    model.add(layers.Flatten() if head == "flatten" else layers.GlobalAveragePooling2D())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def cifar10_fast_cnn(
    keras: Any,
    widths: Sequence[int] = (32, 96, 128),
    *,
    shape: Sequence[int] = (32, 32, 3),
    mean: Sequence[float] = (125.3, 123.0, 113.9),
    variance: Sequence[float] = (3968.2, 3855.1, 4449.5),
    classes: int = 10,
) -> Any:
    """A CNN that learns CIFAR-10 in few passes: images (N, 32, 32, 3) of 0 to 255 -> logits (N, 10).

    widths: the filters of the blocks, each of two convolutions (3x3) with batch normalisation. Pooling comes
    before the normalisation, so that this sees a quarter of the numbers. After the networks of David Page
    ("How to train your ResNet", 2018) and Keller Jordan (airbench, 2024), without their residual branches.
    mean, variance: of each channel over the training images. shape, classes: for other images than CIFAR-10's.
    """
    layers = keras.layers

    def normalised(x: Any) -> Any:
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))

    def convolution(filters: int) -> Any:
        return layers.Conv2D(filters, 3, padding="same", use_bias=False)  # the normalisation has a bias

    inputs = keras.Input(shape)
    x = layers.Normalization(mean=list(mean), variance=list(variance))(inputs)
    x = normalised(convolution(32)(x))
    for filters in widths:
        x = normalised(layers.MaxPooling2D(2)(convolution(filters)(x)))
        x = normalised(convolution(filters)(x))
    x = layers.GlobalMaxPooling2D()(x)
    x = layers.Dense(classes, use_bias=False)(x)
    return keras.Model(inputs, layers.Rescaling(1 / 8)(x), name="cifar10_fast_cnn")


def sentiment_rnn(
    keras: Any,
    layer: str = "lstm",
    *,
    bidirectional: bool = False,
    depth: int = 1,
    units: int = 64,
    vocabulary: int = 3000,
    embedding: int = 32,
    length: int = 100,
    dropout: float = 0.5,
    dense_dropout: float = 0.0,
    batch_normalization: bool = False,
    mask: bool = True,
    classes: int = 3,
) -> Any:
    """The recurrent classifier for NusaX: token ids (N, T) -> probabilities (N, 3).

    layer: a key of `RECURRENT`. depth: how many recurrent layers. vocabulary: the number of ids.
    length: T. mask: whether the recurrent layers skip the padding (id 0) at the end of a sentence.
    dropout: after the recurrent layers; dense_dropout: after the dense one; 0 is none. batch_normalization: of the
    last recurrent layer's state.
    classes: how many, for other texts than NusaX's.
    """
    layers = keras.layers
    recurrent = getattr(layers, RECURRENT[layer])
    model = keras.Sequential([keras.Input((length,), dtype="int32")], name=f"sentiment_{layer}")
    model.add(layers.Embedding(vocabulary, embedding, mask_zero=mask))
    for level in range(depth):
        one = recurrent(units, return_sequences=level < depth - 1)
        model.add(layers.Bidirectional(one) if bidirectional else one)
    if batch_normalization:
        model.add(layers.BatchNormalization())
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(64, activation="relu"))
    if dense_dropout:
        model.add(layers.Dropout(dense_dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def sequence_rnn(
    keras: Any,
    shape: Sequence[int],
    classes: int,
    layer: str = "lstm",
    *,
    bidirectional: bool = False,
    units: int = 64,
    dropout: float = 0.5,
    largest: float = 1,
) -> Any:
    """A recurrent classifier: sequences (N, T, F), or images (N, H, W, C) row by row -> probabilities (N, K).

    shape: of a sample. layer: a key of `RECURRENT`. largest: the numbers are divided by it.
    """
    layers = keras.layers
    recurrent = getattr(layers, RECURRENT[layer])(units)
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / largest)], name=f"sequence_{layer}")
    if len(shape) == 3:
        model.add(layers.Reshape((shape[0], shape[1] * shape[2])))
    model.add(layers.Bidirectional(recurrent) if bidirectional else recurrent)
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def mlp(
    keras: Any, shape: Sequence[int], classes: int, *, units: int = 128, dropout: float = 0.25, largest: float = 1
) -> Any:
    """Two dense layers on numbers of any shape: (N, …) -> probabilities (N, K).

    shape: of a sample. units: of the first layer. largest: the numbers are divided by it.
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Rescaling(1 / largest),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax"),
        ],
        name="mlp",
    )
