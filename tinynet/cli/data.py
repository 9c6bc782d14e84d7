"""Arrays in files: what models are given, and what they return."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.cli.arguments import UsageError
from tinynet.errors import DataError
from tinynet.models import Model
from tinynet.nested import leaves
from tinynet.saving.archive import ZIP, replacing, start_of

NUMBERS, TEXTS = "fiub", "US"  # NumPy's letters for kinds of arrays
STARTS = (np.lib.format.MAGIC_PREFIX, ZIP)  # of .npy and .npz files
UNREADABLE = (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def read_inputs(paths: Sequence[str], model: Model) -> list[np.ndarray]:
    """The arrays for a model's inputs, in their order: a .npy or .txt file for each, or one .npz of all.

    A .txt file has a text a line. The arrays of a .npz are taken by the inputs' names, where all of these are
    among them, otherwise in the file's order.

    Raises `DataError` for a file that holds no arrays, `UsageError` where their number is another.
    """
    inputs = model.inputs if model._graph is not None else [None]
    names = [] if model._graph is None else [tensor.name for tensor in model.inputs]
    arrays: list[tuple[str, np.ndarray]] = []  # each with where it is from
    for path in paths:
        found = read_arrays(path)
        if not isinstance(found, dict):
            arrays.append((path, found))
            continue
        named = names and all(name in found for name in names) and len(paths) == 1
        arrays += [(f"{path}, {name!r}", found[name]) for name in (names if named else found)]
    if len(arrays) != len(inputs):
        told = f" ({', '.join(names)})" if names else ""
        raise UsageError(f"the model has {len(inputs)} inputs{told}, but {len(arrays)} arrays were given")
    return [_fitting(array, tensor, where) for (where, array), tensor in zip(arrays, inputs, strict=True)]


def _fitting(array: np.ndarray, tensor: Any, where: str) -> np.ndarray:
    """An array as an input takes it; None for an input of which nothing is known."""
    if not array.ndim or not len(array):
        raise DataError(f"{where}: expected samples along the first axis, received an array of shape {array.shape}")
    is_text = array.dtype.kind in TEXTS
    if not is_text and array.dtype.kind not in NUMBERS:
        raise DataError(f"{where}: expected numbers or texts, received an array of {array.dtype}")
    if tensor is None:
        return array
    if is_text != (tensor.dtype == "string"):
        expected = "texts" if tensor.dtype == "string" else f"numbers ({tensor.dtype})"
        raise DataError(f"{where}: the input {tensor.name!r} takes {expected}, received an array of {array.dtype}")
    return array if is_text else array.astype(tensor.dtype)


def read_arrays(path: str) -> np.ndarray | dict[str, np.ndarray]:
    """The array in a .npy or .txt file, or the arrays in a .npz by name."""
    if path.endswith(".txt"):
        with open(path, "rb") as stream:
            content = stream.read()
        try:
            lines = content.decode("utf-8-sig").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from None
        if not content:
            raise DataError(f"{path}: is empty; expected a text a line")
        return np.array([line.removesuffix("\r") for line in lines])
    if not start_of(path).startswith(STARTS):
        raise DataError(f"{path}: is no .npy, .npz or .txt file")
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("it is another kind of archive")
        return arrays
    except UNREADABLE as error:
        raise DataError(f"{path}: holds no arrays of numbers or texts that NumPy can read ({error})") from error


def reads_text(model: Model) -> bool:
    """Whether a model's only input is texts."""
    return model._graph is not None and len(model.inputs) == 1 and model.inputs[0].dtype == "string"


def predictions(model: Model, inputs: Sequence[np.ndarray], batch_size: int = 32) -> dict[str, np.ndarray]:
    """A model's results by the names of its outputs."""
    results = list(leaves(model.predict(given(inputs), batch_size=batch_size, verbose=0)))
    return dict(zip(output_names(model, len(results)), map(np.asarray, results), strict=True))


def given(inputs: Sequence[Any]) -> Any:
    """The arrays as a model takes them: a single one as itself."""
    return list(inputs) if len(inputs) != 1 else inputs[0]


def output_names(model: Model, count: int) -> list[str]:
    """The names of a model's outputs, each its own."""
    names = model.output_names if model._graph is not None else []
    if len(names) != count:
        names = [f"output_{i}" for i in range(count)]
    return [f"{name}_{names[:i].count(name)}" if name in names[:i] else name for i, name in enumerate(names)]


def write_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a single array to a .npy file, or any number to a .npz, completely or not at all."""
    plain = {name: array.astype(str) if array.dtype.kind == "O" else array for name, array in arrays.items()}
    with replacing(path) as stream:
        if path.endswith(".npy"):
            (array,) = plain.values()
            np.save(stream, array, allow_pickle=False)
        else:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for name, array in plain.items():
                    safe = re.sub(r"[/\\]", "_", name)  # a layer's name must not become a folder
                    with archive.open(f"{safe}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
