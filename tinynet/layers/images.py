"""Layers that bring images to a size, and what all layers of images share.

Inputs are (N, H, W, C), or (N, C, H, W) with data_format='channels_first'; a single image is given
without N.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, flag, number, one_of, whole
from tinynet.autograd import Tensor, as_tensor
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.ops._images import INTERPOLATIONS, resized
from tinynet.primitives.shapes import expand_dims, getitem, pad, squeeze

LARGEST_SIDE = 1 << 14  # pixels; so that no file can ask for more than there is memory


class ImageLayer(Layer):
    """Base of the layers of images: where height and width are, and images one by one or in batches.

    As in Keras a call is two steps: `get_random_transformation` draws what is to be done, and
    `transform_images` does it. Unless told otherwise a call of the layer itself is one in training.

    Only images are taken, not dicts of images with labels, boxes or segmentation masks.
    """

    inert_config = {"bounding_box_format": (None,)}
    data_format = "channels_last"

    @property
    def axes(self) -> tuple[int, int]:
        """The axes of height and width in a batch."""
        return (1, 2) if self.data_format == "channels_last" else (2, 3)

    def height_and_width(self, shape: Shape) -> tuple[int, int]:
        """Those of images of a shape."""
        self._check(shape)
        height, width = (shape[axis - 4] for axis in self.axes)
        return int(height or 0), int(width or 0)

    def _check(self, shape: Shape) -> None:
        axes = "(N, H, W, C) or (H, W, C)" if self.data_format == "channels_last" else "(N, C, H, W) or (C, H, W)"
        self.check_rank(shape, 3, 4, axes)
        if 0 in shape[-3:]:
            raise ShapeError(f"{self.described}: expected images with pixels, received shape {shape}")

    def compute_output_dtype(self, input_dtype: str) -> str:
        return self.compute_dtype  # Keras's rule, also where integers are left integers

    def call(self, inputs: Any, training: bool = True) -> Tensor:
        if not isinstance(inputs, Tensor):
            raise ArgumentError(
                f"{self.described}: expected images, received {type(inputs).__name__}; labels, boxes and "
                "segmentation masks beside the images are not supported"
            )
        self._check(inputs.shape)
        return self.transform_images(inputs, self.get_random_transformation(inputs, training), training)

    def get_random_transformation(self, images: Any, training: bool = True, seed: Any = None) -> Any:
        """What is to be done with these images, drawn anew at each call; None where nothing is random.

        seed: a number or a `SeedGenerator` to draw from instead of the layer's own.
        """

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Tensor:
        """The images after a transformation that `get_random_transformation` gave."""
        images = as_tensor(images)
        if self.casts_integers:
            images = images.astype(self.compute_dtype)
        self._check(images.shape)
        if not self.acts(training):
            return images
        if images.ndim == 4:
            return self.transformed(images, transformation)
        return squeeze(self.transformed(expand_dims(images, axis=0), transformation), axis=0)

    def acts(self, training: bool) -> bool:
        """Whether the layer does anything then."""
        return True

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        """A batch of images after the transformation; every subclass defines it."""
        raise NotImplementedError

    def cut(self, images: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
        """The part of a batch of images that begins there, as much of it as is within them."""
        key = [slice(None)] * 4
        for axis, start, size in zip(self.axes, (top, left), (height, width), strict=True):
            key[axis] = slice(start, start + size)
        return getitem(images, key=tuple(key))


class SizedLayer(ImageLayer):
    """A layer of images that makes them `height` by `width`."""

    height: int
    width: int

    def _keep_size(self, height: Any, width: Any) -> None:
        self.height = whole(self.described, "height", height)
        self.width = whole(self.described, "width", width)
        if max(self.height, self.width) > LARGEST_SIDE:
            raise ArgumentError(
                f"{self.described}: expected height and width of at most {LARGEST_SIDE:,} pixels, "
                f"received {self.height:,} and {self.width:,}"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._check(input_shape)
        shape = list(input_shape)
        for axis, size in zip(self.axes, (self.height, self.width), strict=True):
            shape[axis - 4] = size
        return tuple(shape)

    def window(self, height: int, width: int, real: Any = float) -> tuple[int, int, int, int]:
        """The largest part, in the middle, with the layer's ratio of sides: top, left, height, width."""
        high = max(min(height, int(real(width * self.height) / real(self.width))), 1)
        wide = max(min(width, int(real(height * self.width) / real(self.height))), 1)
        return int((height - high) / 2), int((width - wide) / 2), high, wide


class Resizing(SizedLayer):
    """Images of another size: (N, H, W, C) -> (N, height, width, C).

    Integers are rounded and stay integers of their dtype.

    height, width: at most 16,384.
    interpolation: 'bilinear', 'nearest', 'bicubic', 'area', 'lanczos3' or 'lanczos5'.
    crop_to_aspect_ratio: first cut away what makes the images too high or too wide.
    pad_to_aspect_ratio: first add `fill_value` on both sides where they are too low or too narrow.
    fill_mode: 'constant'. antialias: smooth before shrinking ('bilinear', 'bicubic' and Lanczos's).
    data_format: where the channels are.

    Raises `ArgumentError` for both ratios at once, and for anything else in the choices.
    Source: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/

    >>> import numpy as np
    >>> Resizing(1, 2)(np.array([[[1.0], [3.0]], [[5.0], [7.0]]], "float32")).tolist()
    [[[3.0], [5.0]]]
    """

    newer = {"antialias": False}

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep_size(height, width)
        self.interpolation = one_of(self.described, "interpolation", interpolation, INTERPOLATIONS)
        self.crop_to_aspect_ratio = flag(self.described, "crop_to_aspect_ratio", crop_to_aspect_ratio)
        self.pad_to_aspect_ratio = flag(self.described, "pad_to_aspect_ratio", pad_to_aspect_ratio)
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ArgumentError(
                f"{self.described}: either crop_to_aspect_ratio or pad_to_aspect_ratio can be True, received both"
            )
        self.fill_mode = one_of(self.described, "fill_mode", fill_mode, ("constant",))
        number(self.described, "fill_value", fill_value)
        self.fill_value = fill_value
        self.antialias = flag(self.described, "antialias", antialias)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        if images.dtype.kind not in "iuf":
            raise DtypeError(f"{self.described}: expected images of numbers, received {images.dtype.name}")
        if self.crop_to_aspect_ratio:
            height, width = self.height_and_width(images.shape)
            images = self.cut(images, *self.window(height, width, np.float32))
        elif self.pad_to_aspect_ratio:
            images = self._padded(images)
        return resized(images, (self.height, self.width), self.axes, self.interpolation, self.antialias)

    def _padded(self, images: Tensor) -> Tensor:
        """The images with `fill_value` around them, so that the ratio of their sides is about the layer's."""
        height, width = self.height_and_width(images.shape)
        high = max(height, int(np.float32(width * self.height) / np.float32(self.width)))
        wide = max(width, int(np.float32(height * self.width) / np.float32(self.height)))
        above, beside = (high - height) // 2, (wide - width) // 2
        if (height + 2 * above) * (width + 2 * beside) > LARGEST_SIDE**2:
            raise ShapeError(
                f"{self.described}: pad_to_aspect_ratio would make images of {high:,} by {wide:,} pixels "
                f"of those of shape {images.shape}"
            )
        limits = np.iinfo(images.dtype) if images.dtype.kind != "f" else None
        if limits and (self.fill_value % 1 or not limits.min <= self.fill_value <= limits.max):
            raise ArgumentError(
                f"{self.described}: fill_value={self.fill_value!r} does not fit into {images.dtype.name} images"
            )
        widths = [(0, 0)] * 4
        for axis, size in zip(self.axes, (above, beside), strict=True):
            widths[axis] = (size, size)
        return pad(images, pad_width=tuple(widths), constant_values=self.fill_value)


class CenterCrop(SizedLayer):
    """The middle of images: (N, H, W, C) -> (N, height, width, C).

    Of images that are too small in either direction the largest part with that ratio of sides is
    resized, by bilinear interpolation.

    height, width: at most 16,384. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/center_crop/

    >>> import numpy as np
    >>> CenterCrop(1, 2)(np.arange(12.0).reshape(3, 4, 1)).tolist()
    [[[5.0], [6.0]]]
    """

    casts_integers = True

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep_size(height, width)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        height, width = self.height_and_width(images.shape)
        if height >= self.height and width >= self.width:
            return self.cut(
                images, (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
            )
        part = self.cut(images, *self.window(height, width))
        return resized(part, (self.height, self.width), self.axes)
