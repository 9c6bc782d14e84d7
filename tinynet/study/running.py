"""Runs the trials of a study that are not done yet, several at a time where joblib can, and tells how far it is."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinynet.arguments import whole
from tinynet.errors import ArgumentError, MissingFileError, require
from tinynet.study.declaration import Study, Variant
from tinynet.study.outcome import Outcome, TestSet
from tinynet.study.results import Results
from tinynet.study.store import Store
from tinynet.study.trial import data_of, failure, run_trial, trial_key


def run(study: Study, out: Any, jobs: int | None, threads: int | None, quiet: bool) -> Results:
    """See `Study.run`."""
    joblib = require("joblib", "study", "a study")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0):
        raise ArgumentError(f"{study.where}: expected jobs to be a number of processes (-1: all), received {jobs!r}")
    if threads is not None:
        whole(study.where, "threads", threads)
    store = Store(Path(out) if out is not None else Path("runs", "study", study.name))
    trials = Trials(study, store)
    waiting = [trial for trial in trials.all if trial[2] not in trials.outcomes]
    progress = _Progress(study, len(trials.all), len(waiting), trials.tests, quiet)
    with _backend(joblib, jobs):
        at_once = joblib.effective_n_jobs()
        share = threads or (None if at_once == 1 else max(1, (os.cpu_count() or 1) // at_once))
        # As they are done, so that each is kept at once; a run that is killed loses those alone that were going on.
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        for outcome in parallel(joblib.delayed(run_trial)(study, *trial, share) for trial in waiting):
            store.keep(outcome)
            trials.outcomes[outcome.key] = outcome
            progress.tell(outcome)
    return Results(study, trials.results(), trials.tests, trials.notes)


class Trials:
    """All trials of a study with their keys, those that are done with their outcomes, and the tests they are scored by.

    Seeds are the outer loop, so that a study that is broken off has something of each variant. What cannot even be
    begun (its model cannot be built, say) has failed; if that is true of all, the first one's error is raised. Data that
    are not there end the study at once.
    """

    def __init__(self, study: Study, store: Store) -> None:
        self.all: list[tuple[Variant, int, str]] = []
        self.outcomes: dict[str, Outcome] = {}
        self.tests: dict[str, TestSet] = {}
        self.notes: list[str] = []
        self._failed: list[Outcome] = []
        errors: list[Exception] = []
        for seed in study.seeds:
            for variant in study.variants:
                try:
                    data = data_of(study, variant)
                    key = trial_key(study, variant, seed, data.digest)
                except MissingFileError:  # of the data: nothing can be done without them
                    raise
                except Exception as error:
                    errors.append(error)
                    self._failed.append(failure("", variant, seed, error))
                    continue
                self.tests[data.digest] = data.test_set
                if data.note and data.note not in self.notes:
                    self.notes.append(data.note)
                self.all.append((variant, seed, key))
                done = store.outcome(key)
                if done is not None:
                    self.outcomes[key] = done
        if not self.all:
            raise errors[0]

    def results(self) -> list[Outcome]:
        """The outcomes in order, failed ones last."""
        return [self.outcomes[key] for _, _, key in self.all] + self._failed


@contextlib.contextmanager
def _backend(joblib: Any, jobs: int | None) -> Iterator[None]:
    """Processes of this machine where `jobs` says how many; otherwise what joblib is configured to."""
    if jobs is None:
        yield
        return
    with warnings.catch_warnings(), joblib.parallel_config(backend="loky", n_jobs=jobs):
        # joblib takes data that a process keeps for a leak, and says so when it starts another one.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")
        yield


class _Progress:
    """A line for each trial that ends: what came of it, and how long the rest will take."""

    def __init__(self, study: Study, total: int, waiting: int, tests: dict[str, TestSet], quiet: bool) -> None:
        self.study, self.total, self.waiting, self.tests, self.quiet = study, total, waiting, tests, quiet
        self.started, self.ended = time.monotonic(), 0
        if total > waiting:
            self._say(f"{study.name}: {total - waiting} of {total} trials are done already")

    def tell(self, outcome: Outcome) -> None:
        """Prints the line."""
        self.ended += 1
        left = self.waiting - self.ended
        what = f"failed: {outcome.error}"
        if outcome.error is None:
            results = Results(self.study, [outcome], self.tests)
            what = f"{results.metrics[0].name} {results.score(outcome):.3f}, {in_words(outcome.seconds)}"
        rest = (time.monotonic() - self.started) / self.ended * left
        after = f"; about {in_words(rest)} left" if left else ""
        number = f"{self.total - left:>{len(str(self.total))}}/{self.total}"
        self._say(f"{number}  {self.study.label(outcome.variant)}, seed {outcome.seed}: {what}{after}")

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)


def in_words(seconds: float) -> str:
    """A time as people say it.

    >>> in_words(0.42), in_words(75), in_words(600), in_words(9000)
    ('0.4 s', '75 s', '10 min', '2.5 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
