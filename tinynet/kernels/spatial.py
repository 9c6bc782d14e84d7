"""Arithmetic of windows that slide over space: sizes, padding, and views of the windows.

Arrays are (N, *spatial, C), channels last, with any number of spatial axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinynet.errors import ArgumentError, ShapeError

PADDINGS = ("valid", "same", "causal")
Pads = tuple[tuple[int, int], ...]


def padding_amounts(
    sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], padding: str
) -> Pads:
    """How much each spatial axis is padded before and after, as Keras on TensorFlow does.

    'same' makes ceil(n / stride) outputs and puts the odd element at the end; 'causal' pads
    before only, so that no output sees a later input.
    """
    if padding not in PADDINGS:
        raise ArgumentError(f"padding: expected one of {', '.join(PADDINGS)}, received {padding!r}")
    pads = []
    for n, k, s, d in zip(sizes, window, strides, dilation, strict=True):
        reach = (k - 1) * d + 1
        if padding == "same":
            total = max((-(-n // s) - 1) * s + reach - n, 0)
            pads.append((total // 2, total - total // 2))
        else:
            pads.append((reach - 1 if padding == "causal" else 0, 0))
    return tuple(pads)


def output_sizes(
    sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], pads: Pads
) -> tuple[int, ...]:
    """How many windows fit along each spatial axis; raises `ShapeError` when none does."""
    out = []
    for n, k, s, d, (before, after) in zip(sizes, window, strides, dilation, pads, strict=True):
        reach = (k - 1) * d + 1
        count = (n + before + after - reach) // s + 1
        if count < 1:
            raise ShapeError(
                f"a window of {k} (dilation {d}) does not fit into {n} elements. "
                "Use padding='same', a smaller window, or fewer poolings before it."
            )
        out.append(count)
    return tuple(out)


def padded(x: np.ndarray, pads: Pads, fill: float = 0.0) -> np.ndarray:
    """x with `fill` around its spatial axes; x itself where nothing is added."""
    if not any(map(any, pads)):
        return x
    shape = (x.shape[0], *(n + b + a for n, (b, a) in zip(x.shape[1:-1], pads, strict=True)), x.shape[-1])
    result = np.full(shape, fill, x.dtype) if fill else np.zeros(shape, x.dtype)
    result[inner(x.shape, pads)] = x
    return result


def inner(shape: Sequence[int], pads: Pads) -> tuple[slice, ...]:
    """Where the original array of `shape` lies within the padded one."""
    spatial = (slice(b, b + n) for n, (b, _) in zip(shape[1:-1], pads, strict=True))
    return (slice(None), *spatial, slice(None))


def windows(
    x: np.ndarray, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], out: Sequence[int]
) -> np.ndarray:
    """A view (N, *out, *window, C) of every window of a padded array; nothing is copied."""
    n, *spatial, c = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], *out, *window, x.shape[-1]),
        (
            n,
            *(step * s for step, s in zip(spatial, strides, strict=True)),
            *(step * d for step, d in zip(spatial, dilation, strict=True)),
            c,
        ),
        writeable=False,
    )


def offsets(
    window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], out: Sequence[int]
) -> list[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """For each place within the window, row by row: its index, and the slices of a padded
    array (N, *spatial, C) that it visits, one element an output."""
    result = []
    for place in np.ndindex(*window):
        spatial = (
            slice(i * d, i * d + (count - 1) * s + 1, s)
            for i, d, s, count in zip(place, dilation, strides, out, strict=True)
        )
        result.append((place, (slice(None), *spatial, slice(None))))
    return result
