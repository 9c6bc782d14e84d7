"""Learning-rate schedules against Keras's, alone and in optimizers; and learning rates that follow functions."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tinynet import optimizers
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers import schedules

rates = st.sampled_from([0.5, 0.1, 1e-3])
lengths = st.sampled_from([1, 4, 7.5, 100])
OPTIONS = {
    "ExponentialDecay": {
        "initial_learning_rate": rates, "decay_steps": lengths, "decay_rate": st.sampled_from([0.5, 0.96, 1.5]),
        "staircase": st.booleans(), "name": st.sampled_from(["ExponentialDecay", "mine"]),
    },
    "InverseTimeDecay": {
        "initial_learning_rate": rates, "decay_steps": lengths, "decay_rate": st.sampled_from([0.5, 0.01, 3]),
        "staircase": st.booleans(),
    },
    "PolynomialDecay": {
        "initial_learning_rate": rates, "decay_steps": lengths, "end_learning_rate": st.sampled_from([1e-4, 0.0, 0.2]),
        "power": st.sampled_from([1.0, 0.5, 2.0]), "cycle": st.booleans(),
    },
    "CosineDecay": {
        "initial_learning_rate": st.sampled_from([0.5, 0.0]), "decay_steps": lengths,
        "alpha": st.sampled_from([0.0, 0.25]), "warmup_target": st.sampled_from([None, 0.0, 0.75]),
        "warmup_steps": st.sampled_from([0, 1, 5]),
    },
    "CosineDecayRestarts": {
        "initial_learning_rate": rates, "first_decay_steps": lengths, "t_mul": st.sampled_from([2.0, 1.0, 1.5]),
        "m_mul": st.sampled_from([1.0, 0.5]), "alpha": st.sampled_from([0.0, 0.25]),
    },
}  # fmt: skip
NAMES = sorted([*OPTIONS, "PiecewiseConstantDecay"])


@st.composite
def arguments(draw, name):
    if name != "PiecewiseConstantDecay":
        return {key: draw(values) for key, values in OPTIONS[name].items()}
    boundaries = sorted(draw(st.sets(st.integers(0, 12), min_size=1, max_size=4)))
    values = draw(st.lists(rates, min_size=len(boundaries) + 1, max_size=len(boundaries) + 1))
    return {"boundaries": [b + draw(st.sampled_from([0, 0, 0.5])) for b in boundaries], "values": values}


def both(name, chosen):
    return getattr(keras.optimizers.schedules, name)(**chosen), getattr(schedules, name)(**chosen)


@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_keras_step(name, data):
    theirs, ours = both(name, data.draw(arguments(name)))
    for step in [*range(18), 99, 100, 101, 1000]:
        expected = theirs(tf.constant(step, "int64"))
        found = ours(Variable(np.int64(step)))
        assert found.dtype == np.float32 and found.shape == ()
        # Where a period ends, rounding may decide which one a step belongs to.
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=2e-5, atol=1e-7, err_msg=str(step))
        assert ours(step).item() == ours(np.int32(step)).item() == found.item()


@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_configurations_are_exchanged_with_keras(name, data):
    theirs, ours = both(name, data.draw(arguments(name)))
    assert ours.get_config() == theirs.get_config()
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    again = schedules.deserialize(keras.optimizers.schedules.serialize(theirs))
    assert type(again) is type(ours) and again.get_config() == theirs.get_config()
    back = keras.optimizers.schedules.deserialize(schedules.serialize(ours))
    assert type(back) is type(theirs) and back.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_keras_arguments_and_defaults(name):
    theirs = inspect.signature(getattr(keras.optimizers.schedules, name)).parameters.values()
    ours = inspect.signature(getattr(schedules, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@given(st.data(), st.sampled_from([None, 2]), st.sampled_from([None, 0.1]))
def test_an_optimizer_follows_its_schedule_as_in_keras(data, accumulated, decay):
    name = data.draw(st.sampled_from(NAMES))
    their_schedule, our_schedule = both(name, data.draw(arguments(name)))
    options = {"name": "opt", "gradient_accumulation_steps": accumulated, "weight_decay": decay}
    theirs, ours = keras.optimizers.Adam(their_schedule, **options), optimizers.Adam(our_schedule, **options)
    assert ours.get_config() == theirs.get_config()
    assert optimizers.deserialize(optimizers.serialize(ours)).get_config() == theirs.get_config()
    their_variable, our_variable = keras.Variable([1.0, 2.0]), Variable([1.0, 2.0], path=keras.Variable([0.0]).path)
    for gradient in np.random.default_rng(0).normal(size=(6, 2)).astype("float32"):
        theirs.apply([tf.constant(gradient)], [their_variable])
        ours.apply([gradient], [our_variable])
        np.testing.assert_allclose(ours.learning_rate.item(), float(theirs.learning_rate), rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(our_variable.numpy(), their_variable.numpy(), rtol=1e-4)
    assert [v.name.rpartition("_")[2] for v in ours.variables] == [v.name.rpartition("_")[2] for v in theirs.variables]
    assert len(ours.slots) == len(ours.variables) - 1


class Halved(schedules.LearningRateSchedule):
    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (step + 1)


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_one_cycle_is_a_warm_up_and_a_decay_of_keras(shape):
    ours = schedules.OneCycle(0.5, 20, warmup=0.25, start=0.25, end=0.125, shape=shape)
    rates = [ours(step).item() for step in range(23)]
    if shape == "cosine":
        up = keras.optimizers.schedules.CosineDecay(0.5, 5, alpha=0.25)
        down = keras.optimizers.schedules.CosineDecay(0.5, 15, alpha=0.125)
    else:
        up = keras.optimizers.schedules.PolynomialDecay(0.5, 5, end_learning_rate=0.125)
        down = keras.optimizers.schedules.PolynomialDecay(0.5, 15, end_learning_rate=0.0625)
    expected = [float(up(5 - step)) for step in range(5)] + [float(down(step)) for step in range(18)]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)
    again = schedules.deserialize(schedules.serialize(ours))
    assert again.get_config() == ours.get_config()


def test_a_schedule_of_ones_own():
    variable, optimizer = Variable([1.0]), optimizers.SGD(Halved(0.5))
    optimizer.apply([[1.0]], [variable])
    assert variable.item() == 0.5 and optimizer.learning_rate.item() == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer), {"Halved": Halved})
    assert again.get_config() == optimizer.get_config()
    with pytest.raises(NotImplementedError, match="LearningRateSchedule must define __call__"):
        schedules.LearningRateSchedule()(0)


def quarter():
    return 0.25


def test_a_function_tells_the_rate_as_in_keras():
    their_variable, variable = keras.Variable([1.0]), Variable([1.0])
    theirs, ours = keras.optimizers.SGD(quarter, name="opt"), optimizers.SGD(quarter, name="opt")
    theirs.apply([tf.constant([1.0])], [their_variable])
    ours.apply([[1.0]], [variable])
    assert variable.item() == float(their_variable.numpy()[0]) == 0.75 and ours.learning_rate == 0.25
    assert ours.get_config() == theirs.get_config()
    assert optimizers.deserialize(optimizers.serialize(ours), {"quarter": quarter}).learning_rate == 0.25
    with pytest.raises(ArgumentError, match="unknown learning-rate schedule 'quarter'"):
        optimizers.deserialize(optimizers.serialize(ours))


def test_assigning_a_schedule_takes_the_variable_away_as_in_keras():
    theirs, ours = keras.optimizers.SGD(0.5), optimizers.SGD(0.5)
    theirs.learning_rate, ours.learning_rate = both("ExponentialDecay", {
        "initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.5,
    })  # fmt: skip
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables] == ["iteration"]
    with pytest.raises(TypeError):
        theirs.learning_rate = 0.1
    with pytest.raises(ArgumentError, match="follows <.*ExponentialDecay.*> and cannot be set to 0.1"):
        ours.learning_rate = 0.1
    ours.learning_rate = quarter
    assert ours.learning_rate == 0.25


@pytest.mark.parametrize("told", [float("nan"), [0.1, 0.2], "fast", None])
def test_a_rate_that_is_no_finite_number_is_refused(told):
    variable, optimizer = Variable([1.0]), optimizers.SGD(lambda: told)
    with pytest.raises(ArgumentError):
        optimizer.apply([[1.0]], [variable])
    assert variable.item() == 1.0 and optimizer.iterations.item() == 0


def test_a_schedule_that_leaves_the_numbers_is_refused_when_it_does():
    variable, optimizer = Variable([1.0]), optimizers.SGD(schedules.ExponentialDecay(0.1, 2, -0.5))
    optimizer.apply([[1.0]], [variable])
    with pytest.raises(ArgumentError, match=r"SGD: expected .* to tell a finite learning rate, received nan after 1"):
        optimizer.apply([[1.0]], [variable])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "ExponentialDecay: expected decay_steps above 0, received 0"),
        (lambda: schedules.ExponentialDecay(1, 10, 0.5), "a float initial_learning_rate, received 1; write 1.0"),
        (lambda: schedules.InverseTimeDecay(0.1, 10, "x"), "InverseTimeDecay: expected decay_rate .*received 'x'"),
        (lambda: schedules.ExponentialDecay(0.1, 10, 0.5, "yes"), "expected staircase to be True or False"),
        (lambda: schedules.PolynomialDecay(0.1, 10, cycle=2), "PolynomialDecay: expected cycle to be True or False"),
        (lambda: schedules.PolynomialDecay(0.1, 10, name=3), "expected name to be a text, received 3"),
        (lambda: schedules.CosineDecay(0.1, -1), "CosineDecay: expected decay_steps above 0, received -1"),
        (lambda: schedules.CosineDecay(0.1, 5, warmup_target="x"), "expected warmup_target .*received 'x'"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "expected first_decay_steps above 0, received 0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "one boundary less than values, received 1 .* and 1"),
        (lambda: schedules.PiecewiseConstantDecay([], [0.1]), "expected a list of numbers boundaries, received"),
        (lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]), "expected increasing boundaries"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1, 0.2]), "expected values that are all floats"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1, "x"]), "each of values .*received 'x'"),
        (lambda: schedules.CosineDecay(0.1, 5)("soon"), r"CosineDecay\(\): expected step .*received 'soon'"),
        (lambda: schedules.deserialize({"class_name": "Exponential"}), "unknown learning-rate schedule class"),
        (lambda: schedules.OneCycle(0.5, 0), "OneCycle: expected total_steps above 0, received 0"),
        (lambda: schedules.OneCycle(0.5, 10, warmup=1), "OneCycle: expected warmup above 0 and below 1, received 1"),
        (lambda: schedules.OneCycle(0.5, 10, shape="sine"), "OneCycle: unknown shape 'sine'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
