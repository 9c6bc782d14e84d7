"""How well classes were told apart: scores, a table by class, the confusion matrix; as text and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.cli.text import WIDTH, say, table
from tinynet.study.scores import accuracy_of_counts, confusion_counts, f1_of_counts, macro_f1_of_counts

MOST_IN_MATRIX = 20  # classes; of more, the pairs that were confused most often are told
MOST_PAIRS = 10


def scored(truth: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """All of it as plain data: accuracy, macro_f1, the classes' precision, recall, F1 and samples, and the matrix.

    truth: (N,) indices. probabilities: (N, K). In the matrix rows are true classes, columns predicted ones.
    """
    counts = confusion_counts(truth, probabilities.argmax(axis=1), len(names))
    right, there, said = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / np.maximum(said, 1), right / np.maximum(there, 1)
    rows = zip(names, precision, recall, f1_of_counts(counts), there, strict=True)
    return {
        "samples": len(truth),
        "accuracy": float(accuracy_of_counts(counts)),
        "macro_f1": float(macro_f1_of_counts(counts)),
        "classes": [
            {"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "samples": int(n)}
            for name, p, r, f, n in rows
        ],
        "confusion": counts.tolist(),
    }


def say_scores(found: dict[str, Any]) -> None:
    """Prints scores as tables."""
    rows = [
        (row["name"], *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")), f"{row['samples']:,}")
        for row in found["classes"]
    ]
    say(table(("class", "precision", "recall", "F1", "samples"), rows, numbers=(1, 2, 3, 4)))
    say(f"accuracy {found['accuracy']:.4f}, macro-F1 {found['macro_f1']:.4f}")
    say()
    say(_confusion([row["name"] for row in found["classes"]], np.array(found["confusion"])))


def _confusion(names: list[str], counts: np.ndarray) -> str:
    """The confusion matrix; where the names are too long for a line, the columns have numbers."""
    if len(names) > MOST_IN_MATRIX:
        return _most_confused(names, counts)
    corner = "true \\ predicted"
    widths = [max(len(name), len(str(column.max()))) for name, column in zip(names, counts.T, strict=True)]
    left = max(len(corner), *map(len, names))
    heads, firsts = names, names
    if left + sum(widths) + 2 * len(names) > WIDTH:
        heads, firsts = [str(n) for n in range(len(names))], [f"{n} {name}" for n, name in enumerate(names)]
    rows = [(first, *map(str, row)) for first, row in zip(firsts, counts.tolist(), strict=True)]
    return table((corner, *heads), rows, numbers=range(1, len(names) + 1))


def _most_confused(names: list[str], counts: np.ndarray) -> str:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(place), len(names)) for place in order]
    rows = [(names[a], names[b], f"{wrong[a, b]:,}") for a, b in pairs if wrong[a, b]]
    return table(("true", "most often taken for", "samples"), rows, numbers=[2]) if rows else "none was confused"
