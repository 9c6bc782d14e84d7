"""Studies of recurrent networks on NusaX: depth, units, direction, mask, length; means for few and uneven data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import tinynet
from tinynet.data import Dataset, class_weights
from tinynet.datasets import nusax_sentiment
from tinynet.layers import TextVectorization
from tinynet.models import Model
from tinynet.study.architectures import RECURRENT, sentiment_rnn
from tinynet.study.data import Data
from tinynet.study.declaration import Study
from tinynet.study.ready.cifar10 import fit_and_time

SENTENCES = 500  # that there are to train on
UNKNOWN = 1  # the id of words that are not in the vocabulary


def sentences(length: int = 100, vocabulary: int = 3000) -> Data:
    """NusaX-Sentiment (Indonesian) as ids; the vocabulary is that of the training sentences."""
    (train, y_train), (valid, y_valid), (test, y_test) = nusax_sentiment.load_data()
    vectorizer = TextVectorization(max_tokens=vocabulary, output_sequence_length=length)
    vectorizer.adapt(train)
    x_train, x_valid, x_test = (vectorizer(texts).numpy().astype("int32") for texts in (train, valid, test))
    return Data(
        train=(x_train, y_train),
        validation=(x_valid, y_valid),
        test=(x_test, y_test),
        class_names=nusax_sentiment.CLASS_NAMES,
        note=f"NusaX-Sentiment, Indonesian: {len(train)} training, {len(valid)} validation and {len(test)} test "
        "sentences of about 23 words, the official split.",
    )


def rnn(
    layer: str = "lstm",
    layers: int = 1,
    units: int = 64,
    bidirectional: bool = False,
    mask: bool = True,
    length: int = 100,
    vocabulary: int = 3000,
    batch_normalization: bool = False,
    schedule: str = "constant",
    epochs: int = 30,
    batch_size: int = 32,
) -> Model:
    """A recurrent classifier: Embedding 32, `layers` recurrent layers, Dropout, Dense 64, Dropout, softmax; Adam.

    layer: 'simple_rnn', 'lstm' or 'gru'. mask: whether padding is passed over.
    schedule: of the learning rate: 'constant' at 0.001, or 'cosine' from 0.003 to 0 over all steps.
    """
    model = sentiment_rnn(
        tinynet, layer, bidirectional=bidirectional, depth=layers, units=units, vocabulary=vocabulary, length=length,
        mask=mask, batch_normalization=batch_normalization, dropout=0.5, dense_dropout=0.3,
    )  # fmt: skip
    steps = -(-SENTENCES // batch_size) * epochs
    rate = 1e-3 if schedule == "constant" else tinynet.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(tinynet.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def bags(reads: str = "sequence") -> Data:
    """NusaX as ids in sequence, or as a bag: how often each word, or run of characters, comes, weighed by TF-IDF."""
    if reads == "sequence":
        return sentences()
    (train, y_train), (valid, y_valid), (test, y_test) = nusax_sentiment.load_data()
    if reads == "words":
        vectorizer = TextVectorization(max_tokens=3000, output_mode="tf_idf")
    else:
        vectorizer = TextVectorization(max_tokens=20_000, output_mode="tf_idf", split="character", ngrams=(3, 4, 5, 6))
    vectorizer.adapt(train)
    x_train, x_valid, x_test = (vectorizer(texts).numpy().astype("float32") for texts in (train, valid, test))
    return Data(
        (x_train, y_train), (x_test, y_test), (x_valid, y_valid), nusax_sentiment.CLASS_NAMES, sentences().note
    )


def reader(reads: str = "sequence") -> Model:
    """A bidirectional LSTM that reads a sequence of words, or two dense layers that see a bag, with much dropout."""
    if reads == "sequence":
        return rnn("lstm", bidirectional=True)
    layers = tinynet.layers
    model = tinynet.Sequential(
        [
            layers.UnitNormalization(),  # long sentences weigh no more than short ones
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ],
        name=f"bag_of_{reads}",
    )
    model.compile(tinynet.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(early_stopping: str = "none") -> dict[str, Any]:
    """The arguments of `fit`; with early stopping it ends eight epochs after the best one, and goes back to that.

    early_stopping: by which of the validation's numbers: 'loss', 'accuracy', or 'none'.
    """
    if early_stopping == "none":
        return {}
    mode = "min" if early_stopping == "loss" else "max"
    stopping = tinynet.callbacks.EarlyStopping(
        f"val_{early_stopping}", mode=mode, patience=8, restore_best_weights=True
    )
    return {"callbacks": [stopping]}


def fit_balanced(
    model: Model, data: Data, arguments: Mapping[str, Any], balance: str = "none", augmentation: bool = False
) -> Any:
    """Trains with classes made even, and with words left out at random.

    balance: 'none'; 'weights', which a rare class's losses get more of; or 'oversampling', its sentences come more
    often. augmentation: in each pass one word of ten, drawn anew, is taken for an unknown one.
    """
    x, y = data.train
    settings = dict(arguments)
    if balance == "weights":
        settings["class_weight"] = class_weights(y)
    if balance != "oversampling" and not augmentation:
        return model.fit(x, y, validation_data=data.validation, **settings)
    dataset = Dataset(x, y).shuffle()
    if balance == "oversampling":
        dataset = dataset.balance()
    if augmentation:
        dataset = dataset.map(_words_left_out)
    return model.fit(dataset.batch(settings.pop("batch_size", 32)), validation_data=data.validation, **settings)


def _words_left_out(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.where((rng.random(x.shape) < 0.1) & (x != 0), UNKNOWN, x).astype(x.dtype), y


def architecture(layer: str) -> Study:
    """What the report on recurrent networks varied, one thing at a time; and both directions without a mask."""
    return Study(
        f"nusax-{layer.replace('_', '-')}",
        rnn,
        sentences,
        choices={
            "layers": [1, 2, 3, 5],
            "units": [64, 32, 128],
            "bidirectional": [False, True],
            "mask": [True, False],
            "length": [100, 50],
            "epochs": [30, 10],
        },
        settings={"layer": layer, "batch_size": 32},
        plan="one_at_a_time",
        also=[{"bidirectional": True, "mask": False}],
        seeds=10,
        title=f"{RECURRENT[layer]} on NusaX: layers, units, direction, mask, length, epochs",
        description="Embedding 32 (vocabulary 3,000), recurrent layers, Dropout 0.5, Dense 64, Dropout 0.3, softmax; "
        "Adam, batches of 32. Each variant differs from the usual one in one choice; one has both directions and no mask.",
    )


def improvements() -> Study:
    """What the report on recurrent networks suggested, each against the plain bidirectional LSTM."""
    return Study(
        "nusax-improvements",
        rnn,
        sentences,
        choices={
            "batch_normalization": [False, True],
            "schedule": ["constant", "cosine"],
            "early_stopping": ["none", "loss", "accuracy"],
            "balance": ["none", "weights", "oversampling"],
            "augmentation": [False, True],
        },
        settings={"layer": "lstm", "bidirectional": True, "batch_size": 32, "epochs": 30},
        fit=fit,
        train=fit_balanced,
        plan="one_at_a_time",
        also=[{"schedule": "cosine", "balance": "oversampling", "augmentation": True}],
        seeds=10,
        title="Bidirectional LSTM on NusaX: what the report suggested",
        description="One bidirectional LSTM of 64 units with a mask; each suggestion alone against the plain network, "
        "and three of them together.",
    )


def representations() -> Study:
    """Words in sequence against bags of words and of characters."""
    return Study(
        "nusax-representation",
        reader,
        bags,
        choices={"reads": ["sequence", "words", "characters"]},
        settings={"epochs": 20, "batch_size": 32},
        seeds=10,
        title="NusaX: a sequence of words, or a bag of them",
        description="With 500 sentences to learn from: a bidirectional LSTM of 64 units that reads word after word, "
        "against two dense layers that see how often each word, or each run of 3 to 6 characters, comes (TF-IDF), in no order.",
    )


def batch_sizes() -> Study:
    """The batch size against time and score."""
    return Study(
        "nusax-batch-size",
        rnn,
        sentences,
        choices={"batch_size": [32, 1, 8, 16, 64, 128, SENTENCES]},
        settings={"layer": "lstm", "epochs": 30},
        train=fit_and_time,
        seeds=5,
        title="LSTM on NusaX: batch sizes",
        description="The same number of epochs for each batch size; 500 is the whole training set at once.",
    )
