"""Where random numbers come from: one global seed, and a generator for each layer that draws.

A `SeedGenerator` is a seed and a counter; each draw uses the pair (seed, counter) and
counts up. The state of a model's randomness is therefore a handful of integers.

Seeds are taken, and numbers made of them (`tinynet.distributions`), as Keras does with TensorFlow: after
`set_random_seed(1)` the same program draws the same weights, masks and orders of samples in both.
"""

from __future__ import annotations

import contextlib
import random as _python_random
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet import distributions
from tinynet.errors import ArgumentError

_frozen: ContextVar[bool] = ContextVar("frozen", default=False)
_SEEDS = 2**31 - 2  # a seed, or a counter, and one larger by this are the same


class _Source:
    """What is drawn from without a generator of one's own.

    python, numpy: the modules `random` and `numpy.random`, whose generators everybody shares, or generators of its own.
    seed: what `set_random_seed` was given. shared: the generator of operations that draw without a seed.
    """

    def __init__(self, python: Any = _python_random, numpy: Any = None) -> None:
        self.python, self._numpy = python, numpy
        self.seed: int | None = None
        self.shared: SeedGenerator | None = None

    @property
    def numpy(self) -> Any:
        return np.random if self._numpy is None else self._numpy  # NumPy loads its module when it is asked for


_source: ContextVar[_Source] = ContextVar("source", default=_Source())  # noqa: B039


def set_random_seed(seed: int) -> None:
    """Seeds everything tinynet draws from: weights, dropout, shuffling, for a repeatable run.

    Seeds Python's `random`, from which new layers and initializers take their seeds, and NumPy's global generator. All
    passes of `fit` over arrays then take the samples in one order, which depends on the seed and their number alone.
    As `keras.utils.set_random_seed`.

    Raises `ArgumentError` unless `seed` is an integer in [0, 2³²).
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ArgumentError(f"set_random_seed: expected an integer in [0, 2**32), received {seed!r}")
    source = _source.get()
    source.python.seed(int(seed))
    source.numpy.seed(int(seed))
    source.shared, source.seed = None, int(seed)


def draw_seed() -> int:
    """A fresh seed from the global stream, as Keras draws one for each new layer."""
    return int(_source.get().python.randint(1, 10**9))


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    """Within it no counter advances: the same function draws the same numbers again.

    Numerical differentiation evaluates a function many times and needs this.
    """
    token = _frozen.set(True)
    try:
        yield
    finally:
        _frozen.reset(token)


@contextlib.contextmanager
def apart(start: int | dict[str, Any]) -> Iterator[None]:
    """Within it tinynet draws what it would draw after `set_random_seed(start)`, or `set_state(start)`.

    It draws from generators of its own, so that nothing outside is disturbed, and nobody outside (another thread,
    say, that draws from Python's `random`) disturbs it.

    >>> with apart(3):
    ...     first = draw_seed()
    >>> with apart(3):
    ...     _, again = _python_random.random(), draw_seed()
    >>> first == again
    True
    """
    token = _source.set(_Source(_python_random.Random(), np.random.RandomState()))
    try:
        if isinstance(start, dict):
            set_state(start)
        else:
            set_random_seed(start)
        yield
    finally:
        _source.reset(token)


class SeedGenerator:
    """A stream of independent draws: `seed` fixed, `counter` one higher after each draw.

    >>> generator = SeedGenerator(7)
    >>> float(generator.uniform((1,))[0]) == float(SeedGenerator(7).uniform((1,))[0])
    True
    """

    keras_module = "keras.random"

    def __init__(self, seed: int | None = None) -> None:
        self._initial_seed = seed
        if seed is None:
            seed = draw_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ArgumentError(f"SeedGenerator: expected a non-negative integer seed, received {seed!r}")
        self.seed = int(seed)
        self.counter = 0

    def next(self) -> distributions.Pair:
        """The pair of integers that the next draw is made of."""
        pair = self._pair()
        self.skip(1)
        return pair

    def skip(self, draws: int) -> None:
        """Passes over so many draws."""
        if not _frozen.get():
            self._advance(draws)

    def _pair(self) -> distributions.Pair:
        return self.seed % _SEEDS, self.counter % _SEEDS

    def _advance(self, draws: int) -> None:
        self.counter += draws

    def uniform(
        self, shape: tuple[int, ...], low: Any = 0.0, high: Any = 1.0, dtype: Any = "float32"
    ) -> np.ndarray:
        """Uniform numbers from `low` on and below `high`, but for rounding; one draw."""
        numbers = distributions.uniform(self.next(), shape, dtype)
        # TensorFlow makes a float of Python's a float32 before it is anything else.
        low, high = (np.asarray(np.float32(end) if type(end) is float else end, dtype) for end in (low, high))
        numbers *= high - low
        numbers += low
        return numbers

    def normal(self, shape: tuple[int, ...], mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> np.ndarray:
        """Normal numbers, one draw."""
        return _placed(distributions.normal(self.next(), shape, dtype), mean, stddev)

    def truncated_normal(
        self, shape: tuple[int, ...], mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32"
    ) -> np.ndarray:
        """Normal numbers that are less than two standard deviations from the mean, one draw."""
        return _placed(distributions.truncated_normal(self.next(), shape, dtype), mean, stddev)

    def integers(self, shape: tuple[int, ...], low: Any, high: Any, dtype: Any = "int64") -> np.ndarray:
        """Whole numbers from `low` to `high` − 1, one draw."""
        return distributions.integers(self.next(), shape, low, high, dtype)

    def permutation(self, count: int) -> np.ndarray:
        """An order of range(`count`), one draw."""
        return distributions.permutation(self.next(), count)

    def beta(self, shape: tuple[int, ...], alpha: Any, beta: Any, dtype: Any = "float32") -> np.ndarray:
        """Numbers between 0 and 1 of the beta distribution, one draw."""
        return distributions.beta(self.next(), shape, alpha, beta, dtype)

    def keep_mask(self, shape: tuple[int, ...], rate: float, dtype: Any = "float32") -> np.ndarray:
        """A boolean mask that is True with probability 1 − `rate`, one draw (for dropout of numbers of this dtype)."""
        return distributions.keep_mask(self.next(), shape, rate, dtype)

    def get_config(self) -> dict[str, Any]:
        """The seed it was given, for the configuration of a layer that keeps the generator."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The generator that `get_config` described, at its beginning."""
        return cls(config.get("seed"))


class _SharedGenerator(SeedGenerator):
    """What draws without a seed of its own: both integers of the pair change at each draw, as Keras changes them."""

    def _advance(self, draws: int) -> None:
        for _ in range(draws):
            self.seed, self.counter = ((number + 1) * 5387 % 933199 for number in (self.seed, self.counter))


def shared_generator() -> SeedGenerator:
    """The generator of everybody who draws without a seed; `set_random_seed` starts a new one."""
    source = _source.get()
    if source.shared is None:
        source.shared = _SharedGenerator()
    return source.shared


def _placed(numbers: np.ndarray, mean: Any, stddev: Any) -> np.ndarray:
    numbers *= np.asarray(stddev, numbers.dtype)
    numbers += np.asarray(mean, numbers.dtype)
    return numbers


def orders() -> Callable[[int], np.ndarray]:
    """A function that gives, at each call, an order of range(count): of a pass over data.

    After `set_random_seed` it begins with the same one each time it is asked for, as Keras's passes do.
    """
    source = _source.get()
    if source.seed is None:
        return lambda count: np.asarray(source.numpy.permutation(count))
    return distributions.Shuffling(source.seed).order


def shuffled(count: int) -> list[int]:
    """An order of range(`count`) from Python's `random`: that of a data set's batches, in Keras too."""
    order = list(range(count))
    _source.get().python.shuffle(order)
    return order


def get_state() -> dict[str, Any]:
    """Everything that draws without a generator of their own depend on, in numbers and arrays."""
    source = _source.get()
    version, words, _ = source.python.getstate()
    numpy, shared = source.numpy.get_state(legacy=False), source.shared
    return {
        "python": [version, np.array(words, np.uint32)],
        "numpy": [numpy["state"]["key"], numpy["state"]["pos"], numpy["has_gauss"], numpy["gauss"]],
        "shared": None if shared is None else [shared.seed, shared.counter],
        "seed": source.seed,
    }


def set_state(state: dict[str, Any]) -> None:
    """Goes on drawing as after the `get_state` that gave this."""
    source = _source.get()
    version, words = state["python"]
    source.python.setstate((version, tuple(words.tolist()), None))
    key, position, has_gauss, gauss = state["numpy"]
    source.numpy.set_state(("MT19937", key, position, has_gauss, gauss))
    source.shared, source.seed = None, state["seed"]
    if state["shared"] is not None:
        source.shared = _SharedGenerator(state["shared"][0])
        source.shared.counter = state["shared"][1]
