"""`Study`: what is varied, on which data, how it is trained, and with which seeds."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.arguments import one_of, whole
from tinynet.errors import ArgumentError, nearest
from tinynet.models import Model
from tinynet.study.data import Data
from tinynet.study.scores import Metric, metric_named

if TYPE_CHECKING:
    from tinynet.study.results import Results

PLANS = ("grid", "one_at_a_time", "random")
Variant = dict[str, Any]

# The arguments of `fit` that a setting may name: all but the data, which `Data` has.
FIT_ARGUMENTS = frozenset(inspect.signature(Model.fit).parameters) - {
    "self", "x", "y", "validation_data", "validation_split", "sample_weight", "initial_epoch", "resume_from", "verbose",
}  # fmt: skip


class Study:
    """Variants of a model, each trained with several seeds and tested; see docs/study.md.

    name: of its folder and its page. title, description: for the page.

    model: a function that returns a compiled model. data: a `Data`, or a function that returns one. fit: the
        arguments of `Model.fit`, or a function that returns them (callbacks, for instance, are new for each trial).
    train: how a trial trains, instead of `model.fit`: a function of the model, the `Data` and the arguments of fit;
        it returns a `History`, or a pair of it and a dict of numbers for the table. A parameter `seed` gets the trial's.

    choices: a list of values for each name, the first of them the usual one. settings: one value for each name.
        A value goes to each of the four functions that has a parameter of its name, and to `fit` where it is one of
        `fit`'s arguments (`epochs`, `batch_size`, …). Values are what JSON can hold.
    plan: 'grid', all combinations; 'one_at_a_time', the usual values, and whatever differs from them in one choice;
        'random', `samples` of the combinations. also: further variants, dicts of what differs from the usual values.

    seeds: how many, from 0 on, or which. metrics: names ('macro_f1', 'accuracy'; 'r2', 'mae', 'rmse' without classes),
        or functions of true and predicted values like scikit-learn's; the first is what variants are compared by.

    Raises `ArgumentError` for a name that none of the functions takes, for a choice without values, and the like.

    >>> import tinynet
    >>> def model(units):
    ...     model = tinynet.Sequential([tinynet.layers.Dense(units, activation="relu"), tinynet.layers.Dense(1)])
    ...     model.compile("adam", "mse")
    ...     return model
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> study = Study("squares", model, Data((x, x**2), (x, x**2)), choices={"units": [4, 8]}, settings={"epochs": 2})
    >>> study.variants
    [{'units': 4}, {'units': 8}]
    """

    def __init__(
        self,
        name: str,
        model: Callable[..., Model],
        data: Data | Callable[..., Data],
        *,
        choices: Mapping[str, Sequence[Any]],
        settings: Mapping[str, Any] | None = None,
        fit: Mapping[str, Any] | Callable[..., Mapping[str, Any]] | None = None,
        train: Callable[..., Any] | None = None,
        plan: str = "grid",
        samples: int | None = None,
        also: Iterable[Mapping[str, Any]] = (),
        seeds: int | Iterable[int] = 3,
        metrics: Sequence[str | Callable[..., float]] | None = None,
        title: str | None = None,
        description: str = "",
    ) -> None:
        self.name, self.title, self.description = _folder_name(name), title or name, description
        self.where = f"Study {name!r}"
        self.model, self.data, self.train = model, data, train
        self.fit = {} if fit is None else fit
        self.choices = {str(name): list(values) for name, values in choices.items()}
        self.settings = dict(settings or {})
        self.plan = one_of(self.where, "plan", plan, PLANS)
        self.samples, self.also = samples, [dict(variant) for variant in also]
        self.seeds = _seeds(self.where, seeds)
        self.metrics: list[Metric] | None = None if metrics is None else [metric_named(metric) for metric in metrics]
        if metrics is not None and not self.metrics:
            raise ArgumentError(f"{self.where}: expected at least one metric")
        self._check()

    @property
    def usual(self) -> Variant:
        """The variant with the first value of each choice."""
        return {name: values[0] for name, values in self.choices.items()}

    @property
    def variants(self) -> list[Variant]:
        """All variants, in order; none comes twice."""
        names = list(self.choices)
        if self.plan == "one_at_a_time":
            found = [self.usual]
            found += [{**self.usual, name: value} for name in names for value in self.choices[name][1:]]
        else:
            found = [dict(zip(names, values, strict=True)) for values in itertools.product(*self.choices.values())]
        if self.plan == "random":
            drawn = np.random.default_rng(0).permutation(len(found))[: self.samples]
            found = [found[place] for place in sorted(drawn)]
        found += [{**self.usual, **variant} for variant in self.also]
        return [variant for place, variant in enumerate(found) if variant not in found[:place]]

    def label(self, variant: Mapping[str, Any]) -> str:
        """A variant in words: its choices; where one thing at a time is varied, what is not as usual.

        >>> study = Study("s", lambda a, b: None, lambda: None, choices={"a": [1, 2], "b": [True, False]})
        >>> study.label({"a": 2, "b": True})
        'a 2, b yes'
        """
        told = [name for name, values in self.choices.items() if len(values) > 1]
        if self.plan == "one_at_a_time":
            told = [name for name in told if variant[name] != self.choices[name][0]]
        return ", ".join(f"{name} {shown(variant[name])}" for name in told) or "usual"

    def restricted(self, **only: Any) -> Study:
        """The same study with fewer values of some choices (a list each), or with other settings (a value each).

        A trial that both have is the same trial, so its outcome is found in the cache.
        """
        choices, settings = dict(self.choices), dict(self.settings)
        for name, value in only.items():
            if name not in choices:
                settings[name] = value
                continue
            values = value if isinstance(value, list) else [value]
            missing = [v for v in values if v not in choices[name]]
            if missing or not values:
                raise ArgumentError(f"{self.where}: {name} is one of {choices[name]}, received {value!r}")
            choices[name] = [v for v in choices[name] if v in values]
        also = [v for v in self.also if all(v[name] in choices[name] for name in v)]
        return Study(
            self.name, self.model, self.data, choices=choices, settings=settings, fit=self.fit, train=self.train,
            plan=self.plan, samples=self.samples, also=also, seeds=self.seeds,
            metrics=None if self.metrics is None else [metric.given for metric in self.metrics], title=self.title,
            description=self.description,
        )  # fmt: skip

    def with_seeds(self, seeds: int | Iterable[int]) -> Study:
        """The same study with other seeds."""
        other = self.restricted()
        other.seeds = _seeds(self.where, seeds)
        return other

    def run(
        self, out: Any = None, *, jobs: int | None = None, threads: int | None = None, quiet: bool = False
    ) -> Results:
        """Runs all trials that the folder `out` (default: runs/study/<name>) does not hold yet; gives the results.

        jobs: how many trials at a time, each in a process with its share of the processors. Without it joblib
            decides: one at a time, or as `joblib.parallel_config` says, for instance on a cluster with Dask.
        threads: of a trial; otherwise the processors are divided. quiet: prints nothing.

        A trial that fails is reported in the results and does not stop the rest; it is tried again next time.
        """
        from tinynet.study.running import run

        return run(self, out, jobs, threads, quiet)

    def arguments_for(self, function: Callable[..., Any], variant: Mapping[str, Any], skip: int = 0) -> dict[str, Any]:
        """The settings and choices that a function has parameters for, beyond its first `skip` ones."""
        taken = _parameters(function)[skip:]
        return {name: value for name, value in {**self.settings, **variant}.items() if name in taken}

    def data_for(self, variant: Mapping[str, Any]) -> Data:
        """The data of a variant."""
        if isinstance(self.data, Data):
            return self.data
        found = self.data(**self.arguments_for(self.data, variant))
        if not isinstance(found, Data):
            raise ArgumentError(f"{self.where}: expected data to return a Data, received {type(found).__name__}")
        return found

    def model_for(self, variant: Mapping[str, Any]) -> Model:
        """A new model of a variant."""
        found = self.model(**self.arguments_for(self.model, variant))
        if not isinstance(found, Model):
            raise ArgumentError(f"{self.where}: expected model to return a Model, received {type(found).__name__}")
        if self.train is None and not found.compiled:
            raise ArgumentError(f"{self.where}: expected model to return a compiled model; call compile in it")
        return found

    def fit_arguments_for(self, variant: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of `fit` of a variant."""
        values = {**self.settings, **variant}
        taken: Iterable[str] = ()
        given = self.fit
        if callable(given):
            taken, given = _parameters(given), given(**self.arguments_for(given, variant))
        direct = {name: value for name, value in values.items() if name in FIT_ARGUMENTS and name not in taken}
        found = {**given, **direct}
        unknown = sorted(set(found) - FIT_ARGUMENTS)
        if unknown:
            raise ArgumentError(
                f"{self.where}: fit has no argument {unknown[0]!r}. {nearest(unknown[0], FIT_ARGUMENTS)}"
            )
        return found

    def _check(self) -> None:
        if not self.choices:
            raise ArgumentError(f"{self.where}: expected choices; without any there is nothing to compare")
        for name, values in self.choices.items():
            if not values:
                raise ArgumentError(f"{self.where}: the choice {name!r} has no values")
            if any(value in values[:place] for place, value in enumerate(values)):
                raise ArgumentError(f"{self.where}: the choice {name!r} has a value twice: {values!r}")
        for name, value in {**self.settings, **self.choices}.items():
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError):
                raise ArgumentError(
                    f"{self.where}: expected {name!r} to be what JSON holds, received {value!r}"
                ) from None
        both = set(self.settings) & set(self.choices)
        if both:
            raise ArgumentError(f"{self.where}: {min(both)!r} is both a choice and a setting")
        known = set(FIT_ARGUMENTS)
        if "seed" in self.choices or "seed" in self.settings:
            raise ArgumentError(f"{self.where}: 'seed' is what `seeds` has; it is no choice and no setting")
        for function in filter(callable, (self.model, self.data, self.fit)):
            known |= set(_parameters(function))
        known |= set(_parameters(self.train)[3:]) if self.train else set()
        for name in (*self.choices, *self.settings):
            if name not in known:
                raise ArgumentError(f"{self.where}: no function has a parameter {name!r}. {nearest(name, known)}")
        if (self.plan == "random") != (self.samples is not None):
            raise ArgumentError(f"{self.where}: samples goes with plan='random', and is needed there")
        if self.samples is not None:
            whole(self.where, "samples", self.samples)
        for variant in self.also:
            unknown = sorted(set(variant) - set(self.choices))
            if unknown:
                raise ArgumentError(
                    f"{self.where}: also: {unknown[0]!r} is no choice. {nearest(unknown[0], self.choices)}"
                )


def shown(value: Any) -> str:
    """A value as labels have it.

    >>> shown([32, 64]), shown(True), shown("max")
    ('32-64', 'yes', 'max')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-".join(map(shown, value)) if isinstance(value, (list, tuple)) else str(value)


def _folder_name(name: str) -> str:
    if not isinstance(name, str) or not name or set(name) & set('/\\:*?"<>|\0') or name.startswith("."):
        raise ArgumentError(f"Study: expected a name that can be a folder's, received {name!r}")
    return name


def _seeds(where: str, seeds: int | Iterable[int]) -> list[int]:
    if isinstance(seeds, int):
        return list(range(whole(where, "seeds", seeds)))
    found = [whole(where, "a seed", seed, 0) for seed in seeds]
    if not found or len(set(found)) < len(found):
        raise ArgumentError(f"{where}: expected seeds that differ, and at least one, received {found}")
    return found


def _parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)
