"""What `fit`, `evaluate` and `predict` take for data: the same numbers whatever holds them, and Keras's way with data
sets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pandas
import pytest
import scipy.sparse
import tensorflow
from twins import KERAS, TINYNET, same_histories, same_weights, twins

import tinynet
from tinynet.errors import ArgumentError, DataError
from tinynet.models.py_dataset import PyDataset
from tinynet.utils import pack_x_y_sample_weight, unpack_x_y_sample_weight

X = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 10)
WEIGHTS = np.arange(10, dtype="float32")


def pair() -> tuple[Any, Any]:
    build = lambda library: [library.layers.Input((4,)), library.layers.Dense(3, activation="softmax")]  # noqa: E731
    return twins(build, optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])


class Numbered(PyDataset):
    """Batches of four, and a note of what was asked."""

    def __init__(self, *arrays: Any, kind: type = tuple, **settings: Any) -> None:
        super().__init__(**settings)
        self.arrays, self.kind = arrays or (X, Y), kind
        self.log: list[Any] = []

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        self.log.append(index)
        return self.kind(array[4 * index : 4 * index + 4] for array in self.arrays)

    def on_epoch_begin(self) -> None:
        self.log.append("begin")

    def on_epoch_end(self) -> None:
        self.log.append("end")


class Tensorlike:
    """A tensor as PyTorch has it: no array until it is asked for one."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape = array, array.shape

    def detach(self) -> Any:
        return self

    def cpu(self) -> Any:
        return self.array


class Loader:
    """Batches in lists, as a DataLoader gives them."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[list[Any]]:
        return ([Tensorlike(X[i : i + 4]), Tensorlike(Y[i : i + 4])] for i in (0, 4, 8))


class OwnDataset:
    """What Keras's PyDataset is told by: no class of tinynet's."""

    num_batches = 3
    workers = 1

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


class KerasDataset(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


SOURCES: dict[str, Any] = {
    "arrays": lambda: (X, Y),
    "lists of numbers": lambda: (X.tolist(), Y.tolist()),
    "data frame and series": lambda: (pandas.DataFrame(X), pandas.Series(Y)),
    "tensors of tinynet": lambda: (tinynet.Tensor(X), tinynet.Tensor(Y)),
    "tensors of TensorFlow": lambda: (tensorflow.constant(X), tensorflow.constant(Y)),
    "a sparse matrix": lambda: (scipy.sparse.csr_matrix(X), Y),
    "a generator": lambda: (((X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8)),),
    "a list of batches": lambda: ([(X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8)],),
    "a tf.data.Dataset": lambda: (tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(4),),
    "a loader": lambda: (Loader(),),
    "a data set": lambda: (Numbered(),),
    "a data set of lists": lambda: (Numbered(kind=list),),
    "a data set with workers": lambda: (Numbered(workers=3, max_queue_size=1),),
    "an object like a data set": lambda: (OwnDataset(),),
    "a data set of Keras's": lambda: (KerasDataset(),),
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_numbers_do_not_depend_on_what_holds_the_data(name: str) -> None:
    results = []
    for source in ("arrays", name):
        model, _ = pair()
        given = SOURCES[source]()
        cut = {"batch_size": 4} if len(given) == 2 else {}
        history = model.fit(*given, shuffle=False, verbose=0, **cut).history
        again = SOURCES[source]()
        tested = model.evaluate(*again, verbose=0, **cut)
        validated = model.fit(X, Y, verbose=0, shuffle=False, validation_data=SOURCES[source]() if len(given) == 2
                              else SOURCES[source]()[0], validation_batch_size=4).history  # fmt: skip
        predicted = model.predict(SOURCES[source]()[0], verbose=0, **cut)
        results.append((history, tested, validated, predicted))
    same_histories(results[1][0], results[0][0], 1e-6)
    np.testing.assert_allclose(results[1][1], results[0][1], rtol=1e-6)
    same_histories(results[1][2], results[0][2], 1e-6)
    np.testing.assert_array_equal(results[1][3], results[0][3])


def asked(log: list[Any]) -> list[Any]:
    """The notes without the batches that Keras looks at before it begins."""
    return log[next(i for i, entry in enumerate(log) if isinstance(entry, str)) :]


def test_a_data_set_is_asked_as_in_keras() -> None:
    logs: list[list[Any]] = []
    for library, model in zip((TINYNET, KERAS), pair(), strict=True):
        base = PyDataset if library is TINYNET else keras.utils.PyDataset
        kind = type("Numbered", (base,), {k: v for k, v in vars(Numbered).items() if k not in ("__init__", "__doc__")})
        source = kind()
        source.arrays, source.kind, source.log = (X, Y), tuple, []
        noted = []
        for action in (
            lambda m, s: m.fit(s, epochs=2, shuffle=False, verbose=0),
            lambda m, s: m.evaluate(s, verbose=0),
            lambda m, s: m.predict(s, verbose=0),
            lambda m, s: m.fit(X, Y, epochs=2, verbose=0, validation_data=s),
        ):
            source.log.clear()
            action(model, source)
            noted += [*asked(source.log), "next"]
        logs.append(noted)
    assert logs[0] == logs[1]
    assert len(logs[0]) > 30


def test_batches_of_a_data_set_come_in_random_order() -> None:
    model, _ = pair()
    source = Numbered()
    tinynet.utils.set_random_seed(3)
    model.fit(source, epochs=8, verbose=0)
    orders = [tuple(source.log[i + 1 : i + 4]) for i, entry in enumerate(source.log) if entry == "begin"]
    assert len(orders) == 8 and all(sorted(order) == [0, 1, 2] for order in orders)
    assert len(set(orders)) > 1


def test_workers_make_batches_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)

    class Waits(Numbered):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            both.wait()  # passes only when another batch is being made
            return super().__getitem__(index)

    model, _ = pair()
    model.fit(Waits(workers=2), verbose=0)
    assert model.optimizer.iterations.item() == 2


def test_a_data_set_without_end() -> None:
    class Endless(Numbered):
        num_batches = None  # type: ignore[assignment]

        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index % 2)

    for workers in (1, 2):
        model, _ = pair()
        source = Endless(workers=workers)
        model.fit(source, epochs=2, steps_per_epoch=3, verbose=0, validation_data=Endless(), validation_steps=2)
        assert model.optimizer.iterations.item() == 6


def test_class_weights_of_a_data_set_as_in_keras() -> None:
    ours, theirs = pair()
    weights = {0: 2.0, 2: 0.5}
    own = ours.fit(Numbered(), class_weight=weights, verbose=0, shuffle=False).history
    same_histories(own, theirs.fit(KerasDataset(), class_weight=weights, verbose=0, shuffle=False).history)
    same_weights(ours, theirs)
    with pytest.raises(ArgumentError, match="give class_weight or sample_weight, not both"):
        ours.fit(Numbered(X, Y, WEIGHTS), class_weight=weights, verbose=0)


def test_data_sets_that_cannot_be() -> None:
    model, _ = pair()
    for source, message in (
        (Numbered(X, Y, WEIGHTS, WEIGHTS), "fit, batch 0: expected x, .x, y. or .* received 4 items"),
        (Numbered(X[:0], Y[:0]), "fit, batch 0: the data are empty"),
        (Numbered(X * np.nan, Y), "fit, batch 0: x holds NaN or infinity, first in sample 0"),
    ):
        with pytest.raises(DataError, match=message):
            model.fit(source, verbose=0, shuffle=False)
    with pytest.raises(ArgumentError, match="Numbered: use_multiprocessing is not supported"):
        Numbered(use_multiprocessing=True)
    with pytest.raises(ArgumentError, match="expected workers to be a whole number"):
        Numbered(workers=-1)
    with pytest.raises(ArgumentError, match="leave batch_size out"):
        model.fit(Numbered(), batch_size=4, verbose=0)


def test_the_parts_of_a_batch() -> None:
    for parts in ((X,), (X, Y), (X, Y, WEIGHTS)):
        own, expected = (f(parts) for f in (unpack_x_y_sample_weight, keras.utils.unpack_x_y_sample_weight))
        assert [part is None for part in own] == [part is None for part in expected]
        own, expected = (f(*parts) for f in (pack_x_y_sample_weight, keras.utils.pack_x_y_sample_weight))
        assert type(own) is type(expected) and len(own) == len(expected)
    assert isinstance(pack_x_y_sample_weight([X, X]), tuple) and isinstance(keras.utils.pack_x_y_sample_weight([X, X]), tuple)
    with pytest.raises(DataError, match="received 4 parts"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


def test_epochs_and_steps_can_be_limited() -> None:
    model, _ = pair()
    try:
        tinynet.config.set_max_epochs(2)
        tinynet.config.set_max_steps_per_epoch(1)
        with pytest.warns(UserWarning, match="only 2 epochs are done"):
            assert model.fit(X, Y, epochs=5, batch_size=4, verbose=0).epoch == [0, 1]
    finally:
        tinynet.config.set_max_epochs(None)
        tinynet.config.set_max_steps_per_epoch(None)
    assert model.optimizer.iterations.item() == 2
    with pytest.raises(ArgumentError, match="set_max_epochs: expected a whole number >= 1 or None, received 0"):
        tinynet.config.set_max_epochs(0)


@pytest.mark.parametrize("frequency", [2, [1, 4], (3,)])
def test_epochs_that_are_validated_as_in_keras(frequency: Any) -> None:
    histories = []
    for model in pair():
        given = list(frequency) if isinstance(frequency, tuple) else frequency
        history = model.fit(X, Y, epochs=4, verbose=0, shuffle=False, validation_data=(X, Y), validation_freq=given)
        histories.append(history.history)
    same_histories(*histories)
