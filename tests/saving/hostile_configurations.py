"""Hostile configurations: what JSON, and the layers that it describes, can ask for."""

from __future__ import annotations

import json
from typing import Any

from hostile_parts import CONFIG, WEIGHTS, add, archive_of, described, hostile, members, sequential, zipped

HUGE, DENSE = 10**14, described("Dense", units=3)
EVIL = "touch executed"


def texts() -> dict[str, tuple[str | bytes, str, str]]:
    """Configurations as text: the text, the cause, what it attacks."""
    invalid = "config.json is not valid JSON|too deep|holds more than|values"
    nothing = "the configuration does not describe a model"
    return {
        "none": (b"", invalid, "No text."),
        "no_utf8": (b"\xff\xfe{}", invalid, "Bytes that are no UTF-8."),
        "null": (b"null", nothing, "null where a model should be."),
        "number": (b"3", nothing, "A number where a model should be."),
        "list": (b"[]", nothing, "A list where a model should be."),
        "string": (b'"Sequential"', nothing, "A name where a model should be."),
        "deep_lists": (b"[" * 100_000 + b"]" * 100_000, invalid, "Lists 100,000 deep, for the stack of the parser."),
        "deep_objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, invalid, "Objects 100,000 deep."),
        "many_lists": (
            b"[" + b"[]," * 10_000_000 + b"[]]",
            invalid,
            "30 MB, packed to 30 kB, of which each 3 become 64.",
        ),
        "many_objects": (b"[" + b'{"":0},' * 4_000_000 + b"{}]", invalid, "Small objects, which take 200 bytes each."),
        "many_numbers": (b"[" + b"0.1," * 7_000_000 + b"0]", invalid, "Numbers, which take more than their digits."),
        "wide_text": (b'"' + b" " * (60 << 20) + "\N{GRINNING FACE}".encode() + b'"', "is larger than|unpacks|" + nothing,
                      "A long text, one letter of which makes each take 4 bytes."),
        "long_integer": (b'{"a": ' + b"9" * 5000 + b"}", invalid, "An integer too long to be converted."),
        "repeated_key": (b'{"class_name": "Sequential", "class_name": "Lambda"}', "a key occurs twice", "A key twice."),
        "million_layers": (json.dumps(described("Sequential", layers=[{}] * 1_000_000)), "layers are more than|holds more than|values",
                           "A million layers in a small file."),
        "many_failing_layers": (
            json.dumps(sequential(*[described("Evil")] * 9_999)),
            "unknown layer class",
            "An error for each of 9,999 layers.",
        ),
        "many_layers": (json.dumps(sequential(*[described("Identity", name=f"i{i}") for i in range(9_998)], described("Evil"))),
                        "unknown layer class", "As many layers as may be, and one that is none."),
        "many_layers_built": (json.dumps(sequential(*[described("Identity", name=f"i{i}") for i in range(9_990)], described("Reshape", target_shape=[5]))),
                              "Reshape", "As many layers as may be, of which the last does not fit."),
        "many_dense": (json.dumps(sequential(*[described("Dense", units=1, name=f"d{i}") for i in range(9_990)])),
                       "weights|larger", "As many layers as may be, with weights that the file lacks."),
        "many_unnamed": (
            json.dumps(sequential(*[described("Dense", units=1)] * 9_000)),
            "weights|larger",
            "Layers that get their names from a counter.",
        ),
    }  # fmt: skip


for _name, (_text, _cause, _attack) in texts().items():
    add(f"json_{_name}.keras", _cause, _attack, lambda text=_text: archive_of(text))


# Changes of a Dense layer's description or settings, and the causes.
NAMED = "unknown layer|holds code"
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "evil": ({"class_name": "Evil"}, {}, NAMED),
    "lambda": ({"class_name": "Lambda", "config": {"function": ["4wAAAAA=", None, None]}}, {}, NAMED),
    "lambda_of_a_function": (
        {
            "class_name": "Lambda",
            "config": {"function": {"module": "os", "class_name": "function", "config": "system"}},
        },
        {},
        NAMED,
    ),
    "lambda_unsafe": ({"class_name": "Lambda", "config": {"safe_mode": False, "function": "lambda x: x"}}, {}, NAMED),
    "tfsm": ({"class_name": "TFSMLayer", "config": {"filepath": "/tmp/model"}}, {}, NAMED),
    "torch": ({"class_name": "TorchModuleWrapper", "config": {"module": "gASVAA=="}}, {}, NAMED),
    "jax": ({"class_name": "JaxLayer", "config": {"call_fn": "f"}}, {}, NAMED),
    "flax": ({"class_name": "FlaxLayer", "config": {"module": "f"}}, {}, NAMED),
    "os_system": ({"module": "os", "class_name": "system", "config": {"command": EVIL}}, {}, NAMED),
    "os_function": ({"module": "os", "class_name": "function", "config": "system"}, {}, "is of the module 'os'"),
    "eval": ({"module": "builtins", "class_name": "eval", "config": {"source": EVIL}}, {}, NAMED),
    "exec": ({"module": "builtins", "class_name": "exec"}, {}, NAMED),
    "popen": ({"module": "subprocess", "class_name": "Popen", "config": {"args": [EVIL]}}, {}, NAMED),
    "get_file": (
        {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://127.0.0.1:1/x"}},
        {},
        NAMED,
    ),
    "unsafe": (
        {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
        {},
        NAMED,
    ),
    "load_model": (
        {"module": "keras.saving", "class_name": "load_model", "config": {"filepath": "/etc/passwd"}},
        {},
        NAMED,
    ),
    "csv_logger": (
        {"module": "keras.callbacks", "class_name": "CSVLogger", "config": {"filename": "written"}},
        {},
        NAMED,
    ),
    "pickle": ({"module": "pickle", "class_name": "loads", "config": {"data": "cos"}}, {}, NAMED),
    "own_module": ({"module": "tinynet.saving", "class_name": "save_model"}, {}, NAMED),
    "base_class": ({"module": "keras.layers", "class_name": "Layer"}, {}, NAMED),
    "dunder": ({"class_name": "__class__"}, {}, NAMED),
    "registered": ({"registered_name": "Evil>Dense"}, {}, "is registered as 'Evil>Dense', which is unknown"),
    "registered_other": ({"registered_name": "LSTM"}, {}, "is registered as 'LSTM', which is unknown"),
    "foreign_module": ({"module": "os"}, {}, "module"),
    "foreign_tensorflow": ({"module": "tensorflow.io"}, {}, "is of the module 'tensorflow.io', which is not followed"),
    "foreign_keras": ({"module": "kerasevil.layers"}, {}, "is of the module 'kerasevil.layers', which is not followed"),
    "foreign_activation": (
        {},
        {"activation": {"module": "evil", "class_name": "function", "config": "relu"}},
        "is of the module 'evil', which is not followed",
    ),
    "foreign_module_of_path": ({"module": "../evil"}, {}, "module"),
    "activation_lambda": (
        {},
        {"activation": {"class_name": "__lambda__", "config": {"value": ["eA==", None, None]}}},
        "__lambda__",
    ),
    "activation_system": (
        {},
        {"activation": {"module": "os", "class_name": "function", "config": "system"}},
        "unknown activation 'system'|module",
    ),
    "activation_eval": (
        {},
        {"activation": {"module": "builtins", "class_name": "function", "config": "eval"}},
        "unknown activation 'eval'|module",
    ),
    "initializer_evil": (
        {},
        {"kernel_initializer": {"module": "os", "class_name": "system", "config": {"command": EVIL}}},
        "unknown initializer",
    ),
    "initializer_foreign": (
        {},
        {"kernel_initializer": {"module": "os", "class_name": "Zeros", "config": {}}},
        "module",
    ),
    "regularizer_evil": ({}, {"kernel_regularizer": {"class_name": "Evil"}}, "unknown regularizer"),
    "constraint_evil": ({}, {"kernel_constraint": {"class_name": "Evil"}}, "unknown constraint"),
    "key": ({}, {"evil": 1}, "unknown argument 'evil'"),
    "units_true": ({}, {"units": True}, "expected units"),
    "units_negative": ({}, {"units": -1}, "expected units"),
    "units_zero": ({}, {"units": 0}, "expected units"),
    "units_text": ({}, {"units": "3"}, "expected units"),
    "units_float": ({}, {"units": 1e100}, "expected units"),
    "units_huge": ({}, {"units": HUGE}, "larger than what was saved"),
    "units_endless": ({}, {"units": 10**4000}, "larger than what was saved"),
    "orthogonal_huge": (
        {},
        {"units": HUGE, "kernel_initializer": {"class_name": "Orthogonal", "config": {}}},
        "larger than what was saved",
    ),
    "identity_huge": (
        {},
        {"units": 10**9, "kernel_initializer": {"class_name": "Identity", "config": {}}},
        "larger than what was saved",
    ),
    "dtype_deep": ({}, {"dtype": {"config": {"name": {"config": {}}}}}, "malformed|dtype"),
    "name_path": ({}, {"name": "../../evil"}, "a name is a string without '/'"),
    "name_number": ({}, {"name": 3}, "a name is a string without '/'"),
}  # fmt: skip

for _name, (_change, _settings, _cause) in CHANGES.items():
    add(
        f"dense_{_name}.keras", _cause, "A layer that is described as something else, or with a setting that means nothing.",
        lambda change=_change, settings=_settings: archive_of(
            sequential({"class_name": "Dense", "config": {"units": 3, **settings}, **change})
        ),
    )  # fmt: skip


SIZE = "file\\b|\\.keras: "  # any cause: what counts is that it is refused in time
IMAGES, SERIES, NUMBERS = (None, 8, 8, 3), (None, 5, 4), (None, 4)
# Layers that ask for much: the shape and dtype of what they are called on.
GREEDY: list[tuple[dict[str, Any], Any, str]] = [
    (described("Embedding", input_dim=HUGE, output_dim=10**6), NUMBERS, "int32"),
    (described("Conv2D", filters=HUGE, kernel_size=3), IMAGES, "float32"),
    (described("Conv2D", filters=2, kernel_size=[10**6, 10**6]), IMAGES, "float32"),
    (described("Conv2DTranspose", filters=2, kernel_size=[10**6, 10**6], strides=10**6), IMAGES, "float32"),
    (described("Conv1D", filters=2, kernel_size=2, dilation_rate=10**12, padding="causal"), SERIES, "float32"),
    (described("DepthwiseConv2D", kernel_size=3, depth_multiplier=HUGE), IMAGES, "float32"),
    (described("SeparableConv2D", filters=HUGE, kernel_size=3), IMAGES, "float32"),
    (described("LSTM", units=10**9), SERIES, "float32"),
    (described("GRU", units=10**9), SERIES, "float32"),
    (described("MultiHeadAttention", num_heads=10**9, key_dim=10**9), SERIES, "float32"),
    (described("Bidirectional", layer=described("LSTM", units=10**8)), SERIES, "float32"),
    (
        described("RNN", cell=described("StackedRNNCells", cells=[described("LSTMCell", units=10**8)] * 100)),
        SERIES,
        "float32",
    ),
    (
        described("RNN", cell=described("StackedRNNCells", cells=[described("SimpleRNNCell", units=1)] * 100_000)),
        SERIES,
        "float32",
    ),
    (described("Normalization", axis=list(range(10**6))), NUMBERS, "float32"),
    (described("Normalization", mean=[0.0] * 10**6, variance=[1.0] * 10**6), NUMBERS, "float32"),
    (described("EinsumDense", equation="ab,bc->ac", output_shape=[HUGE]), NUMBERS, "float32"),
    (described("EinsumDense", equation="ab," * 10**5 + "bc->ac", output_shape=[4]), NUMBERS, "float32"),
    (described("PReLU"), (None, 10**6, 10**6), "float32"),
    (described("LayerNormalization"), (None, 10**13), "float32"),
    (described("BatchNormalization"), (None, 10**13), "float32"),
    (described("Reshape", target_shape=[10**6, 10**6]), NUMBERS, "float32"),
    (described("Permute", dims=list(range(1, 10**5))), NUMBERS, "float32"),
    (described("Discretization", bin_boundaries=[float(i % 7) for i in range(10**6)]), NUMBERS, "float32"),
    (described("TextVectorization", vocabulary="/etc/passwd"), (None, 1), "string"),
    (described("TextVectorization", vocabulary="http://127.0.0.1:1/words.txt"), (None, 1), "string"),
    (described("TextVectorization", vocabulary=["a", "a"]), (None, 1), "string"),
    (
        described("TextVectorization", standardize={"module": "os", "class_name": "function", "config": "system"}),
        (None, 1),
        "string",
    ),
    (described("TextVectorization", split="(a+)+$"), (None, 1), "string"),
    (described("TextVectorization", ngrams=10**12, max_tokens=-3), (None, 1), "string"),
    (described("StringLookup", vocabulary="/etc/passwd"), (None, 1), "string"),
    (described("StringLookup", vocabulary="gs://bucket/words"), (None, 1), "string"),
    (described("StringLookup", num_oov_indices=-1), (None, 1), "string"),
    (described("IntegerLookup", vocabulary="/etc/passwd"), (None, 1), "int64"),
    (described("TimeDistributed", layer=described("Lambda")), SERIES, "float32"),
    (described("Bidirectional", layer=described("Dense", units=HUGE)), SERIES, "float32"),
    (described("SpectralNormalization", layer=described("Dense", units=HUGE)), NUMBERS, "float32"),
    (described("RNN", cell=described("Evil")), SERIES, "float32"),
    (described("GroupNormalization", groups=10**9), NUMBERS, "float32"),
    (described("RandomCrop", height=10**12, width=10**12), IMAGES, "float32"),
    (described("CenterCrop", height="a", width=10**12), IMAGES, "float32"),
    (described("Hashing", num_bins=0), NUMBERS, "int32"),
    (described("Concatenate", axis=10**9), NUMBERS, "float32"),
]  # fmt: skip
for _number, (_layer, _shape, _dtype) in enumerate(GREEDY):
    add(
        f"greedy_{_number:02}_{_layer['class_name']}.keras", _layer["class_name"] + "|layer|argument|expected|holds more than|do not make|malformed",
        f"{_layer['class_name']} that asks for more than there is, or for a file, a function or an endless computation.",
        lambda layer=_layer, shape=_shape, dtype=_dtype: archive_of(
            sequential(layer, described("Reshape", target_shape=[7, 7, 7]), shape=shape, dtype=dtype)
        ),
    )  # fmt: skip

# Layers that make much of little: whether they are refused themselves or not, what follows does not fit.
GROWING: list[tuple[dict[str, Any], Any, str]] = [
    (described("RepeatVector", n=10**12), NUMBERS, "float32"),
    (described("UpSampling1D", size=10**12), SERIES, "float32"),
    (described("UpSampling2D", size=[10**9, 10**9]), IMAGES, "float32"),
    (described("UpSampling2D", size=[10**6, 10**6], interpolation="bilinear"), IMAGES, "float32"),
    (described("ZeroPadding2D", padding=10**12), IMAGES, "float32"),
    (described("ZeroPadding1D", padding=10**12), SERIES, "float32"),
    (described("Resizing", height=10**9, width=10**9), IMAGES, "float32"),
    (described("Resizing", height=10**6, width=10**6, interpolation="bicubic"), IMAGES, "float32"),
    (described("CategoryEncoding", num_tokens=10**12), NUMBERS, "int32"),
    (described("CategoryEncoding", num_tokens=10**12, output_mode="one_hot"), NUMBERS, "int32"),
    (described("Hashing", num_bins=10**12, output_mode="one_hot"), NUMBERS, "int32"),
    (described("IntegerLookup", max_tokens=10**12, output_mode="multi_hot", pad_to_max_tokens=True), NUMBERS, "int64"),
    (
        described("TextVectorization", max_tokens=10**12, output_mode="tf_idf", pad_to_max_tokens=True),
        (None, 1),
        "string",
    ),
    (described("TextVectorization", output_sequence_length=10**12), (None, 1), "string"),
    (described("Discretization", num_bins=10**12, output_mode="one_hot"), NUMBERS, "float32"),
    (described("StringLookup", num_oov_indices=10**12, output_mode="one_hot"), (None, 1), "string"),
    (described("AveragePooling2D", pool_size=10**9, padding="same"), IMAGES, "float32"),
    (described("MaxPooling1D", pool_size=10**9, padding="same"), SERIES, "float32"),
    (described("RandomZoom", height_factor=[-0.99, 10**9]), IMAGES, "float32"),
    (described("Flatten"), (None, 10**9, 10**9), "float32"),
    (described("Attention"), (None, 10**9, 10**9), "float32"),
]  # fmt: skip
for _number, (_layer, _shape, _dtype) in enumerate(GROWING):
    add(
        f"growing_{_number:02}_{_layer['class_name']}.keras", f"{_layer['class_name']}|Reshape|is larger|Dense|layer",
        f"{_layer['class_name']} that makes much of little, before a layer whose weights depend on it.",
        lambda layer=_layer, shape=_shape, dtype=_dtype: archive_of(
            sequential(layer, described("Flatten"), described("Dense", units=2), shape=shape, dtype=dtype)
        ),
    )  # fmt: skip


def nested(wrapper: str, depth: int) -> dict[str, Any]:
    """Layers within layers."""
    layer = described("LSTM", units=2, return_sequences=True)
    for _ in range(depth):
        layer = described(wrapper, layer=layer)
    return layer


for _wrapper, _depth in (("Bidirectional", 20), ("Bidirectional", 64), ("TimeDistributed", 100), ("TimeDistributed", 300)):
    add(
        f"nested_{_wrapper}_{_depth}.keras", "Bidirectional|TimeDistributed|deep|JSON",
        "Layers within layers, each of which makes its own two copies: 2**depth of them.",
        lambda wrapper=_wrapper, depth=_depth: archive_of(sequential(nested(wrapper, depth), shape=SERIES)),
    )  # fmt: skip


@hostile("nested_models.keras", "deep")
def _() -> bytes:
    """Models within models, for the stack."""
    model = sequential(described("Dense", units=1))
    for number in range(200):
        model = described("Sequential", name=f"m{number}", layers=[model])
    return archive_of(model)


@hostile("nested_cells.keras", "deep")
def _() -> bytes:
    """Stacks of cells within stacks of cells."""
    cell = described("LSTMCell", units=1)
    for _ in range(150):
        cell = described("StackedRNNCells", cells=[cell, cell])if _ < 4 else described("StackedRNNCells", cells=[cell])
    return archive_of(sequential(described("RNN", cell=cell), shape=SERIES))


for _shape in ([None, -4], [None, "a"], [None, 10**15], [], "abc", None, [None, True], [None, 4.0], [None, [4]], [None, *[2] * 100], [1e400, 4]):
    add(
        f"input_{str(_shape)[:20].replace(' ', '')}.keras", "model|expected|InputLayer|Dense|shape",
        "An input of a shape that is none, or that no memory holds.",
        lambda shape=_shape: archive_of({"class_name": "Sequential", "config": {"name": "model", "layers": [
            described("InputLayer", batch_shape=shape, name="x"), described("Dense", units=10**6)]}}),
    )  # fmt: skip


for _name, _shape in (("build_huge", [None, 10**15]), ("build_text", "abc"), ("build_endless", [None] + [2] * 10**5)):
    add(
        f"{_name}.keras", "model|expected|Dense|larger|malformed",
        "A shape to build a model for that is none, or that no memory holds.",
        lambda shape=_shape: archive_of(described("Sequential", name="m", layers=[DENSE], build_input_shape=shape)),
    )  # fmt: skip


WORDS = "assets/layers/text_vectorization/vocabulary.txt"
for _name, _words, _cause in (
    ("duplicates", b"\n[UNK]\na\na", "repeat|twice"),
    ("no_utf8", b"\n[UNK]\n\xff\xfe", "is not UTF-8"),
    ("duplicate_after_crlf", b"\r\n[UNK]\r\na\r\na", "repeat|twice|words"),
):
    add(
        f"words_{_name}.keras", _cause, "A vocabulary with words that are none.",
        lambda words=_words: archive_of(
            sequential(described("TextVectorization", name="text"), shape=(None, 1), dtype="string"), **{WORDS: words}
        ),
    )  # fmt: skip


@hostile("words_bomb.keras", "unpacks to more than")
def _() -> bytes:
    """A vocabulary of a gigabyte, packed to a megabyte."""
    layers = sequential(described("TextVectorization", name="text"), shape=(None, 1), dtype="string")
    return archive_of(layers, **{WORDS: b"word\n" * 200_000_000})


@hostile("words_many.keras", "vocabulary|unpacks|more than")
def _() -> bytes:
    """A vocabulary of 30 million words, packed to some kilobytes, which would take gigabytes."""
    layers = sequential(described("TextVectorization", name="text"), shape=(None, 1), dtype="string")
    return archive_of(layers, **{WORDS: b"\n[UNK]\n" + b"ab\n" * 20_000_000})


@hostile("metadata_hostile.keras", "metadata.json is not valid JSON")
def _() -> bytes:
    """Metadata nested without end."""
    return zipped({**members(), "metadata.json": b"[" * 100_000})


@hostile("metadata_keras2.keras", "expected keras_version to be a string")
def _() -> bytes:
    """A configuration of Keras 3 that says it is Keras 2's, and a version that is an object."""
    parts = members()
    config = json.loads(parts[CONFIG])
    config["config"]["layers"][1]["config"]["batch_input_shape"] = {"class_name": "Evil"}
    return zipped(
        {
            **parts,
            CONFIG: json.dumps(config),
            "metadata.json": b'{"keras_version": {"a": [2]}}',
            WEIGHTS: parts[WEIGHTS],
        },
    )
