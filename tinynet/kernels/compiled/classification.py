"""Softmax and cross-entropy by compiled code."""

from __future__ import annotations

import numpy as np

from tinynet.kernels import classification as plain
from tinynet.kernels.calls import run
from tinynet.kernels.compiled.arrays import TYPES, are_places, compiled
from tinynet.kernels.memory import empty


def softmax(x: np.ndarray) -> np.ndarray:
    if x.dtype not in TYPES or x.size == 0 or x.ndim == 0:
        return plain.softmax(x)
    output = empty(x.shape, x.dtype)
    return run(compiled.softmax, output, np.ascontiguousarray(x), output)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    if not _fits(logits, labels):
        return plain.cross_entropy(logits, labels)
    losses = np.empty(labels.shape, logits.dtype)
    known = compiled.cross_entropy(np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64), losses)
    return losses if known else None


def cross_entropy_gradient(g: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if not _fits(logits, labels) or g.dtype != logits.dtype or g.shape != labels.shape:
        return plain.cross_entropy_gradient(g, logits, labels)
    result = empty(logits.shape, logits.dtype)
    compiled.cross_entropy_gradient(
        np.ascontiguousarray(g), np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64), result
    )
    return result


def _fits(logits: np.ndarray, labels: np.ndarray) -> bool:
    return logits.dtype in TYPES and logits.size > 0 and are_places(labels) and logits.shape[:-1] == labels.shape
