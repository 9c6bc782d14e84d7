"""Activations that have settings, as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import activations
from tinynet.arguments import axes, number
from tinynet.autograd import Tensor
from tinynet.errors import ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.arithmetic import where
from tinynet.primitives.reductions import logsumexp


class _Elementwise(Layer):
    casts_integers = True
    supports_masking = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class ReLU(_Elementwise):
    """x where x > threshold, else negative_slope · (x − threshold); at most max_value.

    >>> ReLU(max_value=1.0)(np.array([[-1.0, 2.0]], "float32")).numpy()
    array([[0., 1.]], dtype=float32)
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else number(self.described, "max_value", max_value, 0.0)
        self.negative_slope = number(self.described, "negative_slope", negative_slope or 0.0, 0.0)
        self.threshold = number(self.described, "threshold", threshold or 0.0, 0.0)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(_Elementwise):
    """x where x > 0, else negative_slope · x. The layer's slope is 0.3, the function's 0.2, as in Keras."""

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        alpha = kwargs.pop("alpha", None)  # Keras 2's name, which Keras 3 still takes
        super().__init__(**kwargs)
        self.negative_slope = number(
            self.described, "negative_slope", negative_slope if alpha is None else alpha, 0.0
        )

    @classmethod
    def accepted(cls, config: dict[str, Any]) -> dict[str, Any]:
        renamed = {"negative_slope" if key == "alpha" else key: value for key, value in config.items()}
        return super().accepted(renamed)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class ELU(_Elementwise):
    """x where x > 0, else alpha (eˣ − 1) (Clevert et al. 2016)."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = number(self.described, "alpha", alpha)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(_Elementwise):
    """Softmax along `axis`, or over several axes together; where a mask is given, over what it keeps.

    A mask has to broadcast to the inputs; what it hides comes out as 0.
    """

    def __init__(self, axis: int | list[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes(self.described, axis)

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        if mask is not None:
            try:
                mask = np.broadcast_to(mask, inputs.shape)
            except ValueError as error:
                raise ShapeError(
                    f"{self.described}: a mask of shape {np.shape(mask)} does not broadcast to inputs of shape "
                    f"{inputs.shape}"
                ) from error
            inputs = where(mask, inputs, -1e9)
        if isinstance(self.axis, list) and len(self.axis) > 1:
            output = np.exp(inputs - logsumexp(inputs, axis=tuple(self.axis), keepdims=True))
        else:
            output = activations.softmax(inputs, axis=self.axis[0] if isinstance(self.axis, list) else self.axis)
        return output if mask is None else output * mask
