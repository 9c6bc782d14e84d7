"""What the commands share: options, the toy size, and where results go."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _libraries import OURS, RIVALS, Library
from _rounds import Turns
from _workloads import WORKLOADS, Workload


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """A parser with the options of all commands."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds, help=f"({rounds})")
    made.add_argument("--json", type=Path, metavar="FILE", help="also write every measurement to this file")
    made.add_argument("--toy", action="store_true", help="tiny sizes, one round or two: shows that it runs")
    return made


def add_turns(to: argparse.ArgumentParser) -> None:
    to.add_argument("--repeats", type=int, default=3, help="calls in a turn, at least (3)")
    to.add_argument("--seconds", type=float, default=0.1, help="seconds of a turn, at least (0.1)")


def add_only(to: argparse.ArgumentParser, default: Sequence[str]) -> None:
    to.add_argument(
        "--only", nargs="+", choices=list(WORKLOADS), default=list(default), metavar="WORKLOAD",
        help=f"some of: {', '.join(WORKLOADS)}",
    )  # fmt: skip


def add_rivals(to: argparse.ArgumentParser, default: Sequence[str]) -> None:
    to.add_argument(
        "--rivals", nargs="*", choices=list(RIVALS), default=list(default), metavar="RIVAL",
        help=f"some of: {', '.join(RIVALS)} ({', '.join(default) or 'none'})",
    )  # fmt: skip


def turns(options: argparse.Namespace) -> Turns:
    return Turns(2, 1, 0.0) if options.toy else Turns(options.rounds, options.repeats, options.seconds)


def rounds(options: argparse.Namespace) -> int:
    """For commands that start a process for each number."""
    return 1 if options.toy else int(options.rounds)


def workloads(options: argparse.Namespace) -> list[Workload]:
    chosen = [WORKLOADS[name] for name in options.only]
    return [workload.toy() for workload in chosen] if options.toy else chosen


def ours() -> list[Library]:
    return list(OURS.values())


def machine() -> dict[str, Any]:
    """Where the numbers were measured."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def write_json(path: Path | None, results: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps({"machine": machine(), **results}, indent=1) + "\n", encoding="utf-8")
