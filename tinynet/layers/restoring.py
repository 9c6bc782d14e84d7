"""What a configuration from a file may ask for while a model is made from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops.symbolic import bounded_trials

MOST_LAYERS = 10_000  # of a model from a file, however they are nested


@dataclass
class Allowance:
    """What a configuration from a file may still ask for."""

    elements: int  # of weights
    layers: int = MOST_LAYERS

    def take_layer(self) -> None:
        """Counts a layer; raises `ArgumentError` for one too many."""
        self.layers -= 1
        if self.layers < 0:
            raise ArgumentError(f"more than {MOST_LAYERS:,} layers")

    def take_weight(self, size: int, described: str) -> None:
        """Counts the elements of a weight; raises `ShapeError` where these are too many."""
        self.elements -= size
        if self.elements < 0:
            raise ShapeError(f"{described} is larger than what was saved")


_left: ContextVar[Allowance | None] = ContextVar("left", default=None)


def allowance() -> Allowance | None:
    """What is left to ask for while a model is restored; None at other times."""
    return _left.get()


@contextlib.contextmanager
def restoring(elements: int) -> Iterator[None]:
    """Within it new weights are zeros, to be filled from a file, and at most so many elements in all.

    A configuration can ask for more weights than there is memory; the file that holds them cannot. Nor may it
    ask for more layers, or for larger results of functions, than a model has.
    """
    token = _left.set(Allowance(elements))
    try:
        with bounded_trials():
            yield
    finally:
        _left.reset(token)
