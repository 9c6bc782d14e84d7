"""tinynet.random against keras.random: names and arguments, numbers, seeds, errors."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet
from tinynet import Tensor, layers, random, utils
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError

COUNT = 40_000
# The arguments of a draw, without shape and seed.
DRAWS: dict[str, Any] = {
    "uniform": {"minval": -1.0, "maxval": 3.0},
    "normal": {"mean": 1.0, "stddev": 2.0},
    "truncated_normal": {"mean": 1.0, "stddev": 2.0},
    "randint": {"minval": -2, "maxval": 5},
    "gamma": {"alpha": 2.5},
    "beta": {"alpha": 2.0, "beta": 3.0},
    "binomial": {"counts": 7.0, "probabilities": 0.3},
}


def of(library: Any, name: str, seed: Any, **settings: Any) -> np.ndarray:
    return np.asarray(getattr(library.random, name)((COUNT,), **DRAWS[name], seed=seed, **settings))


@pytest.mark.parametrize("name", sorted(set(random.__all__) - {"SeedGenerator"}))
def test_signature_is_that_of_keras(name: str) -> None:
    def signature(function: Any) -> list[tuple[str, Any]]:
        return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]

    assert signature(getattr(random, name)) == signature(getattr(keras.random, name))


def test_names_are_those_of_keras() -> None:
    assert sorted(random.__all__) == sorted(name for name in dir(keras.random) if not name.startswith("_"))


FLOATS = st.sampled_from(["float16", "float32", "float64"])
SEEDS = st.integers(0, 2**33) | st.sampled_from([0, 2**31 - 2, 2**31 - 1, 2**63 - 1])
# Of numbers that come of logarithms, sines and powers, relative to the largest; the others are the same bits.
PRECISION = {"float16": 2e-3, "float32": 1e-6, "float64": 1e-14}


def same_numbers(ours: Any, theirs: Any, exact: bool = True) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    if exact:
        np.testing.assert_array_equal(ours, theirs)
    elif ours.size:
        farthest = np.abs(ours.astype(float) - theirs.astype(float)).max() / np.abs(theirs).max()
        assert farthest <= PRECISION[ours.dtype.name]


@pytest.mark.parametrize("name", sorted(set(DRAWS) - {"randint"}))
@given(seed=SEEDS, dtype=FLOATS, shape=st.sampled_from([(), (0,), (7,), (3, 1, 5), (401, 3), (2100,)]))
def test_numbers_are_those_of_keras(name: str, seed: int, dtype: str, shape: Any, counts: Any) -> None:
    ours, theirs = (
        getattr(library.random, name)(shape, **DRAWS[name], dtype=dtype, seed=seed) for library in (tinynet, keras)
    )
    same_numbers(ours, theirs, exact=name in ("uniform", "binomial"))
    counts["random", "arrays with Keras's numbers"] += 1


@given(
    seed=SEEDS, dtype=st.sampled_from(["int32", "int64", "uint8", "int8", "uint32"]), low=st.integers(0, 50),
    span=st.integers(1, 70), shape=st.sampled_from([(), (0,), (7,), (401, 3)]),
)  # fmt: skip
def test_integers_are_those_of_keras(seed: int, dtype: str, low: int, span: int, shape: Any) -> None:
    low -= 25 * (not dtype.startswith("u"))
    same_numbers(*(library.random.randint(shape, low, low + span, dtype, seed) for library in (tinynet, keras)))


@given(seed=SEEDS, dtype=FLOATS, powers=st.lists(st.sampled_from([0.01, 0.5, 1.0, 3.0, 40.0]), min_size=3, max_size=3))
def test_numbers_of_many_distributions_are_those_of_keras(seed: int, dtype: str, powers: list[float]) -> None:
    numbers, chances = np.array(powers, dtype), np.clip(np.array(powers, dtype) / 8, 0, 1)
    for library_of in (lambda random: random.gamma((50, 3), numbers, dtype, seed),
                       lambda random: random.beta((50, 3), numbers, numbers[::-1], dtype, seed)):  # fmt: skip
        same_numbers(library_of(tinynet.random), library_of(keras.random), exact=False)
    of_trials = (library.random.binomial((50, 3), numbers.round() * 9, chances, dtype, seed) for library in (tinynet, keras))
    same_numbers(*of_trials)


@given(seed=SEEDS, rows=st.integers(1, 4), classes=st.integers(1, 9), count=st.integers(0, 12))
def test_classes_are_those_of_keras(seed: int, rows: int, classes: int, count: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(rows, classes)).astype("float32") * 3
    logits[0, 0] = -np.inf if classes > 1 else 0
    same_numbers(*(library.random.categorical(logits, count, "int32", seed) for library in (tinynet, keras)))


@given(seed=SEEDS, dtype=FLOATS, rate=st.floats(0, 1), together=st.booleans())
def test_what_is_dropped_and_shuffled_is_what_keras_drops(seed: int, dtype: str, rate: float, together: bool) -> None:
    x = np.arange(1, 601, dtype=dtype).reshape(150, 4) / 600
    noise_shape = (None, 1) if together else None
    ours, theirs = (library.random.dropout(x, rate, noise_shape, seed=seed) for library in (tinynet, keras))
    np.testing.assert_array_equal(np.asarray(ours) == 0, np.asarray(theirs) == 0)
    same_numbers(*(library.random.shuffle(x, axis, seed) for library in (tinynet, keras) for axis in (0,)))


@given(seed=st.integers(0, 2**32 - 1))
def test_draws_one_after_another_are_those_of_keras(seed: int) -> None:
    """Of a generator, and of the one that all share."""
    found = []
    for library in (tinynet, keras):
        library.utils.set_random_seed(seed)
        generator = library.random.SeedGenerator(seed)
        sources = [generator, None, generator, None, None]
        found.append([np.asarray(library.random.uniform((3,), seed=source)) for source in sources])
        after = library.random.SeedGenerator()
        found[-1].append(np.asarray(library.random.uniform((3,), seed=after)))
    np.testing.assert_array_equal(*found)


def test_categorical_draws_with_the_softmax_of_logits() -> None:
    logits = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-30]], "float32"))
    ours, theirs = (np.asarray(lib.random.categorical(logits, COUNT, seed=1)) for lib in (tinynet, keras))
    assert ours.shape == theirs.shape and ours.dtype == np.int32
    for row, expected in zip(ours, [[0.1, 0.2, 0.7], [0.5, 0.5, 0]], strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / COUNT, expected, atol=0.012)


@pytest.mark.parametrize("name", DRAWS)
def test_seeds(name: str) -> None:
    assert np.array_equal(of(tinynet, name, 3), of(tinynet, name, 3))
    assert not np.array_equal(of(tinynet, name, 3), of(tinynet, name, 4))
    generator, again = random.SeedGenerator(3), random.SeedGenerator(3)
    first, second = of(tinynet, name, generator), of(tinynet, name, generator)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, of(tinynet, name, again)) and np.array_equal(second, of(tinynet, name, again))
    utils.set_random_seed(5)
    shared = [of(tinynet, name, None) for _ in range(2)]
    assert not np.array_equal(*shared)
    utils.set_random_seed(5)
    assert np.array_equal(shared[0], of(tinynet, name, None))


def test_dtypes() -> None:
    assert of(tinynet, "normal", 1, dtype="float64").dtype == np.float64
    assert of(tinynet, "randint", 1, dtype="uint8").dtype == np.uint8
    assert of(tinynet, "uniform", 1, dtype="float16").max() < 3  # rounding never reaches the end


def test_shuffle_moves_whole_parts_and_has_a_gradient() -> None:
    x = np.arange(12.0).reshape(4, 3)
    for axis in (0, 1, -1):
        leaf = Tensor(x, requires_grad=True)
        mixed = random.shuffle(leaf, axis, seed=2)
        parts = {tuple(part) for part in np.moveaxis(mixed.numpy(), axis, 0)}
        assert parts == {tuple(part) for part in np.moveaxis(x, axis, 0)}
        (mixed * np.arange(12.0).reshape(4, 3)).sum().backward()
        order = np.asarray([np.moveaxis(x, axis, 0).tolist().index(list(p)) for p in np.moveaxis(mixed.numpy(), axis, 0)])
        assert np.array_equal(np.moveaxis(leaf.grad.numpy(), axis, 0)[order], np.moveaxis(x, axis, 0))


def test_dropout_scales_what_it_keeps() -> None:
    x = np.full((200, 50), 3.0, "float32")
    leaf = Tensor(x, requires_grad=True)
    dropped = random.dropout(leaf, 0.25, seed=1)
    assert set(np.unique(dropped.numpy())) == {0.0, 4.0}
    assert abs((dropped.numpy() == 0).mean() - 0.25) < 0.02
    dropped.sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), dropped.numpy() / 3, rtol=1e-6)
    rows = random.dropout(x, 0.5, noise_shape=(None, 1), seed=1).numpy()
    assert (rows == rows[:, :1]).all() and 0 < (rows == 0).mean() < 1
    assert np.array_equal(random.dropout(x, 0.0), x) and not random.dropout(x, 1.0).numpy().any()


def test_a_layer_of_ones_own_draws_with_its_generator() -> None:
    class Noise(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.seed_generator = random.SeedGenerator(1337)

        def call(self, inputs: Any) -> Any:
            return inputs + random.normal(inputs.shape, dtype=inputs.dtype, seed=self.seed_generator)

    x = np.zeros((2, 3), "float32")
    layer = Noise()
    first, second = layer(x).numpy(), layer(x).numpy()
    assert not np.array_equal(first, second) and np.array_equal(first, Noise()(x).numpy())
    assert tinynet.gradcheck(Noise(), [x])  # the same noise in each evaluation
    restored = random.SeedGenerator.from_config(layer.seed_generator.get_config())
    assert np.array_equal(random.normal((2, 3), seed=restored).numpy(), first)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random.uniform((2,), dtype="int32"), DtypeError, "uniform: draws floats, received dtype 'int32'"),
        (lambda: random.randint((2,), 0, 3, dtype="float32"), DtypeError, "randint: draws integers"),
        (lambda: random.randint((2,), 3, 3), ArgumentError, "randint: minval=3 must be below maxval=3"),
        (lambda: random.normal((2,), seed=-1), ArgumentError, "normal: seed must be an integer >= 0"),
        (lambda: random.normal((2,), seed="1"), ArgumentError, "normal: seed must be an integer >= 0"),
        (lambda: random.normal((2,), mean=[0.0] * 3), ShapeError, r"mean of shape \(3,\) does not broadcast to \(2,\)"),
        (lambda: random.normal("two"), ArgumentError, "normal: a shape is an integer or a tuple"),
        (lambda: random.gamma((2,), 0.0), DataError, "gamma: alpha must be above 0"),
        (lambda: random.beta((2,), 1.0, -1.0), DataError, "beta: beta must be above 0"),
        (lambda: random.binomial((2,), 1.5, 0.5), DataError, "binomial: counts must be whole numbers"),
        (lambda: random.binomial((2,), 2, 1.5), DataError, r"binomial: probabilities must lie in \[0, 1\]"),
        (lambda: random.categorical([0.0, 1.0], 2), ShapeError, r"categorical: expected logits of shape \(N, K\)"),
        (lambda: random.categorical([[0.0]], -1), ArgumentError, "categorical: expected num_samples"),
        (lambda: random.dropout([1.0], 1.5), ArgumentError, "dropout: expected rate between 0 and 1"),
        (lambda: random.dropout([1.0], 0.5, noise_shape=(2,)), ArgumentError, r"noise_shape \(2,\) does not fit"),
        (lambda: random.shuffle([1, 2], axis=1), ArgumentError, "shuffle: axis=1 is out of range"),
    ],
)  # fmt: skip
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
