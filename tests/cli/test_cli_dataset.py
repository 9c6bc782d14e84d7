"""DATA of a command line: what is read from files, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinynet.cli.arguments import UsageError
from tinynet.cli.dataset import aligned, limited, with_validation
from tinynet.cli.dataset_files import read_dataset
from tinynet.errors import DataError

X = np.arange(24.0).reshape(6, 4)
Y = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


def read(**arrays: Any) -> Any:
    np.savez("d.npz", **arrays)
    return read_dataset("d.npz")


@pytest.mark.parametrize(
    "y", [Y, Y[:, None], Y.astype("float32"), Y.astype("uint8"), np.eye(3)[Y], np.eye(3, dtype=bool)[Y]]
)
def test_labels_of_every_form(y: np.ndarray) -> None:
    data = read(x=X, y=y)
    assert data.train.y.dtype == np.int64 and data.train.y.tolist() == Y.tolist()
    assert data.names is None and data.classes == 3 and not data.is_text and data.shape == (4,)


def test_names_of_classes() -> None:
    names = np.array(["b", "c", "a"])
    assert read(x=X, y=names[Y]).names == ("a", "b", "c")
    assert read(x=X, y=names[Y]).train.y.tolist() == [1, 2, 0, 1, 2, 0]
    assert read(x=X, y=np.array(["10", "9", "1"])[Y]).names == ("1", "9", "10")
    assert read(x=X, y=Y, class_names=names).names == ("b", "c", "a")
    data = read(x=X, y=names[Y], classes=names)
    assert data.names == ("b", "c", "a") and data.train.y.tolist() == Y.tolist()
    both = read(x_train=X, y_train=names[Y], x_test=X[:1], y_test=np.array(["d"]))
    assert both.names == ("a", "b", "c", "d") and both.test.y.tolist() == [3]


def test_parts() -> None:
    data = read(x_train=X, y_train=Y, x_valid=X[:2], y_valid=Y[:2], x_test=X[:1], y_test=Y[:1])
    assert [len(part) for part in data.parts] == [6, 2, 1]
    assert read(x_test=X, y_test=Y).train is None
    texts = read(x=np.array([["good"], ["bad"]]), y=[0, 1])
    assert texts.is_text and texts.train.x.tolist() == ["good", "bad"]


@pytest.mark.parametrize(
    ("arrays", "cause"),
    [
        ({"a": X}, "expected arrays x and y, or x_train, y_train, x_test, y_test; it holds a"),
        ({"x": X}, "holds 'x' without 'y'"),
        ({"y_train": Y}, "holds 'y_train' without 'x_train'"),
        ({"x": X, "y": Y, "x_train": X, "y_train": Y}, "holds both x, y and x_train, y_train"),
        ({"x": X[:5], "y": Y}, "train: 5 samples, but 6 labels"),
        ({"x": X, "y": Y - 1}, "expected labels of classes: whole numbers from 0, texts, or one-hot rows; received -1"),
        ({"x": X, "y": Y + 0.5}, "the labels of train: expected labels of classes"),
        ({"x": X, "y": np.full(6, np.nan)}, "received nan"),
        ({"x": X, "y": np.random.default_rng(0).random((6, 3))}, "or one-hot rows; received rows ["),
        ({"x": X, "y": np.ones((6, 3))}, "or one-hot rows; received rows [1.0, 1.0, 1.0]"),
        ({"x": X, "y": np.ones((6, 3, 2))}, "received an array of shape (6, 3, 2)"),
        ({"x": X, "y": Y.astype("M8[D]")}, "of datetime64[D]"),
        ({"x": X * np.nan, "y": Y}, "the samples hold NaN or infinity"),
        ({"x": X.astype(complex), "y": Y}, "expected samples of numbers or texts"),
        ({"x": np.ones(()), "y": Y}, "expected samples along the first axis"),
        ({"x": X[:0], "y": Y[:0]}, "expected"),
        ({"x": np.full((6, 2), "a"), "y": Y}, "expected a text for each sample"),
        ({"x": X, "y": Y, "class_names": ["a", "b"]}, "labels go beyond the 2 classes that are named"),
        ({"x": X, "y": Y, "class_names": ["a", "b", "b"]}, "expected the names of classes to be different texts"),
        ({"x": X, "y": np.array(list("abcabc")), "class_names": ["a", "b"]}, "the label 'c' (sample 3) is none of"),
        ({"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y}, "samples of different shapes"),
        ({"x": np.array([{}]), "y": [0]}, "holds no arrays"),
    ],
)
def test_what_is_no_data(arrays: dict[str, Any], cause: str) -> None:
    with pytest.raises(DataError) as raised:
        read(**arrays)
    assert cause in str(raised.value) and str(raised.value).startswith("d.npz")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "its first line is: nothing"),
        (b"text;label\na;b\n", "expected a header with the columns text and label; its first line is: text;label"),
        (b"text,label\n", "holds no texts below its header"),
        (b"text,label\ngood\n", "row 2 has 1 columns, the header 2"),
        (b"text,label\ngood,1\n ,1\n", "row 3 has no text"),
        (b"text,label\ngood,\n", "row 2 has no label"),
        (b"text,label\n\xff,1\n", "is not UTF-8"),
        (b'text,label\n"good,1\n', "is no CSV file"),
    ],
)
def test_what_is_no_csv(content: bytes, cause: str) -> None:
    Path("d.csv").write_bytes(content)
    with pytest.raises(DataError, match="^d.csv") as raised:
        read_dataset("d.csv")
    assert cause in str(raised.value)


def test_csv() -> None:
    Path("d.csv").write_text('\ufeffid,Label, text\n1,pos,"good,\nvery"\n\n2,neg,bad\n', encoding="utf-8")
    data = read_dataset("d.csv")
    assert data.names == ("neg", "pos") and data.train is not None
    assert data.train.x.tolist() == ["good,\nvery", "bad"] and data.train.y.tolist() == [1, 0]


def test_what_is_put_aside() -> None:
    x = np.arange(100.0)[:, None]
    data = read(x=x, y=(np.arange(100) >= 50) * 1)  # in the order of the classes
    split = with_validation(data, 0.2, seed=3)
    assert (len(split.train), len(split.validation)) == (80, 20)
    assert sorted(np.concatenate([split.train.x, split.validation.x]).ravel()) == list(range(100))
    assert 4 < split.validation.y.sum() < 16
    assert with_validation(data, 0.2, seed=3).validation.x.tolist() == split.validation.x.tolist()
    assert with_validation(data, 0.2, seed=4).validation.x.tolist() != split.validation.x.tolist()
    assert with_validation(split, 0.5, seed=0) is split and with_validation(data, 0, seed=0) is data
    few = limited(data, 10, seed=0)
    assert len(few.train) == 10 and 0 < few.train.y.sum() < 10
    with pytest.raises(DataError, match="of 1 samples none is left"):
        with_validation(read(x=X[:1], y=Y[:1]), 0.5, seed=0)


def test_labels_follow_the_model_s_names() -> None:
    data = read(x=X, y=np.array(["b", "c", "a"])[Y])
    assert aligned(data, ("c", "b", "a", "z"), "m").train.y.tolist() == [1, 0, 2, 1, 0, 2]
    assert aligned(read(x=X, y=Y), ("p", "q", "r"), "m").names == ("p", "q", "r")
    for names in (None, ("0", "1", "2")):  # nothing tells which output is which
        assert aligned(read(x=X, y=Y), names, "m").names is None
        with pytest.raises(UsageError, match="m: names no classes, .* which of its outputs is 'a'; .* --classes a,b,c"):
            aligned(data, names, "m")
        given = read(x=X, y=np.array(["b", "c", "a"])[Y], class_names=["b", "c", "a"])
        assert aligned(given, names, "m") is given
        numbers = read(x=X, y=Y.astype(str))
        assert aligned(numbers, names, "m").train.y.tolist() == Y.tolist()
    with pytest.raises(UsageError, match="--classes 0,2"):
        aligned(read(x=X[Y != 1], y=Y[Y != 1].astype(str)), None, "m")
    with pytest.raises(DataError, match="has 3 classes, but m tells 2 apart"):
        aligned(read(x=X, y=Y), ("p", "q"), "m")


def test_names_of_data_sets(tmp_path: Path) -> None:
    for text, cause in (
        ("nusa", "Did you mean 'nusax'"), ("digits-large", "is no data set"), (".", "expected data in a file"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=cause):
            read_dataset(text)
    with pytest.raises(UsageError, match="digits come with scikit-learn"):
        read_dataset("digits", str(tmp_path))
    digits = read_dataset("digits")
    assert digits.shape == (8, 8, 1) and digits.classes == 10 and digits.validation is None
