"""One trial: a variant is trained with a seed and tested."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import os
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import tinynet
from tinynet import kernels, naming, seeds
from tinynet.callbacks import Callback
from tinynet.catalogue import serialize
from tinynet.errors import ArgumentError, DataError, TinynetError, require
from tinynet.models import Model
from tinynet.study.data import Data
from tinynet.study.declaration import Study, Variant
from tinynet.study.outcome import Outcome

FORMAT = 1  # of outcomes; a change makes the old ones be computed again
DATA_KEPT = 2


@contextlib.contextmanager
def undisturbed(seed: int) -> Iterator[None]:
    """Within it what tinynet draws follows `seed`, and layers' names start anew; nothing outside is disturbed."""
    with seeds.apart(seed), naming.fresh_names():
        yield


def trial_key(study: Study, variant: Variant, seed: int, digest: str) -> str:
    """The hash of all that decides what a trial comes to: functions, settings, the model, data, seed and version.

    digest: that of the data. Which other variants the study has, and its metrics, are no part of it. Of functions
    the source counts, and of the model besides its configuration, so that a helper function that builds it counts, too.
    """
    with undisturbed(seed):
        model = study.model_for(variant)
        content = {
            "format": FORMAT,
            "version": tinynet.__version__,
            "functions": [_source(function) for function in (study.model, study.data, study.fit, study.train)],
            "settings": {**study.settings, **variant},
            "fit": _described(study.fit_arguments_for(variant)),
            "model": _described(model),
            "data": digest,
            "seed": seed,
        }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def run_trial(study: Study, variant: Variant, seed: int, key: str, threads: int | None) -> Outcome:
    """Trains and tests; gives what came of it, also where that is an error.

    threads: how many the kernels and BLAS may use; None leaves them as they are.
    """
    try:
        with _threads(threads), undisturbed(seed):
            return _trained_and_tested(study, variant, seed, key)
    except Exception as error:
        return failure(key, variant, seed, error)


def failure(key: str, variant: Variant, seed: int, error: Exception) -> Outcome:
    """The outcome of a trial that an error ended; an error that is not tinynet's own is told with its place."""
    told = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if not isinstance(error, TinynetError):
        place = traceback.extract_tb(error.__traceback__)[-1]
        told += f" ({os.path.basename(place.filename)}, line {place.lineno})"
    return Outcome(key, variant, seed, error=told)


_latest_data: OrderedDict[str, Data] = OrderedDict()  # in this process


def data_of(study: Study, variant: Variant) -> Data:
    """The data of a variant. The latest few are kept, for the trials of a process mostly share them."""
    if isinstance(study.data, Data):
        return study.data
    key = json.dumps([_source(study.data), study.arguments_for(study.data, variant)], sort_keys=True)
    if key not in _latest_data:
        _latest_data[key] = study.data_for(variant)
    _latest_data.move_to_end(key)
    while len(_latest_data) > DATA_KEPT:
        _latest_data.popitem(last=False)
    return _latest_data[key]


def _trained_and_tested(study: Study, variant: Variant, seed: int, key: str) -> Outcome:
    data = data_of(study, variant)
    model = study.model_for(variant)
    arguments = {"verbose": 0, **study.fit_arguments_for(variant)}
    train: Callable[..., Any] = study.train or fit
    started = time.perf_counter()
    result = train(model, data, arguments, **study.arguments_for(train, {**variant, "seed": seed}, skip=3))
    seconds = time.perf_counter() - started
    history, measured = result if isinstance(result, tuple) else (result, {})
    losses = getattr(history, "history", history)
    if not isinstance(losses, Mapping) or not isinstance(measured, Mapping):
        raise ArgumentError(f"{study.where}: expected train to return a History, or it and a dict of numbers")
    return Outcome(
        key,
        variant,
        seed,
        data=data.digest,
        predicted=predicted_values(model.predict(data.test[0], batch_size=250, verbose=0), data),
        history={name: [float(value) for value in np.ravel(values)] for name, values in losses.items()},
        measured={name: float(value) for name, value in measured.items()},
        seconds=seconds,
        parameters=model.count_params(),
    )


def fit(model: Model, data: Data, arguments: Mapping[str, Any]) -> Any:
    """How a trial trains unless its study says otherwise: `model.fit`; returns its `History`."""
    return model.fit(*data.train, validation_data=data.validation, **arguments)


def predicted_values(predictions: Any, data: Data) -> list[Any]:
    """What a model predicted for the test as a list: the likeliest class of each sample, or the number.

    predictions: (N, K) for K classes, (N, 1) or (N,) for two of them or for numbers.
    Raises `DataError` for other shapes, and for predictions that are not finite.
    """
    values = np.asarray(predictions)
    truth, names = data.test_set.truth, data.class_names
    columns = values.reshape(len(values), -1)
    if len(values) != len(truth) or (
        columns.shape[1] != 1 if names is None else columns.shape[1] not in (1, len(names))
    ):
        expected = f"({len(truth)}, {1 if names is None else len(names)})"
        raise DataError(f"expected predictions of shape {expected}, received {values.shape}")
    if not np.isfinite(values).all():
        raise DataError("the trained model predicts NaN or infinity; has its loss become NaN?")
    if names is None:
        return [float(value) for value in columns[:, 0]]
    found = columns.argmax(axis=1) if columns.shape[1] > 1 else columns[:, 0] > 0.5
    return [int(value) for value in found]


@contextlib.contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Within it BLAS and tinynet's kernels use so many threads."""
    if count is None:
        yield
        return
    before = kernels.threads()
    kernels.set_threads(count)
    try:
        with require("threadpoolctl", "study", "dividing the processors among trials").threadpool_limits(count):
            yield
    finally:
        kernels.set_threads(before)


def _source(function: Any) -> Any:
    """The source of a function; of other declarations their content."""
    if function is None or not callable(function):
        return "" if function is None or isinstance(function, Data) else _described(function)
    function = inspect.unwrap(getattr(function, "func", function))
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # typed at a prompt
        code = getattr(function, "__code__", None)
        return repr(function) if code is None else f"{code.co_code.hex()} {code.co_consts!r} {code.co_names!r}"


def _described(value: Any) -> Any:
    """A value as text that is equal for equal content, in every process."""
    if isinstance(value, Model):
        try:
            compiled = {**value.get_compile_config(), "optimizer": value.optimizer} if value.compiled else {}
            return _described({"model": value.get_config(), "compiled": compiled})
        except (NotImplementedError, TinynetError):  # of a class of one's own
            return _source(type(value))
    if isinstance(value, Mapping):
        return {str(name): _described(content) for name, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [_described(content) for content in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, Callback):  # has no configuration, but its arguments in its attributes
        plain = {name: content for name, content in vars(value).items() if isinstance(content, (bool, int, float, str))}
        return {"class": type(value).__qualname__, **plain}
    config = serialize(value)
    return _described(config) if isinstance(config, Mapping) else repr(type(value))
