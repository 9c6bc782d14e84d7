"""Models of several inputs and outputs train, evaluate and predict as in Keras, whatever form the data have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from structured_programs import Plan, inputs_for, model_of, pair_of, plans, targets_for, weights_for
from twins import TINYNET, forget_names, same_histories, same_weights

import tinynet
from tinynet import layers
from tinynet.errors import ArgumentError, DataError, ShapeError
from tinynet.models import load_model
from tinynet.nested import leaves

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*structure of `inputs`.*", "ignore:.*radients do not exist.*", "ignore:.*no gradient.*"
)

LIST = ["zeta", "alpha"]
LOSSES = ["mse", "sparse_categorical_crossentropy"]


def compared(pair: Any, x: Any, y: Any, weights: Any = None, **fitting: Any) -> dict[str, Any]:
    """Trains and evaluates both; returns the history that both gave."""
    settings = {"epochs": 2, "batch_size": 3, "verbose": 0, "shuffle": False, **fitting}
    ours, theirs = (model.fit(x, y, sample_weight=weights, **settings).history for model in pair)
    same_histories(ours, theirs)
    same_weights(*pair)
    for as_dict in (False, True):
        own, expected = (
            model.evaluate(x, y, sample_weight=weights, batch_size=3, verbose=0, return_dict=as_dict)
            for model in pair
        )
        if as_dict:
            same_histories(own, expected)
        else:
            assert np.shape(own) == np.shape(expected)
            np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-6)
    return ours


@settings(max_examples=8, deadline=None)
@given(plan=plans())
def test_training_follows_keras(plan: Plan, counts: Any) -> None:
    pair = pair_of(tinynet, keras, plan.structure, **plan.compiling)
    x, y, weights = plan.data()
    compared(pair, x, y, weights)
    own, expected = (model.train_on_batch(x, y, weights) for model in pair)
    np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-6)
    own, expected = (model.test_on_batch(x, y, weights, return_dict=True) for model in pair)
    same_histories(own, expected)
    for method in ("predict", "predict_on_batch"):
        settings: dict[str, Any] = {"verbose": 0, "batch_size": 3} if method == "predict" else {}
        own, expected = (getattr(model, method)(x, **settings) for model in pair)
        assert shape_of(own) == shape_of(expected)
        for one, other in zip(leaves(own), leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    counts["training", "plans for several outputs that follow Keras"] += 1


def shape_of(value: Any) -> Any:
    """The structure of arrays, with their shapes."""
    if isinstance(value, dict):
        return {key: shape_of(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(shape_of, value)]
    return np.shape(value)


@pytest.mark.parametrize("form", ["data", "data with weights", "by name", "split"])
def test_validation_in_every_form(form: str) -> None:
    pair = pair_of(tinynet, keras, LIST, loss=LOSSES, metrics={"alpha": ["accuracy"]}, weighted_metrics=[["mae"], []])
    x, targets, weights = inputs_for(8), targets_for(8), weights_for(8)
    y, w = [targets[name] for name in LIST], [weights[name] for name in LIST]
    x2, targets2, weights2 = inputs_for(5, seed=5), targets_for(5, seed=5), weights_for(5, seed=5)
    validation = {
        "data": (x2, [targets2[name] for name in LIST]),
        "data with weights": (x2, [targets2[name] for name in LIST], [weights2[name] for name in LIST]),
        "by name": ({"xb": x2[0], "xa": x2[1]}, {name: targets2[name] for name in LIST}),
    }
    given = {"validation_split": 0.3} if form == "split" else {"validation_data": validation[form]}
    history = compared(pair, x, y, w, validation_batch_size=2, **given)
    assert {"val_alpha_accuracy", "val_zeta_loss", "val_zeta_mae"} <= set(history)


@pytest.mark.parametrize("named", [False, True])
def test_iterables_of_structures(named: bool) -> None:
    ours, theirs = pair_of(tinynet, keras, ["zeta", "mid"], loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    x, targets, weights = inputs_for(8), targets_for(8), weights_for(8)
    y, w = {name: targets[name] for name in ("zeta", "mid")}, (weights["zeta"], weights["mid"])

    def batches() -> Any:
        for rows in (slice(0, 3), slice(3, 6), slice(6, 8)):
            inputs = {"xb": x[0][rows], "xa": x[1][rows]} if named else (x[0][rows], x[1][rows])
            yield inputs, tuple(part[rows] for part in y.values()), tuple(part[rows] for part in w)

    own, expected = ours.fit(list(batches()), verbose=0), theirs.fit(batches(), verbose=0)
    same_histories(own.history, expected.history)
    same_weights(ours, theirs)
    again = ours.evaluate(list(batches()), verbose=0)
    np.testing.assert_allclose(ours.evaluate(x, y, sample_weight=w, batch_size=3, verbose=0), again, rtol=1e-6)
    np.testing.assert_allclose(theirs.evaluate(batches(), verbose=0), again, rtol=1e-4)
    predicted = ours.predict(([x[0][rows], x[1][rows]] for rows in (slice(0, 5), slice(5, 8))), verbose=0)
    for one, other in zip(predicted, ours.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


Case = tuple[Any, dict[str, Any], Any]
ZETA, ALPHA, MID = (targets_for(7)[name] for name in ("zeta", "alpha", "mid"))
CASES: dict[str, Case] = {
    "the same loss for all": (["zeta", "mid"], {"loss": "mse", "loss_weights": 0.5}, [ZETA, MID]),
    "none in a list": (LIST, {"loss": ["mse", None], "metrics": [["mae"], ["accuracy"]]}, [ZETA, ALPHA]),
    "none in a dict": (LIST, {"loss": {"zeta": "mse", "alpha": None}, "metrics": {"zeta": ["mae"]}}, [ZETA, ALPHA]),
    "targets where there is a loss": (LIST, {"loss": [None, LOSSES[1]]}, [ALPHA]),
    "targets by name where there is a loss": (LIST, {"loss": [None, LOSSES[1]]}, {"alpha": ALPHA}),
    "no targets for one": (LIST, {"loss": ["mse", None]}, [ZETA, None]),
    "losses by key": ({"p": "zeta", "m": "alpha"}, {"loss": {"p": "mse"}}, {"p": ZETA}),
    "a list for a dict": (
        {"p": "zeta", "m": "alpha"}, {"loss": LOSSES[::-1], "metrics": [["accuracy"], ["mae"]]}, [ALPHA, ZETA],
    ),
    "keys that are the layers": (
        {"zeta": "zeta", "alpha": "alpha"}, {"loss": {"alpha": LOSSES[1], "zeta": "mse"}}, {"zeta": ZETA, "alpha": ALPHA},
    ),
    "one metric each": (LIST, {"loss": LOSSES, "metrics": ["mae", "accuracy"]}, [ZETA, ALPHA]),
    "names that repeat": (
        LIST, {"loss": LOSSES, "metrics": [["mae", "mae"], ["acc"]], "weighted_metrics": [["mae", "mae"], None]},
        [ZETA, ALPHA],
    ),
    "nested, in one list": ({"a": LIST, "b": "mid"}, {"loss": [*LOSSES, "mae"]}, [ZETA, ALPHA, MID]),
    "one, in a list": ("zeta", {"loss": ["mse"], "loss_weights": [0.5], "metrics": [["mae"]]}, [ZETA]),
    "one, by name": ("zeta", {"loss": {"zeta": "mse"}, "loss_weights": {"zeta": 3.0}, "metrics": {"zeta": "mae"}}, ZETA),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_forms_of_losses_metrics_and_targets(case: str) -> None:
    structure, compiling, y = CASES[case]
    compared(pair_of(tinynet, keras, structure, **compiling), inputs_for(7), y)


class InTinynet:
    class Two(tinynet.Model):
        def __init__(self, by_key: bool) -> None:
            super().__init__()
            self.by_key = by_key
            self.first, self.second = layers.Dense(2, name="first"), layers.Dense(3, activation="softmax", name="second")

        def call(self, inputs: Any) -> Any:
            results = [self.first(inputs[0]), self.second(inputs[1])]
            return dict(zip("pm", results, strict=True)) if self.by_key else results


class InKeras:
    class Two(keras.Model):
        def __init__(self, by_key: bool) -> None:
            super().__init__()
            self.by_key = by_key
            self.first = keras.layers.Dense(2, name="first")
            self.second = keras.layers.Dense(3, activation="softmax", name="second")

        call = InTinynet.Two.call


@pytest.mark.parametrize("by_key", [False, True])
def test_a_class_of_ones_own_with_several_outputs(by_key: bool) -> None:
    """Its outputs are known from the first batch on."""
    pair = []
    a, b = inputs_for(7)[0], inputs_for(7, seed=3)[0]
    for library in (InTinynet, InKeras):
        model = library.Two(by_key)
        model([a, b])
        generator = np.random.default_rng(0)
        model.set_weights([generator.uniform(-0.5, 0.5, w.shape).astype("float32") for w in model.get_weights()])
        by_output: Callable[..., Any] = lambda *v: dict(zip("pm", v, strict=True)) if by_key else list(v)  # noqa: E731
        model.compile("sgd", by_output(*LOSSES), metrics=by_output(["mae"], ["accuracy"]), run_eagerly=True)
        pair.append(model)
    compared(pair, [a, b], by_output(ZETA, ALPHA))


def test_losses_of_one_name_are_told_apart() -> None:
    """Outputs without names would hide each other's losses; Keras logs the last one only."""
    model = InTinynet.Two(False)
    model.compile("sgd", "mse")
    x = inputs_for(4)[0]
    logs = model.train_on_batch([x, x], [np.zeros((4, 2)), np.zeros((4, 3))], return_dict=True)
    assert list(logs) == ["loss", "mse_loss", "mse_loss_1"]
    assert logs["loss"] == pytest.approx(logs["mse_loss"] + logs["mse_loss_1"], rel=1e-6)


def test_weights_by_name_beside_targets_by_name() -> None:
    """Keras refuses these for outputs in a list; they mean what they say."""
    x, w = inputs_for(7), weights_for(7)
    found = []
    for by_name in (False, True):
        forget_names()
        model = model_of(tinynet, LIST)
        model.compile("sgd", LOSSES, weighted_metrics=[["mae"], ["accuracy"]])
        y, weights = ({"zeta": ZETA, "alpha": ALPHA}, w) if by_name else ([ZETA, ALPHA], [w["zeta"], w["alpha"]])
        weights = {name: weights[name] for name in LIST} if by_name else weights
        found.append(model.fit(x, y, sample_weight=weights, verbose=0, shuffle=False).history)
    same_histories(found[0], found[1], 1e-7)


def test_shuffling_keeps_all_parts_of_a_sample_together() -> None:
    tinynet.utils.set_random_seed(0)
    a, b = layers.Input((1,), name="a"), layers.Input((1,), name="b")
    one = layers.Dense(1, kernel_initializer="ones")(a)
    model = tinynet.Model([a, b], {"sum": one + b, "difference": one - b})
    model.compile("sgd", {"sum": "mse", "difference": "mse"})
    x, other = np.arange(50.0).reshape(-1, 1), np.arange(50.0)[::-1].reshape(-1, 1) ** 2
    y = {"sum": x + other, "difference": x - other}
    history = model.fit([x, other], y, epochs=2, batch_size=8, sample_weight=np.ones(50), verbose=0).history
    assert history["loss"] == [0.0, 0.0]


@pytest.mark.parametrize(("monitor", "mode"), [("val_alpha_accuracy", "max"), ("zeta_mae", "min"), ("val_zeta_loss", "min")])
def test_monitors_of_one_output(monitor: str, mode: str, tmp_path: Path) -> None:
    """The direction is known without being told."""
    forget_names()
    model = model_of(tinynet, LIST, across=False)
    model.compile("adam", LOSSES, metrics={"alpha": ["accuracy"], "zeta": ["mae"]})
    stop = TINYNET.callbacks.EarlyStopping(monitor, patience=1, restore_best_weights=True)
    keep = TINYNET.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor, save_best_only=True)
    x, y = inputs_for(12), targets_for(12)
    targets = [y[name] for name in LIST]
    history = model.fit(x, targets, epochs=6, validation_data=(x, targets), callbacks=[stop, keep], verbose=0).history
    best = (max if mode == "max" else min)(history[monitor])
    assert stop.best == keep.best == best
    if monitor.startswith("val_"):
        kept = load_model(tmp_path / "best.keras").evaluate(x, targets, verbose=0, return_dict=True)
        assert kept[monitor.removeprefix("val_")] == pytest.approx(best, rel=1e-5)


X = inputs_for(7)
FIT: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "one input too few": (lambda m: m.fit(X[0], [ZETA, ALPHA], verbose=0), ArgumentError, r"expected 2 inputs \(xb, xa\), received one"),
    "an input too many": (lambda m: m.fit([*X, X[0]], [ZETA, ALPHA], verbose=0), ArgumentError, "expected 2 inputs .* received 3"),
    "an input left out": (lambda m: m.fit({"xa": X[1]}, [ZETA, ALPHA], verbose=0), ArgumentError, "'xb' is missing"),
    "one target too few": (lambda m: m.fit(X, ZETA, verbose=0), ArgumentError, r"y: expected 2 outputs \(zeta, alpha\), received one"),
    "a target too many": (lambda m: m.fit(X, [ZETA, ALPHA, MID], verbose=0), ArgumentError, "y: expected 2 outputs .* received 3"),
    "a target left out": (lambda m: m.fit(X, {"zeta": ZETA}, verbose=0), DataError, "the loss of 'alpha' needs targets"),
    "a target of no output": (
        lambda m: m.fit(X, {"zeta": ZETA, "alpha": ALPHA, "beta": ALPHA}, verbose=0), ArgumentError,
        r"y: expected outputs \['zeta', 'alpha'\], received those of .*: 'beta' is not among them",
    ),
    "no targets": (lambda m: m.fit(X, verbose=0), DataError, "the loss of 'zeta' needs targets, and y was not given"),
    "inputs of two lengths": (
        lambda m: m.fit([X[0], X[1][:4]], [ZETA, ALPHA], verbose=0), DataError,
        r"same number of samples; x\[0\] has 7, x\[1\] has 4",
    ),
    "targets of another length": (
        lambda m: m.fit(X, {"zeta": ZETA, "alpha": ALPHA[:2]}, verbose=0), DataError, r"x\[0\] has 7, y\['alpha'\] has 2",
    ),
    "NaN in one input": (lambda m: m.fit([X[0] * np.nan, X[1]], [ZETA, ALPHA], verbose=0), DataError, r"x\[0\] holds NaN"),
    "class weights": (
        lambda m: m.fit(X, [ZETA, ALPHA], class_weight={0: 2.0}, verbose=0), ArgumentError,
        "class_weight is for models of one output; give sample_weight",
    ),
    "weights a step for all": (
        lambda m: m.fit(X, [ZETA, ALPHA], sample_weight=np.ones((7, 2)), verbose=0), ShapeError,
        r"one sample_weight for several outputs must have shape \(7,\), received \(7, 2\)",
    ),
    "weights left out": (
        lambda m: m.fit(X, {"zeta": ZETA, "alpha": ALPHA}, sample_weight={"zeta": np.ones(7)}, verbose=0), ArgumentError,
        "sample_weight has no 'alpha', but y has",
    ),
    "weights too many": (
        lambda m: m.fit(X, [ZETA, ALPHA], sample_weight=[np.ones(7)] * 3, verbose=0), ArgumentError,
        "sample_weight: expected 2 outputs .* received 3",
    ),
    "an empty list": (lambda m: m.fit({}, [ZETA, ALPHA], verbose=0), DataError, "x holds no arrays"),
    "a batch that lacks one": (
        lambda m: m.fit(iter([(tuple(X), [ZETA])]), verbose=0), ArgumentError, "y: expected 2 outputs .* received 1",
    ),
    "validation that lacks one": (
        lambda m: m.evaluate(X, [ZETA], verbose=0), ArgumentError, "y: expected 2 outputs .* received 1",
    ),
}  # fmt: skip
COMPILE: dict[str, tuple[dict[str, Any], str]] = {
    "a loss left out": ({"loss": {"zeta": "mse"}}, r"compile: loss: expected outputs \['zeta', 'alpha'\].*'alpha' is missing"),
    "a loss of no output": ({"loss": {"zeta": "mse", "alpha": "mse", "b": "mse"}}, "'b' is not among them"),
    "losses too few": ({"loss": ["mse"]}, r"compile: loss: expected 2 outputs \(zeta, alpha\), received 1"),
    "two losses for one": ({"loss": [["mse", "mae"], "mse"]}, "expected one loss for the output 'zeta', received 2"),
    "an unknown loss": ({"loss": ["mse", "msee"]}, "unknown loss 'msee'"),
    "weights too many": ({"loss_weights": [1.0, 1.0, 1.0]}, "loss_weights: expected 2 outputs .* received 3"),
    "weights for one loss": ({"loss": "mse", "loss_weights": [1.0, 1.0]}, "several loss_weights go with as many losses"),
    "a weight of no output": ({"loss_weights": {"zeta": 1.0, "b": 1.0}}, "loss_weights: .*'b' is not among them"),
    "a weight that is none": ({"loss_weights": [1.0, "2"]}, "expected loss_weights to be finite numbers, received '2'"),
    "metrics too few": ({"metrics": ["mae"]}, "metrics: expected 2 outputs .* received 1"),
    "metrics of no output": ({"weighted_metrics": {"b": ["mae"]}}, "weighted_metrics: .*'b' is not among them"),
    "no metric": ({"metrics": [[None], []]}, "expected metrics to hold metrics, received .None."),
}  # fmt: skip


@pytest.mark.parametrize("case", FIT)
def test_data_that_do_not_fit_are_refused(case: str) -> None:
    action, error, message = FIT[case]
    forget_names()
    model = model_of(tinynet, LIST)
    model.compile("sgd", LOSSES)
    before = model.get_weights()
    with pytest.raises(error, match=message):
        action(model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("case", COMPILE)
def test_compile_refuses_what_does_not_fit_the_outputs(case: str) -> None:
    arguments, message = COMPILE[case]
    forget_names()
    model = model_of(tinynet, LIST)
    with pytest.raises(ArgumentError, match=message):
        model.compile(**{"optimizer": "sgd", "loss": LOSSES, **arguments})
    assert not model.compiled


FILES: dict[str, Case] = {
    "lists": (LIST, {"loss": LOSSES, "loss_weights": [0.5, 2.0], "metrics": [["mae", "mse"], ["accuracy"]]}, [ZETA, ALPHA]),
    "names": (
        LIST,
        {
            "loss": {"zeta": lambda library: library.losses.MeanSquaredError(reduction="sum"), "alpha": "crossentropy"},
            "loss_weights": {"zeta": 0.5, "alpha": 2.0}, "weighted_metrics": {"alpha": ["acc"]},
            "metrics": {"zeta": [lambda library: library.metrics.MeanSquaredError(name="squares")]},
        },
        [ZETA, ALPHA],
    ),
    "keys": ({"p": "zeta", "m": "mid"}, {"loss": {"p": "mse"}, "metrics": {"m": "mae"}}, {"p": ZETA, "m": MID}),
    "a function": (LIST, {"loss": [lambda library: library.losses.mean_absolute_error, None]}, [ZETA, ALPHA]),
    "one": ("zeta", {"loss": {"zeta": "mse"}, "loss_weights": 0.5, "metrics": ["mae"]}, ZETA),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_training_goes_on_from_files(case: str, tmp_path: Path) -> None:
    structure, compiling, y = FILES[case]
    ours, theirs = pair_of(tinynet, keras, structure, across=False, optimizer="adam", **compiling)
    compared((ours, theirs), X, y)
    ours.save(tmp_path / "tinynet.keras")
    theirs.save(tmp_path / "keras.keras")
    loaded = load_model(tmp_path / "keras.keras"), keras.saving.load_model(tmp_path / "tinynet.keras")
    history = compared(loaded, X, y)
    settings = {"epochs": 2, "batch_size": 3, "shuffle": False, "verbose": 0}
    same_histories(ours.fit(X, y, **settings).history, history)
    same_weights(ours, loaded[1])


def test_functions_of_ones_own_in_files(tmp_path: Path) -> None:
    """They are found again in `custom_objects` under their names."""

    def distance(y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred) ** 1.5

    forget_names()
    models = [model_of(library, LIST, across=False) for library in (tinynet, keras)]
    for library, model in zip((tinynet, keras), models, strict=True):
        model.compile("sgd", [distance, None], metrics=[[distance], None])
        model.save(tmp_path / f"{library.__name__}.keras")
    own = {"distance": distance}
    pair = (
        load_model(tmp_path / "keras.keras", custom_objects=own),
        keras.saving.load_model(tmp_path / "tinynet.keras", custom_objects=own),
    )
    assert list(compared(pair, X, [ZETA, ALPHA])) == ["loss", "zeta_distance"]
    with pytest.warns(UserWarning, match="the training configuration is left out .*'distance'"):
        assert not load_model(tmp_path / "keras.keras").compiled
