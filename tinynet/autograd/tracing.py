"""Replaying a computation without the Python around it.

A forward pass through layers spends most of a small model's time on what is the same each time: checks of
arguments, masks, shapes. `traced` notes which operations a function applies to a tensor; the `Replay` it
gives does these operations, and nothing else, on another array of the same shape and dtype. Variables are
read anew each time. Of an operation that is one call of a compiled kernel, this call alone is done again.

Only what is known to be the same for every array is noted. A function that looks at values outside of
operations, draws random numbers or changes a variable cannot be replayed, and neither can one whose
operations take arrays that came from elsewhere; `traced` then gives None. What a trace cannot notice (a
branch on values in Python) is its caller's to know.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from tinynet.kernels.calls import Call, noting
from tinynet.kernels.memory import empty


class Step(NamedTuple):
    """values at target ← function(*values at places, **attributes)."""

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int | slice  # a slice for a tuple of arrays

    def fills(self, places: set[int]) -> bool:
        """Whether a result of the step stands at one of these places."""
        if isinstance(self.target, slice):
            return not places.isdisjoint(range(self.target.start, self.target.stop))
        return self.target in places


class KernelStep(NamedTuple):
    """A compiled function that writes one of its arguments, the one at `written`; it returns None."""

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int
    written: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def fills(self, places: set[int]) -> bool:
        """Whether what the step writes stands at one of these places."""
        return self.written in places


class Replay:
    """Some operations in a row: an array to one or more arrays."""

    def __init__(
        self, steps: list[Step | KernelStep], values: list[Any], variables: list[tuple[int, Any]], results: list[int]
    ) -> None:
        self._steps = [step[:4] for step in steps]  # what both kinds begin with
        # New ones each time: a result is its owner's, and other threads may be replaying the same.
        self._written = [step[4:] for step in steps if isinstance(step, KernelStep)]
        self._values = values  # constants in their places, None elsewhere; the argument's is the first
        self._variables = variables
        self._results = results

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        values = self._values.copy()
        values[0] = np.ascontiguousarray(array)
        for place, variable in self._variables:
            values[place] = variable._data
        for place, shape, dtype in self._written:
            values[place] = empty(shape, dtype)
        for function, places, attributes, target in self._steps:
            values[target] = function(*[values[place] for place in places], **attributes)
        return [values[place] for place in self._results]


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
        if len(calls) == 1 and calls[0].result is outputs and self._note_call(calls[0], arrays, places):
            return
        first = len(self.values)
        target = slice(first, first + len(outputs)) if type(outputs) is tuple else first
        for output in outputs if type(outputs) is tuple else (outputs,):
            self._new(output, None)
        self.steps.append(Step(function, places, attributes, target))

    def _note_call(self, call: Call, arrays: Sequence[Any], places: Sequence[int]) -> bool:
        """Notes the one call that an operation consists of; False where it takes an array that was made for it."""
        known = {id(array): place for array, place in zip(arrays, places, strict=True)}
        given = [a for a in call.arguments if isinstance(a, np.ndarray) and a is not call.result]
        if not all(id(array) in known for array in given):
            return False
        nowhere = self._new(None, None)
        known[id(call.result)] = written = self._new(call.result, None)
        own = [
            known[id(argument)] if isinstance(argument, np.ndarray) else self._new(argument, argument)
            for argument in call.arguments
        ]
        self.steps.append(
            KernelStep(call.function, tuple(own), {}, nowhere, written, call.result.shape, call.result.dtype)
        )
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
            if step.fills(wanted):
                steps.append(step)
                wanted.update(step.places)
        variables = [pair for pair in self.variables.values() if pair[0] in wanted]
        return Replay(steps[::-1], self.values, variables, places)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
current = _trace.get


def refuse() -> None:
    """Called by what must happen each time: a draw of random numbers, a change of a variable."""
    trace = _trace.get()
    if trace is not None:
        trace.refused = True


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
