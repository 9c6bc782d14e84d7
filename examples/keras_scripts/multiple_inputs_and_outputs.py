"""Customer tickets: several inputs, two outputs, a loss for each.

The calls of the part "Models with multiple inputs and outputs" of https://keras.io/guides/functional_api/ on drawn
tickets: title and text of a ticket as word numbers, tags as zeros and ones; out come a priority and the department.
Both can be learned: certain words and tags make a ticket urgent, others belong to a department.

    python examples/keras_scripts/multiple_inputs_and_outputs.py --epochs 6
"""

from __future__ import annotations

import numpy as np
from _arguments import parsed

import tinynet as keras

layers = keras.layers

TAGS = 12
WORDS = 400
DEPARTMENTS = 4


def load_data(samples):
    """The three inputs and two targets of tickets, each in a dict by name; a fifth as many again for validation."""
    generator = np.random.default_rng(0)

    def tickets(count):
        department = generator.integers(0, DEPARTMENTS, count)
        urgent = generator.random(count) < 0.4
        title = generator.integers(1, WORDS, (count, 10))
        body = generator.integers(1, WORDS, (count, 30))
        body[:, ::3] = body[:, ::3] // DEPARTMENTS * DEPARTMENTS + department[:, None]  # words of the department
        title[urgent, ::2] = title[urgent, ::2] % 40 + 1  # words of haste
        tags = (generator.random((count, TAGS)) < 0.2) | (np.arange(TAGS) == department[:, None])
        inputs = {"title": title.astype("int32"), "body": body.astype("int32"), "tags": tags.astype("float32")}
        targets = {
            "priority": urgent.astype("float32")[:, None],
            "department": keras.utils.to_categorical(department, DEPARTMENTS),
        }
        return inputs, targets

    return {"train": tickets(samples), "test": tickets(max(samples // 5, 1))}


def make_models(randomness=True, embedding=64, title_units=64, body_units=32):
    """The network; nothing in it is random but its first weights."""
    title = keras.Input(shape=(None,), name="title", dtype="int32")
    body = keras.Input(shape=(None,), name="body", dtype="int32")
    tags = keras.Input(shape=(TAGS,), name="tags")
    read_title = layers.LSTM(title_units)(layers.Embedding(WORDS, embedding)(title))
    read_body = layers.LSTM(body_units)(layers.Embedding(WORDS, embedding)(body))
    features = layers.concatenate([read_title, read_body, tags])
    priority = layers.Dense(1, name="priority")(features)
    department = layers.Dense(DEPARTMENTS, name="department")(features)
    outputs = {"priority": priority, "department": department}
    return [keras.Model(inputs=[title, body, tags], outputs=outputs)]


def train(models, data, epochs, shuffle=True, callbacks=()):
    """A loss for each output by its name, and how much each counts."""
    (model,) = models
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={
            "priority": keras.losses.BinaryCrossentropy(from_logits=True),
            "department": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
        metrics={"department": ["accuracy"]},
    )
    settings = {"batch_size": 32, "epochs": epochs, "shuffle": shuffle, "verbose": 2}
    return [model.fit(*data["train"], validation_data=data["test"], callbacks=list(callbacks), **settings)]


def predict(models, data):
    """Both outputs for the tickets set aside, side by side."""
    outputs = models[0].predict(data["test"][0], verbose=0)
    return np.concatenate([outputs["priority"], outputs["department"]], axis=1)


def main():
    options = parsed(__doc__, samples=1280, epochs=4)
    data = load_data(options.samples)
    models = make_models()
    models[0].summary()
    train(models, data, options.epochs)
    for name, value in models[0].evaluate(*data["test"], verbose=0, return_dict=True).items():
        print(f"{name}: {value:.4f}")


if __name__ == "__main__":
    main()
