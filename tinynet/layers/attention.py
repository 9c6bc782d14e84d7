"""Attention of one head: each step of a query takes a mean of values, weighed by how well their keys match."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import flag, fraction, one_of
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.ops import convert_to_tensor
from tinynet.ops.symbolic import KerasTensor
from tinynet.primitives.arithmetic import where
from tinynet.primitives.classification import softmax
from tinynet.primitives.linalg import matmul
from tinynet.primitives.lookup import dropout as dropped
from tinynet.seeds import SeedGenerator

HIDDEN = 1e9  # taken off the scores of what a mask hides


class Attention(Layer):
    """softmax(query · keyᵀ) · value: queries (N, T, D), values (N, S, E), keys (N, S, D) -> (N, T, E).

    use_scale: a learned factor of the scores.
    score_mode: 'dot', or 'concat' for w Σ tanh(query + key) with a learned w.
    dropout: of the weights, in training. seed: of its random numbers.

    Called on a list of query and value, and of a key, which without one is the value. `mask` is a list
    of query mask (N, T), whose hidden steps come out as 0, and value mask (N, S). Further arguments of
    the call: return_attention_scores also gives the weights (N, T, S); use_causal_mask hides from each
    step what comes after it. Weights: scale (), concat_score_weight ().

    Raises `ShapeError` for inputs that are no such list, or do not fit together.
    Source: Luong et al. 2015; https://keras.io/api/layers/attention_layers/attention/

    >>> x = np.eye(2, dtype="float32")[None]
    >>> Attention()([x, x]).numpy().round(2)
    array([[[0.73, 0.27],
            [0.27, 0.73]]], dtype=float32)
    """

    supports_masking = True
    casts_integers = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = flag(self.described, "use_scale", use_scale)
        self.score_mode = one_of(self.described, "score_mode", score_mode, ("dot", "concat"))
        self.dropout = fraction(self.described, "dropout", dropout)
        self.seed = seed
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _check(self, shapes: Any) -> tuple[Shape, Shape, Shape]:
        """The shapes of query, value and key, if they fit together."""
        if not isinstance(shapes, (list, tuple)) or not all(isinstance(part, (list, tuple)) for part in shapes):
            raise ShapeError(f"{self.described}: expected a list [query, value], received a tensor of shape {shapes}")
        if len(shapes) not in (2, 3):
            raise ShapeError(
                f"{self.described}: expected a list [query, value] or [query, value, key], received {len(shapes)}"
            )
        query, value, key = map(tuple, (*shapes, shapes[1])[:3])
        for shape in (query, value, key):
            self.check_rank(shape, 3, None, "(N, …, T, D)")
        same = [(query[-1], key[-1])]
        same += [*zip(key[:-1], value[:-1], strict=False), *zip(query[:-2], key[:-2], strict=False)]
        if len({len(query), len(value), len(key)}) > 1 or any(n != m and None not in (n, m) for n, m in same):
            raise ShapeError(
                f"{self.described}: expected a query (N, T, D), a value (N, S, E) and a key (N, S, D), "
                f"received {query}, {value} and {key}"
            )
        return query, value, key

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """How well each step of the query matches each of the key: (N, T, S)."""
        if self.score_mode == "dot":
            scores = matmul(query, key.swapaxes(-1, -2))
            return scores if self.scale is None else scores * self.scale
        pairs = _pairs(query, key)
        return self.concat_score_weight * np.tanh(pairs if self.scale is None else self.scale * pairs).sum(axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check([x.shape for x in inputs] if isinstance(inputs, (list, tuple)) else inputs.shape)
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = self._masks(mask)
        scores = self.scores(query, key)
        shown = self._shown(scores.shape, value_mask, use_causal_mask)
        if shown is not None:
            scores = where(shown, scores, scores - HIDDEN)
        weights = softmax(scores, axis=-1)
        if training and self.dropout > 0:
            keep = self.seed_generator.keep_mask(weights.shape, self.dropout, weights.dtype)
            weights = dropped(weights, keep, rate=self.dropout)
        output = matmul(weights, value)
        if query_mask is not None:
            output = where(self._fitted(query_mask[..., None], output.shape), output, 0)
        return (output, weights) if return_attention_scores else output

    def _masks(self, mask: Any) -> tuple[Any, Any]:
        """The masks of query and value, None where there is none."""
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3):
            raise ShapeError(f"{self.described}: expected masks as a list [query_mask, value_mask]")
        return mask[0], mask[1]

    def _shown(self, shape: tuple[int, ...], value_mask: Any, use_causal_mask: bool) -> Any:
        """Which scores count, in their shape; None where all do."""
        shown = None
        if value_mask is not None:
            shown = self._fitted(np.expand_dims(value_mask, -2), shape)
        if use_causal_mask:
            past = np.tri(shape[-2], shape[-1]) > 0
            shown = past if shown is None else shown & past
        return shown

    def _fitted(self, mask: Any, shape: tuple[int, ...]) -> Any:
        try:
            return np.broadcast_to(np.asarray(mask, bool), shape)
        except ValueError as error:
            raise ShapeError(
                f"{self.described}: a mask of shape {np.shape(mask)} does not fit {shape}, what it is to hide in"
            ) from error

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or mask[0] is None:
            return None
        return convert_to_tensor(mask[0])  # in a model's graph an operation of its own, as in Keras

    def compute_output_shape(self, input_shape: Any) -> Shape:
        query, value, _ = self._check(input_shape)
        return (*query[:-1], value[-1])

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        output = super().compute_output_spec(inputs, *args, **kwargs)
        if not kwargs.get("return_attention_scores"):
            return output
        return output, KerasTensor((*inputs[0].shape[:-1], inputs[-1].shape[-2]), output.dtype)


class AdditiveAttention(Attention):
    """`Attention` with the scores Σ scale · tanh(query + key) over the features.

    use_scale: a learned factor for each feature. The other arguments are those of `Attention`.
    Weight: scale (D,).

    Source: Bahdanau et al. 2015; https://keras.io/api/layers/attention_layers/additive_attention/

    >>> x = np.eye(2, dtype="float32")[None]
    >>> AdditiveAttention(use_scale=False)([x, x]).numpy().round(2)
    array([[[0.36, 0.64],
            [0.64, 0.36]]], dtype=float32)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        if "score_mode" in kwargs:
            raise ArgumentError("AdditiveAttention: unknown argument 'score_mode'. Attention has one")
        super().__init__(use_scale, dropout=dropout, seed=seed, **kwargs)

    def build(self, input_shape: Any) -> None:
        features = self._check(input_shape)[0][-1]
        if self.use_scale:
            if features is None:
                raise ShapeError(f"{self.described}: the size of the last axis must be known, received {input_shape}")
            self.scale = self.add_weight((features,), "glorot_uniform", name="scale")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.scale is not None:
            self.check_last_axis(query.shape, self.scale.shape[0])
        sums = np.tanh(_pairs(query, key))
        return (sums if self.scale is None else self.scale * sums).sum(axis=-1)


def _pairs(query: Tensor, key: Tensor) -> Tensor:
    """The sum of each step of the query and each of the key: (N, T, S, D)."""
    return np.expand_dims(query, -2) + np.expand_dims(key, -3)  # type: ignore[no-any-return, call-overload]
