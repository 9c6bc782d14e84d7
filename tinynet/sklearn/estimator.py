"""What classifier and regressor share: parameters, data, fitting, and the network's outputs."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, is_regressor
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tinynet import config, seeds
from tinynet.arguments import flag, number, whole
from tinynet.autograd import Tensor, no_grad
from tinynet.callbacks import Callback, CallbackList, EarlyStopping
from tinynet.errors import ArgumentError, DataError, DivergenceError, ShapeError, nearest
from tinynet.models import Model
from tinynet.sklearn.batches import SparseBatches
from tinynet.sklearn.building import built, compiled, perceptron

if TYPE_CHECKING:
    from typing import Self

ROUTES = ("model", "optimizer", "fit")  # parameters such as model__units are handed on to these
LARGEST_BATCH = 200  # that batch_size="auto" takes
# What `fit` of a model is given by the estimator alone.
OURS = ("x", "y", "sample_weight", "class_weight", "callbacks", "validation_data")


class Estimator(BaseEstimator):
    """The base of `TinyNetClassifier`, where the parameters are described, and of `TinyNetRegressor`."""

    _dtype: str  # that the network computes in
    _draws: dict[str, Any]  # where the random numbers of the next `partial_fit` go on

    def __init__(
        self,
        model: Any = None,
        *,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        epochs: int = 100,
        batch_size: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        callbacks: Any = None,
        random_state: Any = None,
        verbose: int = 0,
        **routed: Any,
    ) -> None:
        self.model = model
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose
        for name, value in routed.items():  # `fit` tells wrong names: scikit-learn wants no errors here
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, those that are handed on (`model__units`) among them.

        deep: also those of parameters that are estimators.
        """
        return {**super().get_params(deep), **self._further()}

    def set_params(self, **params: Any) -> Self:
        """Sets parameters by name, those that are handed on (`model__units`) among them; returns the estimator."""
        super().set_params(**{name: value for name, value in params.items() if not is_routed(name)})
        for name in filter(is_routed, params):
            setattr(self, name, params[name])
        return self

    def _further(self) -> dict[str, Any]:
        """The parameters that the constructor has no name for."""
        own = self._get_param_names()
        return {
            name: value for name, value in vars(self).items()
            if name not in own and not name.startswith("_") and not name.endswith("_")
        }  # fmt: skip

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = self.model is not None
        return tags

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of each epoch."""
        check_is_fitted(self)
        return list(self.history_["loss"])

    def _routed(self, route: str) -> dict[str, Any]:
        """The parameters that are handed on to the model's function, the optimizer or `fit`."""
        prefix = f"{route}__"
        return {name.removeprefix(prefix): v for name, v in self._further().items() if name.startswith(prefix)}

    def _checked(self, X: Any, reset: bool, **y: Any) -> Any:
        """X as the network reads it, and y beside it where it is given; raises ValueError for what cannot be read."""
        if holds_text(X):
            raise ArgumentError(
                f"{type(self).__name__}: X holds text; make numbers of it first, as by TextVectorizer in a pipeline"
            )
        own = self.model is not None
        dtype = "numeric" if own else ["float64", "float32"] if reset else self._dtype
        X = validate_data(self, X, reset=reset, accept_sparse="csr", dtype=dtype, allow_nd=own, **y)
        if reset:
            array = X[0] if y else X
            self._dtype = config.floatx() if own else array.dtype.name
        return X

    def _check_parameters(self) -> None:
        where = type(self).__name__
        for name in self._further():
            if not is_routed(name):
                known = [*self._get_param_names(), *(f"{route}__…" for route in ROUTES)]
                raise ArgumentError(f"{where}: unknown parameter {name!r}. {nearest(name, known)}")
        whole(where, "epochs", self.epochs)
        whole(where, "patience", self.patience, 0)
        if self.batch_size != "auto":
            whole(where, "batch_size", self.batch_size)
        if flag(where, "early_stopping", self.early_stopping):
            fraction = number(where, "validation_fraction", self.validation_fraction)
            if not 0 < fraction < 1:
                raise ArgumentError(f"{where}: expected validation_fraction between 0 and 1, received {fraction}")
        if self.model is not None:
            for name in ("hidden_layer_sizes", "activation"):
                if np.any(getattr(self, name) != inspect.signature(type(self).__init__).parameters[name].default):
                    raise ArgumentError(f"{where}: {name} is for the network that is made without a model")
        known = [name for name in inspect.signature(Model.fit).parameters if name not in ("self", *OURS)]
        for name in self._routed("fit"):
            if name not in known:
                raise ArgumentError(f"{where}: fit__{name} is not known. {nearest(name, known)}")

    def _begin(self, X: Any, n_outputs: int, last: str, offered: dict[str, Any]) -> Tensor:
        """Makes the model, without training it; returns its outputs for two samples.

        n_outputs, last: the outputs of a network that is made here, and their activation. offered: what else a function
        that builds a model may ask for.
        """
        where = type(self).__name__
        shape = X.shape[1:]
        if self.model is None:
            if self._routed("model"):
                raise ArgumentError(f"{where}: model__{next(iter(self._routed('model')))} needs a function as model")
            model: Model = perceptron(shape, n_outputs, last, self.hidden_layer_sizes, self.activation, where)
        else:
            offered = {"input_shape": shape, "n_features": shape[0], "n_outputs": n_outputs, **offered}
            model = built(self.model, self._routed("model"), offered, where)
        first = dense(X[:2])
        with no_grad():
            outputs = model(first.astype(self._dtype) if first.dtype.kind == "f" else first, training=False)
        if not isinstance(outputs, Tensor) or outputs.ndim != 2:
            shapes = outputs.shape if isinstance(outputs, Tensor) else "several of them"
            raise ShapeError(f"{where}: expected one output (N, K) of the model, received {shapes} for two samples")
        width = outputs.shape[1]
        usual_loss = self._loss_for(width)
        compiled(model, self.optimizer, self.loss, self.metrics, self._routed("optimizer"), usual_loss, where)
        self.model_ = model
        self._width = width
        self.history_: dict[str, list[float]] = {}
        return outputs

    def _loss_for(self, width: int) -> str:
        """The loss where the user names none, for so many outputs; `ShapeError` where that is the wrong number."""
        raise NotImplementedError

    def _train(self, X: Any, y: np.ndarray, weights: np.ndarray | None, strata: Any, once: bool) -> None:
        """Trains the model. weights: of samples, not all zero. strata: classes that a validation part has in the
        proportions of the whole, or None. once: for one epoch, whatever the parameters say."""
        if weights is not None and not weights.all():
            counts = weights > 0
            X, y, weights, strata = X[counts], y[counts], weights[counts], None if strata is None else strata[counts]
        parts: list[Any] = [slice(None)]
        callbacks = self._own_callbacks()
        if self.early_stopping:
            parts = train_test_split(
                np.arange(len(y)), test_size=self.validation_fraction, random_state=seeds.draw_seed(), stratify=strata
            )
            callbacks.append(EarlyStopping("val_loss", patience=self.patience, restore_best_weights=True))
        # Weights in the same proportions: their scale is no learning rate, and 2 is as good as having a sample twice.
        data: list[Any] = [
            (X[part], y[part], None if weights is None else (weights[part] / weights[part].mean()).astype(self._dtype))
            for part in parts
        ]
        told: dict[str, Any] = {
            "epochs": self.epochs, "batch_size": self._batch_size(len(data[0][1])), "callbacks": callbacks,
            "verbose": self.verbose, **self._routed("fit"), **({"epochs": 1, "initial_epoch": 0} if once else {}),
        }  # fmt: skip
        if sparse.issparse(X):
            size = told.pop("batch_size")
            shuffle = flag(type(self).__name__, "fit__shuffle", told.pop("shuffle", True))
            training, *validation = [SparseBatches(rows, labels, of, size) for rows, labels, of in data]
            training.shuffle = shuffle
            told["x"] = training
        else:
            training, *validation = data
            told.update(zip(("x", "y", "sample_weight"), training, strict=True))
        history = self.model_.fit(**told, validation_data=validation[0] if validation else None)
        for name, values in history.history.items():
            self.history_.setdefault(name, []).extend(values)
        if not all(np.isfinite(values).all() for values in self.model_.get_weights()):
            raise DivergenceError(
                f"{type(self).__name__}: training has diverged, there is NaN in the weights; scale the data, or take a "
                "smaller optimizer__learning_rate"
            )

    def _batch_size(self, count: int) -> int:
        return min(LARGEST_BATCH, count) if self.batch_size == "auto" else int(self.batch_size)

    def _own_callbacks(self) -> list[Callback]:
        """Copies of the user's callbacks, which begin anew in each fit."""
        return [copy.deepcopy(callback) for callback in CallbackList(self.callbacks).callbacks]

    def _fit(self, X: Any, y: Any, sample_weight: Any, new: bool = True, once: bool = False, **told: Any) -> Self:
        """Trains a new model, or goes on with the one there is. once, told: as for `_train` and `_targets`."""
        where = type(self).__name__
        self._check_parameters()
        if once and self.early_stopping:
            raise ArgumentError(f"{where}: partial_fit does not go with early_stopping=True")
        X, y = self._checked(X, new, y=y, multi_output=True, y_numeric=is_regressor(self))
        weights = checked_weights(sample_weight, X.shape[0], where)
        with seeds.apart(_seed_of(self.random_state) if new else self._draws), config.with_floatx(self._dtype):
            self._train(X, *self._targets(X, y, weights, new, **told), once)
            self._draws = seeds.get_state()
        return self

    def _targets(
        self, X: Any, y: Any, weights: np.ndarray | None, new: bool
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Targets as the loss takes them, weights of the samples, and `strata` for `_train`.

        new: whether a model is to be begun."""
        raise NotImplementedError

    def _outputs(self, X: Any) -> np.ndarray:
        """What the network makes of X: (N, K)."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        size = self._batch_size(LARGEST_BATCH)
        with config.with_floatx(self._dtype):
            if sparse.issparse(X):
                return self.model_.predict(SparseBatches(X, None, None, size), verbose=0)
            return self.model_.predict(X, batch_size=size, verbose=0)


def is_routed(name: str) -> bool:
    """Whether a parameter is handed on, as `model__units` is."""
    route, separator, rest = name.partition("__")
    return route in ROUTES and bool(separator and rest)


def holds_text(X: Any) -> bool:
    """Whether the first sample is text, or holds it."""
    if sparse.issparse(X) or not isinstance(X, (list, tuple)) and not hasattr(X, "dtype"):
        return False
    first = np.asarray(X[:1]).ravel()
    return bool(first.size) and isinstance(first[0], str)


def dense(X: Any) -> np.ndarray:
    """Rows of a sparse matrix as an array; an array as it is."""
    return X.toarray() if sparse.issparse(X) else X


def checked_weights(sample_weight: Any, count: int, where: str) -> np.ndarray | None:
    """The weights of `count` samples, or None; raises ValueError where they cannot be that."""
    if sample_weight is None:
        return None
    weights = check_array(sample_weight, ensure_2d=False, dtype="float64", input_name="sample_weight")
    if weights.shape != (count,):
        raise ShapeError(f"{where}: expected sample_weight of shape ({count},), received {weights.shape}")
    if (weights < 0).any():
        raise DataError(f"{where}: expected sample_weight of at least 0, received {weights.min()}")
    if not weights.any():
        raise DataError(f"{where}: every sample_weight is zero, so there is nothing to learn from")
    return weights


def _seed_of(random_state: Any) -> int:
    """The seed for one fit: the number that was given, or one drawn from a RandomState (None: NumPy's global one)."""
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        check_random_state(random_state)  # says what is wrong with a negative one
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))
