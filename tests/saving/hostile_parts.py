"""What hostile files are made of: a table to put them into, and good files to spoil."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from guarded import small_model

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
KERNEL = "layers/dense/vars/0"


class Hostile(NamedTuple):
    """A file that must be refused: how it is made, what it attacks, and how the error begins to say so."""

    make: Callable[[], bytes]
    attack: str
    cause: str  # a regular expression


FILES: dict[str, Hostile] = {}


def hostile(name: str, cause: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Puts the function that makes a file, and whose docstring says what it attacks, into the table."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        add(name, cause, make.__doc__ or "", make)
        return make

    return register


def add(name: str, cause: str, attack: str, make: Callable[[], bytes]) -> None:
    """Puts a file into the table."""
    assert name not in FILES and attack, name
    FILES[name] = Hostile(make, " ".join(attack.split()), cause)


@functools.cache
def good(ending: str) -> bytes:
    """The small model, trained for a step, in one of the formats."""
    model = small_model()
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4), "float32"), np.ones((2, 2), "float32"), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"good{ending}"
        model.save_weights(path) if ending == ".weights.h5" else model.save(path)
        return path.read_bytes()


def members() -> dict[str, bytes]:
    """The members of the good archive."""
    with zipfile.ZipFile(io.BytesIO(good(".keras"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: Any, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of the members: a dict, or pairs of a name (or `ZipInfo`) and the content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(name, content)
    return stream.getvalue()


def described(class_name: str, **config: Any) -> dict[str, Any]:
    """A layer or model as it stands in a configuration."""
    return {"class_name": class_name, "config": config}


def called(layer: dict[str, Any], name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """A part of a functional model: a layer under a name, called once."""
    config = {**layer["config"], "name": name}
    whose = {"module": "keras.layers", "registered_name": None}
    return {**whose, **layer, "name": name, "config": config, "inbound_nodes": [{"args": list(args), "kwargs": kwargs}]}


def tensor(layer: str, call: Any = 0, result: Any = 0) -> dict[str, Any]:
    """The result of a call, as an argument of another."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, call, result]}}


def operation(class_name: str, module: str = "numpy", **settings: Any) -> dict[str, Any]:
    """A function in a graph."""
    return {**described(class_name, **settings), "module": f"keras.src.ops.{module}", "registered_name": class_name}


def entry(shape: Any, name: str = "x", dtype: str = "float32") -> dict[str, Any]:
    """The input of a graph."""
    layer = described("InputLayer", batch_shape=shape, dtype=dtype, name=name)
    return {**layer, "name": name, "inbound_nodes": []}


def functional(*layers: Any, inputs: Any = None, outputs: Any = None) -> dict[str, Any]:
    """A functional model from its first layer to its last."""
    ends = {
        "input_layers": inputs or [layers[0]["name"], 0, 0],
        "output_layers": outputs or [layers[-1]["name"], 0, 0],
    }
    return described("Functional", name="model", trainable=True, layers=list(layers), **ends)


def sequential(*layers: Any, shape: Any = (None, 4), dtype: str = "float32") -> dict[str, Any]:
    """A sequential model of layers behind an input."""
    first = described("InputLayer", batch_shape=list(shape), dtype=dtype, name="x")
    return described("Sequential", name="model", layers=[first, *layers])


def empty_weights() -> bytes:
    """A file of weights that holds none."""
    stream = io.BytesIO()
    h5py.File(stream, "w").close()
    return stream.getvalue()


def archive_of(config: Any, **more: bytes) -> bytes:
    """A .keras file of a configuration (plain data, or text) and no weights."""
    text = config if isinstance(config, (str, bytes)) else json.dumps(config)
    return zipped({METADATA: b'{"keras_version": "3.6.0"}', CONFIG: text, WEIGHTS: empty_weights(), **more})


def changed_hdf5(content: bytes, change: Callable[[Any], Any], **settings: Any) -> bytes:
    """An HDF5 file changed through h5py."""
    stream = io.BytesIO(content)
    with h5py.File(stream, "r+", **settings) as file:
        change(file)
    return stream.getvalue()


def patched(content: bytes, at: int, new: bytes) -> bytes:
    """Bytes with some of them exchanged."""
    assert 0 <= at <= len(content) - len(new)
    return content[:at] + new + content[at + len(new) :]
