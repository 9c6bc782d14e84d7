"""Transfer learning: a convolutional base, trained on some digits, frozen, learns others with a new head.

The calls of https://keras.io/guides/transfer_learning/ on scikit-learn's digits: the base is trained on the classes
0 to 4 (the guide takes one trained on ImageNet), then frozen below a new head for the classes 5 to 9, then unfrozen
and trained further with a low rate, its batch normalisation still in inference mode.

    python examples/keras_scripts/transfer_learning.py --epochs 8
"""

from __future__ import annotations

from _arguments import parsed

import tinynet as keras
from tinynet.datasets import digits

layers = keras.layers

CLASSES = 5


def load_data(samples):
    """Images (N, 8, 8, 1) of 0 to 16 and labels from 0 to 4: the digits 0 to 4 as source, 5 to 9 as target."""
    (x_train, y_train), (x_test, y_test) = digits.load_data()

    def digits_of(first, x, y):
        chosen = (y >= first) & (y < first + CLASSES)
        return x[chosen].astype("float32")[:samples], (y[chosen].astype("int32") - first)[:samples]

    return {
        "source": digits_of(0, x_train, y_train),
        "train": digits_of(CLASSES, x_train, y_train),
        "test": digits_of(CLASSES, x_test, y_test),
    }


def make_base(filters):
    """What is trained first and then transferred."""
    return keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(2 * filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ],
        name="base",
    )


def make_models(randomness=True, filters=16):
    """The base with a head for the source classes, and the same base with one for the target classes."""
    base = make_base(filters)
    source = keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Rescaling(scale=1 / 8, offset=-1),
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES),
        ]
    )

    inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Rescaling(scale=1 / 8, offset=-1)(inputs)
    # In inference mode whatever happens: unfrozen, too, the base keeps its statistics.
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2 if randomness else 0.0)(x)
    target = keras.Model(inputs, layers.Dense(CLASSES, name="head")(x))
    return [source, target]


def train(models, data, epochs, shuffle=True, callbacks=()):
    """Three trainings: the source model; the head of the target model alone; all of it, slowly."""
    source, target = models
    settings = {"batch_size": 32, "epochs": epochs, "shuffle": shuffle, "verbose": 2, "callbacks": list(callbacks)}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy

    source.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss, metrics=[accuracy()])
    first = source.fit(*data["source"], **settings)

    base = target.get_layer("base")
    base.trainable = False
    target.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss, metrics=[accuracy()])
    second = target.fit(*data["train"], validation_data=data["test"], **settings)

    base.trainable = True
    target.compile(optimizer=keras.optimizers.Adam(1e-4), loss=loss, metrics=[accuracy()])
    third = target.fit(*data["train"], validation_data=data["test"], **settings)
    return [first, second, third]


def predict(models, data):
    """The logits of the target digits set aside."""
    return models[1].predict(data["test"][0], verbose=0)


def main():
    options = parsed(__doc__, samples=1000, epochs=5)
    data = load_data(options.samples)
    models = make_models()
    train(models, data, options.epochs)
    models[1].summary(show_trainable=True)
    loss, accuracy = models[1].evaluate(*data["test"], verbose=0)
    print(f"digits 5 to 9, set aside: loss {loss:.4f}, accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
