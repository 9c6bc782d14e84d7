"""A writer of CIFAR-10's files: pickles as Python 2 wrote them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np


def _text(value: str) -> bytes:
    raw = value.encode("latin-1")
    return b"U" + bytes([len(raw)]) + raw if len(raw) < 256 else b"T" + struct.pack("<i", len(raw)) + raw


def _integer(value: int) -> bytes:
    return b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)


def _array(value: np.ndarray, shape: tuple[int, ...] | None, dtype: str | None) -> bytes:
    sizes = b"".join(_integer(n) for n in (value.shape if shape is None else shape))
    return b"".join(
        [
            b"cnumpy.core.multiarray\n_reconstruct\n",
            b"cnumpy\nndarray\n" + _integer(0) + b"\x85" + _text("b") + b"\x87R",
            b"(" + _integer(1) + b"(" + sizes + b"t",
            b"cnumpy\ndtype\n" + _text(dtype or value.dtype.str[1:]) + _integer(0) + _integer(1) + b"\x87R",
            b"(" + _integer(3) + _text("|") + b"NNN" + _integer(-1) + _integer(-1) + _integer(0) + b"tb",
            b"\x89T" + struct.pack("<i", value.nbytes) + value.tobytes() + b"tb",
        ]
    )


def python2_pickle(
    content: dict[str, Any], shape: tuple[int, ...] | None = None, dtype: str | None = None
) -> bytes:
    """`content` as Python 2 pickles it, or with another shape or dtype stated for its arrays.

    Python 3 cannot write this form, since its own byte strings pickle otherwise.
    """

    def value_of(value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return _array(value, shape, dtype)
        if isinstance(value, list):
            return b"](" + b"".join(map(value_of, value)) + b"e"
        return _text(value) if isinstance(value, str) else _integer(value)

    items = b"".join(_text(key) + value_of(value) for key, value in content.items())
    return b"\x80\x02}(" + items + b"u."
