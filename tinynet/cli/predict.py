"""Runs a model on data: arrays in, arrays out, in NumPy's .npy and .npz files.

A model with several inputs takes several INPUT files, in the order that 'inspect' shows, or one .npz; with several
outputs it writes a .npz. A .txt file is a text a line, for models that read text.
"""

from __future__ import annotations

import argparse

from tinynet.cli.arguments import UsageError, check_inputs, check_output, positive
from tinynet.cli.data import predictions, read_inputs, write_arrays
from tinynet.cli.text import say
from tinynet.models import load_model

HELP = "run a model on data"
EXAMPLE = "predict model.keras images.npy -o probabilities.npy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the model: a .keras or .h5 file")
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help=".npy, .npz or .txt; samples along the first axis")
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help=".npy or .npz, which is replaced if it is there"
    )
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="samples at a time (32)")


def run(arguments: argparse.Namespace) -> int:
    """Predicts and writes the results."""
    read = [arguments.file, *arguments.inputs]
    check_inputs(read)
    check_output(arguments.output, read, (".npy", ".npz"), overwrite=True)
    model = load_model(arguments.file, compile=False)
    if model._graph is not None and len(model.outputs) > 1 and not arguments.output.endswith(".npz"):
        raise UsageError(f"{arguments.output}: the model has {len(model.outputs)} outputs, which need a .npz file")
    results = predictions(model, read_inputs(arguments.inputs, model), arguments.batch_size)
    write_arrays(arguments.output, results)
    told = ", ".join(f"{name} {array.shape}" for name, array in results.items())
    say(f"{arguments.output}: {told}")
    return 0
