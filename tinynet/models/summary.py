"""The table that `model.summary()` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinynet.layers.base import Layer

HEADINGS = ("Layer (type)", "Output Shape", "Param #")


def print_summary(
    model: Any, print_fn: Callable[[str], Any], *, expand_nested: bool = False, show_trainable: bool = False
) -> None:
    """Prints name, class, output shape and number of weights of each layer, and the sums.

    Where the layers do not simply follow each other, also what each is connected to.
    """
    connected = not model._is_chain()
    rows = _rows(model, expand_nested, connected, show_trainable)
    headings = HEADINGS + (("Connected to",) if connected else ()) + (("Trainable",) if show_trainable else ())
    print_fn(f'Model: "{model.name}"\n' + _table(headings, rows))
    counts = {
        "Total params": model.weights,
        "Trainable params": model.trainable_weights,
        "Non-trainable params": model.non_trainable_weights,
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        counts["Optimizer params"] = optimizer.variables
    print_fn("\n".join(f" {label}: {_amount(weights)}" for label, weights in counts.items()))


def _rows(model: Any, expand_nested: bool, connected: bool, show_trainable: bool, depth: int = 0) -> list[list[str]]:
    graph = model._graph
    rows: list[list[str]] = []
    listed = graph.operations if graph is not None and connected else model.layers
    for operation in listed:
        calls = [] if graph is None else graph.calls(operation)
        row = [
            f"{'   ' * depth}{'└ ' if depth else ''}{operation.name} ({_class_name(operation)})",
            ", ".join(str(t.shape) for t in calls[-1].outputs) if calls else "?",
            _count(operation),
        ]
        if connected:
            row.append(", ".join(_reference(t) for call in calls for t in call.inputs) or "-")
        if show_trainable:
            weights = getattr(operation, "weights", [])
            row.append("-" if not weights else "Y" if operation.trainable else "N")
        rows.append(row)
        if expand_nested and hasattr(operation, "layers"):
            rows += _rows(operation, expand_nested, connected, show_trainable, depth + 1)
    return rows


def _class_name(operation: Any) -> str:
    return getattr(operation, "class_name", type(operation).__name__)


def _reference(tensor: Any) -> str:
    """A result by the call that gave it: dense[0][0]."""
    operation, call, result = tensor._keras_history
    return f"{operation.name}[{call}][{result}]"


def _count(operation: Any) -> str:
    if not isinstance(operation, Layer):
        return "0"
    return f"{operation.count_params():,}" if operation.built else "0 (unbuilt)"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in a box; numbers (the third column) to the right."""
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]

    def line(row: Sequence[str], bar: str) -> str:
        placed = enumerate(zip(row, widths, strict=True))
        cells = [cell.rjust(w) if i == 2 else cell.ljust(w) for i, (cell, w) in placed]
        return f"{bar} " + f" {bar} ".join(cells) + f" {bar}"

    def rule(left: str, middle: str, right: str, stroke: str) -> str:
        return left + middle.join(stroke * (w + 2) for w in widths) + right

    body = f"\n{rule('├', '┼', '┤', '─')}\n".join(line(row, "│") for row in rows)
    parts = [rule("┏", "┳", "┓", "━"), line(headings, "┃"), rule("┡", "╇", "┩", "━")]
    return "\n".join([*parts, *([body] if rows else []), rule("└", "┴", "┘", "─")])


def _amount(weights: Sequence[Any]) -> str:
    """A number of elements and their size in memory: 1,290 (5.04 KB)."""
    size = float(sum(v.nbytes for v in weights))
    unit = "B"
    for larger in ("KB", "MB", "GB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{sum(v.size for v in weights):,} ({size:.2f} {unit})"
