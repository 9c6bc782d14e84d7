"""Recurrent networks over whole sequences: forward, and what flows back.

All sequences are (T, N, ·) in the order in which the steps are taken; in memory they may lie in any
order. The input is multiplied by the kernel (D, gates · U) in one product for all steps. The gates of a
step come from one product with the recurrent kernel (U, gates · U).

A sigmoid is a tanh of half its argument, σ(x) = ½ tanh(½x) + ½. Halving the sigmoid gates'
weights beforehand lets one tanh serve all gates of a step.

mask: (T, N, 1) truth values or None. A masked step leaves the state as it was.

A forward pass keeps what its backward pass needs. A prediction (`..._states`) gives the same states and
keeps nothing: without `every` only the last ones, as a sequence of one step.

The backward passes first compute, for all steps at once, the factor by which each gate's
cotangent follows from the state's; the loop then has little left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.kernels.memory import empty, empty_like
from tinynet.kernels.scratch import scratch

Array = np.ndarray
Mask = Array | None


def simple_rnn_forward(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> Array:
    """hₜ = tanh(xₜ W + b + hₜ₋₁ R) (Elman 1990). Returns all states (T, N, U)."""
    states = _project(x, kernel, bias)
    h, product = h0, np.empty(h0.shape, states.dtype)
    for new, held in zip(states, _held(mask, len(x)), strict=True):
        np.matmul(h, recurrent, out=product)
        new += product
        np.tanh(new, out=new)
        if held is not None:
            np.copyto(new, h, where=held)
        h = new
    return states


def simple_rnn_states(
    x: Array, mask: Mask, h0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> Array:
    """Prediction: all states (T, N, U), or the last one (1, N, U)."""
    states = simple_rnn_forward(x, mask, h0, kernel, recurrent, bias)
    return states if every else _last(states, h0)


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
    """Cotangents of the states -> those of x, h0, kernel, recurrent kernel and bias.

    needs: which of them are wanted, without h0; the others are None.
    """
    d_projected = 1 - states * states
    if mask is not None:
        d_projected *= mask
    transposed = np.ascontiguousarray(recurrent.T)
    dh, passed_over = _start(d_last, states), _held(mask, len(states))
    for t in range(len(states) - 1, -1, -1):
        _flush(t, dh)
        if d_states is not None:
            dh += d_states[t]
        held = passed_over[t]
        kept = None if held is None else dh * held
        d_projected[t] *= dh
        dh = d_projected[t] @ transposed
        if kept is not None:
            dh += kept
    by_x, by_kernel, by_bias = _by_input(x, kernel, d_projected, needs[0], needs[1], needs[3])
    by_recurrent = _weight_gradient(_before(h0, states), d_projected) if needs[2] else None
    return by_x, dh, by_kernel, by_recurrent, by_bias


def lstm_forward(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> tuple[Array, Array, Array]:
    """Long short-term memory (Hochreiter and Schmidhuber 1997), gates in Keras's order i, f, c, o.

    Returns states h and cells c (T, N, U) and the gates' values (T, N, 4, U).
    """
    steps, rows, units = (*x.shape[:2], h0.shape[-1])
    gates = empty((steps, rows, 4 * units), x.dtype)
    states, cells = (empty((steps, *h0.shape), x.dtype) for _ in range(2))
    _lstm(x, mask, h0, c0, kernel, recurrent, bias, gates, states, cells)
    return states, cells, gates.reshape(steps, rows, 4, units)


def lstm_states(
    x: Array, mask: Mask, h0: Array, c0: Array, kernel: Array, recurrent: Array, bias: Array | None, every: bool
) -> tuple[Array, Array]:
    """Prediction: all states (T, N, U), or the last one (1, N, U); and the last cells (1, N, U)."""
    gates = scratch("gates", (*x.shape[:2], kernel.shape[-1]), x.dtype)
    states = np.empty((len(x) if every else 2, *h0.shape), x.dtype)
    cells = np.empty((2, *h0.shape), x.dtype)
    h, c = _lstm(x, mask, h0, c0, kernel, recurrent, bias, gates, states, cells)
    return states if every else h[None], c[None]


def _lstm(
    x: Array,
    mask: Mask,
    h0: Array,
    c0: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    gates: Array,
    states: Array,
    cells: Array,
) -> tuple[Array, Array]:
    """Fills the last three, and returns the last h and c. Where only two steps have room, they take turns."""
    units = h0.shape[-1]
    scale, shift = _sigmoid_by_tanh([True, True, False, True], units, x.dtype)
    _project(x, kernel * scale, None if bias is None else bias * scale, gates)
    recurrent = recurrent * scale
    product = np.empty(gates.shape[1:], gates.dtype)
    part = np.empty_like(h0)
    h, c = h0, c0
    for t, (z, held) in enumerate(zip(gates, _held(mask, len(x)), strict=True)):
        np.matmul(h, recurrent, out=product)
        z += product
        np.tanh(z, out=z)
        z *= scale
        z += shift
        i, f, g, o = z[:, :units], z[:, units : 2 * units], z[:, 2 * units : 3 * units], z[:, 3 * units :]
        new_c, new_h = cells[t % len(cells)], states[t % len(states)]
        np.multiply(f, c, out=new_c)
        np.multiply(i, g, out=part)
        new_c += part
        np.tanh(new_c, out=new_h)
        new_h *= o
        if held is not None:
            np.copyto(new_c, c, where=held)
            np.copyto(new_h, h, where=held)
        h, c = new_h, new_c
    return h, c


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
    """Cotangents of the states -> those of x, h0, c0, kernel, recurrent kernel and bias.

    needs: which of them are wanted, without h0 and c0; the others are None.
    """
    steps, rows, _, units = gates.shape
    before = _before(c0, cells)
    factors, to_cell = empty_like(gates), empty_like(cells)
    for some in _some_steps(steps):
        i, f, g, o = (gates[some, :, k] for k in range(4))
        s = np.tanh(cells[some])
        factors[some, :, 0] = g * i * (1 - i)
        factors[some, :, 1] = before[some] * f * (1 - f)
        factors[some, :, 2] = i * (1 - g * g)
        factors[some, :, 3] = s * o * (1 - o)
        to_cell[some] = o * (1 - s * s)
    if mask is not None:
        factors *= mask[..., None]
        to_cell *= mask
    transposed = np.ascontiguousarray(recurrent.T)
    dh, dc = _start(d_last, cells), _start(d_last_cell, cells)
    f, part, passed_over = gates[:, :, 1], np.empty_like(dh), _held(mask, steps)
    for t in range(steps - 1, -1, -1):
        _flush(t, dh, dc)
        if d_states is not None:
            dh += d_states[t]
        np.multiply(dh, to_cell[t], out=part)
        dc += part
        dz = factors[t]
        dz[:, :3] *= dc[:, None]
        dz[:, 3] *= dh
        held = passed_over[t]
        kept = None if held is None else dh * held
        dh = dz.reshape(rows, 4 * units) @ transposed
        if kept is not None:
            dh += kept
        dc *= f[t] if held is None else np.where(held, f.dtype.type(1), f[t])
    d_projected = factors.reshape(steps, rows, 4 * units)
    by_x, by_kernel, by_bias = _by_input(x, kernel, d_projected, needs[0], needs[1], needs[3])
    by_recurrent = _weight_gradient(_before(h0, states), d_projected) if needs[2] else None
    return by_x, dh, dc, by_kernel, by_recurrent, by_bias


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
    """Gated recurrent unit (Cho et al. 2014), gates in Keras's order z, r, h.

    reset_after: r multiplies the recurrent product (as cuDNN does) instead of the state.
    Returns the states (T, N, U), the gates' values (T, N, 3, U) and, with `reset_after`, the
    recurrent products of the third gate (T, N, U).
    """
    steps, rows, units = (*x.shape[:2], h0.shape[-1])
    gates = empty((steps, rows, 3 * units), x.dtype)
    states = empty((steps, *h0.shape), x.dtype)
    products = empty_like(states) if reset_after else None
    _gru(x, mask, h0, kernel, recurrent, bias, recurrent_bias, gates, states, products)
    return states, gates.reshape(steps, rows, 3, units), products


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
    """Prediction: all states (T, N, U), or the last one (1, N, U)."""
    gates = scratch("gates", (*x.shape[:2], kernel.shape[-1]), x.dtype)
    states = np.empty((len(x) if every else 2, *h0.shape), x.dtype)
    products = np.empty((2, *h0.shape), x.dtype) if reset_after else None
    h = _gru(x, mask, h0, kernel, recurrent, bias, recurrent_bias, gates, states, products)
    return states if every else h[None]


def _gru(
    x: Array,
    mask: Mask,
    h0: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    recurrent_bias: Array | None,
    gates: Array,
    states: Array,
    products: Array | None,
) -> Array:
    """Fills the last three, and returns the last state. Where only two steps have room, they take turns.

    `products` are there with `reset_after`.
    """
    units = h0.shape[-1]
    scale, shift = _sigmoid_by_tanh([True, True, False], units, x.dtype)
    _project(x, kernel * scale, None if bias is None else bias * scale, gates)
    recurrent = recurrent * scale
    both = slice(0, 2 * units)
    if recurrent_bias is not None:
        recurrent_bias = recurrent_bias * scale
    h = h0
    for t, (row, held) in enumerate(zip(gates, _held(mask, len(x)), strict=True)):
        zr, hh = row[:, both], row[:, 2 * units :]
        if products is not None:
            product = h @ recurrent
            if recurrent_bias is not None:
                product += recurrent_bias
            zr += product[:, both]
            third = products[t % len(products)]
            third[...] = product[:, 2 * units :]
        else:
            zr += h @ recurrent[:, both]
        np.tanh(zr, out=zr)
        zr *= scale[both]
        zr += shift[both]
        z, r = zr[:, :units], zr[:, units:]
        hh += r * third if products is not None else (r * h) @ recurrent[:, 2 * units :]
        np.tanh(hh, out=hh)
        new = states[t % len(states)]
        np.subtract(h, hh, out=new)
        new *= z
        new += hh
        if held is not None:
            np.copyto(new, h, where=held)
        h = new
    return h


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
    """Cotangents of the states -> those of x, h0, kernel, recurrent kernel, bias and recurrent bias.

    needs: which of them are wanted, without h0; the others are None.
    """
    steps, rows, _, units = gates.shape
    before = _before(h0, states)
    d_input = empty_like(gates)
    for some in _some_steps(steps):
        z, r, hh = (gates[some, :, k] for k in range(3))
        d_input[some, :, 0] = (before[some] - hh) * z * (1 - z)
        d_input[some, :, 1] = r * (1 - r) * (before if products is None else products)[some]
        d_input[some, :, 2] = (1 - z) * (1 - hh * hh)
    z, r = gates[:, :, 0], gates[:, :, 1]
    if mask is not None:
        d_input *= mask[..., None]
    d_recurrent = d_input if products is None else empty_like(gates)
    transposed = np.ascontiguousarray(recurrent.T)
    dh, passed_over = _start(d_last, states), _held(mask, steps)
    for t in range(steps - 1, -1, -1):
        _flush(t, dh)
        if d_states is not None:
            dh += d_states[t]
        da = d_input[t]
        held = passed_over[t]
        carry = dh * (z[t] if held is None else np.where(held, z.dtype.type(1), z[t]))
        da[:, 0] *= dh
        da[:, 2] *= dh
        if products is None:
            d_reset = da[:, 2] @ transposed[2 * units :]
            da[:, 1] *= d_reset
            dh = da[:, :2].reshape(rows, 2 * units) @ transposed[: 2 * units]
            d_reset *= r[t]
            dh += d_reset
        else:
            da[:, 1] *= da[:, 2]
            db = d_recurrent[t]
            db[:, :2] = da[:, :2]
            np.multiply(da[:, 2], r[t], out=db[:, 2])
            dh = db.reshape(rows, 3 * units) @ transposed
        dh += carry
    d_input, d_recurrent = (d.reshape(steps, rows, 3 * units) for d in (d_input, d_recurrent))
    by_x, by_kernel, by_bias = _by_input(x, kernel, d_input, needs[0], needs[1], needs[3])
    by_recurrent = None
    if needs[2] and products is None:
        both = 2 * units
        parts = [_weight_gradient(before, d_input[..., :both]), _weight_gradient(before * r, d_input[..., both:])]
        by_recurrent = np.concatenate(parts, axis=1)
    elif needs[2]:
        by_recurrent = _weight_gradient(before, d_recurrent)
    by_recurrent_bias = d_recurrent.sum(axis=(0, 1)) if needs[4] else None
    return by_x, dh, by_kernel, by_recurrent, by_bias, by_recurrent_bias


def _project(x: Array, kernel: Array, bias: Array | None, out: Array | None = None) -> Array:
    """x W + b for all steps at once, with the rows of a step together in memory."""
    if out is None:
        out = empty((*x.shape[:-1], kernel.shape[-1]), x.dtype)
    flat = out.reshape(-1, kernel.shape[-1])
    np.matmul(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), kernel, out=flat)
    if bias is not None:
        flat += bias
    return out


def _last(sequence: Array, first: Array) -> Array:
    """The last step of a sequence, as one of one step: what it began with if it has none."""
    return sequence[-1:].copy() if len(sequence) else first[None]


def _held(mask: Mask, steps: int) -> list[Array | None]:
    """For each step the rows that it leaves as they were, (N, 1); None where there are none."""
    if mask is None:
        return [None] * steps
    return [rows if rows.any() else None for rows in ~mask]


def _some_steps(steps: int) -> list[slice]:
    """A few steps after the other: what is computed on the way for so many stays in the processor's cache."""
    return [slice(first, first + 20) for first in range(0, steps, 20)]


def _before(first: Array, states: Array) -> Array:
    """The states before each step."""
    return np.concatenate([first[None], states])[: len(states)]


def _weight_gradient(a: Array, d: Array) -> Array:
    """The sum over all steps and rows of aᵀ d: the gradient to a matrix (K, M) that multiplied a (T, N, K)."""
    return a.reshape(-1, a.shape[-1]).T @ d.reshape(-1, d.shape[-1])


def _by_input(
    x: Array, kernel: Array, d: Array, needs_x: bool, needs_kernel: bool, needs_bias: bool
) -> tuple[Array | None, Array | None, Array | None]:
    """Cotangents of x, kernel and bias from that of x W + b for all steps, (T, N, ·)."""
    by_x = (d.reshape(-1, d.shape[-1]) @ kernel.T).reshape(x.shape) if needs_x else None
    by_kernel = _weight_gradient(x, d) if needs_kernel else None
    return by_x, by_kernel, d.sum(axis=(0, 1)) if needs_bias else None


def _start(given: Array | None, like: Array) -> Array:
    """The cotangent a backward loop begins with; its own to change."""
    return np.zeros(like.shape[1:], like.dtype) if given is None else np.array(given)


def _flush(step: int, *cotangents: Array) -> None:
    """Now and then takes for zeros what is nearly below the smallest normal number (1e-38 of float32).

    What flows back through a few hundred steps becomes as small, and such numbers take a processor a hundred times as
    long as others.
    """
    if step % 8:
        return
    number = np.finfo(cotangents[0].dtype)
    if number.bits > 16:
        for cotangent in cotangents:
            np.copyto(cotangent, 0, where=np.abs(cotangent) < number.tiny / number.eps)


def _sigmoid_by_tanh(is_sigmoid: list[bool], units: int, dtype: Any) -> tuple[Array, Array]:
    """For each gate's columns the factor before and after the tanh, and what is added."""
    scale = np.repeat([0.5 if s else 1.0 for s in is_sigmoid], units).astype(dtype)
    shift = np.repeat([0.5 if s else 0.0 for s in is_sigmoid], units).astype(dtype)
    return scale, shift
