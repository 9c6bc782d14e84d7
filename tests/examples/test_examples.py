"""Every example runs as a user runs it; those for real data on small made-up data of the same form."""

from __future__ import annotations

import csv
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_data import data  # noqa: F401 (a fixture)

import tinynet

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BLOCKED = 'raise ImportError("blocked by the test")\n'


def run(
    script: str, *options: object, blocked: tuple[str, ...] = (), folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs an example in a process of its own, in which the `blocked` modules cannot be imported."""
    path = [str(ROOT)]
    if blocked:
        assert folder is not None
        for module in blocked:
            (folder / f"{module}.py").write_text(BLOCKED)
        path.insert(0, str(folder))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONIOENCODING": "utf-8"}
    environment.pop("TINYNET_DATA", None)
    command = [sys.executable, str(EXAMPLES / script), *map(str, options)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


def passed(result: subprocess.CompletedProcess[str]) -> str:
    """What a run printed, once it is known to have succeeded."""
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout


def numbers(pattern: str, text: str) -> list[float]:
    """The numbers that the group of a pattern finds; there must be some."""
    found = [float(value) for value in re.findall(pattern, text)]
    assert found, f"{pattern!r} is not in:\n{text}"
    return found


def rows_of(file: Path) -> list[dict[str, str]]:
    with open(file, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def assert_pictures(*files: Path) -> None:
    for file in files:
        assert file.read_bytes().startswith(b"\x89PNG"), file


def test_quickstart_needs_no_tensorflow(tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = passed(run("quickstart.py", "--out", out, blocked=("tensorflow", "keras"), folder=tmp_path))
    (difference,) = numbers(r"largest difference from Keras's predictions: (\S+)", printed)
    assert difference < 1e-5
    assert "agreement of predicted classes: 100.00% of 360" in printed
    accuracies = numbers(r"test: accuracy (\S+), macro-F1", printed)
    scores = numbers(r"test: accuracy \S+, macro-F1 (\S+)", printed)
    assert len(accuracies) == len(scores) == 3  # Keras's file, the CNN, the LSTM
    assert min(accuracies) > 0.9 and min(scores) > 0.9
    assert printed.count("loaded again, its predictions are equal") == 2
    for name in ("digits_cnn", "digits_lstm"):
        assert_pictures(out / f"{name}_curves.png", out / f"{name}_confusion.png")
        assert tinynet.models.load_model(out / f"{name}.keras").built


def test_make_quickstart_model(tmp_path: Path) -> None:
    passed(run("make_quickstart_model.py", "--epochs", 1, "--out", tmp_path))
    model = tinynet.models.load_model(tmp_path / "digits_cnn.keras")
    (_, _), (x_test, y_test) = tinynet.datasets.digits.load_data()
    with np.load(tmp_path / "digits_cnn_predictions.npz") as stored:
        assert np.array_equal(stored["labels"], y_test)
        assert np.abs(model.predict(x_test) - stored["predictions"]).max() < 1e-5


def test_train_cifar10(tmp_path: Path, data: Path) -> None:
    printed = passed(
        run(
            "train_cifar10.py",
            "--data",
            data,
            "--out",
            tmp_path,
            "--epochs",
            2,
            "--batch-size",
            10,
            "--filters",
            4,
            4,
            "--pooling",
            "average",
            "--head",
            "gap",
        )  # fmt: skip
    )
    assert re.search(r"note: CIFAR-10: .*test_batch holds 20 of the 10,000 official test images", printed)
    assert "CIFAR-10: 100 training images, 20 test images" in printed
    assert "average_pooling2d" in printed and "global_average_pooling2d" in printed
    assert "Epoch 2/2: 10 steps" in printed
    assert re.search(r"test, 20 images: accuracy \S+, macro-F1 \S+", printed)
    assert re.search(r"airplane +\S+ +\S+ +\S+ +2\n", printed), "the table of classes"
    assert re.search(r"true / predicted +airplane automobile", printed), "the confusion matrix"
    assert numbers(r"loaded again, its predictions differ by (\S+)", printed) == [0.0]
    assert_pictures(tmp_path / "curves.png", tmp_path / "confusion.png")


def test_train_cifar10_on_a_part(tmp_path: Path, data: Path) -> None:
    options = ("--data", data, "--out", tmp_path, "--epochs", 1, "--filters", 2)
    printed = passed(run("train_cifar10.py", *options, "--train-images", 30, "--test-images", 10))
    assert "CIFAR-10: 30 training images, 10 test images" in printed
    refused = run("train_cifar10.py", *options, "--train-images", 101)
    assert refused.returncode == 1
    assert refused.stderr == "train_cifar10.py: error: --train-images: 101 were asked for, there are 100\n"


def test_train_cifar10_fast(tmp_path: Path, data: Path) -> None:
    options = ("--data", data, "--out", tmp_path, "--epochs", 2, "--batch-size", 10, "--widths", 4, 5)
    printed = passed(run("train_cifar10_fast.py", *options))
    assert "CIFAR-10: 100 training images, 20 test images" in printed
    assert len(re.findall(r" max_pooling2d\S* \(", printed)) == 2
    rates = numbers(r"epoch +\d/2 +\S+ s  learning rate (\S+)  loss", printed)
    assert 0 < rates[0] < 0.2 and rates[1] == 0  # the end of the cycle
    assert re.search(r"test, 20 images: accuracy \S+, macro-F1 \S+", printed)
    assert re.search(r"true / predicted +airplane automobile", printed), "the confusion matrix"
    assert numbers(r"loaded again, its predictions differ by (\S+)", printed) == [0.0]
    assert_pictures(tmp_path / "curves.png", tmp_path / "confusion.png")


def test_augmented_batches_hold_the_images_mirrored_and_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    augmented_batches = importlib.import_module("_training").augmented_batches
    images = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 3), np.uint8)
    batches = augmented_batches(images, np.arange(7), 3, shift=2)
    seen = []
    for _ in range(40):
        x, y = next(batches)
        assert x.shape == (3, 6, 5, 3) and x.dtype == np.uint8
        seen.append(y)
        for image, label in zip(x, y, strict=True):
            padded = np.pad(images[label], ((2, 2), (2, 2), (0, 0)), "reflect")
            moved = [padded[i : i + 6, j : j + 5] for i in range(5) for j in range(5)]
            assert any(np.array_equal(image, m) or np.array_equal(image, m[:, ::-1]) for m in moved)
    for one, two in zip(seen[::2], seen[1::2], strict=True):
        assert len({*one, *two}) == 6  # a pass has no image twice
    again = augmented_batches(images, np.arange(7), 3, shift=2)
    assert np.array_equal(np.concatenate(seen), np.concatenate([next(again)[1] for _ in range(40)]))


def test_train_nusax(tmp_path: Path, data: Path) -> None:
    printed = passed(
        run(
            "train_nusax.py",
            "--data",
            data,
            "--out",
            tmp_path,
            "--layer",
            "gru",
            "--bidirectional",
            "--layers",
            2,
            "--units",
            8,
            "--length",
            12,
            "--epochs",
            12,
            "--learning-rate",
            0.02,
            "--dropout",
            0,
            "--batch-size",
            10,
            "--seeds",
            2,
            "--seed",
            3,
        )  # fmt: skip
    )
    assert "bidirectional GRU, seed 3" in printed and "bidirectional GRU, seed 4" in printed
    assert "val_macro_f1" in printed
    assert re.search(r"2 seeds: test accuracy \S+ ± \S+, macro-F1 \S+ ± \S+ \(lowest", printed)
    assert re.search(r"negative +\S+ +\S+ +\S+ +5\n", printed), "the table of classes"
    assert numbers(r"loaded again, its predictions differ by (\S+)", printed) == [0.0]
    assert_pictures(tmp_path / "curves.png", tmp_path / "confusion.png")
    rows = rows_of(tmp_path / "scores.csv")
    assert [row["seed"] for row in rows] == ["3", "4"]
    assert min(float(row["macro_f1"]) for row in rows) > 0.9  # three words decide
    model = tinynet.models.load_model(tmp_path / "model.keras")
    assert model.predict(np.array([["enak, saya suka"], ["kecewa!"]])).argmax(axis=1).tolist() == [2, 0]


def test_plot_gallery(tmp_path: Path, data: Path) -> None:
    options = ("--train-images", 80, "--test-images", 20, "--epochs", 1, "--seeds", 1)
    passed(run("plot_gallery.py", "--data", data, "--out", tmp_path, *options))
    shown = re.findall(r"pictures/(plot_\w+\.png)", (ROOT / "docs" / "plotting.md").read_text(encoding="utf-8"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(shown)
    assert_pictures(*tmp_path.iterdir())


def test_without_a_mask_the_lstm_collapses(tmp_path: Path, data: Path) -> None:
    options = (
        "--data",
        data,
        "--out",
        tmp_path,
        "--layer",
        "lstm",
        "--units",
        8,
        "--epochs",
        6,
        "--batch-size",
        10,
    )
    better = ("--learning-rate", 0.02, "--patience", 0)
    passed(run("train_nusax.py", *options, *better))
    with_mask = rows_of(tmp_path / "scores.csv")
    printed = passed(run("train_nusax.py", *options, *better, "--no-mask"))
    without = rows_of(tmp_path / "scores.csv")
    assert "LSTM, no mask" in printed
    assert int(with_mask[0]["classes_predicted"]) == 3
    assert int(without[0]["classes_predicted"]) == 1
    assert with_mask[0]["epochs"] == without[0]["epochs"] == "6"


def test_compare_with_keras(tmp_path: Path, data: Path) -> None:
    printed = passed(
        run(
            "compare_with_keras.py",
            "--data",
            data,
            "--out",
            tmp_path,
            "--models",
            "cnn",
            "bi_lstm",
            "--epochs",
            1,
            "--train-images",
            50,
            "--text-epochs",
            1,
            "--units",
            4,
        )  # fmt: skip
    )
    loaded = rows_of(tmp_path / "loaded.csv")
    assert [row["model"] for row in loaded] == ["cnn", "bi_lstm"]
    for row in loaded:
        assert row["same class"] == "100.00%"
        assert row["accuracy Keras"] == row["accuracy tinynet"]
        assert row["macro-F1 Keras"] == row["macro-F1 tinynet"]
        assert float(row["largest difference"]) < 1e-5
        assert (tmp_path / f"{row['model']}.keras").is_file()
    assert (tmp_path / "loaded.md").read_text(encoding="utf-8") in printed


def test_batch_size_table(tmp_path: Path, data: Path) -> None:
    printed = passed(run("batch_size_table.py", "--data", data, "--out", tmp_path, "--repeats", 1))
    rows = rows_of(tmp_path / "batch_sizes.csv")
    sizes = {model: [row["batch size"] for row in rows if row["model"] == model] for model in ("CNN", "LSTM")}
    assert sizes == {"CNN": ["1", "8", "16", "20 (all)"], "LSTM": ["1", "8", "15 (all)"]}
    for row in rows:
        assert float(row["all samples, ms"]) > 0
        assert float(row["largest difference"]) < 1e-6
    assert (tmp_path / "batch_sizes.md").read_text(encoding="utf-8") in printed


SCRIPTS = sorted(path.name for path in EXAMPLES.glob("[a-z]*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_says_what_it_shows_and_how_to_run_it(script: str) -> None:
    printed = passed(run(script, "--help"))
    assert f"python examples/{script}" in printed
    assert "--out" in printed


@pytest.mark.parametrize(
    ("script", "options", "message"),
    [
        ("quickstart.py", ["--epochs", "0"], "argument --epochs: expected a whole number >= 1, received '0'"),
        ("quickstart.py", ["--seed", "-1"], "argument --seed: expected a whole number >= 0, received '-1'"),
        ("make_quickstart_model.py", ["--epochs", "few"], "expected a whole number >= 1, received 'few'"),
        ("train_cifar10.py", ["--pooling", "min"], "argument --pooling: invalid choice: 'min'"),
        ("train_cifar10.py", ["--filters", "32", "x"], "argument --filters: expected a whole number >= 1"),
        ("train_cifar10_fast.py", ["--learning-rate", "-1"], "expected a number in [0, 10), received '-1'"),
        ("train_nusax.py", ["--layer", "lstmm"], "argument --layer: invalid choice: 'lstmm'"),
        (
            "train_nusax.py",
            ["--dropout", "1"],
            "argument --dropout: expected a number in [0, 1), received '1'",
        ),
        ("train_nusax.py", ["--learning-rate", "nan"], "argument --learning-rate: expected a number in"),
        ("train_nusax.py", ["--bidirektional"], "unrecognized arguments: --bidirektional"),
        ("compare_with_keras.py", ["--models", "mlp"], "argument --models: invalid choice: 'mlp'"),
        ("batch_size_table.py", ["--repeats", "1.5"], "argument --repeats: expected a whole number >= 1"),
    ],
)
def test_wrong_options_are_told_in_one_line(script: str, options: list[str], message: str) -> None:
    result = run(script, *options)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and result.stderr.startswith(f"{script}: error: "), result.stderr
    assert message in result.stderr


def test_missing_data_is_told_in_one_line(tmp_path: Path) -> None:
    for script in ("train_cifar10.py", "train_nusax.py", "batch_size_table.py"):
        result = run(script, "--data", tmp_path, "--out", tmp_path / "out")
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1, result.stderr
        assert re.match(rf"{script}: error: .* was not found\. Looked in: ", result.stderr)


def test_a_window_larger_than_the_image_is_told_in_one_line(tmp_path: Path, data: Path) -> None:
    result = run("train_cifar10.py", "--data", data, "--out", tmp_path, "--kernel", 33)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and "Conv2D" in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("script", "module", "extra"),
    [
        ("quickstart.py", "sklearn", "examples"),
        ("train_nusax.py", "matplotlib", "examples"),
        ("compare_with_keras.py", "tensorflow", "test"),
        ("make_quickstart_model.py", "tensorflow", "test"),
        ("why_the_simple_rnn_disagreed.py", "tensorflow", "test"),
    ],
)
def test_a_missing_package_is_told_with_its_extra(
    script: str, module: str, extra: str, tmp_path: Path
) -> None:
    result = run(script, "--out", tmp_path / "out", blocked=(module,), folder=tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1, result.stderr
    assert re.search(rf"needs the package '{module}'.*pip install 'tinynet\[{extra}\]'", result.stderr)
    assert not (tmp_path / "out").exists()
