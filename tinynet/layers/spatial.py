"""Layers that pad, crop or enlarge along the spatial axes.

Without weights. Inputs are (N, *spatial, C), or (N, C, *spatial) with data_format='channels_first'.
"""

from __future__ import annotations

from typing import Any

from tinynet.arguments import data_format_of, one_of, whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.kernels.resizing import taps
from tinynet.layers.base import Layer, Shape
from tinynet.ops._images import resampled
from tinynet.primitives.shapes import broadcast_to, getitem, pad, reshape

Pairs = tuple[tuple[int, int], ...]


def pairs_of(owner: str, name: str, value: Any, rank: int) -> Pairs:
    """A pair (before, after) for each of `rank` axes: from one number, one for each axis, or pairs.

    Raises `ArgumentError` for anything else, and for negative numbers.
    """
    given = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    if rank == 1 and isinstance(value, (list, tuple)):
        given = [given] if len(given) == 2 else []  # one axis takes its pair as it is
    if len(given) != rank:
        raise ArgumentError(
            f"{owner}: expected {name} to be a number, {rank} of them, or {rank} pairs, received {value!r}"
        )
    both = [wholes(owner, f"{name} of an axis", axis, 2, minimum=0) for axis in given]
    return tuple((before, after) for before, after in both)


class _Spatial(Layer):
    """What padding, cropping and enlarging share: where the spatial axes are."""

    rank = 0
    data_format = "channels_last"

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 1 if self.data_format == "channels_last" else 2

    def _check(self, shape: Shape) -> None:
        spatial = ("steps", "H, W", "D, H, W")[self.rank - 1]
        axes = f"(N, {spatial}, C)" if self.data_format == "channels_last" else f"(N, C, {spatial})"
        self.check_rank(shape, self.rank + 2, self.rank + 2, axes)

    def _size(self, axis: int, n: int) -> int:
        """The size of a spatial axis of n elements afterwards."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._check(input_shape)
        shape = list(input_shape)
        for axis in range(self.rank):
            n = shape[self._first + axis]
            shape[self._first + axis] = None if n is None else self._size(axis, n)
        return tuple(shape)


class _ZeroPadding(_Spatial):
    padding: Any

    def _size(self, axis: int, n: int) -> int:
        return n + sum(pairs_of(self.described, "padding", self.padding, self.rank)[axis])

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs.shape)
        pairs = pairs_of(self.described, "padding", self.padding, self.rank)
        widths = [(0, 0)] * inputs.ndim
        widths[self._first : self._first + self.rank] = pairs
        return pad(inputs, pad_width=tuple(widths))


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after all steps: (N, T, C) -> (N, T + before + after, C).

    padding: a number for both ends, or a pair. data_format: where the channels are.

    Source: https://keras.io/api/layers/reshaping_layers/zero_padding1d/

    >>> import numpy as np
    >>> ZeroPadding1D((1, 0))(np.ones((1, 2, 1), "float32")).numpy()[0, :, 0]
    array([0., 1., 1.], dtype=float32)
    """

    replayable = True
    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        (self.padding,) = pairs_of(self.described, "padding", padding, 1)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()


class ZeroPadding2D(_ZeroPadding):
    """Zeros around an image: (N, H, W, C) -> (N, top + H + bottom, left + W + right, C).

    padding: a number for all sides, a pair (height, width), or ((top, bottom), (left, right)).
    data_format: where the channels are.

    Source: https://keras.io/api/layers/reshaping_layers/zero_padding2d/

    >>> import numpy as np
    >>> ZeroPadding2D(((1, 0), (2, 0)))(np.ones((1, 4, 4, 3), "float32")).shape
    (1, 5, 6, 3)
    """

    replayable = True
    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = pairs_of(self.described, "padding", padding, 2)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()


class ZeroPadding3D(_ZeroPadding):
    """Zeros around a volume: (N, D, H, W, C), each of D, H and W longer by its pair.

    padding: a number, one for each axis, or three pairs. data_format: where the channels are.

    Source: https://keras.io/api/layers/reshaping_layers/zero_padding3d/

    >>> import numpy as np
    >>> ZeroPadding3D(1)(np.ones((1, 2, 2, 2, 3), "float32")).shape
    (1, 4, 4, 4, 3)
    """

    rank = 3

    def __init__(self, padding: Any = (1, 1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = pairs_of(self.described, "padding", padding, 3)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()


class _Cropping(_Spatial):
    cropping: Any

    def _size(self, axis: int, n: int) -> int:
        before, after = pairs_of(self.described, "cropping", self.cropping, self.rank)[axis]
        if before + after >= n:
            raise ShapeError(f"{self.described}: cropping {self.cropping} leaves nothing of an axis of {n} elements")
        return n - before - after

    def call(self, inputs: Tensor) -> Tensor:
        shape = self.compute_output_shape(inputs.shape)
        key = [slice(None)] * inputs.ndim
        for axis, (before, _) in enumerate(pairs_of(self.described, "cropping", self.cropping, self.rank)):
            key[self._first + axis] = slice(before, before + (shape[self._first + axis] or 0))
        return getitem(inputs, key=tuple(key))


class Cropping1D(_Cropping):
    """Without the first and last steps: (N, T, C) -> (N, T − before − after, C).

    cropping: a number for both ends, or a pair.

    Raises `ShapeError` where nothing would be left.
    Source: https://keras.io/api/layers/reshaping_layers/cropping1d/

    >>> import numpy as np
    >>> Cropping1D((1, 0))(np.array([[[1.0], [2.0]]], "float32")).numpy().tolist()
    [[[2.0]]]
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        (self.cropping,) = pairs_of(self.described, "cropping", cropping, 1)
        self._build_at_init()


class Cropping2D(_Cropping):
    """The inside of an image: (N, H, W, C) -> (N, H − top − bottom, W − left − right, C).

    cropping: a number for all sides, a pair (height, width), or ((top, bottom), (left, right)).
    data_format: where the channels are.

    Raises `ShapeError` where nothing would be left.
    Source: https://keras.io/api/layers/reshaping_layers/cropping2d/

    >>> import numpy as np
    >>> Cropping2D(((1, 0), (0, 2)))(np.ones((1, 4, 4, 3), "float32")).shape
    (1, 3, 2, 3)
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = pairs_of(self.described, "cropping", cropping, 2)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()


class Cropping3D(_Cropping):
    """The inside of a volume: (N, D, H, W, C), each of D, H and W shorter by its pair.

    cropping: a number, one for each axis, or three pairs. data_format: where the channels are.

    Raises `ShapeError` where nothing would be left.
    Source: https://keras.io/api/layers/reshaping_layers/cropping3d/

    >>> import numpy as np
    >>> Cropping3D(1)(np.ones((1, 4, 4, 4, 3), "float32")).shape
    (1, 2, 2, 2, 3)
    """

    rank = 3

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = pairs_of(self.described, "cropping", cropping, 3)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()


def repeated(x: Tensor, axis: int, times: int) -> Tensor:
    """Each element `times` times in a row along an axis."""
    shape = x.shape
    apart = reshape(x, shape=(*shape[: axis + 1], 1, *shape[axis + 1 :]))
    wide = broadcast_to(apart, shape=(*shape[: axis + 1], times, *shape[axis + 1 :]))
    return reshape(wide, shape=(*shape[:axis], shape[axis] * times, *shape[axis + 1 :]))


class _UpSampling(_Spatial):
    size: Any

    def _sizes(self) -> tuple[int, ...]:
        return self.size if isinstance(self.size, tuple) else (self.size,)

    def _size(self, axis: int, n: int) -> int:
        return n * self._sizes()[axis]

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs.shape)
        for axis, times in enumerate(self._sizes()):
            inputs = self._enlarged(inputs, self._first + axis, times)
        return inputs

    def _enlarged(self, x: Tensor, axis: int, times: int) -> Tensor:
        return repeated(x, axis, times)


class UpSampling1D(_UpSampling):
    """Each step `size` times in a row: (N, T, C) -> (N, T · size, C).

    Source: https://keras.io/api/layers/reshaping_layers/up_sampling1d/

    >>> import numpy as np
    >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]], "float32")).numpy()[0, :, 0]
    array([1., 1., 2., 2.], dtype=float32)
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = whole(self.described, "size", size)
        self._build_at_init()


class UpSampling2D(_UpSampling):
    """A larger image: (N, H, W, C) -> (N, H · size[0], W · size[1], C).

    size: a number or a pair. data_format: where the channels are.
    interpolation: 'nearest' repeats each pixel; 'bilinear', 'bicubic', 'lanczos3' and 'lanczos5' weigh the centres of
        pixels round about.

    Raises `ArgumentError` for another interpolation.
    Source: https://keras.io/api/layers/reshaping_layers/up_sampling2d/

    >>> import numpy as np
    >>> UpSampling2D(2)(np.ones((1, 3, 4, 1), "float32")).shape
    (1, 6, 8, 1)
    """

    rank = 2

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = wholes(self.described, "size", size, 2)
        self.data_format = data_format_of(self.described, data_format)
        self.interpolation = one_of(
            self.described, "interpolation", str(interpolation).lower(),
            ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
        )
        self._build_at_init()

    def _enlarged(self, x: Tensor, axis: int, times: int) -> Tensor:
        if self.interpolation == "nearest":
            return repeated(x, axis, times)
        n = x.shape[axis]
        return resampled(x, axis, taps(n, n * times, self.interpolation))


class UpSampling3D(_UpSampling):
    """Each element repeated along three axes: (N, D, H, W, C), each of D, H and W longer by its size.

    size: a number or three. data_format: where the channels are.

    Source: https://keras.io/api/layers/reshaping_layers/up_sampling3d/

    >>> import numpy as np
    >>> UpSampling3D(2)(np.ones((1, 1, 2, 3, 1), "float32")).shape
    (1, 2, 4, 6, 1)
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = wholes(self.described, "size", size, 3)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()
