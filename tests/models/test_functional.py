"""Functional models beside Keras's: the same graph, order, configuration, files and numbers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from functional_programs import Program, Step, data_for, made, programs
from hypothesis import given, settings
from keras_oracle import comparable_model
from twins import forget_names, random_weights

import tinynet
from tinynet import layers, ops
from tinynet.errors import ArgumentError, FileFormatError, GraphError, NotBuiltError, ShapeError
from tinynet.models import Functional, Model, load_model, model_from_json
from tinynet.nested import leaves

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*destroy the mask information.*", "ignore:.*does not support masking.*", "ignore:.*structure of `inputs`.*"
)


def twins(program: Program, seed: int = 0) -> tuple[Any, Any]:
    forget_names()
    ours, theirs = made(tinynet, program), made(keras, program)
    for model in (ours, theirs):
        model.set_weights(random_weights(model, seed))
    return ours, theirs


def assert_same(ours: Any, theirs: Any, tolerance: float = 2e-6) -> None:
    own, expected = list(leaves(ours)), list(leaves(theirs))
    assert len(own) == len(expected)
    for one, other in zip(own, expected, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape and one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * max(np.abs(other).max(), 1e-3))


@settings(max_examples=40, deadline=None)
@given(program=programs())
def test_random_graphs(program: Program, tmp_path_factory: Any, counts: Any) -> None:
    ours, theirs = twins(program)
    assert [operation.name for operation in ours._graph.operations] == [o.name for o in theirs.operations]
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [tuple(v.shape) for v in ours.weights] == [tuple(v.shape) for v in theirs.weights]
    assert comparable_model(ours.get_config()) == comparable_model(theirs.get_config())
    x = data_for(program)
    expected = theirs(x)
    assert_same(ours(x), expected)

    folder = tmp_path_factory.mktemp("graph")
    theirs.save(folder / "keras.keras")
    loaded = load_model(folder / "keras.keras")
    assert_same(loaded(x), expected)
    assert comparable_model(loaded.get_config()) == comparable_model(theirs.get_config())
    ours.save(folder / "tinynet.keras")
    reloaded = keras.saving.load_model(folder / "tinynet.keras")
    for own, other in zip(ours.get_weights(), reloaded.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    assert_same(ours(x), reloaded(x))
    counts["models", "random graphs that agree with Keras's and went through files both ways"] += 1


def test_a_mask_that_attention_passes_on(tmp_path_factory: Any, counts: Any) -> None:
    steps = (
        Step("embedding", (("w", 0),)), Step("attention", (("s", 0), ("s", 0))), Step("both_ways", (("s", 1),)),
    )  # fmt: skip
    program = Program(("w",), steps, (("s", 2),), "one")
    test_random_graphs.hypothesis.inner_test(program, tmp_path_factory, counts)  # type: ignore[attr-defined]


@settings(max_examples=10, deadline=None)
@given(program=programs())
def test_random_graphs_as_json_and_cloned(program: Program) -> None:
    ours, theirs = twins(program)
    forget_names()
    again = model_from_json(theirs.to_json())
    again.set_weights(theirs.get_weights())
    clone = tinynet.models.clone_model(ours)
    clone.set_weights(ours.get_weights())
    x = data_for(program)
    assert_same(again(x), theirs(x))
    assert_same(clone(x), ours(x), tolerance=0)
    assert not {id(v) for v in clone.weights} & {id(v) for v in ours.weights}


def two_branches(library: Any) -> Any:
    x = library.layers.Input((3,), name="x")
    first, second = library.layers.Dense(2, name="first")(x), library.layers.Dense(2, name="second")(x)
    return library.Model(x, library.ops.subtract(second, first), name="two")


def test_what_a_model_tells() -> None:
    forget_names()
    ours, theirs = two_branches(tinynet), two_branches(keras)
    assert isinstance(ours, Functional) and isinstance(ours, Model)
    assert ours.input_shape == theirs.input_shape == (None, 3)
    assert ours.output_shape == theirs.output_shape == (None, 2)
    assert [t.name for t in ours.inputs] == [t.name for t in theirs.inputs] == ["x"]
    assert ours.output_names == theirs.output_names == ["subtract"]
    assert ours.input is ours.inputs[0] and ours.output is ours.outputs[0]
    assert ours.get_layer("second").output.shape == (None, 2)
    assert ours.compute_output_shape((7, 3)) == theirs.compute_output_shape((7, 3)) == (7, 2)
    lines: list[str] = []
    ours.summary(print_fn=lines.append)
    assert "Connected to" in lines[0] and "second[0][0], first[0][0]" in lines[0]


def test_the_part_of_a_model() -> None:
    """From any tensor to any other, with the same weights."""
    forget_names()
    x = layers.Input((4,))
    hidden = layers.Dense(3, activation="relu")(x)
    scaled = hidden * 2.0
    whole = Model(x, layers.Dense(2)(scaled))
    start, end = Model(x, scaled), Model(scaled, whole.output)
    values = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(end(start(values)).numpy(), whole(values).numpy())
    assert end.weights[0] is whole.layers[-1].kernel

    chain = tinynet.Sequential([layers.Input((4,)), layers.Dense(3), layers.ReLU(), layers.Dense(2)])
    middle = Model(chain.inputs, chain.layers[1].output)
    np.testing.assert_array_equal(middle(values).numpy(), np.maximum(chain.layers[0](values).numpy(), 0))


def test_dropout_follows_the_training_of_the_moment_not_of_the_file(tmp_path: Path) -> None:
    x = keras.layers.Input((3, 4))
    theirs = keras.Model(x, keras.layers.GRU(2, dropout=0.9)(x))
    assert json.loads(theirs.to_json())["config"]["layers"][1]["inbound_nodes"][0]["kwargs"]["training"] is False
    theirs.save(tmp_path / "m.keras")
    ours = load_model(tmp_path / "m.keras")
    values = np.ones((8, 3, 4), "float32")
    np.testing.assert_array_equal(ours(values).numpy(), ours(values).numpy())
    assert not np.array_equal(ours(values, training=True).numpy(), ours(values, training=True).numpy())


def test_training_in_the_graph_gives_way_to_that_of_the_call() -> None:
    """Keras's issue 20285: with training=False in the graph, `fit` changes the moving statistics all the same."""
    values = np.random.default_rng(0).normal(3, 2, (32, 4)).astype("float32")
    found = []
    for library in (tinynet, keras):
        x = library.Input((4,))
        base = library.Sequential([library.Input((4,)), library.layers.BatchNormalization()])
        outside = library.layers.BatchNormalization(trainable=False)
        model = library.Model(x, library.layers.Dropout(0.9)(outside(base(x, training=False)), training=True))
        model.compile("sgd", "mse")
        always_dropped = np.asarray(model(values))  # says nothing, so the graph decides
        assert (always_dropped == 0).mean() > 0.5
        assert (model.predict(values, verbose=0) != 0).all()  # says training=False
        model.fit(values, values, batch_size=16, verbose=0, shuffle=False)
        found.append([*base.get_weights()[2:], *outside.get_weights()[2:]])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert found[0][0].all() and not found[0][2].any()


def test_inputs_as_list_dict_or_alone() -> None:
    a, b = layers.Input((2,), name="a"), layers.Input((2,), name="b")
    model = Model([b, a], a - b)
    one, two = np.ones((3, 2), "float32"), np.full((3, 2), 5.0, "float32")
    for given_ in ([one, two], (one, two), {"a": two, "b": one}):
        np.testing.assert_array_equal(model(given_).numpy(), two - one)
    with pytest.raises(ArgumentError, match="expected 2 inputs .b, a., received one"):
        model(one)
    with pytest.raises(ArgumentError, match="expected 2 inputs .b, a., received 3"):
        model([one, two, one])
    with pytest.raises(ArgumentError, match="expected inputs .'b', 'a'., received those of .'a', 'c'."):
        model({"a": one, "c": two})
    with pytest.raises(ShapeError, match=r"expected inputs of shape \(None, 2\), received \(3, 4\) for 'a'"):
        model([one, np.ones((3, 4))])


def test_what_makes_no_model() -> None:
    x, y = layers.Input((2,), name="x"), layers.Input((2,), name="y")
    with pytest.raises(GraphError, match="depend on the input 'y', which is not among the model's inputs"):
        Model(x, x + y)
    with pytest.raises(ArgumentError, match="expected outputs from Input"):
        Model(x, np.ones(3))
    with pytest.raises(ArgumentError, match="inputs are empty"):
        Model([], x)
    with pytest.raises(ArgumentError, match="both inputs and outputs"):
        Model(inputs=x)
    with pytest.raises(ArgumentError, match="two layers are named 'same'"):
        Model(x, layers.Dense(1, name="same")(layers.Dense(2, name="same")(x)))
    with pytest.raises(ShapeError, match="Conv2D 'conv2d.*': expected inputs"):
        layers.Conv2D(1, 2)(x)
    with pytest.raises(ShapeError):
        ops.matmul(x, layers.Input((3,)))


def test_symbolic_tensors_have_no_values() -> None:
    x = layers.Input((2,), name="x")
    for use in (bool, float, int, list, np.asarray, len):
        with pytest.raises(ArgumentError, match="is symbolic: it stands for values that come later"):
            use(x)
    assert repr(x) == "<KerasTensor shape=(None, 2), dtype=float32, name=x>"
    assert (np.ones((1, 2), "float32") + x).shape == (None, 2)
    with pytest.raises(NotBuiltError, match="has no symbolic output"):
        layers.Dense(2).output
    shared = layers.Dense(2)
    shared(x), shared(x)
    with pytest.raises(ArgumentError, match="was called 2 times, so its output is ambiguous"):
        shared.output


OPERATIONS: list[Any] = [
    lambda o, x: -x, lambda o, x: abs(x), lambda o, x: x / 2, lambda o, x: 2 / (x + 3.0), lambda o, x: x // 0.5,
    lambda o, x: x % 0.3, lambda o, x: (x * x) ** 1.5, lambda o, x: 2.0 ** x, lambda o, x: x @ o.transpose(x, (0, 2, 1)),
    lambda o, x: o.where(x > 0, x, -1.0), lambda o, x: o.cast(x >= 0.1, "float32"),
    lambda o, x: o.cast((x < 0) | (x > 1), "int32"), lambda o, x: o.cast(~(x <= 0) & (x != 1), "float32"),
    lambda o, x: x[:, ::2, None, ..., -1], lambda o, x: x[..., 0], lambda o, x: o.reshape(x, (-1, 2)),
    lambda o, x: o.einsum("nij,nkj->nik", x, x), lambda o, x: o.softmax(x, axis=1), lambda o, x: o.gelu(x, approximate=False),
    lambda o, x: o.concatenate([x, x], axis=1), lambda o, x: o.stack([x, x], axis=2), lambda o, x: o.expand_dims(x, 1),
    lambda o, x: o.squeeze(o.expand_dims(x, 1), 1), lambda o, x: o.sum(x, axis=(1, 2), keepdims=True),
    lambda o, x: o.max(x, axis=-1), lambda o, x: o.clip(x, -0.5, 0.5), lambda o, x: o.one_hot(o.argmax(x, axis=1), 3),
    lambda o, x: o.split(x, 2, axis=2)[1], lambda o, x: o.flip(x, 1),
    lambda o, x: o.logsumexp(x, axis=1), lambda o, x: o.tile(x, (1, 2, 1)), lambda o, x: o.repeat(x, 2, axis=1),
    lambda o, x: o.pad(x, ((0, 0), (1, 0), (0, 2))), lambda o, x: o.leaky_relu(x, negative_slope=0.3),
    lambda o, x: o.swapaxes(x, 1, 2), lambda o, x: o.moveaxis(x, 1, 2), lambda o, x: o.var(x, axis=1),
    lambda o, x: o.matmul(x, np.full((4, 2), 0.5, "float32")), lambda o, x: o.add(np.ones((3, 4), "float32"), x),
    lambda o, x: o.unstack(x, axis=1)[2], lambda o, x: o.cumsum(x, axis=1), lambda o, x: o.norm(x, axis=-1),
    lambda o, x: o.multiply(x, o.ones_like(x)), lambda o, x: o.log_softmax(x), lambda o, x: o.square(x) + o.rsqrt(x * x + 1.0),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OPERATIONS)))
def test_operations_go_through_files(number: int, tmp_path: Path) -> None:
    operation = OPERATIONS[number]
    values = np.random.default_rng(number).normal(size=(6, 3, 4)).astype("float32")
    forget_names()
    models = []
    for library in (tinynet, keras):
        x = library.layers.Input((3, 4))
        models.append(library.Model(x, operation(library.ops, x)))
    ours, theirs = models
    expected = theirs(values)
    assert_same(ours(values), expected)
    assert ours.output_shape == theirs.output_shape
    assert [t.dtype for t in ours.outputs] == [t.dtype for t in theirs.outputs]
    assert comparable_model(ours.get_config()) == comparable_model(theirs.get_config())
    theirs.save(tmp_path / "keras.keras")
    assert_same(load_model(tmp_path / "keras.keras")(values), expected)
    ours.save(tmp_path / "tinynet.keras")
    assert_same(keras.saving.load_model(tmp_path / "tinynet.keras")(values), expected)


def configured(change: Any) -> str:
    """The JSON of a small model after a change."""
    x = layers.Input((2,), name="x")
    y = layers.Dense(2, name="d")(x)
    config = json.loads(Model(x, y * 2.0, name="m").to_json())
    change(config["config"])
    return json.dumps(config)


def layer(config: Any, name: str) -> Any:
    return next(entry for entry in config["layers"] if entry["name"] == name)


def history(config: Any) -> Any:
    return layer(config, "d")["inbound_nodes"][0]["args"][0]["config"]["keras_history"]


def changed(path: str, value: Any) -> Any:
    def change(config: Any) -> None:
        exec(f"{path} = value", {"config": config, "layer": layer, "history": history, "value": value})

    return change


CHANGES: list[tuple[Any, str]] = [
    (changed("config['layers']", 5), "expected lists of layers"),
    (changed("config['layers']", [5]), "a layer without a configuration"),
    (changed("config['layers'][0]['inbound_nodes']", None), "a layer without a configuration or inbound_nodes"),
    (changed("config['input_layers']", []), r"expected \[layer, call, result\], received \[\]"),
    (changed("config['input_layers']", ["x", 0, 9]), "there is no result 9 of call 0 of 'x'"),
    (changed("config['output_layers']", ["x", 10**9, 0]), "there is no result 0 of call 1000000000 of 'x'"),
    (changed("config['output_layers']", ["gone", 0, 0]), "a result of 'gone' is named, which is not there"),
    (changed("history(config)[0]", "gone"), "takes a result of 'gone', which is not there"),
    (changed("history(config)[0]", "d"), "the calls of 'd', 'multiply.*' take results that no call gives, or form a circle"),
    (changed("history(config)[1]", -1), "there is no call -1 of 'x'"),
    (changed("history(config)[1]", 3), "take results that no call gives"),
    (changed("history(config)[2]", 1), "there is no result 1 of call 0 of 'x'"),
    (changed("history(config)[2]", True), "there is no result True"),
    (changed("layer(config, 'd')['inbound_nodes'][0]", []), "a call of 'd' is malformed"),
    (changed("layer(config, 'd')['inbound_nodes'][0]['args']", []), "a call of 'd' takes nothing"),
    (changed("layer(config, 'd')['inbound_nodes'][0]['args']", [1]), "Dense 'd'|takes no result"),
    (changed("layer(config, 'd')['inbound_nodes'][0]['kwargs']", {"evil": 1}), "call has no argument 'evil'"),
    (changed("layer(config, 'd')['name']", "x"), "two layers are named 'x'"),
    (changed("layer(config, 'd')['module']", "keras.src.ops.numpy"), "the operation 'Dense' is not supported"),
    (changed("config['evil']", 1), "unknown key 'evil'"),
    (changed("config['layers'][-1]['config']['evil']", 1), "operation Multiply: unknown setting 'evil'"),
    (changed("config['layers'][-1]['class_name']", "Exec"), "the operation 'Exec' is not supported"),
    (changed("config['layers'][-1]['inbound_nodes'][0]['args'][1]", {"class_name": "__lambda__", "config": {}}),
     "an argument of kind '__lambda__' is not supported"),
    (changed("config['layers'][-1]['inbound_nodes'][0]['args']", [2.0]), "takes no result of another layer|required"),
    (changed("config['layers']", [{}] * 10_001), "10,001 layers are more than 10,000"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_configurations_that_describe_no_graph(number: int) -> None:
    change, cause = CHANGES[number]
    with pytest.raises(FileFormatError, match=f"model_from_json: .*({cause})"):
        model_from_json(configured(change))


def test_an_operation_may_not_grow_without_bounds() -> None:
    x = layers.Input((2,), name="x")
    text = Model(x, ops.tile(x, (1, 3))).to_json().replace("[1, 3]", "[1, 1000000000000]")
    with pytest.raises(FileFormatError, match="operation Tile 'tile.*': is too large for tensors of"):
        model_from_json(text)


def test_warnings_of_keras_are_not_errors_here() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = layers.Input((3,))
        Model(x, tinynet.Sequential([layers.Dense(2)])(x)).predict(np.ones((2, 3)))
