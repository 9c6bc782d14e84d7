"""Hostile graphs: what the calls of a functional model can name, and what its functions can make of little."""

from __future__ import annotations

from typing import Any

from hostile_parts import add, archive_of, called, described, entry, functional, operation, tensor

X = entry([None, 4])
RELU = described("ReLU")
GRAPHS: dict[str, tuple[dict[str, Any], str, str]] = {
    "circle": (
        functional(X, called(RELU, "a", tensor("b")), called(RELU, "b", tensor("a"))),
        "form a circle",
        "Two layers that wait for each other.",
    ),
    "itself": (functional(X, called(RELU, "a", tensor("a"))), "form a circle|takes", "A layer that waits for itself."),
    "missing_layer": (
        functional(X, called(RELU, "a", tensor("nobody"))),
        "'nobody', which is not there",
        "A call of what is not there.",
    ),
    "missing_call": (
        functional(X, called(RELU, "a", tensor("x", 10**9))),
        "that no call gives|no result",
        "The result of the billionth call.",
    ),
    "negative_call": (
        functional(X, called(RELU, "a", tensor("x", -1))),
        "there is no call -1",
        "The result of the call before the first.",
    ),
    "missing_result": (
        functional(X, called(RELU, "a", tensor("x", 0, 10**9))),
        "there is no result 1000000000",
        "The billionth result.",
    ),
    "negative_result": (
        functional(X, called(RELU, "a", tensor("x", 0, -1))),
        "there is no result -1",
        "The result before the first.",
    ),
    "true_result": (
        functional(X, called(RELU, "a", tensor("x", True, False))),
        "there is no",
        "Truth values as numbers.",
    ),
    "no_outputs": (
        {**functional(X), "config": {"layers": [X], "input_layers": ["x", 0, 0]}},
        "expected lists of layers",
        "A graph that ends nowhere.",
    ),
    "empty_outputs": (
        {**functional(X), "config": {"layers": [X], "input_layers": ["x", 0, 0], "output_layers": []}},
        "expected \\[layer, call, result\\]",
        "No outputs in their list.",
    ),
    "deep_outputs": (
        functional(X, outputs=[[[[[[[[[[[[[[[[[[[[[[["x", 0, 0]]]]]]]]]]]]]]]]]]]]]]]),
        "expected \\[layer, call, result\\]",
        "Outputs nested deeply.",
    ),
    "unconnected": (
        functional(X, entry([None, 4], "y"), called(RELU, "a", tensor("y"))),
        "does not depend|depend|input",
        "An output of something that is no input.",
    ),
    "same_names": (
        functional(X, called(RELU, "x", tensor("x"))),
        "two layers are named 'x'",
        "Two layers of one name.",
    ),
    "no_history": (
        functional(X, called(RELU, "a", {"class_name": "__keras_tensor__", "config": {}})),
        "expected \\[layer, call, result\\]",
        "A tensor from nowhere.",
    ),
    "unknown_argument": (
        functional(X, called(RELU, "a", {"class_name": "__import__", "config": {"value": "os"}})),
        "an argument of kind '__import__'|takes",
        "A kind of argument that is none.",
    ),
    "lambda_argument": (
        functional(X, called(RELU, "a", tensor("x"), {"class_name": "__lambda__", "config": {"value": "x"}})),
        "__lambda__",
        "Code as an argument.",
    ),
    "evil_operation": (
        functional(X, called(operation("Evil"), "a", tensor("x"))),
        "operation 'Evil' is not supported",
        "A function that is not in the table.",
    ),
    "vectorize": (
        functional(X, called(operation("Vectorize", pyfunc="os.system"), "a", tensor("x"))),
        "not supported",
        "A function of functions.",
    ),
    "text_operand": (
        functional(X, called(operation("Add"), "a", tensor("x"), "text")),
        "expected numbers",
        "A text as an operand.",
    ),
    "no_inputs": (functional(X, called(RELU, "a", 3)), "takes no result|model", "A call of a number."),
    "many_calls": (
        functional(X, {**called(RELU, "a"), "inbound_nodes": [{"args": [tensor("x")], "kwargs": {}}] * 150_000}),
        "calls of layers|holds more|values",
        "More calls than any model has.",
    ),
    "slow_rounds": (
        functional(
            X,
            *[called(RELU, f"a{i}", tensor(f"a{i + 1}")) for i in range(3000)],
            called(RELU, "a3000", tensor("nobody")),
        ),
        "'nobody'",
        "A chain in the wrong order, which each round shortens by one.",
    ),
    "slow_circle": (
        functional(X, *[called(RELU, f"a{i}", tensor(f"a{(i + 1) % 3000}")) for i in range(3000)]),
        "form a circle",
        "A circle of 3,000 layers.",
    ),
    "slow_chain": (
        functional(
            X,
            *[called(RELU, f"a{i}", tensor(f"a{i + 1}")) for i in range(2999)],
            called(described("Dense", units=2), "a2999", tensor("x")),
            outputs=["a0", 0, 0],
        ),
        "weights|circle|calls",
        "A chain of 3,000 layers in the wrong order.",
    ),
    "many_arguments": (
        functional(
            X,
            called(described("Concatenate"), "a", [tensor("x")] * 100_000),
            called(RELU, "b", tensor("a", 1)),
        ),
        "circle|no call|values",
        "100,000 tensors joined.",
    ),
    "numpy_argument": (
        functional(
            X,
            called(
                operation("Add"),
                "a",
                tensor("x"),
                {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "object"}},
            ),
        ),
        "an array of dtype 'object'",
        "An array of objects.",
    ),
    "numpy_dtype": (
        functional(
            X,
            called(
                operation("Add"),
                "a",
                tensor("x"),
                {"class_name": "__numpy__", "config": {"value": 1.0, "dtype": "V1000000000"}},
            ),
        ),
        "an array of dtype",
        "An array with elements of a gigabyte.",
    ),
    "numpy_text_dtype": (
        functional(
            X,
            called(
                operation("Add"),
                "a",
                tensor("x"),
                {"class_name": "__numpy__", "config": {"value": [1.0] * 10, "dtype": "U100000000"}},
            ),
        ),
        "an array of dtype",
        "Texts of 400 MB each.",
    ),
    "numpy_comma_dtype": (
        functional(
            X,
            called(
                operation("Add"),
                "a",
                tensor("x"),
                {"class_name": "__numpy__", "config": {"value": [1] * 8, "dtype": ",".join(["f8"] * 10_000)}},
            ),
        ),
        "an array of dtype",
        "A dtype that has to be parsed.",
    ),
}  # fmt: skip
for _name, (_config, _cause, _attack) in GRAPHS.items():
    add(f"graph_{_name}.keras", _cause, _attack, lambda config=_config: archive_of(config))


def doubling(layer: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """A chain of layers, each called on the result before it, twice."""
    chain, last = [], "x"
    for number in range(times):
        chain.append(called(layer, f"d{number}", [tensor(last), tensor(last)]))
        last = f"d{number}"
    return chain


def grown(*layers: dict[str, Any], shape: Any = (None, 4), dtype: str = "float32") -> bytes:
    """A graph that grows, and an end that does not fit."""
    end = called(described("Reshape", target_shape=[3]), "end", tensor(layers[-1]["name"]))
    return archive_of(functional(entry(shape, dtype=dtype), *layers, end))


def single(class_name: str, *args: Any, module: str = "numpy", **settings: Any) -> list[dict[str, Any]]:
    """One operation on the input, and on what else is named."""
    return [called(operation(class_name, module, **settings), "a", tensor("x"), *args)]


WIDE = {"class_name": "__numpy__", "config": {"value": [[1.0] * 30_000], "dtype": "float32"}}
TALL = {"class_name": "__numpy__", "config": {"value": [[[1.0]] * 30_000], "dtype": "float32"}}
OPERATIONS: dict[str, tuple[list[dict[str, Any]], Any, str]] = {
    "concatenate_layers": (doubling(described("Concatenate"), 60), (None, 4), "float32"),
    "concatenate": (doubling(operation("Concatenate", axis=-1), 60), (None, 4), "float32"),
    "stack": (doubling(operation("Stack", axis=1), 60), (None, 4), "float32"),
    "tile": (single("Tile", repeats=[1, 10**12]), (None, 4), "float32"),
    "tile_chain": (
        [called(operation("Tile", repeats=[1, 100]), f"t{i}", tensor(f"t{i - 1}" if i else "x")) for i in range(9)],
        (None, 4),
        "float32",
    ),
    "repeat": (single("Repeat", repeats=10**12, axis=1), (None, 4), "float32"),
    "repeat_chain": (
        [
            called(operation("Repeat", repeats=1000, axis=1), f"t{i}", tensor(f"t{i - 1}" if i else "x"))
            for i in range(5)
        ],
        (None, 4),
        "float32",
    ),
    "pad": (single("Pad", pad_width=[[0, 0], [0, 10**12]]), (None, 4), "float32"),
    "pad_several": (single("Pad", pad_width=[[0, 0], [10**4, 0], [10**4, 0], [10**4, 0]]), (None, 4, 4, 4), "float32"),
    "broadcast": (single("BroadcastTo", shape=[10**6, 10**6, 2, 4]), (2, 4), "float32"),
    "broadcast_then_add": (
        [*single("BroadcastTo", shape=[10**4, 10**4, 2, 4]), called(operation("Add"), "b", tensor("a"), 1.0)],
        (2, 4),
        "float32",
    ),
    "one_hot": (single("OneHot", module="nn", num_classes=10**12), (None, 4), "int32"),
    "one_hot_chain": (
        [
            called(operation("OneHot", "nn", num_classes=1000), f"t{i}", tensor(f"t{i - 1}" if i else "x"))
            for i in range(5)
        ],
        (None, 4),
        "int32",
    ),
    "matmul": (single("Matmul", tensor("x")), (10**5, 10**5), "float32"),
    "outer": (single("Outer", tensor("x")), (10**3, 10**3), "float32"),
    "outer_chain": (
        [called(operation("Outer"), f"t{i}", tensor(f"t{i - 1}" if i else "x"), tensor("x")) for i in range(10)],
        (2, 100),
        "float32",
    ),
    "tensordot": (single("Tensordot", tensor("x"), axes=0), (10**3, 10**3), "float32"),
    "tensordot_chain": (
        [
            called(operation("Tensordot", axes=0), f"t{i}", tensor(f"t{i - 1}" if i else "x"), tensor("x"))
            for i in range(6)
        ],
        (2, 40),
        "float32",
    ),
    "einsum": (single("Einsum", tensor("x"), subscripts="ab,cd->abcd"), (10**3, 10**3), "float32"),
    "add_wide_and_tall": (single("Add", WIDE), (None, 30_000, 1), "float32"),
    "add_large": (single("Add", tensor("x")), (None, 10**6, 10**6), "float32"),
    "exp_large": (single("Exp"), (None, 10**5, 10**5), "float32"),
    "where": (single("Where", TALL, WIDE), (None, 1, 1, 100), "bool"),
    "take": (
        single("Take", {"class_name": "__numpy__", "config": {"value": [0] * 100_000, "dtype": "int32"}}, axis=0),
        (10, 10**5),
        "float32",
    ),
    "get_item": ([called(operation("GetItem"), "a", tensor("x"), [[0] * 100_000])], (10, 10**5), "float32"),
    "get_item_chain": (
        [
            called(
                operation("GetItem"),
                f"t{i}",
                tensor(f"t{i - 1}" if i else "x"),
                [
                    {"class_name": "__slice__", "config": {}},
                    {"class_name": "__numpy__", "config": {"value": [0] * 1000, "dtype": "int32"}},
                    None,
                ],
            )
            for i in range(8)
        ],
        (10, 4),
        "float32",
    ),
    "unstack": (single("Unstack", module="core", axis=1), (None, 10**8), "float32"),
    "split": (single("Split", indices_or_sections=10**7, axis=1), (None, 10**7), "float32"),
    "flat_large": (single("Ravel"), (10**5, 10**5), "float32"),
    "reshape_large": (single("Reshape", newshape=[-1]), (10**5, 10**5), "float32"),
    "sort_large": (single("Sort"), (None, 10**5, 10**4), "float32"),
    "cast_large": (single("Cast", module="core", dtype="float64"), (None, 10**5, 10**4), "float32"),
    "conv": (single("Conv", TALL, module="nn", strides=1, padding="same"), (None, 10**7, 1), "float32"),
    "average_pool": (
        single("AveragePool", module="nn", pool_size=10**6, strides=1, padding="same"),
        (None, 10**6, 4),
        "float32",
    ),
    "max_pool": (
        single("MaxPool", module="nn", pool_size=10**9, strides=1, padding="same"),
        (None, 10**6, 4),
        "float32",
    ),
    "pad_reflect": (single("Pad", pad_width=[[0, 0], [10**7, 10**7]], mode="reflect"), (None, 10**8), "float32"),
    "many_tried": (
        [called(operation("Sort"), f"t{i}", tensor(f"t{i - 1}" if i else "x")) for i in range(300)],
        (None, 500_000),
        "float32",
    ),
    "many_reshaped": (
        [
            called(
                operation("Reshape", newshape=[-1, 500_000 // (1 + i % 2), 1 + i % 2]),
                f"t{i}",
                tensor(f"t{i - 1}" if i else "x"),
            )
            for i in range(300)
        ],
        (None, 500_000),
        "float32",
    ),
    "many_gathered": (
        [
            called(operation("GetItem"), f"t{i}", tensor(f"t{i - 1}" if i else "x"), [None, ["__ellipsis__"]])
            for i in range(3)
        ],
        (None, 500_000),
        "float32",
    ),
    "many_concatenated": (
        [called(operation("Concatenate", axis=1), "a", [tensor("x")] * 3000)],
        (None, 100_000),
        "float32",
    ),
    "many_axes": (
        [called(operation("ExpandDims", axis=0), f"t{i}", tensor(f"t{i - 1}" if i else "x")) for i in range(100)],
        (None, 4),
        "float32",
    ),
    "power": (single("Power", 10**30), (None, 4), "int32"),
    "cumsum_axis": (single("Cumsum", axis=10**30), (None, 4), "float32"),
    "full_like": (single("FullLike", 10**400), (None, 4), "float32"),
    "zero_sizes": (single("Concatenate", axis=0), (0, 10**12), "float32"),
}  # fmt: skip
for _name, (_layers, _shape, _dtype) in OPERATIONS.items():
    add(
        f"operation_{_name}.keras", "too large|does not take|Reshape|layers|expected|malformed|axis=|kernel|does not fit|maximum supported dimension", "A function in the graph whose result, tried on arrays, would fill the memory.",
        lambda layers=_layers, shape=_shape, dtype=_dtype: grown(*layers, shape=shape, dtype=dtype),
    )  # fmt: skip
