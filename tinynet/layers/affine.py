"""Layers that rotate, move and zoom images at random in training: affine maps of their coordinates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, fraction, number, one_of
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError
from tinynet.layers.augmentation import Augmentation, as_numbers, as_range, range_of
from tinynet.ops._images import AFFINE_FILL_MODES, AFFINE_INTERPOLATIONS, mapped
from tinynet.primitives.arithmetic import where


def affine(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> np.ndarray:
    """The (N, 8) numbers of maps to (a₀x + a₁y + a₂, b₀x + b₁y + b₂), from one or N of each."""
    columns = np.broadcast_arrays(*(np.asarray(c, "float32").reshape(-1) for c in (a0, a1, a2, b0, b1, b2, 0, 0)))
    return np.stack(columns, axis=1)


class _Affine(Augmentation):
    """What the three share: how pixels between and beyond those of the image are made."""

    casts_integers = True

    def _keep_sampling(
        self, fill_mode: Any, interpolation: Any, seed: Any, fill_value: Any, data_format: Any
    ) -> None:
        self.fill_mode = one_of(self.described, "fill_mode", fill_mode, AFFINE_FILL_MODES)
        self.interpolation = one_of(self.described, "interpolation", interpolation, AFFINE_INTERPOLATIONS)
        self._start_drawing(seed)
        number(self.described, "fill_value", fill_value)
        self.fill_value = fill_value
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        return mapped(
            images, self.matrix(transformation, *self.height_and_width(images.shape)), self.interpolation,
            self.fill_mode, self.fill_value, self.data_format == "channels_first",
        )  # fmt: skip

    def matrix(self, transformation: Any, height: int, width: int) -> np.ndarray:
        """The affine maps (N, 8) of a transformation; every subclass defines it."""
        raise NotImplementedError


class RandomRotation(_Affine):
    """In training, each image rotated about its middle by a random angle.

    factor: f for angles from −f to f, or the two ends, in whole turns; positive is counter-clockwise.
    fill_mode: what comes in from beyond the edges: 'reflect' (d c b a | a b c d | d c b a), 'constant'
        (`fill_value`), 'wrap' (a b c d | a b c d | a b c d) or 'nearest' (a a a a | a b c d | d d d d).
    interpolation: 'bilinear' or 'nearest'.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/

    >>> import numpy as np
    >>> quarter = RandomRotation((0.25, 0.25))
    >>> quarter(np.array([[[1.0], [2.0]], [[3.0], [4.0]]], "float32")).numpy().round(3)[..., 0].tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = as_range(as_numbers(self.described, "factor", factor, -1, 1))
        self._keep_sampling(fill_mode, interpolation, seed, fill_value, data_format)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        low, high = self.factor
        angle = self.drawn(seed, (shape[0],), low * 360.0, high * 360.0)
        return {"angle": angle, "rotation_matrix": self._rotation(angle, *self.height_and_width(shape))}

    def _rotation(self, angle: np.ndarray, height: int, width: int) -> np.ndarray:
        radians = angle * np.float32(math.pi / 180)
        cos, sin = np.cos(radians), np.sin(radians)
        x, y = np.float32(0.5) * np.float32(width - 1), np.float32(0.5) * np.float32(height - 1)
        return affine(cos, -sin, x - x * cos - y * -sin, sin, cos, y - x * sin - y * cos)

    def matrix(self, transformation: Any, height: int, width: int) -> np.ndarray:
        return np.asarray(transformation["rotation_matrix"]).reshape(-1, 8)


class RandomTranslation(_Affine):
    """In training, each image moved by a random part of its height and of its width.

    height_factor, width_factor: f for parts from −f to f, or the two ends, between −1 and 1; positive
        is down and to the right.
    The other arguments are those of `RandomRotation`.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/

    >>> import numpy as np
    >>> right = RandomTranslation(0, (0.5, 0.5), fill_mode="constant")
    >>> right(np.array([[[1.0], [2.0]]], "float32")).tolist()
    [[[0.0], [1.0]]]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height_factor = as_numbers(self.described, "height_factor", height_factor, -1, 1)
        self.width_factor = as_numbers(self.described, "width_factor", width_factor, -1, 1)
        self._keep_sampling(fill_mode, interpolation, seed, fill_value, data_format)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        height, width = self.height_and_width(shape)
        down = self.drawn(seed, (shape[0], 1), *as_range(self.height_factor)) * np.float32(height)
        right = self.drawn(seed, (shape[0], 1), *as_range(self.width_factor)) * np.float32(width)
        return {"translations": np.concatenate([right, down], axis=1)}

    def matrix(self, transformation: Any, height: int, width: int) -> np.ndarray:
        right, down = np.asarray(transformation["translations"]).T
        return affine(1, 0, -right, 0, 1, -down)


class RandomZoom(_Affine):
    """In training, each image zoomed about its middle, out by positive factors and in by negative ones.

    height_factor: f for zooms from −f to f, or the two ends, above −1 and up to 1; 0.2 shows a fifth more.
    width_factor: the same for the width; None keeps the ratio of the sides.
    The other arguments are those of `RandomRotation`.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/

    >>> import numpy as np
    >>> twice = RandomZoom((1, 1), fill_mode="constant", interpolation="nearest")
    >>> twice(np.ones((1, 5, 5, 1), "float32")).numpy()[0, :, 2, 0]
    array([0., 1., 1., 1., 0.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height_factor = self._factor("height_factor", height_factor)
        self.width_factor = None if width_factor is None else self._factor("width_factor", width_factor)
        self._keep_sampling(fill_mode, interpolation, seed, fill_value, data_format)

    def _factor(self, name: str, value: Any) -> Any:
        checked = as_numbers(self.described, name, value, -1, 1)
        if -1 in (checked if isinstance(checked, tuple) else (checked,)):
            raise ArgumentError(f"{self.described}: {name} of −1 leaves nothing of the image; expected {name} > -1")
        return checked

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        def zooms(factor: Any) -> np.ndarray:
            low, high = as_range(factor)
            return self.drawn(seed, (shape[0], 1), 1.0 + low, 1.0 + high)

        along_height = zooms(self.height_factor)
        along_width = along_height if self.width_factor is None else zooms(self.width_factor)
        return {"height_zoom": along_height, "width_zoom": along_width}

    def matrix(self, transformation: Any, height: int, width: int) -> np.ndarray:
        down, across = (np.asarray(transformation[key])[:, 0] for key in ("height_zoom", "width_zoom"))
        x, y = np.float32(width - 1) / np.float32(2), np.float32(height - 1) / np.float32(2)
        return affine(across, 0, x * (1 - across), 0, down, y * (1 - down))


class RandomShear(_Affine):
    """In training, each image sheared at random along its width and its height.

    x_factor, y_factor: f for shears from −f to f, or the two ends, between 0 and 1: how far a pixel moves for each
        pixel of its distance from the edge; of half of the images in the other direction.
    The other arguments are those of `RandomRotation`.

    A number is written to files as it is; Keras writes it as −f and f, which it then cannot read.
    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_shear/

    >>> import numpy as np
    >>> sheared = RandomShear((1, 1), fill_mode="constant", seed=1)
    >>> sheared(np.ones((1, 3, 3, 1), "float32")).shape
    (1, 3, 3, 1)
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.x_factor, self.y_factor = self._factor("x_factor", x_factor), self._factor("y_factor", y_factor)
        self._keep_sampling(fill_mode, interpolation, seed, fill_value, data_format)

    def _factor(self, name: str, value: Any) -> Any:
        lowest = -1 if isinstance(value, (list, tuple)) and list(value) == [-value[-1], value[-1]] else 0
        return as_numbers(self.described, name, value, lowest, 1)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        dtype, size = self.compute_dtype, (shape[0], 1)
        direction = np.where(self.drawn(seed, size, 0, 1, dtype) > 0.5, -1, 1).astype(dtype)
        ranges = as_range(self.y_factor), as_range(self.x_factor)
        down, across = (self.drawn(seed, size, *ends, dtype=dtype) for ends in ranges)
        return {"shear_factor": np.concatenate([across, down], axis=1) * direction, "input_shape": shape}

    def matrix(self, transformation: Any, height: int, width: int) -> np.ndarray:
        across, down = np.asarray(transformation["shear_factor"]).T
        return affine(1, across, 0, down, 1, 0)


class RandomPerspective(Augmentation):
    """In training, some of the images seen from elsewhere: their corners moved at random.

    factor: f for a chance, itself drawn, from 0 to f, or the two ends, between 0 and 1.
    scale: how far a corner moves at most: this part of half of its distance from the upper left one, between 0 and 1.
    interpolation: 'bilinear' or 'nearest'. fill_value: what comes in from beyond the edges.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_perspective/

    >>> import numpy as np
    >>> RandomPerspective(scale=0.0)(np.ones((1, 3, 3, 1), "float32")).numpy().sum()
    np.float32(9.0)
    """

    casts_integers = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = range_of(self.described, "factor", factor)
        fraction(self.described, "scale", scale)
        self.scale = scale
        self.interpolation = one_of(self.described, "interpolation", interpolation, AFFINE_INTERPOLATIONS)
        number(self.described, "fill_value", fill_value)
        self.fill_value = fill_value
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        chosen, dtype = self.chosen(seed, shape[0]), self.compute_dtype
        moves = self.drawn(seed, (shape[0], 4, 2), -0.5 * self.scale, 0.5 * self.scale, dtype)
        height, width = self.height_and_width(shape)
        corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], dtype)
        start = np.repeat(corners[None], shape[0], axis=0)
        return {
            "apply_perspective": chosen, "start_points": start, "end_points": start + start * moves,
            "input_shape": shape,
        }  # fmt: skip

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        start, end = (np.asarray(transformation[key], "float32") for key in ("start_points", "end_points"))
        seen = mapped(
            images, homography(start, end), self.interpolation, "constant", self.fill_value,
            self.data_format == "channels_first",
        )  # fmt: skip
        return where(np.asarray(transformation["apply_perspective"]).reshape(-1, 1, 1, 1), seen, images)


def homography(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The (N, 8) numbers of the projective maps that take four points (N, 4, 2) each from `end` to `start`.

    Raises `ArgumentError` where three of the points of an image are in one line.
    """
    (u, v), (x, y) = (np.moveaxis(points, -1, 0) for points in (start, end))
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = [[x, y, one, zero, zero, zero, -u * x, -u * y], [zero, zero, zero, x, y, one, -v * x, -v * y]]
    system = np.array(rows).transpose(2, 3, 0, 1).reshape(-1, 8, 8)
    try:
        found: np.ndarray = np.linalg.solve(system, start.reshape(-1, 8, 1))[..., 0]
    except np.linalg.LinAlgError as error:
        raise ArgumentError("perspective: the four points of an image must not be in one line") from error
    return found
