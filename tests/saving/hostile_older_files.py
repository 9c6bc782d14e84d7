"""Hostile files of the older format: configurations in attributes, and lists of names that lead elsewhere."""

from __future__ import annotations

import io
import json
from typing import Any

import h5py
import numpy as np
from hostile_parts import add, changed_hdf5, described, good, hostile
from hostile_bytes import ATTRIBUTE, message


def legacy() -> bytes:
    return good(".h5")


def of(config: Any, version: str = "2.6.0") -> bytes:
    """A file of a configuration (plain data or a text) and no weights."""
    stream = io.BytesIO()
    text = config if isinstance(config, str) else json.dumps(config)
    with h5py.File(stream, "w") as file:
        file.attrs["keras_version"] = version
        if len(text) < 60_000:
            file.attrs["model_config"] = text
        else:  # too large for where attributes are: kept in a heap
            file.attrs["model_config"] = np.array(text, dtype=h5py.string_dtype())
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.zeros(0)
    return stream.getvalue()


def layer(class_name: str, name: str, *inbound: Any, **config: Any) -> dict[str, Any]:
    """A part of a graph in the old form."""
    nodes = [list(inbound)] if inbound else []
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


X = layer("InputLayer", "x", batch_input_shape=[None, 4], dtype="float32")


def graph(*layers: Any, **ends: Any) -> dict[str, Any]:
    """A functional model in the old form, with an end that does not fit."""
    last = layer("Reshape", "end", [layers[-1]["name"], 0, 0, {}], target_shape=[3])
    config = {
        "name": "m",
        "layers": [X, *layers, last],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["end", 0, 0]],
    }
    return {"class_name": "Functional", "config": {**config, **ends}}


def lambda_layer(function: str, **arguments: Any) -> dict[str, Any]:
    """A function of TensorFlow's in a graph."""
    return layer("TFOpLambda", "a", ["x", 0, 0, arguments], function=function)


def node_layer(op: str, constants: Any, **node: Any) -> dict[str, Any]:
    """A node of TensorFlow's graph in a graph."""
    return layer("TensorFlowOpLayer", "a", ["x", 0, 0, {}], node_def={"op": op, **node}, constants=constants)


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def doubled(times: int) -> list[dict[str, Any]]:
    chain = [layer("Concatenate", f"d{i}", *[[f"d{i - 1}" if i else "x", 0, 0, {}]] * 2, axis=-1) for i in range(times)]
    return chain


CONFIGURATIONS: dict[str, tuple[Any, str]] = {
    "evil_class": (graph(layer("Evil", "a", ["x", 0, 0, {}])), "unknown layer class 'Evil'"),
    "lambda": (
        graph(layer("Lambda", "a", ["x", 0, 0, {}], function=["4wAAAAA=", None, None], function_type="lambda")),
        "holds code",
    ),
    "function": (graph(lambda_layer("os.system")), "function 'os.system' is not supported"),
    "function_io": (graph(lambda_layer("io.write_file")), "'io.write_file' is not supported"),
    "function_py": (graph(lambda_layer("py_function")), "'py_function' is not supported"),
    "function_none": (graph(layer("TFOpLambda", "a", ["x", 0, 0, {}])), "function None is not supported"),
    "function_list": (graph(lambda_layer(["math.add"])), "is not supported"),  # type: ignore[arg-type]
    "function_without_operand": (graph(lambda_layer("math.add")), "argument 'y' is missing"),
    "function_with_text": (graph(lambda_layer("math.add", y="text")), "expected numbers"),
    "function_with_deep_list": (graph(lambda_layer("math.add", y=deep(90))), "nested too deep|deep"),
    "function_without_config": (
        graph({**layer("TFOpLambda", "a", ["x", 0, 0, {}]), "config": 3}),
        "function|malformed|config",
    ),
    "reshape": (graph(lambda_layer("reshape", shape=[10**12, -1])), "Reshape|reshape"),
    "matmul": (graph(lambda_layer("linalg.matmul", b=[[1.0] * 5] * 5)), "atmul"),
    "node_evil": (graph(node_layer("WriteFile", {})), "'WriteFile' is not supported"),
    "node_py": (graph(node_layer("PyFunc", {})), "'PyFunc' is not supported"),
    "node_def_text": (
        graph(layer("TensorFlowOpLayer", "a", ["x", 0, 0, {}], node_def="Add", constants={})),
        "is malformed",
    ),
    "node_op_list": (graph(node_layer(["Add"], {})), "is not supported"),  # type: ignore[arg-type]
    "node_constants_list": (graph(node_layer("Add", [1])), "is malformed"),
    "node_constants_many": (graph(node_layer("Add", {str(i): i for i in range(50_000)})), "malformed"),
    "node_constants_far": (graph(node_layer("Add", {"9" * 5000: 1})), "malformed"),
    "node_slices": (
        graph(node_layer("StridedSlice", {"1": [0], "2": [1], "3": [1]}, attr={"ellipsis_mask": {"i": "x"}})),
        "malformed",
    ),
    "node_slices_bits": (
        graph(node_layer("StridedSlice", {"1": [0], "2": [1], "3": [1]}, attr={"begin_mask": {"i": "9" * 4000}})),
        "do not make|malformed",
    ),
    "node_slices_ragged": (graph(node_layer("StridedSlice", {"1": [0, 0], "2": [1], "3": [1]})), "malformed"),
    "node_slices_attr": (graph(node_layer("StridedSlice", {"1": [0], "2": [1], "3": [1]}, attr=[3])), "malformed"),
    "node_steps": (graph(node_layer("StridedSlice", {"1": [0], "2": [1], "3": [0]})), "step cannot be zero"),
    "inbound_text": (graph({**layer("ReLU", "a"), "inbound_nodes": "x"}), "has no inbound_nodes"),
    "inbound_number": (graph({**layer("ReLU", "a"), "inbound_nodes": [3]}), "is malformed"),
    "inbound_empty": (graph({**layer("ReLU", "a"), "inbound_nodes": [[]]}), "is malformed"),
    "inbound_short": (graph(layer("ReLU", "a", ["x"])), "expected a call of"),
    "inbound_huge": (graph(layer("ReLU", "a", ["x", 10**30, 10**30, {}])), "takes? results?|no result"),
    "inbound_negative": (graph(layer("ReLU", "a", ["x", -1, -1, {}])), "no call -1|no result"),
    "inbound_float": (graph(layer("ReLU", "a", ["x", 0.5, 0.5, {}])), "no call 0.5|no result|expected"),
    "inbound_lists": (graph(layer("ReLU", "a", ["x", [0], {}, {}])), "no call|no result|expected"),
    "inbound_nobody": (graph(layer("ReLU", "a", ["nobody", 0, 0, {}])), "'nobody', which is not there"),
    "inbound_itself": (graph(layer("ReLU", "a", ["a", 0, 0, {}])), "circle"),
    "inbound_constant": (graph(layer("ReLU", "a", ["_CONSTANT_VALUE", -1, 10**30, {}])), "expected numbers"),
    "inbound_settings": (graph(layer("ReLU", "a", ["x", 0, 0, {"evil": 1}])), "'evil'"),
    "inbound_code": (
        graph(layer("ReLU", "a", ["x", 0, 0, {"mask": {"class_name": "__lambda__", "config": {}}}])),
        "__lambda__",
    ),
    "circle": (graph(layer("ReLU", "a", ["b", 0, 0, {}]), layer("ReLU", "b", ["a", 0, 0, {}])), "circle"),
    "no_ends": (graph(layer("ReLU", "a", ["x", 0, 0, {}]), output_layers=None), "expected \\[layer, call, result\\]"),
    "ends_text": (
        graph(layer("ReLU", "a", ["x", 0, 0, {}]), output_layers="end"),
        "expected \\[layer, call, result\\]",
    ),
    "ends_deep": (graph(layer("ReLU", "a", ["x", 0, 0, {}]), output_layers=deep(900)), "nested more than"),
    "ends_unknown": (
        graph(layer("ReLU", "a", ["x", 0, 0, {}]), output_layers=[["nobody", 0, 0]]),
        "'nobody'|do not make",
    ),
    "doubled": (graph(*doubled(60)), "do not make"),
    "layer_without_name": (
        {
            "class_name": "Functional",
            "config": {
                "name": "m",
                "layers": [{"class_name": "ReLU", "config": {}, "inbound_nodes": []}],
                "input_layers": [],
                "output_layers": [],
            },
        },
        "has no name",
    ),
    "layers_text": (
        {"class_name": "Functional", "config": {"layers": "x", "input_layers": [], "output_layers": []}},
        "expected lists of layers",
    ),
    "shape_absurd": (
        {
            "class_name": "Sequential",
            "config": [described("Dense", units=10**6, batch_input_shape=[None, 10**12], name="d")],
        },
        "larger than what was saved",
    ),
    "shape_text": (
        {"class_name": "Sequential", "config": [described("Dense", units=2, batch_input_shape="evil", name="d")]},
        "expected a shape",
    ),
    "shape_negative": (
        {"class_name": "Sequential", "config": [described("Dense", units=2, batch_input_shape=[None, -3], name="d")]},
        "expected every axis",
    ),
    "shape_object": (
        {
            "class_name": "Sequential",
            "config": [described("Dense", units=2, batch_input_shape={"class_name": "Evil"}, name="d")],
        },
        "expected a shape",
    ),
    "shape_long": (
        {
            "class_name": "Sequential",
            "config": [
                described("Flatten", batch_input_shape=[None] + [2] * 5000, name="d"),
                described("Dense", units=2),
            ],
        },
        "larger than what was saved",
    ),
    "embedding": (
        {
            "class_name": "Sequential",
            "config": [
                described("Embedding", input_dim=10**12, output_dim=10**6, batch_input_shape=[None, 4], name="d"),
            ],
        },
        "larger than what was saved",
    ),
    "nested": ({"class_name": "Sequential", "config": [deep(500)]}, "nested more than"),
    "registered": (
        {"class_name": "Sequential", "config": [{"class_name": "Custom>Evil", "config": {}}]},
        "unknown layer class 'Custom>Evil'",
    ),
    "initializer": (
        {
            "class_name": "Sequential",
            "config": [
                described(
                    "Dense",
                    units=2,
                    batch_input_shape=[None, 2],
                    kernel_initializer={"class_name": "Evil", "config": {}},
                ),
            ],
        },
        "unknown initializer",
    ),
    "activation": (
        {
            "class_name": "Sequential",
            "config": [described("Dense", units=2, activation="os.system", batch_input_shape=[None, 2])],
        },
        "unknown activation 'os.system'",
    ),
    "cell_nested": (
        {
            "class_name": "Sequential",
            "config": [described("RNN", cell=described("Lambda", function="x"), batch_input_shape=[None, 2, 2])],
        },
        "holds code",
    ),
    "text_null": ("null", "does not describe a model"),
    "text_none": ("{", "is not valid JSON"),
    "text_deep": ("[" * 50_000, "is not valid JSON"),
    "text_number": ("9" * 6000, "is not valid JSON"),
    "text_empty": ("", "is not valid JSON"),
}  # fmt: skip
for _name, (_config, _cause) in CONFIGURATIONS.items():
    add(f"older_{_name}.h5", _cause, "A configuration in the words of Keras 2 that asks for what is not there, or for code.",
        lambda config=_config: of(config))  # fmt: skip


def changed(change: Any) -> Any:
    return lambda: changed_hdf5(legacy(), change)


def set_names(value: Any, group: str = "model_weights", attribute: str = "layer_names") -> Any:
    def change(file: Any) -> None:
        where = file[group]
        if attribute in where.attrs:
            del where.attrs[attribute]
        if value is not None:
            where.attrs[attribute] = value

    return change


def numbered_names(numbers: Any) -> Any:
    def change(file: Any) -> None:
        set_names(None)(file)
        for number in numbers:
            file["model_weights"].attrs[f"layer_names{number}"] = np.array([b"dense"])

    return change


def weight_names(*names: str) -> Any:
    return set_names(np.array([name.encode() for name in names]), "model_weights/dense", "weight_names")


def not_utf8(file: Any) -> None:
    set_names(np.array([b"dense", b"\xff\xfe"]))(file)


def reference(file: Any) -> None:
    group = file["model_weights"]
    group.attrs["layer_names"] = file["model_weights/dense"].ref


def secret(file: Any) -> None:
    del file["model_weights/dense"]
    file["model_weights/dense"] = h5py.ExternalLink("/etc/passwd", "/")


ATTRIBUTES: dict[str, tuple[Any, str]] = {
    "names_missing": (set_names(None), "has no layer_names"),
    "names_number": (set_names(3), "no different names"),
    "names_numbers": (set_names(np.arange(5)), "no different names"),
    "names_text": (set_names("dense"), "no different names"),
    "names_twice": (set_names(np.array([b"dense", b"dense"])), "no different names"),
    "names_not_utf8": (not_utf8, "not UTF-8"),
    "names_reference": (reference, "references"),
    "names_gap": (numbered_names((0, 2)), "layers with weights|no different"),
    "names_other": (set_names(np.array([b"../dense", b"/etc/passwd"])), "layers with weights"),
    "names_of_nothing": (set_names(h5py.Empty("S4")), "no different names"),
    "names_compound": (set_names(np.zeros(2, [("a", "f4")])), "compounds"),
    "weight_names_above": (weight_names("../dense_1/dense_1/kernel", "dense/bias"), "needs 2 weights"),
    "weight_names_absolute": (weight_names("/optimizer_weights/adam/iteration", "dense/bias"), "needs 2 weights"),
    "weight_names_one": (weight_names("dense/kernel"), "needs 2 weights"),
    "weight_names_of_group": (weight_names("dense", "dense/bias"), "is a group|needs 2"),
    "weight_names_empty": (weight_names("", "dense/bias"), "needs 2 weights"),
    "weight_names_through_array": (weight_names("dense/bias/x", "dense/bias"), "needs 2 weights|not a group"),
    "external_group": (secret, "as a link to elsewhere"),
    "weights_array": (
        lambda f: (f.__delitem__("model_weights"), f.__setitem__("model_weights", np.ones(3))),
        "layer_names",
    ),
    "config_number": (lambda f: f.attrs.__setitem__("model_config", 3), "holds no configuration"),
    "config_reference": (lambda f: f.attrs.__setitem__("model_config", f["model_weights"].ref), "references"),
    "config_missing": (lambda f: f.attrs.__delitem__("model_config"), "holds no configuration"),
}  # fmt: skip
for _name, (_change, _cause) in ATTRIBUTES.items():
    add(f"older_{_name}.h5", _cause, "An attribute of the older format that is none, or leads out of its place.", changed(_change))


@hostile("older_million_names.h5", "layers with weights|no different names|messages|lie|larger|heap")
def _() -> bytes:
    """A list of a million names of layers."""
    def change(file: Any) -> None:
        set_names(None)(file)
        for number in range(20):
            names = np.array([f"n{number}_{i}".encode() for i in range(6000)])
            file["model_weights"].attrs[f"layer_names{number}"] = names

    return changed_hdf5(legacy(), change)


@hostile("older_overlapping_texts.h5", "one over the other|not valid|no different|lies nowhere")
def _() -> bytes:
    """A list of texts that all lie at one place: each is a megabyte."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["keras_version"] = "2.6.0"
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": [described("Dense", units=2, batch_input_shape=[None, 2])]},
        )
        text = "x" * 1_000_000
        group = file.create_group("model_weights")
        group.attrs.create("layer_names", np.array([text] + ["y"] * 3000, dtype=object), dtype=h5py.string_dtype())
    content = bytearray(stream.getvalue())
    first = content.index((1_000_000).to_bytes(4, "little"), message(bytes(content), "model_weights", ATTRIBUTE))
    place = bytes(content[first : first + 16])
    content[first : first + 16 * 3001] = place * 3001
    return bytes(content)


@hostile("older_cut.h5", "is cut short")
def _() -> bytes:
    """A file that is cut short."""
    return legacy()[:9000]


@hostile("older_bomb.h5", "is not valid JSON|holds more|values|larger")
def _() -> bytes:
    """A configuration of many small objects."""
    return of("[" + "{}," * 5_000_000 + "{}]")
