"""What an optimizer does to a variable and its slots, in place."""

from __future__ import annotations

import numpy as np

from tinynet.kernels.blocks import blocks


def adam(
    w: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    largest: np.ndarray | None,
    g: np.ndarray,
    squares: np.ndarray | None,
    alpha: float,
    rest_1: float,
    rest_2: float,
    epsilon: float,
) -> None:
    """m ← m + rest₁(g − m), v ← v + rest₂(g² − v), w ← w − α·m/(√v + ε).

    largest: the largest v so far, which then stands in the root, or None. squares: what stands for g², or None.
    """
    written = (w, m, v) if largest is None else (w, m, v, largest)
    kind = w.dtype.type
    for parts in blocks(written, (g,) if squares is None else (g, squares)):
        w, m, v = parts[:3]
        g = parts[len(written)]
        scratch = g - m
        scratch *= kind(rest_1)
        m += scratch
        if squares is None:
            np.multiply(g, g, out=scratch)
            scratch -= v
        else:
            np.subtract(parts[-1], v, out=scratch)
        scratch *= kind(rest_2)
        v += scratch
        if largest is not None:
            v = np.maximum(parts[3], v, out=parts[3])
        np.sqrt(v, out=scratch)
        scratch += kind(epsilon)
        change = m * kind(alpha)
        change /= scratch
        w -= change
