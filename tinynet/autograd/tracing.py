"""Replaying a computation without the Python around it.

A forward pass through layers spends most of a small model's time on what is the same each time: checks of
arguments, masks, shapes. `traced` notes which operations a function applies to a tensor; the `Replay` it
gives does these operations, and nothing else, on another array of the same shape and dtype. Variables are
read anew each time. Of an operation that is one call of a compiled kernel, this call alone is done again, and what is
made of variables alone, such as a kernel in the order in which a convolution reads it, only when one has changed.

Only what is known to be the same for every array is noted. A function that looks at values outside of
operations, draws random numbers or changes a variable cannot be replayed, and neither can one whose
operations take arrays that came from elsewhere; `traced` then gives None. What a trace cannot notice (a
branch on values in Python) is its caller's to know.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from tinynet.kernels.calls import Call, noting
from tinynet.kernels.memory import empty, is_small


class Step(NamedTuple):
    """values at target ← function(*values at places, **attributes)."""

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int | slice  # a slice for a tuple of arrays

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


class Replay:
    """Some operations in a row: an array to one or more arrays.

    preparations: the steps before, from the variables and constants alone. actions: what is done each time besides.
    """

    def __init__(
        self, preparations: list[Step], steps: list[Step | KernelStep], values: list[Any],
        variables: list[tuple[int, Any]], results: list[int], actions: Sequence[Callable[[], None]] = (),
    ) -> None:  # fmt: skip
        self._preparations = preparations
        self._actions = actions
        self._steps = [(s.function, _taken(s.places), s.attributes, s.target) for s in steps]
        # New ones each time: a result is its owner's, and other threads may be replaying the same.
        self._written = [
            (s.written, np.empty if is_small(s.shape, s.dtype) else empty, s.shape, s.dtype)
            for s in steps if isinstance(s, KernelStep)
        ]  # fmt: skip
        self._values = values  # constants in their places, None elsewhere; the argument's is the first
        self._places = [place for place, _ in variables]
        self._variables = [variable for _, variable in variables]
        self._results = results
        self._prepared: tuple[list[int], list[Any]] | None = None

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
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
        for action in self._actions:
            action()
        return [values[place] for place in self._results]

    def _prepare(self) -> list[Any]:
        """The values that do not depend on the argument, in their places."""
        values = self._values.copy()
        for place, variable in zip(self._places, self._variables, strict=True):
            values[place] = variable._data
        for function, places, attributes, target in self._preparations:
            values[target] = function(*[values[place] for place in places], **attributes)
        return values

    def forget(self) -> None:
        """Gives back the memory of what was prepared."""
        self._prepared = None


def _taken(places: Sequence[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """What takes the values at some places; a loop in Python would take longer than a small kernel."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[place] for place in places])


class Trace:
    """What `record` tells of while a function is traced."""

    def __init__(self, argument: np.ndarray) -> None:
        self.values: list[Any] = [None]
        self.constants: set[int] = set()
        self.variables: dict[int, tuple[int, Any]] = {}
        self.places: dict[int, int] = {id(argument): 0}
        self.alive: list[Any] = [argument]  # lest the identity of an array be used again
        self.steps: list[Step | KernelStep] = []
        self.calls: list[Call] = []  # of compiled functions, since the last operation
        self.actions: list[Callable[[], None]] = []
        self.refused = False

    def fixed(self, array: np.ndarray) -> None:
        """An array that will be the same the next time."""
        self._new(array, array)

    def note(
        self, function: Callable[..., Any], inputs: Sequence[Any], arrays: Sequence[Any],
        attributes: Mapping[str, Any], outputs: Any,
    ) -> None:  # fmt: skip
        """An operation on tensors and numbers, which `arrays` are the values of."""
        calls = self.calls.copy()
        self.calls.clear()
        found = [self._place(given, array) for given, array in zip(inputs, arrays, strict=True)]
        places = tuple([place for place in found if place is not None])
        if len(places) < len(found) or not all(map(_is_plain, attributes.values())):
            self.refused = True
            return
        if calls and calls[-1].result is outputs and self._note_calls(calls, arrays, places):
            return
        first = len(self.values)
        target = slice(first, first + len(outputs)) if type(outputs) is tuple else first
        for output in outputs if type(outputs) is tuple else (outputs,):
            self._new(output, None)
        self.steps.append(Step(function, places, attributes, target))

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

    def _place(self, given: Any, array: Any) -> int | None:
        if given is None or isinstance(given, (bool, int, float, np.generic)):
            return self._new(array, array)
        if hasattr(given, "assign") and given._data is array:
            if id(given) not in self.variables:
                self.values.append(None)
                self.variables[id(given)] = (len(self.values) - 1, given)
            return self.variables[id(given)][0]
        return self.places.get(id(array))

    def replay(self, *results: np.ndarray) -> Replay | None:
        """The operations that lead to `results`."""
        found = [self.places.get(id(result)) for result in results]
        places = [place for place in found if place and self.values[place] is None]
        if self.refused or len(places) < len(found):
            return None
        wanted, steps = set(places), []
        for step in reversed(self.steps):
            if not wanted.isdisjoint(step.filled()):
                steps.append(step)
                wanted.update(step.places)
        preparations: list[Step] = []
        others: list[Step | KernelStep] = []
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
        return Replay(preparations, others, self.values, variables, places, self.actions)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
current = _trace.get


def refuse() -> None:
    """Called by what must happen each time: a draw of random numbers, a change of a variable."""
    trace = _trace.get()
    if trace is not None:
        trace.refused = True


def at_each_replay(action: Callable[[], None]) -> None:
    """Does now what must happen each time, also when the function around is replayed."""
    action()
    trace = _trace.get()
    if trace is not None:
        trace.actions.append(action)


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
