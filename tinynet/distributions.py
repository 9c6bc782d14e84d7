"""Random numbers of many distributions, each a function of a pair of integers: TensorFlow's, to the last bit or nearly.

A pair (seed, counter) names a stream of random words (`tinynet.kernels.philox`), from which the numbers are made. This
is what TensorFlow's `tf.random.stateless_*` do on a processor, in the same order and the same precision, so that the
numbers are those that Keras draws there: uniform numbers and integers are the same bits; where a logarithm, a sine or a
power is in it, the last bit may be another.

dtype: 'float16', 'float32' or 'float64'. Shapes are tuples.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tinynet.kernels import random_mask, random_words

Pair = tuple[int, int]
Shape = tuple[int, ...]

_MASK = 0xFFFFFFFF
_FOR_EACH = 256  # blocks that belong to a number, or to a block full of them, where it may be drawn again
_FOR_EACH_SUM = 42  # blocks of a sum of waiting times
_AT_ONCE = 1 << 15  # normal numbers
_SMALLEST = 1e-7  # of the numbers whose logarithm is taken


def _stream(pair: Pair) -> tuple[int, int, int, int]:
    """The key and the upper half of the counter of a pair's stream: a block of another stream, which is the same for all."""
    low, high = (number % 2**64 for number in pair)
    place = np.array([low], np.uint64)
    a, b, c, d = map(int, random_words((0x3EC8F720, 0x02461E29, high & _MASK, high >> 32), place)[0])
    return a, b, c, d


def _words(pair: Pair, count: int) -> np.ndarray:
    """The first `count` words of a pair's stream."""
    return random_words(_stream(pair), np.arange(-(-count // 4), dtype=np.uint64)).reshape(-1)[:count]


def _fractions(words: np.ndarray, dtype: Any) -> np.ndarray:
    """Words, two for a float64, as numbers in [0, 1): their lowest bits are the digits of a number in [1, 2)."""
    if dtype == np.float64:
        digits = (words[0::2].astype(np.uint64) & np.uint64(0xFFFFF)) << np.uint64(32) | words[1::2]
        return (digits | np.uint64(0x3FF << 52)).view(np.float64) - 1
    if dtype == np.float16:
        return ((words & np.uint32(0x3FF)).astype(np.uint16) | np.uint16(0xF << 10)).view(np.float16) - np.float16(1)
    numbers = ((words & np.uint32(0x7FFFFF)) | np.uint32(0x7F << 23)).view(np.float32)
    numbers -= np.float32(1)
    return numbers


def uniform(pair: Pair, shape: Shape, dtype: Any = "float32") -> np.ndarray:
    """Numbers in [0, 1), each as likely.

    >>> uniform((1, 0), (2,)).round(4).tolist() == uniform((1, 0), (3,))[:2].round(4).tolist()
    True
    """
    dtype = np.dtype(dtype)
    return _fractions(_words(pair, math.prod(shape) * (1 + (dtype == np.float64))), dtype).reshape(shape)


def keep_mask(pair: Pair, shape: Shape, rate: float, dtype: Any = "float32") -> np.ndarray:
    """True where uniform numbers of this dtype are at least `rate`: a share of 1 − rate."""
    if dtype != np.float32:
        return uniform(pair, shape, dtype) >= np.dtype(dtype).type(rate)
    lowest = math.ceil(float(np.float32(rate)) * 2**23)  # a uniform number is so many times 2⁻²³
    return random_mask(_stream(pair), math.prod(shape), lowest).reshape(shape)


def _bells(words: np.ndarray, dtype: Any) -> np.ndarray:
    """Words, two or four for a pair, as normal numbers: a pair is the sine and the cosine of one angle, times one radius.

    Box and Muller 1958.
    """
    real = np.float64 if dtype == np.float64 else np.float32
    size = 1 + (real is np.float64)
    found = np.empty(len(words) // size, dtype)
    for start in range(0, len(found), _AT_ONCE):  # so that what lies between stays in the cache
        some = slice(start, start + _AT_ONCE)
        pairs = _fractions(words[start * size : (start + _AT_ONCE) * size], real).reshape(-1, 2)
        radius = np.sqrt(real(-2) * np.log(np.maximum(pairs[:, 0], real(_SMALLEST))))
        angle = (2 * math.pi * pairs[:, 1].astype(float)).astype(real)  # as TensorFlow rounds it
        found[some][0::2] = np.sin(angle) * radius
        found[some][1::2] = np.cos(angle) * radius
    return found


def normal(pair: Pair, shape: Shape, dtype: Any = "float32") -> np.ndarray:
    """Normal numbers of mean 0 and variance 1."""
    count, dtype = math.prod(shape), np.dtype(dtype)
    even = count + count % 2
    return _bells(_words(pair, even * (1 + (dtype == np.float64))), dtype)[:count].reshape(shape)


def truncated_normal(pair: Pair, shape: Shape, dtype: Any = "float32") -> np.ndarray:
    """Normal numbers, those of two standard deviations and more drawn again.

    >>> bool((abs(truncated_normal((1, 0), (1000,))) < 2).all())
    True
    """
    count, dtype = math.prod(shape), np.dtype(dtype)
    size = 2 if dtype == np.float64 else 4  # numbers of a block, which draws on until it has so many that are small
    groups = -(-count // size)
    stream, wide = _stream(pair), np.float64 if size == 2 else np.float32
    first = np.arange(groups, dtype=np.uint64) * np.uint64(_FOR_EACH * size // 4)

    def block_of(some: np.ndarray, number: int) -> np.ndarray:
        words = random_words(stream, first[some] + np.uint64(number))
        return _bells(words.reshape(-1), wide).reshape(-1, size)

    found, filled = block_of(np.arange(groups), 0), np.zeros(groups, np.intp)
    (open_groups,) = np.nonzero((np.abs(found) >= 2).any(axis=1))  # five of six are done
    block = 0
    while len(open_groups):
        drawn = block_of(open_groups, block)
        for numbers in drawn.T:
            fits = (np.abs(numbers) < 2) & (filled[open_groups] < size)
            group = open_groups[fits]
            found[group, filled[group]] = numbers[fits]
            filled[group] += 1
        open_groups, block = open_groups[filled[open_groups] < size], block + 1
    return found.reshape(-1)[:count].reshape(shape).astype(dtype, copy=False)


def integers(pair: Pair, shape: Shape, low: Any, high: Any, dtype: Any = "int64") -> np.ndarray:
    """Whole numbers from `low` to `high` − 1: a word of 32 bits, for other dtypes than int32 of 64, modulo their number.

    low, high: integers, or arrays of them that broadcast to the shape.
    """
    count, dtype = math.prod(shape), np.dtype(dtype)
    if dtype == np.int32:
        words = _words(pair, count).astype(np.uint64)
    else:
        words = _words(pair, 2 * count).astype(np.uint64)
        words = words[0::2] | words[1::2] << np.uint64(32)
    first = np.asarray(low, np.int64).astype(np.uint64)  # modulo 2⁶⁴, as is what follows
    span = np.asarray(high, np.int64).astype(np.uint64) - first
    return (words.reshape(shape) % span + first).view(np.int64).astype(dtype)


def permutation(pair: Pair, count: int) -> np.ndarray:
    """An order of range(`count`): that of as many uniform numbers."""
    return np.argsort(uniform(pair, (count,)), kind="stable")


class _Own:
    """Random numbers for each of many results, from blocks of its own: drawing again for one changes no other."""

    def __init__(self, pair: Pair, results: np.ndarray, each: int = _FOR_EACH) -> None:
        """results: the number of each, which says where its blocks begin; each: how far apart."""
        self._stream = _stream(pair)
        self._places = results.astype(np.uint64) * np.uint64(each)
        self._waiting = {kind: (np.empty((len(results), 2)), np.zeros(len(results), np.intp)) for kind in "un"}

    def uniform(self, rows: np.ndarray) -> np.ndarray:
        """The next uniform number in [0, 1) of each of these results."""
        return self._next("u", rows)

    def normal(self, rows: np.ndarray) -> np.ndarray:
        """The next normal number of each of these results."""
        return self._next("n", rows)

    def _next(self, kind: str, rows: np.ndarray) -> np.ndarray:
        numbers, left = self._waiting[kind]
        out = rows[left[rows] == 0]
        words = random_words(self._stream, self._places[out]).reshape(-1)
        numbers[out] = (_fractions if kind == "u" else _bells)(words, np.dtype(np.float64)).reshape(-1, 2)
        self._places[out] += np.uint64(1)
        left[out] = 2
        left[rows] -= 1  # a block's second number comes first
        return numbers[rows, left[rows]]


def _numbered(shape: Shape, parameters: Shape) -> np.ndarray:
    """The number of each result of a shape, in TensorFlow's order: all those of a parameter before those of the next."""
    numbers, count = np.arange(math.prod(shape)), math.prod(parameters)
    if parameters and count and shape[-len(parameters) :] == parameters:
        return numbers.reshape(count, -1).T.reshape(-1)
    return numbers


def gamma(pair: Pair, shape: Shape, alpha: Any, dtype: Any = "float32") -> np.ndarray:
    """Numbers of the gamma distribution of shape `alpha` and scale 1: the method of Marsaglia and Tsang 2000.

    alpha: above 0, a number or an array that broadcasts to the shape.
    """
    alpha = np.asarray(alpha, dtype).astype(float)
    alphas = np.broadcast_to(alpha, shape).reshape(-1)
    own, found = _Own(pair, _numbered(shape, alpha.shape)), np.empty(alphas.shape)
    exponential = alphas == 1
    (rows,) = np.nonzero(exponential)
    found[rows] = -np.log1p(-own.uniform(rows))
    (rows,) = np.nonzero(~exponential)
    d = alphas + np.where(alphas < 1, 2 / 3, -1 / 3)
    c = 1 / 3 / np.sqrt(d)
    while len(rows):
        x = own.normal(rows)
        v = 1 + c[rows] * x
        possible = v > 0
        at, x, v = rows[possible], x[possible], v[possible] ** 3
        u = own.uniform(at)
        with np.errstate(divide="ignore"):
            close = np.log(u) < 0.5 * x * x + d[at] * (1 - v + np.log(v))
        taken = (u < 1 - 0.0331 * (x * x) * (x * x)) | close
        at = at[taken]
        found[at] = d[at] * v[taken]
        small = at[alphas[at] < 1]
        found[small] *= own.uniform(small) ** (1 / alphas[small])
        rows = np.setdiff1d(rows, at, assume_unique=True)
    return np.maximum(found.reshape(shape).astype(dtype), np.finfo(dtype).tiny)  # never 0


def beta(pair: Pair, shape: Shape, alpha: Any, beta: Any, dtype: Any = "float32") -> np.ndarray:
    """Numbers of the beta distribution of `alpha` and `beta`: a / (a + b) of two gamma numbers."""
    other = pair[0] + 12, pair[1] + 12
    a, b = (
        gamma(one, shape, np.broadcast_to(np.asarray(power, dtype), shape), dtype)
        for one, power in ((pair, alpha), (other, beta))
    )
    return a / (a + b)


def binomial(pair: Pair, shape: Shape, counts: Any, probabilities: Any, dtype: Any = "float32") -> np.ndarray:
    """How many of `counts` trials succeed that each do with probability `probabilities`; as floats.

    Waiting times are added up where fewer than 10 successes are expected; elsewhere Hörmann's BTRS of 1993.
    """
    number = _numbered(shape, np.broadcast_shapes(np.shape(counts), np.shape(probabilities)))
    trials, chances = (np.broadcast_to(np.asarray(a, float), shape).reshape(-1) for a in (counts, probabilities))
    often = chances > 0.5
    rarer = np.where(often, 1 - chances, chances)
    found = np.zeros(len(trials))
    possible = (rarer > 0) & (trials > 0)
    many = possible & (trials * rarer >= 10)
    _add_waiting_times(_Own(pair, number, _FOR_EACH_SUM), np.nonzero(possible & ~many)[0], trials, rarer, found)
    _transformed_rejection(_Own(pair, number), np.nonzero(many)[0], trials, rarer, found)
    return np.where(often, trials - found, found).reshape(shape).astype(dtype)


def _add_waiting_times(
    own: _Own, rows: np.ndarray, trials: np.ndarray, chances: np.ndarray, found: np.ndarray
) -> None:
    """Counts successes in `found`: geometric numbers, until their sum is beyond the number of trials."""
    waited = np.zeros(len(trials))
    while len(rows):
        with np.errstate(divide="ignore"):
            waited[rows] += np.ceil(np.log(own.uniform(rows)) / np.log1p(-chances[rows]))
        rows = rows[waited[rows] <= trials[rows]]
        found[rows] += 1


def _transformed_rejection(
    own: _Own, rows: np.ndarray, trials: np.ndarray, chances: np.ndarray, found: np.ndarray
) -> None:
    while len(rows):
        n, p = trials[rows], chances[rows]
        stddev = np.sqrt(n * p * (1 - p))
        b = 1.15 + 2.53 * stddev
        a = -0.0873 + 0.0248 * b + 0.01 * p
        odds, most_likely = p / (1 - p), np.floor((n + 1) * p)
        u, v = own.uniform(rows) - 0.5, own.uniform(rows)
        distance = 0.5 - np.abs(u)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2 * a / distance + b) * u + n * p + 0.5)
            inside = (distance >= 0.07) & (v <= 0.92 - 4.2 / b)
            limit = (
                (most_likely + 0.5) * np.log((most_likely + 1) / (odds * (n - most_likely + 1)))
                + (n + 1) * np.log((n - most_likely + 1) / (n - k + 1))
                + (k + 0.5) * np.log(odds * (n - k + 1) / (k + 1))
                + _stirling_rest(most_likely) + _stirling_rest(n - most_likely)
                - _stirling_rest(k) - _stirling_rest(n - k)
            )  # fmt: skip
            likely = np.log(v * (2.83 + 5.1 / b) * stddev / (a / (distance * distance) + b)) <= limit
        taken = inside | (k >= 0) & (k <= n) & likely
        found[rows[taken]] = k[taken]
        rows = rows[~taken]


# ln k! minus Stirling's approximation, for k from 0 to 9.
_STIRLING = np.array([
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
])  # fmt: skip


def _stirling_rest(k: np.ndarray) -> np.ndarray:
    square = (k + 1) ** 2
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
    return np.where(k <= 9, _STIRLING[np.clip(k, 0, 9).astype(int)], series)


def categorical(pair: Pair, logits: np.ndarray, count: int) -> np.ndarray:
    """Classes with the probabilities softmax(logits), by inverting their sums: (N, K) gives (N, count), int64."""
    rows, classes = logits.shape
    finite = np.isfinite(logits)
    largest = np.max(logits, axis=1, keepdims=True, initial=-np.inf, where=finite).astype(float)
    with np.errstate(invalid="ignore"):
        sums = np.cumsum(np.where(finite, np.exp(logits.astype(float) - largest), 0), axis=1)
    wanted = uniform(pair, (rows, count), "float64") * sums[:, -1:]
    return np.array([np.searchsorted(s, w, side="right") for s, w in zip(sums, wanted, strict=True)], np.int64).reshape(
        rows, count
    )


class Shuffling:
    """The orders that TensorFlow's `tf.random.shuffle` draws one after another once a global seed was set.

    >>> shuffling = Shuffling(1)
    >>> sorted(shuffling.order(5).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, seed: int) -> None:
        key = seed % (2**31 - 1)
        self._stream = (key, 0, 0 if key else 2**31 - 1, 0)
        self._block = 0

    def order(self, count: int) -> np.ndarray:
        """An order of range(`count`), each as likely: one after another changes places with one of those behind it.

        Fisher and Yates 1938.
        """
        order = _mixed(self._stream, self._block, count)
        self._block += -(-max(count - 1, 0) // 4)
        return order


@functools.lru_cache(maxsize=2)  # a fit asks for the same order in each epoch
def _mixed(stream: tuple[int, int, int, int], block: int, count: int) -> np.ndarray:
    steps = max(count - 1, 0)
    places = np.arange(block, block + -(-steps // 4), dtype=np.uint64)
    words = random_words(stream, places).reshape(-1)[:steps].astype(np.int64)
    here = np.arange(steps)
    order = list(range(count))
    for i, j in enumerate((here + words % (count - here)).tolist()):
        order[i], order[j] = order[j], order[i]
    mixed = np.array(order, np.intp)
    mixed.flags.writeable = False
    return mixed
