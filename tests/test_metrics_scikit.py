"""Metrics over several batches against scikit-learn's over all samples."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from metric_batches import equal, seeds
from sklearn import metrics as sklearn_metrics

from tinynet import metrics

SIZES = (5, 1, 30)


def over_batches(metric, y_true, y_pred, weights=None):
    """The result after batches of several sizes."""
    ends = np.cumsum(SIZES)[:-1]
    parts = [np.split(y, ends) for y in (y_true, y_pred)]
    split_weights = [None] * len(SIZES) if weights is None else np.split(weights, ends)
    for labels, predictions, own in zip(*parts, split_weights, strict=True):
        metric.update_state(labels, predictions, own)
    return metric.result()


def binary(rng, distinct=20):
    """Labels of both kinds and probabilities of few values, all between the thresholds i/distinct."""
    labels = rng.integers(0, 2, sum(SIZES))
    labels[:2] = 0, 1
    return labels, (rng.integers(0, distinct, sum(SIZES)) + 0.5) / distinct


def weights_of(rng, weighted):
    return rng.integers(1, 5, sum(SIZES)) / 2 if weighted else None


@given(seeds, st.booleans())
def test_area_under_the_roc_curve(seed, weighted):
    rng = np.random.default_rng(seed)
    labels, scores = binary(rng)
    weights = weights_of(rng, weighted)
    exact = sklearn_metrics.roc_auc_score(labels, scores, sample_weight=weights)
    # Thresholds between all values: the same curve.
    equal(over_batches(metrics.AUC(num_thresholds=21), labels, scores, weights), exact, 1e-12)
    # Else what lies between two thresholds is a straight line, off by at most half its rectangle.
    scores = rng.random(len(labels))
    exact = sklearn_metrics.roc_auc_score(labels, scores, sample_weight=weights)
    place = np.ceil(scores.astype("float32") * np.float32(10)).astype(int)
    own = np.ones(len(labels)) if weights is None else weights
    shares = [np.bincount(place[labels == k], own[labels == k], 12) / own[labels == k].sum() for k in (0, 1)]
    found = over_batches(metrics.AUC(num_thresholds=11), labels, scores, weights)
    assert abs(found - exact) <= (shares[0] * shares[1]).sum() / 2 + 1e-12


@given(seeds)
def test_areas_of_several_labels(seed):
    rng = np.random.default_rng(seed)
    drawn = [binary(rng) for _ in range(3)]
    labels, scores = (np.stack(parts, axis=1) for parts in zip(*drawn, strict=True))
    found = over_batches(metrics.AUC(num_thresholds=21, multi_label=True), labels, scores)
    equal(found, sklearn_metrics.roc_auc_score(labels, scores, average="macro"), 1e-12)
    found = over_batches(metrics.AUC(num_thresholds=21), labels, scores)
    equal(found, sklearn_metrics.roc_auc_score(labels, scores, average="micro"), 1e-12)


@given(seeds, st.booleans())
def test_area_under_precision_and_recall(seed, weighted):
    rng = np.random.default_rng(seed)
    labels, scores = binary(rng)
    weights = weights_of(rng, weighted)
    average = sklearn_metrics.average_precision_score(labels, scores, sample_weight=weights)
    low, high = (
        over_batches(metrics.AUC(21, "PR", method), labels, scores, weights) for method in ("minoring", "majoring")
    )
    assert low - 1e-12 <= average <= high + 1e-12


@given(seeds, st.booleans())
def test_rates_at_the_best_threshold(seed, weighted):
    rng = np.random.default_rng(seed)
    labels, scores = binary(rng)
    weights = weights_of(rng, weighted)
    least = float(rng.integers(1, 10) / 10)
    fpr, tpr, _ = sklearn_metrics.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    equal(
        over_batches(metrics.SensitivityAtSpecificity(least, 21), labels, scores, weights),
        tpr[1 - fpr >= least - 1e-9].max(),
    )
    equal(
        over_batches(metrics.SpecificityAtSensitivity(least, 21), labels, scores, weights),
        1 - fpr[tpr >= least - 1e-9].min(),
    )
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores, sample_weight=weights)
    precision, recall = precision[:-1], recall[:-1]  # the last point is of no threshold
    equal(
        over_batches(metrics.PrecisionAtRecall(least, 21), labels, scores, weights),
        precision[recall >= least - 1e-9].max(),
    )
    equal(
        over_batches(metrics.RecallAtPrecision(least, 21), labels, scores, weights),
        recall[precision >= least - 1e-9].max(initial=0),
    )


@given(seeds, st.booleans())
def test_counts_are_those_of_the_confusion_matrix(seed, weighted):
    rng = np.random.default_rng(seed)
    labels, scores = binary(rng)
    weights = weights_of(rng, weighted)
    counts = sklearn_metrics.confusion_matrix(labels, scores > 0.5, sample_weight=weights).ravel()
    for name, count in zip(("TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives"), counts, strict=True):
        equal(over_batches(getattr(metrics, name)(), labels, scores, weights), count)


@given(seeds, st.sampled_from([None, "true", "pred", "all"]), st.booleans(), st.integers(2, 5))
def test_confusion_matrix(seed, normalize, weighted, classes):
    rng = np.random.default_rng(seed)
    labels, scores = rng.integers(0, classes, sum(SIZES)), rng.random((sum(SIZES), classes))
    weights = weights_of(rng, weighted)
    expected = sklearn_metrics.confusion_matrix(
        labels, scores.argmax(-1), labels=range(classes), normalize=normalize, sample_weight=weights
    )
    found = over_batches(metrics.ConfusionMatrix(classes, normalize), labels, scores, weights)
    equal(found, expected, 1e-12)
    column = None if weights is None else weights[:, None]
    for y_true, y_pred in ((labels[:, None], scores), (np.eye(classes)[labels], scores.argmax(-1))):
        equal(metrics.confusion_matrix(y_true, y_pred, classes, weights, normalize), expected, 1e-12)
        equal(over_batches(metrics.ConfusionMatrix(classes, normalize), y_true, y_pred, column), expected, 1e-12)
    if classes == 2:  # one probability, as a column or not
        likely = scores[:, 1] / scores.sum(-1)
        for y_pred in (likely, likely[:, None]):
            equal(metrics.confusion_matrix(labels, y_pred, 2, weights, normalize), expected, 1e-12)


@given(seeds, st.booleans(), st.integers(2, 4))
def test_intersection_over_union(seed, weighted, classes):
    rng = np.random.default_rng(seed)
    labels, found = rng.integers(0, classes, (2, sum(SIZES)))
    weights = weights_of(rng, weighted)
    each = sklearn_metrics.jaccard_score(
        labels, found, average=None, labels=range(classes), sample_weight=weights, zero_division=0
    )
    occurs = np.isin(range(classes), [labels, found])
    mean = metrics.MeanIoU(classes, dtype="float32")
    equal(over_batches(mean, labels, found, weights), each[occurs].mean())
    if occurs[1]:
        equal(over_batches(metrics.IoU(classes, [1], dtype="float32"), labels, found, weights), each[1])


REGRESSION = {
    "MeanSquaredError": sklearn_metrics.mean_squared_error,
    "MeanAbsoluteError": sklearn_metrics.mean_absolute_error,
    "MeanSquaredLogarithmicError": sklearn_metrics.mean_squared_log_error,
    "MeanAbsolutePercentageError": lambda *a, **k: 100 * sklearn_metrics.mean_absolute_percentage_error(*a, **k),
    "RootMeanSquaredError": lambda *a, **k: np.sqrt(sklearn_metrics.mean_squared_error(*a, **k)),
}


@given(seeds, st.booleans(), st.integers(1, 3))
def test_errors_of_numbers(seed, weighted, outputs):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.random((2, sum(SIZES), outputs)) + 0.1
    weights = weights_of(rng, weighted)
    for name, expected in REGRESSION.items():
        found = over_batches(getattr(metrics, name)(dtype="float64"), y_true, y_pred, weights)
        equal(found, expected(y_true, y_pred, sample_weight=weights), 1e-6)


@given(seeds, st.booleans(), st.integers(1, 3))
def test_r2(seed, weighted, outputs):
    rng = np.random.default_rng(seed)
    y_true = rng.normal(size=(sum(SIZES), outputs)) + 1e4  # far from 0: sums of squares cancel
    y_pred = y_true + rng.normal(size=y_true.shape)
    weights = weights_of(rng, weighted)
    for ours, theirs in (
        (None, "raw_values"), ("uniform_average", "uniform_average"), ("variance_weighted_average", "variance_weighted")
    ):  # fmt: skip
        expected = sklearn_metrics.r2_score(y_true, y_pred, multioutput=theirs, sample_weight=weights)
        found = over_batches(metrics.R2Score(ours, dtype="float64"), y_true, y_pred, weights)
        equal(found, expected, 1e-5)


@given(seeds, st.booleans(), st.integers(1, 4))
def test_top_k(seed, weighted, k):
    rng = np.random.default_rng(seed)
    labels, scores = rng.integers(0, 5, sum(SIZES)), rng.random((sum(SIZES), 5))
    weights = weights_of(rng, weighted)
    expected = sklearn_metrics.top_k_accuracy_score(labels, scores, k=k, labels=range(5), sample_weight=weights)
    equal(over_batches(metrics.SparseTopKCategoricalAccuracy(k), labels, scores, weights), expected)
    equal(over_batches(metrics.TopKCategoricalAccuracy(k), np.eye(5)[labels], scores, weights), expected)


@given(seeds, st.booleans())
def test_losses_of_labels(seed, weighted):
    rng = np.random.default_rng(seed)
    labels, scores = binary(rng)
    weights = weights_of(rng, weighted)
    expected = sklearn_metrics.log_loss(labels, scores, sample_weight=weights)
    equal(over_batches(metrics.BinaryCrossentropy(), labels[:, None], scores[:, None], weights), expected, 1e-5)
    margins = rng.normal(size=len(labels)) * 2
    expected = sklearn_metrics.hinge_loss(labels, margins, sample_weight=weights)
    # Labels −1 and 1: a batch of ones alone could be of both kinds.
    equal(over_batches(metrics.Hinge(), labels[:, None] * 2 - 1, margins[:, None], weights), expected, 1e-5)
