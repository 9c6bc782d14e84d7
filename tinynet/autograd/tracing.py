"""Replaying a computation without the Python around it.

A forward pass through layers spends most of a small model's time on what is the same each time: checks of
arguments, masks, shapes. `traced` notes which operations a function applies to a tensor; the `Replay` it
gives does these operations, and nothing else, on another array of the same shape and dtype. Variables are
read anew each time.

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


class Step(NamedTuple):
    """target(s) ← function(*values at places, **attributes)."""

    function: Callable[..., Any]
    places: tuple[int, ...]
    attributes: Mapping[str, Any]
    target: int
    outputs: int  # 0 for a single array, else the number of arrays in a tuple


class Replay:
    """Some operations in a row: an array to an array."""

    def __init__(self, steps: list[Step], values: list[Any], variables: list[tuple[int, Any]], result: int) -> None:
        self._steps = steps
        self._values = values  # constants in their places, None elsewhere; the argument's is the first
        self._variables = variables
        self._result = result

    def __call__(self, array: np.ndarray) -> np.ndarray:
        values = self._values.copy()
        values[0] = array
        for place, variable in self._variables:
            values[place] = variable._data
        for function, places, attributes, target, outputs in self._steps:
            result = function(*[values[place] for place in places], **attributes)
            if outputs:
                values[target : target + outputs] = result
            else:
                values[target] = result
        found: np.ndarray = values[self._result]
        return found


class Trace:
    """What `record` tells of while a function is traced."""

    def __init__(self, argument: np.ndarray) -> None:
        self.values: list[Any] = [None]
        self.constants: set[int] = set()
        self.variables: dict[int, tuple[int, Any]] = {}
        self.places: dict[int, int] = {id(argument): 0}
        self.alive: list[Any] = [argument]  # lest the identity of an array be used again
        self.steps: list[Step] = []
        self.refused = False

    def fixed(self, array: np.ndarray) -> None:
        """An array that will be the same the next time."""
        self._new(array, array)

    def note(
        self, function: Callable[..., Any], inputs: Sequence[Any], arrays: Sequence[Any],
        attributes: Mapping[str, Any], outputs: Any,
    ) -> None:  # fmt: skip
        """An operation on tensors and numbers, which `arrays` are the values of."""
        found = [self._place(given, array) for given, array in zip(inputs, arrays, strict=True)]
        places = tuple([place for place in found if place is not None])
        if len(places) < len(found) or not all(map(_is_plain, attributes.values())):
            self.refused = True
            return
        several = type(outputs) is tuple
        target = len(self.values)
        for output in outputs if several else (outputs,):
            self._new(output, None)
        self.steps.append(Step(function, places, attributes, target, len(outputs) if several else 0))

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

    def replay(self, result: np.ndarray) -> Replay | None:
        """The operations that lead to `result`."""
        place = self.places.get(id(result))
        if self.refused or not place or self.values[place] is not None:
            return None
        wanted, steps = {place}, []
        for step in reversed(self.steps):
            if not wanted.isdisjoint(range(step.target, step.target + max(step.outputs, 1))):
                steps.append(step)
                wanted.update(step.places)
        variables = [pair for pair in self.variables.values() if pair[0] in wanted]
        return Replay(steps[::-1], self.values, variables, place)


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
        yield trace
    finally:
        _trace.reset(token)


def _is_plain(value: Any) -> bool:
    """Whether an attribute holds numbers and words alone, no arrays."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, slice, type(...), np.generic, np.dtype))
