"""Recurrent layers: they run a cell along time.

`SimpleRNN`, `LSTM` and `GRU` compute whole sequences in one fused operation where their
activations are the standard ones; otherwise, and with recurrent dropout in training, the
cell is run step by step. Both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import flag
from tinynet.autograd import Tensor, as_tensor
from tinynet.catalogue import snake_case
from tinynet.errors import ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.cells import (
    Cell,
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    as_list,
    check_cell,
    initial_state,
    output_size,
    stepped,
)
from tinynet.layers.structures import flat_list
from tinynet.primitives import recurrent as records


class RNN(Layer):
    """Runs a cell along time: (N, T, D) -> (N, U), or (N, T, U) with `return_sequences`.

    cell: a layer with `call(inputs, states) -> (output, states)` and `state_size`, or a list of them,
        which are stacked; states are then a list for each cell. See `StackedRNNCells`.
    return_state: also return the final states.
    go_backwards: time runs backwards, and the sequence comes out in that order.
    stateful: a batch starts with the states the batch before it ended with; see `reset_state`.
    zero_output_for_mask: masked steps give zeros instead of the output before them.
    unroll: accepted; the result does not depend on it.

    Called with `initial_state=[…]` (one (N, U) array a state) and `mask` (N, T): masked steps
    leave the states as they are.
    Source: https://keras.io/api/layers/recurrent_layers/rnn/
    """

    casts_integers = True
    supports_masking = True
    inert_config = {"time_major": (False,), "implementation": (0, 1, 2), "use_cudnn": ("auto", True, False)}

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(where, cell)
        self.cell = cell
        self.return_sequences = flag(where, "return_sequences", return_sequences)
        self.return_state = flag(where, "return_state", return_state)
        self.go_backwards = flag(where, "go_backwards", go_backwards)
        self.stateful = flag(where, "stateful", stateful)
        self.unroll = flag(where, "unroll", unroll)
        self.zero_output_for_mask = flag(where, "zero_output_for_mask", zero_output_for_mask)
        self.state_size = as_list(cell.state_size)
        cells = cell.cells if isinstance(cell, StackedRNNCells) else [cell]
        self._sizes = [as_list(part.state_size) for part in cells]  # of the states, by cell
        self.states: list[Any] | None = None

    def build(self, sequences_shape: Shape) -> None:
        self.check_rank(sequences_shape, 3, None, "(N, T, D)")
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """States of zeros for a batch."""
        return initial_state(self.cell, batch_size, self.compute_dtype)

    def reset_state(self) -> None:
        """A stateful layer starts from zeros again."""
        self.states = None

    reset_states = reset_state

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        self._check(sequences, mask)
        states = self._first_states(sequences, initial_state)
        if not training and hasattr(self.cell, "skip_dropout_masks"):
            self.cell.skip_dropout_masks()
        outputs, *last = self._run(sequences, states, mask, bool(training))
        if hasattr(self.cell, "reset_dropout_masks"):
            self.cell.reset_dropout_masks()
        if self.stateful:
            self.states = self._grouped([state.detach() for state in last])
        return (outputs, *self._returned(last)) if self.return_state else outputs

    def _returned(self, states: Sequence[Any]) -> list[Any]:
        """Final states as cells have them; that of a stacked cell of one's own with one state comes without a list."""
        grouped = self._grouped(states)
        if not isinstance(self.cell, StackedRNNCells):
            return grouped
        alone = [not isinstance(cell, Cell) and isinstance(cell.state_size, int) for cell in self.cell.cells]
        return [part[0] if one else part for part, one in zip(grouped, alone, strict=True)]

    def _check(self, sequences: Tensor, mask: Any) -> None:
        built = self._build_input_shape
        if sequences.ndim != len(built) or (built[-1] is not None and sequences.shape[-1] != built[-1]):
            raise ShapeError(
                f"{self.described}: expected sequences (N, T, {built[-1]}), received shape {sequences.shape}"
            )
        if sequences.shape[1] == 0:
            raise ShapeError(f"{self.described}: sequences of no time steps, shape {sequences.shape}")
        if mask is not None and np.shape(mask) != sequences.shape[:2]:
            raise ShapeError(
                f"{self.described}: expected a mask of shape {sequences.shape[:2]} (N, T), received {np.shape(mask)}"
            )

    def _first_states(self, sequences: Tensor, given: Any) -> list[Tensor]:
        """The states to start with: of all cells in one list."""
        batch = sequences.shape[0]
        if given is None:
            given = self.states if self.stateful and self.states is not None else self.get_initial_state(batch)
        stacked = isinstance(self.cell, StackedRNNCells)
        parts = as_list(given) if stacked else [given]
        if len(parts) != len(self._sizes):
            raise ShapeError(
                f"{self.described}: expected a list with the initial states of each of {len(self._sizes)} cells, "
                f"received {len(parts)}"
            )
        states = []
        for number, (part, sizes) in enumerate(zip(parts, self._sizes, strict=True)):
            if len(as_list(part)) != len(sizes):
                of_cell = f" of cell {number}" if stacked else ""
                raise ShapeError(
                    f"{self.described}: expected {len(sizes)} initial states{of_cell}, received {len(as_list(part))}"
                )
            states += [self._checked_state(s, batch, n) for s, n in zip(as_list(part), sizes, strict=True)]
        return states

    def _checked_state(self, state: Any, batch: int, size: Any) -> Tensor:
        state = as_tensor(state).astype(self.compute_dtype)
        if isinstance(size, int) and state.shape != (batch, size):
            hint = " A stateful layer needs batches of one size; reset_state() starts anew." * self.stateful
            raise ShapeError(
                f"{self.described}: expected an initial state of shape {(batch, size)}, received {state.shape}.{hint}"
            )
        return state

    def _grouped(self, states: Sequence[Any]) -> list[Any]:
        """All states as the cell has them: those of stacked cells in a list for each."""
        if not isinstance(self.cell, StackedRNNCells):
            return list(states)
        left = iter(states)
        return [[next(left) for _ in sizes] for sizes in self._sizes]

    def _options(self) -> dict[str, bool]:
        return {
            "go_backwards": self.go_backwards,
            "return_sequences": self.return_sequences,
            "zero_output_for_mask": self.zero_output_for_mask,
        }

    def _run(self, sequences: Tensor, states: Sequence[Tensor], mask: Any, training: bool) -> tuple[Any, ...]:
        def step(x_t: Any, before: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
            output, after = stepped(self.cell, x_t, self._grouped(before), training)
            return output, flat_list(after)

        return records.scan(step, sequences, states, mask, **self._options())

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask if self.return_sequences else None
        return [mask, *[None] * len(self.state_size)] if self.return_state else mask

    def compute_output_shape(self, input_shape: Shape) -> Any:
        size = output_size(self.cell)
        output = (*input_shape[:2], size) if self.return_sequences else (input_shape[0], size)
        if not self.return_state:
            return output
        return (output, *self._returned([(input_shape[0], n) for sizes in self._sizes for n in sizes]))


class _Fused(RNN):
    """A recurrent layer whose cell has a fused operation; its settings are the cell's."""

    writes_activity_regularizer = True
    operation: Any = None
    cell_class: type[Cell] = Cell

    def __init__(
        self,
        units: int,
        cell_arguments: dict[str, Any],
        *,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        common = {key: kwargs[key] for key in ("trainable", "dtype") if key in kwargs}
        kernel_options = {key: kwargs.pop(key) for key in tuple(kwargs) if key in self.inert_config}
        cell = self.cell_class(units, **cell_arguments, **common, name=snake_case(self.cell_class.__name__))
        super().__init__(cell, activity_regularizer=activity_regularizer, **kwargs, **kernel_options)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and "cell" in self.__dict__ and name in self.cell_class.config_keys():
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def build(self, sequences_shape: Shape) -> None:
        self.check_rank(sequences_shape, 3, 3, "(N, T, D)")
        super().build(sequences_shape)

    def _first_states(self, sequences: Tensor, given: Any) -> list[Tensor]:
        if given is None and self.states is None:  # zeros, of the sizes that there must be
            return self.get_initial_state(sequences.shape[0])
        return super()._first_states(sequences, given)

    def _operands(self) -> dict[str, Any]:
        """Settings of the fused operation beyond those all layers share."""
        return {}

    def _run(self, sequences: Tensor, states: Sequence[Tensor], mask: Any, training: bool) -> tuple[Any, ...]:
        cell = self.cell
        if not cell.is_standard or (training and cell.recurrent_dropout > 0):
            return super()._run(sequences, states, mask, training)
        masks = cell.input_mask(sequences[:, 0], training)
        if masks is not None:
            sequences = sequences * masks[0][:, None]
        return type(self).operation(
            sequences, *states, cell.kernel, cell.recurrent_kernel, cell.bias, mask,
            **self._options(), **self._operands(),
        )  # fmt: skip


class SimpleRNN(_Fused):
    """A fully connected recurrent layer: hₜ = activation(xₜ W + b + hₜ₋₁ R) (Elman 1990).

    (N, T, D) -> (N, U), or (N, T, U) with `return_sequences`. Options of time are `RNN`'s, weights
    `SimpleRNNCell`'s.
    Source: https://keras.io/api/layers/recurrent_layers/simple_rnn/

    >>> SimpleRNN(4)(np.ones((2, 3, 5), "float32")).shape
    (2, 4)
    """

    replayable = True
    operation = records.simple_rnn
    cell_class = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**_divided(locals(), SimpleRNNCell), **kwargs)


class LSTM(_Fused):
    """Long short-term memory (Hochreiter and Schmidhuber 1997).

    (N, T, D) -> (N, U), or (N, T, U) with `return_sequences`. Options of time are `RNN`'s, weights
    `LSTMCell`'s.
    Source: https://keras.io/api/layers/recurrent_layers/lstm/

    >>> LSTM(4, return_sequences=True)(np.ones((2, 3, 5), "float32")).shape
    (2, 3, 4)
    """

    replayable = True
    operation = records.lstm
    cell_class = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**_divided(locals(), LSTMCell), **kwargs)


class GRU(_Fused):
    """Gated recurrent unit (Cho et al. 2014).

    (N, T, D) -> (N, U), or (N, T, U) with `return_sequences`. Options of time are `RNN`'s, weights
    `GRUCell`'s.
    Source: https://keras.io/api/layers/recurrent_layers/gru/

    >>> output, state = GRU(4, return_state=True)(np.ones((2, 3, 5), "float32"))
    >>> output.shape, state.shape
    ((2, 4), (2, 4))
    """

    replayable = True
    operation = records.gru
    cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**_divided(locals(), GRUCell), **kwargs)

    def _operands(self) -> dict[str, Any]:
        return {"reset_after": self.cell.reset_after}


def _divided(arguments: dict[str, Any], cell_class: type[Cell]) -> dict[str, Any]:
    """The arguments of a layer's constructor, those of its cell put together."""
    given = {k: v for k, v in arguments.items() if k not in ("self", "kwargs", "__class__", "units")}
    of_cell = {key: given.pop(key) for key in cell_class.config_keys() if key in given}
    return {"units": arguments["units"], "cell_arguments": of_cell, **given}
