"""Layers that change the colors of images, most of them at random in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, fraction, whole, wholes
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.layers.augmentation import (
    Augmentation,
    RandomBrightness,
    RandomContrast,
    Range,
    range_of,
    value_range_of,
)
from tinynet.ops._images import grayscale, hsv_to_rgb, rescaled, rgb_to_hsv
from tinynet.ops.windows import depthwise_conv
from tinynet.primitives.arithmetic import where
from tinynet.primitives.elementwise import clip

BYTES = (0, 255)


class _Colors(Augmentation):
    """What the layers of colors share: a factor within bounds, a range of values, seed and channels."""

    bounds: Range = (0, 1)
    sorts_range = True

    def _keep(self, factor: Any, value_range: Any, seed: Any, data_format: Any) -> None:
        self.factor = range_of(self.described, "factor", factor, *self.bounds)
        self.value_range = value_range_of(self.described, value_range)
        if self.sorts_range:
            self.value_range.sort()
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    @property
    def channels(self) -> int:
        """The axis of the channels in a batch."""
        return 3 if self.data_format == "channels_last" else 1

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        return {"factor": self.drawn(seed, (shape[0],), *self.factor)}

    def each(self, numbers: Any) -> np.ndarray:
        """Numbers (N) for the images of a batch, with axes to broadcast."""
        return np.asarray(numbers).reshape(-1, 1, 1, 1)

    def check_colors(self, images: Tensor) -> None:
        """Raises unless images are of floats and have three channels: red, green and blue."""
        if images.dtype.kind != "f":
            raise DtypeError(f"{self.described}: expected images of floats, received {images.dtype.name}")
        if images.shape[self.channels] != 3:
            raise ShapeError(f"{self.described}: expected images of 3 channels, received shape {images.shape}")


class RandomGrayscale(_Colors):
    """In training, some of the images without color: 0.2989 red + 0.587 green + 0.114 blue in all three channels.

    factor: the share of images that lose their color. Images have 3 channels, or 1 and stay as they are.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_grayscale/

    >>> RandomGrayscale(1)(np.array([[[1.0, 0.0, 0.0]]], "float32")).numpy().round(3).ravel()
    array([0.299, 0.299, 0.299], dtype=float32)
    """

    draws_in_prediction = True

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        fraction(self.described, "factor", factor)
        self.factor: Any = factor
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key != "seed"]  # Keras does not write it

    def transformation(self, shape: tuple[int, ...], seed: Any) -> Any:
        return self.each(self.drawn(seed, (shape[0],), 0, 1) < np.float32(self.factor))

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        if images.shape[self.channels] not in (1, 3):
            raise ShapeError(f"{self.described}: expected images of 3 channels or 1, received shape {images.shape}")
        return where(np.asarray(transformation), grayscale(images, self.channels), images)


class _ByFactor(_Colors):
    """The constructor of layers that take a factor, a range of values, and nothing else of their own."""

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(factor, value_range, seed, data_format)


class RandomColorDegeneration(_ByFactor):
    """In training, images moved by a random part towards grayscale: x + f · (gray − x), limited to the value range.

    factor: f for parts from −f to f, or the two ends, between −1 and 1; 1 leaves no color.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_degeneration/

    >>> gray = RandomColorDegeneration((1, 1), value_range=(0, 1))
    >>> gray(np.array([[[1.0, 0.0, 0.0]]], "float32")).numpy().round(3).ravel()
    array([0.299, 0.299, 0.299], dtype=float32)
    """

    draws_in_prediction = True
    bounds = (-1, 1)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        return {"factor": self.drawn(seed, (shape[0], 1, 1, 1), *self.factor)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        images = images.astype(self.compute_dtype)
        self.check_colors(images)
        part = self.each(transformation["factor"]).astype(images.dtype)
        low, high = self.value_range
        return clip(images + part * (grayscale(images, self.channels) - images), x_min=low, x_max=high)


class RandomHue(_ByFactor):
    """In training, hues turned by a random part of half the circle of colors.

    factor: f for parts up to f, in either direction, or the two ends, between 0 and 1.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_hue/

    >>> turned = RandomHue((1, 1), value_range=(0, 1))(np.array([[[1.0, 0.0, 0.0]]], "float32"))
    >>> turned.numpy().round(3).ravel()  # red becomes cyan
    array([0., 1., 1.], dtype=float32)
    """

    draws_in_prediction = True
    sorts_range = False

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        direction = np.where(self.drawn(seed, (shape[0],), 0, 1) > 0.5, np.float32(-1), np.float32(1))
        return {"factor": direction * self.drawn(seed, (shape[0],), *self.factor) * np.float32(0.5)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        images = images.astype(self.compute_dtype)
        self.check_colors(images)
        images = rescaled(images, self.value_range, (0, 1))
        hue, saturation, value = rgb_to_hsv(images, self.channels)
        hue = hue + self.each(transformation["factor"]).astype(images.dtype)[..., 0]
        hue = where(hue.numpy() > 1, hue - 1, hue)
        hue = where(hue.numpy() < 0, hue + 1, hue)
        images = clip(hsv_to_rgb(hue, saturation, value, self.channels), x_min=0, x_max=1)
        return rescaled(images, (0, 1), self.value_range)


class RandomSaturation(_ByFactor):
    """In training, saturations multiplied by f / (1 − f) with a random f, and limited to the value range.

    factor: f from −f to f, or the two ends, between −1 and 1; 0 is grayscale, 0.5 changes nothing.
    value_range: the lowest and the highest saturation.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Raises `DtypeError` for integers in training.
    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_saturation/

    >>> gray = RandomSaturation((0, 0))(np.array([[[0.75, 0.5, 0.25]]], "float32"))
    >>> gray.tolist()
    [[[0.75, 0.75, 0.75]]]
    """

    draws_in_prediction = True
    bounds = (-1, 1)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        factor = self.drawn(seed, (shape[0],), *self.factor)
        return {"factor": factor / (1 - factor + np.float32(1e-7))}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        self.check_colors(images)
        hue, saturation, value = rgb_to_hsv(images, self.channels)
        saturation = saturation * self.each(transformation["factor"]).astype(images.dtype)[..., 0]
        low, high = self.value_range
        return hsv_to_rgb(hue, clip(saturation, x_min=low, x_max=high), value, self.channels)


class RandomInvert(_Colors):
    """In training, some of the images inverted: the highest value − x.

    factor: f for a chance of inversion, itself drawn, from 0 to f, or the two ends, between 0 and 1.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_invert/

    >>> RandomInvert((1, 1))(np.array([[[55.0]]], "float32")).tolist()
    [[[200.0]]]
    """

    sorts_range = False

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(factor, value_range, seed, data_format)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        return {"apply_inversion": self.chosen(seed, shape[0])}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        images = images.astype(self.compute_dtype)
        return where(self.each(transformation["apply_inversion"]), self.value_range[1] - images, images)


class RandomPosterization(_ByFactor):
    """In training, images with fewer shades: of the 8 bits of each value the highest few are kept.

    factor: how many bits, from 1 to 8: n for 1 to n − 1, or the two ends a, b for a to b − 1; equal ends for just so
        many, and as 1 stands for (1, 1), it keeps one.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_posterization/

    >>> RandomPosterization(1)(np.array([[[127.0, 128.0, 255.0]]], "float32")).tolist()
    [[[0.0, 128.0, 128.0]]]
    """

    draws_in_prediction = True
    bounds = (1, 8)

    def _keep(self, factor: Any, value_range: Any, seed: Any, data_format: Any) -> None:
        for part in factor if isinstance(factor, (list, tuple)) else [factor]:
            whole(self.described, "factor", part)
        super()._keep(factor, value_range, seed, data_format)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        low, high = (int(end) for end in self.factor)
        bits = np.full(shape[:1], low) if low == high else self.generator(seed).integers(shape[:1], low, high)
        return {"shift_factor": (8 - bits).astype("uint8")}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        shift = self.each(transformation["shift_factor"])
        shades = rescaled(images.astype(self.compute_dtype), self.value_range, BYTES).numpy()
        kept = (np.clip(shades, 0, 255).astype("uint8") >> shift) << shift
        return rescaled(Tensor(kept.astype(self.compute_dtype)), BYTES, self.value_range)


class RandomSharpness(_ByFactor):
    """In training, images sharper or smoother: x + (1 − 2f) · (smoothed − x), limited to the value range.

    Smoothed is the mean with the eight pixels around, the one in the middle counted five times.

    factor: f for random numbers from 0 to f, or the two ends, between 0 and 1; 0.5 changes nothing.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_sharpness/

    >>> RandomSharpness((0.5, 0.5))(np.array([[[1.0], [3.0]]], "float32")).tolist()
    [[[1.0], [3.0]]]
    """

    draws_in_prediction = True
    casts_integers = True

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        kernel = np.ones((3, 3, images.shape[self.channels], 1), images.dtype)
        kernel[1, 1] = 5
        smoothed = depthwise_conv(images, kernel / 13, padding="same", data_format=self.data_format)
        part = 1 - 2 * self.each(transformation["factor"]).astype(images.dtype)
        low, high = self.value_range
        return clip(images + part * (smoothed - images), x_min=low, x_max=high)


class RandomGaussianBlur(_Colors):
    """In training, some of the images blurred: each pixel a mean of those around, weighed by exp(−d² / 2σ²).

    factor: f for a chance of blurring, itself drawn, from 0 to f, or the two ends, between 0 and 1.
    kernel_size: how many pixels high and wide is averaged over, odd: one number or two.
    sigma: f for random σ from 0 to f, or the two ends, between 0 and 1; the same for all images of a batch.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_gaussian_blur/

    >>> RandomGaussianBlur()(np.ones((2, 4, 4, 3), "float32")).shape
    (2, 4, 4, 3)
    """

    casts_integers = True
    sorts_range = False

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = odd_pair(self.described, "kernel_size", kernel_size)
        self.sigma = range_of(self.described, "sigma", sigma)
        self._keep(factor, value_range, seed, data_format)

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        chosen = self.chosen(seed, shape[0])
        sigma = self.drawn(seed, (2,), *self.sigma, dtype=self.compute_dtype)
        return {"should_apply_blur": chosen, "blur_factor": sigma + sigma.dtype.type(1e-6)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        across, down = (
            _bell(size, sigma)
            for size, sigma in zip(self.kernel_size, np.asarray(transformation["blur_factor"]), strict=True)
        )
        kernel = np.outer(down, across).reshape(*self.kernel_size, 1, 1)  # Keras's order, also where sizes differ
        kernel = np.repeat(kernel, images.shape[self.channels], axis=2).astype(images.dtype)
        blurred = depthwise_conv(images, kernel, padding="same", data_format=self.data_format)
        low, high = self.value_range
        return clip(where(self.each(transformation["should_apply_blur"]), blurred, images), x_min=low, x_max=high)


def odd_pair(owner: str, name: str, value: Any) -> tuple[int, int]:
    """An odd number for each of two axes."""
    sizes = wholes(owner, name, value, 2)
    if not all(size % 2 for size in sizes):
        raise ArgumentError(f"{owner}: expected {name} to be odd, received {value!r}")
    return sizes[0], sizes[1]


def _bell(size: int, sigma: np.floating) -> np.ndarray:
    """Gauss's weights of `size` pixels in a row, with sum 1."""
    x = np.arange(size, dtype=sigma.dtype) - sigma.dtype.type((size - 1) / 2)
    weights = np.exp(np.float32(-0.5) * (x / sigma) ** 2)
    return weights / weights.sum()


class RandomColorJitter(_Colors):
    """In training, brightness, contrast, saturation and hue changed at random, one after the other.

    brightness_factor, contrast_factor, saturation_factor, hue_factor: those of `RandomBrightness`, `RandomContrast`,
        `RandomSaturation` and `RandomHue`; what is None stays.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are; Keras's layer looks for them where
        the global setting says, whatever this is.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_jitter/

    >>> RandomColorJitter(hue_factor=0.5)(np.ones((2, 4, 4, 3), "float32")).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range_of(self.described, value_range)
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        shared = {"value_range": value_range, "seed": seed, "data_format": self.data_format}
        chosen = (
            (RandomBrightness, brightness_factor), (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor), (RandomHue, hue_factor),
        )  # fmt: skip
        self.steps = [cls(factor, **shared) for cls, factor in chosen if factor is not None]
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> Any:
        generator = self.generator(seed)
        return [step.transformation(shape, generator) for step in self.steps]

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        images = images.astype(self.compute_dtype)
        for step, drawn in zip(self.steps, transformation, strict=True):
            images = step.transformed(images, drawn)
        return images


class Solarization(_Colors):
    """In training, values from a random threshold on inverted, after a random number was added; on a scale of 0 to 255.

    addition_factor, threshold_factor: f for random parts of 255 from 0 to f, or the two ends, between 0 and 1;
        as in Keras the lower end is not multiplied by 255.
    value_range: the lowest and the highest value of a pixel.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/solarization/

    >>> Solarization()(np.array([[[55.0]]], "float32")).tolist()
    [[[200.0]]]
    """

    casts_integers = True

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        *,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.addition_factor = range_of(self.described, "addition_factor", addition_factor)
        self.threshold_factor = range_of(self.described, "threshold_factor", threshold_factor)
        self.value_range = sorted(value_range_of(self.described, value_range))
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        factors = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        return {
            key: self.drawn(seed, (shape[0], 1, 1, 1), low, high * 255, self.compute_dtype)
            for key, (low, high) in factors.items()
        }

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        added, threshold = (np.asarray(transformation[key]) for key in ("additions", "thresholds"))
        shades = clip(rescaled(images, self.value_range, BYTES) + added.astype(images.dtype), x_min=0, x_max=255)
        shades = where(shades.numpy() < threshold, shades, 255 - shades)
        return rescaled(shades, BYTES, self.value_range)
