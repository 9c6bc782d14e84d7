"""Images resized and mapped: what `keras.ops.image` does, for the layers of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor
from tinynet.kernels import resizing
from tinynet.kernels.affine import FILL_MODES, affine_taps
from tinynet.primitives.sampling import sample
from tinynet.primitives.shapes import reshape

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

    transforms: (N or 1, 8) numbers a₀ a₁ a₂ b₀ b₁ b₂ 0 0: the result at (x, y) is what the image has at
        (a₀x + a₁y + a₂, b₀x + b₁y + b₂). Linear in the images.
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
