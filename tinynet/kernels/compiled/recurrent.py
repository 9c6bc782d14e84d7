"""Recurrent layers by compiled code; what it does not take goes to NumPy's versions.

Sequences are read where they lie, in any order of steps and rows. Those that are made lie in memory as x
does, the steps of a row together if x came so, so that nothing need be copied before or after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinynet.kernels import recurrent as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.gathering import run_or_gather
from tinynet.kernels.memory import empty

Array = np.ndarray
Mask = Array | None


def _fits(sequence: Array, mask: Mask, *others: Array | None) -> bool:
    dtype = sequence.dtype
    for other in others:  # no comprehension: this runs for every sentence
        if other is not None and other.dtype != dtype:
            return False
    return dtype in TYPES and sequence.size > 0 and (mask is None or mask.dtype == np.bool_)


def _readable(x: Array) -> Array:
    """The same sequence with each step of a row in one piece."""
    if x.flags.c_contiguous and x.flags.aligned:
        return x
    pieces = x.strides[2:] == x[0, 0].copy().strides and x.flags.aligned
    return x if pieces and all(stride % x.itemsize == 0 for stride in x.strides) else x.copy()


def _optional(x: Array | None) -> Array | None:
    return None if x is None else _readable(x)


def _whole(x: Array | None) -> Array | None:
    return None if x is None else np.ascontiguousarray(x)


def _beside(x: Array, *shape: int) -> Array:
    """An empty sequence (T, N, *shape) whose steps and rows lie in memory in the order of x's."""
    steps, rows = x.shape[:2]
    if abs(x.strides[0]) < abs(x.strides[1]):
        made = empty((rows, steps, *shape), x.dtype).swapaxes(0, 1)
    else:
        made = empty((steps, rows, *shape), x.dtype)
    return made[::-1] if x.strides[0] < 0 else made


def _kept(x: Array, *shape: int) -> Array:
    """An empty sequence (T, N, *shape) for the way back alone: what it reads together, all rows of a step, lies so."""
    return empty((*x.shape[:2], *shape), x.dtype)


def simple_rnn_forward(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> Array:
    if not _fits(x, mask, h0, kernel, recurrent, bias):
        return plain.simple_rnn_forward(x, mask, h0, kernel, recurrent, bias)
    states = _beside(x, h0.shape[-1])
    run_or_gather(
        compiled.simple_rnn_forward, _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent),
        _whole(bias), states,
    )  # fmt: skip
    return states


def simple_rnn_states(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> Array:
    if not _fits(x, mask, h0, kernel, recurrent, bias):
        return plain.simple_rnn_states(x, mask, h0, kernel, recurrent, bias, every)
    states = _beside(x, h0.shape[-1]) if every else np.empty((1, *h0.shape), x.dtype)
    run_or_gather(
        compiled.simple_rnn_forward, _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent),
        _whole(bias), states,
    )  # fmt: skip
    return states


def simple_rnn_backward(
    d_states: Array | None,
    d_last: Array | None,
    x: Array,
    h0: Array,
    states: Array,
    mask: Mask,
    kernel: Array,
    recurrent: Array,
    needs: Sequence[bool],
) -> tuple[Array | None, ...]:
    if not _fits(x, mask, d_states, d_last, h0, states, kernel, recurrent):
        return plain.simple_rnn_backward(d_states, d_last, x, h0, states, mask, kernel, recurrent, needs)
    results, dh = _results(x, kernel, recurrent, needs), _start(d_last, states)
    run_or_gather(
        compiled.simple_rnn_backward, _optional(d_states), _readable(x), _whole(h0), _readable(states), _optional(mask),
        _whole(kernel), _whole(recurrent), results, dh,
    )  # fmt: skip
    return results[0], dh, *results[1:]


def lstm_forward(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> tuple[Array, Array, Array]:
    if not _fits(x, mask, h0, c0, kernel, recurrent, bias):
        return plain.lstm_forward(x, mask, h0, c0, kernel, recurrent, bias)
    units = h0.shape[-1]
    states = _beside(x, units)
    cells, gates = _kept(x, units), _kept(x, 4, units)
    run_or_gather(
        compiled.lstm_forward, _readable(x), _optional(mask), _whole(h0), _whole(c0), _whole(kernel), _whole(recurrent),
        _whole(bias), states, cells, gates,
    )  # fmt: skip
    return states, cells, gates


def lstm_states(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> tuple[Array, Array]:
    if not _fits(x, mask, h0, c0, kernel, recurrent, bias):
        return plain.lstm_states(x, mask, h0, c0, kernel, recurrent, bias, every)
    states = _beside(x, h0.shape[-1]) if every else np.empty((1, *h0.shape), x.dtype)
    cells = np.empty((1, *c0.shape), x.dtype)
    run_or_gather(
        compiled.lstm_forward, _readable(x), _optional(mask), _whole(h0), _whole(c0), _whole(kernel), _whole(recurrent),
        _whole(bias), states, cells, None,
    )  # fmt: skip
    return states, cells


def lstm_backward(
    d_states: Array | None,
    d_last: Array | None,
    d_last_cell: Array | None,
    x: Array,
    h0: Array,
    c0: Array,
    states: Array,
    cells: Array,
    gates: Array,
    mask: Mask,
    kernel: Array,
    recurrent: Array,
    needs: Sequence[bool],
) -> tuple[Array | None, ...]:
    kept = (h0, c0, states, cells, gates)
    if not _fits(x, mask, d_states, d_last, d_last_cell, *kept, kernel, recurrent):
        return plain.lstm_backward(d_states, d_last, d_last_cell, x, *kept, mask, kernel, recurrent, needs)
    results = _results(x, kernel, recurrent, needs)
    dh, dc = _start(d_last, cells), _start(d_last_cell, cells)
    run_or_gather(
        compiled.lstm_backward, _optional(d_states), _readable(x), _whole(h0), _whole(c0), *map(_readable, kept[2:]),
        _optional(mask), _whole(kernel), _whole(recurrent), results, dh, dc,
    )  # fmt: skip
    return results[0], dh, dc, *results[1:]


def gru_forward(
    x: Array,
    mask: Mask,
    h0: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    recurrent_bias: Array | None,
    reset_after: bool,
) -> tuple[Array, Array, Array | None]:
    if not _fits(x, mask, h0, kernel, recurrent, bias, recurrent_bias):
        return plain.gru_forward(x, mask, h0, kernel, recurrent, bias, recurrent_bias, reset_after)
    units = h0.shape[-1]
    states, gates = _beside(x, units), _kept(x, 3, units)
    products = _kept(x, units) if reset_after else None
    run_or_gather(
        compiled.gru_forward, _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent),
        _whole(bias), _whole(recurrent_bias), reset_after, states, gates, products,
    )  # fmt: skip
    return states, gates, products


def gru_states(
    x: Array,
    mask: Mask,
    h0: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    recurrent_bias: Array | None,
    reset_after: bool,
    every: bool,
) -> Array:
    if not _fits(x, mask, h0, kernel, recurrent, bias, recurrent_bias):
        return plain.gru_states(x, mask, h0, kernel, recurrent, bias, recurrent_bias, reset_after, every)
    states = _beside(x, h0.shape[-1]) if every else np.empty((1, *h0.shape), x.dtype)
    run_or_gather(
        compiled.gru_forward, _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent),
        _whole(bias), _whole(recurrent_bias), reset_after, states, None, None,
    )  # fmt: skip
    return states


def gru_backward(
    d_states: Array | None,
    d_last: Array | None,
    x: Array,
    h0: Array,
    states: Array,
    gates: Array,
    products: Array | None,
    mask: Mask,
    kernel: Array,
    recurrent: Array,
    needs: Sequence[bool],
) -> tuple[Array | None, ...]:
    kept = (h0, states, gates, products)
    if not _fits(x, mask, d_states, d_last, *kept, kernel, recurrent):
        return plain.gru_backward(d_states, d_last, x, *kept, mask, kernel, recurrent, needs)
    results, dh = _results(x, kernel, recurrent, needs), _start(d_last, states)
    run_or_gather(
        compiled.gru_backward, _optional(d_states), _readable(x), _whole(h0), _readable(states), _readable(gates),
        _optional(products), _optional(mask), _whole(kernel), _whole(recurrent), results, dh,
    )  # fmt: skip
    return results[0], dh, *results[1:]


def _results(x: Array, kernel: Array, recurrent: Array, needs: Sequence[bool]) -> tuple[Array | None, ...]:
    """Empty arrays for the cotangents of x, the kernels and the biases, those that are needed."""
    by_x = _beside(x, x.shape[-1]) if needs[0] else None
    shapes = (kernel.shape, recurrent.shape, kernel.shape[1:], kernel.shape[1:])
    weights = zip(shapes, needs[1:], strict=False)
    return (by_x, *[np.empty(shape, x.dtype) if needed else None for shape, needed in weights])


def _start(given: Array | None, like: Array) -> Array:
    """The cotangent a backward loop begins with, in one piece and its own to change."""
    return np.zeros(like.shape[1:], like.dtype) if given is None else np.array(given, order="C")
