"""Compares the derivatives of an operation, a layer, a model or a function with numerical ones, in float64.

OBJECT is FILE.py:NAME or MODULE:NAME, with arguments in brackets if it is to be called with them first, such as
"tinynet.layers:LSTM(4)"; or a model's file. A class, or a function without parameters, is called, and what it returns
is checked.

Each --shape is an input of random numbers; --integers and --dtype are about the --shape before them. A model that
says what it takes needs none.
"""

from __future__ import annotations

import argparse
import functools
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import gradcheck
from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_inputs, natural, positive, share
from tinynet.cli.code import named_object, names_code, running
from tinynet.cli.data import reads_text
from tinynet.cli.samples import samples
from tinynet.cli.sources import ENDINGS
from tinynet.cli.text import item, say
from tinynet.layers.base import Layer
from tinynet.models import Model, load_model

EXAMPLES = (
    'gradcheck "tinynet.layers:LSTM(4)" --shape 2,5,3',
    "gradcheck tinynet.ops:logsumexp --shape 2,3",
    "gradcheck tinynet.ops:log --shape 2,3 --between 0.5 2",
    "gradcheck my_layers.py:table --shape 2,5 --integers 9",
    "gradcheck my_layers.py:Attention --shape 2,5,8 --order 2",
)
DTYPES = ("float64", "float32", "int32", "int64", "bool")
ROWS = 2  # of the random samples for a model


class _About(argparse.Action):
    """An option about the --shape before it."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, value: Any, option: str | None = None) -> None:
        if not namespace.shapes:
            raise argparse.ArgumentError(self, "is about the --shape before it, and there is none")
        namespace.shapes[-1][self.dest] = value


class _Shape(argparse.Action):
    """One more input."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, value: Any, option: str | None = None) -> None:
        namespace.shapes = [*namespace.shapes, {"shape": value}]


def _shape(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.strip("()").split(",") if part.strip())
    except ValueError:
        sizes = (0,)
    if any(size < 1 for size in sizes):
        raise argparse.ArgumentTypeError(f"expected sizes such as 2,5,3, or () for a single number; received {text!r}")
    return sizes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    what = parser.add_argument("object", metavar="OBJECT", help="FILE.py:NAME, MODULE:NAME or a model's file")
    completers.model(what)
    parser.add_argument(
        "--shape", action=_Shape, dest="shapes", default=[], type=_shape, metavar="SIZES", help="of an input: 2,5,3"
    )
    parser.add_argument(
        "--integers", action=_About, type=positive, metavar="BELOW", help="that input is integers from 0, held constant"
    )
    parser.add_argument("--dtype", action=_About, choices=DTYPES, help="of that input (float64)")
    parser.add_argument(
        "--between", nargs=2, type=float, default=(-1.0, 1.0), metavar=("LOW", "HIGH"), help="the random numbers (-1 1)"
    )
    parser.add_argument("--training", action="store_true", help="call it with training=True")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: also the gradient's derivatives (1)")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="of everything that is drawn (0)")
    parser.add_argument("--tolerance", type=share, default=1e-6, metavar="T", help="the largest relative error (1e-6)")
    parser.add_argument(
        "--elements", type=natural, default=50, metavar="N", help="of each input and variable checked one by one (50)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks, prints the report, and tells whether all derivatives are right."""
    low, high = arguments.between
    if not (np.isfinite([low, high]).all() and low < high):
        raise UsageError(f"--between: expected two numbers, the lower one first; received {low:g} {high:g}")
    checked = _object(arguments.object, bool(arguments.shapes))
    inputs = _inputs(checked, arguments)
    function = functools.partial(checked, training=True) if arguments.training else checked
    with running(arguments.object):
        report = gradcheck(
            function, inputs, arguments.order,
            seed=arguments.seed, tolerance=arguments.tolerance, max_elements=arguments.elements,
            raise_on_failure=False,
        )  # fmt: skip
    for line in str(report).splitlines():
        say(item(line, ""))
    if report.worst is not None and np.isnan(report.worst.numeric):
        say("it is not finite there; --between chooses other random numbers")
    return 0 if report.passed else 1


def _object(text: str, with_inputs: bool) -> Any:
    """What is checked."""
    if not names_code(text):
        if not text.endswith(ENDINGS):
            raise UsageError(f"{text!r}: expected FILE.py:NAME, MODULE:NAME or a model's file")
        check_inputs([text])
        return load_model(text, compile=False)
    found, called = named_object(text)
    makes = inspect.isclass(found) or (inspect.isroutine(found) and not _parameters(found))
    if not called and makes and not isinstance(found, Layer):
        with running(f"{text} without arguments"):
            found = found()
    if not callable(found):
        raise UsageError(f"{text}: is {type(found).__name__}, which cannot be called, so it has no derivative")
    return found


def _parameters(function: Any) -> Sequence[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (ValueError, TypeError):  # of functions in C
        return ["?"]


def _inputs(checked: Any, arguments: argparse.Namespace) -> list[np.ndarray]:
    """The random inputs that were asked for, or those that a model says it takes."""
    if not arguments.shapes:
        if not isinstance(checked, Model) or checked._graph is None:
            raise UsageError(f"{arguments.object}: give the shape of each input with --shape")
        if reads_text(checked):
            raise UsageError(f"{arguments.object}: reads texts, which nothing can be differentiated by")
        arrays = samples(checked, ROWS, arguments.seed)
        return [array.astype(np.float64) if array.dtype.kind == "f" else array for array in arrays]
    generator = np.random.default_rng(arguments.seed)
    return [_drawn(generator, arguments.between, **about) for about in arguments.shapes]


def _drawn(
    generator: np.random.Generator,
    between: Sequence[float],
    shape: tuple[int, ...],
    integers: int | None = None,
    dtype: str | None = None,
) -> np.ndarray:
    kind = np.dtype(dtype or ("int64" if integers else "float64")).kind
    if kind == "b" and integers is None:
        return np.asarray(generator.random(shape) < 0.5)
    if (kind == "i") != (integers is not None):
        raise UsageError(f"--integers: goes with an integer --dtype, and is needed there; received {dtype}")
    if integers is not None:
        return np.asarray(generator.integers(0, integers, shape), dtype or "int64")
    return np.asarray(generator.uniform(between[0], between[1], shape), dtype or "float64")
