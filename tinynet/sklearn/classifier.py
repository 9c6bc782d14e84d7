"""`TinyNetClassifier`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse, special
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from tinynet import config
from tinynet.autograd.tags import logits_of
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.losses import LossFunctionWrapper, SparseCategoricalCrossentropy, sparse_categorical_crossentropy
from tinynet.sklearn.estimator import Estimator

TOLERANCE = 1e-3  # by which the probabilities of a sample may miss 1


class TinyNetClassifier(ClassifierMixin, Estimator):
    """A network that predicts classes: (N, …) to labels (N,), or to 0 and 1 (N, L) where a sample may have several.

    model: a function that builds a model, compiled or not; or a model, of which clones with fresh weights are
        trained; or None for a perceptron of `hidden_layer_sizes` and `activation`. The function is given what it has
        parameters for: `input_shape` (of a sample), `n_features`, `n_classes` (K) and `n_outputs` (K, 1 for two
        classes, L), and every parameter `model__NAME` as NAME. Outputs are K probabilities (softmax), or one of the
        second of two classes (sigmoid), or logits for a loss with `from_logits=True`.
    optimizer, loss, metrics: as `Model.compile` takes them. None is what the model was compiled with; otherwise Adam
        and the cross-entropy. `optimizer__NAME` replaces an argument of the optimizer, as `optimizer__learning_rate`.
        Labels are numbers from 0 for the sparse cross-entropy, which is the usual loss, else 0 and 1 (N, K).
    epochs: passes over the data. batch_size: 'auto' for 200, or all of fewer samples.
    early_stopping: ends when the loss of a part of the data (`validation_fraction`, of each class as in the whole) has
        not fallen for `patience` epochs, with the weights of the best one.
    callbacks: as for `Model.fit`; copies of them are used. `fit__NAME` is further handed to `Model.fit`.
    class_weight: a dict from label to weight, or 'balanced'. Weights count in proportion: their mean is made 1.
    random_state: a number, for the same network each time, as after `tinynet.utils.set_random_seed` of it; or where to
        draw such a number from, a RandomState or None (NumPy's global one). Other random numbers are left as they were.
    verbose: as for `Model.fit`.

    X is anything scikit-learn takes (a sparse matrix is made dense batch by batch), float32 for the perceptron; a model
    of yours also gets more axes (images, sequences), and integers as they are.

    After `fit`: `model_` (the trained model), `classes_`, `history_` (logs by name, a value an epoch), `loss_curve_`,
    `n_features_in_` and, of a data frame, `feature_names_in_`.

    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]] * 5), ["low", "low", "high", "high"] * 5
    >>> classifier = TinyNetClassifier(optimizer__learning_rate=0.01, random_state=0).fit(X, y)
    >>> classifier.predict([[-1.0], [4.0]]).tolist()
    ['low', 'high']
    """

    classes_: np.ndarray
    _multilabel: bool

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
        class_weight: Any = None,
        random_state: Any = None,
        verbose: int = 0,
        **routed: Any,
    ) -> None:
        super().__init__(
            model, hidden_layer_sizes=hidden_layer_sizes, activation=activation, optimizer=optimizer, loss=loss,
            metrics=metrics, epochs=epochs, batch_size=batch_size, early_stopping=early_stopping,
            validation_fraction=validation_fraction, patience=patience, callbacks=callbacks,
            random_state=random_state, verbose=verbose, **routed,
        )  # fmt: skip
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TinyNetClassifier:
        """Trains a new network on X (N, …) and labels y (N,), of any kind, or 0 and 1 (N, L).

        sample_weight: how much each sample (N,) counts, in proportion to the others.
        Raises ValueErrors naming what cannot be learned from, `DivergenceError` where training breaks down.
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> TinyNetClassifier:
        """Goes once over these data, with the network as it is; the first time with a new one.

        classes: all labels there will ever be, the first time; without them those in y.
        """
        first = not hasattr(self, "model_")
        where = type(self).__name__
        if isinstance(self.class_weight, str):
            raise ArgumentError(f"{where}: partial_fit does not go with class_weight={self.class_weight!r}")
        if not first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ArgumentError(f"{where}: classes {classes!r} are not those of the first call, {self.classes_}")
        return self._fit(X, y, sample_weight, new=first, once=True, classes=classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class for X: (N, K), or of each of L labels: (N, L)."""
        probabilities = self._probabilities(self._outputs(X))
        alone = self._width == 1 and not self._multilabel
        return np.column_stack([1 - probabilities, probabilities]) if alone else probabilities

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each sample: (N,), or which of L labels it has: 0 and 1 (N, L)."""
        probabilities = self.predict_proba(X)
        if self._multilabel:
            return (probabilities > 0.5).astype(self._label_dtype)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The model's outputs, or what they are logits of; raises `ArgumentError` where these are no probabilities."""
        independent = self._multilabel or self._width == 1
        if self._logits:
            outputs = special.expit(outputs) if independent else special.softmax(outputs, axis=1)
        off = 0 if independent else np.abs(outputs.sum(axis=1) - 1)
        if not (np.all(off <= TOLERANCE) and np.all(outputs >= 0) and np.all(outputs <= 1 + TOLERANCE)):
            raise ArgumentError(
                f"{type(self).__name__}: the model's outputs are no probabilities. End it with softmax (sigmoid for "
                "one output, or for several labels), or take a loss with from_logits=True."
            )
        return outputs

    def _loss(self) -> Any:
        return self.model_._compiled.loss.loss

    def _targets(
        self, X: Any, y: Any, weights: np.ndarray | None, new: bool, classes: Any = None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        where = type(self).__name__
        codes = self._numbered(y, new, classes)
        if self.class_weight is not None:
            if self._multilabel:
                raise ArgumentError(f"{where}: class_weight is for one label a sample; give sample_weight")
            by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_[codes])
            weights = by_class[codes] * (1.0 if weights is None else weights)
            if not (by_class >= 0).all() or not weights.any():
                raise ArgumentError(f"{where}: expected weights of at least 0, not all of them zero, in class_weight")
        if new:
            count = len(self.classes_)
            alone = count == 2 and not self._multilabel
            last = "sigmoid" if alone or self._multilabel else "softmax"
            outputs = self._begin(X, 1 if alone else count, last, {"n_classes": count})
            # A loss from logits takes those behind a softmax, which gives probabilities all the same.
            self._logits = getattr(self._loss(), "from_logits", False) and logits_of(outputs) is None
            self._probabilities(outputs.numpy())
        return self._in_form(codes), weights, None if self._multilabel else codes

    def _numbered(self, y: Any, new: bool, classes: Any) -> np.ndarray:
        """Labels as numbers of classes (N,), or several of them as 0 and 1 (N, L); sets `classes_`."""
        where = type(self).__name__
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multiclass-multioutput":
            raise ArgumentError(f"{where}: expected one class a sample, or 0 and 1 (N, L), received several classes")
        multilabel = kind == "multilabel-indicator"
        if not new and multilabel != self._multilabel:
            raise ArgumentError(f"{where}: y is of another kind than in the first call, {kind}")
        if multilabel:
            y = y.toarray() if sparse.issparse(y) else np.asarray(y)
            if new:
                self.classes_, self._multilabel, self._label_dtype = np.arange(y.shape[1]), True, y.dtype
            if y.shape[1] != len(self.classes_):
                raise ShapeError(f"{where}: y has {y.shape[1]} columns, and had {len(self.classes_)}")
            return y
        y = column_or_1d(y, warn=True)
        if new:
            self.classes_, self._multilabel = np.unique(y if classes is None else classes), False
            if len(self.classes_) < 2:
                only = self.classes_.tolist()[0]
                raise DataError(f"{where}: expected two classes or more, received one class, {only!r}")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise DataError(f"{where}: y holds {unknown.tolist()[0]!r}, which is none of the classes {self.classes_}")
        return np.searchsorted(self.classes_, y)

    def _loss_for(self, width: int) -> str:
        count = len(self.classes_)
        if self._multilabel and width == count or not self._multilabel and width == 1 and count == 2:
            return "binary_crossentropy"
        if width == count:
            return "sparse_categorical_crossentropy"
        expected = f"{count} outputs, one for each {'label' if self._multilabel else 'class'}"
        raise ShapeError(
            f"{type(self).__name__}: expected a model of {expected}, received one of {width}; a function that builds a "
            "model may ask for n_outputs"
        )

    def _in_form(self, codes: np.ndarray) -> np.ndarray:
        """Labels as the loss wants them."""
        if self._multilabel or self._width == 1:
            return codes.reshape(len(codes), -1).astype(config.floatx())
        loss = self._loss()
        by_name = isinstance(loss, LossFunctionWrapper) and loss.fn is sparse_categorical_crossentropy
        if by_name or isinstance(loss, SparseCategoricalCrossentropy):
            return codes
        return np.eye(self._width, dtype=config.floatx())[codes]
