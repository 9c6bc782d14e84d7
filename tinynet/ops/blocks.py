"""Images cut into blocks and put together again, and how like two of them are: keras.io/api/ops/nn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.autograd.tensor import Tensor, record
from tinynet.errors import ArgumentError, ShapeError
from tinynet.ops._arguments import check_rank, floating, pair, per_axis, tensor
from tinynet.ops.elementwise import log10, square
from tinynet.ops.reductions import mean
from tinynet.ops.shapes import pad, reshape, transpose
from tinynet.ops.windows import DATA_FORMATS
from tinynet.primitives import shapes

Size = int | tuple[int, int]


def depth_to_space(x: Any, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """The channels of each pixel as a block of pixels: (N, H, W, C·B²) -> (N, H·B, W·B, C) (Shi et al. 2016).

    block_size: B, at least 2. data_format: 'channels_first' for (N, C·B², H, W) -> (N, C, H·B, W·B).

    Raises `ShapeError` for channels that are no multiple of B², `ArgumentError` for another block size or format.

    >>> depth_to_space([[[[1.0, 2.0, 3.0, 4.0]]]], 2)[..., 0].tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """
    x, block, first = _blocked(x, block_size, data_format, "depth_to_space")
    samples, height, width, channels = (x.shape[a] for a in ((0, 2, 3, 1) if first else (0, 1, 2, 3)))
    if channels % block**2:
        raise ShapeError(f"depth_to_space: {channels} channels are no multiple of {block}²")
    depth = channels // block**2
    if first:
        parts = reshape(x, (samples, block, block, depth, height, width))
        return reshape(transpose(parts, (0, 3, 4, 1, 5, 2)), (samples, depth, height * block, width * block))
    parts = reshape(x, (samples, height, width, block, block, depth))
    return reshape(transpose(parts, (0, 1, 3, 2, 4, 5)), (samples, height * block, width * block, depth))


def space_to_depth(x: Any, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """Each block of pixels as the channels of one: (N, H·B, W·B, C) -> (N, H, W, C·B²); the reverse of `depth_to_space`.

    Raises `ShapeError` for a height or width that is no multiple of B, `ArgumentError` as `depth_to_space`.

    >>> space_to_depth([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2).tolist()
    [[[[1.0, 2.0, 3.0, 4.0]]]]
    """
    x, block, first = _blocked(x, block_size, data_format, "space_to_depth")
    samples, height, width, depth = (x.shape[a] for a in ((0, 2, 3, 1) if first else (0, 1, 2, 3)))
    if height % block or width % block:
        raise ShapeError(f"space_to_depth: a height of {height} or a width of {width} is no multiple of {block}")
    height, width = height // block, width // block
    if first:
        parts = reshape(x, (samples, depth, height, block, width, block))
        return reshape(transpose(parts, (0, 3, 5, 1, 2, 4)), (samples, depth * block**2, height, width))
    parts = reshape(x, (samples, height, block, width, block, depth))
    return reshape(transpose(parts, (0, 1, 3, 2, 4, 5)), (samples, height, width, depth * block**2))


def _blocked(x: Any, block_size: Any, data_format: Any, where: str) -> tuple[Tensor, int, bool]:
    x = tensor(x)
    check_rank(x, (4,), where, "images of 4 axes")
    if isinstance(block_size, bool) or not isinstance(block_size, (int, np.integer)) or block_size < 2:
        raise ArgumentError(f"{where}: expected block_size to be a whole number from 2 on, received {block_size!r}")
    if data_format not in (None, *DATA_FORMATS):
        raise ArgumentError(f"{where}: data_format must be one of {', '.join(DATA_FORMATS)}, received {data_format!r}")
    return x, int(block_size), data_format == "channels_first"


def unfold(x: Any, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """The windows over images (N, C, H, W), each as a column: (N, C·h·w, L) for L windows of h times w pixels.

    kernel_size: h and w. dilation: the distance of the pixels within a window. padding: zeros around the image, before
    and after each axis. stride: from one window to the next. Each is one number or two.

    Raises `ShapeError` where no window fits, `ArgumentError` for sizes that do not exist.

    >>> unfold([[[[1.0, 2.0, 3.0]]]], (1, 2)).tolist()
    [[[1.0, 2.0], [2.0, 3.0]]]
    """
    x = tensor(x)
    check_rank(x, (4,), "unfold", "images (N, C, H, W)")
    key, window, margins = _windows(x.shape[2:], kernel_size, dilation, padding, stride, "unfold")
    x = pad(x, ((0, 0), (0, 0), *((m, m) for m in margins)))
    return reshape(x[(slice(None), slice(None), *key)], (x.shape[0], x.shape[1] * math.prod(window), -1))


def fold(
    x: Any, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """Images (N, C, H, W) of columns (N, C·h·w, L) as `unfold` makes them; where windows meet, they are added.

    output_size: H and W. The other sizes are those of `unfold`.

    Raises `ShapeError` for columns of another number or length, `ArgumentError` for sizes that do not exist.

    >>> fold([[[1.0, 2.0], [2.0, 3.0]]], (1, 3), (1, 2)).tolist()
    [[[[1.0, 4.0, 3.0]]]]
    """
    x = tensor(x)
    check_rank(x, (3,), "fold", "columns (N, C·h·w, L)")
    size = per_axis(output_size, 2, "output_size", "fold")
    key, window, margins = _windows(size, kernel_size, dilation, padding, stride, "fold")
    count = key[0].shape[2] * key[1].shape[3]
    if x.shape[1] % math.prod(window) or x.shape[2] != count:
        raise ShapeError(
            f"fold: expected columns of shape (N, C·{math.prod(window)}, {count}) for windows of {window} over "
            f"images of {size}, received {x.shape}"
        )
    channels = x.shape[1] // math.prod(window)
    parts = reshape(x, (x.shape[0], channels, *window, key[0].shape[2], key[1].shape[3]))
    whole = (x.shape[0], channels, *(n + 2 * m for n, m in zip(size, margins, strict=True)))
    image: Tensor = record(shapes.scatter, (parts,), {"key": (slice(None), slice(None), *key), "shape": whole})
    return image[(slice(None), slice(None), *(slice(m, m + n) for n, m in zip(size, margins, strict=True)))]


def _windows(size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any, where: str) -> Any:
    """The indices of all windows' pixels along both axes (h, w, rows, columns), the window, and the padding."""
    window = per_axis(kernel_size, 2, "kernel_size", where)
    gaps, steps = per_axis(dilation, 2, "dilation", where), per_axis(stride, 2, "stride", where)
    margins = (padding, padding) if isinstance(padding, (int, np.integer)) else padding
    whole = isinstance(margins, (list, tuple)) and len(margins) == 2
    if not whole or not all(isinstance(m, (int, np.integer)) and m >= 0 for m in margins):
        raise ArgumentError(f"{where}: padding must be a whole number from 0 on or two of them, received {padding!r}")
    key = []
    for n, margin, k, gap, step in zip(size, margins, window, gaps, steps, strict=True):
        last = n + 2 * margin - (k - 1) * gap
        if last < 1:
            raise ShapeError(f"{where}: a window of {window} does not fit into images of {tuple(size)}")
        key.append(np.arange(k)[:, None] * gap + np.arange(0, last, step))
    return (key[0][:, None, :, None], key[1][None, :, None, :]), window, tuple(margins)


def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """The ratio of the largest signal to noise, in decibel: 10 log₁₀(max_val² / mean of (x1 − x2)²); inf for equal ones.

    max_val: the largest value that is possible, 1 or 255 in images.

    Raises `ShapeError` for different shapes, `ArgumentError` for a max_val that is not positive.

    >>> round(psnr([0.0, 1.0], [0.1, 0.9], max_val=1.0).item(), 3)
    20.0
    """
    a, b = pair(floating(x1), floating(x2), "psnr")
    if a.shape != b.shape:
        raise ShapeError(f"psnr: expected two tensors of one shape, received {a.shape} and {b.shape}")
    if isinstance(max_val, bool) or not isinstance(max_val, (int, float)) or not max_val > 0:
        raise ArgumentError(f"psnr: expected max_val to be a positive number, received {max_val!r}")
    return 20 * math.log10(max_val) - 10 * log10(mean(square(a - b)))
