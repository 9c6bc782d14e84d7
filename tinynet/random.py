"""Draws of random tensors under Keras's names: keras.io/api/random.

seed: an integer gives the same numbers at every call; a `SeedGenerator` gives new ones at each, the same in every run
if it was made with a seed; None draws from one generator that all share, which `utils.set_random_seed` seeds.

The numbers for a seed are those that Keras draws with TensorFlow on a processor: the same bits for `uniform`,
`randint`, `shuffle`, `dropout`, nearly always for `categorical` and `binomial`; to the last digits, which depend on the
precision of logarithms and sines, for the other ones. The method: Salmon et al. 2011 (`tinynet.kernels.philox`).

dtype: `floatx()` without one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config, distributions
from tinynet.arguments import fraction, whole
from tinynet.autograd.tensor import Tensor, record, wrap
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.ops._arguments import dtype_named, floating, one_axis, sizes, tensor
from tinynet.ops.shapes import take
from tinynet.primitives import lookup
from tinynet.seeds import SeedGenerator, shared_generator

__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip

Seed = int | SeedGenerator | None


def _source(seed: Seed, where: str) -> SeedGenerator:
    if isinstance(seed, SeedGenerator):
        return seed
    if seed is None:
        return shared_generator()
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ArgumentError(f"{where}: seed must be an integer >= 0, a SeedGenerator or None, received {seed!r}")
    return SeedGenerator(int(seed))


def _float_dtype(dtype: Any, where: str) -> np.dtype:
    found = dtype_named(config.floatx() if dtype is None else dtype, where)
    if found.kind != "f":
        raise DtypeError(f"{where}: draws floats, received dtype {found.name!r}. Use randint for integers.")
    return found


def _parameters(where: str, shape: tuple[int, ...], **values: Any) -> list[np.ndarray]:
    """What a distribution depends on as arrays that broadcast to `shape`."""
    found = []
    for name, value in values.items():
        numbers = np.asarray(value if isinstance(value, (int, float)) else tensor(value)._data, np.float64)
        try:
            fits = np.broadcast_shapes(shape, numbers.shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ShapeError(f"{where}: {name} of shape {numbers.shape} does not broadcast to {shape}")
        found.append(numbers)
    return found


def _positive(where: str, **values: np.ndarray) -> None:
    for name, value in values.items():
        if not (value > 0).all():
            raise DataError(f"{where}: {name} must be above 0, received {value}")


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Seed = None) -> Tensor:
    """Uniform numbers in [minval, maxval); where maxval is far from 0, rounding may reach it.

    Raises `DtypeError` for a dtype of integers: `randint` draws these.

    >>> uniform((2, 3), seed=1).shape
    (2, 3)
    """
    dtype, shape = _float_dtype(dtype, "uniform"), sizes(shape, "uniform")
    ends = zip((minval, maxval), _parameters("uniform", shape, minval=minval, maxval=maxval), strict=True)
    low, high = (given if isinstance(given, (int, float)) else array for given, array in ends)
    return wrap(_source(seed, "uniform").uniform(shape, low, high, dtype))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None) -> Tensor:
    """Normal numbers of this mean and standard deviation.

    >>> generator = SeedGenerator(1)
    >>> normal((2,), seed=generator).tolist() == normal((2,), seed=generator).tolist()
    False
    """
    dtype, shape = _float_dtype(dtype, "normal"), sizes(shape, "normal")
    center, spread = _parameters("normal", shape, mean=mean, stddev=stddev)
    return wrap(_source(seed, "normal").normal(shape, center, spread, dtype))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None
) -> Tensor:
    """Normal numbers, those further than two standard deviations from the mean drawn again.

    >>> float(abs(truncated_normal((1000,), seed=1)).max()) < 2
    True
    """
    dtype, shape = _float_dtype(dtype, "truncated_normal"), sizes(shape, "truncated_normal")
    center, spread = _parameters("truncated_normal", shape, mean=mean, stddev=stddev)
    return wrap(_source(seed, "truncated_normal").truncated_normal(shape, center, spread, dtype))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None) -> Tensor:
    """Integers in [minval, maxval), each as likely.

    Raises `DtypeError` for a dtype of floats, `ArgumentError` where there is nothing to draw.

    >>> set(randint((100,), 3, 5, seed=1).tolist()) == {3, 4}
    True
    """
    found, shape = dtype_named(dtype, "randint"), sizes(shape, "randint")
    if found.kind not in "iu":
        raise DtypeError(f"randint: draws integers, received dtype {found.name!r}. Use uniform for floats.")
    low, high = (n.astype(np.int64) for n in _parameters("randint", shape, minval=minval, maxval=maxval))
    if not (low < high).all():
        raise ArgumentError(f"randint: minval={minval!r} must be below maxval={maxval!r}")
    wide = "int32" if found == np.int32 else "int64"
    return wrap(_source(seed, "randint").integers(shape, low, high, wide).astype(found))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed = None) -> Tensor:
    """Classes drawn with the probabilities softmax(logits): (N, K) gives (N, num_samples).

    >>> categorical([[0.0, 100.0]], 3, seed=1).tolist()
    [[1, 1, 1]]
    """
    found, count = dtype_named(dtype, "categorical"), whole("categorical", "num_samples", num_samples, 0)
    weights = floating(logits)._data
    if weights.ndim != 2 or not weights.shape[1]:
        raise ShapeError(f"categorical: expected logits of shape (N, K), received {weights.shape}")
    return wrap(distributions.categorical(_source(seed, "categorical").next(), weights, count).astype(found))


def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Tensor:
    """The parts of x along `axis` in a random order.

    >>> sorted(shuffle([1, 2, 3], seed=1).tolist())
    [1, 2, 3]
    """
    x = tensor(x)
    axis = one_axis(axis, x.ndim, "shuffle")
    return take(x, _source(seed, "shuffle").permutation(x.shape[axis]), axis)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Seed = None) -> Tensor:
    """Numbers of the gamma distribution of shape `alpha` > 0 and scale 1.

    >>> gamma((2,), [1.0, 2.0], seed=1).shape
    (2,)
    """
    dtype, shape = _float_dtype(dtype, "gamma"), sizes(shape, "gamma")
    (alpha,) = _parameters("gamma", shape, alpha=alpha)
    _positive("gamma", alpha=alpha)
    return wrap(distributions.gamma(_source(seed, "gamma").next(), shape, alpha, dtype))


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Seed = None) -> Tensor:
    """Numbers of the beta distribution in [0, 1], with both parameters above 0.

    >>> beta((2,), 1.0, [1.0, 2.0], seed=1).shape
    (2,)
    """
    dtype, shape = _float_dtype(dtype, "beta"), sizes(shape, "beta")
    alpha, beta = _parameters("beta", shape, alpha=alpha, beta=beta)
    _positive("beta", alpha=alpha, beta=beta)
    return wrap(_source(seed, "beta").beta(shape, alpha, beta, dtype))


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Seed = None) -> Tensor:
    """How many of `counts` trials succeed that each do with probability `probabilities`; as floats.

    >>> binomial((2,), 3, [0.0, 1.0], seed=1).tolist()
    [0.0, 3.0]
    """
    dtype, shape = _float_dtype(dtype, "binomial"), sizes(shape, "binomial")
    trials, chances = _parameters("binomial", shape, counts=counts, probabilities=probabilities)
    if not ((trials >= 0) & (trials == np.floor(trials))).all():
        raise DataError(f"binomial: counts must be whole numbers >= 0, received {counts!r}")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise DataError(f"binomial: probabilities must lie in [0, 1], received {probabilities!r}")
    return wrap(distributions.binomial(_source(seed, "binomial").next(), shape, trials, chances, dtype))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Seed = None) -> Tensor:
    """A fraction `rate` of the elements set to 0, the others scaled by 1/(1 − rate).

    noise_shape: the shape of the mask, 1 for an axis along which elements are dropped together; None within it
        takes the size of the inputs.

    >>> sorted(set(dropout(np.ones(1000), 0.5, seed=1).tolist()))
    [0.0, 2.0]
    """
    x, rate = floating(inputs), fraction("dropout", "rate", rate)
    shape = x.shape
    if noise_shape is not None:
        if not isinstance(noise_shape, (list, tuple)) or len(noise_shape) != x.ndim:
            raise ArgumentError(f"dropout: noise_shape {noise_shape!r} does not fit inputs of shape {x.shape}")
        shape = sizes([n if m is None else m for m, n in zip(noise_shape, x.shape, strict=True)], "dropout")
        if any(m not in (1, n) for m, n in zip(shape, x.shape, strict=True)):
            raise ArgumentError(f"dropout: noise_shape {noise_shape!r} does not fit inputs of shape {x.shape}")
    if rate == 0:
        return x
    if rate == 1:
        return x * 0.0
    return record(lookup.dropout, (x, _source(seed, "dropout").keep_mask(shape, rate, x.dtype)), {"rate": rate})
