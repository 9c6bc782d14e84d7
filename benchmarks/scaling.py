"""What a step and a prediction cost against batch size, sequence length, units and image size.

    python benchmarks/scaling.py                            tinynet alone
    python benchmarks/scaling.py --rivals Keras/TF          beside others
    python benchmarks/scaling.py --plot scaling.png --json scaling.json

A slope is that of a straight line through log time against log size: 1 is proportional, 0 is a fixed
cost. It is fitted to all sizes, and to the largest three, where fixed costs count least.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import _options
import numpy as np
from _libraries import LIBRARIES, present
from _rounds import measure
from _table import milliseconds
from _workloads import BASE, Workload

TASKS = ("training step", "predict N")
LARGEST = 3


class Sweep(NamedTuple):
    """One number of a workload (a field of it) that takes several sizes, all else as it is."""

    workload: str
    field: str
    sizes: tuple[int, ...]
    toy_sizes: tuple[int, ...]


SWEEPS = {
    "CNN, batch size": Sweep("CNN", "batch", (1, 4, 16, 64, 256), (1, 2, 4)),
    "CNN, image size": Sweep("CNN", "side", (16, 24, 32, 48, 64), (10, 12, 14)),
    "LSTM, batch size": Sweep("LSTM", "batch", (1, 4, 16, 64, 256), (1, 2, 4)),
    "LSTM, sequence length": Sweep("LSTM", "steps", (25, 50, 100, 200, 400), (2, 4, 8)),
    "LSTM, units": Sweep("LSTM", "units", (16, 32, 64, 128, 256), (2, 4, 8)),
}


def resized(workload: Workload, sweep: Sweep, size: int) -> Workload:
    changed: dict[str, Any] = {sweep.field: size}
    return dataclasses.replace(workload, **changed)


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The exponent p of seconds ~ size^p, by least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def plot(curves: Sequence[dict[str, Any]], path: Path) -> None:
    """A panel for each sweep, logarithmic both ways; training solid, prediction dashed."""
    from tinynet.errors import require

    names = list(dict.fromkeys(curve["sweep"] for curve in curves))
    libraries = list(dict.fromkeys(curve["library"] for curve in curves))
    figure = require("matplotlib.figure", "plot", "the picture").Figure(
        figsize=(3.6 * len(names), 4.2), layout="constrained"
    )
    panels = dict(zip(names, figure.subplots(1, len(names), squeeze=False)[0], strict=True))
    for curve in curves:
        axes = panels[curve["sweep"]]
        axes.loglog(
            curve["sizes"], [seconds * 1e3 for seconds in curve["median_seconds"]], marker="o", markersize=4,
            linestyle="-" if curve["task"] == "training step" else "--", color=f"C{libraries.index(curve['library'])}",
            label=f"{curve['library']}, {curve['task']}: {curve['slope']:.2f}",
        )  # fmt: skip
        axes.set_xticks(curve["sizes"], curve["sizes"])
        axes.set_xticks([], minor=True)
    for name, axes in panels.items():
        axes.set(title=name, xlabel=name.split(", ")[1], ylabel="ms")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7, title="slope over all sizes", title_fontsize=7)
    figure.savefig(path, dpi=130)
    print(f"written to {path}")


def main() -> None:
    parser = _options.parser(__doc__, rounds=5)
    _options.add_turns(parser)
    _options.add_rivals(parser, [])
    parser.add_argument("--only", nargs="+", choices=list(SWEEPS), default=list(SWEEPS), metavar="SWEEP",
                        help=f"some of: {'; '.join(SWEEPS)}")  # fmt: skip
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw the curves (needs matplotlib)")
    options = parser.parse_args()
    libraries = [LIBRARIES["tinynet"], *present(options.rivals)]
    curves = []
    for name in options.only:
        sweep = SWEEPS[name]
        workload = BASE[sweep.workload].toy() if options.toy else BASE[sweep.workload]
        sizes = sweep.toy_sizes if options.toy else sweep.sizes
        turns = _options.turns(options)
        measured = [measure(libraries, resized(workload, sweep, size), turns, TASKS) for size in sizes]
        print(f"{name:42s}" + "".join(f"{size:>9d}" for size in sizes) + "    slope   largest three")
        for task in TASKS:
            for library in libraries:
                if library.name not in measured[0].seconds[task]:
                    continue
                each = [at_size.seconds[task][library.name] for at_size in measured]
                medians = [_options.spread(seconds)["median"] for seconds in each]
                fitted = slope(sizes, medians), slope(sizes[-LARGEST:], medians[-LARGEST:])
                cells = "".join(f"{milliseconds(median):>9s}" for median in medians)
                print(f"  {f'{library.name}, {task}, ms':40s}{cells}{fitted[0]:9.2f}{fitted[1]:10.2f}", flush=True)
                curves.append({
                    "sweep": name, "task": task, "library": library.name, "sizes": list(sizes), "seconds": each,
                    "median_seconds": medians, "slope": fitted[0], "slope_largest": fitted[1],
                })  # fmt: skip
    _options.write_json(options.json, {"toy": options.toy, "curves": curves})
    if options.plot:
        plot(curves, options.plot)


if __name__ == "__main__":
    main()
