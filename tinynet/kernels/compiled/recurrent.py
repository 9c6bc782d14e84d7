"""Recurrent layers by compiled code; what it does not take goes to NumPy's versions.

Sequences are read where they lie, in any order of steps and rows. Those that are made lie in memory as x
does, the steps of a row together if x came so, so that nothing need be copied before or after.
"""

from __future__ import annotations

import numpy as np

from tinynet.kernels import recurrent as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.memory import empty

Array = np.ndarray
Mask = Array | None


def _fits(sequence: Array, mask: Mask, *others: Array | None) -> bool:
    same = all(other is None or other.dtype == sequence.dtype for other in others)
    return same and sequence.dtype in TYPES and sequence.size > 0 and (mask is None or mask.dtype == np.bool_)


def _readable(x: Array) -> Array:
    """The same sequence with each step of a row in one piece."""
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


def simple_rnn_forward(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> Array:
    if not _fits(x, mask, h0, kernel, recurrent, bias):
        return plain.simple_rnn_forward(x, mask, h0, kernel, recurrent, bias)
    states = _beside(x, h0.shape[-1])
    compiled.simple_rnn_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent), _whole(bias), states
    )
    return states


def simple_rnn_states(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> Array:
    if not _fits(x, mask, h0, kernel, recurrent, bias):
        return plain.simple_rnn_states(x, mask, h0, kernel, recurrent, bias, every)
    states = _beside(x, h0.shape[-1]) if every else np.empty((1, *h0.shape), x.dtype)
    compiled.simple_rnn_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent), _whole(bias), states
    )
    return states


def simple_rnn_backward(
    d_states: Array | None, d_last: Array | None, states: Array, mask: Mask, recurrent: Array
) -> tuple[Array, Array]:
    if not _fits(states, mask, d_states, d_last, recurrent):
        return plain.simple_rnn_backward(d_states, d_last, states, mask, recurrent)
    d_projected, dh = _beside(states, states.shape[-1]), _start(d_last, states)
    compiled.simple_rnn_backward(
        _optional(d_states), _readable(states), _optional(mask), _whole(recurrent), d_projected, dh
    )
    return d_projected, dh


def lstm_forward(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> tuple[Array, Array, Array, Array]:
    if not _fits(x, mask, h0, c0, kernel, recurrent, bias):
        return plain.lstm_forward(x, mask, h0, c0, kernel, recurrent, bias)
    units = h0.shape[-1]
    states, cells, squashed = (_beside(x, units) for _ in range(3))
    gates = _beside(x, 4, units)
    compiled.lstm_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(c0), _whole(kernel), _whole(recurrent), _whole(bias),
        states, cells, gates, squashed,
    )  # fmt: skip
    return states, cells, gates, squashed


def lstm_states(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> tuple[Array, Array]:
    if not _fits(x, mask, h0, c0, kernel, recurrent, bias):
        return plain.lstm_states(x, mask, h0, c0, kernel, recurrent, bias, every)
    states = _beside(x, h0.shape[-1]) if every else np.empty((1, *h0.shape), x.dtype)
    cells = np.empty((1, *c0.shape), x.dtype)
    compiled.lstm_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(c0), _whole(kernel), _whole(recurrent), _whole(bias),
        states, cells, None, None,
    )  # fmt: skip
    return states, cells


def lstm_backward(
    d_states: Array | None,
    d_last: Array | None,
    d_last_cell: Array | None,
    c0: Array,
    cells: Array,
    gates: Array,
    squashed: Array,
    mask: Mask,
    recurrent: Array,
) -> tuple[Array, Array, Array]:
    if not _fits(cells, mask, d_states, d_last, d_last_cell, c0, gates, squashed, recurrent):
        return plain.lstm_backward(d_states, d_last, d_last_cell, c0, cells, gates, squashed, mask, recurrent)
    d_projected = _beside(gates, 4 * cells.shape[-1])
    dh, dc = _start(d_last, cells), _start(d_last_cell, cells)
    compiled.lstm_backward(
        _optional(d_states), _whole(c0), _readable(cells), _readable(gates), _readable(squashed), _optional(mask),
        _whole(recurrent), d_projected, dh, dc,
    )  # fmt: skip
    return d_projected, dh, dc


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
    states, gates = _beside(x, units), _beside(x, 3, units)
    products = _beside(x, units) if reset_after else None
    compiled.gru_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent), _whole(bias),
        _whole(recurrent_bias), reset_after, states, gates, products,
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
    compiled.gru_forward(
        _readable(x), _optional(mask), _whole(h0), _whole(kernel), _whole(recurrent), _whole(bias),
        _whole(recurrent_bias), reset_after, states, None, None,
    )  # fmt: skip
    return states


def gru_backward(
    d_states: Array | None,
    d_last: Array | None,
    h0: Array,
    states: Array,
    gates: Array,
    products: Array | None,
    mask: Mask,
    recurrent: Array,
) -> tuple[Array, Array, Array]:
    if not _fits(states, mask, d_states, d_last, h0, gates, products, recurrent):
        return plain.gru_backward(d_states, d_last, h0, states, gates, products, mask, recurrent)
    columns = 3 * states.shape[-1]
    d_input = _beside(gates, columns)
    d_recurrent = None if products is None else _beside(gates, columns)
    dh = _start(d_last, states)
    compiled.gru_backward(
        _optional(d_states), _whole(h0), _readable(states), _readable(gates), _optional(products), _optional(mask),
        _whole(recurrent), d_input, d_recurrent, dh,
    )  # fmt: skip
    return d_input, d_input if d_recurrent is None else d_recurrent, dh


def weight_gradient(a: Array, d: Array) -> Array:
    if _fits(a, None, d):
        result = np.zeros((a.shape[-1], d.shape[-1]), a.dtype)
        if compiled.weight_gradient(_readable(a), _readable(d), result):
            return result
    return plain.weight_gradient(a, d)


def sequence_gradient(d: Array, kernel: Array) -> Array:
    if _fits(d, None, kernel) and kernel.size > 0:
        result = _beside(d, kernel.shape[0])
        if compiled.sequence_gradient(_readable(d), _whole(kernel), result):
            return result
    return plain.sequence_gradient(d, kernel)


def _start(given: Array | None, like: Array) -> Array:
    """The cotangent a backward loop begins with, in one piece and its own to change."""
    return np.zeros(like.shape[1:], like.dtype) if given is None else np.array(given, order="C")
