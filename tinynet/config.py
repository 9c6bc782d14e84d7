"""The few settings that hold for the whole library, named as in Keras.

`floatx` is the dtype of weights and of Python numbers that become tensors, `epsilon`
the small number that keeps divisions and logarithms finite.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from tinynet.errors import ArgumentError, nearest

FLOAT_DTYPES = ("float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")

_settings: dict[str, Any] = {
    "floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "max_epochs": None,
    "max_steps_per_epoch": None,
}  # fmt: skip
_floatx: ContextVar[str | None] = ContextVar("floatx", default=None)
_compute_dtype: ContextVar[str | None] = ContextVar("compute_dtype", default=None)


def floatx() -> str:
    """The dtype of new weights: 'float32' unless `set_floatx` said otherwise."""
    return _floatx.get() or str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Sets the dtype of new weights to 'float32' or 'float64'.

    Raises `ArgumentError` for any other name.
    """
    if value not in FLOAT_DTYPES:
        raise ArgumentError(f"set_floatx: unknown dtype {value!r}. {nearest(value, FLOAT_DTYPES)}")
    _settings["floatx"] = value


@contextlib.contextmanager
def with_floatx(value: str) -> Iterator[None]:
    """Within it, and in no other thread, `floatx` is `value`."""
    token = _floatx.set(value)
    try:
        yield
    finally:
        _floatx.reset(token)


def epsilon() -> float:
    """The fuzz factor of losses and metrics, 1e-7 unless `set_epsilon` said otherwise."""
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Sets the fuzz factor; raises `ArgumentError` unless it is positive and below 1."""
    if not 0 < value < 1:
        raise ArgumentError(f"set_epsilon: expected a number between 0 and 1, received {value!r}")
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Where the channels are for layers that are not told: 'channels_last' unless `set_image_data_format` said else."""
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Sets where new layers look for channels: 'channels_last' (N, H, W, C) or 'channels_first' (N, C, H, W).

    Raises `ArgumentError` for any other name.
    """
    if data_format not in DATA_FORMATS:
        raise ArgumentError(
            f"set_image_data_format: unknown format {data_format!r}. {nearest(data_format, DATA_FORMATS)}"
        )
    _settings["image_data_format"] = data_format


def max_epochs() -> int | None:
    """How many epochs `fit` does at most, None unless `set_max_epochs` said otherwise."""
    return _settings["max_epochs"]  # type: ignore[no-any-return]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limits the epochs of every `fit`, to try a script out; None lifts the limit."""
    _limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """How many batches an epoch has at most, None unless `set_max_steps_per_epoch` said otherwise."""
    return _settings["max_steps_per_epoch"]  # type: ignore[no-any-return]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limits the batches of every epoch of `fit`, and those of `evaluate` and `predict`; None lifts the limit."""
    _limit("max_steps_per_epoch", max_steps_per_epoch)


def _limit(name: str, value: Any) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ArgumentError(f"set_{name}: expected a whole number >= 1 or None, received {value!r}")
    _settings[name] = value


@contextlib.contextmanager
def compute_in(dtype: str) -> Iterator[None]:
    """Within it every layer computes in `dtype`, whatever its own dtype is.

    The gradient checker uses it: central differences need float64.
    """
    token = _compute_dtype.set(dtype)
    try:
        yield
    finally:
        _compute_dtype.reset(token)


def compute_dtype(own: str) -> str:
    """The dtype a layer with dtype `own` computes in: its own, unless `compute_in` is active."""
    return _compute_dtype.get() or own


def show_config() -> None:
    """Prints versions, kernels (with their instruction set and threads) and settings: what a bug report needs."""
    import platform

    import numpy as np

    import tinynet
    from tinynet.kernels import choice

    print(f"tinynet {tinynet.__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    print(f"kernels: {choice.description()}   floatx: {floatx()}   epsilon: {epsilon()}")
