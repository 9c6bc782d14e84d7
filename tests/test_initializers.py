"""Initializers: their numbers, seeds, names and configurations, against Keras."""

from __future__ import annotations

import json
import math
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.initializers.random_initializers import compute_fans

from tinynet import initializers, layers, seeds
from tinynet.errors import ArgumentError, ShapeError, TinynetError
from tinynet.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)

RANDOM = [
    RandomUniform,
    RandomNormal,
    TruncatedNormal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
]


SETTINGS: dict[Any, list[dict[str, Any]]] = {
    RandomUniform: [{}, {"minval": 1, "maxval": 2.7}], RandomNormal: [{}, {"mean": 2, "stddev": 0.5}],
    TruncatedNormal: [{}, {"mean": 1, "stddev": 2}], Orthogonal: [{}, {"gain": 0.5}],
    VarianceScaling: [
        {"scale": scale, "mode": mode, "distribution": distribution}
        for scale, mode in ((0.5, "fan_in"), (3.0, "fan_out"), (1.0, "fan_avg"))
        for distribution in ("uniform", "untruncated_normal", "truncated_normal")
    ],
}  # fmt: skip


@pytest.mark.parametrize("cls", RANDOM)
@given(
    seed=st.integers(0, 2**32), dtype=st.sampled_from(["float32", "float64"]), data=st.data(),
    shape=st.sampled_from([(40, 31), (31, 40), (3, 3, 5, 7), (4, 90), (3, 1)]),
)  # fmt: skip
def test_numbers_are_those_of_keras(cls: Any, seed: int, dtype: str, data: Any, shape: Any, counts: Any) -> None:
    settings = data.draw(st.sampled_from(SETTINGS.get(cls, [{}])))
    values = cls(**settings, seed=seed)(shape, dtype)
    expected = np.asarray(getattr(keras.initializers, cls.__name__)(**settings, seed=seed)(shape, dtype))
    assert values.dtype == expected.dtype and values.shape == expected.shape
    if settings.get("distribution") == "uniform" or "Uniform" in cls.__name__:
        np.testing.assert_array_equal(values, expected)
    else:
        tolerance = (2e-6 if cls is Orthogonal else 3e-7) if dtype == "float32" else 1e-14
        np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    counts["initializers", "weights with Keras's numbers"] += 1


@given(shape=st.lists(st.integers(1, 6), max_size=5).map(tuple))
def test_fans(shape: tuple[int, ...]) -> None:
    assert initializers.fans(shape) == compute_fans(shape)


@given(
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple),
    gain=st.sampled_from([1.0, 0.5, 2.0]),
)
def test_orthogonal(shape: tuple[int, ...], gain: float) -> None:
    matrix = Orthogonal(gain, seed=4)(shape, dtype="float64").reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(min(rows, columns)), atol=1e-12)


@given(
    shape=st.lists(st.integers(0, 4), max_size=3).map(tuple), dtype=st.sampled_from(["float32", "float64"])
)
def test_constants(shape: tuple[int, ...], dtype: str) -> None:
    for initializer, value in ((Zeros(), 0), (Ones(), 1), (Constant(0.25), 0.25)):
        values = initializer(shape, dtype=dtype)
        assert (values.shape, values.dtype) == (shape, np.dtype(dtype))
        assert (values == value).all()
        assert values.flags.writeable


def test_constant_arrays_and_identity() -> None:
    rows = [[1.0, 2.0], [3.0, 4.0]]
    np.testing.assert_array_equal(Constant(rows)((2, 2)), rows)
    np.testing.assert_array_equal(Constant([1.0, 2.0])((3, 2)), [[1, 2]] * 3)
    np.testing.assert_array_equal(Identity(2)((2, 3)), keras.initializers.Identity(2)((2, 3)).numpy())


@pytest.mark.parametrize("cls", RANDOM)
def test_one_object_gives_the_same_numbers_each_time(cls: Any) -> None:
    for initializer in (cls(), cls(seed=5)):
        np.testing.assert_array_equal(initializer((4, 3)), initializer((4, 3)))
    np.testing.assert_array_equal(cls(seed=5)((4, 3)), cls(seed=5)((4, 3)))
    assert not np.array_equal(cls(seed=5)((4, 3)), cls(seed=6)((4, 3)))
    assert not np.array_equal(cls()((4, 3)), cls()((4, 3)))


def test_a_name_is_a_new_object_each_time() -> None:
    one, other = layers.Dense(3), layers.Dense(3)
    one.build((None, 4))
    other.build((None, 4))
    assert not np.array_equal(one.kernel.numpy(), other.kernel.numpy())
    shared = GlorotUniform()
    first, second = layers.Dense(3, kernel_initializer=shared), layers.Dense(3, kernel_initializer=shared)
    first.build((None, 4))
    second.build((None, 4))
    np.testing.assert_array_equal(first.kernel.numpy(), second.kernel.numpy())


@pytest.mark.parametrize("cls", RANDOM)
def test_the_global_seed_repeats_what_follows_it(cls: Any) -> None:
    seeds.set_random_seed(8)
    first = [cls()((3, 3)) for _ in range(2)]
    seeds.set_random_seed(8)
    second = [cls()((3, 3)) for _ in range(2)]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_the_forget_gate_starts_open() -> None:
    for library in (layers, keras.layers):
        layer = library.LSTM(3, bias_initializer=_initializers_of(library).Constant(0.5))
        layer.build((None, 4, 2))
        np.testing.assert_array_equal(layer.get_weights()[2], [0.5] * 3 + [1] * 3 + [0.5] * 6)
        closed = library.LSTM(3, unit_forget_bias=False)
        closed.build((None, 4, 2))
        assert not closed.get_weights()[2].any()


def _initializers_of(library: Any) -> Any:
    return initializers if library is layers else keras.initializers


ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "Constant": [{}, {"value": 2.5}], "RandomUniform": [{}, {"minval": 0.0, "maxval": 1.0, "seed": 3}],
    "RandomNormal": [{}, {"mean": 1.0, "stddev": 0.5, "seed": 3}],
    "TruncatedNormal": [{}, {"mean": 1.0, "stddev": 0.5, "seed": 3}],
    "VarianceScaling": [
        {}, {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform", "seed": 3},
        {"distribution": "untruncated_normal"}, {"input_axes": [0], "output_axes": [1, 2]},
    ],
    "STFT": [{}, {"side": "imag", "window": "hamming", "scaling": None, "periodic": True}, {"window": [1.0, 2.0]}],
    "Orthogonal": [{}, {"gain": 0.5, "seed": 3}], "Identity": [{}, {"gain": 2.0}],
}  # fmt: skip
OBJECTS = [
    (name, arguments)
    for name in sorted(initializers.CATALOGUE.by_class_name)
    for arguments in ARGUMENTS.get(name, [{}, {"seed": 3}] if "Normal" in name or "Uniform" in name else [{}])
]


def without_axes(config: dict[str, Any]) -> dict[str, Any]:
    """Keras's configuration but for two keys that are None, which older versions of Keras do not know."""
    return {k: v for k, v in config.items() if v is not None or k not in ("input_axes", "output_axes")}


@pytest.mark.parametrize("name, arguments", OBJECTS)
def test_configurations_both_ways(name: str, arguments: dict[str, Any]) -> None:
    cls = initializers.CATALOGUE.by_class_name[name]
    ours, theirs = cls(**arguments), getattr(keras.initializers, name)(**arguments)
    config = json.loads(json.dumps(theirs.get_config()))
    if name == "Identity":
        config["gain"] = theirs.gain  # which Keras forgets to write
    assert ours.get_config() == without_axes(config)
    assert cls.from_config(config).get_config() == ours.get_config()
    assert type(theirs).from_config(ours.get_config()).get_config() == theirs.get_config()
    described = json.loads(json.dumps(keras.initializers.serialize(theirs)))
    described["config"] = config
    assert {**described, "config": without_axes(config)} == initializers.serialize(ours)
    again = initializers.get(described)
    assert type(again) is cls
    assert again.get_config() == ours.get_config()
    back = keras.initializers.get(initializers.serialize(ours))
    assert back.get_config() == theirs.get_config()


def test_names_are_those_of_keras() -> None:
    for name in set(initializers.CATALOGUE.names()) - {"constant", "Constant"}:  # at which Keras fails
        known = keras.initializers.get(name)
        assert type(known).__name__ == type(initializers.get(name)).__name__, name
    assert initializers.get(None) is None
    assert isinstance(initializers.get(HeNormal), HeNormal)


def test_the_lower_case_names_are_the_classes() -> None:
    for name in vars(keras.initializers):
        known = getattr(keras.initializers, name)
        if isinstance(known, type):
            assert getattr(initializers, name).__name__ == known.__name__, name


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "bartlett", "boxcar", "tukey", None, [1.0, -2.0, 3.0]])
def test_the_fourier_kernel_is_keras_kernel(side: str, window: Any) -> None:
    for scaling, periodic in (("density", False), ("spectrum", True), (None, True)):
        for shape in [(3, 1, 3), (16, 2, 5)]:
            if isinstance(window, list) and shape[0] != len(window):
                continue
            arguments = (side, window, scaling, periodic)
            expected = np.asarray(keras.initializers.STFT(*arguments)(shape, "float64"))
            found = initializers.STFT(*arguments)(shape)
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, np.broadcast_to(expected, shape), rtol=1e-6, atol=1e-7)


def test_an_array_as_initializer_must_have_the_weight_s_shape() -> None:
    values = np.array([[1.0, 2.0]])
    assert initializers.get(values)((1, 2)).tolist() == values.tolist()
    with pytest.raises(ShapeError, match=r"shape \(1, 2\) does not fill a weight of shape \(3, 2\)"):
        initializers.get(values)((3, 2))


def test_a_seed_generator_draws_anew_each_time() -> None:
    initializer = RandomNormal(seed=seeds.SeedGenerator(3))
    first = initializer((4,))
    assert (first != initializer((4,))).all()
    again = RandomNormal.from_config(json.loads(json.dumps(initializer.get_config())))
    np.testing.assert_array_equal(again((4,)), first)


def test_a_function_as_initializer() -> None:
    layer = layers.Dense(2, kernel_initializer=lambda shape, dtype=None: np.full(shape, 3.0, dtype))
    layer.build((None, 3))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.full((3, 2), 3.0, "float32"))


def test_a_function_that_gives_another_shape_is_refused() -> None:
    layer = layers.Dense(2, kernel_initializer=lambda shape, dtype=None: np.zeros((7, 7)), name="top")
    with pytest.raises(ShapeError, match=r"Dense 'top': .*'kernel' .*\(3, 2\).*\(7, 7\)"):
        layer.build((None, 3))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: VarianceScaling(0), r"VarianceScaling: expected a positive scale, received 0"),
        (
            lambda: VarianceScaling("x"),
            r"VarianceScaling: expected scale to be a finite number, received 'x'",
        ),
        (lambda: VarianceScaling(mode="fan"), r"expected mode fan_in, fan_out or fan_avg, received 'fan'"),
        (lambda: VarianceScaling(distribution="cauchy"), r"expected distribution .*received 'cauchy'"),
        (
            lambda: GlorotUniform(seed=1.5),
            r"GlorotUniform: expected seed to be a whole number >= 0, received 1\.5",
        ),
        (
            lambda: GlorotUniform(seed=-1),
            r"GlorotUniform: expected seed to be a whole number >= 0, received -1",
        ),
        (lambda: Orthogonal()((3,)), r"Orthogonal: expected a shape of at least two axes, received \(3,\)"),
        (lambda: Identity()((3,)), r"Identity: expected a shape of two axes, received \(3,\)"),
        (
            lambda: Constant([1.0, 2.0])((3,)),
            r"Constant: a value of shape \(2,\) does not fill a weight of shape \(3,\)",
        ),
        (lambda: Constant("x"), r"Constant: expected a number or an array of numbers, received 'x'"),
        (lambda: RandomNormal(stddev=-1), r"RandomNormal: expected stddev >= 0\.0, received -1"),
        (lambda: TruncatedNormal(stddev="a"), r"TruncatedNormal: expected stddev"),
        (lambda: RandomUniform("a"), r"RandomUniform: expected minval"),
        (lambda: RandomUniform(1.0, 0.0), r"RandomUniform: expected maxval >= 1\.0, received 0\.0"),
        (lambda: initializers.STFT("left"), r"STFT: unknown side 'left'"),
        (lambda: initializers.STFT(window="kaiser"), r"STFT: unknown window 'kaiser'"),
        (lambda: initializers.STFT(window=[1.0])((3, 1, 2)), r"a window of 1 numbers does not fit frames of 3"),
        (lambda: initializers.STFT()((3, 2)), r"STFT: expected a shape \(frame_length,"),
        (lambda: initializers.fans((3, 2), [2], [0]), r"axis 2 does not exist in a weight of shape \(3, 2\)"),
        (lambda: Orthogonal(gain=None), r"Orthogonal: expected gain"),
        (
            lambda: initializers.get("glorot_unifrom"),
            r"unknown initializer 'glorot_unifrom'\. Did you mean 'glorot_uniform'",
        ),
        (
            lambda: initializers.get(3),
            r"initializer: expected a name, a configuration or an object, received 3",
        ),
        (lambda: initializers.get({"class_name": "Glorot"}), r"unknown initializer class 'Glorot'"),
        (
            lambda: GlorotUniform.from_config({"seed": None, "input_axes": [0]}),
            r"GlorotUniform: expected input_axes and output_axes both or neither, received \[0\] and None",
        ),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(TinynetError, match=message):
        make()


def test_an_own_initializer() -> None:
    class Ramp(initializers.Initializer):
        def __init__(self, step: float = 1.0) -> None:
            self.step = step

        def values(self, shape: tuple[int, ...]) -> Any:
            return self.step * np.arange(math.prod(shape)).reshape(shape)

    assert Ramp(2.0)((2, 2)).tolist() == [[0, 2], [4, 6]]
    assert Ramp.from_config(Ramp(3.0).get_config()).step == 3.0
    with pytest.raises(ArgumentError, match="Ramp: unknown argument 'stp'"):
        Ramp.from_config({"stp": 1})
