"""Every loss of the catalogue against numerical derivatives, by predictions and labels."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_losses import DRAWN
from hypothesis import given, settings
from hypothesis import strategies as st

from tinynet import gradcheck, losses, ops
from tinynet.autograd.tags import set_mask


def away_from_kinks(case, rng):
    """The case in float64, with nothing on a kink: no ties, no error of 0, no probability at its limits."""
    y_true, y_pred = case.y_true, case.y_pred.astype("float64")
    y_pred = y_pred + rng.uniform(0.01, 0.02, y_pred.shape)
    if not case.settings.get("from_logits") and "from_logits" in case.settings and case.activation is None:
        y_pred = np.clip(y_pred, 0.02, 0.98)
    return (y_true.astype("float64") if case.by_labels else y_true), y_pred


@pytest.mark.parametrize("name", sorted(DRAWN))
@settings(max_examples=5)
@given(st.data(), st.integers(0, 2**32 - 1), st.sampled_from(["sum_over_batch_size", "sum", "none"]))
def test_gradients_are_the_numerical_ones(name, counts, data, seed, reduction):
    rng = np.random.default_rng(seed)
    case = DRAWN[name](data, rng)
    y_true, y_pred = away_from_kinks(case, rng)
    mask = rng.random(case.shape) < 0.7 if len(case.shape) > 1 and data.draw(st.booleans()) else None
    weights = rng.random(case.shape) if case.shape and mask is None and data.draw(st.booleans()) else None
    loss = getattr(losses, name)(reduction=reduction, dtype="float64", **case.settings)

    def value(p, labels=y_true):
        p = getattr(ops, case.activation)(p) if case.activation else p * 1.0
        set_mask(p, mask)
        return loss(labels, p, weights)

    by_labels = case.by_labels and name not in ("Hinge", "SquaredHinge")  # which ask whether all labels are 0 or 1
    if by_labels:
        labels = 0.8 * y_true + rng.uniform(0.05, 0.1, y_true.shape)
        report = gradcheck(value, [y_pred, labels], max_elements=4, raise_on_failure=False)
    else:
        report = gradcheck(value, [y_pred], max_elements=4, raise_on_failure=False)
    assert not report.failures, f"{name} {case.settings} {report}"
    counts["gradient checks", "derivatives of losses"] += report.checked
