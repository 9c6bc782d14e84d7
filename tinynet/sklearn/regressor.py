"""`TinyNetRegressor`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from tinynet import config
from tinynet.errors import ShapeError
from tinynet.sklearn.estimator import Estimator


class TinyNetRegressor(RegressorMixin, Estimator):
    """A network that predicts numbers: (N, …) to (N,), or to (N, M) where y has M columns.

    The parameters are those of `TinyNetClassifier` without `class_weight`; the loss is 'mean_squared_error' unless
    another one is given. A function that builds the model is offered `input_shape`, `n_features` and `n_outputs` (M).
    A network learns best from targets near 0 of size near 1: see `sklearn.compose.TransformedTargetRegressor`.

    After `fit`: `model_`, `history_`, `loss_curve_`, `n_outputs_`, `n_features_in_` and, of a data frame,
    `feature_names_in_`.

    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> regressor = TinyNetRegressor(optimizer__learning_rate=0.01, random_state=0).fit(X, X[:, 0] ** 2)
    >>> regressor.score(X, X[:, 0] ** 2) > 0.95
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TinyNetRegressor:
        """Trains a new network on X (N, …) and numbers y (N,) or (N, M).

        sample_weight: how much each sample (N,) counts, in proportion to the others.
        Raises ValueErrors naming what cannot be learned from, `DivergenceError` where training breaks down.
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> TinyNetRegressor:
        """Goes once over these data, with the network as it is; the first time with a new one."""
        return self._fit(X, y, sample_weight, new=not hasattr(self, "model_"), once=True)

    def predict(self, X: Any) -> np.ndarray:
        """The numbers for X: (N,) or (N, M), as y was."""
        outputs = self._outputs(X)
        return outputs if self._columns else outputs[:, 0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _targets(
        self, X: Any, y: Any, weights: np.ndarray | None, new: bool
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        targets = np.asarray(y, config.floatx()).reshape(len(y), -1)
        if new:
            self.n_outputs_ = targets.shape[1]
            self._columns = y.ndim == 2
            self._begin(X, self.n_outputs_, "linear", {})
        elif targets.shape[1] != self.n_outputs_:
            raise ShapeError(f"{type(self).__name__}: y has {targets.shape[1]} columns, and had {self.n_outputs_}")
        return targets, weights, None

    def _loss_for(self, width: int) -> str:
        if width != self.n_outputs_:
            raise ShapeError(
                f"{type(self).__name__}: the model has {width} outputs, and y {self.n_outputs_} columns; a function "
                "that builds a model may ask for n_outputs"
            )
        return "mean_squared_error"
