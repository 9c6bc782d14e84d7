"""Compares tinynet with Keras on real test splits. Needs TensorFlow (`pip install 'tinynet[test]'`).

    python examples/compare_with_keras.py
    python examples/compare_with_keras.py --models cnn --train-images 50000 --epochs 12
    python examples/compare_with_keras.py --native --seeds 5 --models lstm bi_lstm gru bi_gru

For each architecture Keras trains a model and saves it, tinynet loads the file, and both predict
the whole test split: accuracy, macro-F1, agreement of the predicted classes, and the largest
difference of probabilities. The CNN is for CIFAR-10; SimpleRNN, LSTM and GRU, in one direction
and in both (bi_…), for NusaX.

With --native both also train, from the same initial weights with the same settings, once for each
seed. The order of the batches and what dropout drops differ, so the scores do, too: the question
is whether they differ by more than the seeds do.

The tables are printed and written to the folder --out, as Markdown and as CSV.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
from _command import Parser, add_folders, folder, number, run, whole
from _data import Images, Sentences, load_cifar10, load_nusax
from _report import largest_difference, mean_and_spread, scores, table
from _training import fit_cnn, fit_sentiment

import tinynet
from tinynet.errors import require
from tinynet.study.architectures import RECURRENT, cifar10_cnn, sentiment_rnn

MODELS = ("cnn", *(prefix + name for name in RECURRENT for prefix in ("", "bi_")))
LOADED_HEADER = (
    "model", "test samples", "accuracy Keras", "accuracy tinynet", "macro-F1 Keras", "macro-F1 tinynet",
    "same class", "largest difference",
)  # fmt: skip
NATIVE_HEADER = ("model", "seeds", "macro-F1 Keras", "macro-F1 tinynet", "difference of means", "noise")


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument(
        "--models", nargs="+", choices=MODELS, default=MODELS, metavar="MODEL", help=" ".join(MODELS)
    )
    parser.add_argument("--epochs", type=whole(), default=2, help="of the CNN (2)")
    parser.add_argument("--train-images", type=whole(), default=10_000, help="for the CNN, of 50,000 (10000)")
    parser.add_argument("--test-images", type=whole(), help="for the CNN, only the first so many")
    parser.add_argument(
        "--text-epochs", type=whole(), default=30, help="of the recurrent models, at most (30)"
    )
    parser.add_argument("--patience", type=whole(0), default=8, help="as in train_nusax.py (8)")
    parser.add_argument("--units", type=whole(), default=64, help="of the recurrent layers (64)")
    parser.add_argument("--dropout", type=number(0, 1), default=0.5, help="of the recurrent models (0.5)")
    parser.add_argument(
        "--native", action="store_true", help="also train natively from Keras's initial weights"
    )
    parser.add_argument("--seed", type=whole(0), default=0)
    parser.add_argument("--seeds", type=whole(), default=1, help="how many trainings each, with --native (1)")
    add_folders(parser, "runs/compare")
    return parser.parse_args()


def build(package: Any, name: str, options: argparse.Namespace) -> Any:
    """The architecture of that name in Keras or in tinynet."""
    if name == "cnn":
        return cifar10_cnn(package)
    return sentiment_rnn(
        package,
        name.removeprefix("bi_"),
        bidirectional=name.startswith("bi_"),
        units=options.units,
        dropout=options.dropout,
    )


def fit(package: Any, model: Any, data: Images | Sentences, options: argparse.Namespace) -> None:
    """Trains a model of either package with the same settings."""
    if isinstance(data, Images):
        fit_cnn(package, model, data, epochs=options.epochs, verbose=0)
    else:
        fit_sentiment(package, model, data, epochs=options.text_epochs, patience=options.patience, verbose=0)


def predictions(model: Any, data: Images | Sentences) -> np.ndarray:
    result: np.ndarray = model.predict(data.x_test, batch_size=100, verbose=0)
    return result


def compare_loaded(name: str, trained: Any, data: Images | Sentences, out: Path) -> list[str]:
    """One row: the model Keras trained, in Keras and loaded from its file by tinynet."""
    path = out / f"{name}.keras"
    trained.save(path)
    theirs, ours = predictions(trained, data), predictions(tinynet.models.load_model(path), data)
    of_keras, of_tinynet = scores(data.y_test, theirs), scores(data.y_test, ours)
    agreement = (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()
    return [
        name,
        str(len(ours)),
        f"{of_keras.accuracy:.4f}",
        f"{of_tinynet.accuracy:.4f}",
        f"{of_keras.macro_f1:.4f}",
        f"{of_tinynet.macro_f1:.4f}",
        f"{agreement:.2%}",
        f"{largest_difference(ours, theirs):.1e}",
    ]


def native_row(name: str, of_keras: list[float], of_tinynet: list[float]) -> list[str]:
    """One row: macro-F1 of both over the seeds, and the standard error that difference has by chance."""
    count = len(of_keras)
    noise = "one seed"
    if count > 1:
        noise = f"{np.sqrt((np.var(of_keras, ddof=1) + np.var(of_tinynet, ddof=1)) / count):.3f}"
    difference = np.mean(of_tinynet) - np.mean(of_keras)
    return [
        name,
        str(count),
        mean_and_spread(of_keras),
        mean_and_spread(of_tinynet),
        f"{difference:+.3f}",
        noise,
    ]


def write(header: tuple[str, ...], rows: list[list[str]], path: Path) -> None:
    """Prints a table and writes it as Markdown and CSV."""
    text = table(header, rows)
    print(f"\n{text}\n")
    path.with_suffix(".md").write_text(f"{text}\n", encoding="utf-8")
    with open(path.with_suffix(".csv"), "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    print(f"written to {path.with_suffix('.md')} and {path.with_suffix('.csv')}")


def main() -> None:
    options = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require("tensorflow", "test", "the comparison")
    keras = require("keras", "test", "the comparison")
    out = folder(options.out)
    images = (
        load_cifar10(options.data, options.train_images, options.test_images)
        if "cnn" in options.models
        else None
    )
    sentences = load_nusax(options.data) if set(options.models) != {"cnn"} else None

    loaded, native = [], []
    for name in options.models:
        data: Any = images if name == "cnn" else sentences
        of_keras: list[float] = []
        of_tinynet: list[float] = []
        for seed in range(options.seed, options.seed + (options.seeds if options.native else 1)):
            keras.utils.set_random_seed(seed)
            tinynet.utils.set_random_seed(seed)
            theirs = build(keras, name, options)
            initial = theirs.get_weights()
            fit(keras, theirs, data, options)
            of_keras.append(scores(data.y_test, predictions(theirs, data)).macro_f1)
            print(f"{name}, seed {seed}: trained by Keras, macro-F1 {of_keras[-1]:.4f}", flush=True)
            if seed == options.seed:
                loaded.append(compare_loaded(name, theirs, data, out))
            if options.native:
                ours = build(tinynet, name, options)
                ours.set_weights(initial)
                fit(tinynet, ours, data, options)
                of_tinynet.append(scores(data.y_test, predictions(ours, data)).macro_f1)
                print(f"{name}, seed {seed}: trained by tinynet, macro-F1 {of_tinynet[-1]:.4f}", flush=True)
        if options.native:
            native.append(native_row(name, of_keras, of_tinynet))

    write(LOADED_HEADER, loaded, out / "loaded")
    if options.native:
        write(NATIVE_HEADER, native, out / "native")


if __name__ == "__main__":
    run(main)
