"""Draws the pictures of docs/plotting.md, each with one function of tinynet.plotting, from CIFAR-10 and NusaX.

    python examples/plot_gallery.py
    python examples/plot_gallery.py --train-images 2000 --epochs 1 --seeds 1      (a first look)

A small CNN is trained on a part of CIFAR-10, and recurrent networks on NusaX: an LSTM that skips the padding behind a
sentence, one that reads it like words, and one that reads in both directions. They are trained briefly: their scores
are no results.

Saves plot_<function>.png to the folder --out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _command import Parser, add_folders, folder, run, whole
from _data import Images, Sentences, load_cifar10, load_nusax
from _report import check_packages, confusion_matrix, scores
from _training import fit_cnn

import tinynet
from tinynet import layers, plotting
from tinynet.callbacks import LayerStatistics, layer_reports
from tinynet.datasets import cifar10
from tinynet.study.architectures import cifar10_cnn, sentiment_rnn

VARIANTS = {
    "LSTM": {"layer": "lstm"},
    "LSTM, no mask": {"layer": "lstm", "mask": False},
    "bidirectional LSTM": {"layer": "lstm", "bidirectional": True},
}


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--train-images", type=whole(), default=10000)
    parser.add_argument("--test-images", type=whole(), default=2000)
    parser.add_argument("--epochs", type=whole(), default=10, help="for sentences (10), and half as many for images")
    parser.add_argument("--seeds", type=whole(), default=5, help="runs of each recurrent network (5)")
    add_folders(parser, "runs/gallery")
    return parser.parse_args()


def save(axes: Any, out: Path, name: str) -> None:
    """Saves the figure of axes as plot_<name>.png."""
    path = out / f"plot_{name}.png"
    axes.figure.savefig(path, dpi=90)
    print(f"saved {path}")


def interval(values: np.ndarray) -> tuple[float, float]:
    """A 95 % interval of the mean, from 10,000 resamples of the runs."""
    means = np.random.default_rng(0).choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def train_rnns(data: Sentences, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The last model of each variant, the histories of all its runs, and their test macro-F1."""
    models: dict[str, Any] = {}
    histories: dict[str, Any] = {name: [] for name in VARIANTS}
    macro_f1: dict[str, list[float]] = {name: [] for name in VARIANTS}
    one_hot = tinynet.utils.to_categorical
    for name, settings in VARIANTS.items():
        for seed in range(options.seeds):
            tinynet.utils.set_random_seed(seed)
            models[name] = model = sentiment_rnn(tinynet, **settings)
            f1 = tinynet.metrics.F1Score(average="macro", name="macro_f1")
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy", f1])
            looking = LayerStatistics(data.x_train[:32], one_hot(data.y_train[:32], 3))
            history = model.fit(
                data.x_train, one_hot(data.y_train, 3), batch_size=32, epochs=options.epochs, verbose=0,
                validation_data=(data.x_valid, one_hot(data.y_valid, 3)), callbacks=[looking],
            )  # fmt: skip
            histories[name].append(history)
            result = scores(data.y_test, model.predict(data.x_test, verbose=0))
            macro_f1[name].append(result.macro_f1)
            print(f"{name}, seed {seed}: {result}")
    return models, histories, macro_f1


def reports(data: Sentences, mask: bool) -> Sequence[Any]:
    """How far gradients come in a new LSTM, on 32 sentences."""
    tinynet.utils.set_random_seed(0)
    model = sentiment_rnn(tinynet, "lstm", mask=mask)
    model.compile("adam", "sparse_categorical_crossentropy")
    return layer_reports(model, data.x_train[:32], data.y_train[:32])


def deep_reports(data: Images, activation: str) -> Sequence[Any]:
    """How far gradients come in a new network of ten layers."""
    tinynet.utils.set_random_seed(0)
    hidden = [layers.Dense(64, activation, name=f"hidden_{n}") for n in range(1, 11)]
    flat = [layers.Input((32, 32, 3)), layers.Rescaling(1 / 255, name="rescaling"), layers.Flatten(name="flatten")]
    model = tinynet.Sequential([*flat, *hidden, layers.Dense(10, "softmax", name="classes")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return layer_reports(model, data.x_train[:64].astype("float32"), data.y_train[:64])


def draw_sentences(options: argparse.Namespace, out: Path) -> None:
    """The pictures of recurrent networks on NusaX."""
    data = load_nusax(options.data)
    models, histories, macro_f1 = train_rnns(data, options)
    save(plotting.history(histories, "macro_f1", label="macro-F1"), out, "history")
    means = [interval(np.array(values)) for values in macro_f1.values()]
    always_negative = scores(data.y_test, np.eye(3)[np.zeros_like(data.y_test)]).macro_f1
    save(plotting.comparison(list(macro_f1), list(macro_f1.values()), means, always_negative), out, "comparison")
    save(plotting.statistics_over_epochs(histories["LSTM"][-1]), out, "statistics_over_epochs")
    gradients = {"with a mask": reports(data, True), "without": reports(data, False)}
    save(plotting.gradient_over_time(gradients), out, "gradient_over_time")

    whole = tinynet.Sequential([tinynet.Input((1,), dtype="string"), data.vectorizer, *models["LSTM"].layers])
    lengths, unknown = (data.x_test != 0).sum(axis=1), (data.x_test == 1).sum(axis=1)
    text = data.test_texts[np.argmin(unknown + 100 * (abs(lengths - 16) > 2))]  # 14 to 18 words, most of them known
    save(plotting.saliency(whole, text), out, "saliency_text")
    save(plotting.hidden_states(whole, text), out, "hidden_states")
    words = data.vectorizer(np.array([text])).numpy()[0]
    tokens = [data.vectorizer.get_vocabulary()[word] for word in words[words != 0]]
    save(plotting.hidden_states(models["bidirectional LSTM"], words, tokens=tokens), out, "hidden_states_both")


def draw_images(options: argparse.Namespace, out: Path) -> None:
    """The pictures of a CNN on CIFAR-10."""
    data = load_cifar10(options.data, options.train_images, options.test_images)
    save(plotting.gradient_flow({name: deep_reports(data, name) for name in ("relu", "sigmoid")}), out, "gradient_flow")
    tinynet.utils.set_random_seed(0)
    model = cifar10_cnn(tinynet, kernel=5)
    history = fit_cnn(tinynet, model, data, epochs=-(-options.epochs // 2), watch_test=True, verbose=0)
    save(plotting.history(history, validation="test (watched only)"), out, "history_one_run")
    probabilities = model.predict(data.x_test, batch_size=100, verbose=0)
    print(f"CNN: {scores(data.y_test, probabilities)}")
    counts = confusion_matrix(data.y_test, probabilities)
    save(plotting.confusion_matrix(counts, cifar10.CLASS_NAMES), out, "confusion_matrix")
    save(plotting.filters(model), out, "filters")
    sure = int(np.argmax(np.where(data.y_test == 7, probabilities[:, 7], 0)))  # the surest horse
    save(plotting.feature_maps(model, data.x_test[sure]), out, "feature_maps")
    save(plotting.saliency(model, data.x_test[sure]), out, "saliency")


def main() -> None:
    options = arguments()
    check_packages()
    out = folder(options.out)
    draw_sentences(options, out)
    draw_images(options, out)


if __name__ == "__main__":
    run(main)
