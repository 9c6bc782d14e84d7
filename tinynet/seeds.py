"""Where random numbers come from: one global seed, and a generator for each layer that draws.

A `SeedGenerator` is a seed and a counter; each draw uses the pair (seed, counter) and
counts up. The state of a model's randomness is therefore a handful of integers.
"""

from __future__ import annotations

import contextlib
import random as _python_random
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.errors import ArgumentError

_frozen: ContextVar[bool] = ContextVar("frozen", default=False)
_shared: SeedGenerator | None = None


def set_random_seed(seed: int) -> None:
    """Seeds everything tinynet draws from: weights, dropout, shuffling, for a repeatable run.

    Seeds Python's `random` (from which new layers take their seeds) and NumPy's global
    generator (from which `fit` takes its shuffling). As `keras.utils.set_random_seed`.

    Raises `ArgumentError` unless `seed` is an integer in [0, 2³²).
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ArgumentError(f"set_random_seed: expected an integer in [0, 2**32), received {seed!r}")
    global _shared
    _python_random.seed(int(seed))
    np.random.seed(int(seed))
    _shared = None


def draw_seed() -> int:
    """A fresh seed from the global stream, as Keras draws one for each new layer."""
    return _python_random.randint(1, 10**9)


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

    def next(self) -> np.random.Generator:
        """The generator of the next draw."""
        generator = np.random.default_rng((self.seed, self.counter))
        if not _frozen.get():
            self.counter += 1
        return generator

    def uniform(self, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
        """Uniform numbers in [0, 1), one draw."""
        return self.next().random(shape, dtype=np.dtype(dtype))

    def normal(self, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
        """Normal numbers of mean 0 and variance 1, one draw."""
        return self.next().standard_normal(shape, dtype=np.dtype(dtype))

    def integers(self, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
        """Whole numbers from `low` to `high` − 1, one draw."""
        return self.next().integers(low, high, shape)

    def permutation(self, count: int) -> np.ndarray:
        """An order of range(`count`), one draw."""
        return self.next().permutation(count)

    def beta(self, shape: tuple[int, ...], alpha: float, beta: float, dtype: str = "float32") -> np.ndarray:
        """Numbers between 0 and 1 of the beta distribution, one draw."""
        return self.next().beta(alpha, beta, shape).astype(dtype)

    def keep_mask(self, shape: tuple[int, ...], rate: float) -> np.ndarray:
        """A boolean mask that is True with probability 1 − `rate`, one draw (for dropout)."""
        return self.uniform(shape) >= np.float32(rate)

    def get_config(self) -> dict[str, Any]:
        """The seed it was given, for the configuration of a layer that keeps the generator."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The generator that `get_config` described, at its beginning."""
        return cls(config.get("seed"))


def shared_generator() -> SeedGenerator:
    """The generator of everybody who draws without a seed; `set_random_seed` starts a new one."""
    global _shared
    if _shared is None:
        _shared = SeedGenerator()
    return _shared


def truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal values, all within two standard deviations."""
    z = generator.standard_normal(shape)
    beyond = np.abs(z) >= 2
    while beyond.any():
        z[beyond] = generator.standard_normal(int(beyond.sum()))
        beyond = np.abs(z) >= 2
    return z


def shuffled(count: int) -> np.ndarray:
    """A permutation of range(`count`) from the global stream: the order of an epoch."""
    return np.random.permutation(count)


def get_state() -> dict[str, Any]:
    """Everything that draws without a generator of their own depend on, in numbers and arrays."""
    version, words, _ = _python_random.getstate()
    numpy = np.random.get_state(legacy=False)
    return {
        "python": [version, np.array(words, np.uint32)],
        "numpy": [numpy["state"]["key"], numpy["state"]["pos"], numpy["has_gauss"], numpy["gauss"]],
        "shared": None if _shared is None else [_shared.seed, _shared.counter],
    }


def set_state(state: dict[str, Any]) -> None:
    """Goes on drawing as after the `get_state` that gave this."""
    global _shared
    version, words = state["python"]
    _python_random.setstate((version, tuple(words.tolist()), None))
    key, position, has_gauss, gauss = state["numpy"]
    np.random.set_state(("MT19937", key, position, has_gauss, gauss))
    _shared = None
    if state["shared"] is not None:
        _shared = SeedGenerator(state["shared"][0])
        _shared.counter = state["shared"][1]
