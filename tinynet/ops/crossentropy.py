"""Cross-entropies of targets and outputs, one loss for each sample: keras.io/api/ops/nn.

Of the output of softmax or sigmoid they are computed from its logits (`tags.logits_of`), which
neither clips nor overflows, as Keras does. Other probabilities are clipped to
[epsilon, 1 − epsilon], with `tinynet.config.epsilon()`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd.tags import logits_of
from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import floating, one_axis, tensor
from tinynet.ops.arithmetic import clip
from tinynet.ops.elementwise import log
from tinynet.ops.reductions import sum
from tinynet.primitives import classification, shapes


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """−Σ target · log output over the classes: (…, K), (…, K) -> (…).

    from_logits: output is not probabilities but logits, on which softmax is still to be taken.
        Probabilities are divided by their sum first.
    axis: of the K classes.

    Raises `ShapeError` unless both have the same shape.

    >>> round(categorical_crossentropy([0.0, 1.0], [0.25, 0.75]).item(), 4)
    0.2877
    """
    where = "categorical_crossentropy"
    output, from_logits = _logits(output, from_logits, "softmax", where)
    target = _as_target(target, output, where)
    axis = one_axis(axis, output.ndim, where)
    if from_logits:
        if axis % output.ndim != output.ndim - 1:
            target, output = (np.moveaxis(x, axis, -1) for x in (target, output))
        return record(classification.softmax_cross_entropy, (output, target), {})
    output = output / sum(output, axis, keepdims=True)
    return -sum(target * log(_clipped(output)), axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """−log output[target] over the classes: integers (…) or (…, 1), and (…, K) -> (…).

    from_logits: output is logits. Clipped probabilities are brought to a sum of 1.

    Raises `ShapeError` when the shapes do not fit, `DataError` for a class outside [0, K),
    `ArgumentError` for an axis other than the last.

    >>> round(sparse_categorical_crossentropy(1, [0.25, 0.75]).item(), 4)
    0.2877
    """
    where = "sparse_categorical_crossentropy"
    output, from_logits = _logits(output, from_logits, "softmax", where)
    if output.ndim < 1:
        raise ShapeError(f"{where}: expected an output of shape (…, K), received a scalar")
    if axis not in (-1, output.ndim - 1):
        raise ArgumentError(f"{where}: only axis=-1 is supported, received axis={axis!r}")
    target = tensor(target).astype(np.int64)
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = record(shapes.reshape, (target,), {"shape": target.shape[:-1]})
    if target.shape != output.shape[:-1]:
        raise ShapeError(
            f"{where}: expected a target of shape {output.shape[:-1]} for an output of shape {output.shape}, "
            f"received {target.shape}. Vectors of classes need categorical_crossentropy."
        )
    logits = output if from_logits else log(_clipped(output))
    return record(classification.sparse_softmax_cross_entropy, (logits, target), {})


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """−target · log output − (1 − target) · log(1 − output), element by element.

    from_logits: output is not probabilities but logits, on which sigmoid is still to be taken.

    Raises `ShapeError` unless both have the same shape.

    >>> binary_crossentropy([1.0, 0.0], [0.75, 0.75]).numpy().round(4).tolist() == [
    ...     np.float32(0.2877).item(), np.float32(1.3863).item()]
    True
    """
    where = "binary_crossentropy"
    output, from_logits = _logits(output, from_logits, "sigmoid", where)
    target = _as_target(target, output, where)
    if from_logits:
        return record(classification.sigmoid_cross_entropy, (output, target), {})
    output = _clipped(output)
    return -(target * log(output) + (1 - target) * log(1 - output))


def _logits(output: Any, from_logits: bool, activation: str, where: str) -> tuple[Tensor, bool]:
    logits = logits_of(output)
    if logits is None:
        return floating(output), from_logits
    if from_logits:
        warnings.warn(
            f"{where}: from_logits=True, but the output was computed by {activation} and is not logits. "
            "The loss is computed from that function's input.",
            stacklevel=3,
        )
    return logits, True


def _as_target(target: Any, output: Tensor, where: str) -> Tensor:
    """The target in the output's dtype; raises `ShapeError` unless the shapes are the same."""
    target = tensor(target).astype(output.dtype)
    if target.shape != output.shape:
        raise ShapeError(
            f"{where}: target and output must have the same shape, received {target.shape} and {output.shape}"
        )
    return target


def _clipped(probabilities: Tensor) -> Tensor:
    return clip(probabilities, config.epsilon(), 1 - config.epsilon())
