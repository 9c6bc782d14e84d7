"""True and false positives and negatives, and precision and recall, from counts over all batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.autograd import Variable
from tinynet.catalogue import Config
from tinynet.metrics.thresholds import LOWEST, Counts, ThresholdMetric, listed, natural, number_or_array, ratio


class _Counter(ThresholdMetric):
    """Base of metrics that are one of the four counts."""

    counted = ("accumulator",)
    accumulator: Variable
    _counts: str  # which of them

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = listed(self, thresholds)
        self._begin(self.thresholds)

    def _add(self, counts: Counts) -> None:
        self.accumulator._data += getattr(counts, self._counts)[:, 0]

    def result(self) -> Any:
        """The count, or one for each of several thresholds."""
        return number_or_array(self.accumulator._data.copy())

    def get_config(self) -> Config:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Counter):
    """How many predictions above the threshold have a label that is not 0, each counted by its weight.

    thresholds: one or several numbers from 0 to 1, 0.5 without; several give an array of results.
    Labels as in `Precision`. After https://keras.io/api/metrics/classification_metrics/.

    >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    2.0
    """

    _counts = "true_positives"


class TrueNegatives(_Counter):
    """How many predictions not above the threshold have the label 0. Arguments as in `TruePositives`.

    >>> TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
    2.0
    """

    _counts = "true_negatives"


class FalsePositives(_Counter):
    """How many predictions above the threshold have the label 0. Arguments as in `TruePositives`.

    >>> FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
    2.0
    """

    _counts = "false_positives"


class FalseNegatives(_Counter):
    """How many predictions not above the threshold have a label that is not 0. Arguments as in `TruePositives`.

    >>> FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0])
    2.0
    """

    _counts = "false_negatives"


class _Share(ThresholdMetric):
    """Base of precision and recall: the part of one sum of counts that is true positives."""

    _direction = "up"

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = natural("top_k", top_k, self, 1)
        self.class_id = natural("class_id", class_id, self, 0)
        self.thresholds = listed(self, thresholds, 0.5 if top_k is None else LOWEST)
        self._begin(self.thresholds)

    def result(self) -> Any:
        """The share, or one for each of several thresholds."""
        return number_or_array(ratio(*(getattr(self, name)._data for name in self.counted)))

    def get_config(self) -> Config:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(_Share):
    """True positives among all predicted positives: tp/(tp + fp), 0 where nothing is predicted positive.

    A prediction is positive above the threshold, a label where it is not 0. Labels (N,) or (N, 1) with
    predictions (N, K) are class numbers (Keras has no meaning for them).

    thresholds: one or several numbers from 0 to 1, 0.5 without; several give an array of results.
    top_k: only the k largest predictions of a sample can be positive.
    class_id: only this class counts.
    After https://keras.io/api/metrics/classification_metrics/.

    >>> Precision(name="p")([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    counted = ("true_positives", "false_positives")


class Recall(_Share):
    """True positives among all labelled positives: tp/(tp + fn), 0 where no label is positive.

    The arguments and the meaning of labels are those of `Precision`.
    After https://keras.io/api/metrics/classification_metrics/.

    >>> Recall(name="r")([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    counted = ("true_positives", "false_negatives")
