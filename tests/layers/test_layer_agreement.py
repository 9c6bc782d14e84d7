"""Every layer of the catalogue against Keras: results, masks, shapes and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import (
    LAYERS,
    Case,
    flat_shapes,
    forget_names,
    keras_call,
    keras_layer,
    map_shapes,
    our_call,
    our_layer,
    same_outputs,
)
from layer_cases import STRATEGIES, cases

from tinynet.layers.base import shape_of

NAMES = sorted(LAYERS)

pytestmark = pytest.mark.filterwarnings("ignore:.*does not support masking")


def test_every_class_of_the_catalogue_has_cases() -> None:
    assert set(STRATEGIES) == LAYERS


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_agreement(name: str, data: st.DataObject, counts) -> None:
    case = data.draw(cases(name))
    forget_names()
    ours, theirs = our_layer(case), keras_layer(case)
    same_weights(ours, theirs)
    same_shapes(case, ours, theirs)
    if name == "InputLayer":
        assert ours.batch_shape == theirs.batch_shape
        return
    result, expected = our_call(case, ours), keras_call(case, theirs)
    same_outputs(result, expected, tolerance=1e-5)
    if not case.is_cell and name != "RandomCrop":  # whose rule is for training: outside of it images stay
        actual = map_shapes(shape_of(result))
        computed = map_shapes(ours.compute_output_shape(case.inputs.shape))
        if name == "TextVectorization":  # the longest text decides the width
            computed = tuple(n if known is None else known for known, n in zip(computed, actual, strict=True))
        assert computed == actual
    counts["layers", "calls compared with Keras"] += 1


def same_weights(ours: Any, theirs: Any) -> None:
    """Names, shapes, dtypes and order of the weights, and which of them training changes."""
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        described = [(w.path, w.name, tuple(w.shape), str(w.dtype)) for w in getattr(ours, kind)]
        expected = [(w.path, w.name, tuple(w.shape), str(w.dtype)) for w in getattr(theirs, kind)]
        assert described == expected, kind
    assert [bool(w.trainable) for w in ours.weights] == [bool(w.trainable) for w in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    for value, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def same_shapes(case: Case, ours: Any, theirs: Any) -> None:
    """What the two say the shape of the result will be, with and without a known batch size."""
    if case.is_cell or case.class_name == "InputLayer" or case.arguments.get("activation") == "glu":
        return  # Keras has no rule for these, and a wrong one for glu
    if case.class_name == "TextVectorization" and case.inputs.ndim == 2:
        return  # Keras's rule counts an axis that its result has not
    shape = case.inputs.shape
    moved = (shape[0], *shape[2:], shape[1]) if case.keras_moves_channels else shape
    for known, keras_known in [(shape, moved), ((None, *shape[1:]), (None, *moved[1:]))]:
        expected = theirs.compute_output_shape(keras_known)
        if case.keras_moves_channels:
            expected = (expected[0], expected[-1], *expected[1:-1])
        # Of stacked cells Keras says the one state of a cell without the list in which it gives it.
        assert flat_shapes(ours.compute_output_shape(known)) == flat_shapes(expected)
