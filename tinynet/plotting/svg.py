"""Draws a diagram as SVG, in black on white."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tinynet.plotting.diagram import Box, Diagram, End
from tinynet.plotting.layout import Link, Route, arrange

HEADING, CELL = 13.0, 12.0  # sizes of letters
ROW = 25.0
PADDING = 11.0  # beside text
BORDER = 14.0  # around a model's layers
ARROW = 8.0
LONGEST_TEXT = 80
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"

Point = tuple[float, float]


@dataclass
class Figure:
    """A piece of the picture, drawn from (0, 0); links from outside meet it at its entries and exits."""

    svg: str
    width: float
    height: float
    entries: Sequence[float] = ()
    exits: Sequence[float] = ()


class Picture(str):
    """The text of an SVG, which notebooks show as a picture."""

    def _repr_svg_(self) -> str:
        return str(self)


def drawn(diagram: Diagram, *, horizontal: bool, splines: str) -> Picture:
    """The picture of a diagram; splines: 'ortho', 'polyline' or 'curved' links."""
    figure = _diagram(diagram, horizontal, splines, outermost=True)
    size = f"{figure.width:.0f}", f"{figure.height:.0f}"
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" font-family="{FONT}">\n'
        f"<title>{_text(diagram.heading)}</title>\n"
        f'<rect width="100%" height="100%" fill="white"/>\n{figure.svg}\n</svg>\n'
    )


def _diagram(diagram: Diagram, horizontal: bool, splines: str, outermost: bool = False) -> Figure:
    figures = [
        _box(item) if isinstance(item, Box) else _diagram(item, horizontal, splines) for item in diagram.items
    ]
    links = [ends for ends in diagram.links if not outermost or None not in (ends[0].item, ends[1].item)]
    entries = 1 + max((source.port for source, _ in links if source.item is None), default=-1)
    exits = 1 + max((target.port for _, target in links if target.item is None), default=-1)
    after = entries + len(figures)

    # The layout runs down; with `horizontal` its x is the picture's y.
    sizes = [(f.height, f.width) if horizontal else (f.width, f.height) for f in figures]
    sizes = [(0.0, 0.0)] * entries + sizes + [(0.0, 0.0)] * exits

    def joined(source: End, target: End) -> Link:
        begin = source.port if source.item is None else entries + source.item
        end = after + target.port if target.item is None else entries + target.item
        leaves = arrives = None
        if source.item is not None and figures[source.item].exits:
            leaves = _port(figures[source.item].exits, source) - sizes[begin][0] / 2
        if target.item is not None and figures[target.item].entries:
            arrives = _port(figures[target.item].entries, target) - sizes[end][0] / 2
        return Link(begin, end, leaves, arrives)

    numbered = [joined(*ends) for ends in links]
    laid = arrange(sizes, numbered, range(entries), range(after, after + exits))
    top = BORDER if outermost else BORDER + ROW  # a nested model's name stands there
    width, height = (laid.height, laid.width) if horizontal else (laid.width, laid.height)
    width, height = width + 2 * BORDER, height + BORDER + top
    if not outermost:
        width = max(width, _width(diagram.heading, CELL) + 2 * PADDING)
    before, across = (BORDER, top) if horizontal else (top, BORDER)

    def placed(x: float, y: float) -> Point:
        return (BORDER + y, top + x) if horizontal else (BORDER + x, top + y)

    parts = []
    if not outermost:
        parts.append(_rectangle(0, 0, width, height, 'fill="none" stroke="black" stroke-dasharray="5 4"'))
    for (source, target), route, link in zip(links, laid.routes, numbered, strict=True):
        if route is None:
            points = [placed(*point) for point in _loop(laid.middles[link.source], sizes[link.source])]
            parts += [_line(points), _arrow(points[-1], (0, -1) if horizontal else (-1, 0))]
            continue
        route.start -= before if source.item is None else 0.0
        route.end += BORDER if target.item is None else 0.0
        points = [placed(*point) for point in _points(route, splines)]
        parts.append(_line(points, splines == "curved"))
        if target.item is not None and isinstance(diagram.items[target.item], Box):
            sign = -1 if route.upward else 1
            parts.append(_arrow(points[0 if route.upward else -1], (sign, 0) if horizontal else (0, sign)))
    for (x, y), figure in zip(laid.middles[entries:after], figures, strict=True):
        left, upper = placed(x, y)
        left, upper = left - figure.width / 2, upper - figure.height / 2
        parts.append(f'<g transform="translate({left:.1f} {upper:.1f})">\n{figure.svg}\n</g>')
    if not outermost:  # last, with a white rim: links may pass below it
        parts.append(_write(diagram.heading, PADDING, ROW * 0.7, CELL, 'stroke="white" stroke-width="4"'))
        parts.append(_write(diagram.heading, PADDING, ROW * 0.7, CELL))
    ports = [across + x for x, _ in laid.middles]
    return Figure("\n".join(parts), width, height, ports[:entries], ports[after:])


def _port(ports: Sequence[float], end: End) -> float:
    return ports[min(end.port, len(ports) - 1)]


def _points(route: Route, splines: str) -> list[Point]:
    """Corners of a link, or with 'curved' the ends of its straight pieces, between which it bends."""
    points = [(route.crossings[0].x, route.start)]
    for way in route.crossings:
        points.append((way.x, way.top))
        if splines == "ortho" and way.x != way.to:
            points += [(way.x, way.track), (way.to, way.track)]
        points.append((way.to, way.bottom))
    points.append((route.crossings[-1].to, route.end))
    return points


def _loop(middle: Point, size: tuple[float, float]) -> list[Point]:
    """From a box to itself, around its side."""
    x, y = middle[0] + size[0] / 2, middle[1]
    return [(x, y - 5), (x + BORDER, y - 5), (x + BORDER, y + 5), (x, y + 5)]


def _line(points: list[Point], curved: bool = False) -> str:
    steps = [f"M {points[0][0]:.1f} {points[0][1]:.1f}"]
    down = points[0][0] == points[1][0]
    for number, (one, other) in enumerate(zip(points, points[1:], strict=False)):
        if curved and number % 2:  # between straight pieces, in whose direction it leaves and arrives
            middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
            if down:
                controls = [(one[0], middle[1]), (other[0], middle[1])]
            else:
                controls = [(middle[0], one[1]), (middle[0], other[1])]
            steps.append("C " + ", ".join(f"{x:.1f} {y:.1f}" for x, y in (*controls, other)))
        else:
            steps.append(f"L {other[0]:.1f} {other[1]:.1f}")
    return f'<path d="{" ".join(steps)}" fill="none" stroke="black" stroke-width="1.4"/>'


def _arrow(tip: Point, towards: Point) -> str:
    """The head of an arrow at `tip` that points in a direction of length 1."""
    base = tip[0] - ARROW * towards[0], tip[1] - ARROW * towards[1]
    side = towards[1] * ARROW * 0.45, towards[0] * ARROW * 0.45
    corners = [tip, (base[0] + side[0], base[1] - side[1]), (base[0] - side[0], base[1] + side[1])]
    return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}"/>'


def _box(box: Box) -> Figure:
    rows = [[_width(cell, CELL) + 2 * PADDING for cell in row] for row in box.rows]
    width = max(_width(box.heading, HEADING) * 1.15 + 2 * PADDING, *map(sum, rows), 60.0)
    parts = [
        _rectangle(0, 0, width, ROW, 'fill="black" stroke="black"'),
        _write(box.heading, width / 2, ROW * 0.68, HEADING, 'fill="white" font-weight="bold" text-anchor="middle"'),
    ]
    for number, (texts, widths) in enumerate(zip(box.rows, rows, strict=True), start=1):
        x, stretch = 0.0, width / sum(widths)
        for cell, own in zip(texts, widths, strict=True):
            parts.append(_rectangle(x, ROW * number, own * stretch, ROW, 'fill="white" stroke="black"'))
            middle = x + own * stretch / 2
            parts.append(_write(cell, middle, ROW * (number + 0.68), CELL, 'text-anchor="middle"'))
            x += own * stretch
    return Figure("\n".join(parts), width, ROW * (1 + len(rows)))


def _rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {style}/>'


def _write(text: str, x: float, y: float, size: float, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.0f}" {style}>{_text(text)}</text>'


def _text(text: str) -> str:
    """Text for XML: without characters that it must not have, and shortened."""
    return html.escape("".join(c if _allowed(c) else "\N{REPLACEMENT CHARACTER}" for c in _shortened(text)))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _allowed(character: str) -> bool:
    # Controls, halves of surrogate pairs, and what changes the direction of the text around it.
    return unicodedata.category(character) not in ("Cc", "Cs", "Cf", "Cn", "Zl", "Zp")


def _width(text: str, size: float) -> float:
    """About how wide letters of that size are; the font that will be used is not known."""
    return size * sum(map(_letter, _shortened(text)))


def _letter(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in "fijlrtI.,:;'|!()[] ":
        return 0.37
    return 0.84 if character in "mwMW@" else 0.7 if character.isupper() else 0.6
