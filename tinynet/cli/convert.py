"""Writes a model in another format, by the ending of OUT: .keras, .h5, or .weights.h5 for the weights alone.

What the new file cannot hold is told. Before OUT is there, it is loaded again: its weights must be the same bit by
bit, and its predictions on random inputs the same numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, check_inputs, check_output
from tinynet.cli.classes import add_classes, read_classes
from tinynet.cli.contents import read_contents
from tinynet.cli.data import predictions
from tinynet.cli.samples import samples
from tinynet.cli.text import bytes_told, item, say
from tinynet.errors import FileFormatError
from tinynet.models import Model, clone_model, load_model
from tinynet.saving.archive import replacing

EXAMPLES = ("convert old_model.h5 model.keras", "convert model.keras model.weights.h5")
ENDINGS = (".keras", ".h5", ".hdf5")
ROWS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="IN", help="the model: a .keras or .h5 file"))
    parser.add_argument("output", metavar="OUT", help=".keras, .h5 or .weights.h5")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is there")


def run(arguments: argparse.Namespace) -> int:
    """Converts, compares, and only then gives the new file its name."""
    source, out = arguments.file, arguments.output
    check_inputs([source])
    check_output(out, [source], ENDINGS, arguments.overwrite)
    contents = read_contents(source)
    if not contents.is_model and contents.arrays:
        raise FileFormatError(f"{source}: is an {contents.form}; weights without a model cannot be converted")
    notes: list[str] = []
    with _noting(notes, source):
        model = load_model(source)
    weights_only = out.endswith(".weights.h5")
    if weights_only:
        notes.append("the configurations of model and training are left out; OUT holds weights alone")
    if contents.certified:
        notes.append("the check vectors are left out; 'certify' records new ones")

    with tempfile.TemporaryDirectory() as folder:
        aside = os.path.join(folder, f"model{next(e for e in ('.weights.h5', *ENDINGS) if out.endswith(e))}")
        with _noting(notes, aside):
            if weights_only:
                model.save_weights(aside)
            else:
                model.save(aside)
        told = _compared(model, aside, weights_only, out)
        known = read_classes(source)
        if known is not None and not weights_only:
            add_classes(aside, aside, known)
        with open(aside, "rb") as new, replacing(out) as stream:
            shutil.copyfileobj(new, stream)

    say(f"{out}: {bytes_told(os.path.getsize(out))}")
    for text in notes:
        say(item(text, "note: "))
    say(told)
    return 0


@contextlib.contextmanager
def _noting(notes: list[str], path: str) -> Iterator[None]:
    """Within it warnings of a file become notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    notes += [str(warning.message).removeprefix(f"{path}: ") for warning in caught]


def _compared(model: Model, path: str, weights_only: bool, name: str) -> str:
    """Loads what was written and tells that it is the same; raises `FileFormatError` where it is not.

    name: of the file in errors.
    """
    if weights_only:
        again = clone_model(model)
        if not again.built:
            again.build(model._build_input_shape)
        again.load_weights(path)
    else:
        again = load_model(path)
    pairs = list(zip(_numbers(model), _numbers(again), strict=False))
    if len(_numbers(model)) != len(_numbers(again)) or any(_bits(a) != _bits(b) for a, b in pairs):
        raise FileFormatError(f"{name}: the weights that were written are not those that were read; nothing is kept")
    if not weights_only and model.compiled:
        ours, theirs = ([_bits(v.data) for v in m.optimizer.variables] if m.compiled else [] for m in (model, again))
        if ours != theirs:
            raise FileFormatError(f"{name}: the optimizer's state would be lost; nothing is kept")
    told = f"checked: {len(pairs)} weights are the same bit by bit"
    try:
        inputs = samples(model, ROWS, seed=0)
    except UsageError as error:
        return f"{told}; predictions were not compared: {error}"
    for one, other in zip(predictions(model, inputs).values(), predictions(again, inputs).values(), strict=True):
        if _bits(one) != _bits(other):
            raise FileFormatError(f"{name}: the model that was written predicts something else; nothing is kept")
    return f"{told}, predictions on random inputs too"


def _numbers(model: Model) -> list[Any]:
    return [weight.data for weight in model.weights]


def _bits(array: Any) -> tuple[Any, ...]:
    if array.dtype.kind == "O":
        array = array.astype(str)
    return array.shape, array.dtype.str, array.tobytes()
