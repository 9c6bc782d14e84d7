"""The record that an operation is, and the registry that holds them all.

An operation is declared as a class that is never instantiated by its author:

    @operation
    class exp:
        '''Exponential of each element.'''

        numpy = np.exp
        keeps = ("output",)
        domain = Domain((Values("A B"),))

        def forward(x):
            y = np.exp(x)
            return y, (y,)

        def vjp(g, residuals, needs):
            (y,) = residuals
            return (g * y,)

`forward` returns the output (a tuple of arrays for several outputs) and the residuals that
`vjp` will want. `vjp` returns one cotangent an input, None where `needs` is False. Both
receive the settings as keywords. Both are written in NumPy expressions, which mean the same
on arrays and on tensors; so a vjp that is given tensors is itself recorded, and derivatives
of any order follow. For that `keeps` says what each residual is: the name of an input,
"output", or "constant" (the default) for what does not depend on the inputs smoothly.

An operation with `composed` gives the same mathematics through simpler operations: the
tests compare the two, and higher orders go through it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.errors import TinynetError
from tinynet.primitives.domain import Domain

REGISTRY: dict[str, Operation] = {}


class Operation:
    """One differentiable operation: see the module's docstring for its parts.

    Called on arrays it computes; called with a tensor among its inputs it is recorded.
    """

    __slots__ = (
        "name", "doc", "family", "forward", "evaluate", "vjp", "keeps", "domains", "numpy", "composed",
        "linear", "points", "inputs", "variadic", "attributes", "replays", "mixes", "at_once",
    )  # fmt: skip

    def __init__(self, declaration: type) -> None:
        members = vars(declaration)
        self.name: str = declaration.__name__.rstrip("_")
        self.doc: str = inspect.cleandoc(declaration.__doc__ or "")
        self.family: str = declaration.__module__.rsplit(".", 1)[-1]
        self.forward: Callable[..., tuple[Any, tuple[Any, ...]]] = members["forward"]
        self.vjp: Callable[..., Sequence[Any]] = members["vjp"]
        # Forward without residuals, where that is cheaper: used when nothing is recorded.
        self.evaluate: Callable[..., Any] = members.get("evaluate") or (
            lambda *arrays, **attributes: self.forward(*arrays, **attributes)[0]
        )
        self.numpy: Callable[..., Any] | None = members.get("numpy")
        self.composed: Callable[..., Any] | None = members.get("composed")
        # Inputs (by position) in which the operation is linear: there the adjoint identity is exact.
        self.linear: tuple[int, ...] = members.get("linear", ())
        # Whether its functions end with `kernels.afterwards`, so that two of them can be done at once.
        self.at_once: bool = members.get("at_once", False)
        # Whether integers beside floats are meant as floats (x · 2) and not as indices or labels.
        self.mixes: bool = members.get("mixes", False)
        # Stated conventions at special points: (arrays, attributes, cotangents expected for g = 1).
        self.points: tuple[Any, ...] = tuple(members.get("points", ()))
        domain = members.get("domain")
        self.domains: tuple[Domain, ...] = (domain,) if isinstance(domain, Domain) else tuple(domain or ())

        parameters = inspect.signature(self.forward).parameters.values()
        self.inputs = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.attributes = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.keeps: tuple[int | str, ...] = tuple(
            self.inputs.index(kept) if kept in self.inputs else kept for kept in members.get("keeps", ())
        )
        # A vjp that works on intermediate values of the forward pass cannot be differentiated.
        self.replays: bool = self.composed is not None

    def __call__(self, *inputs: Any, **attributes: Any) -> Any:
        for value in inputs:
            if type(value) is not np.ndarray:
                record = getattr(type(value), "__record_operation__", None)
                if record is not None:
                    return record(self, inputs, attributes)
        return self.evaluate(*inputs, **attributes)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def operation(declaration: type) -> Operation:
    """Makes a record of a declaration and registers it; refuses one that could not be checked."""
    record = Operation(declaration)
    if not record.domains:
        raise TinynetError(f"operation {record.name!r} has no domain: the tests could not check it")
    if not record.doc:
        raise TinynetError(f"operation {record.name!r} has no docstring")
    if record.name in REGISTRY:
        raise TinynetError(f"operation {record.name!r} is registered twice")
    REGISTRY[record.name] = record
    return record


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sums a cotangent over the axes along which an input of `shape` was broadcast."""
    if g.shape == shape:
        return g
    if isinstance(g, np.ndarray) and g.ndim > 1 and g.shape[-1:] == shape and g.dtype.kind == "f":
        return kernels.column_sums(g)  # as a bias's
    lead = g.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, size in enumerate(shape) if size == 1 and g.shape[lead + i] != 1
    )
    return g.sum(axis=axes).reshape(shape)


def normalized_axes(axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """An `axis` argument as a tuple of non-negative axes."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(a % rank for a in axes)
