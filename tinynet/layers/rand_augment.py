"""RandAugment: a few of many augmentations of images, chosen at random."""

from __future__ import annotations

from typing import Any

from tinynet.arguments import data_format_of, one_of, whole
from tinynet.autograd import Tensor
from tinynet.layers.affine import RandomRotation, RandomShear, RandomTranslation
from tinynet.layers.augmentation import Augmentation, RandomBrightness, RandomContrast, range_of, value_range_of
from tinynet.layers.colors import (
    RandomColorDegeneration,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)
from tinynet.layers.equalization import AutoContrast, Equalization
from tinynet.ops._images import AFFINE_INTERPOLATIONS


class RandAugment(Augmentation):
    """In training, `num_ops` of eleven augmentations, chosen at random, on all images of a batch (Cubuk et al. 2020).

    They are shears, translations, rotations, brightness, color degeneration, contrast, sharpness, posterization,
    solarization, automatic contrast and equalization.

    value_range: the lowest and the highest value of a pixel.
    num_ops: how many, one after the other; the same may come again.
    factor: how much, for each of them: f for 0 to f, or the two ends, between 0 and 1.
    interpolation: 'bilinear' or 'nearest', where pixels move.
    seed: of the layer's own random numbers. data_format: where the channels are.

    Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/rand_augment/

    >>> import numpy as np
    >>> RandAugment()(np.ones((2, 4, 4, 3), "float32")).shape
    (2, 4, 4, 3)
    """

    casts_integers = True

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range_of(self.described, value_range)
        self.num_ops = whole(self.described, "num_ops", num_ops, 0)
        self.factor = range_of(self.described, "factor", factor)
        self.interpolation = one_of(self.described, "interpolation", interpolation, AFFINE_INTERPOLATIONS)
        self._start_drawing(seed)
        self.data_format = data_format_of(self.described, data_format)
        drawing: dict[str, Any] = {"seed": seed, "data_format": self.data_format, "dtype": self.dtype}
        moving: dict[str, Any] = {"interpolation": interpolation, **drawing}
        ranged: dict[str, Any] = {"value_range": value_range, **drawing}
        still: dict[str, Any] = {"value_range": value_range, "data_format": self.data_format, "dtype": self.dtype}
        part = self.factor
        self.random_shear = RandomShear(part, part, **moving)
        self.random_translation = RandomTranslation(part, part, **moving)
        self.random_rotation = RandomRotation(part, **moving)
        self.random_brightness = RandomBrightness(part, **ranged)
        self.random_color_degeneration = RandomColorDegeneration(part, **ranged)
        self.random_contrast = RandomContrast(part, **ranged)
        self.random_sharpness = RandomSharpness(part, **ranged)
        self.solarization = Solarization(part, part, **ranged)
        self.random_posterization = RandomPosterization(max(1, int(8 * part[1])), **ranged)
        self.auto_contrast = AutoContrast(**still)
        self.equalization = Equalization(**still)
        self._build_at_init()

    @property
    def _steps(self) -> dict[str, Any]:
        """The eleven by their names, in Keras's order."""
        return {
            "random_shear": self.random_shear, "random_translation": self.random_translation,
            "random_rotation": self.random_rotation, "random_brightness": self.random_brightness,
            "random_color_degeneration": self.random_color_degeneration, "random_contrast": self.random_contrast,
            "random_sharpness": self.random_sharpness, "random_posterization": self.random_posterization,
            "solarization": self.solarization, "auto_contrast": self.auto_contrast, "equalization": self.equalization,
        }  # fmt: skip

    def transformation(self, shape: tuple[int, ...], seed: Any) -> dict[str, Any]:
        generator = self.generator(seed)
        chosen = generator.integers((self.num_ops,), 0, len(self._steps), "int32")
        drawn = {
            name: step.transformation(shape, generator) if isinstance(step, Augmentation) else None
            for name, step in self._steps.items()
        }
        return {"transforms": drawn, "layer_idxes": chosen}

    def transformed(self, images: Tensor, transformation: Any) -> Tensor:
        names = list(self._steps)
        for number in transformation["layer_idxes"]:
            name = names[int(number)]
            images = self._steps[name].transformed(images, transformation["transforms"][name])
        return images
