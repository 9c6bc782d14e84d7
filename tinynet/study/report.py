"""The report of a study: one page of HTML, the same as Markdown with its pictures, and all figures as CSV and JSON."""

from __future__ import annotations

import base64
import datetime
import json
import math
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import tinynet
from tinynet.errors import FileAccessError, require
from tinynet.saving.archive import replacing
from tinynet.study.conclusions import Conclusion, compared, conclusions, digits_of, facts, samples_of
from tinynet.study.page import Block, Cell, Figure, Gallery, Group, Page, Picture, Points, Section, Table, Text
from tinynet.study.phrases import EN_DASH, Words
from tinynet.study.results import Results, write_text
from tinynet.study.scores import confusion_counts, f1_of_counts
from tinynet.study.statistics import LEVEL, Analysis, Comparison

FORMAT = 1  # of results.json
MOST_DRAWN = 12  # variants with pictures of their confusion matrices
MOST_CLASSES = 30  # in a table with a column for each
MOST_PAIRS = 80
PURPOSE = "the report of a study"


def check_packages() -> None:
    """Raises `MissingDependencyError` where what a report needs is not installed."""
    for module in ("jinja2", "matplotlib.figure", "scipy.stats"):
        require(module, "study", PURPOSE)


def write_report(results: Results, folder: Path, language: str = "en") -> Path:
    """Writes report.html, report.md with its pictures, results.csv and results.json; returns the path of the page.

    language: 'en' or 'id'. Raises `MissingDependencyError`, `ArgumentError` for another language, `DataError` where
    nothing was tested, `FileAccessError` where the folder cannot be written to.
    """
    words = Words(language)
    check_packages()
    analysis = Analysis(results)
    found = conclusions(analysis, words)
    day = datetime.date.today()
    page = _Report(analysis, words, found, day).page()
    texts = {
        "report.md": _markdown(page),
        "results.csv": results.to_csv(),
        "results.json": json.dumps(
            _strict(_figures(analysis, words, found, day)), indent=1, ensure_ascii=False, allow_nan=False
        ),
        "report.html": _html(page),
    }
    pictures = folder / "pictures"
    try:
        pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{pictures}: cannot be made ({error.strerror or error})") from error
    for picture in page.pictures():
        with replacing(pictures / f"{picture.name}.png") as stream:
            stream.write(picture.png)
    for name, text in texts.items():
        write_text(folder / name, text)
    return folder / "report.html"


class _Report:
    """The contents of the page."""

    def __init__(self, analysis: Analysis, words: Words, found: Sequence[Conclusion], day: datetime.date) -> None:
        self.analysis, self.words, self.found, self.day = analysis, words, found, day
        self.results, self.study = analysis.results, analysis.study
        self.digits, self.metric = digits_of(analysis), words.metric(analysis.metric.name)
        self.labels = [words.label(self.study, variant) for variant in analysis.variants]
        self.in_order = self.study.plan == "one_at_a_time"
        places = range(len(analysis.variants))
        sign = -1 if analysis.metric.higher_is_better else 1
        self.best_first = (
            sorted(places, key=lambda place: sign * analysis.scores[place].mean) if analysis.variants else []
        )
        self.order = list(places) if self.in_order else self.best_first

    def page(self) -> Page:
        words, parts = self.words, [("conclusions", self._conclusions()), ("tried", self._tried())]
        if self.analysis.variants:
            parts += [("results", self._results()), ("comparisons", self._comparisons()), ("curves", self._curves())]
            if self.results.class_names is not None:
                parts += [("classes", self._classes()), ("confusions", self._confusions())]
            else:
                parts += [("predictions", self._predictions())]
        parts += [("failures", self._failures()), ("configuration", self._configuration()), ("method", self._method())]
        sections = [Section(name, words(name), blocks) for name, blocks in parts if blocks]
        lead = [paragraph for paragraph in (self.study.description, *self.results.data_notes) if paragraph]
        lead.append(words(
            "head", variants=words("variants", n=len(self.study.variants)), date=words.date(self.day),
            seeds=words("seeds", n=len(self.study.seeds)), version=tinynet.__version__,
            samples=words("test_samples", n=samples_of(self.analysis)),
        ))  # fmt: skip
        return Page(words.language, self.study.title, lead, words("contents"), sections)

    def _conclusions(self) -> list[Block]:
        plain = [one for one in self.found if one.kind != "warning"]
        warnings = [("", one.text) for one in self.found if one.kind == "warning"]
        blocks: list[Block] = [Text(one.text) for one in plain if one.kind in ("best", "baseline")]
        points = [(one.subject, one.text) for one in plain if one.kind not in ("best", "baseline")]
        points = [(f"{subject}:" if text[:1].isupper() else subject, text) for subject, text in points]
        blocks += [Points(points)] if points else []
        blocks += [Group(self.words("warnings"), [Points(warnings)])] if warnings else []
        return blocks

    def _tried(self) -> list[Block]:
        words, study = self.words, self.study
        blocks: list[Block] = [Text(words(f"plan_{study.plan}"))]
        rows = [
            [Cell(name), Cell(words.value(values[0])), Cell(", ".join(map(words.value, values)))]
            for name, values in study.choices.items()
        ]
        blocks.append(Table([words("choice"), words("usual_value"), words("values")], rows, words=3))
        if study.also:
            labels = [words.label(study, {**study.usual, **variant}) for variant in study.also]
            blocks.insert(1, Text(words("plan_also", labels=words.some(labels, 12))))
        return blocks

    def _results(self) -> list[Block]:
        from tinynet.study import pictures

        words, digits, analysis = self.words, self.digits, self.analysis
        figure = pictures.of_scores(analysis, words, self.order)
        choices = [name for name, values in self.study.choices.items() if len(values) > 1]
        apart = not self.in_order and bool(choices)
        others = self.results.metrics[1:]
        measured = list(
            dict.fromkeys(name for trials in analysis.trials for o in trials.values() for name in o.measured)
        )
        head = [
            *(choices if apart else [words("variant")]), self.metric, words("interval_head"), words("range_head"),
            *(words.metric(metric.name) for metric in others), *measured, words("epochs"), words("time"),
            words("parameters"), words("seeds_head"),
        ]  # fmt: skip
        rows = []
        for place in self.order:
            variant, score = analysis.variants[place], analysis.scores[place]
            outcomes = list(analysis.trials[place].values())
            star = "★ " if analysis.told_apart[place] is False and len(analysis.variants) > 1 else ""
            names = [words.value(variant[name]) for name in choices] if apart else [self.labels[place]]
            best = place == analysis.best
            rows.append([
                *(Cell(name, strong=best) for name in names),
                Cell(star + self._spread(score.mean, score.deviation, digits), strong=best),
                Cell(self._range(score.low, score.high, digits)), Cell(self._range(score.lowest, score.highest, digits)),
                *(self._mean([self.results.score(o, m) for o in outcomes], digits if analysis.classes else None) for m in others),
                *(self._mean([o.measured[name] for o in outcomes if name in o.measured]) for name in measured),
                Cell(self._epochs([len(o.history.get("loss", ())) for o in outcomes])),
                Cell(words.seconds(float(np.mean([o.seconds for o in outcomes])))),
                Cell(words.whole(outcomes[0].parameters)), Cell(words.whole(score.seeds)),
            ])  # fmt: skip
        note = words("results_note_in_order" if self.in_order else "results_note")
        table = Table(head, rows, words=len(choices) if apart else 1)
        return [Figure([figure], figure.alt), Text(note), table]

    def _spread(self, mean: float, deviation: float | None, digits: int) -> str:
        text = self.words.number(mean, digits)
        return text if deviation is None else f"{text} ± {self.words.number(deviation, digits)}"

    def _range(self, low: float, high: float, digits: int) -> str:
        if low < 0:
            return self.words.interval(low, high, digits)
        return f"{self.words.number(low, digits)}{EN_DASH}{self.words.number(high, digits)}"

    def _mean(self, values: Sequence[float], digits: int | None = None) -> Cell:
        if not values:
            return Cell(EN_DASH)
        mean = float(np.mean(values))
        if digits is None:
            digits = (
                3 if not math.isfinite(mean) or mean == 0 else int(np.clip(3 - math.floor(math.log10(abs(mean))), 0, 6))
            )
        return Cell(self._spread(mean, float(np.std(values, ddof=1)) if len(values) > 1 else None, digits))

    def _epochs(self, counts: Sequence[int]) -> str:
        same = len(set(counts)) == 1
        return self.words.number(float(np.mean(counts)), 0 if same else 1)

    def _comparisons(self) -> list[Block]:
        from tinynet.study import pictures

        words, analysis = self.words, self.analysis
        if len(analysis.variants) < 2:
            return []
        found = analysis.comparisons
        if not found:
            return [Text(words("no_comparisons"))]
        figure = pictures.of_differences(analysis, words)
        averaged = any(one.difference.settings > 1 for one in found)
        head = [
            words("choice"), words("compared"), words("against"), words("verdict"), words("difference"),
            words("interval_head"), words("p_head"), *([words("combinations")] if averaged else []), words("seeds_head"),
        ]  # fmt: skip
        rows = []
        for one in found:
            value, reference = compared(analysis, words, one)
            difference = one.difference
            rows.append([
                Cell(one.choice or EN_DASH), Cell(value), Cell(reference), Cell(words(self._verdict(one)), strong=bool(one.larger)),
                Cell(words.signed(difference.mean, self.digits)),
                Cell(words.interval(difference.low, difference.high, self.digits, signed=True)), Cell(words.p(one.p)),
                *([Cell(words.whole(difference.settings))] if averaged else []), Cell(words.whole(difference.seeds)),
            ])  # fmt: skip
        note = words("comparisons_note", n=len(found), level=words.number(LEVEL, 2))
        blocks: list[Block] = [Text(note), Figure([figure], figure.alt), Table(head, rows, words=4)]
        return blocks + (self._pairs() if averaged else [])

    @staticmethod
    def _verdict(one: Comparison) -> str:
        if one.larger is None:
            return "verdict_unknown"
        return ("verdict_better" if one.better else "verdict_worse") if one.larger else "verdict_noise"

    def _pairs(self) -> list[Block]:
        """The single differences that the comparisons of a grid are the means of."""
        words, analysis = self.words, self.analysis
        rows = []
        for choice, a, b in analysis.pairs:
            difference = analysis.difference([(a, b)])
            if difference is not None:
                rest = {name: value for name, value in analysis.variants[a].items() if name != choice}
                told = ", ".join(f"{n} {words.value(v)}" for n, v in rest.items() if len(self.study.choices[n]) > 1)
                rows.append([
                    Cell(choice), Cell(words.value(analysis.variants[a][choice])), Cell(words.value(analysis.variants[b][choice])),
                    Cell(told), Cell(words.signed(difference.mean, self.digits)),
                    Cell(words.interval(difference.low, difference.high, self.digits, signed=True)),
                ])  # fmt: skip
        if not 0 < len(rows) <= MOST_PAIRS:
            return []
        head = [words(key) for key in ("choice", "compared", "against", "other_choices", "difference", "interval_head")]
        return [
            Group(words("pairs"), [Text(words("pairs_note", n=len(rows))), Table(head, rows, words=4)], closed=True)
        ]

    def _curves(self) -> list[Block]:
        from tinynet.study.pictures import Curves

        curves = Curves(self.analysis, self.words)
        figures = []
        for place in self.order:
            picture = curves.picture(place, f"curves-{place + 1:02}")
            if picture is not None:
                figures.append(Figure([picture], self.labels[place], strong=True))
        if not figures:
            return [Text(self.words("no_curves"))]
        note = self.words("curves_note" if curves.has_validation else "curves_note_training")
        return [Text(note), Gallery(figures)]

    def _counts(self, place: int) -> np.ndarray:
        """The confusion matrices of a variant's seeds: (S, K, K)."""
        classes = self.analysis.classes or 0
        return np.array([
            confusion_counts(self.results.truth(outcome), np.asarray(outcome.predicted), classes)
            for outcome in self.analysis.trials[place].values()
        ])  # fmt: skip

    def _classes(self) -> list[Block]:
        words, names = self.words, self.results.class_names or ()
        if len(names) > MOST_CLASSES:
            return []
        truth = np.bincount(next(iter(self.results.tests.values())).truth, minlength=len(names))
        f1, shares = [], [truth / truth.sum()]
        for place in self.order:
            counts = self._counts(place)
            f1.append(f1_of_counts(counts).mean(axis=0))
            shares.append((counts.sum(1) / counts.sum((1, 2))[:, None]).mean(axis=0))
        head = [words("variant"), *names]
        low, high = float(np.min(f1)), float(np.max(f1))
        rows = [
            [
                Cell(self.labels[place]),
                *(Cell(words.number(v, 3), shade=float((v - low) / ((high - low) or 1))) for v in row),
            ]
            for place, row in zip(self.order, f1, strict=True)
        ]
        most, labels = float(np.max(shares)), [words("truly"), *(self.labels[place] for place in self.order)]
        of_shares = [
            [Cell(label, strong=not n), *(Cell(words.percent(v), shade=float(v) / most) for v in row)]
            for n, (label, row) in enumerate(zip(labels, shares, strict=True))
        ]
        return [Table(head, rows, caption=words("f1_by_class")), Table(head, of_shares, caption=words("shares"))]

    def _confusions(self) -> list[Block]:
        words = self.words
        drawn = set(self.best_first[:MOST_DRAWN])
        blocks: list[Block] = [Text(words("confusions_note"))]
        if len(self.order) > len(drawn):
            blocks[0] = Text(f"{words('confusions_note')} {words('confusions_best', n=len(drawn))}")
        for place in sorted(self.order, key=lambda place: place not in drawn):
            counts = self._counts(place)
            table = self._by_class(counts)
            if place in drawn:
                parts: list[Block] = [self._confusion(place, counts.sum(axis=0)), table]
                blocks.append(Group(self.labels[place], parts, beside=True))
            else:
                parts = [table]
                if len(counts[0]) <= MOST_CLASSES:
                    parts.append(self._confusion_table(counts.sum(axis=0)))
                blocks.append(Group(self.labels[place], parts, closed=True))
        return blocks

    def _confusion(self, place: int, counts: np.ndarray) -> Figure:
        from tinynet.study.pictures import of_confusion

        names = self.results.class_names or ()
        return Figure([
            of_confusion(counts, names, self.words, self.labels[place], by, f"confusion-{place + 1:02}-{kind}")
            for by, kind in ((None, "counts"), ("true", "shares"))
        ])  # fmt: skip

    def _confusion_table(self, counts: np.ndarray) -> Table:
        names, words = self.results.class_names or (), self.words
        rows = []
        for name, row in zip(names, counts, strict=True):
            rows.append([Cell(name), *(Cell(words.whole(int(n)), shade=float(n / max(1, row.sum()))) for n in row)])
        return Table([words("true_and_predicted"), *names], rows)

    def _by_class(self, counts: np.ndarray) -> Table:
        words, names = self.words, self.results.class_names or ()
        figures = by_class(counts)
        rows = []
        for k, name in enumerate(names):
            scores = [Cell(words.number(figures[kind][k], 3)) for kind in ("precision", "recall", "f1")]
            rows.append([
                Cell(name), *scores, Cell(words.whole(int(figures["support"][k]))), Cell(words.percent(figures["predicted"][k])),
            ])  # fmt: skip
        return Table([words(key) for key in ("class", "precision", "recall", "f1", "support", "predicted_share")], rows)

    def _predictions(self) -> list[Block]:
        from tinynet.study.pictures import limits_of_predictions, of_predictions

        limits = limits_of_predictions(self.analysis)
        figures = [
            Figure(
                [of_predictions(self.analysis, place, self.words, limits, f"predictions-{place + 1:02}")],
                self.labels[place], strong=True,
            )
            for place in self.order
        ]  # fmt: skip
        return [Text(self.words("predictions_note")), Gallery(figures)]

    def _failures(self) -> list[Block]:
        words = self.words
        rows = [
            [Cell(words.label(self.study, o.variant)), Cell(str(o.seed)), Cell(o.error or "")]
            for o in self.results.failed
        ]
        return [Table([words("variant"), words("seed"), words("error")], rows, words=3)] if rows else []

    def _configuration(self) -> list[Block]:
        words, study, results = self.words, self.study, self.results
        metrics = [words.metric(metric.name) for metric in results.metrics]
        metrics[0] = words("compared_by", metric=metrics[0])
        finished = [outcome for outcome in results.outcomes if outcome.error is None]
        rows = [(name, words.value(value)) for name, value in study.settings.items()]
        if isinstance(study.fit, Mapping) and study.fit:
            rows.append((words("fit_arguments"), ", ".join(f"{name} {self._told(v)}" for name, v in study.fit.items())))
        rows += [
            (words("seeds_head"), _numbers(study.seeds)),
            (words("metrics"), ", ".join(metrics)),
            (words("finished"), words("finished_of", done=len(finished), failed=len(results.failed))),
            (words("total_time"), words.seconds(sum(outcome.seconds for outcome in finished))),
            (words("versions"), ", ".join(f"{name} {version}" for name, version in versions().items())),
            (words("machine"), words("processors", system=platform.system(), machine=platform.machine(), n=os.cpu_count() or 1)),
        ]  # fmt: skip
        table = Table([words("setting"), words("value")], [[Cell(name), Cell(value)] for name, value in rows], words=2)
        return [table, Text(words("files"))]

    def _told(self, value: Any) -> str:
        if value is None or isinstance(value, (bool, int, float, str, list, tuple)):
            return self.words.value(value)
        return type(value).__name__

    def _method(self) -> list[Block]:
        words, several = self.words, len(self.study.seeds) > 1 and len(self.analysis.variants) > 1
        keys = ["method_comparisons", "method_best"] if several else []
        texts = [words("method_intervals", n=self.analysis.resamples), *map(words, keys), words("method_rules")]
        return [Text(text) for text in texts]


def by_class(counts: np.ndarray) -> dict[str, np.ndarray]:
    """The figures of each class, (K,), from the confusion matrices of several seeds, (S, K, K).

    Precision, recall, F1 and the share of the predictions are means over the seeds, as is support, the number of
    samples. A precision without predictions, or a recall without samples, is 0, as in scikit-learn.
    """
    right, true, predicted = np.diagonal(counts, axis1=1, axis2=2), counts.sum(2), counts.sum(1)
    return {
        "precision": (right / np.maximum(predicted, 1)).mean(axis=0),
        "recall": (right / np.maximum(true, 1)).mean(axis=0),
        "f1": f1_of_counts(counts).mean(axis=0),
        "support": true.mean(axis=0),
        "predicted": (predicted / counts.sum((1, 2))[:, None]).mean(axis=0),
    }


def versions() -> dict[str, str]:
    """Of what the figures come from."""
    found = {"tinynet": tinynet.__version__, "Python": platform.python_version(), "NumPy": np.__version__}
    return {**found, "SciPy": metadata.version("scipy"), "Matplotlib": metadata.version("matplotlib")}


def _numbers(seeds: Sequence[int]) -> str:
    """Seeds in words: a run of them by its ends."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}{EN_DASH}{seeds[-1]}"
    return ", ".join(map(str, seeds))


def _figures(analysis: Analysis, words: Words, found: Sequence[Conclusion], day: datetime.date) -> dict[str, Any]:
    """What results.json holds."""
    results, study = analysis.results, analysis.study
    table = []
    for place, variant in enumerate(analysis.variants):
        outcomes = list(analysis.trials[place].values())
        row: dict[str, Any] = {"variant": variant, "label": words.label(study, variant)}
        row["score"] = vars(analysis.scores[place])
        row["metrics"] = {metric.name: [results.score(o, metric) for o in outcomes] for metric in results.metrics}
        row["not_told_apart_from_best"] = None if analysis.told_apart[place] is None else not analysis.told_apart[place]
        behind = analysis.behind_best[place]
        row["behind_best"] = None if behind is None else vars(behind)
        row["parameters"] = outcomes[0].parameters
        row["seconds"] = [outcome.seconds for outcome in outcomes]
        row["measured"] = [dict(outcome.measured) for outcome in outcomes]
        if results.class_names is not None:
            counts = np.array([
                confusion_counts(results.truth(o), np.asarray(o.predicted), len(results.class_names)) for o in outcomes
            ])  # fmt: skip
            row["confusion"] = counts.sum(axis=0)
            row["by_class"] = by_class(counts)
        table.append(row)
    return {
        "format": FORMAT,
        "name": study.name,
        "title": study.title,
        "description": study.description,
        "data_notes": results.data_notes,
        "language": words.language,
        "date": day.isoformat(),
        "versions": versions(),
        "plan": study.plan,
        "choices": study.choices,
        "usual": study.usual,
        "settings": study.settings,
        "seeds": study.seeds,
        "metric": analysis.metric.name,
        "higher_is_better": analysis.metric.higher_is_better,
        "class_names": results.class_names,
        "test_samples": samples_of(analysis),
        "resamples": analysis.resamples,
        "visible_difference": analysis.visible,
        "conclusions": facts(found),
        "variants": table,
        "comparisons": [{**vars(one), "difference": vars(one.difference)} for one in analysis.comparisons],
        "trials": results.rows(),
    }


def _strict(value: Any) -> Any:
    """The same for JSON, which has neither arrays nor NaN."""
    if isinstance(value, Mapping):
        return {str(name): _strict(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return _strict(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_strict(part) for part in value]
    if isinstance(value, np.generic):
        return _strict(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _environment(**options: Any) -> Any:
    jinja2 = require("jinja2", "study", PURPOSE)
    loader = jinja2.PackageLoader("tinynet.study", "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, **options)


def _html(page: Page) -> str:
    """One page that needs nothing else."""
    from markupsafe import Markup

    def data(picture: Picture) -> str:
        return "data:image/png;base64," + base64.b64encode(picture.png).decode()

    environment = _environment(trim_blocks=True)
    style = Markup(environment.loader.get_source(environment, "report.css")[0])
    return str(environment.get_template("report.html").render(page=page, data=data, style=style)) + "\n"


def _markdown(page: Page) -> str:
    """The same as Markdown, which refers to the pictures."""
    from markupsafe import Markup

    def escaped(value: Any) -> Any:
        return value if hasattr(value, "__html__") else Markup(markdown_text(str(value)))

    def link(picture: Picture) -> Any:
        return Markup(f"pictures/{picture.name}.png")

    def anchor(section: Section) -> Any:
        return Markup(re.sub(r"[^\w\- ]", "", section.title.lower()).replace(" ", "-"))

    environment = _environment(finalize=escaped, trim_blocks=False)
    text = environment.get_template("report.md").render(page=page, link=link, anchor=anchor)
    return re.sub(r"\n{3,}", "\n\n", str(text)).strip() + "\n"


def markdown_text(text: str) -> str:
    r"""A text as Markdown that shows it letter by letter, on one line.

    >>> markdown_text("<b> a|b macro_f1 *")
    '&lt;b&gt; a\\|b macro_f1 \\*'
    """
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*\[\]|~$])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    return re.sub(r"^(\d*)([-+#]|[.)](?= ))", r"\1\\\2", text)
