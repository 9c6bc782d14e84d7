"""Recurrent layers whose states are images: LSTMs with convolutions in the place of products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, one_of, wholes
from tinynet.autograd import Tensor
from tinynet.autograd.tensor import wrap
from tinynet.autograd.tracing import fixed
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Shape
from tinynet.layers.cells import LSTMCell, as_list
from tinynet.layers.convolution import spatial_output
from tinynet.layers.parameters import add_weight
from tinynet.layers.recurrent import RNN
from tinynet.ops.shapes import split
from tinynet.ops.windows import conv
from tinynet.primitives.shapes import concatenate


class ConvLSTMCell(LSTMCell):
    """One step of a convolutional LSTM: an `LSTMCell` whose inputs and states are images (Shi et al. 2015).

    Inputs (N, *spatial, C), states h and c (N, *out, F). The inputs are convolved as the arguments say, the states
    with steps of 1 and 'same' padding. Weights: kernel (*window, C, 4F), recurrent_kernel (*window, F, 4F), bias (4F).

    rank: the number of spatial axes, 1 to 3.
    """

    seed_comes_first = True

    def __init__(
        self,
        filters: int,
        rank: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, **kwargs)
        where = self.described
        self.rank = one_of(where, "rank", rank, (1, 2, 3))
        self.filters = self.units
        self.kernel_size = wholes(where, "kernel_size", kernel_size, rank)
        self.strides = wholes(where, "strides", strides, rank)
        self.padding = one_of(where, "padding", str(padding).lower(), ("valid", "same"))
        self.data_format = data_format_of(where, data_format)
        self.dilation_rate = wholes(where, "dilation_rate", dilation_rate, rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(f"{where}: strides and dilation_rate cannot both exceed 1")
        self.state_size = [None, None]  # known when the images are

    @property
    def _channels(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, self.rank + 2, self.rank + 2, f"of {self.rank + 2} axes at each step")
        if None in input_shape[1:]:
            raise ShapeError(f"{self.described}: the sizes of images must be known, received {input_shape}")
        columns = 4 * self.filters
        self.kernel = add_weight(self, "kernel", (*self.kernel_size, int(input_shape[self._channels] or 0), columns))
        self.recurrent_kernel = add_weight(
            self, "recurrent", (*self.kernel_size, self.filters, columns), name="recurrent_kernel"
        )
        if self.use_bias:
            self.bias = add_weight(self, "bias", (columns,), initializer=self._bias_initializer())

    def state_shape(self, input_shape: Shape) -> Shape:
        """The shape of a state, and of the output, for inputs of a shape."""
        first = self.data_format == "channels_first"
        spatial = spatial_output(
            input_shape[2:] if first else input_shape[1:-1], self.kernel_size, self.strides, self.dilation_rate,
            self.padding,
        )  # fmt: skip
        return (input_shape[0], self.filters, *spatial) if first else (input_shape[0], *spatial, self.filters)

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        shape = (batch_size, *(n or 0 for n in self.state_shape(self._build_input_shape)[1:]))
        return [wrap(fixed(np.zeros(shape, self.compute_dtype))) for _ in range(2)]

    def _checked(self, states: Any) -> list[Any]:
        states = as_list(states)
        shape = self.state_shape(self._build_input_shape)[1:]
        if len(states) != 2 or any(np.shape(state)[1:] != shape for state in states):
            raise ShapeError(
                f"{self.described}: expected two states of shape (N, {', '.join(map(str, shape))}), received "
                f"{[np.shape(state) for state in states]}"
            )
        return states

    @property
    def _mask_count(self) -> int:
        return self.gates

    def _convolved(self, x: Any, kernel: Any, masks: list[Any] | None, **settings: Any) -> Tensor:
        """x convolved, for each gate with a mask of its own where there are masks."""
        settings["data_format"] = self.data_format
        if masks is None:
            return conv(x, kernel, **settings)
        parts = split(kernel, self.gates, axis=-1)
        found = [conv(x * mask, part, **settings) for mask, part in zip(masks, parts, strict=True)]
        joined: Tensor = concatenate(*found, axis=self._channels % (self.rank + 2))
        return joined

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        h, c = self._checked(states)
        z = self._convolved(
            inputs, self.kernel, self.input_mask(inputs, training), strides=self.strides,
            padding=self.padding, dilation_rate=self.dilation_rate,
        )  # fmt: skip
        if self.use_bias:
            last = self.data_format == "channels_last"
            z = z + (self.bias if last else self.bias.reshape(-1, *[1] * self.rank))
        masks = self._recurrent_masks(h, training)
        z = z + self._convolved(h, self.recurrent_kernel, masks, padding="same")
        i, f, g, o = split(z, 4, axis=self._channels)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


class ConvLSTM(RNN):
    """What the convolutional LSTMs of one, two and three spatial axes share: `RNN` around a `ConvLSTMCell`."""

    casts_integers = True
    writes_activity_regularizer = True
    rank = 0

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        known = (*ConvLSTMCell.config_keys(), *LSTMCell.config_keys())
        of_cell = {key: value for key, value in locals().items() if key in known}
        cell = ConvLSTMCell(rank=self.rank, **of_cell, dtype=kwargs.get("dtype"), name="conv_lstm_cell")
        super().__init__(
            cell, return_sequences=return_sequences, return_state=return_state, go_backwards=go_backwards,
            stateful=stateful, unroll=unroll, zero_output_for_mask=zero_output_for_mask,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and "cell" in self.__dict__ and name in self.config_keys():
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def build(self, sequences_shape: Shape) -> None:
        rank = self.cell.rank + 3
        self.check_rank(sequences_shape, rank, rank, f"of {rank} axes, (N, T, …)")
        super().build(sequences_shape)

    def _check(self, sequences: Tensor, mask: Any) -> None:
        super()._check(sequences, mask)
        built = self._build_input_shape[2:]
        if sequences.shape[2:] != built:
            raise ShapeError(
                f"{self.described}: expected images of shape {built}, received {sequences.shape[2:]}"
            )

    def compute_output_shape(self, input_shape: Shape) -> Any:
        state = self.cell.state_shape((input_shape[0], *input_shape[2:]))
        output = (*input_shape[:2], *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output


class ConvLSTM1D(ConvLSTM):
    """Convolutional LSTM over sequences of signals: (N, T, L, C) -> (N, L', F), or (N, T, L', F) (Shi et al. 2015).

    filters: F. kernel_size, strides, padding, data_format, dilation_rate: of the convolution of the inputs;
        that of the states has the same window, 'same' padding and steps of 1.
    The other arguments are `LSTM`'s; images must have the size that the layer was built for.

    Source: https://keras.io/api/layers/recurrent_layers/conv_lstm1d/

    >>> ConvLSTM1D(4, 3, padding="same")(np.ones((2, 3, 5, 1), "float32")).shape
    (2, 5, 4)
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """Convolutional LSTM over sequences of images: (N, T, H, W, C) -> (N, H', W', F), or with T (Shi et al. 2015).

    filters: F. kernel_size, strides, padding, data_format, dilation_rate: of the convolution of the inputs;
        that of the states has the same window, 'same' padding and steps of 1.
    The other arguments are `LSTM`'s; images must have the size that the layer was built for.

    Source: https://keras.io/api/layers/recurrent_layers/conv_lstm2d/

    >>> ConvLSTM2D(4, 3, padding="same")(np.ones((2, 3, 5, 5, 1), "float32")).shape
    (2, 5, 5, 4)
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """Convolutional LSTM over volumes in sequence: (N, T, D, H, W, C) -> (N, D', H', W', F), or with T (Shi et al. 2015).

    filters: F. kernel_size, strides, padding, data_format, dilation_rate: of the convolution of the inputs;
        that of the states has the same window, 'same' padding and steps of 1.
    The other arguments are `LSTM`'s; images must have the size that the layer was built for.

    Source: https://keras.io/api/layers/recurrent_layers/conv_lstm3d/

    >>> ConvLSTM3D(4, 3, padding="same")(np.ones((2, 3, 2, 4, 4, 1), "float32")).shape
    (2, 2, 4, 4, 4)
    """

    rank = 3
