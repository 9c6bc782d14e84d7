"""`timeseries_dataset_from_array`: windows that slide over a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import whole
from tinynet.errors import ArgumentError
from tinynet.utils.batches import Batches

WHERE = "timeseries_dataset_from_array"


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Batches:
    """Batches of windows (N, T, …) over a sequence (steps, …), each with a target.

    targets: one for each step at which a window can begin, or None: then batches are the windows alone.
    sequence_length: T, the steps of a window. sequence_stride: from the beginning of one window to that of the next.
    sampling_rate: from one step of a window to the next. batch_size: None gives single windows.
    shuffle, seed: whether each pass has an order of its own, and for these orders.
    start_index, end_index: only the steps from one to before the other count.
    format: 'tf' or 'grain' mean the same here: the data set is tinynet's.

    Raises `ArgumentError` for settings that do not fit the data.

    Source: https://keras.io/api/data_loading/timeseries/

    >>> data = np.arange(5)
    >>> list(timeseries_dataset_from_array(data, data[2:], sequence_length=2, batch_size=2))
    [(array([[0, 1],
           [1, 2]]), array([2, 3])), (array([[2, 3]]), array([4]))]
    """
    if format not in ("tf", "grain"):
        raise ArgumentError(f"{WHERE}: format must be 'tf' or 'grain', received {format!r}")
    data = np.asarray(data)
    steps = len(data)
    start, end = _limits(start_index, end_index, steps)
    length = whole(WHERE, "sequence_length", sequence_length)
    rate, stride = whole(WHERE, "sampling_rate", sampling_rate), whole(WHERE, "sequence_stride", sequence_stride)
    for name, value in (("sampling_rate", rate), ("sequence_stride", stride)):
        if value >= steps:
            raise ArgumentError(f"{WHERE}: {name} must be below the {steps} steps of the data, received {value}")
    beginnings = np.arange(0, max(end - start - (length - 1) * rate, 0), stride)
    if targets is not None:
        targets = np.asarray(targets)
        beginnings = beginnings[beginnings + start < len(targets)]
    offsets = np.arange(length) * rate + start

    def load(numbers: np.ndarray) -> Any:
        chosen = beginnings[numbers]
        windows = data[chosen[:, None] + offsets]
        return windows if targets is None else (windows, targets[chosen + start])

    return Batches(load, len(beginnings), batch_size, shuffle, seed)


def _limits(start: Any, end: Any, steps: int) -> tuple[int, int]:
    for name, value in (("start_index", start), ("end_index", end)):
        if value is not None and not 0 <= whole(WHERE, name, value, 0) < steps:
            raise ArgumentError(f"{WHERE}: {name} must be below the {steps} steps of the data, received {value}")
    first, last = start or 0, steps if end is None else end
    if last <= first:
        raise ArgumentError(f"{WHERE}: end_index must be above start_index, received {end} and {start}")
    return first, last
