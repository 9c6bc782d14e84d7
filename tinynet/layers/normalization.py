"""Normalisation layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import config, initializers
from tinynet.arguments import axes, flag, number, whole
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.ops.normalization import rms_normalization
from tinynet.primitives.normalization import normalize, scale_and_offset, scale_columns
from tinynet.primitives.shapes import reshape


def one_axis(where: str, axis: Any) -> int:
    """`axis`; raises `ArgumentError` unless it is a whole number."""
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ArgumentError(f"{where}: expected axis to be a whole number, received {axis!r}")
    return axis


class _ScaledAndMoved(Layer):
    """What the normalisations share that end in x · gamma + beta."""

    casts_integers = True
    supports_masking = True
    gamma: Any = None
    beta: Any = None

    def _set_parameters(
        self, epsilon: Any, center: Any, scale: Any, beta_initializer: Any, gamma_initializer: Any,
        beta_regularizer: Any, gamma_regularizer: Any, beta_constraint: Any, gamma_constraint: Any,
    ) -> None:  # fmt: skip
        self.epsilon = number(self.described, "epsilon", epsilon, 0.0)
        self.center = flag(self.described, "center", center)
        self.scale = flag(self.described, "scale", scale)
        keep_settings(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        keep_settings(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)

    def _add_parameters(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = add_weight(self, "gamma", shape)
        if self.center:
            self.beta = add_weight(self, "beta", shape)

    def _size(self, input_shape: Shape, axis: int) -> int:
        """The size of an axis of the inputs; raises `ShapeError` where it does not exist or is unknown."""
        check_axes(self, axis, input_shape)
        size = input_shape[axis]
        if size is None:
            raise ShapeError(f"{self.described}: the size of axis {axis} must be known, received {input_shape}")
        return size

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class BatchNormalization(_ScaledAndMoved):
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

    replayable = True
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
        self.axis = one_axis(where, axis)
        self.momentum = number(where, "momentum", momentum, 0.0)
        self._set_parameters(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint,
        )  # fmt: skip
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, C)")
        shape = (self._size(input_shape, self.axis),)
        self._add_parameters(shape)
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
                scale, offset = scale_and_offset(mean, var, gamma, beta, self.epsilon)
                output = inputs * scale + offset
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, var)
            return output
        mean, var = (w if last else reshape(w, shape=shape) for w in (self.moving_mean, self.moving_variance))
        scale, offset = scale_and_offset(mean, var, gamma, beta, self.epsilon)
        return scale_columns(inputs, scale, offset) if last else inputs * scale + offset

    def _masked_moments(self, x: Tensor, mask: Any, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        try:
            if mask.ndim != x.ndim - 1:
                raise ValueError
            kept = np.broadcast_to(mask[..., None], x.shape).astype(bool)
        except ValueError as error:
            raise ShapeError(
                f"{self.described}: expected a mask of shape {x.shape[:-1]} for inputs of shape {x.shape}, "
                f"received {mask.shape}"
            ) from error
        count = kept.sum(axis=axes, keepdims=True).astype(x.dtype) + x.dtype.type(config.epsilon())
        mean = np.where(kept, x, 0.0).sum(axis=axes, keepdims=True) / count
        deviation = np.where(kept, x - mean, 0.0)
        return mean, np.square(deviation).sum(axis=axes, keepdims=True) / count

    def _follow(self, moving: Any, batch: Tensor) -> None:
        """Moves a moving statistic towards the batch's."""
        dtype = moving.dtype.type
        momentum, rest = dtype(self.momentum), dtype(1 - self.momentum)
        moving.assign(moving._data * momentum + batch._data.reshape(-1).astype(moving.dtype) * rest)


class LayerNormalization(_ScaledAndMoved):
    """Each sample with zero mean and unit variance over `axis`, then scaled and moved.

    Weights: gamma, beta with the shape of the normalised axes.

    Source: Ba et al. 2016; https://keras.io/api/layers/normalization_layers/layer_normalization/

    >>> LayerNormalization()(np.array([[1.0, 3.0]], "float32")).numpy().round(2)
    array([[-1.,  1.]], dtype=float32)
    """

    replayable = True
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
        self._set_parameters(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint,
        )  # fmt: skip

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, D)")
        check_axes(self, self.axis, input_shape)
        self.axis = sorted(self.axis)  # as Keras, also where the order was another
        shape = tuple(input_shape[a] for a in self.axis)
        if None in shape and (self.center or self.scale):
            raise ShapeError(f"{self.described}: the normalised sizes must be known, received {input_shape}")
        self._add_parameters(tuple(n or 0 for n in shape))

    def call(self, inputs: Tensor) -> Tensor:
        built = self._build_input_shape
        check_axes(self, self.axis, inputs.shape)
        if any(built[a] not in (None, inputs.shape[a]) for a in self.axis):
            raise ShapeError(f"{self.described}: received shape {inputs.shape}; it was built for {built}")
        axes = [a % inputs.ndim for a in self.axis]
        gamma, beta = self.gamma, self.beta
        if axes != [inputs.ndim - 1]:
            # As in Keras: the weights are spread out, not transposed, even where -1 stands before 1.
            shape = tuple(n if i in axes else 1 for i, n in enumerate(inputs.shape))
            gamma, beta = (w if w is None else reshape(w, shape=shape) for w in (gamma, beta))
        return normalize(inputs, gamma, beta, axes=tuple(sorted(axes)), epsilon=self.epsilon)[0]


class GroupNormalization(_ScaledAndMoved):
    """Each group of channels of each sample with zero mean and unit variance, then scaled and moved.

    groups: how many blocks of neighbouring channels are normalised apart; -1 for one a channel
        (instance normalisation). axis: the C channels, which are a multiple of the groups.
    Weights: gamma, beta (C,). Integers are computed with as floats.

    Raises `ShapeError` where the channels do not divide into the groups.
    Source: Wu and He 2018; https://keras.io/api/layers/normalization_layers/group_normalization/

    >>> GroupNormalization(2)(np.array([[1.0, 3.0, 50.0, 70.0]], "float32")).numpy().round(2)
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        self.groups = groups if groups == -1 else whole(self.described, "groups", groups)
        self.axis = one_axis(self.described, axis)
        self._set_parameters(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint,
        )  # fmt: skip

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 2, None, "(N, …, C)")
        channels = self._size(input_shape, self.axis)
        if self.axis % len(input_shape) == 0:
            raise ShapeError(f"{self.described}: axis {self.axis} of inputs of shape {input_shape} is the batch axis")
        if self.groups == -1:
            self.groups = channels  # as Keras, also in the configuration
        if channels % self.groups:
            raise ShapeError(
                f"{self.described}: expected a number of channels that is a multiple of groups={self.groups}, "
                f"received shape {input_shape}"
            )
        self._add_parameters((channels,))

    def call(self, inputs: Tensor) -> Tensor:
        built = self._build_input_shape
        if inputs.ndim != len(built) or inputs.shape[self.axis] != built[self.axis]:
            raise ShapeError(f"{self.described}: received shape {inputs.shape}; it was built for {built}")
        axis = self.axis % inputs.ndim
        before, after = inputs.shape[:axis], inputs.shape[axis + 1 :]
        block = (self.groups, inputs.shape[axis] // self.groups)
        shape = (1,) * axis + block + (1,) * len(after)
        gamma, beta = (w if w is None else reshape(w, shape=shape) for w in (self.gamma, self.beta))
        apart = reshape(inputs, shape=(*before, *block, *after))
        axes = tuple(a for a in range(1, apart.ndim) if a != axis)
        return reshape(normalize(apart, gamma, beta, axes=axes, epsilon=self.epsilon)[0], shape=inputs.shape)


class RMSNormalization(Layer):
    """x / √(mean of x² + epsilon) · scale, with the mean over `axis`, an axis or several.

    Weight: scale, of the sizes of these axes. As in Keras it is spread along the last axes, also
    where `axis` names others: it then has to fit there.

    Raises `ShapeError` for an axis that does not exist, and where the scale does not fit.
    Source: Zhang and Sennrich 2019; https://keras.io/api/layers/normalization_layers/rms_normalization/

    >>> RMSNormalization()(np.array([[3.0, -3.0]], "float32")).numpy().round(4)
    array([[ 1., -1.]], dtype=float32)
    """

    casts_integers = True

    def __init__(self, axis: int | list[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes(self.described, axis)
        self.epsilon = number(self.described, "epsilon", epsilon, 0.0)

    def build(self, input_shape: Shape) -> None:
        self.compute_output_shape(input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]  # as Keras writes it
        sizes = tuple(input_shape[a] for a in self.axis)
        if None in sizes:
            raise ShapeError(f"{self.described}: the normalised sizes must be known, received {input_shape}")
        self.scale = self.add_weight(tuple(n for n in sizes if n is not None), "ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        self.compute_output_shape(inputs.shape)
        last = inputs.shape[inputs.ndim - len(self.axis) :]
        if any(n not in (1, m) for n, m in zip(self.scale.shape, last, strict=True)):
            raise ShapeError(
                f"{self.described}: the scale of shape {self.scale.shape}, for axis {self.axis}, does not fit the last "
                f"axes of inputs of shape {inputs.shape}; it was built for {self._build_input_shape}"
            )
        return rms_normalization(inputs, self.scale, tuple(self.axis), self.epsilon)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self, self.axis, input_shape)
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
        self._build_at_init()

    def call(self, inputs: Tensor) -> Tensor:
        along = tuple(self.axis) if isinstance(self.axis, list) else (self.axis,)
        self.compute_output_shape(inputs.shape)
        squares = np.square(inputs).sum(axis=along, keepdims=True)
        return inputs / np.sqrt(np.maximum(squares, inputs.dtype.type(1e-12)))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self, self.axis, input_shape)
        return input_shape


def check_axes(layer: Layer, axis: Any, shape: Shape) -> None:
    """Raises `ShapeError` unless inputs of this shape have the axis, or all of the axes."""
    along = axis if isinstance(axis, (list, tuple)) else [axis]
    if any(not -len(shape) <= a < len(shape) for a in along):
        raise ShapeError(f"{layer.described}: axis {axis} does not exist in inputs of shape {shape}")
