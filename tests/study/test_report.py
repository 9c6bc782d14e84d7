"""The report of a study: complete, self-contained, escaped, and in both languages."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import string
import sys
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from made_results import declared, made
from small_studies import small
from sklearn.metrics import f1_score, precision_recall_fscore_support

from tinynet.errors import ArgumentError, DataError, FileAccessError, MissingDependencyError
from tinynet.study import phrases, pictures, report, statistics
from tinynet.study.conclusions import conclusions
from tinynet.study.page import Picture
from tinynet.study.phrases import PHRASES, Words
from tinynet.study.report import by_class, check_packages, markdown_text
from tinynet.study.statistics import Analysis

VOID = {"meta", "img", "br", "link", "input", "hr"}
HOSTILE = "<script>alert('x')</script> | * [a](b) `c` & \"d\""


@pytest.fixture(scope="module", autouse=True)
def few_resamples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "RESAMPLES", 200)
        yield


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures are made ready but not drawn, which takes longest."""
    monkeypatch.setattr(pictures, "picture", lambda figure, name, alt: Picture(name, b"", 60, 60, alt))


class Html(HTMLParser):
    """What a page consists of; refuses tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def strictly(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def curves(epochs=8, rise=0.0):
    loss = 1.0 / np.arange(1, epochs + 1)
    validation = loss + 0.1 + rise * np.arange(epochs)
    return {
        "loss": loss.tolist(),
        "accuracy": (1 - loss / 2).tolist(),
        "val_loss": validation.tolist(),
        "val_accuracy": loss.tolist(),
    }


def sentiment(seeds=3, **fields):
    """Three classes; without a mask, all seeds but one predict one class alone."""
    study = declared(
        {"layer": ["lstm", "gru"], "mask": [True, False], "rate": [0.001, 0.01]}, plan="one_at_a_time", seeds=seeds,
        title="Sentiment", description="Which layer?", settings={"epochs": 8},
    )  # fmt: skip
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 90)

    def predict(variant, seed):
        wrong = rng.random(90) < 0.3
        return np.zeros(90, int) if not variant["mask"] and seed else np.where(wrong, (truth + 1) % 3, truth)

    fields.setdefault("history", curves())
    return made(study, predict, truth, ("negative", "neutral", "positive"), **fields)


def squares():
    study = declared({"units": [4, 8]}, seeds=3, metrics=["mae", "r2"])
    truth = np.linspace(0, 9, 40)
    noise = np.random.default_rng(0)
    return made(
        study, lambda v, s: truth + noise.normal(0, 1 / v["units"], 40), truth, history={"loss": [1.0, 0.5]},
        measured={"agreement": 0.97, "not a number": float("nan")},
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("results", [sentiment, squares], ids=["classes", "numbers"])
def test_the_page_is_whole_and_needs_nothing_else(tmp_path, results, language):
    path = results().report(tmp_path / "out", language)
    assert path == tmp_path / "out" / "report.html"
    page = Html(path.read_text(encoding="utf-8"))
    assert page.all("html") == [{"lang": language}]
    assert not page.all("script") and not page.all("link")
    for image in page.all("img"):
        assert image["alt"].strip() and int(image["width"]) > 50
        kind, data = image["src"].split(",")
        assert kind == "data:image/png;base64" and base64.b64decode(data).startswith(b"\x89PNG")
    targets = [link["href"] for link in page.all("a")]
    assert targets == [f"#{name}" for name in page.ids] and len(set(page.ids)) == len(page.ids)
    assert "http" not in "".join(page.text)
    assert path.stat().st_size < 500_000


def test_a_real_study_is_reported(tmp_path):
    study = small(choices={"units": [4, 16]}, settings={"epochs": 5, "batch_size": 16})
    results = study.run(tmp_path / "run", quiet=True)
    out = results.report(tmp_path / "out").parent
    text = Html((out / "report.html").read_text(encoding="utf-8")).text
    assert any("Three blobs." in part for part in text)
    figures = strictly((out / "results.json").read_text(encoding="utf-8"))
    assert figures["class_names"] == ["a", "b", "c"] and len(figures["variants"]) == 2
    for row in figures["variants"]:
        outcomes = results.of(row["variant"])
        expected = [f1_score(results.truth(o), o.predicted, average="macro") for o in outcomes]
        assert row["metrics"]["macro_f1"] == pytest.approx(expected)
        assert row["score"]["mean"] == pytest.approx(np.mean(expected))
        assert row["score"]["deviation"] == pytest.approx(np.std(expected, ddof=1))
    rows = list(csv.DictReader(io.StringIO((out / "results.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 6 and {row["seed"] for row in rows} == {"0", "1", "2"}


def test_markdown_refers_to_its_pictures_and_has_whole_tables(tmp_path):
    out = sentiment().report(tmp_path).parent
    text = (out / "report.md").read_text(encoding="utf-8")
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert sorted(named) == sorted(f"pictures/{path.name}" for path in (out / "pictures").iterdir())
    columns = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert columns in (0, cells), line
        columns = cells
    headings = {
        re.sub(r"[^\w\- ]", "", line[3:].lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_what_a_study_calls_itself_comes_out_as_text(tmp_path, undrawn):
    study = declared({"layer": [HOSTILE, "b"]}, seeds=2, title=HOSTILE, description=HOSTILE, settings={"note": HOSTILE})
    truth = np.array([0, 1] * 10)
    results = made(
        study, lambda v, s: truth, truth, (HOSTILE, "$x^{"), lambda v, s: v["layer"] == "b" and s == 1,
        measured={HOSTILE: 1.0},
    )  # fmt: skip
    results.data_notes = [HOSTILE]
    out = results.report(tmp_path).parent
    page = Html((out / "report.html").read_text(encoding="utf-8"))
    assert not page.all("script") and not page.all("b")
    assert "".join(page.text).count(HOSTILE) > 8
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "<" not in text and "[a](b)" not in text


def test_the_same_text_in_markdown():
    markdown = pytest.importorskip("markdown_it")
    for text in [HOSTILE, "- a", "1. b", "# c", "+ d", "a_b _c_ *d*", "x\n\ny", "~~e~~", "\\*"]:
        shown = Html(markdown.MarkdownIt().render(markdown_text(text))).text
        assert "".join(shown).strip() == " ".join(text.split())


def test_no_phrase_is_missing_and_placeholders_agree():
    for key, (english, indonesian) in PHRASES.items():
        assert english.strip() and indonesian.strip(), key
        fields = [
            {name for form in text.split("|") for _, name, _, _ in string.Formatter().parse(form) if name}
            for text in (english, indonesian)
        ]
        assert fields[0] == fields[1], key


def test_every_phrase_is_used():
    folder = Path(phrases.__file__).parent
    code = "".join(
        (folder / name).read_text(encoding="utf-8") for name in ("report.py", "pictures.py", "conclusions.py")
    )
    code += Path(phrases.__file__).read_text(encoding="utf-8").split("class Words")[1]
    made_up = ("plan_", "evidence_", "verdict_")
    metrics = ("r2", "mae", "rmse", "macro_f1")
    unused = [
        key for key in PHRASES
        if not re.search(rf"""["']{key}["']""", code) and not key.startswith(made_up) and key not in metrics
    ]  # fmt: skip
    assert unused == []


def test_an_indonesian_page_has_no_english_sentence(tmp_path, undrawn):
    for number, results in enumerate((sentiment(), squares(), sentiment(1))):
        text = " ".join(Html(results.report(tmp_path / str(number), "id").read_text(encoding="utf-8")).text)
        for english, indonesian in PHRASES.values():
            for part in re.split(r"\{\w+\}|\|", english):
                if len(part.split()) > 2 and part not in indonesian:
                    assert part.strip() not in text


def test_numbers_are_written_as_the_language_does(tmp_path, undrawn):
    results = sentiment()
    mean = results.scores(results.study.usual).mean()
    for language, text in (("en", f"{mean:.3f}"), ("id", f"{mean:.3f}".replace(".", ","))):
        out = results.report(tmp_path / language, language).parent
        assert text in (out / "report.html").read_text(encoding="utf-8")
        assert text in (out / "report.md").read_text(encoding="utf-8")
        figures = strictly((out / "results.json").read_text(encoding="utf-8"))
        assert figures["language"] == language and figures["variants"][0]["score"]["mean"] == pytest.approx(mean)


def texts(results, language="en"):
    analysis = Analysis(results)
    return [f"{one.kind}: {one.subject} {one.text}".strip() for one in conclusions(analysis, Words(language))]


def test_conclusions_warn_of_what_went_wrong():
    told = "\n".join(texts(sentiment(history=curves(rise=0.2))))
    assert "One class alone is predicted in 2 of 3 seeds (negative): without mask." in told
    assert "Overfitting" in told and "all 4 variants" in told
    told = "\n".join(texts(sentiment(history={"loss": [8.0, 4.0, 2.0, 1.0]})))
    assert "Training is not finished" in told and "Overfitting" not in told
    told = "\n".join(texts(sentiment(history={"loss": [1.0, float("nan")]})))
    assert "no number" in told
    flat = "\n".join(texts(sentiment(history={"loss": [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]})))
    assert "not finished" not in flat and "Overfitting" not in flat


def test_a_collapse_of_all_seeds_is_named_as_one():
    truth = np.array([0, 1, 2] * 10)
    results = made(
        declared({"a": [1, 2]}, seeds=2), lambda v, s: truth if v["a"] == 1 else np.full(30, 2), truth, ("x", "y", "z")
    )
    told = "\n".join(texts(results))
    assert "All test samples are predicted as z, with all seeds: a 2." in told
    assert "always predicting x, the most frequent class, gives a macro-F1 of 0.167" in told


def test_conclusions_say_what_a_choice_does_and_how_sure_that_is():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 400)
    share = {"lstm": 0.9, "gru": 0.9, "rnn": 0.6}
    study = declared({"layer": list(share)}, seeds=4)
    results = made(
        study, lambda v, s: np.where(rng.random(400) < share[v["layer"]], truth, (truth + 1) % 3), truth, "abc"
    )
    told = "\n".join(texts(results))
    assert "layer makes a difference larger than noise." in told
    assert re.search(
        r"rnn instead of lstm worsens the macro-F1 by 0\.\d+ \(0\.\d+ to 0\.\d+; very strong evidence, p\s<\s0\.001\)",
        told,
    )
    assert "gru instead of lstm: " in told and "within noise" in told
    assert re.search(r"The highest macro-F1 is that of layer (lstm|gru): 0\.9\d\d", told)
    assert "With 400 test samples and 4 seeds each" in told


def test_one_seed_is_said_to_show_no_noise_of_training():
    told = "\n".join(texts(sentiment(seeds=1)))
    assert "With one seed" in told and "cannot be judged" in told
    assert "larger than noise" not in told


def test_failed_trials_are_told(tmp_path, undrawn):
    truth = np.array([0, 1] * 20)
    study = declared({"a": [1, 2]}, seeds=2)
    results = made(study, lambda v, s: truth, truth, "ab", fails=lambda v, s: v["a"] == 2)
    text = " ".join(Html(results.report(tmp_path).read_text(encoding="utf-8")).text)
    assert "2 of 4 trainings failed" in text and "All trainings of these variants failed: a 2." in text
    assert "DivergenceError: the loss is NaN | <b>" in text


def test_where_all_failed_the_page_says_so(tmp_path, undrawn):
    study = declared({"a": [1, 2]}, seeds=2)
    results = made(study, lambda v, s: [], [0, 1], "ab", fails=lambda v, s: True)
    text = " ".join(Html(results.report(tmp_path).read_text(encoding="utf-8")).text)
    assert "4 of 4 trainings failed" in text
    results.tests = {}
    with pytest.raises(DataError, match="no trial has finished"):
        results.report(tmp_path)


def test_scores_that_are_no_numbers_are_left_out_and_counted(tmp_path, undrawn):
    truth = np.linspace(0, 1, 10)
    study = declared({"a": [1, 2]}, seeds=2)
    results = made(study, lambda v, s: truth * (float("nan") if (v["a"], s) == (2, 1) else 0.9), truth)
    text = " ".join(Html(results.report(tmp_path).read_text(encoding="utf-8")).text)
    assert "1 of 4 trainings has a R² that is no number, and is left out." in text
    strictly((tmp_path / "results.json").read_text(encoding="utf-8"))


def test_many_variants_are_drawn_for_the_best_and_listed_for_all(tmp_path, monkeypatch, undrawn):
    monkeypatch.setattr(report, "MOST_DRAWN", 2)
    truth = np.array([0, 1] * 20)
    study = declared({"a": list(range(4))}, seeds=1)
    results = made(study, lambda v, s: np.where(np.arange(40) < v["a"], 1 - truth, truth), truth, "ab")
    path = results.report(tmp_path)
    names = {picture.name for picture in (tmp_path / "pictures").iterdir()}
    assert sum("confusion" in name for name in names) == 4 and "confusion-04-counts.png" not in names
    assert len(Html(path.read_text(encoding="utf-8")).all("details")) == 2


def test_the_figures_of_classes_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, 50), rng.integers(0, 3, 50)  # the fourth class is never predicted
    counts = np.zeros((1, 4, 4), int)
    np.add.at(counts[0], (truth, predicted), 1)
    found = by_class(counts)
    expected = precision_recall_fscore_support(truth, predicted, labels=range(4), zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(found[name], values)


def test_what_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ArgumentError, match="language"):
        sentiment().report(tmp_path, "de")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileAccessError):
        squares().report(tmp_path / "file")
    for module in ("jinja2", "matplotlib.figure", "scipy.stats"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(MissingDependencyError, match=r"tinynet\[study\]"):
                check_packages()


def test_templates_belong_to_the_package():
    names = {path.name for path in resources.files("tinynet.study").joinpath("templates").iterdir()}
    assert {"report.html", "report.md", "report.css"} <= names
