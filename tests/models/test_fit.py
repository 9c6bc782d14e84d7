"""What `fit` makes of its arguments: iterables, steps, shuffling, where it starts, what it prints."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow
from twins import KERAS, TINYNET, same_histories, same_weights, twins

import tinynet
from tinynet.errors import ArgumentError, DataError, MissingDependencyError
from tinynet.models import trainer


def layers_of(library: Any) -> list[Any]:
    return [library.layers.Input((4,)), library.layers.Dense(3, activation="softmax")]


def pair() -> tuple[Any, Any]:
    return twins(layers_of, optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def data(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, 4)).astype("float32"), generator.integers(0, 3, count)


def batches(size: int = 4) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    x, y = data()
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


def endless() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        yield from batches()


def steps_seen(library: Any, model: Any, *source: Any, **settings: Any) -> tuple[list[int], Any, int]:
    """How many batches each epoch had, the history, and how often a warning told of the data's end."""
    seen: list[int] = []

    class Recorder(library.callbacks.Callback):  # type: ignore[name-defined, misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            seen.append(0)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert batch == seen[-1]
            seen[-1] += 1

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(*source, verbose=0, callbacks=[Recorder()], **settings)
    ended = sum("ran out of data" in str(w.message) or "the data ended" in str(w.message) for w in caught)
    return seen, history, ended


@pytest.mark.parametrize(("steps", "epochs"), [(2, 3), (3, 4), (5, 2), (7, 2)])
@pytest.mark.parametrize("source", ["arrays", "endless", "dataset"])
def test_steps_per_epoch_as_in_keras(source: str, steps: int, epochs: int) -> None:
    found = []
    ours, theirs = pair()
    for library, model in ((TINYNET, ours), (KERAS, theirs)):
        settings: dict[str, Any] = {"steps_per_epoch": steps, "epochs": epochs}
        if source == "arrays":
            found.append(steps_seen(library, model, *data(), batch_size=4, shuffle=False, **settings))
        elif source == "endless":
            found.append(steps_seen(library, model, endless(), **settings))
        else:
            dataset = tensorflow.data.Dataset.from_tensor_slices(data()).batch(4)
            found.append(steps_seen(library, model, dataset, **settings))
    assert found[0][0] == found[1][0]
    assert found[0][2] == found[1][2]
    assert found[0][1].params["steps"] == found[1][1].params["steps"] == steps
    same_histories(found[0][1].history, found[1][1].history)
    same_weights(ours, theirs)


def test_a_generator_that_has_ended_is_an_error() -> None:
    model, _ = pair()
    with pytest.raises(
        DataError, match="fit: the iterable gave no batches. A generator that has ended cannot start"
    ):
        model.fit(batches(), epochs=2, verbose=0)
    with pytest.raises(DataError, match="fit: the iterable gave no batches"):
        model.fit(iter([]), verbose=0)


def test_an_iterable_gives_what_its_arrays_give() -> None:
    class Batches:
        def __iter__(self) -> Iterator[Any]:
            return batches()

    trained = []
    for source in (Batches(), list(batches()), data()):
        model, _ = pair()
        given = source if isinstance(source, tuple) else (source,)
        settings = {"batch_size": 4, "shuffle": False} if isinstance(source, tuple) else {}
        history = model.fit(*given, epochs=2, verbose=0, validation_data=source, **settings).history
        trained.append((history, model.get_weights()))
    for history, weights in trained[:2]:
        same_histories(history, trained[2][0], 1e-6)
        for one, other in zip(weights, trained[2][1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_in_an_iterable_are_used() -> None:
    weighted = [(x, y, np.arange(len(x), dtype="float32")) for x, y in batches()]
    ours, theirs = pair()
    generator = (batch for batch in weighted)  # the iterable that Keras takes
    same_histories(
        ours.fit(weighted, verbose=0).history, theirs.fit(generator, verbose=0, shuffle=False).history
    )
    same_weights(ours, theirs)
    x, y = data()
    whole = theirs.evaluate(x, y, sample_weight=np.tile(np.arange(4.0), 5), batch_size=4, verbose=0)
    np.testing.assert_allclose(ours.evaluate(weighted, verbose=0), whole, rtol=1e-4)


def test_predictions_for_an_iterable() -> None:
    model, _ = pair()
    x, _ = data()
    np.testing.assert_array_equal(
        model.predict(iter([x[:7], x[7:]])), np.concatenate([model(x[:7]), model(x[7:])])
    )
    assert model.predict(iter([x[:7], x[7:]]), steps=1).shape == (7, 3)


def test_initial_epoch_and_validation_freq_as_in_keras() -> None:
    ours, theirs = pair()
    settings: dict[str, Any] = {
        "initial_epoch": 2, "epochs": 7, "validation_freq": 3, "validation_data": data(8), "verbose": 0,
        "shuffle": False,
    }  # fmt: skip
    first, second = ours.fit(*data(), **settings), theirs.fit(*data(), **settings)
    assert first.epoch == second.epoch == [2, 3, 4, 5, 6]
    same_histories(first.history, second.history)
    assert len(first.history["val_loss"]) == 2
    for model in (ours, theirs):
        assert model.fit(*data(), initial_epoch=3, epochs=3, verbose=0).history == {}


def test_validation_steps_as_in_keras() -> None:
    ours, theirs = pair()
    settings: dict[str, Any] = {
        "epochs": 2, "validation_data": data(13), "validation_steps": 2, "validation_batch_size": 4, "verbose": 0,
        "shuffle": False,
    }  # fmt: skip
    same_histories(ours.fit(*data(), **settings).history, theirs.fit(*data(), **settings).history)


def order_of_samples(seed: int | None, epochs: int = 3) -> list[list[float]]:
    """The first feature of every sample, in the order in which the model sees them in each epoch."""
    seen: list[list[float]] = [[]]

    class Spy(tinynet.Layer):
        def call(self, inputs: Any) -> Any:
            seen[-1].extend(inputs.numpy()[:, 0].tolist())
            return inputs

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    class Epochs(tinynet.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            seen.append([])

    if seed is not None:
        tinynet.utils.set_random_seed(seed)
    model = tinynet.Sequential([tinynet.layers.Input((1,)), Spy(), tinynet.layers.Dense(1)])
    model.compile(tinynet.optimizers.SGD(1e-5), "mse")
    x = np.arange(50, dtype="float32")
    model.fit(x, x, batch_size=8, epochs=epochs, verbose=0, callbacks=[Epochs()])
    return seen[1:]


def test_shuffling_repeats_after_a_seed() -> None:
    """As in Keras, epoch by epoch, too; that the order is Keras's is seen where whole runs are compared."""
    orders = order_of_samples(seed=3)
    assert sorted(orders[0]) == list(range(50)) != orders[0]
    assert orders == [orders[0]] * 3 == order_of_samples(seed=3)
    assert order_of_samples(seed=4) != orders


def test_shuffling_without_a_seed_differs_between_epochs() -> None:
    without_a_seed = {**tinynet.seeds.get_state(), "seed": None}
    with tinynet.seeds.apart(without_a_seed):
        orders = order_of_samples(seed=None)
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_unknown_ways_to_shuffle() -> None:
    model, _ = pair()
    with pytest.raises(ArgumentError, match="fit: unknown shuffle 'batches'. Did you mean 'batch'"):
        model.fit(*data(8), shuffle="batches", verbose=0)


def test_x_and_y_are_shuffled_together_and_stay_as_they_were() -> None:
    x, y = data(40)
    kept = x.copy(), y.copy()
    model, _ = pair()
    model.fit(x, y, sample_weight=np.ones(40), epochs=3, verbose=0)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    # A linear map is learned exactly only if each sample keeps its target.
    tinynet.utils.set_random_seed(0)
    model = tinynet.Sequential([tinynet.layers.Input((4,)), tinynet.layers.Dense(1)])
    model.compile(tinynet.optimizers.SGD(0.1), "mse")
    assert model.fit(x, x @ np.array([[1.0], [2], [3], [4]]), epochs=60, verbose=0).history["loss"][-1] < 1e-3


def printed(capsys: Any, verbose: Any, **settings: Any) -> str:
    model, _ = pair()
    capsys.readouterr()
    model.fit(*data(), epochs=2, validation_data=data(6), verbose=verbose, **settings)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_a_line_an_epoch_where_the_output_is_no_terminal(capsys: Any, verbose: Any) -> None:
    lines = printed(capsys, verbose).splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert line.startswith(f"Epoch {number}/2: 1 steps - ")
        names = [part.split(": ")[0] for part in line.split(" - ")[3:]]
        assert names == ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_zero_is_silent(capsys: Any) -> None:
    assert printed(capsys, 0) == ""
    model, _ = pair()
    model.evaluate(*data(), verbose=0)
    model.predict(data()[0], verbose=0)
    model.predict(data()[0])
    assert capsys.readouterr().out == ""


def test_evaluate_and_predict_print_a_line(capsys: Any) -> None:
    model, _ = pair()
    model.evaluate(*data(), verbose=2, batch_size=6)
    model.predict(data()[0], verbose=2, batch_size=6)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("evaluate: 4 steps - ") and " - accuracy: " in first
    assert second.startswith("predict: 4 steps - ")


SCRIPT = """
import sys
import numpy as np
{before}
import tinynet
model = tinynet.Sequential([tinynet.layers.Input((2,)), tinynet.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((40, 2))
model.fit(x, x[:, 0], batch_size=4, epochs=2, verbose={verbose})
"""
WITHOUT_TQDM = "sys.modules['tqdm'] = None; sys.modules['tqdm.auto'] = None"


def in_a_terminal(script: str) -> str:
    """What a script writes to a pseudo-terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how a terminal says that nobody writes to it any more
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    process.wait()
    return b"".join(parts).decode()


@pytest.mark.parametrize("verbose", ["'auto'", "1"])
def test_a_bar_in_a_terminal(verbose: str) -> None:
    text = in_a_terminal(SCRIPT.format(before="", verbose=verbose))
    assert "Epoch 1/2: 100%" in text and "Epoch 2/2: 100%" in text
    assert "10/10" in text and "loss: " in text
    assert "\r" in text.replace("\r\n", "\n")
    assert "Traceback" not in text


def test_lines_in_a_terminal_without_tqdm() -> None:
    text = in_a_terminal(SCRIPT.format(before=WITHOUT_TQDM, verbose="'auto'"))
    assert [line.split(":")[0] for line in text.splitlines()] == ["Epoch 1/2", "Epoch 2/2"]
    assert "Epoch 1/2: 10 steps" in text


def test_a_bar_asked_for_without_tqdm_is_an_error() -> None:
    text = in_a_terminal(SCRIPT.format(before=WITHOUT_TQDM, verbose="1"))
    assert MissingDependencyError.__name__ in text
    assert "a progress bar (verbose=1) needs the package 'tqdm'" in text
    assert "pip install 'tinynet[progress]'" in text


def test_verbosity_of_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trainer._verbosity() == 1
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert trainer._verbosity() == 2
