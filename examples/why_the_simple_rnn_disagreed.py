"""Why a SimpleRNN from scratch disagrees with Keras: the usual mistakes, made on purpose. Needs TensorFlow
(`pip install 'tinynet[test]'`).

    python examples/why_the_simple_rnn_disagreed.py
    python examples/why_the_simple_rnn_disagreed.py --seeds 1 --epochs 5

Keras trains SimpleRNNs on NusaX: one layer and two, with a mask and without. Each one's weights are run in tinynet,
from the .keras file, and in plain NumPy loops: right, and with one mistake at a time. Both are compared with Keras's
own predictions for all test sentences. Over the seeds, the share of sentences with the same class and the macro-F1 are
means, and of differences of probabilities the largest is shown. `most` is the share of the class that is predicted most
often.

The tables are printed and written to the folder --out, as Markdown and as CSV.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from _command import Parser, add_folders, folder, run, whole
from _data import Sentences, load_nusax
from _report import largest_difference, scores, table

import tinynet
from tinynet.errors import require
from tinynet.study.architectures import sentiment_rnn

UNITS = 32  # as many as a word vector has numbers, so that the two kernels can be confused
DROPOUT = 0.5
Weights = tuple[np.ndarray, ...]  # of a layer: kernel, recurrent kernel, bias
COLUMNS = ("run by", "same class", "largest difference", "macro-F1", "most")


@dataclass(frozen=True)
class Reading:
    """How the loops read sentences; but for `skips` it is right as it stands.

    skips: for each layer, whether it passes over the padding. zeros_in: whether the padding's vectors are made zeros.
    zeros_out: whether a layer puts out zeros, instead of its state, where it passes over a step.
    weights: what becomes of a layer's kernel, recurrent kernel and bias.
    carried: whether a step gets the state of the one before. leaks: whether a sentence begins with the state that the
    one before it ended with.
    """

    skips: tuple[bool, ...]
    zeros_in: bool = False
    zeros_out: bool = False
    weights: Callable[..., Weights] = lambda kernel, recurrent, bias: (kernel, recurrent, bias)
    activation: Callable[[np.ndarray], np.ndarray] = np.tanh
    carried: bool = True
    leaks: bool = False
    backwards: bool = False
    dropout: bool = False
    dtype: str = "float32"


def readings(masked: bool, layers: int) -> dict[str, Reading]:
    """The right one for such a model, and by their names what goes wrong."""
    right = Reading(skips=(masked,) * layers)
    found = {"plain loops, no mistake": right}
    if masked:
        read = (False,) * layers
        found["mask ignored: the padding is read"] = replace(right, skips=read)
        found["padding read as vectors of zeros"] = replace(right, skips=read, zeros_in=True)
        found["padding puts out zeros, the last step is taken"] = replace(right, zeros_out=True)
        if layers > 1:
            found["mask used by the first layer only"] = replace(right, skips=(True, *read[1:]))
    else:
        found["padding skipped, which Keras reads here"] = replace(right, skips=(True,) * layers)
    mistakes: dict[str, dict[str, Any]] = {
        "recurrent kernel transposed": {"weights": lambda kernel, recurrent, bias: (kernel, recurrent.T, bias)},
        "kernel and recurrent kernel swapped": {"weights": lambda kernel, recurrent, bias: (recurrent, kernel, bias)},
        "bias left out": {"weights": lambda kernel, recurrent, bias: (kernel, recurrent, 0 * bias)},
        "bias added twice": {"weights": lambda kernel, recurrent, bias: (kernel, recurrent, 2 * bias)},
        "activation left out": {"activation": lambda z: z},
        "relu instead of tanh": {"activation": relu},
        "state not carried from step to step": {"carried": False},
        "state kept from sentence to sentence": {"leaks": True},
        "sentence read backwards": {"backwards": True},
        "dropout left on": {"dropout": True},
        "float16": {"dtype": "float16"},
    }
    return {**found, **{name: replace(right, **mistake) for name, mistake in mistakes.items()}}


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def predicted(weights: list[np.ndarray], ids: np.ndarray, reading: Reading) -> np.ndarray:
    """The classifier in plain loops: Keras's weights in Keras's order, ids (N, T) -> probabilities (N, 3)."""
    embedding, *of_layers, hidden, hidden_bias, last, last_bias = (array.astype(reading.dtype) for array in weights)
    if reading.backwards:
        ids = ids[:, ::-1]
    padding = ids == 0
    x = embedding[ids]
    if reading.zeros_in:
        x[padding] = 0
    for layer, skips in enumerate(reading.skips):
        x = simple_rnn(x, padding & skips, reading.weights(*of_layers[3 * layer : 3 * layer + 3]), reading)
    state = x[:, -1]
    if reading.dropout:
        kept = np.random.default_rng(0).random(state.shape) >= DROPOUT
        state = state * kept / (1 - DROPOUT)
    logits = relu(state @ hidden + hidden_bias) @ last + last_bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def simple_rnn(x: np.ndarray, skipped: np.ndarray, weights: Weights, reading: Reading) -> np.ndarray:
    """A layer: vectors (N, T, F), the steps (N, T) that are passed over -> what is put out at each step (N, T, U)."""
    if not reading.leaks:
        return steps(x, skipped, weights, np.zeros((len(x), UNITS), x.dtype), reading)
    found = [np.zeros((1, 1, UNITS), x.dtype)]
    for sentence in range(len(x)):
        one = slice(sentence, sentence + 1)
        found.append(steps(x[one], skipped[one], weights, found[-1][:, -1], reading))
    return np.concatenate(found[1:])


def steps(x: np.ndarray, skipped: np.ndarray, weights: Weights, state: np.ndarray, reading: Reading) -> np.ndarray:
    """The loop over the steps, from a state (N, U) on."""
    kernel, recurrent, bias = weights
    put_out = []
    for step in range(x.shape[1]):
        before = state if reading.carried else np.zeros_like(state)
        new = reading.activation(x[:, step] @ kernel + before @ recurrent + bias)
        passed = skipped[:, step, None]
        state = np.where(passed, state, new)
        put_out.append(np.where(passed, 0, state) if reading.zeros_out else state)
    return np.stack(put_out, axis=1)


def trained_by_keras(data: Sentences, masked: bool, layers: int, seed: int, epochs: int) -> Any:
    """A SimpleRNN that Keras has trained."""
    keras = require("keras", "test", "a training in Keras")
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    length = data.x_train.shape[1]
    model = sentiment_rnn(
        keras, "simple_rnn", depth=layers, units=UNITS, embedding=UNITS, length=length, mask=masked, dropout=DROPOUT
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(data.x_train, data.y_train, batch_size=32, epochs=epochs, verbose=0)
    return model


def compared(model: Any, data: Sentences, masked: bool, layers: int, file: Path) -> dict[str, list[float]]:
    """For tinynet and for each reading: the share of sentences with Keras's class, and the other columns."""
    theirs = model.predict(data.x_test, batch_size=200, verbose=0)
    model.save(file)
    loaded = tinynet.models.load_model(file)
    found = {"Keras itself": theirs, "tinynet, from the file": loaded.predict(data.x_test, verbose=0)}
    for name, reading in readings(masked, layers).items():
        found[name] = predicted(model.get_weights(), data.x_test, reading)
    classes = {name: probabilities.argmax(axis=1) for name, probabilities in found.items()}
    return {
        name: [
            float((classes[name] == classes["Keras itself"]).mean()),
            largest_difference(probabilities, theirs),
            scores(data.y_test, probabilities).macro_f1,
            float(np.bincount(classes[name]).max() / len(probabilities)),
        ]
        for name, probabilities in found.items()
    }


def over_seeds(runs: list[dict[str, list[float]]]) -> list[list[str]]:
    """The rows of a table: means over the runs, and of the difference the largest."""
    rows = []
    for name in runs[0]:
        same, difference, macro_f1, most = zip(*(run[name] for run in runs), strict=True)
        means = (np.mean(same), np.mean(macro_f1), np.mean(most))
        rows.append([name, f"{means[0]:.1%}", f"{max(difference):.1e}", f"{means[1]:.3f}", f"{means[2]:.0%}"])
    return rows


def arguments() -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--epochs", type=whole(), default=15, help="of a training (15)")
    parser.add_argument("--length", type=whole(), default=50, help="steps that a sentence is padded to (50)")
    parser.add_argument("--seeds", type=whole(), default=3, help="trainings of each model (3)")
    add_folders(parser, "runs/why_the_simple_rnn_disagreed")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require("tensorflow", "test", "the comparison")
    data, out = load_nusax(options.data, length=options.length), folder(options.out)
    texts, rows = [], []
    for masked in (True, False):
        for layers in (1, 2):
            title = f"{'one layer' if layers == 1 else 'two layers'}, {'with a mask' if masked else 'without a mask'}"
            models = (trained_by_keras(data, masked, layers, seed, options.epochs) for seed in range(options.seeds))
            file = out / f"simple_rnn_{layers}_{'masked' if masked else 'unmasked'}.keras"
            found = over_seeds([compared(model, data, masked, layers, file) for model in models])
            texts.append(f"### {title.capitalize()}\n\n{table(COLUMNS, found)}\n")
            rows += [[title, *row] for row in found]
            print(f"\n{texts[-1]}", flush=True)
    (out / "mistakes.md").write_text("\n".join(texts), encoding="utf-8")
    with open(out / "mistakes.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["model", *COLUMNS], *rows])
    print(f"written to {out / 'mistakes.md'} and {out / 'mistakes.csv'}")


if __name__ == "__main__":
    run(main)
