"""The checker checked: it catches wrong derivatives, says where, and blames nothing else."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tinynet
from tinynet import Tensor, Variable, config, gradcheck
from tinynet.autograd.checker import STEPS, compare
from tinynet.errors import ArgumentError, DtypeError, GradientError, GraphError
from tinynet.primitives import REGISTRY
from tinynet.primitives.operation import Operation
from tinynet.seeds import SeedGenerator

relu, dropout = REGISTRY["relu"], REGISTRY["dropout"]
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(3, 4))


def with_vjp(change):
    """tanh with a derivative that went through `change`."""

    class spoiled:
        """tanh, or not quite."""

        keeps = ("output",)

        def forward(x):
            y = np.tanh(x)
            return y, (y,)

        def vjp(g, residuals, needs):
            (y,) = residuals
            return (change(g * (1 - y * y)),)

    return Operation(spoiled)


def off_at(index, amount):
    def change(cotangent):
        if isinstance(cotangent, Tensor):
            return cotangent
        spoiled = cotangent.copy()
        spoiled[index] += amount
        return spoiled

    return change


def test_a_right_derivative_passes():
    report = gradcheck(with_vjp(lambda c: c), [X])
    assert report.passed and report
    assert report.checked == 2 + 12  # two directions, twelve elements
    assert report.worst.error < 1e-8
    assert not report.kinks and not report.failures


@pytest.mark.parametrize(
    "change",
    [lambda c: 0 * c, lambda c: 1.001 * c, lambda c: -c, lambda c: c[::-1], lambda c: 1.00001 * c],
    ids=["zero", "a thousandth off", "sign", "rows in another order", "a hundred-thousandth off"],
)
def test_a_wrong_derivative_is_caught(change):
    report = gradcheck(with_vjp(change), [X], raise_on_failure=False)
    assert not report.passed and not report
    with pytest.raises(GradientError, match="gradcheck FAILED"):
        gradcheck(with_vjp(change), [X])


def test_names_the_worst_element():
    with pytest.raises(GradientError) as caught:
        gradcheck(lambda x, y: with_vjp(off_at((2, 1), 0.5))(y).sum() + x.sum(), [X, X])
    text = str(caught.value)
    right = 1 - np.tanh(X[2, 1]) ** 2
    assert "worst: input 1, element [2, 1]: " in text
    assert f"numeric {right:.6g}"[:14] in text
    assert f"analytic {right + 0.5:.6g}"[:15] in text
    assert "disagree: input 1 (3)" in text  # the element, and both directions


def test_the_report_holds_the_numbers():
    report = gradcheck(lambda x: with_vjp(off_at((0, 3), 0.25))(x).sum(), [X], raise_on_failure=False)
    right = 1 - np.tanh(X[0, 3]) ** 2
    assert report.worst.name == "input 0"
    assert report.worst.index == (0, 3)
    assert report.worst.numeric == pytest.approx(right, rel=1e-9)
    assert report.worst.analytic == pytest.approx(right + 0.25, rel=1e-12)
    assert report.worst.error == pytest.approx(0.25 / (right + 0.25), rel=1e-4)
    assert report.worst in report.failures


class Layer:
    """What a layer looks like to the checker: called, with weights that have paths."""

    def __init__(self, operation=np.tanh):
        generator = np.random.default_rng(1)
        self.kernel = Variable(
            generator.normal(size=(4, 2)).astype("float32"), name="kernel", path="dense/kernel"
        )
        self.bias = Variable(np.zeros(2, "float32"), name="bias", path="dense/bias")
        self.count = Variable(np.zeros(2, "float32"), trainable=False, name="count", path="dense/count")
        self.weights = [self.kernel, self.bias, self.count]
        self.trainable_variables = [self.kernel, self.bias]
        self.operation = operation

    def __call__(self, x):
        self.count.assign_add(np.ones(2))
        return self.operation(x @ self.kernel + self.bias + self.count)


class WrongBias(Layer):
    def __call__(self, x):
        return self.operation(x @ self.kernel + self.bias.detach())


def test_names_the_parameter():
    with pytest.raises(GradientError, match=r"worst: dense/bias, element \[\d\]: numeric .*, analytic 0,"):
        gradcheck(WrongBias(), [X])


def test_a_layer_is_checked_in_float64_and_left_as_it_was():
    layer = Layer()
    layer.kernel.grad = np.ones((4, 2))
    recorded = (layer.kernel * 2.0).sum()
    before = [(v._data, v._data.copy(), v.dtype, v._version, v.grad) for v in layer.weights]
    report = gradcheck(layer, [X.astype("float32")], order=2)
    assert {"input 0", "dense/kernel", "dense/bias"} >= {report.worst.name}
    # Two directions each and 12 + 8 + 2 elements, in two orders.
    assert report.checked == 2 * (3 * 2 + 22)
    for variable, (data, copy, dtype, version, gradient) in zip(layer.weights, before, strict=True):
        assert variable._data is data
        np.testing.assert_array_equal(data, copy)
        assert variable.dtype == dtype == np.float32
        assert variable._version == version
        assert variable.grad is gradient
    recorded.backward()  # the graph from before the check is still good


class Casting(Layer):
    """As layers do: computes in its own dtype, unless the checker asks for another."""

    def __call__(self, x, training=False):
        own = config.compute_dtype("float32")
        y = x.astype(own) @ self.kernel.astype(own) + self.bias
        return y * 2 if training else y


@pytest.mark.parametrize("bound", [{}, {"training": True}])
def test_a_layer_that_is_not_built_is_built_first(bound):
    layer, x = tinynet.layers.LSTM(4), GENERATOR.normal(size=(2, 5, 3))
    first = gradcheck(functools.partial(layer, **bound), [x])
    again = gradcheck(functools.partial(layer, **bound), [x])
    assert first.checked == again.checked > x.size + layer.count_params() // 2


def test_layers_with_a_dtype_compute_in_float64():
    layer = Casting()
    assert gradcheck(layer, [X]).worst.error < 1e-9
    assert config.compute_dtype("float32") == "float32"
    assert layer(Tensor(X.astype("float32"))).dtype == np.float32


def test_a_layer_with_arguments_bound():
    report = gradcheck(functools.partial(Casting(), training=True), [X])
    assert report.passed
    assert report.checked == 3 * 2 + 22  # the variables of the layer inside are found


def test_variables_are_restored_after_an_error():
    layer = Layer(operation=lambda x: x.nonsense())
    with pytest.raises(AttributeError, match="nonsense"):
        gradcheck(layer, [X])
    assert [v.dtype for v in layer.weights] == [np.float32] * 3
    np.testing.assert_array_equal(layer.count.numpy(), [0, 0])


def test_a_graph_recorded_within_the_check_is_refused_afterwards():
    layer, leaked = Layer(), []
    gradcheck(lambda x: leaked.append(layer(x)) or layer(x), [X], variables=layer.weights)
    with pytest.raises(GraphError, match="variable 'dense/bias' of shape .* was changed in place"):
        next(y for y in leaked if y.requires_grad).sum().backward()


def test_variables_a_function_does_not_own():
    layer = WrongBias()
    assert gradcheck(lambda x: layer(x), [X]).passed  # by x alone there is nothing wrong
    with pytest.raises(GradientError, match="dense/bias"):
        gradcheck(lambda x: layer(x), [X], variables=layer.trainable_variables)
    assert gradcheck(lambda: (layer.kernel * layer.kernel).sum(), variables=[layer.kernel]).passed


def test_dropout_draws_one_mask():
    seeds = SeedGenerator(3)
    x = GENERATOR.normal(size=(6, 5))
    report = gradcheck(lambda x: dropout(x, seeds.keep_mask(x.shape, 0.5), rate=0.5) * x, [x], order=2)
    assert report.passed
    assert seeds.counter == 0


class TestKinks:
    def test_are_reported_and_not_blamed(self):
        report = gradcheck(lambda x: relu(x).sum(), [np.array([0.0, 1.0, -2.0])])
        assert report.passed
        assert (0,) in [kink.index for kink in report.kinks]
        assert {(1,), (2,)}.isdisjoint(kink.index for kink in report.kinks)
        assert "not compared, because the function is not smooth there" in str(report)
        assert "input 0, element [0]" in str(report)

    @pytest.mark.parametrize("near", [1e-2, 2e-4, -2e-4, 3e-5])
    def test_close_to_one_a_smaller_step_decides(self, near):
        report = gradcheck(lambda x: relu(x - 1).sum(), [np.array([1 + near])])
        assert report.passed and report.checked == 1 and not report.kinks
        with pytest.raises(GradientError):
            gradcheck(
                lambda x: relu(with_vjp(lambda c: 1.001 * c)(x) - np.tanh(1)).sum(),
                [np.array([1 + abs(near)])],
            )

    def test_jumps(self):
        report = gradcheck(lambda x: (REGISTRY["floor"](x) + x).sum(), [np.array([2.0, 0.5])])
        assert [kink.index for kink in report.kinks if kink.index] == [(0,)]

    def test_nothing_but_kinks_does_not_pass(self):
        with pytest.raises(GradientError, match="Nothing could be compared. Choose other inputs"):
            gradcheck(relu, [np.zeros(3)])

    def test_a_wrong_derivative_beside_a_kink_is_caught(self):
        x = np.array([0.0, 1.0])
        with pytest.raises(GradientError, match=r"input 0, element \[1\]"):
            gradcheck(lambda x: (relu(x) * with_vjp(lambda c: 1.01 * c)(x)).sum() + abs(x).sum(), [x])


class TestNotANumber:
    def test_in_the_function(self):
        with pytest.raises(GradientError, match="numeric nan"):
            gradcheck(lambda x: np.log(x).sum(), [np.array([-1.0, 2.0])])

    def test_in_the_derivative(self):
        with pytest.raises(GradientError, match=r"element \[1\]: .*analytic nan"):
            gradcheck(lambda x: with_vjp(off_at(1, np.nan))(x).sum(), [np.array([0.5, 1.0])])

    def test_in_a_neighbour_only(self):
        with pytest.raises(GradientError, match=r"element \[0\]: numeric nan, analytic inf"):
            gradcheck(lambda x: np.sqrt(x).sum(), [np.array([0.0, 1.0])])

    def test_in_the_input(self):
        with pytest.raises(GradientError, match="numeric nan"):
            gradcheck(lambda x: (x * x).sum(), [np.array([np.nan, 1.0])])


class TestSecondOrder:
    def test_passes(self):
        report = gradcheck(lambda x, w: np.tanh(x @ w), [X, GENERATOR.normal(size=(4, 2))], order=2)
        assert report.passed and report.checked == 2 * (2 * 2 + 20)

    def test_of_a_linear_function_is_zero(self):
        assert gradcheck(lambda x: 3 * x, [X], order=2).passed

    def test_catches_what_the_first_order_cannot(self):
        class tanh_once:
            """tanh whose derivative forgets, on tensors, that it depends on the output."""

            def forward(x):
                y = np.tanh(x)
                return y, (y,)

            def vjp(g, residuals, needs):
                (y,) = residuals
                return (g * (1 - y * y),)

        op = Operation(tanh_once)  # without `keeps` the residual counts as a constant
        assert gradcheck(op, [X]).passed
        with pytest.raises(
            GradientError, match=r"input 0, element \[\d, \d\], order 2: numeric .*, analytic 0,"
        ):
            gradcheck(op, [X], order=2)


class TestInputs:
    def test_integers_and_truth_values_are_constant(self):
        ids, mask = np.array([0, 2, 2]), np.array([True, False, True])
        report = gradcheck(lambda x, i, m, n: np.where(m, x[i, 0], x[i, 1]) * n, [X, ids, mask, 3])
        assert report.passed and report.checked == 2 + 12

    def test_a_single_array(self):
        assert gradcheck(np.tanh, X).checked == 2 + 12

    def test_nested(self):
        report = gradcheck(lambda pair, z: pair[0] * pair[1] + z, [[X, X], 2.5])
        assert report.passed and report.checked == 2 * (2 + 12) + 1

    def test_nested_names(self):
        with pytest.raises(GradientError, match=r"worst: input 0\[1\], element"):
            gradcheck(lambda pair: pair[0] * pair[1].detach(), [[X, X]])

    def test_lists_of_numbers_are_read_in_float64(self):
        seen = []
        gradcheck(lambda x: (seen.append(x.numpy()), (x * x).sum())[1], [[0.1, 0.2]])
        assert seen[0].dtype == np.float64
        np.testing.assert_array_equal(seen[0], [0.1, 0.2])

    def test_the_given_tensors_do_not_change(self):
        x = Tensor(X.astype("float32"), requires_grad=True)
        gradcheck(lambda x: x * x, [x])
        assert x.grad is None and x.dtype == np.float32
        np.testing.assert_array_equal(x.numpy(), X.astype("float32"))

    def test_large_and_small_magnitudes(self):
        assert gradcheck(lambda x: (x * x * x).sum(), [np.array([1e6, -3e6])], order=2).passed
        assert gradcheck(lambda x: np.log(x).sum(), [np.array([1e-6, 3e-6])], order=2).passed
        with pytest.raises(GradientError):
            gradcheck(lambda x: with_vjp(lambda c: 1.001 * c)(x * 1e6).sum(), [np.array([1e-6, 3e-6])])

    def test_a_subset_of_many_elements(self):
        big = GENERATOR.normal(size=(40, 50))
        calls = []
        report = gradcheck(lambda x: (calls.append(0), np.tanh(x))[1], [big], max_elements=7)
        assert report.checked == 2 + 7
        assert len(calls) == 1 + 9 * 5

    def test_an_element_outside_the_subset_is_caught_by_the_directions(self):
        big = GENERATOR.normal(size=(40, 50))
        with pytest.raises(GradientError, match="along a random direction"):
            gradcheck(with_vjp(off_at((7, 7), 1e-2)), [big], max_elements=0)

    def test_the_seed_repeats_the_check(self):
        reports = [gradcheck(np.tanh, [X], max_elements=3, seed=seed) for seed in (1, 1, 2)]
        assert reports[0].worst == reports[1].worst != reports[2].worst


class TestOutputs:
    def test_several_and_nested(self):
        assert gradcheck(lambda x: (x * x, [np.tanh(x), x.sum()]), [X], order=2).passed

    def test_integer_outputs_are_left_out(self):
        assert gradcheck(lambda x: (x * x, x.argmax()), [X]).passed

    def test_an_input_returned_as_it_is(self):
        assert gradcheck(lambda x: (x, x), [X]).passed

    def test_an_output_that_depends_on_nothing_is_compared_too(self):
        with pytest.raises(GradientError, match="analytic 0"):
            gradcheck(lambda x: (x * x).detach(), [X])


class TestRefusals:
    def test_no_function(self):
        with pytest.raises(
            ArgumentError, match="gradcheck: expected a function, layer or model, received int"
        ):
            gradcheck(3, [X])

    @pytest.mark.parametrize("order", [0, 3, "2"])
    def test_order(self, order):
        with pytest.raises(ArgumentError, match=f"gradcheck: order must be 1 or 2, received {order!r}"):
            gradcheck(np.tanh, [X], order)

    @pytest.mark.parametrize("tolerance", [0, -1e-6, float("nan")])
    def test_tolerance(self, tolerance):
        with pytest.raises(ArgumentError, match="tolerance must be positive"):
            gradcheck(np.tanh, [X], tolerance=tolerance)

    def test_max_elements(self):
        with pytest.raises(ArgumentError, match="max_elements must not be negative, received -1"):
            gradcheck(np.tanh, [X], max_elements=-1)

    @pytest.mark.parametrize("inputs", [(), [np.arange(3)], [3]])
    def test_nothing_to_differentiate_by(self, inputs):
        with pytest.raises(
            ArgumentError, match="nothing to differentiate by: no floating-point input, no trainable"
        ):
            gradcheck(lambda *x: Tensor(1.0), inputs)

    @pytest.mark.parametrize(
        ("result", "name"), [(None, "NoneType"), (3.0, "float"), (Tensor([1]), "Tensor"), ([], "list")]
    )
    def test_no_tensor_returned(self, result, name):
        with pytest.raises(ArgumentError, match=f"must return floating-point tensors, it returned {name}"):
            gradcheck(lambda x: result, [X])

    def test_a_function_that_converts(self):
        with pytest.raises(
            DtypeError, match="output 0 is float32 although all inputs and variables are float64"
        ):
            gradcheck(lambda x: x.astype("float32"), [X])


class TestCompare:
    def test_its_error_is_of_fourth_order(self):
        result = compare(lambda t: np.array([np.exp(t)]), 1.0)
        assert result.smooth and result.error < 1e-12

    def test_a_pole_near_by_takes_a_smaller_step(self):
        tried = []
        result = compare(lambda t: (tried.append(abs(t)), np.array([1 / (2e-3 + t)]))[1], -1 / 4e-6)
        assert result.smooth and result.error < 1e-6
        assert min(tried) < STEPS[0] / 2

    def test_a_derivative_of_zero(self):
        assert compare(lambda t: np.zeros(3), 0.0).error == 0
        assert compare(lambda t: np.zeros(3), 1e-3).error > 1e-6
        assert compare(lambda t: np.array([t]), 0.0).error > 1e-6


def test_is_public():
    assert tinynet.gradcheck is gradcheck
