"""Batches for metrics, and how a metric is compared with Keras's over several of them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st
from keras.src import backend

from tinynet.autograd import Tensor
from tinynet.autograd.tags import set_mask

seeds = st.integers(0, 2**32 - 1)
weightings = st.sampled_from(["none", "value", "sample", "column"])
SHAPES = [(4, 3), (1, 2), (2, 3, 4), (3, 3, 2)]
BATCHES = 3

# What a metric cannot be made without.
NEEDED = {
    "ConfusionMatrix": {"num_classes": 3},
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
OWN = ("ConfusionMatrix",)  # what Keras has not


def equal(ours, theirs, tolerance=2e-6):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=tolerance, atol=tolerance)


def streamed(ours, theirs, batches, tolerance=2e-6):
    """Both metrics after each of several batches, and after a reset and the first of them again."""
    for seen in (batches, batches[:1]):
        for y_true, y_pred, weights, mask in seen:
            our_pred, their_pred = Tensor(y_pred), tf.constant(y_pred)
            if mask is not None:
                set_mask(our_pred, mask)
                backend.set_keras_mask(their_pred, tf.constant(mask))
            ours.update_state(y_true, our_pred, weights)
            theirs.update_state(y_true, their_pred, weights)
            found, expected = ours.result(), theirs.result()
            assert np.shape(found) == np.shape(expected)
            assert isinstance(found, (float, np.ndarray))
            equal(found, expected, tolerance)
        assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
        assert [v.shape for v in ours.variables] == [tuple(v.shape) for v in theirs.variables]
        for a, b in zip(ours.variables, theirs.variables, strict=True):
            equal(a.numpy(), b.numpy(), max(1e-5, tolerance))
        ours.reset_state()
        theirs.reset_state()
        assert all((v.numpy() == 0).all() for v in ours.variables)


def weights_for(rng, chosen, shape):
    """Weights for values of a shape: none, one a value, one a sample as (N,) or (N, 1)."""
    wanted = {
        "none": None,
        "value": shape,
        "sample": shape[:1],
        "column": (shape[0], *(1,) * max(1, len(shape) - 1)),
    }
    return None if wanted[chosen] is None else (rng.integers(0, 4, wanted[chosen]) / 2).astype("float32")


def mask_for(rng, masked, weighting, shape):
    # With a mask, weights of one axis would be broadcast along the steps: they are refused.
    if not masked or len(shape) < 2 or weighting == "sample":
        return None
    return rng.random(shape) < 0.7
