"""`Metric`: a number accumulated over batches, and the means that most metrics are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinynet import config, initializers, losses
from tinynet.autograd import Tensor, Variable, no_grad
from tinynet.autograd.tags import mask_of
from tinynet.catalogue import Config, Configurable, get_registered_name, parameters_of, serialize, snake_case
from tinynet.errors import ArgumentError, DtypeError, ShapeError, nearest
from tinynet.losses.base import require_weights_fit, same_rank
from tinynet.naming import automatic_name

INTEGER_DTYPES = ("int32", "int64")


class Metric(Configurable):
    """Base of all metrics, and of yours.

    A subclass makes its counts with `add_variable`, adds a batch to them in
    `update_state(y_true, y_pred, sample_weight=None)`, and computes the value of everything seen since
    `reset_state()` in `result()`. Metrics are exact over an epoch: counts are added up, values are not
    averaged. The library's own metrics count in float64 (Keras in float32, where counts stop growing
    at 16,777,216).

    name: without one, the class name in snake case with a number.
    dtype: 'float32' or 'float64', what values are compared in; floatx without one.

    `_direction` of a class or an object is 'up' where larger values are better and 'down' where smaller
    ones are; EarlyStopping and its like ask for it. After https://keras.io/api/metrics/base_metric/.

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
    dtypes: Sequence[str] = config.FLOAT_DTYPES
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._variables: list[Variable] = []
        self.name = name or automatic_name(snake_case(type(self).__name__))
        self._dtype = _dtype_name(dtype, self.dtypes, type(self).__name__)

    @property
    def dtype(self) -> str:
        """What values are compared in."""
        return self._dtype

    @property
    def direction(self) -> str | None:
        """'up' or 'down', where better values lie; None where that is unknown."""
        return self._direction

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds a batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """The value of all batches since `reset_state`: a float, or an array of several."""
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        """Forgets all batches: every variable becomes 0."""
        for variable in self.variables:
            variable.assign_zeros()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Adds a batch and returns the value so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def variables(self) -> list[Variable]:
        """What the metric accumulates in, then the variables of metrics kept in its attributes."""
        found: dict[int, Variable] = {}
        parts = list(_parts(vars(self)))
        for part in parts:
            if isinstance(part, Variable):
                found[id(part)] = part
        for part in parts:
            if isinstance(part, Metric):
                found.update((id(variable), variable) for variable in part.variables)
        return list(found.values())

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new variable, of the metric's dtype without another.

        initializer: a name, an initializer, a number, an array, or a function of shape and dtype.
        aggregation: how Keras would join several devices; there is one.
        """
        self._require_base()
        dtype = np.dtype(dtype or self.dtype)
        initializer = "zeros" if initializer is None else initializer
        if isinstance(initializer, (int, float, np.ndarray, Tensor)):
            value = np.broadcast_to(np.asarray(initializer), tuple(shape))
        else:
            value = np.asarray(initializers.get(initializer)(tuple(shape), dtype=config.floatx()))
        name = name or "variable"
        variable = Variable(value.astype(dtype), trainable=False, name=name, path=f"{self.name}/{name}")
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """`add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[np.ndarray]:
        """What the variables would be after a batch if they were `metric_variables`; the metric stays as it is."""
        with self._holding(metric_variables):
            self.update_state(*args, **kwargs)
            return [variable.numpy().copy() for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """What the result would be if the variables were `metric_variables`."""
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[np.ndarray]:
        """What the variables would be after `reset_state`."""
        with self._holding(self.variables):
            self.reset_state()
            return [variable.numpy().copy() for variable in self.variables]

    @contextlib.contextmanager
    def _holding(self, values: Sequence[Any]) -> Iterator[None]:
        """Within it the variables have other values."""
        variables = self.variables
        if len(values) != len(variables):
            raise ArgumentError(
                f"{self.name}: expected values of its {len(variables)} variables, received {len(values)}"
            )
        kept = [variable.numpy().copy() for variable in variables]
        try:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            yield
        finally:
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)

    def get_config(self) -> Config:
        """The constructor's arguments."""
        # Arguments that a subclass keeps under another name are its own get_config's to add.
        keys = [key for key in self.told_keys() if hasattr(self, key)]
        own = {key: serialize(getattr(self, key)) for key in keys}
        return {"name": self.name, "dtype": self.dtype, **own}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _count(self, name: str, shape: tuple[int, ...] = ()) -> Variable:
        """A float64 variable: exact for counts up to 2⁵³."""
        return self.add_variable(shape, dtype="float64", name=name)

    def _require_base(self) -> None:
        if "_variables" not in vars(self):
            raise ArgumentError(f"{type(self).__name__}: __init__ must call super().__init__() first")


def _parts(value: Any) -> Iterator[Any]:
    """What lies in nested lists, tuples and dicts, in the order in which it stands there."""
    if isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)
    else:
        yield value


def _dtype_name(dtype: Any, known: Sequence[str], owner: str) -> str:
    """The name of a dtype; floatx for None. Raises `DtypeError` for one that is not known."""
    if dtype is None:
        return config.floatx()
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in known:
        raise DtypeError(f"{owner}: dtype {name!r} is not supported. {nearest(name, known)}")
    return name


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

    dtypes = (*config.FLOAT_DTYPES, *INTEGER_DTYPES)

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

    def add(self, mean: np.floating, samples: int) -> None:
        """Adds so many samples of a known mean, as `update_state` of it with so large a weight."""
        self.total._data += mean * samples
        self.count._data += samples

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
        _require_arguments(type(self).__name__, fn, kwargs)
        # 'fn' is an argument of this class only; subclasses choose their function themselves.
        self._fn = fn
        self._fn_kwargs = kwargs
        if isinstance(fn, losses.Loss) or any(fn is known for known in losses.CATALOGUE.by_name.values()):
            self._direction = "down"

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
            fn = serialize(self._fn)
            if isinstance(fn, str):
                fn = {"module": "builtins", "class_name": "function", "config": get_registered_name(self._fn)}
                fn["registered_name"] = "function"  # Keras takes a name alone for a string
            described.update(fn=fn, **serialize(self._fn_kwargs))
        return described

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A metric from what `get_config` returned; a function of the library is found by its name."""
        if "fn" not in config:
            return super().from_config(config)
        from tinynet import metrics

        return cls(**{**config, "fn": metrics.function(config["fn"])})


def _require_arguments(owner: str, fn: Callable[..., Any], given: Config) -> None:
    """Raises `ArgumentError` naming an argument that the function does not have."""
    try:
        parameters = parameters_of(fn) if given else ()
    except (TypeError, ValueError):
        return  # a function that does not say what it takes
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        return
    names = [p.name for p in parameters[2:]]
    if wrong := [key for key in given if key not in names]:
        raise ArgumentError(
            f"{owner}: {getattr(fn, '__name__', fn)} has no argument {wrong[0]!r}. {nearest(wrong[0], names)}"
        )


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
