"""keras.src.random: inputs for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import Tensor, config
from tinynet.seeds import SeedGenerator

__all__ = ["SeedGenerator", "normal", "randint", "uniform"]


def _generator(seed: Any) -> SeedGenerator:
    return seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    drawn = _generator(seed).uniform(tuple(shape)) * (maxval - minval) + minval
    return Tensor(drawn.astype(dtype or config.floatx()))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    return Tensor((_generator(seed).normal(tuple(shape)) * stddev + mean).astype(dtype or config.floatx()))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    return Tensor(np.floor(_generator(seed).uniform(tuple(shape)) * (maxval - minval) + minval).astype(dtype))
