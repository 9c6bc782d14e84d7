"""The real data as the examples feed it to their models."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import tinynet
from tinynet.datasets import DatasetWarning, cifar10, nusax_sentiment
from tinynet.errors import ArgumentError


class Images(NamedTuple):
    """CIFAR-10: images (N, 32, 32, 3) uint8, labels (N,)."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class Sentences(NamedTuple):
    """NusaX: token ids (N, T) int32 and labels (N,) of the three splits, and how texts became ids."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    test_texts: np.ndarray
    vectorizer: tinynet.layers.TextVectorization


@contextlib.contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Prints what a data set warns of as plain lines, for they belong to the results."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DatasetWarning)
        yield
    for warning in caught:
        print(f"note: {warning.message}")


def load_cifar10(path: str | None, train_images: int | None = None, test_images: int | None = None) -> Images:
    """CIFAR-10's images, the first `train_images` and `test_images` of them where given.

    Prints which images there are, and every way in which they differ from the official data set.
    """
    with warnings_as_notes():
        (x_train, y_train), (x_test, y_test) = cifar10.load_data(path)
    for name, wanted, there in (("train", train_images, len(x_train)), ("test", test_images, len(x_test))):
        if wanted is not None and wanted > there:
            raise ArgumentError(f"--{name}-images: {wanted:,} were asked for, there are {there:,}")
    x_train, y_train = x_train[:train_images], y_train[:train_images, 0]
    x_test, y_test = x_test[:test_images], y_test[:test_images, 0]
    print(f"CIFAR-10: {len(x_train):,} training images, {len(x_test):,} test images")
    return Images(x_train, y_train, x_test, y_test)


def load_nusax(path: str | None, vocabulary: int = 3000, length: int = 100) -> Sentences:
    """NusaX-Sentiment (Indonesian) as ids; the vocabulary comes from the training texts alone."""
    with warnings_as_notes():
        (train, y_train), (valid, y_valid), (test, y_test) = nusax_sentiment.load_data(path=path)
    vectorizer = tinynet.layers.TextVectorization(max_tokens=vocabulary, output_sequence_length=length)
    vectorizer.adapt(train)
    x_train, x_valid, x_test = (vectorizer(texts).numpy().astype("int32") for texts in (train, valid, test))
    words = (x_train != 0).sum(axis=1).mean()
    print(
        f"NusaX: {len(train)} training, {len(valid)} validation, {len(test)} test sentences; "
        f"{words:.0f} words on average, padded at the end to {length}"
    )
    return Sentences(x_train, y_train, x_valid, y_valid, x_test, y_test, test, vectorizer)
