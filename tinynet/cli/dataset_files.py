"""DATA of a command line: a data set known by name, or a file of the user's."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from tinynet.cli.arguments import UsageError
from tinynet.cli.classes import unnamed
from tinynet.cli.data import NUMBERS, TEXTS, read_arrays
from tinynet.cli.dataset import Dataset, Part, indices_of
from tinynet.datasets import DatasetWarning, cifar10, digits, nusax_sentiment
from tinynet.errors import DataError, MissingFileError, nearest, warn

ENDINGS = (".npz", ".csv")
# What the parts are called in a .npz file; those of the first pair alone are the whole data.
TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")
WHOLE = ("x", "y")
VALIDATION = (("x_val", "y_val"), ("x_valid", "y_valid"), ("x_validation", "y_validation"))
NAMES = ("class_names", "classes")


def read_dataset(text: str, folder: str | None = None) -> Dataset:
    """The data that a command line names.

    text: 'cifar10', 'nusax' (Indonesian) or 'nusax-LANGUAGE', 'digits', or a .npz or .csv file.
    folder: where to look for the first two.

    Raises `UsageError` for another name, `MissingFileError`, and `DataError` for what holds no samples with labels.
    """
    name, _, language = text.partition("-")
    if name in KNOWN and (not language or name == "nusax"):
        if name == "digits" and folder is not None:
            raise UsageError("--data: digits come with scikit-learn, in no folder")
        # What is special about the files is told with the results.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DatasetWarning)
            found = KNOWN[name](folder, language or "indonesian")
        for warning in caught:
            warn(str(warning.message))
        return found
    if not text.endswith(ENDINGS):
        if os.path.exists(text):
            raise UsageError(f"{text}: expected data in a file ending in .npz or .csv, or {', '.join(KNOWN)}")
        raise UsageError(f"{text!r}: is no data set and no .npz or .csv file. {nearest(text, KNOWN)}")
    if folder is not None:
        raise UsageError(f"--data: says where data sets known by name are; {text} is a file")
    if not os.path.isfile(text):
        raise MissingFileError(f"{text}: there is no such file")
    return _read_csv(text) if text.endswith(".csv") else _read_npz(text)


def _cifar10(folder: str | None, _: str) -> Dataset:
    (x, y), (x_test, y_test) = cifar10.load_data(folder)
    return Dataset("CIFAR-10", _part(x, y[:, 0]), None, _part(x_test, y_test[:, 0]), cifar10.CLASS_NAMES)


def _nusax(folder: str | None, language: str) -> Dataset:
    train, validation, test = (_part(*split) for split in nusax_sentiment.load_data(language, folder))
    return Dataset(f"NusaX ({language})", train, validation, test, nusax_sentiment.CLASS_NAMES)


def _digits(_: str | None, __: str) -> Dataset:
    (x, y), (x_test, y_test) = digits.load_data()
    return Dataset("digits", _part(x, y), None, _part(x_test, y_test), digits.CLASS_NAMES)


KNOWN: dict[str, Callable[[str | None, str], Dataset]] = {"cifar10": _cifar10, "nusax": _nusax, "digits": _digits}


def _part(x: np.ndarray, y: np.ndarray) -> Part:
    return Part(x, y.astype(np.int64))


def _read_npz(path: str) -> Dataset:
    arrays = read_arrays(path)
    if not isinstance(arrays, dict):
        raise DataError(f"{path}: is a .npy file with another ending; expected a .npz of x and y")
    if set(WHOLE) & set(arrays) and set(TRAIN) & set(arrays):
        raise DataError(f"{path}: holds both x, y and x_train, y_train; which of them is meant?")
    pairs = {
        "train": _pair(arrays, (TRAIN, WHOLE), path),
        "validation": _pair(arrays, VALIDATION, path),
        "test": _pair(arrays, (TEST,), path),
    }
    labels = {name: pair[1] for name, pair in pairs.items() if pair is not None}
    if not labels:
        held = ", ".join(list(arrays)[:10]) or "nothing"
        raise DataError(f"{path}: expected arrays x and y, or x_train, y_train, x_test, y_test; it holds {held}")
    given = next((arrays[name] for name in NAMES if name in arrays), None)
    if given is not None and (given.ndim != 1 or given.dtype.kind not in TEXTS or len(set(given)) < len(given)):
        raise DataError(f"{path}: expected the names of classes to be different texts, received {given!r:.200}")
    names = None if given is None else tuple(map(str, given))
    indices, names = _indices(labels, names, path)
    parts = {name: Part(_samples(pair[0], path), indices[name]) for name, pair in pairs.items() if pair is not None}
    for name, part in parts.items():
        if len(part.x) != len(part.y):
            raise DataError(f"{path}: {name}: {len(part.x)} samples, but {len(part.y)} labels")
    if len({(part.x.shape[1:], part.x.dtype.kind in TEXTS) for part in parts.values()}) > 1:
        told = ", ".join(f"{name} {part.x.shape}" for name, part in parts.items())
        raise DataError(f"{path}: its parts hold samples of different shapes: {told}")
    ordered = names is None or given is not None or names == unnamed(len(names))
    return Dataset(path, parts.get("train"), parts.get("validation"), parts.get("test"), names, ordered)


def _pair(
    arrays: dict[str, np.ndarray], called: Sequence[tuple[str, str]], path: str
) -> tuple[np.ndarray, np.ndarray] | None:
    for x, y in called:
        if (x in arrays) != (y in arrays):
            there, missing = (x, y) if x in arrays else (y, x)
            raise DataError(f"{path}: holds {there!r} without {missing!r}")
        if x in arrays:
            return arrays[x], arrays[y]
    return None


def _samples(x: np.ndarray, path: str) -> np.ndarray:
    if not x.ndim or not len(x):
        raise DataError(f"{path}: expected samples along the first axis, received an array of shape {x.shape}")
    if x.dtype.kind not in NUMBERS and x.dtype.kind not in TEXTS:
        raise DataError(f"{path}: expected samples of numbers or texts, received an array of {x.dtype}")
    if x.dtype.kind in TEXTS and x.ndim > 1:
        if x.size != len(x):
            raise DataError(f"{path}: expected a text for each sample, received an array of shape {x.shape}")
        x = x.reshape(len(x))
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError(f"{path}: the samples hold NaN or infinity")
    return x


def _indices(
    labels: dict[str, np.ndarray], names: tuple[str, ...] | None, path: str
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None]:
    """Labels of several parts as indices of classes, with the classes' names where they have some."""
    if any(array.dtype.kind in TEXTS for array in labels.values()):
        texts = {name: array.reshape(len(array), -1)[:, 0].astype(str) for name, array in labels.items() if array.ndim}
        names = names or _ordered({str(label) for array in texts.values() for label in array})
        return {name: indices_of(array, names, path) for name, array in texts.items()}, names
    found = {name: _whole(array, f"{path}: the labels of {name}") for name, array in labels.items()}
    if names is not None and max(int(array.max()) for array in found.values()) >= len(names):
        raise DataError(f"{path}: labels go beyond the {len(names)} classes that are named")
    return found, names


def _ordered(names: set[str]) -> tuple[str, ...]:
    """Names of classes in their order: numbers by what they are worth."""
    by_worth = all(name.isdecimal() for name in names)
    return tuple(sorted(names, key=int if by_worth else None))


def _whole(labels: np.ndarray, where: str) -> np.ndarray:
    """Labels that are numbers, as indices: (N,) or (N, 1) whole numbers from 0, or (N, K) with a single 1 in a row."""
    expected = "expected labels of classes: whole numbers from 0, texts, or one-hot rows"
    if labels.dtype.kind not in NUMBERS or labels.ndim not in (1, 2) or not labels.size:
        raise DataError(f"{where}: {expected}; received an array of shape {labels.shape} of {labels.dtype}")
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise DataError(f"{where}: {expected}; received rows {labels[0].tolist()!r:.100} and so on")
        return labels.argmax(axis=1).astype(np.int64)
    labels = labels.reshape(len(labels))
    whole = labels.astype(np.int64) if np.isfinite(labels).all() else None
    if whole is None or (whole != labels).any() or whole.min() < 0:
        wrong = labels[:1] if whole is None else labels[(whole != labels) | (whole < 0)]
        raise DataError(f"{where}: {expected}; received {wrong[0]}")
    return whole


def _read_csv(path: str) -> Dataset:
    """Texts with labels: the columns 'text' and 'label' of a CSV file, whatever else it holds."""
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from None
    except csv.Error as error:
        raise DataError(f"{path}: is no CSV file ({error})") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"text", "label"} <= set(header):
        held = ", ".join(header[:10]) or "nothing"
        raise DataError(f"{path}: expected a header with the columns text and label; its first line is: {held}")
    text, label = header.index("text"), header.index("label")
    texts, labels = [], []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(f"{path}: row {number} has {len(row)} columns, the header {len(header)}")
        if not row[text].strip() or not row[label].strip():
            raise DataError(f"{path}: row {number} has no {'label' if row[text].strip() else 'text'}")
        texts.append(row[text])
        labels.append(row[label].strip())
    if not texts:
        raise DataError(f"{path}: holds no texts below its header")
    names = _ordered(set(labels))
    part = Part(np.array(texts), indices_of(labels, names, path))
    return Dataset(path, part, None, None, names, names == unnamed(len(names)))
