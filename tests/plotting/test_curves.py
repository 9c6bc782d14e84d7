"""What stands in the pictures of runs, results and studies, read off matplotlib's own objects."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from sklearn.metrics import confusion_matrix as of_scikit

import tinynet
from tinynet import layers, plotting
from tinynet.errors import ArgumentError, MissingDependencyError
from tinynet.plotting.style import COLOURS, MARKERS

ONE = {"loss": [1.0, 0.6, 0.5], "val_loss": [1.1, 0.8, 0.9], "lr": [0.1, 0.1, 0.1]}
TWO = {"loss": [0.8, 0.4], "val_loss": [0.9, 0.7]}


def lines(axes: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for line in axes.lines:
        found.setdefault(line.get_label(), []).append(line)
    return found


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def data(line: Any) -> list[list[float]]:
    return [line.get_xdata().tolist(), line.get_ydata().tolist()]


def test_one_run() -> None:
    axes = plotting.history(ONE, validation="test")
    (training,), (test,) = lines(axes)["training"], lines(axes)["test"]
    assert data(training) == [[1, 2, 3], ONE["loss"]] and data(test) == [[1, 2, 3], ONE["val_loss"]]
    assert (training.get_linestyle(), test.get_linestyle()) == ("-", "--")
    assert training.get_marker() != test.get_marker() and training.get_color() != test.get_color()
    assert (axes.get_xlabel(), axes.get_ylabel(), legend(axes)) == ("epoch", "loss", ["training", "test"])
    assert [tick % 1 for tick in axes.get_xticks()] == [0] * len(axes.get_xticks())


def test_seeds_are_thin_and_their_mean_is_thick() -> None:
    axes = plotting.history([ONE, TWO], label="cross-entropy")
    assert axes.get_ylabel() == "cross-entropy"
    (mean,) = lines(axes)["training (mean of 2)"]
    np.testing.assert_allclose(data(mean), [[1, 2], [0.9, 0.5]])  # as far as the shorter run
    seeds = lines(axes)["_seed"]
    assert [data(line)[1] for line in seeds] == [ONE["loss"], TWO["loss"], ONE["val_loss"], TWO["val_loss"]]
    assert max(line.get_linewidth() for line in seeds) < mean.get_linewidth() / 2


def test_variants_are_told_apart_without_colour() -> None:
    axes = plotting.history({"LSTM": [ONE, TWO], "GRU": TWO, "none": {"loss": [1.0]}})
    assert legend(axes) == ["LSTM (mean of 2)", "GRU", "none", "training", "validation"]
    thick = [line for line in axes.lines if line.get_label() != "_seed"]
    assert len({(line.get_marker(), line.get_linestyle()) for line in thick}) == len(thick) == 5
    by_variant = {line.get_color(): line.get_marker() for line in thick}
    assert len(by_variant) == 3
    alone = plotting.history({"LSTM": [ONE, TWO], "GRU": TWO}, metric="val_loss")
    assert {line.get_linestyle() for line in alone.lines} == {"--"} and "training" not in legend(alone)


def test_the_palette_is_told_apart_by_its_lightness_or_its_markers() -> None:
    assert len(set(COLOURS)) == 7 and len(set(MARKERS)) == 8
    pairs = {(COLOURS[n % 7], MARKERS[n % 8]) for n in range(56)}
    assert len(pairs) == 56
    # No line is too light for white paper: a contrast of at least 2, by relative luminance.
    assert all(1.05 / (luminance(to_rgb(colour)) + 0.05) > 2 for colour in COLOURS)


def luminance(rgb: Any) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_epochs_are_those_of_fit() -> None:
    x, y = np.arange(8.0)[:, None], np.ones((8, 1))
    model = tinynet.Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    run = model.fit(x, y, epochs=7, initial_epoch=2, validation_data=(x, y), validation_freq=2, verbose=0)
    axes = plotting.history(run, validation_freq=2)
    assert data(lines(axes)["training"][0])[0] == [3, 4, 5, 6, 7]
    assert data(lines(axes)["validation"][0]) == [[4, 6], run.history["val_loss"]]
    with pytest.raises(ArgumentError, match="'val_loss': expected 5 values, received 2; where fit .* validation_freq"):
        plotting.history(run)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (dict(history=ONE, metric="acc"), "there is no 'acc' in a run. Known: loss, lr, val_loss"),
        (dict(history={"a": ONE, "b": TWO}, metric="lr"), "there is no 'lr' in a run of 'b'"),
        (dict(history={"loss": [[1.0], [2.0]]}), "expected one number an epoch"),
        (dict(history={"loss": ["a"]}), "expected one number an epoch"),
        (dict(history={"loss": []}), "nothing to draw"),
        (dict(history={"loss": [np.nan] * 2}), "nothing to draw"),
        (dict(history=[]), "expected what fit returned"),
        (dict(history={"a": ONE, "b": 3}), "expected what fit returned.* received 3"),
        (dict(history=[0.5, 0.4]), "expected what fit returned"),
        (dict(history=ONE, metric=3), "expected the name of a log"),
        (dict(history=ONE, validation_freq=0), "validation_freq to be a whole number >= 1"),
        (dict(history=ONE, axes="here"), "expected axes of matplotlib, one Axes, received str"),
    ],
)
def test_what_no_run_is(arguments: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=f"^history: .*{told}"):
        plotting.history(**arguments)


def test_a_run_that_broke_down_has_a_gap() -> None:
    (line,) = plotting.history({"loss": [2.0, np.nan, 1.0]}).lines
    np.testing.assert_array_equal(line.get_ydata(), [2.0, np.nan, 1.0])


def test_axes_that_are_given_are_drawn_into() -> None:
    panels = Figure().subplots(1, 3)
    assert plotting.history({"a": ONE, "b": TWO}, axes=panels[0]) is panels[0]
    assert plotting.confusion_matrix(np.eye(3), axes=panels[1]) is panels[1]
    assert plotting.comparison(["a"], [[1.0]], axes=panels[2]) is panels[2]
    assert all(panel.has_data() for panel in panels)


def test_a_notebook_shows_axes_and_pyplot_knows_nothing(tmp_path: Any) -> None:
    axes: Any = plotting.history(ONE)
    for shown in (axes, axes.figure):
        picture, size = shown._repr_png_()
        path = tmp_path / "shown.png"
        path.write_bytes(picture)
        with Image.open(path) as image:
            assert image.size == (2 * size["width"], 2 * size["height"]) == (1080, 720)
    code = (
        "import sys, tinynet\n"
        "tinynet.plotting.history\n"
        "assert 'matplotlib' not in sys.modules\n"
        "tinynet.plotting.history({'loss': [1.0]})._repr_png_()\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_matplotlib_is_one_line(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    with pytest.raises(MissingDependencyError) as caught:
        plotting.history(ONE)
    assert str(caught.value) == (
        "plotting.history needs the package 'matplotlib', which is not installed: pip install 'tinynet[plot]'"
    )


@given(st.data())
def test_cells_are_counts_or_shares(draw: Any) -> None:
    size = draw.draw(st.integers(1, 6))
    counts = draw.draw(arrays(np.int64, (size, size), elements=st.integers(0, 300)))
    pairs = [(i, j) for (i, j), n in np.ndenumerate(counts) for _ in range(n)]
    normalize = draw.draw(st.sampled_from([None, "true", "predicted", "all"]))
    axes = plotting.confusion_matrix(counts, normalize=normalize)
    texts = np.array([text.get_text() for text in axes.texts]).reshape(counts.shape)
    assert [text.get_position() for text in axes.texts] == [place[::-1] for place in np.ndindex(counts.shape)]
    if normalize is None:
        np.testing.assert_array_equal(texts.astype(int), counts)
    elif pairs:
        of = {"predicted": "pred"}.get(normalize, normalize)
        expected = of_scikit(*np.array(pairs).T, labels=range(size), normalize=of)
        axis = {"true": 1, "predicted": 0, "all": None}[normalize]
        undefined = np.broadcast_to(counts.sum(axis=axis, keepdims=True) == 0, counts.shape)
        assert (texts[undefined] == "–").all()
        np.testing.assert_allclose(texts[~undefined].astype(float), expected[~undefined], atol=0.00501)


@pytest.mark.parametrize("side", [None, 2.0])
@pytest.mark.parametrize("normalize", [None, "all"])
def test_cells_are_legible(side: float | None, normalize: str | None) -> None:
    counts = np.random.default_rng(0).integers(0, 1200, (10, 10))
    given = None if side is None else Figure((side, side)).subplots()
    axes: Any = plotting.confusion_matrix(counts, [f"class {k}" for k in range(10)], normalize, axes=given)
    axes.figure.canvas.draw()
    image = axes.images[0]
    cell = axes.transData.transform([(0, 0), (1, 1)])
    width, height = abs(cell[1] - cell[0])
    for text, share in zip(axes.texts, image.get_array().ravel(), strict=True):
        light, dark = sorted((luminance(image.to_rgba(share)[:3]), luminance(to_rgb(text.get_color()))))
        assert (dark + 0.05) / (light + 0.05) > 4.5  # what the Web's guidelines ask for
        box = text.get_window_extent()
        assert box.width <= width and box.height <= height
    assert [tick.get_text() for tick in axes.get_yticklabels()][3] == "class 3"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([[1, 2]],), r"shape \(K, K\), received \(1, 2\)"),
        (([[1, -2], [0, 1]],), "numbers from 0 on, received -2"),
        (([[1, np.nan], [0, 1]],), "numbers from 0 on, received nan"),
        (([["a", "b"], ["c", "d"]],), r"shape \(K, K\), received \(0,\)|received \[\["),
        ((np.eye(2), ["a"]), "expected 2 class_names, one for each row, received 1"),
        ((np.eye(2), None, "rows"), "unknown normalize 'rows'"),
    ],
)
def test_what_no_confusion_matrix_is(arguments: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=f"^confusion_matrix: .*{told}"):
        plotting.confusion_matrix(*arguments)


def test_a_row_for_each_variant() -> None:
    scores = [np.array([0.5, 0.7, 0.6]), [0.9], [0.2, 0.4]]
    axes = plotting.comparison(["a", "b", "c"], scores, [(0.45, 0.72), None, (0.1, 0.5)], reference=0.3, label="F1")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c"]
    top, bottom = axes.get_ylim()[::-1]
    assert top < 0 and bottom > 2  # the first row on top
    found = lines(axes)
    seeds = [*found["one seed"], *found["_seed"]]
    assert [line.get_xdata().tolist() for line in seeds] == [list(row) for row in scores]
    assert [round(line.get_ydata()[0]) for line in seeds] == [0, 1, 2]
    np.testing.assert_allclose(data(found["mean"][0]), [[0.6, 0.9, 0.3], [0, 1, 2]])
    (bars,) = axes.collections
    np.testing.assert_allclose(bars.get_segments(), [[(0.45, 0), (0.72, 0)], [(0.1, 2), (0.5, 2)]])
    assert list(found["reference"][0].get_xdata()) == [0.3, 0.3]
    assert [text.get_text() for text in axes.texts] == ["0.600", "0.900", "0.300"] and axes.get_xlabel() == "F1"
    assert legend(axes) == ["one seed", "mean", "interval", "reference"]
    assert len({line.get_marker() for line in (seeds[0], found["mean"][0])}) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((["a"], [[1.0], [2.0]]), "scores for each of 1 names, received 2"),
        (([], []), "scores for each of 0 names"),
        ((["a"], [[]]), r"one finite number a seed as scores\[0\]"),
        ((["a", "b"], [[1.0], [np.nan]]), r"one finite number a seed as scores\[1\]"),
        ((["a"], [[1.0]], [(0.0, 1.0), (0.0, 1.0)]), "an interval for each of 1 names, received 2"),
        ((["a"], [[1.0]], [(2.0, 1.0)]), r"\(low, high\) as interval\[0\]"),
        ((["a"], [[1.0]], [0.5]), r"\(low, high\) as interval\[0\]"),
        ((["a"], [[1.0]], None, np.inf), "reference to be a finite number"),
    ],
)
def test_what_no_comparison_is(arguments: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=f"^comparison: .*{told}"):
        plotting.comparison(*arguments)
