"""Sequences of different lengths as one array."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.lookup import check_integer

ENDS = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths, cut and filled up to one length: N lists to an array (N, maxlen).

    sequences: lists of numbers, of texts, or of arrays of one shape, which follows maxlen then.
    maxlen: the longest sequence's length without it.
    dtype: of the result; numbers lose their fractions in an integer dtype. For texts: object.
    padding, truncating: at which end to fill up and to cut, 'pre' or 'post'.
    value: what to fill up with.

    Raises `DataError` for what is no list of sequences or does not fit into the dtype, `ShapeError` for
    elements of several shapes, `DtypeError` for a text as value in an array of numbers.
    Source: https://keras.io/api/utils/python_utils/#padsequences-function

    >>> pad_sequences([[1], [2, 3, 4]], maxlen=2).tolist()
    [[0, 1], [3, 4]]
    """
    where = "pad_sequences"
    for name, end in (("padding", padding), ("truncating", truncating)):
        if end not in ENDS:
            raise ArgumentError(f"{where}: expected {name} 'pre' or 'post', received {end!r}")
    maxlen = check_integer("maxlen", maxlen, 0, where)
    if not hasattr(sequences, "__len__") or isinstance(sequences, str | bytes | dict):
        raise DataError(f"{where}: expected a list of sequences, received {reprlib.repr(sequences)}")
    for index, sequence in enumerate(sequences):
        scalar = isinstance(sequence, str | bytes | dict) or getattr(sequence, "shape", None) == ()
        if scalar or not hasattr(sequence, "__len__"):
            raise DataError(f"{where}: expected sequences, but number {index} is {reprlib.repr(sequence)}")
    if maxlen is None:
        if not len(sequences):
            raise DataError(f"{where}: there is no sequence whose length could be taken; give maxlen")
        maxlen = max(map(len, sequences))
    kind = np.dtype(dtype).kind
    if isinstance(value, str) and kind not in "OUS":
        raise DtypeError(
            f"{where}: the value {value!r} does not fit dtype {np.dtype(dtype)}; for texts give dtype=object"
        )
    arrays = [_as_array(sequence, dtype, f"{where}: sequence {i}") for i, sequence in enumerate(sequences)]
    shape = next((array.shape[1:] for array in arrays if len(array)), ())
    result = np.full((len(arrays), maxlen, *shape), _as_array(value, dtype, f"{where}: value"), np.dtype(dtype))
    for index, array in enumerate(arrays):
        if not len(array):
            continue
        if array.shape[1:] != shape:
            raise ShapeError(
                f"{where}: the elements of sequence {index} have shape {array.shape[1:]}, those before it {shape}"
            )
        kept = array[:maxlen] if truncating == "post" else array[max(len(array) - maxlen, 0) :]
        start = 0 if padding == "post" else maxlen - len(kept)
        result[index, start : start + len(kept)] = kept
    return result


def _as_array(values: Any, dtype: DTypeLike, where: str) -> np.ndarray:
    """Values in the dtype; raises `DataError` where they do not fit into it."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "f" and np.dtype(dtype).kind in "iu" and not np.isfinite(array).all():
            raise OverflowError("NaN or infinity")
        return np.asarray(values, np.dtype(dtype))
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{where}: {reprlib.repr(values)} does not fit dtype {np.dtype(dtype)} ({error})") from error
