"""Keras's weights in the layouts of others: channels first, gates in their order, matrices transposed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def conv_kernel(kernel: np.ndarray) -> np.ndarray:
    """(kh, kw, C, F) -> (F, C, kh, kw)."""
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))


def images(x: np.ndarray) -> np.ndarray:
    """(N, H, W, C) -> (N, C, H, W)."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def dense_after_flatten(kernel: np.ndarray, side: int, channels: int) -> np.ndarray:
    """(H W C, D) -> (D, C H W): Flatten meets the channels first."""
    hwcd = kernel.reshape(side, side, channels, -1)
    return np.ascontiguousarray(hwcd.transpose(3, 2, 0, 1).reshape(kernel.shape[1], -1))


def gates(kernel: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """The last axis (gates × U) with its gates in another order: `order` numbers Keras's."""
    blocks = np.split(kernel, len(order), axis=-1)
    return np.concatenate([blocks[gate] for gate in order], axis=-1)
