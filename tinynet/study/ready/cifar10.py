"""Studies of CNNs on CIFAR-10: depth, width, kernel, pooling and head; means against overfitting; batch sizes."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import tinynet
from tinynet.datasets import DatasetWarning, cifar10
from tinynet.models import Model
from tinynet.study.architectures import cifar10_cnn
from tinynet.study.data import Data
from tinynet.study.declaration import Study

REPEATS = 5  # a time is the median of so many


def images(images: int = 20_000, validation: int = 5_000, test: int | None = None) -> Data:
    """CIFAR-10: the first images of the training set, the last `validation` of it to watch, the first `test`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DatasetWarning)  # of an incomplete test set: the note tells of it
        (x, y), (x_test, y_test) = cifar10.load_data()
    x_test, y_test = x_test[:test], y_test[:test, 0]
    return Data(
        train=(x[:images], y[:images, 0]),
        validation=(x[-validation:], y[-validation:, 0]),
        test=(x_test, y_test),
        class_names=cifar10.CLASS_NAMES,
        note=f"CIFAR-10: the first {images:,} of {len(x):,} training images, the last {validation:,} for validation, "
        f"{len(x_test):,} of the 10,000 official test images.",
    )


def cnn(
    layers: int = 2,
    filters: Sequence[int] = (32, 64),
    kernel: int = 3,
    pooling: str = "max",
    head: str = "flatten",
    batch_normalization: bool = False,
    augmentation: bool = False,
    schedule: str = "constant",
    images: int = 20_000,
    epochs: int = 10,
    batch_size: int = 64,
) -> Model:
    """A CNN with `layers` convolutions, each followed by pooling; the last of `filters` is doubled for more of them.

    schedule: of Adam's learning rate: 'constant' at 0.001, or 'cosine' from there to 0 over all steps.
    """
    widths = [*filters]
    while len(widths) < layers:
        widths.append(widths[-1] * 2)
    model = cifar10_cnn(
        tinynet, widths[:layers], kernel, pooling, head,
        batch_normalization=batch_normalization, augmentation=augmentation,
    )  # fmt: skip
    steps = -(-images // batch_size) * epochs
    rate = 1e-3 if schedule == "constant" else tinynet.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(tinynet.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(early_stopping: bool = False) -> dict[str, Any]:
    """The arguments of `fit`: with early stopping it ends when the validation loss has not fallen for three epochs."""
    stopping = tinynet.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    return {"callbacks": [stopping] if early_stopping else []}


def fit_and_time(model: Model, data: Data, arguments: Mapping[str, Any]) -> tuple[Any, dict[str, float]]:
    """Trains, and measures a batch going forward only, and forward and backward with the change of the weights."""
    history = model.fit(*data.train, validation_data=data.validation, **arguments)
    x, y = (part[: arguments["batch_size"]] for part in data.train)
    measured = tinynet.models.clone_model(model)  # so that the measuring changes nothing
    measured.compile_from_config(model.get_compile_config())
    forward = milliseconds(lambda: measured.predict_on_batch(x))
    both = milliseconds(lambda: measured.train_on_batch(x, y))
    return history, {
        "forward, ms a batch": forward,
        "forward and backward, ms a batch": both,
        "training step / forward": both / forward,
    }


def milliseconds(call: Any) -> float:
    """The median time of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def architecture() -> Study:
    """What the report on CNNs varied, one thing at a time."""
    return Study(
        "cifar10-cnn",
        cnn,
        images,
        choices={
            "layers": [2, 1, 3],
            "filters": [[32, 64], [16, 32], [64, 128]],
            "kernel": [3, 5, 7],
            "pooling": ["max", "average"],
            "head": ["flatten", "gap"],
        },
        settings={"epochs": 10, "batch_size": 64, "images": 10_000, "validation": 2_000},
        plan="one_at_a_time",
        title="CNNs on CIFAR-10: layers, filters, kernel, pooling, head",
        description="Convolution and pooling, as often as there are layers, then Flatten or global average pooling (gap), "
        "Dense 128, Dropout 0.5, softmax; Adam. Each variant differs from the usual one in one choice.",
    )


def improvements() -> Study:
    """What the report on CNNs suggested, each against the plain network, and all of it together."""
    choices: dict[str, list[Any]] = {
        "batch_normalization": [False, True],
        "schedule": ["constant", "cosine"],
        "early_stopping": [False, True],
        "augmentation": [False, True],
    }
    return Study(
        "cifar10-improvements",
        cnn,
        images,
        choices=choices,
        settings={"epochs": 10, "batch_size": 64, "images": 10_000, "validation": 2_000, "layers": 3},
        fit=fit,
        plan="one_at_a_time",
        also=[{name: values[1] for name, values in choices.items()}],
        title="CNNs on CIFAR-10: what the report suggested",
        description="Three layers of convolution (32, 64, 128 filters) and pooling, Dense 128, Dropout 0.5; each "
        "suggestion alone against the plain network, and all of them together.",
    )


def batch_sizes() -> Study:
    """The batch size against time and score."""
    return Study(
        "cifar10-batch-size",
        cnn,
        images,
        choices={"batch_size": [32, 1, 8, 16, 64, 128, 2_000]},
        settings={"epochs": 10, "images": 2_000, "validation": 1_000},
        train=fit_and_time,
        title="CNN on CIFAR-10: batch sizes",
        description="The same number of epochs for each batch size; 2,000 is the whole training set at once.",
    )
