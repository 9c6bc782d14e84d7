"""Activations that have settings, as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import activations, constraints, initializers, regularizers
from tinynet.arguments import axes, number, whole
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
        self._build_at_init()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class ReLU(_Elementwise):
    """x where x > threshold, else negative_slope · (x − threshold); at most max_value.

    >>> ReLU(max_value=1.0)(np.array([[-1.0, 2.0]], "float32")).numpy()
    array([[0., 1.]], dtype=float32)
    """

    replayable = True

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else number(self.described, "max_value", max_value, 0.0)
        self.negative_slope = number(self.described, "negative_slope", negative_slope, 0.0)
        self.threshold = number(self.described, "threshold", threshold, 0.0)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(_Elementwise):
    """x where x > 0, else negative_slope · x. The layer's slope is 0.3, the function's 0.2, as in Keras."""

    replayable = True

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

    replayable = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = number(self.described, "alpha", alpha)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(_Elementwise):
    """Softmax along `axis`, or over several axes together; where a mask is given, over what it keeps.

    A mask has to broadcast to the inputs; what it hides comes out as 0.
    """

    replayable = True

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


class PReLU(Layer):
    """x where x > 0, else alpha · x with an alpha that is learned (He et al. 2015).

    shared_axes: axes, counted from 1 after the batch, along which one alpha serves all; (1, 2)
        has one for each channel of an image.
    Weight: alpha, of the shape of one input, with 1 for shared axes.

    Raises `ArgumentError` for axes that are no whole numbers, `ShapeError` for those that do not exist.
    Source: https://keras.io/api/layers/activation_layers/prelu/

    >>> PReLU("ones")(np.array([[-2.0, 3.0]], "float32")).numpy()
    array([[-2.,  3.]], dtype=float32)
    """

    casts_integers = True
    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes: list[int] | None = None
        if shared_axes is not None:
            given = shared_axes if isinstance(shared_axes, (list, tuple)) else [shared_axes]
            self.shared_axes = [whole(self.described, "each of shared_axes", axis) for axis in given]

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …)")
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if axis > len(shape):
                raise ShapeError(
                    f"{self.described}: shared axis {axis} does not exist in inputs of shape {input_shape}"
                )
            shape[axis - 1] = 1
        sizes = tuple(n for n in shape if n is not None)
        if len(sizes) < len(shape):
            raise ShapeError(f"{self.described}: sizes that are not shared must be known, received {input_shape}")
        self.alpha = self.add_weight(
            sizes, self.alpha_initializer, regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint, name="alpha",
        )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        expected = self.alpha.shape
        shape = inputs.shape[1:]
        shared = self.shared_axes or ()
        if len(shape) != len(expected) or any(
            n != m for axis, (n, m) in enumerate(zip(shape, expected, strict=True), 1) if axis not in shared
        ):
            raise ShapeError(
                f"{self.described}: received shape {inputs.shape}; it was built for {self._build_input_shape}"
            )
        return activations.relu(inputs) - self.alpha * activations.relu(-inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
