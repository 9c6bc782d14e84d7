"""Image files and arrays, by Pillow: the extra `images`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from tinynet import config
from tinynet.arguments import data_format_of, one_of
from tinynet.errors import ArgumentError, DtypeError, FileFormatError, MissingFileError, ShapeError, require, warn

COLOR_MODES = ("grayscale", "rgb", "rgba")
MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def _pillow(purpose: str) -> Any:
    return require("PIL.Image", "images", purpose)


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """A Pillow image of an array (H, W, C) of 1, 3 or 4 channels.

    data_format: 'channels_first' for (C, H, W). scale: whether the smallest value becomes 0 and the largest 255; without
    it values are cut to whole numbers. dtype: to convert to first, `floatx()` without it.

    Raises `ShapeError` for another shape, `MissingDependencyError` without Pillow.

    >>> array_to_img([[[0.0], [1.0]]]).size
    (2, 1)
    """
    image = _pillow("array_to_img")
    first = data_format_of("array_to_img", data_format) == "channels_first"
    array = np.asarray(x, dtype or config.floatx())
    if array.ndim != 3:
        raise ShapeError(f"array_to_img: expected an image of 3 axes, received shape {array.shape}")
    if first:
        array = array.transpose(1, 2, 0)
    if array.shape[2] not in (1, 3, 4):
        raise ShapeError(f"array_to_img: expected 1, 3 or 4 channels, received {array.shape[2]}")
    if scale and array.size:
        array = array - array.min()
        array = array * (255 / (array.max() or 1))
    if array.shape[2] > 1:
        return image.fromarray(array.astype(np.uint8))
    deep = array.size > 0 and array.max() > 255
    return image.fromarray(array[..., 0].astype(np.int32 if deep else np.uint8))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow image as an array (H, W, C), or (C, H, W) with data_format='channels_first'.

    dtype: `floatx()` without it.

    >>> img_to_array(array_to_img([[[0.0], [1.0]]])).tolist()
    [[[0.0], [255.0]]]
    """
    first = data_format_of("img_to_array", data_format) == "channels_first"
    array = np.asarray(img, dtype or config.floatx())
    if array.ndim not in (2, 3):
        raise ShapeError(f"img_to_array: expected an image of 2 or 3 axes, received shape {array.shape}")
    if array.ndim == 2:
        array = array[..., None]
    return array.transpose(2, 0, 1) if first else array


def save_img(
    path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs: Any
) -> None:
    """Writes an array as an image file, as `array_to_img` reads it.

    path: of the file, or a file object. file_format: 'png', 'jpeg', …; without it what the path ends with. JPEG holds no
    transparency; it is left out with a warning. kwargs: for Pillow's `Image.save`.

    Raises `ArgumentError` for a format that Pillow does not know.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix[1:]
    file_format = {"jpg": "jpeg"}.get((file_format or "").lower(), (file_format or "").lower()) or None
    img = array_to_img(x, data_format, scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warn("save_img: JPEG holds no transparency, the fourth channel is left out")
        img = img.convert("RGB")
    try:
        img.save(path, format=file_format, **kwargs)
    except (KeyError, ValueError) as error:
        raise ArgumentError(f"save_img: Pillow knows no format {file_format!r} for {path!r}") from error


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A Pillow image from a file.

    path: of the file, or an `io.BytesIO`. color_mode: 'grayscale', 'rgb' or 'rgba'.
    target_size: (height, width) to resize to. interpolation: 'nearest', 'bilinear', 'bicubic', 'hamming', 'box' or
    'lanczos'. keep_aspect_ratio: first cut away what makes the image too high or too wide.

    Raises `MissingFileError` where no file is, `FileFormatError` where it is no image.
    """
    image = _pillow("load_img")
    one_of("load_img", "color_mode", color_mode, COLOR_MODES)
    if not isinstance(path, (str, os.PathLike, io.BytesIO)):
        raise DtypeError(f"load_img: expected a path or io.BytesIO, received {type(path).__name__}")
    try:
        img = image.open(path if isinstance(path, io.BytesIO) else io.BytesIO(Path(path).read_bytes()))
        img.load()
    except FileNotFoundError as error:
        raise MissingFileError(f"load_img: there is no file {path}") from error
    except (OSError, ValueError, image.DecompressionBombError) as error:
        raise FileFormatError(f"load_img: {path} cannot be read as an image: {error}") from error
    deep = color_mode == "grayscale" and img.mode in ("I;16", "I")
    if not deep and img.mode != MODES[color_mode]:
        img = img.convert(MODES[color_mode])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    one_of("load_img", "interpolation", interpolation, INTERPOLATIONS)
    resample = getattr(image.Resampling, interpolation.upper())
    height, width = target_size
    box = None
    if keep_aspect_ratio:
        high, wide = min(img.height, img.width * height // width), min(img.width, img.height * width // height)
        top, left = (img.height - high) // 2, (img.width - wide) // 2
        box = (left, top, left + wide, top + high)
    return img.resize((width, height), resample, box=box)
