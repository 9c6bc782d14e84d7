"""Neighbouring layers computed as one operation, where nobody sees what lies between them.

A convolution with a relu hands a max pooling more numbers than any other layer of its network makes. Together they
are one operation that never has all of them in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tinynet import activations
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of
from tinynet.errors import TinynetError
from tinynet.layers.base import Layer, is_noting
from tinynet.layers.convolution import BaseConv, Conv1D, Conv2D, Conv3D
from tinynet.layers.pooling import MaxPooling1D, MaxPooling2D, MaxPooling3D
from tinynet.models.graph import Graph
from tinynet.models.replays import replayable
from tinynet.naming import name_scope
from tinynet.ops.symbolic import KerasTensor, Node

POOLINGS = {Conv1D: MaxPooling1D, Conv2D: MaxPooling2D, Conv3D: MaxPooling3D}


class Joined:
    """A convolution and the max pooling behind it, called as one layer."""

    def __init__(self, first: BaseConv, second: Layer) -> None:
        self.first = first
        self.second = second

    def __call__(self, inputs: Any) -> Any:
        if type(inputs) is Tensor and mask_of(inputs) is None and not is_noting():
            try:
                with name_scope(self.first.name):
                    return self.first.call_with_pooling(self.first._converted(inputs), self.second)
            except TinynetError:
                pass  # one of the two will say what it was
        return self.second(self.first(inputs))


def join(first: Any, second: Any) -> Joined | None:
    """The two as one, if they can be: layers of ours that do nothing but what their class says."""
    if POOLINGS.get(type(first)) is not type(second) or not first.built:
        return None
    plain = all(replayable(layer) and layer.input_spec is None for layer in (first, second))
    alike = first.data_format == second.data_format == "channels_last" and first.dtype == second.dtype
    fits = first.activation is activations.relu and first.groups == 1
    return Joined(first, second) if plain and alike and fits else None


def joined_layers(layers: Sequence[Layer]) -> list[Any]:
    """Layers one after the other as they are to be called: some of them in pairs."""
    found: list[Any] = []
    left = list(layers)
    while left:
        pair = join(*left[:2]) if len(left) > 1 else None
        found.append(pair or left[0])
        del left[: 2 if pair else 1]
    return found


def joined_calls(graph: Graph) -> dict[Node, tuple[Node, Joined]]:
    """The calls of a graph that are to be made together with the one behind them: from the first to this one, and what
    is called for both."""
    found: dict[Node, tuple[Node, Joined]] = {}
    taken = Counter(id(tensor) for node in graph.nodes for tensor in node.inputs)
    taken.update(map(id, graph.flat_outputs))
    for node in graph.nodes:
        if _takes_one_tensor(node) and taken[id(node.inputs[0])] == 1:
            before = node.inputs[0]._keras_history.node  # type: ignore[union-attr]
            pair = join(before.operation, node.operation) if _takes_one_tensor(before) else None
            if pair is not None:
                found[before] = node, pair
    return found


def _takes_one_tensor(node: Node) -> bool:
    return not node.kwargs and len(node.args) == 1 and isinstance(node.args[0], KerasTensor)
