"""Recurrent layers: cells that make one step, and layers that run them along time.

`SimpleRNN`, `LSTM` and `GRU` compute whole sequences in one fused operation where their
activations are the standard ones; otherwise, and with recurrent dropout in training, the
cell is run step by step. Both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import activations, constraints, initializers, regularizers
from tinynet.arguments import flag, fraction, whole
from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import snake_case
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives import recurrent as records
from tinynet.primitives.shapes import concatenate
from tinynet.random import SeedGenerator


class Cell(Layer):
    """Base of the recurrent cells: settings, weights and dropout masks.

    A cell is called with inputs (N, D) and a list of states, and returns its output (N, U) and
    the new states. `gates` is how many blocks of U columns its kernels have.
    """

    casts_integers = True
    gates = 1
    states = 1

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.units = whole(where, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = flag(where, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = fraction(where, "dropout", dropout)
        self.recurrent_dropout = fraction(where, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.state_size: Any = self.units if self.states == 1 else [self.units] * self.states
        self.output_size = self.units
        self.bias: Any = None
        self._masks: dict[str, Any] = {}

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def _bias_initializer(self) -> Any:
        return self.bias_initializer

    def build(self, input_shape: Shape) -> None:
        depth = input_shape[-1]
        if depth is None:
            raise ShapeError(f"{self.described}: the size of the last axis must be known, received {input_shape}")
        columns = self.units * self.gates
        self.kernel = self.add_weight(
            (depth, columns), self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            (self.units, columns), self.recurrent_initializer, regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint, name="recurrent_kernel",
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(), self._bias_initializer(), regularizer=self.bias_regularizer,
                constraint=self.bias_constraint, name="bias",
            )  # fmt: skip

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        """States of zeros for a batch."""
        return [wrap(np.zeros((batch_size, self.units), self.compute_dtype)) for _ in range(self.states)]

    def reset_dropout_masks(self) -> None:
        """Forgets the dropout masks: they are drawn once for all steps of a sequence."""
        self._masks.clear()

    def _dropout_masks(self, kind: str, like: Tensor, rate: float, training: bool) -> list[Any] | None:
        """A mask for each gate, or one for all: (N, ·) of 0 and 1/(1 − rate)."""
        if not training or not 0 < rate < 1:
            return None
        if kind not in self._masks:
            count = self.gates if self.recurrent_dropout > 0 and self.gates > 1 else 1
            scale = np.dtype(like.dtype).type(1 / (1 - rate))
            self._masks[kind] = [self.seed_generator.keep_mask(like.shape, rate) * scale for _ in range(count)]
        return self._masks[kind]

    def input_mask(self, inputs: Tensor, training: bool) -> list[Any] | None:
        """The masks of the inputs: one, or one a gate with recurrent dropout."""
        return self._dropout_masks("input", inputs, self.dropout, training)

    def _checked(self, states: Any) -> list[Any]:
        """The states as a list, if they are as many as the cell has, each (N, U)."""
        states = _as_list(states)
        if len(states) != self.states:
            raise ShapeError(f"{self.described}: expected {self.states} states, received {len(states)}")
        for state in states:
            if np.ndim(state) != 2 or np.shape(state)[1] != self.units:
                raise ShapeError(
                    f"{self.described}: expected states of shape (N, {self.units}), received {np.shape(state)}"
                )
        return states

    def _projected(self, inputs: Tensor, training: bool, bias: Any) -> Tensor:
        masks = self.input_mask(inputs, training)
        output = _masked_product(inputs, self.kernel, masks, self.units)
        return output if bias is None else output + bias

    def _recurrent_masks(self, h: Tensor, training: bool) -> list[Any] | None:
        return self._dropout_masks("recurrent", h, self.recurrent_dropout, training)

    @property
    def is_standard(self) -> bool:
        """Whether the fused operation computes this cell."""
        recurrent = getattr(self, "recurrent_activation", activations.sigmoid)
        return self.activation is activations.tanh and recurrent is activations.sigmoid


def _masked_product(x: Tensor, kernel: Tensor, masks: list[Any] | None, units: int) -> Tensor:
    """x · kernel, with x masked: once, or for each gate's columns apart."""
    if masks is None:
        return x @ kernel
    if len(masks) == 1:
        return (x * masks[0]) @ kernel
    parts = [(x * m) @ kernel[:, k * units : (k + 1) * units] for k, m in enumerate(masks)]
    return concatenate(*parts, axis=-1)


class SimpleRNNCell(Cell):
    """One step of a simple recurrent layer: activation(x W + b + h R) (Elman 1990).

    Weights: kernel (D, U), recurrent_kernel (U, U), bias (U).
    Source: https://keras.io/api/layers/recurrent_layers/simple_rnn/
    """

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed, **kwargs,
        )  # fmt: skip

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        (h,) = self._checked(states)
        projected = self._projected(inputs, training, self.bias)
        masks = self._recurrent_masks(h, training)
        output = records.simple_rnn_step(
            projected, h if masks is None else h * masks[0], self.recurrent_kernel, self.activation
        )
        return output, [output]


class LSTMCell(Cell):
    """One step of long short-term memory (Hochreiter and Schmidhuber 1997).

    Gates in the order i, f, c, o; states [h, c]. Weights: kernel (D, 4U), recurrent_kernel
    (U, 4U), bias (4U). unit_forget_bias: the forget gate's bias starts at 1.
    Source: https://keras.io/api/layers/recurrent_layers/lstm/
    """

    gates = 4
    states = 2

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = flag(self.described, "unit_forget_bias", unit_forget_bias)

    def _bias_initializer(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer

        def with_forget_gate_open(shape: Any, dtype: Any = None) -> np.ndarray:
            units = self.units
            first, rest = self.bias_initializer((units,), dtype=dtype), self.bias_initializer((2 * units,), dtype=dtype)
            return np.concatenate([first, np.ones(units, first.dtype), rest])

        return with_forget_gate_open

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        h, c = self._checked(states)
        projected = self._projected(inputs, training, self.bias)
        masks = self._recurrent_masks(h, training)
        products = _masked_product(h, self.recurrent_kernel, masks, self.units)
        h, c = records.lstm_step(projected, products, c, self.activation, self.recurrent_activation)
        return h, [h, c]


class GRUCell(Cell):
    """One step of a gated recurrent unit (Cho et al. 2014).

    Gates in the order z, r, h. reset_after: the reset gate multiplies the recurrent product (as
    cuDNN does), and the bias has two rows, for inputs and for states. Weights: kernel (D, 3U),
    recurrent_kernel (U, 3U), bias (2, 3U) or (3U).
    Source: https://keras.io/api/layers/recurrent_layers/gru/
    """

    gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = flag(self.described, "reset_after", reset_after)

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        (h,) = self._checked(states)
        input_bias, recurrent_bias = records.gru_biases(self.bias, self.reset_after)
        masks = self._recurrent_masks(h, training)
        output = records.gru_step(
            self._projected(inputs, training, input_bias), h, self.recurrent_kernel, recurrent_bias,
            self.reset_after, self.activation, self.recurrent_activation,
            None if masks is None else [h * m for m in masks],
        )  # fmt: skip
        return output, [output]


def _as_list(states: Any) -> list[Any]:
    return list(states) if isinstance(states, (list, tuple)) else [states]


class RNN(Layer):
    """Runs a cell along time: (N, T, D) -> (N, U), or (N, T, U) with `return_sequences`.

    cell: a layer with `call(inputs, states) -> (output, states)` and `state_size`.
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
        if not callable(getattr(cell, "call", None)) or not hasattr(cell, "state_size"):
            raise ArgumentError(f"{where}: expected a cell with call(inputs, states) and state_size, received {cell!r}")
        self.cell = cell
        self.return_sequences = flag(where, "return_sequences", return_sequences)
        self.return_state = flag(where, "return_state", return_state)
        self.go_backwards = flag(where, "go_backwards", go_backwards)
        self.stateful = flag(where, "stateful", stateful)
        self.unroll = flag(where, "unroll", unroll)
        self.zero_output_for_mask = flag(where, "zero_output_for_mask", zero_output_for_mask)
        self.state_size = _as_list(cell.state_size)
        self.states: list[Tensor] | None = None

    def build(self, sequences_shape: Shape) -> None:
        self.check_rank(sequences_shape, 3, None, "(N, T, D)")
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        """States of zeros for a batch."""
        if hasattr(self.cell, "get_initial_state"):
            return _as_list(self.cell.get_initial_state(batch_size))
        return [wrap(np.zeros((batch_size, n), self.compute_dtype)) for n in self.state_size]

    def reset_state(self) -> None:
        """A stateful layer starts from zeros again."""
        self.states = None

    reset_states = reset_state

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        self._check(sequences, mask)
        states = self._first_states(sequences, initial_state)
        outputs, *last = self._run(sequences, states, mask, bool(training))
        if isinstance(self.cell, Cell):
            self.cell.reset_dropout_masks()
        if self.stateful:
            self.states = [state.detach() for state in last]
        return (outputs, *last) if self.return_state else outputs

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
        batch = sequences.shape[0]
        if given is None:
            given = self.states if self.stateful and self.states is not None else self.get_initial_state(batch)
        states = [as_tensor(s).astype(self.compute_dtype) for s in _as_list(given)]
        if len(states) != len(self.state_size):
            raise ShapeError(
                f"{self.described}: expected {len(self.state_size)} initial states, received {len(states)}"
            )
        for state, size in zip(states, self.state_size, strict=True):
            if isinstance(size, int) and state.shape != (batch, size):
                hint = " A stateful layer needs batches of one size; reset_state() starts anew." * self.stateful
                raise ShapeError(
                    f"{self.described}: expected an initial state of shape {(batch, size)}, "
                    f"received {state.shape}.{hint}"
                )
        return states

    def _options(self) -> dict[str, bool]:
        return {
            "go_backwards": self.go_backwards,
            "return_sequences": self.return_sequences,
            "zero_output_for_mask": self.zero_output_for_mask,
        }

    def _run(self, sequences: Tensor, states: Sequence[Tensor], mask: Any, training: bool) -> tuple[Any, ...]:
        takes_training = isinstance(self.cell, Layer) and "training" in self.cell._call_arguments
        settings = {"training": training} if takes_training else {}

        def step(x_t: Any, before: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
            output, after = self.cell(x_t, before, **settings)
            return output, _as_list(after)

        return records.scan(step, sequences, states, mask, **self._options())

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        mask = previous_mask if self.return_sequences else None
        return [mask, *[None] * len(self.state_size)] if self.return_state else mask

    def compute_output_shape(self, input_shape: Shape) -> Any:
        size = getattr(self.cell, "output_size", None) or self.state_size[0]
        output = (*input_shape[:2], size) if self.return_sequences else (input_shape[0], size)
        return (output, *((input_shape[0], n) for n in self.state_size)) if self.return_state else output


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
