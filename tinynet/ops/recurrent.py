"""Recurrent layers over whole sequences, all steps in one call.

x is (N, T, D), states are (N, U) and zeros unless given. Options shared by all:

mask: (N, T), True where a step counts; masked steps leave the states alone.
go_backwards: time runs from the last step to the first, and the sequence comes out so.
return_sequences: the outputs of all steps, (N, T, U), instead of the last one's, (N, U).
zero_output_for_mask: masked steps give zeros; otherwise they repeat the output before them.

`ShapeError` is raised for shapes that do not fit. Activations are tanh and sigmoid. Keras has
these only as layers (keras.io/api/layers/recurrent_layers), whose weights they take.
"""

from __future__ import annotations

from typing import Any

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ShapeError
from tinynet.ops._arguments import floating, tensor
from tinynet.ops.creation import zeros
from tinynet.primitives import recurrent


def simple_rnn(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    *,
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Tensor, Tensor]:
    """hₜ = tanh(xₜ W + hₜ₋₁ R + b) (Elman 1990): the outputs and the last state.

    kernel (D, U), recurrent_kernel (U, U), bias (U,) or None.

    >>> outputs, h = simple_rnn([[[0.0], [0.0]]], [[1.0]], [[1.0]], initial_state=[[0.0]])
    >>> outputs.tolist(), h.tolist()
    ([[0.0]], [[0.0]])
    """
    x, weights = _checked("simple_rnn", 1, x, kernel, recurrent_kernel, bias)
    (h,) = _states("simple_rnn", x, weights[1], (initial_state,))
    options = {
        "go_backwards": go_backwards, "return_sequences": return_sequences,
        "zero_output_for_mask": zero_output_for_mask,
    }  # fmt: skip
    return record(recurrent.simple_rnn, (x, h, *weights, _mask("simple_rnn", x, mask)), options)


def lstm(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    *,
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory (Hochreiter and Schmidhuber 1997): the outputs, the last h and the last c.

    kernel (D, 4U), recurrent_kernel (U, 4U), bias (4U,) or None, with the gates in Keras's order
    i, f, c, o. initial_state: a pair (h, c).

    >>> outputs, h, c = lstm([[[1.0]]], [[0.0] * 4], [[0.0] * 4], initial_state=([[0.0]], [[2.0]]))
    >>> c.tolist()
    [[1.0]]
    """
    x, weights = _checked("lstm", 4, x, kernel, recurrent_kernel, bias)
    given = (None, None) if initial_state is None else initial_state
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        raise ShapeError("lstm: initial_state must be a pair (h, c)")
    h, c = _states("lstm", x, weights[1], given)
    options = {
        "go_backwards": go_backwards, "return_sequences": return_sequences,
        "zero_output_for_mask": zero_output_for_mask,
    }  # fmt: skip
    return record(recurrent.lstm, (x, h, c, *weights, _mask("lstm", x, mask)), options)


def gru(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    initial_state: Any = None,
    mask: Any = None,
    *,
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
    reset_after: bool = True,
) -> tuple[Tensor, Tensor]:
    """Gated recurrent unit (Cho et al. 2014): the outputs and the last state.

    kernel (D, 3U), recurrent_kernel (U, 3U), with the gates in Keras's order z, r, h. bias None or
    (2, 3U), the input's and the recurrent one; (3U,) without `reset_after`.
    reset_after: the reset gate acts after the product with the recurrent kernel.

    >>> outputs, h = gru([[[1.0]]], [[0.0] * 3], [[0.0] * 3], initial_state=[[2.0]])
    >>> h.tolist()
    [[1.0]]
    """
    x, weights = _checked("gru", 3, x, kernel, recurrent_kernel, bias, rows=2 if reset_after else None)
    (h,) = _states("gru", x, weights[1], (initial_state,))
    options = {
        "go_backwards": go_backwards, "return_sequences": return_sequences,
        "zero_output_for_mask": zero_output_for_mask, "reset_after": reset_after,
    }  # fmt: skip
    return record(recurrent.gru, (x, h, *weights, _mask("gru", x, mask)), options)


def _checked(
    where: str, gates: int, x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, rows: int | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor | None]]:
    """The input and the weights as tensors of one dtype, their shapes checked."""
    x = floating(x)
    if x.ndim != 3 or not x.shape[1]:
        raise ShapeError(f"{where}: expected x of shape (N, T, D) with at least one step, received {x.shape}")
    kernel, recurrent_kernel = (tensor(w).astype(x.dtype) for w in (kernel, recurrent_kernel))
    units = recurrent_kernel.shape[0] if recurrent_kernel.ndim else 0
    _expect(where, "recurrent_kernel", recurrent_kernel, (units, gates * units))
    _expect(where, "kernel", kernel, (x.shape[-1], gates * units))
    if bias is not None:
        bias = tensor(bias).astype(x.dtype)
        _expect(where, "bias", bias, (gates * units,) if rows is None else (rows, gates * units))
    return x, (kernel, recurrent_kernel, bias)


def _states(where: str, x: Tensor, recurrent_kernel: Tensor, given: Any) -> list[Tensor]:
    shape = (x.shape[0], recurrent_kernel.shape[0])
    states = [zeros(shape, x.dtype) if s is None else tensor(s).astype(x.dtype) for s in given]
    for state in states:
        _expect(where, "initial_state", state, shape)
    return states


def _mask(where: str, x: Tensor, mask: Any) -> Tensor | None:
    if mask is None:
        return None
    mask = tensor(mask).astype(bool)
    _expect(where, "mask", mask, x.shape[:2])
    return mask


def _expect(where: str, name: str, value: Tensor, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ShapeError(f"{where}: expected {name} of shape {shape}, received {value.shape}")
