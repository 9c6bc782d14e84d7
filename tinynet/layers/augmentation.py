"""Layers that change images at random in training, so that a model sees more of them than there are.

In `predict` and `evaluate` they leave images as they are. A call of the layer itself counts as
training unless it is told otherwise. Inputs are those of the other layers of images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, number, one_of
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DtypeError
from tinynet.layers.images import ImageLayer, SizedLayer
from tinynet.ops._images import resized
from tinynet.primitives.arithmetic import where
from tinynet.primitives.elementwise import clip
from tinynet.primitives.shapes import flip
from tinynet.seeds import SeedGenerator, draw_seed

Range = tuple[float, float]


def as_numbers(owner: str, name: str, value: Any, low: float, high: float) -> Any:
    """`value`, a number between two others or a pair of numbers; raises `ArgumentError` for anything else."""
    pair = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(pair) > 2 or (len(pair) == 1) == isinstance(value, (list, tuple)):
        raise ArgumentError(f"{owner}: expected {name} to be a number or a pair of them, received {value!r}")
    for part in pair:
        number(owner, name, part)
        if not low <= part <= high:
            raise ArgumentError(f"{owner}: expected {name} between {low:g} and {high:g}, received {value!r}")
    return tuple(value) if isinstance(value, (list, tuple)) else value


def as_range(value: Any) -> Range:
    """The two ends that a checked factor means: f is from −|f| to |f|, of two the lower comes first."""
    low, high = sorted(value) if isinstance(value, tuple) else (-abs(value), abs(value))
    return low, high


def range_of(owner: str, name: str, value: Any, low: float = 0, high: float = 1) -> Range:
    """The two ends a factor between `low` and `high` means: f is from −f, or `low` where that is higher, to f."""
    first, last = as_range(as_numbers(owner, name, value, low, high))
    return max(first, low), last


class Augmentation(ImageLayer):
    """Base of the layers that draw: acts in training only."""

    seed: int | None
    factor: Any
    draws_in_prediction = False  # as some of Keras's layers do, for nothing

    def _start_drawing(self, seed: Any) -> None:
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)

    def acts(self, training: bool) -> bool:
        return bool(training)

    def drawn(self, seed: Any, shape: tuple[int, ...], low: float, high: float, dtype: str = "float32") -> np.ndarray:
        """Uniform numbers between `low` and `high`, one draw."""
        return self.generator(seed).uniform(shape, low, high, dtype)

    def generator(self, seed: Any) -> SeedGenerator:
        """The layer's own generator of random numbers, or one of a seed that was given."""
        generator = self.seed_generator if seed is None else seed
        return generator if isinstance(generator, SeedGenerator) else SeedGenerator(generator)

    def chosen(self, seed: Any, count: int) -> np.ndarray:
        """Which of `count` images a step is done to: each has a chance of its own within the layer's factor."""
        chances = self.drawn(seed, (count,), *self.factor)
        chosen: np.ndarray = self.drawn(seed, (count,), 0, 1) < chances
        return chosen

    def get_random_transformation(self, images: Any, training: bool = True, seed: Any = None) -> Any:
        shape = tuple(images.shape)
        self._check(shape)
        if not self.acts(training) and not self.draws_in_prediction:
            return None
        return self.transformation(shape if len(shape) == 4 else (1, *shape), seed)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        """What is drawn for a batch of images of this shape; every subclass defines it."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check(input_shape)
        return input_shape


class RandomFlip(Augmentation):
    """In training, about half of the images mirrored: (N, H, W, C) as it was.

    mode: 'horizontal' (left and right), 'vertical' (above and below), or 'horizontal_and_vertical':
        as in Keras an image is then mirrored in both directions or in none.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/

    >>> import numpy as np
    >>> RandomFlip()(np.ones((2, 4, 4, 3), "uint8")).dtype.name
    'float32'
    """

    casts_integers = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._start_drawing(seed)
        self.mode = one_of(self.described, "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        return {"flips": self.drawn(seed, (shape[0], 1, 1, 1), 0, 1) <= 0.5}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        axes = {"horizontal": self.axes[1:], "vertical": self.axes[:1]}.get(self.mode, self.axes)
        return where(np.asarray(transformation["flips"]), flip(images, axis=axes), images)


class RandomCrop(Augmentation, SizedLayer):
    """In training, a part of images at a random place, the same for a whole batch: (N, height, width, C).

    Images that are not larger in both directions are cut in the middle and resized. As in Keras,
    images come as they are outside of training; put a `CenterCrop` behind the layer where the
    model needs one size.

    height, width: at most 16,384. seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_crop/

    >>> import numpy as np
    >>> RandomCrop(2, 3)(np.ones((2, 4, 4, 3), "float32")).shape
    (2, 2, 3, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep_size(height, width)
        # As Keras: the seed in the configuration, where none was given, is not the one that is used.
        self.seed = seed if seed is not None else draw_seed()
        self.seed_generator = SeedGenerator(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    compute_output_shape = SizedLayer.compute_output_shape

    def transformation(self, shape: tuple[int, ...], seed: Any) -> Any:
        height, width = self.height_and_width(shape)
        if height > self.height and width > self.width:
            return tuple(
                int(self.drawn(seed, (), 0, over + 1)) for over in (height - self.height, width - self.width)
            )
        return self.window(height, width)[:2]

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        top, left = map(int, transformation)
        part = self.cut(images.astype(self.compute_dtype), top, left, self.height, self.width)
        return resized(part, (self.height, self.width), self.axes)


def value_range_of(owner: str, value: Any) -> list[float]:
    """`value` as two numbers, the lower one first; raises `ArgumentError` unless it is two."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ArgumentError(f"{owner}: expected value_range to be a pair of numbers, received {value!r}")
    for part in value:
        number(owner, "value_range", part)
    return list(value)


class RandomBrightness(Augmentation):
    """In training, images brighter or darker by a random part of the value range, and limited to the range.

    Integers stay integers of their dtype: what is added is rounded towards zero.

    factor: f for parts from −f to f, or the two ends, between −1 (black) and 1 (white).
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/

    >>> import numpy as np
    >>> RandomBrightness((1, 1), value_range=(0, 1))(np.zeros((1, 1, 2), "float32")).tolist()
    [[[1.0, 1.0]]]
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        *,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = as_range(as_numbers(self.described, "factor", factor, -1, 1))
        self._start_drawing(seed)
        self.value_range = sorted(value_range_of(self.described, value_range))
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        low, high = self.value_range
        return {"rgb_delta": self.drawn(seed, (shape[0], 1, 1, 1), *self.factor) * np.float32(high - low)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        delta = np.asarray(transformation["rgb_delta"])
        low, high = self.value_range
        if images.dtype.kind == "f":
            return clip(images + delta.astype(images.dtype), x_min=low, x_max=high)
        if images.dtype.kind not in "iu":
            raise DtypeError(f"{self.described}: expected images of numbers, received {images.dtype.name}")
        # Wide enough to hold the sum; Keras's would begin again at the other end of the dtype.
        limits = np.iinfo(images.dtype)
        low, high = max(int(np.ceil(low)), limits.min), min(int(high), limits.max)
        total = images.numpy().astype("int64") + np.trunc(delta).astype("int64")
        return Tensor(np.clip(total, low, high).astype(images.dtype))


class RandomContrast(Augmentation):
    """In training, (x − mean) · f + mean with a random f, limited to the value range.

    The mean is that of each channel of each image.

    factor: f for factors from 1 to 1 + f (as Keras, which does not lower the contrast then), or two
        numbers a, b for those from 1 − a to 1 + b; between 0 and 1.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Raises `DtypeError` for integers in training, as Keras fails for them.
    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_contrast/

    >>> import numpy as np
    >>> RandomContrast((0, 0))(np.array([[[1.0], [3.0]]], "float32")).tolist()
    [[[1.0], [3.0]]]
    """

    newer = {"value_range": [0, 255]}

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        *,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        low, high = as_range(as_numbers(self.described, "factor", factor, 0, 1))
        self.factor = (max(low, 0), high)
        self.value_range = value_range_of(self.described, value_range)
        if self.value_range[0] > self.value_range[1]:
            raise ArgumentError(
                f"{self.described}: expected value_range with the lower end first, received {value_range!r}"
            )
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        low, high = self.factor
        return {"contrast_factor": self.drawn(seed, (shape[0], 1, 1, 1), 1 - low, 1 + high, self.compute_dtype)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        if images.dtype.kind != "f":
            raise DtypeError(
                f"{self.described}: expected images of floats, received {images.dtype.name}. "
                "Convert them, for example with a Rescaling(1.0) before the layer."
            )
        mean = images.mean(axis=self.axes[0], keepdims=True).mean(axis=self.axes[1], keepdims=True)
        factor = np.asarray(transformation["contrast_factor"]).astype(images.dtype)
        low, high = self.value_range
        return clip((images - mean) * factor + mean, x_min=low, x_max=high)
