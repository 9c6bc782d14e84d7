"""`Metric`: a number accumulated over batches, and the means that most metrics are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Tensor, Variable, no_grad
from tinynet.autograd.tags import mask_of
from tinynet.catalogue import Config, Configurable, serialize, snake_case
from tinynet.errors import ArgumentError, DtypeError, ShapeError
from tinynet.losses.base import float_dtype, require_weights_fit, same_rank
from tinynet.naming import automatic_name


class Metric(Configurable):
    """Base of all metrics, and of yours.

    A subclass makes its counts with `add_variable`, adds a batch to them in
    `update_state(y_true, y_pred, sample_weight=None)`, and computes the value of everything seen since
    `reset_state()` in `result()`. Metrics are exact over an epoch: counts are added up, values are not
    averaged. The library's own metrics count in float64 (Keras in float32, where counts stop growing
    at 16,777,216).

    name: without one, the class name in snake case with a number.
    dtype: 'float32' or 'float64', what values are compared in; floatx without one.
    After https://keras.io/api/metrics/base_metric/.

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", dtype=None):
    ...         super().__init__(dtype=dtype, name=name)
    ...         self.value = self.add_variable((), name="value")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.value.assign(max(self.value.item(), float(np.max(y_pred))))
    ...     def result(self):
    ...         return self.value.item()
    >>> largest = Largest()
    >>> largest.update_state(None, [1.0, 3.0])
    >>> largest(None, [2.0])
    3.0
    """

    keras_module = "keras.metrics"

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._variables: list[Variable] = []
        self.name = name or automatic_name(snake_case(type(self).__name__))
        self.dtype = float_dtype(dtype, type(self).__name__)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds a batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """The value of all batches since `reset_state`: a float, or an array of several."""
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        """Forgets all batches: every variable becomes 0."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Adds a batch and returns the value so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def variables(self) -> list[Variable]:
        """What the metric accumulates in, with the variables of metrics kept in its attributes."""
        found: dict[int, Variable] = {}
        for value in vars(self).values():
            for part in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(part, Variable):
                    found[id(part)] = part
                elif isinstance(part, Metric):
                    found.update((id(variable), variable) for variable in part.variables)
        return list(found.values())

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the metric's dtype.

        initializer: 'zeros', 'ones', a number, or a function of shape and dtype.
        """
        dtype = np.dtype(dtype or self.dtype)
        initializer = "zeros" if initializer is None else initializer
        if callable(initializer):
            value = np.asarray(initializer(tuple(shape), dtype=dtype.name))
        else:
            value = np.full(tuple(shape), {"zeros": 0, "ones": 1}.get(initializer, initializer), dtype)
        name = name or "variable"
        variable = Variable(value, trainable=False, dtype=dtype, name=name, path=f"{self.name}/{name}")
        self._variables.append(variable)
        return variable

    add_weight = add_variable

    def get_config(self) -> Config:
        """The constructor's arguments."""
        # Arguments that a subclass keeps under another name are its own get_config's to add.
        keys = [key for key in self.config_keys() if hasattr(self, key)]
        own = {key: serialize(getattr(self, key)) for key in keys}
        return {"name": self.name, "dtype": self.dtype, **own}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _count(self, name: str, shape: tuple[int, ...] = ()) -> Variable:
        """A float64 variable: exact for counts up to 2⁵³."""
        return self.add_variable(shape, dtype="float64", name=name)


def array_of(value: Any, where: str, dtype: Any = None) -> np.ndarray:
    """Labels, predictions or weights as a plain array.

    Raises `DtypeError` for what is not numbers, `ShapeError` for rows of unequal length.
    """
    try:
        array = value._data if isinstance(value, Tensor) else np.asarray(value)
    except ValueError as error:
        raise ShapeError(f"{where}: rows of unequal length do not make an array ({error})") from error
    if array.dtype.kind not in "fiub":
        raise DtypeError(f"{where}: expected numbers, received an array of dtype {array.dtype}")
    return array if dtype is None else array.astype(dtype, copy=False)


class _Reduction(Metric):
    """Base of `Mean` and `Sum`: values brought to one a sample, with their weights."""

    def _by_sample(
        self, values: Any, sample_weight: Any, reduce: Callable[..., np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        mask = mask_of(values)
        values = array_of(values, self.name, self.dtype)
        weights = None
        if sample_weight is not None:
            weights = array_of(sample_weight, self.name, self.dtype)
            if mask is not None:
                weights = masked_weights(weights, mask, self.dtype, self.name)
            values, weights = same_rank(values, weights)
            rank = weights.ndim
            if values.ndim > rank:
                values = reduce(values, axis=tuple(range(rank, values.ndim)))
            require_weights_fit(weights.shape, values.shape, self.name)
            weights = np.broadcast_to(weights, values.shape)
            values = values * weights
            if rank > 1:
                weights = reduce(weights, axis=tuple(range(1, rank)))
        if values.ndim > 1:
            values = reduce(values, axis=tuple(range(1, values.ndim)))
        return values, weights


class Sum(_Reduction):
    """Sum of values times weights.

    >>> total = Sum()
    >>> total.update_state([1, 3])
    >>> total([5])
    9.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._count("total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values of any shape; weights: one a value, or one a sample (N,)."""
        values, _ = self._by_sample(values, sample_weight, np.sum)
        self.total._data += values.sum(dtype=np.float64)

    def result(self) -> float:
        return float(self.total._data)


class Mean(_Reduction):
    """Σ w·v / Σ w over all samples, 0 where there is none.

    >>> mean = Mean()
    >>> mean.update_state([1, 3])
    >>> mean([5], sample_weight=[2])
    3.5
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._count("total")
        self.count = self._count("count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values of any shape; weights: one a value, or one a sample (N,)."""
        values, weights = self._by_sample(values, sample_weight, np.mean)
        self.total._data += values.sum(dtype=np.float64)
        if weights is not None:
            self.count._data += weights.sum(dtype=np.float64)
        else:
            self.count._data += values.shape[0] if values.ndim else 1

    def result(self) -> float:
        count = float(self.count._data)
        return float(self.total._data) / count if count else 0.0


class MeanMetricWrapper(Mean):
    """Mean of a function `fn(y_true, y_pred, **kwargs)` that returns one value a sample.

    Where predictions carry a mask, only unmasked steps count.

    >>> MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred))(np.array([1.0]), np.array([3.0]))
    2.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        if not callable(fn):
            raise ArgumentError(
                f"{type(self).__name__}: expected a function of y_true and y_pred, received {fn!r}"
            )
        super().__init__(name, dtype)
        # 'fn' is an argument of this class only; subclasses choose their function themselves.
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds a batch of labels and predictions; weights: one a value, or one a sample (N,)."""
        mask = mask_of(y_pred)
        with no_grad():
            values = self._fn(_kept(y_true), _kept(y_pred), **self._fn_kwargs)
        if mask is not None:
            weights = None if sample_weight is None else array_of(sample_weight, self.name, self.dtype)
            sample_weight = masked_weights(weights, mask, self.dtype, self.name)
        super().update_state(values, sample_weight)

    def get_config(self) -> Config:
        described = super().get_config()
        if "fn" in self.config_keys():
            described.update(fn=serialize(self._fn), **serialize(self._fn_kwargs))
        return described

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A metric from what `get_config` returned; a function of the library is found by its name."""
        if "fn" not in config:
            return super().from_config(config)
        from tinynet import metrics

        return cls(**{**config, "fn": metrics.function(config["fn"])})


def _kept(value: Any) -> Any:
    """Arrays and tensors themselves, anything else as an array."""
    return value if isinstance(value, (np.ndarray, Tensor)) else np.asarray(value)


def masked_weights(weights: np.ndarray | None, mask: Any, dtype: str, where: str) -> np.ndarray:
    """Weights that are 0 where the mask is False."""
    kept = np.asarray(mask, bool).astype(dtype)
    if weights is None:
        return kept
    kept, weights = same_rank(kept, weights)
    require_weights_fit(weights.shape, kept.shape, where)
    return kept * weights
