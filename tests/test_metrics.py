"""What metrics have in common, and the older of them against scikit-learn; and what they refuse."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras.src.trainers.compile_utils import get_loss, get_metric
from metric_batches import BATCHES, NEEDED, OWN, equal, seeds, streamed, weightings, weights_for
from sklearn import metrics as sklearn_metrics

from tinynet import losses, metrics, ops
from tinynet.autograd import Tensor
from tinynet.autograd.tags import set_mask
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError

@given(seeds, st.sampled_from([(5,), (4, 3), (2, 3, 4), ()]), weightings)
@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_means_and_sums(name, seed, shape, weighting):
    rng = np.random.default_rng(seed)
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for _ in range(BATCHES):
        values = rng.normal(size=shape).astype("float32")
        weights = np.float32(rng.random()) if weighting != "none" and not shape else None
        if shape:
            weights = weights_for(rng, weighting, shape)
        ours.update_state(values, weights)
        theirs.update_state(values, weights)
        equal(ours.result(), theirs.result())


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "BinaryCrossentropy"])
def test_crossentropies_see_the_logits(name):
    activation = "softmax" if name.startswith("C") else "sigmoid"
    scores, y_true = np.array([[-100.0, 100.0]], "float32"), np.array([[1.0, 0.0]], "float32")
    ours = getattr(metrics, name)()(y_true, getattr(ops, activation)(Tensor(scores)))
    theirs = getattr(keras.metrics, name)()(
        y_true, getattr(keras.activations, activation)(tf.constant(scores))
    )
    assert ours > 99
    equal(ours, theirs)


@st.composite
def thresholded(draw):
    chosen = draw(
        st.sampled_from([{}, {"thresholds": 0.3}, {"thresholds": [0.2, 0.7]}, {"thresholds": [0.0, 0.5, 1.0]},
                         {"top_k": 1}, {"top_k": 2}, {"top_k": 2, "thresholds": 0.5}])
    )  # fmt: skip
    return {**chosen, **draw(st.sampled_from([{}, {}, {"class_id": 1}]))}


@given(
    seeds, st.integers(1, 6), st.booleans(), st.sampled_from([((7,), (7,)), ((7, 1), (7,)), ((7,), (7, 1))])
)
@pytest.mark.parametrize("name", ["Precision", "Recall"])
def test_precision_and_recall_of_two_classes(name, seed, batches, weighted, shapes):
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(batches):
        y_true = rng.integers(0, 2, shapes[0])
        weights = rng.random(7).astype("float32") if weighted else None
        drawn.append((y_true, rng.random(shapes[1]).astype("float32"), weights, None))
    ours = getattr(metrics, name)(name="m")
    streamed(ours, getattr(keras.metrics, name)(name="m"), drawn)
    for y_true, y_pred, weights, _ in drawn:
        ours.update_state(y_true, y_pred, weights)
    joined = [np.concatenate([np.ravel(batch[i]) for batch in drawn]) for i in range(2 + weighted)]
    score = sklearn_metrics.precision_score if name == "Precision" else sklearn_metrics.recall_score
    expected = score(
        joined[0], joined[1] > 0.5, zero_division=0, sample_weight=joined[2] if weighted else None
    )
    equal(ours.result(), expected)


AVERAGES = [None, "micro", "macro", "weighted"]


@given(seeds, st.sampled_from(AVERAGES), st.sampled_from([0.5, 1.0, 2.0]), st.booleans(), st.integers(2, 5))
def test_f_scores_over_an_epoch_are_scikit_learns(seed, average, beta, column, classes):
    rng = np.random.default_rng(seed)
    metric = metrics.FBetaScore(average=average, beta=beta)
    labels, found = [], []
    for size in (1, 7, 4):
        y_true, y_pred = rng.integers(0, classes, size), rng.random((size, classes))
        metric.update_state(y_true[:, None] if column else y_true, y_pred)
        labels.append(y_true)
        found.append(y_pred.argmax(-1))
    expected = sklearn_metrics.fbeta_score(
        np.concatenate(labels), np.concatenate(found), beta=beta, average=average, labels=range(classes),
        zero_division=0,
    )  # fmt: skip
    equal(metric.result(), expected, 1e-6)


@given(seeds, thresholded(), st.booleans(), st.sampled_from([(6, 3), (2, 3, 4)]))
@pytest.mark.parametrize("name", ["Precision", "Recall", "F1Score"])
def test_class_numbers_mean_their_one_hot_rows(name, seed, arguments, column, shape):
    rng = np.random.default_rng(seed)
    if name == "F1Score":
        arguments, shape = {"average": "macro"}, (6, 3)
    labels, y_pred = rng.integers(0, shape[-1], shape[:-1]), rng.random(shape)
    one_hot = np.eye(shape[-1])[labels]
    sparse, dense = getattr(metrics, name)(**arguments), getattr(metrics, name)(**arguments)
    sparse.update_state(labels[..., None] if column else labels, y_pred)
    dense.update_state(one_hot, y_pred)
    np.testing.assert_array_equal(sparse.result(), dense.result())


def test_a_metric_counts_over_the_epoch_instead_of_averaging_batches():
    metric = metrics.Precision(name="p")
    metric.update_state([1, 0, 0, 0], [1, 1, 1, 1])
    metric.update_state([1], [1])
    assert metric.result() == 2 / 5


def test_counts_go_on_where_float32_would_stop():
    metric = metrics.Mean()
    metric.count._data += 2.0**24
    metric.total._data += 2.0**24
    metric.update_state([1.0])
    assert metric.count.item() == 2**24 + 1


def test_nothing_seen_is_zero():
    for name, kind in metrics.CATALOGUE.by_class_name.items():
        if name != "MeanMetricWrapper":
            assert np.all(kind(**NEEDED.get(name, {})).result() == 0)


SHAPE_PAIRS = [
    ((4, 1), (4, 1)), ((4,), (4, 1)), ((4,), (4, 3)), ((4, 1), (4, 3)), ((4, 3), (4, 3)),
    ((4, 5), (4, 5, 1)), ((4, 5), (4, 5, 2)), ((4, 5, 1), (4, 5, 2)), ((4, 5, 2), (4, 5, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("true_shape", "pred_shape"), SHAPE_PAIRS)
def test_accuracy_and_crossentropy_are_chosen_by_shape(true_shape, pred_shape):
    y_true, y_pred = np.zeros(true_shape), np.zeros(pred_shape)
    theirs = get_metric("acc", y_true, y_pred)
    ours = metrics.accuracy_for(true_shape, pred_shape, name="acc")
    assert type(ours).__name__ == type(theirs).__name__ and ours.name == theirs.name
    unknown = metrics.accuracy_for((None, *true_shape[1:]), (None, *pred_shape[1:]))
    assert type(unknown) is type(ours)
    assert (
        losses.crossentropy_for(true_shape, pred_shape).__name__ == get_loss("ce", y_true, y_pred).fn.__name__
    )


def test_names_count_as_in_keras():
    keras.backend.clear_session()
    metrics.reset_names()
    made = ["Precision", "Recall", "Precision", "Mean", "F1Score", "Precision"]
    assert [getattr(metrics, name)().name for name in made] == [
        getattr(keras.metrics, name)().name for name in made
    ]
    metrics.reset_names()
    assert metrics.Precision().name == "precision"


def test_names_known_are_those_of_keras():
    own = {name for name in OWN for name in (name, "confusion_matrix")}
    assert set(metrics.CATALOGUE.names()) - own == set(keras.src.metrics.ALL_OBJECTS_DICT) - {"Metric", "metric"}
    for name in metrics.CATALOGUE.names():
        kind = metrics.CATALOGUE.by_name[name].__name__
        if kind in NEEDED or kind == "MeanMetricWrapper":
            with pytest.raises(ArgumentError, match=f"metric '{kind}' has no default for "):
                metrics.get(name)
        else:
            assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__
    for name in ("acc", "accurate", "kld"):
        with pytest.raises(ValueError):
            keras.metrics.get(name)
        with pytest.raises(ArgumentError, match=f"unknown metric '{name}'"):
            metrics.get(name)


def test_a_function_is_a_metric_and_survives_its_configuration():
    metric = metrics.MeanMetricWrapper(losses.binary_crossentropy, name="smooth", label_smoothing=0.2)
    again = metrics.MeanMetricWrapper.from_config(metric.get_config())
    y_true, y_pred = np.array([[1.0, 0.0]]), np.array([[0.7, 0.3]])
    assert again(y_true, y_pred) == metric(y_true, y_pred) > 0
    assert again.name == "smooth"
    assert metrics.MeanMetricWrapper(lambda y, p: abs(y - p).sum(axis=-1))([[1, 2]], [[2.0, 4.0]]) == 3.0


def test_a_subclass_with_inner_metrics_is_reset_whole():
    class Pair(metrics.Metric):
        def __init__(self, name="pair", dtype=None):
            super().__init__(name=name, dtype=dtype)
            self.inner = [metrics.Mean(), metrics.Precision(name="p")]
            self.seen = self.add_weight(name="seen", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign_add(1.0)
            self.inner[0].update_state(y_pred)
            self.inner[1].update_state(y_true, y_pred)

        def result(self):
            return self.seen.item() + self.inner[0].result() + self.inner[1].result()

    pair = Pair()
    assert pair([1.0, 0.0], [1.0, 1.0]) == 2.5
    assert [v.path for v in pair.variables] == [
        "pair/seen", "mean/total", "mean/count", "p/true_positives", "p/false_positives",
    ]  # fmt: skip
    pair.reset_state()
    assert pair.result() == 0.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: metrics.Precision(thresholds=1.5),
            "Precision: expected thresholds between 0 and 1, received 1.5",
        ),
        (
            lambda: metrics.Recall(thresholds=[0.5, None]),
            "Recall: expected thresholds between 0 and 1, received None",
        ),
        (lambda: metrics.Precision(thresholds=[]), "expected at least one threshold"),
        (lambda: metrics.Precision(top_k=0), "expected an integer top_k of at least 1, received 0"),
        (lambda: metrics.Precision(class_id=-1), "expected an integer class_id of at least 0, received -1"),
        (lambda: metrics.F1Score(average="makro"), "F1Score: unknown average 'makro'. Did you mean 'macro'"),
        (lambda: metrics.FBetaScore(beta=2), "FBetaScore: expected a float beta above 0, received 2"),
        (
            lambda: metrics.F1Score(threshold=0.0),
            "expected a float threshold above 0 and at most 1, received 0.0",
        ),
        (lambda: metrics.Mean(dtype="float16"), "Mean: dtype 'float16' is not supported"),
        (lambda: metrics.MeanMetricWrapper(None), "expected a function of y_true and y_pred, received None"),
        (lambda: metrics.Mean.from_config({"axis": 1}), "Mean: unknown argument 'axis'"),
        (lambda: metrics.get("precison"), "unknown metric 'precison'. Did you mean 'precision'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises((ArgumentError, DtypeError), match=message):
        make()


@pytest.mark.parametrize(
    ("name", "true_shape", "pred_shape", "message"),
    [
        (
            "Accuracy",
            (4, 3),
            (4, 2),
            r"accuracy: expected y_true of the shape of y_pred, \(4, 2\), received \(4, 3\)",
        ),
        (
            "BinaryAccuracy",
            (4, 1),
            (4, 3),
            "received .4, 1.. Integer labels go with sparse_categorical_accuracy",
        ),
        ("CategoricalAccuracy", (4,), (4, 3), "Integer labels go with sparse_categorical_accuracy"),
        ("SparseCategoricalAccuracy", (4, 3), (4, 3), "One-hot labels go with categorical_accuracy"),
        ("SparseCategoricalAccuracy", (3,), (4, 3), r"expected labels of shape \(4,\)"),
        ("MeanSquaredError", (4, 1), (4, 3), "mean_squared_error: expected y_true of the shape of y_pred"),
        (
            "Precision",
            (4, 2),
            (4, 3),
            r"expected labels of the shape of the predictions, \(4, 3\), or class numbers",
        ),
        ("Precision", (), (4,), r"received \(\)"),
        ("F1Score", (4,), (4,), r"f1_score: expected predictions of shape \(N, K\), received \(4,\)"),
        ("F1Score", (4, 2), (4, 3), r"received \(4, 2\)"),
    ],
)
def test_shapes_that_do_not_match_are_refused(name, true_shape, pred_shape, message):
    with pytest.raises(ShapeError, match=message):
        getattr(metrics, name)().update_state(np.zeros(true_shape), np.zeros(pred_shape))


@pytest.mark.parametrize(
    ("name", "shape", "weights", "message"),
    [
        (
            "MeanSquaredError",
            (3, 2),
            (2,),
            r"weights or mask of shape \(2,\) do not fit values of shape \(3,\)",
        ),
        ("Precision", (3, 2), (2,), r"weights or mask of shape \(2, 1\) do not fit values of shape \(3, 2\)"),
        ("Precision", (2, 2, 2), (2,), r"do not fit values of shape \(2, 2, 2\)"),
        ("F1Score", (3, 2), (3, 2), r"f1_score: expected weights of shape \(3,\), received \(3, 2\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(name, shape, weights, message):
    with pytest.raises(ShapeError, match=message):
        getattr(metrics, name)().update_state(np.zeros(shape), np.ones(shape), np.ones(weights))


def test_weights_a_sample_with_a_mask_a_step_are_refused():
    y_pred = Tensor(np.ones((3, 3, 1)))
    set_mask(y_pred, np.ones((3, 3), bool))
    with pytest.raises(ShapeError, match=r"shape \(3,\) do not fit values of shape \(3, 3\)"):
        metrics.MeanSquaredError().update_state(np.zeros((3, 3, 1)), y_pred, np.ones(3))


def test_labels_that_are_no_classes_are_named():
    for name in ("Precision", "F1Score"):
        with pytest.raises(DataError, match=r"label 3 of sample 1 is outside the valid range \[0, 3\)"):
            getattr(metrics, name)().update_state([0, 3], np.ones((2, 3)))


def test_classes_that_are_not_there_are_refused():
    with pytest.raises(ShapeError, match="class_id=3 needs predictions of shape .N, K. with K above it"):
        metrics.Precision(class_id=3).update_state(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="top_k=4 needs at least as many classes"):
        metrics.Recall(top_k=4).update_state(np.ones((2, 3)), np.ones((2, 3)))
    score = metrics.F1Score()
    score.update_state(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="expected predictions of 3 classes as before"):
        score.update_state(np.ones((2, 2)), np.ones((2, 2)))


def test_one_class_without_a_threshold_warns():
    with pytest.warns(UserWarning, match="Pass threshold=0.5"):
        metrics.F1Score().update_state([[1], [0]], [[0.9], [0.2]])


def test_what_is_not_numbers_is_refused():
    with pytest.raises(DtypeError, match="precision.*: expected numbers, received an array of dtype"):
        metrics.Precision().update_state(["a"], [1.0])
    with pytest.raises(ShapeError, match="rows of unequal length"):
        metrics.Precision().update_state([[1], [1, 2]], [1.0])
