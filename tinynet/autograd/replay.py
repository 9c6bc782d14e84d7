"""Replaying a computation without the Python around it: what `tracing` has noted is done again on another array.

Variables are read anew each time; what is made of variables alone, such as a kernel in the order in which a convolution
reads it, only when one has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

from tinynet.autograd import tape
from tinynet.autograd.tensor import Tensor, attached, wrap
from tinynet.autograd.tracing import AnyStep, KernelStep, RecordedStep, Step, Steps
from tinynet.errors import GraphError
from tinynet.kernels import at_once
from tinynet.kernels.memory import empty, is_small

OneOf = TypeVar("OneOf", bound=AnyStep)
Entry = tuple[Callable[..., Any], Callable[[list[Any]], tuple[Any, ...]], Mapping[str, Any], int | slice]


class Replay:
    """Some operations in a row: an array to one or more results."""

    records = False  # whether the results are on the tape

    def __init__(self, steps: Steps) -> None:
        self._preparations = steps.preparations
        self._steps: list[Entry] = []
        # New ones each time: a result is its owner's, and other threads may be replaying the same.
        self._written = [
            (s.written, np.empty if is_small(s.shape, s.dtype) else empty, s.shape, s.dtype)
            for s in steps.others if isinstance(s, KernelStep)
        ]  # fmt: skip
        self._values = steps.values.copy()
        for group in _groups(steps.others):
            if len(group) == 1:
                self._steps.append(_entry(group[0]))
            else:
                self._steps += _entries_at_once(group, len(self._values))
                self._values += [None] * len(group)
        self._places = [place for place, _ in steps.variables]
        self._variables = [variable for _, variable in steps.variables]
        self._results = steps.results
        self._prepared: tuple[list[int], list[Any]] | None = None

    def __call__(self, array: np.ndarray) -> list[Tensor]:
        values = self._run(array)
        return [wrap(values[place]) for place in self._results]

    def _run(self, array: np.ndarray) -> list[Any]:
        """The values in all places."""
        versions = [variable._version for variable in self._variables]
        prepared = self._prepared  # read once: another thread may be putting a newer one there
        if prepared is None or prepared[0] != versions:
            prepared = self._prepared = versions, self._prepare()
        values = prepared[1].copy()
        values[0] = np.ascontiguousarray(array)
        for place, made, shape, dtype in self._written:
            values[place] = made(shape, dtype)
        for function, taken, attributes, target in self._steps:
            values[target] = function(*taken(values), **attributes)
        return values

    def _prepare(self) -> list[Any]:
        """The values that do not depend on the argument, in their places."""
        values = self._values.copy()
        for place, variable in zip(self._places, self._variables, strict=True):
            values[place] = variable._data
        for step in self._preparations:
            values[step.target] = step.function(*[values[place] for place in step.places], **step.attributes)
        return values

    def forget(self) -> None:
        """Gives back the memory of what was prepared."""
        self._prepared = None


class RecordedReplay(Replay):
    """Operations that gradients are wanted of: on the tape all of them are one, whose inputs are the variables.

    The way back calls the operations' vjps in the opposite order. Nothing is decided anew: which of them hands its
    cotangent to which is known.
    """

    records = True

    # What the tape asks of an operation.
    name = "replayed"
    replays = True  # derivatives of its derivatives go by `composed`

    def __init__(self, steps: Steps) -> None:
        super().__init__(steps)
        self._recorded = [step for step in steps.others if isinstance(step, RecordedStep)]
        self._filled = {place for step in self._recorded for place in step.filled()}
        self._outputs = [place for place in steps.results if place in self._filled]
        back, reached = _towards(self._outputs, self._recorded)
        self._back = _groups(back)
        self._leaves = [(place, variable) for place, variable in steps.variables if place in reached]
        self._parents = [None, *[variable for _, variable in self._leaves]]
        self._needs = [parent is not None for parent in self._parents]
        self._trained = [variable._requires_grad for variable in self._variables]

    def __call__(self, array: np.ndarray) -> list[Tensor]:
        if [variable._requires_grad for variable in self._variables] != self._trained:
            raise GraphError("replay: other variables are to be trained than when the operations were noted")
        values = self._run(array)
        results = [values[place] for place in self._results]
        for place in self._filled:  # whatever a vjp wants of these is among its residuals
            values[place] = None
        residuals = (values, *[values[place] for place, _ in self._leaves])
        versions = [(variable, variable._version) for _, variable in self._leaves]
        node = tape.Node(self, {}, self._parents, self._needs, versions, residuals, len(self._outputs))
        picks = [tape.Pick(node, i) for i in range(node.outputs)] if node.outputs > 1 else [node]
        where = dict(zip(self._outputs, picks, strict=True))
        return [
            attached(result, where[place]) if place in where else wrap(result)
            for place, result in zip(self._results, results, strict=True)
        ]

    def vjp(self, g: Any, residuals: Sequence[Any], needs: Sequence[bool]) -> list[Any]:
        """The cotangents of the variables."""
        values = residuals[0]
        pending: dict[int, Any] = {}

        def add(place: int, cotangent: Any) -> None:
            pending[place] = pending[place] + cotangent if place in pending else cotangent

        for place, cotangent in zip(self._outputs, g if len(self._outputs) > 1 else (g,), strict=True):
            if cotangent is not None:
                add(place, cotangent)
        for group in self._back:
            reached, calls = [], []
            for step in group:
                collected = tuple([pending.pop(place, None) for place in step.filled()])
                if any(cotangent is not None for cotangent in collected):
                    given = tape.as_arrays(collected if step.several else collected[0])
                    reached.append(step)
                    calls.append(partial(step.operation.vjp, given, values[step.kept], step.needs, **step.attributes))
            found = at_once(*calls) if len(calls) > 1 else [call() for call in calls]
            for step, cotangents in zip(reached, found, strict=True):
                for i, place in enumerate(step.places):
                    if step.needs[i]:
                        add(place, cotangents[i] if step.dtypes is None else cotangents[i].astype(step.dtypes[i]))
        return [None, *[pending[place] for place, _ in self._leaves]]

    def composed(self, values: Sequence[Any], *variables: Tensor) -> Any:
        """The same from what was found the last time and tensors for the variables, each operation by itself."""
        values = list(values)
        for (place, _), variable in zip(self._leaves, variables, strict=True):
            values[place] = variable
        for step in self._recorded:
            inputs = [values[place] for place in step.places]
            for i, value in enumerate(inputs):
                if not step.needs[i] and isinstance(value, Tensor):
                    inputs[i] = value.detach()
            found = step.operation(*inputs, **step.attributes)
            values[step.target.start : step.kept] = found if step.several else [found]
        outputs = tuple([values[place] for place in self._outputs])
        return outputs if len(outputs) > 1 else outputs[0]


def _taken(places: Sequence[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """What takes the values at some places; a loop in Python would take longer than a small kernel."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[place] for place in places])


def _groups(steps: Sequence[OneOf]) -> list[list[OneOf]]:
    """The steps in their order, in one group those to be done at once: neighbours that take nothing of each other."""
    groups: list[list[OneOf]] = []
    for step in steps:
        if groups and all(_can_be_at_once(step, other) for other in groups[-1]):
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def _can_be_at_once(one: AnyStep, other: AnyStep) -> bool:
    if not all(isinstance(step, (Step, RecordedStep)) and step.at_once for step in (one, other)):
        return False
    return set(one.places).isdisjoint(other.filled()) and set(other.places).isdisjoint(one.filled())


def _entry(step: AnyStep) -> Entry:
    function = _in_a_row(step) if isinstance(step, RecordedStep) and step.several else step.function
    return function, _taken(step.places), step.attributes, step.target


def _entries_at_once(steps: Sequence[AnyStep], free: int) -> list[Entry]:
    """Steps at once, then what each of them gave to its place. From the place `free` on there is room until then."""

    def together(*values: Any) -> list[Any]:
        left = iter(values)
        return at_once(*[partial(step.function, *islice(left, len(step.places)), **step.attributes) for step in steps])

    places = [place for step in steps for place in step.places]
    entries: list[Entry] = [(together, _taken(places), {}, slice(free, free + len(steps)))]
    for place, step in enumerate(steps, free):
        entries.append((step.in_a_row if isinstance(step, RecordedStep) else _same, _taken((place,)), {}, step.target))
    return entries


def _in_a_row(step: RecordedStep) -> Callable[..., tuple[Any, ...]]:
    return lambda *values, **options: step.in_a_row(step.function(*values, **options))


def _same(result: Any) -> Any:
    return result


def _towards(results: Sequence[int], steps: Sequence[RecordedStep]) -> tuple[list[RecordedStep], set[int]]:
    """The steps by which cotangents of the results flow, the last one first, and all places that they reach."""
    reached, found = set(results), []
    for step in reversed(steps):
        if not reached.isdisjoint(step.filled()):
            found.append(step)
            reached.update(place for place, needed in zip(step.places, step.needs, strict=True) if needed)
    return found, reached
