"""What metrics refuse or warn of, and what they have besides results."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import metrics
from tinynet.errors import ArgumentError, DataError, ShapeError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.AUC(num_thresholds=1), "AUC: expected num_thresholds to be a whole number >= 2, received 1"),
        (lambda: metrics.AUC(curve="ROCK"), "AUC: unknown curve 'ROCK'. Did you mean 'ROC'"),
        (lambda: metrics.AUC(summation_method="middle"), "AUC: unknown summation_method 'middle'"),
        (lambda: metrics.AUC(thresholds=[0.2, 1.5]), "AUC: expected thresholds between 0 and 1, received 1.5"),
        (lambda: metrics.AUC(num_labels=3), "AUC: num_labels=3 needs multi_label=True"),
        (lambda: metrics.AUC(label_weights=[-1.0]), "AUC: expected label_weights >= 0, received -1.0"),
        (lambda: metrics.AUC(label_weights=3), "AUC: expected label_weights to be a list, received 3"),
        (lambda: metrics.PrecisionAtRecall(1.5), "PrecisionAtRecall: expected recall between 0 and 1, received 1.5"),
        (lambda: metrics.RecallAtPrecision(0.5, 0), "RecallAtPrecision: expected num_thresholds to be a whole number"),
        (lambda: metrics.IoU(2, [2]), "IoU: target_class_ids has 2, but the 2 classes are counted from 0"),
        (lambda: metrics.IoU(2, []), "IoU: expected target_class_ids to be class numbers, received"),
        (lambda: metrics.MeanIoU(0), "MeanIoU: expected num_classes to be a whole number >= 1, received 0"),
        (lambda: metrics.R2Score("average"), "R2Score: unknown class_aggregation 'average'"),
        (lambda: metrics.R2Score(num_regressors=-1), "R2Score: expected num_regressors to be a whole number >= 0"),
        (lambda: metrics.TopKCategoricalAccuracy(0), "TopKCategoricalAccuracy: expected k to be a whole number >= 1"),
        (lambda: metrics.ConfusionMatrix(1), "ConfusionMatrix: expected num_classes to be a whole number >= 2"),
        (lambda: metrics.ConfusionMatrix(3, "rows"), "ConfusionMatrix: unknown normalize 'rows'"),
        (
            lambda: metrics.MeanMetricWrapper(metrics.binary_accuracy, treshold=0.3),
            "MeanMetricWrapper: binary_accuracy has no argument 'treshold'. Did you mean 'threshold'",
        ),
        (lambda: metrics.TruePositives(thresholds=[0.5, 2]), "TruePositives: expected thresholds between 0 and 1"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "message"),
    [
        (metrics.AUC(name="a"), [0, 1], [-3.0, 2.0], "a: expected predictions between 0 and 1, received -3. Logits go"),
        (metrics.PrecisionAtRecall(0.5, name="p"), [0, 1], [0.1, 2.0], "p: expected predictions between 0 and 1"),
        (metrics.ConfusionMatrix(3), [0, 3], np.ones((2, 3)), "confusion_matrix: label 3 of sample 1 is outside"),
        (metrics.ConfusionMatrix(3), [0, 1], [0, 4], "confusion_matrix: predictions: label 4 of sample 1 is outside"),
        (metrics.ConfusionMatrix(2), [0, 1], [0.5, 1.5], "probabilities of class 1, received a prediction 1.5"),
        (metrics.AUC(name="a"), [0, 4], np.ones((2, 3)), r"a: label 4 of sample 1 is outside the valid range \[0, 3\)"),
    ],
)  # fmt: skip
def test_numbers_without_a_meaning_are_named(metric, y_true, y_pred, message):
    with pytest.raises(DataError, match=message):
        metric.update_state(y_true, y_pred)


@pytest.mark.parametrize(
    ("metric", "shapes", "message"),
    [
        (metrics.AUC(name="a"), [(4,), (4, 3), (3, 1)], "a: weights or mask of shape"),
        (metrics.AUC(name="a", multi_label=True), [(4, 2, 3), (4, 2, 3)], r"multi_label needs predictions \(N, L\)"),
        (metrics.AUC(name="a", multi_label=True, num_labels=2), [(4, 3), (4, 3)], "expected predictions of 2 labels"),
        (metrics.AUC(name="a", label_weights=[1, 2]), [(4, 3), (4, 3)], "2 label_weights do not fit predictions"),
        (metrics.AUC(name="a", multi_label=True, label_weights=[1, 2]), [(4, 3), (4, 3)], "2 label_weights do not"),
        (metrics.TruePositives(name="t"), [(4, 2), (4, 3)], r"t: expected labels of the shape of the predictions"),
        (metrics.MeanIoU(2, name="i"), [(4, 2), (4, 3)], r"i: expected as many labels as predictions"),
        (metrics.MeanIoU(2, name="i"), [(4, 2), (4, 2), (3,)], r"i: weights of shape \(3,\) do not fit"),
        (metrics.OneHotMeanIoU(2, axis=2), [(4, 2), (4, 2)], "has classes along axis 2, received the shape"),
        (metrics.R2Score(), [(4,), (4,)], r"r2_score: expected labels and predictions of one shape \(N, D\)"),
        (metrics.R2Score(), [(4, 2), (4, 3)], r"received \(4, 2\) and \(4, 3\)"),
        (metrics.R2Score(), [(4, 2), (4, 2), (3,)], r"r2_score: weights of shape \(3, 1\) do not fit"),
        (metrics.RootMeanSquaredError(), [(4, 2), (4, 3)], "root_mean_squared_error: expected y_true of the shape"),
        (metrics.TopKCategoricalAccuracy(), [(4,), (4, 3)], "top_k_categorical_accuracy: expected y_true of the shape"),
        (metrics.SparseTopKCategoricalAccuracy(), [(4, 3), (4, 3)], "One-hot labels go with top_k_"),
        (metrics.CategoricalAccuracy(), [(4, 0), (4, 0)], "categorical_accuracy: expected predictions of at least one"),
        (metrics.TopKCategoricalAccuracy(), [(), ()], "top_k_categorical_accuracy: expected predictions of"),
        (metrics.SparseCategoricalAccuracy(), [(), ()], "accuracy: expected predictions of at least one class"),
        (metrics.ConfusionMatrix(3), [(4,), (4, 2)], "expected scores of 3 classes, received predictions"),
        (metrics.ConfusionMatrix(3), [(4, 2), (4, 3)], r"expected labels of shape \(4,\) or \(4, 3\)"),
        (metrics.ConfusionMatrix(3), [(4,), (4, 3), (3,)], "weights or mask of shape"),
        (metrics.PearsonCorrelation(), [(4, 2), (4, 3)], "pearson_correlation: expected y_true of the shape"),
        (metrics.Hinge(), [(4, 2), (4, 3)], "hinge: expected y_true of the shape"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_match_are_refused(metric, shapes, message):
    with pytest.raises(ShapeError, match=message):
        metric.update_state(*map(np.zeros, shapes))


def test_what_is_cut_off_is_told():
    with pytest.warns(UserWarning, match="weights are float, but the dtype of the metric is int64"):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], [0.5, 1.0])
    with pytest.warns(UserWarning, match="predictions are no whole numbers.*sparse_y_pred=False"):
        metrics.MeanIoU(2).update_state([0, 1], [0.2, 0.7])
    with pytest.warns(UserWarning, match="needs more values than num_regressors"):
        metrics.R2Score(num_regressors=5)([[0.0], [1.0]], [[0.0], [1.0]])


def test_weights_of_samples_count_for_all_their_pixels():
    labels, found = np.arange(8).reshape(2, 2, 2) % 2, np.arange(8).reshape(2, 2, 2) % 3 % 2
    by_sample, by_pixel = metrics.MeanIoU(2), metrics.MeanIoU(2)
    by_sample.update_state(labels, found, [1, 3])
    by_pixel.update_state(labels, found, np.repeat([1, 3], 4).reshape(2, 2, 2))
    np.testing.assert_array_equal(by_sample.total_cm, by_pixel.total_cm)


def test_predictions_that_are_no_numbers_are_above_no_threshold():
    for name in ("AUC", "Recall", "TruePositives"):
        metric = getattr(metrics, name)()
        assert metric([1, 0], [np.nan, 0.2]) == 0


def test_the_same_over_and_over_has_no_correlation():
    same = np.full((1, 5), 0.1, "float32")
    assert np.isnan(metrics.pearson_correlation(same, np.arange(5.0)[None]))
    assert metrics.concordance_correlation(same, same) == 0


def test_stateless_calls_leave_the_metric_alone():
    metric = metrics.Precision(name="p")
    metric.update_state([1, 0], [1, 1])
    before = [variable.numpy().copy() for variable in metric.variables]
    values = metric.stateless_update_state([np.zeros(1), np.zeros(1)], [1, 1], [1, 1])
    assert [value.tolist() for value in values] == [[2.0], [0.0]]
    assert metric.stateless_result(values) == 1.0
    assert [value.tolist() for value in metric.stateless_reset_state()] == [[0.0], [0.0]]
    for variable, value in zip(metric.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    with pytest.raises(ArgumentError, match="p: expected values of its 2 variables, received 1"):
        metric.stateless_result([np.zeros(1)])


def test_a_subclass_that_forgets_its_base_is_told():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises(ArgumentError, match=r"Forgetful: __init__ must call super\(\).__init__\(\) first"):
        Forgetful()


def test_own_directions_and_those_of_losses():
    class Up(metrics.Metric):
        def __init__(self):
            super().__init__()
            self._direction = "up"

    assert Up().direction == "up"
    assert metrics.Metric().direction is None
    assert metrics.MeanMetricWrapper(metrics.mean_squared_error).direction == "down"
    assert metrics.MeanMetricWrapper(metrics.accuracy).direction is None
