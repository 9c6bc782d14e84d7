"""Measures how long prediction takes at different batch sizes, and that it predicts the same.

    python examples/batch_size_table.py

The CNN predicts CIFAR-10's test images and the LSTM NusaX's test sentences, in batches of 1, 8,
16, 32, 64, 128 and all at once. The weights are those of a new model: the time does not depend on
their values. Each time is the median of --repeats passes over all samples. The last column is the
largest difference of a probability from that at batch size 1, which is rounding only.

The table is printed and written to batch_sizes.md and batch_sizes.csv in the folder --out.
"""

from __future__ import annotations

import argparse
import csv
import functools
import statistics
import time
from collections.abc import Callable

import numpy as np
from _command import Parser, add_folders, folder, run, whole
from _data import load_cifar10, load_nusax
from _report import largest_difference, table

import tinynet
from tinynet.study.architectures import cifar10_cnn, sentiment_rnn

SIZES = (1, 8, 16, 32, 64, 128)
HEADER = (
    "model",
    "samples",
    "batch size",
    "all samples, ms",
    "one sample, ms",
    "times batch 1",
    "largest difference",
)


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--models", nargs="+", choices=("cnn", "lstm"), default=("cnn", "lstm"))
    parser.add_argument("--samples", type=whole(), default=400, help="at most so many (400)")
    parser.add_argument("--repeats", type=whole(), default=3, help="passes a time is the median of (3)")
    parser.add_argument("--seed", type=whole(0), default=0)
    add_folders(parser, "runs/batch_sizes")
    return parser.parse_args()


def seconds(compute: Callable[[], object], repeats: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        compute()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(name: str, model: tinynet.Sequential, x: np.ndarray, repeats: int) -> list[list[str]]:
    """A row for each batch size up to the number of samples, and one for all at once."""
    rows: list[list[str]] = []
    reference = model.predict(x, batch_size=1)
    alone = 0.0
    for size in (*(size for size in SIZES if size < len(x)), len(x)):
        predicted = model.predict(x, batch_size=size)
        taken = seconds(functools.partial(model.predict, x, batch_size=size), repeats)
        alone = alone or taken
        label = f"{size} (all)" if size == len(x) else str(size)
        rows.append(
            [
                name,
                str(len(x)),
                label,
                f"{taken * 1e3:.1f}",
                f"{taken / len(x) * 1e3:.3f}",
                f"{alone / taken:.1f}",
                f"{largest_difference(predicted, reference):.1e}",
            ]
        )
        print(f"{name}, batch size {label}: {taken * 1e3:.1f} ms", flush=True)
    return rows


def main() -> None:
    options = arguments()
    out = folder(options.out)
    tinynet.utils.set_random_seed(options.seed)
    rows = []
    if "cnn" in options.models:
        x = load_cifar10(options.data).x_test
        rows += measure("CNN", cifar10_cnn(tinynet), x[: options.samples], options.repeats)
    if "lstm" in options.models:
        x = load_nusax(options.data).x_test
        rows += measure("LSTM", sentiment_rnn(tinynet, "lstm"), x[: options.samples], options.repeats)
    text = table(HEADER, rows)
    print(f"\n{text}")
    (out / "batch_sizes.md").write_text(f"{text}\n", encoding="utf-8")
    with open(out / "batch_sizes.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    print(f"\nwritten to {out / 'batch_sizes.md'} and {out / 'batch_sizes.csv'}")


if __name__ == "__main__":
    run(main)
