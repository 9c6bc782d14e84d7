"""`hidden_states`: what a recurrent layer remembers after each word."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet import seeds
from tinynet.autograd import no_grad
from tinynet.errors import ArgumentError
from tinynet.layers import RNN, Bidirectional
from tinynet.layers.base import LayerCall
from tinynet.plotting.looking import chosen, labels, look
from tinynet.plotting.style import axes_for, token_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHERE = "hidden_states"


def hidden_states(
    model: Any, sentence: Any, layer: Any = None, tokens: Sequence[str] | None = None, axes: Any = None
) -> Axes:
    """Draws the states of a recurrent layer (units × time) as it reads a sentence.

    The state at a word is the layer's output after this word, also where the layer itself gives the last one alone; in
    the other direction, and of a Bidirectional both are drawn, it has read the words that follow. At a step that a
    mask hides it is still that of the step before.

    sentence: one sample that the model takes: token ids (T,), a sequence (T, F), or a string, where there is a
        TextVectorization in front. Each also in a batch of one.
    layer: the layer or its name; without it the first recurrent one. Of several calls of it the first is drawn.
    tokens: labels for the steps. Steps after the last of them are left out, as is the padding of a string.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` for a model without such a layer, and for another sample.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((3,)), layers.Embedding(9, 2), layers.LSTM(4), layers.Dense(2)])
    >>> axes = hidden_states(model, [4, 8, 0], tokens=["makan", "siang"])
    >>> axes.images[0].get_array().shape, [text.get_text() for text in axes.get_xticklabels()]
    ((4, 2), ['makan', 'siang'])
    """
    looked = look(WHERE, model, sentence)
    inside = {
        id(part): call.layer
        for call in looked.calls if isinstance(call.layer, Bidirectional)
        for part in (call.layer.forward_layer, call.layer.backward_layer)
    }  # fmt: skip
    # A layer in a Bidirectional is done before it; both directions are wanted unless it is asked for by its own name.
    suited = [
        call for call in looked.calls
        if isinstance(call.layer, (RNN, Bidirectional)) and (layer is not None or id(call.layer) not in inside)
    ]  # fmt: skip
    call = chosen(WHERE, looked.calls, layer, suited, "a recurrent layer")
    parts, ways = [call], []
    if isinstance(call.layer, Bidirectional):
        both = (call.layer.forward_layer, call.layer.backward_layer)
        parts = [next(part for part in looked.calls if part.layer is direction) for direction in both]
        ways = ["backward" if direction.go_backwards else "forward" for direction in both]
    states = [_states(part) for part in parts]
    return _draw(call.layer.name, states, ways, labels(WHERE, looked, tokens, len(states[0])), axes)


def _states(call: LayerCall) -> np.ndarray:
    """The outputs (T, U) of a recurrent layer after each step, in the order of the steps."""
    # The same layer but for what it returns: it has the same weights, and goes on from the same states if stateful.
    layer: Any = copy.copy(call.layer)
    layer.return_sequences, layer.return_state, layer.zero_output_for_mask = True, False, False
    first, mask = call.arguments.get("initial_state"), call.arguments.get("mask")
    with no_grad(), seeds.frozen():
        outputs = layer.call(call.inputs, initial_state=first, mask=mask, training=False).numpy()
    if outputs.ndim != 3 or len(outputs) != 1:
        raise ArgumentError(
            f"{WHERE}: expected a layer that gives one sequence (1, T, U), {layer.described} gives {outputs.shape}"
        )
    return outputs[0, ::-1] if layer.go_backwards else outputs[0]


def _draw(title: str, states: list[np.ndarray], ways: list[str], names: list[str], axes: Any) -> Axes:
    """The states of one layer, or of the two ways below each other."""
    table = np.concatenate(states, axis=1)[: len(names)].T
    units, steps = table.shape
    axes = axes_for(WHERE, axes, float(np.clip(1.8 + 0.3 * steps, 4.5, 14)), float(np.clip(1.6 + 0.03 * units, 2.6, 8)))
    largest = max(float(np.abs(table).max()), 1e-12)
    drawn = axes.imshow(table, cmap="cividis", vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    token_ticks(axes, names)
    if not ways:
        axes.set_ylabel("unit")
    else:
        middle = len(states[0][0]) - 0.5
        axes.axhline(middle, color="white", linewidth=3)
        axes.set_yticks([middle / 2, (middle + units) / 2], ways, rotation=90, va="center")
        axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(drawn, ax=axes, label="state")
    return axes
