"""Places boxes that links join in layers, so that links run down and few of them cross.

The usual four steps: each box gets the layer below all that lead to it; within layers boxes are ordered by the
middle of their neighbours; they are moved sideways towards these neighbours; links get their ways between.

Source: Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures" (1981).
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

BESIDE = 26.0  # between boxes of one layer
BELOW = 34.0  # between layers
TRACK = 9.0  # between parallel links
NEAR = 8.0  # to the middle of a box
SWEEPS = 12


@dataclass(frozen=True)
class Link:
    """From one box to another, by their numbers.

    leaves, arrives: where, to the right of the middles of the boxes; None is near the middle.
    """

    source: int
    target: int
    leaves: float | None = None
    arrives: float | None = None


@dataclass
class Crossing:
    """How a link crosses the room below layer `gap`: from (x, top) to (to, bottom), sideways at height `track`."""

    gap: int
    x: float
    to: float
    top: float = 0.0
    bottom: float = 0.0
    track: float = 0.0


@dataclass
class Route:
    """A link's way from height `start` to `end`; `upward` where it goes from below to above."""

    start: float
    end: float
    crossings: list[Crossing]
    upward: bool


@dataclass
class Arrangement:
    """The middles of the boxes, the way of each link (None from a box to itself), and the size of all."""

    middles: list[tuple[float, float]]
    routes: list[Route | None]
    width: float
    height: float


@dataclass
class _Spot:
    """A place in a layer: a box, or a point where a long link passes."""

    width: float
    height: float
    layer: int
    above: list[tuple[int, float, float]] = field(default_factory=list)  # spot there, offset there, offset here
    below: list[tuple[int, float, float]] = field(default_factory=list)
    x: float = 0.0


def arrange(
    sizes: Sequence[tuple[float, float]], links: Sequence[Link], first: Collection[int] = (), last: Collection[int] = ()
) -> Arrangement:
    """Places boxes of these widths and heights.

    first, last: boxes that stand in the first layer, or in the last.
    """
    downward = [_downward(link) for link in links]
    layer_of = _layers(len(sizes), downward, first, last)
    spots = [_Spot(width, height, layer_of[i]) for i, (width, height) in enumerate(sizes)]
    chains = [_chain(spots, link) for link in downward]
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for number, spot in enumerate(spots):
        layers[spot.layer].append(number)
    layers = _ordered(spots, layers)
    _move_sideways(spots, layers)
    left = min((spot.x - spot.width / 2 for spot in spots), default=0.0)
    for spot in spots:
        spot.x -= left
    crossings = [_crossings(spots, link, chain) for link, chain in zip(downward, chains, strict=True)]
    tops, height = _stack(spots, layers, [crossing for ways in crossings for crossing in ways])
    middle = [top + max(spots[i].height for i in layer) / 2 for top, layer in zip(tops, layers, strict=True)]
    middles = [(spot.x, middle[spot.layer]) for spot in spots[: len(sizes)]]
    routes = [
        None
        if link.source == link.target
        else Route(
            middles[down.source][1] + sizes[down.source][1] / 2,
            middles[down.target][1] - sizes[down.target][1] / 2,
            ways,
            upward=down is not link,
        )
        for link, down, ways in zip(links, downward, crossings, strict=True)
    ]
    width = max((spot.x + spot.width / 2 for spot in spots), default=0.0)
    return Arrangement(middles, routes, width, height)


def _downward(link: Link) -> Link:
    """Boxes come in an order in which only calls of a shared layer lead back; those are placed as if reversed."""
    if link.source <= link.target:
        return link
    return Link(link.target, link.source, link.arrives, link.leaves)


def _layers(count: int, links: Sequence[Link], first: Collection[int], last: Collection[int]) -> list[int]:
    layer_of = [0 if number in first else 1 if first else 0 for number in range(count)]
    for link in sorted(links, key=lambda link: link.source):
        if link.source != link.target:
            layer_of[link.target] = max(layer_of[link.target], layer_of[link.source] + 1)
    for number in last:
        layer_of[number] = max(layer_of)
    return layer_of


def _chain(spots: list[_Spot], link: Link) -> list[int]:
    """The spots a link passes, new ones in the layers between; they learn of each other."""
    if link.source == link.target:
        return []
    chain = [link.source]
    for layer in range(spots[link.source].layer + 1, spots[link.target].layer):
        spots.append(_Spot(0.0, 0.0, layer))
        chain.append(len(spots) - 1)
    chain.append(link.target)
    for one, other in zip(chain, chain[1:], strict=False):
        leaves = (link.leaves or 0.0) if one == link.source else 0.0
        arrives = (link.arrives or 0.0) if other == link.target else 0.0
        spots[one].below.append((other, arrives, leaves))
        spots[other].above.append((one, leaves, arrives))
    return chain


def _ordered(spots: list[_Spot], layers: list[list[int]]) -> list[list[int]]:
    """The layers in the order with the fewest crossings that some sweeps down and up find."""
    best, fewest = [list(layer) for layer in layers], _count_crossings(spots, layers)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        place = {number: i for layer in layers for i, number in enumerate(layer)}
        for layer in layers if down else layers[::-1]:

            def wanted(number: int, down: bool = down, place: dict[int, int] = place) -> float:
                near = spots[number].above if down else spots[number].below
                return sum(place[other] for other, *_ in near) / len(near) if near else place[number]

            layer.sort(key=wanted)
            place.update((number, i) for i, number in enumerate(layer))
        crossings = _count_crossings(spots, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _count_crossings(spots: list[_Spot], layers: list[list[int]]) -> int:
    count = 0
    for upper, lower in zip(layers, layers[1:], strict=False):
        place = {number: i for i, number in enumerate(lower)}
        ends: list[int] = []
        for number in upper:
            targets = sorted(place[other] for other, *_ in spots[number].below)
            count += sum(len(ends) - bisect(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return count


def _move_sideways(spots: list[_Spot], layers: list[list[int]]) -> None:
    """Gives each spot its x: as near to the middle of its neighbours as the order of its layer allows."""
    for layer in layers:
        _settle(spots, layer, lambda spot: 0.0)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0

        def wanted(spot: _Spot, down: bool = down) -> float:
            near = (spot.above if down else spot.below) or spot.below or spot.above
            return sum(spots[other].x + there - here for other, there, here in near) / len(near) if near else spot.x

        for layer in layers if down else layers[::-1]:
            _settle(spots, layer, wanted)


def _settle(spots: list[_Spot], layer: list[int], wanted: Callable[[_Spot], float]) -> None:
    """The places next to the wanted ones, in the least squares, that keep order and distance of a layer."""
    offset, offsets = 0.0, []
    for before, number in zip([None, *layer], layer, strict=False):
        if before is not None:
            offset += (spots[before].width + spots[number].width) / 2 + BESIDE
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []  # of the spots that touch: their common place, without offsets, and number
    for number, offset in zip(layer, offsets, strict=True):
        place, size = wanted(spots[number]) - offset, 1
        while blocks and blocks[-1][0] >= place:
            other, more = blocks.pop()
            place, size = (place * size + other * more) / (size + more), size + more
        blocks.append((place, size))
    places = [place for place, size in blocks for _ in range(size)]
    for number, offset, place in zip(layer, offsets, places, strict=True):
        spots[number].x = place + offset


def _crossings(spots: list[_Spot], link: Link, chain: list[int]) -> list[Crossing]:
    xs = [spots[number].x for number in chain]
    if xs:
        xs[0] += link.leaves or 0.0
        xs[-1] += link.arrives or 0.0
        if link.arrives is None and abs(xs[-1] - xs[-2]) < NEAR:  # rather straight than in the very middle
            xs[-1] = xs[-2]
        if link.leaves is None and abs(xs[0] - xs[1]) < NEAR:
            xs[0] = xs[1]
    return [Crossing(spots[one].layer, x, to) for one, x, to in zip(chain, xs, xs[1:], strict=False)]


def _stack(
    spots: list[_Spot], layers: list[list[int]], crossings: Sequence[Crossing]
) -> tuple[list[float], float]:
    """The height at which each layer begins, and that of all; the crossings learn theirs."""
    gaps: list[list[Crossing]] = [[] for _ in layers]
    for crossing in crossings:
        gaps[crossing.gap].append(crossing)
    heights = [max(spots[number].height for number in layer) for layer in layers]
    tops, y = [], 0.0
    for i, (height, within) in enumerate(zip(heights, gaps, strict=True)):
        tops.append(y)
        y += height
        if i + 1 == len(layers):
            break
        tracks = _tracks(within)
        room = BELOW / 2 + TRACK * max(2, max(tracks, default=0) + 1)
        if not (height and heights[i + 1]) and all(crossing.x == crossing.to for crossing in within):
            room = BELOW / 4  # to the border there is nothing to make room for
        for crossing, track in zip(within, tracks, strict=True):
            crossing.top, crossing.bottom = y, y + room
            crossing.track = y + BELOW / 4 + TRACK * track
        y += room
    return tops, y


def _tracks(crossings: Sequence[Crossing]) -> list[int]:
    """At which of the parallel heights each crossing goes sideways, so that no two lie on each other.

    Those from one place share a height. Where one leaves from above the place at which another arrives,
    the leaving one goes sideways first.
    """
    groups: dict[float, list[Crossing]] = {}
    for crossing in crossings:
        if crossing.x != crossing.to:
            groups.setdefault(round(crossing.x), []).append(crossing)
    taken: list[list[tuple[float, float]]] = []
    track_of: dict[float, int] = {}

    def place(x: float, waiting: frozenset[float] = frozenset()) -> None:
        """Gives the links from x their height, after those that must go above them."""
        if x in track_of or x in waiting:
            return
        ends = [round(crossing.to) for crossing in groups[x]]
        above = [end for end in ends if end in groups and end != x]
        for end in above:
            place(end, waiting | {x})
        lowest = max((track_of[end] + 1 for end in above if end in track_of), default=0)
        left, right = min(x, *ends), max(x, *ends)
        track = lowest
        while track < len(taken) and any(left <= other[1] and other[0] <= right for other in taken[track]):
            track += 1
        taken.extend([] for _ in range(track + 1 - len(taken)))
        taken[track].append((left, right))
        track_of[x] = track

    for x in sorted(groups):
        place(x)
    return [track_of.get(round(crossing.x), 0) for crossing in crossings]
