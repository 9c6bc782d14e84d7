"""Two models of the same layers, run on the same inputs and compared layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.cli.data import given
from tinynet.cli.oracle import as_array, tensors
from tinynet.models import Model
from tinynet.nested import leaves

# The calls of a model's graph in the order they are made: the operation, and which of its calls it is.
Calls = list[tuple[Any, int]]


@dataclass(frozen=True)
class Compared:
    """A layer or function, with the largest difference of its results from Keras's.

    difference: relative to the largest magnitude; infinite where shapes differ, or something is missing.
    """

    name: str
    kind: str
    difference: float


@dataclass(frozen=True)
class Watched:
    """What was seen of a layer or function: its class and what it returned."""

    kind: str
    is_layer: bool
    results: list[np.ndarray]


def compare_layers(model: Model, keras_model: Any, inputs: Sequence[np.ndarray]) -> list[Compared]:
    """Every layer and function in the order that tinynet runs them, layers of models within before these models."""
    # Neither by `predict` nor in `no_grad`: these may skip the layers' calls.
    ours = watched(model, calls_here, lambda: model(given(inputs), training=False))
    theirs = watched(keras_model, calls_in_keras, lambda: keras_model(given(tensors(inputs)), training=False))
    # Keras's graphs may hold, besides layers, the functions that compute masks; files do not list those.
    only_theirs = [name for name, seen in theirs.items() if name not in ours and seen.is_layer]
    rows = []
    for name in [*ours, *only_theirs]:
        both = name in ours and name in theirs
        apart = furthest(ours[name].results, theirs[name].results) if both else float("inf")
        rows.append(Compared(name, (ours.get(name) or theirs[name]).kind, apart))
    return rows


def furthest(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> float:
    """The largest difference among several results."""
    if len(ours) != len(theirs):
        return float("inf")
    return max((difference(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference of two arrays, relative to the largest magnitude in `theirs`.

    What is not finite agrees with the same at the same place; shapes and texts are the same or infinitely apart.

    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    0.5
    """
    if ours.shape != theirs.shape:
        return float("inf")
    if ours.dtype.kind not in "fiub" or theirs.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(ours, theirs) else float("inf")
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(a[finite]).all():
        return float("inf")
    apart = float(np.abs(a[finite] - b[finite]).max(initial=0.0))
    scale = float(np.abs(b[finite]).max(initial=0.0))
    return 0.0 if apart == 0.0 else apart / scale if scale else float("inf")


def watched(
    model: Any, calls_of: Callable[[Any], Calls | None], run: Callable[[], Any]
) -> dict[str, Watched]:
    """What each layer and function of a graph returns while `run` runs the model, by name.

    calls_of: the calls of a model's graph, None for what is no model. A layer that is called several times is
    told apart by the number of the call, as files tell it.
    """
    seen: dict[str, Watched] = {}
    calls = calls_of(model)
    running = [_Run("", calls or [])]

    def watching(operation: Any) -> Callable[..., Any]:
        original = operation.call

        def call(*args: Any, **kwargs: Any) -> Any:
            name = running[-1].name_of(operation)
            if name is None:
                return original(*args, **kwargs)
            inner = calls_of(operation)
            if inner is not None:
                running.append(_Run(f"{name}/", inner))
            try:
                outputs = original(*args, **kwargs)
            finally:
                if inner is not None:
                    running.pop()
            kind = getattr(operation, "class_name", type(operation).__name__)
            results = [as_array(part) for part in leaves(outputs)]
            seen[name] = Watched(kind, hasattr(operation, "trainable"), results)
            return outputs

        return call

    with ExitStack() as stack:
        for operation in _all_operations(calls or [], calls_of):
            # In the instance's dict, past what the libraries' own __setattr__ do.
            own = vars(operation).get("call")
            vars(operation)["call"] = watching(operation)
            stack.callback(_restored, operation, own)
        run()
    return seen


def _restored(operation: Any, own: Any) -> None:
    del vars(operation)["call"]
    if own is not None:
        vars(operation)["call"] = own


class _Run:
    """One run of a graph: tells which of its calls is being made."""

    def __init__(self, prefix: str, calls: Calls) -> None:
        self.prefix = prefix
        self.left: dict[int, list[int]] = {}
        for operation, number in calls:
            self.left.setdefault(id(operation), []).append(number)
        self.several = {key for key, numbers in self.left.items() if len(numbers) > 1}

    def name_of(self, operation: Any) -> str | None:
        """The name of the call that comes next; None for what does not belong to the graph."""
        numbers = self.left.get(id(operation))
        if not numbers:
            return None
        number = numbers.pop(0)
        return f"{self.prefix}{operation.name}" + (f"[{number}]" if id(operation) in self.several else "")


def _all_operations(calls: Calls, calls_of: Callable[[Any], Calls | None]) -> Iterator[Any]:
    """Everything that is called, in models within, too; each once."""
    waiting, met = [operation for operation, _ in calls], set()
    while waiting:
        operation = waiting.pop()
        if id(operation) not in met:
            met.add(id(operation))
            yield operation
            waiting += [inner for inner, _ in calls_of(operation) or []]


def calls_here(model: Any) -> Calls | None:
    """The calls of a model of tinynet's."""
    graph = model._graph if isinstance(model, Model) else None
    if graph is None:
        return None
    return [(node.operation, graph.calls(node.operation).index(node)) for node in graph.nodes if node.inputs]


def calls_in_keras(model: Any) -> Calls | None:
    """The calls of a model of Keras's."""
    graph = getattr(model, "_functional", None) or model
    by_depth = getattr(graph, "_nodes_by_depth", None)
    if by_depth is None:
        return None
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    members = set(map(id, nodes))
    return [
        (node.operation, [n for n in node.operation._inbound_nodes if id(n) in members].index(node))
        for node in nodes
        if not node.is_input
    ]
