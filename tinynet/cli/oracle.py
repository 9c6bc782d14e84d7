"""Keras, where it is installed, beside tinynet: its predictions, and those of every layer.

Nothing else of tinynet imports Keras. Here it is imported by name, when a command asks for it, and is given only
files in which nothing unsafe was found.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tinynet.cli.contents import ARCHIVE, Contents
from tinynet.cli.data import given, output_names
from tinynet.errors import MissingDependencyError, UnsafeFileError, require
from tinynet.models import Model
from tinynet.nested import leaves
from tinynet.saving import keras2


def keras_if_there() -> ModuleType | None:
    """The module of Keras 3, or None where there is none that can be imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _quiet():
            keras = require("keras", "test", "a comparison with Keras")
    except MissingDependencyError:
        return None
    return None if keras2.is_keras2(str(getattr(keras, "__version__", "0"))) else keras


def described(keras: ModuleType) -> str:
    """Keras with its version and backend."""
    return f"Keras {keras.__version__} on {keras.backend.backend()}"


def in_keras(keras: ModuleType, contents: Contents) -> Any:
    """Keras's own model from a file.

    Raises `UnsafeFileError` for a file that holds something unsafe; it is not given to Keras then. Keras's errors
    are of any kind.
    """
    if contents.is_unsafe:
        raise UnsafeFileError(f"{contents.path}: holds something unsafe, so it is not given to Keras; see 'inspect'")
    with _named_as_it_is(contents) as path, _quiet():
        return keras.saving.load_model(path, compile=False, safe_mode=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Within it TensorFlow, which tells much about itself on the way, is not heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            kept = os.dup(2)
        except OSError:  # there is no standard error
            yield
            return
        nothing = os.open(os.devnull, os.O_WRONLY)
        sys.stderr.flush()
        os.dup2(nothing, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nothing)


@contextlib.contextmanager
def _named_as_it_is(contents: Contents) -> Iterator[str]:
    """A path to the file with the ending of its format, by which Keras goes."""
    ending = ".keras" if contents.form == ARCHIVE else ".h5"
    if contents.path.endswith(ending):
        yield contents.path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield shutil.copy(contents.path, os.path.join(folder, f"model{ending}"))


def predicted_by_keras(model: Any, own: Model, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """What Keras predicts, by the names that tinynet's model has for the outputs."""
    results = list(leaves(model.predict(given(tensors(inputs)), batch_size=len(inputs[0]), verbose=0)))
    return dict(zip(output_names(own, len(results)), map(as_array, results), strict=True))


def tensors(inputs: Sequence[np.ndarray]) -> list[Any]:
    """Arrays as Keras takes them: texts become TensorFlow's own."""
    return [
        importlib.import_module("tensorflow").constant(array.tolist()) if array.dtype.kind in "US" else array
        for array in inputs
    ]


def as_array(value: Any) -> np.ndarray:
    """A result of either library as an array; texts as `str`."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        texts = [part.decode() if isinstance(part, bytes) else str(part) for part in array.ravel()]
        return np.array(texts, dtype=str).reshape(array.shape)
    return np.char.decode(array) if array.dtype.kind == "S" else array


def beyond_keras(model: Model) -> str | None:
    """What keeps Keras 3 from computing what the model computes, where tinynet knows of it."""
    if '"hard_sigmoid_keras2"' in model.to_json():
        return "the model uses Keras 2's hard_sigmoid, which Keras 3 does not have"
    return None
