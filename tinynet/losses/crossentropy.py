"""Cross-entropies, from probabilities or from logits.

Predictions that come straight out of a softmax or a sigmoid remember their logits. The losses
then are computed from these, as in Keras: without clipping, so that a confident mistake costs
what it should, and its gradient does not vanish.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import flag, number, whole
from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tags import logits_of, set_mask
from tinynet.autograd.tensor import record
from tinynet.errors import ArgumentError, DataError, ShapeError, warn
from tinynet.losses.base import LossFunctionWrapper, float_tensor, matched, require_axes, whole_axis
from tinynet.primitives import arithmetic
from tinynet.primitives.classification import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)

LEAST = np.iinfo(np.int64).min  # a label to be ignored may have any number


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """−Σ y log p over the classes: one-hot labels (N, K), predictions (N, K) -> (N,).

    from_logits: whether predictions are logits; otherwise they are probabilities, divided by their
        sum and kept away from 0 and 1 by epsilon.
    label_smoothing: the share s of every label that is spread evenly: y(1 − s) + s/K.
    axis: where the classes are.

    Raises `ShapeError` where the shapes differ.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4)
    array([0.6931], dtype=float32)
    """
    where = "categorical_crossentropy"
    y_true, y_pred = matched(where, y_true, y_pred, align=False)
    scores, from_logits = logits_behind(where, y_pred, from_logits)
    y_true, scores = classes_last(where, y_true, scores, label_smoothing, axis)
    if from_logits:
        return record(softmax_cross_entropy, (scores, y_true), {})
    _warn_unless_probabilities(where, scores)
    probabilities = clipped(scores / scores.sum(axis=-1, keepdims=True))
    return -(y_true * np.log(probabilities)).sum(axis=-1)


def classes_last(
    where: str, y_true: Tensor, y_pred: Tensor, label_smoothing: float, axis: int
) -> tuple[Tensor, Tensor]:
    """Smoothed one-hot labels and predictions, with the classes on the last axis."""
    require_axes(where, whole_axis(where, axis), y_pred)
    if axis % y_pred.ndim != y_pred.ndim - 1:
        if label_smoothing and y_pred.shape[axis] != y_pred.shape[-1]:
            # Keras would spread s over the size of the last axis, which is not the number of classes.
            raise ArgumentError(f"{where}: label_smoothing is supported only where classes are the last axis")
        y_true, y_pred = _with_axis_last(y_true, axis), _with_axis_last(y_pred, axis)
    if y_pred.shape[-1] == 1:
        warn(
            f"{where}: one class ({y_pred.shape}) always has probability 1. "
            "With two classes and one unit, use binary_crossentropy."
        )
    smoothing = smoothing_of(where, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + smoothing / y_pred.shape[-1]
    return y_true, y_pred


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """−log p of the labelled class: integer labels (N,) or (N, 1), predictions (N, K) -> (N,).

    from_logits: whether predictions are logits; otherwise they are probabilities, kept away from 0
        and 1 by epsilon and then brought to a sum of 1.
    ignore_class: a label whose samples count neither in the loss nor in its divisor.
    axis: where the classes are; only the last axis is supported.

    Raises `DataError` for a label that is no class, `ShapeError` where the shapes do not fit.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy().round(4)
    array([0.6931], dtype=float32)
    """
    where = "sparse_categorical_crossentropy"
    y_pred = float_tensor(y_pred)
    if whole_axis(where, axis) not in (-1, y_pred.ndim - 1):
        raise ArgumentError(f"{where}: axis={axis!r} is not supported, only the last axis")
    labels = _class_labels(where, y_true, y_pred)
    if ignore_class is None:
        logits, from_logits = logits_behind(where, y_pred, from_logits)
    else:
        valid = labels != ignore_class
        labels = np.where(valid, labels, 0)
        # Like Keras, which here loses sight of the logits behind probabilities.
        logits = record(arithmetic.where, (valid[..., None], y_pred, 0.0), {})
    require_classes(where, labels, y_pred.shape[-1])
    if not from_logits:
        _warn_unless_probabilities(where, logits)
    scores = logits if from_logits else np.log(clipped(logits))
    losses = record(sparse_softmax_cross_entropy, (scores, labels), {})
    if ignore_class is not None:
        losses = record(arithmetic.where, (valid, losses, 0.0), {})
        set_mask(losses, valid)
    return losses


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Mean of −y log p − (1 − y) log(1 − p) over the last axis: (N, D), (N, D) -> (N,).

    from_logits: whether predictions are logits; otherwise they are probabilities, kept away from 0
        and 1 by epsilon.
    label_smoothing: s; labels become y(1 − s) + s/2.
    axis: what the mean is taken over.

    Raises `ShapeError` where the shapes differ, `DataError` for a label outside of [0, 1].

    >>> binary_crossentropy([[1.0]], [[0.5]]).numpy().round(4)
    array([0.6931], dtype=float32)
    """
    where = "binary_crossentropy"
    y_true, y_pred = matched(where, y_true, y_pred, align=False)
    require_axes(where, whole_axis(where, axis), y_pred)
    _require_shares(where, y_true)
    smoothing = smoothing_of(where, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    logits, from_logits = logits_behind(where, y_pred, from_logits)
    if from_logits:
        return record(sigmoid_cross_entropy, (logits, y_true), {}).mean(axis=axis)
    _warn_unless_probabilities(where, logits)
    p = clipped(logits)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)).mean(axis=axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 − p^q)/q for the probability p of the labelled class (Zhang and Sabuncu 2018), which forgives wrong labels.

    Integer labels (N,) or (N, 1), probabilities (N, K) -> (N,). Near q = 0 it is the cross-entropy, at 1 the
    absolute error.

    Raises `DataError` for a label that is no class, `ShapeError` where the shapes do not fit, `ArgumentError`
    unless q is between 0 and 1.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
    [1.0]
    """
    where = "categorical_generalized_cross_entropy"
    _require_exponent(where, q)
    y_pred = float_tensor(y_pred)
    labels = _class_labels(where, y_true, y_pred)
    require_classes(where, labels, y_pred.shape[-1])
    chosen = np.arange(y_pred.shape[-1]) == labels[..., None]
    return (1 - (y_pred * chosen).sum(axis=-1) ** q) / q


class CategoricalCrossentropy(LossFunctionWrapper):
    """`categorical_crossentropy` of one-hot labels. After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(CategoricalCrossentropy()([[0, 1], [1, 0]], [[0.5, 0.5], [1.0, 0.0]]).item(), 4)
    0.3466
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        where = "CategoricalCrossentropy"
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=flag(where, "from_logits", from_logits),
            label_smoothing=smoothing_of(where, label_smoothing), axis=whole_axis(where, axis),
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """`sparse_categorical_crossentropy` of integer labels.

    After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [1.0, 0.0]]).item(), 4)
    0.3466
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        where = "SparseCategoricalCrossentropy"
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=flag(where, "from_logits", from_logits),
            ignore_class=None if ignore_class is None else whole(where, "ignore_class", ignore_class, LEAST),
            axis=whole_axis(where, axis),
        )  # fmt: skip
        self.from_logits = from_logits
        self.ignore_class = ignore_class


class BinaryCrossentropy(LossFunctionWrapper):
    """`binary_crossentropy` of labels 0 and 1. After https://keras.io/api/losses/probabilistic_losses/.

    >>> round(BinaryCrossentropy()([[1], [0]], [[0.5], [0.5]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        where = "BinaryCrossentropy"
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=flag(where, "from_logits", from_logits),
            label_smoothing=smoothing_of(where, label_smoothing), axis=whole_axis(where, axis),
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`categorical_generalized_cross_entropy` of integer labels.

    After https://keras.io/api/losses/probabilistic_losses/.

    >>> CategoricalGeneralizedCrossEntropy()([1, 0], [[0.75, 0.25], [1.0, 0.0]]).item()
    0.5
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        _require_exponent("CategoricalGeneralizedCrossEntropy", q)
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q


def _class_labels(where: str, y_true: Any, y_pred: Tensor) -> np.ndarray:
    """Integer labels without a last axis of 1; raises `ShapeError` unless there is one for each prediction."""
    if not y_pred.ndim:
        raise ShapeError(f"{where}: expected predictions of at least one axis, received a scalar")
    labels = as_tensor(y_true)._data
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    if labels.shape != y_pred.shape[:-1]:
        hint = " One-hot labels go with categorical_crossentropy." if labels.shape == y_pred.shape else ""
        raise ShapeError(
            f"{where}: expected labels of shape {y_pred.shape[:-1]} for predictions of shape {y_pred.shape}, "
            f"received {labels.shape}.{hint}"
        )
    return labels


def _require_exponent(where: str, q: Any) -> None:
    if not 0 < number(where, "q", q) < 1:
        raise ArgumentError(f"{where}: expected q above 0 and below 1, received {q!r}")


def _check_class_numbers(
    y_true: np.ndarray, classes: int, of: str, ignore_class: int | None = None, **_: Any
) -> None:
    if y_true.dtype.kind not in "fiub" or y_true.shape[-1:] == (classes,) != (1,):
        return  # text, or one-hot: the loss tells that they do not fit
    labels = y_true[..., 0] if y_true.ndim > 1 and y_true.shape[-1] == 1 else y_true
    if ignore_class is not None:
        labels = np.where(labels == ignore_class, 0, labels)
    require_classes("sparse_categorical_crossentropy", labels, classes, f"in the {of}")


sparse_categorical_crossentropy.check_targets = _check_class_numbers  # type: ignore[attr-defined]


def require_classes(where: str, labels: np.ndarray, classes: int, counted: str = "within the batch") -> None:
    """Raises `DataError` naming the first label that is not an integer from 0 to classes − 1."""
    if not labels.size or (labels.min() >= 0 and labels.max() < classes and _are_whole(labels)):
        return
    wrong = ~((labels >= 0) & (labels < classes) & (labels == np.floor(labels)))
    sample, *position = (int(i) for i in np.argwhere(wrong)[0]) if labels.ndim else (0,)
    place = f" at position {tuple(position)}" if position else ""
    label = labels[wrong].flat[0].item() if labels.ndim else labels.item()
    whole = int(label) if np.isfinite(label) and label == int(label) else label
    raise DataError(
        f"{where}: label {whole} of sample {sample}{place} is outside the valid range [0, {classes}) "
        f"of integers (samples are counted {counted}). Has the last layer one unit for each class?"
    )


def _are_whole(labels: np.ndarray) -> bool:
    return labels.dtype.kind != "f" or bool((labels == np.floor(labels)).all())


def smoothing_of(where: str, value: Any) -> float:
    """`value` as a float; raises `ArgumentError` unless it is a share."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ArgumentError(f"{where}: expected label_smoothing between 0 and 1, received {value!r}")
    return float(value)


def _require_shares(where: str, y_true: Tensor) -> None:
    """Raises `DataError` for a label that is not within [0, 1]."""
    labels = y_true._data
    wrong = (labels < 0) | (labels > 1)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        sample = f" of sample {place[0]}" if place else ""
        raise DataError(
            f"{where}: label {labels[place]:g}{sample} is outside the valid range [0, 1] (samples are counted within "
            "the batch). Classes beyond 0 and 1 go with sparse_categorical_crossentropy, labels −1 and 1 with hinge."
        )


def _warn_unless_probabilities(where: str, y_pred: Tensor) -> None:
    """Warns of predictions outside of [0, 1], which Keras brings into it without a word."""
    if (y_pred._data < 0).any() or (y_pred._data > 1).any():
        warn(
            f"{where}: the predictions are no probabilities: some are outside of [0, 1]. Give the last layer an "
            "activation (softmax, or sigmoid for a single unit), or pass from_logits=True."
        )


def clipped(probabilities: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1 by epsilon."""
    return probabilities.clip(config.epsilon(), 1 - config.epsilon())


def _with_axis_last(x: Tensor, axis: int) -> Tensor:
    axes = list(range(x.ndim))
    axes.append(axes.pop(axis))
    return x.transpose(axes)


def logits_behind(where: str, y_pred: Tensor, from_logits: bool) -> tuple[Tensor, bool]:
    """The logits behind the predictions if there are any, and whether they are logits."""
    logits = logits_of(y_pred)
    if logits is None:
        return y_pred, from_logits
    if from_logits:
        warn(
            f"{where}: from_logits=True, but the predictions come out of a softmax or sigmoid. Their logits "
            "are used. Remove the activation or from_logits."
        )
    return logits, True
