"""The outcomes of a study's trials together: its table, and the files it is written to."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.errors import DataError
from tinynet.saving.archive import replacing
from tinynet.study.declaration import Study, Variant
from tinynet.study.outcome import Outcome, TestSet
from tinynet.study.scores import Metric, confusion_counts, usual_metrics


class Results:
    """What a study came to.

    study: its declaration. outcomes: of all trials. tests: the true values of the test samples by the data's digest.
    data_notes: what is special about the data, as they say themselves.
    """

    def __init__(
        self, study: Study, outcomes: Iterable[Outcome], tests: Mapping[str, TestSet], data_notes: Iterable[str] = ()
    ) -> None:
        self.study = study
        self.outcomes = list(outcomes)
        self.tests = dict(tests)
        self.data_notes = list(data_notes)

    @property
    def failed(self) -> list[Outcome]:
        """The trials that failed; `error` of each says why."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    @property
    def variants(self) -> list[Variant]:
        """The variants with at least one finished trial, in the study's order."""
        return [variant for variant in self.study.variants if self.of(variant)]

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes; None where numbers are predicted."""
        if not self.tests:
            raise DataError(f"{self.study.where}: no trial has finished, so there are no results")
        return next(iter(self.tests.values())).class_names

    @property
    def metrics(self) -> list[Metric]:
        """The scores; the first is the one that variants are compared by."""
        return self.study.metrics or usual_metrics(self.class_names is not None)

    def of(self, variant: Mapping[str, Any]) -> list[Outcome]:
        """The finished trials of a variant, in the order of the study's seeds."""
        found = {o.seed: o for o in self.outcomes if o.error is None and o.variant == variant}
        return [found[seed] for seed in self.study.seeds if seed in found]

    def truth(self, outcome: Outcome) -> np.ndarray:
        """The true values of the samples that a trial was tested on, (N,)."""
        return self.tests[outcome.data].truth

    def score(self, outcome: Outcome, metric: Metric | None = None) -> float:
        """A trial's score on the test; by the first metric, unless told otherwise."""
        classes = None if self.class_names is None else len(self.class_names)
        return (metric or self.metrics[0])(self.truth(outcome), np.asarray(outcome.predicted), classes)

    def scores(self, variant: Mapping[str, Any], metric: Metric | None = None) -> np.ndarray:
        """The score of each finished trial of a variant: (S,)."""
        return np.array([self.score(outcome, metric) for outcome in self.of(variant)])

    def confusion(self, variant: Mapping[str, Any]) -> np.ndarray:
        """The confusion matrix (K, K) of a variant, summed over its trials; rows are true classes."""
        if self.class_names is None:
            raise DataError(f"{self.study.where}: it predicts numbers, so there is no confusion matrix")
        return sum(
            (confusion_counts(self.truth(o), np.asarray(o.predicted), len(self.class_names)) for o in self.of(variant)),
            np.zeros((len(self.class_names),) * 2, np.int64),
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row for each trial: choices, seed, scores, what was measured besides, seconds, parameters, error."""
        measured = list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.measured))
        found = []
        for outcome in self.outcomes:
            done = outcome.error is None
            row: dict[str, Any] = {**outcome.variant, "seed": outcome.seed}
            row.update({m.name: self.score(outcome, m) if done else None for m in self.metrics} if self.tests else {})
            row.update({name: outcome.measured.get(name) for name in measured})
            row.update(epochs=max(map(len, outcome.history.values()), default=0))
            row.update(seconds=outcome.seconds, parameters=outcome.parameters, error=outcome.error)
            found.append(row)
        return found

    def to_csv(self) -> str:
        """The rows as CSV, with a header."""
        rows = self.rows()
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]) if rows else ["seed"], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: json.dumps(v) if isinstance(v, list) else v for name, v in row.items()})
        return text.getvalue()

    def report(self, folder: Any, language: str = "en") -> Path:
        """Writes the report into a folder: report.html, report.md with its pictures, results.csv and results.json.

        language: 'en' or 'id'. Returns the path of the page. Needs the extra `study`.
        """
        from tinynet.study.report import write_report

        return write_report(self, Path(folder), language)


def write_text(path: Path, text: str) -> None:
    """Writes a file as a whole or not at all."""
    with replacing(path) as stream:
        stream.write(text.encode())
