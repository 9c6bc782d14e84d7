"""What commands print: text that a terminal only shows, and tables that fit into 80 columns."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TextIO

WIDTH = 80


def say(text: str = "", stream: TextIO | None = None) -> None:
    """Prints lines, with all that could command a terminal escaped: names in files are anybody's."""
    print(shown(text), file=stream or sys.stdout)


def shown(text: str) -> str:
    """A text whose unprintable characters are escaped.

    >>> print(shown("dense\\x1b[31m"))
    dense\\x1b[31m
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = (), width: int = WIDTH
) -> str:
    """Rows below headings in columns; long cells go on in further lines.

    numbers: the columns that are set to the right.

    >>> print(table(("layer", "parameters"), [("dense", "15"), ("dense_1", "8")], numbers=[1]))
    layer    parameters
    dense            15
    dense_1           8
    """
    cells = [[shown(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in cells:
        parts = [textwrap.wrap(cell, w) or [""] for cell, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, parts))):
            texts = [part[i] if i < len(part) else "" for part in parts]
            placed = [
                text.rjust(w) if n in numbers else text.ljust(w)
                for n, (text, w) in enumerate(zip(texts, widths, strict=True))
            ]
            lines.append("  ".join(placed).rstrip())
    return "\n".join(lines)


def item(text: str, mark: str = "- ") -> str:
    """An item of a list, in lines of at most 80 columns.

    >>> print(item("a" * 79))
    - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      a
    """
    indent = " " * len(mark)
    return textwrap.fill(shown(text), WIDTH, initial_indent=mark, subsequent_indent=indent, break_on_hyphens=False)


def bytes_told(size: int) -> str:
    """A number of bytes as people read it.

    >>> bytes_told(999), bytes_told(5_400_000)
    ('999 bytes', '5.1 MiB')
    """
    if size < 1024:
        return f"{size} bytes"
    amount, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f} {unit}"
