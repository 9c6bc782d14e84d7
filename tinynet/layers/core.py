"""The layers every model has: inputs, dense layers, activations, tables of vectors, masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import activations, constraints, initializers, regularizers
from tinynet.arguments import flag, number, whole
from tinynet.autograd import Tensor
from tinynet.autograd.tensor import constant
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.ops import any as any_
from tinynet.ops import not_equal
from tinynet.ops.symbolic import KerasTensor, Node
from tinynet.primitives.linalg import dense, dense_relu
from tinynet.primitives.lookup import embedding


class InputLayer(Layer):
    """The shape and dtype of what a model takes; it computes nothing.

    shape: without the batch axis; None for a size that may vary.
    batch_size, batch_shape: the batch axis, where it is fixed.

    Source: https://keras.io/api/layers/core_layers/input/
    """

    replayable = True
    dtypes = (
        "float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "string",
    )  # fmt: skip
    inert_config = {"sparse": (False, None), "ragged": (False, None), "optional": (False, None)}

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (shape is None) == (batch_shape is None):
            raise ArgumentError("Input: expected either shape or batch_shape")
        if batch_size is not None and batch_shape is not None:
            raise ArgumentError("Input: batch_shape has the size of the batch already; leave batch_size out")
        given = (batch_size, *_sizes(shape)) if shape is not None else _sizes(batch_shape)
        for n in given:
            if n is not None:
                whole(f"Input {self.name!r}", "every axis of the shape", n, minimum=0)
        self.batch_shape: Shape = given
        self._build_at_init()
        Node(self, (), {}, KerasTensor(given, self.dtype, self.name))

    @classmethod
    def config_keys(cls) -> list[str]:
        return ["batch_shape"]

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": list(self.batch_shape), "dtype": self.dtype, "name": self.name}

    def call(self, inputs: Any = None) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.batch_shape


def _sizes(shape: Any) -> Shape:
    if not isinstance(shape, (list, tuple)):
        raise ArgumentError(f"Input: expected a shape such as (28, 28, 1), received {shape!r}")
    return tuple(shape)


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    **kwargs: Any,
) -> KerasTensor:
    """What a model takes: a symbolic tensor for layers to be called on, or the first item of a `Sequential`.

    shape: without the batch axis; None for a size that may vary.
    batch_size, batch_shape: the batch axis, where it is fixed.

    Source: https://keras.io/api/layers/core_layers/input/

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    layer = InputLayer(shape=shape, batch_size=batch_size, dtype=dtype, batch_shape=batch_shape, name=name, **kwargs)
    return layer._inbound_nodes[0].outputs[0]


class Dense(Layer):
    """activation(x · kernel + bias) over the last axis: (N, …, D) -> (N, …, U).

    units: the size U of the result's last axis.
    activation: a name or function; None is linear.
    The other arguments are Keras's. Weights: kernel (D, U), bias (U).

    Raises `ShapeError` when the last axis is not the one it was built for.
    Source: https://keras.io/api/layers/core_layers/dense/

    >>> Dense(2, kernel_initializer="ones")(np.ones((1, 3), "float32")).numpy()
    array([[3., 3.]], dtype=float32)
    """

    replayable = True
    casts_integers = True
    supports_masking = True
    inert_config = {"quantization_config": (None,)}

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = whole(self.described, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = flag(self.described, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, D)")
        if input_shape[-1] is None:
            raise ShapeError(f"{self.described}: the size of the last axis must be known, received {input_shape}")
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, regularizer=self.bias_regularizer,
                constraint=self.bias_constraint, name="bias",
            )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        self.check_last_axis(inputs.shape, self.kernel.shape[0])
        if self.activation is activations.relu:
            return dense_relu(inputs, self.kernel, self.bias)
        output = dense(inputs, self.kernel, self.bias)
        return output if self.activation is None else self.activation(output)  # None may be set afterwards

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.built and input_shape[-1] is not None:
            self.check_last_axis(input_shape, self.kernel.shape[0])
        return activations.output_shape(self.activation, (*input_shape[:-1], self.units))


class Activation(Layer):
    """A function, element by element or along the last axis, as a layer.

    >>> Activation("relu")(np.array([[-1.0, 2.0]], "float32")).numpy()
    array([[0., 2.]], dtype=float32)
    """

    replayable = True
    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return activations.output_shape(self.activation, input_shape)


class Embedding(Layer):
    """A vector for each integer: (N, T) integers in [0, input_dim) -> (N, T, output_dim).

    mask_zero: 0 is padding; later layers get a mask of the other positions.
    weights: first values of the table, e.g. pretrained vectors: an array (input_dim, output_dim)
        or a list of one.
    Weight: embeddings (input_dim, output_dim).

    Raises `DataError` for an integer outside the table.
    Source: https://keras.io/api/layers/core_layers/embedding/

    >>> Embedding(3, 2, weights=np.eye(3, 2))(np.array([[1]])).numpy()
    array([[[0., 1.]]], dtype=float32)
    """

    replayable = True
    casts_inputs = False
    writes_activity_regularizer = True
    inert_config = {"quantization_config": (None,), "input_length": (None,)}

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # Keras accepts and ignores it
        super().__init__(**kwargs)
        self.input_dim = whole(self.described, "input_dim", input_dim)
        self.output_dim = whole(self.described, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = flag(self.described, "mask_zero", mask_zero)
        self.makes_masks = self.supports_masking = self.mask_zero
        self.embeddings: Any = None
        if weights is not None:
            self._start_from(weights[0] if isinstance(weights, (list, tuple)) else weights)

    def _start_from(self, table: Any) -> None:
        """Makes the table and sets its first values, such as pretrained vectors."""
        self.build(None)
        if np.shape(table) != self.embeddings.shape:
            raise ShapeError(
                f"{self.described}: weights must have shape {self.embeddings.shape} "
                f"(input_dim, output_dim), received {np.shape(table)}"
            )
        self.embeddings.assign(table)

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key != "weights"]

    def build(self, input_shape: Any) -> None:
        if self.embeddings is None:
            self.embeddings = self.add_weight(
                (self.input_dim, self.output_dim), self.embeddings_initializer,
                regularizer=self.embeddings_regularizer, constraint=self.embeddings_constraint, name="embeddings",
            )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.dtype.kind == "f":
            inputs = constant(_whole, inputs, below=self.input_dim)
        rows = embedding(self.embeddings, inputs)
        return rows.astype(self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_dtype(self, input_dtype: str) -> str:
        return self.compute_dtype

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)


def _whole(ids: np.ndarray, below: int) -> np.ndarray:
    """Ids that came as fractions, rounded towards zero as in Keras; raises `DataError` for what is no number of a row."""
    if not np.isfinite(ids).all():
        raise DataError("the indices hold NaN or infinity")
    if (np.abs(ids) >= 2**31).any():
        raise DataError(f"index {ids[np.abs(ids) >= 2**31][0]} is not in [0, {below})")
    return ids.astype(np.int32)


class Masking(Layer):
    """Hides time steps in which all D features equal `mask_value`: (N, T, D) with a mask (N, T).

    Hidden steps are also set to 0, as in Keras.
    """

    replayable = True
    supports_masking = True
    makes_masks = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = number(self.described, "mask_value", mask_value)
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * self.compute_mask(inputs, None)[..., None]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return any_(not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class Identity(Layer):
    """The input as it is.

    Source: https://keras.io/api/layers/core_layers/identity/

    >>> Identity()(np.array([1.0], "float32")).numpy()
    array([1.], dtype=float32)
    """

    replayable = True
    supports_masking = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
