"""Records check vectors into a copy of a model's file: inputs, and what the model gives for them.

Where Keras is installed the outputs are Keras's own, otherwise tinynet's; the record says whose. 'verify' compares
them later, on any machine. Keras opens the copy as it does the original, which is never changed.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

import numpy as np

import tinynet
from tinynet.cli import completers
from tinynet.cli.arguments import UsageError, add_data_arguments, check_inputs, check_output
from tinynet.cli.contents import Contents, read_contents
from tinynet.cli.data import predictions
from tinynet.cli.layerwise import furthest
from tinynet.cli.oracle import beyond_keras, described, in_keras, keras_if_there, predicted_by_keras
from tinynet.cli.record import Record, write_certified
from tinynet.cli.samples import chosen
from tinynet.cli.text import item, say
from tinynet.models import Model, load_model

EXAMPLES = ("certify model.keras -o certified.keras",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    completers.model_file(parser.add_argument("file", metavar="FILE", help="the model: a .keras or .h5 file"))
    parser.add_argument("-o", "--output", metavar="COPY", help="the copy (FILE with .certified before its ending)")
    parser.add_argument("--overwrite", action="store_true", help="replace COPY if it is there")
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Certifies, and tells whether tinynet agrees with what was recorded."""
    path = arguments.file
    check_inputs([path, *(arguments.inputs or [])])
    start, ending = os.path.splitext(path)
    copy = arguments.output or f"{start}.certified{ending}"
    if os.path.exists(copy) and os.path.samefile(path, copy):
        raise UsageError(f"{copy}: is the original, which is never changed")
    check_output(copy, arguments.inputs or [], (ending,), arguments.overwrite)
    contents = read_contents(path)
    model = load_model(path, compile=False)
    inputs, told = chosen(model, arguments)
    own = predictions(model, inputs)
    made_by, outputs, reason = _outputs(model, contents, inputs, own, arguments.without_keras)
    about: dict[str, Any] = {"rows": len(inputs[0]), "data": told}
    write_certified(path, copy, Record(made_by, inputs, outputs, {**about, **({"reason": reason} if reason else {})}))
    say(f"{copy}: check vectors of {told}, by {made_by}")
    if reason:
        say(item(reason, "not by Keras: "))
    apart = furthest(list(own.values()), list(outputs.values()))
    if apart > arguments.tolerance:
        say(item(f"tinynet's outputs differ from these by {apart:.1e}; 'verify' names the layer", "DIFFERS: "))
        return 1
    return 0


def _outputs(
    model: Model, contents: Contents, inputs: list[np.ndarray], own: dict[str, np.ndarray], without_keras: bool
) -> tuple[str, dict[str, np.ndarray], str | None]:
    """Who computed the outputs, these, and why it was not Keras."""
    by_tinynet = f"tinynet {tinynet.__version__}"
    if without_keras:
        return by_tinynet, own, None
    keras, reason = keras_if_there(), beyond_keras(model)
    if keras is None or reason is not None:
        return by_tinynet, own, reason or "it is not installed"
    try:
        return described(keras), predicted_by_keras(in_keras(keras, contents), model, inputs), None
    except Exception as error:  # Keras's are of any kind
        return by_tinynet, own, f"it cannot run the file ({type(error).__name__}: {str(error).splitlines()[0][:200]})"
