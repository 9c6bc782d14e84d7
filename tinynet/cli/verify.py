"""Compares what tinynet computes for a model with what Keras computes.

Where Keras is installed, every layer's outputs are compared on the same inputs, and the first layer that differs is
named. Where it is not, the outputs are compared with the check vectors that 'certify' recorded in the file. The exit
status is 0 where all agree, otherwise 1.
"""

from __future__ import annotations

import argparse
import math

import tinynet
from tinynet.cli import completers
from tinynet.cli.arguments import add_data_arguments, check_inputs
from tinynet.cli.contents import read_contents
from tinynet.cli.data import predictions
from tinynet.cli.layerwise import Compared, compare_layers, difference
from tinynet.cli.oracle import beyond_keras, described, in_keras, keras_if_there
from tinynet.cli.record import Record, read_record
from tinynet.cli.samples import chosen
from tinynet.cli.text import item, say, table
from tinynet.errors import FileFormatError, MissingDependencyError, TinynetError
from tinynet.models import Model, load_model

EXAMPLES = ("verify model.keras", "verify model.keras --inputs images.npy --tolerance 1e-4")
OURS = f"tinynet {tinynet.__version__}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="FILE", help="the model: a .keras or .h5 file"))
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Verifies a file by all means there are."""
    path, tolerance = arguments.file, arguments.tolerance
    check_inputs([path, *(arguments.inputs or [])])
    contents = read_contents(path)
    model = load_model(path, compile=False)
    record = read_record(path)
    keras = None if arguments.without_keras else keras_if_there()
    agrees = True
    if keras is not None:
        inputs, told = chosen(model, arguments)
        reason = beyond_keras(model)
        try:
            rows = [] if reason else compare_layers(model, in_keras(keras, contents), inputs)
        except TinynetError:
            raise
        except Exception as error:  # Keras's are of any kind
            reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
        if reason is None:
            say(f"{path} in {described(keras)} and {OURS}, on {told}")
            agrees = _tell(rows, tolerance)
        elif record is None:
            raise FileFormatError(f"{path}: cannot be compared with Keras ({reason}), and holds no check vectors")
        else:
            say(item(reason, "not compared with Keras: "))
    elif record is None:
        why = "--without-keras was given" if arguments.without_keras else "Keras is not installed"
        raise MissingDependencyError(
            f"{path}: {why}, and the file holds no check vectors; record them with 'certify' where Keras is installed"
        )
    if record is not None:
        agrees = _check_vectors(path, model, record, tolerance) and agrees
    return 0 if agrees else 1


def _check_vectors(path: str, model: Model, record: Record, tolerance: float) -> bool:
    say(f"{path}: check vectors by {record.made_by}, and {OURS}")
    results = predictions(model, record.inputs)
    rows = [
        Compared(name, "output", difference(results[name], expected) if name in results else math.inf)
        for name, expected in record.outputs.items()
    ]
    return _tell(rows, tolerance)


def _tell(rows: list[Compared], tolerance: float) -> bool:
    """Prints a comparison; tells whether all agree."""
    say(table(("layer", "class", "difference", ""), [_row(row, tolerance) for row in rows], numbers=[2]))
    first = next((row for row in rows if not row.difference <= tolerance), None)
    if first is None:
        largest = max((row.difference for row in rows), default=0.0)
        say(f"all agree: the largest difference is {largest:.1e}, {tolerance:.1e} is allowed")
        return bool(rows)
    what = "output" if first.kind == "output" else "layer"
    say(f"DIFFERS: the first {what} that differs is {first.name!r} ({first.kind})")
    return False


def _row(row: Compared, tolerance: float) -> tuple[str, str, str, str]:
    return row.name, row.kind, f"{row.difference:.1e}", "ok" if row.difference <= tolerance else "DIFFERS"
