"""The same model in tinynet and in Keras, with the same random weights, trained on the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np

import tinynet

Build = Callable[[Any], list[Any]]

KERAS = SimpleNamespace(
    layers=keras.layers, Sequential=keras.Sequential, optimizers=keras.optimizers, losses=keras.losses,
    metrics=keras.metrics, regularizers=keras.regularizers, constraints=keras.constraints,
    callbacks=keras.callbacks, name="keras",
)  # fmt: skip
TINYNET = SimpleNamespace(
    layers=tinynet.layers, Sequential=tinynet.Sequential, optimizers=tinynet.optimizers, losses=tinynet.losses,
    metrics=tinynet.metrics, regularizers=tinynet.regularizers, constraints=tinynet.constraints,
    callbacks=tinynet.callbacks, name="tinynet",
)  # fmt: skip


def forget_names() -> None:
    """The next Dense is 'dense' in both libraries, the next Precision 'precision'."""
    tinynet.utils.clear_session()
    keras.utils.clear_session(free_memory=False)


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Both libraries make weights of this dtype."""
    _set_floatx(dtype)
    try:
        yield
    finally:
        _set_floatx("float32")


def _set_floatx(dtype: str) -> None:
    tinynet.config.set_floatx(dtype)
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)  # Keras keeps the policy it first made, whatever floatx is later


def random_weights(model: Any, seed: int = 0, scale: float = 0.5) -> list[np.ndarray]:
    """Random arrays for all weights: none is 0 or 1, variances are positive."""
    generator = np.random.default_rng(seed)
    arrays = []
    for weight in model.weights:
        shape = tuple(weight.shape)
        if "variance" in weight.name or "gamma" in weight.name:
            values = generator.uniform(0.5, 1.5, shape)
        else:
            values = generator.uniform(-scale, scale, shape)
        arrays.append(values.astype(str(weight.dtype)))
    return arrays


def twins(build: Build, seed: int = 0, **compiling: Any) -> tuple[Any, Any]:
    """(tinynet's, Keras's) model of the layers that `build(library)` makes, with equal weights.

    compiling: arguments of `compile`; functions among them are called with the library. Keras runs
    eagerly, which is quicker for few steps.
    """
    forget_names()
    pair = []
    for library in (TINYNET, KERAS):
        model = library.Sequential(build(library))
        if model.built:
            model.set_weights(random_weights(model, seed))
            for layer in model.layers:
                if isinstance(layer, keras.layers.Normalization):
                    layer.finalize_state()  # it computes with what its weights were before
        if compiling:
            model.compile(**resolved(library, compiling), run_eagerly=True)
        pair.append(model)
    return pair[0], pair[1]


def resolved(library: Any, value: Any) -> Any:
    """Arguments with what depends on the library made."""
    if isinstance(value, dict):
        return {key: resolved(library, part) for key, part in value.items()}
    if isinstance(value, list):
        return [resolved(library, part) for part in value]
    return value(library) if callable(value) else value


def same_histories(ours: dict[str, Any], theirs: dict[str, Any], relative: float = 1e-4) -> None:
    """The same keys in the same order, and values that differ by rounding."""
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        found = np.asarray(ours[key], "float64")
        expected = np.asarray(expected, "float64")
        assert found.shape == expected.shape, key
        assert np.isfinite(expected).all(), key
        np.testing.assert_allclose(found, expected, rtol=relative, atol=1e-6, equal_nan=False, err_msg=key)


def same_weights(ours: Any, theirs: Any, relative: float = 1e-4) -> None:
    """All weights agree, each to `relative` of its largest element."""
    own, expected = ours.get_weights(), theirs.get_weights()
    assert [w.shape for w in own] == [w.shape for w in expected]
    for variable, a, b in zip(theirs.weights, own, expected, strict=True):
        assert np.isfinite(b).all()
        difference = np.abs(a.astype("float64") - b.astype("float64")).max(initial=0.0)
        scale = max(1e-3, float(np.abs(b).max(initial=0.0)))
        assert difference <= relative * scale, f"{variable.path}: {difference / scale:.2e}"
