"""Trains every network with every optimizer beside Keras: python tests/trajectories/sweep.py

Each pair is trained for fifty steps by both libraries, in float64 and in float32, from the same weights on the same
batches, and is fed in one of the ways of FEEDS in turn. Shows the two tables of docs/training.md.

`--networks` and `--optimizers` choose some by a part of their names. `--results FILE` keeps what is found, a line
each, and leaves out what is in the file already, so that a sweep can be stopped and go on, or be made in pieces.
The exit status is 1 where a pair differs by more than is allowed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path[:0] = [os.fspath(Path(__file__).parents[2]), os.fspath(Path(__file__).parents[1])]

from following import Comparison, compared, feed_of
from trajectory_cases import NETWORKS, OPTIMIZERS, STEPS


def table(found: Iterable[Comparison], name: str, of: Callable[[Comparison], str]) -> str:
    """Markdown: a line for each network or optimizer, with the worst of its pairs."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in found:
        groups.setdefault(of(comparison), []).append(comparison)
    lines = [
        f"| {name} | pairs | loss, float64 | weights, float64 | loss, float32 | Keras's own, float32 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, group in groups.items():
        worst = (max(getattr(c, value) for c in group) for value in ("loss", "weight", "ours", "theirs"))
        lines.append(f"| {key} | {len(group)} | {' | '.join(f'{value:.1e}' for value in worst)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="", help="only those with this in their name")
    parser.add_argument("--optimizers", default="", help="only those with this in their name")
    parser.add_argument("--results", type=Path, help="a file of results, to add to")
    settings = parser.parse_args()
    known = []
    if settings.results and settings.results.exists():
        known = [Comparison(**json.loads(line)) for line in settings.results.read_text().splitlines()]
    done = {(c.network, c.optimizer): c for c in known}
    for network in NETWORKS:
        for optimizer in OPTIMIZERS:
            wanted = settings.networks in network and settings.optimizers in optimizer
            if not wanted or (network, optimizer) in done:
                continue
            found = done[network, optimizer] = compared(network, optimizer, feed_of(network, optimizer))
            print(f"{network} | {optimizer} | {found.feed}: {found.parting or ('both refuse' if found.refused else 'agrees')}", file=sys.stderr, flush=True)
            if settings.results:
                with settings.results.open("a") as file:
                    file.write(json.dumps(dataclasses.asdict(found)) + "\n")
    results = [done[n, o] for n in NETWORKS for o in OPTIMIZERS if (n, o) in done]
    parted = [c for c in results if c.parting]
    refused = sum(c.refused for c in results)
    print(f"{len(results)} pairs of a network and an optimizer, {STEPS} steps each, in float64 and in float32: ", end="")
    print(f"{len(parted)} differ, {refused} are refused by both\n")
    print(table(results, "network", lambda c: c.network))
    print()
    print(table(results, "optimizer", lambda c: c.optimizer))
    for c in parted:
        print(f"\n{c.network}, {c.optimizer}, {c.feed}: {c.parting}")
    sys.exit(bool(parted))


if __name__ == "__main__":
    main()
