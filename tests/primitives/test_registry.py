"""What holds for every operation, checked on every record of the registry."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import (
    TOLERANCE,
    FirstOrder,
    as_tensors,
    as_tuple,
    close,
    cotangents_of,
    dense,
    moved,
    outputs_of,
    random_cotangent,
    raw_cotangents,
    recorded,
    varied,
)

from tinynet import Tensor
from tinynet.autograd import tape
from tinynet.autograd.checker import compare, random_direction
from tinynet.autograd.tensor import place_of
from tinynet.errors import TinynetError
from tinynet.primitives import REGISTRY, Operation, operation
from tinynet.primitives.domain import Domain, Values
from tinynet.testing import Draw, draws

every_operation = pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)

# A result rounded to float32 has no differences to speak of: these settings are left to the
# adjoint identity, which holds to the rounding of the result's own dtype.
DIFFERENTIABLE = {"cast": {"dtype": "float64"}}

# Where an empty batch is limited to some settings, or means nothing at all (None), and why.
EMPTY_BATCH: dict[str, tuple[str, dict[str, Any] | None]] = {
    "max": ("no largest of no values", {"axis": 1}),
    "min": ("no smallest of no values", {"axis": 1}),
    "logsumexp": ("NumPy has no largest of no values to subtract", {"axis": 1}),
    "softmax": ("no shares of nothing", {"axis": -1}),
    "log_softmax": ("no shares of nothing", {"axis": -1}),
    "mean": ("the mean of no values is 0/0", {"axis": 1}),
    "var": ("the variance of no values is 0/0", {"axis": 1}),
    "split": ("nothing cannot be cut into parts at index 1", {"indices": (0,), "axis": 0}),
    "squeeze": ("an axis of size 0 cannot be squeezed", {"axis": -1}),
    "embedding": ("its first input is the table, which needs rows; ids may be empty, see TestLookup", None),
    "unstack": ("along the empty axis there are no outputs", {"axis": 1}),
    "getitem": ("the keys point at elements", {"key": (slice(None, None, -1), 0)}),
    "scatter": ("the keys point at elements", None),
    "to_winners": ("its winners are drawn from a batch that is not empty", None),
    "from_winners": ("its winners are drawn from a batch that is not empty", None),
}


def drawn(op: Operation, **options: Any) -> st.SearchStrategy[Draw]:
    return draws(op, settings=DIFFERENTIABLE.get(op.name), **options)


@every_operation
def test_first_order(op, counts):
    counts["primitives", "operations"] += 1

    @given(drawn(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        g = random_cotangent(op, draw)
        numeric = FirstOrder(op, draw, g)
        for i, cotangent in cotangents_of(op, draw, g).items():
            counts["primitives", "first derivatives"] += 1
            result = numeric.compare(i, cotangent)
            assert result.smooth, f"input {i}: the domain reaches a kink: {result}"
            assert result.error <= TOLERANCE, f"input {i}: {result}"

    check()


@every_operation
def test_second_order(op, counts):
    """The vjp, recorded on tensors, is differentiated by the inputs and by the cotangent."""

    @given(drawn(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        generator = np.random.default_rng(3)
        positions = varied(draw)
        g = random_cotangent(op, draw)
        projections = {i: random_direction(generator, draw.arrays[i].shape) for i in positions}

        inputs, weights = as_tensors(draw), [Tensor(w, requires_grad=True) for w in g]
        leaves = [inputs[i] for i in positions]
        first = recorded(op(*inputs, **draw.attributes), weights, leaves)
        for i, cotangent in zip(positions, first, strict=True):
            if cotangent is not None:
                close(cotangent.data, cotangents_of(op, draw, g)[i], 1e-10)
        seeds = [
            (place_of(cotangent), projections[i])
            for i, cotangent in zip(positions, first, strict=True)
            if cotangent is not None and cotangent.requires_grad
        ]
        second = tape.propagate(seeds, keep=True, targets=[*leaves, *weights])

        def terms(there: Draw, g: Any) -> np.ndarray:
            found = cotangents_of(op, there, g)
            return np.concatenate([(found[i] * projections[i]).ravel() for i in positions])

        for i, leaf in zip(positions, leaves, strict=True):
            direction = random_direction(generator, leaf.shape)

            def by_input(t: float, i: int = i, direction: np.ndarray = direction) -> np.ndarray:
                return terms(moved(draw, i, draw.arrays[i] + t * direction), g)

            assert_derivative(by_input, second.get(leaf), direction)
            counts["primitives", "second derivatives"] += 1
        for k, weight in enumerate(weights):
            direction = random_direction(generator, weight.shape)

            def by_weight(t: float, k: int = k, direction: np.ndarray = direction) -> np.ndarray:
                return terms(draw, [w + t * direction if j == k else w for j, w in enumerate(g)])

            assert_derivative(by_weight, second.get(weight), direction)
            counts["primitives", "second derivatives"] += 1

    check()


def assert_derivative(terms: Any, cotangent: Any, direction: np.ndarray) -> None:
    cotangent = np.zeros(direction.shape) if cotangent is None else dense(cotangent)
    assert cotangent.shape == direction.shape
    result = compare(
        terms, float((cotangent * direction).sum()), typical=0.01 * float(np.linalg.norm(cotangent))
    )
    assert result.smooth and result.error <= TOLERANCE, str(result)


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if op.linear], ids=lambda op: op.name)
def test_adjoint_identity(op, counts):
    """<g, forward(u)> = <vjp(g), u> to rounding, for each input in which the operation is linear."""

    @given(draws(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        g = random_cotangent(op, draw)
        outputs = outputs_of(op, draw)
        images = np.concatenate([(w * y).astype(np.float64).ravel() for w, y in zip(g, outputs, strict=True)])
        found = cotangents_of(op, draw, g)
        for i in op.linear:
            counts["primitives", "adjoint identities"] += 1
            preimages = (found[i] * draw.arrays[i]).ravel()
            size = np.abs(images).sum() + np.abs(preimages).sum()
            assert abs(images.sum() - preimages.sum()) <= 64 * np.finfo(outputs[0].dtype).eps * size

    check()


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if op.composed], ids=lambda op: op.name)
def test_fused_equals_composed(op, counts):
    @given(draws(op))
    def check(draw):
        counts["primitives", "draws"] += 1
        inputs = as_tensors(draw)
        composed = op.composed(*inputs, **draw.attributes)
        for y, expected in zip(outputs_of(op, draw), as_tuple(composed), strict=True):
            close(y, expected.data)
        for y, expected in zip(
            outputs_of(op, draw), as_tuple(op.composed(*draw.arrays, **draw.attributes)), strict=True
        ):
            close(y, expected)
        g = random_cotangent(op, draw)
        fused = cotangents_of(op, draw, g)
        leaves = [inputs[i] for i in varied(draw)]
        for i, expected in zip(varied(draw), recorded(composed, g, leaves), strict=True):
            close(fused[i], np.zeros(fused[i].shape) if expected is None else expected.data, 1e-10)

    check()


@pytest.mark.parametrize(
    ("op", "arrays", "attributes", "expected"),
    [
        pytest.param(op, *point, id=f"{op.name}-{i}")
        for op in REGISTRY.values()
        for i, point in enumerate(op.points)
    ],
)
def test_stated_points(op, arrays, attributes, expected, counts):
    counts["primitives", "stated points"] += 1
    draw = Draw(arrays, attributes)
    ones = [np.ones_like(y) for y in outputs_of(op, draw)]
    for cotangent, stated in zip(raw_cotangents(op, draw, ones), expected, strict=True):
        np.testing.assert_array_equal(dense(cotangent), stated)
        assert np.isfinite(stated).all()


@every_operation
def test_only_what_is_needed(op):
    """An entry is None exactly where it is not wanted, and the others do not change."""

    @given(draws(op))
    def check(draw):
        g = random_cotangent(op, draw)
        positions = varied(draw)
        complete = cotangents_of(op, draw, g)
        patterns = [{i} for i in positions] + [set(positions) - {i} for i in positions]
        for wanted in patterns:
            if not wanted:
                continue
            needs = [i in wanted for i in range(len(draw.arrays))]
            found = raw_cotangents(op, draw, g, needs)
            assert len(found) == len(needs)
            assert [c is not None for c in found] == needs
            for i in wanted:
                close(dense(found[i]), complete[i])

    check()


@every_operation
def test_nothing_is_written_into(op):
    """Inputs, cotangents and residuals may be read-only, and hold afterwards what they held."""

    @given(draws(op))
    def check(draw):
        g = random_cotangent(op, draw)
        inputs = [a for a in draw.arrays if a is not None]
        for array in (*inputs, *g):
            array.setflags(write=False)
        output, residuals = op.forward(*draw.arrays, **draw.attributes)
        kept = [r for r in residuals if isinstance(r, np.ndarray)]
        for array in kept:
            array.setflags(write=False)
        before = [a.copy() for a in (*inputs, *g, *kept)]
        needs = tuple(i in varied(draw) for i in range(len(draw.arrays)))
        seed = g if isinstance(output, tuple) else g[0]
        op.vjp(seed, residuals, needs, **draw.attributes)
        for array, copy in zip((*inputs, *g, *kept), before, strict=True):
            np.testing.assert_array_equal(array, copy)

    check()


def with_gaps(a: np.ndarray) -> np.ndarray:
    view = np.zeros(tuple(2 * n for n in a.shape), a.dtype)[(..., *(slice(None, None, 2),) * a.ndim)]
    view[...] = a
    return view


def backwards(a: np.ndarray) -> np.ndarray:
    reverse = (..., *(slice(None, None, -1),) * a.ndim)
    return a[reverse].copy()[reverse]


LAYOUTS = {
    "columns first": lambda a: np.array(a, order="F"),
    "negative strides": backwards,
    "every second element": with_gaps,
}


@every_operation
def test_any_memory_layout(op):
    @given(draws(op), st.sampled_from(sorted(LAYOUTS)))
    def check(draw, layout):
        laid_out = LAYOUTS[layout]
        other = Draw(tuple(None if a is None else laid_out(a) for a in draw.arrays), draw.attributes)
        for y, expected in zip(outputs_of(op, other), outputs_of(op, draw), strict=True):
            close(y, expected)
        g = random_cotangent(op, draw)
        found, expected = cotangents_of(op, other, [laid_out(w) for w in g]), cotangents_of(op, draw, g)
        for i, cotangent in expected.items():
            close(found[i], cotangent)

    check()


@every_operation
def test_float32_stays_float32(op):
    @given(draws(op))
    def check(draw):
        positions = varied(draw)
        arrays = [a.astype(np.float32) if i in positions else a for i, a in enumerate(draw.arrays)]
        single = Draw(tuple(arrays), draw.attributes)
        # `cast` alone names the dtype of its result.
        expected = np.dtype(draw.attributes.get("dtype", "float32"))
        outputs = outputs_of(op, single)
        assert [y.dtype for y in outputs] == [expected] * len(outputs)
        assert [y.dtype for y in as_tuple(op(*single.arrays, **single.attributes))] == [expected] * len(
            outputs
        )
        for i, cotangent in cotangents_of(op, single, random_cotangent(op, single)).items():
            assert cotangent.dtype == np.float32, f"the cotangent of input {i} is {cotangent.dtype}"

    check()


def empty_batch_cases() -> list[Any]:
    cases = []
    for op in REGISTRY.values():
        _, settings = EMPTY_BATCH.get(op.name, ("", {}))
        if settings is not None:
            cases.append(pytest.param(op, settings, id=op.name))
    return cases


@pytest.mark.parametrize(("op", "settings"), empty_batch_cases())
def test_empty_batch(op, settings):
    """A first axis of size 0 goes through, and the cotangents have the shapes of the inputs."""

    @given(draws(op, empty_batch=True, settings=settings))
    def check(draw):
        for y in outputs_of(op, draw):
            assert np.isfinite(y).all()
        for i, cotangent in cotangents_of(op, draw, random_cotangent(op, draw)).items():
            assert cotangent.shape == draw.arrays[i].shape
            assert np.isfinite(cotangent).all()

    check()


def test_exemptions_name_operations():
    assert set(EMPTY_BATCH) | set(DIFFERENTIABLE) <= set(REGISTRY)


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if op.numpy], ids=lambda op: op.name)
def test_mirrors_numpy(op, counts):
    """The same numbers as the NumPy function; and that function, on tensors, records the operation."""

    @given(draws(op))
    def check(draw):
        counts["primitives", "draws"] += 1

        def numpy(arrays: Any) -> Any:
            return (
                op.numpy(arrays, **draw.attributes) if op.variadic else op.numpy(*arrays, **draw.attributes)
            )

        expected = numpy(list(draw.arrays))
        close(outputs_of(op, draw)[0], expected)
        result = numpy(as_tensors(draw))
        assert isinstance(result, Tensor)
        assert result._node.operation is op
        close(result.data, expected)

    check()


def scaled_element(cotangent: np.ndarray) -> np.ndarray:
    spoiled = cotangent.copy()
    middle = spoiled.size // 2
    spoiled.flat[middle] += 1e-3 * (np.abs(cotangent).max() or 1.0)
    return spoiled


SPOILED = {
    "zero": np.zeros_like,
    "times 1.001": lambda c: 1.001 * c,
    "sign flipped": np.negative,
    "one element off": scaled_element,
}


@every_operation
def test_spoiled_derivatives_are_caught(op, counts):
    """The check fails on a wrong derivative.

    Left out, and counted as such, is a spoiled derivative that is the right one (what zero, a
    factor or a sign leaves as it was, and two equal ones swapped), and one so small beside the
    operation's value that no difference in float64 shows it.
    """

    @given(drawn(op))
    def check(draw):
        g = random_cotangent(op, draw)
        numeric = FirstOrder(op, draw, g)
        right = cotangents_of(op, draw, g)
        trials: list[tuple[str, dict[int, np.ndarray]]] = [
            (kind, {i: spoil(c)}) for kind, spoil in SPOILED.items() for i, c in right.items()
        ]
        trials += [
            ("two inputs swapped", {i: right[j], j: right[i]})
            for i in right
            for j in right
            if i < j and right[i].shape == right[j].shape
        ]
        for kind, wrong in trials:
            topic = f"spoiled derivatives, {kind}"
            if all(np.array_equal(c, right[i]) for i, c in wrong.items()):
                counts[topic, "left out as right"] += 1
                continue
            if not any(numeric.resolves(i, c - right[i]) for i, c in wrong.items()):
                counts[topic, "left out as below rounding"] += 1
                continue
            counts[topic, "tried"] += 1
            caught = not all(numeric.agrees(i, c) for i, c in wrong.items())
            assert caught, f"{kind} for inputs {list(wrong)} was not caught"
            counts[topic, "caught"] += 1

    check()


def test_nan_is_caught():
    """A NaN on either side is a failure, never equality."""
    op, draw = REGISTRY["exp"], Draw((np.array([0.5, 1.0]),), {})
    g = random_cotangent(op, draw)
    assert not FirstOrder(op, draw, g).agrees(0, np.array([np.nan, 1.0]))
    there = Draw((np.array([0.5, np.nan]),), {})
    assert not FirstOrder(op, there, g).agrees(0, cotangents_of(op, there, g)[0])


class TestRegistration:
    def forward(x):
        return x, ()

    def vjp(g, residuals, needs):
        return (g,)

    def test_needs_a_domain(self):
        members = {"__doc__": "Identity.", "forward": TestRegistration.forward, "vjp": TestRegistration.vjp}
        with pytest.raises(TinynetError, match="operation 'unchecked' has no domain"):
            operation(type("unchecked", (), members))

    def test_needs_a_docstring(self):
        members = {
            "domain": Domain((Values("A"),)), "forward": TestRegistration.forward, "vjp": TestRegistration.vjp
        }  # fmt: skip
        with pytest.raises(TinynetError, match="operation 'undocumented' has no docstring"):
            operation(type("undocumented", (), members))

    def test_needs_a_name_of_its_own(self):
        members = {
            "__doc__": "Again.", "domain": Domain((Values("A"),)),
            "forward": TestRegistration.forward, "vjp": TestRegistration.vjp,
        }  # fmt: skip
        with pytest.raises(TinynetError, match="operation 'exp' is registered twice"):
            operation(type("exp", (), members))


def test_hypothesis_is_not_imported_by_the_library():
    code = "import sys, tinynet; sys.exit('hypothesis' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
