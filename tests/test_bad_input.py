"""Bad input gives one of tinynet's errors, which says where, what was expected, what came and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers
from tinynet.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    NotBuiltError,
    ShapeError,
    TinynetError,
)

X = np.random.default_rng(0).random((12, 6), dtype=np.float32)
Y = np.arange(12) % 3


def classifier(**changes: Any) -> tinynet.Sequential:
    model = tinynet.Sequential([layers.Input((6,)), layers.Dense(3, activation="softmax")], name="net")
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **changes})
    return model


def with_nan(array: np.ndarray, row: int) -> np.ndarray:
    spoiled = np.array(array, np.float32)
    spoiled[row] = np.nan
    return spoiled


FIT: dict[str, tuple[Callable[[Any], Any], type, str]] = {
    "another number of features": (
        lambda m: m.fit(X[:, :5], Y, verbose=0), ShapeError,
        r"Sequential 'net': expected inputs of shape \(None, 6\), received \(12, 5\)",
    ),
    "another rank": (
        lambda m: m.fit(X[:, None, None], Y, verbose=0), ShapeError, r"'net': expected inputs of shape \(None, 6\)",
    ),
    "a label outside the classes": (
        lambda m: m.fit(X, np.where(Y == 2, 7, Y), verbose=0, shuffle=False), DataError, r"label .*7.*sample 2.*0, 3\)",
    ),
    "a negative label": (
        lambda m: m.fit(X, np.where(Y == 0, -1, Y), verbose=0, shuffle=False), DataError, r"-1.*sample 0",
    ),
    "no samples": (lambda m: m.fit(X[:0], Y[:0], verbose=0), DataError, r"fit: the data are empty"),
    "NaN in x": (lambda m: m.fit(with_nan(X, 4), Y, verbose=0), DataError, r"x holds NaN or infinity.*sample 4"),
    "infinity in x": (
        lambda m: m.fit(np.where(X == X[3, 0], np.inf, X), Y, verbose=0), DataError, r"x holds NaN or infinity.*sample 3",
    ),
    "NaN in y": (lambda m: m.fit(X, with_nan(Y, 1), verbose=0), DataError, r"y holds NaN or infinity.*sample 1"),
    "NaN in weights": (
        lambda m: m.fit(X, Y, sample_weight=with_nan(np.ones(12), 5), verbose=0), DataError,
        r"sample_weight holds NaN or infinity.*sample 5",
    ),
    "lengths that differ": (
        lambda m: m.fit(X, Y[:7], verbose=0), DataError, r"x has 12, y has 7",
    ),
    "text for a numeric model": (
        lambda m: m.fit(np.array(["a"] * 12), Y, verbose=0), TinynetError, r"numbers|text|shape",
    ),
    "rows of unequal length": (
        lambda m: m.fit([[1.0, 2.0], [3.0]], Y[:2], verbose=0), ShapeError, r"unequal lengths; pad them",
    ),
    "objects": (
        lambda m: m.fit(np.array([{}] * 12, dtype=object), Y, verbose=0), DtypeError, r"received an array of Python objects",
    ),
    "complex numbers": (lambda m: m.fit(X.astype(complex), Y, verbose=0), DtypeError, r"dtype complex128"),
    "class weights beside sample weights": (
        lambda m: m.fit(X, Y, sample_weight=np.ones(12), class_weight={0: 2.0}, verbose=0), ArgumentError,
        r"class_weight or sample_weight, not both",
    ),
    "no targets": (lambda m: m.fit(X, verbose=0), DataError, r"the loss needs targets"),
    "a batch size of 0": (lambda m: m.fit(X, Y, batch_size=0, verbose=0), ArgumentError, r"batch_size.*>= 1, received 0"),
    "a fraction as batch size": (
        lambda m: m.fit(X, Y, batch_size=2.5, verbose=0), ArgumentError, r"batch_size.*received 2.5",
    ),
    "no epochs": (lambda m: m.fit(X, Y, epochs=0, verbose=0), ArgumentError, r"epochs.*>= 1, received 0"),
    "a validation split of 1": (
        lambda m: m.fit(X, Y, validation_split=1.0, verbose=0), ArgumentError, r"validation_split between 0 and 1",
    ),
    "validation data of four items": (
        lambda m: m.fit(X, Y, validation_data=(X, Y, Y, Y), verbose=0), ArgumentError, r"validation_data",
    ),
    "an unknown verbosity": (lambda m: m.fit(X, Y, verbose=3), ArgumentError, r"verbose.*received 3"),
    "a callback that is none": (
        lambda m: m.fit(X, Y, callbacks=[print], verbose=0), ArgumentError, r"expected tinynet callbacks, received",
    ),
    "inputs by name": (lambda m: m.fit({"a": X}, Y, verbose=0), ArgumentError, r"expected inputs .* received those of"),
    "an empty generator": (
        lambda m: m.fit(iter(()), verbose=0), DataError, r"the iterable gave no batches",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FIT)
def test_fit_refuses(case: str) -> None:
    action, error, message = FIT[case]
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        action(model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


COMPILE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown optimizer": ({"optimizer": "adm"}, r"optimizer 'adm'.*Did you mean 'adam'"),
    "an unknown loss": ({"loss": "mean_square_error"}, r"loss 'mean_square_error'.*Did you mean 'mean_squared_error'"),
    "an unknown metric": ({"metrics": ["acuracy"]}, r"metric 'acuracy'.*Did you mean"),
    "metrics that are no list": ({"metrics": "accuracy"}, r"expected metrics to be a list, received 'accuracy'"),
    "more loss weights than outputs": (
        {"loss_weights": [1.0, 2.0]}, r"expected one weight of the loss for the output 'dense.*', received 2",
    ),
    "a loss weight that is text": ({"loss_weights": "1"}, r"expected loss_weights to be finite numbers, received '1'"),
    "a loss weight that is infinite": ({"loss_weights": float("inf")}, r"finite numbers, received inf"),
    "an unknown compilation": ({"jit_compile": "yes"}, r"unknown jit_compile 'yes'"),
    "no steps at once": ({"steps_per_execution": 0}, r"expected steps_per_execution to be a whole number >= 1, received 0"),
    "an optimizer that is none": ({"optimizer": 3}, r"received 3"),
}


@pytest.mark.parametrize("case", COMPILE)
def test_compile_refuses(case: str) -> None:
    arguments, message = COMPILE[case]
    with pytest.raises(ArgumentError, match=message):
        classifier(**arguments)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_training_needs_compile(method: str) -> None:
    model = tinynet.Sequential([layers.Input((6,)), layers.Dense(3)], name="net")
    with pytest.raises(NotBuiltError, match=rf"Sequential 'net': call compile\(.*\) before {method}"):
        getattr(model, method)(X, Y)


def test_a_model_without_weights_says_so() -> None:
    model = tinynet.Sequential([layers.Dense(3)], name="net")
    with pytest.raises(NotBuiltError, match="'net' has no weights yet"):
        model.count_params()
    with pytest.raises(NotBuiltError, match="the output shape is known once the model is built"):
        _ = model.output_shape
    with pytest.raises(NotBuiltError, match="needs an input_shape"):
        model.build()
    with pytest.raises(NotBuiltError, match="without layers"):
        tinynet.Sequential(name="empty").build((None, 3))


def test_one_hot_targets_for_a_sparse_loss() -> None:
    with pytest.raises(TinynetError, match="shape"):
        classifier().fit(X, np.eye(3, dtype=np.float32)[Y], verbose=0)


def test_integer_targets_for_a_dense_loss() -> None:
    with pytest.raises(ShapeError, match=r"categorical_crossentropy.*\(12,"):
        classifier(loss="categorical_crossentropy").fit(X, Y, verbose=0)


def test_prediction_refuses_what_does_not_fit() -> None:
    model = classifier()
    with pytest.raises(ShapeError, match=r"expected inputs of shape \(None, 6\), received \(2, 4\)"):
        model.predict(np.zeros((2, 4)))
    with pytest.raises(DataError, match="predict: the data are empty"):
        model.predict(np.zeros((0, 6)))
    with pytest.raises(ArgumentError, match="batch_size"):
        model.predict(X, batch_size=-1)


def test_layers_of_one_name() -> None:
    with pytest.raises(ArgumentError, match="two layers are named 'same'"):
        tinynet.Sequential([layers.Dense(2, name="same"), layers.Dense(2, name="same")])


def test_layers_that_do_not_fit_together() -> None:
    model = tinynet.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3)])
    with pytest.raises(ShapeError, match=r"LSTM 'lstm.*expected inputs \(N, T, D\), received shape \(None, 6, 6, 4\)"):
        model.add(layers.LSTM(3))
    assert len(model.layers) == 1
    with pytest.raises(ShapeError, match="a window of 9 .* does not fit into 6 elements"):
        model.add(layers.MaxPooling2D(9))


def test_layer_of_a_name_that_is_not_there() -> None:
    model = classifier()
    with pytest.raises(ArgumentError, match=r"no layer 'dens.*Did you mean 'dense"):
        model.get_layer("dens" + model.layers[0].name[5:])
    with pytest.raises(ArgumentError, match="no layer 5; it has 1 layers"):
        model.get_layer(index=5)


def test_weights_of_other_shapes() -> None:
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ShapeError, match="set_weights expected 2 arrays .*kernel .*received 1"):
        model.set_weights(before[:1])
    with pytest.raises(ShapeError, match=r"kernel' of shape \(6, 3\): cannot be assigned a value of shape \(3, 6\)"):
        model.set_weights([before[0].T, before[1]])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_classes_instead_of_layers() -> None:
    with pytest.raises(ArgumentError, match="takes a layer, received the class Dense; call it"):
        tinynet.Sequential([layers.Dense])
    with pytest.raises(ArgumentError, match="takes a layer, received 'relu'"):
        tinynet.Sequential(["relu"])


def test_seed_that_is_none() -> None:
    for seed in (-1, 2**32, 1.5, True, "1"):
        with pytest.raises(ArgumentError, match="expected an integer in"):
            tinynet.utils.set_random_seed(seed)
