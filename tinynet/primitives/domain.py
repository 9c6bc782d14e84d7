"""On what an operation is checked: the arrays and settings the property tests may draw.

A domain is declared beside the mathematics of its operation, as plain data. Axes are
letters, so shapes agree by construction: `Values("N F")` and `Values("F U")` share F.
`tinynet.testing` turns a domain into a hypothesis strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Sizes = dict[str, int]


@dataclass(frozen=True)
class Values:
    """What one input may be.

    axes: letters of its axes, "" for a scalar. Every axis has at least one element unless
        a test asks for an empty batch.
    low, high: the interval of its real values.
    kinks: points where the derivative jumps; drawn values stay `margin` away from them.
        A function receives the drawn attributes.
    distinct: all values of all inputs so marked differ by at least `margin`
        (maxima, sorting: no ties, no crossing within a finite difference).
    broadcast: axes may be of size 1, and leading ones may be missing.
    diagonal: of the matrices of the last two axes; so much is added at its first place, twice as much at its
        second, and so on.
    """

    axes: str = ""
    low: float = -2.0
    high: float = 2.0
    kinks: Sequence[float] | Callable[[Mapping[str, Any]], Sequence[float]] = ()
    distinct: bool = False
    broadcast: bool = False
    margin: float = 0.05
    diagonal: float = 0.0


@dataclass(frozen=True)
class Integers:
    """An input of integers in [0, size of axis `below`): indices, labels."""

    axes: str
    below: str


@dataclass(frozen=True)
class Booleans:
    """An input of truth values: a mask or a condition."""

    axes: str
    broadcast: bool = False


@dataclass(frozen=True)
class Absent:
    """An optional input that is not given: the operation receives None."""


Input = Values | Integers | Booleans | Absent


@dataclass(frozen=True)
class Domain:
    """Inputs, choices of each attribute, and what ties them together.

    attributes: for each keyword the list of its choices, or a function of the axis sizes
        and the attributes drawn so far that gives this list.
    sizes: for an axis the (smallest, largest) size, where it is not (1, 4).
    derive: changes the drawn axis sizes, knowing the attributes
        (e.g. channels as a multiple of groups).

    Drawn in this order: sizes, attributes given as lists, derived sizes, attributes given as
    functions (each in order of declaration), arrays.
    """

    inputs: tuple[Input, ...]
    attributes: Mapping[str, Sequence[Any] | Callable[[Sizes, dict[str, Any]], Sequence[Any]]] = field(
        default_factory=dict
    )
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    derive: Callable[[Sizes, dict[str, Any]], Sizes] | None = None


def axis_choices(axes: str, none: bool = True, several: bool = True) -> list[Any]:
    """The choices of an `axis` argument over the axes named: all, each one, pairs."""
    rank = len(axes.split())
    choices: list[Any] = [None] if none else []
    choices += list(range(-rank, rank))
    if several and rank > 1:
        choices += [(0, 1), (-1, 0)]
    return choices
