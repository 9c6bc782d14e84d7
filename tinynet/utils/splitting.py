"""`split_dataset`: samples for training and for testing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.errors import ArgumentError, DataError
from tinynet.nested import leaves, map_leaves
from tinynet.utils.batches import Batches


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Batches, Batches]:
    """Two data sets of samples, the first and the last of `dataset`; `.batch(n)` makes batches of them.

    dataset: an array, arrays of equal length in a tuple, list or dict, or what gives samples one by one and has an end
        (a tf.data.Dataset, a PyTorch data set).
    left_size, right_size: how many samples, or as a float which share of them; None is what the other leaves.
    shuffle: whether to exchange the samples first. seed: for that.
    preferred_backend: None only; the samples are NumPy's.

    Raises `ArgumentError` for sizes that do not fit, `DataError` for arrays of unequal length.

    Source: https://keras.io/api/utils/python_utils/

    >>> left, right = split_dataset((np.arange(5), np.arange(5) * 2), left_size=0.6)
    >>> len(left), list(right.batch(2))
    (3, [(array([3, 4]), array([6, 8]))])
    """
    if preferred_backend is not None:
        raise ArgumentError(f"split_dataset: preferred_backend={preferred_backend!r} is not supported")
    data = _arrays(dataset)
    lengths = {len(part) for part in leaves(data)}
    if len(lengths) != 1:
        raise DataError(f"split_dataset: expected arrays of one length, received {sorted(lengths)}")
    total = lengths.pop()
    left, right = _sizes(left_size, right_size, total)
    order = np.random.default_rng(seed).permutation(total) if shuffle else np.arange(total)
    return _chosen(data, order[:left]), _chosen(data, order[total - right :])


def _chosen(data: Any, numbers: np.ndarray) -> Batches:
    return Batches(lambda places: map_leaves(lambda part: part[numbers[places]], data), len(numbers))


def _arrays(dataset: Any) -> Any:
    if isinstance(dataset, (np.ndarray, tuple, list, dict)):
        return map_leaves(np.asarray, tuple(dataset) if isinstance(dataset, list) else dataset)
    if not hasattr(dataset, "__iter__") and not hasattr(dataset, "__getitem__"):
        raise ArgumentError(f"split_dataset: expected arrays or a data set, received {type(dataset).__name__}")
    if hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
        samples = [dataset[index] for index in range(len(dataset))]
    else:
        samples = list(dataset)
    if not samples:
        raise DataError("split_dataset: the data set has no samples")
    columns = (np.stack([np.asarray(part) for part in parts]) for parts in zip(*map(leaves, samples), strict=True))
    return map_leaves(lambda _: next(columns), tuple(samples[0]) if isinstance(samples[0], list) else samples[0])


def _sizes(left_size: Any, right_size: Any, total: int) -> tuple[int, int]:
    sizes = {"left_size": left_size, "right_size": right_size}
    found: dict[str, int | None] = {}
    for name, size in sizes.items():
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, float))):
            raise ArgumentError(f"split_dataset: {name} must be a number or None, received {size!r}")
        most = 1 if isinstance(size, float) else total
        if size is not None and not 0 < size < most:
            raise ArgumentError(f"split_dataset: {name} must lie between 0 and {most}, received {size!r}")
        found[name] = round(size * total) if isinstance(size, float) else size
    left, right = found.values()
    if left is None and right is None:
        raise ArgumentError("split_dataset: give left_size, right_size or both")
    left = total - (right or 0) if left is None else left
    right = total - left if right is None else right
    if not left or not right or left + right > total:
        raise ArgumentError(f"split_dataset: {total} samples cannot be split into {left} and {right}")
    return left, right
