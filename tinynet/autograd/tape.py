"""The tape: what was computed, and the walk back along it.

Each recorded operation leaves a `Node` that knows its operation, its parents and the
residuals its vjp wants. Nodes are numbered as they are made, so walking them by falling
number meets every node after all that used its output. No recursion: the length of a chain
is limited by memory alone.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.autograd import anomaly
from tinynet.errors import GraphError

_serials = itertools.count()
_recording: ContextVar[bool] = ContextVar("recording", default=True)
is_recording = _recording.get


@contextlib.contextmanager
def _recording_set_to(value: bool) -> Iterator[None]:
    token = _recording.set(value)
    try:
        yield
    finally:
        _recording.reset(token)


def no_grad() -> contextlib.AbstractContextManager[None]:
    """Within it nothing is recorded: results have no gradient and hold no graph.

    The setting belongs to the thread or task that made it. Also serves as a decorator.

    >>> import tinynet
    >>> x = tinynet.Tensor([1.0], requires_grad=True)
    >>> with tinynet.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return _recording_set_to(False)


def enable_grad() -> contextlib.AbstractContextManager[None]:
    """Within it operations are recorded, also inside `no_grad`."""
    return _recording_set_to(True)


class Node:
    """One recorded operation.

    operation: an `Operation`, or what has a name, a vjp and a composed form like one.
    parents: for each input its node, or the leaf tensor itself, or None where no gradient
        is wanted.
    needs: for each input whether a gradient is wanted.
    residuals: what the vjp wants; None once freed.
    versions: the parents that are leaves, each with its version, to notice a later change in place.
    """

    __slots__ = (
        "attributes", "dtypes", "needs", "operation", "outputs", "parents", "residuals", "serial", "versions",
        "__weakref__",
    )  # fmt: skip

    def __init__(
        self,
        operation: Any,
        attributes: Mapping[str, Any],
        parents: Sequence[Any],
        needs: Sequence[bool],
        versions: Sequence[tuple[Any, int]],
        residuals: tuple[Any, ...],
        outputs: int,
    ) -> None:
        self.operation = operation
        self.attributes = attributes
        self.parents = parents
        self.needs = needs
        self.versions = versions
        self.residuals: tuple[Any, ...] | None = residuals
        self.outputs = outputs
        self.dtypes: tuple[Any, ...] | None = None
        self.serial = next(_serials)
        if anomaly.watchers:
            anomaly.remember(self)

    def __lt__(self, other: Node) -> bool:  # a heap of nodes yields the youngest first
        return self.serial > other.serial

    def residuals_for_vjp(self) -> tuple[Any, ...]:
        """The residuals, unless they are gone or no longer what they were."""
        if self.residuals is None:
            raise GraphError(
                f"backward: the graph through operation {self.operation.name!r} has been freed by an earlier "
                "backward. Pass retain_graph=True to the earlier call, or compute the value again."
            )
        for parent, version in self.versions:
            if parent._version != version:
                raise GraphError(
                    f"backward: {parent._described()} was changed in place after operation "
                    f"{self.operation.name!r} used it. Compute the value again after the change."
                )
        return self.residuals


class Pick(Node):
    """One output of a node with several: hands its cotangent to that node's collection."""

    __slots__ = ("index",)

    def __init__(self, parent: Node, index: int) -> None:
        super().__init__(parent.operation, parent.attributes, (parent,), (True,), (), (), 1)
        self.index = index


Leaf = Any  # a tensor without a node: it accumulates


def propagate(
    seeds: Sequence[tuple[Node | Leaf, Any]],
    *,
    keep: bool,
    higher: Callable[[Node, Any], Sequence[Any]] | None = None,
    targets: Sequence[Node | Leaf] | None = None,
) -> dict[Node | Leaf, Any]:
    """Carries cotangents from the seeds back along the tape.

    seeds: nodes (or leaves) and the cotangent of each.
    keep: whether residuals stay for another walk.
    higher: computes a node's cotangents on tensors instead of arrays (derivatives that are
        recorded in turn).
    targets: the nodes and leaves whose cotangents are wanted; all leaves without it.
        The walk goes no further back than the oldest of them.

    Returns the cotangent of each leaf or target that was reached.
    """
    pending: dict[Node | Leaf, Any] = {}
    heap: list[Node] = []
    wanted = None if targets is None else set(map(id, targets))
    oldest = -1
    if targets and all(isinstance(target, Node) for target in targets):
        oldest = min(target.serial for target in targets)
    found: dict[Node | Leaf, Any] = {}

    def add(place: Node | Leaf, cotangent: Any) -> None:
        if place in pending:
            pending[place] = pending[place] + cotangent
            return
        if isinstance(place, Node):
            if place.serial < oldest:
                return
            heapq.heappush(heap, place)
        pending[place] = cotangent

    for place, cotangent in seeds:
        add(place, cotangent)
    while heap:
        node = heapq.heappop(heap)
        cotangent = pending.pop(node)
        if wanted is not None and id(node) in wanted:
            found[node] = cotangent
        if type(node) is Pick:
            _hand_over(node, cotangent, pending, heap, oldest)
            continue
        if node.outputs > 1:
            cotangent = tuple(cotangent)
        if higher is not None:
            cotangents = higher(node, cotangent)
        else:
            residuals = node.residuals_for_vjp() if node.versions or node.residuals is None else node.residuals
            cotangents = node.operation.vjp(as_arrays(cotangent), residuals, node.needs, **node.attributes)
        if anomaly.watchers:
            anomaly.check_backward(node, cotangent, cotangents)
        if not keep:
            node.residuals = None
        dtypes = node.dtypes
        for i, parent in enumerate(node.parents):
            if parent is not None:
                given = cotangents[i]
                add(parent, given if dtypes is None else given.astype(dtypes[i]))
    found.update((place, value) for place, value in pending.items() if wanted is None or id(place) in wanted)
    return found


def as_arrays(cotangent: Any) -> Any:
    """A cotangent as vjps take it: rows of a table as the table, all else as it is."""
    return cotangent.dense() if type(cotangent) is not np.ndarray and hasattr(cotangent, "dense") else cotangent


def _hand_over(
    pick: Pick, cotangent: Any, pending: dict[Node | Leaf, Any], heap: list[Node], oldest: int
) -> None:
    """Puts the cotangent of one output in its place among those of the node's other outputs."""
    node = pick.parents[0]
    if node.serial < oldest:
        return
    if node not in pending:
        pending[node] = [None] * node.outputs
        heapq.heappush(heap, node)
    collected = pending[node]
    known = collected[pick.index]
    collected[pick.index] = cotangent if known is None else known + cotangent
