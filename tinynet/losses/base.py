"""`Loss`: one value a sample, weighted, masked and reduced to a number as in Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor, as_tensor
from tinynet.autograd.tags import mask_of
from tinynet.autograd.tensor import wrap
from tinynet.catalogue import Config, Configurable, serialize, snake_case
from tinynet.errors import ArgumentError, DtypeError, ShapeError, nearest
from tinynet.naming import automatic_name

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


class Loss(Configurable):
    """Base of all losses, and of yours: define `call(y_true, y_pred)`, which returns one value a sample.

    reduction: how the values become one number. 'sum_over_batch_size' and 'mean' divide the sum of
        the weighted values by their number, 'mean_with_sample_weight' by the sum of the weights, 'sum'
        does not divide, and with 'none' or None the weighted values are returned.
    name: without one, the class name in snake case with a number.
    dtype: 'float32' or 'float64', what is computed in; floatx without one.

    Where predictions carry a mask (from a Masking or Embedding layer), masked steps count neither in
    the sum nor in its divisor. After https://keras.io/api/losses/.

    >>> class Distance(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_true - y_pred).sum(axis=-1)
    >>> Distance()([[1.0, 2.0]], [[1.5, 2.5]]).item()
    1.0
    """

    keras_module = "keras.losses"

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            known = [str(known) for known in REDUCTIONS]
            raise ArgumentError(
                f"{type(self).__name__}: unknown reduction {reduction!r}. {nearest(reduction, known)}"
            )
        self.name = name or automatic_name(snake_case(type(self).__name__))
        self.reduction = reduction
        self.dtype = float_dtype(dtype, type(self).__name__)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss, a scalar tensor (or one value a sample with reduction 'none').

        y_true, y_pred: labels and predictions; ranks that differ by a trailing axis of 1 are aligned.
        sample_weight: one weight a value of the loss: (N,), for sequences (N, 1) or (N, T).

        Raises `ShapeError` where labels or weights do not fit the predictions.
        """
        dtype = config.compute_dtype(self.dtype)
        mask = mask_of(y_pred)
        y_pred = tensor_in(y_pred, dtype)
        found = self.call(tensor_in(y_true, dtype), y_pred)
        if found is None:
            raise ArgumentError(f"{self.name}: expected one value a sample, the loss returned None; is a return missing?")
        losses = as_tensor(found)
        own_mask = mask_of(losses)
        if own_mask is not None:
            mask = own_mask if mask is None else np.asarray(mask, bool) & np.asarray(own_mask, bool)
        return reduce_weighted_values(losses, sample_weight, mask, self.reduction, dtype, self.name)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Any:
        """One value a sample: of the shape of `y_pred` without its last axis."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def check_targets(self, y_true: np.ndarray, classes: int, of: str) -> None:
        """Raises `DataError` for targets that no prediction (…, classes) can meet, before training.

        of: all the data that they are the targets of, in errors.
        """

    def get_config(self) -> Config:
        """The constructor's arguments but for the dtype, which Keras does not store either."""
        keys = [key for key in self.told_keys() if key not in ("name", "reduction", "dtype")]
        # Arguments that a subclass keeps under another name are its own get_config's to add.
        own = {key: serialize(getattr(self, key)) for key in keys if hasattr(self, key)}
        return {"name": self.name, "reduction": self.reduction, **own}


class LossFunctionWrapper(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)` of tensors, one value a sample.

    >>> LossFunctionWrapper(lambda y_true, y_pred: abs(y_true - y_pred), "sum")([1.0], [3.0]).item()
    2.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if not callable(fn):
            raise ArgumentError(
                f"{type(self).__name__}: expected a function of y_true and y_pred, received {fn!r}"
            )
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Tensor, y_pred: Tensor) -> Any:
        y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def check_targets(self, y_true: np.ndarray, classes: int, of: str) -> None:
        check = getattr(self.fn, "check_targets", None)
        if check is not None:
            check(y_true, classes, of, **self._fn_kwargs)

    def get_config(self) -> Config:
        described = super().get_config()
        if "fn" in described:
            described.update(serialize(self._fn_kwargs))
        return described

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A loss from what `get_config` returned; a function of the library is found by its name."""
        if "fn" not in config:
            return super().from_config(config)
        from tinynet import losses

        return cls(**{**config, "fn": losses.deserialize(config["fn"])})


def float_dtype(dtype: Any, owner: str) -> str:
    """The name of a floating-point dtype; floatx for None. Raises `DtypeError` for any other."""
    if dtype is None:
        return config.floatx()
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in config.FLOAT_DTYPES:
        raise DtypeError(f"{owner}: dtype {name!r} is not supported. {nearest(name, config.FLOAT_DTYPES)}")
    return name


def tensor_in(value: Any, dtype: Any) -> Tensor:
    """A tensor of a dtype; a tensor that has it already is returned itself, with its tags."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return wrap(np.array(value, dtype=dtype))
    return as_tensor(value).astype(dtype)


def float_tensor(value: Any) -> Tensor:
    """A tensor of its own floating-point dtype, or of floatx."""
    tensor = as_tensor(value)
    return tensor if tensor.dtype.kind == "f" else tensor.astype(config.floatx())


def same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Two arrays or tensors whose ranks differ by a trailing axis of 1, made of one rank.

    Vectors gain the axis, anything else loses it; other ranks are returned as they are.

    >>> x, y = same_rank(np.zeros(3), np.zeros((3, 1)))
    >>> x.shape, y.shape
    ((3, 1), (3, 1))
    """
    if x1.ndim == x2.ndim + 1:
        x2, x1 = same_rank(x2, x1, expand_rank_1)
    elif x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        if x1.ndim == 1 and expand_rank_1:
            x1 = x1.reshape((*x1.shape, 1))
        else:
            x2 = x2.reshape(x2.shape[:-1])
    return x1, x2


def matched(where: str, y_true: Any, y_pred: Any, align: bool = True) -> tuple[Tensor, Tensor]:
    """Labels and predictions as tensors of the predictions' dtype and of one shape.

    Raises `ShapeError` where the shapes differ: broadcasting would compare each label with all
    predictions.
    """
    y_pred = float_tensor(y_pred)
    y_true = tensor_in(y_true, y_pred.dtype)
    if align:
        y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        hint = ""
        if y_true.ndim < y_pred.ndim or y_true.shape[:-1] == y_pred.shape[:-1] and y_true.shape[-1:] == (1,):
            hint = " Integer labels go with a sparse loss or metric, or through one-hot encoding."
        raise ShapeError(
            f"{where}: expected y_true of the shape of y_pred, {y_pred.shape}, received {y_true.shape}.{hint}"
        )
    if not y_pred.ndim:
        raise ShapeError(f"{where}: expected arrays of at least one axis, received scalars")
    return y_true, y_pred


def whole_axis(where: str, axis: Any) -> int:
    """An axis; raises `ArgumentError` unless it is an integer."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ArgumentError(f"{where}: expected an integer axis, received {axis!r}")
    return int(axis)


def require_axes(where: str, axis: int | Sequence[int], y_pred: Tensor) -> None:
    """Raises `ArgumentError` naming an axis that predictions do not have."""
    for a in axis if isinstance(axis, (list, tuple)) else (axis,):
        if not -y_pred.ndim <= whole_axis(where, a) < y_pred.ndim:
            raise ArgumentError(f"{where}: axis {a} does not exist in predictions of shape {y_pred.shape}")


def binary_or_sparse(
    y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]
) -> tuple[bool, bool]:
    """Whether predictions are of one unit, and whether labels are class numbers, by Keras's rule."""
    last = y_true_shape[-1] if y_true_shape else None
    units = y_pred_shape[-1] if y_pred_shape else None
    several = units is not None and units > 1
    return units == 1, len(y_true_shape) < len(y_pred_shape) or last == 1 and several


def reduce_weighted_values(
    values: Tensor, sample_weight: Any, mask: Any, reduction: str | None, dtype: str, where: str
) -> Tensor:
    """Values times weights and mask, reduced."""
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=dtype)
    if mask is not None:
        weights = _merged(weights, np.asarray(mask, bool), reduction, dtype, where)
    if weights is not None:
        values, weights = same_rank(values, weights)
        require_weights_fit(weights.shape, values.shape, where)
        values = values * weights
    if reduction in (None, "none") or values.shape in ((), (0,)):
        return values
    if reduction == "sum" or not values.size:
        return values.sum()
    if reduction == "mean_with_sample_weight" and weights is not None:
        total = weights.sum()
        return values.sum() / total if total else values.sum() * 0
    return values.mean()


def _merged(
    weights: np.ndarray | None, mask: np.ndarray, reduction: str | None, dtype: str, where: str
) -> np.ndarray:
    """The mask as weights, times the weights: for means scaled so that only unmasked values count."""
    scale = 1.0
    if reduction in ("mean", "sum_over_batch_size"):
        scale = mask.size / max(int(np.count_nonzero(mask)), 1)
    masked = mask.astype(dtype) * np.dtype(dtype).type(scale)
    if weights is None:
        return masked
    masked, weights = same_rank(masked, weights)
    require_weights_fit(weights.shape, masked.shape, where)
    return weights * masked


def require_weights_fit(weights: tuple[int, ...], values: tuple[int, ...], where: str) -> None:
    """Raises `ShapeError` unless weights have the rank of the values and axes of their size or 1.

    NumPy would also broadcast (N,) along the steps of (N, N).
    """
    if len(weights) == len(values) and all(w in (1, v) for w, v in zip(weights, values, strict=True)):
        return
    if len(weights) <= len(values) and all(size == 1 for size in weights):
        return
    hint = ""
    if len(weights) == 1 and len(values) > 1 and weights[0] == values[0]:
        hint = f" Give weights a sample the shape {(*weights, *(1,) * (len(values) - 1))}."
    elif not values:
        hint = (
            " The loss is one number for the whole batch. Predictions of one axis are one sample: give them the "
            "shape (N, 1). A loss that sums over all axes takes others as axis: axis=(1, 2) leaves samples apart."
        )
    raise ShapeError(
        f"{where}: weights or mask of shape {weights} do not fit values of shape {values}.{hint}"
    )
