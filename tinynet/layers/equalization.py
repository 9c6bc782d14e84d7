"""Layers that spread the values of images over the whole of their range."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, number, whole, wholes
from tinynet.autograd import Tensor
from tinynet.layers.augmentation import Augmentation, value_range_of
from tinynet.layers.images import ImageLayer
from tinynet.ops._images import rescaled
from tinynet.primitives.arithmetic import where
from tinynet.primitives.elementwise import clip
from tinynet.primitives.reductions import max_, min_

BYTES = (0, 255)


class AutoContrast(ImageLayer):
    """Images whose darkest value becomes the lowest of the range, and the brightest the highest: always, as in Keras.

    Each channel of each image for itself. Where all values are equal, they stay. With channels first each row of pixels
    is taken for itself, over all channels: so Keras does.

    value_range: the lowest and the highest value of a pixel. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/auto_contrast/

    >>> AutoContrast((0, 1))(np.array([[[0.25], [0.5]]], "float32")).tolist()
    [[[0.0], [1.0]]]
    """

    casts_integers = True

    def __init__(self, value_range: Any = (0, 255), *, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = sorted(value_range_of(self.described, value_range))
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check(input_shape)
        return input_shape

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        shades = rescaled(images, self.value_range, BYTES)
        low, high = (reduce(shades, axis=(1, 2), keepdims=True) for reduce in (min_, max_))
        varies = high.numpy() > low.numpy()
        scale = 255 / where(varies, high - low, np.ones((), images.dtype))
        stretched = rescaled(clip(shades * scale - low * scale, x_min=0, x_max=255), BYTES, self.value_range)
        return where(varies, stretched, images)


class Equalization(Augmentation):
    """In training, values redistributed so that all of the range is used alike: about as many in each of the bins.

    Each channel for itself, over all images of a batch together. Where all values fall into one bin, they stay.

    value_range: the lowest and the highest value of a pixel. bins: how many. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/equalization/

    >>> Equalization()(np.array([[[100.0], [101.0]]], "float32")).tolist()
    [[[0.0], [255.0]]]
    """

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bins = whole(self.described, "bins", bins)
        self.value_range = sorted(value_range_of(self.described, value_range))
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> Any:
        return None

    @property
    def _channels(self) -> int:
        return 3 if self.data_format == "channels_last" else 1

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        shades = np.moveaxis(np.asarray(images).astype(self.compute_dtype), self._channels, 0)
        made = np.stack([self._equalized(channel) for channel in shades])
        return Tensor(np.moveaxis(made, 0, self._channels).astype(self.compute_dtype))

    def _equalized(self, channel: np.ndarray) -> np.ndarray:
        low, high = self.value_range
        scale = 255 / (high - low)
        channel = channel * channel.dtype.type(scale) - channel.dtype.type(low * scale)
        places = (channel.astype("float32") * np.float32(self.bins - 1) / np.float32(255)).astype("int32")
        counts = np.bincount(np.clip(places, 0, self.bins - 1).ravel(), minlength=self.bins)
        if np.count_nonzero(counts) > 1:
            below = counts.cumsum()
            first = below[below > 0][0]
            new = ((below - first) * 255).astype("float32") / np.float32(max(below[-1] - first, 1))
            of_bin = channel / channel.dtype.type(255) * channel.dtype.type(self.bins - 1)
            channel = np.clip(np.round(new), 0, 255)[np.clip(of_bin, 0, self.bins - 1).astype("int32")]
        return channel * np.float32(1 / scale) + np.float32(low)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Images whose values are redistributed tile by tile, so that contrast is even, and limited (CLAHE): always.

    Each channel of each tile has a histogram of 256 bins of its own, what is above the limit spread over all of them;
    a pixel's new value is interpolated between those that its four nearest tiles give it.

    value_range: the lowest and the highest value of a pixel.
    clip_limit: how many times its even share a bin may hold; 0 or below does not limit.
    tile_grid_size: how many tiles along height and width. data_format: where the channels are.

    Source: Zuiderveld 1994, Contrast Limited Adaptive Histogram Equalization;
    https://keras.io/api/layers/preprocessing_layers/image_augmentation/

    >>> ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))(np.ones((2, 8, 8, 3), "float32")).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range_of(self.described, value_range)
        number(self.described, "clip_limit", clip_limit)
        self.clip_limit = clip_limit
        self.tile_grid_size = wholes(self.described, "tile_grid_size", tile_grid_size, 2)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check(input_shape)
        return input_shape

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        first = self.data_format == "channels_first"
        array = np.moveaxis(images.numpy(), 1, -1) if first else images.numpy()
        shades = rescaled(Tensor(array.astype("float32")), self.value_range, BYTES).numpy()
        found = rescaled(Tensor(self._equalized(shades)), BYTES, self.value_range).numpy().astype(array.dtype)
        return Tensor(np.moveaxis(found, -1, 1) if first else found)

    def _equalized(self, shades: np.ndarray) -> np.ndarray:
        count, height, width, channels = shades.shape
        (rows, columns), sides = self.tile_grid_size, (height, width)
        high, wide = (-(-n // tiles) for n, tiles in zip(sides, self.tile_grid_size, strict=True))
        over = [(0, 0), (0, high * rows - height), (0, wide * columns - width), (0, 0)]
        pixels = np.clip(np.pad(shades, over, mode="symmetric"), 0, 255).astype("int32")
        tables = self._tables(pixels.reshape(count, rows, high, columns, wide, channels))
        tables = np.pad(tables, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")
        (above, below, down), (left, right, across) = _between(high, rows), _between(wide, columns)
        image, channel = np.arange(count)[:, None, None, None], np.arange(channels)

        def given(row: np.ndarray, column: np.ndarray) -> np.ndarray:
            """What the tiles of a row and a column make of each pixel."""
            return tables[image, row[:, None, None], column[:, None], channel, pixels]

        down, across = down[:, None, None], across[:, None]
        top = given(above, left) * (1 - across) + given(above, right) * across
        bottom = given(below, left) * (1 - across) + given(below, right) * across
        return (top * (1 - down) + bottom * down)[:, :height, :width]

    def _tables(self, tiles: np.ndarray) -> np.ndarray:
        """The new value of each of 256 in each tile (N, rows, high, columns, wide, C): (N, rows, columns, C, 256)."""
        count, rows, high, columns, wide, channels = tiles.shape
        each = tiles.transpose(0, 1, 3, 5, 2, 4).reshape(-1, high * wide)
        places = each + 256 * np.arange(len(each))[:, None]
        bins = np.bincount(places.ravel(), minlength=256 * len(each)).reshape(len(each), 256).astype("float32")
        if self.clip_limit > 0:
            kept = np.minimum(bins, np.float32(self.clip_limit * (high * wide) / 256))
            bins = kept + (bins - kept).sum(axis=-1, keepdims=True) / np.float32(256)
        below = bins.cumsum(axis=-1, dtype="float32")
        first = below.min(axis=-1, keepdims=True)
        whole_range = np.float32(high * wide) - first
        new = np.clip((below - first) * np.float32(255) / np.where(whole_range == 0, 1, whole_range), 0, 255)
        return new.reshape(count, rows, columns, channels, 256)


def _between(size: int, tiles: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel along an axis the two tiles (counted with one more before the first) its value lies between, and
    how far it is from the first of them, in tiles."""
    place = (np.arange(size * tiles, dtype="float32") - np.float32(size / 2)) / np.float32(size) + np.float32(1)
    before = np.floor(place)
    return before.astype(int), np.minimum(before + 1, tiles + 1).astype(int), place - before
