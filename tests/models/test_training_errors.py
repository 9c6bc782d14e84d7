"""What training refuses, and that a refused call changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinynet
from tinynet import layers, losses
from tinynet.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    FileAccessError,
    GraphError,
    ShapeError,
    TinynetError,
)

X = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
Y = np.arange(9) % 3


def classifier(**compiling: Any) -> Any:
    model = tinynet.Sequential(
        [layers.Input((4,), name="in"), layers.Dense(3, activation="softmax", name="out")], name="net"
    )
    model.compile(
        **{
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **compiling,
        }
    )
    return model


Case = tuple[Callable[[Any], Any], type[TinynetError], str]
REFUSED: dict[str, Case] = {
    "steps of 0": (
        lambda m: m.fit(X, Y, steps_per_epoch=0, verbose=0), ArgumentError, "expected steps_per_epoch to be a whole number >= 1",
    ),
    "validation steps of a half": (
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_steps=0.5, verbose=0), ArgumentError,
        "expected validation_steps to be a whole number >= 1, received 0.5",
    ),
    "validation never": (
        lambda m: m.fit(X, Y, validation_freq=0, verbose=0), ArgumentError, "expected validation_freq to be a whole number >= 1",
    ),
    "an epoch before the first": (
        lambda m: m.fit(X, Y, initial_epoch=-1, verbose=0), ArgumentError, "expected initial_epoch to be a whole number >= 0",
    ),
    "True epochs": (lambda m: m.fit(X, Y, epochs=True, verbose=0), ArgumentError, "epochs .* received True"),
    "evaluation of no steps": (
        lambda m: m.evaluate(X, Y, steps=0, verbose=0), ArgumentError, "evaluate: expected steps to be a whole number >= 1",
    ),
    "class weights in a list": (
        lambda m: m.fit(X, Y, class_weight=[1.0, 2.0], verbose=0), ArgumentError,
        r"class_weight: expected a dict from class to weight, received \[1.0, 2.0\]",
    ),
    "class weights by name": (
        lambda m: m.fit(X, Y, class_weight={"cat": 2.0}, verbose=0), ArgumentError, "expected whole numbers as classes .*'cat': 2.0",
    ),
    "a class weight that is NaN": (
        lambda m: m.fit(X, Y, class_weight={1: np.nan}, verbose=0), ArgumentError, "finite weights, received {1: nan}",
    ),
    "class weights for a batch and sample weights": (
        lambda m: m.train_on_batch(X, Y, sample_weight=np.ones(9), class_weight={0: 1.0}), ArgumentError,
        "train_on_batch: give class_weight or sample_weight, not both",
    ),
    "sample weights of another shape": (
        lambda m: m.fit(X, Y, sample_weight=np.ones((9, 3)), verbose=0), ShapeError, "weight",
    ),
    "sample weights that are text": (
        lambda m: m.fit(X, Y, sample_weight=np.array(["a"] * 9), verbose=0), DtypeError, "numbers",
    ),
    "labels that are text": (lambda m: m.fit(X, np.array(["a", "b", "c"] * 3), verbose=0), DtypeError, "numbers"),
    "labels of another length in validation": (
        lambda m: m.fit(X, Y, validation_data=(X, Y[:4]), verbose=0), DataError,
        "fit, validation_data: all data must have the same number of samples; x has 9, y has 4",
    ),
    "NaN in validation": (
        lambda m: m.fit(X, Y, validation_data=(X * np.nan, Y), verbose=0), DataError,
        "fit, validation_data: x holds NaN or infinity, first in sample 0",
    ),
    "a split and data for validation": (
        lambda m: m.fit(X, Y, validation_split=0.5, validation_data=(X, Y), verbose=0), ArgumentError,
        "validation_split needs arrays and no validation_data",
    ),
    "a split that leaves nothing": (
        lambda m: m.fit(X[:2], Y[:2], validation_split=0.9, verbose=0), DataError, "leaves one part empty",
    ),
    "targets beside an iterable": (
        lambda m: m.fit(iter([(X, Y)]), Y, verbose=0), ArgumentError, "an iterable of batches brings its own y",
    ),
    "a batch size beside an iterable": (
        lambda m: m.fit(iter([(X, Y)]), batch_size=4, verbose=0), ArgumentError, "batch sizes of its own; leave batch_size out",
    ),
    "batches of four": (
        lambda m: m.fit(iter([(X, Y, Y, Y)]), verbose=0), DataError, "fit, batch 0: expected x, .x, y. or .* received 4 items",
    ),
    "a batch without targets": (lambda m: m.fit(iter([X]), verbose=0), DataError, "the loss needs targets"),
    "an empty batch": (lambda m: m.fit(iter([(X[:0], Y[:0])]), verbose=0), DataError, "fit, batch 0: the data are empty"),
    "nothing": (lambda m: m.fit(verbose=0), DataError, "x holds None where an array is expected"),
    "a number": (lambda m: m.fit(3.0, 1.0, verbose=0), ShapeError, "x must have a batch axis, received a single value"),
    "several inputs": (lambda m: m.fit([X, X], Y, verbose=0), ArgumentError, "expected one array for 'in', received 2; rows"),
    "a metric that is none": (lambda m: m.compile("sgd", "mse", metrics=[3]), ArgumentError, "metric.* received 3"),
    "metrics of an output that is not there": (
        lambda m: m.compile("sgd", "mse", metrics={"a": "mse"}), ArgumentError,
        r"compile: metrics: expected outputs \['out'\], received those of \['a'\]: 'a' is not among them",
    ),
    "metrics that are no list": (lambda m: m.compile("sgd", "mse", metrics="mse"), ArgumentError, "expected metrics to be a list"),
    "a loss that is none": (lambda m: m.compile("sgd", 3), ArgumentError, "received 3"),
    "a loss of one argument": (
        lambda m: m.compile("sgd", lambda y: y), ArgumentError, r"the loss '<lambda>' to be a function of \(y_true, y_pred\)",
    ),
    "a metric of one argument": (
        lambda m: m.compile("sgd", "mse", metrics=[lambda y: y]), ArgumentError, "the metric '<lambda>' to be a function",
    ),
    "validation without targets": (
        lambda m: m.fit(X, Y, validation_data=X, verbose=0), DataError, "validation_data has no targets",
    ),
    "a log that is not there": (
        lambda m: m.fit(X, Y, callbacks=[tinynet.callbacks.EarlyStopping("val_loss")], verbose=0), ArgumentError,
        "EarlyStopping: 'val_loss' will not be among the logs",
    ),
    "logs that cannot be written": (
        lambda m: m.fit(X, Y, callbacks=[tinynet.callbacks.TensorBoard(f"{__file__}/logs")], verbose=0), FileAccessError,
        "TensorBoard: .*/logs. cannot be written to",
    ),
    "an unknown argument": (lambda m: m.compile("sgd", loss_fn="mse"), TypeError, "loss_fn"),  # Python's own words
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_unchanged(case: str) -> None:
    action, error, message = REFUSED[case]
    model = classifier()
    weights, optimizer, loss = model.get_weights(), model.optimizer, model.loss
    with pytest.raises(error, match=message):
        action(model)
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.optimizer is optimizer and model.loss == loss
    assert model.optimizer.iterations.item() == 0
    model.fit(X, Y, verbose=0)  # and can still be trained


# Losses that can be told from the first batch only: what is compiled, the labels, and what is refused.
UNFIT: dict[str, tuple[Any, Any, type[TinynetError], str]] = {
    "labels that are numbers for one-hot": (
        "categorical_crossentropy", Y, ShapeError, r"y_true of the shape of y_pred, \(9, 3\), received \(9,\)",
    ),
    "one-hot labels for numbers": (
        "sparse_categorical_crossentropy", np.eye(3)[Y], ShapeError, "One-hot labels go with categorical_crossentropy",
    ),
    "a class too many": ("sparse_categorical_crossentropy", Y + 1, DataError, "label 3 of sample 2 is outside"),
    "classes for two of them": (
        "binary_crossentropy", np.eye(3)[Y] * 2, DataError, r"label 2 of sample 0 is outside the valid range \[0, 1\]",
    ),
    "signs for shares": ("binary_crossentropy", np.eye(3)[Y] * 2 - 1, DataError, "label -1 of sample 0 .* with hinge"),
    "a loss without a return": (lambda y, p: None, Y, ArgumentError, "the loss returned None; is a return missing"),
    "a loss outside of the graph": (
        lambda y, p: p.numpy().mean(axis=-1), Y, GraphError, "'net': the loss does not depend on the weights",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_loss_that_does_not_fit(case: str) -> None:
    loss, y, error, message = UNFIT[case]
    model = classifier(loss=loss, metrics=None)
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(X, y, shuffle=False, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_predictions_that_are_no_probabilities_are_told(loss: str) -> None:
    model = tinynet.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", loss)
    with pytest.warns(UserWarning, match=f"{loss}: the predictions are no probabilities.*from_logits=True"):
        model.fit(X, Y if "sparse" in loss else np.eye(3)[Y], verbose=0)


def test_a_compile_that_fails_leaves_the_one_before() -> None:
    model = classifier()
    optimizer = model.optimizer
    for arguments in ({"optimizer": "sgd", "loss": "evil"}, {"optimizer": "sgd", "metrics": ["evil"]}):
        with pytest.raises(ArgumentError, match="evil"):
            model.compile(**arguments)
        assert model.optimizer is optimizer
        assert list(model.fit(X, Y, verbose=0).history) == ["accuracy", "loss"]


def test_metrics_of_one_name_are_told_apart() -> None:
    mse = [tinynet.metrics.MeanSquaredError(name="same"), tinynet.metrics.MeanAbsoluteError(name="same")]
    model = classifier(loss="categorical_crossentropy", metrics=mse)
    assert list(model.evaluate(X, np.eye(3)[Y], verbose=0, return_dict=True)) == ["loss", "same", "same_1"]
    assert len(model.evaluate(X, np.eye(3)[Y], verbose=0)) == 3


def test_a_label_that_no_class_has_is_named_with_its_sample() -> None:
    model = classifier()
    with pytest.raises(DataError, match=r"label 3 .*sample 5"):
        model.fit(X, np.where(np.arange(9) == 5, 3, Y), shuffle=False, verbose=0)


def test_a_failure_in_training_leaves_no_gradient_behind() -> None:
    """The next step must not add to gradients of one that failed halfway."""
    model, other = classifier(optimizer="sgd"), classifier(optimizer="sgd")
    other.set_weights(model.get_weights())
    with pytest.raises(DataError):
        model.train_on_batch(X, Y + 5)
    model.train_on_batch(X, Y)
    other.train_on_batch(X, Y)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy(ignore_class=7)])
@pytest.mark.parametrize("column", [False, True])
def test_a_label_that_is_no_class_is_told_before_the_first_step(loss: Any, column: bool) -> None:
    model = tinynet.Sequential([layers.Input((2,)), layers.Dense(3, "softmax")])
    model.compile("sgd", loss)
    x, y = np.ones((50, 2)), np.zeros(50, int)
    steps: list[int] = []
    counting = tinynet.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    y[41] = 3
    if not isinstance(loss, str):
        y[3] = 7  # ignored
    labels = y[:, None] if column else y
    with pytest.raises(DataError, match=r"label 3 of sample 41 .* counted in the data"):
        model.fit(x, labels, verbose=0, callbacks=[counting])
    with pytest.raises(DataError, match=r"label 3 of sample 1 .* counted in the validation data"):
        model.fit(x, labels, validation_split=0.2, verbose=0, callbacks=[counting])
    assert not steps
    model.fit(x[:41], labels[:41], verbose=0)
