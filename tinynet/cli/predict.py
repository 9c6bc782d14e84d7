"""Runs a model on texts, images or arrays, and tells the classes it finds, or writes its outputs to a file.

INPUT is a text, for a model that reads texts; a file of an image (.png, .jpg; needs the extra 'images'); or a file of
arrays: .npy, .npz, or .txt with a text a line. A model with several inputs takes a file of arrays for each, in the
order that 'inspect' shows, or one .npz.

Without OUT the three likeliest classes of each sample are printed, or the numbers of a model that is no classifier.
With it all outputs are written: .npy, or .npz for a model with several.
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

import numpy as np

from tinynet.autograd.tags import logits_of
from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_inputs, check_output, positive, rate
from tinynet.cli.classes import Classes, add_classes_argument, checked_names, chosen_classes, unnamed
from tinynet.cli.classifier import as_probabilities, is_distribution
from tinynet.cli.data import given, predictions, read_inputs, reads_text, write_arrays
from tinynet.cli.images import is_image, read_images
from tinynet.cli.samples import takers
from tinynet.cli.text import say, table
from tinynet.errors import MissingFileError, warn
from tinynet.layers import BatchNormalization, Normalization, Rescaling
from tinynet.models import Model, load_model

EXAMPLES = (
    'predict sentiment.keras "pelayanan buruk" "makanan enak"',
    "predict images.keras cat.png dog.jpg",
    "predict model.keras images.npy -o probabilities.npy",
    "predict sentiment.keras reviews.txt --json",
)
SCALING = (Normalization, Rescaling, BatchNormalization)  # layers that take pixels as they are in files
ARRAYS = (".npy", ".npz", ".txt")
MOST_SHOWN = 100  # samples, unless asked for as JSON
LIKELIEST = 3
MOST_NUMBERS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="FILE", help="the model: a .keras or .h5 file"))
    completers.arrays(parser.add_argument("inputs", metavar="INPUT", nargs="+", help="texts, images, or arrays"))
    parser.add_argument("-o", "--output", metavar="OUT", help=".npy or .npz, which is replaced if it is there")
    parser.add_argument("--json", action="store_true", help="print every sample's outputs as JSON")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="samples at a time (32)")
    add_classes_argument(parser)
    parser.add_argument(
        "--white", type=rate, metavar="V",
        help="what a white pixel of an image is to the model (255, or what 'train' found in the training data)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Predicts, and tells or writes the results."""
    path = arguments.file
    check_inputs([path])
    if arguments.output is not None:
        if arguments.json:
            raise UsageError("--json: prints the outputs; with -o they are written to a file")
        check_output(arguments.output, [path, *arguments.inputs], (".npy", ".npz"), overwrite=True)
    named = [text for text in arguments.inputs if os.path.isfile(text) or _is_file_by_name(text)]
    check_inputs(named)
    model, known = load_model(path, compile=False), chosen_classes(path, arguments.classes)
    if arguments.output and _outputs(model) > 1 and not arguments.output.endswith(".npz"):
        raise UsageError(f"{arguments.output}: the model has {_outputs(model)} outputs, which need a .npz file")
    inputs, labels = _read(model, arguments, known)
    results = predictions(model, inputs, arguments.batch_size)
    if arguments.output is not None:
        write_arrays(arguments.output, results)
        told = ", ".join(f"{name} {array.shape}" for name, array in results.items())
        say(f"{arguments.output}: {told}")
        return 0
    likely = _as_classes(model, inputs, results, known, path)
    if arguments.json:
        say(json.dumps(_plain(labels, results, likely), indent=2))
    elif likely is not None:
        _say_classes(labels, *likely)
    else:
        _say_numbers(labels, results)
    return 0


def _outputs(model: Model) -> int:
    return len(model.outputs) if model._graph is not None else 1


def _is_file_by_name(text: str) -> bool:
    """Whether an argument is meant to be a file: texts have spaces, and do not end like one."""
    return (text.endswith(ARRAYS) or is_image(text)) and not any(c.isspace() for c in text)


def _read(model: Model, arguments: argparse.Namespace, known: Classes | None) -> tuple[list[np.ndarray], list[str]]:
    """The model's inputs, and what each sample is called."""
    texts = [text for text in arguments.inputs if not os.path.isfile(text) and not _is_file_by_name(text)]
    images = [text for text in arguments.inputs if is_image(text) and text not in texts]
    if texts and not reads_text(model):
        raise MissingFileError(f"{texts[0]}: there is no such file, and the model takes {_takes(model)}, not texts")
    if 0 < len(texts) < len(arguments.inputs) or 0 < len(images) < len(arguments.inputs):
        raise UsageError("expected texts, or images, or files of arrays; received some of each")
    if arguments.white is not None and not images:
        raise UsageError("--white: is for images")
    if texts:
        return [np.array(texts)], texts
    if images:
        if model._graph is None or len(model.inputs) != 1:
            raise UsageError("the model does not say that it takes an image; give it arrays")
        white = arguments.white or (known.largest if known else None)
        if white is None and not any(isinstance(layer, SCALING) for layer in takers(model, model.inputs[0])):
            warn("the file does not say what a white pixel is to the model, 255 is taken; --white 1 is for 0 to 1")
        return [read_images(images, model.inputs[0], white or 255.0)], images
    inputs = read_inputs(arguments.inputs, model)
    if inputs[0].dtype.kind in "US" and inputs[0].size == len(inputs[0]):
        return inputs, [str(text) for text in inputs[0].reshape(-1)]
    where = arguments.inputs[0] if len(arguments.inputs) == 1 else "sample"
    return inputs, [f"{where} [{row}]" for row in range(len(inputs[0]))]


def _takes(model: Model) -> str:
    if model._graph is None:
        return "arrays"
    return ", ".join(f"numbers of shape {tuple(tensor.shape)}" for tensor in model.inputs)


def _as_classes(
    model: Model, inputs: list[np.ndarray], results: dict[str, np.ndarray], known: Classes | None, path: str
) -> tuple[tuple[str, ...], np.ndarray] | None:
    """The names of the classes and their probabilities (N, K); None for a model that is no classifier.

    A model whose file names no classes is one if its outputs are probabilities.
    """
    if len(results) != 1:
        return None
    (values,) = results.values()
    if values.ndim != 2 or values.dtype.kind != "f":
        return None
    if known is not None:
        checked_names(known.names, values.shape[1], path)
    output = model(given([array[:1] for array in inputs]), training=False)
    by_softmax = logits_of(output) is not None
    distribution = values.shape[1] > 1 and is_distribution(values)
    if known is None and not distribution and not (by_softmax and values.shape[1] == 1):
        return None
    likely = as_probabilities(values, by_softmax or distribution)
    return known.names if known else unnamed(likely.shape[1]), likely


def _say_classes(labels: list[str], names: tuple[str, ...], likely: np.ndarray) -> None:
    rows = []
    for label, row in zip(labels[:MOST_SHOWN], likely, strict=False):
        first, *others = np.argsort(-row, kind="stable")[:LIKELIEST]
        rows.append((label, names[first], f"{row[first]:.1%}", *(f"{names[k]} {row[k]:.1%}" for k in others)))
    headings = ("input", "class", "", "then", "")[: len(rows[0])]
    say(table(headings, rows, numbers=[2]))
    _say_rest(labels)


def _say_numbers(labels: list[str], results: dict[str, np.ndarray]) -> None:
    for name, values in results.items():
        if len(results) > 1:
            say(f"{name}:")
        rows = [(label, _numbers(row)) for label, row in zip(labels[:MOST_SHOWN], values, strict=False)]
        say(table(("input", f"output {values.shape[1:]}"), rows))
    _say_rest(labels)


def _numbers(row: Any) -> str:
    flat = np.ravel(row)
    told = " ".join(str(value) if flat.dtype.kind in "USO" else f"{value:.6g}" for value in flat[:MOST_NUMBERS])
    return told + (" …" if flat.size > MOST_NUMBERS else "")


def _say_rest(labels: list[str]) -> None:
    if len(labels) > MOST_SHOWN:
        say(f"and {len(labels) - MOST_SHOWN:,} samples more; --json prints all, -o writes all")


def _plain(
    labels: list[str], results: dict[str, np.ndarray], likely: tuple[tuple[str, ...], np.ndarray] | None
) -> list[dict[str, Any]]:
    """What `--json` prints: for each sample its class and probabilities, or its outputs."""
    if likely is None:
        plain = {name: values.tolist() for name, values in results.items()}
        return [
            {"input": label, "outputs": {name: values[row] for name, values in plain.items()}}
            for row, label in enumerate(labels)
        ]
    names, rows = likely
    return [
        {
            "input": label,
            "class": names[int(row.argmax())],
            "probability": float(row.max()),
            "probabilities": dict(zip(names, map(float, row), strict=True)),
        }
        for label, row in zip(labels, rows, strict=True)
    ]
