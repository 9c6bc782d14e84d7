"""Attention of several heads, each with projections of its own, as in transformers."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import regularizers
from tinynet.arguments import flag, fraction, whole
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.catalogue import Config, serialize
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.activation import Softmax
from tinynet.layers.base import Layer, Shape
from tinynet.layers.einsum_dense import EinsumDense
from tinynet.layers.parameters import keep_settings
from tinynet.layers.regularization import Dropout
from tinynet.ops.symbolic import KerasTensor
from tinynet.primitives.arithmetic import where
from tinynet.primitives.classification import softmax
from tinynet.primitives.linalg import einsum

LETTERS = string.ascii_lowercase
MOST_AXES = 11  # for which there are letters enough


class MultiHeadAttention(Layer):
    """Attention of H heads: queries (N, T, D), values (N, S, E) -> (N, T, D).

    Every head has projections of query, key and value to key_dim, key_dim and value_dim features, and
    attends as softmax(query · keyᵀ / √key_dim) · value; the heads' results are projected to the output.

    num_heads, key_dim, value_dim: H and the features of a head; value_dim is key_dim without it.
    dropout: of the attention's weights, in training. seed: of its random numbers.
    use_bias: whether the projections have biases.
    output_shape: sizes of the result's last axes instead of D.
    attention_axes: the axes to attend over; all but the batch and the features without them.
    sliding_window: each step sees only those less than so many steps away.
    use_gate: a projection of the query, through a sigmoid, multiplies what each head gives.
    flash_attention: not supported, None or False.
    The other arguments are Keras's, for each projection.

    Called on query, value and, where it is not the value, key. Further arguments of the call:
    attention_mask (N, T, S) says what may be attended to, as do the masks that value and key carry and
    use_causal_mask; return_attention_scores gives the weights (N, H, T, S), too.
    As Keras, the call takes the masks off its inputs.
    Layers inside: query_dense, key_dense, value_dense, output_dense.

    Raises `ShapeError` for inputs or masks that do not fit together.
    Source: Vaswani et al. 2017; https://keras.io/api/layers/attention_layers/multi_head_attention/

    >>> x = np.ones((2, 5, 8), "float32")
    >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (2, 5, 8)
    """

    newer = {"use_gate": False, "sliding_window": None}
    supports_masking = True
    attention_axes: Any
    # Set by keep_settings.
    kernel_initializer: Any
    kernel_regularizer: Any
    kernel_constraint: Any
    bias_initializer: Any
    bias_regularizer: Any
    bias_constraint: Any

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = self.described
        self.num_heads = whole(owner, "num_heads", num_heads)
        self.key_dim = whole(owner, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else whole(owner, "value_dim", value_dim)
        self.dropout = fraction(owner, "dropout", dropout)
        self.use_bias = flag(owner, "use_bias", use_bias)
        self.use_gate = flag(owner, "use_gate", use_gate)
        self.output_shape = None if output_shape is None else self._wholes("output_shape", output_shape, 1)
        self.attention_axes = attention_axes
        if attention_axes is not None:
            self.attention_axes = self._wholes("attention_axes", attention_axes, -MOST_AXES)
        self.sliding_window = None if sliding_window is None else whole(owner, "sliding_window", sliding_window)
        if flash_attention:
            raise ArgumentError(f"{owner}: flash_attention={flash_attention!r} is not supported")
        self.seed = seed
        keep_settings(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_settings(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self._of_projections = regularizers.get(activity_regularizer)

    def _wholes(self, name: str, value: Any, minimum: int) -> tuple[int, ...]:
        given = value if isinstance(value, (list, tuple)) else (value,)
        return tuple(whole(self.described, f"each of {name}", n, minimum) for n in given)

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key != "flash_attention"]

    def get_config(self) -> Config:
        return {**super().get_config(), "activity_regularizer": serialize(self._of_projections)}

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        self._check(query_shape, value_shape, key_shape)
        rank = len(query_shape)
        self.attention_axes = self._axes(rank)
        heads = (self.num_heads, self.key_dim)
        of_values = (self.num_heads, self.value_dim)
        self.query_dense = self._projection("query", query_shape, 1, heads)
        self.key_dense = self._projection("key", key_shape, 1, heads)
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, 1, of_values, activation="sigmoid")
        self.value_dense = self._projection("value", value_shape, 1, of_values)
        self._equations(rank + 1)
        several = len(self.attention_axes)
        self._softmax = Softmax(axis=list(range(rank, rank + several)), dtype=self.dtype)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype)
        outputs = self.output_shape or (query_shape[-1],)
        self.output_dense = self._projection("attention_output", (*query_shape[:-1], *of_values), 2, outputs)

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes to attend over, counted from the front."""
        if self.attention_axes is None:
            return tuple(range(1, rank - 1))
        axes = tuple(axis if axis >= 0 else rank + axis for axis in self.attention_axes)
        if not axes or len(set(axes)) < len(axes) or not all(0 < axis < rank - 1 for axis in axes):
            raise ArgumentError(
                f"{self.described}: expected attention_axes among 1 to {rank - 2}, between batch and features, "
                f"received {self.attention_axes}"
            )
        return axes

    def _projection(self, name: str, shape: Shape, bound: int, new: Any, activation: Any = None) -> EinsumDense:
        """A dense layer from the last `bound` axes to new ones, built."""
        free = len(shape) - bound
        kept, summed = LETTERS[:free], LETTERS[free : free + bound]
        made = LETTERS[free + bound : free + bound + len(new)]
        layer = EinsumDense(
            f"{kept}{summed},{summed}{made}->{kept}{made}", (None,) * (free - 1) + tuple(new), activation,
            made if self.use_bias else None, _again(self.kernel_initializer), _again(self.bias_initializer),
            self.kernel_regularizer, self.bias_regularizer, self.kernel_constraint, self.bias_constraint,
            activity_regularizer=self._of_projections, name=name, dtype=self.dtype,
        )  # fmt: skip
        layer.build(shape)
        return layer

    def _equations(self, rank: int) -> None:
        """The products of query and key, and of weights and value, for projections of so many axes."""
        of_query = LETTERS[:rank]
        fresh = iter(LETTERS[rank:])
        of_key = "".join(next(fresh) if axis in self.attention_axes else c for axis, c in enumerate(of_query))
        alone = [c for axis, c in enumerate(of_query[:-1]) if axis not in self.attention_axes]
        both = (term[axis] for term in (of_query, of_key) for axis in self.attention_axes)
        of_scores = "".join([*alone, *both])
        self._scores_equation = f"{of_key},{of_query}->{of_scores}"
        self._result_equation = f"{of_scores},{of_key}->{of_query}"

    def _check(self, query: Shape, value: Shape, key: Shape) -> None:
        """Raises `ShapeError` unless the inputs fit together."""
        for shape in (query, value, key):
            self.check_rank(shape, 3, MOST_AXES, "(N, …, T, D)")
        rank = len(query)
        if len(value) != rank or len(key) != rank:
            raise ShapeError(
                f"{self.described}: query, value and key need equally many axes, received {query}, {value} and {key}"
            )
        axes = self._axes(rank)
        same = [*zip(value[:-1], key[:-1], strict=True)]
        same += [(query[axis], key[axis]) for axis in range(rank - 1) if axis not in axes]
        if any(n != m and None not in (n, m) for n, m in same):
            raise ShapeError(
                f"{self.described}: value and key may differ in their last axes only, the query from them in the axes "
                f"{axes} too; received query {query}, value {value} and key {key}"
            )

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        self._check(query.shape, value.shape, key.shape)
        query_mask = mask_of(query)  # as Keras, whatever was passed
        for x in (query, value, key):
            set_mask(x, None)
        gate = self._gate_dense(query) if self.use_gate else None
        shown = self._shown(query.shape[1], value.shape[1], query_mask, value_mask, key_mask, attention_mask,
                            use_causal_mask)  # fmt: skip
        query, key, value = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        output, weights = self._attended(query, key, value, shown, return_attention_scores, training)
        output = self.output_dense(output if gate is None else output * gate)
        if query_mask is not None:
            set_mask(output, query_mask)
        return (output, weights) if return_attention_scores else output

    def _attended(
        self, query: Tensor, key: Tensor, value: Tensor, shown: Any, return_weights: bool, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """What each head makes of its projections, and the weights by which it does."""
        scores = einsum(key, query * (1 / math.sqrt(self.key_dim)), subscripts=self._scores_equation)
        shown = self._fitted(shown, scores.shape)
        if self.dropout or return_weights or query.ndim != 4:
            weights = self._softmax(scores, mask=shown)
        else:
            # Keras's shorter way, by which a step that sees nothing takes the mean of all, not 0.
            weights = softmax(scores if shown is None else where(shown, scores, _lowest(scores.dtype)), axis=-1)
        used = self._dropout_layer(weights, training=training) if self.dropout else weights
        return einsum(used, value, subscripts=self._result_equation), weights

    def _shown(
        self, steps: int, others: int, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any,
        use_causal_mask: bool,
    ) -> Any:  # fmt: skip
        """Which steps of the key each step of the query sees: (N, T, S), or what broadcasts to it; None for all."""
        masks = [] if query_mask is None else [np.expand_dims(np.asarray(query_mask, bool), -1)]
        masks += [np.expand_dims(np.asarray(m, bool), -2) for m in (value_mask, key_mask) if m is not None]
        if use_causal_mask:
            masks.append(np.tri(steps, others)[None] > 0)
        if self.sliding_window is not None:
            distance = np.abs(np.arange(steps)[:, None] - np.arange(others))
            masks.append((distance < self.sliding_window)[None])
        if attention_mask is not None:
            masks.append(np.asarray(attention_mask, bool))
        try:
            return np.logical_and.reduce(np.broadcast_arrays(*masks)) if masks else None
        except ValueError as error:
            shapes = [mask.shape for mask in masks]
            raise ShapeError(f"{self.described}: masks of shapes {shapes} do not fit together") from error

    def _fitted(self, mask: Any, shape: tuple[int, ...]) -> Any:
        """The mask with axes for the heads, if it then broadcasts to the scores."""
        if mask is None:
            return None
        wide = mask
        try:
            for _ in range(len(shape) - mask.ndim):
                wide = np.expand_dims(wide, -2 * len(self.attention_axes) - 1)
            np.broadcast_to(wide, shape)
        except ValueError as error:
            raise ShapeError(
                f"{self.described}: a mask of shape {mask.shape} does not fit the attention's weights, {shape}"
            ) from error
        return wide

    def compute_output_shape(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> Shape:
        self._check(tuple(query_shape), tuple(value_shape), tuple(key_shape or value_shape))
        return (*query_shape[:-1], *(self.output_shape or query_shape[-1:]))

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        output = super().compute_output_spec(inputs, *args, **kwargs)
        if not kwargs.get("return_attention_scores"):
            return output
        others = self._other_tensors(args, kwargs)
        key = others.get("key", others["value"])
        of_key, of_query, of_scores = self._scores_equation.replace("->", ",").split(",")
        sizes = dict(zip(of_key, key.shape[:-1], strict=False))
        sizes.update(zip(of_query, (*inputs.shape[:-1], self.num_heads), strict=False))
        return output, KerasTensor([sizes[c] for c in of_scores], output.dtype)


def _again(initializer: Any) -> Any:
    """An initializer of the same settings, which without a seed draws other numbers."""
    if not hasattr(initializer, "get_config"):
        return initializer
    return type(initializer).from_config(initializer.get_config())


def _lowest(dtype: Any) -> float:
    return float(np.finfo(dtype).max) * -0.7
