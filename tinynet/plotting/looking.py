"""What goes on in a model as it predicts for one sample: the calls of its layers, and gradients."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinynet import seeds
from tinynet.autograd import Tensor, enable_grad, tape
from tinynet.autograd.tensor import place_of
from tinynet.errors import ArgumentError, DataError, NotBuiltError, nearest
from tinynet.layers import RNN, TextVectorization
from tinynet.layers.base import Layer, LayerCall, noting_calls
from tinynet.models import Model

TEXT = "USO"  # the kinds of arrays that hold text


class Look(NamedTuple):
    """A prediction for one sample. x: what the model was given, (1, …). calls: of its layers, without its own."""

    x: Any
    y: Any
    calls: list[LayerCall]


def require_model(where: str, model: Any) -> None:
    """Raises `ArgumentError` for what is no model, `NotBuiltError` for one that is not built."""
    if not isinstance(model, Model):
        raise ArgumentError(f"{where}: expected a model, received {model!r}")
    if not model.built:
        raise NotBuiltError(f"{where}: {model.described} is not built; call build(input_shape), or call it on data")


def look(where: str, model: Model, x: Any, differentiable: bool = False) -> Look:
    """Lets a model predict for one sample, and changes nothing in it.

    x: with the batch axis of 1 or without it; a text may be a string.
    differentiable: the sample is numbers by which there are gradients.
    """
    require_model(where, model)
    batch: Any = _batch_of_one(where, model, x)
    if batch.dtype.kind not in TEXT:
        batch = batch.astype(np.float64 if batch.dtype == np.float64 else np.float32) if differentiable else batch
        if not np.isfinite(batch).all():
            raise DataError(f"{where}: the sample holds NaN or infinity")
        batch = Tensor(batch, requires_grad=differentiable)
    with enable_grad(), seeds.frozen(), _states_kept(model), noting_calls() as calls:
        y = model(batch, training=False)
    return Look(batch, y, [call for call in calls if call.layer is not model])


def gradient(where: str, outputs: Tensor, element: tuple[int, ...], by: Tensor) -> np.ndarray:
    """The derivative of one element of a tensor by another tensor, as an array of the other's shape."""
    target, seed = place_of(by), np.zeros(outputs.shape, outputs.dtype)
    seed[element] = 1
    found = tape.propagate([(place_of(outputs), seed)], keep=False, targets=[target])
    if target not in found:
        raise ArgumentError(f"{where}: the output does not depend on the sample by a derivative")
    return np.asarray(found[target], np.float64)


def chosen(where: str, calls: Sequence[LayerCall], layer: Any, suited: Sequence[LayerCall], what: str) -> LayerCall:
    """The call that is asked for: the first of a layer, given by itself or by name, or the first suited one.

    Raises `ArgumentError` where there is none.
    """
    names = list(dict.fromkeys(call.layer.name for call in calls))
    if layer is None:
        if not suited:
            raise ArgumentError(f"{where}: expected a model with {what}; its layers are {', '.join(names)}")
        return suited[0]
    for call in calls:
        if call.layer is layer or call.layer.name == layer:
            if not any(call is other for other in suited):
                there = ", ".join(dict.fromkeys(other.layer.name for other in suited)) or "none"
                raise ArgumentError(f"{where}: expected {what}, received {call.layer.described}; there is: {there}")
            return call
    raise ArgumentError(f"{where}: the model calls no layer {layer!r}. {nearest(layer, names)}")


def layers_within(layer: Layer) -> Iterator[Layer]:
    """The layers inside of a layer, also those within models and wrappers, each before what it holds."""
    for part in layer._sublayers:
        yield part
        yield from layers_within(part)


def labels(where: str, looked: Look, tokens: Any, steps: int) -> list[str]:
    """A label for each of the first steps of a sequence: what was given, or the words of a text, or numbers from 1 on.

    Padding has no label, so it is left out.
    """
    if tokens is not None:
        if isinstance(tokens, str) or not isinstance(tokens, Iterable):
            raise ArgumentError(f"{where}: expected tokens as a list with a label for each step, received {tokens!r}")
        given = [str(token) for token in tokens]
        if not 1 <= len(given) <= steps:
            raise ArgumentError(f"{where}: expected 1 to {steps} tokens, one for each step, received {len(given)}")
        return given
    for call in looked.calls:
        if isinstance(call.layer, TextVectorization) and call.outputs.shape == (1, steps):
            ids = call.outputs.numpy()[0].astype(int)
            vocabulary = call.layer.get_vocabulary()
            count = int(np.flatnonzero(ids)[-1]) + 1 if ids.any() else 0
            if not count:
                raise ArgumentError(f"{where}: there is no word in the text {looked.x.ravel()[0]!r}")
            return [vocabulary[token] for token in ids[:count]]
    return [str(step) for step in range(1, steps + 1)]


def _batch_of_one(where: str, model: Any, x: Any) -> np.ndarray:
    shape = model._build_input_shape if model._graph is None else model.input_shape
    if not isinstance(shape, tuple) or not all(n is None or isinstance(n, int) for n in shape):
        raise ArgumentError(f"{where}: expected a model of one input, received {model.described} of inputs {shape}")
    try:
        array = np.asarray(x)
    except ValueError:
        array = np.empty(0, complex)
    expected = f"{where}: expected one sample of shape {shape[1:]}, or in a batch of 1"
    if array.dtype.kind in TEXT and array.size == 1 and isinstance(array.item(), (str, bytes)):
        if not any(isinstance(layer, TextVectorization) for layer in layers_within(model)):
            raise ArgumentError(f"{where}: {model.described} takes no text but numbers; received {x!r}")
        return array.reshape((1,) * len(shape))
    if array.dtype.kind not in "fiub":
        raise ArgumentError(f"{expected}, received {x!r}")
    if array.ndim == len(shape) - 1:
        array = array[None]
    elif array.ndim != len(shape) or len(array) != 1:
        raise ArgumentError(f"{expected}, received shape {array.shape}")
    return array


@contextlib.contextmanager
def _states_kept(model: Layer) -> Iterator[None]:
    """Stateful layers have their states again afterwards."""
    layers: list[Any] = [layer for layer in layers_within(model) if isinstance(layer, RNN) and layer.stateful]
    before = [layer.states for layer in layers]
    try:
        yield
    finally:
        for layer, states in zip(layers, before, strict=True):
            layer.states = states
