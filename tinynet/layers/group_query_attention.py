"""Attention whose heads share keys and values in groups, as in large language models."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import whole
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.activation import Softmax
from tinynet.layers.base import Shape
from tinynet.layers.multi_head_attention import MultiHeadAttention
from tinynet.layers.regularization import Dropout
from tinynet.ops.shapes import repeat


class GroupQueryAttention(MultiHeadAttention):
    """Attention of H query heads that share G heads of key and value: (N, T, D), values (N, S, E) -> (N, T, D).

    Each head attends as softmax(query · keyᵀ / √head_dim) · value, H / G of them with the same key and value.
    G = H is `MultiHeadAttention`, G = 1 is multi-query attention.

    head_dim: the features of a head. num_query_heads, num_key_value_heads: H and G; G divides H.
    The other arguments, and those of the call, are `MultiHeadAttention`'s; its inputs keep their masks.

    Raises `ShapeError` for inputs or masks that do not fit together.
    Source: Ainslie et al. 2023; https://keras.io/api/layers/attention_layers/group_query_attention/

    >>> import numpy as np
    >>> x = np.ones((2, 5, 8), "float32")
    >>> GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (2, 5, 8)
    """

    newer = {"use_gate": False, "sliding_window": None, "seed": None}
    keras_class = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
        owner = type(self).__name__
        self.head_dim = whole(owner, "head_dim", head_dim)
        self.num_query_heads = whole(owner, "num_query_heads", num_query_heads)
        self.num_key_value_heads = whole(owner, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ArgumentError(
                f"{owner}: expected num_key_value_heads to divide num_query_heads, received {num_key_value_heads} "
                f"and {num_query_heads}"
            )
        super().__init__(
            num_query_heads, head_dim, dropout=dropout, use_bias=use_bias, sliding_window=sliding_window,
            flash_attention=flash_attention, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, use_gate=use_gate, seed=seed, **kwargs,
        )  # fmt: skip
        self.activity_regularizer = self._of_projections  # of the result, too, as in Keras

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        self._check(query_shape, value_shape, key_shape)
        self.attention_axes = (1,)
        own, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self._query_dense = self._projection("query", query_shape, 1, own)
        self._key_dense = self._projection("key", key_shape, 1, shared)
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, 1, own, activation="sigmoid")
        self._value_dense = self._projection("value", value_shape, 1, shared)
        self._equations(4)
        self._softmax = Softmax(axis=-1, dtype=self.dtype)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype)
        self._output_dense = self._projection("attention_output", (*query_shape[:-1], *own), 2, query_shape[-1:])

    def _check(self, query: Shape, value: Shape, key: Shape) -> None:
        for shape in (query, value, key):
            self.check_rank(shape, 3, 3, "(N, T, D)")
        super()._check(query, value, key)

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
        query_mask = mask_of(query) if query_mask is None else query_mask
        query, value, key = (x[:] for x in (query, value, key))  # without masks, which the projections would drop
        gate = self._gate_dense(query) if self.use_gate else None
        shown = self._shown(query.shape[1], value.shape[1], query_mask, value_mask, key_mask, attention_mask,
                            use_causal_mask)  # fmt: skip
        times = self.num_query_heads // self.num_key_value_heads
        key, value = (repeat(part, times, axis=2) for part in (self._key_dense(key), self._value_dense(value)))
        output, weights = self._attended(
            self._query_dense(query), key, value, shown, return_attention_scores, training
        )
        output = self._output_dense(output if gate is None else output * gate)
        return (output, weights) if return_attention_scores else output

    def compute_output_shape(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> Shape:
        if query_shape[-1] != value_shape[-1]:
            raise ShapeError(
                f"{self.described}: expected query and value with one size of the last axis, received shapes "
                f"{query_shape} and {value_shape}"
            )
        return super().compute_output_shape(query_shape, value_shape, key_shape)
