"""`Sequential` beside Keras's: its layers, weights, configuration, table and predictions."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas
import pytest
import tensorflow
from twins import KERAS, TINYNET, forget_names, random_weights, twins

import tinynet
from tinynet import layers
from tinynet.autograd import tape
from tinynet.errors import ArgumentError, DataError, NotBuiltError, ShapeError

BOTH = pytest.mark.parametrize("library", [TINYNET, KERAS], ids=["tinynet", "keras"])


def cnn(library: Any) -> list[Any]:
    l = library.layers
    return [
        l.Input((8, 8, 2)), l.Conv2D(4, 3, activation="relu"), l.BatchNormalization(), l.MaxPooling2D(2),
        l.Dropout(0.5), l.Flatten(), l.Dense(3, activation="softmax"),
    ]  # fmt: skip


def mlp(library: Any) -> list[Any]:
    return [library.layers.Input((4,)), library.layers.Dense(5, activation="tanh"), library.layers.Dense(3)]


def deferred(library: Any) -> list[Any]:
    return mlp(library)[1:]


def lstm(library: Any) -> list[Any]:
    l = library.layers
    return [l.Input((5,)), l.Embedding(9, 4, mask_zero=True), l.Bidirectional(l.LSTM(3)), l.Dense(2)]


def nested(library: Any) -> list[Any]:
    l = library.layers
    inner = library.Sequential(
        [l.Input((4,)), l.Dense(6, activation="relu"), l.BatchNormalization()], name="inner"
    )
    return [l.Input((4,)), inner, l.Dense(2)]


BUILDS = {"cnn": cnn, "mlp": mlp, "lstm": lstm, "nested": nested}


def inputs(count: int, shape: tuple[int, ...] = (4,), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype("float32")


def inputs_for(model: Any, count: int) -> np.ndarray:
    shape = tuple(model.input_shape[1:])
    return np.random.default_rng(0).integers(0, 9, (count, 5)) if shape == (5,) else inputs(count, shape)


def close(ours: Any, theirs: Any, relative: float = 1e-5) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert np.isfinite(theirs).all()
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=relative * np.abs(theirs).max())


@pytest.mark.parametrize("name", BUILDS)
def test_predictions_are_those_of_keras(name: str) -> None:
    ours, theirs = twins(BUILDS[name], seed=1)
    for count in (1, 7, 32, 33):
        x = inputs_for(ours, count)
        expected = theirs.predict(x, verbose=0)
        close(ours.predict(x), expected)
        close(ours.predict(x, batch_size=5), expected)
        close(ours(x).numpy(), expected)
        close(ours.predict_on_batch(x), expected)


@pytest.mark.parametrize("name", BUILDS)
def test_predictions_do_not_depend_on_the_batch_size(name: str) -> None:
    ours, _ = twins(BUILDS[name], seed=2)
    x = inputs_for(ours, 45)
    whole = ours.predict(x, batch_size=45)
    for batch_size in (1, 2, 7, 32, 44, 1000):
        close(ours.predict(x, batch_size=batch_size), whole, 1e-6)
    np.testing.assert_array_equal(ours.predict(x), ours.predict(x))


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "int32", "uint8", "bool"])
def test_inputs_of_other_types(dtype: str) -> None:
    ours, theirs = twins(mlp, seed=3)
    x = (inputs(6) * 3).astype(dtype)
    close(ours.predict(x), theirs.predict(x, verbose=0))
    close(ours(x).numpy(), theirs(x).numpy())
    close(ours.predict(x.tolist()), theirs.predict(x, verbose=0))


def test_inputs_in_a_list_of_lists_or_a_frame() -> None:
    ours, theirs = twins(mlp, seed=3)
    x = inputs(6)
    close(ours.predict(pandas.DataFrame(x)), theirs.predict(pandas.DataFrame(x), verbose=0))


def test_a_last_axis_of_one_may_be_left_out_or_be_too_many() -> None:
    ours, theirs = twins(lambda library: [library.layers.Input((1,)), library.layers.Dense(2)], seed=4)
    x = inputs(6, ())
    close(ours.predict(x), theirs(x))
    close(ours.predict(x[:, None]), theirs.predict(x[:, None], verbose=0))
    ours, theirs = twins(mlp, seed=4)
    x = inputs(6, (4, 1))
    close(ours.predict(x), theirs(x))


def test_lengths_that_vary_between_batches() -> None:
    def build(library: Any) -> list[Any]:
        l = library.layers
        return [l.Input((None, 3)), l.LSTM(4, return_sequences=True), l.GlobalAveragePooling1D(), l.Dense(2)]

    ours, theirs = twins(build, seed=5)
    for length in (1, 3, 8):
        x = inputs(4, (length, 3))
        close(ours.predict(x), theirs.predict(x, verbose=0))


def test_prediction_records_no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = twins(cnn, seed=6)
    x = inputs(4, (8, 8, 2))
    assert ours(x).requires_grad  # a call of one's own records
    made = []
    original = tape.Node.__init__

    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        made.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(tape.Node, "__init__", counted)
    ours(x)
    assert made
    made.clear()
    ours.predict(x)
    ours.predict_on_batch(x)
    ours.compile("sgd", "sparse_categorical_crossentropy")
    ours.evaluate(x, np.zeros(4), verbose=0)
    assert not made


def test_prediction_needs_memory_for_a_batch_not_for_all() -> None:
    ours, _ = twins(cnn, seed=6)

    def peak(count: int) -> int:
        x = inputs(count, (8, 8, 2))
        ours.predict(x, batch_size=16)
        tracemalloc.start()
        try:
            ours.predict(x, batch_size=16)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # 1,504 samples more: their results are 18 KB; what lies between would be 3 MB and more.
    assert peak(1600) - peak(96) < 500_000


def test_a_model_of_text() -> None:
    texts = np.array(["makan nasi", "nasi goreng enak", "", "minum kopi"], dtype=object)

    def build(library: Any) -> list[Any]:
        l = library.layers
        text = l.TextVectorization(vocabulary=["nasi", "makan", "kopi"], output_sequence_length=4)
        return [l.Input((1,), dtype="string"), text, l.Embedding(5, 3, mask_zero=True), l.GRU(4), l.Dense(2)]

    ours, theirs = twins(build, seed=7)
    expected = theirs.predict(tensorflow.constant(texts.astype(str)[:, None]), verbose=0)
    for given in (texts, texts[:, None], texts.astype(str), texts.tolist(), [[text] for text in texts]):
        close(ours.predict(given), expected)
        close(ours.predict(given, batch_size=3), expected)
    close(ours.predict(["nasi"]), theirs.predict(tensorflow.constant([["nasi"]]), verbose=0))


def test_a_model_of_text_trains() -> None:
    tinynet.utils.set_random_seed(0)
    text = layers.TextVectorization(output_mode="multi_hot")
    words = ["baik sekali", "buruk sekali", "baik", "buruk"] * 8
    text.adapt(words)
    model = tinynet.Sequential([text, layers.Dense(1, activation="sigmoid")])
    model.compile(tinynet.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(np.array(words), np.array([1, 0, 1, 0] * 8), epochs=10, verbose=0).history
    assert history["accuracy"][-1] == 1


@BOTH
def test_add_and_pop(library: Any) -> None:
    """The same steps in both libraries; what is asserted holds for both."""
    forget_names()
    model = library.Sequential(name="stack")
    assert model.layers == []
    model.add(library.layers.Input((4,)))
    model.add(library.layers.Dense(5, name="first"))
    model.add(library.layers.Dense(3))
    assert [layer.name for layer in model.layers] == ["first", "dense"]
    assert model.output_shape == (None, 3)
    assert [tuple(w.shape) for w in model.weights] == [(4, 5), (5,), (5, 3), (3,)]
    model.pop()
    assert [layer.name for layer in model.layers] == ["first"]
    assert model.output_shape == (None, 5)
    assert len(model.weights) == 2
    model.add(library.layers.Dense(2, name="new"))
    assert model.output_shape == (None, 2)
    assert tuple(model(np.ones((3, 4), "float32")).shape) == (3, 2)
    model.pop()
    model.pop()
    assert model.layers == []
    with pytest.raises(ValueError):
        model.add(library.layers.Input((4,)))


def test_the_same_functions_after_pop() -> None:
    ours, theirs = twins(mlp, seed=8)
    ours.pop()
    theirs.pop()
    close(ours.predict(inputs(3)), theirs.predict(inputs(3), verbose=0))


def test_pop_of_nothing() -> None:
    with pytest.raises(ArgumentError, match="Sequential 'empty': there is no layer to pop"):
        tinynet.Sequential(name="empty").pop()
    with pytest.raises(ArgumentError, match="expected a list of layers, received <Dense"):
        tinynet.Sequential(layers.Dense(2))  # type: ignore[arg-type]


@BOTH
def test_weights_come_with_the_first_data(library: Any) -> None:
    forget_names()
    model = library.Sequential(deferred(library))
    assert not model.built
    assert model.weights == []
    model(np.ones((7, 4), "float32"))
    assert model.built
    assert [w.path for w in model.weights] == [
        "sequential/dense/kernel", "sequential/dense/bias", "sequential/dense_1/kernel", "sequential/dense_1/bias",
    ]  # fmt: skip
    assert tuple(model(np.ones((2, 4), "float32")).shape) == (2, 3)


@BOTH
def test_weights_come_with_build(library: Any) -> None:
    forget_names()
    model = library.Sequential(deferred(library))
    model.build((None, 4))
    assert (model.input_shape, model.output_shape, model.count_params()) == ((None, 4), (None, 3), 43)


@BOTH
def test_weights_come_with_training(library: Any) -> None:
    forget_names()
    model = library.Sequential(deferred(library))
    model.compile("sgd", "mse", **({"run_eagerly": True} if library is KERAS else {}))
    model.fit(inputs(6), inputs(6, (3,)), verbose=0)
    assert model.count_params() == 43


def test_a_layer_may_bring_the_shape() -> None:
    model = tinynet.Sequential([layers.Dense(2, input_shape=(3,))])
    assert model.built and model.input_shape == (None, 3)
    inner = tinynet.Sequential([layers.Input((6,)), layers.Dense(2)])
    outer = tinynet.Sequential([inner, layers.Dense(1)])
    assert outer.built and outer.input_shape == (None, 6)
    assert outer.predict(np.ones((2, 6))).shape == (2, 1)


def test_a_failed_build_leaves_the_model_as_it_was() -> None:
    model = tinynet.Sequential([layers.Dense(2), layers.Conv2D(2, 3)])
    with pytest.raises(ShapeError, match="Conv2D 'conv2d.*': expected inputs .*received shape .None, 2."):
        model(np.ones((3, 4)))
    assert not model.built and len(model.layers) == 2
    with pytest.raises(NotBuiltError, match="the input shape is known once the model is built"):
        model.input_shape


@pytest.mark.parametrize("name", BUILDS)
def test_weights_in_keras_order(name: str) -> None:
    ours, theirs = twins(BUILDS[name])
    for kind in ("weights", "trainable_weights", "non_trainable_weights", "trainable_variables"):
        own, expected = getattr(ours, kind), getattr(theirs, kind)
        expected = [v for v in expected if "seed_generator" not in v.path]
        assert [v.path for v in own] == [v.path for v in expected]
        assert [tuple(v.shape) for v in own] == [tuple(v.shape) for v in expected]
    assert ours.count_params() == theirs.count_params()
    assert ours.input_shape == theirs.input_shape
    assert ours.output_shape == theirs.output_shape


@pytest.mark.parametrize("name", BUILDS)
def test_freezing_as_in_keras(name: str) -> None:
    ours, theirs = twins(BUILDS[name])
    for model in (ours, theirs):
        model.layers[0].trainable = False
    assert [v.path for v in ours.trainable_weights] == [v.path for v in theirs.trainable_weights]
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    for model in (ours, theirs):
        model.trainable = False
    assert ours.trainable_weights == theirs.trainable_weights == []
    for model in (ours, theirs):
        model.trainable = True
    assert [v.path for v in ours.trainable_weights] == [v.path for v in theirs.trainable_weights]


def test_frozen_layers_do_not_train() -> None:
    pair = twins(cnn, seed=3, optimizer="sgd", loss="sparse_categorical_crossentropy")
    for model in pair:
        model.layers[0].trainable = False
        model.layers[1].trainable = False
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        model.layers[3].rate = 0.0
    before = pair[0].get_weights()
    x = inputs(6, (8, 8, 2))
    for model in pair:
        model.fit(x, np.arange(6) % 3, verbose=0, epochs=2)
    after = pair[0].get_weights()
    for i in range(6):
        np.testing.assert_array_equal(before[i], after[i])  # moving statistics included
    assert not np.array_equal(before[6], after[6])
    for one, other in zip(after, pair[1].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_layers_by_name_and_place() -> None:
    ours, theirs = twins(cnn)
    for i in (0, 2, -1):
        assert ours.get_layer(index=i).name == theirs.get_layer(index=i).name
    assert ours.get_layer("flatten") is ours.layers[4]
    assert theirs.get_layer("flatten") is theirs.layers[4]
    with pytest.raises(ArgumentError, match="no layer 'flaten'. Did you mean 'flatten'?"):
        ours.get_layer("flaten")
    with pytest.raises(ArgumentError, match="get_layer takes either a name or an index"):
        ours.get_layer()
    with pytest.raises(ArgumentError, match="no layer 6; it has 6 layers"):
        ours.get_layer(index=6)


def test_weights_are_copies() -> None:
    ours, _ = twins(mlp, seed=1)
    x = inputs(3)
    expected = ours.predict(x)
    for weight in ours.get_weights():
        weight[...] = 0
    given = ours.get_weights()
    ours.set_weights(given)
    for weight in given:
        weight[...] = 0
    np.testing.assert_array_equal(ours.predict(x), expected)
    result = ours.predict(x)
    result[...] = 7
    np.testing.assert_array_equal(ours.predict(x), expected)


def plain(value: Any) -> Any:
    """A configuration as it comes back from a file: tuples are lists."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", BUILDS)
def test_configurations_go_both_ways(name: str) -> None:
    ours, theirs = twins(BUILDS[name], seed=9)
    weights = ours.get_weights()
    from_theirs = tinynet.Sequential.from_config(theirs.get_config())
    from_ours = keras.Sequential.from_config(ours.get_config())
    again = tinynet.Sequential.from_config(ours.get_config())
    x = inputs_for(ours, 5)
    expected = theirs.predict(x, verbose=0)
    for model in (from_theirs, from_ours, again):
        assert [layer.name for layer in model.layers] == [layer.name for layer in theirs.layers]
        model.set_weights(weights)
        close(model.predict(x, verbose=0), expected)
    assert from_theirs.get_config() == ours.get_config() == again.get_config()
    assert plain(from_ours.get_config()) == plain(theirs.get_config())


def test_a_configuration_of_a_model_without_shape() -> None:
    forget_names()
    model = tinynet.Sequential.from_config(keras.Sequential(deferred(KERAS)).get_config())
    assert not model.built
    assert model(np.ones((2, 4))).shape == (2, 3)


def test_a_configuration_that_is_none() -> None:
    with pytest.raises(ArgumentError, match="Sequential: expected a configuration with a list of layers"):
        tinynet.Sequential.from_config({"name": "x"})
    with pytest.raises(ArgumentError, match="Sequential: unknown key 'colour' in the configuration"):
        tinynet.Sequential.from_config({"layers": [], "colour": 1})


def printed(model: Any, **settings: Any) -> str:
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), **settings)
    return re.sub("\x1b\\[[0-9;]*m", "", "\n".join(lines))  # Keras's table has colours


def table(text: str) -> list[list[str]]:
    """The cells of the rows, headings included, without decoration."""
    rows = [re.split("[│┃]", line)[1:-1] for line in text.splitlines() if line.startswith(("│", "┃"))]
    return [[" ".join(cell.replace("└", "").split()) for cell in row] for row in rows]


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("expand", [False, True])
def test_the_table_says_what_that_of_keras_says(
    name: str, expand: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")  # or Keras's table is cut off
    ours, theirs = twins(BUILDS[name])
    for settings in ({}, {"show_trainable": True}):
        for model in (ours, theirs):
            model.layers[0].trainable = False
        own = printed(ours, expand_nested=expand, **settings)
        expected = printed(theirs, expand_nested=expand, line_length=200, **settings)
        own_rows, rows = table(own), table(expected)
        assert [row[:3] for row in own_rows] == [row[:3] for row in rows]
        if settings:
            assert [row[3] for row in own_rows[1:]] == [row[3] for row in rows[1:]]
        assert own.splitlines()[0] == expected.splitlines()[0] == 'Model: "sequential"'
        sums = [line.strip() for line in own.splitlines() if "params:" in line]
        assert sums == [line.strip() for line in expected.splitlines() if "params:" in line]


def test_the_table_before_there_are_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    ours, theirs = twins(deferred)
    own, expected = printed(ours), printed(theirs, line_length=200)
    assert [row[0] for row in table(own)] == [row[0] for row in table(expected)]
    assert [row[1:] for row in table(own)[1:]] == [["?", "0 (unbuilt)"]] * 2
    assert "Total params: 0 (0.00 B)" in own and "Total params: 0 (0.00 B)" in expected


def test_the_table_of_no_layers(capsys: pytest.CaptureFixture[str]) -> None:
    forget_names()
    tinynet.Sequential(name="none").summary()
    text = capsys.readouterr().out
    assert text.startswith('Model: "none"\n')
    assert table(text) == [["Layer (type)", "Output Shape", "Param #"]]


def test_the_table_counts_the_optimizer() -> None:
    ours, _ = twins(mlp, optimizer="adam", loss="mse")
    assert "Optimizer params" not in printed(ours)
    ours.fit(inputs(3), inputs(3, (3,)), verbose=0)
    assert " Optimizer params: 88 " in printed(ours)  # two a weight, iteration and learning rate


def test_the_table_is_as_wide_as_it_must() -> None:
    ours, _ = twins(cnn)
    lines = [line for line in printed(ours).splitlines() if line.startswith(tuple("│┃┏┡├└"))]
    assert len({len(line) for line in lines}) == 1
    with pytest.raises(
        ArgumentError, match="summary: line_length is not supported; the columns fit their contents"
    ):
        ours.summary(line_length=80)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((3, 5), r"expected inputs of shape \(None, 4\), received \(3, 5\)"), ((3, 4, 4), r"expected .* received \(3, 4, 4\)"),
     ((4,), r"expected .* received \(4,\)")],
)  # fmt: skip
def test_inputs_that_do_not_fit(shape: tuple[int, ...], message: str) -> None:
    ours, _ = twins(mlp)
    actions: list[Callable[[Any], Any]] = [ours, ours.predict, ours.predict_on_batch]
    for action in actions:
        with pytest.raises(ShapeError, match=f"Sequential 'sequential': {message}"):
            action(np.ones(shape, "float32"))


def test_steps_and_sizes_that_are_none() -> None:
    ours, _ = twins(mlp)
    with pytest.raises(ArgumentError, match="predict: expected steps to be a whole number >= 1, received 0"):
        ours.predict(inputs(3), steps=0)
    with pytest.raises(DataError, match="predict: the data are empty: x has shape .0, 4."):
        ours.predict(inputs(0))
    with pytest.raises(NotBuiltError, match="a model without layers cannot be built"):
        tinynet.Sequential().predict(inputs(2))


def test_random_weights_differ_between_models() -> None:
    one, other = (tinynet.Sequential(mlp(TINYNET)) for _ in range(2))
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    first, second = random_weights(one), random_weights(other)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_predictions_are_the_callers_own():
    model = tinynet.Sequential([layers.Input((3,)), layers.Dropout(0.5)])
    x = np.ones((2, 3), np.float32)
    model.predict(x)[:] = 7
    model.predict_on_batch(x)[:] = 7
    np.testing.assert_array_equal(x, 1)
