"""Images resized and mapped: what `keras.ops.image` does, for the layers of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor
from tinynet.kernels import resizing
from tinynet.kernels.affine import FILL_MODES, affine_taps
from tinynet.primitives.arithmetic import where
from tinynet.primitives.elementwise import clip
from tinynet.primitives.sampling import sample
from tinynet.primitives.shapes import expand_dims, reshape, stack, unstack

INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")
AFFINE_INTERPOLATIONS = ("bilinear", "nearest")
AFFINE_FILL_MODES = tuple(FILL_MODES)


def resampled(x: Tensor, axis: int, taps: resizing.Taps) -> Tensor:
    """x with an axis made anew, each element from the old ones that its taps name."""
    outer, n, inner = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    # Written out, as there is no −1 where an axis is empty.
    rows = reshape(x, shape=(int(np.prod(outer)), n, int(np.prod(inner))))
    made = sample(rows, places=taps.places[None], weights=taps.weights[None])
    return reshape(made, shape=(*outer, len(taps.places), *inner))


def resized(
    x: Tensor, size: tuple[int, int], axes: tuple[int, int], interpolation: str = "bilinear", antialias: bool = False
) -> Tensor:
    """Images with their height and width, at `axes`, of another size; integers are rounded and stay integers.

    interpolation: one of `INTERPOLATIONS`. antialias: smooth before shrinking, where it is 'bilinear',
    'bicubic' or one of Lanczos's.

    Source: https://keras.io/api/ops/image/#resize-function
    """
    height, width = x.shape[axes[0]], x.shape[axes[1]]
    if (height, width) == size:
        return x
    dtype = x.dtype
    if dtype.kind != "f" and interpolation != "nearest":
        x = x.astype("float32")
    rows, columns = (
        resizing.taps(n, to, interpolation, antialias) for n, to in zip((height, width), size, strict=True)
    )
    steps = [(axes[1], columns), (axes[0], rows)]
    if interpolation in resizing.ROWS_FIRST or (antialias and interpolation in resizing.KERNELS):
        steps.reverse()  # TensorFlow's order
    for axis, taps in steps:
        x = resampled(x, axis, taps)
    if interpolation == "area":
        covered = np.float32(height) / np.float32(size[0]) * (np.float32(width) / np.float32(size[1]))
        x = x * x.dtype.type(np.float32(1) / covered)
    return x if x.dtype == dtype else rounded(x, dtype)


def rounded(x: Tensor, dtype: np.dtype) -> Tensor:
    """x as integers: the nearest, an even one of two; those beyond the dtype's range are its limits."""
    limits = np.iinfo(dtype)
    low, high = np.asarray(limits.min, x.dtype), np.asarray(limits.max, x.dtype)
    if high > limits.max:
        high = np.nextafter(high, low)
    return Tensor(np.clip(np.rint(x.numpy()), low, high).astype(dtype))


def mapped(
    x: Tensor, transforms: np.ndarray, interpolation: str, fill_mode: str, fill_value: float, channels_first: bool
) -> Tensor:
    """Images (N, H, W, C) seen through affine maps, one for each or one for all, as `keras.ops.image.affine_transform`.

    transforms: (N or 1, 8) numbers a₀ a₁ a₂ b₀ b₁ b₂ c₀ c₁: the result at (x, y) is what the image has at
        (a₀x + a₁y + a₂, b₀x + b₁y + b₂) / (c₀x + c₁y + 1); c₀, c₁ are 0 of an affine map. Linear in the images.
    interpolation: one of `AFFINE_INTERPOLATIONS`. fill_mode: what lies beyond the image, one of
        `AFFINE_FILL_MODES`; fill_value is for 'constant'.
    """
    if channels_first:
        x = x.transpose(0, 2, 3, 1)
    count, height, width, channels = x.shape
    taps, outside = affine_taps(transforms.astype("float32"), height, width, interpolation, fill_mode)
    pixels = sample(reshape(x, shape=(count, height * width, channels)), places=taps.places, weights=taps.weights)
    if fill_mode == "constant" and fill_value:
        pixels = pixels + (outside * np.float32(fill_value))[..., None].astype(x.dtype)
    result: Any = reshape(pixels, shape=x.shape)
    return result.transpose(0, 3, 1, 2) if channels_first else result


def rescaled(x: Tensor, old: Sequence[float], new: Sequence[float]) -> Tensor:
    """Values of the range `old` (lowest, highest) moved to the range `new`."""
    if tuple(old) == tuple(new):
        return x
    return (x - old[0]) / (old[1] - old[0]) * (new[1] - new[0]) + new[0]


def grayscale(images: Tensor, axis: int) -> Tensor:
    """0.2989 red + 0.587 green + 0.114 blue as the only channel; integers are rounded towards zero.

    Images with one channel stay as they are. axis: that of the channels.
    """
    if images.shape[axis] == 1:
        return images
    red, green, blue = unstack(images.astype(images.dtype if images.dtype.kind == "f" else "float32"), axis=axis)
    gray: Tensor = expand_dims(red * 0.2989 + green * 0.587 + blue * 0.114, axis=axis)
    return gray.astype(images.dtype)


def rgb_to_hsv(images: Tensor, axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in whole turns, saturation and value of red, green and blue, the channels at `axis`."""
    red, green, blue = unstack(images, axis=axis)
    value = np.maximum(np.maximum(red, green), blue)
    spread = value - np.minimum(np.minimum(red, green), blue)
    one, zero = np.ones((), images.dtype), np.zeros((), images.dtype)
    saturation = where(value.numpy() > 0, spread / where(value.numpy() > 0, value, one), zero)
    sixth = 1 / (6 * where(spread.numpy() > 0, spread, one))
    hue = where(
        red.numpy() == value.numpy(),
        sixth * (green - blue),
        where(green.numpy() == value.numpy(), sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6),
    )
    hue = where(spread.numpy() > 0, hue, zero)
    return where(hue.numpy() < 0, hue + 1, hue), saturation, value


def hsv_to_rgb(hue: Tensor, saturation: Tensor, value: Tensor, axis: int) -> Tensor:
    """Red, green and blue as channels at `axis`, of hue in whole turns, saturation and value."""
    turned = hue * 6
    shares = (np.abs(turned - 3) - 1, 2 - np.abs(turned - 2), 2 - np.abs(turned - 4))
    parts = [(1 - saturation + saturation * clip(share, x_min=0, x_max=1)) * value for share in shares]
    return stack(*parts, axis=axis)
