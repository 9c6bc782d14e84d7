"""Layers that mix images with one another, or cover a part of them, at random in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, number
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError
from tinynet.layers.augmentation import Augmentation, range_of, value_range_of
from tinynet.primitives.arithmetic import where
from tinynet.primitives.shapes import getitem


class MixUp(Augmentation):
    """In training, each image mixed with another one of the batch: w · x + (1 − w) · other (Zhang et al. 2018).

    alpha: the weights w are drawn from the beta distribution of (alpha, alpha).
    seed: of the layer's own random numbers. data_format: where the channels are.

    Only images are taken; labels, which would have to be mixed alike, are not.
    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/mix_up/

    >>> mixed = {"mix_weight": [0.75, 0.5], "permutation_order": [1, 0]}
    >>> MixUp().transform_images(np.array([[[[0.0]]], [[[8.0]]]], "float32"), mixed).numpy().ravel()
    array([2., 4.], dtype=float32)
    """

    draws_in_prediction = True

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if number(self.described, "alpha", alpha) <= 0:
            raise ArgumentError(f"{self.described}: expected alpha above 0, received {alpha!r}")
        self.alpha = alpha
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        generator = self.generator(seed)
        order = generator.permutation(shape[0])
        weight = generator.beta((shape[0],), self.alpha, self.alpha)
        return {"mix_weight": weight, "permutation_order": order}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        images = images.astype(self.compute_dtype)
        weight = np.asarray(transformation["mix_weight"]).reshape(-1, 1, 1, 1).astype(images.dtype)
        others = getitem(images, key=np.asarray(transformation["permutation_order"]))
        return images * weight + others * (1 - weight)


class _Boxes(Augmentation):
    """Layers that do something within a random box of each image."""

    casts_integers = True

    def _box(self, seed: Any, shape: tuple[int, ...], across: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, Any]:
        """True within a box of each image, as wide and high as these parts of it, (N, H, W, C); the boxes' sizes."""
        height, width = self.height_and_width(shape)
        sides = []
        inside: Any = True
        for axis, size, part in ((self.axes[1], width, across), (self.axes[0], height, down)):
            length = part * part.dtype.type(size)
            start = self.drawn(seed, (shape[0],), 0, 1, self.compute_dtype) * (size - length)
            end = start + length
            places = np.arange(size, dtype=length.dtype).reshape([-1 if a == axis else 1 for a in range(4)])
            start, end = (corner.reshape(-1, 1, 1, 1) for corner in (start, end))
            inside = inside & (places >= start) & (places < end)
            sides.append(end - start)
        return np.broadcast_to(inside, shape), sides


class CutMix(_Boxes):
    """In training, a random box of each image replaced by that of another one of the batch (Yun et al. 2019).

    factor: f for an alpha from 0 to f, or the two ends, between 0 and 1; the part of an image that stays is drawn from
        the beta distribution of (alpha, alpha).
    seed: of the layer's own random numbers. data_format: where the channels are.

    A single image stays as it is. Only images are taken, no labels.
    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/cut_mix/

    >>> CutMix(seed=1)(np.ones((2, 4, 4, 3), "float32")).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor = range_of(self.described, "factor", factor)
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def get_random_transformation(self, images: Any, training: bool = True, seed: Any = None) -> Any:
        return super().get_random_transformation(images, training, seed) if len(images.shape) == 4 else None

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        dtype = self.compute_dtype
        alpha = float(self.drawn(seed, (), self.factor[0], self.factor[1], dtype)) + 1e-6
        part = np.sqrt(1 - self.generator(seed).beta((shape[0],), alpha, alpha, dtype))
        masks, (across, down) = self._box(seed, shape, part, part)
        order = self.generator(seed).permutation(shape[0])
        height, width = self.height_and_width(shape)
        return {"permutation_order": order, "batch_masks": masks, "mix_weight": 1 - across * down / (width * height)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        if transformation is None:
            return images
        others = getitem(images, key=np.asarray(transformation["permutation_order"]))
        return where(np.asarray(transformation["batch_masks"]), others, images)


class RandomErasing(_Boxes):
    """In training, a random box of some of the images covered.

    factor: f for a chance, itself drawn, from 0 to f, or the two ends, between 0 and 1.
    scale: f for boxes of 0 to f of the image's size, or the two ends, between 0 and 1.
    fill_value: a number, or one for each of three channels; None covers with random numbers.
    value_range: the lowest and the highest value that covers.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_erasing/

    >>> whole = RandomErasing((1, 1), scale=(1, 1), fill_value=7)
    >>> whole(np.zeros((1, 2, 1), "float32")).tolist()
    [[[7.0], [7.0]]]
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = range_of(self.described, "factor", factor)
        self.scale = range_of(self.described, "scale", scale)
        if isinstance(fill_value, (list, tuple)):
            if len(fill_value) != 3:
                raise ArgumentError(f"{self.described}: expected fill_value to be a number or 3, received {fill_value}")
            fill_value = [number(self.described, "fill_value", part) for part in fill_value]
        elif fill_value is not None:
            number(self.described, "fill_value", fill_value)
        self.fill_value = fill_value
        self.value_range = value_range_of(self.described, value_range)
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        self._build_at_init()

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        part = np.sqrt(self.drawn(seed, (shape[0], 2), self.scale[0], self.scale[1], self.compute_dtype))
        masks, _ = self._box(seed, shape, part[:, 0], part[:, 1])
        chosen = self.chosen(seed, shape[0])
        if self.fill_value is None:
            cover = self.generator(seed).normal(shape, dtype=self.compute_dtype) * self.value_range[1]
        else:
            cover = np.broadcast_to(np.asarray(self.fill_value, self.compute_dtype), shape)
        low, high = self.value_range
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": cover.clip(low, high)}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        chosen = np.asarray(transformation["apply_erasing"]).reshape(-1, 1, 1, 1)
        cover = np.asarray(transformation["fill_value"]).astype(images.dtype)
        return where(chosen & np.asarray(transformation["batch_masks"]), cover, images)
