"""`TextVectorizer`: the layer is the oracle, and pipelines take texts."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import tinynet
from tinynet import layers
from tinynet.sklearn import TextVectorizer, TinyNetClassifier

WORDS = {"baik": ["enak", "suka", "bagus"], "buruk": ["jelek", "mahal", "lambat"]}
RNG = np.random.default_rng(0)
LABELS = [("baik", "buruk")[i % 2] for i in range(60)]
TEXTS = [" ".join(RNG.choice([*WORDS[label], "makan", "di", "sini"], RNG.integers(3, 9))) + "!" for label in LABELS]


def build(n_classes: int, units: int = 8, max_tokens: int = 12) -> tinynet.Model:
    return tinynet.Sequential([
        layers.Embedding(max_tokens, 8, mask_zero=True), layers.LSTM(units),
        layers.Dense(n_classes, activation="softmax"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"output_sequence_length": 4, "max_tokens": 6}, {"output_mode": "tf_idf"},
        {"output_mode": "count", "ngrams": 2},
        {"output_mode": "multi_hot", "split": "character", "standardize": "lower"},
    ],
)  # fmt: skip
def test_it_is_the_layer(given: dict[str, object]) -> None:
    layer = layers.TextVectorization(**given)
    layer.adapt(TEXTS)
    vectorizer = TextVectorizer(**given).fit(TEXTS[::-1]).fit(TEXTS)
    new = [*TEXTS[:5], "kata baru", ""]
    expected = layer(new).numpy()
    for texts in (new, np.array(new), pd.Series(new, index=range(7, 14)), pd.DataFrame({"text": new}), tuple(new)):
        found = vectorizer.transform(texts)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    assert list(vectorizer.vocabulary_) == layer.get_vocabulary()
    assert len(vectorizer.get_feature_names_out()) == expected.shape[1]
    copied = pickle.loads(pickle.dumps(vectorizer))
    np.testing.assert_array_equal(copied.transform(new), expected)
    frame = clone(vectorizer).set_output(transform="pandas").fit(TEXTS).transform(new)
    np.testing.assert_array_equal(frame.to_numpy(), expected)


def test_texts_are_as_long_as_the_longest_of_fit() -> None:
    vectorizer = TextVectorizer().fit(["satu dua tiga", "satu"])
    assert vectorizer.transform(["satu", "dua satu tiga empat lima"]).tolist() == [[2, 0, 0], [4, 2, 3]]
    assert vectorizer.get_feature_names_out().tolist() == ["token0", "token1", "token2"]
    known = TextVectorizer(vocabulary=["tiga", "dua"]).fit(["satu dua", "dua"])
    assert known.transform(["dua tiga"]).tolist() == [[3, 2]]


def test_a_pipeline_takes_texts() -> None:
    classifier = TinyNetClassifier(build, epochs=15, optimizer__learning_rate=0.03, random_state=0)
    pipeline = make_pipeline(TextVectorizer(max_tokens=12), classifier)
    grid = {"textvectorizer__max_tokens": [3, 12], "tinynetclassifier__model__units": [4, 8]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(pd.Series(TEXTS), LABELS)
    assert search.best_params_["textvectorizer__max_tokens"] == 12
    assert search.predict(["enak sekali", "jelek dan mahal"]).tolist() == ["baik", "buruk"]
    best = search.best_estimator_
    whole = tinynet.Sequential([layers.Input((1,), dtype="string"), best[0].layer_, *best[1].model_.layers])
    np.testing.assert_allclose(
        whole.predict(np.array(TEXTS)[:, None], verbose=0), best.predict_proba(TEXTS), atol=1e-6
    )


def test_a_column_beside_others() -> None:
    frame = pd.DataFrame({"text": TEXTS, "price": np.arange(60.0)})
    columns = make_column_transformer((TextVectorizer(output_mode="tf_idf"), "text"), ("passthrough", ["price"]))
    assert columns.fit(frame).get_feature_names_out()[-1] == "passthrough__price"
    pipeline = make_pipeline(columns, TinyNetClassifier(epochs=1))
    assert pipeline.fit(frame, LABELS).predict(frame[:2]).shape == (2,)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("satu teks", "received one: put it in a list"), ([], "at least one text"), (["a", None], "text 1 is missing"),
        (pd.Series(["a", np.nan]), "text 1 is missing"), ([["a", "b"]], r"shape \(N,\), received \(1, 2\)"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_named(texts: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TextVectorizer().fit(texts)


def test_what_else_goes_wrong() -> None:
    with pytest.raises(TypeError, match="text 0 is of type int"):
        TextVectorizer().fit([3, "a"])
    with pytest.raises(NotFittedError):
        TextVectorizer().transform(["a"])
    with pytest.raises(ValueError, match="output_mode"):
        TextVectorizer(output_mode="one").fit(["a"])
