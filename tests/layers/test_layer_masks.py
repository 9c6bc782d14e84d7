"""Which layers make, pass, use and drop masks, in tinynet and in Keras."""

from __future__ import annotations

import re
import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras.src import backend
from keras_oracle import LAYERS, made

import tinynet.layers
from tinynet import Tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.errors import ShapeError

MASK = np.array([[True, True, False, True], [False, False, True, False], [True, True, True, True]])
X = np.random.default_rng(0).uniform(-1, 1, (3, 4, 5)).astype("float32")
IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 4, 5, 3)).astype("float32")

PASS = [
    ("Dense", {"units": 2}), ("Dropout", {"rate": 0.5}), ("Activation", {"activation": "relu"}),
    ("ReLU", {}), ("Activation", {"activation": "linear"}), ("LeakyReLU", {}), ("ELU", {}),
    ("LayerNormalization", {}), ("BatchNormalization", {}), ("Rescaling", {"scale": 2.0}),
    ("LSTM", {"units": 2, "return_sequences": True}), ("GRU", {"units": 2, "return_sequences": True}),
    ("SimpleRNN", {"units": 2, "return_sequences": True}), ("PReLU", {}), ("Identity", {}),
    ("GaussianNoise", {"stddev": 0.5}), ("GaussianDropout", {"rate": 0.5}), ("AlphaDropout", {"rate": 0.5}),
    ("ActivityRegularization", {"l1": 0.5}), ("UnitNormalization", {}), ("SpatialDropout1D", {"rate": 0.5}),
    ("GroupNormalization", {"groups": 1}), ("Normalization", {}),
]  # fmt: skip
DROP = [
    ("LSTM", {"units": 2}),
    ("GRU", {"units": 2}),
    ("SimpleRNN", {"units": 2}),
    ("GlobalAveragePooling1D", {}),
]
DROP_WITH_WARNING = [
    ("Conv1D", {"filters": 2, "kernel_size": 2}), ("MaxPooling1D", {}),
    ("AveragePooling1D", {"pool_size": 2}), ("GlobalMaxPooling1D", {}),
    ("Flatten", {}), ("Reshape", {"target_shape": (20,)}), ("Permute", {"dims": (2, 1)}),
    ("DepthwiseConv1D", {"kernel_size": 2}), ("SeparableConv1D", {"filters": 2, "kernel_size": 2}),
    ("ZeroPadding1D", {}), ("Cropping1D", {}), ("UpSampling1D", {}), ("RMSNormalization", {}),
    ("Conv1DTranspose", {"filters": 2, "kernel_size": 2}), ("Discretization", {"bin_boundaries": [0.0]}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (4, 2)}),
]  # fmt: skip
ON_IMAGES = [
    ("Conv2D", {"filters": 2, "kernel_size": 2}), ("MaxPooling2D", {}),
    ("AveragePooling2D", {"pool_size": 2}), ("GlobalMaxPooling2D", {}), ("GlobalAveragePooling2D", {}),
    ("DepthwiseConv2D", {"kernel_size": 2}), ("SeparableConv2D", {"filters": 2, "kernel_size": 2}),
    ("ZeroPadding2D", {}), ("Cropping2D", {"cropping": 1}), ("UpSampling2D", {}),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 2}), ("Resizing", {"height": 3, "width": 3}),
    ("CenterCrop", {"height": 3, "width": 3}), ("RandomCrop", {"height": 3, "width": 3}), ("RandomFlip", {}),
    ("RandomRotation", {"factor": 0.1}), ("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}),
    ("RandomZoom", {"height_factor": 0.1}), ("RandomContrast", {"factor": 0.1}), ("RandomBrightness", {"factor": 0.1}),
    *((f"Random{name}", {"factor": 0.1}) for name in ("ColorDegeneration", "Hue", "Invert", "Saturation", "Sharpness")),
    *((f"Random{name}", {}) for name in ("Erasing", "GaussianBlur", "Grayscale", "Shear")),
    ("RandomPosterization", {"factor": 3}), ("RandomColorJitter", {"hue_factor": 0.1}),
    ("AutoContrast", {}), ("Equalization", {}), ("Solarization", {}),
    ("ContrastLimitedAdaptiveHistogramEqualization", {}), ("MixUp", {}), ("CutMix", {}),
    ("RandAugment", {}), ("RandomPerspective", {}),
]  # fmt: skip
# Cells see single steps, an InputLayer and layers of tokens no mask; the others have tests below.
ELSEWHERE = {
    # Of several inputs: the walkers compare their masks, and test_merging.py and test_attention.py.
    "Add", "AdditiveAttention", "Attention", "Average", "Concatenate", "Dot", "Maximum", "Minimum",
    "GroupQueryAttention", "MultiHeadAttention", "Multiply", "Subtract",
    "SimpleRNNCell", "LSTMCell", "GRUCell", "InputLayer", "TextVectorization", "Embedding", "Masking",
    "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing", "Pipeline",
    "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CategoryEncoding",
    "Softmax", "RNN", "Bidirectional", "TimeDistributed", "StackedRNNCells", "SpectralNormalization",
    "SpatialDropout2D", "SpatialDropout3D",
    # A sequence's mask cannot come to a vector or a volume.
    "RepeatVector", "Conv3D", "MaxPooling3D", "AveragePooling3D", "ZeroPadding3D", "Cropping3D", "UpSampling3D",
    "Conv3DTranspose", "GlobalAveragePooling3D", "GlobalMaxPooling3D",
}  # fmt: skip


def test_every_layer_is_in_a_table() -> None:
    named = {name for table in (PASS, DROP, DROP_WITH_WARNING, ON_IMAGES) for name, _ in table}
    assert named | ELSEWHERE == LAYERS


def called(library: Any, name: str, arguments: dict[str, Any], x: np.ndarray) -> tuple[Any, list[str]]:
    """The result's mask, and the warnings the call gave."""
    layer = made(library, name, arguments)
    if library is keras.layers:
        inputs = backend.convert_to_tensor(x)
        backend.set_keras_mask(inputs, backend.convert_to_tensor(MASK))
    else:
        inputs = Tensor(x)
        set_mask(inputs, MASK)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        output = layer(inputs)
    mask = backend.get_keras_mask(output) if library is keras.layers else mask_of(output)
    messages = [str(w.message) for w in caught if "mask" in str(w.message)]
    return None if mask is None else np.asarray(mask), messages


@pytest.mark.parametrize("name, arguments", PASS)
def test_masks_are_passed_on(name: str, arguments: dict[str, Any]) -> None:
    for library in (tinynet.layers, keras.layers):
        mask, messages = called(library, name, arguments, X)
        np.testing.assert_array_equal(mask, MASK)
        assert not messages


@pytest.mark.parametrize("name, arguments", DROP)
def test_masks_are_used_up(name: str, arguments: dict[str, Any]) -> None:
    for library in (tinynet.layers, keras.layers):
        assert called(library, name, arguments, X) == (None, [])


@pytest.mark.parametrize(
    "name, arguments, x",
    [(*entry, X) for entry in DROP_WITH_WARNING] + [(*entry, IMAGES) for entry in ON_IMAGES],
)
def test_masks_are_dropped_with_a_warning(name: str, arguments: dict[str, Any], x: np.ndarray) -> None:
    mask, messages = called(tinynet.layers, name, arguments, x)
    assert mask is None
    assert len(messages) == 1
    assert re.match(f"{name} '.*' does not support masking", messages[0])
    mask, messages = called(keras.layers, name, arguments, x)
    assert mask is None
    assert len(messages) == 1


def test_the_warning_points_at_the_users_line() -> None:
    inputs = Tensor(X)
    set_mask(inputs, MASK)
    with pytest.warns(UserWarning, match="does not support masking") as caught:
        tinynet.layers.Flatten()(inputs)
    assert caught[0].filename == __file__


def test_embedding_makes_a_mask_of_what_is_not_zero() -> None:
    ids = np.array([[1, 0, 2], [0, 0, 0]])
    np.testing.assert_array_equal(mask_of(tinynet.layers.Embedding(3, 2, mask_zero=True)(ids)), ids != 0)
    assert mask_of(tinynet.layers.Embedding(3, 2)(ids)) is None


def test_masking_hides_steps_and_sets_them_to_zero() -> None:
    x = X.copy()
    x[0, 1] = x[2, 3] = -1
    output = tinynet.layers.Masking(-1)(x)
    expected = np.ones((3, 4), bool)
    expected[0, 1] = expected[2, 3] = False
    np.testing.assert_array_equal(mask_of(output), expected)
    np.testing.assert_array_equal(output.numpy(), np.where(expected[..., None], x, 0))


@pytest.mark.parametrize("merge_mode", ["concat", None])
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("state", [True, False])
def test_bidirectional_and_rnn(merge_mode: str | None, sequences: bool, state: bool) -> None:
    found = []
    for library in (tinynet.layers, keras.layers):
        inner = library.LSTM(2, return_sequences=sequences, return_state=state)
        wrapper = library.Bidirectional(inner, merge_mode=merge_mode)
        cell = library.RNN(library.GRUCell(2), return_sequences=sequences, return_state=state)
        for layer in (wrapper, cell):
            outputs = layer(_masked(library))
            parts = outputs if isinstance(outputs, (list, tuple)) else [outputs]
            get = mask_of if library is tinynet.layers else backend.get_keras_mask
            found.append([None if get(part) is None else np.asarray(get(part)).tolist() for part in parts])
    assert found[:2] == found[2:]
    assert (found[0][0] is not None) == sequences


def _masked(library: Any) -> Any:
    if library is keras.layers:
        inputs = backend.convert_to_tensor(X)
        backend.set_keras_mask(inputs, backend.convert_to_tensor(MASK))
    else:
        inputs = Tensor(X)
        set_mask(inputs, MASK)
    return inputs


def test_time_distributed_passes_the_mask_on() -> None:
    for library in (tinynet.layers, keras.layers):
        output = library.TimeDistributed(library.Dense(2))(_masked(library))
        get = mask_of if library is tinynet.layers else backend.get_keras_mask
        np.testing.assert_array_equal(np.asarray(get(output)), MASK)


class StepSum(tinynet.layers.Layer):
    """The sum of what its mask keeps: shows the mask it was given."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return inputs.sum(axis=-1, keepdims=True) * (0.0 if mask is None else mask[:, None])


def test_time_distributed_gives_each_step_its_mask() -> None:
    output = tinynet.layers.TimeDistributed(StepSum())(_masked(tinynet.layers))
    np.testing.assert_allclose(output.numpy()[..., 0], X.sum(axis=-1) * MASK, rtol=1e-5)


def test_spectral_normalization_leaves_the_mask_to_its_layer() -> None:
    for library in (tinynet.layers, keras.layers):
        with pytest.warns(UserWarning, match="does not support masking"):
            output = library.SpectralNormalization(library.Dense(2))(_masked(library))
        get = mask_of if library is tinynet.layers else backend.get_keras_mask
        np.testing.assert_array_equal(np.asarray(get(output)), MASK)


@pytest.mark.parametrize("name, shape", [("SpatialDropout2D", (3, 4, 5, 2)), ("SpatialDropout3D", (3, 4, 5, 2, 1))])
def test_spatial_dropout_passes_a_mask_on(name: str, shape: tuple[int, ...]) -> None:
    x = np.ones(shape, "float32")
    for library in (tinynet.layers, keras.layers):
        mask, messages = called(library, name, {"rate": 0.5}, x)
        np.testing.assert_array_equal(mask, MASK)
        assert not messages


def test_softmax_hides_what_its_mask_hides() -> None:
    mask = np.random.default_rng(1).random(X.shape) < 0.5
    found = tinynet.layers.Softmax()(X, mask=mask)
    expected = keras.layers.Softmax()(X, mask=mask)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5)
    assert not found.numpy()[~mask].any()
    with pytest.raises(ShapeError, match=r"Softmax 'softmax.*mask of shape \(3, 4\) does not broadcast"):
        tinynet.layers.Softmax()(_masked(tinynet.layers))


def test_a_mask_passed_by_hand_counts_and_goes_on() -> None:
    for library in (tinynet.layers, keras.layers):
        x = Tensor(X) if library is tinynet.layers else backend.convert_to_tensor(X)
        mask = MASK if library is tinynet.layers else backend.convert_to_tensor(MASK)
        output = library.LSTM(2, return_sequences=True)(x, mask=mask)
        get = mask_of if library is tinynet.layers else backend.get_keras_mask
        np.testing.assert_array_equal(np.asarray(get(output)), MASK)


def test_operations_start_without_masks() -> None:
    output = tinynet.layers.Dense(2)(_masked(tinynet.layers))
    assert mask_of(output) is not None
    assert mask_of(output * 2) is None


def test_masks_reach_the_next_layers_through_a_cast() -> None:
    output = tinynet.layers.Dense(2)(_masked(tinynet.layers))
    wide = tinynet.layers.LSTM(2, return_sequences=True, dtype="float64")(output)
    assert wide.dtype == np.float64
    np.testing.assert_array_equal(mask_of(wide), MASK)
