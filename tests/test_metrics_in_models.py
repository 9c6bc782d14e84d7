"""Metrics in `compile`: by every name Keras knows, in files of both libraries, and watched by callbacks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from metric_batches import NEEDED, OWN
from twins import same_histories, twins

import tinynet
from tinynet import metrics
from tinynet.errors import ArgumentError

SPARSE = ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy")
# Without labels and predictions: they are given values by hand.
UNCOMPILED = ("Mean", "Sum", "MeanMetricWrapper", *OWN)
OPTIONS = {
    "AUC": {"num_thresholds": 31, "curve": "PR", "thresholds": [0.1, 0.5, 0.6]},
    "BinaryAccuracy": {"threshold": 0.4},
    "BinaryCrossentropy": {"label_smoothing": 0.1},
    "CategoricalCrossentropy": {"label_smoothing": 0.1},
    "F1Score": {"average": "macro"},
    "FBetaScore": {"average": "weighted", "beta": 2.0, "threshold": 0.3},
    "FalsePositives": {"thresholds": [0.2, 0.4]},
    "IoU": {"sparse_y_true": False, "sparse_y_pred": False},
    "MeanIoU": {"sparse_y_true": False, "sparse_y_pred": False, "ignore_class": 2},
    "Precision": {"top_k": 2, "class_id": 1},
    "R2Score": {"class_aggregation": None},
    "Recall": {"thresholds": [0.3, 0.6]},
    "SparseCategoricalCrossentropy": {"ignore_class": 1},
    "SparseTopKCategoricalAccuracy": {"k": 2},
    "TopKCategoricalAccuracy": {"k": 2},
}
RNG = np.random.default_rng(3)
X, CLASSES, WEIGHTS = RNG.normal(size=(20, 4)).astype("float32"), RNG.integers(0, 3, 20), RNG.random(20)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


def layers_of(library):
    return [library.layers.Input((4,)), library.layers.Dense(3, activation="softmax")]


def made(name, library):
    return getattr(library.metrics, name)(**NEEDED.get(name, {}), **OPTIONS.get(name, {}), name=f"own_{name}")


def with_metrics(sparse):
    """A model in both libraries, compiled with objects of all metrics for labels of a kind."""
    names = [name for name in metrics.CATALOGUE.by_class_name if name not in UNCOMPILED]
    listed = [lambda library, name=name: made(name, library) for name in names if (name in SPARSE) == sparse]
    loss = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    return twins(layers_of, optimizer="sgd", loss=loss, metrics=listed), CLASSES if sparse else ONE_HOT


def evaluated(model, y, **settings):
    found = model.evaluate(X, y, batch_size=8, verbose=0, return_dict=True, **settings)
    return {key: np.asarray(value) for key, value in found.items()}


@pytest.mark.parametrize("sparse", [False, True])
def test_files_keep_metrics(tmp_path, sparse):
    (ours, theirs), y = with_metrics(sparse)
    expected = evaluated(theirs, y)
    same_histories(evaluated(ours, y), expected)
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    loaded = tinynet.models.load_model(tmp_path / "theirs.keras")
    same_histories(evaluated(loaded, y), expected)
    again = keras.models.load_model(tmp_path / "ours.keras")
    again.run_eagerly = True
    same_histories(expected, evaluated(again, y))


def names_for(sparse):
    for name in metrics.CATALOGUE.names():
        kind = metrics.CATALOGUE.by_name[name].__name__
        if kind not in (*UNCOMPILED, *NEEDED, "BinaryIoU") and (kind in SPARSE) == sparse:
            yield name
    yield from ("accuracy", "acc", "Accuracy")


@pytest.mark.parametrize("sparse", [False, True])
def test_every_name_is_known_to_compile(sparse):
    loss = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    listed = list(dict.fromkeys(names_for(sparse)))
    ours, theirs = twins(layers_of, optimizer="sgd", loss=loss, metrics=listed, weighted_metrics=listed[:3])
    y = CLASSES if sparse else ONE_HOT
    same_histories(evaluated(ours, y, sample_weight=WEIGHTS), evaluated(theirs, y, sample_weight=WEIGHTS))
    for name in listed:
        named = next(m for m in theirs._compile_metrics.metrics if m.name == name)
        assert ours.metric_direction(name) == getattr(named, "_direction", None)


@pytest.mark.parametrize("name", ["IoU", "precision_at_recall", "kld", "ce"])
def test_names_that_say_too_little_are_refused(name):
    (model, _) = twins(layers_of)
    with pytest.raises(ArgumentError, match="has no default for|unknown metric"):
        model.compile("sgd", "mse", metrics=[name])


@pytest.mark.parametrize(("monitor", "best"), [("auc", max), ("mean_io_u", max), ("poisson", min), ("huber", min)])
def test_callbacks_know_which_way_is_better(monitor, best):
    model = twins(layers_of)[0]  # which also starts the names anew
    listed = [metrics.AUC(), metrics.MeanIoU(3, sparse_y_true=False, sparse_y_pred=False), "poisson", metrics.huber]
    model.compile("adam", "mse", metrics=listed)
    seen = []

    class Watch(tinynet.callbacks.EarlyStopping):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            seen.append(logs[self.monitor])

    watch = Watch(monitor, patience=9)
    model.fit(X, ONE_HOT, epochs=5, verbose=0, callbacks=[watch])
    assert watch.best == best(seen)


def test_a_confusion_matrix_is_logged():
    model = twins(layers_of)[0]
    matrix = metrics.ConfusionMatrix(3)
    model.compile("sgd", "categorical_crossentropy", metrics=[matrix], weighted_metrics=[metrics.ConfusionMatrix(3)])
    history = model.fit(X, ONE_HOT, epochs=2, verbose=0, sample_weight=WEIGHTS).history
    assert [found.shape for found in history["confusion_matrix"]] == [(3, 3)] * 2
    assert history["confusion_matrix"][-1].sum() == len(X)
    np.testing.assert_allclose(history["weighted_confusion_matrix"][-1].sum(), WEIGHTS.sum())
    found = evaluated(model, ONE_HOT)["confusion_matrix"]
    expected = metrics.confusion_matrix(CLASSES, model.predict(X, verbose=0))
    np.testing.assert_array_equal(found, expected)


def test_a_confusion_matrix_is_kept_in_a_file(tmp_path):
    model = twins(layers_of)[0]
    model.compile("sgd", "categorical_crossentropy", metrics=[metrics.ConfusionMatrix(3, "true")])
    model.save(tmp_path / "model.keras")
    loaded = tinynet.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        evaluated(loaded, ONE_HOT)["confusion_matrix"], evaluated(model, ONE_HOT)["confusion_matrix"]
    )


def test_functions_and_wrapped_ones_are_kept_in_files(tmp_path):
    wrapped = [
        lambda library: library.metrics.MeanMetricWrapper(
            library.losses.binary_crossentropy, name="smooth", label_smoothing=0.2
        ),
        lambda library: library.metrics.MeanMetricWrapper(library.losses.MeanSquaredError(), name="loss_object"),
        lambda library: library.metrics.MeanMetricWrapper(library.metrics.categorical_accuracy, name="right"),
    ]
    ours, theirs = twins(layers_of, optimizer="sgd", loss="mse", metrics=wrapped)
    expected = evaluated(theirs, ONE_HOT)
    same_histories(evaluated(ours, ONE_HOT), expected)
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    same_histories(evaluated(tinynet.models.load_model(tmp_path / "theirs.keras"), ONE_HOT), expected)
    same_histories(expected, evaluated(keras.models.load_model(tmp_path / "ours.keras"), ONE_HOT))


