"""How the examples train, by the same lines with tinynet or with Keras."""

from __future__ import annotations

from typing import Any

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
