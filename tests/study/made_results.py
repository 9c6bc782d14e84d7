"""Results made by hand, whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.study import Outcome, Results, Study
from tinynet.study.outcome import TestSet


def declared(choices: Mapping[str, Sequence[Any]], **settings: Any) -> Study:
    """A study that is never run: its function takes whatever names the choices and settings have."""
    names = [*choices, *settings.get("settings", {})]
    return Study(
        settings.pop("name", "made"),
        eval(f"lambda {', '.join(names)}: None"),
        lambda: None,
        choices=choices,
        **settings,
    )


def made(
    study: Study,
    predict: Callable[[Mapping[str, Any], int], Any],
    truth: Any,
    class_names: Sequence[str] | None = None,
    fails: Callable[[Mapping[str, Any], int], bool] = lambda variant, seed: False,
    **fields: Any,
) -> Results:
    """Results in which each trial predicted what a function of its variant and seed says."""
    outcomes = []
    for variant in study.variants:
        for seed in study.seeds:
            if fails(variant, seed):
                outcomes.append(Outcome("key", variant, seed, error="DivergenceError: the loss is NaN | <b>"))
                continue
            predicted = np.asarray(predict(variant, seed)).tolist()
            outcomes.append(
                Outcome("key", variant, seed, data="data", predicted=predicted, parameters=1234, seconds=2.5, **fields)
            )
    names = None if class_names is None else tuple(class_names)
    return Results(study, outcomes, {"data": TestSet(np.asarray(truth), names)}, ["Made by hand."])


class World:
    """Test samples that are drawn, and trainings on them: each right where its skill exceeds a sample's difficulty.

    training: how far the skill varies between seeds. of_variant: how differently variants find the same samples
    difficult.
    """

    def __init__(self, rng: np.random.Generator, samples: int, training: float = 0.15, of_variant: float = 0.4) -> None:
        self.rng, self.training, self.of_variant = rng, training, of_variant
        self.easiness = rng.normal(0, 1, samples)
        self.own: dict[str, np.ndarray] = {}

    def predict(self, variant: Mapping[str, Any], seed: int, skill: float = 0.8) -> np.ndarray:
        """1 where it is right; all true labels are 1."""
        size = len(self.easiness)
        own = self.own.setdefault(str(variant), self.rng.normal(0, self.of_variant, size))
        level = skill + self.rng.normal(0, self.training)
        return (level + self.easiness + own + self.rng.normal(0, 0.5, size) > 0).astype(int)

    def share_right(self, skill: float) -> float:
        """The share of samples that is right with this skill, on average over all there could be."""
        from scipy.stats import norm

        return float(norm.cdf(skill / np.sqrt(1 + self.of_variant**2 + self.training**2 + 0.5**2)))
