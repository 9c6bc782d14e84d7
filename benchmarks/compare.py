"""Training steps and predictions of tinynet beside Keras on TensorFlow and JAX, PyTorch and ONNX Runtime.

    python benchmarks/compare.py                                 all workloads, all rivals that are installed
    python benchmarks/compare.py --only CNN "bidirectional LSTM" --rivals Keras/TF "ONNX Runtime"
    python benchmarks/compare.py --json FILE --plot FILE         also every number, and a picture
    python benchmarks/compare.py --toy                           shows in a minute that all of it runs

Each library runs in a process of its own with its own default threads; they take turns, round by
round, so that a slow moment of the machine falls on all. Before it is timed, each must reproduce
tinynet's predictions, and those after a step of training, from the same weights. What counts are the
ratios, computed within rounds. The rivals are the extra `rivals`; absent ones are left out by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import _options
import _table
from _libraries import RIVALS, present
from _rounds import measure
from _workloads import WORKLOADS


def main() -> None:
    parser = _options.parser(__doc__, rounds=7)
    _options.add_turns(parser)
    _options.add_only(parser, list(WORKLOADS))
    _options.add_rivals(parser, list(RIVALS))
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw bars (needs matplotlib)")
    options = parser.parse_args()
    libraries = _options.ours() + present(options.rivals)
    names = [library.name for library in libraries]
    lines: list[_table.Line] = []
    turns = _options.turns(options)
    results: dict[str, Any] = {"toy": options.toy, "turns": turns._asdict(), "versions": {}, "differences": {}}
    print(_table.header(names))
    for workload in _options.workloads(options):
        print(workload.name, flush=True)
        measured = measure(libraries, workload, turns)
        results["versions"] |= {name: about["version"] for name, about in measured.about.items()}
        results["differences"][workload.name] = {
            name: about["differences"] for name, about in measured.about.items()
        }
        added = _table.lines_of(workload, measured)
        for line in added:
            print(_table.row(line, names), flush=True)
        lines += added
        # After each workload, for a whole run is long and may be stopped.
        _options.write_json(options.json, results | {"lines": [line.as_json() for line in lines]})
    print(f"\n{_table.summary(lines)}")
    print("versions: " + "; ".join(f"{name} {version}" for name, version in results["versions"].items()))
    if options.plot:
        _table.plot(lines, names, options.plot)


if __name__ == "__main__":
    main()
