"""What users hand in as tokens, made to arrays that are safe to count and look up: texts, and whole numbers."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.errors import DataError, DtypeError, ShapeError

Texts = NDArray[np.object_]

_SURROGATE = re.compile("[\ud800-\udfff]")


def as_texts(inputs: Any, where: str = "texts") -> Texts:
    """Texts as an object array of `str`, in the shape they came in.

    `inputs`: a str, (nested) lists or tuples of str, or an array of str, bytes or objects; bytes are
    read as UTF-8. Raises DataError for a missing text (None, NaN) and for one that is not valid
    Unicode, DtypeError for a value that is no text, ShapeError for rows of different lengths; each
    names the text.

    >>> as_texts([["satu"], [b"dua"]]).tolist()
    [['satu'], ['dua']]
    """
    try:
        array = np.asarray(inputs, dtype=object)
    except ValueError:
        raise ShapeError(f"{where}: the rows differ in shape. Expected shape (N,) or (N, 1).") from None
    values = array.ravel().tolist()
    if not {type(value) for value in values} <= {str}:
        values = [as_text(value, index, array.shape, where) for index, value in enumerate(values)]
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        index = next(i for i, value in enumerate(values) if _SURROGATE.search(value))
        raise DataError(
            f"{where}: {_position(index, array.shape)} holds half of a surrogate pair, which is no "
            f"character: {reprlib.repr(values[index])}. Was it read with the right encoding?"
        ) from None
    return object_array(values, array.shape)


def as_text(value: Any, index: int, shape: tuple[int, ...], where: str) -> str:
    """One of the texts of an array of this shape, the one at `index`, as `as_texts`."""
    if isinstance(value, str):
        return str(value)
    position, kind = _position(index, shape), type(value).__name__
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}: {position} is not UTF-8 ({error.reason} at byte {error.start}): "
                f"{reprlib.repr(value)}. Decode it with its own encoding first."
            ) from None
    # pandas marks a missing text by None, NaN or its own NA, whichever the column's dtype has.
    is_nan = isinstance(value, float | np.floating) and bool(np.isnan(value))
    if value is None or is_nan or kind in ("NAType", "NaTType"):
        raise DataError(f"{where}: {position} is missing ({value!r}). Drop that row, or put '' in its place.")
    if isinstance(value, list | tuple | np.ndarray):
        raise ShapeError(
            f"{where}: {position} is a {kind} among rows of another length: {reprlib.repr(value)}. "
            "Expected shape (N,) or (N, 1)."
        )
    raise DtypeError(
        f"{where}: expected texts (str, or bytes in UTF-8), but {position} is of type {kind}: "
        f"{reprlib.repr(value)}. Convert it with str() if it is meant as a text."
    )


def _position(index: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return "the text"
    place = [int(i) for i in np.unravel_index(index, shape)]
    while len(place) > 1 and shape[len(place) - 1] == 1:
        place.pop()
    return f"text {place[0]}" if len(place) == 1 else f"text {place}"


def object_array(values: Sequence[Any], shape: tuple[int, ...]) -> Texts:
    """Python objects as an array of this shape."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def as_integers(inputs: Any, where: str = "integers") -> NDArray[np.int64]:
    """Whole numbers as an int64 array, in the shape they came in; floats and truth values that are whole numbers, too.

    Raises DtypeError for what is no number, DataError for a number with a fraction or beyond 64 bits, ShapeError
    for rows of different lengths.

    >>> as_integers([[3.0], [-1]]).tolist()
    [[3], [-1]]
    """
    try:
        array = np.asarray(inputs)
    except (ValueError, OverflowError):
        raise ShapeError(f"{where}: expected an array of integers, received rows that differ in shape.") from None
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"{where}: expected integers, received {reprlib.repr(inputs)} (dtype {array.dtype}).")
    fits = np.isfinite(array) & (array < 2.0**63) & (array >= -(2.0**63))
    whole = fits if array.dtype.kind != "f" else fits & (np.where(fits, array, 0) % 1 == 0)
    if not whole.all():
        raise DataError(f"{where}: expected integers of 64 bits, received {array[~whole][0]}.")
    return array.astype(np.int64)
