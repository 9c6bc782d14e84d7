"""Tells how well a model's file tells classes apart: scores, a table by class, the confusion matrix.

DATA is as for 'train'. It is tested on DATA's test samples; a file without any is taken as a whole. Where the model's
file names its classes, as 'train' writes it, labels that are texts go by these names.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_inputs, positive
from tinynet.cli.classes import add_classes_argument, checked_names, chosen_classes, unnamed
from tinynet.cli.classifier import check_kind, fitted, outputs_for, probabilities, targets
from tinynet.cli.dataset import Dataset, Part, aligned
from tinynet.cli.dataset_files import read_dataset
from tinynet.cli.scores import say_scores, scored
from tinynet.cli.text import say
from tinynet.errors import TinynetError, warn
from tinynet.models import Model, load_model

EXAMPLES = (
    "evaluate sentiment.keras nusax",
    "evaluate sentiment.keras reviews.csv --json",
    "evaluate images.keras cifar10 --part train",
)
PARTS = ("train", "validation", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="FILE", help="the model: a .keras or .h5 file"))
    completers.data(parser.add_argument("dataset", metavar="DATA", help="a data set's name, or a .npz or .csv file"))
    add_classes_argument(parser)
    parser.add_argument("--part", choices=PARTS, help="which samples (test; or all of a file that has one part)")
    parser.add_argument("--data", metavar="FOLDER", help="where the data set is; else TINYNET_DATA, cache, download")
    parser.add_argument("--batch-size", type=positive, default=100, metavar="N", help="samples at a time (100)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Evaluates a model."""
    path = arguments.file
    check_inputs([path])
    data = read_dataset(arguments.dataset, arguments.data)
    model, known = load_model(path), chosen_classes(path, arguments.classes)
    check_kind(model, data, path)
    data = aligned(data, known.names if known else None, path)
    part, told = _part(data, arguments.part)
    outputs = outputs_for(model, data, path)
    if known is not None:
        checked_names(known.names, outputs, path)
    names = data.names or unnamed(max(outputs, 2))
    found: dict[str, Any] = {
        "model": path, "data": data.told, "part": told, "loss": _loss(model, part, outputs, arguments.batch_size),
        **scored(part.y, probabilities(model, part.x, arguments.batch_size), names),
    }  # fmt: skip
    if arguments.json:
        say(json.dumps(found, indent=2))
        return 0
    say(f"{path} on {len(part):,} samples of {data.told}, {told}")
    if found["loss"] is not None:
        say(f"loss {found['loss']:.4f}")
    say_scores(found)
    return 0


def _part(data: Dataset, wanted: str | None) -> tuple[Part, str]:
    """The samples to test on, and which part of the data they are."""
    there = {name: part for name in PARTS if (part := getattr(data, name)) is not None}
    if wanted is None:
        wanted = "test" if "test" in there else next(iter(there))
        if len(there) > 1 and wanted != "test":
            raise UsageError(f"{data.told}: has no test samples; --part chooses one of {', '.join(there)}")
    if wanted not in there:
        raise UsageError(f"--part: {data.told} has no part {wanted!r}, only {', '.join(there)}")
    return there[wanted], "all" if len(there) == 1 and wanted == "train" else wanted


def _loss(model: Model, part: Part, outputs: int, batch_size: int) -> float | None:
    """The loss that a model is compiled with; None for one that is not, or with a loss that is not of classes."""
    if not model.compiled:
        return None
    try:
        y = targets(model, part.y, outputs, model.name)
        found = model.evaluate(fitted(part.x, model), y, batch_size=batch_size, verbose=0, return_dict=True)
    except UsageError:
        return None
    except TinynetError as error:
        warn(f"the loss cannot be told ({error})")
        return None
    return float(found["loss"])
