"""Batches for training: cut from arrays, or taken from an iterable or a data set of batches."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinynet import config, seeds
from tinynet.arguments import one_of
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError, warn
from tinynet.models.py_dataset import batches_in, is_dataset
from tinynet.nested import holds_arrays, leaves, map_leaves, named_leaves, packed


SAMPLES = 256  # by which a checkpoint knows data again


class Batch(NamedTuple):
    """Inputs, targets and sample weights of one step; the latter two may be None."""

    x: Any
    y: Any = None
    sample_weight: Any = None


def as_array(value: Any, name: str, where: str, *, check_finite: bool = True) -> np.ndarray:
    """Data as an array that can be cut into batches, floats as floatx.

    Raises `DataError` for NaN or infinity, `DtypeError` for what holds no numbers or text,
    `ShapeError` for rows of unequal length.
    """
    try:
        array = value if type(value) is np.ndarray else np.asarray(_readable(value))
    except ValueError as error:
        raise ShapeError(
            f"{where}: the rows of {name} have unequal lengths; pad them to one length"
        ) from error
    if name.partition("[")[0] in ("y", "sample_weight") and _is_text(array):
        raise DtypeError(f"{where}: {name} must hold numbers, received text; number classes first, as from 0 to K - 1")
    if array.dtype.kind == "O":
        if any(v is None for v in array.ravel()[:100]):
            raise DataError(f"{where}: {name} holds None where an array is expected")
        if not all(isinstance(v, (str, bytes)) for v in array.ravel()[:100]):
            raise DtypeError(f"{where}: {name} must hold numbers (or text), received an array of Python objects")
        return array
    if array.dtype.kind not in "fiubUS":
        raise DtypeError(f"{where}: {name} must hold numbers (or text), received dtype {array.dtype}")
    if array.dtype.kind == "f":
        array = array.astype(config.floatx(), copy=False)
        if check_finite and not np.isfinite(array).all():
            first = int(np.argwhere(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0, 0]) if array.ndim else 0
            raise DataError(f"{where}: {name} holds NaN or infinity, first in sample {first}. Clean the data first.")
    if array.ndim == 0:
        raise ShapeError(f"{where}: {name} must have a batch axis, received a single value")
    return array


def _is_text(array: np.ndarray) -> bool:
    if array.dtype.kind != "O":
        return array.dtype.kind in "US"
    return array.size > 0 and all(isinstance(v, (str, bytes)) for v in array.ravel()[:100])


def _readable(value: Any) -> Any:
    """What NumPy reads of a container of another library, as Keras takes it."""
    if isinstance(value, Tensor):
        return value.data
    if hasattr(value, "toarray"):  # a sparse matrix
        return value.toarray()
    if hasattr(value, "detach"):  # a tensor of PyTorch
        return value.detach().cpu()
    if hasattr(value, "to_frame"):  # a series of pandas: a column
        return value.to_frame()
    return value


def arrays_of(value: Any, name: str, where: str, *, check_finite: bool = True) -> Any:
    """One array, or arrays in nested lists, tuples and dicts, each as by `as_array`; None stays None."""
    if value is None:
        return None
    if not holds_arrays(value):
        return as_array(value, name, where, check_finite=check_finite)
    if isinstance(value, dict):
        return {
            key: arrays_of(part, f"{name}[{key!r}]", where, check_finite=check_finite) for key, part in value.items()
        }
    parts = [arrays_of(part, f"{name}[{i}]", where, check_finite=check_finite) for i, part in enumerate(value)]
    return parts if isinstance(value, list) else tuple(parts)


def rows_of(value: Any, rows: Any) -> Any:
    """Some rows of one array, or of each in a structure."""
    if value is None or isinstance(value, np.ndarray):
        return None if value is None else value[rows]
    return map_leaves(lambda array: None if array is None else array[rows], value)


def row_count(value: Any) -> int:
    """How many samples an array has, or the first in a structure."""
    return len(value if isinstance(value, np.ndarray) else next(part for part in leaves(value) if part is not None))


class ArrayBatches:
    """Batches cut from arrays of equal length, in order or shuffled.

    After `set_random_seed` each pass shuffles in the same way, as Keras's do; without, each in another.

    x: the inputs (N, …); y: the targets (N, …) or None; sample_weight: (N, …) or None; each of them
        one array, or arrays in nested lists, tuples and dicts.
    batch_size: the last batch may be smaller. shuffle: 'batch' mixes the samples of each batch among themselves only.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        class_weight: Mapping[int, float] | None = None,
        where: str = "fit",
    ) -> None:
        finite = where != "predict"
        self.x = as_array(x, "x", where) if x is None else arrays_of(x, "x", where, check_finite=finite)
        self.y = arrays_of(y, "y", where)
        self.sample_weight = arrays_of(sample_weight, "sample_weight", where)
        self.batch_size = checked_batch_size(batch_size, where)
        self.shuffle = one_of(where, "shuffle", shuffle, (True, False, "batch"))
        self._check_sizes(where)
        self.size = row_count(self.x)
        self._check_weights(where)
        if class_weight is not None:
            if self.sample_weight is not None:
                raise ArgumentError(f"{where}: give class_weight or sample_weight, not both")
            if self.y is None:
                raise ArgumentError(f"{where}: class_weight needs targets y")
            if not isinstance(self.y, np.ndarray):
                raise ArgumentError(
                    f"{where}: class_weight is for models of one output; give sample_weight, an array for each output"
                )
            self.sample_weight = weights_by_class(self.y, class_weight)

    def _check_sizes(self, where: str) -> None:
        given = (("x", self.x), ("y", self.y), ("sample_weight", self.sample_weight))
        arrays = [(label, a) for name, value in given for label, a in named_leaves(value, name) if a is not None]
        if not arrays or not arrays[0][0].startswith("x"):
            raise DataError(f"{where}: x holds no arrays")
        (first, one), *others = arrays
        if not len(one):
            raise DataError(f"{where}: the data are empty: {first} has shape {one.shape}")
        for label, array in others:
            if len(array) != len(one):
                raise DataError(
                    f"{where}: all data must have the same number of samples; {first} has {len(one)}, "
                    f"{label} has {len(array)}"
                )

    def _check_weights(self, where: str) -> None:
        weights = self.sample_weight
        for label, array in named_leaves(weights, "sample_weight"):
            if array is not None and array.dtype.kind not in "fiub":
                raise DtypeError(f"{where}: {label} must hold numbers, received dtype {array.dtype}")
        if isinstance(weights, np.ndarray) and isinstance(self.y, (list, tuple, dict)):
            if weights.ndim > 2 or weights.ndim == 2 and weights.shape[1] != 1:
                raise ShapeError(
                    f"{where}: one sample_weight for several outputs must have shape ({self.size},), received "
                    f"{weights.shape}; give one array for each output"
                )
        if isinstance(weights, dict) and isinstance(self.y, dict) and not set(self.y) <= set(weights):
            missing = sorted(set(self.y) - set(weights))
            raise ArgumentError(f"{where}: sample_weight has no {missing[0]!r}, but y has; None stands for no weights")

    def __len__(self) -> int:
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = seeds.orders()
        samples = order(self.size) if self.shuffle and self.shuffle != "batch" else None
        for start in range(0, self.size, self.batch_size):
            stop = min(start + self.batch_size, self.size)
            rows = slice(start, stop) if samples is None else samples[start:stop]
            if self.shuffle == "batch":
                rows = start + order(stop - start)
            yield Batch(rows_of(self.x, rows), rows_of(self.y, rows), rows_of(self.sample_weight, rows))

    def described(self) -> dict[str, Any]:
        """By what a checkpoint knows the same data again: among others a checksum of some samples."""
        some = rows_of((self.x, self.y, self.sample_weight), slice(None, None, -(-self.size // SAMPLES)))
        checksum = 0
        for array in leaves(some):
            if array is not None:
                content = array.tobytes() if array.dtype.kind != "O" else "\0".join(map(str, array.ravel())).encode()
                checksum = zlib.crc32(content, checksum)
        return {"samples": self.size, "batch_size": self.batch_size, "shuffle": self.shuffle, "checksum": checksum}

    def split(self, fraction: float, where: str) -> tuple[ArrayBatches, ArrayBatches]:
        """The first part for training and the last `fraction` of the samples for validation."""
        if not 0 < fraction < 1:
            raise ArgumentError(f"{where}: expected validation_split between 0 and 1, received {fraction!r}")
        at = math.floor(self.size * (1 - fraction))
        if at in (0, self.size):
            raise DataError(f"{where}: validation_split={fraction} of {self.size} samples leaves one part empty")
        return self._part(slice(0, at), self.shuffle), self._part(slice(at, None), False)

    def _part(self, rows: slice, shuffle: bool | str) -> ArrayBatches:
        part = object.__new__(ArrayBatches)
        part.x, part.y = rows_of(self.x, rows), rows_of(self.y, rows)
        part.sample_weight = rows_of(self.sample_weight, rows)
        part.batch_size, part.shuffle, part.size = self.batch_size, shuffle, row_count(part.x)
        return part


class IterableBatches:
    """Batches from an iterable of (x, y) or (x, y, sample_weight), or of x alone.

    A list of tuples, or another object with a fresh `iter()`, gives a new pass each epoch;
    a generator goes on where it stopped. Of a data set that has numbers of batches (`tinynet.utils.PyDataset`)
    the batches come in order, or shuffled.
    """

    def __init__(
        self,
        source: Any,
        class_weight: Mapping[int, float] | None = None,
        where: str = "fit",
        shuffle: bool | str = False,
    ) -> None:
        self.source = source
        self.class_weight = class_weight
        self.where = where
        self.shuffle = shuffle
        self.numbered = is_dataset(source)
        self.size: int | None = None

    def __len__(self) -> int:
        if self.numbered and hasattr(self.source, "num_batches"):
            if self.source.num_batches is None:
                raise TypeError("the data set has no end")
            return int(self.source.num_batches)
        return len(self.source)

    def __iter__(self) -> Iterator[Batch]:
        empty = True
        for number, item in enumerate(self._items()):
            empty = False
            yield self._batch(item, number)
        if empty:
            raise DataError(
                f"{self.where}: the iterable gave no batches. A generator that has ended cannot start again: "
                "pass steps_per_epoch and an endless generator, or an object with a fresh iter()."
            )

    def described(self) -> dict[str, Any]:
        """By what a checkpoint knows the same data again."""
        return {"batches": length_of(self), "shuffle": self.shuffle}

    def _items(self) -> Iterable[Any]:
        if not self.numbered:
            return self.source
        count = length_of(self)
        order = seeds.shuffled(count) if self.shuffle and count else None
        return batches_in(self.source, order if order is not None else count)

    def call(self, hook: str) -> None:
        """Calls a hook of the data set, where it has it: on_epoch_begin, on_epoch_end."""
        if self.numbered and hasattr(self.source, hook):
            getattr(self.source, hook)()

    def _batch(self, item: Any, number: int) -> Batch:
        where = f"{self.where}, batch {number}"
        # A list from a generator is several inputs; loaders and data sets give their parts in lists, too.
        in_parts = isinstance(item, tuple) or not hasattr(self.source, "__next__") and _lists_arrays(item)
        parts = item if in_parts else (item,)
        if not 1 <= len(parts) <= 3:
            raise DataError(f"{where}: expected x, (x, y) or (x, y, sample_weight), received {len(parts)} items")
        return one_batch(*parts, class_weight=self.class_weight, where=where)


def _lists_arrays(item: Any) -> bool:
    """Whether a list is one of several arrays, not one array written out."""
    return isinstance(item, list) and holds_arrays(item)


Batches = ArrayBatches | IterableBatches


def unpack_x_y_sample_weight(data: Any) -> Any:
    """x, y and sample weights of what a `train_step`, `test_step` or `predict_step` is given.

    data: x, (x,), (x, y) or (x, y, sample_weight); what is missing comes as None. Raises `DataError` for another
    number of parts. Source: https://keras.io/api/utils/

    >>> unpack_x_y_sample_weight((1.0, 2.0))
    (1.0, 2.0, None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(f"expected x, (x,), (x, y) or (x, y, sample_weight), received {len(data)} parts")
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The data of a step as `train_step` gets them: x, (x, y) or (x, y, sample_weight).

    >>> pack_x_y_sample_weight(1.0, 2.0)
    (1.0, 2.0)
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def one_batch(
    x: Any, y: Any = None, sample_weight: Any = None, *, class_weight: Mapping[int, float] | None = None, where: str
) -> Batch:
    """All of the data as one batch."""
    whole = ArrayBatches(x, y, sample_weight, class_weight=class_weight, where=where)
    return Batch(whole.x, whole.y, whole.sample_weight)


def batches_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    where: str,
) -> Batches:
    """Batches from arrays, or from an iterable of batches when x is one."""
    if _is_iterable(x) or is_dataset(x) or (y is None and lists_batches(x)):
        if y is not None or sample_weight is not None:
            raise ArgumentError(f"{where}: an iterable of batches brings its own y and sample_weight")
        if batch_size is not None:
            raise ArgumentError(f"{where}: an iterable of batches has batch sizes of its own; leave batch_size out")
        return IterableBatches(x, class_weight, where, shuffle)
    return ArrayBatches(
        x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight, where=where
    )


def _is_iterable(x: Any) -> bool:
    plain = isinstance(x, (list, tuple, dict, str, bytes, Tensor)) or any(
        hasattr(x, name) for name in ("__array__", "toarray")
    )
    return hasattr(x, "__iter__") and not plain


def validation_batches(data: Any, batch_size: int | None) -> Batches | None:
    """Batches from the `validation_data` of `fit`: (x, y), (x, y, sample_weight), or an iterable."""
    where = "fit, validation_data"
    if data is None:
        return None
    if lists_batches(data):
        return IterableBatches(data, where=where)
    if isinstance(data, (tuple, list)) and len(data) in (2, 3):
        return ArrayBatches(*data, batch_size=batch_size, where=where)
    if isinstance(data, (tuple, list)):
        raise ArgumentError(
            f"fit: expected validation_data (x, y) or (x, y, sample_weight), received {len(data)} items"
        )
    return batches_of(data, where=where)


def lists_batches(x: Any) -> bool:
    """Whether x is a list of tuples with arrays, as an iterable of batches gives them."""
    return isinstance(x, list) and bool(x) and all(isinstance(item, tuple) and holds_arrays(item) for item in x)


def length_of(data: Batches) -> int | None:
    """How many batches a pass has, where that is known."""
    try:
        return len(data)
    except TypeError:
        return None


class Passes:
    """Passes over the data, one after the other, taken so many batches at a time.

    keeps_place: whether `get_state` will be asked, which takes a note of all random numbers before each pass.
    """

    def __init__(self, data: Batches, keeps_place: bool = False) -> None:
        self.data = data
        self.keeps_place = keeps_place
        self.iterator: Iterator[Batch] | None = None
        self.taken = 0  # batches of the present pass
        self.total = 0  # batches of all passes
        self._drawn_from: Any = None  # the state of all random numbers when the present pass began
        self._source_before: Any = None  # the data set's own
        self._goes_on = False  # whether the next `take` goes on within an epoch

    def call(self, hook: str) -> None:
        """Tells the data that an epoch begins or ends, where they want to know it."""
        if isinstance(self.data, IterableBatches):
            self.data.call(hook)

    def take(self, count: int | None) -> Iterator[Batch]:
        """All batches of a pass, or the next `count`; fewer, with a warning, where a pass ends."""
        if not self._goes_on:
            self.call("on_epoch_begin")
            if count is None:
                self.iterator = None
        self._goes_on = False
        number = 0
        while count is None or number < count:
            batch = next(self.iterator, None) if self.iterator is not None else None
            if batch is None and self.iterator is not None:
                self.iterator = None
                if count is None:
                    break
                if number:
                    warn(f"the data ended after {number} of {count} steps: the next epoch starts a new pass")
                    break
            if batch is None:
                batch = next(self._begun())
            number, self.taken, self.total = number + 1, self.taken + 1, self.total + 1
            yield batch
        self.call("on_epoch_end")

    def _begun(self) -> Iterator[Batch]:
        if self.keeps_place:
            self._drawn_from, self._source_before = seeds.get_state(), self._source_state()
        self.taken = 0
        self.iterator = iter(self.data)
        return self.iterator

    def get_state(self) -> dict[str, Any]:
        """The place in the data, for a checkpoint; with the state of a data set that has a `get_state`."""
        within_pass = self.iterator is not None
        return {
            "open": within_pass,
            "taken": self.taken,
            "total": self.total,
            "drawn_from": self._drawn_from,
            "source": self._source_before if within_pass else self._source_state(),
        }

    def _source_state(self) -> Any:
        source: Any = getattr(self.data, "source", None)
        return source.get_state() if hasattr(source, "get_state") else None

    def go_on(self, state: dict[str, Any], within_epoch: bool, look_at: Callable[[Batch], Any] | None = None) -> None:
        """Goes through the data to the place that `get_state` told of.

        look_at: is called with the first batch. Random numbers are left anywhere. Raises `DataError` where the data
        end before.
        """
        source: Any = getattr(self.data, "source", None)
        keeps_state = hasattr(source, "set_state")
        if keeps_state:
            source.set_state(state["source"])
        if within_epoch:
            self.call("on_epoch_begin")
            self._goes_on = True
        if state["drawn_from"] is not None:
            seeds.set_state(state["drawn_from"])
        only_once = hasattr(source, "__next__")  # a generator: one pass for all epochs
        left_out = state["total"] if only_once else state["taken"] if state["open"] else 0
        if left_out or look_at is not None:
            batches = self._begun()
            for number in range(max(left_out, 1)):
                batch = next(batches, None)
                if batch is None:
                    raise DataError(f"the data end after {number} batches, {left_out} of which had been seen")
                if number == 0 and look_at is not None:
                    kept = seeds.get_state()
                    look_at(batch)
                    seeds.set_state(kept)
        if not left_out:
            self.iterator = None
            if keeps_state:
                source.set_state(state["source"])  # looking began a pass
        self.taken, self.total, self._drawn_from = state["taken"], state["total"], state["drawn_from"]


def joined(results: list[Any]) -> Any:
    """Results of batches as one: arrays end to end, in lists and dicts item by item."""
    if len(results) == 1:
        return results[0]
    parts = zip(*map(leaves, results), strict=True)
    return packed(results[0], map(np.concatenate, parts))


def checked_batch_size(batch_size: Any, where: str) -> int:
    """The batch size, 32 without one; raises `ArgumentError` unless it is a positive whole number."""
    if batch_size is None:
        return 32
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ArgumentError(f"{where}: expected batch_size to be a whole number >= 1, received {batch_size!r}")
    return int(batch_size)


def weights_by_class(y: np.ndarray, class_weight: Mapping[int, float]) -> np.ndarray:
    """A weight for each sample from its class: labels (N,), (N, 1) or one-hot (N, K)."""
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(f"class_weight: expected a dict from class to weight, received {class_weight!r}")
    for label, weight in class_weight.items():
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        number = isinstance(weight, (int, float, np.number)) and not isinstance(weight, bool)
        if not whole or not number or not np.isfinite(weight):
            raise ArgumentError(
                "class_weight: expected whole numbers as classes and finite weights, "
                f"received {{{label!r}: {weight!r}}}"
            )
    if y.ndim > 2:
        raise ArgumentError(f"class_weight: needs labels (N,), (N, 1) or (N, K), received y of shape {y.shape}")
    labels = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    weights = np.ones(len(y), config.floatx())
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights
