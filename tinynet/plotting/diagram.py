"""What a picture of a model shows: boxes for its layers, with text in cells, and links between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tinynet.models import Model, Sequential
from tinynet.models.graph import Graph
from tinynet.nested import leaves


@dataclass(frozen=True)
class Details:
    """What is said about each layer, under the names of `plot_model`'s arguments."""

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False


@dataclass
class Box:
    """A layer or an operation: a heading, and rows of cells below."""

    heading: str
    rows: list[list[str]]


@dataclass(frozen=True)
class End:
    """Where a link begins or ends: an item by its number, None for the diagram's own border, and which of its ports."""

    item: int | None
    port: int = 0


@dataclass
class Diagram:
    """A model: its layers, models within it as diagrams again, and the links between them, each once."""

    heading: str
    items: list[Box | Diagram] = field(default_factory=list)
    links: dict[tuple[End, End], None] = field(default_factory=dict)

    def link(self, source: End, target: End) -> None:
        self.links[source, target] = None


def diagram_of(model: Model, details: Details, expand_nested: bool) -> Diagram:
    """The diagram of a built model; a model of a class of one's own is a single box."""
    graph = model._graph
    diagram = Diagram(model.name)
    if isinstance(model, Sequential):
        operations: list[Any] = model.layers
    elif graph is not None:
        operations = graph.operations
    else:
        operations = [model]
    for operation in operations:
        nested = expand_nested and operation is not model and _has_parts(operation)
        diagram.items.append(
            diagram_of(operation, details, True) if nested else _box(operation, graph, details)
        )
    ends = _chain_ends(len(operations)) if graph is None or isinstance(model, Sequential) else _graph_ends(graph)
    for source, target in ends:
        diagram.link(_without_port(source, diagram), _without_port(target, diagram))
    return diagram


def _has_parts(operation: Any) -> bool:
    return isinstance(operation, Sequential) or (isinstance(operation, Model) and operation._graph is not None)


def _without_port(end: End, diagram: Diagram) -> End:
    """Boxes have no ports, only diagrams have."""
    return End(end.item) if end.item is not None and isinstance(diagram.items[end.item], Box) else end


def _chain_ends(count: int) -> Iterator[tuple[End, End]]:
    places: list[int | None] = [None, *range(count), None]
    for one, other in zip(places, places[1:], strict=False):
        yield End(one), End(other)


def _graph_ends(graph: Graph) -> Iterator[tuple[End, End]]:
    number = {operation: i for i, operation in enumerate(graph.operations)}

    def source(tensor: Any) -> End:
        operation, _, result = tensor._keras_history
        return End(number[operation], result)

    for port, tensor in enumerate(graph.flat_inputs):
        yield End(None, port), End(source(tensor).item)
    for operation in graph.operations:
        for call in graph.calls(operation):
            for port, tensor in enumerate(call.inputs):
                yield source(tensor), End(number[operation], port)
    for port, tensor in enumerate(graph.flat_outputs):
        yield source(tensor), End(None, port)


def _box(operation: Any, graph: Graph | None, details: Details) -> Box:
    class_name = getattr(operation, "class_name", type(operation).__name__)
    heading = f"{operation.name} ({class_name})" if details.show_layer_names else class_name
    calls = [] if graph is None else graph.calls(operation)
    rows = []
    activation = getattr(operation, "activation", None)
    if details.show_layer_activations and activation is not None:
        rows.append([f"Activation: {getattr(activation, '__name__', None) or getattr(activation, 'name', activation)}"])
    cells = []
    if details.show_shapes:
        if class_name != "InputLayer":
            cells.append(f"Input shape: {_common([_shapes(call.inputs) for call in calls])}")
        cells.append(f"Output shape: {_common([_shapes(call.outputs) for call in calls])}")
    if details.show_dtype:
        cells.append(f"Output dtype: {_common([_joined([t.dtype for t in call.outputs]) for call in calls])}")
    if details.show_trainable and getattr(operation, "weights", None):
        cells.append("Trainable" if operation.trainable else "Non-trainable")
    return Box(heading, [*rows, cells] if cells else rows)


def _shapes(tensors: Any) -> str:
    return _joined([str(tensor.shape) for tensor in leaves(tensors)])


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def _common(of_calls: list[str]) -> str:
    """What is said of each call, once if it is the same; '?' where nothing is known."""
    return " or ".join(dict.fromkeys(of_calls)) or "?"
