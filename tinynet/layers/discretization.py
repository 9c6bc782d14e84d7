"""`Discretization`: numbers to the intervals they lie in, whose boundaries are given or found by `adapt`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinynet.autograd import Tensor
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config
from tinynet.categories import check_output_mode, check_width, encode, encoded_shape
from tinynet.config import floatx
from tinynet.errors import ArgumentError, DataError, DtypeError, NotBuiltError
from tinynet.layers.base import Layer, Shape
from tinynet.lookup import check_integer

Summary = NDArray[np.float32]  # values, rising, and how many numbers each stands for: shape (2, any)

LEAST_EPSILON = 1e-7  # a summary has about 1/epsilon values


class Discretization(Layer):
    """Numbers (…) to the number of their interval (…), counted from 0, or to vectors.

    bin_boundaries: where one interval ends and the next begins, rising; a boundary belongs to the next.
    num_bins: how many intervals of equally many values `adapt` is to find, instead.
    epsilon: how exactly `adapt` follows the data, as a share of them.
    output_mode: 'int'; 'one_hot' for a vector of each number; 'multi_hot' or 'count' for one of each sample.

    Raises `NotBuiltError` before there are boundaries.
    Source: https://keras.io/api/layers/preprocessing_layers/numerical/discretization/

    >>> Discretization(bin_boundaries=[0.0, 1.0])(np.array([[-1.5, 1.0, 3.4]])).tolist()
    [[0, 2, 2]]
    """

    casts_inputs = False
    inert_config = {"sparse": (False,)}

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.output_mode = check_output_mode(where, output_mode, ("int", "one_hot", "multi_hot", "count"))
        if (num_bins is None) == (bin_boundaries is None):
            raise ArgumentError(f"{where}: expected bin_boundaries or num_bins, and not both")
        self.num_bins = check_integer("num_bins", num_bins, 1, where)
        check_width(where, "num_bins", self.num_bins or 0)
        if isinstance(epsilon, bool) or not isinstance(epsilon, int | float) or not LEAST_EPSILON <= epsilon <= 1:
            raise ArgumentError(f"{where}: epsilon must be a number from {LEAST_EPSILON} to 1, received {epsilon!r}")
        self.epsilon = epsilon
        self.bin_boundaries = None if bin_boundaries is None else self._boundaries(bin_boundaries)
        self._summary: Summary = np.zeros((2, 0), "float32")
        self._build_at_init()

    def _boundaries(self, values: Any) -> list[float]:
        try:
            array = np.asarray(values)
        except ValueError:
            array = np.asarray(None)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iuf") or np.isnan(array.astype("float64")).any():
            raise ArgumentError(f"{self.described}: bin_boundaries must be a list of numbers, received {values!r}")
        if (np.diff(array.astype("float32")) < 0).any():
            raise ArgumentError(f"{self.described}: bin_boundaries must rise, received {values!r}")
        return list(array.tolist())

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Finds the boundaries between num_bins intervals with equally many of the data each.

        data: an array, or an iterable of batches (a list is one). steps: how many batches to read.

        Raises `DataError` where there are no data, or NaN among them.
        """
        if self.num_bins is None:
            raise ArgumentError(f"{self.described}: bin_boundaries were given; there is nothing to adapt")
        self.reset_state()
        if isinstance(data, Tensor) or hasattr(data, "__array__"):
            self.update_state(data)
        elif isinstance(data, Iterable) and not isinstance(data, str | bytes | dict):
            for batch in itertools.islice(data, check_integer("steps", steps, 1, f"{self.described}.adapt")):
                self.update_state(batch)
        else:
            raise ArgumentError(f"{self.described}.adapt: expected an array or batches of arrays, received {data!r}")
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Summarises one more batch of numbers, for `finalize_state`."""
        try:
            array = np.asarray(data)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind not in "biuf":
            raise DtypeError(f"{self.described}: adapt expected numbers, received {data!r}")
        values = np.sort(array.astype("float32"), axis=None)
        if np.isnan(values).any():
            raise DataError(f"{self.described}: adapt received NaN, which lies in no interval")
        self._summary = merged(summarized(values, self.epsilon), self._summary, self.epsilon)

    def finalize_state(self) -> None:
        """Makes the boundaries from what `update_state` saw."""
        if self.num_bins is None:
            return
        if not self._summary.shape[1]:
            raise DataError(f"{self.described}: adapt received no data")
        self.bin_boundaries = compressed(self._summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forgets what `update_state` saw; the boundaries stay."""
        self._summary = np.zeros((2, 0), "float32")

    def call(self, inputs: Tensor) -> Tensor:
        if self.bin_boundaries is None:
            raise NotBuiltError(f"{self.described} has no boundaries yet: call adapt(data) or pass bin_boundaries=")
        values = inputs._data
        # As Keras, whatever the layer's dtype; integers meet the boundaries as floats of 32 bits, as those are kept.
        values = values.astype(floatx() if values.dtype.kind == "f" else "float32")
        bins = np.searchsorted(np.asarray(self.bin_boundaries, "float32").astype(values.dtype), values, side="right")
        if self.output_mode == "int":
            return wrap(np.asarray(bins, "int32"))
        return wrap(encode(bins, self.output_mode, len(self.bin_boundaries) + 1, self.compute_dtype))

    def compute_output_dtype(self, input_dtype: str) -> str:
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.output_mode == "int":
            return tuple(input_shape)
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(tuple(input_shape), self.output_mode, depth)

    def get_config(self) -> Config:
        config = super().get_config()
        del config["trainable"]  # which Keras's class does not take
        return {**config, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: Config) -> Discretization:
        """A new layer from `get_config`; with both num_bins and bin_boundaries it was adapted, and may be again."""
        adapted = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        layer = cls(**cls.accepted(config if adapted is None else {**config, "bin_boundaries": None}))
        if adapted is not None:
            layer.bin_boundaries = layer._boundaries(adapted)
        return layer


def summarized(values: NDArray[np.float32], epsilon: float) -> Summary:
    """Rising values as about 1/epsilon of them, each standing for equally many.

    >>> summarized(np.arange(6, dtype="float32"), 0.5).tolist()
    [[2.0, 5.0], [3.0, 3.0]]
    """
    step = max(values.size / (1.0 / epsilon), 1)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.ones_like(kept) * step]).astype("float32")


def merged(first: Summary, second: Summary, epsilon: float) -> Summary:
    """Two summaries as one."""
    both = np.concatenate([first, second], axis=1)
    return compressed(both[:, np.argsort(both[0])], epsilon)


def compressed(summary: Summary, epsilon: float) -> Summary:
    """A summary as one of 1/epsilon values, between which its own are interpolated; a shorter one stays as it is.

    >>> compressed(np.array([[1, 2, 3, 4], [1, 1, 1, 1]], "float32"), 0.5).tolist()
    [[2.0, 4.0], [2.0, 2.0]]
    """
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    own_shares = weights / weights[-1]
    values = np.interp(shares, own_shares, summary[0])
    weights = np.interp(shares, own_shares, weights)
    return np.stack([values, np.diff(weights, prepend=0)]).astype("float32")
