"""The peak memory of training: the largest resident size of fresh processes that train one model.

    python benchmarks/memory.py                        the CNN and the LSTM, tinynet beside Keras/TF
    python benchmarks/memory.py --only GRU --rivals Keras/TF PyTorch

The whole process counts, libraries and data included. A process that does nothing but import NumPy is
the ground below all of them.
"""

from __future__ import annotations

import importlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import _options
import _reference
from _libraries import LIBRARIES, Library, present
from _rounds import reference_file
from _workloads import Workload, from_json, to_json

STEPS = 20


def peak_bytes() -> int:
    """The largest resident size of this process so far."""
    try:  # getrusage also counts what the parent held when it started this process
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def train(library: str, workload_json: str, path: str) -> None:
    """The measured process: trains for some steps and prints its peak."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if library != "numpy":
        adapter = importlib.import_module(LIBRARIES[library].adapter)
        step = adapter.tasks(from_json(workload_json), _reference.load(path), dropout=0.5, optimizer="adam")
        for _ in range(STEPS):
            step["training step"]()
    print(peak_bytes(), file=answers)


def peak_of(name: str, environment: dict[str, str], workload: Workload, reference: Path) -> int:
    command = [sys.executable, __file__, "--worker", name, to_json(workload), str(reference)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{name} stopped:\n{result.stderr[-4000:]}")
    return int(result.stdout)


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        train(*sys.argv[2:])
        return
    parser = _options.parser(__doc__, rounds=3)
    _options.add_only(parser, ["CNN", "LSTM"])
    _options.add_rivals(parser, ["Keras/TF"])
    options = parser.parse_args()
    libraries: list[Library] = [
        library for library in _options.ours() + present(options.rivals) if library.name != "ONNX Runtime"
    ]
    processes = {"numpy": dict(os.environ)} | {each.name: each.process_environment() for each in libraries}
    records = []
    print(f"{'peak of training, MB':32s}{'median':>8s}   {'(min–max)':14s}{'of tinynet':>11s}")
    for workload in _options.workloads(options):
        peaks: dict[str, list[float]] = {name: [] for name in processes}
        with reference_file(workload) as reference:
            for _ in range(_options.rounds(options)):
                for name, environment in processes.items():
                    peaks[name].append(peak_of(name, environment, workload, reference))
        base = _options.spread(peaks["tinynet"])["median"]
        for name, each in peaks.items():
            peak = _options.spread(each)
            label = "import numpy alone" if name == "numpy" else f"{workload.name}, {name}"
            between = f"({peak['min'] / 1e6:.0f}–{peak['max'] / 1e6:.0f})"
            print(f"{label:32s}{peak['median'] / 1e6:8.0f}   {between:14s}{peak['median'] / base:11.2f}", flush=True)
            records.append({
                "workload": workload.name, "library": name, "peak_bytes": each, "peak": peak,
                "over_tinynet": peak["median"] / base,
            })  # fmt: skip
    _options.write_json(options.json, {"toy": options.toy, "steps": STEPS, "peaks": records})


if __name__ == "__main__":
    main()
