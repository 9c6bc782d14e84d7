"""The same training in tinynet and in Keras, step by step, and where the two part."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from trajectory_cases import FEEDS, NETWORKS, OPTIMIZERS, STEPS, batches_of, optimizer_of
from twins import floatx, forget_names, random_weights

import tinynet
from tinynet.errors import ArgumentError

# In float64 rounding is far below; settings such as 0.9, which Keras has in float32 even there, are
# wrong by a few parts in a hundred million.
TOLERANCE = 1e-5


@dataclass
class Run:
    """What one library's `fit` said, and the weights after every step.

    steps: the logs of each step, of its batch alone. epochs: the logs of each validation.
    """

    paths: list[str] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    weights: list[list[np.ndarray]] = field(default_factory=list)

    @property
    def losses(self) -> np.ndarray:
        return np.array([logs["loss"] for logs in self.steps])


Change = Callable[[Any, int], None]


class KerasModel(keras.Sequential):
    """A model that takes Keras's own step of training, with the update of the weights apart.

    The step is traced once, with an optimizer that only keeps the gradients; another function then applies them.
    To trace the step anew for every optimizer would take most of the time.
    """

    def train_step(self, data: Any) -> Any:
        logs, gradients = self._traced("train_step", data)
        self._traced_update(gradients)
        return logs

    def test_step(self, data: Any) -> Any:
        return self._traced("test_step", data)

    def update_with(self, optimizer: Any) -> None:
        """Says what the gradients are given to from the next `fit` on."""
        self._updating = optimizer

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Builds the optimizer first: ScheduleFreeAdamW begins with the weights as they are then."""
        optimizer, variables = self._updating, self.trainable_weights
        optimizer.build(variables)
        self._traced_update = tf.function(lambda gradients: optimizer.apply(gradients, variables), reduce_retracing=True)
        return super().fit(*args, **kwargs)

    def _traced(self, name: str, data: Any) -> Any:
        """Keras's step, traced for batches of any size."""
        spec = tf.nest.map_structure(lambda x: tf.TensorSpec([None, *x.shape[1:]], x.dtype), data)
        if (name, repr(spec)) not in self._traces:

            def step(data: Any) -> Any:
                logs = getattr(keras.Sequential, name)(self, data)
                return (logs, self.optimizer.kept) if name == "train_step" else logs

            self._traces[name, repr(spec)] = tf.function(step, input_signature=[spec])
        return self._traces[name, repr(spec)](data)


class Keeping(keras.optimizers.SGD):
    """Changes nothing and keeps the gradients it was given."""

    def apply_gradients(self, grads_and_vars: Any) -> None:
        self.kept = [gradient for gradient, _ in grads_and_vars]


@functools.lru_cache(maxsize=2)
def keras_model(network: str, dtype: str) -> Any:
    with floatx(dtype):
        forget_names()
        model = KerasModel(NETWORKS[network].layers(keras), name="sequential")
        model._traces = {}
        model.compile(optimizer=Keeping(), run_eagerly=True, **NETWORKS[network].compiling(keras))
    return model


def keras_run(network: str, optimizer: str, feed: str, dtype: str) -> Run:
    model = keras_model(network, dtype)
    with floatx(dtype):
        model.update_with(optimizer_of(keras, optimizer))
    return recorded(keras, model, network, feed, dtype)


def our_run(network: str, optimizer: str, feed: str, dtype: str, change: Change | None = None) -> Run:
    kind = NETWORKS[network]
    with floatx(dtype):
        forget_names()
        model = tinynet.Sequential(kind.layers(tinynet), name="sequential")
        model.compile(optimizer=optimizer_of(tinynet, optimizer), **kind.compiling(tinynet))
    return recorded(tinynet, model, network, feed, dtype, change)


def recorded(library: Any, model: Any, network: str, feed: str, dtype: str, change: Change | None = None) -> Run:
    """Fifty steps of `fit` from the same weights, on the same batches.

    change: what is done to the model after each step, given its number; for tests of the comparison.
    """
    done = Run([weight.path for weight in model.weights])

    class Recorder(library.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.reset_metrics()  # the logs of a step are then its own, not the epoch's mean

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            done.steps.append(dict(logs))
            if change is not None:
                change(self.model, len(done.steps))
            done.weights.append([np.array(weight) for weight in self.model.get_weights()])

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            done.epochs.append({key: value for key, value in logs.items() if key.startswith("val_")})

    with floatx(dtype):
        # The same numbers in float32 and in float64.
        model.set_weights([weight.astype("float32") for weight in random_weights(model, seed=1)])
        model.fit(**batches_of(network, feed), shuffle=False, verbose=0, callbacks=[Recorder()])
    assert len(done.steps) == STEPS
    return done


def relative(found: Any, expected: Any) -> np.ndarray:
    """|found − expected| / |expected|, element by element; what is no number is infinitely off."""
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    with np.errstate(all="ignore"):
        off = np.where(found == expected, 0.0, np.abs(found - expected) / np.abs(expected))
    return np.where(np.isnan(off), np.inf, off)


def off_by(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of two arrays, relative to the largest element."""
    scale = np.abs(expected.astype("float64")).max(initial=0.0)
    return float(relative(scale + np.abs(found.astype("float64") - expected).max(initial=0.0), scale))


def worst_loss(ours: Run, theirs: Run) -> float:
    return float(relative(ours.losses, theirs.losses).max())


def worst_weight(ours: Run, theirs: Run) -> float:
    return max(
        off_by(a, b)
        for own, expected in zip(ours.weights, theirs.weights, strict=True)
        for a, b in zip(own, expected, strict=True)
    )


def parting(ours: Run, theirs: Run, tolerance: float = TOLERANCE) -> str | None:
    """The first step and the first weight at which two runs differ, in words; None where they agree throughout."""
    found = []
    step = _first(_same_logs(a, b, tolerance) for a, b in zip(ours.steps, theirs.steps, strict=True))
    if step is not None:
        a, b = ours.steps[step], theirs.steps[step]
        key = next((key for key in b if key not in a or relative(a[key], b[key]) > tolerance), "logs")
        found.append(
            f"step {step + 1}: {key} is {a.get(key)!r}, Keras's {b.get(key)!r}" if key != "logs" else
            f"step {step + 1}: the logs are {list(a)}, Keras's {list(b)}"
        )  # fmt: skip
    epoch = _first(_same_logs(a, b, tolerance) for a, b in zip(ours.epochs, theirs.epochs, strict=True))
    if epoch is not None:
        found.append(f"validation of epoch {epoch + 1}: {ours.epochs[epoch]}, Keras's {theirs.epochs[epoch]}")
    found += _first_weight(ours, theirs, tolerance)
    return "; ".join(found) or None


def _first(same: Any) -> int | None:
    return next((number for number, agrees in enumerate(same) if not agrees), None)


def _same_logs(ours: dict[str, float], theirs: dict[str, float], tolerance: float) -> bool:
    same_keys = list(ours) == list(theirs)
    return same_keys and bool((relative(list(ours.values()), list(theirs.values())) <= tolerance).all())


def _first_weight(ours: Run, theirs: Run, tolerance: float) -> list[str]:
    for step, (own, expected) in enumerate(zip(ours.weights, theirs.weights, strict=True), 1):
        for path, a, b in zip(ours.paths, own, expected, strict=True):
            difference = off_by(a, b)
            if not difference <= tolerance:
                index = np.unravel_index(np.abs(a - b).argmax(), a.shape)
                return [
                    f"first weight: {path} after step {step}, by {difference:.1e} of its largest element; "
                    f"at {[int(i) for i in index]} it is {a[index]:.9g}, Keras's {b[index]:.9g}"
                ]
    return []


# What float32 may be off by in a loss where Keras's own run happens to be off by less: four units in the last place.
ROUNDING = 2.0**-21
# How much farther from the run in float64 tinynet's float32 may come than Keras's float32 does.
FACTOR = 4


@dataclass(frozen=True)
class Comparison:
    """How far apart one pair of trajectories is.

    loss, weight: the worst relative differences of tinynet's and Keras's runs in float64.
    ours, theirs: the worst of the losses in float32, of each library, to Keras's in float64.
    parting: where they differ by more than is allowed.
    refused: neither can train so: centered RMSprop, whose variance turns negative where words repeat.
    """

    network: str
    optimizer: str
    feed: str
    loss: float
    weight: float
    ours: float
    theirs: float
    parting: str | None = None
    refused: bool = False


def compared(network: str, optimizer: str, feed: str) -> Comparison:
    """The two libraries, in float64 and in float32."""
    try:
        exact = keras_run(network, optimizer, feed, "float64")
    except tf.errors.InvalidArgumentError:  # which is how Keras says so
        return Comparison(network, optimizer, feed, 0.0, 0.0, 0.0, 0.0, _not_refused(network, optimizer, feed), True)
    found = our_run(network, optimizer, feed, "float64")
    single, found_single = (f(network, optimizer, feed, "float32") for f in (keras_run, our_run))
    ours, theirs = worst_loss(found_single, exact), worst_loss(single, exact)
    parted = parting(found, exact)
    if parted is None and not ours <= FACTOR * max(theirs, ROUNDING):
        parted = f"float32: off by {ours:.1e}, Keras's by {theirs:.1e}; {parting(found_single, single)}"
    return Comparison(
        network, optimizer, feed, worst_loss(found, exact), worst_weight(found, exact), ours, theirs, parted
    )


def _not_refused(network: str, optimizer: str, feed: str) -> str | None:
    try:
        our_run(network, optimizer, feed, "float64")
    except ArgumentError as error:
        return None if "negative variance" in str(error) else str(error)
    return "Keras fails, tinynet does not"


def feed_of(network: str, optimizer: str) -> str:
    """One of the ways of feeding: each network and each optimizer meets all of them."""
    return FEEDS[(list(NETWORKS).index(network) + list(OPTIMIZERS).index(optimizer)) % len(FEEDS)]
