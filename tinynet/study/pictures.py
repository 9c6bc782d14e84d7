"""The pictures of a report, as small PNGs, with labels in its language."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.plotting import comparison, confusion_matrix, history
from tinynet.plotting.style import COLOURS
from tinynet.study.conclusions import baseline, compared, digits_of
from tinynet.study.outcome import Outcome
from tinynet.study.page import Picture
from tinynet.study.phrases import Words
from tinynet.study.statistics import Analysis

DOTS = 110  # an inch in the file
SHOWN = 84  # pixels of the page for an inch
SHADES = 48  # of a PNG's palette
MOST_POINTS = 1500
MOST_NAMED = 20  # classes whose counts can be read in a picture


def picture(figure: Any, name: str, alt: str) -> Picture:
    """A figure as a PNG with few colours, which is a third of the size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DOTS)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    stream = io.BytesIO()
    image.quantize(SHADES, dither=Image.Dither.NONE).save(stream, "png", optimize=True)
    width, height = (round(inches * SHOWN) for inches in figure.get_size_inches())
    return Picture(name, stream.getvalue(), width, height, alt)


def new_figure(width: float, height: float, layout: Any = "constrained") -> Any:
    """An empty figure of so many inches, which pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def _localise(axis: Any, words: Words) -> None:
    """Writes an axis's numbers as the language does."""
    if words.language == "en":
        return
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    usual = ScalarFormatter(useOffset=False)
    usual.set_axis(axis)

    def written(value: float, place: int | None = None) -> str:
        usual.set_locs(axis.get_majorticklocs())
        return usual(value, place).replace(".", ",")

    axis.set_major_formatter(FuncFormatter(written))


def of_scores(analysis: Analysis, words: Words, order: Sequence[int]) -> Picture:
    """The variants' scores beside each other."""
    metric, digits = words.metric(analysis.metric.name), digits_of(analysis)
    labels = [words.label(analysis.study, analysis.variants[place]) for place in order]
    scores = [analysis.scores[place] for place in order]
    floor = baseline(analysis)
    drawn = [value for place in order for value in analysis.seed_scores(place)]
    if floor is not None and not 2 * min(drawn) - max(drawn) <= floor[0] <= 2 * max(drawn) - min(drawn):
        floor = None  # so far away that the variants would be squeezed
    figure = new_figure(9, 0.9 + 0.34 * len(labels) + 0.3)
    axes = figure.add_subplot()
    comparison(
        labels, [analysis.seed_scores(place) for place in order], [(score.low, score.high) for score in scores],
        reference=None if floor is None else floor[0], label=metric, axes=axes,
    )  # fmt: skip
    named = {
        "one seed": words("one_seed"), "mean": words("mean"), "interval": words("interval"),
        "reference": words("reference_mean" if floor and floor[1] is None else "reference_class"),
    }  # fmt: skip
    legend = axes.get_legend()
    entries = [named.get(text.get_text(), text.get_text()) for text in legend.get_texts()]
    figure.legend(legend.legend_handles, entries, loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    legend.remove()
    for text, score in zip(axes.texts, scores, strict=True):
        text.set_text(words.number(score.mean, digits))
    _localise(axes.xaxis, words)
    return picture(figure, "scores", words.capital("comparison_picture", metric=metric))


def of_differences(analysis: Analysis, words: Words) -> Picture:
    """The comparisons with their intervals."""
    found = analysis.comparisons
    figure = new_figure(9, 0.8 + 0.3 * len(found))
    axes = figure.add_subplot()
    names = []
    for place, one in enumerate(found):
        value, reference = compared(analysis, words, one)
        told = one.choice is None or isinstance(one.value, bool)  # the values' words have the choice's name in them
        names.append(f"{value} – {reference}" if told else f"{one.choice}: {value} – {reference}")
        difference = one.difference
        axes.errorbar(
            difference.mean, place, xerr=[[difference.mean - difference.low], [difference.high - difference.mean]],
            fmt="D", color=COLOURS[0], markersize=6.5, markerfacecolor=COLOURS[0] if one.larger else "white",
            elinewidth=2, capsize=4, capthick=1.5,
        )  # fmt: skip
        text = words.signed(difference.mean, digits_of(analysis))
        axes.text(1.01, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.axvline(0, color="black", linewidth=1, zorder=0)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    where = words("better_right" if analysis.metric.higher_is_better else "better_left")
    axes.set_xlabel(f"{words('difference_of', metric=words.metric(analysis.metric.name))}   ({where})")
    axes.grid(axis="x", alpha=0.3)
    _localise(axes.xaxis, words)
    return picture(figure, "differences", words("differences_picture"))


class Curves:
    """The learning curves of all variants, on the same scales."""

    def __init__(self, analysis: Analysis, words: Words) -> None:
        self.words, self.analysis = words, analysis
        self.runs = [
            [self._drawable(outcome) for outcome in trials.values()] for trials in analysis.trials
        ]  # fmt: skip
        logs = dict.fromkeys(name for runs in self.runs for run in runs for name in run)
        self.logs = [name for name in ("loss",) if name in logs]
        others = [
            name for name in logs if name not in ("loss", "val_loss", "learning_rate") and not name.startswith("val_")
        ]
        accuracies = [name for name in others if "acc" in name]
        self.logs += (accuracies or others)[:1]
        self.has_validation = any(f"val_{log}" in logs for log in self.logs)
        self.limits = {log: self._limits(log) for log in self.logs}

    def _drawable(self, outcome: Outcome) -> dict[str, Sequence[float]]:
        """The logs that have a number for each epoch, of which some are finite."""
        epochs = len(outcome.history.get("loss", ()))
        return {
            name: values for name, values in outcome.history.items()
            if len(values) == epochs > 0 and np.isfinite(np.asarray(values, float)).any()
        }  # fmt: skip

    def _limits(self, log: str) -> tuple[float, float]:
        """All but the highest hundredth of what is drawn, lest one training that breaks down flatten the others."""
        every = [
            values
            for runs in self.runs
            for run in runs
            for name in (log, f"val_{log}")
            for values in [run.get(name, ())]
        ]
        values = np.concatenate([np.asarray(one, float) for one in every])
        values = values[np.isfinite(values)]
        low, high = float(values.min()), float(np.quantile(values, 0.99))
        if log == "loss":
            low = min(low, 0.0)
        else:
            high = float(values.max())
        room = 0.04 * (high - low) or 0.5
        return low - room, high + room

    def picture(self, place: int, name: str) -> Picture | None:
        """Those of one variant; None where nothing was logged."""
        drawn = [log for log in self.logs if any(log in run for run in self.runs[place])]
        if not drawn:
            return None
        figure = new_figure(4.6, 2.1, layout=None)  # a layout that is computed takes longer than all else
        figure.subplots_adjust(left=0.1, right=0.985, bottom=0.23, top=0.87, wspace=0.24)
        for axes, log in zip(np.atleast_1d(figure.subplots(1, len(drawn))), drawn, strict=True):
            history([run for run in self.runs[place] if log in run], log, axes=axes)
            if axes.get_legend() is not None:
                axes.get_legend().remove()
            for line in axes.lines:
                line.set_markersize(3)
            axes.set_title(self.log(log), fontsize=11)
            axes.set(xlabel=self.words("epoch"), ylabel="", ylim=self.limits[log])
            axes.tick_params(labelsize=9)
            _localise(axes.yaxis, self.words)
        label = self.words.label(self.analysis.study, self.analysis.variants[place])
        logs = ", ".join(self.log(log) for log in drawn)
        return picture(figure, name, self.words("curves_picture", label=label, logs=logs))

    def log(self, name: str) -> str:
        """A log's name."""
        return self.words(name) if name in ("loss", "accuracy") else name.replace("_", " ")


def of_confusion(
    counts: np.ndarray, names: Sequence[str], words: Words, label: str, by: str | None, name: str
) -> Picture:
    """A confusion matrix. by: None for counts, 'true' for shares of the rows."""
    classes = len(names)
    shown = [text if len(text) <= 14 else f"{text[:13]}…" for text in names]
    side, longest = float(np.clip(0.36 * classes, 1.8, 4.5)), max(map(len, shown))  # inches, letters
    left, below, above, right = 0.45 + 0.085 * longest, 0.5 + 0.06 * longest, 0.3, 0.25
    width, height = left + side + right, below + side + above
    figure = new_figure(width, height, layout=None)
    place = (left / width, below / height, side / width, side / height)
    axes = figure.add_axes(place)
    confusion_matrix(counts, shown, by, axes=axes)
    for other in figure.axes:  # the bar of colours, which tells nothing that the cells do not
        if other is not axes:
            other.remove()
    axes.set_position(place)
    for text in axes.texts:
        if classes > MOST_NAMED:
            text.set_visible(False)
        elif words.language == "id":
            text.set_text(text.get_text().replace(".", ","))
    what = words("row_shares" if by else "counts")
    axes.set_title(what, fontsize=10)
    axes.set(xlabel=words("predicted_axis"), ylabel=words("true_axis"))
    axes.tick_params(labelsize=9)
    return picture(figure, name, words("confusion_picture", label=label, what=what))


def of_predictions(analysis: Analysis, place: int, words: Words, limits: tuple[float, float], name: str) -> Picture:
    """Predicted against true values of a study that predicts numbers."""
    outcomes = list(analysis.trials[place].values())
    truth = np.concatenate([analysis.results.truth(outcome) for outcome in outcomes])
    predicted = np.concatenate([np.asarray(outcome.predicted, float) for outcome in outcomes])
    shown = np.random.default_rng(0).permutation(len(truth))[:MOST_POINTS]
    figure = new_figure(3.3, 2.9, layout=None)
    axes = figure.add_axes((0.2, 0.16, 0.77, 0.8))
    axes.plot(limits, limits, color="black", linewidth=1)
    axes.plot(truth[shown], predicted[shown], "o", markersize=3, alpha=0.35, color=COLOURS[0], markeredgewidth=0)
    axes.set(xlabel=words("true_axis"), ylabel=words("predicted_axis"), xlim=limits, ylim=limits)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    for axis in (axes.xaxis, axes.yaxis):
        _localise(axis, words)
    label = words.label(analysis.study, analysis.variants[place])
    return picture(figure, name, words("scatter_picture", label=label))


def limits_of_predictions(analysis: Analysis) -> tuple[float, float]:
    """The range of the true values, and of all but the wildest predictions."""
    truth = np.concatenate([test.truth for test in analysis.results.tests.values()])
    predicted = np.concatenate([np.asarray(o.predicted, float) for trials in analysis.trials for o in trials.values()])
    predicted = predicted[np.isfinite(predicted)]
    low, high = np.quantile(predicted, [0.005, 0.995]) if len(predicted) else (0.0, 1.0)
    low, high = min(float(truth.min()), float(low)), max(float(truth.max()), float(high))
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room
