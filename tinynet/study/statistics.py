"""How sure a study's figures are: intervals, paired comparisons, and which variants cannot be told apart.

A score has two sources of noise: training (another seed, another score) and the test (other samples, another score).
Seeds are repetitions, so their spread is seen; the test's part is found by the bootstrap: the test samples are drawn
again, with replacement, and all trials are scored on the same draws.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.errors import require
from tinynet.study.declaration import Variant
from tinynet.study.outcome import Outcome
from tinynet.study.results import Results

LEVEL = 0.05  # of error: intervals hold 95 of 100 times
RESAMPLES = 2000
MOST_CALLS = 100_000  # of a metric's function, where there is no faster way
FEWEST_RESAMPLES = 200
POOLING_LEVEL = 0.25  # of the tests whether noise may be taken together, see `Analysis.difference`
MOST_PAIRS = 2000  # of variants, from which the usual noise of training is found
AS_GOOD_AS_NORMAL = 1e6  # degrees of freedom
PURPOSE = "the report of a study"
CELLS = 4_000_000  # of confusion matrices at a time


@dataclass(frozen=True)
class Score:
    """The scores of one variant: over its seeds, and where their mean would lie on other test samples.

    deviation: the seeds' standard deviation (n - 1); None with one seed. low, high: the percentile bootstrap's 95%
    interval of the mean, of the test samples alone.
    """

    seeds: int
    mean: float
    deviation: float | None
    lowest: float
    highest: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much higher one score is than another, of the same seeds and test samples.

    seeds: how many both have. settings: of the other choices, over which it is averaged.
    low, high: the 95% interval. p: how probable so large a difference would be between equals.
    from_seeds, from_test: the two parts of the standard error `error`; freedom: its degrees of freedom.
    With one seed the noise of training is not known: there is no `p`, and the interval is of the test samples alone.
    """

    mean: float
    low: float
    high: float
    p: float | None
    error: float
    freedom: float | None
    from_seeds: float | None
    from_test: float
    seeds: int
    settings: int


@dataclass(frozen=True)
class Comparison:
    """A value of a choice against another of its values, all else being equal; or two variants, where choice is None.

    p: corrected by Holm's method for all comparisons of the study. larger: whether the difference is larger than
    noise by that; None where it cannot be judged. better: whether `value` has the better mean.
    """

    choice: str | None
    value: Any
    reference: Any
    difference: Difference
    p: float | None
    larger: bool | None
    better: bool


def holm(p: Sequence[float]) -> list[float]:
    """The p values of several tests, corrected so that with 95% probability none of all is wrong (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    factors = len(p) - np.arange(len(p))
    corrected = np.minimum(1, np.maximum.accumulate(np.asarray(p)[order] * factors)) if len(p) else np.empty(0)
    found = np.empty(len(p))
    found[order] = corrected
    return [float(value) for value in found]


class Analysis:
    """The statistics of a study by its first metric. What takes long is computed once, when it is asked for."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.study = results.study
        self.metric = results.metrics[0]
        self.classes = None if results.class_names is None else len(results.class_names)
        self.variants: list[Variant] = []
        self.trials: list[dict[int, Outcome]] = []  # of each variant, by seed
        for variant in results.variants:
            trials = {outcome.seed: outcome for outcome in results.of(variant)}
            scores = {seed: results.score(outcome) for seed, outcome in trials.items()}
            # A score that is no number (of a training that broke down, say) says nothing of the noise.
            trials = {seed: outcome for seed, outcome in trials.items() if np.isfinite(scores[seed])}
            if trials:
                self.variants.append(variant)
                self.trials.append(trials)
        self._vectorised = self.metric.of_counts is not None and self.classes is not None
        count = sum(map(len, self.trials))
        self.resamples = RESAMPLES
        if not self._vectorised:
            self.resamples = int(np.clip(MOST_CALLS // max(count, 1), FEWEST_RESAMPLES, RESAMPLES))
        self._weights: dict[bytes, np.ndarray] = {}

    @cached_property
    def _scores(self) -> list[dict[int, float]]:
        return [{seed: self.results.score(o) for seed, o in trials.items()} for trials in self.trials]

    @cached_property
    def _resampled(self) -> list[dict[int, np.ndarray]]:
        with np.errstate(all="ignore"):
            return [{seed: self._on_resamples(o) for seed, o in trials.items()} for trials in self.trials]

    def _on_resamples(self, outcome: Outcome) -> np.ndarray:
        """The trial's score on each resample of its test samples: (B,)."""
        truth, predicted = self.results.truth(outcome), np.asarray(outcome.predicted)
        weights = self._weights_for(truth)
        if self._vectorised:
            return self._of_pairs(truth, predicted, weights)
        places = np.arange(len(truth))
        found = np.full(len(weights), np.nan)
        for number, row in enumerate(weights):
            drawn = np.repeat(places, row)
            try:
                found[number] = self.metric.function(truth[drawn], predicted[drawn])
            except (ArithmeticError, ValueError):  # not defined there, as where one class alone was drawn
                continue
        return found

    def _of_pairs(self, truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """By the counts of each pair (true, predicted) in a resample, a matrix product."""
        assert self.metric.of_counts is not None and self.classes is not None
        cells = self.classes**2
        pairs, which = np.unique(
            truth.astype(np.int64) * self.classes + predicted.astype(np.int64), return_inverse=True
        )
        one_hot = np.zeros((len(truth), len(pairs)), np.float32)
        one_hot[np.arange(len(truth)), which.ravel()] = 1
        found = []
        block = max(1, min(len(weights), CELLS // cells))
        for start in range(0, len(weights), block):
            part = weights[start : start + block].astype(np.float32) @ one_hot  # whole numbers below 2**24: exact
            counts = np.zeros((len(part), cells))
            counts[:, pairs] = part
            found.append(self.metric.of_counts(counts.reshape(-1, self.classes, self.classes)))
        return np.concatenate(found)

    def _weights_for(self, truth: np.ndarray) -> np.ndarray:
        """How often each test sample is in each resample: (B, N). The same truth has the same resamples."""
        digest = hashlib.sha256(truth.tobytes()).digest()
        if digest not in self._weights:
            draws = np.random.default_rng(int.from_bytes(digest[:8], "big"))
            size = len(truth)
            rows = [np.bincount(draws.integers(0, size, size), minlength=size) for _ in range(self.resamples)]
            self._weights[digest] = np.array(rows, np.uint16)
        return self._weights[digest]

    @cached_property
    def scores(self) -> list[Score]:
        """Of each variant."""
        found = []
        for scores, resampled in zip(self._scores, self._resampled, strict=True):
            values = np.array(list(scores.values()))
            low, high = _interval(np.mean(list(resampled.values()), axis=0), values.mean())
            deviation = float(values.std(ddof=1)) if len(values) > 1 else None
            lowest, highest = float(values.min()), float(values.max())
            found.append(Score(len(values), float(values.mean()), deviation, lowest, highest, low, high))
        return found

    def difference(self, pairs: Sequence[tuple[int, int]]) -> Difference | None:
        """The score of the first minus that of the second variant, averaged over pairs of them (places in `variants`).

        The variance of the mean has two parts. That of training comes from the seeds' differences, in which the
        noise is that each single training has with these test samples, too. What is left is the part of the test that
        all trainings share: in the bootstrap, the covariance between different seeds. (The bootstrap's variance of the
        mean contains single trainings' noise again; added as it is it would count that twice.) The t distribution has
        the degrees of freedom of Welch and Satterthwaite.

        Few seeds say little of their own variance, so it is moderated by that of the study's other pairs of variants
        (Smyth 2004), unless it is clearly larger than usual. Over several settings all trainings are repetitions,
        unless those with the same seed clearly go up and down together: then only the seeds' means count.

        None where no seed is in all of the pairs.
        """
        seeds = sorted(set.intersection(*(set(self.trials[place]) for pair in pairs for place in pair)))
        if not seeds:
            return None
        found = np.array(
            [[self._scores[a][seed] - self._scores[b][seed] for seed in seeds] for a, b in pairs]
        )  # (C, S)
        resampled = np.array([
            np.mean([self._resampled[a][seed] - self._resampled[b][seed] for a, b in pairs], axis=0) for seed in seeds
        ])  # fmt: skip
        resampled = resampled[:, np.isfinite(resampled).all(axis=0)]  # (S, B)
        mean = float(found.mean())
        if len(seeds) == 1:
            low, high = _interval(resampled[0], mean)
            error = float(resampled[0].std())
            return Difference(mean, low, high, None, error, None, None, error, 1, len(pairs))
        covariance = np.cov(resampled)
        of_mean = covariance.mean()
        shared = (covariance.sum() - np.trace(covariance)) / (len(seeds) * (len(seeds) - 1))
        of_seeds, freedom = self._of_seeds(found)
        of_test = float(max(shared, of_mean - of_seeds, 0.0))
        variance = of_seeds + of_test
        if of_seeds > 0:
            freedom *= (variance / of_seeds) ** 2
        else:
            freedom = AS_GOOD_AS_NORMAL
        freedom, error = float(min(freedom, AS_GOOD_AS_NORMAL)), float(np.sqrt(variance))
        stats = require("scipy.stats", "study", PURPOSE)
        half = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
        p = float(2 * stats.t.sf(abs(mean) / error, freedom)) if error > 0 else float(mean == 0)
        return Difference(
            mean, mean - half, mean + half, p, error, freedom, float(np.sqrt(of_seeds)), float(np.sqrt(of_test)),
            len(seeds), len(pairs),
        )  # fmt: skip

    def _of_seeds(self, found: np.ndarray) -> tuple[float, float]:
        """The variance of the mean of differences (C, S), of C settings and S seeds, by training; and its freedom."""
        stats = require("scipy.stats", "study", PURPOSE)
        settings, seeds = found.shape
        if settings > 1:
            by_seed = float(found.mean(axis=0).var(ddof=1))
            rest = found - found.mean(axis=0) - found.mean(axis=1, keepdims=True) + found.mean()
            within = float((rest**2).sum()) / ((settings - 1) * (seeds - 1))
            together = stats.f.sf(by_seed * settings / within, seeds - 1, (settings - 1) * (seeds - 1)) if within else 0
            if together < POOLING_LEVEL:
                return by_seed / seeds, seeds - 1
        variances, freedoms = np.array([self._moderated(row.var(ddof=1), seeds - 1) for row in found]).T
        total = float(variances.sum())
        freedom = total**2 / float((variances**2 / freedoms).sum()) if total else AS_GOOD_AS_NORMAL
        return total / (seeds * settings**2), freedom

    def _moderated(self, variance: float, freedom: float) -> tuple[float, float]:
        """A variance of two variants' differences, with what is known of those of the others."""
        stats = require("scipy.stats", "study", PURPOSE)
        usual, certainty = self._usual_variance
        if not certainty or stats.f.sf(variance / usual, freedom, certainty) < POOLING_LEVEL:
            return variance, freedom
        return (certainty * usual + freedom * variance) / (certainty + freedom), certainty + freedom

    @cached_property
    def _usual_variance(self) -> tuple[float, float]:
        """The variance between seeds of the difference of two variants, and how many degrees of freedom it is worth.

        By G. K. Smyth, Linear models and empirical Bayes methods for assessing differential expression, 2004,
        section 6.2: the more equal the variances of the pairs are, the more it is worth; 0 where there are too few.
        """
        pairs = list(itertools.combinations(range(len(self.variants)), 2))
        if len(pairs) > MOST_PAIRS:
            pairs = [pairs[n] for n in np.random.default_rng(0).choice(len(pairs), MOST_PAIRS, replace=False)]
        variances, freedoms = [], []
        for a, b in pairs:
            seeds = set(self._scores[a]) & set(self._scores[b])
            if len(seeds) > 1:
                variances.append(np.var([self._scores[a][seed] - self._scores[b][seed] for seed in seeds], ddof=1))
                freedoms.append(len(seeds) - 1)
        kept = np.array(variances) > 0
        if kept.sum() < 3:
            return 0.0, 0.0
        scale, certainty = _prior(np.array(variances)[kept], np.array(freedoms)[kept])
        # The pairs share their variants, so they do not know more than those together.
        return scale, min(certainty, (len(self.variants) - 1) * float(np.mean(freedoms)))

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """Each value of a choice against the usual one and against the one before it in the choice's list.

        All else is equal, and the difference is averaged over the values of the other choices for which there are both
        variants; where one thing at a time was varied, all else is as usual. A variant that is in none of these pairs
        is compared with those that differ from it in one choice, or else with the usual one.
        """
        found: list[tuple[str | None, Any, Any, Difference]] = []
        compared = set()
        for name, values in self.study.choices.items():
            for number in range(1, len(values)):
                for reference in sorted({0, number - 1}):
                    pairs = self._pairs(name, values[number], values[reference])
                    difference = self._largest_difference(pairs)
                    if difference is not None:
                        found.append((name, values[number], values[reference], difference))
                        compared |= {place for pair in pairs for place in pair}
        for place, variant in enumerate(self.variants):
            if place in compared or place == self.usual:
                continue
            for other in self._neighbours(place) or [other for other in (self.usual,) if other is not None]:
                difference = self.difference([(place, other)])
                if difference is not None:
                    found.append((None, variant, self.variants[other], difference))
        judged = [difference.p for *_, difference in found if difference.p is not None]
        corrected = iter(holm(judged))
        comparisons = []
        for choice, value, reference, difference in found:
            p = None if difference.p is None else next(corrected)
            larger = None if p is None else p <= LEVEL
            better = (difference.mean > 0) == self.metric.higher_is_better and difference.mean != 0
            comparisons.append(Comparison(choice, value, reference, difference, p, larger, better))
        return comparisons

    def _largest_difference(self, pairs: list[tuple[int, int]]) -> Difference | None:
        """Of all pairs; where trials failed, so that no two seeds are in all of them, of those that have most seeds."""
        if not pairs:
            return None
        difference = self.difference(pairs)
        if difference is not None and (difference.seeds > 1 or len(self.study.seeds) == 1):
            return difference
        common = [len(set(self.trials[a]) & set(self.trials[b])) for a, b in pairs]
        most = [pair for pair, count in zip(pairs, common, strict=True) if count == max(common)]
        return self.difference(most) or self.difference(most[:1])

    def _pairs(self, choice: str, value: Any, reference: Any) -> list[tuple[int, int]]:
        found = []
        for place, variant in enumerate(self.variants):
            other = {**variant, choice: value}
            if self.study.plan == "one_at_a_time" and other != {**self.study.usual, choice: value}:
                continue
            if variant[choice] == reference and other in self.variants:
                found.append((self.variants.index(other), place))
        return found

    def _neighbours(self, place: int) -> list[int]:
        """The variants that differ from one in a single choice."""
        own = self.variants[place]
        return [
            other for other, variant in enumerate(self.variants) if sum(variant[name] != own[name] for name in own) == 1
        ]

    @property
    def usual(self) -> int | None:
        """The place of the variant with the usual values."""
        return self.variants.index(self.study.usual) if self.study.usual in self.variants else None

    @cached_property
    def best(self) -> int:
        """The place of the variant with the best mean."""
        means = [score.mean for score in self.scores]
        return int(np.argmax(means) if self.metric.higher_is_better else np.argmin(means))

    @cached_property
    def behind_best(self) -> list[Difference | None]:
        """How much higher the score of the best variant is than that of each."""
        return [
            None if place == self.best else self.difference([(self.best, place)])
            for place in range(len(self.variants))
        ]  # fmt: skip

    @cached_property
    def told_apart(self) -> list[bool | None]:
        """Whether each variant is worse than the best by more than noise; None where it cannot be judged.

        Those that are not, and the best, contain the truly best variant with 95% confidence, and with as much none is
        wrongly called worse. The best was chosen by these very scores, so a difference from it counts as the widest
        among all variants may: by Tukey's studentized range (with Games and Howell's degrees of freedom).
        """
        return [
            False if place == self.best else None if d is None or d.p is None else self._is_beyond_range(d, d.p)
            for place, d in enumerate(self.behind_best)
        ]

    def _is_beyond_range(self, difference: Difference, p: float) -> bool:
        """Whether among equal variants the highest and the lowest would rarely differ so much."""
        count = max(2, len(self.variants))
        # The probability lies between that of one pair and that of all pairs together, which mostly decides already.
        if p > LEVEL or p * count * (count - 1) / 2 <= LEVEL:
            return p <= LEVEL
        stats = require("scipy.stats", "study", PURPOSE)
        width = np.sqrt(2) * abs(difference.mean) / difference.error
        return bool(stats.studentized_range.sf(width, count, difference.freedom) <= LEVEL)

    @cached_property
    def visible(self) -> float | None:
        """How large a difference of two variants must typically be for its 95% interval not to contain 0."""
        halves = [(d.high - d.low) / 2 for d in self.behind_best if d is not None and d.p is not None]
        return float(np.median(halves)) if halves else None

    def seed_scores(self, place: int) -> list[float]:
        """The score of each seed of a variant."""
        return list(self._scores[place].values())

    @property
    def pairs(self) -> list[tuple[str, int, int]]:
        """The choice and the two variants of each difference that the comparisons are the means of."""
        return [
            (one.choice, a, b) for one in self.comparisons if one.choice is not None
            for a, b in self._pairs(one.choice, one.value, one.reference)
        ]  # fmt: skip


def _interval(resampled: np.ndarray, otherwise: float) -> tuple[float, float]:
    """The percentile bootstrap's interval; `otherwise` at both ends where the score is defined on no resample."""
    resampled = resampled[np.isfinite(resampled)]
    if not len(resampled):
        return float(otherwise), float(otherwise)
    low, high = np.quantile(resampled, [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def _prior(variances: np.ndarray, freedoms: np.ndarray) -> tuple[float, float]:
    """The scale and the degrees of freedom of the scaled inverse chi-squared that the true variances come from."""
    special, optimize = (require(f"scipy.{name}", "study", PURPOSE) for name in ("special", "optimize"))
    logs = np.log(variances) - special.digamma(freedoms / 2) + np.log(freedoms / 2)
    beyond_chance = float(logs.var(ddof=1) - special.polygamma(1, freedoms / 2).mean())
    half = AS_GOOD_AS_NORMAL / 2
    if beyond_chance > special.polygamma(1, half):
        half = float(optimize.brentq(lambda x: special.polygamma(1, x) - beyond_chance, 1e-3, half))
    return float(np.exp(logs.mean() + special.digamma(half) - np.log(half))), 2 * half
