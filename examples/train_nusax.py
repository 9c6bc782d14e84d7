"""Trains a recurrent sentiment classifier on NusaX (Indonesian) natively, without TensorFlow.

    python examples/train_nusax.py --layer lstm --bidirectional
    python examples/train_nusax.py --layer gru --seeds 5       (mean and spread over five runs)
    python examples/train_nusax.py --layer lstm --no-mask      (why an LSTM can collapse)

TextVectorization -> Embedding -> SimpleRNN, LSTM or GRU -> Dropout -> Dense 64 -> softmax over
negative, neutral and positive; Adam. Training ends when the validation macro-F1 has not improved
for --patience epochs and goes back to the best epoch; the test sentences are looked at once, at
the end. Prints progress, a table of the classes and the confusion matrix; saves curves.png,
confusion.png, scores.csv and model.keras, which takes raw texts, to the folder --out. With
several seeds, table, pictures and model are those of the first.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from _command import Parser, add_folders, folder, number, run, whole
from _data import Sentences, load_nusax
from _report import (
    check_packages,
    class_table,
    confusion_matrix,
    confusion_text,
    largest_difference,
    mean_and_spread,
    plot_confusion,
    plot_curves,
    scores,
)
from _training import fit_sentiment

import tinynet
from tinynet.datasets.nusax_sentiment import CLASS_NAMES
from tinynet.study.architectures import RECURRENT, sentiment_rnn


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--layer", choices=sorted(RECURRENT), default="lstm")
    parser.add_argument("--bidirectional", action="store_true", help="read each sentence in both directions")
    parser.add_argument("--layers", type=whole(), default=1, help="recurrent layers, one on the other (1)")
    parser.add_argument("--units", type=whole(), default=64, help="size of the recurrent state (64)")
    parser.add_argument("--embedding", type=whole(), default=32, help="size of the word vectors (32)")
    parser.add_argument("--dropout", type=number(0, 1), default=0.5, help="after the recurrent layers (0.5)")
    parser.add_argument("--no-mask", action="store_true", help="let the layers read the padding, too")
    parser.add_argument("--vocabulary", type=whole(3), default=3000, help="how many ids there are (3000)")
    parser.add_argument(
        "--length", type=whole(), default=100, help="steps a sentence is padded or cut to (100)"
    )
    parser.add_argument("--epochs", type=whole(), default=30, help="at most so many (30)")
    parser.add_argument(
        "--patience", type=whole(0), default=8, help="epochs without gain; 0: no early end (8)"
    )
    parser.add_argument("--batch-size", type=whole(), default=32)
    parser.add_argument("--learning-rate", type=number(1e-8, 10), default=1e-3, help="Adam's (0.001)")
    parser.add_argument("--seed", type=whole(0), default=0, help="the first seed (0)")
    parser.add_argument("--seeds", type=whole(), default=1, help="how many runs, each with its own seed (1)")
    add_folders(parser, "runs/nusax")
    return parser.parse_args()


def train(
    options: argparse.Namespace, data: Sentences, seed: int
) -> tuple[tinynet.Sequential, dict[str, list[float]]]:
    """A model trained with one seed, and what was logged over its epochs."""
    tinynet.utils.set_random_seed(seed)
    model = sentiment_rnn(
        tinynet,
        options.layer,
        bidirectional=options.bidirectional,
        depth=options.layers,
        units=options.units,
        vocabulary=options.vocabulary,
        embedding=options.embedding,
        length=options.length,
        dropout=options.dropout,
        mask=not options.no_mask,
    )
    history = fit_sentiment(
        tinynet,
        model,
        data,
        epochs=options.epochs,
        patience=options.patience,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
    )
    return model, history.history


def save_for_texts(model: tinynet.Sequential, data: Sentences, path: Path) -> float:
    """Saves the model with the vectorizer in front, so that the file takes texts.

    Returns the largest difference between the saved model's predictions and those from ids.
    """
    whole_model = tinynet.Sequential([tinynet.Input((1,), dtype="string"), data.vectorizer, *model.layers])
    whole_model.save(path)
    again = tinynet.models.load_model(path)
    return largest_difference(again.predict(data.test_texts[:, None]), model.predict(data.x_test))


def report(
    model: tinynet.Sequential,
    history: dict[str, list[float]],
    probabilities: np.ndarray,
    data: Sentences,
    out: Path,
    title: str,
) -> None:
    """Prints the tables of one run, and saves its pictures and its model."""
    counts = confusion_matrix(data.y_test, probabilities)
    print(f"\n{class_table(data.y_test, probabilities, CLASS_NAMES)}\n")
    print(confusion_text(counts, CLASS_NAMES))
    plot_curves(history, out / "curves.png", f"NusaX, {title}", "validation")
    plot_confusion(counts, CLASS_NAMES, out / "confusion.png", f"NusaX test, {title}")
    path = out / "model.keras"
    difference = save_for_texts(model, data, path)
    print(f"\nsaved {path}, which takes texts; loaded again, its predictions differ by {difference:.1e}")


def main() -> None:
    options = arguments()
    check_packages()
    data = load_nusax(options.data, options.vocabulary, options.length)
    out = folder(options.out)
    title = (
        f"{'bidirectional ' * options.bidirectional}{RECURRENT[options.layer]}"
        + ", no mask" * options.no_mask
    )
    rows = []
    for seed in range(options.seed, options.seed + options.seeds):
        print(f"\n{title}, seed {seed}")
        model, history = train(options, data, seed)
        probabilities = model.predict(data.x_test, batch_size=100)
        result = scores(data.y_test, probabilities)
        predicted = len(np.unique(probabilities.argmax(axis=1)))
        rows.append((seed, len(history["loss"]), result.accuracy, result.macro_f1, predicted))
        print(f"test: {result}, {predicted} of {len(CLASS_NAMES)} classes predicted")
        if seed == options.seed:
            report(model, history, probabilities, data, out, title)

    with open(out / "scores.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("seed", "epochs", "accuracy", "macro_f1", "classes_predicted"), *rows])
    if options.seeds > 1:
        accuracies, f1s = [row[2] for row in rows], [row[3] for row in rows]
        print(
            f"\n{title}, {options.seeds} seeds: test accuracy {mean_and_spread(accuracies)}, "
            f"macro-F1 {mean_and_spread(f1s)} (lowest {min(f1s):.3f}, highest {max(f1s):.3f})"
        )


if __name__ == "__main__":
    run(main)
