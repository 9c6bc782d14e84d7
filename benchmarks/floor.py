"""How near a training step and a prediction come to the machine's rate of matrix products.

    python benchmarks/floor.py                  the workloads without padding
    python benchmarks/floor.py --only CNN LSTM

The rate is that of one square float32 product through NumPy, measured in the same rounds. The floor
is the time that the workload's own products would take at that rate; `_workloads.py` counts them: two
operations for a multiplication and addition, and nothing for all that is not a product.
"""

from __future__ import annotations

import time

import _options
import numpy as np
from _libraries import OURS
from _rounds import workers
from _table import milliseconds
from _workloads import BASE

TASKS = ("training step", "predict N")


def product_rate(size: int) -> float:
    """Operations a second of a float32 product (size, size) @ (size, size): the best of three."""
    a, b = np.random.default_rng(0).random((2, size, size), dtype=np.float32)
    out = np.empty_like(a)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times)


def main() -> None:
    parser = _options.parser(__doc__, rounds=7)
    _options.add_turns(parser)
    _options.add_only(parser, list(BASE))
    options = parser.parse_args()
    turns, size = _options.turns(options), 256 if options.toy else 2048
    records = []
    print(f"{'':50s}{'GFLOP':>8s}{'GFLOP/s':>9s}{'ms':>9s}{'floor ms':>10s}   fraction of the rate (min–max)")
    for workload in _options.workloads(options):
        rates: list[float] = []
        seconds: dict[tuple[str, str], list[float]] = {}
        with workers(_options.ours(), workload) as team:
            for _ in range(turns.rounds):
                rates.append(product_rate(size))
                for task in TASKS:
                    for worker in team:
                        seconds.setdefault((task, worker.library.name), []).append(worker.seconds(task, turns))
        for (task, library), each in seconds.items():
            flop = workload.flop().training if task == "training step" else workload.flop().predict
            fractions = [flop / taken / rate for taken, rate in zip(each, rates, strict=True)]
            fraction, rate = _options.spread(fractions), _options.spread(rates)["median"]
            taken = _options.spread(each)["median"]
            label = f"{workload.name}, {task.removesuffix(' N')}, {library}"
            print(
                f"{label:50s}{flop / 1e9:8.3f}{rate / 1e9:9.0f}{milliseconds(taken):>9s}"
                f"{milliseconds(flop / rate):>10s}   "
                f"{fraction['median']:.3f} ({fraction['min']:.3f}–{fraction['max']:.3f})",
                flush=True,
            )
            records.append({
                "workload": workload.name, "task": task, "library": library, "flop": flop, "product_size": size,
                "product_flop_per_second": rates, "seconds": each, "fraction": fraction,
            })  # fmt: skip
    _options.write_json(options.json, {"toy": options.toy, "libraries": list(OURS), "fractions": records})


if __name__ == "__main__":
    main()
