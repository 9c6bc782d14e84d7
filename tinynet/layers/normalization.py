"""Normalisation layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config, constraints, initializers, regularizers
from tinynet.arguments import axes, flag, number
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.primitives.normalization import normalize
from tinynet.primitives.shapes import reshape


class BatchNormalization(Layer):
    """Each channel with zero mean and unit variance over the batch, then scaled and moved.

    In training the batch's own mean and variance are used, and moving averages of them are
    kept (`moving = moving · momentum + batch · (1 − momentum)`); otherwise the moving averages
    are used. A frozen layer (`trainable = False`) always uses them. Where a mask is given, only
    the steps it keeps count.

    axis: the channels. Weights: gamma, beta, moving_mean, moving_variance, all (C,).

    Source: Ioffe and Szegedy 2015; https://keras.io/api/layers/normalization_layers/batch_normalization/

    >>> layer = BatchNormalization()
    >>> float(np.abs(layer(np.array([[1.0], [3.0]], "float32"), training=True).numpy()[0, 0]) > 0.99)
    1.0
    """

    casts_integers = True
    supports_masking = True
    inert_config = {
        "synchronized": (False,), "renorm": (False,), "renorm_clipping": (None,), "renorm_momentum": (0.99,),
        "fused": (None, True, False), "virtual_batch_size": (None,),
    }  # fmt: skip

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]  # as Keras 2 wrote it
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"{where}: expected axis to be a whole number, received {axis!r}")
        self.axis = axis
        self.momentum = number(where, "momentum", momentum, 0.0)
        self.epsilon = number(where, "epsilon", epsilon, 0.0)
        self.center = flag(where, "center", center)
        self.scale = flag(where, "scale", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, C)")
        if not -len(input_shape) <= self.axis < len(input_shape):
            raise ShapeError(f"{self.described}: axis {self.axis} does not exist in inputs of shape {input_shape}")
        channels = input_shape[self.axis]
        if channels is None:
            raise ShapeError(f"{self.described}: the size of axis {self.axis} must be known, received {input_shape}")
        shape = (channels,)
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint, name="gamma",
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, regularizer=self.beta_regularizer,
                constraint=self.beta_constraint, name="beta",
            )  # fmt: skip
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        channels = self.moving_mean.shape[0]
        if inputs.ndim < 2 or inputs.shape[self.axis] != channels:
            raise ShapeError(
                f"{self.described}: expected {channels} channels on axis {self.axis}, received shape {inputs.shape}; "
                f"it was built for {self._build_input_shape}"
            )
        axis = self.axis % inputs.ndim
        shape = (1,) * axis + (channels,) + (1,) * (inputs.ndim - axis - 1)
        last = axis == inputs.ndim - 1
        gamma, beta = (w if w is None or last else reshape(w, shape=shape) for w in (self.gamma, self.beta))
        if training and self.trainable:
            axes = tuple(a for a in range(inputs.ndim) if a != axis)
            if mask is None:
                output, mean, var = normalize(inputs, gamma, beta, axes=axes, epsilon=self.epsilon)
            else:
                mean, var = self._masked_moments(inputs, mask, axes)
                output = self._scaled(inputs, mean, var, gamma, beta)
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, var)
            return output
        mean, var = (w if last else reshape(w, shape=shape) for w in (self.moving_mean, self.moving_variance))
        return self._scaled(inputs, mean, var, gamma, beta)

    def _scaled(self, x: Tensor, mean: Tensor, var: Tensor, gamma: Any, beta: Any) -> Tensor:
        """x · inverse + (beta − mean · inverse), the order in which Keras computes it."""
        inverse = 1 / np.sqrt(var + self.epsilon)
        if gamma is not None:
            inverse = inverse * gamma
        return x * inverse + (-mean * inverse if beta is None else beta - mean * inverse)

    def _masked_moments(self, x: Tensor, mask: Any, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        if mask.shape != x.shape[:-1]:
            raise ShapeError(
                f"{self.described}: expected a mask of shape {x.shape[:-1]} for inputs of shape {x.shape}, "
                f"received {mask.shape}"
            )
        kept = np.broadcast_to(mask[..., None], x.shape)
        count = kept.sum(axis=axes, keepdims=True).astype(x.dtype) + x.dtype.type(config.epsilon())
        mean = np.where(kept, x, 0.0).sum(axis=axes, keepdims=True) / count
        deviation = np.where(kept, x - mean, 0.0)
        return mean, np.square(deviation).sum(axis=axes, keepdims=True) / count

    def _follow(self, moving: Any, batch: Tensor) -> None:
        """Moves a moving statistic towards the batch's."""
        dtype = moving.dtype.type
        momentum, rest = dtype(self.momentum), dtype(1 - self.momentum)
        moving.assign(moving._data * momentum + batch._data.reshape(-1).astype(moving.dtype) * rest)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class LayerNormalization(Layer):
    """Each sample with zero mean and unit variance over `axis`, then scaled and moved.

    Weights: gamma, beta with the shape of the normalised axes.

    Source: Ba et al. 2016; https://keras.io/api/layers/normalization_layers/layer_normalization/

    >>> LayerNormalization()(np.array([[1.0, 3.0]], "float32")).numpy().round(2)
    array([[-1.,  1.]], dtype=float32)
    """

    casts_integers = True
    supports_masking = True
    inert_config = {"rms_scaling": (False,)}

    def __init__(
        self,
        axis: int | list[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.axis: list[int] = axes(where, axis if isinstance(axis, (list, tuple)) else [axis])
        self.epsilon = number(where, "epsilon", epsilon, 0.0)
        self.center = flag(where, "center", center)
        self.scale = flag(where, "scale", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, D)")
        if any(not -len(input_shape) <= a < len(input_shape) for a in self.axis):
            raise ShapeError(f"{self.described}: axis {self.axis} does not exist in inputs of shape {input_shape}")
        self.axis = sorted(self.axis)  # as Keras, also where the order was another
        shape = tuple(input_shape[a] for a in self.axis)
        if None in shape:
            raise ShapeError(f"{self.described}: the normalised sizes must be known, received {input_shape}")
        sizes = tuple(n for n in shape if n is not None)
        if self.scale:
            self.gamma = self.add_weight(
                sizes, self.gamma_initializer, regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint, name="gamma",
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                sizes, self.beta_initializer, regularizer=self.beta_regularizer,
                constraint=self.beta_constraint, name="beta",
            )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        axes = [a % inputs.ndim for a in self.axis]
        built = self._build_input_shape
        if inputs.ndim != len(built) or any(inputs.shape[a] != built[a] for a in axes):
            raise ShapeError(f"{self.described}: received shape {inputs.shape}; it was built for {built}")
        gamma, beta = self.gamma, self.beta
        if axes != [inputs.ndim - 1]:
            # As in Keras: the weights are spread out, not transposed, even where -1 stands before 1.
            shape = tuple(n if i in axes else 1 for i, n in enumerate(inputs.shape))
            gamma, beta = (w if w is None else reshape(w, shape=shape) for w in (gamma, beta))
        return normalize(inputs, gamma, beta, axes=tuple(sorted(axes)), epsilon=self.epsilon)[0]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class UnitNormalization(Layer):
    """Each sample divided by its Euclidean length along `axis`, an axis or several.

    A length below 1e-6 counts as 1e-6, so that zeros stay zeros.

    Source: https://keras.io/api/layers/normalization_layers/unit_normalization/

    >>> UnitNormalization()(np.array([[3.0, 4.0]], "float32")).numpy()
    array([[0.6, 0.8]], dtype=float32)
    """

    supports_masking = True
    casts_integers = True

    def __init__(self, axis: int | list[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes(self.described, axis)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        along = tuple(self.axis) if isinstance(self.axis, list) else (self.axis,)
        self.compute_output_shape(inputs.shape)
        squares = np.square(inputs).sum(axis=along, keepdims=True)
        return inputs / np.sqrt(np.maximum(squares, inputs.dtype.type(1e-12)))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        along = self.axis if isinstance(self.axis, list) else [self.axis]
        if any(not -len(input_shape) <= a < len(input_shape) for a in along):
            raise ShapeError(f"{self.described}: axis {self.axis} does not exist in inputs of shape {input_shape}")
        return input_shape
