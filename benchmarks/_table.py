"""The comparison as lines: medians, the best rival, ratios within rounds; as text, JSON and a picture."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from _options import spread
from _rounds import Measured
from _workloads import Workload

HEADS = {"tinynet (NumPy)": "(NumPy)"}  # beside the column 'tinynet'


@dataclasses.dataclass
class Line:
    """One workload and one thing done with it; seconds: of a call, one number a round, for each library."""

    workload: str
    task: str
    batch: int
    seconds: dict[str, list[float]]

    @property
    def label(self) -> str:
        """'predict 1' says its batch itself."""
        return self.task if self.task.endswith(" 1") else f"{self.task.removesuffix(' N')}, batch {self.batch}"

    def median(self, library: str) -> float:
        return statistics.median(self.seconds[library])

    def ratios(self, rival: str, ours: str = "tinynet") -> dict[str, float]:
        """How many times longer the rival takes: the ratio of each round, summed up."""
        pairs = zip(self.seconds[rival], self.seconds[ours], strict=True)
        return spread([theirs / mine for theirs, mine in pairs])

    def rivals(self) -> list[str]:
        """The fastest first."""
        return sorted((name for name in self.seconds if not name.startswith("tinynet")), key=self.median)

    def as_json(self) -> dict[str, Any]:
        best = self.rivals()[0] if self.rivals() else None
        return {
            "workload": self.workload,
            "line": self.label,
            "batch": 1 if self.task.endswith(" 1") else self.batch,
            "median_seconds": {name: self.median(name) for name in self.seconds},
            "seconds": self.seconds,
            "best_rival": best,
            "best_rival_over_tinynet": self.ratios(best) if best else None,
            "rival_over_tinynet": {rival: self.ratios(rival) for rival in self.rivals()},
            "rival_over_tinynet_numpy": {rival: self.ratios(rival, "tinynet (NumPy)") for rival in self.rivals()},
        }


def lines_of(workload: Workload, measured: Measured) -> list[Line]:
    return [Line(workload.name, task, workload.batch, seconds) for task, seconds in measured.seconds.items()]


def milliseconds(seconds: float) -> str:
    """Three digits, or more before the point."""
    value = seconds * 1e3
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


def header(libraries: Sequence[str]) -> str:
    heads = "".join(f"{HEADS.get(name, name):>{_width(name)}s}" for name in libraries)
    return f"{'medians in ms':26s}{heads}   best rival / tinynet (min–max)"


def _width(library: str) -> int:
    return max(10, len(HEADS.get(library, library)) + 2)


def row(line: Line, libraries: Sequence[str]) -> str:
    """A library that does not do this (ONNX Runtime does not train) has a dash."""
    cells = "".join(
        f"{milliseconds(line.median(name)) if name in line.seconds else '–':>{_width(name)}s}" for name in libraries
    )
    text = f"  {line.label:24s}{cells}"
    if not line.rivals():
        return text
    best = line.rivals()[0]
    ratio = line.ratios(best)
    return f"{text}   {ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f}) {best}"


def summary(lines: Iterable[Line]) -> str:
    """What falls short, in words: tinynet of the best rival, its NumPy kernels of Keras/TF."""
    lines = [line for line in lines if line.rivals()]
    if not lines:
        return ""
    behind = [line for line in lines if line.ratios(line.rivals()[0])["median"] < 1]
    parts = [f"tinynet is ahead of the best rival on {len(lines) - len(behind)} of {len(lines)} lines."]
    parts += [f"  behind: {line.workload}, {line.label}" for line in behind]
    beside = [line for line in lines if "Keras/TF" in line.seconds]
    if beside:
        slower = [line for line in beside if line.ratios("Keras/TF", "tinynet (NumPy)")["median"] < 1]
        parts.append(f"tinynet (NumPy) is ahead of Keras/TF on {len(beside) - len(slower)} of {len(beside)} lines.")
        parts += [f"  behind: {line.workload}, {line.label}" for line in slower]
        singles = [line.ratios("Keras/TF")["median"] for line in beside if line.task == "predict 1"]
        if singles:
            parts.append(f"Keras/TF's predict takes {min(singles):.0f} to {max(singles):.0f} times as long at batch 1.")
    return "\n".join(parts)


def plot(lines: Sequence[Line], libraries: Sequence[str], path: Path) -> None:
    """Bars: the time of each library over tinynet's, a panel for each task; right of 1 is slower than tinynet."""
    from tinynet.errors import require

    tasks = list(dict.fromkeys(line.task for line in lines))
    workloads = list(dict.fromkeys(line.workload for line in lines))
    others = [name for name in libraries if name != "tinynet"]
    figure = require("matplotlib.figure", "plot", "the picture").Figure(
        figsize=(4 * len(tasks), 1.6 + 0.13 * len(workloads) * (len(others) + 1)), layout="constrained"
    )
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    height = 0.8 / max(len(others), 1)
    for panel, task in zip(panels, tasks, strict=True):
        of_task = {line.workload: line for line in lines if line.task == task}
        for number, name in enumerate(others):
            shown = [place for place, workload in enumerate(workloads) if name in of_task[workload].seconds]
            ratios = [of_task[workloads[place]].ratios(name)["median"] for place in shown]
            places = [place + (number - (len(others) - 1) / 2) * height for place in shown]
            panel.barh(places, [ratio - 1 for ratio in ratios], height, left=1, label=name, color=f"C{number}")
        panel.axvline(1, color="black", linewidth=1)
        panel.set(title=task, xscale="log", xlabel="time / tinynet's")
        panel.xaxis.set_minor_formatter(require("matplotlib.ticker", "plot", "the picture").NullFormatter())
        panel.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(workloads)), workloads)
    panels[0].invert_yaxis()
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside upper center", ncols=max(len(others), 1))
    figure.savefig(path, dpi=130)
    print(f"written to {path}")
