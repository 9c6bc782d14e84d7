"""The numerical checker: analytic derivatives against central differences.

A function is reduced to a scalar by fixed random weights on its outputs. Its derivative
along a line is a central difference at two step sizes, extrapolated (Richardson): an error
of order h⁴. Two step sizes also tell whether the function is smooth there at all, which a
single difference cannot.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet import config, seeds
from tinynet.autograd import tape
from tinynet.autograd.tensor import Tensor, as_tensor, place_of, recorded_vjp, wrap
from tinynet.errors import ArgumentError, DtypeError, GradientError

# Relative to the magnitude of what is varied. The first serves nearly always; the smaller ones
# where a kink or a pole is near, the larger one where rounding drowns the difference.
STEPS = (1e-3, 1e-4, 1e-5, 1e-2)

# Two step sizes agree when their differences do to this part: the extrapolated error is then
# its square, and a kink between the two would show.
CONSISTENT = 1e-4

DIRECTIONS = 2


@dataclass(frozen=True)
class Comparison:
    """One derivative, numeric and analytic.

    error: their difference relative to the larger, or to a hundredth of a typical derivative
        of the same array, plus what rounding allows.
    smooth: False where the numeric values disagree among themselves: a kink or a jump.
    """

    numeric: float
    analytic: float
    error: float
    smooth: bool = True
    name: str = ""
    index: tuple[int, ...] | None = None
    order: int = 1

    @property
    def place(self) -> str:
        """The input or variable and its element, or 'along a random direction'."""
        where = "along a random direction" if self.index is None else f"element {list(self.index)}"
        return f"{self.name}, {where}" if self.order == 1 else f"{self.name}, {where}, order {self.order}"

    def __str__(self) -> str:
        return (
            f"{self.place}: numeric {self.numeric:.9g}, analytic {self.analytic:.9g}, "
            f"relative error {self.error:.2g}"
        )


@dataclass(frozen=True)
class GradcheckReport:
    """What `gradcheck` found.

    passed: whether every derivative that could be compared agrees, and at least one could.
    worst: the element with the largest error among those that disagree (a direction if no
        single element does), else among all; None when nothing could be compared.
    checked: how many derivatives were compared.
    failures: those that disagree, worst first.
    kinks: those that could not be compared, because the function is not smooth there.
    """

    passed: bool
    worst: Comparison | None
    checked: int
    tolerance: float
    failures: tuple[Comparison, ...] = field(default=(), repr=False)
    kinks: tuple[Comparison, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        lines = [f"gradcheck {verdict}: {self.checked} derivatives compared, tolerance {self.tolerance:g}"]
        if self.failures:
            counts: dict[str, int] = {}
            for failure in self.failures:
                counts[failure.name] = counts.get(failure.name, 0) + 1
            wrong = ", ".join(f"{name} ({count})" for name, count in counts.items())
            lines.append(f"{len(self.failures)} disagree: {wrong}")
        if self.worst is not None:
            lines.append(f"worst: {self.worst}")
        if self.kinks:
            shown = "; ".join(kink.place for kink in self.kinks[:3]) + ("; …" if len(self.kinks) > 3 else "")
            lines.append(
                f"{len(self.kinks)} not compared, because the function is not smooth there (a kink or a "
                f"jump: differences of several step sizes, or to both sides, disagree): {shown}"
            )
        if not self.checked:
            lines.append("Nothing could be compared. Choose other inputs, away from kinks and ties.")
        return "\n".join(lines)


def gradcheck(
    f: Callable[..., Any],
    inputs: Any = (),
    order: int = 1,
    *,
    variables: Sequence[Any] = (),
    seed: int = 0,
    tolerance: float = 1e-6,
    max_elements: int = 50,
    raise_on_failure: bool = True,
) -> GradcheckReport:
    """Compares the derivatives of `f` with central differences, in float64.

    f: a function of tensors, a layer, a loss or a model; returns a tensor or nested lists of
        them. Its variables are checked too, and left as they were, bit for bit.
    inputs: the arguments, a sequence; floating-point ones are checked, others held constant.
    order: 2 also checks the derivatives of the gradient.
    variables: further variables that `f` uses but does not own: the trainable ones are
        checked, and what `f` changes in any of them is undone.
    seed: of the random directions, of the weights on the outputs and of the chosen elements.
    tolerance: the largest relative error that passes.
    max_elements: of each input and variable at most so many elements, chosen at random, are
        checked one by one; all of them are checked together along random directions.

    Dropout draws the same mask at each evaluation. Points where `f` is not smooth are
    reported, not blamed on the derivative.

    Raises `GradientError` naming the worst element (unless `raise_on_failure` is False),
    `ArgumentError` when there is nothing to differentiate.

    >>> import tinynet
    >>> x = tinynet.Tensor([0.5, 2.0])
    >>> gradcheck(lambda x: (x * x).sum(), [x]).passed
    True
    """
    if not callable(f):
        raise ArgumentError(f"gradcheck: expected a function, layer or model, received {type(f).__name__}")
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck: order must be 1 or 2, received {order!r}")
    if not tolerance > 0:
        raise ArgumentError(f"gradcheck: tolerance must be positive, received {tolerance!r}")
    if max_elements < 0:
        raise ArgumentError(f"gradcheck: max_elements must not be negative, received {max_elements!r}")
    if getattr(_owner(f), "built", True) is False:  # a layer that makes its variables when it is first called
        with tape.no_grad(), seeds.frozen():
            f(*_as_structure(inputs))
    found: list[Comparison] = []
    # What is not finite is a failure of the report; NumPy need not warn of it as well.
    with config.compute_in("float64"), seeds.frozen(), tape.enable_grad(), np.errstate(all="ignore"):
        subject = _Subject(f, inputs, variables, seed)
        with subject.in_float64():
            for n in range(1, order + 1):
                terms, gradient = (
                    (subject.outputs, subject.gradients)
                    if n == 1
                    else (subject.gradient_terms, subject.curvatures)
                )
                found += _comparisons(subject, terms, gradient, n, seed, tolerance, max_elements)
    report = _report(found, tolerance)
    if raise_on_failure and not report.passed:
        raise GradientError(str(report))
    return report


def compare(
    terms: Callable[[float], np.ndarray],
    analytic: float,
    *,
    typical: float = 0.0,
    tolerance: float = 1e-6,
) -> Comparison:
    """The derivative of Σ `terms(t)` at t = 0, compared with an analytic value.

    typical: the magnitude of derivatives to which a much smaller one is compared.

    Takes the first step size at which the numeric value is consistent and agrees; else the
    most consistent one.
    """
    base = np.asarray(terms(0.0))
    if not (np.isfinite(base).all() and np.isfinite(analytic)):
        return Comparison(float("nan"), analytic, float("inf"))
    magnitude = np.finfo(np.float64).eps * float(np.abs(base).sum())
    best: tuple[float, Comparison] | None = None
    for step in STEPS:
        near, far = (_differences(terms, base, h) for h in (step / 2, step))
        numeric = (4 * near[0] - far[0]) / 3
        if not np.isfinite(numeric):
            continue
        noise = 8 * magnitude / step
        uncertainty = abs(near[0] - far[0]) / 3
        scale = max(abs(analytic), abs(numeric), typical)
        off = abs(analytic - numeric)
        error = 0.0 if off == 0 else off / (scale + noise / tolerance)
        consistent = uncertainty <= CONSISTENT * scale + noise
        # One-sided slopes differ by h f″ where f is smooth, by the same amount at every h at a kink.
        kinked = near[1] > max(0.75 * far[1], 100 * noise, CONSISTENT * scale)
        result = Comparison(float(numeric), float(analytic), float(error), bool(consistent and not kinked))
        if consistent and error <= tolerance:
            return Comparison(result.numeric, result.analytic, result.error)
        if best is None or uncertainty + noise < best[0]:
            best = uncertainty + noise, result
    return Comparison(float("nan"), analytic, float("inf")) if best is None else best[1]


def _differences(terms: Callable[[float], np.ndarray], base: np.ndarray, h: float) -> tuple[float, float]:
    """The central difference, and by how much the slopes to the right and to the left differ."""
    right, left = np.asarray(terms(h)), np.asarray(terms(-h))
    with np.errstate(invalid="ignore"):
        return float((right - left).sum()) / (2 * h), abs(float((right - 2 * base + left).sum())) / h


def random_direction(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers of both signs, none near 0, so that every element of a derivative counts."""
    return np.asarray(generator.uniform(0.5, 1.0, shape) * generator.choice([-1.0, 1.0], shape))


def _owner(f: Callable[..., Any]) -> Any:
    """What has the variables of a function: a layer, also where some of its arguments are bound."""
    return f.func if isinstance(f, functools.partial) else f


class _Subject:
    """A function with the places it is differentiated by: its inputs and its variables.

    values: the point, one float64 array a place.
    """

    def __init__(self, f: Callable[..., Any], inputs: Any, variables: Sequence[Any], seed: int) -> None:
        self.f = f
        self.seed = seed
        self.structure = _as_structure(inputs)
        self.names = [name for name, leaf in _named_leaves(self.structure) if _is_varied(leaf)]
        self.values = [
            np.array(leaf._data, np.float64) for _, leaf in _named_leaves(self.structure) if _is_varied(leaf)
        ]
        self.inputs = len(self.values)
        owner = _owner(f)
        owned = _listed(owner, "trainable_variables", "weights", "variables")
        self.variables = list({id(v): v for v in [*variables, *owned]}.values())
        checked = {id(v) for v in [*variables, *_listed(owner, "trainable_variables")]}
        self.varied = [v for v in self.variables if id(v) in checked and v.requires_grad]
        self.names += [v.path for v in self.varied]
        self.values += [np.array(v._data, np.float64) for v in self.varied]
        if not self.values:
            raise ArgumentError(
                "gradcheck: there is nothing to differentiate by: "
                "no floating-point input, no trainable variable"
            )
        # Below 0, where no graph recorded outside has its versions.
        self.versions = itertools.count(-1, -1)
        self.weights: list[np.ndarray] | None = None

    @contextlib.contextmanager
    def in_float64(self) -> Iterator[None]:
        """Within it the variables are float64; afterwards data, version and gradient are as before."""
        before = [(v, v._data, v._version, v._grad) for v in self.variables]
        self.point = [np.array(v._data, np.float64 if v.dtype.kind == "f" else None) for v in self.variables]
        try:
            yield
        finally:
            for variable, data, version, gradient in before:
                variable._data, variable._version, variable._grad = data, version, gradient

    def run(self, values: Sequence[np.ndarray]) -> tuple[list[Tensor], list[Tensor]]:
        """The leaves at `values` and the floating-point outputs there."""
        for variable, data in zip(self.variables, self.point, strict=True):
            variable._data = data.copy()  # what f itself changed (a state, a statistic) starts afresh
            variable._version = next(self.versions)
        leaves = [Tensor(value, requires_grad=True) for value in values[: self.inputs]]
        for variable, value in zip(self.varied, values[self.inputs :], strict=True):
            variable._data = value
            leaves.append(variable)
        remaining = iter(leaves)
        arguments = _mapped(self.structure, lambda leaf: next(remaining) if _is_varied(leaf) else leaf)
        result = self.f(*arguments)
        outputs = [
            y for _, y in _named_leaves(_as_tuple(result)) if isinstance(y, Tensor) and y.dtype.kind == "f"
        ]
        if not outputs:
            raise ArgumentError(
                "gradcheck: the function must return floating-point tensors, "
                f"it returned {type(result).__name__}"
            )
        for i, output in enumerate(outputs):
            if output.dtype != np.float64:
                raise DtypeError(
                    f"gradcheck: output {i} is {output.dtype} although all inputs and variables are float64, "
                    "and differences need that precision. Does the function convert to another dtype?"
                )
        if self.weights is None:
            generator = np.random.default_rng((self.seed, 1))
            # The derivatives of a single number are shown as they are.
            single = len(outputs) == 1 and outputs[0].size == 1
            self.weights = [
                np.ones(y.shape) if single else random_direction(generator, y.shape) for y in outputs
            ]
            self.projections = [random_direction(generator, value.shape) for value in self.values]
        return leaves, outputs

    def outputs(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Every output times its weight: their sum is what is differentiated."""
        with tape.no_grad():
            _, outputs = self.run(values)
        assert self.weights is not None
        return np.concatenate([(y._data * w).ravel() for y, w in zip(outputs, self.weights, strict=True)])

    def gradients(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The analytic derivative by each place."""
        leaves, outputs = self.run(values)
        return _dense(self._walk(leaves, outputs, higher=False), leaves)

    def gradient_terms(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """The analytic gradient times random weights: their sum is differentiated for order 2."""
        gradients = self.gradients(values)
        return np.concatenate([(g * p).ravel() for g, p in zip(gradients, self.projections, strict=True)])

    def curvatures(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The analytic derivative of the projected gradient by each place."""
        leaves, outputs = self.run(values)
        found = self._walk(leaves, outputs, higher=True)
        seeds = []
        for leaf, projection in zip(leaves, self.projections, strict=True):
            gradient = found.get(leaf)
            if isinstance(gradient, Tensor) and gradient.requires_grad:
                seeds.append((place_of(gradient), projection))
        return _dense(tape.propagate(seeds, keep=False, targets=leaves), leaves)

    def _walk(self, leaves: list[Tensor], outputs: list[Tensor], *, higher: bool) -> dict[Any, Any]:
        assert self.weights is not None
        seeds = [
            (place_of(y), wrap(w) if higher else w)
            for y, w in zip(outputs, self.weights, strict=True)
            if y.requires_grad
        ]
        return tape.propagate(seeds, keep=higher, higher=recorded_vjp if higher else None, targets=leaves)


def _comparisons(
    subject: _Subject,
    terms: Callable[[Sequence[np.ndarray]], np.ndarray],
    gradient: Callable[[Sequence[np.ndarray]], list[np.ndarray]],
    order: int,
    seed: int,
    tolerance: float,
    max_elements: int,
) -> list[Comparison]:
    """Each place along random directions, then element by element."""
    generator = np.random.default_rng((seed, 2, order))
    values = subject.values
    found = []
    for place, analytic in enumerate(gradient(values)):
        value = values[place]
        if not value.size:
            continue
        scale = _magnitudes(value)
        # Derivatives by t of value + t·direction·scale, and their typical size.
        slopes = analytic * scale
        typical = 0.01 * float(np.sqrt(np.mean(np.square(slopes))))

        def compared(direction: np.ndarray, slope: float, typical: float, place: int = place) -> Comparison:
            def along(t: float) -> np.ndarray:
                moved = list(values)
                moved[place] = values[place] + t * direction
                return terms(moved)

            return compare(along, slope, typical=typical, tolerance=tolerance)

        for _ in range(DIRECTIONS if value.size > 1 else 0):
            direction = random_direction(generator, value.shape)
            result = compared(direction * scale, float((slopes * direction).sum()), typical * value.size**0.5)
            found.append(_placed(result, subject.names[place], None, order, 1.0))
        chosen = np.arange(value.size)
        if value.size > max_elements:
            chosen = np.sort(generator.choice(value.size, max_elements, replace=False))
        for flat in chosen:
            index = tuple(int(i) for i in np.unravel_index(flat, value.shape))
            direction = np.zeros_like(value)
            direction[index] = scale[index]
            result = compared(direction, float(slopes[index]), typical)
            found.append(_placed(result, subject.names[place], index, order, float(scale[index])))
    return found


def _placed(
    result: Comparison, name: str, index: tuple[int, ...] | None, order: int, scale: float
) -> Comparison:
    return Comparison(
        result.numeric / scale, result.analytic / scale, result.error, result.smooth, name, index, order
    )


def _magnitudes(value: np.ndarray) -> np.ndarray:
    """How far each element is moved by a step of 1: its size, at least the typical one of its array."""
    typical = float(np.sqrt(np.mean(np.square(value))))
    if not np.isfinite(typical):
        return np.ones_like(value)
    return np.asarray(np.maximum(np.abs(value), typical or 1.0))


def _report(found: Sequence[Comparison], tolerance: float) -> GradcheckReport:
    # `not <=` rather than `>`: an error that is NaN is a failure.
    wrong = sorted((c for c in found if not c.error <= tolerance), key=lambda c: c.error, reverse=True)
    kinks = tuple(c for c in wrong if not c.smooth)
    failures = tuple(c for c in wrong if c.smooth)
    compared = [c for c in found if c.smooth or c.error <= tolerance]
    # An element says more than a direction, of which it may be a part.
    decisive = [c for c in failures if c.index is not None] or failures or compared
    worst = max(decisive, key=lambda c: c.error) if decisive else None
    return GradcheckReport(bool(compared) and not failures, worst, len(compared), tolerance, failures, kinks)


def _dense(found: dict[Any, Any], leaves: Sequence[Tensor]) -> list[np.ndarray]:
    """Gradients as arrays; zeros where nothing arrived."""
    gradients: list[np.ndarray] = []
    for leaf in leaves:
        gradient: Any = found.get(leaf)
        if hasattr(gradient, "dense"):
            gradient = gradient.dense()
        gradients.append(np.zeros_like(leaf._data) if gradient is None else np.asarray(gradient))
    return gradients


def _listed(owner: Any, *names: str) -> list[Any]:
    """The variables an object lists under these names; none for a plain function."""
    return [variable for name in names for variable in (getattr(owner, name, None) or ())]


def _is_varied(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.dtype.kind == "f"


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _holds_arrays(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_arrays(part) for part in value)
    return isinstance(value, (Tensor, np.ndarray))


def _as_structure(inputs: Any) -> tuple[Any, ...]:
    """The arguments with arrays, floats and lists of numbers as float64 or constant tensors."""

    def prepared(value: Any) -> Any:
        if isinstance(value, (list, tuple)) and (_holds_arrays(value) or not value):
            return type(value)(prepared(part) for part in value)
        if value is None or isinstance(value, (str, bool, int)):
            return value
        tensor = as_tensor(value)
        if tensor.dtype.kind != "f":
            return tensor
        # A list or a number is read at full precision, not through floatx.
        return wrap(np.array(value if not isinstance(value, Tensor) else tensor._data, np.float64))

    return tuple(prepared(value) for value in _as_tuple(inputs))


def _mapped(structure: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(structure, (list, tuple)):
        return type(structure)(_mapped(part, change) for part in structure)
    return change(structure)


def _named_leaves(structure: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """The leaves of nested arguments with names: 'input 0', 'input 1[0]'."""

    def walk(name: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, (list, tuple)):
            for i, part in enumerate(value):
                yield from walk(f"{name}[{i}]", part)
        else:
            yield name, value

    for i, value in enumerate(structure):
        yield from walk(f"input {i}", value)
