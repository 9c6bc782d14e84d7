"""Every metric of the catalogue against Keras's: options, weights, masks, several batches, configurations."""

from __future__ import annotations

import inspect
import json
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_batches import BATCHES, NEEDED, OWN, SHAPES, mask_for, seeds, streamed, weights_for

from tinynet import metrics
from tinynet.naming import reset_names

# What a metric is drawn for: arguments, and labels and predictions of a shape.
NORMAL = {name: {} for name in (
    "MeanSquaredError", "MeanAbsoluteError", "LogCoshError", "RootMeanSquaredError",
)}  # fmt: skip
POSITIVE = {name: {} for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson")}
ALONG = {name: {"axis": [-1, 0]} for name in ("CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation")}
SIGNS = {"Hinge": {}, "SquaredHinge": {}}
BINARY = {
    "Accuracy": {},
    "BinaryAccuracy": {"threshold": [0.25, 0.5]},
    "BinaryCrossentropy": {"from_logits": [False, True], "label_smoothing": [0, 0.2]},
}
ONE_HOT = {
    "CategoricalAccuracy": {},
    "TopKCategoricalAccuracy": {"k": [1, 2, 5]},
    "CategoricalHinge": {},
    "KLDivergence": {},
    "CategoricalCrossentropy": {"from_logits": [False, True], "label_smoothing": [0, 0.2]},
}
SPARSE = {
    "SparseCategoricalAccuracy": {},
    "SparseTopKCategoricalAccuracy": {"k": [1, 2, 5]},
    "SparseCategoricalCrossentropy": {"from_logits": [False, True], "ignore_class": [None, 0]},
}
THRESHOLDS = [None, 0.3, [0.2, 0.7], [0.7, 0.2, 0.7], [0.0, 0.5, 1.0], [0.0, 0.25, 0.5, 0.75, 1.0]]
COUNTED = {name: {"thresholds": THRESHOLDS} for name in (
    "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives",
)}  # fmt: skip
COUNTED |= {name: {"thresholds": THRESHOLDS, "top_k": [None, 1, 2], "class_id": [None, 1]} for name in (
    "Precision", "Recall",
)}  # fmt: skip
POINTS = {
    name: {least: [0.0, 0.3, 0.5, 0.8, 1.0], "num_thresholds": [1, 2, 7, 200], "class_id": [None, 0]}
    for name, least in (
        ("PrecisionAtRecall", "recall"), ("RecallAtPrecision", "precision"),
        ("SensitivityAtSpecificity", "specificity"), ("SpecificityAtSensitivity", "sensitivity"),
    )
}  # fmt: skip
AREA = {"AUC": {
    "num_thresholds": [2, 3, 11, 200], "curve": ["ROC", "PR", "PRGAIN", "roc", "pr"],
    "summation_method": ["interpolation", "minoring", "majoring"], "multi_label": [False, True],
    "thresholds": [None, None, [0.4], [0.6, 0.1, 0.35], [0.25, 0.5, 0.75]], "from_logits": [False, True],
}}  # fmt: skip
SCORES = {
    "F1Score": {"average": [None, "micro", "macro", "weighted"], "threshold": [None, 0.3]},
    "FBetaScore": {"average": [None, "micro", "macro", "weighted"], "threshold": [None, 0.3], "beta": [0.5, 2.0]},
    "R2Score": {
        "class_aggregation": [None, "uniform_average", "variance_weighted_average"], "num_regressors": [0, 1, 30],
    },
}  # fmt: skip
OVERLAPS = {
    "BinaryIoU": {"target_class_ids": [[0], [1], [0, 1]], "threshold": [0.25, 0.5]},
    "IoU": {"target_class_ids": [[0], [2, 1]], "ignore_class": [None, 1, 255], "sparse_y_pred": [True, False]},
    "MeanIoU": {"ignore_class": [None, 0], "sparse_y_true": [True, False]},
    "OneHotIoU": {"target_class_ids": [[0], [2, 1]], "sparse_y_pred": [True, False]},
    "OneHotMeanIoU": {"ignore_class": [None, 1], "sparse_y_pred": [True, False]},
}
OPTIONS = (
    NORMAL | POSITIVE | ALONG | SIGNS | BINARY | ONE_HOT | SPARSE | COUNTED | POINTS | AREA | SCORES | OVERLAPS
)


def drawn(rng, options):
    """An argument for each option; those that are None are left to their defaults."""
    chosen = {key: values[rng.integers(len(values))] for key, values in options.items()}
    return {key: value for key, value in chosen.items() if value is not None}


def normal(rng, shape):
    return rng.normal(size=shape).astype("float32")


def coarse(rng, shape):
    """Probabilities with ties, some of them thresholds."""
    return (rng.integers(0, 21, shape) / 20).astype("float32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])]


def values_for(name, rng, shape):
    """Labels and predictions for a metric of one value a sample."""
    if name in POSITIVE:
        return np.abs(normal(rng, shape)) + 0.1, np.abs(normal(rng, shape)) + 0.1
    if name in SIGNS:
        return rng.integers(0, 2, shape) * 2.0 - rng.integers(2), normal(rng, shape)
    if name in BINARY:
        return rng.integers(0, 2, shape), coarse(rng, shape)
    if name in ONE_HOT:
        return one_hot(rng, shape), coarse(rng, shape) + np.float32(0.01)
    if name in SPARSE:
        labels = rng.integers(0, shape[-1], shape[:-1])
        return labels[..., None] if rng.integers(2) else labels, coarse(rng, shape) + np.float32(0.01)
    return normal(rng, shape), normal(rng, shape)


MEANS = NORMAL | POSITIVE | ALONG | SIGNS | BINARY | ONE_HOT | SPARSE


def pair(name, arguments):
    arguments = {**NEEDED.get(name, {}), **arguments, "name": "m"}
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)


@settings(max_examples=6)
@given(seed=seeds)
@pytest.mark.parametrize("name", MEANS)
def test_means_of_functions(name, seed):
    rng = np.random.default_rng(seed)
    arguments = drawn(rng, MEANS[name])
    shape = SHAPES[rng.integers(len(SHAPES))]
    if name in ALONG:  # more than two values have a correlation that is no sign
        shape = (5, 4)
    weighting = str(rng.choice(["none", "value", "sample", "column"]))
    weighting = "none" if arguments.get("axis") == 0 else weighting
    if "ignore_class" in arguments and weighting == "sample":
        weighting = "column"  # what is ignored is a mask, which weights of one axis do not fit
    masked = bool(rng.integers(2)) and name != "RootMeanSquaredError"
    batches = []
    for _ in range(BATCHES):
        y_true, y_pred = values_for(name, rng, shape)
        weights = weights_for(rng, weighting, shape[:-1])
        batches.append((y_true, y_pred, weights, mask_for(rng, masked, weighting, shape[:-1])))
    streamed(*pair(name, arguments), batches, 1e-5)


@settings(max_examples=7)
@given(seed=seeds)
@pytest.mark.parametrize("name", COUNTED | POINTS | AREA)
def test_counts_at_thresholds(name, seed):
    rng = np.random.default_rng(seed)
    arguments = drawn(rng, OPTIONS[name])
    shape = [(30, 3), (4, 3, 3), (40,)][rng.integers(3)]
    if arguments.get("multi_label") or (arguments.keys() & {"class_id", "top_k"} and len(shape) == 1):
        shape = (30, 3)
    if name == "AUC" and rng.integers(2) and len(shape) == 2:
        arguments["label_weights"] = [0.5, 2.0, 1.0]
    batches = []
    for _ in range(BATCHES):
        y_true, y_pred = rng.integers(0, 2, shape) * rng.choice([1, 3]), coarse(rng, shape)
        if rng.integers(2):
            y_pred = rng.random(shape).astype("float32")
        if arguments.get("from_logits"):
            y_pred = normal(rng, shape) * 3
        # Weights one a value, but where Keras has none of them for a class alone, or one a sample.
        weighting = rng.choice([0, 1] if "class_id" in arguments else [0, 1, 2])
        weights = [None, weights_for(rng, "value", shape[:-1] or shape), weights_for(rng, "value", shape)][weighting]
        batches.append((y_true, y_pred, weights, None))
    ours, theirs = pair(name, arguments)
    # Differences of float32 quotients: the area of a part of a curve comes from two nearly equal rates.
    streamed(ours, theirs, batches, 1e-5 if name == "AUC" else 2e-6)


@settings(max_examples=7)
@given(seed=seeds)
@pytest.mark.parametrize("name", SCORES)
def test_scores(name, seed):
    rng = np.random.default_rng(seed)
    arguments = drawn(rng, OPTIONS[name])
    if arguments.get("threshold") is None and name != "R2Score":
        arguments.pop("threshold", None)
    batches = []
    for _ in range(BATCHES):
        y_true = normal(rng, (7, 3)) if name == "R2Score" else rng.integers(0, 2, (7, 3))
        y_pred = normal(rng, (7, 3)) if name == "R2Score" else coarse(rng, (7, 3))
        batches.append((y_true, y_pred, rng.random(7).astype("float32") if rng.integers(2) else None, None))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of adjusted scores of too few values
        # R2 is a difference from 1 of quotients that Keras has in float32.
        streamed(*pair(name, arguments), batches, 1e-4 if name == "R2Score" else 2e-6)


@settings(max_examples=7)
@given(seed=seeds)
@pytest.mark.parametrize("name", OVERLAPS)
def test_overlaps(name, seed):
    rng = np.random.default_rng(seed)
    arguments = drawn(rng, OPTIONS[name])
    shape, classes = [(6,), (2, 4), (2, 3, 2)][rng.integers(3)], 2 if name == "BinaryIoU" else 3
    fractions = bool(rng.integers(2))
    if fractions:
        arguments["dtype"] = "float32"
    one_hot_labels = name.startswith("OneHot") or not arguments.get("sparse_y_true", True)
    scores = not arguments.get("sparse_y_pred", not name.startswith("OneHot"))
    batches = []
    for _ in range(BATCHES):
        # One past the classes, and one before them: those do not count.
        y_true = one_hot(rng, (*shape, 3)) if one_hot_labels else rng.integers(-1, classes + 1, shape)
        y_pred = rng.integers(0, classes + 1, shape)
        if name == "BinaryIoU":
            y_pred = coarse(rng, shape)
        elif scores:
            y_pred = coarse(rng, (*shape, 3))
        weights = rng.integers(0, 4, shape)
        batches.append((y_true, y_pred, [None, weights / 2 if fractions else weights][rng.integers(2)], None))
    streamed(*pair(name, arguments), batches)


def test_every_metric_is_compared():
    elsewhere = {"Mean", "Sum", "MeanMetricWrapper", *OWN}
    assert set(OPTIONS) == set(metrics.CATALOGUE.by_class_name) - elsewhere
    public = {name for name, value in vars(keras.metrics).items() if callable(value)}
    assert public - {name for name in dir(metrics)} == set()


def plain(described):
    """A configuration of Keras's as data: it keeps tensors in some."""
    return {key: np.asarray(value).tolist() if hasattr(value, "numpy") else value for key, value in described.items()}


@pytest.mark.parametrize("name", [name for name in metrics.CATALOGUE.by_class_name if name not in OWN])
def test_configurations_are_exchanged_with_keras(name):
    reset_names()
    keras.backend.clear_session()
    theirs, ours = getattr(keras.metrics, name), getattr(metrics, name)
    assert [(p.name, p.default) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.default) for p in inspect.signature(theirs).parameters.values()
    ]
    if name == "MeanMetricWrapper":
        return
    needed = NEEDED.get(name, {})
    assert ours(**needed).get_config() == theirs(**needed).get_config()
    assert ours(**needed).direction == getattr(theirs(**needed), "_direction", None)
    rng = np.random.default_rng(5)
    for i in range(5):
        arguments = {**needed, **drawn(rng, OPTIONS.get(name, {})), "name": f"mine_{i}"}
        if name == "AUC":
            arguments["label_weights"] = [1.0, 2.0]
        described = plain(theirs(**arguments).get_config())
        forgotten = {"axis": arguments["axis"]} if name == "CosineSimilarity" and arguments["axis"] != -1 else {}
        assert json.loads(json.dumps(ours.from_config(described).get_config())) == described
        assert json.loads(json.dumps(ours(**arguments).get_config())) == {**described, **forgotten}
        assert plain(theirs.from_config(ours(**arguments).get_config()).get_config()) == described
    described.pop("label_weights", None)  # Keras wraps them up in yet another way
    serialized = metrics.serialize(ours.from_config(described))
    assert serialized == keras.metrics.serialize(theirs.from_config(described))
    assert type(metrics.deserialize(serialized)) is ours


@given(seed=seeds, k=st.integers(1, 4))
@settings(max_examples=7)
def test_functions_are_those_of_keras(seed, k):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.integers(0, 4, (6, 5)), rng.integers(0, 3, (6, 5, 4)).astype("float32")
    y_pred[rng.random(y_pred.shape) < 0.03] = np.inf
    one = np.eye(4)[y_true]
    ids = rng.permuted(np.tile(np.arange(4), (6, 1)), axis=1)
    for name, arguments in (
        ("top_k_categorical_accuracy", (one, y_pred, k)),
        ("sparse_top_k_categorical_accuracy", (y_true, y_pred, k)),
        ("sparse_top_k_categorical_accuracy", (y_true[..., None], y_pred, k)),
        ("sparse_top_k_categorical_accuracy", (y_true[:, 0] * 2, y_pred[:, 0], k)),  # some are no class
        ("sparse_top_k_categorical_accuracy", (y_true[:, 0], ids, k, True)),
    ):
        theirs = np.asarray(getattr(keras.metrics, name)(*arguments))
        np.testing.assert_array_equal(getattr(metrics, name)(*arguments), theirs.reshape(arguments[1].shape[:-1]))
    y_true, y_pred = normal(rng, (6, 5)), normal(rng, (6, 5))
    for name in ("pearson_correlation", "concordance_correlation"):
        for axis in (0, 1, -1):
            ours = getattr(metrics, name)(y_true, y_pred, axis)
            theirs = getattr(keras.metrics, name)(y_true, y_pred, axis)
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
            assert ours.dtype == np.float32
