"""Compiled softmax and cross-entropy against NumPy's versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn import DTYPES, numbers
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, classification

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

TOLERANCE = {"float32": 3e-6, "float64": 1e-14}
CLASSES = st.integers(1, 70)


@st.composite
def logits(draw: Any, dtype: str) -> Any:
    """Logits (2, rows, classes), small and large ones, perhaps with one that is no number or infinite."""
    rows, classes = draw(st.integers(0, 40)), draw(CLASSES)
    x = draw(numbers((2, rows, classes), dtype)) * draw(st.sampled_from([1, 30, 1e4, 1e30]))
    special = draw(st.sampled_from([None, np.nan, np.inf, -np.inf]))
    if special is not None and x.size:
        x[0, 0, draw(st.integers(0, classes - 1))] = special
    return x.astype(dtype)


@given(data=st.data(), dtype=DTYPES)
def test_softmax(data: Any, dtype: str) -> None:
    x = data.draw(logits(dtype))
    with np.errstate(invalid="ignore"):
        expected = classification.softmax(x)
    (output,) = for_any_number_of_threads(lambda: compiled.softmax(x))
    np.testing.assert_allclose(output, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    assert output.dtype == x.dtype


@given(data=st.data(), dtype=DTYPES, labels_dtype=st.sampled_from(["int64", "int32", "uint8", "uint64"]))
def test_cross_entropy_and_its_gradient(data: Any, dtype: str, labels_dtype: str) -> None:
    x = data.draw(logits(dtype))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    labels = rng.integers(0, x.shape[-1], x.shape[:-1]).astype(labels_dtype)
    g = rng.standard_normal(x.shape[:-1]).astype(dtype)
    if data.draw(st.booleans()):
        g = np.broadcast_to(g[:1, :1], g.shape)  # as a mean's
    with np.errstate(invalid="ignore"):
        expected = classification.cross_entropy(x, labels), classification.cross_entropy_gradient(g, x, labels)
    (found,) = for_any_number_of_threads(
        lambda: (compiled.cross_entropy(x, labels), compiled.cross_entropy_gradient(g, x, labels))
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
        assert one.dtype == x.dtype


@pytest.mark.parametrize("label", [-1, 3, 2**40])
@pytest.mark.parametrize("version", [compiled, classification], ids=["compiled", "NumPy"])
def test_a_label_that_is_no_class(version: Any, label: int) -> None:
    assert version.cross_entropy(np.zeros((2, 3), "float32"), np.array([0, label])) is None
