"""Notes of a computation, for those who want to do it again without the Python around it.

A forward pass through layers spends most of a small model's time on what is the same each time: checks of
arguments, masks, shapes. `tracing` notes which operations a function applies to a tensor, on the tape or not; what is in
`replay` does these operations, and nothing else, on another array of the same shape and dtype. Of an operation
that is one call of a compiled kernel and not on the tape, this call alone is noted.

Only what is known to be the same for every array is noted. A function that looks at values outside of
operations, draws random numbers otherwise than by `at_each_replay` or changes a variable cannot be replayed, and
neither can one whose operations take arrays that came from elsewhere; there is no replay of it then. What a trace
cannot notice (a branch on values in Python) is its caller's to know.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from tinynet.kernels.calls import Call, noting
from tinynet.primitives.operation import Operation


class Step(NamedTuple):
    """values at target ← function(*values at places, **attributes).

    at_once: whether the function ends with `kernels.afterwards`.
    """

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int | slice  # a slice for a tuple of arrays
    at_once: bool = False

    def filled(self) -> Sequence[int]:
        """The places of the step's results."""
        return range(self.target.start, self.target.stop) if isinstance(self.target, slice) else (self.target,)


class KernelStep(NamedTuple):
    """A compiled function that writes one of its arguments, the one at `written`; it returns None."""

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int
    written: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def filled(self) -> Sequence[int]:
        """The place of what the step writes."""
        return (self.written,)


class RecordedStep(NamedTuple):
    """An operation of which a gradient is wanted: its results, and behind them what its vjp wants, at target.

    several: whether the results are a tuple. needs, dtypes: as the node of the tape has them.
    """

    operation: Operation
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: slice
    several: bool
    needs: Sequence[bool]
    dtypes: Sequence[Any] | None

    @property
    def function(self) -> Callable[..., Any]:
        """What gives the results and what the vjp wants."""
        return self.operation.forward

    @property
    def at_once(self) -> bool:
        """As in other steps."""
        return self.operation.at_once

    @property
    def kept(self) -> int:
        """The place of what the vjp wants."""
        return self.target.stop - 1

    def filled(self) -> range:
        """The places of the results."""
        return range(self.target.start, self.kept)

    def in_a_row(self, found: tuple[Any, Any]) -> tuple[Any, ...]:
        """What `function` gave as the values at target."""
        results, kept = found
        return (*results, kept) if self.several else found


class Action(NamedTuple):
    """value at target ← function(), also where nobody wants it: it is never twice the same."""

    function: Callable[[], Any]
    target: int

    @property
    def places(self) -> tuple[int, ...]:
        """None: it takes nothing."""
        return ()

    @property
    def attributes(self) -> Mapping[str, Any]:
        """None."""
        return {}

    def filled(self) -> Sequence[int]:
        """The place of what it gives."""
        return (self.target,)


AnyStep = Step | KernelStep | RecordedStep | Action


class Steps(NamedTuple):
    """What there is to do to come from the argument of a trace to results.

    preparations: the steps before, from the variables and constants alone.
    values: constants in their places, None elsewhere; the argument's place is the first.
    variables: each with its place. results: their places.
    """

    preparations: list[Step]
    others: list[AnyStep]
    values: list[Any]
    variables: list[tuple[int, Any]]
    results: list[int]


class Trace:
    """What `record` tells of while a function is traced."""

    def __init__(self, argument: np.ndarray) -> None:
        self.values: list[Any] = [None]
        self.variables: dict[int, tuple[int, Any]] = {}
        self.places: dict[int, int] = {id(argument): 0}
        self.alive: list[Any] = [argument]  # lest the identity of an array be used again
        self.steps: list[AnyStep] = []
        self.calls: list[Call] = []  # of compiled functions, since the last operation
        self.refused = False

    def fixed(self, array: np.ndarray) -> None:
        """An array that will be the same the next time."""
        self._new(array, array)

    def each_time(self, action: Callable[[], Any], result: Any) -> None:
        """Something to be done again each time, which gave `result`."""
        self.steps.append(Action(action, self._new(object() if result is None else result, None)))

    def note(
        self, function: Callable[..., Any], inputs: Sequence[Any], arrays: Sequence[Any],
        attributes: Mapping[str, Any], outputs: Any, at_once: bool = False,
    ) -> None:  # fmt: skip
        """An operation on tensors and numbers, which `arrays` are the values of."""
        calls = self.calls.copy()
        self.calls.clear()
        places = self._places(inputs, arrays, attributes)
        if places is None or (calls and calls[-1].result is outputs and self._note_calls(calls, arrays, places)):
            return
        target = self._new_in_a_row(outputs if type(outputs) is tuple else (outputs,))
        where = target if type(outputs) is tuple else target.start
        self.steps.append(Step(function, places, attributes, where, at_once))

    def note_recorded(self, node: Any, inputs: Sequence[Any], arrays: Sequence[Any], outputs: Any) -> None:
        """An operation that has been put on the tape as `node`."""
        self.calls.clear()
        places = self._places(inputs, arrays, node.attributes)
        if places is not None:
            several, kept = type(outputs) is tuple, object()  # no later operation takes what the vjp wants
            target = self._new_in_a_row((*outputs, kept) if several else (outputs, kept))
            self.steps.append(
                RecordedStep(node.operation, places, node.attributes, target, several, node.needs, node.dtypes)
            )

    def _places(
        self, inputs: Sequence[Any], arrays: Sequence[Any], attributes: Mapping[str, Any]
    ) -> tuple[int, ...] | None:
        """The places of an operation's inputs; None, and the trace is refused, where it could not be done again."""
        found = [self._place(given, array) for given, array in zip(inputs, arrays, strict=True)]
        places = tuple([place for place in found if place is not None])
        if len(places) < len(found) or not all(map(_is_plain, attributes.values())):
            self.refused = True
            return None
        return places

    def _note_calls(self, calls: Sequence[Call], arrays: Sequence[Any], places: Sequence[int]) -> bool:
        """Notes the one call that an operation consists of, and those before that made arrays for it.

        False where there are others, or one takes an array that comes from elsewhere.
        """
        if [call.writes for call in calls] != [False] * (len(calls) - 1) + [True]:
            return False
        known = {id(array): place for array, place in zip(arrays, places, strict=True)}
        for call in calls:
            given = [a for a in call.arguments if isinstance(a, np.ndarray) and a is not call.result]
            if not all(id(array) in known for array in given):
                return False  # nobody wants the steps noted so far
            known[id(call.result)] = written = self._new(call.result, None)
            own = tuple([
                known[id(argument)] if isinstance(argument, np.ndarray) else self._new(argument, argument)
                for argument in call.arguments
            ])  # fmt: skip
            if call.writes:
                nowhere, result = self._new(None, None), call.result
                self.steps.append(KernelStep(call.function, own, {}, nowhere, written, result.shape, result.dtype))
            else:
                self.steps.append(Step(call.function, own, {}, written))
        return True

    def _new(self, array: Any, value: Any) -> int:
        self.places[id(array)] = len(self.values)
        self.alive.append(array)
        self.values.append(value)
        return len(self.values) - 1

    def _new_in_a_row(self, arrays: Sequence[Any]) -> slice:
        first = len(self.values)
        for array in arrays:
            if id(array) in self.places:  # two tensors of one array, which gradients may reach in two ways
                self.refused = True
            self._new(array, None)
        return slice(first, len(self.values))

    def _place(self, given: Any, array: Any) -> int | None:
        if given is None or isinstance(given, (bool, int, float, np.generic)):
            return self._new(array, array)
        if hasattr(given, "assign") and given._data is array:
            if id(given) not in self.variables:
                self.values.append(None)
                self.variables[id(given)] = (len(self.values) - 1, given)
            return self.variables[id(given)][0]
        # What is recorded has a copy of an array that its owner could still change.
        return self.places.get(id(array), self.places.get(id(given)))

    def steps_to(self, *results: np.ndarray) -> Steps | None:
        """The operations that lead to `results`, or None where they cannot be done again."""
        found = [self.places.get(id(result)) for result in results]
        places = [place for place in found if place and self.values[place] is None]
        if self.refused or len(places) < len(found):
            return None
        wanted, steps = set(places), []
        for step in reversed(self.steps):
            if isinstance(step, Action) or not wanted.isdisjoint(step.filled()):
                steps.append(step)
                wanted.update(step.places)
        preparations: list[Step] = []
        others: list[AnyStep] = []
        varying = {0}
        for step in reversed(steps):
            if isinstance(step, Step) and varying.isdisjoint(step.places):
                preparations.append(step)
            else:
                others.append(step)
                varying.update(step.filled())
        if not varying.issuperset(places):  # the same array each time would not be the caller's
            return None
        variables = [pair for pair in self.variables.values() if pair[0] in wanted]
        return Steps(preparations, others, self.values, variables, places)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
current = _trace.get


def refuse() -> None:
    """Called by what must happen each time, such as a change of a variable."""
    trace = _trace.get()
    if trace is not None:
        trace.refused = True


def at_each_replay(action: Callable[[], Any]) -> Any:
    """What an action gives that is to be done each time, also when the function around is replayed: a draw of random
    numbers."""
    result = action()
    trace = _trace.get()
    if trace is not None:
        trace.each_time(action, result)
    return result


def fixed(array: np.ndarray) -> np.ndarray:
    """Marks an array that depends on shapes alone, such as a recurrent layer's first states, as the same each time."""
    trace = _trace.get()
    if trace is not None:
        trace.fixed(array)
    return array


@contextlib.contextmanager
def tracing(argument: np.ndarray) -> Iterator[Trace]:
    """Within it the operations on `argument` and what comes of it are noted."""
    trace = Trace(argument)
    token = _trace.set(trace)
    try:
        with noting(trace.calls):
            yield trace
    finally:
        _trace.reset(token)


def _is_plain(value: Any) -> bool:
    """Whether an attribute holds numbers and words alone, no arrays."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, slice, type(...), np.generic, np.dtype))
