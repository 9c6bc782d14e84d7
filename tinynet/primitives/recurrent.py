"""Recurrent layers over whole sequences, fused and composed.

The three records compute all steps in one kernel. Each has its `composed` form, a loop over
one step written in plain expressions, which is also what layers with other activations run.

x is (N, T, D), states (N, U), the mask (N, T) or None. Outputs are the sequence (N, T, U), or
the last output (N, U), and the final states. Options shared by all:

go_backwards: time runs from the last step to the first, and the sequence comes out so.
return_sequences: the outputs of all steps instead of the last one's.
zero_output_for_mask: masked steps give zeros; otherwise they repeat the output before them
    (zeros before the first step that counts). Either way they leave the states alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.primitives.domain import Absent, Booleans, Domain, Values
from tinynet.primitives.elementwise import sigmoid
from tinynet.primitives.operation import operation
from tinynet.primitives.shapes import unstack

Step = Callable[[Any, Sequence[Any]], tuple[Any, Sequence[Any]]]

OPTIONS = {
    "go_backwards": [False, True],
    "return_sequences": [True, False],
    "zero_output_for_mask": [False, True],
}
SIZES = {"N": (1, 3), "T": (1, 4), "D": (1, 3), "U": (1, 3)}


def scan(
    step: Step,
    x: Any,
    states: Sequence[Any],
    mask: Any,
    *,
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Any, ...]:
    """Runs `step(x_t, states) -> (output_t, states)` along time: the loop of every recurrent layer.

    Returns the outputs (or the last one) and the final states.
    """
    inputs = list(unstack(x, axis=1))
    masks = [None] * len(inputs) if mask is None else list(np.asarray(mask).T)
    if go_backwards:
        inputs.reverse()
        masks.reverse()
    outputs: list[Any] = []
    output: Any = None
    for x_t, m in zip(inputs, masks, strict=True):
        new_output, new_states = step(x_t, states)
        if m is None:
            output, states = new_output, new_states
        else:
            before = np.zeros(new_output.shape, new_output.dtype) if output is None else output
            output = np.where(_beside(m, new_output), new_output, before)
            states = [np.where(_beside(m, new), new, old) for new, old in zip(new_states, states, strict=True)]
        outputs.append(output if m is None or not zero_output_for_mask else output * _beside(m, output))
    return (np.stack(outputs, axis=1) if return_sequences else outputs[-1], *states)


def _beside(mask: np.ndarray, x: Any) -> np.ndarray:
    """A mask (N) with axes to broadcast with x (N, …)."""
    return mask.reshape(-1, *[1] * (x.ndim - 1))


def simple_rnn_step(projected: Any, h: Any, recurrent_kernel: Any, activation: Any = np.tanh) -> Any:
    """One step of a simple recurrent layer: activation(x W + b + h R)."""
    return activation(projected + h @ recurrent_kernel)


def lstm_step(
    projected: Any,
    products: Any,
    c: Any,
    activation: Any = np.tanh,
    recurrent_activation: Any = sigmoid,
) -> tuple[Any, Any]:
    """One step of an LSTM from x W + b and h R, both (N, 4U): the new (h, c)."""
    z = projected + products
    units = c.shape[-1]
    i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
    c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
    return recurrent_activation(o) * activation(c), c


def gru_step(
    projected: Any,
    h: Any,
    recurrent_kernel: Any,
    recurrent_bias: Any,
    reset_after: bool,
    activation: Any = np.tanh,
    recurrent_activation: Any = sigmoid,
    masked_h: Any = None,
) -> Any:
    """One step of a GRU from x W + b: the new state. `masked_h` is h under recurrent dropout,
    a sequence of one array for each gate."""
    units = h.shape[-1]
    hz, hr, hh = (h, h, h) if masked_h is None else masked_h
    xz, xr, xh = (projected[:, k * units : (k + 1) * units] for k in range(3))
    rz, rr, rh = (recurrent_kernel[:, k * units : (k + 1) * units] for k in range(3))
    bz = br = bh = 0
    if recurrent_bias is not None:
        bz, br, bh = (recurrent_bias[k * units : (k + 1) * units] for k in range(3))
    z = recurrent_activation(xz + hz @ rz + bz)
    r = recurrent_activation(xr + hr @ rr + br)
    candidate = activation(xh + r * (hh @ rh + bh)) if reset_after else activation(xh + (r * hh) @ rh)
    return z * h + (1 - z) * candidate


def _by_steps(x: Any, go_backwards: bool) -> Any:
    """(N, T, ·) as (T, N, ·) in the order in which the steps are taken: a view."""
    x = x.swapaxes(0, 1)
    return x[::-1] if go_backwards else x


def _by_rows(x: Any, go_backwards: bool) -> Any:
    """(T, N, ·) in the order of the steps as (N, T, ·) in that of time: a view; None stays None."""
    if x is None:
        return None
    return (x[::-1] if go_backwards else x).swapaxes(0, 1)


def _visible(mask: Any, zero_output_for_mask: bool) -> Any:
    """Which outputs are shown: those of unmasked steps, or all from the first such step on."""
    if mask is None:
        return None
    return mask if zero_output_for_mask else np.logical_or.accumulate(mask, axis=0)


def _shown(states: Any, mask: Any, return_sequences: bool, zero_output_for_mask: bool) -> Any:
    """The layer's outputs (N, T, U) or (N, U) from its states (T, N, U)."""
    visible = _visible(mask, zero_output_for_mask)
    if return_sequences:
        return (states if visible is None else states * visible).swapaxes(0, 1)
    return states[-1].copy() if visible is None else states[-1] * visible[-1]


def _outputs(states: Any, mask: Any, return_sequences: bool, zero_output_for_mask: bool) -> tuple[Any, Any]:
    """The layer's outputs and its last state."""
    return _shown(states, mask, return_sequences, zero_output_for_mask), states[-1].copy()


def _to_states(g: Any, mask: Any, return_sequences: bool, zero_output_for_mask: bool) -> tuple[Any, Any]:
    """A cotangent of the outputs as one of all states (T, N, U), or of the last state."""
    if g is None:
        return None, None
    visible = _visible(mask, zero_output_for_mask)
    if return_sequences:
        d_states = g.swapaxes(0, 1)
        return (d_states if visible is None else d_states * visible), None
    return None, (g if visible is None else g * visible[-1])


def _plus(x: Any, y: Any) -> Any:
    """A sum of cotangents of which either may be missing."""
    return y if x is None else x if y is None else x + y


def _needed(needs: Sequence[bool], *cotangents: Any) -> tuple[Any, ...]:
    """Without those of first states that nobody asks for: kernels find them on their way to the others."""
    return tuple([c if needed else None for c, needed in zip(cotangents, needs, strict=True)])


def _mask_column(mask: Any, go_backwards: bool) -> Any:
    return None if mask is None else _by_steps(mask, go_backwards)[..., None]


def _variants(states: int, gates: str, bias: Any) -> tuple[Domain, ...]:
    """Domains with and without a mask, with and without a bias."""
    fixed = (Values("N T D"), *(Values("N U"),) * states)
    weights = (Values(f"D {gates}"), Values(f"U {gates}"))
    return tuple(
        Domain((*fixed, *weights, b, m), OPTIONS, SIZES, _gate_sizes)
        for b, m in ((bias, Absent()), (bias, Booleans("N T")), (Absent(), Booleans("N T")))
    )


def _gate_sizes(sizes: dict[str, int], _: Any) -> dict[str, int]:
    """P is three and Q four times the units; B is the number of biases of a GRU."""
    return {**sizes, "P": 3 * sizes["U"], "Q": 4 * sizes["U"], "B": 2}


@operation
class simple_rnn:
    """hₜ = tanh(xₜ W + hₜ₋₁ R + b) over a whole sequence (Elman 1990): outputs and the last state."""

    domain = _variants(1, "U", Values("U"))
    at_once = True

    def forward(
        x, h0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        states = kernels.simple_rnn_forward(xs, m, h0, kernel, recurrent_kernel, bias)
        kept = (x, h0, kernel, recurrent_kernel, bias, mask, states)
        return kernels.afterwards(lambda: (_outputs(states, m, return_sequences, zero_output_for_mask), kept))

    def evaluate(
        x, h0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        states = kernels.simple_rnn_states(xs, m, h0, kernel, recurrent_kernel, bias, return_sequences)
        return kernels.afterwards(lambda: _outputs(states, m, return_sequences, zero_output_for_mask))

    def vjp(g, residuals, needs, *, go_backwards=False, return_sequences=False, zero_output_for_mask=False):
        x, h0, kernel, recurrent_kernel, bias, mask, states = residuals
        m = _mask_column(mask, go_backwards)
        d_states, d_last = _to_states(g[0], m, return_sequences, zero_output_for_mask)
        by_x, *others = kernels.simple_rnn_backward(
            d_states, _plus(d_last, g[1]), _by_steps(x, go_backwards), h0, states, m, kernel, recurrent_kernel,
            (needs[0], *needs[2:5]),
        )  # fmt: skip
        return kernels.afterwards(lambda: _needed(needs, _by_rows(by_x, go_backwards), *others, None))

    def composed(x, h0, kernel, recurrent_kernel, bias, mask, **options):
        def step(x_t, states):
            projected = x_t @ kernel if bias is None else x_t @ kernel + bias
            h = simple_rnn_step(projected, states[0], recurrent_kernel)
            return h, [h]

        return scan(step, x, [h0], mask, **options)


@operation
class lstm:
    """Long short-term memory over a whole sequence (Hochreiter and Schmidhuber 1997).

    Gates in Keras's order i, f, c, o: kernel (D, 4U), recurrent_kernel (U, 4U), bias (4U).
    Outputs, the last h and the last c.
    """

    domain = _variants(2, "Q", Values("Q"))
    at_once = True

    def forward(
        x, h0, c0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        states, cells, gates = kernels.lstm_forward(xs, m, h0, c0, kernel, recurrent_kernel, bias)
        kept = (x, h0, c0, kernel, recurrent_kernel, bias, mask, states, cells, gates)

        def finish():
            return (*_outputs(states, m, return_sequences, zero_output_for_mask), cells[-1].copy()), kept

        return kernels.afterwards(finish)

    def evaluate(
        x, h0, c0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        states, cells = kernels.lstm_states(xs, m, h0, c0, kernel, recurrent_kernel, bias, return_sequences)
        return kernels.afterwards(
            lambda: (*_outputs(states, m, return_sequences, zero_output_for_mask), cells[-1])
        )

    def vjp(g, residuals, needs, *, go_backwards=False, return_sequences=False, zero_output_for_mask=False):
        x, h0, c0, kernel, recurrent_kernel, bias, mask, states, cells, gates = residuals
        m = _mask_column(mask, go_backwards)
        d_states, d_last = _to_states(g[0], m, return_sequences, zero_output_for_mask)
        by_x, *others = kernels.lstm_backward(
            d_states, _plus(d_last, g[1]), g[2], _by_steps(x, go_backwards), h0, c0, states, cells, gates, m, kernel,
            recurrent_kernel, (needs[0], *needs[3:6]),
        )  # fmt: skip
        return kernels.afterwards(lambda: _needed(needs, _by_rows(by_x, go_backwards), *others, None))

    def composed(x, h0, c0, kernel, recurrent_kernel, bias, mask, **options):
        def step(x_t, states):
            projected = x_t @ kernel if bias is None else x_t @ kernel + bias
            h, c = lstm_step(projected, states[0] @ recurrent_kernel, states[1])
            return h, [h, c]

        return scan(step, x, [h0, c0], mask, **options)


def gru_biases(bias: Any, reset_after: bool) -> tuple[Any, Any]:
    """The input's and the recurrent bias: two rows with `reset_after`, one vector without."""
    if bias is None:
        return None, None
    return (bias[0], bias[1]) if reset_after else (bias, None)


@operation
class gru:
    """Gated recurrent unit over a whole sequence (Cho et al. 2014).

    Gates in Keras's order z, r, h: kernel (D, 3U), recurrent_kernel (U, 3U), bias (2, 3U) with
    `reset_after` (input row, recurrent row), else (3U). Outputs and the last state.
    """

    domain = tuple(
        Domain(d.inputs, {**OPTIONS, "reset_after": [after]}, d.sizes, d.derive)
        for after, bias in ((True, Values("B P")), (False, Values("P")))
        for d in _variants(1, "P", bias)
    )
    at_once = True

    def forward(
        x, h0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False, reset_after=True,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        input_bias, recurrent_bias = gru_biases(bias, reset_after)
        states, gates, products = kernels.gru_forward(
            xs, m, h0, kernel, recurrent_kernel, input_bias, recurrent_bias, reset_after
        )
        kept = (x, h0, kernel, recurrent_kernel, bias, mask, states, gates, products)
        return kernels.afterwards(lambda: (_outputs(states, m, return_sequences, zero_output_for_mask), kept))

    def evaluate(
        x, h0, kernel, recurrent_kernel, bias, mask,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False, reset_after=True,
    ):  # fmt: skip
        xs, m = _by_steps(x, go_backwards), _mask_column(mask, go_backwards)
        input_bias, recurrent_bias = gru_biases(bias, reset_after)
        states = kernels.gru_states(
            xs, m, h0, kernel, recurrent_kernel, input_bias, recurrent_bias, reset_after, return_sequences
        )
        return kernels.afterwards(lambda: _outputs(states, m, return_sequences, zero_output_for_mask))

    def vjp(
        g, residuals, needs,
        *, go_backwards=False, return_sequences=False, zero_output_for_mask=False, reset_after=True,
    ):  # fmt: skip
        x, h0, kernel, recurrent_kernel, bias, mask, states, gates, products = residuals
        m = _mask_column(mask, go_backwards)
        d_states, d_last = _to_states(g[0], m, return_sequences, zero_output_for_mask)
        by_x, *others, by_bias, by_recurrent_bias = kernels.gru_backward(
            d_states, _plus(d_last, g[1]), _by_steps(x, go_backwards), h0, states, gates, products, m, kernel,
            recurrent_kernel, (needs[0], *needs[2:5], needs[4] and reset_after),
        )  # fmt: skip

        def finish():
            biases = by_bias if by_recurrent_bias is None else np.stack([by_bias, by_recurrent_bias])
            return _needed(needs, _by_rows(by_x, go_backwards), *others, biases, None)

        return kernels.afterwards(finish)

    def composed(x, h0, kernel, recurrent_kernel, bias, mask, *, reset_after=True, **options):
        input_bias, recurrent_bias = gru_biases(bias, reset_after)

        def step(x_t, states):
            projected = x_t @ kernel if bias is None else x_t @ kernel + input_bias
            h = gru_step(projected, states[0], recurrent_kernel, recurrent_bias, reset_after)
            return h, [h]

        return scan(step, x, [h0], mask, **options)
