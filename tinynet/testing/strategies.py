"""Hypothesis strategies from the domains of operations.

Hypothesis chooses what is worth shrinking: the domain, the sizes, the settings, which axes
broadcast. The elements come from a NumPy generator whose seed hypothesis chooses: they are
many, and their digits explain nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tinynet.errors import ArgumentError
from tinynet.primitives import Operation
from tinynet.primitives.domain import Absent, Booleans, Domain, Integers, Sizes, Values

LARGEST_SEED = 2**32 - 1


class Draw(NamedTuple):
    """One example: the inputs, in order (None where absent), and the settings."""

    arrays: tuple[Any, ...]
    attributes: dict[str, Any]


def draws(
    operation: Operation, *, empty_batch: bool = False, settings: Mapping[str, Any] | None = None
) -> st.SearchStrategy[Draw]:
    """Examples of an operation's inputs and settings, in float64, from all its domains.

    empty_batch: the first axis of the first input that has axes is of size 0.
    settings: fixes some of the settings.
    """
    domains = operation.domains
    if empty_batch:
        domains = tuple(d for d in domains if _batch_letter(d))
        if not domains:
            raise ArgumentError(f"draws: no input of operation {operation.name!r} has an axis to be empty")
    return st.sampled_from(domains).flatmap(lambda domain: from_domain(domain, empty_batch, settings or {}))


@st.composite
def from_domain(
    draw: st.DrawFn, domain: Domain, empty_batch: bool = False, settings: Mapping[str, Any] | None = None
) -> Draw:
    """Examples of one domain."""
    letters = dict.fromkeys([*domain.sizes, *(a for given in domain.inputs for a in _axes(given))])
    sizes: Sizes = {a: draw(st.integers(*domain.sizes.get(a, (1, 4)))) for a in letters}
    if empty_batch:
        sizes[_batch_letter(domain)] = 0
    attributes: dict[str, Any] = dict(settings or {})
    for key, choices in domain.attributes.items():
        if not callable(choices) and key not in attributes:
            attributes[key] = draw(st.sampled_from(list(choices)))
    if domain.derive is not None:
        sizes = domain.derive(sizes, attributes)
    for key, choices in domain.attributes.items():
        if callable(choices) and key not in attributes:
            attributes[key] = draw(st.sampled_from(list(choices(sizes, attributes))))
    attributes = {key: attributes[key] for key in domain.attributes}
    shapes = [draw(_shapes(given, sizes)) for given in domain.inputs]
    generator = np.random.default_rng(draw(st.integers(0, LARGEST_SEED)))
    return Draw(tuple(_filled(domain, shapes, sizes, attributes, generator)), attributes)


def _axes(given: Any) -> list[str]:
    return [] if isinstance(given, Absent) else given.axes.split()


def _batch_letter(domain: Domain) -> str:
    """The first axis of the first input that has one; "" if none has."""
    return next((_axes(given)[0] for given in domain.inputs if _axes(given)), "")


def _shapes(given: Any, sizes: Sizes) -> st.SearchStrategy[tuple[int, ...]]:
    """The shape of an input; where it broadcasts, some axes are 1 and leading ones missing."""
    full = tuple(sizes[a] for a in _axes(given))
    if not getattr(given, "broadcast", False):
        return st.just(full)
    missing = st.integers(0, len(full))
    ones = st.lists(st.booleans(), min_size=len(full), max_size=len(full))
    return st.builds(
        lambda skip, narrow: tuple(1 if n else size for size, n in zip(full, narrow, strict=True))[skip:],
        missing,
        ones,
    )


def _filled(
    domain: Domain,
    shapes: list[tuple[int, ...]],
    sizes: Sizes,
    attributes: dict[str, Any],
    generator: np.random.Generator,
) -> list[Any]:
    """The arrays of an example. Distinct values are distinct over all inputs so marked."""
    marked = [i for i, given in enumerate(domain.inputs) if isinstance(given, Values) and given.distinct]
    total = sum(int(np.prod(shapes[i])) for i in marked)
    ranks = generator.permutation(total)
    arrays: list[Any] = []
    for given, shape in zip(domain.inputs, shapes, strict=True):
        if isinstance(given, Absent):
            arrays.append(None)
        elif isinstance(given, Booleans):
            # All true and all false are masks that occur.
            share = generator.choice([0.0, 0.3, 0.7, 1.0], p=[0.1, 0.4, 0.4, 0.1])
            arrays.append(generator.random(shape) < share)
        elif isinstance(given, Integers):
            arrays.append(generator.integers(0, sizes[given.below], shape))
        elif given.distinct:
            count = int(np.prod(shape))
            arrays.append(_spaced(given, ranks[:count], total, generator).reshape(shape))
            ranks = ranks[count:]
        else:
            arrays.append(_uniform(given, shape, attributes, generator))
        if isinstance(given, Values) and given.diagonal:
            place = np.arange(min(shape[-2:]))
            arrays[-1][..., place, place] += given.diagonal * (place + 1)
    return arrays


def _spaced(given: Values, ranks: np.ndarray, total: int, generator: np.random.Generator) -> np.ndarray:
    """Values in the order of `ranks`, at least the margin apart.

    Where the interval has no room for so many, they go on above `high`.
    """
    spacing = max((given.high - given.low) / max(total, 1), 1.5 * given.margin)
    return given.low + spacing * ranks + generator.uniform(0, spacing - given.margin, ranks.shape)


def _uniform(
    given: Values, shape: tuple[int, ...], attributes: Mapping[str, Any], generator: np.random.Generator
) -> np.ndarray:
    """Values evenly from what the kinks and their margins leave of the interval."""
    kinks = given.kinks(attributes) if callable(given.kinks) else given.kinks
    pieces, start = [], given.low
    for kink in sorted(kinks):
        pieces.append((start, kink - given.margin))
        start = max(start, kink + given.margin)
    pieces.append((start, given.high))
    pieces = [(low, min(high, given.high)) for low, high in pieces if min(high, given.high) > low]
    if not pieces:
        raise ArgumentError(f"draws: the kinks {list(kinks)} leave nothing of [{given.low}, {given.high}]")
    lengths = np.array([high - low for low, high in pieces])
    position = generator.uniform(0, lengths.sum(), shape)
    ends = np.cumsum(lengths)
    piece = np.minimum(np.searchsorted(ends, position, side="right"), len(pieces) - 1)
    lows = np.array([low for low, _ in pieces])
    return np.asarray(lows[piece] + position - (ends - lengths)[piece])
