"""Handwritten digits of 8 x 8 pixels, embedded in scikit-learn: no download.

Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998 (its test
part), https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tinynet.errors import ArgumentError, require

CLASS_NAMES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

_ROWS = 1797

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]


def load_data(test_size: float = 0.2, seed: int = 0) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Returns the 1,797 digits as `(x_train, y_train), (x_test, y_test)`.

    Images are uint8 of shape (N, 8, 8, 1), values 0 to 16 (divide by 16 to scale them to [0, 1]);
    labels are uint8 of shape (N,). There is no official split: a share `test_size` of the images,
    strictly between 0 and 1, is drawn for the test set with the shares of the classes kept.
    The same `seed` (0 to 2**32 - 1) gives the same split.

    Raises `ArgumentError` for a share or seed out of range or one that leaves a class out, and
    `MissingDependencyError` without scikit-learn.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
    ((1437, 8, 8, 1), (1437,), (360, 8, 8, 1), (360,))
    """
    if not isinstance(test_size, float) or not 0 < test_size < 1:
        raise ArgumentError(f"test_size: expected a share between 0 and 1, received {test_size!r}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ArgumentError(f"seed: expected an integer from 0 to 2**32 - 1, received {seed!r}.")
    test_rows = math.ceil(_ROWS * test_size)
    if not len(CLASS_NAMES) <= test_rows <= _ROWS - len(CLASS_NAMES):
        raise ArgumentError(
            f"test_size: {test_size!r} of {_ROWS} images leaves a class out of the training or test set."
        )
    datasets = require("sklearn.datasets", "datasets", "digits.load_data")
    model_selection = require("sklearn.model_selection", "datasets", "digits.load_data")
    digits = datasets.load_digits()
    images = digits.images.astype(np.uint8)[..., None]
    labels = digits.target.astype(np.uint8)
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        images, labels, test_size=test_rows, random_state=seed, stratify=labels
    )
    return (x_train, y_train), (x_test, y_test)
