"""What a page consists of: sections of paragraphs, lists, tables and pictures. Templates turn it into HTML and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Points:
    """A list; each point is a subject, which may be empty, and a text."""

    points: Sequence[tuple[str, str]]
    kind: str = "points"


@dataclass(frozen=True)
class Cell:
    """A cell of a table. shade: how dark its background is, from 0 to 1."""

    text: str
    shade: float | None = None
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a head. words: how many columns from the left hold words; the others are numbers, set to the right."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: int = 1
    caption: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """A PNG, shown `width` by `height` pixels of the page. alt: what it shows, for those who cannot see it."""

    name: str
    png: bytes
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Figure:
    """Pictures that belong together, and what is written under them."""

    pictures: Sequence[Picture]
    caption: str = ""
    strong: bool = False
    kind: str = "figure"


@dataclass(frozen=True)
class Gallery:
    """Figures beside each other, as many as there is room for."""

    figures: Sequence[Figure]
    kind: str = "gallery"


@dataclass(frozen=True)
class Group:
    """Blocks under a heading. closed: whether they are shown only when the reader opens them. beside: side by side."""

    title: str
    blocks: Sequence[Block]
    closed: bool = False
    beside: bool = False
    kind: str = "group"


Block = Text | Points | Table | Figure | Gallery | Group


@dataclass(frozen=True)
class Section:
    """A section with its heading. name: the target of links to it."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """The whole."""

    language: str
    title: str
    lead: Sequence[str]  # paragraphs under the title
    contents: str  # the heading of the table of contents
    sections: Sequence[Section] = field(default_factory=list)

    def pictures(self) -> list[Picture]:
        """All of them."""
        return [picture for section in self.sections for picture in _pictures(section.blocks)]


def _pictures(blocks: Sequence[Block]) -> list[Picture]:
    found: list[Picture] = []
    for block in blocks:
        if isinstance(block, Figure):
            found += block.pictures
        elif isinstance(block, Gallery):
            found += _pictures(block.figures)
        elif isinstance(block, Group):
            found += _pictures(block.blocks)
    return found
