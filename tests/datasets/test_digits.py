"""The embedded digits: the form, the split, bad arguments."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from tinynet.datasets import digits
from tinynet.errors import ArgumentError, MissingDependencyError


def rows(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    return [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]


@settings(deadline=None, max_examples=20)
@given(test_size=st.floats(0.01, 0.99), seed=st.integers(0, 2**32 - 1))
def test_a_split_holds_each_image_once_and_keeps_the_shares(test_size: float, seed: int) -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_size, seed)
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        assert images.dtype == labels.dtype == np.uint8
        assert images.shape == (len(labels), 8, 8, 1)
    assert len(y_test) == np.ceil(1797 * test_size)
    whole = load_digits()
    expected = rows(whole.images.astype(np.uint8), whole.target)
    assert sorted(rows(x_train, y_train) + rows(x_test, y_test)) == sorted(expected)
    shares = np.bincount(whole.target) * len(y_test) / 1797
    assert (np.abs(np.bincount(y_test, minlength=10) - shares) < 2).all()


def test_values_are_whole_numbers_up_to_16() -> None:
    (x_train, _), (x_test, _) = digits.load_data()
    pixels = load_digits().images
    assert (pixels == pixels.astype(np.uint8)).all()  # nothing is lost as uint8
    assert int(x_train.max()) == int(x_test.max()) == 16
    assert digits.CLASS_NAMES == tuple(str(name) for name in load_digits().target_names)


def test_the_seed_decides_the_split() -> None:
    first, again, other = digits.load_data(), digits.load_data(), digits.load_data(seed=1)
    for (x, y), (x_again, y_again) in zip(first, again):
        np.testing.assert_array_equal(x, x_again, strict=True)
        np.testing.assert_array_equal(y, y_again, strict=True)
    assert not np.array_equal(first[1][0], other[1][0])


@pytest.mark.parametrize("test_size", [0.0, 1.0, -0.1, 1.5, float("nan"), 360, True, "0.2", None])
def test_share_out_of_range(test_size: object) -> None:
    with pytest.raises(ArgumentError, match="test_size: expected a share between 0 and 1, received"):
        digits.load_data(test_size)  # type: ignore[arg-type]


@pytest.mark.parametrize("test_size", [0.005, 0.995])
def test_share_that_leaves_a_class_out(test_size: float) -> None:
    with pytest.raises(ArgumentError, match="leaves a class out"):
        digits.load_data(test_size)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, None, True])
def test_seed_out_of_range(seed: object) -> None:
    with pytest.raises(ArgumentError, match="seed: expected an integer from 0 to"):
        digits.load_data(seed=seed)  # type: ignore[arg-type]


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        MissingDependencyError, match=r"digits.load_data needs .*'sklearn'.*tinynet\[datasets\]"
    ):
        digits.load_data()
