"""The graphs of functional models as Keras 1 and 2 wrote them, in the form of Keras 3.

A call was a list of [layer, number of its call, number of its result, keyword arguments], one for each tensor it
takes; arithmetic on tensors was a layer that names a function of TensorFlow.
"""

from __future__ import annotations

from typing import Any

from tinynet.errors import FileFormatError
from tinynet.ops.symbolic import DEFINITIONS

Config = dict[str, Any]

MODELS = ("Sequential", "Functional")
RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU", "Bidirectional")
CONSTANT = "_CONSTANT_VALUE"  # stands for a layer where an argument is no tensor
DEEPEST = 50  # of lists within lists

# TensorFlow's functions: Keras's operation, and its operands and settings by the names of TensorFlow's arguments.
# The first argument is the tensor the layer was called on.
_BINARY = {
    "math.add": "Add", "__operators__.add": "Add", "math.subtract": "Subtract", "math.multiply": "Multiply",
    "math.truediv": "TrueDivide", "math.divide": "TrueDivide", "math.pow": "Power", "math.maximum": "Maximum",
    "math.minimum": "Minimum", "math.equal": "Equal", "math.not_equal": "NotEqual", "math.greater": "Greater",
    "math.greater_equal": "GreaterEqual", "math.less": "Less", "math.less_equal": "LessEqual",
    "math.logical_and": "LogicalAnd", "math.logical_or": "LogicalOr",
    "__operators__.eq": "Equal", "__operators__.ne": "NotEqual",
}  # fmt: skip
_UNARY = {
    "math.negative": "Negative", "math.abs": "Absolute", "math.exp": "Exp", "math.log": "Log", "math.sqrt": "Sqrt",
    "math.square": "Square", "math.tanh": "Tanh", "math.sigmoid": "Sigmoid", "nn.relu": "Relu", "nn.elu": "Elu",
    "nn.tanh": "Tanh", "nn.sigmoid": "Sigmoid", "math.softplus": "Softplus", "math.logical_not": "LogicalNot",
}  # fmt: skip
_REDUCTIONS = {
    "math.reduce_mean": "Mean", "math.reduce_sum": "Sum", "math.reduce_max": "Max", "math.reduce_min": "Min",
    "math.reduce_prod": "Prod", "math.reduce_any": "Any", "math.reduce_all": "All",
}  # fmt: skip
FUNCTIONS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    **{name: (operation, ("y",), {}) for name, operation in _BINARY.items()},
    **{name: (operation, (), {}) for name, operation in _UNARY.items()},
    **{name: (operation, (), {"axis": "axis", "keepdims": "keepdims"}) for name, operation in _REDUCTIONS.items()},
    "linalg.matmul": ("Matmul", ("b",), {}),
    "concat": ("Concatenate", (), {"axis": "axis"}),
    "stack": ("Stack", (), {"axis": "axis"}),
    "reshape": ("Reshape", (), {"shape": "newshape"}),
    "expand_dims": ("ExpandDims", (), {"axis": "axis"}),
    "squeeze": ("Squeeze", (), {"axis": "axis"}),
    "transpose": ("Transpose", (), {"perm": "axes"}),
    "cast": ("Cast", (), {"dtype": "dtype"}),
    "nn.softmax": ("Softmax", (), {"axis": "axis"}),
    "clip_by_value": ("Clip", (), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
}


# The same for the nodes of TensorFlow's graphs.
NODES = {
    "Add": "Add", "AddV2": "Add", "Sub": "Subtract", "Mul": "Multiply", "RealDiv": "TrueDivide", "Pow": "Power",
    "Maximum": "Maximum", "Minimum": "Minimum", "Neg": "Negative", "Abs": "Absolute", "Exp": "Exp", "Log": "Log",
    "Sqrt": "Sqrt", "Square": "Square", "Tanh": "Tanh", "Sigmoid": "Sigmoid", "Relu": "Relu", "MatMul": "Matmul",
    "StridedSlice": "GetItem",
}  # fmt: skip


def with_new_calls(config: Config) -> Config:
    """The configuration of a functional model with its calls in the form of Keras 3; its layers are left alone.

    Raises `FileFormatError` for a graph that is malformed, or holds a function that is not supported.
    """
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        return config
    calls = {_name(layer): _calls(layer) for layer in layers}
    classes = {_name(layer): str(layer.get("class_name")) for layer in layers}
    graph = _Graph(calls, classes, config)
    made = []
    for layer in layers:
        name = _name(layer)
        if classes[name] in ("TFOpLambda", "SlicingOpLambda"):
            made.append(_operation(layer, name, calls[name], graph))
        elif classes[name] == "TensorFlowOpLayer":
            made.append(_node(layer, name, calls[name], graph))
        else:
            nodes = [_layer_call(call, classes[name], graph) for call in calls[name]]
            made.append({**layer, "name": name, "inbound_nodes": nodes})
    kept = {key: value for key, value in config.items() if key in ("name", "trainable")}
    ends = {key: graph.ends(config.get(key)) for key in ("input_layers", "output_layers")}
    return {**kept, "layers": made, **ends}


def _name(layer: Config) -> str:
    config = layer.get("config")
    name = layer.get("name") or (config.get("name") if isinstance(config, dict) else None)
    if not isinstance(name, str):
        raise FileFormatError("a layer of the graph has no name")
    return name


def _calls(layer: Config) -> list[list[Any]]:
    """The calls of a layer, each as the list of what it takes."""
    nodes = layer.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise FileFormatError(f"the layer {_name(layer)!r} of the graph has no inbound_nodes")
    calls = []
    for node in nodes:
        if not isinstance(node, list) or not node:
            raise FileFormatError(f"a call of the layer {_name(layer)!r} is malformed: {node!r}")
        calls.append([node] if isinstance(node[0], str) else node)
    return calls


class _Graph:
    """How tensors are named: by a layer, a call of it and a result.

    A model counted its own inputs as its first call where it had any, so the calls of those in a graph are
    numbered from 1 then; Keras 3 does so only for a functional model among the inputs and outputs.
    """

    def __init__(self, calls: dict[str, list[list[Any]]], classes: dict[str, str], config: Config) -> None:
        self.calls, self.classes = calls, classes
        self.from_one = {
            name
            for name, number in _references([*calls.values(), config.get("output_layers")])
            if classes.get(name) in MODELS and number >= len(calls[name])
        }

    def tensor(self, layer: str, call: Any, result: Any) -> Config:
        """A tensor in a call, as Keras 3 writes it."""
        if layer not in self.calls:
            raise FileFormatError(f"a call takes a result of {layer!r}, which is not there")
        number = call - 1 if layer in self.from_one and isinstance(call, int) else call
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, number, result]}}

    def ends(self, structure: Any) -> Any:
        """The inputs or outputs of the model."""
        if isinstance(structure, dict):
            return {key: self.ends(part) for key, part in structure.items()}
        if _is_reference(structure):
            layer, call, result = structure[:3]
            call += (self.classes.get(layer) == "Functional") - (layer in self.from_one)
            return [layer, call, result]
        if not isinstance(structure, list):
            raise FileFormatError(f"expected [layer, call, result], received {structure!r}")
        return self.ends(structure[0]) if len(structure) == 1 else [self.ends(part) for part in structure]

    def argument(self, value: Any, depth: int = 0) -> Any:
        """An argument of a call, the tensors in it named as Keras 3 does."""
        if depth > DEEPEST:
            raise FileFormatError("the arguments of a call are nested too deep")
        if _is_reference(value) and value[0] in self.calls:
            return self.tensor(*value[:3])
        if isinstance(value, list):
            return [self.argument(part, depth + 1) for part in value]
        if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
            limits = {key: self.argument(part, depth + 1) for key, part in value.items()}
            return {"class_name": "__slice__", "config": limits}
        if isinstance(value, dict):
            return {key: self.argument(part, depth + 1) for key, part in value.items()}
        return value

    def taken(self, entry: Any) -> tuple[Any, Config]:
        """What one entry of a call stands for, and the keyword arguments that come with it."""
        if isinstance(entry, list) and len(entry) in (3, 4) and isinstance(entry[0], str):
            settings = entry[3] if len(entry) == 4 else {}
            if isinstance(settings, dict):
                value = entry[2] if entry[0] == CONSTANT else self.tensor(*entry[:3])
                return value, {key: self.argument(part) for key, part in settings.items()}
        raise FileFormatError(f"expected a call of [layer, call, result, arguments], received {entry!r}")


def _is_reference(value: Any) -> bool:
    whole = isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str)
    return whole and all(isinstance(n, int) and not isinstance(n, bool) for n in value[1:3])


def _references(value: Any) -> list[tuple[str, int]]:
    """The layers and calls that are named anywhere in lists and dicts."""
    found, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        if _is_reference(part):
            found.append((part[0], part[1]))
        if isinstance(part, (list, dict)):
            waiting.extend(part.values() if isinstance(part, dict) else part)
    return found


def _layer_call(call: list[Any], class_name: str, graph: _Graph) -> Config:
    """A call of a layer: what it takes is one tensor or a list of them."""
    values, settings = [], {}
    for entry in call:
        value, own = graph.taken(entry)
        values.append(value)
        settings.update(own)
    if class_name in RECURRENT and len(values) > 1:  # the states came behind the sequence, and its mask with it
        mask = {"class_name": "__keras_mask__", "config": values[0]["config"]}
        return {"args": values[:1], "kwargs": {"mask": mask, **settings, "initial_state": values[1:]}}
    return {"args": values if len(values) == 1 else [values], "kwargs": settings}


def _operation(layer: Config, name: str, calls: list[list[Any]], graph: _Graph) -> Config:
    """A function of TensorFlow as the operation that Keras 3 has for it."""
    function = layer["config"].get("function")
    sliced = function == "__operators__.getitem"
    known = FUNCTIONS.get(str(function))
    if known is None and not sliced:
        raise FileFormatError(f"{layer['class_name']} {name!r}: the function {function!r} is not supported")
    operation, operands, settings = known or ("GetItem", ("slice_spec",), {})
    nodes, config = [], {"name": name}
    for call in calls:
        entries = [graph.taken(entry) for entry in call]
        given: Config = {key: value for _, own in entries for key, value in own.items() if key != "name"}
        values = [value for value, _ in entries]
        args = [values if operation in ("Concatenate", "Stack") else values[0]]
        for key in operands:
            if key not in given:
                raise FileFormatError(f"{layer['class_name']} {name!r}: the argument {key!r} is missing")
            args.append(given.pop(key))
        config.update({settings[key]: given.pop(key) for key in tuple(given) if key in settings})
        unknown = [key for key, value in given.items() if value is not None and value is not False]
        if unknown:
            raise FileFormatError(f"{layer['class_name']} {name!r}: the argument {unknown[0]!r} is not supported")
        nodes.append({"args": args, "kwargs": {}})
    return _described(operation, name, config, nodes)


def _described(operation: str, name: str, config: Config, nodes: list[Config]) -> Config:
    """An operation of Keras 3 with its calls."""
    module = f"keras.src.ops.{DEFINITIONS[operation].module}"
    return {
        "module": module, "class_name": operation, "config": config, "registered_name": operation, "name": name,
        "inbound_nodes": nodes,
    }  # fmt: skip


def _node(layer: Config, name: str, calls: list[list[Any]], graph: _Graph) -> Config:
    """A node of TensorFlow's graph, as Keras wrote arithmetic before 2.5: some of its inputs are constants."""
    node, constants = layer["config"].get("node_def"), layer["config"].get("constants")
    if not isinstance(node, dict) or not isinstance(constants, dict):
        raise FileFormatError(f"TensorFlowOpLayer {name!r} is malformed")
    kind = node.get("op")
    operation = NODES.get(str(kind))
    if operation is None:
        raise FileFormatError(f"TensorFlowOpLayer {name!r}: the operation {kind!r} is not supported")
    nodes = []
    for call in calls:
        args = [graph.taken(entry)[0] for entry in call]
        for place in sorted(constants, key=lambda key: int(key) if str(key).isdigit() else 0):
            args.insert(int(place) if str(place).isdigit() else len(args), constants[place])
        if kind == "StridedSlice":
            args = [args[0], _slices(name, args[1:], node.get("attr"))]
        nodes.append({"args": args, "kwargs": {}})
    return _described(operation, name, {"name": name}, nodes)


def _slices(name: str, limits: list[Any], attributes: Any) -> list[Any]:
    """The slices that TensorFlow writes as lists of starts, ends and steps, with bits for those that do not count."""
    masks = {key: value.get("i", "0") for key, value in (attributes or {}).items() if isinstance(value, dict)}
    bits = {key: int(masks.get(f"{key}_mask", 0)) for key in ("begin", "end", "shrink_axis", "ellipsis", "new_axis")}
    if len(limits) != 3 or not all(isinstance(part, list) for part in limits) or bits["ellipsis"] or bits["new_axis"]:
        raise FileFormatError(f"TensorFlowOpLayer {name!r}: slices of this kind are not supported")
    slices: list[Any] = []
    for axis, (start, stop, step) in enumerate(zip(*limits, strict=True)):
        if bits["shrink_axis"] >> axis & 1:
            slices.append(start)
            continue
        ends = {
            "start": None if bits["begin"] >> axis & 1 else start,
            "stop": None if bits["end"] >> axis & 1 else stop,
            "step": step,
        }
        slices.append({"class_name": "__slice__", "config": ends})
    return slices
