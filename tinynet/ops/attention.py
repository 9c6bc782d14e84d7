"""Attention of queries to keys (Vaswani et al. 2017): keras.io/api/ops/nn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import floating, promoted, tensor
from tinynet.ops.arithmetic import where
from tinynet.ops.linalg import einsum
from tinynet.ops.nn import softmax
from tinynet.ops.shapes import repeat


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Means of values, weighted by the softmax of the products of queries and keys: -> (N, T, H, D).

    query: (N, T, H, D), H heads. key, value: (N, S, G, D), where each of G heads serves H/G heads of the query.
    bias: added to the products; it broadcasts to (N, H, T, S).
    mask: truth values that broadcast to (N, H, T, S); False hides a key from a query.
    scale: factor of the products; 1/√D without it.
    is_causal: whether a step of the query sees no later step.

    Where every key is hidden the weights are equal, as in Keras. Raises `ShapeError` for shapes that do not fit,
    `ArgumentError` for flash_attention=True, which needs a GPU, and for attn_logits_soft_cap, which needs a TPU.

    >>> dot_product_attention([[[[1.0]]]], [[[[1.0]], [[1.0]]]], [[[[2.0]], [[4.0]]]]).tolist()
    [[[[3.0]]]]
    """
    if flash_attention:
        raise ArgumentError("dot_product_attention: flash_attention=True is not supported, it needs a GPU")
    if attn_logits_soft_cap is not None:
        raise ArgumentError("dot_product_attention: attn_logits_soft_cap is not supported, it needs a TPU")
    query, key, value = promoted([floating(x) for x in (query, key, value)], "dot_product_attention")
    _check(query, key, value)
    if query.shape[2] != key.shape[2]:
        groups = query.shape[2] // key.shape[2]
        key, value = repeat(key, groups, axis=2), repeat(value, groups, axis=2)
    scores = einsum("btnh,bsnh->bnts", query, key) * (1 / math.sqrt(key.shape[-1]) if scale is None else scale)
    shape = scores.shape
    try:
        if bias is not None:
            scores = scores + tensor(bias).astype(scores.dtype)
        shown = np.ones((), bool) if mask is None else tensor(mask).numpy().astype(bool)
        shown = np.broadcast_to(shown & (np.tri(shape[2], shape[3]) > 0) if is_causal else shown, shape)
    except (ShapeError, ValueError) as error:
        raise ShapeError(f"dot_product_attention: mask or bias does not fit weights of shape {shape}: {error}") from error
    if scores.shape != shape:
        raise ShapeError(f"dot_product_attention: a bias of shape {np.shape(bias)} does not fit weights of shape {shape}")
    if not shown.all():
        scores = where(shown, scores, 0.7 * np.finfo(scores.dtype).min.item())
    return einsum("bnts,bsnh->btnh", softmax(scores, axis=-1), value)


def _check(query: Tensor, key: Tensor, value: Tensor) -> None:
    fit = query.ndim == key.ndim == value.ndim == 4 and (query.shape[0], query.shape[-1]) == (key.shape[0], key.shape[-1])
    if not fit or key.shape[:3] != value.shape[:3] or not key.shape[2] or query.shape[2] % key.shape[2]:
        raise ShapeError(
            "dot_product_attention: expected query (N, T, H, D), key and value (N, S, G, D) with H a multiple of G, "
            f"received {query.shape}, {key.shape} and {value.shape}"
        )
