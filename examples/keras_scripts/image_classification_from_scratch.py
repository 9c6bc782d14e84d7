"""A small Xception that tells cats from dogs, trained from scratch.

The calls of https://keras.io/examples/vision/image_classification_from_scratch/ on the cats and dogs of CIFAR-10
(32 x 32 pixels instead of 180 x 180, fewer filters): augmentation, separable convolutions with batch normalisation,
residual sums, global pooling, dropout, one logit.

    python examples/keras_scripts/image_classification_from_scratch.py --samples 2000 --epochs 5
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from _arguments import parsed

import tinynet as keras
from tinynet.datasets import cifar10

layers = keras.layers


def load_data(samples):
    """Images (N, 32, 32, 3) of 0 to 255 and labels, 0 for a cat and 1 for a dog; as many again for validation."""
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    cat, dog = (cifar10.CLASS_NAMES.index(name) for name in ("cat", "dog"))

    def cats_and_dogs(x, y):
        chosen = np.flatnonzero(np.isin(y[:, 0], (cat, dog)))[:samples]
        return x[chosen].astype("float32"), (y[chosen, 0] == dog).astype("float32")

    return {"train": cats_and_dogs(x_train, y_train), "test": cats_and_dogs(x_test, y_test)}


def make_models(randomness=True, entry=32, sizes=(64, 128), exit=160):
    """The network; `randomness` is augmentation and dropout."""
    inputs = keras.Input(shape=(32, 32, 3))
    x = inputs
    if randomness:
        for augment in (layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)):
            x = augment(x)
    x = layers.Rescaling(1.0 / 255)(x)
    x = layers.Conv2D(entry, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    for size in sizes:
        shortcut = layers.Conv2D(size, 1, strides=2, padding="same")(x)
        for _ in range(2):
            x = layers.Activation("relu")(x)
            x = layers.SeparableConv2D(size, 3, padding="same")(x)
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, shortcut])
    x = layers.SeparableConv2D(exit, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.25 if randomness else 0.0)(x)
    return [keras.Model(inputs, layers.Dense(1, activation=None)(x))]


def train(models, data, epochs, shuffle=True, callbacks=()):
    """Adam on the binary cross-entropy of logits."""
    (model,) = models
    model.compile(
        optimizer=keras.optimizers.Adam(3e-4),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="acc", threshold=0.0)],
    )
    settings = {"batch_size": 64, "epochs": epochs, "shuffle": shuffle, "verbose": 2}
    return [model.fit(*data["train"], validation_data=data["test"], callbacks=list(callbacks), **settings)]


def predict(models, data):
    """The logits of the validation images."""
    return models[0].predict(data["test"][0], verbose=0)


def main():
    options = parsed(__doc__, samples=2000, epochs=5)
    data = load_data(options.samples)
    models = make_models()
    models[0].summary()
    with tempfile.TemporaryDirectory() as folder:
        saving = keras.callbacks.ModelCheckpoint(str(Path(folder) / "save_at_{epoch}.keras"))
        train(models, data, options.epochs, callbacks=[saving])
        last = keras.models.load_model(Path(folder) / f"save_at_{options.epochs}.keras")
    one = keras.ops.expand_dims(data["test"][0][0], 0)
    dog = float(keras.ops.sigmoid(last.predict(one, verbose=0)[0][0]))
    print(f"This image is {100 * (1 - dog):.1f}% cat and {100 * dog:.1f}% dog.")


if __name__ == "__main__":
    main()
