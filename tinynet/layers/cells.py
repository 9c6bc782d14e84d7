"""Recurrent cells: one step of a recurrent layer, with its weights and dropout masks."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinynet import activations
from tinynet.arguments import flag, fraction, whole
from tinynet.autograd import Tensor
from tinynet.autograd.tensor import wrap
from tinynet.autograd.tracing import at_each_replay, fixed
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.primitives import recurrent as records
from tinynet.primitives.shapes import concatenate
from tinynet.seeds import SeedGenerator


class Cell(Layer):
    """Base of the recurrent cells: settings, weights and dropout masks.

    A cell is called with inputs (N, D) and a list of states, and returns its output (N, U) and
    the new states. `gates` is how many blocks of U columns its kernels have.
    """

    casts_integers = True
    seed_comes_first = False  # before those of the initializers, in the order of Keras's cells
    gates = 1
    states = 1
    bias_initializer: Any

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
        self.seed = seed
        if self.seed_comes_first:
            self.seed_generator = SeedGenerator(seed)
        self.units = whole(where, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = flag(where, "use_bias", use_bias)
        keep_settings(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_settings(self, "recurrent", recurrent_initializer, recurrent_regularizer, recurrent_constraint)
        keep_settings(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.dropout = fraction(where, "dropout", dropout)
        self.recurrent_dropout = fraction(where, "recurrent_dropout", recurrent_dropout)
        if not self.seed_comes_first:
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
        self.kernel = add_weight(self, "kernel", (depth, columns))
        self.recurrent_kernel = add_weight(self, "recurrent", (self.units, columns), name="recurrent_kernel")
        if self.use_bias:
            self.bias = add_weight(self, "bias", self._bias_shape(), initializer=self._bias_initializer())

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        """States of zeros for a batch."""
        return [wrap(fixed(np.zeros((batch_size, self.units), self.compute_dtype))) for _ in range(self.states)]

    def reset_dropout_masks(self) -> None:
        """Forgets the dropout masks: they are drawn once for all steps of a sequence."""
        self._masks.clear()

    @property
    def _mask_count(self) -> int:
        """How many masks there are of the inputs, or of the states."""
        return self.gates if self.recurrent_dropout > 0 else 1

    def skip_dropout_masks(self) -> None:
        """Passes over the draws of masks that a sequence takes in training: Keras makes them in prediction, too."""
        kinds = sum(0 < rate < 1 for rate in (self.dropout, self.recurrent_dropout))
        if kinds:
            at_each_replay(functools.partial(self.seed_generator.skip, kinds * self._mask_count))

    def _dropout_masks(self, kind: str, like: Tensor, rate: float, training: bool) -> list[Any] | None:
        """A mask for each gate, or one for all: (N, ·) of 0 and 1/(1 − rate)."""
        if not training or not 0 < rate < 1:
            return None
        if kind not in self._masks:
            draw = functools.partial(self._dropout_mask, like.shape, rate, like.dtype)
            self._masks[kind] = [wrap(at_each_replay(draw)) for _ in range(self._mask_count)]
        return self._masks[kind]

    def _dropout_mask(self, shape: tuple[int, ...], rate: float, dtype: np.dtype) -> np.ndarray:
        return self.seed_generator.keep_mask(shape, rate, dtype) * dtype.type(1 / (1 - rate))

    def input_mask(self, inputs: Tensor, training: bool) -> list[Any] | None:
        """The masks of the inputs: one, or one a gate with recurrent dropout."""
        return self._dropout_masks("input", inputs, self.dropout, training)

    def _checked(self, states: Any) -> list[Any]:
        """The states as a list, if they are as many as the cell has, each (N, U)."""
        states = as_list(states)
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

    replayable = True
    seed_comes_first = True

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

    replayable = True
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

    replayable = True
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
        projected = self._projected(inputs, training, input_bias)  # whose masks are drawn before those of the state
        masks = self._recurrent_masks(h, training)
        output = records.gru_step(
            projected, h, self.recurrent_kernel, recurrent_bias,
            self.reset_after, self.activation, self.recurrent_activation,
            None if masks is None else [h * m for m in masks],
        )  # fmt: skip
        return output, [output]


class StackedRNNCells(Layer):
    """Cells one on another as one cell: each has the output of the one before it as its input.

    cells: the cells, from the input on. States are a list with the states of each cell.
    Weights: those of the cells.

    Source: https://keras.io/api/layers/recurrent_layers/stacked_rnn_cell/

    >>> cell = StackedRNNCells([LSTMCell(3), GRUCell(2)])
    >>> output, states = cell(np.ones((1, 4), "float32"), cell.get_initial_state(1))
    >>> output.shape, [[state.shape for state in part] for part in states]
    ((1, 2), [[(1, 3), (1, 3)], [(1, 2)]])
    """

    casts_integers = True

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        from tinynet.layers import deserialize

        super().__init__(**kwargs)
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ArgumentError(f"{self.described}: expected a list of cells, received {cells!r}")
        cells = [deserialize(cell) if isinstance(cell, dict) else cell for cell in cells]
        for cell in cells:
            check_cell(self.described, cell)
        self.cells = cells

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size U of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """States of zeros for a batch, a list for each cell."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def reset_dropout_masks(self) -> None:
        """Forgets the dropout masks of all cells."""
        for cell in self.cells:
            if hasattr(cell, "reset_dropout_masks"):
                cell.reset_dropout_masks()

    def skip_dropout_masks(self) -> None:
        """Passes over the draws of all cells that a sequence takes in training."""
        for cell in self.cells:
            if hasattr(cell, "skip_dropout_masks"):
                cell.skip_dropout_masks()

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        if not isinstance(states, (list, tuple)) or len(states) != len(self.cells):
            raise ShapeError(
                f"{self.described}: expected a list with the states of each of {len(self.cells)} cells, received "
                f"{len(states) if isinstance(states, (list, tuple)) else type(states).__name__}"
            )
        after = []
        for cell, before in zip(self.cells, states, strict=True):
            inputs, new = stepped(cell, inputs, as_list(before), training)
            after.append(as_list(new))
        return inputs, after


def check_cell(where: str, cell: Any) -> None:
    """Raises `ArgumentError` for what is no cell."""
    if not callable(getattr(cell, "call", None)) or not hasattr(cell, "state_size"):
        raise ArgumentError(f"{where}: expected a cell with call(inputs, states) and state_size, received {cell!r}")


def output_size(cell: Any) -> int:
    """The size of a cell's output: its first state's, where it does not say."""
    return getattr(cell, "output_size", None) or as_list(cell.state_size)[0]


def initial_state(cell: Any, batch_size: int, dtype: str) -> list[Any]:
    """A cell's states of zeros, as a list."""
    if hasattr(cell, "get_initial_state"):
        return as_list(cell.get_initial_state(batch_size))
    return [wrap(fixed(np.zeros((batch_size, n), dtype))) for n in as_list(cell.state_size)]


def stepped(cell: Any, inputs: Any, states: list[Any], training: bool) -> Any:
    """A cell's output and new states; it is told about training where it asks."""
    settings = {}
    if isinstance(cell, Layer) and "training" in cell._call_arguments:
        settings["training"] = training
    return (cell if callable(cell) else cell.call)(inputs, states, **settings)


def as_list(states: Any) -> list[Any]:
    """States as a list, also where there is one that stands alone."""
    return list(states) if isinstance(states, (list, tuple)) else [states]
