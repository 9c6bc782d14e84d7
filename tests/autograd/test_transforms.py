"""`grad` and `value_and_grad` against derivatives in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import Tensor, Variable, grad, no_grad, value_and_grad
from tinynet.errors import ArgumentError, DtypeError, GraphError
from tinynet.primitives import REGISTRY

numbers = st.floats(-2, 2, width=64)


def nth(f, n):
    for _ in range(n):
        f = grad(f)
    return f


def at(f, x):
    return f(np.float64(x)).item()


class TestOrders:
    @given(numbers)
    def test_of_the_exponential(self, x):
        for n in range(1, 5):
            assert at(nth(np.exp, n), x) == pytest.approx(np.exp(x), rel=1e-12)

    @given(numbers)
    def test_of_the_sine(self, x):
        for n in range(1, 5):
            assert at(nth(np.sin, n), x) == pytest.approx(np.sin(x + n * np.pi / 2), rel=1e-12, abs=1e-14)

    @given(numbers)
    def test_of_a_fifth_power(self, x):
        for n, factor in enumerate([5, 20, 60, 120, 120, 0], 1):
            expected = factor * x ** max(5 - n, 0)
            assert at(nth(lambda x: x * x * x * x * x, n), x) == pytest.approx(expected, rel=1e-12, abs=1e-14)

    @given(numbers)
    def test_of_tanh(self, x):
        t = np.tanh(x)
        expected = [1 - t**2, -2 * t * (1 - t**2), (6 * t**2 - 2) * (1 - t**2)]
        for n, value in enumerate(expected, 1):
            assert at(nth(np.tanh, n), x) == pytest.approx(value, rel=1e-11, abs=1e-13)

    @given(numbers)
    def test_of_the_sigmoid(self, x):
        s = 1 / (1 + np.exp(-x))
        expected = [s * (1 - s), s * (1 - s) * (1 - 2 * s), s * (1 - s) * (1 - 6 * s + 6 * s * s)]
        for n, value in enumerate(expected, 1):
            assert at(nth(REGISTRY["sigmoid"], n), x) == pytest.approx(value, rel=1e-11, abs=1e-13)

    @given(st.floats(0.5, 4))
    def test_of_the_logarithm_and_a_quotient(self, x):
        assert at(nth(np.log, 3), x) == pytest.approx(2 / x**3, rel=1e-12)
        assert at(nth(lambda x: 1 / x, 2), x) == pytest.approx(2 / x**3, rel=1e-12)

    def test_a_hessian_of_a_quadratic_form(self):
        m = np.random.default_rng(0).normal(size=(3, 3))
        gradient = grad(lambda x: x @ m @ x)
        rows = [grad(lambda x, i=i: gradient(x)[i])(np.ones(3)).numpy() for i in range(3)]
        np.testing.assert_allclose(rows, m + m.T, rtol=1e-12)

    def test_a_hessian_of_a_cross_entropy(self):
        """diag(p) − p pᵀ with p = softmax(logits)."""
        logits = np.array([0.3, -1.2, 0.8])
        gradient = grad(lambda z: REGISTRY["sparse_softmax_cross_entropy"](z, np.array(1)))
        rows = [grad(lambda z, i=i: gradient(z)[i])(logits).numpy() for i in range(3)]
        p = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), rtol=1e-11, atol=1e-14)


class TestClosures:
    def test_an_inner_derivative_by_one_variable_within_one_by_another(self):
        """d/dx [x · d/dy (x y²) at 2] = d/dx 4x² = 8x."""
        found = grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(3.0)
        assert found.item() == 24

    def test_perturbations_are_not_confused(self):
        assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0).item() == 1

    def test_three_deep(self):
        """d/dx of (d/dy of (d/dz of x y² z³ at z=1) at y=2 → 12x) = 12."""
        f = grad(lambda x: grad(lambda y: grad(lambda z: x * y * y * z * z * z)(1.0))(2.0))
        assert f(5.0).item() == 12

    def test_the_inner_argument_may_be_the_outer_one(self):
        assert grad(lambda x: grad(lambda y: y * y * y)(x))(2.0).item() == 12

    def test_an_outer_leaf_gets_its_gradient(self):
        w = Tensor([3.0], requires_grad=True)
        slope = grad(lambda x: (w * x * x).sum())(2.0)
        assert slope.item() == 12 and slope.requires_grad
        slope.backward()
        assert w.grad.tolist() == [4]

    def test_an_outer_tensor_in_the_graph(self):
        w = Tensor([3.0], requires_grad=True)
        v = w * w
        slope = grad(lambda x: (v * x * x).sum())(2.0)
        slope.backward()
        assert w.grad.tolist() == [24]

    def test_nothing_outside_nothing_recorded(self):
        value, slope = value_and_grad(lambda x: x * x)(3.0)
        assert not value.requires_grad and not slope.requires_grad

    def test_leaves_are_not_touched(self):
        w = Variable([3.0])
        grad(lambda x: (w * x).sum())(2.0)
        assert w.grad is None
        x = Tensor([2.0], requires_grad=True)
        grad(lambda x: (x * x).sum())(x)
        assert x.grad is None


class TestArguments:
    def test_argnums(self):
        def f(x, y, z):
            return (x * y * y * z).sum()

        assert grad(f)(2.0, 3.0, 5.0).item() == 45
        assert grad(f, 1)(2.0, 3.0, 5.0).item() == 60
        several = grad(f, (2, 0))(2.0, 3.0, 5.0)
        assert isinstance(several, tuple) and [g.item() for g in several] == [18, 45]
        value, (slope,) = value_and_grad(f, [1])(2.0, 3.0, 5.0)
        assert value.item() == 90 and slope.item() == 60

    @pytest.mark.parametrize("argnums", [2, (0, 5), -1])
    def test_argnums_that_are_not_there(self, argnums):
        with pytest.raises(ArgumentError, match=r"argnums names argument -?\d, the call has 2"):
            grad(lambda x, y: x * y, argnums)(1.0, 2.0)

    def test_keywords_are_passed_on(self):
        assert grad(lambda x, *, power: x**power)(2.0, power=3).item() == 12

    def test_arrays_and_tensors(self):
        a = np.array([1.0, 2.0], "float32")
        for x in (a, Tensor(a), a.tolist()):
            found = grad(lambda x: (x * x).sum())(x)
            assert found.dtype == np.float32 and found.tolist() == [2, 4]

    def test_integers_have_no_derivative(self):
        with pytest.raises(
            DtypeError, match="grad: can only differentiate by floating-point arguments, received .* int32"
        ):
            grad(lambda x: x * 1.0)(2)

    @pytest.mark.parametrize(
        ("f", "came"),
        [(lambda x: x * 2, r"shape \(2,\)"), (lambda x: 3.0, "float"), (lambda x: None, "NoneType")],
    )
    def test_only_scalars_have_one(self, f, came):
        with pytest.raises(GraphError, match=f"must return a scalar tensor, it returned {came}"):
            grad(f)(np.ones(2))

    def test_of_what_does_not_depend(self):
        assert grad(lambda x: Tensor(1.0))(np.ones(2)).tolist() == [0, 0]
        assert grad(lambda x, y: y * 2.0, (0, 1))(1.0, 1.0)[0].item() == 0

    def test_within_no_grad(self):
        with no_grad():
            slope = grad(lambda x: x * x)(3.0)
        assert slope.item() == 6

    def test_keeps_name_and_docstring(self):
        def cube(x):
            """x³."""
            return x * x * x

        assert grad(cube).__name__ == "cube" and grad(cube).__doc__ == "x³."

    def test_fused_operations_at_second_order(self):
        """Through the composed form: the derivative of the derivative of tanh(x w + h r) by w."""
        rnn = REGISTRY["simple_rnn"]
        fixed = [np.zeros((1, 1)), np.full((1, 1), 0.4)]

        def loss(w):
            return rnn(np.full((1, 1, 1), 0.7), fixed[0], w, fixed[1], None, None)[0].sum()

        w = np.full((1, 1), 1.3)
        t = np.tanh(0.7 * 1.3)
        assert grad(loss)(w).item() == pytest.approx(0.7 * (1 - t * t), rel=1e-12)
        twice = grad(lambda w: grad(loss)(w).sum())(w).item()
        assert twice == pytest.approx(-2 * 0.49 * t * (1 - t * t), rel=1e-12)
