"""Learning-rate schedules: the learning rate as a function of how many updates there have been.

Schedules compute in float32, whatever the weights are, as Keras does.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.arguments import flag, fraction, number, one_of
from tinynet.autograd import Tensor
from tinynet.catalogue import Catalogue, Config, Configurable, serialize
from tinynet.errors import ArgumentError


class LearningRateSchedule(Configurable):
    """Base of all schedules, and of yours.

    A subclass defines `__call__(step)`: the learning rate after `step` updates. Where it keeps its
    constructor's arguments in attributes of their names, it can be saved.

    >>> class Halved(LearningRateSchedule):
    ...     def __init__(self, start):
    ...         self.start = start
    ...     def __call__(self, step):
    ...         return self.start / (1 + step)
    >>> Halved(0.5)(1), Halved(0.5).get_config()
    (0.25, {'start': 0.5})
    """

    keras_module = "keras.optimizers.schedules"

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step)")


class _Formula(LearningRateSchedule):
    """A schedule that computes one number from one number."""

    def __call__(self, step: Any) -> Tensor:
        """The learning rate after `step` updates: a float32 scalar."""
        given = step.item() if isinstance(step, (Tensor, np.generic)) else step
        number(f"{type(self).__name__}()", "step", given)
        # What overflows or has no root is for the optimizer to refuse, not for NumPy to warn of.
        with np.errstate(all="ignore"):
            return Tensor(np.float32(self._at(given)))

    def _at(self, step: float) -> Any:
        raise NotImplementedError

    def _keep(self, name: str | None, positive: str | None = None, **numbers: Any) -> None:
        """Keeps a name and numbers in attributes, or refuses them; one of them has to be above 0."""
        owner = type(self).__name__
        for key, value in numbers.items():
            if isinstance(value, Tensor) and not value.ndim:
                value = numbers[key] = value.item()  # an optimizer's learning rate as it is now
            number(owner, key, value)
            setattr(self, key, value)
        if positive is not None and not numbers[positive] > 0:
            raise ArgumentError(f"{owner}: expected {positive} above 0, received {numbers[positive]!r}")
        start = numbers.get("initial_learning_rate")
        if isinstance(start, (int, np.integer)):
            # Keras would compute in whole numbers, and every rate below 1 be 0.
            raise ArgumentError(
                f"{owner}: expected a float initial_learning_rate, received {start!r}; write {float(start)!r}"
            )
        if name is not None and not isinstance(name, str):
            raise ArgumentError(f"{owner}: expected name to be a text, received {name!r}")
        self.name = name


class _Decay(_Formula):
    """A schedule by the share of decay_steps that has passed."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool

    def _keep_decay(self, name: str | None, staircase: bool, **numbers: Any) -> None:
        self._keep(name, "decay_steps", **numbers)
        self.staircase = flag(type(self).__name__, "staircase", staircase)

    def _passed(self, step: float) -> Any:
        passed = np.float32(step) / np.float32(self.decay_steps)
        return np.floor(passed) if self.staircase else passed


class ExponentialDecay(_Decay):
    """initial_learning_rate · decay_rate^(step / decay_steps).

    staircase: round the exponent down, so that the rate changes every `decay_steps` steps only.
    After https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/.

    >>> ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)(20).item()
    0.125
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "ExponentialDecay",
    ) -> None:
        self._keep_decay(
            name, staircase,
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate,
        )  # fmt: skip

    def _at(self, step: float) -> Any:
        return np.float32(self.initial_learning_rate) * np.float32(self.decay_rate) ** self._passed(step)


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps).

    staircase: round step / decay_steps down.
    After https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/.

    >>> InverseTimeDecay(0.5, decay_steps=10, decay_rate=1.0)(10).item()
    0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "InverseTimeDecay",
    ) -> None:
        self._keep_decay(
            name, staircase,
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate,
        )  # fmt: skip

    def _at(self, step: float) -> Any:
        return np.float32(self.initial_learning_rate) / (1 + np.float32(self.decay_rate) * self._passed(step))


class PiecewiseConstantDecay(_Formula):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], …; at last values[-1].

    boundaries: increasing numbers of steps. values: one more than there are boundaries.
    After https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/.

    >>> schedule = PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.25])
    >>> [schedule(step).item() for step in range(6)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str | None = "PiecewiseConstant"
    ) -> None:
        for key, given in (("boundaries", boundaries), ("values", values)):
            if not isinstance(given, (list, tuple)) or not given:
                raise ArgumentError(f"PiecewiseConstantDecay: expected a list of numbers {key}, received {given!r}")
            for value in given:
                number("PiecewiseConstantDecay", f"each of {key}", value)
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(
                "PiecewiseConstantDecay: expected one boundary less than values, received "
                f"{len(boundaries)} boundaries and {len(values)} values"
            )
        if any(low >= high for low, high in zip(boundaries[:-1], boundaries[1:], strict=True)):
            raise ArgumentError(f"PiecewiseConstantDecay: expected increasing boundaries, received {boundaries!r}")
        if len({isinstance(value, (int, np.integer)) for value in values}) > 1:
            # Keras adds the values up in the kind of number that the first one is.
            raise ArgumentError(f"PiecewiseConstantDecay: expected values that are all floats, received {values!r}")
        self._keep(name)
        self.boundaries = boundaries
        self.values = values

    def _at(self, step: float) -> Any:
        # Keras cuts boundaries down to whole numbers where the step is one.
        kind = type(step)
        return self.values[sum(step > kind(boundary) for boundary in self.boundaries)]


class PolynomialDecay(_Formula):
    """(initial_learning_rate − end_learning_rate) · (1 − step / decay_steps)^power + end_learning_rate.

    From decay_steps on it is end_learning_rate; with cycle it starts anew from there with `decay_steps`
    twice, three times, … as long.
    After https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/.

    >>> PolynomialDecay(0.5, decay_steps=10, end_learning_rate=0.0)(5).item()
    0.25
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float
    power: float

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = "PolynomialDecay",
    ) -> None:
        self._keep(
            name, "decay_steps", initial_learning_rate=initial_learning_rate, decay_steps=decay_steps,
            end_learning_rate=end_learning_rate, power=power,
        )  # fmt: skip
        self.cycle = flag("PolynomialDecay", "cycle", cycle)

    def _at(self, step: float) -> Any:
        passed, length, end = _float32(step, self.decay_steps, self.end_learning_rate)
        if self.cycle and passed != 0:
            length *= np.ceil(passed / length)
        left = (1 - min(passed, length) / length) ** np.float32(self.power)
        return (np.float32(self.initial_learning_rate) - end) * left + end


class CosineDecay(_Formula):
    """initial_learning_rate · ((1 − alpha) · (1 + cos(π · step / decay_steps)) / 2 + alpha), down to
    initial_learning_rate · alpha (Loshchilov and Hutter 2017).

    warmup_target: where there is one, the rate first goes in a straight line from initial_learning_rate
    to it, for `warmup_steps` steps, and decays from it afterwards.
    After https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/.

    >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=0.5, warmup_steps=2)
    >>> [round(schedule(step).item(), 4) for step in (0, 1, 2, 7, 12)]
    [0.0, 0.25, 0.5, 0.25, 0.0]
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float
    warmup_steps: float

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str | None = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self._keep(
            name, "decay_steps", initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, alpha=alpha,
            warmup_steps=warmup_steps,
        )  # fmt: skip
        self.warmup_target = None if warmup_target is None else number("CosineDecay", "warmup_target", warmup_target)

    def _at(self, step: float) -> Any:
        passed, start, length, alpha = _float32(step, self.initial_learning_rate, self.decay_steps, self.alpha)
        if self.warmup_target is not None:
            target, warmup = _float32(self.warmup_target, self.warmup_steps)
            if passed < warmup:
                return (target - start) * (passed / warmup) + start
            start, passed = target, passed - warmup
        return start * ((1 - alpha) * _cosine(min(passed, length) / length) + alpha)


class CosineDecayRestarts(_Formula):
    """Cosine decay that starts again and again (Loshchilov and Hutter 2017).

    first_decay_steps: the length of the first decay. t_mul: each further one is so many times as long.
    m_mul: and starts from so many times the rate. alpha: as in `CosineDecay`.
    After https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/.

    >>> schedule = CosineDecayRestarts(0.5, first_decay_steps=2, m_mul=0.5)
    >>> [round(schedule(step).item(), 4) for step in (0, 1, 2, 4)]
    [0.5, 0.25, 0.25, 0.125]
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float
    m_mul: float
    alpha: float

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = "SGDRDecay",
    ) -> None:
        self._keep(
            name, "first_decay_steps", initial_learning_rate=initial_learning_rate,
            first_decay_steps=first_decay_steps, t_mul=t_mul, m_mul=m_mul, alpha=alpha,
        )  # fmt: skip

    def _at(self, step: float) -> Any:
        growth, alpha = _float32(self.t_mul, self.alpha)
        part = np.float32(step) / np.float32(self.first_decay_steps)
        if growth == 1:
            restarts = np.floor(part)
            part -= restarts
        else:
            restarts = np.floor(np.log(1 - part * (1 - growth)) / np.log(growth))
            part = (part - (1 - growth**restarts) / (1 - growth)) / growth**restarts
        height = np.float32(self.m_mul) ** restarts
        return np.float32(self.initial_learning_rate) * ((1 - alpha) * height * _cosine(part) + alpha)


class OneCycle(_Formula):
    """Up to `max_learning_rate` and down again, in straight lines or along a cosine (Smith and Topin 2018).

    max_learning_rate: at the top of the cycle. total_steps: its length; afterwards the rate stays where it ended.
    warmup: the share of the steps until the top, above 0 and below 1.
    start: the rate at the beginning, as a share of max_learning_rate. end: the rate at the end, likewise.
    shape: 'linear' or 'cosine'.
    Keras has no such schedule: a file with it opens in tinynet alone.

    >>> schedule = OneCycle(0.5, total_steps=4, warmup=0.5, start=0.0, end=0.0, shape="linear")
    >>> [schedule(step).item() for step in range(6)]
    [0.0, 0.25, 0.5, 0.25, 0.0, 0.0]
    """

    keras_module = "tinynet.optimizers.schedules"
    max_learning_rate: float
    total_steps: float
    start: float
    end: float

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        warmup: float = 0.3,
        start: float = 0.04,
        end: float = 0.0001,
        shape: str = "cosine",
        name: str | None = "OneCycle",
    ) -> None:
        self._keep(name, "total_steps", max_learning_rate=max_learning_rate, total_steps=total_steps)
        self._keep(name, start=start, end=end)
        self.warmup = fraction("OneCycle", "warmup", warmup)
        if not 0 < self.warmup < 1:
            raise ArgumentError(f"OneCycle: expected warmup above 0 and below 1, received {warmup!r}")
        self.shape = one_of("OneCycle", "shape", shape, ("linear", "cosine"))

    def _at(self, step: float) -> Any:
        passed, top, length, warmup, start, end = _float32(
            step, self.max_learning_rate, self.total_steps, self.warmup, self.start, self.end
        )
        passed = min(passed / length, np.float32(1))
        rising = passed < warmup
        height = passed / warmup if rising else (1 - passed) / (1 - warmup)
        if self.shape == "cosine":
            height = _cosine(1 - height)
        low = start if rising else end
        return top * (low + (1 - low) * height)


def _float32(*values: float) -> Any:
    return [np.float32(value) for value in values]


def _cosine(part: Any) -> Any:
    """From 1 at 0 down to 0 at 1, along a cosine."""
    return np.float32(0.5) * (1 + np.cos(np.float32(np.pi) * part))


CATALOGUE = Catalogue(
    "learning-rate schedule",
    classes=[
        ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts,
        OneCycle,
    ],
)  # fmt: skip


def deserialize(config: Config, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule a saved configuration describes: `{"class_name": …, "config": {…}}`."""
    return CATALOGUE.deserialize(config, custom_objects)


def rule(value: Any, owner: str) -> Any:
    """What a learning rate may follow: a schedule, or a function without arguments; else `ArgumentError`."""
    if isinstance(value, LearningRateSchedule):
        return value
    try:
        inspect.signature(value).bind()
    except TypeError:
        raise ArgumentError(
            f"{owner}: expected learning_rate to be a float, a LearningRateSchedule or a function without "
            f"arguments, received {value!r}"
        ) from None
    except ValueError:
        pass  # functions that are not written in Python need not tell what they take
    return value


def described(followed: Any) -> Config:
    """What a learning rate follows as plain data; a function by its name, as Keras writes it."""
    if hasattr(followed, "get_config"):
        found: Config = serialize(followed)
        return found
    return {
        "module": "builtins", "class_name": "function", "config": serialize(followed), "registered_name": "function",
    }  # fmt: skip


__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "OneCycle", "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip
