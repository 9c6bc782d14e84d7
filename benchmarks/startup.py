"""How long an import takes, and a cold start: from process start to a prediction from a `.keras` file.

    python benchmarks/startup.py

Each is the time of a whole process, from its start to its end, in turns; imports are also told beyond
that of NumPy alone. Files are in the disk cache after the first turn, which is not counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import _options
import numpy as np
from _libraries import LIBRARIES, OURS, RIVALS, Library, present
from _rounds import HERE
from _workloads import Workload, to_json

SAVE = """
import sys, tinynet
from _workloads import from_json
from_json(sys.argv[1]).build(tinynet, 0.5).save(sys.argv[2])
"""
PREDICT = """
import sys
import numpy as np
import {package}
model = {package}.models.load_model({file!r})
assert np.isfinite(model.predict(np.zeros({shape}, {dtype!r}), verbose=0)).all()
"""


class Process(NamedTuple):
    """A program to time: what it is called, its code, and the library whose environment it runs in."""

    label: str
    code: str
    library: Library


def cold_start(library: Library, workload: Workload, file: Path) -> Process:
    x, _ = workload.data(np.random.default_rng(0))
    code = PREDICT.format(package=library.packages[0], file=str(file), shape=(1, *x.shape[1:]), dtype=str(x.dtype))
    return Process(f"{workload.name} from a file, {library.name}", code, library)


def seconds(process: Process) -> float:
    """The time of one run; a run that fails ends the command."""
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", process.code], env=process.library.process_environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    taken = time.perf_counter() - start
    if result.returncode:
        raise SystemExit(f"{process.label} stopped:\n{result.stderr[-4000:]}")
    return taken


def main() -> None:
    parser = _options.parser(__doc__, rounds=7)
    _options.add_only(parser, ["CNN", "LSTM"])
    _options.add_rivals(parser, list(RIVALS))
    options = parser.parse_args()
    rivals = present(options.rivals)
    tinynet = LIBRARIES["tinynet"]
    processes = [
        Process("python", "pass", tinynet),
        Process("import numpy", "import numpy", tinynet),
        Process("import tinynet", "import tinynet", tinynet),
    ]
    on_keras = [rival for rival in rivals if rival.packages[0] == "keras"]
    for rival in rivals:
        package = "keras" if rival in on_keras else rival.packages[-1]
        processes.append(Process(f"import {package}, {rival.name}", f"import {package}", rival))
    with tempfile.TemporaryDirectory() as folder:
        for number, workload in enumerate(_options.workloads(options)):
            file = Path(folder) / f"{number}.keras"
            subprocess.run([sys.executable, "-c", SAVE, to_json(workload), str(file)], cwd=HERE, check=True)
            processes += [cold_start(library, workload, file) for library in [*OURS.values(), *on_keras]]
        times: dict[str, list[float]] = {process.label: [] for process in processes}
        rounds = _options.rounds(options)
        for turn in range(rounds if options.toy else rounds + 1):
            for process in processes:
                taken = seconds(process)
                if turn or options.toy:
                    times[process.label].append(taken)
    records = []
    print(f"{'seconds of a process':42s}{'median':>8s}   {'(min–max)':16s}{'beyond numpy':>13s}")
    for label, each in times.items():
        total = _options.spread(each)
        beyond = _options.spread([a - b for a, b in zip(each, times["import numpy"], strict=True)])["median"]
        between = f"({total['min']:.2f}–{total['max']:.2f})"
        print(f"{label:42s}{total['median']:8.3f}   {between:16s}{beyond:13.3f}")
        records.append({"process": label, "seconds": each, "total": total, "beyond_numpy": beyond})
    _options.write_json(options.json, {"toy": options.toy, "processes": records})


if __name__ == "__main__":
    main()
