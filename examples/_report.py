"""Results as tables, text and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinynet import plotting
from tinynet.errors import require


class Scores(NamedTuple):
    """Accuracy and macro-F1, the mean of the classes' F1."""

    accuracy: float
    macro_f1: float

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.4f}, macro-F1 {self.macro_f1:.4f}"


def check_packages() -> None:
    """Raises `MissingDependencyError` now rather than after the training."""
    require("sklearn.metrics", "examples", "the table of scores")
    require("matplotlib.figure", "examples", "the pictures")


def scores(y_true: np.ndarray, probabilities: np.ndarray) -> Scores:
    """Scores of the classes predicted by probabilities (N, K); a class never predicted has F1 0."""
    metrics = require("sklearn.metrics", "examples", "the scores")
    predicted = probabilities.argmax(axis=1)
    return Scores(
        float(metrics.accuracy_score(y_true, predicted)),
        float(metrics.f1_score(y_true, predicted, average="macro", zero_division=0)),
    )


def class_table(y_true: np.ndarray, probabilities: np.ndarray, class_names: Sequence[str]) -> str:
    """Precision, recall, F1 and number of samples for each class, and their means, as text."""
    metrics = require("sklearn.metrics", "examples", "the table of classes")
    table: str = metrics.classification_report(
        y_true,
        probabilities.argmax(axis=1),
        labels=range(len(class_names)),
        target_names=class_names,
        digits=3,
        zero_division=0,
    )
    return table.rstrip()


def confusion_matrix(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Counts (K, K): rows are true classes, columns predicted ones."""
    metrics = require("sklearn.metrics", "examples", "the confusion matrix")
    classes = probabilities.shape[1]
    counts: np.ndarray = metrics.confusion_matrix(y_true, probabilities.argmax(axis=1), labels=range(classes))
    return counts


def confusion_text(counts: np.ndarray, class_names: Sequence[str]) -> str:
    """A confusion matrix as text, predicted classes across."""
    corner = "true / predicted"
    left = max(len(corner), *(len(name) for name in class_names))
    widths = [
        max(len(name), len(str(column.max()))) for name, column in zip(class_names, counts.T, strict=True)
    ]
    header = " ".join(f"{name:>{width}}" for name, width in zip(class_names, widths, strict=True))
    lines = [f"{corner:<{left}}  {header}"]
    for name, row in zip(class_names, counts, strict=True):
        cells = " ".join(f"{count:>{width}}" for count, width in zip(row, widths, strict=True))
        lines.append(f"{name:<{left}}  {cells}")
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is also lined up for a terminal."""
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, rows)])


def mean_and_spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation over runs (of a sample: n − 1); the mean alone for one run."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def plot_curves(history: Mapping[str, Sequence[float]], path: Path, title: str, watched: str) -> None:
    """Saves loss and accuracy over the epochs as a picture; `watched` names the data behind val_…."""
    figure = require("matplotlib.figure", "examples", "the curves").Figure(figsize=(9, 3.6), layout="constrained")
    figure.suptitle(title)
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        plotting.history(history, metric, validation=watched, axes=axes)
    figure.savefig(path, dpi=130)


def plot_confusion(counts: np.ndarray, class_names: Sequence[str], path: Path, title: str) -> None:
    """Saves a confusion matrix as a picture, coloured by the share of each true class."""
    axes: Any = plotting.confusion_matrix(counts, class_names)
    axes.set_title(title)
    axes.figure.savefig(path, dpi=130)


def largest_difference(a: Any, b: Any) -> float:
    """The largest absolute difference of two arrays of one shape."""
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())
