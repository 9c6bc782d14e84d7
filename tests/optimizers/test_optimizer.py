"""What optimizers do on their own account: blocks, tensors, versions, subclasses, and what they refuse."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet import optimizers
from tinynet.autograd import Slices, Tensor, Variable
from tinynet.errors import ArgumentError, DtypeError, GraphError, NotBuiltError, ShapeError
from tinynet.naming import reset_names
from tinynet.optimizers import (
    SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Ftrl, Lamb, Lion, Nadam, Optimizer, RMSprop,
)  # fmt: skip
from tinynet.kernels.blocks import BLOCK, blocks
from tinynet.optimizers.schedules import ExponentialDecay

EVERY = [
    lambda: SGD(0.1),
    lambda: SGD(0.1, momentum=0.9, nesterov=True),
    lambda: RMSprop(0.1, momentum=0.5, centered=True),
    lambda: Adam(0.1, amsgrad=True),
    lambda: AdamW(0.1),
    lambda: Adagrad(0.1),
    lambda: Adadelta(0.1),
    lambda: Adamax(0.1),
    lambda: Nadam(0.1),
    lambda: Lion(0.1),
    lambda: Ftrl(0.1, l1_regularization_strength=0.1),
]
# Their steps depend on the shape of the variable.
BY_SHAPE = [lambda: Adafactor(0.1), lambda: Lamb(0.1)]


@given(st.integers(0, 3 * BLOCK + 1), st.booleans())
def test_blocks_cover_every_element_once(size, fortran):
    written = np.zeros((size, 1) if not fortran else (2, size), "int64")
    written = np.asfortranarray(written) if fortran else written
    for part, ones in blocks((written,), (np.ones(written.shape, "int64"),)):
        part += ones
    assert (written == 1).all()


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("layout", ["assigned transposed", "transposed gradient", "broadcast gradient"])
def test_large_variables_of_any_layout_step_like_small_ones(make, layout):
    rng = np.random.default_rng(0)
    shape = (BLOCK // 64 + 3, 150)
    start, gradient = rng.normal(size=(2, *shape)).astype("float32")
    if layout == "broadcast gradient":
        gradient = np.broadcast_to(gradient[0], shape)
    whole = Variable(start)
    if layout == "assigned transposed":
        whole.assign(np.asfortranarray(start))
    if layout == "transposed gradient":
        gradient = np.asfortranarray(gradient)
    rows = [Variable(row) for row in start]
    optimizer, for_rows = make(), make()
    for _ in range(2):
        optimizer.apply([gradient], [whole])
        for_rows.apply(list(gradient), rows)
    # A gradient that does not lie in one piece may be NumPy's to apply, which rounds otherwise than compiled code.
    np.testing.assert_allclose(whole.numpy(), np.stack([row.numpy() for row in rows]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("make", EVERY + BY_SHAPE)
def test_gradients_may_be_tensors_lists_and_other_dtypes(make):
    results = []
    for gradient in (np.array([1.0, 2.0], "float32"), Tensor([1.0, 2.0]), [1.0, 2.0], np.array([1, 2]),
                     np.array([1.0, 2.0])):  # fmt: skip
        variable = Variable([1.0, 1.0])
        make().apply([gradient], [variable])
        assert variable.dtype == np.float32
        results.append(variable.tolist())
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("make", EVERY + BY_SHAPE)
def test_float64_variables_stay_float64(make):
    variable = Variable(np.array([1.0, 1.0]))
    optimizer = make()
    optimizer.apply([np.array([1.0, 2.0])], [variable])
    assert variable.dtype == np.float64
    assert {slot.dtype for slot in optimizer.slots if slot.dtype != np.int32} <= {np.dtype("float64")}


def test_a_step_is_in_place_and_ends_graphs_that_used_the_old_value():
    variable = Variable([1.0, 2.0])
    array = variable._data
    loss = (variable * variable).sum()
    SGD(0.5).apply([np.ones(2)], [variable])
    assert variable._data is array
    with pytest.raises(GraphError, match="changed in place"):
        loss.backward()


def test_the_variable_itself_as_gradient_is_decayed_after_it_is_read():
    ours, apart = Variable([2.0]), Variable([2.0])
    SGD(0.1, weight_decay=0.5).apply([ours], [ours])
    SGD(0.1, weight_decay=0.5).apply([np.array([2.0])], [apart])
    assert ours.item() == apart.item()


def test_apply_gradients_takes_pairs_and_counts():
    variables = [Variable([1.0]), Variable([2.0])]
    optimizer = SGD(1.0)
    iterations = optimizer.apply_gradients(zip([[0.5], [0.5]], variables, strict=True))
    assert iterations is optimizer.iterations and iterations.item() == 1 and iterations.dtype == np.int64
    assert [v.item() for v in variables] == [0.5, 1.5]
    optimizer.apply([[0.5], [0.5]])
    assert [v.item() for v in variables] == [0.0, 1.0]


def test_no_gradients_is_no_step():
    optimizer = SGD()
    optimizer.apply([], [])
    assert optimizer.iterations.item() == 0 and not optimizer.built


def test_the_learning_rate_is_a_variable_that_can_be_assigned():
    optimizer, variable = SGD(0.5), Variable([1.0])
    optimizer.learning_rate = 1
    optimizer.apply([[0.25]], [variable])
    assert variable.item() == 0.75
    optimizer.learning_rate.assign(2.0)
    optimizer.apply([[0.25]], [variable])
    assert variable.item() == 0.25
    optimizer.learning_rate = Tensor(0.125)
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_a_missing_gradient_warns_and_leaves_the_variable():
    used, unused = Variable([1.0], name="used"), Variable([1.0], name="unused")
    optimizer = SGD(1.0, weight_decay=0.5)
    with pytest.warns(UserWarning, match=r"no gradients for the variables \['unused'\]"):
        optimizer.apply([[1.0], None], [used, unused])
    assert unused.item() == 1.0 and used.item() == -0.5


def test_no_gradient_at_all_is_refused():
    variable = Variable([1.0], name="w")
    optimizer = SGD()
    with pytest.raises(ArgumentError, match=r"no gradients provided for any variable \(w\)"):
        optimizer.apply([None], [variable])
    assert optimizer.iterations.item() == 0


def test_names_count_up_until_they_are_reset():
    reset_names()
    assert [Adam().name, Adam().name, RMSprop().name, Adam(name="mine").name] == [
        "adam",
        "adam_1",
        "rm_sprop",
        "mine",
    ]
    reset_names()
    assert Adam().name == "adam"


def test_moving_averages_take_the_place_of_the_weights_at_the_end():
    variable, optimizer = Variable([0.0]), SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.finalize_variable_values([variable])  # nothing has been trained yet
    for _ in range(2):
        optimizer.apply([[-1.0]], [variable])
    assert variable.item() == 2.0
    optimizer.finalize_variable_values([variable])
    assert variable.item() == 1.5
    optimizer.apply([[-1.0]], [variable])
    assert optimizer.slots[0].item() == 2.0  # its own array, not the variable's
    with pytest.raises(ArgumentError, match="unknown variable 'other'"):
        optimizer.finalize_variable_values([Variable([1.0], name="other")])


def test_accumulated_gradients_change_nothing_until_it_is_time():
    variable, optimizer = Variable([0.0]), SGD(1.0, gradient_accumulation_steps=2)
    seen = []
    for gradient in (-1.0, -3.0, -5.0, -7.0):
        optimizer.apply([[gradient]], [variable])
        seen.append((variable.item(), optimizer.iterations.item()))
    assert seen == [(0.0, 0), (2.0, 1), (2.0, 1), (8.0, 2)]


class Signs(Optimizer):
    """An optimizer written as for Keras."""

    def __init__(self, learning_rate=0.1, power=1.0, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.power = power

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.last = [self.add_variable_from_reference(v, name="last", initializer="ones") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        last = self.last[self._get_variable_index(variable)]
        self.assign(last, np.sign(gradient) * self.power)
        self.assign_sub(variable, last * learning_rate)


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.5}, {"gradient_accumulation_steps": 2}])
def test_a_scale_of_the_loss_is_taken_out_of_the_gradients(options):
    scaled, plain = Variable([1.0, 2.0]), Variable([1.0, 2.0])
    one, other = Adam(0.1, loss_scale_factor=1024.0, **options), Adam(0.1, **options)
    for gradient in ([1.0, -3.0], [0.5, 2.0], [4.0, 0.0], [-1.0, 1.0]):
        one.apply([one.scale_loss(np.array(gradient, "float32"))], [scaled])
        other.apply([gradient], [plain])
    np.testing.assert_array_equal(scaled.numpy(), plain.numpy())


def test_a_subclass_is_an_optimizer():
    variable = Variable([1.0, 2.0], path="net/w")
    optimizer = Signs(0.5, power=2.0, clipvalue=1.0, name="signs")
    optimizer.apply([[3.0, -3.0]], [variable])
    assert variable.tolist() == [0.0, 3.0]
    assert [v.path for v in optimizer.variables] == [
        "signs/iteration",
        "signs/learning_rate",
        "signs/net_w_last",
    ]
    again = optimizers.deserialize(optimizers.serialize(optimizer), {"Signs": Signs})
    assert again.get_config() == optimizer.get_config()
    assert again.power == 2.0 and again.clipvalue == 1.0
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None


def test_a_subclass_may_change_the_variables_of_an_optimizer_its_own_way():
    class HalfOfOne(SGD):
        """The first variable moves half as far."""

        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate * (0.5 if variable.path == "first" else 1.0))

    first, second = Variable([1.0], path="first"), Variable([1.0], path="second")
    HalfOfOne(0.5).apply([[1.0], [1.0]], [first, second])
    assert (first.tolist(), second.tolist()) == ([0.75], [0.5])


@pytest.mark.parametrize("make", [SGD, RMSprop, Adagrad, Adam], ids=lambda make: make.__name__)
def test_variables_of_several_dtypes_and_rows_step_together_as_apart(make):
    def variables():
        values = np.linspace(-1, 1, 12).reshape(4, 3)
        return [Variable(values, dtype=dtype) for dtype in ("float32", "float64", "float32", "float32")]

    rows = Slices(np.array([2, 0, 2]), np.ones((3, 3), "float32"), (4, 3))
    gradients = [np.full((4, 3), 0.5), np.full((4, 3), 0.5), rows, np.full((3, 4), 0.5).T]
    together, apart = variables(), variables()
    optimizer = make(0.1)
    optimizer.apply(gradients, together)
    for gradient, variable in zip(gradients, apart, strict=True):
        make(0.1).apply([gradient], [variable])
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert [str(variable.dtype) for variable in together] == ["float32", "float64", "float32", "float32"]


def test_a_base_optimizer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Optimizer must define update_step"):
        Optimizer(0.1).apply([[1.0]], [Variable([1.0])])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(1), "Adam: expected a float learning_rate, received 1; write 1.0"),
        (lambda: SGD(True), "expected a finite float learning_rate, received True"),
        (lambda: SGD(float("nan")), "expected a finite float learning_rate, received nan"),
        (lambda: SGD(lambda step: 0.1), "SGD: expected .*a LearningRateSchedule or a function without arguments"),
        (lambda: SGD(ExponentialDecay), "SGD: expected .*a LearningRateSchedule or a function without arguments"),
        (lambda: SGD("fast"), "expected a finite float learning_rate, received 'fast'"),
        (
            lambda: Adam.from_config({"learning_rate": {"class_name": "ExponentDecay", "config": {}}}),
            "unknown learning-rate schedule class 'ExponentDecay'. Did you mean 'ExponentialDecay'",
        ),
        (
            lambda: Adam(lr=0.1),
            "Adam: unknown argument 'lr' .value 0.1.",
        ),
        (lambda: Adam(beta1=0.9), "unknown argument 'beta1' .value 0.9.. Did you mean 'beta_1'"),
        (lambda: Adam.from_config({"decay": 0.1}), "unknown argument 'decay'"),
        (lambda: Adam(ema_momentum=1.5), "Adam: expected ema_momentum between 0 and 1, received 1.5"),
        (lambda: Adam(ema_overwrite_frequency=0), "ema_overwrite_frequency to be a whole number >= 1, received 0"),
        (lambda: Adam(loss_scale_factor=0), "expected a positive number loss_scale_factor or None, received 0"),
        (lambda: Adam(gradient_accumulation_steps=1), "gradient_accumulation_steps .*>= 2, received 1"),
        (lambda: AdamW(weight_decay=None), "AdamW: expected a number weight_decay, received None"),
        (lambda: Lion(beta_1=0.0), "Lion: expected beta_1 above 0"),
        (lambda: Ftrl(learning_rate_power=0.5), "Ftrl: expected learning_rate_power at most 0, received 0.5"),
        (lambda: Ftrl(beta=-1.0), "Ftrl: expected beta at least 0, received -1.0"),
        (lambda: Adafactor(beta_2_decay=0.8), "Adafactor: expected beta_2_decay below 0, received 0.8"),
        (lambda: Adafactor(clip_threshold=0.0), "Adafactor: expected clip_threshold above 0, received 0.0"),
        (
            lambda: SGD(clipnorm=1.0, clipvalue=0.5),
            "only one of clipnorm, clipvalue and global_clipnorm.*clipnorm=1.0, clipvalue=0.5",
        ),
        (lambda: SGD(clipnorm=0.0), "expected a positive number clipnorm, received 0.0"),
        (lambda: SGD(clipvalue="1"), "expected a positive number clipvalue, received '1'"),
        (lambda: SGD(weight_decay="much"), "expected a number weight_decay or None, received 'much'"),
        (lambda: SGD(momentum=1), "SGD: expected a float momentum between 0 and 1, received 1"),
        (lambda: SGD(momentum=1.5), "SGD: expected a float momentum between 0 and 1, received 1.5"),
        (lambda: RMSprop(momentum=-0.1), "RMSprop: expected momentum at least 0, received -0.1"),
        (lambda: RMSprop(rho=1.5), "RMSprop: expected rho at least 0 and at most 1, received 1.5"),
        (lambda: Adam(beta_1=1.0), "Adam: expected beta_1 at least 0 and below 1, received 1.0"),
        (lambda: Adam(epsilon=-1e-7), "Adam: expected epsilon at least 0, received -1e-07"),
        (lambda: optimizers.get("adm"), "unknown optimizer 'adm'. Did you mean 'adam'"),
        (lambda: optimizers.get(3), "expected a name, a configuration or an optimizer, received 3"),
        (
            lambda: optimizers.deserialize({"class_name": "Adamm", "config": {}}),
            "unknown optimizer class 'Adamm'. Did you mean 'Adam'",
        ),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_what_cannot_be_applied_is_refused_before_anything_changes():
    first, second = Variable([1.0], name="a"), Variable([[1.0, 1.0]], name="b")
    optimizer = SGD(1.0)
    with pytest.raises(NotBuiltError, match="pass the variables, or call build"):
        optimizer.apply([[1.0]])
    optimizer.build([first, second])
    with pytest.raises(ShapeError, match=r"variable 'b' has shape \(1, 2\), its gradient \(2,\)"):
        optimizer.apply([[1.0], [1.0, 1.0]], [first, second])
    with pytest.raises(ShapeError, match=r"variable 'b' has shape \(1, 2\), its gradient \(3, 2\)"):
        optimizer.apply([[1.0], Slices(np.array([0]), np.ones((1, 2)), (3, 2))], [first, second])
    with pytest.raises(DtypeError, match="the gradient of 'a' is"):
        optimizer.apply([["x"], [[1.0, 1.0]]], [first, second])
    with pytest.raises(ArgumentError, match="received 1 gradients for 2 variables"):
        optimizer.apply([[1.0]])
    with pytest.raises(ArgumentError, match=r"unknown variable 'c'.*was built for \['a', 'b'\]"):
        optimizer.apply([[1.0]], [Variable([1.0], name="c")])
    with pytest.raises(ArgumentError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["a"])
    assert first.tolist() == [1.0] and second.tolist() == [[1.0, 1.0]] and optimizer.iterations.item() == 0


def test_weights_of_another_optimizer_are_refused_before_anything_changes():
    optimizer = Adam()
    optimizer.build([Variable([1.0, 2.0], name="w")])
    weights = [variable.numpy() for variable in optimizer.variables]
    with pytest.raises(ArgumentError, match="expected 4 arrays, received 3"):
        optimizer.set_weights(weights[:3])
    with pytest.raises(ShapeError, match=r"variable 'adam.*/w_velocity' has shape \(2,\), received \(3,\)"):
        optimizer.set_weights([np.array(7), *weights[1:3], np.zeros(3)])
    assert optimizer.iterations.item() == 0


@pytest.mark.parametrize("make", EVERY + BY_SHAPE)
def test_ordinary_steps_are_silent(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        variable = Variable(np.ones((2, 2), "float32"))
        optimizer = make()
        for gradient in (np.zeros((2, 2)), np.full((2, 2), 1e-30), np.ones((2, 2))):
            optimizer.apply([gradient], [variable])
    assert np.isfinite(variable.numpy()).all()
