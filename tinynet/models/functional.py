"""`Functional`: the model that `Model(inputs, outputs)` makes, and how its graph stands in files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of
from tinynet.catalogue import Config, each, serialize
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.layers import CATALOGUE
from tinynet.layers.base import Layer
from tinynet.models.graph import Graph
from tinynet.models.model import Model
from tinynet.nested import map_leaves
from tinynet.ops._arguments import DTYPES
from tinynet.ops.symbolic import DEFINITIONS, KerasTensor, Node, SymbolicOperation

MOST_LAYERS = 10_000  # in a saved configuration
MOST_CALLS = 100_000


class Functional(Model):
    """A model of symbolic inputs and outputs; `Model(inputs, outputs)` makes one.

    Source: https://keras.io/guides/functional_api/
    """

    keras_module = "keras.src.models.functional"
    registered_name = "Functional"
    replayable = True

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs, outputs, name=name, **kwargs)

    def get_build_config(self) -> Config | None:
        return {"input_shape": None}

    def get_config(self) -> Config:
        return {"name": self.name, "trainable": self.trainable, **graph_config(self._the_graph("configuration"))}

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """A new model of the configuration `get_config` returned, tinynet's or Keras's."""
        return model_from_graph(cls, config, custom_objects)


def model_from_graph(cls: type[Model], config: Config, custom_objects: Any = None) -> Any:
    """A new model of class `cls`, which is made of inputs and outputs, from its configuration."""
    if not isinstance(config, dict):
        raise ArgumentError(f"{cls.__name__}: expected a configuration, received {config!r}")
    unknown = set(config) - {"name", "trainable", "dtype", "layers", "input_layers", "output_layers"}
    if unknown:
        raise ArgumentError(f"{cls.__name__}: unknown key {sorted(unknown)[0]!r} in the configuration")
    inputs, outputs = graph_from_config(config, f"{cls.__name__} {config.get('name')!r}", custom_objects)
    trainable = config.get("trainable")
    return cls(inputs, outputs, name=config.get("name"), trainable=True if trainable is None else trainable)


def graph_config(graph: Graph) -> Config:
    """A graph as it stands in Keras's files: its operations, each with its calls, and where it begins and ends."""

    def reference(tensor: KerasTensor) -> list[Any]:
        name, call, result = graph.reference(tensor)
        # Keras counts a call of a functional model's own, but only here.
        offset = isinstance(tensor._keras_history.operation, Functional)  # type: ignore[union-attr]
        return [name, call + offset, result]

    return {
        "layers": [
            {
                **_described(operation),
                "name": operation.name,
                "inbound_nodes": [_call_config(node, graph) for node in graph.calls(operation) if node.inputs],
            }
            for operation in graph.operations
        ],
        "input_layers": map_leaves(reference, graph.inputs),
        "output_layers": map_leaves(reference, graph.outputs),
    }


def _described(operation: Any) -> Config:
    """A layer or a function of the graph as plain data."""
    if isinstance(operation, Layer):
        described: Config = serialize(operation)
        return described
    # Keras 3.6 takes either settings or a name; the name stands beside the configuration anyhow.
    config = {key: serialize(value) for key, value in operation.settings.items()} or {"name": operation.name}
    name = operation.class_name
    return {"module": operation.module, "class_name": name, "config": config, "registered_name": name}


def _call_config(node: Node, graph: Graph) -> Config:
    def plain(part: Any) -> Any:
        if isinstance(part, KerasTensor):
            config = {"shape": list(part.shape), "dtype": part.dtype, "keras_history": graph.reference(part)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(part, slice):
            limits = {"start": part.start, "stop": part.stop, "step": part.step}
            return {"class_name": "__slice__", "config": {key: serialize(value) for key, value in limits.items()}}
        if part is Ellipsis:
            return {"class_name": "__ellipsis__", "config": {}}
        if isinstance(part, (Tensor, np.ndarray)):
            array = np.asarray(part)
            return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
        return serialize(part)

    args, kwargs = map_leaves(plain, list(node.args)), map_leaves(plain, node.kwargs)
    return {"args": serialize(args), "kwargs": serialize(kwargs)}


def graph_from_config(config: Config, where: str, custom_objects: Any = None) -> tuple[Any, Any]:
    """Inputs and outputs of the graph that a configuration describes, its layers made and called anew."""
    described = config.get("layers")
    if not isinstance(described, list) or "input_layers" not in config or "output_layers" not in config:
        raise FileFormatError(f"{where}: expected lists of layers, input_layers and output_layers")
    if len(described) > MOST_LAYERS:
        raise FileFormatError(f"{where}: {len(described):,} layers are more than {MOST_LAYERS:,}")
    waiting: dict[str, list[Any]] = {}
    for layer in described:
        name, calls = _name_and_calls(layer, where)
        if name in waiting:
            raise FileFormatError(f"{where}: two layers are named {name!r}")
        waiting[name] = calls
    if sum(map(len, waiting.values())) > MOST_CALLS:
        raise FileFormatError(f"{where}: more than {MOST_CALLS:,} calls of layers")
    made = each(lambda layer: _operation(layer, _name_and_calls(layer, where)[0], where, custom_objects), described)
    operations: dict[str, Any] = dict(zip(waiting, made, strict=True))
    _call_all(operations, waiting, where)

    def found(structure: Any, depth: int = 0) -> Any:
        if isinstance(structure, (list, tuple)) and len(structure) == 3 and isinstance(structure[0], str):
            name, call, result = structure
            own = isinstance(operations.get(name), Functional) and isinstance(call, int)
            return _tensor(operations, (name, call - own if own else call, result), where)
        if depth > 20 or not isinstance(structure, (list, tuple, dict)) or not structure:
            raise FileFormatError(f"{where}: expected [layer, call, result], received {structure!r}")
        if isinstance(structure, dict):
            return {key: found(part, depth + 1) for key, part in structure.items()}
        return [found(part, depth + 1) for part in structure]

    return found(config["input_layers"]), found(config["output_layers"])


def _name_and_calls(layer: Any, where: str) -> tuple[str, list[Any]]:
    """The name of a described layer and a copy of its calls."""
    config = layer.get("config") if isinstance(layer, dict) else None
    if not isinstance(config, dict) or not isinstance(layer.get("inbound_nodes"), list):
        raise FileFormatError(f"{where}: a layer without a configuration or inbound_nodes")
    name = layer.get("name") or config.get("name")
    if not isinstance(name, str):
        raise FileFormatError(f"{where}: a layer without a name")
    return name, list(layer["inbound_nodes"])


def _operation(layer: Config, name: str, where: str, custom_objects: Any) -> Any:
    """The layer or function that is described."""
    class_name, module, config = layer.get("class_name"), layer.get("module"), layer["config"]
    if class_name in DEFINITIONS and (str(module).startswith("keras.src.ops.") or _is_bare(layer)):
        settings = {key: value for key, value in config.items() if key != "name"}
        if class_name == "LayerNorm" and settings.get("rms_scaling") is False:
            settings.pop("rms_scaling")
        return SymbolicOperation(class_name, settings, name)
    if str(module).startswith("keras.src.ops."):
        raise FileFormatError(f"{where}: the operation {class_name!r} is not supported")
    made = CATALOGUE.deserialize(layer, custom_objects)
    if not isinstance(made, Layer):
        raise FileFormatError(f"{where}: {class_name!r} is no layer")
    if made.name != name:
        made.name = name
    return made


def _is_bare(layer: Config) -> bool:
    """Whether a part of a graph is a function by what it lacks: Keras's older format does not say modules."""
    return layer.get("module") is None and "trainable" not in layer["config"] and "registered_name" not in layer


def _call_all(operations: dict[str, Any], described: dict[str, list[Any]], where: str) -> None:
    """Makes every call as soon as what it takes is there, round by round in the order of the layers, as Keras."""
    waiting = {
        name: [(call, _needed(call, operations, where)) for call in calls] for name, calls in described.items() if calls
    }
    attempts = 0
    while waiting:
        before = sum(map(len, waiting.values()))
        for name, calls in list(waiting.items()):
            while calls and all(len(nodes) > index for nodes, index in calls[0][1]):
                _make_call(operations[name], calls.pop(0)[0], operations, where)
            if not calls:
                del waiting[name]
        attempts += before
        if sum(map(len, waiting.values())) == before or attempts > 10 * MOST_CALLS:
            raise FileFormatError(
                f"{where}: the calls of {', '.join(map(repr, sorted(waiting)[:3]))} take results that no call gives, "
                "or form a circle"
            )


def _references(part: Any) -> Iterator[Any]:
    """The tensors that the arguments of a described call name."""
    if isinstance(part, dict):
        if part.get("class_name") in ("__keras_tensor__", "__keras_mask__"):
            config = part.get("config")
            yield config.get("keras_history") if isinstance(config, dict) else None
        else:
            for value in part.values():
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _needed(call: Any, operations: dict[str, Any], where: str) -> list[tuple[list[Node], int]]:
    """What a described call takes: for each tensor the calls of its layer, and the number of the one that gives it."""
    needed = []
    for reference in _references(call):
        if not isinstance(reference, (list, tuple)) or len(reference) != 3:
            raise FileFormatError(f"{where}: expected [layer, call, result], received {reference!r}")
        name, index, _ = reference
        if not isinstance(name, str) or name not in operations:
            raise FileFormatError(f"{where}: a call takes a result of {name!r}, which is not there")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise FileFormatError(f"{where}: there is no call {index!r} of {name!r}")
        needed.append((operations[name]._inbound_nodes, index))
    return needed


def _tensor(operations: dict[str, Any], reference: Any, where: str) -> KerasTensor:
    name, index, result = reference
    if name not in operations:
        raise FileFormatError(f"{where}: a result of {name!r} is named, which is not there")
    calls: list[Node] = operations[name]._inbound_nodes
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (index, result))
    if not whole or index >= len(calls) or result >= len(calls[index].outputs):
        raise FileFormatError(f"{where}: there is no result {result!r} of call {index!r} of {name!r}")
    return calls[index].outputs[result]


def _make_call(operation: Any, call: Any, operations: dict[str, Any], where: str) -> None:
    if not isinstance(call, dict) or not isinstance(call.get("args"), list):
        raise FileFormatError(f"{where}: a call of {operation.name!r} is malformed")
    args = _argument(call["args"], operations, where)
    kwargs = _argument(call.get("kwargs") or {}, operations, where)
    if not (args or kwargs) or not isinstance(kwargs, dict):
        raise FileFormatError(f"{where}: a call of {operation.name!r} takes nothing")
    # What stands there is whether the model was being trained when it was put together.
    kwargs.pop("training", None)
    calls = len(operation._inbound_nodes)
    operation(*args, **kwargs)
    if len(operation._inbound_nodes) == calls:
        raise FileFormatError(f"{where}: a call of {operation.name!r} takes no result of another layer")


def _argument(part: Any, operations: dict[str, Any], where: str) -> Any:
    """An argument of a call from plain data."""
    if isinstance(part, list):
        return [_argument(value, operations, where) for value in part]
    if not isinstance(part, dict):
        return part
    name, config = part.get("class_name"), part.get("config")
    if not isinstance(name, str) or not name.startswith("__"):
        return {key: _argument(value, operations, where) for key, value in part.items()}
    config = config if isinstance(config, dict) else {}
    if name == "__keras_tensor__":
        return _tensor(operations, config["keras_history"], where)
    if name == "__keras_mask__":  # not of Keras 3: masks that came along by themselves in Keras 2
        return mask_of(_tensor(operations, config["keras_history"], where))
    if name == "__slice__":
        return slice(config.get("start"), config.get("stop"), config.get("step"))
    if name == "__ellipsis__":
        return Ellipsis
    if name in ("__numpy__", "__tensor__"):
        dtype = config.get("dtype", "float32")
        if dtype not in DTYPES:  # others have elements of any size, or hold objects
            raise FileFormatError(f"{where}: an array of dtype {dtype!r} is not supported")
        return np.asarray(config.get("value"), dtype)
    raise FileFormatError(f"{where}: an argument of kind {name!r} is not supported")
