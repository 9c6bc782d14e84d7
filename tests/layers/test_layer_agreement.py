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

from tinynet.layers.structures import shape_of

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
        actual = map_shapes(shape_of(result[0] if case.call.get("return_attention_scores") else result))
        computed = map_shapes(computed_shape(case, ours, case.shape))
        if name == "TextVectorization":  # the longest text decides the width
            computed = tuple(n if known is None else known for known, n in zip(computed, actual, strict=True))
        assert computed == actual
    counts["layers", "calls compared with Keras"] += 1


def computed_shape(case: Case, layer: Any, shape: Any) -> Any:
    """What a layer says the shape of its result will be."""
    return layer.compute_output_shape(*shape) if case.inputs_apart else layer.compute_output_shape(shape)


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
    if case.is_cell or case.class_name in ("InputLayer", "Pipeline") or case.arguments.get("activation") == "glu":
        return  # Keras has no rule for these, and a wrong one for glu
    if case.class_name == "TextVectorization" and case.inputs.ndim == 2:
        return  # Keras's rule counts an axis that its result has not
    if case.class_name == "EinsumDense" and case.arguments["equation"] == "...x,xyz->...yz":
        return  # Keras turns the axes of the ellipsis round
    shape = case.shape
    moved = (shape[0], *shape[2:], shape[1]) if case.keras_moves_channels else shape
    for known, keras_known in [(shape, moved), (any_batch(shape), any_batch(moved))]:
        expected = computed_shape(case, theirs, keras_known)
        if case.keras_moves_channels:
            expected = (expected[0], expected[-1], *expected[1:-1])
        # Of stacked cells Keras says the one state of a cell without the list in which it gives it.
        computed = flat_shapes(computed_shape(case, ours, known))
        if case.class_name == "EinsumDense":  # Keras says None where output_shape does, though the inputs tell it
            expected = [n if m is None else m for n, m in zip(computed[0], expected, strict=True)]
        assert computed == flat_shapes(expected)


def any_batch(shape: Any) -> Any:
    """A shape, or each of a list, without its batch size."""
    return [any_batch(part) for part in shape] if isinstance(shape, list) else (None, *shape[1:])
