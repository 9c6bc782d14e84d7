"""The graph of a functional model: the calls between its symbolic inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tinynet.errors import ArgumentError, GraphError
from tinynet.layers import InputLayer
from tinynet.layers.base import Layer
from tinynet.nested import leaves, map_leaves, packed
from tinynet.ops.symbolic import KerasTensor, Node


class Graph:
    """The calls that lead from symbolic inputs to outputs, ordered.

    inputs, outputs: symbolic tensors in nested lists, tuples and dicts.
    described: the model, for errors.

    `operations` are layers and functions in Keras's order, on which the places of the weights in
    files depend: those far from the outputs first, among equals the one that is first met on a
    walk from the outputs towards the inputs.

    Raises `ArgumentError` for what is no symbolic tensor or a name that two operations share,
    `GraphError` where an output does not depend on the inputs alone.
    """

    def __init__(self, inputs: Any, outputs: Any, described: str) -> None:
        self.described = described
        for word, structure in (("inputs", inputs), ("outputs", outputs)):
            given = list(leaves(structure))
            if not given:
                raise ArgumentError(f"{described}: {word} are empty")
            for part in given:
                if not isinstance(part, KerasTensor) or part._keras_history is None:
                    raise ArgumentError(
                        f"{described}: expected {word} from Input() and layers called on it, received {part!r}"
                    )
        if not all(_is_input(part) for part in leaves(inputs)):
            inputs, outputs = _cut_off(inputs, outputs)
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs: list[KerasTensor] = list(leaves(inputs))
        self.flat_outputs: list[KerasTensor] = list(leaves(outputs))
        self.output_names = [t._keras_history.operation.name for t in self.flat_outputs]  # type: ignore[union-attr]
        self.input_names = map_leaves(lambda tensor: tensor.name, inputs)
        self.nodes, first_met = _walk(self.flat_outputs, described)
        self._check_connected()
        self.operations = self._ordered(first_met)
        self._check_names()
        of_inputs = {id(t._keras_history.node) for t in self.flat_inputs}  # type: ignore[union-attr]
        self._members = set(map(id, self.nodes)) | of_inputs

    @property
    def layers(self) -> list[Layer]:
        """The layers among the operations."""
        return [operation for operation in self.operations if isinstance(operation, Layer)]

    def _check_connected(self) -> None:
        known = {id(t) for t in self.flat_inputs}
        for node in self.nodes:
            if not node.inputs and id(node.outputs[0]) not in known:
                raise GraphError(
                    f"{self.described}: the outputs depend on the input {node.operation.name!r}, "
                    "which is not among the model's inputs"
                )

    def _ordered(self, first_met: dict[Any, int]) -> list[Any]:
        depth_of_node: dict[Node, int] = {}
        depth_of: dict[Any, int] = {}
        for node in reversed(self.nodes):
            depth = max(depth_of_node.get(node, 0), depth_of.get(node.operation, 0))
            depth_of_node[node] = depth_of[node.operation] = depth
            for parent in node.parents:
                depth_of_node[parent] = max(depth + 1, depth_of_node.get(parent, 0))
        place = dict(first_met)
        for tensor in self.flat_inputs:  # also those that nothing depends on
            operation = tensor._keras_history.operation  # type: ignore[union-attr]
            if operation not in depth_of:
                depth_of[operation], place[operation] = 0, -1
        return sorted(depth_of, key=lambda operation: (-depth_of[operation], place[operation]))

    def _check_names(self) -> None:
        seen: set[str] = set()
        for operation in self.operations:
            if operation.name in seen:
                raise ArgumentError(
                    f"{self.described}: two layers are named {operation.name!r}; names within a model must be unique"
                )
            seen.add(operation.name)

    def run(
        self,
        values: Sequence[Any],
        call: Callable[[Any, Any, Any], Any],
        joined: Mapping[Node, tuple[Node, Any]] = MappingProxyType({}),
    ) -> Any:
        """The outputs for values of the inputs; `call(operation, args, kwargs)` makes each call.

        joined: calls that are made together with a later one, from which they lead to it and to an operation for both.
        """
        known = {id(tensor): value for tensor, value in zip(self.flat_inputs, values, strict=True)}
        for node in self.nodes:
            if node.inputs and id(node.outputs[0]) not in known:
                last, operation = joined.get(node, (node, node.operation))
                results = call(operation, *node.arguments(known))
                known.update(zip(map(id, last.outputs), leaves(results), strict=True))
        return packed(self.outputs, (known[id(tensor)] for tensor in self.flat_outputs))

    def calls(self, operation: Any) -> list[Node]:
        """The calls of an operation that belong to the graph, in the order they were made."""
        return [node for node in operation._inbound_nodes if id(node) in self._members]

    def reference(self, tensor: KerasTensor) -> list[Any]:
        """[operation, call, result] by which a tensor is named in files; calls outside of the graph do not count."""
        history = tensor._keras_history
        assert history is not None
        calls = self.calls(history.operation)
        return [history.operation.name, calls.index(history.node), history.tensor_index]


def _is_input(tensor: KerasTensor) -> bool:
    history = tensor._keras_history
    return history is not None and isinstance(history.operation, InputLayer)


def _walk(outputs: Sequence[KerasTensor], described: str, stop: Callable[[Node], bool] = lambda node: False) -> Any:
    """The calls below the outputs, each after those it takes results from, and the order of first meeting.

    An explicit stack: graphs are deeper than Python's own.
    """
    finished: dict[Node, None] = {}
    open_: set[Node] = set()
    first_met: dict[Any, int] = {}
    for output in outputs:
        assert output._keras_history is not None
        stack: list[tuple[Node, bool]] = [(output._keras_history.node, False)]
        while stack:
            node, done = stack.pop()
            if done:
                open_.discard(node)
                finished[node] = None
            elif node not in finished:
                if node in open_:
                    raise GraphError(f"{described}: the calls of {node.operation.name!r} form a circle")
                first_met.setdefault(node.operation, len(first_met))
                open_.add(node)
                stack.append((node, True))
                if not stop(node):
                    stack += [(parent, False) for parent in reversed(node.parents)]
    return list(finished), first_met


def _cut_off(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """New inputs where a model is to start in the middle of another's graph, and the calls after them again."""
    new: dict[int, KerasTensor] = {}

    def entry(tensor: KerasTensor) -> KerasTensor:
        if not _is_input(tensor):
            layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}CLONE")
            new[id(tensor)] = layer._inbound_nodes[0].outputs[0]
        return new.setdefault(id(tensor), tensor)

    entries = map_leaves(entry, inputs)
    nodes, _ = _walk(
        list(leaves(outputs)), "the model", stop=lambda node: all(id(tensor) in new for tensor in node.outputs)
    )
    for node in nodes:
        if not node.inputs or all(id(tensor) in new for tensor in node.outputs):
            continue
        copies = [KerasTensor(tensor.shape, tensor.dtype, tensor.name) for tensor in node.outputs]
        again = {id(tensor): new.get(id(tensor), tensor) for tensor in node.inputs}
        args, kwargs = node.arguments(again)
        Node(node.operation, args, kwargs, copies).repeats = True
        for tensor, copy in zip(node.outputs, copies, strict=True):
            new.setdefault(id(tensor), copy)
    return entries, map_leaves(lambda tensor: new.get(id(tensor), tensor), outputs)
