"""Normalisation of features by statistics of the data, which are given or found by `adapt`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tinynet import arguments, config
from tinynet.autograd import Tensor, as_tensor
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.layers.base import Layer, Shape
from tinynet.layers.normalization import check_axes
from tinynet.primitives.shapes import reshape


class Normalization(Layer):
    """(x − mean) / √variance for each index of the kept axes, with the moments of the training data.

    axis: the axis or axes that keep a mean and a variance for each index; None for one of each in all.
    mean, variance: numbers that broadcast to the kept axes; without them `adapt` finds them.
    invert: x · √variance + mean instead, the way back.
    A standard deviation below 1e-7 counts as 1e-7.
    Weights, unless the moments are given: mean, variance (of the kept sizes), and count, which
    Keras keeps for the sake of old files.

    Raises `ShapeError` for inputs without these axes or of other sizes along them.
    Source: https://keras.io/api/layers/preprocessing_layers/numerical/normalization/

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 5.0], [2.0, 9.0]], "float32"))
    >>> layer(np.array([[2.0, 7.0]], "float32")).tolist()
    [[1.0, 0.0]]
    """

    casts_integers = True
    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        several = () if axis is None or axis in ((), []) else arguments.axes(where, axis)
        self.axis: tuple[int, ...] = tuple(several) if isinstance(several, (list, tuple)) else (several,)
        self.invert = arguments.flag(where, "invert", invert)
        if (mean is None) != (variance is None):
            raise ArgumentError(f"{where}: mean and variance go together, received {mean=} and {variance=}")
        self.input_mean = _numbers(where, "mean", mean)
        self.input_variance = _numbers(where, "variance", variance)
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ArgumentError(
                f"{where}: mean and variance must have one shape, received {np.shape(mean)} and {np.shape(variance)}"
            )
        if np.ndim(self.input_mean) > len(self.axis):
            raise ArgumentError(
                f"{where}: a mean of {np.ndim(self.input_mean)} axes does not fit axis={axis!r}, "
                f"which keeps {len(self.axis)}"
            )
        self._kept: tuple[int, ...] = ()
        self._spread: tuple[int, ...] = ()

    def argument(self, key: str) -> Any:
        return getattr(self, f"input_{key}") if key in ("mean", "variance") else super().argument(key)

    def build(self, input_shape: Shape) -> None:
        check_axes(self, self.axis, input_shape)
        self._kept = tuple(sorted(a % len(input_shape) for a in self.axis))
        if len(set(self._kept)) < len(self._kept):
            raise ShapeError(f"{self.described}: axis {self.axis} names one of {len(input_shape)} axes twice")
        if any(input_shape[a] is None for a in self._kept):
            raise ShapeError(f"{self.described}: the sizes of axis {self.axis} must be known, received {input_shape}")
        self._spread = tuple((n or 0) if a in self._kept else 1 for a, n in enumerate(input_shape))
        sizes = tuple(self._spread[a] for a in self._kept)
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int64", trainable=False, name="count")
            return
        try:
            np.broadcast_to(self.input_mean, sizes)
        except ValueError as error:
            raise ShapeError(
                f"{self.described}: a mean of shape {self.input_mean.shape} does not broadcast to {sizes}, "
                f"the sizes of axis {self.axis} of inputs of shape {input_shape}"
            ) from error

    @property
    def mean(self) -> Tensor:
        """The mean, as it broadcasts to the inputs."""
        return self._moment(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Tensor:
        """The variance, as it broadcasts to the inputs."""
        return self._moment(self.input_variance, "adapt_variance")

    def _moment(self, given: Any, weight: str) -> Tensor:
        if given is None:
            return reshape(getattr(self, weight), shape=self._spread).astype(self.compute_dtype)
        sizes = tuple(self._spread[a] for a in self._kept)
        return as_tensor(np.broadcast_to(given, sizes).reshape(self._spread).astype(self.compute_dtype))

    def adapt(self, data: Any) -> None:
        """Sets mean and variance to those of the data: an array, or batches of arrays.

        data: an array (N, …), or an iterable of such; of tuples such as (x, y) the first counts.

        Raises `DataError` where there is none, `ShapeError` where the sizes of the kept axes differ,
        `ArgumentError` for a layer that was given its moments.
        """
        if self.input_mean is not None:
            raise ArgumentError(f"{self.described}: mean and variance were given; there is nothing to adapt")
        count, mean, variance = 0, np.zeros(()), np.zeros(())
        for batch in self._batches(data):
            if not self.built:
                self.build(batch.shape)
            self._check(batch.shape)
            reduced = tuple(a for a in range(batch.ndim) if a not in self._kept)
            added = math.prod(batch.shape[a] for a in reduced)
            if added == 0:
                continue
            count += added
            share = added / count
            own = batch.mean(axis=reduced)
            moved = mean + (own - mean) * share
            variance = (variance + (mean - moved) ** 2) * (1 - share)
            variance = variance + (batch.var(axis=reduced) + (own - moved) ** 2) * share
            mean = moved
        if count == 0:
            raise DataError(f"{self.described}: adapt received no data")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _batches(self, data: Any) -> Iterator[np.ndarray]:
        """The data as arrays of float64."""
        alone = isinstance(data, (np.ndarray, Tensor)) or hasattr(data, "__array__")
        if not alone and not isinstance(data, Iterable) or isinstance(data, (str, bytes, dict)):
            raise ArgumentError(f"{self.described}: adapt expected an array or batches of arrays, received {data!r}")
        for batch in [data] if alone else data:
            batch = batch[0] if isinstance(batch, tuple) else batch
            if not hasattr(batch, "shape"):
                raise ArgumentError(
                    f"{self.described}: adapt expected batches that are arrays, received {batch!r}. "
                    "A list of numbers becomes an array with np.array."
                )
            yield np.asarray(as_tensor(np.asarray(batch))._data, "float64")

    def _check(self, shape: Shape) -> None:
        if len(shape) != len(self._spread) or any(shape[a] != self._spread[a] for a in self._kept):
            raise ShapeError(f"{self.described}: received shape {shape}; it was built for {self._build_input_shape}")

    def call(self, inputs: Tensor) -> Tensor:
        self._check(inputs.shape)
        deviation = np.maximum(np.sqrt(self.variance), inputs.dtype.type(config.epsilon()))
        return self.mean + inputs * deviation if self.invert else (inputs - self.mean) / deviation

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self, self.axis, input_shape)
        return input_shape


def _numbers(where: str, name: str, value: Any) -> Any:
    """`value` as an array of numbers, or None."""
    if value is None:
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise ArgumentError(f"{where}: expected {name} to be a number or an array of numbers, received {value!r}")
    return array
