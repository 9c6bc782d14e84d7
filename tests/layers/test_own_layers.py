"""Layers of the user's own: weights found, built once, nested, with losses; and what all layers share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_oracle import forget_names

import tinynet
from tinynet import Tensor, layers
from tinynet.errors import ArgumentError, DtypeError, NotBuiltError, ShapeError
from tinynet.layers import Layer


class Affine(Layer):
    """inputs · factor + offset, with one weight that training changes and one that it does not."""

    builds = 0

    def build(self, input_shape: Any) -> None:
        self.builds += 1
        self.count = self.add_weight((), "zeros", trainable=False, name="count")
        self.factor = self.add_weight((input_shape[-1],), "ones", regularizer="l2", name="factor")
        self.offset = self.add_weight((input_shape[-1],), "zeros", constraint="non_neg", name="offset")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor + self.offset


class Block(Layer):
    """Layers in attributes, in a list and in a dictionary."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units)
        self.others = [layers.Dense(units), layers.Dropout(1.0)]
        self.named = {"last": Affine()}

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.first(inputs)
        for layer in self.others:
            x = layer(x)
        return self.named["last"](x) + (1.0 if training else 0.0)


class KerasAffine(keras.layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")
        self.factor = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", regularizer="l2", name="factor"
        )
        self.offset = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", constraint="non_neg", name="offset"
        )

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor + self.offset


class KerasBlock(keras.layers.Layer):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.first = keras.layers.Dense(units)
        self.others = [keras.layers.Dense(units), keras.layers.Dropout(1.0)]
        self.named = {"last": KerasAffine()}

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.first(inputs)
        for layer in self.others:
            x = layer(x)
        return self.named["last"](x) + (1.0 if training else 0.0)


X = np.random.default_rng(0).uniform(-1, 1, (4, 3)).astype("float32")


def test_weights_are_found_in_keras_order() -> None:
    forget_names()
    ours, theirs = Block(2), KerasBlock(2)
    ours(X)
    theirs(X)
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        found = [(w.name, w.shape, w.trainable) for w in getattr(ours, kind)]
        assert found == [(w.name, tuple(w.shape), w.trainable) for w in getattr(theirs, kind)], kind
    assert [w.path for w in ours.first.weights] == ["block/dense/kernel", "block/dense/bias"]
    assert ours.count_params() == theirs.count_params() == 19
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(X).numpy(), theirs(X).numpy(), rtol=1e-5)


def test_a_layer_is_built_once() -> None:
    layer = Affine()
    assert not layer.built
    layer(X)
    layer(X)
    assert layer.built
    assert layer.builds == 1
    assert len(layer.weights) == 3


def test_a_subclass_may_build_more() -> None:
    class Scaled(layers.Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.scale = self.add_weight((), "ones", name="scale")

        def call(self, inputs: Any) -> Any:
            return super().call(inputs) * self.scale

    layer = Scaled(2, name="top")
    layer(X)
    assert [w.path for w in layer.weights] == ["top/kernel", "top/bias", "top/scale"]
    assert layer.get_build_config() == {"input_shape": [4, 3]}


def test_a_weight_kept_twice_is_one_weight() -> None:
    class Tied(Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight((2, 2), name="kernel")
            self.same = self.kernel
            self.all = [self.kernel, self.same]

        def call(self, inputs: Any) -> Any:
            return inputs @ self.kernel @ self.same

    layer = Tied()
    layer(np.ones((1, 2), "float32"))
    assert [w.name for w in layer.weights] == ["kernel"]


def test_training_is_passed_on_and_kept_to_the_call() -> None:
    block = Block(2)
    quiet = block(X).numpy()
    np.testing.assert_array_equal(block(X, training=False).numpy(), quiet)
    # Everything is dropped: what is left is the offset, and the block's own 1.
    np.testing.assert_array_equal(block(X, training=True).numpy(), np.ones((4, 2), "float32"))
    np.testing.assert_array_equal(block(X).numpy(), quiet)


def test_gradients_reach_all_weights() -> None:
    block = Block(2)
    block(X).sum().backward()
    assert all(w.grad is not None for w in block.trainable_weights)
    assert all(w.grad is None for w in block.non_trainable_weights)


def test_add_loss_and_regularizers() -> None:
    class Penalised(Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight((3, 2), "ones", regularizer="l1", name="kernel")

        def call(self, inputs: Any) -> Any:
            self.add_loss(0.5 * (inputs * inputs).mean())
            return inputs @ self.kernel

    layer = Penalised()
    layer(X)
    assert [round(loss.item(), 5) for loss in layer.losses] == [
        round(0.5 * float((X * X).mean()), 5), round(0.01 * 6, 5),
    ]  # fmt: skip
    layer.trainable = False
    assert len(layer.losses) == 1


def test_losses_of_layers_inside_are_found() -> None:
    forget_names()
    ours = Block(2, activity_regularizer="l2")
    theirs = KerasBlock(2, activity_regularizer="l2")
    ours(X)
    theirs(X)
    theirs.set_weights(ours.get_weights())
    theirs(X)
    ours._clear_losses()
    ours(X)
    found = sorted(loss.item() for loss in ours.losses)
    np.testing.assert_allclose(found, sorted(float(loss) for loss in theirs.losses[-len(found) :]), rtol=1e-5)


@given(batch=st.integers(1, 9), features=st.integers(1, 4))
def test_activity_regularizers_are_divided_by_the_batch(batch: int, features: int) -> None:
    x = np.random.default_rng(batch).uniform(-1, 1, (batch, 2, features)).astype("float32")
    regularizer = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2},
                   "registered_name": None}  # fmt: skip
    ours = layers.Activation("tanh", activity_regularizer=regularizer)
    theirs = keras.layers.Activation("tanh", activity_regularizer=regularizer)
    ours(x)
    theirs(x)
    assert len(ours.losses) == len(theirs.losses) == 1
    np.testing.assert_allclose(ours.losses[0].item(), float(theirs.losses[0]), rtol=1e-5)
    np.testing.assert_allclose(
        ours.losses[0].item(),
        (0.1 * np.abs(np.tanh(x)).sum() + 0.2 * (np.tanh(x) ** 2).sum()) / batch,
        rtol=1e-5,
    )


def test_trainable_freezes_everything_inside_and_thaws_it() -> None:
    block = Block(2)
    block(X)
    block.trainable = False
    assert block.trainable_weights == []
    assert not block.first.trainable
    assert not block.named["last"].trainable
    assert len(block.non_trainable_weights) == len(block.weights) == 7
    assert not block(X).requires_grad
    block.trainable = True
    assert [w.name for w in block.non_trainable_weights] == ["count"]
    assert not block.named["last"].count.trainable
    block.first.trainable = False
    assert [w.name for w in block.trainable_weights] == ["kernel", "bias", "factor", "offset"]


def test_a_layer_made_frozen_builds_frozen_weights() -> None:
    for library in (layers, keras.layers):
        layer = library.Dense(2, trainable=False)
        layer(X)
        assert layer.trainable_weights == []
        assert len(layer.non_trainable_weights) == 2
        layer.trainable = True
        assert len(layer.trainable_weights) == 2


def test_get_weights_are_copies() -> None:
    layer = layers.Dense(2)
    layer(X)
    kernel = layer.get_weights()[0]
    before = kernel.copy()
    kernel[:] = 7
    np.testing.assert_array_equal(layer.get_weights()[0], before)


def test_set_weights_changes_all_or_nothing() -> None:
    layer = layers.Dense(2, name="top")
    unbuilt = r"Dense 'top': set_weights expected 0 arrays \(none\), received 2\. The layer is not built yet"
    with pytest.raises(ShapeError, match=unbuilt):
        layer.set_weights([np.zeros((3, 2)), np.zeros(2)])
    layer(X)
    before = layer.get_weights()
    with pytest.raises(ShapeError, match=r"expected 2 arrays \(kernel \(3, 2\), bias \(2,\)\), received 1"):
        layer.set_weights([np.zeros((3, 2))])
    with pytest.raises(ShapeError, match=r"variable 'top/bias' of shape \(2,\): cannot be assigned .*\(3,\)"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(3)])
    with pytest.raises(ArgumentError, match="Dense 'top': set_weights expected a list of arrays, received 3"):
        layer.set_weights(3)
    with pytest.raises(DtypeError, match="top/bias"):
        layer.set_weights([np.zeros((3, 2)), np.array(["a", "b"])])
    for weight, known in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, known)


def test_count_params_before_the_weights_exist() -> None:
    with pytest.raises(
        NotBuiltError, match=r"Dense '.*' has no weights yet: call it, or build\(input_shape\), first"
    ):
        layers.Dense(2).count_params()


def test_a_layer_without_call_says_so() -> None:
    class Empty(Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty 'empty.*' must define call\(inputs\)"):
        Empty()(X)


def test_a_layer_whose_super_was_not_called_says_so() -> None:
    class Forgetful(Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(tinynet.errors.TinynetError, match=r"Forgetful.*super\(\).__init__"):
        Forgetful()(X)


def test_own_layers_go_through_their_configuration() -> None:
    block = Block(2, name="mine", trainable=False)
    again = Block.from_config(block.get_config())
    assert (again.units, again.name, again.trainable) == (2, "mine", False)
    with pytest.raises(ArgumentError, match=r"Block: unknown argument 'unitss' .*Did you mean 'units'"):
        Block.from_config({"unitss": 3})


def test_output_shapes_of_layers_without_a_rule() -> None:
    block = Block(2)
    assert block.compute_output_shape((None, 3)) == (None, 2)
    assert block.compute_output_shape((7, 3)) == (7, 2)
    assert block.losses == [] or all(loss.size == 1 for loss in block.losses)


def test_glu_halves_the_axis_for_the_layers_after_it() -> None:
    for layer, shape in [
        (layers.Activation("glu"), (None, 6)), (layers.Dense(4, activation="glu"), (None, 6)),
        (layers.Conv1D(4, 2, activation="glu"), (None, 5, 3)),
        (layers.Conv1D(4, 2, activation="glu", data_format="channels_first"), (None, 3, 5)),
    ]:  # fmt: skip
        assert layer.compute_output_shape(shape)[1:] == layer(np.ones((2, *shape[1:]), "float32")).shape[1:]


def test_several_inputs_in_lists_and_dictionaries() -> None:
    class Sum(Layer):
        def build(self, input_shape: Any) -> None:
            self.seen = input_shape

        def call(self, inputs: Any) -> Any:
            parts = inputs.values() if isinstance(inputs, dict) else inputs
            return sum(parts)

    layer, named = Sum(), Sum()
    np.testing.assert_array_equal(layer([X, X]).numpy(), 2 * X)
    assert layer.seen == [(4, 3), (4, 3)]
    np.testing.assert_array_equal(named({"a": X, "b": X}).numpy(), 2 * X)
    np.testing.assert_array_equal(layer([Tensor(X), 2 * X]).numpy(), 3 * X)


def test_inputs_are_cast_to_the_layers_dtype() -> None:
    assert layers.Dense(2)(X.astype("float64")).dtype == np.float32
    assert layers.Dense(2, dtype="float64")(X).dtype == np.float64
    assert layers.Dense(2)([[1, 2, 3]]).dtype == np.float32
    assert layers.Dense(2, dtype="float64").dtype == "float64"
    with pytest.raises(DtypeError, match="expected numbers"):
        layers.Dense(2)(np.array([["a", "b"]]))


class TestStateful:
    """A stateful layer goes on where the batch before ended."""

    x = np.random.default_rng(1).uniform(-1, 1, (2, 6, 3)).astype("float32")

    @pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
    def test_pieces_of_a_sequence_make_the_sequence(self, name: str) -> None:
        whole = getattr(layers, name)(4, return_sequences=True)
        expected = whole(self.x).numpy()
        piecewise = getattr(layers, name)(4, return_sequences=True, stateful=True)
        piecewise.build((2, None, 3))
        piecewise.set_weights(whole.get_weights())
        for _ in range(2):
            found = [piecewise(self.x[:, t : t + 2]).numpy() for t in (0, 2, 4)]
            np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=1e-5, atol=1e-7)
            piecewise.reset_state()

    @pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
    def test_states_are_those_of_keras(self, name: str) -> None:
        ours = getattr(layers, name)(4, stateful=True)
        theirs = getattr(keras.layers, name)(4, stateful=True)
        ours(self.x)
        theirs(self.x)
        theirs.set_weights(ours.get_weights())
        ours.reset_state()
        theirs.reset_state()
        for _ in range(3):
            np.testing.assert_allclose(ours(self.x).numpy(), theirs(self.x).numpy(), rtol=1e-5, atol=1e-7)
        for own, known in zip(ours.states, theirs.states, strict=True):
            np.testing.assert_allclose(own.numpy(), known.numpy(), rtol=1e-5, atol=1e-7)

    def test_no_gradient_goes_back_into_the_batch_before(self) -> None:
        layer = layers.LSTM(4, stateful=True)
        first = Tensor(self.x, requires_grad=True)
        layer(first)
        layer(self.x).sum().backward()
        assert first.grad is None

    def test_batches_of_another_size_are_refused(self) -> None:
        layer = layers.LSTM(4, stateful=True, name="memory")
        layer(self.x)
        with pytest.raises(
            ShapeError, match=r"LSTM 'memory'.*\(1, 4\), received \(2, 4\)\. A stateful layer needs"
        ):
            layer(self.x[:1])
        layer.reset_state()
        layer(self.x[:1])

    def test_bidirectional_keeps_the_states_of_both_ways(self) -> None:
        ours = layers.Bidirectional(layers.LSTM(4, stateful=True))
        theirs = keras.layers.Bidirectional(keras.layers.LSTM(4, stateful=True))
        ours(self.x)
        theirs(self.x)
        theirs.set_weights(ours.get_weights())
        ours.reset_state()
        theirs.reset_state()
        for _ in range(2):
            np.testing.assert_allclose(ours(self.x).numpy(), theirs(self.x).numpy(), rtol=1e-5, atol=1e-7)


def test_a_cell_of_the_users_own_in_an_rnn() -> None:
    class Decay(Layer):
        state_size = 3

        def build(self, input_shape: Any) -> None:
            self.rate = self.add_weight((), lambda shape, dtype=None: np.full(shape, 0.5, dtype), name="rate")

        def call(self, inputs: Any, states: Any) -> Any:
            h = states[0] * self.rate + inputs
            return h, [h]

    layer = layers.RNN(Decay(), return_sequences=True)
    x = np.ones((1, 4, 3), "float32")
    np.testing.assert_allclose(layer(x).numpy()[0, :, 0], [1, 1.5, 1.75, 1.875])
    assert [w.name for w in layer.trainable_weights] == ["rate"]


class Weighted(Layer):
    """Σ y over the steps that count, times x: shows the mask that its second input carries."""

    def build(self, x_shape: Any, y_shape: Any) -> None:
        self.kernel = self.add_weight((y_shape[-1], x_shape[-1]), "ones", name="kernel")

    def call(self, x: Any, y: Any, y_mask: Any = None) -> Any:
        if y_mask is not None:
            y = y * np.asarray(y_mask)[..., None]
        return x * (y.sum(axis=1) @ self.kernel)


class KerasWeighted(keras.layers.Layer):
    def build(self, x_shape: Any, y_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(y_shape[-1], x_shape[-1]), initializer="ones", name="kernel")

    def call(self, x: Any, y: Any, y_mask: Any = None) -> Any:
        if y_mask is not None:
            y = y * keras.ops.cast(y_mask, y.dtype)[..., None]
        return x * (keras.ops.sum(y, axis=1) @ self.kernel)


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("functional", [False, True])
def test_a_layer_of_several_tensors(by_name: bool, functional: bool) -> None:
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    results = []
    for library, layer in ((tinynet, Weighted(name="w")), (keras, KerasWeighted(name="w"))):
        table = library.layers.Embedding(4, 2, embeddings_initializer="ones", mask_zero=True)

        def call(x: Any, words: Any, layer: Any = layer, table: Any = table) -> Any:
            y = table(words)
            return layer(x=x, y=y) if by_name else layer(x, y)

        if functional:
            inputs = [library.layers.Input((3,)), library.layers.Input((3,), dtype="int32")]
            model = library.Model(inputs, call(*inputs))
            results.append(np.asarray(model([X[:2], ids])))
            shapes = {"x_shape": [None, 3], "y_shape": [None, 3, 2]}
        else:
            results.append(np.asarray(call(X[:2].astype("float64"), ids)))  # arrays count as tensors
            shapes = {"x_shape": [2, 3], "y_shape": [2, 3, 2]}
        built = layer.get_build_config()["shapes_dict"]
        assert {key: list(shape) for key, shape in built.items()} == shapes
        again = type(layer)()
        again.build_from_config({"shapes_dict": shapes})
        assert tuple(again.kernel.shape) == (2, 3)
    assert results[0].dtype == results[1].dtype == np.float32
    np.testing.assert_allclose(results[0], X[:2] * np.array([[4.0], [2.0]]), rtol=1e-6)
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)
