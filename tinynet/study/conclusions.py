"""What a study's numbers say, in sentences that follow from them by rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.study.outcome import Outcome
from tinynet.study.phrases import Words
from tinynet.study.statistics import Analysis, Comparison

MOST_SENTENCES = 4  # about comparisons of one choice that lie within noise
MOST_WARNINGS = 8  # of variants that do not predict all classes
RISE = 1.1  # of the validation loss over its lowest value: overfitting
FALL = 0.9  # of the loss over the last quarter of the epochs: it still falls
NO_BREAK = "\N{NO-BREAK SPACE}"
FEWEST_EPOCHS = 4  # from which on something can be said of a curve


@dataclass(frozen=True)
class Conclusion:
    """A paragraph. kind: 'best', 'baseline', 'choice', 'noise' or 'warning'. subject: what it is about; "" for none."""

    kind: str
    subject: str
    text: str


def digits_of(analysis: Analysis) -> int:
    """How many digits behind the point the scores deserve: two of the noise; three for shares of the test samples."""
    if analysis.classes is not None or analysis.metric.name == "r2":
        return 3
    spreads = [(score.high - score.low) / 4 for score in analysis.scores] + [
        score.deviation or 0 for score in analysis.scores
    ]
    noise = float(np.median([spread for spread in spreads if spread > 0] or [0.01]))
    return int(np.clip(1 - np.floor(np.log10(noise)), 0, 8))


def conclusions(analysis: Analysis, words: Words) -> list[Conclusion]:
    """All that can be said, the most important first."""
    return [*_best(analysis, words), *_choices(analysis, words), *_noise(analysis, words), *_warnings(analysis, words)]


def _best(analysis: Analysis, words: Words) -> list[Conclusion]:
    if not analysis.variants:
        return []
    digits, metric = digits_of(analysis), words.metric(analysis.metric.name)
    best, labels = analysis.scores[analysis.best], _labels(analysis, words)
    others = [place for place in range(len(labels)) if place != analysis.best]
    key = "best_highest" if analysis.metric.higher_is_better else "best_lowest"
    text = [
        words.capital(
            key if others else "only_variant",
            metric=metric, label=labels[analysis.best], mean=words.number(best.mean, digits),
            seeds=words("seeds", n=best.seeds), interval=words.interval(best.low, best.high, digits),
            range=words.interval(best.lowest, best.highest, digits),
        )
    ]  # fmt: skip
    told_apart = [analysis.told_apart[place] for place in others]
    if others and all(apart is None for apart in told_apart):
        text.append(words("best_unknown"))
    elif others and all(told_apart):
        text.append(words("best_alone"))
    elif others and not any(told_apart):
        text.append(words("best_among_all"))
    elif others:
        sign = -1 if analysis.metric.higher_is_better else 1
        near = sorted(others, key=lambda place: sign * analysis.scores[place].mean)
        text.append(words("best_among", labels=words.some([labels[p] for p in near if not analysis.told_apart[p]])))
    found = [Conclusion("best", "", " ".join(text))]
    floor = baseline(analysis)
    if floor is not None:
        score, name = floor
        phrase = "baseline_mean" if name is None else "baseline"
        told = words(phrase, metric=metric, score=words.number(score, digits), name=name)
        found.append(Conclusion("baseline", "", told))
    return found


def baseline(analysis: Analysis) -> tuple[float, str | None] | None:
    """What predicting one thing always scores: the most frequent class, with its name, or the mean of the test."""
    results, metric = analysis.results, analysis.metric
    truth = next(iter(results.tests.values())).truth
    if results.class_names is not None and metric.of_counts is not None:
        most = int(np.bincount(truth).argmax())
        return metric(truth, np.full_like(truth, most), analysis.classes), results.class_names[most]
    if results.class_names is None and metric.name in ("mae", "rmse") and callable(metric.function):
        return metric(truth, np.full_like(truth, truth.mean()), None), None
    return None


def _choices(analysis: Analysis, words: Words) -> list[Conclusion]:
    found = []
    subjects = list(dict.fromkeys(comparison.choice for comparison in analysis.comparisons))
    for choice in subjects:
        about = [comparison for comparison in analysis.comparisons if comparison.choice == choice]
        larger = [comparison for comparison in about if comparison.larger]
        if larger:
            text = [words("matters")]
        elif all(comparison.larger is None for comparison in about):
            text = [words("matters_unknown")]
        else:
            text = [words("matters_not")]
        text += [_sentence(analysis, words, comparison) for comparison in larger]
        rest = [comparison for comparison in about if not comparison.larger]
        if len(rest) <= MOST_SENTENCES:
            text += [_sentence(analysis, words, comparison) for comparison in rest]
        else:
            text.append(words("within_noise", n=len(rest)))
        settings = max(comparison.difference.settings for comparison in about)
        if settings > 1:
            text.append(words("averaged", n=settings))
        found.append(Conclusion("choice", choice or words("other_variants"), " ".join(text)))
    return found


def _sentence(analysis: Analysis, words: Words, comparison: Comparison) -> str:
    digits, difference = digits_of(analysis), comparison.difference
    value, reference = compared(analysis, words, comparison)
    told = {"value": value, "reference": reference}
    interval = words.interval(difference.low, difference.high, digits, signed=True)
    if comparison.larger:
        ends = sorted([difference.low, difference.high], key=abs)
        sense = 1 if difference.mean > 0 else -1
        p = comparison.p or 0.0
        strength = "very_strong" if p < 0.001 else "strong" if p < 0.01 else "moderate"
        return words(
            "improves" if comparison.better else "worsens",
            metric=words.metric(analysis.metric.name), difference=words.number(abs(difference.mean), digits),
            interval=words.interval(sense * ends[0], sense * ends[1], digits), evidence=words(f"evidence_{strength}"),
            p=NO_BREAK.join(["p", *([] if p < 0.001 else ["="]), *words.p(p).split()]), **told,
        )  # fmt: skip
    beyond_zero = difference.low > 0 or difference.high < 0
    key = "changes_unknown" if comparison.larger is None else "changes_hardly" if beyond_zero else "changes_not"
    return words(key, difference=words.signed(difference.mean, digits), interval=interval, **told)


def compared(analysis: Analysis, words: Words, comparison: Comparison) -> tuple[str, str]:
    """What is compared and with what, in words."""
    if comparison.choice is None:
        return words.label(analysis.study, comparison.value), words.label(analysis.study, comparison.reference)
    values = comparison.value, comparison.reference
    if any(isinstance(value, bool) for value in values):
        return words.choice(comparison.choice, values[0]), words.choice(comparison.choice, values[1])
    return words.value(values[0]), words.value(values[1])


def _noise(analysis: Analysis, words: Words) -> list[Conclusion]:
    subject = words("noise_title")
    if len(analysis.study.seeds) == 1:
        return [Conclusion("noise", subject, words("seed_once"))]
    if analysis.visible is None:
        return []
    seeds = int(np.median([score.seeds for score in analysis.scores]))
    text = words(
        "noise", samples=words("test_samples", n=samples_of(analysis)), seeds=words("seeds", n=seeds),
        difference=words.number(analysis.visible, digits_of(analysis)),
    )  # fmt: skip
    return [Conclusion("noise", subject, text)]


def samples_of(analysis: Analysis) -> int:
    """How many test samples there are (the fewest, where variants have different data)."""
    return min(len(test.truth) for test in analysis.results.tests.values())


def _warnings(analysis: Analysis, words: Words) -> list[Conclusion]:
    results, study = analysis.results, analysis.study
    told: list[str] = []
    failed = results.failed
    trials = len(study.variants) * len(study.seeds)
    if failed:
        told.append(words("some_failed", n=len(failed), trials=words("trials", n=trials)))
    if trials > len(results.outcomes):
        told.append(words("missing", n=trials - len(results.outcomes), trials=words("trials", n=trials)))
    without = sum(outcome.error is None for outcome in results.outcomes) - sum(map(len, analysis.trials))
    if without:
        metric = words.metric(analysis.metric.name)
        told.append(words("no_score", n=without, trials=words("trials", n=trials), metric=metric))
    lost = [v for v in study.variants if not results.of(v) and any(o.variant == v for o in failed)]
    if lost:
        told.append(words("all_failed", labels=words.some([words.label(study, variant) for variant in lost])))
    collapses = _collapses(analysis, words)
    told += collapses[:MOST_WARNINGS]
    if len(collapses) > MOST_WARNINGS:
        told.append(words("further_variants", n=len(collapses) - MOST_WARNINGS))
    labels = _labels(analysis, words)
    rules: list[tuple[str, Callable[[Outcome], bool]]] = [
        ("diverged", _diverges), ("overfits", _overfits), ("unfinished", _is_unfinished),
    ]  # fmt: skip
    for key, rule in rules:
        places = [n for n, trials_of in enumerate(analysis.trials) if _mostly(rule, list(trials_of.values()))]
        if places:
            all_of_them = len(places) == len(labels) > 1
            which = words("all_variants", n=len(labels)) if all_of_them else words.some([labels[n] for n in places])
            told.append(words.capital(key, labels=which))
    return [Conclusion("warning", "", text[:1].upper() + text[1:]) for text in told]


def _collapses(analysis: Analysis, words: Words) -> list[str]:
    """Variants that do not tell all classes apart."""
    names = analysis.results.class_names
    if names is None:
        return []
    told = []
    for label, trials in zip(_labels(analysis, words), analysis.trials, strict=True):
        occurring = [np.unique(np.asarray(outcome.predicted)).astype(int) for outcome in trials.values()]
        alone = [int(found[0]) for found in occurring if len(found) == 1]
        which = ", ".join(dict.fromkeys(names[k] for k in alone))
        if len(alone) == len(trials) > 1 and len(set(alone)) == 1:
            told.append(words("one_class_always", label=label, name=which))
        elif alone:
            told.append(words("one_class", label=label, n=len(alone), seeds=words("seeds", n=len(trials)), names=which))
        else:
            never = [name for k, name in enumerate(names) if not any(k in found for found in occurring)]
            if never:
                told.append(words("never_predicted", label=label, names=words.some(never)))
    return told


def _mostly(rule: Callable[[Outcome], bool], outcomes: Sequence[Outcome]) -> bool:
    return sum(map(rule, outcomes)) * 2 > len(outcomes)


def _log(outcome: Outcome, name: str) -> np.ndarray:
    return np.asarray(outcome.history.get(name, ()), float)


def _diverges(outcome: Outcome) -> bool:
    return not np.isfinite(_log(outcome, "loss")).all()


def _overfits(outcome: Outcome) -> bool:
    """The validation loss has risen from its lowest value by a tenth, and the training loss fell meanwhile."""
    loss, validation = _log(outcome, "loss"), _log(outcome, "val_loss")
    if len(loss) < FEWEST_EPOCHS or len(loss) != len(validation) or not np.isfinite([loss, validation]).all():
        return False
    lowest = int(validation.argmin())
    return bool(validation[lowest] > 0 and validation[-1] > RISE * validation[lowest] and loss[-1] < loss[lowest])


def _is_unfinished(outcome: Outcome) -> bool:
    """The loss, that of validation where there is one, is lowest at the end, and fell by a tenth in the last quarter."""
    loss = _log(outcome, "val_loss" if "val_loss" in outcome.history else "loss")
    if len(loss) < FEWEST_EPOCHS or not np.isfinite(loss).all() or not (loss > 0).all():
        return False
    before = loss[-1 - max(1, len(loss) // 4)]
    return bool(loss[-1] == loss.min() and loss[-1] < FALL * before)


def _labels(analysis: Analysis, words: Words) -> list[str]:
    return [words.label(analysis.study, variant) for variant in analysis.variants]


def facts(found: Sequence[Conclusion]) -> list[dict[str, Any]]:
    """The conclusions as JSON has them."""
    return [{"kind": one.kind, "subject": one.subject, "text": one.text} for one in found]
