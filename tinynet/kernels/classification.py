"""Softmax, and the cross-entropy of its logarithm."""

from __future__ import annotations

import numpy as np


def softmax(x: np.ndarray) -> np.ndarray:
    """eˣ / Σ eˣ over the last axis."""
    output = np.exp(x - x.max(axis=-1, keepdims=True))
    output /= output.sum(axis=-1, keepdims=True)
    return output


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """−log softmax(logits)[label] over the last axis: (…, K), integers (…) -> (…); None where a label is no class."""
    classes = logits.shape[-1]
    if labels.size and not (0 <= labels.min() and labels.max() < classes):
        return None
    shifted = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, labels[..., None].astype(np.intp, copy=False), -1)[..., 0]
    return np.log(np.exp(shifted).sum(axis=-1)) - chosen


def cross_entropy_gradient(g: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What flows back to the logits: g (…) times (softmax − 1 where the label is)."""
    chosen = np.arange(logits.shape[-1]) == labels[..., None]
    return g[..., None] * (softmax(logits) - chosen.astype(logits.dtype))
