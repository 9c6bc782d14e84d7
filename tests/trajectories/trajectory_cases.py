"""What is trained beside Keras: networks, optimizers and ways of feeding them.

Every function takes the library, tinynet or Keras: the same lines make both models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinynet

CLASSES = 3
IMAGES = (8, 8, 2)
TIME, FEATURES, WORDS = 5, 4, 12
BATCH, STEPS = 5, 50
SAMPLES = 22  # four whole batches and one of two: ten epochs are fifty steps
KEPT = 7  # held back for validation, in addition


@dataclass(frozen=True)
class Network:
    """The layers of a sequential model, and what it is compiled with.

    loss, metrics: as for `compile`; functions are called with the library.
    by_step: whether there is a label for each step of a sequence.
    """

    layers: Callable[[Any], list[Any]]
    loss: Any = "sparse_categorical_crossentropy"
    metrics: Any = field(default_factory=lambda: ["accuracy"])
    by_step: bool = False

    def compiling(self, library: Any) -> dict[str, Any]:
        loss = self.loss(library) if callable(self.loss) else self.loss
        return {"loss": loss, "metrics": [m(library) if callable(m) else m for m in self.metrics]}


def dense(library: Any) -> list[Any]:
    layers = library.layers
    return [layers.Input((5,)), layers.Dense(7, activation="tanh"), layers.Dense(CLASSES, activation="softmax")]


def cnn(library: Any) -> list[Any]:
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(5, 2, padding="same", activation="relu"), layers.Flatten(),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def normalised_cnn(library: Any) -> list[Any]:
    # Without biases before a normalisation: their gradient would be zero but for rounding, which
    # Adam and its like turn into steps of full size.
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, strides=2, use_bias=False), layers.BatchNormalization(momentum=0.8),
        layers.Activation("relu"), layers.Conv2D(5, 2, use_bias=False), layers.BatchNormalization(),
        layers.Activation("relu"), layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def embedding(library: Any) -> list[Any]:
    """Words, as vectors with a mask."""
    return [library.layers.Input((TIME,), dtype="int32"), library.layers.Embedding(WORDS, FEATURES, mask_zero=True)]


def recurrent(kind: str, masked: bool, both: bool, stacked: bool = False) -> Callable[[Any], list[Any]]:
    """Masked words or plain features; one direction or both; one layer or two."""

    def build(library: Any) -> list[Any]:
        layers = library.layers
        cell = getattr(layers, kind)
        around = layers.Bidirectional if both else lambda layer: layer
        first = embedding(library) if masked else [layers.Input((TIME, FEATURES))]
        below = [around(cell(3, return_sequences=True))] if stacked else []
        return [*first, *below, around(cell(4)), layers.Dense(CLASSES, activation="softmax")]

    return build


def tagger(library: Any) -> list[Any]:
    """A label for each word; the mask reaches the loss."""
    layers = library.layers
    return [
        *embedding(library), layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def with_own_layer(library: Any) -> list[Any]:
    layers = library.layers
    return [
        layers.Input((5,)), layers.Dense(7, activation="tanh"), own_layer(library),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def own_layer(library: Any) -> Any:
    """A layer as a user writes it, that adds to the loss."""

    class Scaled(library.layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

        def call(self, inputs: Any) -> Any:
            outputs = inputs * self.scale
            self.add_loss(0.05 * library.ops.mean(library.ops.square(outputs)))
            return outputs

    return Scaled(name="scaled")


def own_loss(library: Any) -> Any:
    """A loss as a user writes it: a function of tensors, of values a sample."""
    ops = library.ops

    def squares_and_entropy(y_true: Any, y_pred: Any) -> Any:
        wanted = ops.one_hot(ops.cast(y_true, "int32"), CLASSES, dtype=y_pred.dtype)
        wanted = ops.reshape(wanted, ops.shape(y_pred))
        entropy = -ops.sum(y_pred * ops.log(y_pred + 1e-3), axis=-1)
        return ops.sum(ops.square(wanted - y_pred), axis=-1) + 0.1 * entropy

    return squares_and_entropy


def own_metric_function(library: Any) -> Any:
    def surest(y_true: Any, y_pred: Any) -> Any:
        return library.ops.max(y_pred, axis=-1)

    return surest


def own_metric(library: Any) -> Any:
    """A metric as a user writes it: an object that remembers."""

    class Highest(library.metrics.Metric):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="highest")
            self.highest = self.add_variable((), "zeros", name="highest")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.highest.assign(library.ops.maximum(self.highest, library.ops.max(y_pred)))

        def result(self) -> Any:
            return self.highest

    return Highest()


RECURRENT = ("SimpleRNN", "LSTM", "GRU")
NETWORKS = {
    "dense": Network(dense),
    "cnn": Network(cnn),
    "cnn, normalised": Network(normalised_cnn),
    **{
        f"{kind}{', masked' if masked else ''}{', both directions' if both else ''}": Network(
            recurrent(kind, masked, both)
        )
        for kind in RECURRENT
        for masked in (False, True)
        for both in (False, True)
    },
    **{f"two {kind}, masked, both directions": Network(recurrent(kind, True, True, stacked=True)) for kind in RECURRENT},
    "LSTM, masked, a label a step": Network(tagger, by_step=True),
    "own layer that adds a loss": Network(with_own_layer),
    "own loss, own metrics": Network(dense, loss=own_loss, metrics=["accuracy", own_metric_function, own_metric]),
}

# Settings of few bits: where Keras computes in float64 its optimizers still round some settings to float32 in
# some of their terms, and 1 − 0.999, for one, is then off by a part in a hundred thousand.
MOMENTUM = 1 - 2**-3
BETAS = {"beta_1": 1 - 2**-3, "beta_2": 1 - 2**-9}

# A class and its settings; functions are called with the library's optimizers.
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {"learning_rate": 2**-3}),
    "SGD, momentum": ("SGD", {"learning_rate": 2**-4, "momentum": MOMENTUM}),
    "SGD, Nesterov": ("SGD", {"learning_rate": 2**-4, "momentum": MOMENTUM, "nesterov": True}),
    "SGD, cosine decay": ("SGD", {"learning_rate": lambda optimizers: optimizers.schedules.CosineDecay(
        2**-6, 40, warmup_target=2**-2, warmup_steps=8), "momentum": 0.5}),
    "RMSprop": ("RMSprop", {"learning_rate": 2**-8}),
    "RMSprop, momentum": ("RMSprop", {"learning_rate": 2**-9, "momentum": MOMENTUM}),
    "RMSprop, centered": ("RMSprop", {"learning_rate": 2**-9, "centered": True}),
    "RMSprop, global clipnorm, moving average": (
        "RMSprop",
        {"learning_rate": 2**-8, "global_clipnorm": 0.5, "use_ema": True, "ema_momentum": MOMENTUM,
         "ema_overwrite_frequency": 7},
    ),
    "Adam": ("Adam", {"learning_rate": 2**-7, **BETAS}),
    "Adam, amsgrad": ("Adam", {"learning_rate": 2**-7, "amsgrad": True, **BETAS}),
    "Adam, clipnorm, weight decay": ("Adam", {"learning_rate": 2**-7, "clipnorm": 2**-3, "weight_decay": 2**-6, **BETAS}),
    "Adam, clipvalue, accumulated gradients": (
        "Adam", {"learning_rate": 2**-6, "clipvalue": 2**-4, "gradient_accumulation_steps": 3, **BETAS}
    ),
    "AdamW": ("AdamW", {"learning_rate": 2**-7, "weight_decay": 2**-4, **BETAS}),
    "Adagrad": ("Adagrad", {"learning_rate": 2**-4}),
    "Adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "Adamax": ("Adamax", {"learning_rate": 2**-7, "beta_1": BETAS["beta_1"]}),
    "Nadam": ("Nadam", {"learning_rate": 2**-7, **BETAS}),
    "Ftrl": ("Ftrl", {"learning_rate": 2**-3, "l1_regularization_strength": 2**-10}),
    "Lion": ("Lion", {"learning_rate": 2**-9, **BETAS}),
    "Lamb": ("Lamb", {"learning_rate": 2**-7, **BETAS}),
    "Adafactor": ("Adafactor", {"learning_rate": 2**-6}),
}  # fmt: skip
OPTIMIZERS["Muon"] = (
    "Muon", {"learning_rate": 2**-6, "weight_decay": 2**-8, **{f"adam_{name}": value for name, value in BETAS.items()}}
)  # fmt: skip
OPTIMIZERS["ScheduleFreeAdamW"] = ("ScheduleFreeAdamW", {"learning_rate": 2**-7, "warmup_steps": 8, **BETAS})


def optimizer_of(library: Any, name: str) -> Any:
    class_name, settings = OPTIMIZERS[name]
    given = {key: value(library.optimizers) if callable(value) else value for key, value in settings.items()}
    return getattr(library.optimizers, class_name)(**given)


FEEDS = ("plain", "class weights", "sample weights", "validation split")


def batches_of(network: str, feed: str, seed: int = 0) -> dict[str, Any]:
    """Arguments of `fit`: random inputs, words padded at the end, labels that depend on them, and weights."""
    kind = NETWORKS[network]
    generator = np.random.default_rng(seed)
    count = SAMPLES + (KEPT if feed == "validation split" else 0)
    if "masked" in network:
        x: Any = generator.integers(1, WORDS, (count, TIME)).astype("int32")
        x[np.arange(TIME) >= generator.integers(1, TIME + 1, count)[:, None]] = 0
        y = x % CLASSES if kind.by_step else x.sum(axis=1) % CLASSES
    else:
        shape = IMAGES if "cnn" in network else (5,) if kind.layers in (dense, with_own_layer) else (TIME, FEATURES)
        # The same numbers in float32 and in float64.
        x = generator.normal(size=(count, *shape)).astype("float32").astype("float64")
        y = x.reshape(count, -1)[:, :CLASSES].argmax(axis=1)
    arguments: dict[str, Any] = {"x": x, "y": y.astype("int32"), "batch_size": BATCH, "epochs": STEPS // 5}
    if feed == "class weights" and not kind.by_step:  # which Keras has for one label a sample
        arguments["class_weight"] = {0: 0.5, 1: 2.0}
    elif feed in ("class weights", "sample weights"):
        weights = generator.integers(0, 9, y.shape if kind.by_step else (count,)) / 4
        arguments["sample_weight"] = weights
    elif feed == "validation split":
        arguments["validation_split"] = KEPT / count
    return arguments
