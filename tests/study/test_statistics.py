"""The statistics of a study: against scikit-learn, SciPy and known truths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import World, declared, made
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error

from tinynet.study import statistics
from tinynet.study.statistics import Analysis, holm


@pytest.fixture(scope="module", autouse=True)
def few_calls():
    """Metrics that are functions are called for the fewest resamples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "MOST_CALLS", 1)
        yield


def labels(seed, size=60, classes=3):
    return np.random.default_rng(seed).integers(0, classes, size)


def scores_by(name):
    """A metric under which a trial's score is whatever it predicted for the first sample, on every resample."""

    def metric(truth, predicted):
        return float(predicted[0])

    metric.__name__ = name
    return metric


def of_constants(values, choice="a", metric=None, **settings):
    """An analysis of V variants whose trials have these scores (V, S), and no noise of the test."""
    study = declared(
        {choice: list(range(len(values)))}, seeds=len(values[0]), metrics=[metric or scores_by("score")], **settings
    )
    return Analysis(made(study, lambda variant, seed: np.full(5, values[variant[choice]][seed]), np.zeros(5)))


@pytest.mark.parametrize(("name", "theirs"), [
    ("accuracy", accuracy_score),
    ("macro_f1", lambda true, predicted: f1_score(true, predicted, average="macro", zero_division=0)),
])  # fmt: skip
def test_the_bootstrap_scores_resamples_as_scikit_learn_does(monkeypatch, name, theirs):
    monkeypatch.setattr(statistics, "RESAMPLES", 40)
    truth = labels(0, size=7)  # so few that classes are missing from resamples
    study = declared({"a": [1]}, seeds=2, metrics=[name])
    analysis = Analysis(made(study, lambda variant, seed: labels(seed + 1, size=7), truth, "abc"))
    weights = analysis._weights_for(truth)
    for seed, found in analysis._resampled[0].items():
        predicted = labels(seed + 1, size=7)
        expected = [theirs(np.repeat(truth, row), np.repeat(predicted, row)) for row in weights]
        np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (weights.sum(axis=1) == 7).all()


def test_a_function_is_resampled_like_the_counts_it_could_be_computed_from(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 200)
    truth = labels(0)
    results = [
        Analysis(made(declared({"a": [1, 2]}, seeds=2, metrics=[m]), lambda v, s: labels(v["a"] + s), truth, "abc"))
        for m in ("accuracy", accuracy_score)
    ]
    counted, called = (analysis.scores[0] for analysis in results)
    assert counted == called
    assert counted.low < counted.mean < counted.high


def test_an_interval_of_the_accuracy_is_as_wide_as_theory_has_it():
    truth = np.ones(2000, int)
    predicted = (np.random.default_rng(0).random(2000) < 0.7).astype(int)
    analysis = Analysis(made(declared({"a": [1]}, seeds=1, metrics=["accuracy"]), lambda v, s: predicted, truth, "ab"))
    score = analysis.scores[0]
    theory = 2 * 1.96 * np.sqrt(score.mean * (1 - score.mean) / 2000)
    assert score.high - score.low == pytest.approx(theory, rel=0.05)
    assert score.deviation is None and score.lowest == score.highest == score.mean


def test_the_report_of_the_same_results_has_the_same_numbers():
    results = [made(declared({"a": [1, 2]}), lambda v, s: labels(v["a"] + s), labels(9), "abc") for _ in range(2)]
    one, other = map(Analysis, results)
    assert one.scores == other.scores and one.comparisons == other.comparisons


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=2, max_size=2))
def test_without_noise_of_the_test_it_is_the_paired_t_test(values):
    first, second = np.array(values)
    gaps = second - first
    difference = of_constants(values).comparisons[0].difference
    if gaps.std() < 1e-9:
        return
    expected = stats.ttest_rel(second, first)
    low, high = expected.confidence_interval()
    np.testing.assert_allclose(
        [difference.mean, difference.p, difference.low, difference.high, difference.freedom],
        [gaps.mean(), expected.pvalue, low, high, 3], rtol=1e-6, atol=1e-9,
    )  # fmt: skip
    assert difference.from_test < 1e-12


def test_without_noise_of_training_it_is_the_noise_of_the_pairs():
    """McNemar's: the difference of two accuracies has the variance of the samples' differences."""
    truth = np.ones(800, int)
    rng = np.random.default_rng(1)
    right = {1: (rng.random(800) < 0.8).astype(int), 2: (rng.random(800) < 0.75).astype(int)}
    study = declared({"a": [1, 2]}, seeds=3, metrics=["accuracy"])
    difference = Analysis(made(study, lambda v, s: right[v["a"]], truth, "ab")).comparisons[0].difference
    assert difference.from_seeds == 0
    assert difference.error == pytest.approx((right[2] - right[1]).std() / np.sqrt(800), rel=0.06)
    assert difference.p == pytest.approx(2 * stats.norm.sf(abs(difference.mean) / difference.error), rel=1e-3)


def test_tests_of_other_samples_are_not_paired():
    """With the same samples both variants' noise cancels; with others it adds up."""
    truth = np.ones(300, int)
    right = (np.random.default_rng(0).random(300) < 0.7).astype(int)
    study = declared({"a": [1, 2]}, seeds=2, metrics=["accuracy"])
    results = made(study, lambda v, s: right, truth, "ab")
    assert Analysis(results).comparisons[0].difference.error == 0
    other = type(results.tests["data"])(np.append(truth, 1), ("a", "b"))
    results.tests["other"] = other
    for place, outcome in enumerate(results.outcomes):
        if outcome.variant["a"] == 2:
            config = {**outcome.to_config(), "data": "other", "predicted": [*right, 1]}
            results.outcomes[place] = type(outcome).from_config(config)
    alone = right.std() / np.sqrt(300)
    assert Analysis(results).comparisons[0].difference.error == pytest.approx(np.sqrt(2) * alone, rel=0.06)


def test_with_one_seed_nothing_is_judged():
    analysis = Analysis(made(declared({"a": [1, 2]}, seeds=1), lambda v, s: labels(v["a"]), labels(0), "abc"))
    comparison = analysis.comparisons[0]
    assert comparison.larger is None and comparison.p is None and comparison.difference.p is None
    assert comparison.difference.low < comparison.difference.mean < comparison.difference.high
    assert analysis.told_apart == [False, None] or analysis.told_apart == [None, False]
    assert analysis.visible is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.999))
def test_holm_is_his_procedure(p, level):
    order, rejected = np.argsort(p), set()
    for step, place in enumerate(order):
        if p[place] > level / (len(p) - step):
            break
        rejected.add(int(place))
    corrected = holm(p)
    slack = 1e-12
    assert {n for n, value in enumerate(corrected) if value <= level - slack} <= rejected
    assert rejected <= {n for n, value in enumerate(corrected) if value <= level + slack}


def test_where_lower_is_better_a_lower_error_is():
    truth = np.arange(50.0)
    study = declared({"a": [1, 2]}, seeds=3, metrics=["mae"])
    noise = [np.random.default_rng(seed).normal(0, 1, 50) for seed in range(3)]
    analysis = Analysis(made(study, lambda v, s: truth + noise[s] / v["a"], truth))
    comparison = analysis.comparisons[0]
    assert analysis.variants[analysis.best] == {"a": 2}
    assert comparison.difference.mean < 0 and comparison.better and comparison.larger
    assert analysis.scores[0].mean == pytest.approx(np.mean([mean_absolute_error(truth, truth + n) for n in noise]))


def test_each_value_is_compared_with_the_usual_one_and_the_one_before_it():
    study = declared({"a": [1, 2, 3], "b": [0, 1]}, plan="one_at_a_time", also=[{"a": 3, "b": 1}], seeds=2)
    analysis = Analysis(made(study, lambda v, s: labels(v["a"] + 7 * v["b"] + s), labels(0), "abc"))
    found = [(c.choice, c.value, c.reference, c.difference.settings) for c in analysis.comparisons]
    # With b=1 the step from a=1 to a=3 may be another one, so it is told apart from that with the usual b.
    assert found == [
        ("a", 2, 1, 1), ("a", 3, 1, 1), ("a", 3, 2, 1), ("b", 1, 0, 1),
        (None, {"a": 3, "b": 1}, {"a": 3, "b": 0}, 1), (None, {"a": 3, "b": 1}, {"a": 1, "b": 1}, 1),
    ]  # fmt: skip


def test_what_differs_in_several_choices_is_compared_with_the_usual_values():
    study = declared(
        {"a": [1, 2], "b": [0, 1], "c": [0, 1]}, plan="one_at_a_time", also=[{"a": 2, "b": 1, "c": 1}], seeds=2
    )
    analysis = Analysis(made(study, lambda v, s: labels(sum(v.values()) + s), labels(0), "abc"))
    assert [c.choice for c in analysis.comparisons] == ["a", "b", "c", None]
    assert analysis.comparisons[-1].value == {"a": 2, "b": 1, "c": 1}


def test_a_grid_gives_the_mean_effect_over_the_other_choices():
    values = {(a, b): 0.5 + 0.1 * a + 0.03 * b * a for a in range(3) for b in range(2)}
    study = declared({"a": [0, 1, 2], "b": [0, 1]}, seeds=3, metrics=[scores_by("score")])
    analysis = Analysis(made(study, lambda v, s: np.full(4, values[v["a"], v["b"]] + s), np.zeros(4)))
    found = {(c.choice, c.value, c.reference): c.difference for c in analysis.comparisons}
    assert found["a", 1, 0].mean == pytest.approx(0.115) and found["a", 1, 0].settings == 2
    assert found["a", 2, 1].mean == pytest.approx(0.115)
    assert found["b", 1, 0].mean == pytest.approx(0.03) and found["b", 1, 0].settings == 3
    assert len(analysis.pairs) == 3 * 2 + 3


def test_a_failed_trial_costs_its_seed_and_a_failed_variant_its_pairs():
    study = declared({"a": [0, 1], "b": [0, 1]}, seeds=4)

    def fails(variant, seed):
        return variant == {"a": 1, "b": 1} or (variant == {"a": 1, "b": 0} and seed == 2)

    analysis = Analysis(made(study, lambda v, s: labels(v["a"] + s), labels(0), "abc", fails=fails))
    found = {c.choice: (c.difference.settings, c.difference.seeds) for c in analysis.comparisons}
    assert found == {"a": (1, 3), "b": (1, 4)}


def test_a_study_without_a_single_score_has_no_variants():
    study = declared({"a": [0, 1]}, seeds=2)
    analysis = Analysis(made(study, lambda v, s: labels(0), labels(0), "abc", fails=lambda v, s: True))
    assert analysis.variants == [] and analysis.comparisons == [] and analysis.visible is None


def test_the_noise_of_other_pairs_is_counted_as_they_agree():
    rng = np.random.default_rng(0)
    true = 2.0 * 8 / rng.chisquare(8, 4000)
    scale, freedom = statistics._prior(true * rng.chisquare(3, 4000) / 3, np.full(4000, 3))
    assert scale == pytest.approx(2, rel=0.1) and freedom == pytest.approx(8, rel=0.25)
    equal = 2.0 * rng.chisquare(3, 400) / 3
    assert statistics._prior(equal, np.full(400, 3))[1] > 20


def within(share, expected, count):
    """Whether a share of `count` cases is what chance makes of the expected one (99.9%)."""
    low, high = stats.binom.ppf([0.0005, 0.9995], count, expected) / count
    return low <= share <= high


@pytest.mark.parametrize(("variants", "seeds", "settings"), [(2, 5, 1), (5, 3, 1), (2, 3, 3)])
def test_intervals_hold_the_truth_as_often_as_they_say(monkeypatch, variants, seeds, settings):
    """Trainings and test samples are both drawn anew; the true difference is known."""
    monkeypatch.setattr(statistics, "RESAMPLES", 120)
    rng = np.random.default_rng(variants + seeds)
    choices = {"a": list(range(variants)), "b": list(range(settings))}
    skills = [0.8, 1.1] + [0.8] * variants
    study = declared(choices, seeds=seeds, metrics=["accuracy"])
    held, count = 0, 200
    for _ in range(count):
        world = World(rng, 150)
        results = made(study, lambda v, s, w=world: w.predict(v, s, skills[v["a"]]), np.ones(150, int), "ab")
        difference = Analysis(results).comparisons[0].difference
        held += difference.low <= world.share_right(1.1) - world.share_right(0.8) <= difference.high
    # The noise taken together makes them somewhat too careful, never more than somewhat too bold.
    assert stats.binom.ppf(0.0005, count, 0.94) / count <= held / count


def test_equal_variants_are_rarely_called_different(monkeypatch):
    """Over all comparisons of a study, and among those that are said to be worse than the best."""
    monkeypatch.setattr(statistics, "RESAMPLES", 120)
    rng = np.random.default_rng(5)
    study = declared({"a": [0, 1, 2, 3]}, seeds=4, metrics=["accuracy"])
    larger, apart, count = 0, 0, 200
    for _ in range(count):
        world = World(rng, 150)
        analysis = Analysis(made(study, world.predict, np.ones(150, int), "ab"))
        larger += any(comparison.larger for comparison in analysis.comparisons)
        apart += any(analysis.told_apart)
    highest = stats.binom.ppf(0.9995, count, 0.06) / count
    assert larger / count <= highest and apart / count <= highest


def test_a_clear_difference_is_found_and_told_apart_from_the_best():
    world = World(np.random.default_rng(0), 400)
    study = declared({"a": [0, 1, 2]}, seeds=5, metrics=["accuracy"])
    skills = [0.8, 1.6, 1.58]
    analysis = Analysis(made(study, lambda v, s: world.predict(v, s, skills[v["a"]]), np.ones(400, int), "ab"))
    verdicts = {(c.value, c.reference): (c.larger, c.better) for c in analysis.comparisons}
    assert verdicts[1, 0] == verdicts[2, 0] == (True, True) and not verdicts[2, 1][0]
    assert analysis.told_apart == [True, False, False]
    assert 0 < analysis.visible < 0.15


def test_many_classes_are_counted_in_blocks(monkeypatch):
    truth, predictions = labels(0, 50, 20), [labels(seed, 50, 20) for seed in range(2)]
    wholes = []
    for cells in (statistics.CELLS, 3 * 400):
        monkeypatch.setattr(statistics, "CELLS", cells)
        study = declared({"a": [1]}, seeds=2)
        wholes.append(Analysis(made(study, lambda v, s: predictions[s], truth, [str(k) for k in range(20)])).scores)
    assert wholes[0] == wholes[1]


def test_undefined_resamples_are_left_out():
    def correlation(truth, predicted):
        if len(set(truth)) < 2:
            raise ValueError("only one value")
        return float(np.corrcoef(truth, predicted)[0, 1])

    study = declared({"a": [1, 2]}, seeds=2, metrics=[correlation])
    rng = np.random.default_rng(0)
    analysis = Analysis(made(study, lambda v, s: rng.random(3), np.array([0.0, 1.0, 1.0])))
    assert all(np.isfinite([score.low, score.high]).all() for score in analysis.scores)
    assert all(np.isfinite([c.difference.low, c.difference.p]).all() for c in analysis.comparisons)


def test_pairs_of_a_random_plan_are_those_that_are_there():
    study = declared({"a": [0, 1, 2], "b": [0, 1, 2]}, plan="random", samples=5, seeds=2)
    analysis = Analysis(made(study, lambda v, s: labels(v["a"] + s), labels(0), "abc"))
    for choice, a, b in analysis.pairs:
        first, second = analysis.variants[a], analysis.variants[b]
        assert [name for name in first if first[name] != second[name]] == [choice]
    neighbours = sum(
        sum(one[name] != other[name] for name in one) == 1
        for one, other in itertools.combinations(analysis.variants, 2)
    )
    assert len(analysis.pairs) <= neighbours + len(study.choices) * 3
