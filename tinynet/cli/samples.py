"""Random inputs that a model can be run on: of the right shapes and types, ids within their tables."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.cli.arguments import UsageError
from tinynet.cli.data import given, read_inputs
from tinynet.errors import TinynetError
from tinynet.layers import CategoryEncoding, Embedding, Masking, StringLookup, TextVectorization
from tinynet.layers.base import Layer
from tinynet.models import Model

# What a size is taken to be where the model leaves it open; the first with which the model runs.
SIZES = (8, 32, 128, 256)
IDS = 10  # from 0, where nothing says how many there are
WORDS = ("good", "bad", "rain", "[UNK]", "")
PADDED = 0.25  # of the last steps, in sequences whose padding a model skips


def chosen(model: Model, arguments: argparse.Namespace) -> tuple[list[np.ndarray], str]:
    """The inputs that a command line asks for, and in words which they are."""
    if arguments.inputs:
        inputs = read_inputs(arguments.inputs, model)
        return inputs, f"{len(inputs[0])} rows of {', '.join(arguments.inputs)}"
    try:
        inputs = samples(model, arguments.rows, arguments.seed)
    except UsageError as error:
        raise UsageError(f"{error}; give it data with --inputs") from error
    return inputs, f"{len(inputs[0])} random rows (seed {arguments.seed})"


def samples(model: Model, rows: int, seed: int) -> list[np.ndarray]:
    """Random arrays for a model's inputs, in order.

    Raises `UsageError` where the model does not say what it takes, or runs on none of them.
    """
    if model._graph is None:
        raise UsageError("the file does not say which shape the model's inputs have")
    problem: TinynetError | None = None
    for size in SIZES:
        generator = np.random.default_rng(seed)
        arrays = [_sample(model, tensor, rows, size, generator) for tensor in model.inputs]
        try:
            model.predict(given([array[:1] for array in arrays] if _free(model) else arrays), verbose=0)
        except TinynetError as error:
            problem = problem or error
            continue
        return arrays
    raise UsageError(f"the model runs on no random inputs ({problem})")


def _free(model: Model) -> bool:
    """Whether the number of rows is open."""
    return all(tensor.shape[0] is None for tensor in model.inputs)


def _sample(model: Model, tensor: Any, rows: int, size: int, generator: np.random.Generator) -> np.ndarray:
    shape = (tensor.shape[0] or rows, *(size if n is None else n for n in tensor.shape[1:]))
    taking = list(takers(model, tensor))
    if tensor.dtype == "string":
        words = [word for layer in taking for word in _vocabulary(layer)[:1000]] or list(WORDS)
        chosen = generator.choice(np.array([*words, *WORDS]), (*shape, 6))
        return np.array([" ".join(row) for row in chosen.reshape(-1, 6)]).reshape(shape)
    limits = [layer.input_dim for layer in taking if isinstance(layer, Embedding)]
    limits += [layer.num_tokens for layer in taking if isinstance(layer, CategoryEncoding) and layer.num_tokens]
    kind = np.dtype(tensor.dtype).kind
    if limits or kind in "iu":
        most = min(limits, default=256 if tensor.dtype == "uint8" else IDS)
        values: np.ndarray = generator.integers(0, most, shape)
    elif kind == "b":
        values = generator.random(shape) < 0.5
    else:
        values = generator.normal(size=shape)
    values = values.astype(tensor.dtype)
    masking = next((layer for layer in taking if isinstance(layer, Masking)), None)
    if len(shape) > 1 and shape[1] and (masking or any(getattr(layer, "mask_zero", False) for layer in taking)):
        # Whole rows of padding mean little to most models, so the first step always stays.
        steps = np.maximum(1, (shape[1] * (1 - 2 * PADDED * generator.random(shape[0]))).astype(int))
        padding = np.arange(shape[1]) >= steps[:, None]
        values[padding] = masking.mask_value if masking else 0
    return values


def takers(model: Model, tensor: Any, depth: int = 0) -> Iterator[Layer]:
    """The layers that an input reaches, up to the first ones with weights, also in models within."""
    graph = model._graph
    if graph is None or depth > 20:
        return
    reached = {id(tensor)}
    for node in graph.nodes:
        taken = [i for i, own in enumerate(node.inputs) if id(own) in reached]
        if not taken or not node.inputs:
            continue
        operation = node.operation
        if isinstance(operation, Model) and operation._graph is not None:
            for i in taken:
                if i < len(operation.inputs):
                    yield from takers(operation, operation.inputs[i], depth + 1)
            continue
        if isinstance(operation, Layer):
            inner = getattr(operation, "layer", None)  # of a wrapper
            yield inner if isinstance(inner, Layer) else operation
        if not getattr(operation, "weights", []):
            reached |= {id(own) for own in node.outputs}


def _vocabulary(layer: Layer) -> list[str]:
    if not isinstance(layer, (StringLookup, TextVectorization)):
        return []
    try:
        return [str(word) for word in layer.get_vocabulary()]
    except TinynetError:
        return []
