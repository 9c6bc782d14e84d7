"""Compares tinynet with Keras on real test splits. Needs TensorFlow (`pip install 'tinynet[test]'`).

    python examples/compare_with_keras.py
    python examples/compare_with_keras.py --models cnn --train-images 50000 --epochs 12

For each architecture Keras trains a model and saves it, tinynet loads the file, and both predict
the whole test split: accuracy, macro-F1, agreement of the predicted classes, and the largest
difference of probabilities. The CNN is for CIFAR-10; SimpleRNN, LSTM and GRU, in one direction
and in both (bi_…), for NusaX.

The table is printed and written to the folder --out, as Markdown and as CSV. What comes of it when both train
from the same seed, examples/studies/ shows.
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
from _report import largest_difference, scores, table
from _training import fit_cnn, fit_sentiment

import tinynet
from tinynet.errors import require
from tinynet.study.architectures import RECURRENT, cifar10_cnn, sentiment_rnn

MODELS = ("cnn", *(prefix + name for name in RECURRENT for prefix in ("", "bi_")))
HEADER = (
    "model", "test samples", "accuracy Keras", "accuracy tinynet", "macro-F1 Keras", "macro-F1 tinynet",
    "same class", "largest difference",
)  # fmt: skip


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
    parser.add_argument("--seed", type=whole(0), default=0)
    add_folders(parser, "runs/compare")
    return parser.parse_args()


def build(keras: Any, name: str, options: argparse.Namespace) -> Any:
    """The architecture of that name in Keras."""
    if name == "cnn":
        return cifar10_cnn(keras)
    return sentiment_rnn(
        keras,
        name.removeprefix("bi_"),
        bidirectional=name.startswith("bi_"),
        units=options.units,
        dropout=options.dropout,
    )


def fit(keras: Any, model: Any, data: Images | Sentences, options: argparse.Namespace) -> None:
    """Trains a model as the examples that train with tinynet do."""
    if isinstance(data, Images):
        fit_cnn(keras, model, data, epochs=options.epochs, verbose=0)
    else:
        fit_sentiment(keras, model, data, epochs=options.text_epochs, patience=options.patience, verbose=0)


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


def write(rows: list[list[str]], path: Path) -> None:
    """Prints the table and writes it as Markdown and CSV."""
    text = table(HEADER, rows)
    print(f"\n{text}\n")
    path.with_suffix(".md").write_text(f"{text}\n", encoding="utf-8")
    with open(path.with_suffix(".csv"), "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
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

    rows = []
    for name in options.models:
        data: Any = images if name == "cnn" else sentences
        keras.utils.set_random_seed(options.seed)
        trained = build(keras, name, options)
        fit(keras, trained, data, options)
        rows.append(compare_loaded(name, trained, data, out))
        print(f"{name}: trained by Keras, macro-F1 {rows[-1][4]}", flush=True)
    write(rows, out / "loaded")


if __name__ == "__main__":
    run(main)
