"""A Dataset gives the same batches whatever the workers, new ones each pass, and the classes as often as one another."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

import tinynet
from tinynet import layers
from tinynet.data import Dataset, class_weights
from tinynet.errors import ArgumentError, DataError, ShapeError

X, Y = np.arange(23.0), np.arange(23) % 3


def noisy(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return x + rng.random(np.shape(x)), y


def seen(data: Dataset) -> list[Any]:
    return [[np.asarray(part).tolist() for part in parts] for parts in data]


@given(
    batch_size=st.integers(1, 30),
    drop=st.booleans(),
    shuffle=st.booleans(),
    balance=st.booleans(),
    by_sample=st.booleans(),
    workers=st.integers(1, 4),
    ahead=st.integers(0, 3),
    seed=st.integers(0, 2**32),
)
def test_workers_change_nothing(
    batch_size: int, drop: bool, shuffle: bool, balance: bool, by_sample: bool, workers: int, ahead: int, seed: int
) -> None:
    def made(workers: int, ahead: int) -> Dataset:
        data = Dataset(X, Y, seed=seed)
        data = data.shuffle() if shuffle else data
        data = data.balance() if balance else data
        data = data.map(noisy, workers) if by_sample else data
        data = data.batch(batch_size, drop_remainder=drop)
        data = data if by_sample else data.map(noisy, workers)
        return data.prefetch(ahead) if ahead else data

    plain, other = made(1, 0), made(workers, ahead)
    if not len(plain):
        with pytest.raises(DataError, match="drop_remainder"):
            iter(other)
        return
    first, second = seen(plain), seen(plain)
    assert (seen(other), seen(other)) == (first, second)
    assert first != second  # the noise, if nothing else
    assert len(first) == len(plain)
    labels = [label for _, y in first for label in np.atleast_1d(y).tolist()]
    assert len(labels) == (len(plain) * batch_size if drop else 24 if balance else 23)
    if balance and not drop:
        assert np.bincount(labels).tolist() == [8, 8, 8]
    later = made(workers, ahead)
    later.set_state({"passes": 1, "seed": seed})
    assert seen(later) == second


def test_every_sample_comes_once_a_pass() -> None:
    data = Dataset(X, seed=3).shuffle().batch(5)
    passes = [[value for (x,) in data for value in x] for _ in range(3)]
    assert all(sorted(values) == X.tolist() for values in passes)
    assert passes[0] != passes[1] != passes[2]


@given(counts=st.lists(st.integers(1, 9), min_size=2, max_size=4), one_hot=st.booleans())
def test_balance_draws_evenly(counts: list[int], one_hot: bool) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    y = np.eye(len(counts))[labels] if one_hot else labels
    drawn = [int(x) for x, _ in Dataset(np.arange(len(labels)), y, seed=0).balance()]
    assert np.bincount(labels[drawn]).tolist() == [max(counts)] * len(counts)
    times = np.bincount(drawn, minlength=len(labels))
    for label in range(len(counts)):
        of_class = times[labels == label]
        assert of_class.max() - of_class.min() <= 1
        assert of_class.min() >= 1


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.sampled_from(["flat", "column", "one-hot"]))
def test_class_weights_are_scikit_learns(labels: list[int], form: str) -> None:
    y = np.array(labels)
    classes = np.unique(y)
    expected = compute_class_weight("balanced", classes=classes, y=y)
    given_y = {"flat": y, "column": y[:, None], "one-hot": np.eye(6)[y]}[form]
    found = class_weights(given_y)
    assert list(found) == classes.tolist()
    np.testing.assert_allclose(list(found.values()), expected)


def test_a_seed_is_drawn_from_the_global_one() -> None:
    tinynet.utils.set_random_seed(5)
    one = seen(Dataset(X).shuffle().batch(4))
    tinynet.utils.set_random_seed(5)
    assert seen(Dataset(X).shuffle().batch(4)) == one
    assert seen(Dataset(X).shuffle().batch(4)) != one


def test_structures_and_samples() -> None:
    data = Dataset({"a": X, "b": [X, Y]}, Y, seed=0).map(lambda x, y: ({"a": x["a"] * 2, "b": x["b"]}, y)).batch(10)
    x, y = next(iter(data))
    np.testing.assert_array_equal(x["a"], 2 * X[:10])
    np.testing.assert_array_equal(x["b"][1], Y[:10])
    np.testing.assert_array_equal(y, Y[:10])
    assert next(iter(Dataset(X, Y))) == (0.0, 0)
    assert next(iter(Dataset(X, Y).map(lambda x, y: x + y)))[0] == 0.0


def test_batches_are_made_ahead() -> None:
    made, waiting = [], threading.Event()

    def slow(x: np.ndarray) -> np.ndarray:
        made.append(len(made))
        if len(made) == 3:
            waiting.set()
        return x

    batches = iter(Dataset(X, seed=0).batch(4).map(slow).prefetch(3))
    next(batches)
    assert waiting.wait(10)  # while nobody asked for them
    batches.close()  # type: ignore[attr-defined]


def test_fit_takes_it() -> None:
    def trained(x: Any, y: Any = None, **more: Any) -> Any:
        tinynet.utils.set_random_seed(1)
        model = tinynet.Sequential([layers.Input((1,)), layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model.fit(x, y, epochs=3, verbose=0, shuffle=False, **more).history

    x = X[:, None] / 23
    assert trained(Dataset(x, Y, seed=0).batch(8).prefetch()) == trained(x, Y, batch_size=8)
    data = Dataset(x, Y, seed=0).batch(8)
    assert trained(data, class_weight=class_weights(Y)) == trained(x, Y, batch_size=8, class_weight=class_weights(Y))


def test_what_is_wrong_is_told() -> None:
    for error, told, make in [
        (DataError, "at least one sample", lambda: Dataset(np.zeros((0, 2)))),
        (DataError, "at least one sample", lambda: Dataset(3.0)),
        (ShapeError, r"\[23, 22\]", lambda: Dataset(X, Y[:-1])),
        (ArgumentError, "needs y", lambda: Dataset(X, sample_weight=X)),
        (ArgumentError, "seed", lambda: Dataset(X, seed=-1)),
        (ArgumentError, "batch_size", lambda: Dataset(X).batch(0)),
        (ArgumentError, "batches already", lambda: Dataset(X).batch(2).batch(3)),
        (ArgumentError, "a function", lambda: Dataset(X).map("double")),
        (ArgumentError, "workers", lambda: Dataset(X).map(abs, workers=0)),
        (ArgumentError, "count", lambda: Dataset(X).prefetch(0)),
        (DataError, "labels", lambda: Dataset(X).balance()),
        (DataError, "whole numbers", lambda: Dataset(X, X + 0.5).balance()),
        (DataError, "labels", lambda: class_weights(["good", "bad"])),
        (DataError, "no labels", lambda: class_weights(np.zeros(0, int))),
        (DataError, "4 parts", lambda: seen(Dataset(X).map(lambda x: (x, x, x, x)))),
        (ShapeError, "one shape", lambda: seen(Dataset(X).map(lambda x: np.zeros(int(x))).batch(3))),
        (ZeroDivisionError, "division", lambda: seen(Dataset(X).batch(3).map(lambda x: 1 // 0, workers=2))),
    ]:
        with pytest.raises(error, match=told):
            make()
