"""Arrays as callers may hand them to a kernel: any float, any place in memory, any strides."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

DTYPES = st.sampled_from(["float32", "float64"])
LAYOUTS = st.sampled_from(["contiguous", "offset", "every second", "reversed", "read-only"])


@st.composite
def numbers(draw: Any, shape: tuple[int, ...], dtype: str, *, layouts: Any = LAYOUTS) -> np.ndarray:
    """Random numbers of a normal distribution, from a drawn seed, in a drawn layout."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    return laid_out(rng.standard_normal(shape).astype(dtype), draw(layouts))


def laid_out(values: np.ndarray, layout: str) -> np.ndarray:
    """The same values in another place: not on a register's boundary, with gaps, backwards or read-only."""
    if layout == "offset":
        room = np.empty(values.size + 3, values.dtype)
        moved = room[3:].reshape(values.shape)
    elif layout == "every second":
        moved = np.empty((*values.shape[:-1], values.shape[-1] * 2), values.dtype)[..., ::2]
    elif layout == "reversed":
        moved = np.empty(values.shape, values.dtype)[::-1]
    else:
        moved = np.empty(values.shape, values.dtype)
    moved[...] = values
    moved.flags.writeable = layout != "read-only"
    return moved
