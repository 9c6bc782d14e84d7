"""Models on which tinynet and Keras once disagreed, as recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras_oracle import Inner
from recipes import Call, Given, Place, Recipe

FIRST: Place = (-1, 0)


def numbers(*shape: int | None, rows: int = 3, zero: Any = None) -> Given:
    """An input of random numbers; the steps `zero` are nothing but zeros, for a Masking."""
    values = np.random.default_rng(0).uniform(-2, 2, (rows, *(n or 4 for n in shape))).astype("float32")
    if zero is not None:
        values[:, zero] = 0
    return Given(shape, values.tolist())


def texts(*shape: int, rows: int = 3) -> Given:
    words = np.random.default_rng(0).choice(["nasi", "enak", "lain"], (rows, *shape))
    return Given(shape, words.tolist(), "string")


def layer(class_name: str, operands: list[Place], **arguments: Any) -> Call:
    return Call(Inner(class_name, arguments), operands)


TEXT_BESIDE_NUMBERS = Recipe(
    "functional", [texts(), numbers(4)],
    [
        layer("TextVectorization", [FIRST], vocabulary=["nasi", "enak"], output_mode="count"),
        layer("Dense", [(-1, 1)], units=2),
    ],
    [(0, 0), (1, 0)],
)  # fmt: skip
FROZEN_AROUND = Recipe(
    "functional", [numbers(4, 2)],
    [
        Call(Inner("Bidirectional", {"layer": Inner("LSTM", {"units": 2}), "trainable": False}), [FIRST]),
        layer("Dense", [(0, 0)], units=3, trainable=False), layer("Dense", [(1, 0)], units=1),
    ],
    [(2, 0)],
)  # fmt: skip

FIXED: dict[str, Recipe] = {
    # Keras hands a mask on only where the inputs are the only tensors of a call.
    "a mask beside initial states": Recipe(
        "functional", [numbers(4, 2, zero=[1, 3]), numbers(3), numbers(3)],
        [
            layer("Masking", [FIRST]),
            Call(
                Inner("LSTM", {"units": 3, "return_sequences": True}), [(0, 0)],
                keywords={"initial_state": [(-1, 1), (-1, 2)]},
            ),
            layer("GRU", [(1, 0)], units=2),
        ],
        [(2, 0)],
    ),
    # Sizes that are normalised together need to be known for weights only.
    "normalisation of an unknown size": Recipe(
        "sequential", [numbers(None, 3)],
        [layer("LayerNormalization", [FIRST], axis=[1, 2], scale=False, center=False)], [(0, 0)],
    ),
    # The largest of integers is an integer.
    "integers into maximum pooling": Recipe(
        "functional", [texts(4)],
        [
            layer("StringLookup", [FIRST], vocabulary=["nasi", "enak"], output_mode="one_hot"),
            layer("MaxPooling1D", [(0, 0)], pool_size=3, padding="same"), layer("GlobalMaxPooling1D", [(0, 0)]),
        ],
        [(1, 0), (2, 0)],
    ),
    # A layer around others that is made with trainable=False leaves these trainable, and .h5 puts them first.
    "frozen around what is not, in a model within": Recipe(
        "functional", [numbers(4, 2)], [Call(FROZEN_AROUND, [FIRST])], [(0, 0)],
    ),
    # In the file the call of the inner model has mask=[None, None].
    "text and numbers for a model within": Recipe(
        "functional", [texts(), numbers(4)], [Call(TEXT_BESIDE_NUMBERS, [FIRST, (-1, 1)], as_list=True)],
        [(0, 0), (0, 1)],
    ),
}  # fmt: skip
