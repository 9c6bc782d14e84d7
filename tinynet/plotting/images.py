"""What convolutions look for, and what they find: `filters` and `feature_maps`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet import config
from tinynet.arguments import whole
from tinynet.errors import ArgumentError, nearest
from tinynet.layers import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from tinynet.plotting.looking import chosen, layers_within, look, require_model
from tinynet.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tinynet.layers import Layer

CONVOLUTIONS = (Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D)


def filters(model: Any, layer: Any = None, axes: Any = None) -> Axes:
    """Draws the kernels of a convolution of images, each as a small image.

    Of a layer that sees three channels the kernels are in colour, row by row in the order of the filters, of one that
    sees a single channel in grey. Else each filter is a row of grey images, one for each channel it sees. Each filter
    has its own scale: grey is 0, white its largest absolute weight, black the opposite.

    layer: the layer or its name; without it the first convolution.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` for a model without such a layer.

    >>> import tinynet
    >>> from tinynet import layers
    >>> axes = filters(tinynet.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, name="edges")]))
    >>> axes.get_title(), axes.images[0].get_array().shape  # two rows of two, with lines between them
    ('edges: 4 filters', (7, 7, 3))
    """
    where = "filters"
    require_model(where, model)
    conv = _convolution(where, model, layer)
    kernel = _kernel(conv)  # (K, L, C, F)
    channels, count = kernel.shape[2:]
    largest = np.abs(kernel).max(axis=(0, 1, 2))
    scaled = kernel / np.where(largest > 0, largest, 1)
    if channels == 3:
        picture = mosaic((scaled.transpose(3, 0, 1, 2) + 1) / 2, _columns(count))
    else:
        tiles = scaled.transpose(3, 2, 0, 1).reshape(-1, *kernel.shape[:2])
        picture = mosaic(tiles, _columns(count) if channels == 1 else channels)
    axes = axes_for(where, axes, *_size(picture))
    axes.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_frame_on(False)
    axes.set_title(f"{conv.name}: {count} filters")
    if channels not in (1, 3):
        axes.set(xlabel="input channel", ylabel="filter")
    return axes


def feature_maps(model: Any, image: Any, layer: Any = None, channels: int = 16, axes: Any = None) -> Axes:
    """Draws what a layer gives for an image: its first channels, as many images on one scale, row by row.

    image: one that the model takes, (H, W, C), or in a batch of one.
    layer: the layer or its name: any that gives images; without it the first convolution, with its activation.
    channels: how many at most.
    axes: what to draw into, if not into a new figure; see `tinynet.plotting.history`.

    Returns the axes. Raises `ArgumentError` for a model without such a layer, and for what is no image of the model's.

    >>> import tinynet
    >>> from tinynet import layers
    >>> model = tinynet.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu", name="edges")])
    >>> axes = feature_maps(model, np.ones((8, 8, 3)))
    >>> axes.get_title(), axes.images[0].get_array().shape  # four maps (6, 6)
    ('edges: 4 of 4 channels', (13, 13))
    """
    where = "feature_maps"
    most = whole(where, "channels", channels)
    calls = look(where, model, image).calls
    maps = [call for call in calls if np.ndim(call.outputs) == 4]
    suited = maps if layer is not None else [call for call in maps if isinstance(call.layer, CONVOLUTIONS)]
    call = chosen(where, calls, layer, suited, "a convolution of images" if layer is None else "a layer of images")
    outputs = call.outputs.numpy()[0]
    first = getattr(call.layer, "data_format", config.image_data_format()) == "channels_first"
    tiles = (outputs if first else outputs.transpose(2, 0, 1))[:most]
    picture = mosaic(tiles, _columns(len(tiles)))
    axes = axes_for(where, axes, *_size(picture, extra=0.7))
    drawn = axes.imshow(picture, cmap="cividis", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(f"{call.layer.name}: {len(tiles)} of {outputs.shape[0 if first else -1]} channels")
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(drawn, ax=axes, shrink=0.8)
    return axes


def mosaic(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Small images (n, h, w) or (n, h, w, 3) in rows of `columns`, with lines of one pixel between them.

    The lines and places without an image are NaN, which is not drawn, or white where there are colours.

    >>> mosaic(np.ones((3, 1, 1)), 2)
    array([[ 1., nan,  1.],
           [nan, nan, nan],
           [ 1., nan, nan]])
    """
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    empty = np.nan if tiles.ndim == 3 else 1.0
    picture = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, *tiles.shape[3:]), empty)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = row * (height + 1), column * (width + 1)
        picture[top : top + height, left : left + width] = tile
    return picture


def shown_image(image: np.ndarray) -> np.ndarray:
    """An image (H, W, C), or (H, W), as matplotlib shows it: three channels in [0, 1], or (H, W), the mean of others.

    Numbers in [0, 1] are taken as they are, and so are those in [0, 255] where one is above 1; others are stretched.

    >>> shown_image(np.array([[[0.0, 127.5, 255.0]]])).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    image = np.asarray(image, np.float64)
    low, high = image.min(), image.max()
    if low < 0 or high > 255:
        image = (image - low) / (high - low)
    elif high > 1:
        image = image / 255
    return image if image.ndim == 2 or image.shape[-1] == 3 else image.mean(axis=-1)


def _convolution(where: str, model: Any, layer: Any) -> Layer:
    within = list(layers_within(model))
    there = [part for part in within if isinstance(part, CONVOLUTIONS) and part.built]
    names = ", ".join(part.name for part in there) or "none"
    if layer is None:
        if not there:
            raise ArgumentError(
                f"{where}: expected a model with a convolution of images, such as Conv2D; its layers are "
                f"{', '.join(part.name for part in model.layers)}"
            )
        return there[0]
    for part in within:
        if part is layer or part.name == layer:
            if not any(part is other for other in there):
                raise ArgumentError(f"{where}: expected a convolution of images ({names}), received {part.described}")
            return part
    raise ArgumentError(f"{where}: the model has no layer {layer!r}. {nearest(layer, [part.name for part in within])}")


def _kernel(layer: Any) -> np.ndarray:
    """A layer's kernel (K, L, C, F): F filters that each see C channels."""
    weight = layer.depthwise_kernel if isinstance(layer, SeparableConv2D) else layer.kernel
    kernel = np.asarray(weight.numpy(), np.float64)
    if isinstance(layer, Conv2DTranspose):
        return kernel.swapaxes(2, 3)
    if isinstance(layer, Conv2D):
        return kernel
    return kernel.reshape(*kernel.shape[:2], 1, -1)  # each filter of a depthwise convolution sees one channel


def _columns(count: int) -> int:
    """Of a grid that is at most about twice as wide as high, with as few empty places as can be.

    >>> [_columns(count) for count in (1, 4, 7, 10, 16, 32)]
    [1, 2, 4, 5, 4, 8]
    """
    narrow, wide = math.ceil(math.sqrt(count)), math.ceil(math.sqrt(2 * count))
    return min(range(narrow, wide + 1), key=lambda columns: (-count % columns, -columns))


def _size(picture: np.ndarray, extra: float = 0.0) -> tuple[float, float]:
    """Of the figure, in inches."""
    height, width = picture.shape[:2]
    scale = min(6.0 / width, 7.0 / height)
    return max(width * scale, 1.5) + extra, height * scale + 0.5
