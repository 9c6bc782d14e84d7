"""How the examples train, by the same lines with tinynet or with Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from _data import Images, Sentences


def fit_cnn(
    keras: Any,
    model: Any,
    data: Images,
    *,
    epochs: int,
    batch_size: int = 64,
    watch_test: bool = False,
    verbose: Any = "auto",
) -> Any:
    """Trains a CNN on CIFAR-10 with Adam; returns the history.

    watch_test: also report the test images after each epoch; nothing is chosen by them.
    """
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(
        data.x_train,
        data.y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(data.x_test, data.y_test) if watch_test else None,
        verbose=verbose,
    )


def augmented_batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int = 0, shift: int = 4) -> Iterator[Any]:
    """Endless shuffled batches of images (B, H, W, C), mirrored at random and moved by up to `shift` pixels.

    What comes in from outside is the image's reflection. Each pass has x.shape[0] // batch_size batches: the
    images that are left over come in another pass.
    """
    rng = np.random.default_rng(seed)
    count, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "reflect")
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch_size + 1, batch_size):
            chosen = order[start : start + batch_size]
            top, left = rng.integers(0, 2 * shift + 1, (2, batch_size, 1))
            rows, columns = top + np.arange(height), left + np.arange(width)
            mirrored = rng.random(batch_size) < 0.5
            columns[mirrored] = columns[mirrored, ::-1]
            yield padded[chosen[:, None, None], rows[:, :, None], columns[:, None, :]], y[chosen]


def fit_fast_cnn(
    keras: Any,
    model: Any,
    data: Images,
    *,
    epochs: int,
    batch_size: int = 256,
    learning_rate: float = 0.2,
    seed: int = 0,
    callbacks: Sequence[Any] = (),
    verbose: Any = "auto",
) -> Any:
    """Trains a CNN of logits on mirrored and moved images with SGD in one cycle; returns the history.

    The learning rate rises in a straight line over the first fifth of the steps and falls along a cosine to 0.
    The test images are reported after each epoch; nothing is chosen by them.
    """
    steps = len(data.x_train) // batch_size
    warmup = epochs * steps // 5
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * steps - warmup, warmup_target=learning_rate, warmup_steps=warmup
    )
    # The decay is Keras's: each step takes the share `learning rate * weight_decay` of a weight. Added to the
    # gradient, as others do, 5e-4 has the same effect, for momentum multiplies it by ten.
    optimizer = keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, weight_decay=5e-3)
    optimizer.exclude_from_weight_decay(var_names=["beta", "gamma"])
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
        metrics=["accuracy"],
    )
    one_hot = keras.utils.to_categorical
    return model.fit(
        augmented_batches(data.x_train, one_hot(data.y_train, 10), batch_size, seed),
        steps_per_epoch=steps,
        epochs=epochs,
        validation_data=(data.x_test, one_hot(data.y_test, 10)),
        validation_batch_size=250,
        callbacks=list(callbacks),
        verbose=verbose,
    )


def fit_sentiment(
    keras: Any,
    model: Any,
    data: Sentences,
    *,
    epochs: int = 30,
    patience: int = 8,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    verbose: Any = "auto",
) -> Any:
    """Trains on NusaX with Adam and ends with the best epoch by validation macro-F1; returns the history.

    patience: training ends after so many epochs without improvement; 0 goes through all the epochs
        and ends with the last one. Labels are one-hot, as Keras's F1Score wants them.
    """
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy", keras.metrics.F1Score(average="macro", name="macro_f1")],
    )
    stopping = keras.callbacks.EarlyStopping(
        "val_macro_f1", mode="max", patience=patience, restore_best_weights=True
    )
    one_hot = keras.utils.to_categorical
    return model.fit(
        data.x_train,
        one_hot(data.y_train, 3),
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(data.x_valid, one_hot(data.y_valid, 3)),
        callbacks=[stopping] if patience else [],
        verbose=verbose,
    )
