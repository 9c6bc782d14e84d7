"""Two bidirectional LSTMs that tell good reviews from bad ones.

The calls of https://keras.io/examples/nlp/bidirectional_lstm_imdb/ on the positive and negative sentences of
NusaX-Sentiment (Indonesian), turned into word numbers by TextVectorization.

    python examples/keras_scripts/bidirectional_lstm.py --epochs 4
"""

from __future__ import annotations

import numpy as np
from _arguments import parsed

import tinynet as keras
from tinynet.datasets import nusax_sentiment

layers = keras.layers

MAX_FEATURES = 3000  # words that are told apart


def load_data(samples):
    """Word numbers (N, T), padded in front, and labels, 0 for a negative sentence and 1 for a positive one."""
    train, valid, _ = nusax_sentiment.load_data()
    vectorizer = layers.TextVectorization(max_tokens=MAX_FEATURES)
    vectorizer.adapt(train[0])
    neutral = nusax_sentiment.CLASS_NAMES.index("neutral")
    positive = nusax_sentiment.CLASS_NAMES.index("positive")

    def numbered(texts, labels):
        chosen = np.flatnonzero(labels != neutral)[:samples]
        words = [row[row != 0] for row in np.asarray(vectorizer(texts[chosen]))]
        return keras.utils.pad_sequences(words), (labels[chosen] == positive).astype("float32")

    return {"train": numbered(*train), "test": numbered(*valid)}


def make_models(randomness=True, units=64, embedding=128):
    """The network; nothing in it is random but its first weights."""
    inputs = keras.Input(shape=(None,), dtype="int32")
    x = layers.Embedding(MAX_FEATURES, embedding)(inputs)
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(units))(x)
    return [keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))]


def train(models, data, epochs, shuffle=True, callbacks=()):
    """Adam on the binary cross-entropy."""
    (model,) = models
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    settings = {"batch_size": 32, "epochs": epochs, "shuffle": shuffle, "verbose": 2}
    return [model.fit(*data["train"], validation_data=data["test"], callbacks=list(callbacks), **settings)]


def predict(models, data):
    """The probabilities that the validation sentences are positive."""
    return models[0].predict(data["test"][0], verbose=0)


def main():
    options = parsed(__doc__, samples=1000, epochs=2)
    data = load_data(options.samples)
    models = make_models()
    models[0].summary()
    train(models, data, options.epochs)
    loss, accuracy = models[0].evaluate(*data["test"], verbose=0)
    print(f"validation: loss {loss:.4f}, accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
