"""Models, optimizers and data for training beside Keras, and how two runs are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from twins import KERAS, TINYNET, resolved, same_histories, same_weights

# float32 keeps 7 digits. Sums in another order differ in the last one, and each update carries
# the difference on; after the tens of steps taken here it stays below 1e-4 of the largest
# weight. That this is rounding and nothing else is what the runs in float64 show.
FLOAT32 = 1e-4
FLOAT64 = 1e-9

CLASSES = 3
IMAGES = (8, 8, 2)
STEPS, FEATURES, WORDS = 4, 4, 12


def dense(library: Any) -> list[Any]:
    layers = library.layers
    return [
        layers.Input((5,)),
        layers.Dense(7, activation="tanh"),
        layers.Dense(CLASSES, activation="softmax"),
    ]


def cnn(library: Any) -> list[Any]:
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(5, 2, padding="same", activation="relu"), layers.Flatten(),
        layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def normalised_cnn(library: Any) -> list[Any]:
    # Without a bias before the normalisation: its gradient would be zero but for rounding, which
    # Adam turns into steps of full size.
    layers = library.layers
    return [
        layers.Input(IMAGES), layers.Conv2D(4, 3, strides=2, use_bias=False), layers.BatchNormalization(momentum=0.8),
        layers.Activation("relu"), layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip


def recurrent(kind: str, masked: bool, both: bool) -> Any:
    """Words through an embedding that masks, or features as they are; one direction or both."""

    def build(library: Any) -> list[Any]:
        layers = library.layers
        first = (
            [layers.Input((STEPS,)), layers.Embedding(WORDS, FEATURES, mask_zero=True)]
            if masked
            else [layers.Input((STEPS, FEATURES))]
        )
        around = layers.Bidirectional if both else lambda layer: layer
        cell = getattr(layers, kind)
        # Unrolled, Keras computes the same and is quicker for few steps.
        quick = {"unroll": True} if library is KERAS else {}
        return [*first, around(cell(4, **quick)), layers.Dense(CLASSES, activation="softmax")]

    return build


RECURRENT = ("SimpleRNN", "LSTM", "GRU")
MODELS = {
    "dense": dense,
    "cnn": cnn,
    "normalised_cnn": normalised_cnn,
    **{
        f"{kind}{'_masked' if masked else ''}{'_both' if both else ''}": recurrent(kind, masked, both)
        for kind in RECURRENT
        for masked in (False, True)
        for both in (False, True)
    },
}

OPTIMIZERS = {
    "momentum": lambda library: library.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda library: library.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda library: library.optimizers.RMSprop(0.005),
    "adam": lambda library: library.optimizers.Adam(0.01),
}


def data_for(model: Any, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs of the model's shape, words padded at the end, and labels that depend on them."""
    generator = np.random.default_rng(seed)
    shape = tuple(model.input_shape[1:])
    if shape == (STEPS,):
        x: Any = generator.integers(1, WORDS, (count, STEPS))
        lengths = generator.integers(1, STEPS + 1, count)
        x[np.arange(STEPS) >= lengths[:, None]] = 0
        return x, (x.sum(axis=1) % CLASSES).astype("int64")
    x = generator.normal(size=(count, *shape)).astype("float32")
    return x, (x.reshape(count, -1)[:, :CLASSES]).argmax(axis=1)


def fitted(pair: Any, *data: Any, relative: float = FLOAT32, **settings: Any) -> tuple[Any, Any]:
    """Trains both without shuffling; histories and weights must agree."""
    settings = {"shuffle": False, "verbose": 0, **settings}
    before = pair[0].get_weights()
    histories = []
    for library, model in zip((TINYNET, KERAS), pair, strict=True):
        histories.append(model.fit(*data, **resolved(library, settings)))
    same_histories(histories[0].history, histories[1].history, relative)
    assert histories[0].epoch == histories[1].epoch
    same_weights(*pair, relative)
    assert any(not np.array_equal(old, new) for old, new in zip(before, pair[0].get_weights(), strict=True))
    return histories[0], histories[1]
