"""Files of images as a model takes them, by Pillow: the extra `images`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.cli.arguments import UsageError
from tinynet.errors import DataError, FileFormatError, warn
from tinynet.utils import load_img

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}
DEEP = 257  # a picture of 16 bits divided by it is one of 8


def is_image(path: str) -> bool:
    """Whether an argument is the name of an image by its ending."""
    return path.lower().endswith(ENDINGS)


def read_images(paths: Sequence[str], tensor: Any, white: float) -> np.ndarray:
    """Images as an input takes them: (N, H, W, C), or (N, H, W) in shades of grey; those of another size are resized.

    tensor: the model's input. white: what a white pixel has, 255 in the file.

    Raises `UsageError` where the input is no image, `FileFormatError` for a file that is none, `DataError` for images
    of different sizes where the model takes any, `MissingDependencyError` without Pillow.
    """
    shape = tuple(tensor.shape[1:])
    height, width, *channels = shape if len(shape) in (2, 3) else (None, None, 0)
    if tensor.dtype == "string" or (channels and channels[0] not in MODES):
        takes = "texts" if tensor.dtype == "string" else f"arrays of shape {(None, *shape)}"
        raise UsageError(f"the model takes {takes}, which are no images; {paths[0]} is one")
    mode = MODES[channels[0] if channels else 1]
    found = [_pixels(path, mode, height, width) for path in paths]
    if len({pixels.shape for pixels in found}) > 1:
        told = ", ".join(f"{path} {p.shape[0]} x {p.shape[1]}" for path, p in zip(paths, found, strict=True))
        raise DataError(f"the model takes images of any size, but those given together have different ones: {told}")
    images = np.stack(found)
    if white != 255 and np.dtype(tensor.dtype).kind != "f":
        images = np.rint(images * (white / 255))
    elif white != 255:
        images = images * (white / 255)
    return images.astype(tensor.dtype) if channels else images[..., 0].astype(tensor.dtype)


def _pixels(path: str, mode: str, height: int | None, width: int | None) -> np.ndarray:
    """The pixels (H, W, C) of a file, from 0 to 255."""
    try:
        image = load_img(path, mode)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: is no image that Pillow can read") from error
    there = (image.height, image.width)
    size = (height or there[0], width or there[1])
    if there != size:
        warn(f"{path}: {there[1]} x {there[0]} pixels, resized to {size[1]} x {size[0]}")
        image = load_img(path, mode, size, interpolation="bilinear")
    pixels = np.asarray(image)
    if pixels.dtype.itemsize > 1:
        pixels = pixels / DEEP
    return pixels[..., None] if pixels.ndim == 2 else pixels
