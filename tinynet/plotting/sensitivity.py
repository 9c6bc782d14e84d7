"""`saliency`: which parts of a sample a prediction hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.arguments import whole
from tinynet.autograd import Tensor
from tinynet.autograd.tags import logits_of
from tinynet.errors import ArgumentError
from tinynet.layers import Embedding
from tinynet.plotting.images import shown_image
from tinynet.plotting.looking import TEXT, Look, gradient, labels, look
from tinynet.plotting.style import COLOURS, axes_for, token_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHERE = "saliency"


def saliency(
    model: Any, x: Any, class_index: int | None = None, tokens: Sequence[str] | None = None, axes: Any = None
) -> Axes:
    """Draws how much a class's logit changes with each pixel of an image, or with each word of a text.

    Of an image: |∂ logit / ∂ pixel|, the largest of the channels', beside the image. Of a text: the length of the
    logit's gradient by the vector that the Embedding gives for each token. The output itself stands for the logit
    where the model's last layer is no softmax or sigmoid.

    x: one sample that the model takes: an image (H, W, C) or (H, W); token ids (T,), integers; or a string, where
        there is a TextVectorization in front. Each also in a batch of one.
    class_index: the class, by default the one that is predicted.
    tokens: labels for the token ids. Steps after the last of them are left out, as is the padding of a string.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` for another sample, a model that does not give scores (1, K), and a class
    that is not among them; `DataError` for NaN in the sample.
    Source: K. Simonyan, A. Vedaldi and A. Zisserman, Deep Inside Convolutional Networks, 2013.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((3,)), layers.Embedding(9, 2), layers.LSTM(4), layers.Dense(2)])
    >>> axes = saliency(model, [4, 8, 0], class_index=1, tokens=["makan", "siang"])
    >>> [text.get_text() for text in axes.get_xticklabels()], len(axes.patches)
    (['makan', 'siang'], 2)
    """
    of_tokens = _is_text(x)
    looked = look(WHERE, model, x, differentiable=not of_tokens)
    logits, element, found = _logit(model, looked.y, class_index)
    if of_tokens:
        vectors = _vectors(looked)
        lengths = np.linalg.norm(gradient(WHERE, logits, element, vectors)[0], axis=-1)
        return _draw_tokens(lengths, labels(WHERE, looked, tokens, len(lengths)), found, axes)
    if tokens is not None:
        raise ArgumentError(f"{WHERE}: tokens are for token ids and texts, the sample is an image")
    image = looked.x.numpy()[0]
    if image.ndim not in (2, 3):
        raise ArgumentError(
            f"{WHERE}: expected an image (H, W, C) or (H, W), integers (T,) or a text, received shape {image.shape}"
        )
    derivative = np.abs(gradient(WHERE, logits, element, looked.x)[0])
    return _draw_image(image, derivative if image.ndim == 2 else derivative.max(axis=-1), found, axes)


def _is_text(x: Any) -> bool:
    """Whether a sample is a text, or integers (T,) or (1, T)."""
    try:
        array = np.asarray(x)
    except ValueError:  # ragged; `look` refuses it
        return False
    one = array[0] if array.ndim == 2 and len(array) == 1 else array
    return array.dtype.kind in TEXT or (array.dtype.kind in "iu" and one.ndim == 1)


def _logit(model: Any, y: Any, class_index: int | None) -> tuple[Tensor, tuple[int, int], int]:
    """The logits (1, K), which of them is that of the class, and the class."""
    if not isinstance(y, Tensor) or y.ndim != 2 or not y.shape[1]:
        raise ArgumentError(
            f"{WHERE}: expected a model that gives scores (1, K), {model.described} gives "
            f"{getattr(y, 'shape', type(y).__name__)}"
        )
    logits = logits_of(y)
    scores = y if logits is None else logits
    classes = scores.shape[1]
    if classes == 1:  # one score, of class 1: that of class 0 is its opposite, with the same saliency
        likely, classes = int(scores.numpy()[0, 0] > 0), 2
    else:
        likely = int(scores.numpy()[0].argmax())
    found = likely if class_index is None else whole(WHERE, "class_index", class_index, 0)
    if found >= classes:
        raise ArgumentError(f"{WHERE}: expected a class_index from 0 to {classes - 1}, received {class_index}")
    return scores, (0, found if scores.shape[1] > 1 else 0), found


def _vectors(looked: Look) -> Tensor:
    """What the first Embedding gives for the tokens: (1, T, E)."""
    embeddings = [call for call in looked.calls if isinstance(call.layer, Embedding)]
    vectors: list[Tensor] = [call.outputs for call in embeddings if call.outputs.ndim == 3]
    if not vectors:
        raise ArgumentError(
            f"{WHERE}: expected a model with an Embedding (N, T) -> (N, T, E) for token ids; its layers are "
            f"{', '.join(call.layer.name for call in looked.calls)}"
        )
    return vectors[0]


def _draw_tokens(lengths: np.ndarray, names: list[str], found: int, axes: Any) -> Axes:
    count = len(names)
    axes = axes_for(WHERE, axes, float(np.clip(1.2 + 0.3 * count, 4, 14)), 3.2)
    axes.bar(range(count), lengths[:count], color=COLOURS[0], edgecolor="black", linewidth=0.5)
    token_ticks(axes, names)
    axes.set(title=f"class {found}", ylabel="|∂ logit / ∂ word vector|", xlim=(-0.7, count - 0.3))
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    return axes


def _draw_image(image: np.ndarray, derivative: np.ndarray, found: int, axes: Any) -> Axes:
    """The image and the derivatives beside each other, on one pair of axes."""
    height, width = derivative.shape
    start = width * 1.06
    scale = min(6.0 / (start + width), 4.5 / height)
    axes = axes_for(WHERE, axes, (start + width) * scale + 0.9, height * scale + 0.4)
    axes.imshow(shown_image(image), cmap="gray", vmin=0, vmax=1, extent=(0, width, height, 0), interpolation="nearest")
    beside = (start, start + width, height, 0)
    drawn = axes.imshow(derivative, cmap="cividis", vmin=0, extent=beside, interpolation="nearest")
    axes.set(xlim=(0, start + width), ylim=(height, 0))
    axes.set_axis_off()
    axes.set_title(f"class {found}")
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="|∂ logit / ∂ pixel|")
    return axes
