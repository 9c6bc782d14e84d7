"""For each loss of the catalogue: settings, labels and predictions that are drawn for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

SHAPES = [(4, 3), (1, 5), (2, 3, 4), (3, 3, 2), (2, 2, 3, 2)]


@dataclass
class Case:
    """y_true and y_pred for a loss with these settings.

    shape: of the unreduced values.
    activation: what y_pred goes through first, 'softmax' or 'sigmoid', or None.
    by_labels: whether the loss has a derivative by the labels, too.
    """

    y_true: np.ndarray
    y_pred: np.ndarray
    shape: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    activation: str | None = None
    by_labels: bool = True


Draw = Callable[[st.DataObject, np.random.Generator], Case]


def numbers(low: float = -3.0, settings: dict[str, Any] | None = None) -> Draw:
    """Labels and predictions of at least `low`; half of the draws have whole numbers, for ties and kinks."""

    def draw(data: st.DataObject, rng: np.random.Generator) -> Case:
        shape = data.draw(st.sampled_from(SHAPES))
        values = rng.uniform(low, 3.0, (2, *shape)).astype("float32")
        if data.draw(st.booleans()):
            values = np.round(values)
        chosen = {key: data.draw(st.sampled_from(choices)) for key, choices in (settings or {}).items()}
        return Case(*values, shape[:-1], chosen)

    return draw


def margins(one_hot: bool = False) -> Draw:
    """Labels of −1 and 1, of 0 and 1, or any; for a categorical loss of one class."""

    def draw(data: st.DataObject, rng: np.random.Generator) -> Case:
        case = numbers()(data, rng)
        if one_hot:
            case.y_true = (case.y_pred.argmin(-1)[..., None] == np.arange(case.y_pred.shape[-1])).astype("float32")
        else:
            low = data.draw(st.sampled_from([-1, 0, 0.5]))
            case.y_true = rng.choice([low, 1.0], case.y_pred.shape).astype("float32")
        return case

    return draw


def scores(rng: np.random.Generator, kind: str, shape: tuple[int, ...], binary: bool) -> np.ndarray:
    """Logits, some of them large, or probabilities, some of them 0 and not all of them adding up to 1."""
    if kind != "probabilities":
        return (rng.normal(size=shape) * rng.choice([1.0, 30.0])).astype("float32")
    if binary:
        p = rng.random(shape)
        p[rng.random(shape) < 0.2] = rng.choice([0.0, 1.0])
        return p.astype("float32")
    p = rng.random(shape) * rng.integers(0, 2, shape) + rng.random((*shape[:-1], 1)) * 0.1
    return (p / p.sum(-1, keepdims=True) * rng.choice([1.0, 1.0, 0.7])).astype("float32")


def binary(focal: bool = False) -> Draw:
    def draw(data: st.DataObject, rng: np.random.Generator) -> Case:
        shape = data.draw(st.sampled_from(SHAPES))
        kind = data.draw(st.sampled_from(["logits", "probabilities", "sigmoid"]))
        y_true = data.draw(st.sampled_from([rng.integers(0, 2, shape), rng.random(shape).astype("float32")]))
        axis = data.draw(st.sampled_from([-1, len(shape) - 1, 0]))
        settings = {
            "from_logits": kind == "logits",
            "label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.5])),
            "axis": axis,
        }
        if focal:
            settings |= {
                "apply_class_balancing": data.draw(st.booleans()),
                "alpha": data.draw(st.sampled_from([0.25, 0.75])),
                "gamma": data.draw(st.sampled_from([1.0, 1.5, 2.0])),
            }
        left = shape[1:] if axis == 0 else shape[:-1]
        activation = "sigmoid" if kind == "sigmoid" else None
        return Case(y_true, scores(rng, kind, shape, True), left, settings, activation)

    return draw


def one_hot(focal: bool = False) -> Draw:
    def draw(data: st.DataObject, rng: np.random.Generator) -> Case:
        shape = data.draw(st.sampled_from(SHAPES))
        kind = data.draw(st.sampled_from(["logits", "probabilities", "softmax"]))
        y_true = rng.random(shape)
        y_true = (y_true / y_true.sum(-1, keepdims=True)).astype("float32")
        if data.draw(st.booleans()):
            y_true = (y_true == y_true.max(-1, keepdims=True)).astype("int64")
        settings = {
            "from_logits": kind == "logits",
            "label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.5])),
        }
        if focal:
            a_class = (rng.integers(1, 8, shape[-1]) / 8).tolist()
            settings |= {
                "alpha": data.draw(st.sampled_from([0.25, a_class])),
                "gamma": data.draw(st.sampled_from([1.0, 1.5, 2.0])),
            }
        activation = "softmax" if kind == "softmax" else None
        return Case(y_true, scores(rng, kind, shape, False), shape[:-1], settings, activation)

    return draw


def sparse(data: st.DataObject, rng: np.random.Generator) -> Case:
    shape = data.draw(st.sampled_from(SHAPES))
    kind = data.draw(st.sampled_from(["logits", "probabilities", "softmax"]))
    labels = rng.integers(0, shape[-1], shape[:-1])
    ignored = data.draw(st.sampled_from([None, 0, 1, -1]))
    if ignored == -1:
        labels = np.where(rng.random(labels.shape) < 0.4, -1, labels)
    labels = labels.astype(data.draw(st.sampled_from(["int32", "float32"])))
    if data.draw(st.booleans()):
        labels = labels[..., None]
    settings = {"from_logits": kind == "logits", "ignore_class": ignored}
    activation = "softmax" if kind == "softmax" else None
    return Case(labels, scores(rng, kind, shape, False), shape[:-1], settings, activation, by_labels=False)


def generalized(data: st.DataObject, rng: np.random.Generator) -> Case:
    case = sparse(data, rng)
    y_true = rng.integers(0, case.y_pred.shape[-1], case.shape)
    y_pred = rng.uniform(0.1, 1.0, case.y_pred.shape).astype("float32")
    return Case(y_true, y_pred, case.shape, {"q": data.draw(st.sampled_from([0.2, 0.7]))}, by_labels=False)


def regions(weighted: bool = False) -> Draw:
    def draw(data: st.DataObject, rng: np.random.Generator) -> Case:
        shape = data.draw(st.sampled_from(SHAPES))
        y_true = rng.integers(0, 2, shape).astype("float32")
        axis = data.draw(st.sampled_from([None, -1, tuple(range(1, len(shape)))]))
        left = () if axis is None else shape[:-1] if axis == -1 else shape[:1]
        settings = {"axis": axis}
        if weighted:
            settings |= {key: data.draw(st.sampled_from([0.3, 1.5])) for key in ("alpha", "beta")}
        return Case(y_true, rng.random(shape).astype("float32"), left, settings)

    return draw


def directions(data: st.DataObject, rng: np.random.Generator) -> Case:
    shape = data.draw(st.sampled_from(SHAPES))
    axis = data.draw(st.sampled_from([-1, 1]))
    left = shape[:-1] if axis == -1 else shape[:1] + shape[2:]
    return Case(*rng.normal(size=(2, *shape)).astype("float32"), left, {"axis": axis})


def classes_of_vectors(data: st.DataObject, rng: np.random.Generator) -> Case:
    samples = data.draw(st.integers(1, 6))
    vectors = rng.normal(size=(samples, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = rng.integers(0, data.draw(st.integers(1, 3)), samples)
    if data.draw(st.booleans()):
        labels = labels[:, None]
    settings = {
        "gamma": data.draw(st.sampled_from([1.0, 16.0])),
        "margin": data.draw(st.sampled_from([0.25, 0.4])),
        "remove_diagonal": data.draw(st.booleans()),
    }
    return Case(labels, vectors.astype("float32"), (samples,), settings, by_labels=False)


def readings(data: st.DataObject, rng: np.random.Generator) -> Case:
    samples, classes, most = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 5)), data.draw(st.integers(1, 4))
    steps = data.draw(st.integers(2 * most, 2 * most + 3))
    labels = rng.integers(1, classes, (samples, most))
    labels[np.arange(most) >= rng.integers(0, most + 1, samples)[:, None]] = 0
    logits = rng.normal(size=(samples, steps, classes)) * rng.choice([1.0, 5.0])
    return Case(labels, logits.astype("float32"), (samples,), by_labels=False)


DRAWN: dict[str, Draw] = {
    "BinaryCrossentropy": binary(),
    "BinaryFocalCrossentropy": binary(focal=True),
    "CTC": readings,
    "CategoricalCrossentropy": one_hot(),
    "CategoricalFocalCrossentropy": one_hot(focal=True),
    "CategoricalGeneralizedCrossEntropy": generalized,
    "CategoricalHinge": margins(one_hot=True),
    "Circle": classes_of_vectors,
    "CosineSimilarity": directions,
    "Dice": regions(),
    "Hinge": margins(),
    "Huber": numbers(settings={"delta": [0.5, 1.0, 2.0]}),
    "KLDivergence": numbers(low=-0.5),
    "LogCosh": numbers(),
    "MeanAbsoluteError": numbers(),
    "MeanAbsolutePercentageError": numbers(),
    "MeanSquaredError": numbers(),
    "MeanSquaredLogarithmicError": numbers(),
    "Poisson": numbers(low=0.0),
    "SparseCategoricalCrossentropy": sparse,
    "SquaredHinge": margins(),
    "Tversky": regions(weighted=True),
}
