"""Windows over sequences, data sets split in two, and a progress bar."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet
from tinynet import utils
from tinynet.errors import ArgumentError, DataError


@settings(max_examples=10)
@given(
    st.integers(8, 20), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.sampled_from([None, 3]),
    st.sampled_from([None, 2]), st.sampled_from([None, 7]), st.booleans(),
)  # fmt: skip
def test_windows_are_those_of_keras(steps, length, stride, rate, batch, start, end, with_targets):
    data = np.arange(steps * 2, dtype="float32").reshape(steps, 2)
    targets = np.arange(steps) * 10 if with_targets else None
    given = {
        "sequence_length": length, "sequence_stride": stride, "sampling_rate": rate, "batch_size": batch,
        "start_index": start, "end_index": end,
    }  # fmt: skip
    ours = list(utils.timeseries_dataset_from_array(data, targets, **given))
    theirs = list(keras.utils.timeseries_dataset_from_array(data, targets, **given).as_numpy_iterator())
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(*((part,) if targets is None else part for part in (mine, other)), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_model_trains_on_windows():
    series = np.sin(np.arange(60, dtype="float32"))
    data = utils.timeseries_dataset_from_array(series, series[5:], 5, batch_size=8, shuffle=True, seed=1)
    model = tinynet.Sequential([tinynet.layers.Dense(1)])
    model.compile("adam", "mse")
    losses = model.fit(data, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    again = utils.timeseries_dataset_from_array(series, series[5:], 5, batch_size=8, shuffle=True, seed=1)
    first = utils.timeseries_dataset_from_array(series, series[5:], 5, batch_size=8, shuffle=True, seed=1)
    np.testing.assert_array_equal(next(iter(again))[0], next(iter(first))[0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sequence_length": 0}, "sequence_length to be a whole number"),
        ({"sequence_length": 2, "sampling_rate": 10}, "sampling_rate must be below the 10 steps"),
        ({"sequence_length": 2, "sequence_stride": 11}, "sequence_stride must be below"),
        ({"sequence_length": 2, "start_index": 10}, "start_index must be below"),
        ({"sequence_length": 2, "start_index": 5, "end_index": 5}, "end_index must be above start_index"),
        ({"sequence_length": 2, "format": "torch"}, "format must be 'tf' or 'grain'"),
    ],
)
def test_windows_that_do_not_fit(given, words):
    with pytest.raises(ArgumentError, match=words):
        utils.timeseries_dataset_from_array(np.arange(10), None, **given)


@pytest.mark.parametrize(
    ("left", "right"), [(0.6, None), (None, 0.2), (3, None), (None, 4), (0.5, 0.3), (2, 3), (0.3, 5)]
)
def test_sizes_are_those_of_keras(left, right):
    x, y = np.arange(10.0), np.arange(10) * 2
    ours = utils.split_dataset((x, y), left, right)
    theirs = keras.utils.split_dataset((x, y), left, right)
    for mine, other in zip(ours, theirs, strict=True):
        samples = list(other.as_numpy_iterator())
        assert len(mine) == len(samples)
        np.testing.assert_array_equal(list(mine), samples)


def test_split_structures_and_data_sets():
    data = {"a": np.arange(6), "b": np.ones((6, 2))}
    left, right = utils.split_dataset(data, left_size=4, shuffle=True, seed=0)
    found = sorted([sample["a"].item() for sample in [*left, *right]])
    assert found == list(range(6)) and left[0]["b"].shape == (2,)

    class Samples:
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return np.full(3, index), index

    left, right = utils.split_dataset(Samples(), right_size=0.5)
    assert [y.item() for _, y in right] == [2, 3]
    (batch,) = left.batch(2)
    assert batch[0].shape == (2, 3)
    left, _ = utils.split_dataset(iter([(1.0, 2), (3.0, 4)]), left_size=1)
    assert list(left) == [(1.0, 2)]


@pytest.mark.parametrize(
    ("data", "given", "error", "words"),
    [
        (np.arange(4), {}, ArgumentError, "give left_size, right_size or both"),
        (np.arange(4), {"left_size": 5}, ArgumentError, "left_size must lie between 0 and 4"),
        (np.arange(4), {"right_size": 1.5}, ArgumentError, "right_size must lie between 0 and 1"),
        (np.arange(4), {"left_size": "half"}, ArgumentError, "left_size must be a number or None"),
        (np.arange(4), {"left_size": 3, "right_size": 3}, ArgumentError, "4 samples cannot be split into 3 and 3"),
        (np.arange(4), {"left_size": 2, "preferred_backend": "torch"}, ArgumentError, "preferred_backend='torch'"),
        ((np.arange(4), np.arange(3)), {"left_size": 2}, DataError, "arrays of one length, received"),
        (iter(()), {"left_size": 2}, DataError, "has no samples"),
        (3, {"left_size": 2}, ArgumentError, "expected arrays or a data set, received int"),
    ],
)
def test_splits_that_do_not_fit(data, given, error, words):
    with pytest.raises(error, match=words):
        utils.split_dataset(data, **given)


def test_batches_are_made_once():
    left, _ = utils.split_dataset(np.arange(4), left_size=2)
    with pytest.raises(ArgumentError, match="is in batches of 2 already"):
        left.batch(2).batch(2)
    with pytest.raises(IndexError, match="there is no batch 2"):
        left[2]


def test_progress_is_written(capsys):
    bar = utils.Progbar(4, width=4, interval=0, stateful_metrics=["lr"])
    bar.update(1, [("loss", 2.0), ("lr", 1e-4)])
    assert "1/4 ━··· - " in (line := capsys.readouterr().out) and line.endswith("loss: 2.0000 - lr: 1.0000e-04")
    bar.add(3, [("loss", [4.0]), ("lr", 0.5)])
    assert "loss: 3.5000 - lr: 0.5000" in (line := capsys.readouterr().out) and line.endswith("\n")
    endless = utils.Progbar(None, verbose=1, stateless_metrics=[])
    endless.update(7, [("loss", 2.0)], finalize=True)
    assert "7/? - 0s" in capsys.readouterr().out
    utils.Progbar(1, verbose=0).update(1)
    assert not capsys.readouterr().out
    with pytest.raises(ArgumentError, match="stateful_metrics or stateless_metrics"):
        utils.Progbar(1, stateful_metrics=[], stateless_metrics=[])
    with pytest.raises(ArgumentError, match="unknown verbose 3"):
        utils.Progbar(1, verbose=3)
