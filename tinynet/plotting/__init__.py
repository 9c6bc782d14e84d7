"""Pictures: of models, as SVG, without another program; of training, results and what layers do, with matplotlib."""

from __future__ import annotations

import os
from typing import Any

from tinynet.errors import ArgumentError, NotBuiltError
from tinynet.models import Model
from tinynet.plotting.comparing import comparison
from tinynet.plotting.confusion import confusion_matrix
from tinynet.plotting.diagram import Details, diagram_of
from tinynet.plotting.gradients import gradient_flow, gradient_over_time, statistics_over_epochs
from tinynet.plotting.images import feature_maps, filters
from tinynet.plotting.runs import history
from tinynet.plotting.sensitivity import saliency
from tinynet.plotting.states import hidden_states
from tinynet.plotting.svg import Picture, drawn
from tinynet.saving.archive import path_of, replacing

__all__ = [
    "comparison", "confusion_matrix", "feature_maps", "filters", "gradient_flow", "gradient_over_time", "hidden_states",
    "history", "plot_model", "saliency", "statistics_over_epochs",
]  # fmt: skip

# How links are drawn, by Graphviz's names for it.
SPLINES = {"ortho": "ortho", "polyline": "polyline", "line": "polyline", "spline": "curved", "curved": "curved"}


def plot_model(
    model: Model,
    to_file: str | os.PathLike[str] | None = "model.svg",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    layer_range: Any = None,
) -> Picture:
    """Draws a model: its layers as boxes, and what goes from one to the next.

    to_file: a name that ends in .svg; with None no file is written.
    rankdir: 'TB' for a picture from top to bottom, 'LR' from left to right.
    expand_nested: whether models within the model are drawn with their layers.
    splines: how links run: 'ortho' (at right angles), 'polyline' or 'line' (straight between boxes), 'spline' or
        'curved'. The other settings say what is told about each layer. An SVG has no dots, so `dpi` has no effect.

    Returns the SVG, which a notebook shows. Raises `NotBuiltError` for a model whose layers are not known yet,
    `ArgumentError` for another ending, direction or way of links, and for `layer_range`, which Keras refuses as well.

    Source: https://keras.io/api/utils/model_plotting_utils/

    >>> from tinynet import Sequential, layers
    >>> picture = plot_model(Sequential([layers.Input((4,)), layers.Dense(2)]), to_file=None)
    >>> picture.startswith("<svg"), picture.count("Dense")
    (True, 1)
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"plot_model: expected a model, received {model!r}")
    if not model.built:
        raise NotBuiltError(f"plot_model: {model.described} is not built; call build(input_shape), or call it on data")
    if layer_range is not None:
        raise ArgumentError("plot_model: layer_range is not supported, nor is it by Keras 3; plot the whole model")
    if rankdir not in ("TB", "LR"):
        raise ArgumentError(f"plot_model: expected rankdir 'TB' or 'LR', received {rankdir!r}")
    if splines not in SPLINES:
        raise ArgumentError(f"plot_model: expected splines among {', '.join(SPLINES)}, received {splines!r}")
    path = None if to_file is None else path_of(to_file, "plot_model")
    if path is not None and not path.lower().endswith(".svg"):
        raise ArgumentError(f"plot_model: writes SVG; expected a file name that ends in .svg, received {to_file!r}")
    details = Details(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    picture = drawn(
        diagram_of(model, details, bool(expand_nested)), horizontal=rankdir == "LR", splines=SPLINES[splines]
    )
    if path is not None:
        with replacing(path) as stream:
            stream.write(picture.encode())
    return picture
