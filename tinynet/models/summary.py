"""The table that `model.summary()` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

HEADINGS = ("Layer (type)", "Output Shape", "Param #")


def print_summary(
    model: Any, print_fn: Callable[[str], Any], *, expand_nested: bool = False, show_trainable: bool = False
) -> None:
    """Prints name, class, output shape and number of weights of each layer, and the sums."""
    rows = _rows(model, expand_nested, show_trainable)
    headings = HEADINGS + (("Trainable",) if show_trainable else ())
    print_fn(f'Model: "{model.name}"\n' + _table(headings, rows))
    trainable = [v for v in model.trainable_weights]
    counts = {
        "Total params": model.weights,
        "Trainable params": trainable,
        "Non-trainable params": model.non_trainable_weights,
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        counts["Optimizer params"] = optimizer.variables
    print_fn("\n".join(f" {label}: {_amount(weights)}" for label, weights in counts.items()))


def _rows(model: Any, expand_nested: bool, show_trainable: bool, depth: int = 0) -> list[tuple[str, ...]]:
    shape: Any = getattr(model, "input_shape", None)
    rows: list[tuple[str, ...]] = []
    for layer in model.layers:
        shape = None if shape is None else layer.compute_output_shape(shape)
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        title = f"{'   ' * depth}{'└ ' if depth else ''}{layer.name} ({type(layer).__name__})"
        row: tuple[str, ...] = (title, "?" if shape is None else str(shape), count)
        trains = "-" if not layer.weights else "Y" if layer.trainable else "N"
        rows.append((*row, trains) if show_trainable else row)
        if expand_nested and hasattr(layer, "layers"):
            rows += _rows(layer, expand_nested, show_trainable, depth + 1)
    return rows


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in a box; numbers (the third column) to the right."""
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]

    def line(row: Sequence[str], bar: str) -> str:
        cells = [cell.rjust(w) if i == 2 else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
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
