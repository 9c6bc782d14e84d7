"""`TinyNetClassifier` and `TinyNetRegressor` against plain `fit`, within scikit-learn, and on wrong arguments."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

import tinynet
from tinynet import layers, seeds
from tinynet.errors import ArgumentError, DataError, DivergenceError, ShapeError
from tinynet.sklearn import TinyNetClassifier, TinyNetRegressor

DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS = (DIGITS / 16).astype("float32")
X, Y = DIGITS[:120], LABELS[:120]


def build(n_features: int, n_classes: int, units: int = 16, dropout: float = 0.5) -> tinynet.Model:
    return tinynet.Sequential([
        layers.Input((n_features,)), layers.Dense(units, activation="relu"), layers.Dropout(dropout),
        layers.Dense(n_classes, activation="softmax"),
    ])  # fmt: skip


def build_later(n_outputs: int) -> tinynet.Model:
    """Without an Input: the weights are made for the first batch."""
    return tinynet.Sequential([layers.Dense(8, activation="tanh"), layers.Dense(n_outputs)])


class Doubled(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


def weights_of(model: tinynet.Model) -> list[np.ndarray]:
    return model.get_weights()


def assert_same(one: tinynet.Model, other: tinynet.Model) -> None:
    for a, b in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_array_equal(a, b)


# Plain `fit` is the oracle.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_perceptron_is_the_one_that_fit_trains(dtype: str) -> None:
    classifier = TinyNetClassifier(hidden_layer_sizes=(20, 10), epochs=3, batch_size=50, random_state=5)
    classifier.fit(X.astype(dtype), Y)
    before = seeds.get_state()
    with tinynet.config.with_floatx(dtype):
        tinynet.utils.set_random_seed(5)
        model = tinynet.Sequential([
            layers.Input((64,)), layers.Dense(20, activation="relu"), layers.Dense(10, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ])  # fmt: skip
        model.compile("adam", "sparse_categorical_crossentropy")
        history = model.fit(X.astype(dtype), Y, epochs=3, batch_size=50, verbose=0)
        expected = model.predict(X.astype(dtype), verbose=0)
    seeds.set_state(before)
    assert_same(classifier.model_, model)
    assert classifier.history_ == history.history
    assert classifier.predict_proba(X).dtype == dtype
    np.testing.assert_allclose(classifier.predict_proba(X.astype(dtype)), expected, rtol=1e-6)


def test_a_models_function_trains_as_by_fit() -> None:
    regressor = TinyNetRegressor(build_later, optimizer="sgd", optimizer__momentum=0.5, loss="mae", epochs=2,
                                 batch_size=32, fit__shuffle=False, random_state=3)  # fmt: skip
    regressor.fit(X, Y / 10)
    before = seeds.get_state()
    tinynet.utils.set_random_seed(3)
    model = build_later(1)
    model.compile(tinynet.optimizers.SGD(momentum=0.5), "mae")
    model.fit(X, Y / 10, epochs=2, verbose=0, shuffle=False)
    seeds.set_state(before)
    assert_same(regressor.model_, model)


@pytest.mark.parametrize("shuffle", [True, False])
def test_sparse_data_train_as_dense_ones(shuffle: bool) -> None:
    given = {"epochs": 2, "batch_size": 32, "random_state": 0, "fit__shuffle": shuffle}
    of = np.linspace(0, 2, len(Y))
    dense = TinyNetClassifier(**given).fit(X, Y, of)
    for form in (sparse.csr_array, sparse.coo_matrix):
        found = TinyNetClassifier(**given).fit(form(X), Y, of)
        assert_same(found.model_, dense.model_)
        np.testing.assert_array_equal(found.predict_proba(form(X)), dense.predict_proba(X))
    stopped = {**given, "early_stopping": True, "validation_fraction": 0.3}
    one, other = TinyNetClassifier(**stopped).fit(X, Y), TinyNetClassifier(**stopped).fit(sparse.csc_array(X), Y)
    assert one.history_["val_loss"] == pytest.approx(other.history_["val_loss"], rel=1e-6)


def test_scikits_own_perceptron_scores_alike() -> None:
    train, test = slice(0, 1000), slice(1000, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MLPClassifier((32,), max_iter=40, random_state=0).fit(DIGITS[train], LABELS[train])
    ours = TinyNetClassifier(hidden_layer_sizes=32, epochs=40, random_state=0).fit(DIGITS[train], LABELS[train])
    assert ours.score(DIGITS[test], LABELS[test]) > theirs.score(DIGITS[test], LABELS[test]) - 0.02
    features, target = load_diabetes(return_X_y=True)
    features, target = scale(features), scale(target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MLPRegressor(hidden_layer_sizes=(32,), max_iter=60, random_state=0).fit(features, target)
    ours = TinyNetRegressor(hidden_layer_sizes=[32], epochs=60, random_state=0).fit(features, target)
    assert ours.score(features, target) == pytest.approx(theirs.score(features, target), abs=0.1)


# Random numbers.


def test_random_state() -> None:
    before = seeds.get_state()
    one, two = (TinyNetClassifier(build, epochs=1, random_state=7).fit(X, Y) for _ in range(2))
    assert_same(one.model_, two.model_)
    source = np.random.RandomState(7)
    three, four = (TinyNetClassifier(build, epochs=1, random_state=source).fit(X, Y) for _ in range(2))
    assert not np.array_equal(weights_of(three.model_)[0], weights_of(four.model_)[0])
    again = TinyNetClassifier(build, epochs=1, random_state=np.random.RandomState(7)).fit(X, Y)
    assert_same(again.model_, three.model_)
    one.partial_fit(X, Y)
    one.predict(X)
    pickle.loads(pickle.dumps(clone(one).set_params(model=one.model_)))
    np.testing.assert_equal(seeds.get_state(), before)


def test_without_random_state_numpys_global_generator_decides() -> None:
    before = seeds.get_state()
    found = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        found.append(weights_of(TinyNetClassifier(epochs=1).fit(X, Y).model_)[0])
    seeds.set_state(before)
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_threads_do_not_disturb_one_another() -> None:
    search = GridSearchCV(TinyNetClassifier(build, epochs=2, random_state=0), {"model__units": [4, 8, 12]}, cv=2)
    alone = search.fit(X, Y).cv_results_["mean_test_score"]
    with joblib.parallel_backend("threading", n_jobs=3):
        together = clone(search).set_params(n_jobs=3).fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(alone, together)


# Parameters, search, files.


def test_parameters_that_are_handed_on() -> None:
    classifier = TinyNetClassifier(build, model__units=4, optimizer__learning_rate=0.1, epochs=1)
    assert clone(classifier).get_params() == classifier.get_params()
    assert "model__units=4" in repr(classifier) and classifier._repr_html_()
    classifier.set_params(model__units=6, fit__shuffle=False, epochs=2, optimizer=tinynet.optimizers.SGD(0.5))
    copied = clone(classifier).fit(X, Y)
    assert copied.model_.layers[0].units == 6
    assert len(copied.loss_curve_) == 2
    assert type(copied.model_.optimizer) is tinynet.optimizers.SGD
    assert float(copied.model_.optimizer.learning_rate) == pytest.approx(0.1)
    assert copied.optimizer.variables == [] or not copied.optimizer.built  # the parameter is left as it was


def test_search_over_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), TinyNetClassifier(build, epochs=3, random_state=0))
    grid = {"tinynetclassifier__model__units": [2, 32], "tinynetclassifier__optimizer__learning_rate": [1e-4, 1e-2]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_params_ == {
        "tinynetclassifier__model__units": 32, "tinynetclassifier__optimizer__learning_rate": 1e-2
    }  # fmt: skip
    stream = io.BytesIO()
    joblib.dump(search, stream)
    stream.seek(0)
    np.testing.assert_array_equal(joblib.load(stream).predict_proba(X), search.predict_proba(X))
    assert cross_val_score(TinyNetRegressor(epochs=2), X, Y, cv=2).shape == (2,)


def test_search_over_optimizers_and_networks() -> None:
    grid = {"hidden_layer_sizes": [(8,), ()], "optimizer": ["sgd", tinynet.optimizers.Adam(0.01)], "batch_size": [16]}
    search = GridSearchCV(TinyNetClassifier(epochs=3, random_state=0), grid, cv=2, error_score="raise").fit(X, Y)
    assert isinstance(search.best_estimator_.model_.optimizer, tinynet.optimizers.Adam)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pickled_one_goes_on_as_the_first(dtype: str) -> None:
    given = X.astype(dtype)
    classifier = TinyNetClassifier(build if dtype == "float32" else None, epochs=2, random_state=0).fit(given, Y)
    copied = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(copied.predict_proba(given), classifier.predict_proba(given))
    for one in (classifier, copied):
        one.partial_fit(given[:50], Y[:50])
    # Of float64 a pickle does not know that the loss was computed in it.
    tolerance = 0 if dtype == "float32" else 1e-6
    np.testing.assert_allclose(copied.predict_proba(given), classifier.predict_proba(given), rtol=tolerance)
    assert len(classifier.loss_curve_) == 3


def test_own_classes_need_no_registration_in_a_pickle() -> None:
    def layered(n_classes: int) -> tinynet.Model:
        return tinynet.Sequential([Doubled(), layers.Dense(n_classes, activation="softmax")])

    classifier = TinyNetClassifier(layered, epochs=1).fit(X, Y)
    with pytest.raises((AttributeError, pickle.PicklingError), match="layered"):
        pickle.dumps(classifier)
    classifier.model = None
    copied = pickle.loads(pickle.dumps(classifier))
    assert type(copied.model_.layers[0]) is Doubled
    np.testing.assert_array_equal(copied.predict(X), classifier.predict(X))


# What classifiers and regressors learn from.


def test_labels_of_any_kind() -> None:
    names = np.array(["nol", "satu", "dua"])
    few = Y < 3
    classifier = TinyNetClassifier(epochs=30, random_state=0).fit(X[few], names[Y[few]])
    assert classifier.classes_.tolist() == ["dua", "nol", "satu"]
    assert classifier.score(X[few], names[Y[few]]) > 0.95
    frame = pd.DataFrame(X[few]).rename(columns=lambda i: f"pixel {i}")
    column = pd.Series(names[Y[few]], dtype="category", index=frame.index)
    of_frame = clone(classifier).fit(frame, column)
    assert of_frame.feature_names_in_[1] == "pixel 1"
    assert of_frame.n_features_in_ == 64
    assert_same(of_frame.model_, classifier.model_)
    with pytest.raises(ValueError, match="feature names"):
        of_frame.predict(frame[frame.columns[::-1]])


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_by_one_output_or_two(outputs: int) -> None:
    def two(logits: bool = False) -> tinynet.Model:
        last = None if logits else "sigmoid" if outputs == 1 else "softmax"
        return tinynet.Sequential([layers.Dense(outputs, activation=last)])

    few = Y < 2
    given = {"epochs": 20, "optimizer__learning_rate": 0.05, "random_state": 0}
    classifier = TinyNetClassifier(two, **given).fit(X[few], Y[few].astype(bool))
    probabilities = classifier.predict_proba(X[few])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert classifier.score(X[few], Y[few].astype(bool)) > 0.95
    losses = (tinynet.losses.BinaryCrossentropy, tinynet.losses.CategoricalCrossentropy)
    loss = losses[outputs - 1](from_logits=True)
    of_logits = TinyNetClassifier(two, model__logits=True, loss=loss, **given).fit(X[few], Y[few].astype(bool))
    np.testing.assert_allclose(of_logits.predict_proba(X[few]), probabilities, atol=1e-4)
    with pytest.warns(UserWarning, match="from_logits"):
        both = TinyNetClassifier(two, loss=loss, **given).fit(X[few], Y[few].astype(bool))
    np.testing.assert_allclose(both.predict_proba(X[few]), probabilities, atol=1e-4)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy", "crossentropy", "kld"])
def test_the_loss_decides_how_classes_are_written(loss: str) -> None:
    metrics = ["accuracy"] if loss.startswith("sparse") else ["accuracy", tinynet.metrics.F1Score(average="macro")]
    classifier = TinyNetClassifier(loss=loss, metrics=metrics, epochs=60, random_state=0).fit(X, Y)
    assert classifier.score(X, Y) > 0.95
    assert classifier.history_["accuracy"][-1] > 0.9
    assert clone(classifier).get_params()["metrics"][0] == "accuracy"


def test_several_labels_a_sample() -> None:
    features, labels = make_multilabel_classification(150, 8, n_classes=4, random_state=0)
    features = scale(features)
    classifier = TinyNetClassifier(epochs=150, optimizer__learning_rate=0.01, random_state=0).fit(features, labels)
    assert classifier.predict_proba(features).shape == (150, 4)
    assert (classifier.predict(features) == labels).mean() > 0.85
    assert_same(clone(classifier).fit(features, sparse.csr_array(labels)).model_, classifier.model_)
    with pytest.raises(ArgumentError, match="one label a sample"):
        TinyNetClassifier(class_weight="balanced").fit(features, labels)


def test_several_numbers_a_sample() -> None:
    targets = scale(X[:, 10:13] @ np.array([[1, 0, 1], [0, 1, -1], [1, 1, 0]], float))
    regressor = TinyNetRegressor(epochs=200, random_state=0).fit(X, targets)
    assert regressor.predict(X).shape == (120, 3)
    assert regressor.score(X, targets) > 0.9
    assert TinyNetRegressor(epochs=1).fit(X, targets[:, :1]).predict(X).shape == (120, 1)


def test_class_weight_is_a_weight_for_each_sample() -> None:
    counts = np.bincount(Y)
    given = {"epochs": 2, "random_state": 0}
    plain = TinyNetClassifier(**given)
    balanced = TinyNetClassifier(class_weight="balanced", **given).fit(X, Y)
    assert_same(balanced.model_, plain.fit(X, Y, (len(Y) / 10 / counts)[Y]).model_)
    chosen = {label: 1.0 + label for label in range(10)}
    both = TinyNetClassifier(class_weight=chosen, **given).fit(X, Y, np.linspace(0.1, 1, len(Y)))
    assert_same(both.model_, plain.fit(X, Y, (1.0 + Y) * np.linspace(0.1, 1, len(Y))).model_)
    names = np.array(list("abcdefghij"))[Y]
    named = TinyNetClassifier(class_weight=dict(zip("abcdefghij", chosen.values(), strict=True)), **given).fit(X, names)
    assert_same(named.model_, TinyNetClassifier(class_weight=chosen, **given).fit(X, Y).model_)


def test_the_scale_of_weights_is_no_learning_rate() -> None:
    weights = np.arange(len(Y)) % 4
    one, other = (TinyNetClassifier(epochs=2, random_state=0).fit(X, Y, weights * factor) for factor in (1, 1024))
    assert_same(one.model_, other.model_)


# Models of the user's own.


def test_images_words_and_sequences() -> None:
    def convolutional(input_shape: tuple[int, ...], n_classes: int) -> tinynet.Model:
        inputs = layers.Input(input_shape)
        x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu")(inputs))
        return tinynet.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))

    images = DIGITS[:300].reshape(-1, 8, 8, 1)
    classifier = TinyNetClassifier(
        convolutional, epochs=8, batch_size=32, optimizer__learning_rate=0.01, random_state=0
    )
    assert cross_val_score(classifier, images, LABELS[:300], cv=2).mean() > 0.7

    def recurrent(n_outputs: int) -> tinynet.Model:
        return tinynet.Sequential([layers.Embedding(50, 8, mask_zero=True), layers.GRU(8), layers.Dense(n_outputs)])

    words = np.random.default_rng(0).integers(0, 50, (60, 6), dtype=np.uint8)
    regressor = TinyNetRegressor(recurrent, epochs=60, optimizer__learning_rate=0.02, random_state=0)
    assert regressor.fit(words, (words < 25).mean(axis=1)).score(words, (words < 25).mean(axis=1)) > 0.8


def test_a_compiled_model_stays_as_it_was_compiled() -> None:
    model = build(64, 10)
    model.compile(tinynet.optimizers.SGD(0.25), "categorical_crossentropy", metrics=["accuracy"])
    kept = weights_of(model)
    classifier = TinyNetClassifier(model, epochs=1, random_state=0).fit(X, Y)
    assert classifier.model_ is not model and classifier.model_.optimizer is not model.optimizer
    assert classifier.history_.keys() == {"loss", "accuracy"}
    assert float(classifier.model_.optimizer.learning_rate) == 0.25
    changed = clone(classifier).set_params(optimizer__learning_rate=0.125, metrics="mse").fit(X, Y)
    assert float(changed.model_.optimizer.learning_rate) == 0.125
    assert changed.history_.keys() == {"loss", "mse"}
    for one, other in zip(kept, weights_of(model), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(weights_of(clone(classifier).fit(X, Y).model_)[0], kept[0])


def test_a_function_has_to_build_a_new_model_each_time() -> None:
    model = build(64, 10)
    with pytest.raises(ArgumentError, match="has been trained already"):
        cross_val_score(TinyNetClassifier(lambda: model, epochs=1), X, Y, cv=2, error_score="raise")


def test_early_stopping_and_callbacks() -> None:
    begun = []
    callbacks = [tinynet.callbacks.LambdaCallback(on_train_begin=lambda logs: begun.append(1))]
    classifier = TinyNetClassifier(epochs=100, early_stopping=True, patience=2, callbacks=callbacks, random_state=0,
                                   optimizer__learning_rate=0.05)  # fmt: skip
    classifier.fit(X, Y)
    losses = classifier.history_["val_loss"]
    assert len(losses) == np.argmin(losses) + 3 < 100
    assert begun == [1] and callbacks[0].model is None
    watched = TinyNetClassifier(epochs=3, fit__validation_split=0.25, fit__validation_freq=2).fit(X, Y)
    assert len(watched.history_["val_loss"]) == 1
    with pytest.raises(ValueError, match="test_size"):
        clone(classifier).set_params(validation_fraction=0.05).fit(X, Y)
    with pytest.raises(ArgumentError, match="partial_fit does not go with early_stopping"):
        classifier.partial_fit(X, Y)


def test_partial_fit() -> None:
    classifier = TinyNetClassifier(epochs=50, batch_size=30, random_state=0)
    for _ in range(40):
        for rows in (slice(0, 60), slice(60, 120)):
            classifier.partial_fit(X[rows], Y[rows], classes=range(10))
    assert classifier.score(X, Y) > 0.95
    assert len(classifier.loss_curve_) == 80
    assert classifier.model_.optimizer.iterations.numpy() == 160
    with pytest.raises(DataError, match="holds 10, which is none"):
        classifier.partial_fit(X, Y + 2)
    with pytest.raises(ArgumentError, match="not those of the first call"):
        classifier.partial_fit(X, Y, classes=[1, 2])
    regressor = TinyNetRegressor(random_state=0).partial_fit(X, Y)
    with pytest.raises(ShapeError, match="y has 2 columns, and had 1"):
        regressor.partial_fit(X, np.stack([Y, Y], 1))


# Wrong arguments.


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": 3}, "unknown parameter 'epoch'. Did you mean 'epochs'"),
        ({"epochs": 0}, "epochs to be a whole number >= 1, received 0"),
        ({"batch_size": "all"}, "batch_size to be a whole number >= 1, received 'all'"),
        ({"patience": -1}, "patience to be a whole number >= 0, received -1"),
        ({"early_stopping": "yes"}, "early_stopping to be True or False, received 'yes'"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction between 0 and 1, received 1.5"),
        ({"hidden_layer_sizes": (8, 0)}, "hidden_layer_sizes to be a whole number >= 1, received 0"),
        ({"activation": "rleu"}, "unknown activation 'rleu'. Did you mean 'relu'"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm'. Did you mean 'adam'"),
        ({"optimizer__rate": 1}, "Adam: unknown argument 'rate'"),
        ({"loss": "msee"}, "unknown loss 'msee'. Did you mean 'mse'"),
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy'. Did you mean 'accuracy'"),
        ({"callbacks": 3}, "expected tinynet callbacks, received 3"),
        ({"fit__shufle": True}, "fit__shufle is not known. Did you mean 'shuffle'"),
        ({"verbose": 7}, "expected verbose"),
        ({"random_state": -1}, "between 0 and 2"),
        ({"random_state": "x"}, "cannot be used to seed"),
        ({"model": 3}, "model to be a function that builds a model, a model or None, received 3"),
        ({"model__units": 3}, "model__units needs a function as model"),
        ({"model": build, "model__unit": 3}, "no 'unit'. Did you mean 'units'"),
        ({"model": build, "activation": "tanh"}, "activation is for the network that is made without a model"),
        ({"model": build(64, 10), "model__units": 3}, "model is one already built"),
        ({"model": lambda width: None}, "needs 'width': give model__width"),
        ({"model": lambda: "model"}, "return a model, it returned 'model'"),
        ({"model": build, "model__n_classes": 3}, "model of 10 outputs, one for each class, received one of 3"),
        ({"model": build_later}, "no probabilities"),
        ({"model": lambda: tinynet.Sequential([layers.Reshape((8, 8))])}, r"one output \(N, K\)"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"a": 2}}, "are not in class_weight"),
        ({"class_weight": dict.fromkeys(range(10), 0)}, "not all of them zero, in class_weight"),
        ({"class_weight": dict.fromkeys(range(10), -1)}, "weights of at least 0"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TinyNetClassifier(**{"epochs": 1, **given}).fit(X, Y)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((["satu dua", "tiga"], [0, 1]), "X holds text"),
        ((X, np.zeros(len(X))), "two classes or more, received one class"),
        ((X, np.stack([Y, Y], 1)), "received several classes"),
        ((X, Y, -np.ones(len(X))), "sample_weight of at least 0"),
        ((X, Y, np.ones((len(X), 1))), r"sample_weight of shape \(120,\)"),
        ((X, Y, np.zeros(len(X))), "every sample_weight is zero"),
        ((X.reshape(-1, 8, 8), Y), "dim 3"),
    ],
)
def test_wrong_data_are_named(data: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TinyNetClassifier(epochs=1).fit(*data)


def test_what_else_goes_wrong() -> None:
    with pytest.raises(NotFittedError):
        TinyNetClassifier().predict(X)
    with pytest.raises(ShapeError, match="the model has 2 outputs, and y 1 columns"):
        TinyNetRegressor(build_later, model__n_outputs=2).fit(X, Y)
    with pytest.raises(DivergenceError, match="training has diverged"), np.errstate(all="ignore"):
        TinyNetRegressor(optimizer="sgd", optimizer__learning_rate=1e12, epochs=30).fit(X, Y)
    with pytest.raises(ArgumentError, match="class_weight='balanced'"):
        TinyNetClassifier(class_weight="balanced").partial_fit(X, Y)


def test_only_who_asks_for_it_needs_scikit_learn() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import tinynet\n"
        "try: tinynet.sklearn\n"
        "except tinynet.errors.MissingDependencyError as error: print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.endswith("pip install 'tinynet[sklearn]'\n") and printed.count("\n") == 1
