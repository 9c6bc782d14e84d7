"""Connectionist temporal classification (Graves et al. 2006): keras.io/api/ops/nn."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.ops._arguments import floating, tensor
from tinynet.primitives import arithmetic, classification, reductions

NEVER = -1e30  # the logarithm of a probability of 0; −∞ would have no derivative


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Tensor:
    """−log of the probability of the labels, over all ways to read them off the steps: -> (N,).

    A way gives each step a class; equal classes in a row are read once, and then blanks are left out.

    target: integer labels (N, L), of which the first `target_length` (N,) count.
    output: logits (N, T, K), of which the first `output_length` (N,) steps count.
    mask_index: the class that is the blank.

    Raises `ShapeError` where the shapes do not fit, `ArgumentError` for a blank or a length that is not there,
    `DataError` for a label that is no class or the blank, and for more labels than steps (two equal labels in
    a row need a blank between them).

    >>> round(ctc_loss([[1, 2]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]], [2], [2]).item(), 4)
    2.1972
    """
    logits = floating(output)
    labels = tensor(target)._data
    if labels.ndim != 2 or logits.ndim != 3 or len(labels) != len(logits):
        raise ShapeError(
            "ctc_loss: expected target of shape (N, L) and output of shape (N, T, K), received "
            f"{labels.shape} and {logits.shape}"
        )
    samples, steps, classes = logits.shape
    if isinstance(mask_index, bool) or not isinstance(mask_index, int) or not 0 <= mask_index < classes:
        raise ArgumentError(f"ctc_loss: expected mask_index to be one of {classes} classes, received {mask_index!r}")
    lengths = _lengths("target_length", target_length, samples, labels.shape[1])
    durations = _lengths("output_length", output_length, samples, steps)
    counts = np.arange(labels.shape[1]) < lengths[:, None]
    _require_readable(labels, counts, durations, classes, mask_index)
    # Before, between and after the labels there may be a blank.
    read = np.full((samples, 2 * labels.shape[1] + 1), mask_index)
    read[:, 1::2] = np.where(counts, labels, mask_index)
    # A blank between two labels may be left out, unless they are equal.
    leaps = np.zeros(read.shape, bool)
    leaps[:, 2:] = (read[:, 2:] != mask_index) & (read[:, 2:] != read[:, :-2])
    places = np.arange(read.shape[1])
    ends = (places == 2 * lengths[:, None]) | (places == 2 * lengths[:, None] - 1)
    if not steps:
        return Tensor(np.zeros(samples, logits.dtype))
    scores = record(classification.log_softmax, (logits,), {"axis": -1})
    scores = scores[np.arange(samples)[:, None, None], np.arange(steps)[:, None], read[:, None, :]]
    before = np.full((samples, 2), NEVER, logits.dtype)
    reached = _chosen(np.broadcast_to(places < 2, read.shape), scores[:, 0])
    for step in range(1, steps):
        wider = np.concatenate([before, reached], axis=1)
        ways = np.stack([reached, wider[:, 1:-1], _chosen(leaps, wider[:, :-2])])
        moved = record(reductions.logsumexp, (ways,), {"axis": 0}) + scores[:, step]
        ended = step >= durations
        reached = record(arithmetic.where, (~ended[:, None], moved, reached), {}) if ended.any() else moved
    return -record(reductions.logsumexp, (_chosen(ends, reached),), {"axis": 1})


def _chosen(places: np.ndarray, scores: Any) -> Any:
    return record(arithmetic.where, (places, scores, NEVER), {})


def _lengths(name: str, given: Any, samples: int, most: int) -> np.ndarray:
    lengths = tensor(given)._data
    if lengths.shape != (samples,):
        raise ShapeError(f"ctc_loss: expected {name} of shape ({samples},), received {lengths.shape}")
    if lengths.size and (lengths.min() < 0 or lengths.max() > most or (lengths != np.floor(lengths)).any()):
        raise ArgumentError(f"ctc_loss: expected whole numbers from 0 to {most} in {name}, received {lengths.tolist()}")
    return lengths.astype(np.int64)


def _require_readable(
    labels: np.ndarray, counts: np.ndarray, durations: np.ndarray, classes: int, blank: int
) -> None:
    """Raises `DataError` naming the first sample whose labels no sequence of steps can be read as."""
    known = (labels >= 0) & (labels < classes) & (labels == np.floor(labels)) & (labels != blank)
    repeated = counts[:, 1:] & (labels[:, 1:] == labels[:, :-1])
    needed = counts.sum(axis=1) + repeated.sum(axis=1)
    for sample in np.flatnonzero((counts & ~known).any(axis=1) | (needed > durations))[:1]:
        wrong = labels[sample][counts[sample] & ~known[sample]]
        if wrong.size:
            raise DataError(
                f"ctc_loss: label {wrong[0].item():g} of sample {sample} is the blank, {blank}, or outside the valid "
                f"range [0, {classes}) of integers. Labels come first, what fills them up after them"
            )
        raise DataError(
            f"ctc_loss: sample {sample} has {counts[sample].sum()} labels, {repeated[sample].sum()} of them equal to "
            f"the one before; they need {needed[sample]} steps, and there are {durations[sample]}"
        )
