"""What an optimizer does to variables and their slots, in place.

Each kernel takes all variables of a step, each as a tuple of arrays of one shape: the variable, its slots, its
gradient. All are of one dtype, which the numbers are rounded to. squares, where they are asked for, stand for g²
unless they are None: the second moment of an embedding's rows is not the square of their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.kernels.blocks import blocks

Array = np.ndarray
Arrays = Sequence[tuple[Any, ...]]  # of arrays, and of None where there is no such slot


def sgd(arrays: Arrays, rate: float, momentum: float, nesterov: bool) -> None:
    """(w, m, g) each: m ← μm − lr·g, w ← w + m; with nesterov w ← w + μm − lr·g; without an m w ← w − lr·g."""
    for w, m, g in arrays:
        kind = w.dtype.type
        for parts in blocks((w,) if m is None else (w, m), (g,)):
            w_part = parts[0]
            step = parts[-1] * kind(rate)
            if m is None:
                w_part -= step
                continue
            m_part = parts[1]
            m_part *= kind(momentum)
            m_part -= step
            if nesterov:
                np.subtract(m_part * kind(momentum), step, out=step)
                w_part += step
            else:
                w_part += m_part


def adagrad(arrays: Arrays, rate: float, epsilon: float) -> None:
    """(w, a, g, squares) each: a ← a + g², w ← w − lr·g/√(a + ε)."""
    for w, a, g, squares in arrays:
        kind = w.dtype.type
        for w_part, a_part, g_part, *rest in blocks((w, a), (g,) if squares is None else (g, squares)):
            scratch = g_part * g_part if squares is None else rest[0]
            a_part += scratch
            scratch = a_part + kind(epsilon)
            np.sqrt(scratch, out=scratch)
            step = g_part * kind(rate)
            step /= scratch
            w_part -= step


def rmsprop(arrays: Arrays, rate: float, rho: float, rest: float, momentum: float, epsilon: float) -> list[int]:
    """(w, v, m, a, g, squares) each: v ← ρv + rest·g², m ← μm + lr·g/√(v + ε), w ← w − m.

    Without an m w changes by what would be added to it. With an a, a ← ρa + rest·g, and v − a² stands in the root.
    Returns the numbers of the variables for which this is below 0 somewhere; there w is left unchanged.
    """
    negative = []
    for number, (w, v, m, a, g, squares) in enumerate(arrays):
        kind = w.dtype.type
        written = [slot for slot in (w, v, m, a) if slot is not None]
        for parts in blocks(tuple(written), (g,) if squares is None else (g, squares)):
            w_part, v_part = parts[:2]
            g_part = parts[len(written)]
            scratch = g_part * g_part if squares is None else parts[-1].copy()
            scratch *= kind(rest)
            v_part *= kind(rho)
            v_part += scratch
            if a is None:
                np.add(v_part, kind(epsilon), out=scratch)
            else:
                a_part = parts[len(written) - 1]
                a_part *= kind(rho)
                a_part += np.multiply(g_part, kind(rest), out=scratch)
                np.subtract(v_part, np.multiply(a_part, a_part, out=scratch), out=scratch)
                scratch += kind(epsilon)
                if scratch.size and scratch.min() < 0:
                    negative.append(number)
                    break
            np.sqrt(scratch, out=scratch)
            step = g_part * kind(rate)
            step /= scratch
            if m is not None:
                m_part = parts[2]
                m_part *= kind(momentum)
                m_part += step
                step = m_part
            w_part -= step
    return negative


def adam(arrays: Arrays, alpha: float, rest_1: float, rest_2: float, epsilon: float) -> None:
    """(w, m, v, largest, g, squares) each: m ← m + rest₁(g − m), v ← v + rest₂(g² − v), w ← w − α·m/(√v + ε).

    largest: the largest v so far, which then stands in the root, or None.
    """
    for w, m, v, largest, g, squares in arrays:
        kind = w.dtype.type
        written = (w, m, v) if largest is None else (w, m, v, largest)
        for parts in blocks(written, (g,) if squares is None else (g, squares)):
            w_part, m_part, v_part = parts[:3]
            g_part = parts[len(written)]
            scratch = g_part - m_part
            scratch *= kind(rest_1)
            m_part += scratch
            if squares is None:
                np.multiply(g_part, g_part, out=scratch)
                scratch -= v_part
            else:
                np.subtract(parts[-1], v_part, out=scratch)
            scratch *= kind(rest_2)
            v_part += scratch
            if largest is not None:
                v_part = np.maximum(parts[3], v_part, out=parts[3])
            np.sqrt(v_part, out=scratch)
            scratch += kind(epsilon)
            change = m_part * kind(alpha)
            change /= scratch
            w_part -= change
