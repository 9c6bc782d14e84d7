"""What each layer may be given, as hypothesis strategies: one entry for each class of the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from keras_oracle import Case, Inner

STRATEGIES: dict[str, Callable[[str], st.SearchStrategy[Case]]] = {}

ACTIVATIONS = [
    None, "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish",
    "hard_silu", "hard_swish", "hard_sigmoid", "sigmoid", "log_sigmoid", "hard_tanh", "tanh", "tanh_shrink",
    "hard_shrink", "soft_shrink", "softplus", "softsign", "squareplus", "sparse_plus", "sparse_sigmoid",
    "softmax", "log_softmax", "exponential", "mish",
]  # fmt: skip
BOUNDED = ["tanh", "sigmoid", "softsign", "hard_sigmoid", "relu6", "linear"]
INITIALIZERS = [
    "glorot_uniform", "he_normal", "zeros", "random_normal", "orthogonal",
    {"module": "keras.initializers", "class_name": "VarianceScaling", "registered_name": None,
     "config": {"scale": 0.5, "mode": "fan_out", "distribution": "uniform", "seed": 3}},
]  # fmt: skip
REGULARIZERS = [
    None, "l2",
    {"module": "keras.regularizers", "class_name": "L1L2", "registered_name": None,
     "config": {"l1": 0.25, "l2": 0.5}},
]  # fmt: skip
CONSTRAINTS = [
    None, "non_neg",
    {"module": "keras.constraints", "class_name": "MaxNorm", "registered_name": None,
     "config": {"max_value": 3, "axis": 0}},
]  # fmt: skip

sizes = st.integers(1, 5)
batches = st.integers(1, 4)
flags = st.booleans()
seeds = st.integers(0, 2**32 - 1)


def entry(*names: str) -> Callable[[Any], Any]:
    """Registers a strategy, made from the class's name, for the classes of these names."""

    def register(strategy: Callable[[str], st.SearchStrategy[Case]]) -> Any:
        STRATEGIES.update(dict.fromkeys(names, strategy))
        return strategy

    return register


def cases(class_name: str) -> st.SearchStrategy[Case]:
    """Examples of a layer and a call of it."""
    return STRATEGIES[class_name](class_name)


def finished(draw: st.DrawFn, class_name: str, arguments: dict[str, Any], shape: Any, **given: Any) -> Case:
    """The case with its inputs drawn and, now and then, the arguments all layers share."""
    if draw(st.integers(0, 3)) == 0:
        arguments = {**arguments, "name": draw(st.sampled_from(["one", "my_layer"]))}
        if not class_name.startswith("SpatialDropout"):  # which Keras does not let be frozen
            arguments["trainable"] = draw(flags)
    inputs = given.pop("inputs", None)
    if inputs is None:
        inputs = numbers(draw, shape)
    return Case(class_name, arguments, inputs, weights_seed=draw(seeds), **given)


def numbers(draw: st.DrawFn, shape: Any, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return np.random.default_rng(draw(seeds)).uniform(low, high, tuple(shape)).astype("float32")


def masks(draw: st.DrawFn, shape: Any) -> np.ndarray:
    """Truth values; now and then with rows that are masked throughout, or not at all."""
    generator = np.random.default_rng(draw(seeds))
    mask = generator.random(tuple(shape)) < draw(st.sampled_from([0.4, 0.8]))
    if draw(st.integers(0, 3)) == 0:
        mask[0] = draw(flags)
    return mask


def maybe_mask(draw: st.DrawFn, shape: Any) -> np.ndarray | None:
    return masks(draw, shape) if draw(flags) else None


def extras(draw: st.DrawFn, *weights: str, activity: bool = True) -> dict[str, Any]:
    """Initializers, regularizers and constraints for some of the named weights."""
    choices = {"initializer": INITIALIZERS, "regularizer": REGULARIZERS, "constraint": CONSTRAINTS}
    chosen: dict[str, Any] = {}
    if draw(st.integers(0, 2)):
        return chosen
    for weight in weights:
        kind = draw(st.sampled_from(list(choices)))
        known = choices[kind]
        if kind == "initializer" and "kernel" not in weight:
            known = ["zeros", "ones", "random_uniform"]
        chosen[f"{weight}_{kind}"] = draw(st.sampled_from(known))
    if activity:
        chosen["activity_regularizer"] = draw(st.sampled_from(REGULARIZERS))
    return chosen


def shapes(draw: st.DrawFn, low: int = 2, high: int = 4) -> tuple[int, ...]:
    """(N, …) of `low` to `high` axes."""
    rank = draw(st.integers(low, high))
    return (draw(batches), *(draw(sizes) for _ in range(rank - 1)))


@entry("Dense")
@st.composite
def dense(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    arguments = {
        "units": draw(sizes), "activation": draw(st.sampled_from(ACTIVATIONS)), "use_bias": draw(flags),
        **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    mask = masks(draw, shape[:2]) if len(shape) == 3 and draw(flags) else None
    return finished(draw, name, arguments, shape, mask=mask)


@entry("Activation")
@st.composite
def activation(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    mask = maybe_mask(draw, shape[:2]) if len(shape) > 2 else None
    chosen = draw(st.sampled_from([a for a in ACTIVATIONS if a] + ["glu", "sparsemax"]))
    if chosen == "glu":
        shape = (*shape[:-1], 2 * shape[-1])
    return finished(draw, name, {"activation": chosen}, shape, mask=mask)


@entry("InputLayer")
@st.composite
def input_layer(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    arguments: dict[str, Any] = {"shape": shape[1:]}
    form = draw(st.sampled_from(["shape", "batch_size", "batch_shape", "unknown"]))
    if form == "batch_size":
        arguments["batch_size"] = shape[0]
    elif form == "batch_shape":
        arguments = {"batch_shape": draw(st.sampled_from([shape, (None, *shape[1:])]))}
    elif form == "unknown":
        arguments["shape"] = (None, *shape[2:])
    if draw(flags):
        arguments["dtype"] = draw(st.sampled_from(["float32", "float64", "int32", "int64", "uint8", "bool"]))
    return Case(name, arguments, numbers(draw, shape))


@entry("Embedding")
@st.composite
def embedding(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 1, 3)
    count = draw(st.integers(1, 9))
    generator = np.random.default_rng(draw(seeds))
    # Keras counts negative numbers from the end, once.
    low = draw(st.sampled_from([0, 0, -count]))
    ids = generator.integers(low, count, shape).astype(
        draw(st.sampled_from(["int32", "int64", "float32", "uint8"]))
    )
    if ids.dtype.kind == "u":
        ids %= count
    if ids.dtype.kind == "f":
        ids += np.where(ids >= 0, generator.uniform(0, 0.9, shape), 0).astype("float32")
    arguments = {
        "input_dim": count, "output_dim": draw(sizes), "mask_zero": draw(flags), **extras(draw, "embeddings"),
    }  # fmt: skip
    return finished(draw, name, arguments, shape, inputs=ids)


@entry("Masking")
@st.composite
def masking(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 3, 4)
    inputs = numbers(draw, shape)
    value = draw(st.sampled_from([0.0, -1.0, 3]))
    inputs[masks(draw, shape[:2])] = value
    return finished(draw, name, {"mask_value": value}, shape, inputs=inputs, mask=maybe_mask(draw, shape[:2]))


@entry("ReLU")
@st.composite
def relu(draw: st.DrawFn, name: str) -> Case:
    choices = {"max_value": [None, 1.0, 6, 0.5], "negative_slope": [0.0, 0.1, 2], "threshold": [0.0, 0.5, 1]}
    arguments = {key: draw(st.sampled_from(values)) for key, values in choices.items() if draw(flags)}
    shape = shapes(draw)
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("LeakyReLU")
@st.composite
def leaky_relu(draw: st.DrawFn, name: str) -> Case:
    key = draw(st.sampled_from(["negative_slope", "alpha"]))
    arguments = {key: draw(st.sampled_from([0.0, 0.01, 0.5, 1]))} if draw(flags) else {}
    shape = shapes(draw)
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("ELU")
@st.composite
def elu(draw: st.DrawFn, name: str) -> Case:
    arguments = {"alpha": draw(st.sampled_from([0.5, 1, 2.0]))} if draw(flags) else {}
    shape = shapes(draw)
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("PReLU")
@st.composite
def prelu(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    arguments = extras(draw, "alpha", activity=False)
    if draw(flags):
        shared = draw(st.lists(st.integers(1, len(shape) - 1), min_size=1, max_size=2, unique=True))
        arguments["shared_axes"] = shared[0] if len(shared) == 1 and draw(flags) else shared
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("Identity")
@st.composite
def identity(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 1, 4)
    return finished(draw, name, {}, shape, mask=maybe_mask(draw, shape[:2]))


@entry("GaussianNoise", "GaussianDropout", "AlphaDropout")
@st.composite
def noise(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    amount = draw(st.sampled_from([0, 0.0, 0.25, 0.5]))
    arguments: dict[str, Any] = {"stddev" if name == "GaussianNoise" else "rate": amount}
    if draw(flags):
        arguments["seed"] = draw(st.sampled_from([None, 0, 7]))
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("ActivityRegularization")
@st.composite
def activity_regularization(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    arguments = {key: draw(st.sampled_from([0.0, 0.25, 1.5])) for key in ("l1", "l2") if draw(flags)}
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("UnitNormalization")
@st.composite
def unit_normalization(draw: st.DrawFn, name: str) -> Case:
    shape = tuple(n + 1 for n in shapes(draw))  # a single element has no derivative but rounding
    axis = draw(st.one_of(
        st.integers(-len(shape), len(shape) - 1),
        st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=2, unique=True),
    ))  # fmt: skip
    return finished(draw, name, {"axis": axis}, shape, mask=maybe_mask(draw, shape[:2]))


@entry("Softmax")
@st.composite
def softmax(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    rank = len(shape)
    axis = draw(st.one_of(
        st.just(-1),
        st.integers(-rank, rank - 1),
        st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True),
    ))  # fmt: skip
    mask = maybe_mask(draw, shape)
    return finished(draw, name, {"axis": axis}, shape, mask=mask)


@entry("Conv1D", "Conv2D", "Conv3D")
@st.composite
def convolution(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[4])
    # TensorFlow has no groups and no dilation for volumes on a CPU.
    groups = draw(st.sampled_from([1, 1, 2, 3])) if rank < 3 else 1
    channels, filters = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    strides = [1] * rank
    dilation = [1] * rank
    choice = draw(st.sampled_from(["plain", "strides", "dilation"][: 3 if rank < 3 else 2]))
    if choice == "strides":
        # With volumes in float64 TensorFlow starts in the wrong place where a stride skips inputs.
        strides = [draw(st.integers(1, 3 if rank < 3 else min(k, 3))) for k in kernel]
    elif choice == "dilation":
        dilation = [draw(st.integers(1, 3)) for _ in range(rank)]
    padding = draw(st.sampled_from(["valid", "same", "causal"] if rank == 1 else ["valid", "same"]))
    spatial = [(k - 1) * d + draw(st.integers(1, 5)) for k, d in zip(kernel, dilation, strict=True)]
    if padding != "valid":
        spatial = [draw(st.integers(1, 8)) for _ in range(rank)]
    arguments: dict[str, Any] = {
        "filters": filters, "kernel_size": one_or_all(draw, kernel), "strides": one_or_all(draw, strides),
        "padding": padding, "dilation_rate": one_or_all(draw, dilation), "groups": groups,
        "use_bias": draw(flags), "activation": draw(st.sampled_from([None, "relu", "tanh", "softmax"])),
        **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    first = draw(flags)
    if draw(flags) or first:
        arguments["data_format"] = "channels_first" if first else "channels_last"
    shape = (draw(batches), channels, *spatial) if first else (draw(batches), *spatial, channels)
    return finished(draw, name, arguments, shape, keras_moves_channels=first)


@entry("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
@st.composite
def transposed(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[4])
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    strides, dilation = [1] * rank, [1] * rank
    choice = draw(st.sampled_from(["plain", "strides", "dilation"]))
    if choice == "strides":
        # Where a stride skips outputs of a volume, TensorFlow puts zeros in the wrong place in float64.
        strides = [draw(st.integers(1, 3 if rank < 3 else min(k, 3))) for k in kernel]
    elif choice == "dilation":
        dilation = [draw(st.integers(1, 3)) for _ in range(rank)]
    padding = draw(st.sampled_from(["valid", "same"]))
    arguments: dict[str, Any] = {
        "filters": draw(st.integers(1, 3)), "kernel_size": one_or_all(draw, kernel),
        "strides": one_or_all(draw, strides), "padding": padding, "dilation_rate": one_or_all(draw, dilation),
        "use_bias": draw(flags), "activation": draw(st.sampled_from([None, "relu", "tanh", "softmax"])),
        **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    least = [1 if padding == "same" and r % 2 == 0 else 0 for r in reach]  # below, no size leads back
    if draw(flags) and all(p < s for p, s in zip(least, strides, strict=True)):
        arguments["output_padding"] = one_or_all(
            draw, [draw(st.integers(p, s - 1)) for p, s in zip(least, strides, strict=True)]
        )
    spatial = [draw(st.integers(1, 4)) for _ in range(rank)]
    first = draw(flags)
    if draw(flags) or first:
        arguments["data_format"] = "channels_first" if first else "channels_last"
    channels = draw(st.integers(1, 3))
    shape = (draw(batches), channels, *spatial) if first else (draw(batches), *spatial, channels)
    return finished(draw, name, arguments, shape, keras_moves_channels=first)


@entry("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
@st.composite
def channel_by_channel(draw: st.DrawFn, name: str) -> Case:
    rank, separable = int(name[-2]), name.startswith("Separable")
    kernel = [draw(st.integers(1, 3)) for _ in range(rank)]
    # TensorFlow takes equal strides only, and either strides or dilation.
    strides, dilation = 1, 1
    choice = draw(st.sampled_from(["plain", "strides", "dilation"]))
    if choice == "strides":
        strides = draw(st.integers(1, 3))
    elif choice == "dilation":
        dilation = draw(st.integers(1, 3))
    arguments: dict[str, Any] = {
        "kernel_size": one_or_all(draw, kernel), "strides": strides, "dilation_rate": dilation,
        "padding": draw(st.sampled_from(["valid", "same"])), "depth_multiplier": draw(st.integers(1, 3)),
        "use_bias": draw(flags), "activation": draw(st.sampled_from([None, "relu", "tanh"])),
        **extras(draw, "depthwise", "bias"),
    }  # fmt: skip
    if separable:
        arguments["filters"] = draw(sizes)
    spatial = [(k - 1) * dilation + draw(st.integers(1, 4)) for k in kernel]
    first = draw(flags)
    arguments["data_format"] = "channels_first" if first else "channels_last"
    channels = draw(st.integers(1, 3))
    shape = (draw(batches), channels, *spatial) if first else (draw(batches), *spatial, channels)
    return finished(draw, name, arguments, shape, keras_moves_channels=first)


def one_or_all(draw: st.DrawFn, values: list[int]) -> Any:
    """Numbers for all axes as one number, where they are the same and it is so drawn."""
    return values[0] if len(set(values)) == 1 and draw(flags) else tuple(values)


@entry(
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
)  # fmt: skip
@st.composite
def pooling(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[-2])
    window = [draw(st.integers(1, 4)) for _ in range(rank)]
    padding = draw(st.sampled_from(["valid", "same"]))
    arguments: dict[str, Any] = {"pool_size": one_or_all(draw, window), "padding": padding}
    if draw(flags):
        arguments["strides"] = one_or_all(draw, [draw(st.integers(1, 4)) for _ in range(rank)])
    spatial = [draw(st.integers(k if padding == "valid" else 1, k + 5)) for k in window]
    return finished(draw, name, arguments, *placed(draw, arguments, spatial))


def placed(draw: st.DrawFn, arguments: dict[str, Any], spatial: list[int]) -> tuple[tuple[int, ...]]:
    """The shape of images or sequences, after choosing where their channels are."""
    batch, channels = draw(batches), draw(sizes)
    order = draw(st.sampled_from([None, "channels_last", "channels_first"]))
    if order is not None:
        arguments["data_format"] = order
    return ((batch, channels, *spatial) if order == "channels_first" else (batch, *spatial, channels),)


@entry(
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalMaxPooling3D",
)  # fmt: skip
@st.composite
def global_pooling(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[-2])
    arguments = {"keepdims": draw(flags)} if draw(flags) else {}
    spatial = [draw(sizes) for _ in range(rank)]
    (shape,) = placed(draw, arguments, spatial)
    first = arguments.get("data_format") == "channels_first"
    mask = maybe_mask(draw, (shape[0], shape[2] if first else shape[1])) if rank == 1 else None
    return finished(draw, name, arguments, shape, mask=mask)


@entry("Flatten")
@st.composite
def flatten(draw: st.DrawFn, name: str) -> Case:
    arguments = {}
    if draw(flags):
        arguments["data_format"] = draw(st.sampled_from(["channels_last", "channels_first"]))
    shape = shapes(draw, 1, 5)
    return finished(draw, name, arguments, shape)


@entry("Reshape")
@st.composite
def reshape(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 1, 4)
    target = draw(st.permutations(shape[1:]))
    if len(target) > 1 and draw(flags):
        target = [target[0] * target[1], *target[2:]]
    if draw(flags):
        target = [*target, 1]
    if target and draw(flags):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return finished(draw, name, {"target_shape": tuple(target)}, shape)


@entry("Permute")
@st.composite
def permute(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    dims = draw(st.permutations(range(1, len(shape))))
    return finished(draw, name, {"dims": draw(st.sampled_from([tuple(dims), list(dims)]))}, shape)


@entry("RepeatVector")
@st.composite
def repeat_vector(draw: st.DrawFn, name: str) -> Case:
    return finished(draw, name, {"n": draw(sizes)}, shapes(draw, 2, 2))


@entry("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D")
@st.composite
def margins(draw: st.DrawFn, name: str) -> Case:
    rank, key = int(name[-2]), "cropping" if name.startswith("Cropping") else "padding"
    pairs = [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(rank)]
    form = draw(st.sampled_from(["pairs", "an axis", "one", "default"]))
    if form == "an axis" and rank > 1:
        pairs = [(before, before) for before, _ in pairs]
        value: Any = tuple(before for before, _ in pairs)
    elif form == "one":
        pairs = [(pairs[0][0],) * 2] * rank
        value = pairs[0][0]
    else:
        value = tuple(pairs) if rank > 1 else pairs[0]
    arguments = {} if form == "default" else {key: value}
    if form == "default":
        pairs = [(1, 1)] * rank
    spatial = [draw(sizes) + (sum(pair) if key == "cropping" else 0) for pair in pairs]
    if name == "Cropping1D":  # without data_format
        return finished(draw, name, arguments, (draw(batches), *spatial, draw(sizes)))
    return finished(draw, name, arguments, *placed(draw, arguments, spatial))


@entry("UpSampling1D", "UpSampling2D", "UpSampling3D")
@st.composite
def up_sampling(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[-2])
    size = [draw(st.integers(1, 3)) for _ in range(rank)]
    arguments: dict[str, Any] = {"size": size[0] if rank == 1 else one_or_all(draw, size)}
    spatial = [draw(sizes) for _ in range(rank)]
    if rank == 1:
        return finished(draw, name, arguments, (draw(batches), *spatial, draw(sizes)))
    if rank == 2:
        arguments["interpolation"] = draw(st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]))
    return finished(draw, name, arguments, *placed(draw, arguments, spatial))


def images(draw: st.DrawFn, arguments: dict[str, Any], kinds: list[str]) -> np.ndarray:
    """A batch of images, or now and then a single one, after choosing where their channels are."""
    (shape,) = placed(draw, arguments, [draw(st.integers(1, 9)), draw(st.integers(1, 9))])
    if draw(st.integers(0, 3)) == 0:
        shape = shape[1:]
    return np.random.default_rng(draw(seeds)).uniform(0, 255, shape).astype(draw(st.sampled_from(kinds)))


def side(draw: st.DrawFn) -> int:
    return draw(st.integers(1, 9))


@entry("Resizing")
@st.composite
def resizing(draw: st.DrawFn, name: str) -> Case:
    interpolations = ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5"]
    arguments: dict[str, Any] = {"height": side(draw), "width": side(draw)}
    if draw(flags):
        arguments["interpolation"] = draw(st.sampled_from(interpolations))
    if draw(flags):
        arguments["antialias"] = draw(flags)
    if draw(flags):
        arguments[draw(st.sampled_from(["crop_to_aspect_ratio", "pad_to_aspect_ratio"]))] = draw(flags)
    inputs = images(draw, arguments, ["float32", "float32", "uint8", "int32"])
    if draw(flags) or (inputs.dtype.kind != "f" and arguments.get("pad_to_aspect_ratio")):
        arguments["fill_value"] = draw(st.sampled_from([0, 7]))  # Keras fails for 0.0 beside integers
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("CenterCrop")
@st.composite
def center_crop(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {"height": side(draw), "width": side(draw)}
    inputs = images(draw, arguments, ["float32", "uint8", "int32", "bool"])
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("RandomCrop", "RandomFlip", "RandomBrightness", "RandomContrast")
@st.composite
def augmentation(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {"seed": draw(st.sampled_from([0, 7]))}
    if name == "RandomCrop":
        arguments.update(height=side(draw), width=side(draw))
    elif name == "RandomFlip":
        if draw(flags):
            arguments["mode"] = draw(st.sampled_from(["horizontal", "vertical", "horizontal_and_vertical"]))
    else:
        lowest = -1.0 if name == "RandomBrightness" else 0.0
        arguments["factor"] = factor(draw, lowest)
        if draw(flags):
            arguments["value_range"] = draw(st.sampled_from([(0, 255), [0.0, 1.0], (-1, 1)]))
    inputs = images(draw, arguments, ["float32", "uint8", "int32"])
    return finished(draw, name, arguments, inputs.shape, inputs=inputs, call={"training": False})


def factor(draw: st.DrawFn, lowest: float) -> Any:
    """One number, or two in any order."""
    numbers_ = st.floats(lowest, 1, width=32).map(lambda f: round(f, 3))
    return draw(st.one_of(numbers_, st.tuples(numbers_, numbers_), st.just(0)))


@entry("RandomRotation", "RandomTranslation", "RandomZoom")
@st.composite
def affine_augmentation(draw: st.DrawFn, name: str) -> Case:
    lowest = -0.5 if name == "RandomZoom" else -1.0
    arguments: dict[str, Any] = {"seed": draw(st.sampled_from([None, 0, 7]))}
    if name == "RandomRotation":
        arguments["factor"] = factor(draw, lowest)
    else:
        arguments["height_factor"] = factor(draw, lowest)
    if name == "RandomTranslation" or (name == "RandomZoom" and draw(flags)):
        arguments["width_factor"] = factor(draw, lowest)
    if draw(flags):
        arguments["fill_mode"] = draw(st.sampled_from(["reflect", "constant", "wrap", "nearest"]))
    if draw(flags):
        arguments["fill_value"] = draw(st.sampled_from([0, 1.5]))
    if draw(flags):
        arguments["interpolation"] = draw(st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]))
    inputs = images(draw, arguments, ["float32", "uint8", "int32"])
    return finished(draw, name, arguments, inputs.shape, inputs=inputs, call={"training": False})


def colored(draw: st.DrawFn, arguments: dict[str, Any], kinds: list[str], lowest: int = 1) -> np.ndarray:
    """Images of three channels with values from 0 to 255, after choosing where the channels are."""
    order = draw(st.sampled_from([None, "channels_last", "channels_first"]))
    if order is not None:
        arguments["data_format"] = order
    spatial = [draw(st.integers(lowest, 9)), draw(st.integers(lowest, 9))]
    shape = [3, *spatial] if order == "channels_first" else [*spatial, 3]
    if draw(st.integers(0, 3)):
        shape = [draw(batches), *shape]
    return np.random.default_rng(draw(seeds)).uniform(0, 255, shape).astype(draw(st.sampled_from(kinds)))


COLORS = {
    "RandomColorDegeneration": -1, "RandomHue": 0, "RandomSaturation": -1, "RandomInvert": 0, "RandomSharpness": 0,
    "RandomGaussianBlur": 0,
}  # fmt: skip


@entry(*COLORS, "RandomGrayscale", "RandomPosterization", "RandomColorJitter")
@st.composite
def color_augmentation(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {"seed": draw(st.sampled_from([0, 7]))}
    if name == "RandomGrayscale":
        arguments = {"factor": draw(st.sampled_from([0, 0.5, 1]))}  # Keras forgets its seed
    elif name == "RandomPosterization":
        arguments["factor"] = draw(st.sampled_from([1, 5, 8, (3, 3), (2, 7)]))
    elif name == "RandomColorJitter":
        for kind in ("brightness", "contrast", "saturation", "hue"):
            if draw(flags):
                arguments[f"{kind}_factor"] = factor(draw, 0.0)
    else:
        arguments["factor"] = factor(draw, COLORS[name])
    if name == "RandomGaussianBlur":
        arguments["kernel_size"] = draw(st.sampled_from([1, 3, (3, 5)]))
        arguments["sigma"] = draw(st.sampled_from([0.5, 1.0, (0.25, 0.5)]))
    if name != "RandomGrayscale" and draw(flags):
        arguments["value_range"] = draw(st.sampled_from([(0, 255), [0.0, 256.0], (-1, 300)]))
    inputs = colored(draw, arguments, ["float32", "float32", "uint8", "int32"])
    if name == "RandomColorJitter" and arguments.pop("data_format", None) == "channels_first":
        inputs = np.moveaxis(inputs, -3, -1)  # Keras looks for them where the global setting says
    return finished(draw, name, arguments, inputs.shape, inputs=inputs, call={"training": False})


@entry("Solarization", "AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization")
@st.composite
def histograms(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {}
    if draw(flags):
        arguments["value_range"] = draw(st.sampled_from([(0, 255), [-1.0, 300.0]]))
    kinds = ["float32", "float32", "uint8"]
    if name == "Solarization":
        arguments["seed"] = draw(st.sampled_from([0, 7]))
        for kind in ("addition_factor", "threshold_factor"):
            if draw(flags):
                arguments[kind] = factor(draw, 0.0)
    elif name == "Equalization":
        arguments["bins"] = draw(st.sampled_from([2, 16, 256]))
    elif name != "AutoContrast":
        arguments["tile_grid_size"] = draw(st.sampled_from([(1, 1), (2, 3), (4, 2)]))
        arguments["clip_limit"] = draw(st.sampled_from([0, 1.0, 4.0]))
    acts = name in ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization")
    # Where all values are equal, Keras's derivative is no number; and integers are cut off after rounding errors.
    inputs = colored(draw, arguments, ["float32"] if acts else kinds, lowest=2 if acts else 1)
    return finished(
        draw, name, arguments, inputs.shape, inputs=inputs, call={} if acts else {"training": False}
    )


@entry("MixUp", "CutMix", "RandomErasing", "RandAugment", "RandomShear", "RandomPerspective")
@st.composite
def mixing(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {"seed": draw(st.sampled_from([0, 7]))}
    if name == "MixUp":
        arguments["alpha"] = draw(st.sampled_from([0.2, 1.0]))
    elif name == "RandomShear":
        # Of a single number Keras writes a pair that it cannot read.
        arguments.update(x_factor=draw(st.sampled_from([(0, 0.5), (0.25, 1)])), y_factor=draw(st.just((0, 1))))
        arguments["fill_mode"] = draw(st.sampled_from(["reflect", "constant", "wrap", "nearest"]))
    else:
        arguments["factor"] = factor(draw, 0.0)
    if name == "RandomErasing":
        arguments.update(scale=factor(draw, 0.0), fill_value=draw(st.sampled_from([None, 7.0])))
    if name in ("RandomErasing", "RandAugment") and draw(flags):
        arguments["value_range"] = draw(st.sampled_from([(0, 255), (0, 200)]))
    if name == "RandomPerspective":
        arguments["scale"] = draw(st.sampled_from([0.25, 0.5]))
    if name in ("RandomShear", "RandomPerspective", "RandAugment"):
        arguments["interpolation"] = draw(st.sampled_from(["nearest", "bilinear"]))
    inputs = colored(draw, arguments, ["float32", "uint8"], lowest=2)  # one pixel wide there is no perspective
    return finished(draw, name, arguments, inputs.shape, inputs=inputs, call={"training": False})


@entry("Rescaling")
@st.composite
def rescaling(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    generator = np.random.default_rng(draw(seeds))
    scale = draw(st.sampled_from([2, 1 / 255, -0.5, generator.uniform(0.5, 2, shape[-1]).round(3).tolist()]))
    arguments: dict[str, Any] = {"scale": scale}
    if draw(flags):
        arguments["offset"] = draw(
            st.sampled_from([0.5, -1, generator.uniform(-1, 1, shape[-1]).round(3).tolist()])
        )
    kind = draw(st.sampled_from(["float32", "uint8", "int32"]))
    inputs = generator.uniform(0, 255, shape).astype(kind)
    return finished(draw, name, arguments, shape, inputs=inputs, mask=maybe_mask(draw, shape[:2]))


@entry("Dropout")
@st.composite
def dropout(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    arguments: dict[str, Any] = {"rate": draw(st.sampled_from([0, 0.0, 0.25, 0.5, 1]))}
    if draw(flags):
        arguments["seed"] = draw(st.sampled_from([None, 0, 7]))
    if draw(flags):
        arguments["noise_shape"] = tuple(draw(st.sampled_from([None, 1, n])) for n in shape)
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
@st.composite
def spatial_dropout(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[-2])
    arguments: dict[str, Any] = {"rate": draw(st.sampled_from([0, 0.0, 0.25, 0.5, 1]))}
    if draw(flags):
        arguments["seed"] = draw(st.sampled_from([None, 0, 7]))
    if draw(flags):
        arguments["dtype"] = "float32"
    if rank > 1:
        return finished(draw, name, arguments, *placed(draw, arguments, [draw(sizes) for _ in range(rank)]))
    shape = (draw(batches), draw(sizes), draw(sizes))
    return finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))


@entry("GroupNormalization")
@st.composite
def group_normalization(draw: st.DrawFn, name: str) -> Case:
    shape = list(shapes(draw, 2, 5))
    axis = draw(st.one_of(st.just(-1), st.integers(1, len(shape) - 1), st.integers(1 - len(shape), -1)))
    groups = draw(st.integers(1, 3))
    shape[axis] = groups * (1 + draw(st.integers(1, 3)))  # a single element has no derivative but rounding
    arguments = {
        "groups": draw(st.sampled_from([groups, groups, -1])), "axis": axis, "center": draw(flags),
        "scale": draw(flags),
    }  # fmt: skip
    if draw(flags):
        arguments["epsilon"] = draw(st.sampled_from([1e-2, 0.1]))
    arguments.update(extras(draw, "beta", "gamma", activity=False))
    mask = maybe_mask(draw, shape[:2]) if len(shape) == 3 else None
    return finished(draw, name, arguments, shape, mask=mask)


@entry("RMSNormalization")
@st.composite
def rms_normalization(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 2, 4)
    rank = len(shape)
    # Keras spreads the scale along the last axes: it fits where axis names these, or all sizes are one.
    first = draw(st.integers(1, rank - 1))
    axis: Any = draw(st.sampled_from([list(range(first, rank)), list(range(first - rank, 0))]))
    if len(axis) == 1 and draw(flags):
        axis = axis[0]
    if draw(st.integers(0, 3)) == 0:
        shape, axis = (shape[0], *(shape[1],) * (rank - 1)), first
    arguments = {"axis": axis} if draw(flags) or axis != -1 else {}
    if draw(flags):
        arguments["epsilon"] = draw(st.sampled_from([1e-2, 0.1]))
    return finished(draw, name, arguments, shape)


@entry("Normalization")
@st.composite
def normalization(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 2, 4)
    rank = len(shape)
    several = st.lists(st.integers(1, rank - 1), min_size=1, unique=True).flatmap(
        lambda axes: st.tuples(*(st.sampled_from([a, a - rank]) for a in axes))
    )
    axis = draw(st.one_of(st.just(-1), st.just(None), st.integers(1, rank - 1), several))
    arguments: dict[str, Any] = {"axis": axis, "invert": draw(flags)}
    if draw(flags):
        kept = [shape[a] for a in sorted(a % rank for a in _axes(axis))]
        given = kept[draw(st.integers(0, len(kept))) :]
        arguments["mean"] = numbers(draw, given).round(3).tolist()
        arguments["variance"] = numbers(draw, given, 0.2, 3).round(3).tolist()
    kind = draw(st.sampled_from(["float32", "float32", "int32"]))
    inputs = numbers(draw, shape, -9, 9).astype(kind)
    return finished(draw, name, arguments, shape, inputs=inputs, mask=maybe_mask(draw, shape[:2]))


def _axes(axis: Any) -> tuple[int, ...]:
    return () if axis is None else axis if isinstance(axis, tuple) else (axis,)


@entry("SpectralNormalization")
@st.composite
def spectral_normalization(draw: st.DrawFn, name: str) -> Case:
    inner_name = draw(st.sampled_from(["Dense", "Conv1D", "Embedding"]))
    shape: tuple[int, ...] = (draw(batches), draw(st.integers(2, 4)), draw(sizes))
    inner: dict[str, Any] = {
        "Dense": {"units": 3, "activation": "relu"}, "Conv1D": {"filters": 2, "kernel_size": 2},
        "Embedding": {"input_dim": 5, "output_dim": 3},
    }[inner_name]  # fmt: skip
    arguments: dict[str, Any] = {"layer": Inner(inner_name, inner)}
    if draw(flags):
        arguments["power_iterations"] = draw(st.integers(1, 3))
    inputs = None
    if inner_name == "Embedding":
        inputs = np.random.default_rng(draw(seeds)).integers(0, 5, shape[:2]).astype("float32")
    mask = maybe_mask(draw, shape[:2]) if inner_name == "Dense" else None
    return finished(draw, name, arguments, shape, inputs=inputs, mask=mask)


@entry("BatchNormalization")
@st.composite
def batch_normalization(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 2, 5)
    axis = draw(st.one_of(st.just(-1), st.integers(1, len(shape) - 1), st.integers(-len(shape) + 1, -1)))
    arguments = {"axis": axis, "center": draw(flags), "scale": draw(flags)}
    if draw(flags):
        arguments.update(
            momentum=draw(st.sampled_from([0.0, 0.5, 0.9])), epsilon=draw(st.sampled_from([1e-5, 0.1]))
        )
    arguments.update(extras(draw, "beta", "gamma", activity=False))
    mask = maybe_mask(draw, shape[:2]) if len(shape) == 3 else None
    return finished(draw, name, arguments, shape, mask=mask)


@entry("LayerNormalization")
@st.composite
def layer_normalization(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw, 2, 4)
    rank = len(shape)
    # In any order, from the front or from the end.
    several = st.lists(st.integers(1, rank - 1), min_size=1, max_size=rank - 1, unique=True).flatmap(
        lambda axes: st.tuples(*(st.sampled_from([a, a - rank]) for a in axes)).map(list)
    )
    axis = draw(st.one_of(st.just(-1), st.integers(1, rank - 1), several))
    arguments = {"axis": axis, "center": draw(flags), "scale": draw(flags)}
    if draw(flags):
        arguments["epsilon"] = draw(st.sampled_from([1e-2, 0.1]))
    arguments.update(extras(draw, "beta", "gamma", activity=False))
    mask = maybe_mask(draw, shape[:2]) if rank == 3 else None
    return finished(draw, name, arguments, shape, mask=mask)


def cell_arguments(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Arguments of a cell, which its layer shares. Dropout has no effect outside training."""
    arguments: dict[str, Any] = {"units": draw(st.integers(1, 4))}
    if draw(flags):
        arguments["activation"] = draw(st.sampled_from(BOUNDED))
    if draw(flags):
        arguments["use_bias"] = draw(flags)
    if draw(st.integers(0, 3)) == 0:
        arguments.update(dropout=0.25, recurrent_dropout=draw(st.sampled_from([0.0, 0.5])), seed=3)
    if not name.startswith("SimpleRNN") and draw(flags):
        arguments["recurrent_activation"] = draw(st.sampled_from(["sigmoid", "hard_sigmoid", "tanh"]))
    if name.startswith("LSTM") and draw(flags):
        arguments["unit_forget_bias"] = draw(flags)
    if name.startswith("GRU"):
        arguments["reset_after"] = draw(flags)
    # Keras's SimpleRNN takes an activity regularizer and forgets it; tinynet's uses it.
    activity = not name.endswith("Cell") and name != "SimpleRNN"
    return {**arguments, **extras(draw, "kernel", "recurrent_kernel", "bias", activity=activity)}


def renamed(arguments: dict[str, Any]) -> dict[str, Any]:
    """Keras calls what belongs to the recurrent kernel recurrent_initializer and so on."""
    return {key.replace("recurrent_kernel_", "recurrent_"): value for key, value in arguments.items()}


def time_options(draw: st.DrawFn) -> dict[str, Any]:
    keys = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask")
    options = {key: draw(flags) for key in keys if draw(flags)}
    # Unrolled and backwards Keras sets the wrong steps to zero.
    if draw(st.integers(0, 3)) == 0 and not (options.get("go_backwards") and options.get("zero_output_for_mask")):
        options["unroll"] = True
    return options


def state_count(name: str) -> int:
    return 2 if name.startswith("LSTM") else 1


@entry("SimpleRNNCell", "LSTMCell", "GRUCell")
@st.composite
def cell(draw: st.DrawFn, name: str) -> Case:
    arguments = renamed(cell_arguments(draw, name))
    batch, depth = draw(batches), draw(sizes)
    states = [numbers(draw, (batch, arguments["units"]), -1, 1) for _ in range(state_count(name))]
    return finished(draw, name, arguments, (batch, depth), states=states)


@entry("SimpleRNN", "LSTM", "GRU")
@st.composite
def recurrent(draw: st.DrawFn, name: str) -> Case:
    arguments = {**renamed(cell_arguments(draw, name)), **time_options(draw)}
    shape = (draw(batches), draw(st.integers(1, 6)), draw(sizes))
    if draw(st.integers(0, 3)) == 0:
        arguments["stateful"] = True
    states = None
    if draw(st.integers(0, 2)) == 0:
        states = [numbers(draw, (shape[0], arguments["units"]), -1, 1) for _ in range(state_count(name))]
    return finished(draw, name, arguments, shape, states=states, mask=maybe_mask(draw, shape[:2]))


@entry("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
@st.composite
def convolutional_recurrent(draw: st.DrawFn, name: str) -> Case:
    rank = int(name[-2])
    arguments = {**renamed(cell_arguments(draw, "LSTM")), **time_options(draw)}
    arguments["filters"] = filters = arguments.pop("units")
    window = [draw(st.integers(1, 2)) for _ in range(rank)]
    arguments.update(kernel_size=window, padding=draw(st.sampled_from(["valid", "same"])))
    if draw(flags):
        arguments[draw(st.sampled_from(["strides", "dilation_rate"]))] = draw(st.integers(1, 2))
    spatial = [draw(st.integers(3, 4)) for _ in range(rank)]
    shape = (draw(batches), draw(st.integers(1, 3)), *spatial, draw(st.integers(1, 2)))
    case = finished(draw, name, arguments, shape, mask=maybe_mask(draw, shape[:2]))
    if draw(flags):
        dilation, stride = (np.broadcast_to(arguments.get(k, 1), rank) for k in ("dilation_rate", "strides"))
        same = arguments["padding"] == "same"
        out = [
            -(-(n if same else n - d * (k - 1)) // s)
            for n, k, d, s in zip(spatial, window, dilation, stride, strict=True)
        ]
        case.states = [numbers(draw, (shape[0], *out, filters), -1, 1) for _ in range(2)]
    return case


CELLS = ["SimpleRNNCell", "LSTMCell", "GRUCell"]


WIDE = {"dtype": "float64"}


def stack_of_cells(draw: st.DrawFn, batch: int) -> tuple[Inner, list[Any]]:
    """Cells one on another, and states for them; in float64, as rounding adds up from cell to cell."""
    cells, states = [], []
    # A stack of one cell fails in Keras where there is a mask, or the loop is unrolled.
    for cell_name in draw(st.lists(st.sampled_from(CELLS), min_size=2, max_size=3)):
        inner = {**renamed(cell_arguments(draw, cell_name)), **WIDE}
        cells.append(Inner(cell_name, inner))
        count = state_count(cell_name)
        states.append([numbers(draw, (batch, inner["units"]), -1, 1).astype("float64") for _ in range(count)])
    return Inner("StackedRNNCells", {"cells": cells, **WIDE}), states


@entry("StackedRNNCells")
@st.composite
def stacked_cells(draw: st.DrawFn, name: str) -> Case:
    batch, depth = draw(batches), draw(sizes)
    stack, states = stack_of_cells(draw, batch)
    inputs = numbers(draw, (batch, depth)).astype("float64")
    return finished(draw, name, stack.arguments, inputs.shape, inputs=inputs, states=states)


@entry("RNN")
@st.composite
def rnn(draw: st.DrawFn, name: str) -> Case:
    if draw(flags):
        shape = (draw(batches), draw(st.integers(1, 5)), draw(sizes))
        stack, given = stack_of_cells(draw, shape[0])
        return finished(
            draw, name, {"cell": stack, **time_options(draw), **WIDE}, shape,
            inputs=numbers(draw, shape).astype("float64"), mask=maybe_mask(draw, shape[:2]),
            states=given if draw(st.integers(0, 2)) == 0 else None,
        )  # fmt: skip
    cell_name = draw(st.sampled_from(["SimpleRNNCell", "LSTMCell", "GRUCell"]))
    inner = renamed(cell_arguments(draw, cell_name))
    arguments = {"cell": Inner(cell_name, inner), **time_options(draw)}
    shape = (draw(batches), draw(st.integers(1, 5)), draw(sizes))
    states = None
    if draw(st.integers(0, 2)) == 0:
        states = [numbers(draw, (shape[0], inner["units"]), -1, 1) for _ in range(state_count(cell_name))]
    return finished(draw, name, arguments, shape, states=states, mask=maybe_mask(draw, shape[:2]))


@entry("Bidirectional")
@st.composite
def bidirectional(draw: st.DrawFn, name: str) -> Case:
    inner_name = draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU", "RNN"]))
    shape = (draw(batches), draw(st.integers(1, 5)), draw(sizes))
    if inner_name == "RNN":
        stack, given = stack_of_cells(draw, shape[0])
        inner = {"cell": stack, **time_options(draw), **WIDE}
    else:
        inner = {**renamed(cell_arguments(draw, inner_name)), **time_options(draw)}
        given = [numbers(draw, (shape[0], inner["units"]), -1, 1) for _ in range(state_count(inner_name))]
    # Either direction is unrolled backwards, and zeros are forced for masked steps.
    inner.pop("unroll", None)
    arguments: dict[str, Any] = {"layer": Inner(inner_name, inner)}
    if draw(flags):
        arguments["merge_mode"] = draw(st.sampled_from(["concat", "sum", "ave", "mul", None]))
    # The layer along time is copied for the way back with go_backwards, which then has to differ.
    if inner.get("go_backwards") or draw(st.integers(0, 2)) == 0:
        back = {**inner, "go_backwards": not inner.get("go_backwards", False)}
        arguments["backward_layer"] = Inner(inner_name, back)
    states = [*given, *reversed_states(given)] if draw(st.integers(0, 2)) == 0 else None
    inputs = numbers(draw, shape)
    if inner_name == "RNN":
        arguments, inputs = {**arguments, **WIDE}, inputs.astype("float64")
    return finished(
        draw, name, arguments, shape, inputs=inputs, states=states, mask=maybe_mask(draw, shape[:2])
    )


def reversed_states(states: list[Any]) -> list[Any]:
    """Other states of the same shapes."""
    return [reversed_states(part) if isinstance(part, list) else -part for part in states]


@entry("TimeDistributed")
@st.composite
def time_distributed(draw: st.DrawFn, name: str) -> Case:
    inner_name = draw(
        st.sampled_from(["Dense", "Conv1D", "LSTM", "BatchNormalization", "Dropout", "Flatten"])
    )
    inner: dict[str, Any] = {
        "Dense": {"units": 3, "activation": "relu"}, "Conv1D": {"filters": 2, "kernel_size": 2},
        "LSTM": {"units": 2}, "Dropout": {"rate": 0.5},
    }.get(inner_name, {})  # fmt: skip
    steps, depth = draw(st.integers(1, 4)), draw(sizes)
    shape = (draw(batches), steps, draw(st.integers(2, 4)), depth)
    if inner_name in ("Dense", "BatchNormalization", "Dropout") and draw(flags):
        shape = (shape[0], steps, depth)
    mask = maybe_mask(draw, shape[:2]) if inner_name in ("Dense", "Dropout", "Conv1D", "Flatten") else None
    return finished(draw, name, {"layer": Inner(inner_name, inner)}, shape, mask=mask)


@entry("TextVectorization")
@st.composite
def text_vectorization(draw: st.DrawFn, name: str) -> Case:
    words = ["makan", "nasi", "enak", "sekali", "kue"]
    arguments: dict[str, Any] = {
        "vocabulary": draw(st.lists(st.sampled_from(words), min_size=1, unique=True)),
        "output_mode": draw(st.sampled_from(["int", "int", "multi_hot", "count"])),
        "ngrams": draw(st.sampled_from([None, 2])),
    }
    if arguments["output_mode"] == "int":
        arguments["output_sequence_length"] = draw(st.sampled_from([None, 1, 4]))
    elif draw(flags):
        arguments.update(max_tokens=9, pad_to_max_tokens=True)
    texts = st.lists(st.sampled_from([*words, "Nasi!", "lain", ""]), max_size=6).map(" ".join)
    inputs = np.array(draw(st.lists(texts, min_size=1, max_size=4)))
    return finished(draw, name, arguments, inputs.shape, inputs=inputs[:, None] if draw(flags) else inputs)


def lookup_arguments(draw: st.DrawFn, words: list[Any], mask_token: Any, **given: Any) -> dict[str, Any]:
    """Arguments of a lookup layer with a vocabulary out of `words`."""
    vocabulary = draw(st.lists(st.sampled_from(words), min_size=1, unique=True))
    arguments: dict[str, Any] = {
        "vocabulary": vocabulary, "num_oov_indices": draw(st.integers(1, 4)),
        "mask_token": draw(st.sampled_from([None, mask_token])),
        "output_mode": draw(st.sampled_from(["int", "int", "one_hot", "multi_hot", "count", "tf_idf"])), **given,
    }  # fmt: skip
    if arguments["output_mode"] == "tf_idf":
        arguments["idf_weights"] = [round(draw(st.floats(0.1, 3)), 3) for _ in vocabulary]
    if arguments["output_mode"] != "int" and draw(flags):
        arguments.update(max_tokens=12, pad_to_max_tokens=True)
    return arguments


def tokens(draw: st.DrawFn, words: list[Any]) -> np.ndarray:
    """Tokens (N,), (N, 1) or (N, T)."""
    shape = draw(st.sampled_from([(3,), (3, 1), (2, 4)]))
    return np.array(draw(st.lists(st.sampled_from(words), min_size=8, max_size=8)))[: math.prod(shape)].reshape(shape)


@entry("StringLookup")
@st.composite
def string_lookup(draw: st.DrawFn, name: str) -> Case:
    words = ["makan", "nasi", "enak", "sekali", "kue", "\u00e9"]
    arguments = lookup_arguments(draw, words, "")
    if draw(flags):
        arguments["salt"] = draw(st.integers(-5, 5) | st.lists(st.integers(0, 2**40), min_size=2, max_size=2))
    inputs = tokens(draw, [*words, "", "lain", "[UNK]", "yang lebih panjang daripada enam belas"])
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("IntegerLookup")
@st.composite
def integer_lookup(draw: st.DrawFn, name: str) -> Case:
    words = [7, 12, -3, 2**40, 5]
    arguments = lookup_arguments(draw, words, 0)
    if draw(flags):
        arguments.update(oov_method="farmhash", salt=draw(st.none() | st.integers(0, 9)))
    if arguments["output_mode"] == "int" and draw(flags):
        arguments["invert"] = True
    known = [*range(8), -1] if arguments.get("invert") else [*words, 0, -1, 99, 100, -101]
    inputs = tokens(draw, known)
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("Hashing")
@st.composite
def hashing(draw: st.DrawFn, name: str) -> Case:
    words = ["makan", "nasi", "", "a"] if draw(flags) else [3, -70, 0, 2**40]
    mode = draw(st.sampled_from(["int", "int", "one_hot", "multi_hot", "count"]))
    arguments: dict[str, Any] = {
        "num_bins": draw(st.integers(1, 9)), "output_mode": mode,
        "mask_value": draw(st.sampled_from([None, *words[:3]])),
        "salt": draw(st.none() | st.integers(-5, 5) | st.lists(st.integers(0, 2**40), min_size=2, max_size=2)),
    }  # fmt: skip
    inputs = tokens(draw, words)
    if mode == "one_hot":  # of other shapes Keras says a wrong one
        inputs = inputs.reshape(-1, 1)
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("CategoryEncoding")
@st.composite
def category_encoding(draw: st.DrawFn, name: str) -> Case:
    mode = draw(st.sampled_from(["one_hot", "multi_hot", "count"]))
    arguments = {"num_tokens": draw(st.integers(4, 6)), "output_mode": mode}
    inputs = tokens(draw, [0, 1, 2, 3]).astype(draw(st.sampled_from(["int32", "int64", "float32"])))
    return finished(draw, name, arguments, inputs.shape, inputs=inputs)


@entry("Discretization")
@st.composite
def discretization(draw: st.DrawFn, name: str) -> Case:
    boundaries = sorted(draw(st.lists(st.floats(-2, 2, width=16), max_size=4)))
    mode = draw(st.sampled_from(["int", "one_hot", "multi_hot", "count"]))
    shape = shapes(draw, low=1)
    inputs = numbers(draw, shape)
    if boundaries:  # values on a boundary, too
        inputs.flat[0] = draw(st.sampled_from(boundaries))
    kind = draw(st.sampled_from(["float32", "float32", "int32", "int64"]))
    arguments = {"bin_boundaries": boundaries, "output_mode": mode, "epsilon": 0.5}
    return Case(name, arguments, inputs.astype(kind))


def several(draw: st.DrawFn, arrays: list[np.ndarray], low: int = 2) -> list[Any] | None:
    """Masks for some of the arrays, or for none."""
    form = draw(st.sampled_from(["none", "some", "all"]))
    if form == "none" or any(x.ndim < low for x in arrays):
        return None
    return [masks(draw, x.shape[:-1]) if form == "all" or draw(flags) else None for x in arrays]


def misplaced(shape: tuple[int, ...], added: tuple[int, ...]) -> bool:
    """Whether Keras, on TensorFlow, adds wrongly: (2, 2) + (2, 1) as if the second were a row, for speed."""
    added = (1,) * (len(shape) - len(added)) + added
    wide = [axis for axis, n in enumerate(added) if n > 1]
    if len(shape) < 2 or len(wide) != 1 or added[wide[0]] not in (shape[1], shape[-1]):
        return False
    return wide[0] != (len(shape) - 1 if added[wide[0]] == shape[-1] else 1)


def any_misplaced(shapes: list[tuple[int, ...]]) -> bool:
    """Whether Keras adds one of several arrays wrongly to the sum of those before it."""
    rank = max(map(len, shapes))
    all_shapes = [(shape[0], *(1,) * (rank - len(shape)), *shape[1:]) for shape in shapes]
    return any(
        misplaced(np.broadcast_shapes(*all_shapes[:i]), all_shapes[i]) for i in range(1, len(all_shapes))
    )


@entry("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
@st.composite
def elementwise_merge(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    count = 2 if name == "Subtract" else draw(st.integers(1, 4))
    same_rank = draw(flags)
    arrays = []
    for _ in range(count):
        own = [1 if axis and draw(st.integers(0, 4)) == 0 else n for axis, n in enumerate(shape)]
        if not same_rank:
            own = own[:1] + own[draw(st.integers(1, len(own))) :]
        x = numbers(draw, own)
        arrays.append(np.round(x) if draw(flags) else x)  # with ties among the rounded
    assume(name not in ("Add", "Average") or not any_misplaced([x.shape for x in arrays]))
    given = several(draw, arrays, low=len(shape)) if same_rank else None
    return finished(draw, name, {}, shape, inputs=arrays, mask=given)


@entry("Concatenate")
@st.composite
def concatenated(draw: st.DrawFn, name: str) -> Case:
    shape = shapes(draw)
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    arrays = [
        numbers(draw, [draw(sizes) if i == axis % len(shape) else n for i, n in enumerate(shape)])
        for _ in range(draw(st.integers(1, 4)))
    ]
    arguments = {} if axis == -1 and draw(flags) else {"axis": axis}
    return finished(draw, name, arguments, shape, inputs=arrays, mask=several(draw, arrays))


@entry("Dot")
@st.composite
def dot(draw: st.DrawFn, name: str) -> Case:
    one, other = shapes(draw), shapes(draw)
    in_one, in_other = draw(st.integers(1, len(one) - 1)), draw(st.integers(1, len(other) - 1))
    other = (one[0], *other[1:in_other], one[in_one], *other[in_other + 1 :])
    axes: Any = [in_one - draw(st.sampled_from([0, len(one)])), in_other - draw(st.sampled_from([0, len(other)]))]
    if axes[0] == axes[1] and draw(flags):
        axes = axes[0]
    arrays = [numbers(draw, one), numbers(draw, other)]
    arguments = {"axes": axes, "normalize": draw(flags)}
    return finished(draw, name, arguments, one, inputs=arrays, mask=several(draw, arrays))


@entry("EinsumDense")
@st.composite
def einsum_dense(draw: st.DrawFn, name: str) -> Case:
    # The equation, and the letters of the inputs (with what an ellipsis stands for), output_shape and the result.
    equation, inputs, given, results = draw(
        st.sampled_from(
            [
                ("ab,bc->ac", "ab", "c", "ac"), ("abc,cd->abd", "abc", "bd", "abd"),
                ("abc,cde->abde", "abc", "bde", "abde"), ("abcd,cde->abe", "abcd", "be", "abe"),
                ("abc,cd->adb", "abc", "db", "adb"), ("abc,bcd->abd", "abc", "bd", "abd"),
                ("abc,bd->adc", "abc", "dc", "adc"), ("...x,xy->...y", "ax", "y", "ay"),
                ("...x,xy->...y", "abx", "y", "aby"), ("...x,xyz->...yz", "abcx", "yz", "abcyz"),
                ("...xy,yz->...xz", "axy", "xz", "axz"), ("ab...,bc->ac...", "abde", "c", "acde"),
                ("abc...,cd->abd...", "abce", "bd", "abde"),
            ]
        )
    )
    sizes_of = {c: draw(sizes) for c in "abcdexyz"}
    kernel, named = equation.split(",")[1].split("->")
    own = named.replace("...", "").removeprefix("a")
    bias_axes = draw(st.sampled_from([None, *own, own]))
    shape = tuple(sizes_of[c] for c in inputs)
    output_shape = [
        None if c in inputs and c not in kernel and c not in (bias_axes or "") and draw(flags) else sizes_of[c]
        for c in given
    ]
    arguments: dict[str, Any] = {
        "equation": equation, "bias_axes": bias_axes, "activation": draw(st.sampled_from([None, "tanh", "relu"])),
        "output_shape": output_shape[0] if len(given) == 1 and output_shape[0] and draw(flags) else output_shape,
        **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    if bias_axes is not None:
        first = min(results.index(c) for c in bias_axes)
        bias_shape = tuple(sizes_of[c] if c in bias_axes else 1 for c in results[first:])
        assume(not misplaced(tuple(sizes_of[c] for c in results), bias_shape))
    return finished(draw, name, arguments, shape)


def attended(draw: st.DrawFn, same_features: bool) -> list[np.ndarray]:
    """A query, a value and maybe a key."""
    n, t, s = draw(batches), draw(sizes), draw(sizes)
    d, e = draw(sizes), draw(sizes)
    arrays = [numbers(draw, (n, t, d)), numbers(draw, (n, s, e))]
    if draw(flags):
        arrays.append(numbers(draw, (n, s, d if same_features else draw(sizes))))
    elif same_features:
        arrays[1] = numbers(draw, (n, s, d))
    return arrays


@entry("Attention", "AdditiveAttention")
@st.composite
def attention(draw: st.DrawFn, name: str) -> Case:
    arrays = attended(draw, same_features=True)
    arguments: dict[str, Any] = {"use_scale": draw(flags)} if draw(flags) else {}
    if name == "Attention":
        arguments["score_mode"] = draw(st.sampled_from(["dot", "concat"]))
    if draw(flags):
        arguments.update(dropout=0.25, seed=draw(st.integers(0, 9)))
    call = {key: draw(flags) for key in ("return_attention_scores", "use_causal_mask") if draw(flags)}
    return finished(draw, name, arguments, None, inputs=arrays, mask=several(draw, arrays), call=call)


@entry("MultiHeadAttention")
@st.composite
def multi_head_attention(draw: st.DrawFn, name: str) -> Case:
    arrays = attended(draw, same_features=False)
    small = st.integers(1, 3)
    arguments: dict[str, Any] = {
        "num_heads": draw(small), "key_dim": draw(small), "use_bias": draw(flags), "use_gate": draw(flags),
        "value_dim": draw(st.sampled_from([None, 2])), "output_shape": draw(st.sampled_from([None, 3, [2, 2]])),
        "sliding_window": draw(st.sampled_from([None, None, 1, 2])), **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    if draw(flags):
        arguments.update(dropout=0.25, seed=draw(st.integers(0, 9)))
    call: dict[str, Any] = {key: draw(flags) for key in ("return_attention_scores", "use_causal_mask") if draw(flags)}
    given = several(draw, arrays)
    if draw(st.integers(0, 3)) == 0:  # over two axes, or one of two
        axes = draw(st.sampled_from([None, 1, 2, -2, [1, 2], [2, 1], [1, -2]]))
        arguments.update(attention_axes=axes, sliding_window=None)
        between, place = draw(sizes), 2 if axes == 1 else 1
        arrays = [np.repeat(np.expand_dims(x, place), between, axis=place) for x in arrays]
        arrays = [x * numbers(draw, x.shape, 0.5, 2) for x in arrays]
        call.pop("use_causal_mask", None)
        given = None
    elif draw(flags):
        arguments["attention_axes"] = draw(st.sampled_from([None, 1, [-2]]))
    if arrays[0].ndim == 3 and draw(flags):
        n, t, s = (*arrays[0].shape[:2], arrays[1].shape[1])
        call["attention_mask"] = masks(draw, draw(st.sampled_from([(n, t, s), (1, t, s), (n, 1, s), (t, s)])))
    projected = [(*x.shape[:-1], arguments["num_heads"], size) for x in arrays for size in (arguments["key_dim"], 2)]
    assume(not any(misplaced(shape, shape[-2:]) for shape in projected))
    return finished(draw, name, arguments, None, inputs=arrays, mask=given, call=call)


@entry("GroupQueryAttention")
@st.composite
def group_query_attention(draw: st.DrawFn, name: str) -> Case:
    arrays = attended(draw, same_features=True)
    arrays[1] = numbers(draw, (*arrays[1].shape[:2], arrays[0].shape[2]))
    groups = draw(st.integers(1, 2))
    arguments: dict[str, Any] = {
        "head_dim": draw(st.integers(1, 3)), "num_query_heads": groups * draw(st.integers(1, 2)),
        "num_key_value_heads": groups, "use_bias": draw(flags), "use_gate": draw(flags),
        "sliding_window": draw(st.sampled_from([None, None, 1, 2])), **extras(draw, "kernel", "bias"),
    }  # fmt: skip
    if draw(flags):
        arguments.update(dropout=0.25, seed=draw(st.integers(0, 9)))
    call: dict[str, Any] = {key: draw(flags) for key in ("return_attention_scores", "use_causal_mask") if draw(flags)}
    if draw(flags):
        n, t, s = (*arrays[0].shape[:2], arrays[1].shape[1])
        call["attention_mask"] = masks(draw, draw(st.sampled_from([(n, t, s), (1, t, s), (n, 1, s)])))
    projected = [
        (*x.shape[:-1], arguments[f"num_{heads}_heads"], arguments["head_dim"])
        for x, heads in zip(arrays, ("query", "key_value", "key_value"), strict=False)
    ]
    assume(not any(misplaced(shape, shape[-2:]) for shape in projected))
    return finished(draw, name, arguments, None, inputs=arrays, mask=several(draw, arrays), call=call)


@entry("Pipeline")
@st.composite
def pipeline(draw: st.DrawFn, name: str) -> Case:
    steps = [
        Inner("Rescaling", {"scale": 0.5}), Inner("RandomFlip", {"seed": 1}),
        Inner("Resizing", {"height": 2, "width": 3}),
    ]  # fmt: skip
    arguments = {"layers": draw(st.lists(st.sampled_from(steps), min_size=1, max_size=3))}
    shape = (draw(batches), draw(sizes), draw(sizes), draw(sizes))
    return Case(name, arguments, numbers(draw, shape), call={"training": False})


@entry("HashedCrossing")
@st.composite
def hashed_crossing(draw: st.DrawFn, name: str) -> Case:
    arguments: dict[str, Any] = {"num_bins": draw(st.integers(1, 9))}
    if draw(flags):
        arguments["output_mode"] = draw(st.sampled_from(["int", "one_hot"]))
    shape = draw(st.sampled_from([(draw(batches),), (draw(batches), 1)]))
    generator = np.random.default_rng(draw(seeds))
    parts = [generator.integers(-(2**40), 2**40, shape) for _ in range(2)]  # Keras knows no shape of more
    inputs = [np.array([str(n) for n in part.ravel()]).reshape(shape) if draw(flags) else part for part in parts]
    return Case(name, arguments, inputs)
