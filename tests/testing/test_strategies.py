"""The strategies draw what the domain says, and no more."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from tinynet.errors import ArgumentError, MissingDependencyError
from tinynet.primitives import REGISTRY
from tinynet.primitives.domain import Absent, Booleans, Domain, Integers, Values
from tinynet.testing import draws
from tinynet.testing.strategies import from_domain


def examples(strategy, count=200):
    """Many draws, always the same."""
    found = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def collect(draw):
        found.append(draw)

    collect()
    return found


@given(from_domain(Domain((Values("N F"), Values("F U"), Values("")), sizes={"N": (2, 3)})))
def test_letters_are_sizes(draw):
    x, w, scalar = draw.arrays
    assert x.shape[1] == w.shape[0] and x.shape[0] in (2, 3)
    assert all(1 <= n <= 4 for n in w.shape)
    assert scalar.shape == () and isinstance(scalar, np.ndarray)
    assert all(a.dtype == np.float64 for a in draw.arrays)


@given(from_domain(Domain((Values("A B C", low=-1.0, high=3.0, kinks=(0.0, 1.0, 3.0), margin=0.2),))))
def test_values_keep_clear_of_kinks(draw):
    (x,) = draw.arrays
    assert ((x >= -1) & (x <= 3)).all()
    for kink in (0, 1, 3):
        assert (np.abs(x - kink) >= 0.2 - 1e-12).all()


def test_all_parts_of_the_interval_are_drawn():
    domain = Domain((Values("A", low=-1.0, high=1.0, kinks=(0.0,)),), sizes={"A": (400, 400)})
    (x,) = examples(from_domain(domain), 1)[0].arrays
    assert 0.3 < (x > 0).mean() < 0.7
    assert x.min() < -0.95 and x.max() > 0.95 and np.abs(x).min() < 0.1


@given(from_domain(Domain(
    (Values("A", kinks=lambda attributes: (attributes["at"],), margin=0.3),), {"at": [-1.0, 0.5]}
)))  # fmt: skip
def test_kinks_may_depend_on_the_settings(draw):
    assert (np.abs(draw.arrays[0] - draw.attributes["at"]) >= 0.3 - 1e-12).all()


def test_kinks_that_leave_nothing_are_refused():
    domain = Domain((Values("A", low=0.0, high=0.1, kinks=(0.05,), margin=0.1),))
    with pytest.raises(ArgumentError, match=r"the kinks \[0.05\] leave nothing of \[0.0, 0.1\]"):
        find(from_domain(domain), lambda draw: True)


@given(from_domain(Domain(
    (Values("A B C", distinct=True), Values("A B C", distinct=True, broadcast=True), Values("A")),
    sizes={"A": (1, 6), "B": (1, 6)},
)))  # fmt: skip
def test_distinct_values_differ_over_all_inputs(draw):
    every = np.sort(np.concatenate([a.ravel() for a in draw.arrays[:2]]))
    assert (np.diff(every) >= 0.05 - 1e-12).all()
    assert every[0] >= -2


def test_broadcasting_inputs_lose_axes_and_sizes():
    strategy = from_domain(Domain((Values("A B", broadcast=True), Booleans("A B", broadcast=True)),
                                  sizes={"A": (3, 3), "B": (2, 2)}))  # fmt: skip
    found = examples(strategy)
    for position in range(2):
        shapes = {draw.arrays[position].shape for draw in found}
        assert shapes == {(), (2,), (1,), (3, 2), (1, 2), (3, 1), (1, 1)}


@given(from_domain(Domain((Integers("A B", below="K"), Booleans("A"), Absent()), sizes={"K": (2, 3)})))
def test_other_inputs(draw):
    labels, mask, absent = draw.arrays
    assert labels.dtype.kind == "i" and mask.dtype == bool and absent is None
    assert labels.min() >= 0 and labels.max() < 3


def test_masks_that_are_all_true_or_all_false_occur():
    strategy = from_domain(Domain((Booleans("A B"),), sizes={"A": (3, 3), "B": (3, 3)}))
    masks = [draw.arrays[0] for draw in examples(strategy)]
    assert any(mask.all() for mask in masks)
    assert any(not mask.any() for mask in masks)


@given(from_domain(Domain(
    (Values("N C"),),
    {
        "copies": lambda n, a: [n["C"] // a["groups"]],
        "groups": [1, 2],
        "twice": lambda n, a: [2 * a["copies"]],
    },
    derive=lambda n, a: {**n, "C": n["C"] * a["groups"]},
)))  # fmt: skip
def test_settings_know_the_derived_sizes_and_the_settings_before(draw):
    assert list(draw.attributes) == ["copies", "groups", "twice"]
    assert draw.attributes["copies"] * draw.attributes["groups"] == draw.arrays[0].shape[1]
    assert draw.attributes["twice"] == 2 * draw.attributes["copies"]


def test_every_domain_of_an_operation_is_drawn_from():
    ranks = {tuple(a.ndim for a in draw.arrays) for draw in examples(draws(REGISTRY["matmul"]))}
    assert ranks == {(2, 2), (3, 2), (2, 3), (4, 3), (1, 2), (3, 1), (1, 1), (1, 3)}


def test_an_empty_batch():
    for draw in examples(draws(REGISTRY["conv"], empty_batch=True), 20):
        x, kernel, _ = draw.arrays
        assert x.shape[0] == 0 and kernel.size > 0


def test_an_empty_batch_needs_an_axis():
    domain = Domain((Values(""),))
    operation = type("scalar", (), {"domains": (domain,), "name": "scalar"})
    with pytest.raises(ArgumentError, match="no input of operation 'scalar' has an axis to be empty"):
        draws(operation, empty_batch=True)


def test_settings_can_be_fixed():
    for draw in examples(draws(REGISTRY["sum"], settings={"axis": (0, 1)}), 20):
        assert draw.attributes["axis"] == (0, 1)


def test_failures_shrink_to_small_sizes():
    draw = find(
        draws(REGISTRY["add"]), lambda draw: draw.arrays[0].ndim == 3 and draw.arrays[0].shape[1] >= 2,
        settings=settings(max_examples=2000, derandomize=True, database=None),
    )  # fmt: skip
    assert draw.arrays[0].shape == (1, 2, 1)


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    real = importlib.import_module

    def without(name, package=None):
        if name == "hypothesis":
            raise ImportError(name)
        return real(name, package)

    for name in ("tinynet.testing", "tinynet.testing.strategies"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingDependencyError, match=r"tinynet.testing needs .*'hypothesis'.*\[test\]"):
        __import__("tinynet.testing")
